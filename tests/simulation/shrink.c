#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"
#include "base/banned.h"

struct list {
	uint64_t *items;
	size_t n, cap;
};

struct shrink {
	uint64_t seed;
	size_t calls;
	struct sim_knobs knobs;
	const char *kind;		/* of the violation that is to remain */
	struct list faults, callers;	/* left out */
	struct sim_strike *strikes;	/* of the last run that kept it */
	size_t n_strikes;
	size_t runs;
};

static void push(struct list *list, uint64_t item)
{
	if (list->n == list->cap) {
		list->cap = list->cap ? list->cap * 2 : 64;
		list->items = realloc(list->items, list->cap * sizeof(uint64_t));
		if (!list->items)
			abort();
	}
	list->items[list->n++] = item;
}

/* Run with what is left out now. True: it still fails, and is remembered. */
static bool still_fails(struct shrink *s, bool trace)
{
	struct sim_left_out faults = { s->faults.items, s->faults.n };
	struct sim_left_out callers = { s->callers.items, s->callers.n };
	struct sim_knobs knobs = s->knobs;
	struct sim_strike *strikes;
	struct sim_outcome out;
	size_t n;

	knobs.left_out = &faults;
	knobs.absent_callers = &callers;
	knobs.trace = trace;
	sim_run_world(s->seed, s->calls, &knobs, &out, &strikes, &n);
	s->runs++;
	if (s->kind && out.kind != s->kind) {
		free(strikes);
		return false;
	}
	s->kind = out.kind;
	free(s->strikes);
	s->strikes = strikes;
	s->n_strikes = n;
	return true;
}

static bool try_without(struct shrink *s, struct list *list, uint64_t item)
{
	push(list, item);
	if (still_fails(s, false))
		return true;
	list->n--;
	return false;
}

static bool is_in(const struct list *list, uint64_t item)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (list->items[i] == item)
			return true;
	return false;
}

/* True if something could be left out. */
static bool pass(struct shrink *s)
{
	bool smaller = false;
	size_t i;

	for (i = 0; i < s->calls; i++)
		if (!is_in(&s->callers, i))
			smaller |= try_without(s, &s->callers, i);
	for (i = s->n_strikes; i-- > 0;)
		if (i < s->n_strikes)
			smaller |= try_without(s, &s->faults, s->strikes[i].draw);
	return smaller;
}

void sim_shrink(uint64_t seed, size_t calls, const struct sim_knobs *knobs)
{
	struct shrink s = { .seed = seed, .calls = calls, .knobs = *knobs };
	size_t i;

	(void)still_fails(&s, false);
	if (s.kind) {
		while (pass(&s) && s.runs < 1000)
			;
		printf("---- seed %" PRIu64 ", %zu of %zu callers, %zu faults (found in %zu runs)\n",
		       seed, calls - s.callers.n, calls, s.n_strikes, s.runs);
		for (i = 0; i < s.n_strikes; i++)
			printf("     fault: %s\n", sim_fault_name(s.strikes[i].fault));
		(void)still_fails(&s, true);
		printf("---- end of seed %" PRIu64 "\n", seed);
	}
	free(s.strikes);
	free(s.faults.items);
	free(s.callers.items);
}
