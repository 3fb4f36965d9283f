/*
 * What can go wrong, how often, and how long each may keep a caller waiting
 * (`penalty`, ms, without the fault's own length): the judge allows that.
 *
 * X(constant, name, strikes in a million chances, penalty)
 * Later features add their own here.
 */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "rng.h"

#define SIM_FAULT_LIST(X)								\
	/* deliveries */								\
	X(DUPLICATE, "delivery duplicated", 60000, 0)					\
	X(DELAY, "delivery delayed", 40000, 0)						\
	X(REORDER, "delivery overtaken by later ones", 30000, 0)			\
	X(DROP, "delivery dropped", 20000, 0)						\
	X(LOSE_ACK, "acknowledgement lost", 20000, 0)					\
	/* requests */									\
	X(LOSE_REQUEST, "request lost", 20000, 26000)					\
	X(LOSE_ANSWER, "answer lost", 30000, 26000)					\
	X(SLOW_REQUEST, "request slow", 40000, 2000)					\
	X(SLOW_ANSWER, "answer slow", 40000, 26000)					\
	X(NOT_SENT, "connection refused", 20000, 6000)					\
	X(TRY_LATER, "LiveKit busy (429)", 10000, 9000)					\
	X(SERVER_ERROR, "LiveKit error (500)", 10000, 8000)				\
	X(REFUSED, "LiveKit refuses (403)", 3000, 0)					\
	/* processes */									\
	X(KILL, "process killed", 6000, 8000)						\
	X(STALL, "process stalled", 2000, 2000)						\
	X(STOP, "process told to stop", 200000, 15000)					\
	/* the store */									\
	X(STORE_BUSY, "store busy", 6000, 4000)						\
	X(STORE_FULL, "store full", 4000, 4000)						\
	X(STORE_IO, "store input/output error", 4000, 4000)				\
	X(STORE_DOUBT, "commit durable, but reported as failed", 500, 190000)		\
	/* LiveKit and the world */							\
	X(LK_DOWN, "LiveKit cannot be reached", 300000, 12000)				\
	X(LK_RESTART, "LiveKit restarted", 400000, 30000)				\
	/* of a whole world */								\
	X(SKEW, "clocks up to 60 s apart", 500000, 0)					\
	X(UNPROVABLE, "deaths cannot be proven", 150000, 190000)			\
	/* agents, and webhooks that never come */					\
	X(NO_WORKERS, "no worker for a while", 300000, 17000)				\
	X(DISPATCH_MISSED, "dispatch met no free worker", 50000, 17000)			\
	X(AGENT_LATE, "agent comes late, or never", 40000, 30000)				\
	X(AGENT_DIES, "agent dies", 60000, 15000)						\
	X(AGENT_LEAVES, "agent leaves by itself", 60000, 15000)				\
	X(TRANSFER_DECLINED, "transfer declined", 200000, 8000)				\
	X(DEAF, "no webhook arrives for a while, or ever", 400000, 0)		\
	X(RULE_AGENT, "dispatch rule brings an agent, the caller is not told of", 60000, 0) \
	X(REPLACED, "room replaced between two requests of a look", 60000, 0)

enum sim_fault {
#define SIM_FAULT_ENUM(id, name, rate, penalty) SIM_##id,
	SIM_FAULT_LIST(SIM_FAULT_ENUM)
#undef SIM_FAULT_ENUM
	SIM_FAULT_KINDS
};

const char *sim_fault_name(enum sim_fault fault);

/*
 * A fault that struck. `draw` is the number that decided about it: in a world
 * it names the fault, and the shrinker leaves it out by that name.
 */
struct sim_strike {
	enum sim_fault fault;
	uint64_t draw;
	tel_time at;
	tel_time penalty;
	tel_time until;			/* it may be at work until then */
};

/* Draws that are to strike not, or callers that are not to call. */
struct sim_left_out {
	const uint64_t *items;
	size_t n;
};

struct sim_faults {
	uint32_t rates[SIM_FAULT_KINDS];	/* in a million; 0 = switched off */
	const struct sim_left_out *left_out;	/* may be NULL */
	struct sim_strike *strikes;		/* owned, in order */
	size_t n, cap;
};

/*
 * Rates of one world: some worlds are calm, and in the others each kind of
 * fault is there or not, so that every combination is met and no fault
 * hides another.
 */
void sim_faults_init(struct sim_faults *faults, uint64_t seed, bool calm);
void sim_faults_release(struct sim_faults *faults);

/* Does it strike, now? `draw` is any 64 bits. Kept if it does. */
bool sim_faults_draw(struct sim_faults *faults, enum sim_fault fault, uint64_t draw, tel_time now);

/* It strikes, whoever decided so. */
void sim_faults_strike(struct sim_faults *faults, enum sim_fault fault, tel_time now);

bool sim_is_left_out(const struct sim_left_out *list, uint64_t item); /* NULL is fine */

/* The last strike lasts so long by itself. */
void sim_faults_lasts(struct sim_faults *faults, tel_time length);

/* The last strike shows so much later. */
void sim_faults_shows_later(struct sim_faults *faults, tel_time after);

/* All penalties of what may be at work at `since` or later. */
tel_time sim_faults_penalty(const struct sim_faults *faults, tel_time since);

#endif
