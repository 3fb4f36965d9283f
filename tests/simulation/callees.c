#include "config.h"

#include <stdio.h>

#include "app/place_call.h"
#include "app/steer_call.h"
#include "callees.h"
#include "judge.h"
#include "base/banned.h"

#define RINGING_TIMEOUT (20 * TEL_SECOND)
#define MAX_DURATION (300 * TEL_SECOND)
#define NOBODY_AFTER (32 * TEL_SECOND)
#define MAX_ORDERS 6

static struct sim_callee *callee_of(struct sim *sim, struct tel_str to)
{
	size_t i;

	for (i = 0; i < sim->callees->n; i++)
		if (tel_str_eq(sim->callees->all[i].to, to))
			return &sim->callees->all[i];
	return NULL;
}

/* ---- the far end ------------------------------------------------------------ */

static void reply(struct sim *sim, struct sim_callee *c, enum tel_lk_verdict verdict, int http,
		  const char *code, int sip_status)
{
	struct sim_request *request = c->dial;

	if (!request)
		return;
	c->dial = NULL;
	request->answer.verdict = verdict;
	request->answer.http_status = http;
	request->answer.code = tel_str_from(code);
	request->answer.sip_status_code = sip_status;
	sim_request_answer(sim, request);
}

static void give_up(struct sim *sim, struct sim_callee *c)
{
	reply(sim, c, TEL_LK_UNKNOWN, 408, "canceled", 0);
}

static void hangs_up(struct sim *sim, void *arg, uint64_t token)
{
	struct sim_leg *leg = arg;

	(void)token;
	if (!leg->left_at)
		sim_lk_leaves(sim, leg, TEL_SIP_HANGUP, "CLIENT_INITIATED");
}

/* The leg goes and the dial fails, in either order. */
static void fails(struct sim *sim, struct sim_leg *leg, const char *reason, int sip_status)
{
	struct sim_callee *c = leg->callee;
	bool first = sim_pick(sim, 2) == 0;

	if (first)
		sim_lk_leaves(sim, leg, leg->status, reason);
	if (sip_status)
		reply(sim, c, TEL_LK_REFUSED, 503, "unavailable", sip_status);
	else
		give_up(sim, c);
	if (!first)
		sim_lk_leaves(sim, leg, leg->status, reason);
}

static void decides(struct sim *sim, void *arg, uint64_t token)
{
	struct sim_leg *leg = arg;
	struct sim_callee *c = leg->callee;

	(void)token;
	if (leg->left_at)
		return;
	switch (c->kind) {
	case SIM_ANSWERS:
		leg->status = TEL_SIP_ACTIVE;
		c->answered = true;
		c->answered_at = sim->now;
		sim_trace(sim, "callee %zu: answers", c->number);
		sim_plan(sim, c->talks_for, hangs_up, leg, 0);
		reply(sim, c, TEL_LK_DONE, 200, "", 0);
		break;
	case SIM_BUSY:
		fails(sim, leg, "USER_REJECTED", 486);
		break;
	case SIM_DECLINES:
		fails(sim, leg, "CLIENT_INITIATED", 603);
		break;
	case SIM_RINGS_OUT:
	case SIM_NOBODY:
	case SIM_NO_TRUNK:
	case SIM_CALLEE_KINDS:
		fails(sim, leg, "CLIENT_INITIATED", 0);
		break;
	}
}

static void rings(struct sim *sim, void *arg, uint64_t token)
{
	struct sim_leg *leg = arg;

	(void)sim;
	(void)token;
	if (!leg->left_at && leg->status == TEL_SIP_DIALING)
		leg->status = TEL_SIP_RINGING;
}

static tel_time decides_after(const struct sim_callee *c)
{
	return c->kind == SIM_NOBODY ? NOBODY_AFTER :
	       c->kind == SIM_RINGS_OUT ? RINGING_TIMEOUT : c->rings_for;
}

void sim_callee_dial(struct sim *sim, struct sim_request *request)
{
	struct sim_callee *c = callee_of(sim, request->to);
	struct sim_leg *leg;

	if (!c) {
		sim_violation(sim, "I2: %.*s was dialled, whom nobody ordered",
			      TEL_STR_ARG(request->to));
		return;
	}
	request->held = true;
	c->dial = request;
	if (c->kind == SIM_NO_TRUNK) {
		reply(sim, c, TEL_LK_GONE, 404, "not_found", 0);
		return;
	}
	if (++c->rung > 1)
		sim_violation(sim, "I2: the phone of callee %zu rings %u times", c->number, c->rung);
	leg = sim_lk_phone_dialled(sim, c, request->room, request->identity, request->call_id,
				   sim_id(sim, "SCL"));
	c->leg = leg;
	if (c->kind != SIM_NOBODY)
		sim_plan(sim, sim_length(sim, 200, 800), rings, leg, 0);
	sim_plan(sim, decides_after(c), decides, leg, 0);
}

void sim_callee_taken_down(struct sim *sim, struct sim_leg *leg)
{
	sim_judge_hung_up(sim, leg);
	if (leg->callee->leg == leg)
		give_up(sim, leg->callee);
}

/* LiveKit shows a phone that came back as ringing, although it talks. */
static void comes_back(struct sim *sim, void *arg, uint64_t token)
{
	struct sim_leg *old = arg, *leg;
	struct sim_callee *c = old->callee;

	(void)token;
	if (c->leg != old || (!sim_lk_is_up(sim) && sim->lk->silent))
		return;
	leg = sim_lk_phone_dialled(sim, c, old->life->room->name, old->identity, old->call_id,
				   old->sip_call_id);
	leg->status = TEL_SIP_RINGING;
	c->leg = leg;
	sim_plan(sim, c->talks_for, hangs_up, leg, 0);
}

void sim_callee_cut(struct sim *sim, struct sim_leg *leg)
{
	struct sim_callee *c = leg->callee;

	reply(sim, c, TEL_LK_UNKNOWN, 0, "connection broken", 0);
	if (leg->status == TEL_SIP_ACTIVE)
		sim_plan(sim, sim_length(sim, 8 * TEL_SECOND, 12 * TEL_SECOND), comes_back, leg, 0);
}

/* ---- the client --------------------------------------------------------------- */

static void order(struct sim *sim, void *arg, uint64_t token);
static void hang_up(struct sim *sim, void *arg, uint64_t token);

static void again(struct sim *sim, struct sim_callee *c,
		  void (*act)(struct sim *sim, void *arg, uint64_t token))
{
	sim_plan(sim, sim_length(sim, 500, 3000), act, c, 0);
}

/* POST calls, within a process. */
static void place(void *arg)
{
	struct sim_task *task = arg;
	struct sim_proc *proc = task->proc;
	struct sim_callee *c = task->callee;
	struct sim *sim = proc->sim;
	char key[24];
	struct tel_place_request request = {
		.to = c->to, .ringing_timeout = RINGING_TIMEOUT, .max_duration = MAX_DURATION,
		.principal = TEL_STR("client"),
	};
	struct tel_placed placed = { .status = TEL_PLACED_UNAVAILABLE };
	bool heard;

	snprintf(key, sizeof(key), "order-%zu", c->number);
	request.idempotency_key = tel_str_from(key);
	if (sim_point(proc, "before an order"))
		tel_place_call(&proc->app, proc->inbox, &request, &placed);
	heard = sim_point(proc, "before the answer to an order") &&
		placed.status == TEL_PLACED_BY_STEP;
	sim_trace(sim, "client: order %zu: %s", c->number, heard ? placed.place.call_id.text : "?");
	if (heard)
		c->call_id = placed.place.call_id;
	tel_call_free(placed.place.call);
	if (!heard)
		again(sim, c, order);
	else if (c->hang_up_after)
		sim_plan(sim, c->hang_up_after, hang_up, c, 0);
}

static void order(struct sim *sim, void *arg, uint64_t token)
{
	struct sim_callee *c = arg;
	struct sim_proc *proc = sim_procs_any(sim);

	(void)token;
	if (c->orders++ == MAX_ORDERS)
		return;
	if (proc)
		sim_proc_ask(proc, place, c);
	else
		again(sim, c, order);
}

/* DELETE calls/{callId} */
static void ask_to_hang_up(void *arg)
{
	struct sim_task *task = arg;
	struct sim_proc *proc = task->proc;
	struct sim_callee *c = task->callee;
	struct tel_hang_up out = { 0 };
	enum tel_err err = TEL_EIO;

	if (sim_point(proc, "before a hang-up"))
		err = tel_hang_up_call(&proc->app, tel_call_id_str(&c->call_id),
				       TEL_STR("client"), &out);
	tel_call_free(out.call);
	if (!sim_point(proc, "before the answer to a hang-up") || err)
		again(proc->sim, c, hang_up);
	else
		c->hang_up_heard = proc->sim->now;
}

static void hang_up(struct sim *sim, void *arg, uint64_t token)
{
	struct sim_callee *c = arg;
	struct sim_proc *proc = sim_procs_any(sim);

	(void)token;
	c->hang_up_asked = true;
	if (proc)
		sim_proc_ask(proc, ask_to_hang_up, c);
	else
		again(sim, c, hang_up);
}

/* ---- the population --------------------------------------------------------------- */

static void draw(struct sim *sim, struct sim_callee *c, struct sim_rng *rng)
{
	static const enum sim_callee_kind kinds[] = {
		SIM_ANSWERS, SIM_ANSWERS, SIM_ANSWERS, SIM_ANSWERS, SIM_BUSY, SIM_DECLINES,
		SIM_RINGS_OUT, SIM_NOBODY, SIM_NO_TRUNK };
	char *to = sim_alloc(sim, 16);

	snprintf(to, 16, "+1555%07zu", 2000000 + c->number);
	c->to = tel_str_from(to);
	c->kind = kinds[sim_rng_below(rng, sizeof(kinds) / sizeof(kinds[0]))];
	c->ordered_at = sim_rng_between(rng, 0, SIM_ACTIVE - 1);
	c->rings_for = sim_rng_between(rng, 300, 15 * TEL_SECOND);
	c->talks_for = sim_rng_between(rng, 100, 40 * TEL_SECOND);
	if (sim_rng_percent(rng, 25))
		c->hang_up_after = sim_rng_between(rng, 1, 25 * TEL_SECOND);
}

void sim_callees_init(struct sim *sim, size_t n)
{
	struct sim_callee *c;
	struct sim_rng rng;
	size_t i;

	sim->callees = sim_alloc(sim, sizeof(*sim->callees));
	sim->callees->all = sim_alloc(sim, (n + 1) * sizeof(struct sim_callee));
	sim->callees->n = n;
	for (i = 0; i < n; i++) {
		c = &sim->callees->all[i];
		c->number = i;
		rng = sim_rng_stream(sim->seed, 5000 + i);
		draw(sim, c, &rng);
		if (sim_is_left_out(sim->knobs.absent_callers, 5000 + i))
			continue;
		if (sim->hasty)
			c->hang_up_after = 1 + c->rings_for % 60;
		sim_enter(sim, c->to);
		sim_plan(sim, c->ordered_at, order, c, 0);
	}
}

/* ---- is the record true? ------------------------------------------------------------ */

static bool is_true(const struct sim_callee *c, const struct tel_call *call)
{
	switch (call->outcome) {
	case TEL_OUTCOME_COMPLETED:
		return c->answered;
	case TEL_OUTCOME_BUSY:
		return c->kind == SIM_BUSY && c->rung;
	case TEL_OUTCOME_REJECTED:
		return c->kind == SIM_DECLINES && c->rung;
	case TEL_OUTCOME_NO_ANSWER:
		return c->rung && !c->answered;
	case TEL_OUTCOME_CANCELED:
		return c->hang_up_asked;
	case TEL_OUTCOME_FAILED:
		/* Or LiveKit refused it an agent for good, or none came. */
		return !c->answered || (c->leg && c->leg->excused) ||
		       (call->hang_up_at && call->hang_up_why != TEL_HANG_UP_ASKED);
	case TEL_OUTCOME_UNKNOWN:
		return true;
	case TEL_OUTCOME_NONE:
	case TEL_OUTCOMES:
		break;
	}
	return false;
}

void sim_callees_check(struct sim *sim)
{
	const struct sim_callee *c;
	struct tel_call *call;
	size_t i;

	for (i = 0; i < sim->callees->n; i++) {
		c = &sim->callees->all[i];
		if (c->leg && !c->leg->left_at)
			sim_violation(sim, "I2: the phone of callee %zu is held for ever", c->number);
		call = NULL;
		if (!c->call_id.text[0] ||
		    sim->store->ops->get(sim->store, &c->call_id, &call, NULL))
			continue;
		sim->judge->out->outcomes[call->outcome]++;
		if (!is_true(c, call))
			sim_violation(sim, "I2: callee %zu: the record says %s", c->number,
				      tel_outcome_text(call->outcome) ?
				      tel_outcome_text(call->outcome) : "nothing");
		tel_call_free(call);
	}
}
