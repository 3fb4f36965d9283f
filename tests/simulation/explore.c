/*
 * Small worlds, all of them: one call, two processes, no chance. Whatever the
 * scheduler or a fault could do is a choice; a world is run once for each
 * sequence of choices, depth first: the last choice that has another option
 * takes it, and everything behind begins anew. Behind `depth` choices the
 * first option is taken, which is: no fault, in order.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "explore.h"
#include "rng.h"
#include "base/banned.h"

#define MAX_DEPTH 64

struct sim_choices {
	size_t depth;			/* choices that are varied */
	size_t known;			/* of them, decided by the run before */
	size_t n;			/* made in this run */
	struct {
		uint8_t chosen, options;
	} made[MAX_DEPTH];
	bool begun;
	unsigned faults_left;
	uint64_t *states;		/* hash set; 0 = empty */
	size_t n_states, cap;
};

/* ---- states --------------------------------------------------------------------- */

static bool put(uint64_t *states, size_t cap, uint64_t state)
{
	size_t i = state % cap;

	for (; states[i]; i = (i + 1) % cap)
		if (states[i] == state)
			return false;
	states[i] = state;
	return true;
}

static void grow(struct sim_choices *c)
{
	size_t cap = c->cap ? c->cap * 2 : 1 << 16, i;
	uint64_t *states = calloc(cap, sizeof(*states));

	if (!states)
		abort();
	for (i = 0; i < c->cap; i++)
		if (c->states[i])
			(void)put(states, cap, c->states[i]);
	free(c->states);
	c->states = states;
	c->cap = cap;
}

void sim_choices_visit(struct sim_choices *c, uint64_t state)
{
	if (c->n >= c->depth || !c->begun)
		return;
	if (c->n_states * 2 >= c->cap)
		grow(c);
	c->n_states += put(c->states, c->cap, state ? state : 1);
}

void sim_choices_begin(struct sim_choices *c)
{
	c->begun = true;
}

/* ---- choices ---------------------------------------------------------------------- */

size_t sim_choices_pick(struct sim_choices *c, size_t n)
{
	size_t at = c->n;

	if (n < 2 || at == c->depth || !c->begun)
		return 0;
	c->n++;
	if (at >= c->known) {
		c->made[at].chosen = 0;
		c->made[at].options = (uint8_t)(n < 255 ? n : 255);
	}
	return c->made[at].chosen;
}

bool sim_choices_strike(struct sim_choices *c, enum sim_fault fault)
{
	static const bool explored[SIM_FAULT_KINDS] = {
		[SIM_DUPLICATE] = true, [SIM_REORDER] = true, [SIM_DROP] = true,
		[SIM_LOSE_ACK] = true, [SIM_LOSE_REQUEST] = true, [SIM_LOSE_ANSWER] = true,
		[SIM_KILL] = true, [SIM_STORE_IO] = true, [SIM_DISPATCH_MISSED] = true,
	};

	if (!explored[fault] || c->faults_left == 0 || sim_choices_pick(c, 2) == 0)
		return false;
	c->faults_left--;
	return true;
}

/* The next sequence; false: that was the last. */
static bool next(struct sim_choices *c)
{
	while (c->n > 0 && c->made[c->n - 1].chosen + 1 >= c->made[c->n - 1].options)
		c->n--;
	if (c->n == 0)
		return false;
	c->made[c->n - 1].chosen++;
	c->known = c->n;
	return true;
}

static void run(struct sim_choices *c, const struct sim_small *small, const struct sim_knobs *knobs,
		struct sim_outcome *out)
{
	c->n = 0;
	c->begun = false;
	c->faults_left = 1;
	sim_run_small_world(c, small, knobs, out);
}

static void explain(struct sim_choices *c, const struct sim_small *small,
		    const struct sim_outcome *out)
{
	struct sim_knobs knobs = { .trace = true };
	struct sim_outcome again;
	size_t i, n = c->n, known = c->known;

	printf("world %d, a caller who stays %lld ms: %s\n  choices", (int)small->from,
	       (long long)small->stays, out->what);
	for (i = 0; i < n; i++)
		printf(" %u/%u", c->made[i].chosen, c->made[i].options);
	putchar('\n');
	c->known = n;
	run(c, small, &knobs, &again);
	c->known = known;
}

size_t sim_explore(size_t depth, size_t explained)
{
	static const struct sim_small worlds[] = {
		/* Hangs up at once; before the agent is there; after it came. */
		{ SIM_SMALL_CALL, 0 }, { SIM_SMALL_CALL, 10 }, { SIM_SMALL_CALL, 2000 },
		/* … the moment it is watched for the agent; after another one came. */
		{ SIM_SMALL_DISPATCH, 2000 }, { SIM_SMALL_DISPATCH, 6000 },
		/* … the moment a round begins; after his agent came. */
		{ SIM_SMALL_ROUND, 4900 }, { SIM_SMALL_ROUND, 9000 },
	};
	struct sim_choices c = { .depth = depth < MAX_DEPTH ? depth : MAX_DEPTH };
	const struct sim_knobs knobs = { 0 };
	size_t runs = 0, violations = 0, i;
	struct sim_outcome out;

	for (i = 0; i < sizeof(worlds) / sizeof(worlds[0]); i++) {
		c.known = 0;
		do {
			run(&c, &worlds[i], &knobs, &out);
			runs++;
			violations += out.violations > 0;
			if (out.violations && explained && explained--)
				explain(&c, &worlds[i], &out);
		} while (next(&c));
	}
	printf("explored %zu choices deep: %zu worlds, %zu states, %zu violations\n", c.depth,
	       runs, c.n_states, violations);
	free(c.states);
	return violations;
}
