#include "config.h"

#include "domain/reaction.h"
#include "domain/watch.h"

/* ---- who is there ------------------------------------------------------------ */

bool tel_watch_phone_waits(const struct tel_call *call)
{
	if (tel_call_is_over(call) || call->hang_up_at || call->room_finished_at ||
	    !tel_str_is_set(call->room_sid))
		return false;
	return call->direction == TEL_OUTBOUND ||
	       tel_call_living_legs(call, TEL_PARTICIPANT_SIP) > 0;
}

bool tel_call_is_transferable(const struct tel_call *call)
{
	const struct tel_leg *leg = tel_call_leg(call, call->participant_sid);

	return leg && leg->kind == TEL_PARTICIPANT_SIP && leg->left_at == 0 &&
	       (call->direction == TEL_INBOUND || call->answered_at != 0);
}

bool tel_watch_is_agent(const struct tel_call *call, const struct tel_participant *p)
{
	const struct tel_leg *leg = tel_call_leg(call, p->sid);

	if (p->kind != TEL_PARTICIPANT_AGENT || !tel_str_is_set(p->sid))
		return false;
	/* Old workers don't say their name; who else would it be. */
	if (tel_str_is_set(p->agent_name) && !tel_str_eq(p->agent_name, call->agent.name))
		return false;
	return !leg || (leg->left_at == 0 && tel_str_eq(leg->room_sid, call->room_sid));
}

/* ---- moments ------------------------------------------------------------------ */

static tel_time earliest(tel_time a, tel_time b)
{
	return a < b ? a : b;
}

static tel_time join_deadline(const struct tel_call *call, const struct tel_policy *policy)
{
	tel_time said = call->agent.watch.join_deadline;

	return said ? said : policy->agent_join_deadline;
}

/* When a phone with nobody to talk to is hung up; TEL_NEVER. */
static tel_time solo_deadline(const struct tel_call *call, const struct tel_policy *policy)
{
	tel_time since = tel_time_latest(call->agent.wanted_at, call->agent.alone_at);

	if (policy->solo_timeout == TEL_NEVER)
		return TEL_NEVER;
	if (call->direction == TEL_OUTBOUND && call->answered_at == 0)
		return TEL_NEVER;
	return tel_time_latest(since, call->answered_at) + policy->solo_timeout;
}

static bool is_exhausted(const struct tel_call *call, tel_time now)
{
	uint32_t attempts = call->agent.watch.attempts;
	tel_time within = call->agent.watch.within;

	return call->agent.tries >= (attempts ? attempts : TEL_AGENT_ATTEMPTS) ||
	       now >= call->agent.wanted_at + (within ? within : TEL_AGENT_WITHIN);
}

/* ---- verdicts ------------------------------------------------------------------- */

static void wait_until(struct tel_watch_plan *out, tel_time at)
{
	out->verdict = TEL_WATCH_WAIT;
	out->at = at;
}

static void hang_up(struct tel_watch_plan *out, enum tel_hang_up_why why)
{
	out->verdict = TEL_WATCH_HANG_UP;
	out->why = why;
}

/* Of several dispatches the one that we know of stays, or one that is served. */
static size_t the_best(const struct tel_call *call, const struct tel_watch_seen *seen)
{
	size_t i, best = 0;

	for (i = 0; i < seen->n_dispatches; i++) {
		const struct tel_watch_dispatch *d = &seen->dispatches[i], *b = &seen->dispatches[best];

		if (d->has_job > b->has_job ||
		    (d->has_job == b->has_job && tel_str_eq(d->id, call->agent.dispatch_id)))
			best = i;
	}
	return best;
}

static bool has_job(const struct tel_watch_seen *seen)
{
	size_t i;

	for (i = 0; i < seen->n_dispatches; i++)
		if (seen->dispatches[i].has_job)
			return true;
	return false;
}

static void judge_presence(const struct tel_call *call, const struct tel_watch_seen *seen,
			   tel_time now, struct tel_watch_plan *out)
{
	/* Whom no worker sent lingers. */
	bool lingers = !has_job(seen) && call->agent.dropped_at &&
		       now < call->agent.dropped_at + TEL_AGENT_LINGERS;

	if (seen->n_dispatches > 1) {
		out->verdict = TEL_WATCH_DROP;
		out->drop = TEL_DROP_SURPLUS;
		out->keep = the_best(call, seen);
	} else if (lingers) {
		wait_until(out, now + TEL_SECOND);
	} else {
		out->verdict = TEL_WATCH_DONE;
	}
}

/* TRANSFER: once, and a phone that can be; else it is kept. */
static enum tel_fallback fallback_of(const struct tel_call *call)
{
	enum tel_fallback fallback = call->agent.watch.fallback;

	if (fallback == TEL_FALLBACK_TRANSFER &&
	    (call->agent.fell_back || !tel_call_is_transferable(call)))
		return TEL_FALLBACK_KEEP;
	return fallback;
}

/* All attempts were in vain: what the route says. */
static void give_up(const struct tel_call *call, tel_time now, uint64_t random,
		    struct tel_watch_plan *out)
{
	enum tel_fallback fallback = fallback_of(call);

	if (fallback == TEL_FALLBACK_HANGUP) {
		hang_up(out, TEL_HANG_UP_NO_AGENT);
	} else if (fallback == TEL_FALLBACK_TRANSFER) {
		out->verdict = TEL_WATCH_TRANSFER;
	} else {
		out->verdict = TEL_WATCH_DISPATCH;
		out->at = now + TEL_KEEP_TRYING + (tel_time)(random % TEL_SECOND);
	}
}

static void judge_need(const struct tel_call *call, const struct tel_policy *policy, tel_time now,
		       uint64_t random, struct tel_watch_plan *out)
{
	bool fall_back = call->agent.left_at && policy->agent_loss == TEL_LOSS_FALLBACK;

	if (fall_back || is_exhausted(call, now)) {
		give_up(call, now, random, out);
		return;
	}
	out->verdict = TEL_WATCH_DISPATCH;
	out->at = now + (call->agent.tries == 0 ? 0 :
			 tel_job_backoff(call->agent.tries, TEL_BACKOFF_WAITING, 0, random));
}

/* Dispatches are there, and no agent. */
static void judge_delay(const struct tel_call *call, const struct tel_policy *policy,
			const struct tel_watch_seen *seen, tel_time now,
			struct tel_watch_plan *out)
{
	tel_time since = tel_time_latest(call->agent.awaited_at, call->agent.wanted_at);
	tel_time late = since + join_deadline(call, policy);
	tel_time lost = earliest(since + TEL_DISPATCH_LOST_AFTER, late);

	out->verdict = TEL_WATCH_DROP;
	if (call->agent.left_at)
		out->drop = TEL_DROP_SPENT;
	else if (!has_job(seen) && now >= lost)
		out->drop = TEL_DROP_LOST;
	else if (now >= late)
		out->drop = TEL_DROP_LATE;
	else
		wait_until(out, has_job(seen) ? late : lost);
}

static void judge_absence(const struct tel_call *call, const struct tel_policy *policy,
			  const struct tel_watch_seen *seen, tel_time now, uint64_t random,
			  struct tel_watch_plan *out)
{
	tel_time solo = solo_deadline(call, policy);

	if (solo != TEL_NEVER && now >= solo) {
		hang_up(out, TEL_HANG_UP_ALONE);
		return;
	}
	if (call->agent.left_at && policy->agent_loss == TEL_LOSS_HANGUP) {
		hang_up(out, TEL_HANG_UP_AGENT_LEFT);
		return;
	}
	if (call->agent.left_at && policy->agent_loss == TEL_LOSS_KEEP) {
		if (solo != TEL_NEVER)
			wait_until(out, solo);
		return;
	}
	if (seen->n_dispatches > 0)
		judge_delay(call, policy, seen, now, out);
	else
		judge_need(call, policy, now, random, out);
	if (out->verdict == TEL_WATCH_WAIT && solo != TEL_NEVER)
		out->at = earliest(out->at, solo);
}

void tel_watch_judge(const struct tel_call *call, const struct tel_policy *policy,
		     const struct tel_watch_seen *seen, tel_time now, uint64_t random,
		     struct tel_watch_plan *out)
{
	*out = (struct tel_watch_plan){ .verdict = TEL_WATCH_DONE, .keep = TEL_WATCH_MAX };
	if (!tel_watch_phone_waits(call))
		return;
	if (call->jobs[TEL_JOB_TRANSFER].pending)
		wait_until(out, now + TEL_WATCH_EVERY);
	else if (seen->n_agents > 0)
		judge_presence(call, seen, now, out);
	else
		judge_absence(call, policy, seen, now, random, out);
}

bool tel_watch_has_waited(const struct tel_call *call, const struct tel_policy *policy, tel_time now)
{
	tel_time solo = solo_deadline(call, policy);

	if (!tel_watch_phone_waits(call))
		return false;
	if (solo != TEL_NEVER && now >= solo)
		return true;
	return is_exhausted(call, now) && fallback_of(call) != TEL_FALLBACK_KEEP;
}
