#include "config.h"

#include "domain/reaction.h"
#include "domain/watch.h"

/*
 * The answer is for an earlier life of the room, or somebody else holds the
 * lease by now: the job in the slot is not the one this answer is about.
 */
static bool is_not_our_job(const struct tel_reaction *r)
{
	const struct tel_job *job = &r->call->jobs[TEL_JOB_DISPATCH_AGENT];

	return !job->pending || job->attempt != r->dispatch->attempt ||
	       !tel_str_eq(job->lease.owner, r->env->self) ||
	       !tel_str_eq(r->dispatch->room_sid, r->call->room_sid);
}

/*
 * Whoever was seen before came by a dispatch that is gone: this one repeats an
 * attempt, or was asked for because an agent had left. One that was found by
 * an earlier attempt's looking may be the very one he came by.
 */
static bool is_a_new_one(const struct tel_reaction *r)
{
	const struct tel_job *job = &r->call->jobs[TEL_JOB_DISPATCH_AGENT];

	return r->dispatch->result == TEL_DISPATCH_MADE ?
	       job->unsure || r->call->agent.left_at : job->look && r->call->agent.left_at;
}

/*
 * When the agent joined who came since this attempt began, and is there: he may be
 * heard of before its answer. 0: nobody did.
 */
static tel_time joined_meanwhile(const struct tel_call *call)
{
	tel_time began = call->jobs[TEL_JOB_DISPATCH_AGENT].lease.until - TEL_LEASE_TIME;
	size_t i;

	for (i = 0; i < call->n_legs; i++) {
		const struct tel_leg *leg = &call->legs[i];

		if (leg->kind == TEL_PARTICIPANT_AGENT && leg->left_at == 0 &&
		    leg->joined_at > began && tel_str_eq(leg->room_sid, call->room_sid))
			return leg->joined_at;
	}
	return 0;
}

enum tel_err tel_react_dispatch_made(struct tel_reaction *r)
{
	struct tel_call *call = r->call;
	bool nobody_was_there;
	enum tel_err err;

	if (is_not_our_job(r))
		return tel_react(r, TEL_EFFECT_NOTED, "late: the call has moved on");
	/* The room finished while the request was under way: what it made is
	   in a new room that has nobody in it. */
	if (call->jobs[TEL_JOB_DISPATCH_AGENT].cancelled)
		return tel_react_dispatch_after_end(r);
	err = tel_call_set(call, &call->agent.dispatch_id, r->dispatch->dispatch_id, TEL_MAX_ID);
	if (err)
		return err;
	if (is_a_new_one(r)) {
		call->agent.joined_at = joined_meanwhile(call);
		call->agent.left_at = 0;
	}
	/* Whoever is there by our records has gone unheard. */
	nobody_was_there = call->jobs[TEL_JOB_DISPATCH_AGENT].look && joined_meanwhile(call) == 0;
	call->agent.dispatched_at = r->dispatch->result == TEL_DISPATCH_MADE ? r->env->now : 0;
	tel_call_drop_job(call, TEL_JOB_DISPATCH_AGENT);
	call->status = TEL_CALL_AGENT_DISPATCHED;
	tel_call_await_agent(call, r->env);
	if (nobody_was_there)
		tel_call_watch_agent(call, r->env->now + TEL_DISPATCH_LOST_AFTER);
	return tel_react(r, TEL_EFFECT_CHANGED, r->dispatch->result == TEL_DISPATCH_FOUND ?
			 "found: an earlier request had made it" : "dispatched");
}

enum tel_err tel_react_dispatch_retry(struct tel_reaction *r)
{
	struct tel_job *job = &r->call->jobs[TEL_JOB_DISPATCH_AGENT];

	if (is_not_our_job(r))
		return tel_react(r, TEL_EFFECT_NOTED, "late: the call has moved on");
	if (job->cancelled)
		return tel_react_dispatch_after_end(r);
	job->lease = (struct tel_lease){ 0 };
	job->due = r->env->now + tel_job_backoff(job->attempt, TEL_BACKOFF_WAITING,
						 r->dispatch->retry_after, r->env->random);
	if (r->dispatch->result == TEL_DISPATCH_RETRY)
		job->unsure = true;
	/* The next one to take it looks for another way: see decide_take.c. */
	if (tel_watch_has_waited(r->call, r->env->policy, r->env->now) &&
	    job->due < r->env->now + TEL_TAKEOVER_SETTLE)
		job->due = r->env->now + TEL_TAKEOVER_SETTLE;
	return tel_react(r, TEL_EFFECT_CHANGED, job->unsure ?
			 "not known to be made: will look, then try again" : "will try again");
}

enum tel_err tel_react_dispatch_refused(struct tel_reaction *r)
{
	static const struct tel_ending refused = { TEL_OUTCOME_FAILED, TEL_BY_LIVEKIT };
	struct tel_call *call = r->call;
	enum tel_err err;

	if (is_not_our_job(r))
		return tel_react(r, TEL_EFFECT_NOTED, "late: the call has moved on");
	if (call->jobs[TEL_JOB_DISPATCH_AGENT].cancelled)
		return tel_react_dispatch_cancelled(r);
	err = tel_call_set(call, &call->error_code, r->dispatch->code, TEL_MAX_TEXT);
	if (!err)
		err = tel_call_set(call, &call->error_message, r->dispatch->message, TEL_MAX_TEXT);
	if (err)
		return err;
	tel_call_drop_job(call, TEL_JOB_DISPATCH_AGENT);
	tel_call_end(call, refused, r->env->now, false, r->env);
	return tel_react(r, TEL_EFFECT_ENDED, "failed: LiveKit refused the dispatch");
}

enum tel_err tel_react_dispatch_cancelled(struct tel_reaction *r)
{
	if (is_not_our_job(r))
		return tel_react(r, TEL_EFFECT_NOTED, "late: the call has moved on");
	tel_call_drop_job(r->call, TEL_JOB_DISPATCH_AGENT);
	return tel_react(r, TEL_EFFECT_CHANGED, "cancelled: nobody is waiting for an agent any more");
}

/*
 * The caller had gone while the request was under way. It may have made a
 * room anew, with an agent in it and nobody to talk to.
 */
enum tel_err tel_react_dispatch_after_end(struct tel_reaction *r)
{
	bool known = r->dispatch->result != TEL_DISPATCH_RETRY;

	if (r->dispatch->result == TEL_DISPATCH_RETRY_UNSENT)
		return tel_react_dispatch_cancelled(r);
	if (!is_not_our_job(r))
		tel_call_drop_job(r->call, TEL_JOB_DISPATCH_AGENT);
	tel_call_clear_ghost(r->call, r->env->now + (known ? 0 : TEL_TAKEOVER_SETTLE));
	return tel_react(r, TEL_EFFECT_CHANGED, "too late: the room will be looked at and deleted");
}
