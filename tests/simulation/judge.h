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

/* Without any fault a caller has his agent within this after we were told. */
#define SIM_PROMPT ((tel_time)1500)

/* … and a phone that was hung up on is left alone within this, */
#define SIM_SILENT (4 * TEL_SECOND)

/* … and a room that a late dispatch made is deleted within this. */
#define SIM_TIDY (30 * TEL_SECOND)

/* A call as a step left it. */
struct sim_seen_call {
	bool there;
	struct tel_call_id id;
	enum tel_call_status status;
	enum tel_outcome outcome;
	bool finished;			/* its room is over */
	struct tel_str room_sid;
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
/* I1: a phone that waited has gone, or time is up. */
void sim_judge_wait(struct sim *sim, struct sim_leg *leg);
/* I1: the re-read before a dispatch. */
void sim_judge_dispatch_sent(struct sim *sim, const struct sim_request *request);
/* Nobody is hung up on who is known to be there. */
void sim_judge_room_deleted(struct sim *sim, const struct sim_request *request,
			    const struct sim_life *life);
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
/* When all has settled: everybody who is there has an agent. */
void sim_judge_settled(struct sim *sim);
/* At the end of time. */
void sim_judge_end(struct sim *sim);
/* True if the store has nothing more to do. */
bool sim_judge_is_quiet(struct sim *sim);

#endif
