#include "config.h"

#include "domain/reaction.h"

/*
 * A tombstone, although the room may have had no phone in it: if the
 * caller's own `joined` is still on its way, it must not start an agent in
 * a room that is no more.
 */
enum tel_err tel_react_unknown_room_finished(struct tel_reaction *r)
{
	if (r->step->room_finished)
		return TEL_OK;
	r->step->finish_room = true;
	r->step->remember_until = r->env->now + r->env->policy->remember;
	return tel_react(r, TEL_EFFECT_NOTED, "");
}

/*
 * A phone that was in the room and was not heard leaving: either its
 * `left` is late, or LiveKit was restarted and the phone will be back in a
 * new life of the room. Both need a little time.
 */
static enum tel_err wait_for_the_phone(struct tel_reaction *r)
{
	tel_call_schedule(r->call, TEL_JOB_END_OVERDUE, r->env->now + r->env->policy->return_grace);
	return tel_react(r, TEL_EFFECT_CHANGED, "the room finished under the phone: waiting for it");
}

/*
 * The room of an outbound call is over before its phone was heard of: LiveKit
 * was restarted, or somebody deleted it. A dial that is under way makes it
 * anew; one that is still to be sent has its room made again first.
 */
static enum tel_err finished_early(struct tel_reaction *r)
{
	struct tel_call *call = r->call;

	if (call->jobs[TEL_JOB_CREATE_ROOM].pending) {
		call->room_finished_at = 0;
		return tel_react(r, TEL_EFFECT_NOTED, "the room is over: it will be made anew");
	}
	if (call->jobs[TEL_JOB_DIAL].pending)
		return tel_react(r, TEL_EFFECT_CHANGED, "the room is over: the dial makes it anew");
	return wait_for_the_phone(r);
}

enum tel_err tel_react_room_finished(struct tel_reaction *r)
{
	struct tel_call *call = r->call;

	r->step->finish_room = true;
	if (!tel_str_eq(r->event->room_sid, call->room_sid))
		return tel_react(r, TEL_EFFECT_NOTED, "an earlier life of the room is over");
	if (call->room_finished_at)
		return tel_react(r, TEL_EFFECT_NOTED, "known already");
	call->room_finished_at = r->at;
	call->end_unheard = r->event->looked_at != 0;
	tel_call_cancel_job(call, TEL_JOB_DISPATCH_AGENT);
	tel_call_drop_job(call, TEL_JOB_WATCH_AGENT);
	if (tel_call_living_legs(call, TEL_PARTICIPANT_SIP) > 0)
		return wait_for_the_phone(r);
	if (call->direction == TEL_OUTBOUND)
		return finished_early(r);
	tel_call_end(call, tel_ending_unheard(tel_call_unheard(call), call->agent_was_there), r->at,
		     true, r->env);
	return tel_react(r, TEL_EFFECT_ENDED, "ended: the room finished");
}

enum tel_err tel_react_room_finished_after_end(struct tel_reaction *r)
{
	struct tel_call *call = r->call;
	struct tel_job *job = &call->jobs[TEL_JOB_DELETE_ROOM];

	r->step->finish_room = true;
	if (!tel_str_eq(r->event->room_sid, call->room_sid))
		return tel_react(r, TEL_EFFECT_NOTED, "an earlier life of the room is over");
	call->room_finished_at = r->at;
	/* Somebody is at it already. */
	if (job->pending && tel_str_is_set(job->lease.owner))
		return tel_react(r, TEL_EFFECT_NOTED, "the room is gone");
	if (tel_call_agent_is_unseen(call))
		tel_call_clear_ghost(call, r->env->now);
	else if (job->pending && !job->unsure)
		tel_call_drop_job(call, TEL_JOB_DELETE_ROOM);
	return tel_react(r, TEL_EFFECT_NOTED, "the room is gone");
}
