#include "config.h"

#include "domain/reaction.h"

/* The timeline's entry for a job that has come back. */
static struct tel_entry *entry_of(struct tel_step *step, const struct tel_decide_env *env,
				  enum tel_job_kind kind, struct tel_str code,
				  struct tel_str message)
{
	struct tel_entry *entry;

	step->save = true;
	step->call->updated_at = env->now;
	entry = tel_step_entry(step, step->call, env->now, TEL_ENTRY_JOB,
			       tel_str_from(tel_job_kind_text(kind)));
	tel_entry_note(entry, "code", code);
	tel_entry_note(entry, "message", message);
	return entry;
}

static enum tel_err react_to(struct tel_reaction *r, enum tel_input input)
{
	tel_reaction_fn react = tel_reaction_for(input, r->call);

	return react ? react(r) : tel_react(r, TEL_EFFECT_NOTED, "the call is over already");
}

/* ---- the room ----------------------------------------------------------------- */

static enum tel_input input_of_room(enum tel_room_result result)
{
	switch (result) {
	case TEL_ROOM_MADE:		return TEL_IN_ROOM_MADE;
	case TEL_ROOM_RETRY:
	case TEL_ROOM_RETRY_UNSENT:	return TEL_IN_ROOM_RETRY;
	case TEL_ROOM_NOT_OURS:
	case TEL_ROOM_REFUSED:		return TEL_IN_ROOM_REFUSED;
	case TEL_ROOM_CANCELLED:	break;
	}
	return TEL_IN_ROOM_CANCELLED;
}

enum tel_err tel_decide_room_done(struct tel_step *step, void *room_done)
{
	struct tel_room_done *done = room_done;
	struct tel_reaction r = {
		.step = step, .env = &done->env, .call = step->call, .room = done,
	};
	enum tel_err err;

	tel_call_free(done->call);
	done->call = NULL;
	done->dial_leased = false;
	if (!step->call)
		return TEL_ENOTFOUND;
	r.entry = entry_of(step, &done->env, TEL_JOB_CREATE_ROOM, done->code, done->message);
	tel_entry_note(r.entry, "roomSid", done->room_sid);
	err = react_to(&r, input_of_room(done->result));
	return !err && done->dial_leased ? tel_call_clone(step->call, &done->call) : err;
}

/* ---- the dial ------------------------------------------------------------------- */

static enum tel_input input_of_dial(enum tel_dial_result result)
{
	switch (result) {
	case TEL_DIAL_OVER:		return TEL_IN_DIAL_OVER;
	case TEL_DIAL_RETRY_UNSENT:	return TEL_IN_DIAL_UNSENT;
	case TEL_DIAL_CANCELLED:	break;
	}
	return TEL_IN_DIAL_CANCELLED;
}

enum tel_err tel_decide_dial_done(struct tel_step *step, void *dial_done)
{
	struct tel_dial_done *done = dial_done;
	struct tel_reaction r = {
		.step = step, .env = &done->env, .call = step->call, .dial = done,
	};

	done->ended = false;
	if (!step->call)
		return TEL_ENOTFOUND;
	r.entry = entry_of(step, &done->env, TEL_JOB_DIAL, done->code, done->message);
	if (done->result == TEL_DIAL_OVER)
		tel_entry_note(r.entry, "reply", tel_str_from(tel_dial_reply_text(done->reply)));
	tel_entry_note(r.entry, "sipStatus", done->sip_status);
	return react_to(&r, input_of_dial(done->result));
}

/*
 * Looks are many, and most see what the one before saw: those leave no trace
 * in the timeline.
 */
static bool is_news(const struct tel_call *call, const struct tel_look_done *done)
{
	const struct tel_leg *leg;

	if (done->result != TEL_LOOK_SEEN)
		return done->result == TEL_LOOK_GONE && call->dial.reply == TEL_DIAL_LOST;
	leg = tel_call_leg(call, done->participant->sid);
	return !leg || leg->sip_status != done->participant->sip_status;
}

enum tel_err tel_decide_look_done(struct tel_step *step, void *look_done)
{
	struct tel_look_done *done = look_done;
	struct tel_reaction r = {
		.step = step, .env = &done->env, .call = step->call, .look = done,
	};

	done->ended = false;
	if (!step->call)
		return TEL_ENOTFOUND;
	step->save = true;
	if (is_news(step->call, done)) {
		r.entry = entry_of(step, &done->env, TEL_JOB_WATCH_DIAL, TEL_STR_NONE, TEL_STR_NONE);
		tel_entry_note(r.entry, "evidence", TEL_STR("GetParticipant"));
		if (done->participant)
			tel_entry_note(r.entry, "sipCallStatus", tel_str_from(
				       tel_sip_status_text(done->participant->sip_status)));
	}
	return react_to(&r, TEL_IN_PHONE_LOOKED);
}

/* ---- a transfer ------------------------------------------------------------------- */

static enum tel_transfer_state state_of(enum tel_transfer_result result)
{
	switch (result) {
	case TEL_TRANSFERRED:		return TEL_TRANSFER_DONE;
	case TEL_TRANSFER_NOT_KNOWN:	return TEL_TRANSFER_UNKNOWN;
	case TEL_TRANSFER_NOT_DONE:
	case TEL_TRANSFER_RETRY_UNSENT:
	case TEL_TRANSFER_CANCELLED:	break;
	}
	return TEL_TRANSFER_FAILED;
}

static struct tel_str transfer_result_text(enum tel_transfer_result result)
{
	switch (result) {
	case TEL_TRANSFERRED:		return TEL_STR("transferred");
	case TEL_TRANSFER_NOT_DONE:	return TEL_STR("not transferred");
	case TEL_TRANSFER_NOT_KNOWN:	return TEL_STR("its answer is lost: not repeated");
	case TEL_TRANSFER_RETRY_UNSENT:	return TEL_STR("nothing was sent: will try again");
	case TEL_TRANSFER_CANCELLED:	return TEL_STR("cancelled: the call is over");
	}
	return TEL_STR("?");
}

enum tel_err tel_decide_transfer_done(struct tel_step *step, void *transfer_done)
{
	struct tel_transfer_done *done = transfer_done;
	struct tel_call *call = step->call;
	struct tel_entry *entry;
	struct tel_job *job;
	enum tel_err err;

	if (!call)
		return TEL_ENOTFOUND;
	job = &call->jobs[TEL_JOB_TRANSFER];
	if (!job->pending || job->attempt != done->attempt ||
	    !tel_str_eq(job->lease.owner, done->env.self))
		return TEL_OK;
	entry = entry_of(step, &done->env, TEL_JOB_TRANSFER, done->code, done->message);
	if (entry)
		entry->result = transfer_result_text(done->result);
	if (done->result == TEL_TRANSFER_RETRY_UNSENT && !tel_call_is_over(call) &&
	    done->env.now < call->transfer.requested_at + done->env.policy->dial_within) {
		job->lease = (struct tel_lease){ 0 };
		job->due = done->env.now + tel_job_backoff(job->attempt, TEL_BACKOFF_WAITING,
							   done->retry_after, done->env.random);
		return TEL_OK;
	}
	tel_call_drop_job(call, TEL_JOB_TRANSFER);
	call->transfer.state = state_of(done->result);
	call->transfer.finished_at = done->env.now;
	err = tel_call_set(call, &call->transfer.code, done->code, TEL_MAX_TEXT);
	return err ? err : tel_call_set(call, &call->transfer.message, done->message, TEL_MAX_TEXT);
}
