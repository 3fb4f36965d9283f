/*
 * What is going to happen, ordered by time. Things of the same moment are
 * ordered by `rank`, which the world draws: so every order of what happens
 * at once is possible, and each follows from the seed.
 */
#ifndef SIM_AGENDA_H
#define SIM_AGENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"

struct sim;

struct sim_item {
	tel_time at;
	uint64_t rank;
	uint64_t seq;		/* order of planning: the last tie-break */
	void (*act)(struct sim *sim, void *arg, uint64_t token);
	void *arg;
	uint64_t token;		/* the actor's: is this still meant? */
	uint64_t context;	/* whose chances: see sim.h */
};

struct sim_agenda {
	struct sim_item *items;	/* binary heap */
	size_t n, cap;
	uint64_t next_seq;
};

void sim_agenda_release(struct sim_agenda *agenda);
void sim_agenda_add(struct sim_agenda *agenda, struct sim_item item);
bool sim_agenda_take(struct sim_agenda *agenda, struct sim_item *out); /* false = empty */
/* Without taking it; NULL = empty. */
const struct sim_item *sim_agenda_first(const struct sim_agenda *agenda);

#endif
