#include "config.h"

#include "domain/reaction.h"

void tel_call_drop_job(struct tel_call *call, enum tel_job_kind kind)
{
	call->jobs[kind] = (struct tel_job){ .pending = false };
}

struct tel_job *tel_call_schedule(struct tel_call *call, enum tel_job_kind kind, tel_time due)
{
	call->jobs[kind] = (struct tel_job){ .pending = true, .due = due };
	return &call->jobs[kind];
}

/* LiveKit ends it after max_duration itself; this is for when that is not heard. */
#define DURATION_SLACK (60 * TEL_SECOND)

/* By then the phone of an outbound call has been dialled and given up. */
static tel_time rung_out_at(const struct tel_call *call, const struct tel_decide_env *env)
{
	return call->created_at + env->policy->dial_within + DURATION_SLACK +
	       tel_job_dial_timeout(call->dial.ringing_timeout, call->dial.dtmf.len);
}

tel_time tel_call_forgotten_at(const struct tel_call *call, const struct tel_decide_env *env)
{
	tel_time age = env->now + env->policy->max_age, most = env->policy->max_duration;

	if (call->direction == TEL_OUTBOUND && call->answered_at)
		return call->answered_at + call->dial.max_duration + DURATION_SLACK;
	if (call->direction == TEL_OUTBOUND)
		return tel_time_latest(age, rung_out_at(call, env));
	return most != TEL_NEVER && call->created_at + most < age ? call->created_at + most : age;
}

void tel_call_expect_end(struct tel_call *call, const struct tel_decide_env *env)
{
	tel_call_schedule(call, TEL_JOB_END_OVERDUE, tel_call_forgotten_at(call, env));
}

bool tel_call_lasts_too_long(const struct tel_call *call, const struct tel_decide_env *env)
{
	return call->direction == TEL_INBOUND && env->policy->max_duration != TEL_NEVER &&
	       env->now >= call->created_at + env->policy->max_duration;
}

bool tel_call_end_is_doubtful(const struct tel_call *call)
{
	return call->direction == TEL_INBOUND && !call->hang_up_at && !call->room_finished_at &&
	       !tel_call_is_over(call) && tel_call_living_legs(call, TEL_PARTICIPANT_SIP) > 0;
}

void tel_call_cancel_job(struct tel_call *call, enum tel_job_kind kind)
{
	struct tel_job *job = &call->jobs[kind];

	if (!job->pending)
		return;
	if (tel_str_is_set(job->lease.owner) || job->unsure)
		job->cancelled = true;
	else
		tel_call_drop_job(call, kind);
}

void tel_call_clear_ghost(struct tel_call *call, tel_time due)
{
	struct tel_job *job = tel_call_schedule(call, TEL_JOB_DELETE_ROOM, due);

	/*
	 * Not taken back by a late room_finished: the ghost is a new life of
	 * the room. `unsure` marks that.
	 */
	job->unsure = true;
}

bool tel_call_agent_is_unseen(const struct tel_call *call)
{
	/* Whoever came before it was made is the agent of a call before. */
	return tel_str_is_set(call->agent.dispatch_id) &&
	       (call->agent.joined_at == 0 ||
		call->agent.joined_at + TEL_DISPATCH_SLACK < call->agent.dispatched_at);
}

/* A transfer that nobody has begun; one under way is still to be heard of. */
static void forget_transfer(struct tel_call *call, tel_time at)
{
	const struct tel_job *job = &call->jobs[TEL_JOB_TRANSFER];

	if (!job->pending || tel_str_is_set(job->lease.owner))
		return;
	tel_call_drop_job(call, TEL_JOB_TRANSFER);
	call->transfer.state = TEL_TRANSFER_FAILED;
	call->transfer.finished_at = at;
	call->transfer.code = TEL_STR("call_over");
}

/*
 * A caller who comes again finds the room for a while. Nobody comes into that
 * of a dial which was not answered: its agent need not wait.
 */
static void schedule_delete(struct tel_call *call, const struct tel_decide_env *env)
{
	tel_time after = env->policy->room_delete_after;
	const struct tel_job *job = &call->jobs[TEL_JOB_DELETE_ROOM];
	bool under_way = job->pending && tel_str_is_set(job->lease.owner);

	if (call->direction == TEL_OUTBOUND && call->outcome != TEL_OUTCOME_COMPLETED)
		after = 0;
	if (after != TEL_ROOM_DELETE_NEVER && !under_way)
		tel_call_schedule(call, TEL_JOB_DELETE_ROOM, env->now + after);
}

void tel_call_end(struct tel_call *call, struct tel_ending ending, tel_time at, bool room_is_gone,
		  const struct tel_decide_env *env)
{
	call->status = ending.outcome == TEL_OUTCOME_FAILED ? TEL_CALL_FAILED : TEL_CALL_ENDED;
	call->outcome = ending.outcome;
	call->ended_by = ending.by;
	call->ended_at = at > call->created_at ? at : call->created_at;
	tel_call_drop_job(call, TEL_JOB_END_OVERDUE);
	tel_call_drop_job(call, TEL_JOB_DIAL);
	tel_call_drop_job(call, TEL_JOB_WATCH_DIAL);
	tel_call_drop_job(call, TEL_JOB_WATCH_AGENT);
	tel_call_cancel_job(call, TEL_JOB_DISPATCH_AGENT);
	tel_call_cancel_job(call, TEL_JOB_CREATE_ROOM);
	forget_transfer(call, call->ended_at);
	if (room_is_gone && tel_call_agent_is_unseen(call))
		tel_call_clear_ghost(call, env->now);
	else if (!room_is_gone && tel_str_is_set(call->room_sid))
		schedule_delete(call, env);
}

void tel_call_hang_up(struct tel_call *call, enum tel_hang_up_why why,
		      const struct tel_decide_env *env)
{
	struct tel_job *job = &call->jobs[TEL_JOB_DELETE_ROOM];

	call->hang_up_at = env->now;
	call->hang_up_why = why;
	/* Nobody was dialled: nothing is to be waited for. */
	if (call->direction == TEL_OUTBOUND && call->dial.sent_at == 0) {
		tel_call_end_outbound(call, env);
		return;
	}
	tel_call_cancel_job(call, TEL_JOB_DISPATCH_AGENT);
	tel_call_drop_job(call, TEL_JOB_WATCH_AGENT);
	tel_call_drop_job(call, TEL_JOB_WATCH_DIAL);
	if (!job->pending || !tel_str_is_set(job->lease.owner))
		tel_call_schedule(call, TEL_JOB_DELETE_ROOM, env->now);
}

/* We set about hanging up, and did; the phone's leaving was not heard of. */
static enum tel_err hung_up(struct tel_reaction *r)
{
	struct tel_call *call = r->call;

	tel_call_end(call, tel_ending_of_hang_up(call->hang_up_why, call->agent_was_there),
		     r->env->now, call->room_finished_at != 0, r->env);
	return tel_react(r, TEL_EFFECT_ENDED, "ended: hung up");
}

/* It goes on: when is it looked at again? */
enum tel_err tel_react_still_there(struct tel_reaction *r)
{
	if (tel_call_lasts_too_long(r->call, r->env)) {
		tel_call_hang_up(r->call, TEL_HANG_UP_DURATION, r->env);
		return tel_react(r, TEL_EFFECT_CHANGED, "it has lasted too long: hung up");
	}
	tel_call_expect_end(r->call, r->env);
	return tel_react(r, TEL_EFFECT_NOTED, "its phone is there still: the call goes on");
}

enum tel_unheard tel_call_unheard(const struct tel_call *call)
{
	if (!call->room_finished_at)
		return TEL_UNHEARD_TIME;
	return call->end_unheard ? TEL_UNHEARD_SEEN : TEL_UNHEARD_FINISHED;
}

enum tel_err tel_react_overdue(struct tel_reaction *r)
{
	struct tel_call *call = r->call;
	bool finished = call->room_finished_at != 0;

	if (call->direction == TEL_OUTBOUND) {
		tel_call_end_outbound(call, r->env);
		return tel_react(r, TEL_EFFECT_ENDED, "ended: by the evidence there is");
	}
	if (call->hang_up_at)
		return hung_up(r);
	tel_call_end(call, tel_ending_unheard(tel_call_unheard(call), call->agent_was_there),
		     finished ? call->room_finished_at : r->env->now, finished, r->env);
	return tel_react(r, TEL_EFFECT_ENDED, finished ?
			 "ended: the room finished and the phone did not come back" :
			 "ended: nothing was heard of it any more");
}
