/*
 * I1, as the phones see it: who is there has an agent, soon, again when that
 * one goes, and is hung up on by us for a reason only.
 */
#include "config.h"

#include "callees.h"
#include "callers.h"
#include "domain/repair.h"
#include "domain/watch.h"
#include "judge.h"
#include "base/banned.h"

/* A working agent has been there for so long before we could know that. */
#define UNSEEN (2 * TEL_SECOND)

/* One that was made just now is taken for lost: five times, and then at longer intervals. */
#define SKEW_COSTS (25 * TEL_SECOND)

/* A phone's coming back that is told later than that may be told too late. */
#define HEARD_LATE (8 * TEL_SECOND)

/* ---- who waits ------------------------------------------------------------------ */

static bool is_waiting(const struct sim_leg *leg)
{
	return leg->kind == TEL_PARTICIPANT_SIP && !leg->foreign && !leg->served;
}

static bool has_lost_an_agent(const struct sim_life *life)
{
	const struct sim_leg *leg;

	for (leg = life->legs; leg; leg = leg->next)
		if (leg->kind == TEL_PARTICIPANT_AGENT && leg->left_at)
			return true;
	return false;
}

/* The operator wants no other one for who has lost his agent. */
static bool is_left_alone(const struct sim *sim, const struct sim_leg *leg)
{
	switch (sim->policy.agent_loss) {
	case TEL_LOSS_HANGUP:
	case TEL_LOSS_KEEP:
		return has_lost_an_agent(leg->life);
	case TEL_LOSS_FALLBACK:
		return sim->policy.fallback != TEL_FALLBACK_KEEP && has_lost_an_agent(leg->life);
	case TEL_LOSS_REDISPATCH:
	case TEL_LOSSES:
		break;
	}
	return false;
}

/* As far as webhooks tell an agent is there. */
static bool has_left_unheard(const struct sim_life *life)
{
	const struct sim_leg *leg;

	for (leg = life->legs; leg; leg = leg->next)
		if (leg->kind == TEL_PARTICIPANT_AGENT && leg->left_at && leg->joined_heard &&
		    !leg->left_heard)
			return true;
	return false;
}

/*
 * Sent for by an earlier call in that very room: it is that one's record that
 * is told of his coming and going. RELIABILITY.md, "Agents shared".
 */
static bool is_anothers(const struct sim *sim, const struct sim_leg *agent)
{
	const struct sim_seen_call *call = sim_judge_call_in(sim, agent->life);
	struct tel_str sent_by = agent->dispatch->call_id;

	return call && sent_by.len && !tel_str_eq(sent_by, tel_call_id_str(&call->id));
}

/* The call found such a one there, who has gone since. */
static bool has_lost_anothers(const struct sim *sim, const struct sim_life *life)
{
	const struct sim_seen_call *call = sim_judge_call_in(sim, life);
	const struct sim_leg *leg;

	for (leg = life->legs; leg; leg = leg->next)
		if (leg->kind == TEL_PARTICIPANT_AGENT && leg->left_at && is_anothers(sim, leg) &&
		    (leg->left_at >= call->known_at || leg->listed_until >= call->known_at))
			return true;
	return false;
}

/* Since when a webhook says that an agent is wanted; 0 = none does. */
static tel_time told_at(const struct sim *sim, const struct sim_leg *leg)
{
	if (!leg->joined_heard || has_left_unheard(leg->life) ||
	    (leg->lost && !leg->lost->left_heard) || has_lost_anothers(sim, leg->life))
		return 0;
	return leg->lost && leg->lost->left_heard > leg->joined_heard ?
	       leg->lost->left_heard : leg->joined_heard;
}

/* … and since when a look at LiveKit shows it; 0 = nobody looks. */
static tel_time seen_at(const struct sim *sim, const struct sim_leg *leg)
{
	if (sim->policy.reconcile_interval == 0)
		return 0;
	return leg->alone_since + sim->policy.reconcile_interval +
	       (leg->lost ? TEL_REPAIR_SLACK : 0);
}

/* 0: nobody can know that he waits. */
static tel_time owed_since(const struct sim *sim, const struct sim_leg *leg)
{
	tel_time told = told_at(sim, leg), seen = seen_at(sim, leg);

	if (leg->excused || is_left_alone(sim, leg) || (leg->callee && leg->callee->hang_up_asked))
		return 0;
	return !told || (seen && seen < told) ? seen : told;
}

/* The fallback is to try again, at longer intervals. */
static tel_time patience(const struct sim *sim, const struct sim_leg *leg)
{
	bool fallback = sim->policy.agent_loss == TEL_LOSS_FALLBACK && has_lost_an_agent(leg->life);
	bool found = !leg->joined_heard && !leg->lost;

	return (found ? SIM_FOUND : SIM_PROMPT) + sim_settling(leg) +
	       (fallback ? TEL_KEEP_TRYING + TEL_SECOND : 0) +
	       (sim->procs->skewed ? SKEW_COSTS : 0);
}

static void check_wait(struct sim *sim, const struct sim_leg *leg)
{
	tel_time since = owed_since(sim, leg), waited = sim->now - since;

	if (since && waited > sim_allowance(sim, since, patience(sim, leg)))
		sim_violation(sim, "I1: %.*s in %.*s waited %lld ms for an agent",
			      TEL_STR_ARG(leg->sid), TEL_STR_ARG(leg->life->sid), (long long)waited);
}

/* ---- agents come and go ----------------------------------------------------------- */

static void serve(struct sim *sim, struct sim_leg *leg)
{
	struct sim_outcome *out = sim->judge->out;
	tel_time waited = sim->now - leg->alone_since;

	check_wait(sim, leg);
	leg->served = leg->was_served = true;
	out->served++;
	out->waited += (uint64_t)waited;
	if (waited > out->longest_wait)
		out->longest_wait = waited;
}

/* By an agent, or by one of whom nobody can know yet that it is dead. */
static bool is_accompanied(const struct sim_life *life)
{
	const struct sim_leg *leg;

	for (leg = life->legs; leg; leg = leg->next)
		if (leg->kind == TEL_PARTICIPANT_AGENT && !leg->left_at && !leg->dispatch->deleted)
			return true;
	return false;
}

void sim_judge_phone_came(struct sim *sim, struct sim_leg *leg)
{
	leg->alone_since = sim->now;
	leg->served = leg->was_served = is_accompanied(leg->life);
}

void sim_judge_agent_came(struct sim *sim, const struct sim_leg *agent)
{
	struct sim_leg *leg;

	for (leg = agent->life->legs; leg; leg = leg->next)
		if (is_waiting(leg) && !leg->left_at)
			serve(sim, leg);
}

void sim_judge_agent_went(struct sim *sim, const struct sim_leg *agent)
{
	struct sim_leg *leg;

	if (is_accompanied(agent->life))
		return;
	for (leg = agent->life->legs; leg; leg = leg->next)
		if (leg->kind == TEL_PARTICIPANT_SIP && leg->served && !leg->left_at) {
			leg->served = false;
			leg->alone_since = sim->now;
			leg->lost = agent;
		}
}

void sim_judge_dispatch_dropped(struct sim *sim, const struct sim_dispatch *d)
{
	const struct sim_leg *agent = d->agent;

	if (!agent || agent->left_at || agent->dead || sim_lk_phones(d->life) == 0 ||
	    sim_lk_dispatches(d->life) > 0)
		return;
	if (sim->now - agent->joined_at > sim_allowance(sim, sim->now, UNSEEN))
		sim_violation(sim, "I1: %.*s in %.*s works, and is sent away",
			      TEL_STR_ARG(agent->sid), TEL_STR_ARG(d->life->sid));
}

/*
 * A look that began before somebody joined may be taken for a later one, where
 * clocks are apart: he is taken for gone.
 */
static tel_time skew_hides(const struct sim *sim)
{
	return sim->procs->skewed && sim->policy.reconcile_interval ? SIM_MOST_SKEW : 0;
}

/*
 * Whose agent we were told of is not deleted; but all of several are that the
 * look showed, once the first is. (Where no call is yet, nobody is told.)
 */
void sim_judge_drop_sent(struct sim *sim, const struct sim_request *request)
{
	const struct sim_life *life = sim_lk_life(sim_lk_room(sim, request->room));
	const struct sim_dispatch *d;
	const struct sim_leg *agent;

	if (!life || sim_lk_dispatches(life) > 1 || skew_hides(sim) ||
	    !sim_judge_call_in(sim, life) || request->before->method == TEL_LK_DELETE_DISPATCH)
		return;
	for (d = life->dispatches; d; d = d->next) {
		agent = tel_str_eq(d->id, request->dispatch_id) ? d->agent : NULL;
		if (agent && !agent->left_at && agent->joined_heard &&
		    agent->joined_heard_tick < request->turn_tick)
			sim_violation(sim, "I1: %.*s in %.*s was told of, and is sent away",
				      TEL_STR_ARG(agent->sid), TEL_STR_ARG(life->sid));
	}
}

/* ---- alone --------------------------------------------------------------------------- */

/* Nobody talks to one who is dead, though LiveKit has not noticed yet. */
static tel_time gone_at(const struct sim_leg *agent)
{
	return agent->dead ? agent->dead_at : agent->left_at;
}

/*
 * Since when nobody is there whom the phones in `life` could talk to. One who
 * came and went, and nobody told of, or told another call of, does not count: a
 * look may miss him.
 */
static tel_time life_alone_since(const struct sim *sim, const struct sim_life *life)
{
	tel_time came = INT64_MAX, left = 0, answered = 0;
	const struct sim_leg *leg;

	for (leg = life->legs; leg; leg = leg->next) {
		if (leg->kind == TEL_PARTICIPANT_AGENT)
			left = leg->joined_heard && !is_anothers(sim, leg) && gone_at(leg) > left ?
			       gone_at(leg) : left;
		else if (leg->joined_at < came)
			came = leg->joined_at;
		if (leg->callee && leg->callee->answered_at > answered)
			answered = leg->callee->answered_at;
	}
	came = left ? left : came;
	return answered > came ? answered : came;
}

static void check_alone(struct sim *sim, const struct sim_leg *leg)
{
	tel_time owed = leg->alone_since, alone;

	if (!is_waiting(leg) || leg->excused || sim->policy.solo_timeout == TEL_NEVER ||
	    (!told_at(sim, leg) && !seen_at(sim, leg)))
		return;
	if (leg->callee && !leg->callee->answered)
		return;
	if (leg->callee && leg->callee->answered_at > owed)
		owed = leg->callee->answered_at;
	owed += sim->policy.solo_timeout;
	if (told_at(sim, leg) == 0 || seen_at(sim, leg))
		owed += sim->policy.reconcile_interval + TEL_REPAIR_SLACK;
	/* The round that finds him may be shown an agent who has just left. */
	if (told_at(sim, leg) == 0)
		owed += sim->policy.reconcile_interval;
	alone = sim->now - owed;
	if (alone > sim_allowance(sim, owed, SIM_SILENT + sim_settling(leg)))
		sim_violation(sim, "solo: %.*s in %.*s is alone for %lld ms too long",
			      TEL_STR_ARG(leg->sid), TEL_STR_ARG(leg->life->sid), (long long)alone);
}

void sim_judge_wait(struct sim *sim, struct sim_leg *leg)
{
	if (!is_waiting(leg))
		return;
	check_wait(sim, leg);
	check_alone(sim, leg);
}

/* ---- hanging up ------------------------------------------------------------------------ */

/* Did it come to that? Clocks apart measure less well. */
static bool has_lasted(const struct sim *sim, tel_time since, tel_time most)
{
	return most != TEL_NEVER &&
	       sim->now - since + 2 * TEL_SECOND + (sim->procs->skewed ? SIM_MOST_SKEW : 0) >= most;
}

/* Our reason for hanging up is none, if there is an agent and was all the time. */
static bool has_reason(const struct sim *sim, const struct sim_life *life,
		       const struct sim_seen_call *call)
{
	const struct sim_leg *agent = sim_lk_agent(life);
	bool served = agent && sim->now - agent->joined_at >
			       sim_allowance(sim, sim->now, UNSEEN) + skew_hides(sim);

	/* It was hung up in an earlier life of the room, and came back. */
	if (!tel_str_eq(call->hung_up_in, life->sid))
		return true;
	switch (call->why) {
	case TEL_HANG_UP_ASKED:
	case TEL_HANG_UP_RANG_OUT:
		return true;	/* judged by the callee's own state */
	case TEL_HANG_UP_DURATION:
		return has_lasted(sim, call->began_at, sim->policy.max_duration);
	case TEL_HANG_UP_NO_AGENT:
		return sim->policy.fallback == TEL_FALLBACK_HANGUP && !served;
	case TEL_HANG_UP_AGENT_LEFT:
		return sim->policy.agent_loss == TEL_LOSS_HANGUP && has_lost_an_agent(life) && !served;
	case TEL_HANG_UP_ALONE:
		return has_lasted(sim, life_alone_since(sim, life), sim->policy.solo_timeout) && !served;
	case TEL_HANG_UP_WHYS:
		break;
	}
	return false;
}

/*
 * The look before it may miss a phone that came after the look, but not one
 * that we had been told of, nor one that had been there for long.
 */
static bool is_known_to_be_there(const struct sim *sim, const struct sim_leg *leg,
				 const struct sim_request *request)
{
	tel_time hidden = skew_hides(sim);

	if (leg->joined_heard && leg->joined_heard_tick < request->turn_tick && !hidden)
		return true;
	return sim->now - leg->joined_at > sim_allowance(sim, sim->now, 2 * TEL_SECOND) + hidden;
}

static bool is_about(const struct sim_request *request, enum tel_lk_method method,
		     const struct sim_life *life)
{
	return request && request->method == method && tel_str_eq(request->room, life->room->name);
}

/* When a watch of the call had a look at who is in the room; 0: it had none. */
static tel_time watched_at(const struct sim_proc *proc, const struct sim_life *life)
{
	static const enum tel_lk_method order[] = {
		TEL_LK_LIST_ROOMS, TEL_LK_LIST_DISPATCH, TEL_LK_LIST_PARTICIPANTS };
	const struct sim_request *request;
	tel_time at = 0;
	size_t i, n;

	for (i = 0; i < SIM_MAX_ASKERS && proc->askers[i].ctx; i++) {
		request = proc->askers[i].last;
		for (n = 0; n < 2 && is_about(request, order[n], life); n++)
			request = request->before;
		if (n == 2 && is_about(request, order[n], life) && request->acted_at > at)
			at = request->acted_at;
	}
	return at;
}

/* As our records have it he may have gone, if clocks are apart. */
static bool is_shown_at(const struct sim *sim, const struct sim_leg *leg, tel_time at)
{
	return leg->kind == TEL_PARTICIPANT_AGENT && leg->joined_at < at && !leg->left_at &&
	       !leg->dispatch->deleted && skew_hides(sim) == 0;
}

void sim_judge_given_up(struct sim *sim, const struct sim_seen_call *seen)
{
	const struct sim_life *life = sim_judge_life(sim, seen->room_sid);
	const struct sim_leg *leg;
	tel_time at;

	if (!life || (seen->why != TEL_HANG_UP_ALONE && seen->why != TEL_HANG_UP_NO_AGENT &&
		      seen->why != TEL_HANG_UP_AGENT_LEFT))
		return;
	at = watched_at(sim_task_running(sim)->proc, life);
	for (leg = life->legs; leg; leg = leg->next)
		if (is_shown_at(sim, leg, at))
			sim_violation(sim, "solo: %.*s is hung up although %.*s was seen in it",
				      TEL_STR_ARG(life->sid), TEL_STR_ARG(leg->sid));
}

static bool is_of(const struct sim_seen_call *call, const struct sim_leg *leg)
{
	size_t i;

	for (i = 0; i < call->n_legs; i++)
		if (call->legs[i] == leg)
			return true;
	return false;
}

/*
 * A phone of nobody whose call is over, that the job's own look showed it, or
 * would have, had it looked: whatever struck meanwhile, and whoever's clock
 * is wrong. (A call that is hung up may be rid of its room without a look.)
 */
static bool is_to_be_seen(const struct sim_leg *leg,
			  const struct sim_request *request, const struct sim_seen_call *call)
{
	const struct sim_request *look = request->before;
	bool looked = look && look->method == TEL_LK_LIST_PARTICIPANTS &&
		      tel_str_eq(look->room, request->room) && look->acted_at;

	if (!call || call->hung_up || leg->callee || is_of(call, leg) ||
	    (call->status != TEL_CALL_ENDED && call->status != TEL_CALL_FAILED))
		return false;
	return leg->joined_at < (looked ? look->acted_at : request->sent_at);
}

static bool may_be_hung_up(const struct sim *sim, const struct sim_leg *leg)
{
	if (leg->excused)
		return true;
	/* Rings for a call that has failed, or is hung up: rightly so. */
	if (leg->callee && (leg->callee->hang_up_asked || !leg->callee->answered))
		return true;
	/*
	 * The time is over in which a phone may come back after a restart: a
	 * clock was ahead, or nobody heard of it. Its call is not opened again.
	 */
	return leg->callee && leg->life->room->stale &&
	       (sim->procs->skewed || !leg->joined_heard ||
		leg->joined_heard > leg->joined_at + HEARD_LATE);
}

/* By a look that began after it joined, where clocks are apart. */
static bool is_taken_for_gone(const struct sim *sim, const struct sim_seen_call *call,
			      const struct sim_leg *leg)
{
	return skew_hides(sim) && call && is_of(call, leg);
}

void sim_judge_room_deleted(struct sim *sim, const struct sim_request *request,
			    const struct sim_life *life)
{
	const struct sim_seen_call *call = sim_judge_call_in(sim, life);
	bool reason = call && call->hung_up && call->why != TEL_HANG_UP_ASKED &&
		      has_reason(sim, life, call);
	const struct sim_leg *leg;

	for (leg = life->legs; leg; leg = leg->next)
		if (leg->kind == TEL_PARTICIPANT_SIP && !leg->left_at && !reason &&
		    !may_be_hung_up(sim, leg) && !is_taken_for_gone(sim, call, leg) &&
		    (is_known_to_be_there(sim, leg, request) ||
		     is_to_be_seen(leg, request, call)))
			sim_violation(sim, "I1: %.*s is hung up on: %.*s is deleted under it%s%s",
				      TEL_STR_ARG(leg->sid), TEL_STR_ARG(life->sid),
				      call && call->hung_up ? ", because: " : "",
				      call && call->hung_up ? tel_hang_up_why_text(call->why) : "");
}

/* ---- when all has settled ---------------------------------------------------------------- */

void sim_judge_still_waiting(struct sim *sim, const struct sim_life *life)
{
	const struct sim_leg *leg;

	for (leg = life->legs; leg; leg = leg->next) {
		if (!is_waiting(leg) || leg->left_at)
			continue;
		if (owed_since(sim, leg))
			sim_violation(sim, "I1: %.*s in %.*s never got an agent",
				      TEL_STR_ARG(leg->sid), TEL_STR_ARG(life->sid));
		check_alone(sim, leg);
	}
}
