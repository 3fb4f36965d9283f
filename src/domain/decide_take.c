#include "config.h"

#include "domain/reaction.h"
#include "domain/watch.h"

static struct tel_entry *job_entry(struct tel_step *step, const struct tel_decide_env *env,
				   enum tel_job_kind kind)
{
	step->save = true;
	step->call->updated_at = env->now;
	return tel_step_entry(step, step->call, env->now, TEL_ENTRY_JOB,
			      tel_str_from(tel_job_kind_text(kind)));
}

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
		if (take->busy & 1u << kind || !is_takeable(&call->jobs[kind], take))
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
static enum tel_err settle_cancelled(struct tel_step *step, const struct tel_decide_env *env,
				     enum tel_job_kind kind)
{
	struct tel_entry *entry = job_entry(step, env, kind);

	tel_call_drop_job(step->call, kind);
	tel_call_clear_ghost(step->call, env->now + TEL_TAKEOVER_SETTLE);
	if (entry)
		entry->result = TEL_STR("its fate is unknown: the room will be looked at and deleted");
	return TEL_OK;
}

/*
 * A dial is leased when it is made. So the process that dialled is gone, and
 * its answer will never be heard.
 */
static enum tel_err settle_dial(struct tel_step *step, const struct tel_decide_env *env)
{
	struct tel_reaction r = { .step = step, .env = env, .call = step->call };

	r.entry = job_entry(step, env, TEL_JOB_DIAL);
	return tel_react_dial_lost(&r);
}

/* The same of a transfer. It is not repeated: it may have rung somebody. */
static enum tel_err settle_transfer(struct tel_step *step, const struct tel_decide_env *env)
{
	struct tel_entry *entry = job_entry(step, env, TEL_JOB_TRANSFER);

	tel_call_drop_job(step->call, TEL_JOB_TRANSFER);
	step->call->transfer.state = TEL_TRANSFER_UNKNOWN;
	step->call->transfer.finished_at = env->now;
	if (entry)
		entry->result = TEL_STR("its answer is lost: not repeated");
	return TEL_OK;
}

static enum tel_err end_overdue(struct tel_step *step, struct tel_take_job *take)
{
	tel_reaction_fn react = tel_reaction_for(TEL_IN_OVERDUE, step->call);
	struct tel_reaction r = { .step = step, .env = &take->env, .call = step->call };

	r.entry = job_entry(step, &take->env, TEL_JOB_END_OVERDUE);
	tel_call_drop_job(step->call, TEL_JOB_END_OVERDUE);
	take->ended = react != NULL;
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

/*
 * Attempts to send for an agent fail, and it is time for something else: whoever
 * watches sees that none is there, and what is to be done.
 */
static enum tel_err take_dispatch(struct tel_step *step, struct tel_take_job *take)
{
	struct tel_call *call = step->call;
	const struct tel_job *job = &call->jobs[TEL_JOB_DISPATCH_AGENT];
	struct tel_entry *entry;

	if (job->attempt == 0 || tel_str_is_set(job->lease.owner) ||
	    take->busy & 1u << TEL_JOB_WATCH_AGENT ||
	    !tel_watch_has_waited(call, take->env.policy, take->env.now))
		return lease_job(step, take);
	entry = job_entry(step, &take->env, TEL_JOB_DISPATCH_AGENT);
	if (entry)
		entry->result = TEL_STR("no agent can be sent for: is one there?");
	tel_call_drop_job(call, TEL_JOB_DISPATCH_AGENT);
	tel_call_schedule(call, TEL_JOB_WATCH_AGENT, take->env.now);
	take->kind = TEL_JOB_WATCH_AGENT;
	return lease_job(step, take);
}

enum tel_err tel_decide_take(struct tel_step *step, void *take_job)
{
	struct tel_take_job *take = take_job;
	struct tel_job *job;
	bool was_leased;

	take->result = TEL_TAKE_NOTHING;
	take->taken_over = take->ended = false;
	if (!step->call || !first_takeable(step->call, take, &take->kind))
		return TEL_OK;
	job = &step->call->jobs[take->kind];
	was_leased = tel_str_is_set(job->lease.owner);
	take->result = TEL_TAKE_DONE;
	switch (take->kind) {
	case TEL_JOB_END_OVERDUE:
		if (tel_call_end_is_doubtful(step->call))
			return lease_job(step, take);
		return end_overdue(step, take);
	case TEL_JOB_DISPATCH_AGENT:
		return job->cancelled ? settle_cancelled(step, &take->env, take->kind) :
					take_dispatch(step, take);
	case TEL_JOB_CREATE_ROOM:
		return job->cancelled ? settle_cancelled(step, &take->env, take->kind) :
					lease_job(step, take);
	case TEL_JOB_DIAL:
		return settle_dial(step, &take->env);
	case TEL_JOB_TRANSFER:
		return was_leased ? settle_transfer(step, &take->env) : lease_job(step, take);
	case TEL_JOB_DELETE_ROOM:
	case TEL_JOB_WATCH_DIAL:
	case TEL_JOB_WATCH_AGENT:
		return lease_job(step, take);
	case TEL_JOB_KINDS:
		break;
	}
	return TEL_EMISUSE;
}
