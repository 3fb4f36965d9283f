#include "config.h"

#include "app/job_run.h"
#include "base/banned.h"

/*
 * Is the agent in the room, and is its dispatch served? A dispatch that is
 * not, and all but one of several, are deleted here; making another one is
 * the job dispatch_agent's.
 */

static void conclude(struct tel_run *run, enum tel_watched watched)
{
	run->watched = watched;
	run->phase = TEL_RUN_RECORD;
}

static void fail(struct tel_run *run, const struct tel_lk_answer *answer)
{
	tel_run_keep_error(run, answer);
	conclude(run, TEL_WATCHED_FAILED);
}

/* ---- who is in the room ------------------------------------------------------- */

static enum tel_err keep_agent(struct tel_run *run, const struct tel_participant *p)
{
	struct tel_participant *agent = &run->seen.agents[run->seen.n_agents];
	enum tel_err err;

	if (run->seen.n_agents == TEL_WATCH_MAX)
		return TEL_OK;
	*agent = (struct tel_participant){
		.kind = TEL_PARTICIPANT_AGENT, .joined_at = p->joined_at,
		.identity = tel_run_keep(run, p->identity),
	};
	err = tel_arena_copy(&run->mem, p->sid, TEL_MAX_TEXT, &agent->sid);
	run->seen.n_agents += !err;
	return err;
}

static void saw_participants(void *ctx, const struct tel_lk_answer *answer)
{
	struct tel_run *run = ctx;
	enum tel_err err = TEL_OK;
	size_t i;

	if (answer->verdict != TEL_LK_DONE) {
		fail(run, answer);
		return;
	}
	run->phase = TEL_RUN_LOOK_FURTHER;
	for (i = 0; i < answer->n_participants && !err; i++)
		if (tel_watch_is_agent(run->call, &answer->participants[i]))
			err = keep_agent(run, &answer->participants[i]);
	/* Whoever cannot be kept in mind must not be taken for missing. */
	if (err)
		conclude(run, TEL_WATCHED_FAILED);
}

static enum tel_err look(struct tel_run *run)
{
	struct tel_lk_request request = {
		.method = TEL_LK_LIST_PARTICIPANTS,
		.room = run->call->room_name,
	};

	/* Whom it is about may have gone since the job was made. */
	if (!tel_watch_phone_waits(run->call)) {
		conclude(run, TEL_WATCHED_LOOKED);
		return TEL_OK;
	}
	return tel_run_send(run, &request, saw_participants);
}

/* ---- which dispatches there are --------------------------------------------------- */

static enum tel_err keep_dispatch(struct tel_run *run, const struct tel_lk_dispatch *d)
{
	struct tel_watch_dispatch *kept = &run->seen.dispatches[run->seen.n_dispatches];
	enum tel_err err;

	if (run->seen.n_dispatches == TEL_WATCH_MAX)
		return TEL_OK;
	*kept = (struct tel_watch_dispatch){ .has_job = d->has_job };
	err = tel_arena_copy(&run->mem, d->id, TEL_MAX_TEXT, &kept->id);
	run->seen.n_dispatches += !err;
	return err;
}

/* An agent that no webhook told of. */
static bool has_news(const struct tel_run *run)
{
	size_t i;

	for (i = 0; i < run->seen.n_agents; i++)
		if (!tel_call_leg(run->call, run->seen.agents[i].sid))
			return true;
	return false;
}

/* (Another dispatch is not made before dispatch_run.c has confirmed the room.) */
static bool matters(const struct tel_run *run)
{
	return run->plan.verdict == TEL_WATCH_HANG_UP || run->plan.verdict == TEL_WATCH_TRANSFER ||
	       (run->plan.verdict == TEL_WATCH_DONE && has_news(run));
}

static void saw_dispatches(void *ctx, const struct tel_lk_answer *answer)
{
	struct tel_run *run = ctx;
	enum tel_err err = TEL_OK;
	size_t i;

	if (answer->verdict != TEL_LK_DONE) {
		fail(run, answer);
		return;
	}
	for (i = 0; i < answer->n_dispatches && !err; i++)
		if (tel_run_is_served_by(run, &answer->dispatches[i]))
			err = keep_dispatch(run, &answer->dispatches[i]);
	if (err) {
		conclude(run, TEL_WATCHED_FAILED);
		return;
	}
	tel_watch_judge(run->call, &run->app->policy, &run->seen, tel_now(run->app->clock), 0,
			&run->plan);
	if (run->plan.verdict == TEL_WATCH_DROP)
		run->phase = TEL_RUN_SEND;
	else if (matters(run))
		run->phase = TEL_RUN_CONFIRM;
	else
		conclude(run, TEL_WATCHED_LOOKED);
}

static enum tel_err look_further(struct tel_run *run)
{
	struct tel_lk_request request = {
		.method = TEL_LK_LIST_DISPATCH,
		.room = run->call->room_name,
	};

	return tel_run_send(run, &request, saw_dispatches);
}

/* ---- is it that room? ------------------------------------------------------------------ */

/*
 * Lists go by the room's name. An agent in a later life of it, which a late
 * dispatch made, is none in ours; nor is a phone.
 */
static void saw_room(void *ctx, const struct tel_lk_answer *answer)
{
	struct tel_run *run = ctx;

	if (answer->verdict != TEL_LK_DONE)
		fail(run, answer);
	else
		conclude(run, tel_run_is_room(run, answer) ? TEL_WATCHED_LOOKED :
							    TEL_WATCHED_FAILED);
}

/* ---- deleting them ------------------------------------------------------------------ */

static void dropped(void *ctx, const struct tel_lk_answer *answer)
{
	struct tel_run *run = ctx;

	if (answer->verdict != TEL_LK_DONE && answer->verdict != TEL_LK_GONE) {
		fail(run, answer);
		return;
	}
	run->next_drop++;
	run->phase = TEL_RUN_SEND;
}

static enum tel_err drop_next(struct tel_run *run)
{
	struct tel_lk_request request = {
		.method = TEL_LK_DELETE_DISPATCH,
		.room = run->call->room_name,
	};
	enum tel_err err;

	if (run->next_drop == run->plan.keep)
		run->next_drop++;
	if (run->next_drop >= run->seen.n_dispatches) {
		conclude(run, TEL_WATCHED_DROPPED);
		return TEL_OK;
	}
	request.dispatch_id = run->seen.dispatches[run->next_drop].id;
	err = tel_run_send(run, &request, dropped);
	run->drop_sent |= !err;
	return err;
}

/*
 * The agent may have come in the meantime, the caller gone, or, if we were
 * slow, another process be at it.
 */
static enum tel_err drop(struct tel_run *run)
{
	struct tel_call *now;
	enum tel_err err;
	bool wanted;

	/* One is gone: there is no way back. */
	if (run->drop_sent)
		return drop_next(run);
	err = tel_run_reread(run, &now);
	if (err)
		return err;
	wanted = now && tel_run_holds_lease(run, now) && tel_watch_phone_waits(now) &&
		 tel_str_eq(now->room_sid, run->call->room_sid) &&
		 (run->plan.drop == TEL_DROP_SURPLUS ||
		  tel_call_living_legs(now, TEL_PARTICIPANT_AGENT) == 0);
	tel_call_free(now);
	if (wanted)
		return drop_next(run);
	conclude(run, TEL_WATCHED_FAILED);
	return TEL_OK;
}

/* ---- record ------------------------------------------------------------------------------ */

static void tell_drop(const struct tel_run *run)
{
	static const struct {
		const char *name;
		enum tel_counter counter;
	} drops[] = {
		[TEL_DROP_LOST] = { "lost", TEL_COUNT_WATCH_LOST },
		[TEL_DROP_LATE] = { "late", TEL_COUNT_WATCH_LATE },
		[TEL_DROP_SPENT] = { "spent", TEL_COUNT_WATCH_SPENT },
		[TEL_DROP_SURPLUS] = { "surplus", TEL_COUNT_WATCH_SURPLUS },
	};

	tel_count(run->app->counters, drops[run->plan.drop].counter);
	tel_log_line(run->app->log, TEL_LOG_WARN, "dispatch_deleted",
		     TEL_F_STR("callId", tel_call_id_str(&run->call->id)),
		     TEL_F_STR("roomSid", run->call->room_sid),
		     TEL_F_TEXT("reason", drops[run->plan.drop].name));
}

static void tell_verdict(const struct tel_run *run, const struct tel_watch_done *done)
{
	bool hang_up = done->plan.verdict == TEL_WATCH_HANG_UP;

	if (done->joined)
		tel_count(run->app->counters, TEL_COUNT_WATCH_JOINED);
	if (!hang_up && done->plan.verdict != TEL_WATCH_TRANSFER &&
	    done->plan.verdict != TEL_WATCH_DISPATCH)
		return;
	tel_count(run->app->counters, done->plan.verdict == TEL_WATCH_DISPATCH ?
				      TEL_COUNT_WATCH_REDISPATCHED : TEL_COUNT_WATCH_FALLBACK);
	tel_log_line(run->app->log, TEL_LOG_WARN, "no_agent",
		     TEL_F_STR("callId", tel_call_id_str(&run->call->id)),
		     TEL_F_TEXT("then", hang_up ? tel_hang_up_why_text(done->plan.why) :
				done->plan.verdict == TEL_WATCH_DISPATCH ? "dispatch" : "transfer"));
}

static enum tel_err record(struct tel_run *run)
{
	struct tel_watch_done done = {
		.result = run->watched,
		.attempt = run->attempt,
		.room_sid = run->call->room_sid,
		.seen = run->seen,
		.knew_agent = tel_call_living_legs(run->call, TEL_PARTICIPANT_AGENT) > 0,
		.plan = run->plan,
		.drop_sent = run->drop_sent,
		.code = run->code,
		.message = run->message,
		.retry_after = run->retry_after,
	};
	enum tel_err err = tel_run_record(run, &done.env, tel_decide_watch_done, &done);

	if (err)
		return err;
	if (run->watched == TEL_WATCHED_DROPPED)
		tell_drop(run);
	else if (run->watched == TEL_WATCHED_LOOKED)
		tell_verdict(run, &done);
	return TEL_OK;
}

enum tel_err tel_run_watch(struct tel_run *run)
{
	switch (run->phase) {
	case TEL_RUN_LOOK:		return look(run);
	case TEL_RUN_LOOK_FURTHER:	return look_further(run);
	case TEL_RUN_CONFIRM:		return tel_run_ask_room(run, saw_room);
	case TEL_RUN_SEND:		return drop(run);
	case TEL_RUN_RECORD:		return record(run);
	case TEL_RUN_FREE:
	case TEL_RUN_WAIT:		break;
	}
	return TEL_OK;
}
