#include "config.h"

#include "app/steer_call.h"
#include "base/banned.h"

/* A step about the call of that id, and only that one. */
static enum tel_err step(struct tel_app *app, struct tel_str id, tel_decide_fn decide, void *ctx)
{
	struct tel_call_id parsed;
	struct tel_step_about about = { .expect_change = true, .outbound_switch = true };

	if (tel_call_id_parse(id, &parsed))
		return TEL_ENOTFOUND;
	about.call_id = tel_call_id_str(&parsed);
	return app->store->ops->step(app->store, &about, decide, ctx);
}

enum tel_err tel_hang_up_call(struct tel_app *app, struct tel_str id, struct tel_str by,
			      struct tel_hang_up *out)
{
	enum tel_err err;

	*out = (struct tel_hang_up){ .by = by };
	err = tel_app_drawn_env(app, &out->env);
	if (!err)
		err = step(app, id, tel_decide_hang_up, out);
	if (err) {
		tel_call_free(out->call);
		out->call = NULL;
		return err;
	}
	tel_log_line(app->log, TEL_LOG_INFO, "hang_up",
		     TEL_F_STR("callId", tel_call_id_str(&out->call->id)), TEL_F_STR("by", by),
		     TEL_F_TEXT("status", tel_call_status_text(out->call->status)));
	return TEL_OK;
}

static void note_forbidden(struct tel_app *app, const struct tel_ask_transfer *ask)
{
	struct tel_e164 number;
	struct tel_str shown = tel_e164_parse(ask->to, &number) ? tel_e164_str(&number) : ask->to;

	tel_count(app->counters, TEL_COUNT_CALL_REFUSED);
	tel_log_line(app->log, TEL_LOG_WARN, "transfer_refused", TEL_F_STR("by", ask->by),
		     TEL_F_NUMBER("to", shown));
}

static bool is_forbidden(struct tel_app *app, struct tel_ask_transfer *ask)
{
	struct tel_e164 number;

	ask->rings_number = tel_e164_parse(ask->to, &number);
	tel_guard_check_transfer(&app->guards, ask->to, &ask->guard);
	if (!ask->guard.passed)
		ask->result = TEL_ASK_FORBIDDEN;
	return !ask->guard.passed;
}

enum tel_err tel_transfer_call(struct tel_app *app, struct tel_str id, struct tel_ask_transfer *ask)
{
	static const char *const results[] = {
		[TEL_ASK_ACCEPTED] = "accepted",
		[TEL_ASK_OVER] = "call_over",
		[TEL_ASK_NO_PHONE] = "no_phone",
		[TEL_ASK_PENDING] = "pending",
	};
	enum tel_err err;

	ask->call = NULL;
	if (is_forbidden(app, ask)) {
		note_forbidden(app, ask);
		return TEL_OK;
	}
	err = tel_app_drawn_env(app, &ask->env);
	if (!err)
		err = step(app, id, tel_decide_ask_transfer, ask);
	if (err) {
		tel_call_free(ask->call);
		ask->call = NULL;
		return err;
	}
	if (ask->result == TEL_ASK_FORBIDDEN) {
		note_forbidden(app, ask);
		return TEL_OK;
	}
	tel_log_line(app->log, TEL_LOG_INFO, "transfer_asked",
		     TEL_F_STR("callId", tel_call_id_str(&ask->call->id)),
		     TEL_F_STR("by", ask->by), TEL_F_TEXT("result", results[ask->result]));
	return TEL_OK;
}

enum tel_err tel_switch_outbound(struct tel_app *app, bool stop, struct tel_throw_switch *out)
{
	struct tel_step_about about = { .outbound_switch = true };
	enum tel_err err;

	*out = (struct tel_throw_switch){ .now = tel_now(app->clock), .stop = stop };
	err = app->store->ops->step(app->store, &about, tel_decide_throw_switch, out);
	if (!err)
		tel_log_line(app->log, TEL_LOG_WARN, "outbound_switch",
			     TEL_F_TEXT("state", stop ? "stopped" : "open"));
	return err;
}

static enum tel_err read_switch(struct tel_step *step, void *stopped_at)
{
	*(tel_time *)stopped_at = step->outbound_stopped_at;
	return TEL_OK;
}

enum tel_err tel_outbound_stopped(struct tel_app *app, tel_time *stopped_at)
{
	struct tel_step_about about = { .outbound_switch = true };

	*stopped_at = 0;
	return app->store->ops->step(app->store, &about, read_switch, stopped_at);
}
