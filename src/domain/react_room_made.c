#include "config.h"

#include "domain/reaction.h"

/* Somebody else holds the lease by now, or nobody: not our business. */
static bool is_not_our_job(const struct tel_reaction *r)
{
	const struct tel_job *job = &r->call->jobs[TEL_JOB_CREATE_ROOM];

	return !job->pending || job->attempt != r->room->attempt ||
	       !tel_str_eq(job->lease.owner, r->env->self);
}

/* An agent that was heard joining, or leaving, before the room's sid was known. */
static void recognise_agent(struct tel_call *call)
{
	size_t i;

	for (i = 0; i < call->n_legs; i++) {
		const struct tel_leg *leg = &call->legs[i];

		if (leg->kind != TEL_PARTICIPANT_AGENT ||
		    !tel_str_eq(leg->room_sid, call->room_sid))
			continue;
		call->agent_was_there |= leg->joined_at != 0;
		if (call->agent.joined_at == 0)
			call->agent.joined_at = leg->joined_at;
		call->agent.left_at = leg->left_at;
	}
	if (tel_call_living_legs(call, TEL_PARTICIPANT_AGENT) > 0)
		call->agent.left_at = 0;
}

static enum tel_err fail(struct tel_reaction *r, struct tel_str code, struct tel_str message,
			 const char *result)
{
	static const struct tel_ending failed = { TEL_OUTCOME_FAILED, TEL_BY_LIVEKIT };
	enum tel_err err = tel_call_set(r->call, &r->call->error_code, code, TEL_MAX_TEXT);

	if (!err)
		err = tel_call_set(r->call, &r->call->error_message, message, TEL_MAX_TEXT);
	if (err)
		return err;
	tel_call_end(r->call, failed, r->env->now, false, r->env);
	return tel_react(r, TEL_EFFECT_ENDED, result);
}

bool tel_call_is_too_late_to_dial(const struct tel_call *call, const struct tel_policy *policy,
				  tel_time now)
{
	return now > call->created_at + policy->dial_within;
}

/* LiveKit, or every process, was away: nobody is called when it no longer fits. */
static enum tel_err made_too_late(struct tel_reaction *r)
{
	return fail(r, TEL_STR("too_late"),
		    TEL_STR("it could not be handed to LiveKit in time"),
		    "failed: it is too late to dial");
}

enum tel_err tel_react_room_made(struct tel_reaction *r)
{
	struct tel_call *call = r->call;
	uint32_t attempt;
	enum tel_err err;

	if (is_not_our_job(r))
		return tel_react(r, TEL_EFFECT_NOTED, "late: the call has moved on");
	/* The answer is older than that room's end: it has to be made anew. */
	if (r->step->room_finished)
		return tel_react_room_retry(r);
	if (!tel_str_eq(call->room_sid, r->room->room_sid))
		call->agent.joined_at = call->agent.left_at = call->agent.dropped_at = 0;
	err = tel_call_set(call, &call->room_sid, r->room->room_sid, TEL_MAX_ID);
	if (err)
		return err;
	call->room_created_at = r->room->room_created_at;
	call->status = TEL_CALL_AGENT_DISPATCHED;
	recognise_agent(call);
	call->room_finished_at = 0;
	tel_call_want_agent(call, r->env->now);
	attempt = call->jobs[TEL_JOB_CREATE_ROOM].attempt;
	tel_call_drop_job(call, TEL_JOB_CREATE_ROOM);
	if (r->step->outbound_stopped_at)
		return tel_react_dial_stopped(r);
	if (tel_call_is_too_late_to_dial(call, r->env->policy, r->env->now))
		return made_too_late(r);
	tel_call_schedule(call, TEL_JOB_DIAL, r->env->now)->attempt = attempt;
	err = tel_call_lease_dial(call, r->env);
	if (err)
		return err;
	r->room->dial_leased = true;
	tel_call_await_agent(call, r->env);
	return tel_react(r, TEL_EFFECT_CHANGED, "made, with the agent in it: the phone is dialled");
}

/* `perhaps_made`: an agent may sit in a room that nobody will come into. */
static enum tel_err give_up(struct tel_reaction *r, bool perhaps_made)
{
	tel_call_drop_job(r->call, TEL_JOB_CREATE_ROOM);
	if (perhaps_made)
		tel_call_clear_ghost(r->call, r->env->now + TEL_TAKEOVER_SETTLE);
	return fail(r, r->room->code, r->room->message,
		    "failed: LiveKit could not be reached in time");
}

enum tel_err tel_react_room_retry(struct tel_reaction *r)
{
	struct tel_job *job = &r->call->jobs[TEL_JOB_CREATE_ROOM];

	if (is_not_our_job(r))
		return tel_react(r, TEL_EFFECT_NOTED, "late: the call has moved on");
	if (tel_call_is_too_late_to_dial(r->call, r->env->policy, r->env->now))
		return give_up(r, job->unsure || r->room->result == TEL_ROOM_RETRY);
	job->lease = (struct tel_lease){ 0 };
	job->unsure |= r->room->result == TEL_ROOM_RETRY;
	job->due = r->env->now + tel_job_backoff(job->attempt, TEL_BACKOFF_WAITING,
						 r->room->retry_after, r->env->random);
	return tel_react(r, TEL_EFFECT_CHANGED, "will try again");
}

enum tel_err tel_react_room_refused(struct tel_reaction *r)
{
	if (is_not_our_job(r))
		return tel_react(r, TEL_EFFECT_NOTED, "late: the call has moved on");
	tel_call_drop_job(r->call, TEL_JOB_CREATE_ROOM);
	if (r->room->result == TEL_ROOM_NOT_OURS)
		return fail(r, TEL_STR("room_in_use"),
			    TEL_STR("the room is there already and not this call's: choose another roomName"),
			    "failed: the room is somebody else's");
	return fail(r, r->room->code, r->room->message, "failed: LiveKit refused to make the room");
}

enum tel_err tel_react_room_cancelled(struct tel_reaction *r)
{
	if (is_not_our_job(r))
		return tel_react(r, TEL_EFFECT_NOTED, "late: the call has moved on");
	tel_call_drop_job(r->call, TEL_JOB_CREATE_ROOM);
	return tel_react(r, TEL_EFFECT_CHANGED, "cancelled: nobody wants the room any more");
}

/* It was hung up while the request was under way: an agent may sit there. */
enum tel_err tel_react_room_after_end(struct tel_reaction *r)
{
	bool known = r->room->result == TEL_ROOM_MADE;

	if (r->room->result == TEL_ROOM_RETRY_UNSENT)
		return tel_react_room_cancelled(r);
	if (!is_not_our_job(r))
		tel_call_drop_job(r->call, TEL_JOB_CREATE_ROOM);
	tel_call_clear_ghost(r->call, r->env->now + (known ? 0 : TEL_TAKEOVER_SETTLE));
	return tel_react(r, TEL_EFFECT_CHANGED, "too late: the room will be looked at and deleted");
}
