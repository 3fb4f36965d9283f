/*
 * Who calls: when, into which room, for how long. Each caller is drawn from
 * a stream of his own, so leaving one out changes nothing about the others.
 */
#ifndef SIM_CALLERS_H
#define SIM_CALLERS_H

#include "livekit.h"
#include "sim.h"

/* A phone that nobody answers rings so long. */
#define SIM_RING_TIMEOUT (45 * TEL_SECOND)

struct sim_caller {
	size_t number;
	struct tel_str room, identity, sip_call_id;
	tel_time calls_at, stays;	/* after the world's beginning; ms */
	bool patient;			/* stays until all has settled */
	bool brings_colleague;		/* his agent dials one more phone */
	bool gone;			/* has hung up */
	const char *reason;		/* how his leg will leave */
	struct sim_leg *leg;		/* the newest; NULL: not there yet */
};

struct sim_callers {
	struct sim_caller *all;
	size_t n;
};

void sim_callers_init(struct sim *sim, size_t n);
/* For explore.c: one, who calls at once and hangs up after `stays`. */
void sim_callers_init_one(struct sim *sim, tel_time stays);
/* LiveKit was restarted: his leg is dead; he may come back. */
void sim_caller_cut(struct sim *sim, struct sim_caller *caller);
/* He hangs up, LiveKit closes the room at once, and he calls again. */
void sim_caller_calls_anew(struct sim *sim, struct sim_leg *leg);
/* Those who are still there hang up, one after the other. */
void sim_callers_hang_up(struct sim *sim);

#endif
