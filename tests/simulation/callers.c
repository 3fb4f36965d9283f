#include "config.h"

#include <stdio.h>

#include "callers.h"
#include "base/banned.h"

static struct tel_str text(struct sim *sim, const char *format, unsigned long n)
{
	char *out = sim_alloc(sim, 40);

	if (n == (unsigned long)-1)
		snprintf(out, 40, "%s", format);
	else
		snprintf(out, 40, "%s%lu", format, n);
	return tel_str_from(out);
}

/* ---- calling ------------------------------------------------------------- */

static void hang_up(struct sim *sim, void *arg, uint64_t token)
{
	struct sim_caller *caller = arg;

	(void)token;
	if (caller->gone)
		return;
	caller->gone = true;
	if (caller->leg && !caller->leg->left_at)
		sim_lk_leaves(sim, caller->leg, TEL_SIP_HANGUP, caller->reason);
}

/* Nobody answered, as livekit-sip sees it: no agent was ever there. */
static void ring_out(struct sim *sim, void *arg, uint64_t token)
{
	struct sim_leg *leg = arg;

	(void)token;
	if (leg->left_at || leg->was_served || sim->settled)
		return;
	leg->caller->gone = true;
	sim_lk_leaves(sim, leg, TEL_SIP_RINGING, "CLIENT_INITIATED");
}

static void colleague_leaves(struct sim *sim, void *arg, uint64_t token)
{
	struct sim_leg *leg = arg;

	(void)token;
	if (!leg->left_at)
		sim_lk_leaves(sim, leg, TEL_SIP_HANGUP, "CLIENT_INITIATED");
}

static void colleague_joins(struct sim *sim, void *arg, uint64_t token)
{
	struct sim_caller *caller = arg;
	struct sim_leg *leg;

	(void)token;
	if (caller->gone || !caller->leg || caller->leg->left_at ||
	    !sim_lk_agent(caller->leg->life))
		return;
	leg = sim_lk_phone_joins(sim, caller, caller->room,
				 text(sim, "sip_colleague", caller->number),
				 sim_id(sim, "SCL"), true);
	if (leg)
		sim_plan(sim, sim_length(sim, TEL_SECOND, 15 * TEL_SECOND), colleague_leaves, leg, 0);
}

static void join(struct sim *sim, void *arg, uint64_t token)
{
	struct sim_caller *caller = arg;

	(void)token;
	if (caller->gone)
		return;
	caller->leg = sim_lk_phone_joins(sim, caller, caller->room, caller->identity,
					 caller->sip_call_id, false);
	if (!caller->leg) {
		caller->gone = true;
		return;
	}
	sim_plan(sim, SIM_RING_TIMEOUT, ring_out, caller->leg, 0);
	if (caller->brings_colleague)
		sim_plan(sim, 3 * TEL_SECOND, colleague_joins, caller, 0);
}

void sim_caller_cut(struct sim *sim, struct sim_caller *caller)
{
	if (!caller->gone)
		sim_plan(sim, sim_length(sim, 8 * TEL_SECOND, 12 * TEL_SECOND), join, caller, 0);
}

void sim_caller_calls_anew(struct sim *sim, struct sim_leg *leg)
{
	struct sim_caller *caller = leg->caller;
	struct sim_life *life = leg->life;

	sim_lk_leaves(sim, leg, TEL_SIP_HANGUP, caller->reason);
	sim_lk_close(sim, life, "ROOM_CLOSED");
	caller->sip_call_id = sim_id(sim, "SCL");
	join(sim, caller, 0);
}

/* ---- the population --------------------------------------------------------- */

/* Most have a room of their own; some share a lobby; some names come again. */
static void draw_room(struct sim *sim, struct sim_caller *c, struct sim_rng *rng)
{
	unsigned kind = (unsigned)sim_rng_below(rng, 100);
	unsigned long other = (unsigned long)sim_rng_below(rng, c->number + 1);
	unsigned long number = (unsigned long)c->number;

	if (kind < 70) {
		c->room = text(sim, "call-", number);
	} else if (kind < 90) {
		c->room = text(sim, "lobby-", other % 2);
		number = other % 3;
	} else {
		c->room = text(sim, "call-", other);
		number = other;
	}
	c->identity = text(sim, "sip_+1555010", number);
}

static void draw_stay(struct sim_caller *c, struct sim_rng *rng)
{
	unsigned kind = (unsigned)sim_rng_below(rng, 100);

	c->patient = kind >= 70;
	c->stays = kind < 20 ? sim_rng_between(rng, 0, 1500) :
			       sim_rng_between(rng, 2 * TEL_SECOND, 40 * TEL_SECOND);
}

static void draw_caller(struct sim *sim, struct sim_caller *c, struct sim_rng *rng)
{
	draw_room(sim, c, rng);
	draw_stay(c, rng);
	c->calls_at = sim_rng_between(rng, 0, SIM_ACTIVE - 1);
	c->brings_colleague = sim_rng_percent(rng, 5);
	c->reason = sim_rng_percent(rng, 10) ? "CONNECTION_TIMEOUT" : "CLIENT_INITIATED";
	c->sip_call_id = text(sim, "SCL_", (unsigned long)c->number);
}

static void make_callers(struct sim *sim, size_t n)
{
	sim->callers = sim_alloc(sim, sizeof(*sim->callers));
	sim->callers->all = sim_alloc(sim, n * sizeof(struct sim_caller));
	sim->callers->n = n;
}

void sim_callers_init(struct sim *sim, size_t n)
{
	struct sim_caller *c;
	struct sim_rng rng;
	size_t i;

	make_callers(sim, n);
	for (i = 0; i < n; i++) {
		c = &sim->callers->all[i];
		c->number = i;
		rng = sim_rng_stream(sim->seed, 1000 + i);
		draw_caller(sim, c, &rng);
		if (sim->hasty) {
			c->patient = false;
			c->stays %= 60;
		}
		c->gone = sim_is_left_out(sim->knobs.absent_callers, i);
		sim_enter(sim, c->room);
		sim_plan(sim, c->calls_at, join, c, 0);
		if (!c->patient)
			sim_plan(sim, c->calls_at + c->stays, hang_up, c, 0);
	}
}

void sim_callers_init_one(struct sim *sim, tel_time stays)
{
	struct sim_caller *c;

	make_callers(sim, 1);
	c = &sim->callers->all[0];
	c->room = TEL_STR("call-0");
	c->identity = TEL_STR("sip_+15550100");
	c->sip_call_id = TEL_STR("SCL_0");
	c->reason = "CLIENT_INITIATED";
	sim_plan(sim, 100, join, c, 0);
	sim_plan(sim, 100 + stays, hang_up, c, 0);
}

void sim_callers_hang_up(struct sim *sim)
{
	size_t i;

	for (i = 0; i < sim->callers->n; i++) {
		sim_enter(sim, sim->callers->all[i].room);
		sim_plan(sim, sim_length(sim, 0, 20 * TEL_SECOND), hang_up,
			 &sim->callers->all[i], 0);
	}
}
