#include "config.h"

#include "app/job_run.h"
#include "base/banned.h"

/*
 * An empty room waits longer than a dial may take to be sent; an agent alone
 * does not keep it.
 */
#define EMPTY_SLACK (60 * TEL_SECOND)
#define DEPARTURE_TIMEOUT (20 * TEL_SECOND)

static void conclude(struct tel_run *run, enum tel_room_result result)
{
	run->room_result = result;
	run->phase = TEL_RUN_RECORD;
}

/* ---- send ------------------------------------------------------------------- */

static enum tel_room_result result_of(enum tel_lk_verdict verdict)
{
	switch (verdict) {
	case TEL_LK_DONE:	return TEL_ROOM_MADE;
	case TEL_LK_GONE:
	case TEL_LK_REFUSED:	return TEL_ROOM_REFUSED;
	case TEL_LK_TRY_LATER:
	case TEL_LK_NOT_SENT:	return TEL_ROOM_RETRY_UNSENT;
	case TEL_LK_UNKNOWN:	break;
	}
	return TEL_ROOM_RETRY;
}

/* A room that lives already is answered as it is: whose is told by its mark. */
static void sent(void *ctx, const struct tel_lk_answer *answer)
{
	struct tel_run *run = ctx;
	enum tel_room_result result = result_of(answer->verdict);

	if (result != TEL_ROOM_MADE) {
		tel_run_keep_error(run, answer);
	} else if (answer->n_rooms != 1 || !tel_str_is_set(answer->rooms[0].sid)) {
		result = TEL_ROOM_RETRY;
	} else {
		run->room_sid = tel_run_keep(run, answer->rooms[0].sid);
		run->room_created_at = answer->rooms[0].created_at;
		if (!tel_str_eq(answer->rooms[0].call_id, tel_call_id_str(&run->call->id)))
			result = TEL_ROOM_NOT_OURS;
	}
	conclude(run, result);
}

/* Just before it is sent: is it still wanted, and ours to send? */
static enum tel_err recheck(struct tel_run *run, bool *wanted)
{
	struct tel_call *now;
	enum tel_err err = tel_run_reread(run, &now);
	bool unsure = run->call->jobs[TEL_JOB_CREATE_ROOM].unsure;

	if (err)
		return err;
	*wanted = now && !tel_call_is_over(now) && !now->jobs[TEL_JOB_CREATE_ROOM].cancelled;
	if (!*wanted) {
		conclude(run, unsure ? TEL_ROOM_RETRY : TEL_ROOM_CANCELLED);
	} else if (!tel_run_holds_lease(run, now)) {
		*wanted = false;
		conclude(run, TEL_ROOM_RETRY_UNSENT);
	} else if (tel_call_is_too_late_to_dial(now, &run->app->policy, tel_now(run->app->clock))) {
		*wanted = false;
		run->code = TEL_STR("too_late");
		run->message = TEL_STR("it could not be handed to LiveKit in time");
		conclude(run, TEL_ROOM_RETRY_UNSENT);
	}
	tel_call_free(now);
	return TEL_OK;
}

static enum tel_err send(struct tel_run *run)
{
	struct tel_lk_request request = {
		.method = TEL_LK_CREATE_ROOM,
		.room = run->call->room_name,
		.agent_name = run->call->agent.name,
		.agent_config = run->call->agent.config,
		.call = run->call,
		.empty_timeout = run->app->policy.dial_within + EMPTY_SLACK,
		.departure_timeout = DEPARTURE_TIMEOUT,
	};
	bool wanted;
	enum tel_err err = recheck(run, &wanted);

	if (err || !wanted)
		return err;
	err = tel_run_send(run, &request, sent);
	if (err == TEL_EMALFORMED || err == TEL_ETOOBIG) {
		/* An AgentConfig that can't be sent will not get better. */
		run->code = TEL_STR("bad_agent_config");
		run->message = tel_str_from(tel_err_text(err));
		conclude(run, TEL_ROOM_REFUSED);
		return TEL_OK;
	}
	return err;
}

/* ---- record ------------------------------------------------------------------- */

static void log_result(const struct tel_run *run, const struct tel_room_done *done)
{
	static const char *const names[] = {
		[TEL_ROOM_MADE] = "room_made",
		[TEL_ROOM_NOT_OURS] = "room_not_ours",
		[TEL_ROOM_RETRY] = "room_retry",
		[TEL_ROOM_RETRY_UNSENT] = "room_retry",
		[TEL_ROOM_REFUSED] = "room_refused",
		[TEL_ROOM_CANCELLED] = "room_cancelled",
	};
	bool good = done->result == TEL_ROOM_MADE || done->result == TEL_ROOM_CANCELLED;

	tel_log_line(run->app->log, good ? TEL_LOG_INFO : TEL_LOG_WARN, names[done->result],
		     TEL_F_STR("callId", tel_call_id_str(&run->call->id)),
		     TEL_F_STR("roomSid", done->room_sid), TEL_F_STR("code", done->code),
		     TEL_F_STR("message", done->message));
}

static enum tel_err record(struct tel_run *run)
{
	struct tel_step_about about = {
		.call_id = tel_call_id_str(&run->call->id),
		.room_name = run->call->room_name,
		.room_sid = run->room_sid,
		.expect_change = true,
		.outbound_switch = true,
	};
	struct tel_room_done done = {
		.result = run->room_result,
		.attempt = run->attempt,
		.room_sid = run->room_sid,
		.room_created_at = run->room_created_at,
		.code = run->code,
		.message = run->message,
		.retry_after = run->retry_after,
	};
	enum tel_err err = tel_run_env(run, &done.env);

	if (!err)
		err = run->app->store->ops->step(run->app->store, &about, tel_decide_room_done,
						 &done);
	if (err && err != TEL_ENOTFOUND) {
		tel_call_free(done.call);
		return err;
	}
	log_result(run, &done);
	if (!err && done.dial_leased)
		tel_run_go_on(run, done.call, TEL_JOB_DIAL);
	else
		run->phase = TEL_RUN_FREE;
	return TEL_OK;
}

enum tel_err tel_run_room(struct tel_run *run)
{
	switch (run->phase) {
	case TEL_RUN_SEND:	return send(run);
	case TEL_RUN_RECORD:	return record(run);
	case TEL_RUN_LOOK:
	case TEL_RUN_LOOK_FURTHER:
	case TEL_RUN_CONFIRM:
	case TEL_RUN_FREE:
	case TEL_RUN_WAIT:	break;
	}
	return TEL_OK;
}
