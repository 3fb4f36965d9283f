#include "config.h"

#include "app/job_run.h"
#include "base/banned.h"

static void conclude(struct tel_run *run, enum tel_dispatch_result result)
{
	run->dispatch_result = result;
	run->phase = TEL_RUN_RECORD;
}

/* ---- is it still wanted? -------------------------------------------------- */

static bool is_still_wanted(const struct tel_run *run, const struct tel_call *now)
{
	return !tel_call_is_over(now) && now->room_finished_at == 0 &&
	       tel_str_eq(now->room_sid, run->call->room_sid) &&
	       !now->jobs[TEL_JOB_DISPATCH_AGENT].cancelled;
}

/*
 * Re-read the call just before anything is sent. Not wanted any more: an
 * earlier request, if there may have been one, still has to be tidied up.
 */
static enum tel_err recheck(struct tel_run *run, bool *wanted)
{
	struct tel_call *now;
	enum tel_err err = tel_run_reread(run, &now);
	bool unsure = run->call->jobs[TEL_JOB_DISPATCH_AGENT].unsure;

	if (err)
		return err;
	*wanted = now && is_still_wanted(run, now);
	if (!*wanted) {
		conclude(run, unsure ? TEL_DISPATCH_RETRY : TEL_DISPATCH_CANCELLED);
	} else if (!tel_run_holds_lease(run, now)) {
		/* We were slow; if the lease is lost, recording says so. */
		*wanted = false;
		conclude(run, TEL_DISPATCH_RETRY_UNSENT);
	}
	tel_call_free(now);
	return TEL_OK;
}

/* ---- look ------------------------------------------------------------------- */

bool tel_run_is_served_by(const struct tel_run *run, const struct tel_lk_dispatch *d)
{
	const struct tel_call *call = run->call;

	if (d->deleted || !tel_str_eq(d->agent_name, call->agent.name))
		return false;
	if (!tel_str_is_set(d->call_id))
		return true;
	return tel_str_eq(d->call_id, tel_call_id_str(&call->id)) ||
	       (tel_str_is_set(d->room_sid) && tel_str_eq(d->room_sid, call->room_sid));
}

static void looked(void *ctx, const struct tel_lk_answer *answer)
{
	struct tel_run *run = ctx;
	size_t i;

	if (answer->verdict != TEL_LK_DONE) {
		tel_run_keep_error(run, answer);
		conclude(run, TEL_DISPATCH_RETRY);
		return;
	}
	for (i = 0; i < answer->n_dispatches; i++) {
		if (!tel_run_is_served_by(run, &answer->dispatches[i]))
			continue;
		conclude(run, tel_arena_copy(&run->mem, answer->dispatches[i].id, TEL_MAX_ID,
					     &run->dispatch_id) ?
			      TEL_DISPATCH_RETRY : TEL_DISPATCH_FOUND);
		return;
	}
	run->phase = run->call->jobs[TEL_JOB_DISPATCH_AGENT].look ? TEL_RUN_CONFIRM : TEL_RUN_SEND;
}

static enum tel_err look(struct tel_run *run)
{
	struct tel_lk_request request = {
		.method = TEL_LK_LIST_DISPATCH,
		.room = run->call->room_name,
	};
	bool wanted;
	enum tel_err err = recheck(run, &wanted);

	return err || !wanted ? err : tel_run_send(run, &request, looked);
}

/* ---- confirm ---------------------------------------------------------------- */

/*
 * A dispatch goes by the room's name. One that no event has just asked for
 * must not go into another life of it, where somebody else may be by now.
 */
static void saw_room(void *ctx, const struct tel_lk_answer *answer)
{
	struct tel_run *run = ctx;

	if (answer->verdict == TEL_LK_DONE && tel_run_is_room(run, answer)) {
		run->phase = TEL_RUN_SEND;
		return;
	}
	tel_run_keep_error(run, answer);
	conclude(run, TEL_DISPATCH_RETRY_UNSENT);
}

/* ---- send ------------------------------------------------------------------- */

static enum tel_dispatch_result result_of(enum tel_lk_verdict verdict)
{
	switch (verdict) {
	case TEL_LK_DONE:	return TEL_DISPATCH_MADE;
	case TEL_LK_GONE:
	case TEL_LK_REFUSED:	return TEL_DISPATCH_REFUSED;
	case TEL_LK_TRY_LATER:
	case TEL_LK_NOT_SENT:	return TEL_DISPATCH_RETRY_UNSENT;
	case TEL_LK_UNKNOWN:	break;
	}
	return TEL_DISPATCH_RETRY;
}

static void sent(void *ctx, const struct tel_lk_answer *answer)
{
	struct tel_run *run = ctx;
	enum tel_dispatch_result result = result_of(answer->verdict);

	if (result != TEL_DISPATCH_MADE)
		tel_run_keep_error(run, answer);
	else if (answer->n_dispatches != 1 ||
		 tel_arena_copy(&run->mem, answer->dispatches[0].id, TEL_MAX_ID, &run->dispatch_id))
		result = TEL_DISPATCH_RETRY;	/* made, but its id is to be looked up */
	conclude(run, result);
}

static enum tel_err send(struct tel_run *run)
{
	struct tel_lk_request request = {
		.method = TEL_LK_CREATE_DISPATCH,
		.room = run->call->room_name,
		.agent_name = run->call->agent.name,
		.agent_config = run->call->agent.config,
		.call = run->call,
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
		conclude(run, TEL_DISPATCH_REFUSED);
		return TEL_OK;
	}
	if (!err)
		tel_count(run->app->counters, TEL_COUNT_DISPATCH_SENT);
	return err;
}

/* ---- record ----------------------------------------------------------------- */

static enum tel_counter counter_of(enum tel_dispatch_result result)
{
	switch (result) {
	case TEL_DISPATCH_MADE:		return TEL_COUNT_DISPATCH_MADE;
	case TEL_DISPATCH_FOUND:	return TEL_COUNT_DISPATCH_FOUND;
	case TEL_DISPATCH_REFUSED:	return TEL_COUNT_DISPATCH_REFUSED;
	case TEL_DISPATCH_CANCELLED:	return TEL_COUNT_DISPATCH_CANCELLED;
	case TEL_DISPATCH_RETRY:
	case TEL_DISPATCH_RETRY_UNSENT:	break;
	}
	return TEL_COUNT_DISPATCH_RETRY;
}

static void log_result(const struct tel_run *run, const struct tel_dispatch_done *done)
{
	static const char *const names[] = {
		[TEL_DISPATCH_MADE] = "dispatch_made",
		[TEL_DISPATCH_FOUND] = "dispatch_found",
		[TEL_DISPATCH_RETRY] = "dispatch_retry",
		[TEL_DISPATCH_RETRY_UNSENT] = "dispatch_retry",
		[TEL_DISPATCH_REFUSED] = "dispatch_refused",
		[TEL_DISPATCH_CANCELLED] = "dispatch_cancelled",
	};
	enum tel_log_level level = done->result == TEL_DISPATCH_REFUSED ? TEL_LOG_ERROR :
		tel_str_is_set(done->code) ? TEL_LOG_WARN : TEL_LOG_INFO;

	tel_log_line(run->app->log, level, names[done->result],
		     TEL_F_STR("callId", tel_call_id_str(&run->call->id)),
		     TEL_F_STR("roomSid", run->call->room_sid),
		     TEL_F_STR("agentName", run->call->agent.name),
		     TEL_F_STR("dispatchId", done->dispatch_id),
		     TEL_F_STR("code", done->code), TEL_F_STR("message", done->message),
		     TEL_F_TEXT("status", tel_call_status_text(done->status)));
}

static enum tel_err record(struct tel_run *run)
{
	struct tel_dispatch_done done = {
		.result = run->dispatch_result,
		.attempt = run->attempt,
		.room_sid = run->call->room_sid,
		.dispatch_id = run->dispatch_id,
		.code = run->code,
		.message = run->message,
		.retry_after = run->retry_after,
	};
	enum tel_err err = tel_run_record(run, &done.env, tel_decide_dispatch_done, &done);

	if (err)
		return err;
	tel_count(run->app->counters, counter_of(done.result));
	if (done.result == TEL_DISPATCH_REFUSED && !done.over)
		tel_count(run->app->counters, TEL_COUNT_CALL_FAILED);
	log_result(run, &done);
	return TEL_OK;
}

enum tel_err tel_run_dispatch(struct tel_run *run)
{
	switch (run->phase) {
	case TEL_RUN_LOOK:	return look(run);
	case TEL_RUN_CONFIRM:	return tel_run_ask_room(run, saw_room);
	case TEL_RUN_SEND:	return send(run);
	case TEL_RUN_RECORD:	return record(run);
	case TEL_RUN_LOOK_FURTHER:
	case TEL_RUN_FREE:
	case TEL_RUN_WAIT:	break;
	}
	return TEL_OK;
}
