#include "config.h"

#include "app/job_run.h"
#include "base/banned.h"

static void conclude(struct tel_run *run, enum tel_delete_result result)
{
	run->delete_result = result;
	run->phase = TEL_RUN_RECORD;
}

/* ---- look: is the room somebody else's by now? ----------------------------- */

/* A room name may be in use again, by a call that we know of. */
static enum tel_err another_call_is_there(struct tel_run *run, bool *there)
{
	struct tel_call_filter filter = {
		.live_only = true, .room_name = run->call->room_name, .limit = 2,
	};
	struct tel_call_page page = { 0 };
	enum tel_err err = run->app->store->ops->list(run->app->store, &filter, &page);
	size_t i;

	*there = false;
	for (i = 0; !err && i < page.n; i++)
		*there |= !tel_str_eq(tel_call_id_str(&page.calls[i]->id),
				      tel_call_id_str(&run->call->id));
	tel_call_page_release(&page);
	return err;
}

/*
 * Which phones keep the room: all, but for the call's own legs that have
 * left (LiveKit may show them for a while), those that a failed call is to
 * be rid of, lest its caller listens to the ringing for minutes, and those
 * that we hung up.
 */
static bool keeps_the_room(const struct tel_participant *p, const struct tel_call *call)
{
	const struct tel_leg *leg = tel_call_leg(call, p->sid);
	char identity[TEL_PHONE_IDENTITY];

	if (p->kind != TEL_PARTICIPANT_SIP)
		return false;
	/* The phone that the call dialled rings for nobody. */
	if (call->direction == TEL_OUTBOUND &&
	    tel_str_is(p->identity, tel_call_phone_identity(&call->id, identity)))
		return false;
	return !leg || (leg->left_at == 0 && call->status != TEL_CALL_FAILED && !call->hang_up_at);
}

static void looked(void *ctx, const struct tel_lk_answer *answer)
{
	struct tel_run *run = ctx;
	size_t i;

	if (answer->verdict != TEL_LK_DONE) {
		tel_run_keep_error(run, answer);
		conclude(run, answer->verdict == TEL_LK_GONE ? TEL_DELETE_GONE :
			      answer->verdict == TEL_LK_REFUSED ? TEL_DELETE_REFUSED :
			      TEL_DELETE_RETRY);
		return;
	}
	run->phase = TEL_RUN_SEND;
	for (i = 0; i < answer->n_participants; i++)
		if (keeps_the_room(&answer->participants[i], run->call))
			conclude(run, TEL_DELETE_KEPT);
}

static enum tel_err look(struct tel_run *run)
{
	struct tel_lk_request request = {
		.method = TEL_LK_LIST_PARTICIPANTS,
		.room = run->call->room_name,
	};

	return tel_run_send(run, &request, looked);
}

/* ---- send ------------------------------------------------------------------- */

static void sent(void *ctx, const struct tel_lk_answer *answer)
{
	struct tel_run *run = ctx;

	switch (answer->verdict) {
	case TEL_LK_DONE:
		conclude(run, TEL_DELETE_DONE);
		return;
	case TEL_LK_GONE:
		conclude(run, TEL_DELETE_GONE);
		return;
	case TEL_LK_REFUSED:
		conclude(run, TEL_DELETE_REFUSED);
		break;
	case TEL_LK_TRY_LATER:
	case TEL_LK_UNKNOWN:
	case TEL_LK_NOT_SENT:
		conclude(run, TEL_DELETE_RETRY);
		break;
	}
	tel_run_keep_error(run, answer);
}

/*
 * A phone is to be hung up, and another call has a room of that name: if the
 * room is ours, that one's is history.
 */
static void saw_room(void *ctx, const struct tel_lk_answer *answer)
{
	struct tel_run *run = ctx;

	if (answer->verdict != TEL_LK_DONE) {
		tel_run_keep_error(run, answer);
		conclude(run, TEL_DELETE_RETRY);
		return;
	}
	run->room_confirmed = tel_run_is_room(run, answer);
	if (run->room_confirmed)
		run->phase = TEL_RUN_SEND;
	else
		conclude(run, TEL_DELETE_GONE);
}

/*
 * The call may have come back into that room, in a new life of it. Or we were
 * slow: if the lease is lost, recording says so.
 */
static enum tel_err recheck(struct tel_run *run, bool *wanted)
{
	struct tel_call *now;
	enum tel_err err = tel_run_reread(run, &now);

	if (err)
		return err;
	*wanted = now && tel_str_eq(now->room_sid, run->call->room_sid);
	if (!*wanted) {
		conclude(run, TEL_DELETE_KEPT);
	} else if (!tel_run_holds_lease(run, now)) {
		*wanted = false;
		conclude(run, TEL_DELETE_RETRY);
	}
	tel_call_free(now);
	return TEL_OK;
}

static enum tel_err send(struct tel_run *run)
{
	struct tel_lk_request request = {
		.method = TEL_LK_DELETE_ROOM,
		.room = run->call->room_name,
	};
	bool wanted, another;
	enum tel_err err = recheck(run, &wanted);

	if (err || !wanted)
		return err;
	err = another_call_is_there(run, &another);
	if (err)
		return err;
	if (!another || run->room_confirmed)
		return tel_run_send(run, &request, sent);
	if (run->call->hang_up_at)
		return tel_run_ask_room(run, saw_room);
	/* No phone of the other call was seen: its room may be elsewhere, and
	   this one, with an agent in it, nobody's. So it is looked at again. */
	conclude(run, TEL_DELETE_RETRY);
	return TEL_OK;
}

/* ---- record ----------------------------------------------------------------- */

static const struct {
	enum tel_counter counter;
	const char *event;
	enum tel_log_level level;
} results[] = {
	[TEL_DELETE_DONE] = { TEL_COUNT_ROOM_DELETED, "room_deleted", TEL_LOG_INFO },
	[TEL_DELETE_GONE] = { TEL_COUNT_ROOM_GONE, "room_gone", TEL_LOG_INFO },
	[TEL_DELETE_KEPT] = { TEL_COUNT_ROOM_KEPT, "room_kept", TEL_LOG_INFO },
	[TEL_DELETE_RETRY] = { TEL_COUNT_ROOM_RETRY, "room_delete_retry", TEL_LOG_WARN },
	[TEL_DELETE_REFUSED] = { TEL_COUNT_ROOM_KEPT, "room_delete_refused", TEL_LOG_ERROR },
};

static enum tel_err record(struct tel_run *run)
{
	struct tel_delete_done done = {
		.result = run->delete_result,
		.attempt = run->attempt,
		.code = run->code,
		.message = run->message,
		.retry_after = run->retry_after,
	};
	enum tel_err err = tel_run_record(run, &done.env, tel_decide_delete_done, &done);

	if (err)
		return err;
	tel_count(run->app->counters, results[done.result].counter);
	tel_log_line(run->app->log, results[done.result].level, results[done.result].event,
		     TEL_F_STR("callId", tel_call_id_str(&run->call->id)),
		     TEL_F_STR("roomSid", run->call->room_sid),
		     TEL_F_STR("code", run->code), TEL_F_STR("message", run->message));
	return TEL_OK;
}

enum tel_err tel_run_delete(struct tel_run *run)
{
	switch (run->phase) {
	case TEL_RUN_LOOK:	return look(run);
	case TEL_RUN_SEND:	return send(run);
	case TEL_RUN_RECORD:	return record(run);
	case TEL_RUN_LOOK_FURTHER:
	case TEL_RUN_CONFIRM:
	case TEL_RUN_FREE:
	case TEL_RUN_WAIT:	break;
	}
	return TEL_OK;
}
