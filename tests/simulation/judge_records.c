/*
 * What the records say of a call that is over is the truth, and is said in
 * time; rounds that find nothing write nothing.
 */
#include "config.h"

#include "callers.h"
#include "domain/repair.h"
#include "judge.h"
#include "base/banned.h"

/* A round's requests, and a step. */
#define TO_REPAIR (5 * TEL_SECOND)

/* policy.return_grace of the simulated processes */
#define RETURN_GRACE (20 * TEL_SECOND)

/* ---- the legs that a record tells of ------------------------------------------------ */

static const struct sim_room *room_named(const struct sim *sim, struct tel_str name)
{
	const struct sim_room *room;

	for (room = sim->lk->rooms; room; room = room->next)
		if (tel_str_eq(room->name, name))
			return room;
	return NULL;
}

static const struct sim_leg *leg_in(const struct sim_room *room, struct tel_str sid)
{
	const struct sim_life *life;
	const struct sim_leg *leg;

	for (life = room ? room->lives : NULL; life; life = life->next)
		for (leg = life->legs; leg; leg = leg->next)
			if (tel_str_eq(leg->sid, sid))
				return leg;
	return NULL;
}

void sim_judge_note_legs(struct sim *sim, const struct tel_call *call, struct sim_seen_call *seen)
{
	const struct sim_room *room;
	const struct sim_leg *leg;
	size_t i;

	if (seen->status != TEL_CALL_ENDED && seen->status != TEL_CALL_FAILED)
		return;
	room = room_named(sim, call->room_name);
	for (i = 0; i < call->n_legs && seen->n_legs < SIM_SEEN_LEGS; i++) {
		leg = call->legs[i].kind == TEL_PARTICIPANT_SIP ?
		      leg_in(room, call->legs[i].participant_sid) : NULL;
		if (leg)
			seen->legs[seen->n_legs++] = leg;
	}
}

/* ---- the outcome of an inbound call ---------------------------------------------------- */

static bool had_agent(const struct sim_life *life)
{
	const struct sim_leg *leg;

	for (leg = life->legs; leg; leg = leg->next)
		if (leg->kind == TEL_PARTICIPANT_AGENT)
			return true;
	return false;
}

/* Transfers go by names: it may be a later leg than the one that we know, in a later life. */
static bool was_transferred(const struct sim_room *room)
{
	const struct sim_life *life;
	const struct sim_leg *leg;

	for (life = room->lives; life; life = life->next)
		for (leg = life->legs; leg; leg = leg->next)
			if (leg->transferred)
				return true;
	return false;
}

static bool hung_up(const struct sim_leg *leg, enum tel_sip_status status)
{
	return leg->left_at && leg->status == status && leg->reason &&
	       tel_str_is(tel_str_from(leg->reason), "CLIENT_INITIATED");
}

/* LiveKit refused it an agent, it was taken down, or we hung it up. */
static bool failed(const struct sim_seen_call *seen, const struct sim_leg *leg)
{
	return seen->hung_up || leg->excused ||
	       (leg->left_at && leg->reason &&
		!tel_str_is(tel_str_from(leg->reason), "CLIENT_INITIATED"));
}

/* By another leg, of which nothing was heard. */
static bool is_replaced(const struct sim_leg *leg)
{
	return leg->left_at && leg->reason &&
	       tel_str_is(tel_str_from(leg->reason), "DUPLICATE_IDENTITY");
}

static bool is_true_of(const struct sim_seen_call *seen, const struct sim_leg *leg)
{
	switch (seen->outcome) {
	case TEL_OUTCOME_COMPLETED:
		return was_transferred(leg->life->room) || had_agent(leg->life);
	case TEL_OUTCOME_CANCELED:
		return hung_up(leg, TEL_SIP_HANGUP);
	case TEL_OUTCOME_NO_ANSWER:
		return hung_up(leg, TEL_SIP_RINGING);
	case TEL_OUTCOME_FAILED:
		return failed(seen, leg);
	case TEL_OUTCOME_UNKNOWN:
		return !leg->left_heard || is_replaced(leg);
	case TEL_OUTCOME_NONE:
	case TEL_OUTCOME_BUSY:
	case TEL_OUTCOME_REJECTED:
	case TEL_OUTCOMES:
		break;
	}
	return false;
}

static void check_outcome(struct sim *sim, const struct sim_seen_call *seen)
{
	size_t i;

	if (seen->outbound || seen->n_legs == 0)
		return;
	for (i = 0; i < seen->n_legs; i++)
		if (is_true_of(seen, seen->legs[i]))
			break;
	if (i == seen->n_legs)
		sim_violation(sim, "truth: the record of a caller in %.*s says %s",
			      TEL_STR_ARG(seen->room_sid), tel_outcome_text(seen->outcome));
	if (seen->hung_up && seen->why == TEL_HANG_UP_NO_AGENT &&
	    seen->outcome == TEL_OUTCOME_FAILED && !seen->no_agent)
		sim_violation(sim, "truth: no agent came into %.*s, and the record does not say so",
			      TEL_STR_ARG(seen->room_sid));
}

/* ---- in time ------------------------------------------------------------------------------ */

/* When LiveKit saw the last of it; 0: it is there. */
static tel_time left_at(const struct sim_seen_call *seen)
{
	tel_time last = 1;
	size_t i;

	for (i = 0; i < seen->n_legs; i++) {
		if (!seen->legs[i]->left_at)
			return 0;
		if (seen->legs[i]->left_at > last)
			last = seen->legs[i]->left_at;
	}
	return last;
}

static void check_delay(struct sim *sim, const struct sim_seen_call *seen)
{
	tel_time end = left_at(seen), interval = sim->policy.reconcile_interval;
	tel_time skew = sim->procs->skewed ? SIM_MOST_SKEW : 0;

	if (seen->n_legs == 0 || end == 0 || interval == 0)
		return;
	/* Its beginning may be told when it is over. */
	end = seen->known_at > end ? seen->known_at : end;
	if (sim->now - end > sim_allowance(sim, end, interval + RETURN_GRACE + TEL_REPAIR_SLACK +
							      TO_REPAIR + skew))
		sim_violation(sim, "I5: %s is over for %lld ms before it is known",
			      seen->id.text, (long long)(sim->now - end));
}

void sim_judge_over(struct sim *sim, const struct sim_seen_call *seen)
{
	check_outcome(sim, seen);
	check_delay(sim, seen);
}

/* ---- rounds that find nothing ---------------------------------------------------------------- */

/* What has just happened may be seen before it is told. */
static bool is_being_told(const struct sim_room *room)
{
	return room && (room->head || room->sending);
}

void sim_judge_repaired(struct sim *sim, struct tel_str room_name)
{
	if (sim->calm && !is_being_told(room_named(sim, room_name)))
		sim_violation(sim, "a round repairs what is in order in %.*s",
			      TEL_STR_ARG(room_name));
}
