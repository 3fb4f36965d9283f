#include "config.h"

#include <stdio.h>

#include "app/place_call.h"
#include "http/acting.h"
#include "http/authorize.h"
#include "http/handlers.h"
#include "http/json_body.h"
#include "http/problem.h"
#include "order/order_read.h"
#include "view/guard_view.h"
#include "base/banned.h"

/* When a limit opens is not known for calls that go on: then this. */
#define RETRY_LATER 10

/* ---- answers ------------------------------------------------------------------- */

static void answer_placed(const struct tel_place *place, struct tel_http_response *response)
{
	char location[sizeof("/telephony/calls/") + TEL_CALL_ID_TEXT];

	snprintf(location, sizeof(location), "/telephony/calls/%s", place->call_id.text);
	tel_http_response_header(response, "Location", location);
	if (place->result == TEL_PLACE_REPLAYED)
		tel_http_response_header(response, "Idempotency-Replayed", "true");
	tel_http_answer_call(202, place->call, response);
}

static void answer_dry(const struct tel_place *place, struct tel_http_response *response)
{
	struct tel_json_write json;

	tel_json_begin(&json, TEL_JSON_VIEW);
	tel_view_put_dry_run(&json, &place->report);
	tel_http_json_body(response, "application/json", &json);
}

static void answer_room_taken(const struct tel_place *place, struct tel_http_response *response)
{
	struct tel_json_write json;

	tel_json_begin(&json, TEL_JSON_VIEW);
	tel_json_open_object(&json, NULL);
	tel_json_put_text(&json, "callId", tel_call_id_str(&place->call_id));
	tel_http_problem_with(response, 409, "room_taken",
			      "roomName: a call is in that room, or was, and the room is still to be "
			      "deleted; choose another one, or wait until it is gone.", &json);
}

/* 403 if nothing but a setting helps, 429 if time does. */
static void answer_refused(const struct tel_guard_report *report,
			   struct tel_http_response *response)
{
	const struct tel_guard_verdict *verdict = &report->verdicts[report->first];
	const char *rule = tel_guard_text(report->first);
	tel_time wait = (verdict->retry_after + TEL_SECOND - 1) / TEL_SECOND;
	struct tel_json_write json;
	char seconds[32];

	if (report->is_limit) {
		snprintf(seconds, sizeof(seconds), "%lld",
			 (long long)(wait > 0 ? wait : RETRY_LATER));
		tel_http_response_header(response, "Retry-After", seconds);
	}
	tel_json_begin(&json, TEL_JSON_VIEW);
	tel_json_open_object(&json, NULL);
	tel_json_put_name(&json, "rule", rule);
	tel_http_problem_with(response, report->is_limit ? 429 : 403, rule, verdict->detail,
			      &json);
}

static void answer_step(const struct tel_place *place, struct tel_http_response *response)
{
	switch (place->result) {
	case TEL_PLACE_PLACED:
	case TEL_PLACE_REPLAYED:
		answer_placed(place, response);
		break;
	case TEL_PLACE_OTHER_BODY:
		tel_http_problem(response, 422, "idempotency_key_reused",
				 "Idempotency-Key: it came with another body before; a new "
				 "request needs a new key.");
		break;
	case TEL_PLACE_FORGOTTEN:
		tel_http_problem(response, 409, "call_forgotten",
				 "Idempotency-Key: the call that it stands for is kept no more.");
		break;
	case TEL_PLACE_ROOM_TAKEN:
		answer_room_taken(place, response);
		break;
	case TEL_PLACE_REFUSED:
		answer_refused(&place->report, response);
		break;
	case TEL_PLACE_DRY:
		answer_dry(place, response);
		break;
	}
}

static void refuse_member(const char *member, const char *text,
			  struct tel_http_response *response)
{
	struct tel_problems problems = { 0 };

	tel_problems_error(&problems, (struct tel_problem_at){ .where = member }, "%s", text);
	tel_http_problem_body(response, &problems);
	tel_problems_release(&problems);
}

static void answer(const struct tel_placed *placed, struct tel_http_response *response)
{
	switch (placed->status) {
	case TEL_PLACED_BY_STEP:
		answer_step(&placed->place, response);
		break;
	case TEL_PLACED_NO_FROM:
		refuse_member("from", "it is not there, and TELEPHONY_DEFAULT_FROM_NUMBER is not "
				      "set: give one of them", response);
		break;
	case TEL_PLACED_NO_TRUNK:
		refuse_member("trunkId", "it is not there, and LIVEKIT_SIP_OUTBOUND_TRUNK_ID is "
					 "not set: give one of them", response);
		break;
	case TEL_PLACED_BAD_CONFIG:
		refuse_member("agentConfig", "together with the route's it has more than 49152 "
					     "bytes: make it shorter", response);
		break;
	case TEL_PLACED_DISABLED:
		tel_http_problem(response, 403, "disabled",
				 "No calls are placed: TELEPHONY_ENABLED is false.");
		break;
	case TEL_PLACED_UNAVAILABLE:
		tel_http_problem_unavailable(response, "unavailable", tel_err_text(placed->err));
		break;
	}
}

/* ---- the request ------------------------------------------------------------------ */

static bool read_dry_run(const struct tel_http_request *request, bool *dry_run,
			 struct tel_http_response *response)
{
	static const char *const names[] = { "dryRun", NULL };
	struct tel_http_query query;
	struct tel_str text;
	bool good;

	good = tel_http_read_query(request, names, &query, response);
	if (good) {
		text = tel_http_query_get(&query, "dryRun");
		*dry_run = tel_str_is(text, "true");
		good = !text.ptr || *dry_run || tel_str_is(text, "false");
		if (!good)
			tel_http_problem(response, 400, "bad_parameter",
					 "dryRun: must be true or false");
	}
	tel_http_query_release(&query);
	return good;
}

/* Printable, at most so long; an empty one was meant to be one. */
static bool is_key(struct tel_str key)
{
	size_t i;

	for (i = 0; i < key.len; i++)
		if (key.ptr[i] < 0x20 || key.ptr[i] >= 0x7f)
			return false;
	return key.len > 0 && key.len <= TEL_MAX_IDEMPOTENCY_KEY;
}

static bool read_key(struct tel_http_context *context, const struct tel_http_request *request,
		     struct tel_place_request *order, struct tel_http_response *response)
{
	enum tel_err err;

	if (!request->idempotency_key.ptr || order->dry_run)
		return true;
	if (!is_key(request->idempotency_key)) {
		tel_http_problem(response, 400, "bad_idempotency_key",
				 "Idempotency-Key: it must have 1 to 255 printable ASCII "
				 "characters.");
		return false;
	}
	order->idempotency_key = request->idempotency_key;
	err = context->digest->ops->sha256(context->digest, request->body, order->body_sha256);
	if (err)
		tel_http_problem_unavailable(response, "unavailable", tel_err_text(err));
	return !err;
}

static void place(struct tel_http_context *context, const struct tel_place_request *order,
		  struct tel_http_response *response)
{
	struct tel_placed placed;

	tel_place_call(context->app, context->inbox, order, &placed);
	answer(&placed, response);
	tel_call_free(placed.place.call);
}

static void read_and_place(struct tel_http_context *context,
			   const struct tel_http_request *request, bool dry_run,
			   const char *principal, struct tel_http_response *response)
{
	struct tel_problems problems = { 0 };
	struct tel_order_read order;
	enum tel_err err = tel_order_read(request->body, context->app->routing, &order,
					  &problems);

	order.request.principal = tel_str_from(principal);
	order.request.dry_run = dry_run;
	if (err)
		tel_http_refuse_text(err, &problems, response);
	else if (read_key(context, request, &order.request, response))
		place(context, &order.request, response);
	tel_order_read_release(&order);
	tel_problems_release(&problems);
}

void tel_handle_place(struct tel_http_context *context, const struct tel_http_request *request,
		      struct tel_http_response *response)
{
	char principal[TEL_MAX_NAME + 1];
	bool dry_run = false;

	if (tel_http_authorize_as(context, request, TEL_MAY_CALL, principal, response) &&
	    tel_http_has_json(request, response) && read_dry_run(request, &dry_run, response))
		read_and_place(context, request, dry_run, principal, response);
}
