/*
 * Dispatches, the workers that take them, and the agents that come of it. A
 * dispatch that meets no free worker is answered like any other, and lost.
 */
#include "config.h"

#include "judge.h"
#include "livekit.h"
#include "base/banned.h"

/* A deleted dispatch's agent may be at the door: it comes in, and goes. */
#define TOO_LATE_TO_STOP ((tel_time)300)

/* ---- going ----------------------------------------------------------------------- */

static void is_missed(struct sim *sim, void *arg, uint64_t token)
{
	struct sim_leg *leg = arg;

	(void)token;
	if (!leg->left_at)
		sim_lk_leaves(sim, leg, TEL_SIP_UNKNOWN, "CONNECTION_TIMEOUT");
}

static void dies(struct sim *sim, void *arg, uint64_t missed_after)
{
	struct sim_leg *leg = arg;

	if (leg->left_at)
		return;
	leg->dead = true;
	leg->dead_at = sim->now;
	sim_trace(sim, "agent: %.*s in %.*s is dead", TEL_STR_ARG(leg->sid),
		  TEL_STR_ARG(leg->life->sid));
	sim_plan(sim, (tel_time)missed_after, is_missed, leg, 0);
}

/* It may be listed for a while after it was told of. */
static void goes(struct sim *sim, void *arg, uint64_t token)
{
	struct sim_leg *leg = arg;

	(void)token;
	if (leg->left_at || leg->dead)
		return;
	leg->listed_until = sim->now + sim_length(sim, 0, 3 * TEL_SECOND);
	sim_lk_leaves(sim, leg, TEL_SIP_UNKNOWN, "CLIENT_INITIATED");
}

static void is_sent_away(struct sim *sim, struct sim_leg *leg)
{
	sim_plan(sim, sim_length(sim, 100, 2 * TEL_SECOND), goes, leg, 0);
}

static void draw_fate(struct sim *sim, struct sim_leg *leg)
{
	tel_time stays, missed_after;

	if (sim_strikes(sim, SIM_AGENT_DIES)) {
		stays = sim_length(sim, 500, 20 * TEL_SECOND);
		missed_after = sim_length(sim, 18 * TEL_SECOND, 22 * TEL_SECOND);
		sim_faults_shows_later(&sim->faults, stays + missed_after);
		sim_plan(sim, stays, dies, leg, (uint64_t)missed_after);
	} else if (sim_strikes(sim, SIM_AGENT_LEAVES)) {
		stays = sim_length(sim, 500, 15 * TEL_SECOND);
		sim_faults_shows_later(&sim->faults, stays);
		sim_plan(sim, stays, goes, leg, 0);
	}
}

/* ---- coming ---------------------------------------------------------------------- */

static void agent_joins(struct sim *sim, void *arg, uint64_t token)
{
	struct sim_dispatch *d = arg;
	struct sim_leg *leg;

	(void)token;
	if (d->life->closed_at || (d->deleted && sim->now > d->dropped_at + TOO_LATE_TO_STOP))
		return;
	leg = sim_lk_add_leg(sim, d->life, TEL_PARTICIPANT_AGENT);
	leg->identity = sim_id(sim, "agent-AJ");
	leg->dispatch = d;
	d->agent = leg;
	sim_trace(sim, "livekit: agent %.*s of %.*s joins %.*s", TEL_STR_ARG(leg->sid),
		  TEL_STR_ARG(d->id), TEL_STR_ARG(d->life->sid));
	sim_send_event(sim, TEL_EVENT_PARTICIPANT_JOINED, d->life, leg);
	if (d->deleted) {
		is_sent_away(sim, leg);
		return;
	}
	sim_judge_agent_came(sim, leg);
	draw_fate(sim, leg);
}

static void take(struct sim *sim, struct sim_dispatch *d)
{
	tel_time joins_after = sim_length(sim, 300, 700);

	if (sim->choices && sim->small->from == SIM_SMALL_DISPATCH)
		sim_choices_begin(sim->choices);
	if (sim->now < sim->lk->no_workers_until || sim_strikes(sim, SIM_DISPATCH_MISSED)) {
		sim_trace(sim, "livekit: %.*s meets no free worker", TEL_STR_ARG(d->id));
		return;
	}
	d->job_at = sim->now + joins_after / 2;
	/* The longest of them never come at all. */
	if (sim_strikes(sim, SIM_AGENT_LATE))
		joins_after = sim_length(sim, TEL_SECOND, 16 * TEL_SECOND);
	if (joins_after < 12 * TEL_SECOND)
		sim_plan(sim, joins_after, agent_joins, d, 0);
}

struct sim_dispatch *sim_lk_dispatch(struct sim *sim, struct tel_str name, struct tel_str agent,
				     struct tel_str call_id, struct tel_str meant_for)
{
	struct sim_room *room = sim_lk_room(sim, name);
	struct sim_life *life = sim_lk_life(room);
	struct sim_dispatch *d = sim_alloc(sim, sizeof(*d));

	if (!life) {
		life = sim_lk_open(sim, room);
		life->by_dispatch = true;
	}
	*d = (struct sim_dispatch){
		.next = life->dispatches, .life = life, .id = sim_id(sim, "AD"),
		.agent_name = agent, .call_id = call_id, .meant_for = meant_for,
		.made_at = sim->now,
	};
	life->dispatches = d;
	sim_trace(sim, "livekit: dispatch %.*s in %.*s%s", TEL_STR_ARG(d->id),
		  TEL_STR_ARG(life->sid), life->had_phone ? "" : ", where no phone is");
	take(sim, d);
	sim_judge_dispatch(sim, d);
	return d;
}

bool sim_lk_has_job(const struct sim *sim, const struct sim_dispatch *d)
{
	return d->job_at && sim->now >= d->job_at;
}

bool sim_lk_drop_dispatch(struct sim *sim, struct sim_life *life, struct tel_str id)
{
	struct sim_dispatch *d;

	for (d = life->dispatches; d; d = d->next)
		if (!d->deleted && tel_str_eq(d->id, id))
			break;
	if (!d)
		return false;
	d->deleted = true;
	d->dropped_at = sim->now;
	sim_trace(sim, "livekit: dispatch %.*s in %.*s is deleted", TEL_STR_ARG(d->id),
		  TEL_STR_ARG(life->sid));
	sim_judge_dispatch_dropped(sim, d);
	if (d->agent)
		is_sent_away(sim, d->agent);
	return true;
}

void sim_lk_workers_go(struct sim *sim, tel_time length)
{
	if (sim->lk->no_workers_until < sim->now + length)
		sim->lk->no_workers_until = sim->now + length;
	sim_faults_lasts(&sim->faults, length);
	sim_trace(sim, "livekit: no worker for %lld ms", (long long)length);
}
