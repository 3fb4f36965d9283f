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

/* ---- taking ------------------------------------------------------------- */

static bool is_dead_lease(const struct tel_job *job, const struct tel_take_job *take)
{
	return tel_str_is_set(take->dead_owner) &&
	       tel_str_eq(job->lease.owner, take->dead_owner);
}

static bool is_takeable(const struct tel_job *job, const struct tel_take_job *take)
{
	if (!job->pending)
		return false;
	if (tel_str_is_set(job->lease.owner))
		return is_dead_lease(job, take) || take->env.now >= job->lease.until;
	return take->env.now >= job->due;
}

static bool first_takeable(const struct tel_call *call, const struct tel_take_job *take,
			   enum tel_job_kind *out)
{
	bool found = false;
	int kind;

	for (kind = 0; kind < TEL_JOB_KINDS; kind++) {
		if (!is_takeable(&call->jobs[kind], take))
			continue;
		if (!found || tel_job_wakes_at(&call->jobs[kind]) <
			      tel_job_wakes_at(&call->jobs[*out]))
			*out = (enum tel_job_kind)kind;
		found = true;
	}
	return found;
}

/*
 * The call ended while the request of a process was under way that is gone
 * now: whatever that request made is not wanted.
 */
static void settle_cancelled_dispatch(struct tel_step *step, const struct tel_decide_env *env)
{
	struct tel_entry *entry = job_entry(step, env, TEL_JOB_DISPATCH_AGENT);

	tel_call_drop_job(step->call, TEL_JOB_DISPATCH_AGENT);
	tel_call_clear_ghost(step->call, env->now + TEL_TAKEOVER_SETTLE);
	if (entry)
		entry->result = TEL_STR("its fate is unknown: the room will be looked at and deleted");
}

static enum tel_err end_overdue(struct tel_step *step, const struct tel_decide_env *env)
{
	tel_reaction_fn react = tel_reaction_for(TEL_IN_OVERDUE, step->call);
	struct tel_reaction r = { .step = step, .env = env, .call = step->call };

	r.entry = job_entry(step, env, TEL_JOB_END_OVERDUE);
	tel_call_drop_job(step->call, TEL_JOB_END_OVERDUE);
	return react ? react(&r) : TEL_OK;
}

static enum tel_err lease_job(struct tel_step *step, struct tel_take_job *take)
{
	struct tel_job *job = &step->call->jobs[take->kind];
	bool was_leased = tel_str_is_set(job->lease.owner);
	enum tel_err err;

	/* Whoever held the lease before may have sent the request. */
	if (was_leased)
		job->unsure = true;
	take->taken_over = was_leased;
	job->attempt++;
	job->lease.until = take->env.now + TEL_LEASE_TIME;
	err = tel_call_set(step->call, &job->lease.owner, take->env.self, TEL_MAX_TEXT);
	if (err)
		return err;
	step->save = true;
	take->result = TEL_TAKE_RUN;
	return TEL_OK;
}

enum tel_err tel_decide_take(struct tel_step *step, void *take_job)
{
	struct tel_take_job *take = take_job;
	struct tel_job *job;

	take->result = TEL_TAKE_NOTHING;
	take->taken_over = false;
	if (!step->call || !first_takeable(step->call, take, &take->kind))
		return TEL_OK;
	job = &step->call->jobs[take->kind];
	take->result = TEL_TAKE_DONE;
	switch (take->kind) {
	case TEL_JOB_END_OVERDUE:
		return end_overdue(step, &take->env);
	case TEL_JOB_DISPATCH_AGENT:
		if (job->cancelled) {
			settle_cancelled_dispatch(step, &take->env);
			return TEL_OK;
		}
		return lease_job(step, take);
	case TEL_JOB_DELETE_ROOM:
		return lease_job(step, take);
	case TEL_JOB_CREATE_ROOM:
	case TEL_JOB_DIAL:
	case TEL_JOB_WATCH_DIAL:
	case TEL_JOB_TRANSFER:
	case TEL_JOB_KINDS:
		break;
	}
	return TEL_EMISUSE;
}

/* ---- what became of it ---------------------------------------------------- */

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

enum tel_err tel_decide_dispatch_done(struct tel_step *step, void *dispatch_done)
{
	struct tel_dispatch_done *done = dispatch_done;
	struct tel_reaction r = {
		.step = step, .env = &done->env, .call = step->call, .dispatch = done,
	};
	enum tel_err err;

	if (!step->call)
		return TEL_ENOTFOUND;
	done->over = tel_call_is_over(step->call);
	r.entry = job_entry(step, &done->env, TEL_JOB_DISPATCH_AGENT);
	tel_entry_note(r.entry, "dispatchId", done->dispatch_id);
	tel_entry_note(r.entry, "code", done->code);
	tel_entry_note(r.entry, "message", done->message);
	err = tel_reaction_for(input_of(done->result), step->call)(&r);
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
	/* Rooms close by themselves in the end; nobody asks for ever. */
	if (done->result != TEL_DELETE_RETRY ||
	    done->env.now > step->call->created_at + 2 * done->env.policy->max_age) {
		tel_call_drop_job(step->call, TEL_JOB_DELETE_ROOM);
		return TEL_OK;
	}
	job->lease = (struct tel_lease){ 0 };
	job->due = done->env.now + tel_job_backoff(job->attempt, TEL_BACKOFF_MAX,
						   done->retry_after, done->env.random);
	return TEL_OK;
}
