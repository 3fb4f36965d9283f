#include "config.h"

#include "domain/reaction.h"
#include "domain/watch.h"

/* A look costs two requests: not at every turn after one that dropped. */
#define LOOK_AFTER_DROP ((tel_time)300)

static struct tel_watch_done *watched(const struct tel_reaction *r)
{
	return r->watch;
}

/*
 * Somebody else holds the lease by now, or the watch is another one: it begins
 * anew, attempts and all, with each life of the room.
 */
static bool is_not_our_job(const struct tel_reaction *r)
{
	const struct tel_job *job = &r->call->jobs[TEL_JOB_WATCH_AGENT];

	return !job->pending || job->attempt != watched(r)->attempt ||
	       !tel_str_eq(job->lease.owner, r->env->self) ||
	       !tel_str_eq(watched(r)->room_sid, r->call->room_sid);
}

static void look_again(struct tel_reaction *r, tel_time at)
{
	struct tel_job *job = &r->call->jobs[TEL_JOB_WATCH_AGENT];

	job->lease = (struct tel_lease){ 0 };
	job->due = at;
}

static void note_in_timeline(struct tel_reaction *r)
{
	r->entry = tel_step_entry(r->step, r->call, r->env->now, TEL_ENTRY_JOB,
				  TEL_STR("watch_agent"));
	tel_entry_note(r->entry, "code", watched(r)->code);
	tel_entry_note(r->entry, "message", watched(r)->message);
}

/* ---- an agent is there ----------------------------------------------------------- */

static enum tel_err take_agent(struct tel_call *call, const struct tel_participant *p,
			       tel_time now, bool *news)
{
	struct tel_leg *leg;
	bool is_new;
	enum tel_err err = tel_call_take_leg(call, p, call->room_sid, &leg, &is_new);

	if (err || leg->joined_at)
		return err;
	leg->joined_at = p->joined_at ? p->joined_at : now;
	leg->heard_at = now;
	call->agent_was_there = true;
	call->agent.left_at = 0;
	if (call->agent.joined_at == 0)
		call->agent.joined_at = leg->joined_at;
	*news = true;
	return TEL_OK;
}

static enum tel_err done(struct tel_reaction *r)
{
	const struct tel_watch_seen *seen = &watched(r)->seen;
	enum tel_err err = TEL_OK;
	bool news = false;
	size_t i;

	tel_call_drop_job(r->call, TEL_JOB_WATCH_AGENT);
	if (!tel_watch_phone_waits(r->call))
		return TEL_OK;
	for (i = 0; i < seen->n_agents && !err; i++)
		err = take_agent(r->call, &seen->agents[i], r->env->now, &news);
	if (err || !news)
		return err;
	watched(r)->joined = true;
	note_in_timeline(r);
	return tel_react(r, TEL_EFFECT_CHANGED, "the agent is there: its joining was not heard of");
}

/* ---- dispatches were deleted --------------------------------------------------------- */

static const char *const drops[] = {
	[TEL_DROP_LOST] = "deleted: no worker took the dispatch",
	[TEL_DROP_LATE] = "deleted: the agent did not join in time",
	[TEL_DROP_SPENT] = "deleted: its agent has left",
	[TEL_DROP_SURPLUS] = "deleted: one dispatch too many",
};

static enum tel_err dropped(struct tel_reaction *r)
{
	const struct tel_watch_plan *plan = &watched(r)->plan;
	struct tel_call *call = r->call;
	struct tel_str kept = plan->keep < watched(r)->seen.n_dispatches ?
			      watched(r)->seen.dispatches[plan->keep].id : TEL_STR_NONE;
	enum tel_err err = tel_call_set(call, &call->agent.dispatch_id, kept, TEL_MAX_ID);

	if (err)
		return err;
	call->agent.dropped_at = r->env->now;
	look_again(r, r->env->now + LOOK_AFTER_DROP);
	note_in_timeline(r);
	return tel_react(r, TEL_EFFECT_CHANGED, drops[plan->drop]);
}

/* ---- nobody is there -------------------------------------------------------------------- */

static enum tel_err dispatch_again(struct tel_reaction *r, tel_time at)
{
	tel_call_drop_job(r->call, TEL_JOB_WATCH_AGENT);
	/* Looked for once more before it is sent: see dispatch_run.c. */
	tel_call_schedule(r->call, TEL_JOB_DISPATCH_AGENT, at)->look = true;
	note_in_timeline(r);
	return tel_react(r, TEL_EFFECT_CHANGED, "no agent is there: another dispatch will be made");
}

static enum tel_err fall_back(struct tel_reaction *r)
{
	struct tel_call *call = r->call;

	call->agent.fell_back = true;
	look_again(r, r->env->now + TEL_WATCH_EVERY);
	note_in_timeline(r);
	tel_entry_note(r->entry, "to", call->agent.watch.transfer_to);
	tel_call_want_transfer(call, r->env->now, false);
	tel_react(r, TEL_EFFECT_CHANGED, "no agent comes: the phone is transferred");
	return tel_call_set(call, &call->transfer.to, call->agent.watch.transfer_to,
			    TEL_MAX_TRANSFER_TO);
}

static enum tel_err give_up(struct tel_reaction *r, enum tel_hang_up_why why)
{
	static const char *const whys[TEL_HANG_UP_WHYS] = {
		[TEL_HANG_UP_ASKED] = "hung up",
		[TEL_HANG_UP_NO_AGENT] = "no agent comes: hung up",
		[TEL_HANG_UP_AGENT_LEFT] = "the agent has left: hung up",
		[TEL_HANG_UP_ALONE] = "nobody to talk to for too long: hung up",
		[TEL_HANG_UP_DURATION] = "it has lasted too long: hung up",
		[TEL_HANG_UP_RANG_OUT] = "it has rung for too long: hung up",
	};

	enum tel_err err = TEL_OK;

	if (!r->call->agent_was_there)
		err = tel_call_set(r->call, &r->call->error_code, TEL_STR("no_agent"), TEL_MAX_TEXT);
	if (err)
		return err;
	note_in_timeline(r);
	tel_call_hang_up(r->call, why, r->env);
	return tel_react(r, TEL_EFFECT_CHANGED, whys[why]);
}

/* ---- the table's reaction ------------------------------------------------------------------ */

static enum tel_err act_on(struct tel_reaction *r, const struct tel_watch_plan *plan)
{
	switch (plan->verdict) {
	case TEL_WATCH_DONE:
		return done(r);
	case TEL_WATCH_WAIT:
		look_again(r, plan->at);
		return TEL_OK;
	case TEL_WATCH_DROP:
		/* Since we looked it has become so: it is looked at once more. */
		look_again(r, r->env->now);
		return TEL_OK;
	case TEL_WATCH_DISPATCH:
		return dispatch_again(r, plan->at);
	case TEL_WATCH_TRANSFER:
		return fall_back(r);
	case TEL_WATCH_HANG_UP:
		return give_up(r, plan->why);
	}
	return TEL_EMISUSE;
}

/* Who has left since we looked is not there. */
static void forget_who_left(const struct tel_call *call, struct tel_watch_seen *seen)
{
	size_t i, kept = 0;

	for (i = 0; i < seen->n_agents; i++)
		if (tel_watch_is_agent(call, &seen->agents[i]))
			seen->agents[kept++] = seen->agents[i];
	seen->n_agents = kept;
}

/* When the last of those joined who are there, by our records; 0: nobody is. */
static tel_time joined_last(const struct tel_call *call)
{
	tel_time last = 0;
	size_t i;

	for (i = 0; i < call->n_legs; i++) {
		const struct tel_leg *leg = &call->legs[i];

		if (leg->kind == TEL_PARTICIPANT_AGENT && leg->left_at == 0 &&
		    tel_str_eq(leg->room_sid, call->room_sid) && leg->joined_at > last)
			last = leg->joined_at;
	}
	return last;
}

/*
 * One who was there and is not shown has gone, and nobody told when: the
 * phone is alone since that shows, not ever since it called.
 */
static void note_missing(struct tel_call *call, tel_time now)
{
	tel_time joined = joined_last(call);

	if (joined && call->agent.alone_at < joined + TEL_DISPATCH_SLACK)
		call->agent.alone_at = now;
}

enum tel_err tel_react_agent_watched(struct tel_reaction *r)
{
	struct tel_watch_done *w = watched(r);

	if (is_not_our_job(r))
		return TEL_OK;
	forget_who_left(r->call, &w->seen);
	switch (w->result) {
	case TEL_WATCHED_DROPPED:
		return dropped(r);
	case TEL_WATCHED_FAILED:
		/* Then its agent, who may be there still, does not count. */
		if (w->drop_sent)
			r->call->agent.dropped_at = r->env->now;
		look_again(r, r->env->now +
			      tel_job_backoff(r->call->jobs[TEL_JOB_WATCH_AGENT].attempt,
					      TEL_BACKOFF_WAITING, w->retry_after, r->env->random));
		return TEL_OK;
	case TEL_WATCHED_LOOKED:
		break;
	}
	if (w->seen.n_agents == 0 && joined_last(r->call)) {
		/* He was heard of since we looked. */
		if (!w->knew_agent) {
			look_again(r, r->env->now);
			return TEL_OK;
		}
		note_missing(r->call, r->env->now);
	}
	tel_watch_judge(r->call, r->env->policy, &w->seen, r->env->now, r->env->random, &w->plan);
	return act_on(r, &w->plan);
}

/* ---- when a watch begins ---------------------------------------------------------------------- */

void tel_call_watch_agent(struct tel_call *call, tel_time due)
{
	struct tel_job *job = &call->jobs[TEL_JOB_WATCH_AGENT];

	if (call->jobs[TEL_JOB_DISPATCH_AGENT].pending || !tel_watch_phone_waits(call))
		return;
	/* Whoever is looking now will say when to look again. */
	if (job->pending && tel_str_is_set(job->lease.owner))
		return;
	if (!job->pending || due < job->due)
		tel_call_schedule(call, TEL_JOB_WATCH_AGENT, due);
}

void tel_call_await_agent(struct tel_call *call, const struct tel_decide_env *env)
{
	tel_time said = call->agent.watch.join_deadline;
	tel_time deadline = said ? said : env->policy->agent_join_deadline;

	call->agent.tries++;
	call->agent.awaited_at = env->now;
	if (tel_call_living_legs(call, TEL_PARTICIPANT_AGENT) == 0 || call->agent.left_at)
		tel_call_watch_agent(call, env->now + (deadline < TEL_DISPATCH_LOST_AFTER ?
						       deadline : TEL_DISPATCH_LOST_AFTER));
}

void tel_call_want_agent(struct tel_call *call, tel_time at)
{
	call->agent.wanted_at = call->agent.alone_at = at;
	call->agent.tries = 0;
	call->agent.fell_back = false;
}

void tel_call_lose_agent(struct tel_call *call, tel_time joined_at,
			 const struct tel_decide_env *env)
{
	tel_time within = call->agent.watch.within;
	tel_time stayed = call->agent.left_at - joined_at;

	/*
	 * One who leaves as soon as he comes must not be sent for without end.
	 * Until it was told that he has left nobody tried to send another, and
	 * that may have been long, or LiveKit's clock is behind ours.
	 */
	if (stayed >= (within ? within : TEL_AGENT_WITHIN))
		tel_call_want_agent(call, env->now);
	else if (stayed > 0)
		call->agent.wanted_at += stayed;
	call->agent.alone_at = call->agent.left_at;
	tel_call_watch_agent(call, env->now + TEL_AGENT_LEFT_GRACE);
}
