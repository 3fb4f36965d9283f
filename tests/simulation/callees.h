/*
 * Whom our outbound calls dial, and who orders those calls. A callee answers,
 * is busy, declines, lets it ring or is not there at all; a client of ours
 * may hang up at any time. Each is drawn from a stream of his own.
 */
#ifndef SIM_CALLEES_H
#define SIM_CALLEES_H

#include "livekit.h"
#include "proc.h"
#include "sim.h"

enum sim_callee_kind {
	SIM_ANSWERS,
	SIM_BUSY,		/* 486 */
	SIM_DECLINES,		/* 603 */
	SIM_RINGS_OUT,		/* 408 after ringing_timeout */
	SIM_NOBODY,		/* 408 after 32 s, it never rang */
	SIM_NO_TRUNK,		/* 404: LiveKit does not dial */
	SIM_CALLEE_KINDS
};

struct sim_callee {
	size_t number;
	enum sim_callee_kind kind;
	struct tel_str to;		/* his phone */
	tel_time ordered_at;		/* after the world's beginning; ms */
	tel_time rings_for, talks_for;
	tel_time hang_up_after;		/* 0: nobody hangs up for him */

	/* the client's side */
	struct tel_call_id call_id;	/* as POST calls said; "" = not known */
	unsigned orders;		/* requests sent so far */
	bool hang_up_asked;
	tel_time hang_up_heard;		/* when that was answered 2xx; 0 = not */

	/* the truth */
	unsigned rung;			/* dials that took effect (I2) */
	bool answered;
	tel_time answered_at;
	struct sim_leg *leg;		/* the newest; NULL: none was there */
	struct sim_request *dial;	/* its answer is to come; NULL = none */
};

struct sim_callees {
	struct sim_callee *all;
	size_t n;
};

void sim_callees_init(struct sim *sim, size_t n);

/* CreateSIPParticipant takes effect: a phone rings. The answer comes later. */
void sim_callee_dial(struct sim *sim, struct sim_request *request);

/* LiveKit took the leg down: the dial, if it waits, has failed. */
void sim_callee_taken_down(struct sim *sim, struct sim_leg *leg);

/* LiveKit was restarted: who talked comes back, a dial is lost. */
void sim_callee_cut(struct sim *sim, struct sim_leg *leg);

/* At the end of time: what the records say of each is the truth. */
void sim_callees_check(struct sim *sim);

#endif
