#include "config.h"

#include "domain/reaction.h"

static struct tel_entry *job_entry(struct tel_step *step, const struct tel_decide_env *env,
				   enum tel_job_kind kind)
{
	step->save = true;
	step->call->updated_at = env->now;
	return tel_step_entry(step, step->call, env->now, TEL_ENTRY_JOB,
			      tel_str_from(tel_job_kind_text(kind)));
}

static enum tel_input input_of(enum tel_dispatch_result result)
{
	switch (result) {
	case TEL_DISPATCH_MADE:
	case TEL_DISPATCH_FOUND:	return TEL_IN_DISPATCH_MADE;
	case TEL_DISPATCH_RETRY:
	case TEL_DISPATCH_RETRY_UNSENT:	return TEL_IN_DISPATCH_RETRY;
	case TEL_DISPATCH_REFUSED:	return TEL_IN_DISPATCH_REFUSED;
	case TEL_DISPATCH_CANCELLED:	break;
	}
	return TEL_IN_DISPATCH_CANCELLED;
}

/*
 * From a request that failed nothing is learned of the call: it does not put off
 * the end of one that nobody can ask about.
 */
static bool is_in_vain(const struct tel_dispatch_done *done)
{
	return done->result == TEL_DISPATCH_RETRY || done->result == TEL_DISPATCH_RETRY_UNSENT;
}

enum tel_err tel_decide_dispatch_done(struct tel_step *step, void *dispatch_done)
{
	struct tel_dispatch_done *done = dispatch_done;
	struct tel_reaction r = {
		.step = step, .env = &done->env, .call = step->call, .dispatch = done,
	};
	enum tel_err err;
	tel_time updated_at;

	if (!step->call)
		return TEL_ENOTFOUND;
	done->over = tel_call_is_over(step->call);
	updated_at = step->call->updated_at;
	r.entry = job_entry(step, &done->env, TEL_JOB_DISPATCH_AGENT);
	tel_entry_note(r.entry, "dispatchId", done->dispatch_id);
	tel_entry_note(r.entry, "code", done->code);
	tel_entry_note(r.entry, "message", done->message);
	err = tel_reaction_for(input_of(done->result), step->call)(&r);
	if (is_in_vain(done))
		step->call->updated_at = updated_at;
	done->status = step->call->status;
	return err;
}

static struct tel_str delete_result_text(enum tel_delete_result result)
{
	switch (result) {
	case TEL_DELETE_DONE:		return TEL_STR("deleted");
	case TEL_DELETE_GONE:		return TEL_STR("it was gone already");
	case TEL_DELETE_KEPT:		return TEL_STR("kept: a phone is in it");
	case TEL_DELETE_RETRY:		return TEL_STR("will try again");
	case TEL_DELETE_REFUSED:	return TEL_STR("LiveKit refused to delete it");
	}
	return TEL_STR("?");
}

/* A living call is hung up by it: the phone's leaving should be heard now. */
static void expect_leaving(struct tel_call *call, tel_time now)
{
	tel_call_schedule(call, TEL_JOB_END_OVERDUE, now + TEL_EVIDENCE_GRACE);
}

/*
 * Rooms close by themselves in the end; nobody asks for ever. The call itself may
 * have gone on for longer than that before its room was to go.
 */
static bool asks_for_ever(const struct tel_call *call, const struct tel_decide_env *env)
{
	tel_time since = tel_time_latest(call->created_at,
					 tel_time_latest(call->hang_up_at, call->ended_at));

	return env->now > since + 2 * env->policy->max_age;
}

enum tel_err tel_decide_delete_done(struct tel_step *step, void *delete_done)
{
	struct tel_delete_done *done = delete_done;
	struct tel_entry *entry;
	struct tel_job *job;

	if (!step->call)
		return TEL_ENOTFOUND;
	job = &step->call->jobs[TEL_JOB_DELETE_ROOM];
	if (!job->pending || job->attempt != done->attempt ||
	    !tel_str_eq(job->lease.owner, done->env.self))
		return TEL_OK;
	entry = job_entry(step, &done->env, TEL_JOB_DELETE_ROOM);
	if (entry)
		entry->result = delete_result_text(done->result);
	tel_entry_note(entry, "code", done->code);
	tel_entry_note(entry, "message", done->message);
	if (done->result != TEL_DELETE_RETRY || asks_for_ever(step->call, &done->env)) {
		if (!tel_call_is_over(step->call) && step->call->hang_up_at)
			expect_leaving(step->call, done->env.now);
		tel_call_drop_job(step->call, TEL_JOB_DELETE_ROOM);
		return TEL_OK;
	}
	job->lease = (struct tel_lease){ 0 };
	job->due = done->env.now + tel_job_backoff(job->attempt,
						   tel_job_longest_pause(job->attempt),
						   done->retry_after, done->env.random);
	return TEL_OK;
}

enum tel_err tel_decide_watch_done(struct tel_step *step, void *watch_done)
{
	struct tel_watch_done *done = watch_done;
	struct tel_reaction r = {
		.step = step, .env = &done->env, .call = step->call, .watch = done,
	};
	tel_reaction_fn react;

	done->joined = false;
	/* What it came to when it was looked is not what is done about it. */
	if (done->result != TEL_WATCHED_DROPPED)
		done->plan = (struct tel_watch_plan){ .verdict = TEL_WATCH_DONE };
	if (!step->call)
		return TEL_ENOTFOUND;
	react = tel_reaction_for(TEL_IN_AGENT_WATCHED, step->call);
	if (!react)
		return TEL_OK;
	step->save = true;
	if (done->result != TEL_WATCHED_FAILED)
		step->call->updated_at = done->env.now;
	return react(&r);
}

/* Answered late: the call is over, or another look is under way. */
static bool is_not_our_look(const struct tel_step *step, const struct tel_overdue_done *done)
{
	const struct tel_job *job = &step->call->jobs[TEL_JOB_END_OVERDUE];

	return !job->pending || job->attempt != done->attempt ||
	       !tel_str_eq(job->lease.owner, done->env.self);
}

enum tel_err tel_decide_overdue_done(struct tel_step *step, void *overdue_done)
{
	struct tel_overdue_done *done = overdue_done;
	struct tel_reaction r = { .step = step, .env = &done->env, .call = step->call };
	struct tel_job *job;
	enum tel_err err;

	done->ended = false;
	if (!step->call)
		return TEL_ENOTFOUND;
	if (is_not_our_look(step, done))
		return TEL_OK;
	job = &step->call->jobs[TEL_JOB_END_OVERDUE];
	/* Put off by what was heard since we asked. */
	if (job->due > done->env.now) {
		step->save = true;
		job->lease = (struct tel_lease){ 0 };
		return TEL_OK;
	}
	/* Nobody asks for ever: every call ends. */
	if (done->result == TEL_OVERDUE_NOT_KNOWN &&
	    done->env.now < step->call->updated_at + 2 * done->env.policy->max_age) {
		step->save = true;
		job->lease = (struct tel_lease){ 0 };
		job->due = done->env.now + tel_job_backoff(job->attempt,
							   tel_job_longest_pause(job->attempt),
							   done->retry_after, done->env.random);
		return TEL_OK;
	}
	r.entry = job_entry(step, &done->env, TEL_JOB_END_OVERDUE);
	tel_call_drop_job(step->call, TEL_JOB_END_OVERDUE);
	err = done->result == TEL_OVERDUE_THERE ? tel_react_still_there(&r) :
		tel_reaction_for(TEL_IN_OVERDUE, step->call)(&r);
	done->ended = !err && tel_call_is_over(step->call);
	return err;
}

enum tel_err tel_decide_left_over(struct tel_step *step, void *left_over)
{
	struct tel_left_over *l = left_over;
	struct tel_entry *entry;

	l->will_be_deleted = false;
	if (!step->call || !tel_call_is_over(step->call) ||
	    step->call->jobs[TEL_JOB_DELETE_ROOM].pending)
		return TEL_OK;
	step->save = l->will_be_deleted = true;
	step->call->updated_at = l->env.now;
	entry = tel_step_entry(step, step->call, l->env.now, TEL_ENTRY_REPAIR,
			       TEL_STR("room_left_over"));
	if (entry)
		entry->result = TEL_STR("an agent is there and no phone: the room will be deleted");
	tel_call_clear_ghost(step->call, l->env.now);
	return TEL_OK;
}
