#include "config.h"

#include "app/steer_call.h"
#include "http/acting.h"
#include "http/authorize.h"
#include "http/handlers.h"
#include "http/problem.h"
#include "order/order_read.h"
#include "base/banned.h"

/* There are no parameters; one that is there was meant for something. */
static bool has_no_query(const struct tel_http_request *request,
			 struct tel_http_response *response)
{
	static const char *const none[] = { NULL };
	struct tel_http_query query;
	bool good = tel_http_read_query(request, none, &query, response);

	tel_http_query_release(&query);
	return good;
}

void tel_handle_hang_up(struct tel_http_context *context, const struct tel_http_request *request,
			struct tel_http_response *response)
{
	char principal[TEL_MAX_NAME + 1];
	struct tel_hang_up hang_up;
	enum tel_err err;

	if (!tel_http_authorize_as(context, request, TEL_MAY_CALL, principal, response) ||
	    !has_no_query(request, response))
		return;
	err = tel_hang_up_call(context->app, request->params[0], tel_str_from(principal),
			       &hang_up);
	if (err) {
		tel_http_refuse_call(err, response);
		return;
	}
	tel_http_answer_call(hang_up.was_over ? 200 : 202, hang_up.call, response);
	tel_call_free(hang_up.call);
}

static void answer_asked(const struct tel_ask_transfer *ask, struct tel_http_response *response)
{
	switch (ask->result) {
	case TEL_ASK_ACCEPTED:
		tel_http_answer_call(202, ask->call, response);
		break;
	case TEL_ASK_OVER:
		tel_http_problem(response, 409, "call_over", "The call is over, or being hung up.");
		break;
	case TEL_ASK_NO_PHONE:
		tel_http_problem(response, 409, "no_phone",
				 "No phone is in the call's room, or it has not answered yet.");
		break;
	case TEL_ASK_PENDING:
		tel_http_problem(response, 409, "transfer_pending",
				 "Another transfer of this call is under way; wait for its result.");
		break;
	case TEL_ASK_FORBIDDEN:
		tel_http_problem(response, 403, "transfer_forbidden", ask->guard.detail);
		break;
	}
}

static void transfer(struct tel_http_context *context, const struct tel_http_request *request,
		     const struct tel_transfer_read *wanted, const char *principal,
		     struct tel_http_response *response)
{
	struct tel_ask_transfer ask = {
		.to = tel_str_from(wanted->to),
		.play_dialtone = wanted->play_dialtone,
		.by = tel_str_from(principal),
	};
	enum tel_err err = tel_transfer_call(context->app, request->params[0], &ask);

	if (err)
		tel_http_refuse_call(err, response);
	else
		answer_asked(&ask, response);
	tel_call_free(ask.call);
}

void tel_handle_transfer(struct tel_http_context *context, const struct tel_http_request *request,
			 struct tel_http_response *response)
{
	char principal[TEL_MAX_NAME + 1];
	struct tel_problems problems = { 0 };
	struct tel_transfer_read wanted;
	enum tel_err err;

	if (!tel_http_authorize_as(context, request, TEL_MAY_CALL, principal, response) ||
	    !tel_http_has_json(request, response) || !has_no_query(request, response))
		return;
	err = tel_transfer_read(request->body, &wanted, &problems);
	if (err)
		tel_http_refuse_text(err, &problems, response);
	else
		transfer(context, request, &wanted, principal, response);
	tel_problems_release(&problems);
}
