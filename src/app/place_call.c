#include "config.h"

#include <string.h>

#include "app/place_call.h"
#include "base/banned.h"

static enum tel_err resolve_route(struct tel_app *app, const struct tel_order *order,
				  struct tel_str patch, struct tel_route *route)
{
	struct tel_route_query query = {
		.to = order->from,
		.from = order->to,
		.trunk_id = order->trunk_id,
		.patch = patch,
	};

	/* Rules are by our own number: dialled by inbound callers, calling here. */
	return app->routing->ops->resolve(app->routing, &query, route);
}

static enum tel_err draw(struct tel_app *app, struct tel_place *place)
{
	uint8_t id[16];
	enum tel_err err = tel_random_fill(app->random, id, sizeof(id));

	if (err)
		return err;
	tel_call_id_make(id, &place->new_call_id);
	return tel_random_fill(app->random, &place->env.random, sizeof(place->env.random));
}

/* "who NUL key": what one client calls a key means nothing to another. */
static struct tel_str scoped_key(const struct tel_place_request *request,
				 char out[TEL_MAX_REQUEST_KEY])
{
	size_t who = request->principal.len, key = request->idempotency_key.len;

	if (!tel_str_is_set(request->idempotency_key) || who > TEL_MAX_NAME ||
	    key > TEL_MAX_IDEMPOTENCY_KEY)
		return TEL_STR_NONE;
	if (who > 0)
		memcpy(out, request->principal.ptr, who);
	out[who] = '\0';
	memcpy(out + who + 1, request->idempotency_key.ptr, key);
	return (struct tel_str){ out, who + 1 + key };
}

static void take_over_order(const struct tel_app *app, const struct tel_place_request *request,
			    struct tel_order *order)
{
	*order = (struct tel_order){
		.to = request->to,
		.from = tel_str_is_set(request->from) ? request->from : app->default_from,
		.room_name = request->room_name,
		.trunk_id = tel_str_is_set(request->trunk_id) ? request->trunk_id :
								app->default_trunk,
		.agent_name = request->agent_name,
		.dtmf = request->dtmf,
		.metadata = request->metadata,
		.ringing_timeout = request->ringing_timeout ? request->ringing_timeout :
							      TEL_RINGING_TIMEOUT_DEFAULT,
		.max_duration = request->max_duration ? request->max_duration :
							TEL_MAX_DURATION_DEFAULT,
	};
}

static enum tel_placed_status missing(const struct tel_app *app, const struct tel_order *order)
{
	if (!app->enabled)
		return TEL_PLACED_DISABLED;
	if (!tel_str_is_set(order->from))
		return TEL_PLACED_NO_FROM;
	return tel_str_is_set(order->trunk_id) ? TEL_PLACED_BY_STEP : TEL_PLACED_NO_TRUNK;
}

static enum tel_err run_step(struct tel_app *app, const struct tel_place_request *request,
			     struct tel_place *place)
{
	char key[TEL_MAX_REQUEST_KEY];
	struct tel_place_about asked = { .request_key = scoped_key(request, key) };
	struct tel_step_about about = {
		.room_name = place->order->room_name,
		.expect_change = !request->dry_run,
		.outbound_switch = true,
		.place = &asked,
	};

	tel_guard_about(&app->guards, place->order->to, place->env.now, &asked);
	return app->store->ops->step(app->store, &about, tel_decide_place, place);
}

static void place_order(struct tel_app *app, struct tel_inbox *inbox,
			const struct tel_place_request *request, struct tel_order *order,
			struct tel_placed *out)
{
	struct tel_place *place = &out->place;
	struct tel_route route = { 0 };

	out->err = resolve_route(app, order, request->agent_config, &route);
	if (!out->err)
		out->err = draw(app, place);
	if (out->err)
		goto out;
	order->agent_config = route.config;
	order->route = route.rule;
	order->watch = route.watch;
	if (!tel_str_is_set(order->agent_name))
		order->agent_name = route.agent_name;
	place->lease = inbox && !request->dry_run && tel_inbox_reserve(inbox);
	out->err = run_step(app, request, place);
	if (place->lease && !out->err && place->leased)
		tel_inbox_put(inbox, &place->call_id);
	else if (place->lease)
		tel_inbox_cancel(inbox);
out:
	tel_route_release(&route);
}

static const char *result_text(const struct tel_placed *out)
{
	static const char *const names[] = {
		[TEL_PLACE_PLACED] = "placed",
		[TEL_PLACE_REPLAYED] = "replayed",
		[TEL_PLACE_OTHER_BODY] = "other_body",
		[TEL_PLACE_FORGOTTEN] = "forgotten",
		[TEL_PLACE_ROOM_TAKEN] = "room_taken",
		[TEL_PLACE_REFUSED] = "refused",
		[TEL_PLACE_DRY] = "dry_run",
	};

	if (out->place.result == TEL_PLACE_REFUSED)
		return tel_guard_text(out->place.report.first);
	return names[out->place.result];
}

static void tell(struct tel_app *app, const struct tel_order *order,
		 const struct tel_place_request *request, const struct tel_placed *out)
{
	bool refused = out->place.result == TEL_PLACE_REFUSED;

	if (out->place.result == TEL_PLACE_PLACED)
		tel_count(app->counters, TEL_COUNT_CALL_PLACED);
	else if (refused)
		tel_count(app->counters, TEL_COUNT_CALL_REFUSED);
	tel_log_line(app->log, refused ? TEL_LOG_WARN : TEL_LOG_INFO, "place_call",
		     TEL_F_TEXT("result", result_text(out)),
		     TEL_F_STR("callId", tel_call_id_str(&out->place.call_id)),
		     TEL_F_STR("by", request->principal), TEL_F_NUMBER("from", order->from),
		     TEL_F_NUMBER("to", order->to));
}

void tel_place_call(struct tel_app *app, struct tel_inbox *inbox,
		    const struct tel_place_request *request, struct tel_placed *out)
{
	struct tel_order order;

	take_over_order(app, request, &order);
	*out = (struct tel_placed){ .status = missing(app, &order) };
	if (out->status != TEL_PLACED_BY_STEP)
		return;
	out->place = (struct tel_place){
		.env = tel_app_env(app),
		.order = &order,
		.guards = &app->guards,
		.by = request->principal,
		.has_key = tel_str_is_set(request->idempotency_key),
		.dry_run = request->dry_run,
	};
	memcpy(out->place.body_sha256, request->body_sha256, sizeof(out->place.body_sha256));
	place_order(app, inbox, request, &order, out);
	out->place.order = NULL;
	if (!out->err)
		tell(app, &order, request, out);
	else if (out->err == TEL_ETOOBIG || out->err == TEL_EMALFORMED)
		out->status = TEL_PLACED_BAD_CONFIG;
	else
		out->status = TEL_PLACED_UNAVAILABLE;
}
