/*
 * The invariants, checked as things happen on what LiveKit and the callers
 * saw. Only I3 and I5 look into the store: they are about it.
 */
#ifndef SIM_JUDGE_H
#define SIM_JUDGE_H

#include "domain/step.h"
#include "livekit.h"
#include "proc.h"
#include "sim.h"

/* Without any fault a caller has his agent within this after we were told, … */
#define SIM_PROMPT ((tel_time)1500)

/* … and after a round began that finds him: its agent, on the way for up to 0.7 s,
   comes after seven requests, each of which takes up to 0.05 s, and their turns. */
#define SIM_FOUND ((tel_time)1200)

/* … and a phone that was hung up on is left alone within this, */
#define SIM_SILENT (4 * TEL_SECOND)

/* … and a room that a late dispatch made is deleted within this. */
#define SIM_TIDY (30 * TEL_SECOND)

/* … and one that a round finds left over, within two intervals and this: 30 s
   are our own deletion's to come first. */
#define SIM_CLEARED (40 * TEL_SECOND)

/* Our clocks differ by up to this much in a world of skewed ones. */
#define SIM_MOST_SKEW (61 * TEL_SECOND)

/* Legs of a call that are looked at when it is over. */
#define SIM_SEEN_LEGS 8

/* A call as a step left it. */
struct sim_seen_call {
	bool there;
	struct tel_call_id id;
	enum tel_call_status status;
	enum tel_outcome outcome;
	bool finished;			/* its room is over */
	struct tel_str room_name, room_sid;
	tel_time known_at;		/* first committed */
	tel_time began_at;		/* not before: the step may have come late, and then
					   the call moved */
	bool outbound;
	bool no_agent;			/* its error says so */
	bool hung_up;			/* by us, … */
	enum tel_hang_up_why why;	/* … because of that, … */
	struct tel_str hung_up_in;	/* … in that life of its room */
	const struct sim_leg *legs[SIM_SEEN_LEGS]; /* phones, once it is over */
	size_t n_legs;
};

struct sim_known_call;

struct sim_judge {
	struct sim_outcome *out;
	struct sim_known_call *calls;	/* what the store said of each call */
};

void sim_judge_init(struct sim *sim, struct sim_outcome *out);

void sim_violation(struct sim *sim, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* I1: a dispatch took effect. */
void sim_judge_dispatch(struct sim *sim, const struct sim_dispatch *d);
/* I1: the re-read before a dispatch. */
void sim_judge_dispatch_sent(struct sim *sim, const struct sim_request *request);
/* A room left over by its call is gone soon, where rounds are made. At the same times. */
void sim_judge_left_over(struct sim *sim, const struct sim_life *life);
/* I1: no ghost stays. At the closing of a life, and when all has settled. */
void sim_judge_ghost(struct sim *sim, const struct sim_life *life);
/* I2: the re-read before a dial. */
void sim_judge_dial_sent(struct sim *sim, const struct sim_request *request);
/* I2: a dialled phone has gone: not long after it was hung up on. */
void sim_judge_hung_up(struct sim *sim, const struct sim_leg *leg);
/* I3: an event was answered 2xx. */
void sim_judge_acknowledged(struct sim *sim, const struct sim_event *event);
/* I4: a request was sent. */
void sim_judge_request(struct sim *sim, const struct sim_task *task);
/* I5: a step was committed that left the call so. */
void sim_judge_committed(struct sim *sim, const struct sim_seen_call *seen);
/* When all has settled. */
void sim_judge_settled(struct sim *sim);
/* At the end of time. */
void sim_judge_end(struct sim *sim);
/* True if the store has nothing more to do. */
bool sim_judge_is_quiet(struct sim *sim);

/* ---- judge_waiting.c: I1, as the phones see it ---- */

void sim_judge_phone_came(struct sim *sim, struct sim_leg *leg);
void sim_judge_agent_came(struct sim *sim, const struct sim_leg *agent);
void sim_judge_agent_went(struct sim *sim, const struct sim_leg *agent);
/* A phone goes: it did not wait too long. */
void sim_judge_wait(struct sim *sim, struct sim_leg *leg);
/* A call is hung up for want of an agent: the look that says so showed none. */
void sim_judge_given_up(struct sim *sim, const struct sim_seen_call *seen);
/* The re-read before a dispatch is deleted. */
void sim_judge_drop_sent(struct sim *sim, const struct sim_request *request);
/* A working agent is not sent away. */
void sim_judge_dispatch_dropped(struct sim *sim, const struct sim_dispatch *d);
/* Nobody is hung up on who is known to be there, but for a reason. */
void sim_judge_room_deleted(struct sim *sim, const struct sim_request *request,
			    const struct sim_life *life);
/* All has settled: everybody who is there has an agent. */
void sim_judge_still_waiting(struct sim *sim, const struct sim_life *life);

/* ---- judge_records.c: the truth, in time ---- */

/* Fill seen->legs. */
void sim_judge_note_legs(struct sim *sim, const struct tel_call *call, struct sim_seen_call *seen);
/* A call has ended in our records. */
void sim_judge_over(struct sim *sim, const struct sim_seen_call *seen);
/* A repair was committed. */
void sim_judge_repaired(struct sim *sim, struct tel_str room_name);

/* ---- for the judges themselves ---- */

/* NULL: there never was such a one. */
const struct sim_life *sim_judge_life(const struct sim *sim, struct tel_str sid);
/* What may take `base` by itself, if it began at `since`. */
tel_time sim_allowance(const struct sim *sim, tel_time since, tel_time base);
/* How long who comes into a room waits for the call that was there before. */
tel_time sim_settling(const struct sim_leg *leg);
/* The call in that very room, the living one, else the newest, as committed; NULL: none. */
const struct sim_seen_call *sim_judge_call_in(const struct sim *sim, const struct sim_life *life);

#endif
