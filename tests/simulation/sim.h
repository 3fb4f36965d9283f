/*
 * A simulated world: a LiveKit with its callers, a network, and server
 * processes that are the real use cases on a shared store. Virtual time, one
 * seed, one thread, no sleeping: a seed's world is the same every time.
 *
 *   callers.c   who calls, when, into which room, for how long
 *   callees.c   whom we call: who orders it, and how the phone takes it
 *   livekit.c   rooms, their lives, phones: the truth
 *   agents.c    dispatches, the workers that take them, agents
 *   sender.c    LiveKit's webhooks: queues, retries, what the network does
 *   api.c       LiveKit's API: requests on their way, acting, answers
 *   proc.c      processes: start, deliveries, the runner, kill, stop
 *   ports.c     a process's small ports; store_port.c: its store
 *   judge.c     the invariants, on what LiveKit and the callers saw
 *   judge_waiting.c   of them, those about phones that wait for agents
 *   judge_records.c   … and about what the records say
 *   world.c     one world from its seed to its end
 *   shrink.c    a failing world made small; explore.c: small worlds, all of them
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agenda.h"
#include "base/arena.h"
#include "base/time.h"
#include "coro.h"
#include "domain/call.h"
#include "domain/policy.h"
#include "faults.h"
#include "ports/call_store.h"
#include "rng.h"

/* The world's clock starts here. */
#define SIM_BEGIN ((tel_time)1800000000 * TEL_SECOND)

/* New callers and faults come for so long; then all is well again. */
#define SIM_ACTIVE (60 * TEL_SECOND)

/*
 * So long after that the last trace of every fault is gone: a lease whose
 * owner cannot be proven dead (120 s, clocks 60 s apart), a request that
 * ran out (15 s), and the pauses between.
 */
#define SIM_SETTLED (215 * TEL_SECOND)

/* How long LiveKit keeps a room whose phones have left. */
#define SIM_DEPARTURE_TIMEOUT (20 * TEL_SECOND)
/* … and one that CreateRoom made, and nobody came into. */
#define SIM_EMPTY_TIMEOUT (120 * TEL_SECOND)

/*
 * A request that its sender wrote acts within this, or never. It has to stay
 * below TEL_TAKEOVER_SETTLE: a request of a killed process that acts later
 * than its successor's look is a limit that no client can overcome, since
 * CreateDispatch is not idempotent. `late_requests` shows what happens then.
 */
#define SIM_REQUEST_BOUND ((tel_time)800)
#define SIM_LATE_REQUEST_BOUND ((tel_time)5000)

struct sim_knobs {
	bool late_requests;	/* break SIM_REQUEST_BOUND: a violation appears */
	bool trace;
	const char *lmdb;	/* a directory to make stores in; NULL = in memory */
	const struct sim_left_out *left_out;		/* faults; NULL = none */
	const struct sim_left_out *absent_callers;	/* NULL = all call */
};

/* What the operator of this world has decided. */
struct sim_policy {
	tel_time max_age, room_delete_after;
	tel_time reconcile_interval;	/* 0 = never */
	tel_time join_deadline;
	tel_time solo_timeout, max_duration;
	enum tel_agent_loss agent_loss;
	enum tel_fallback fallback;
};

/* A small world of explore.c; from where on everything in it is a choice. */
struct sim_small {
	enum {
		SIM_SMALL_CALL,		/* a caller comes */
		SIM_SMALL_DISPATCH,	/* his dispatch is made; it may be lost */
		SIM_SMALL_ROUND		/* nobody was told of him, and a round begins */
	} from;
	tel_time stays;
};

struct sim_choices;
struct sim_lk;
struct sim_procs;
struct sim_judge;
struct sim_callers;
struct sim_callees;

struct sim {
	struct sim_knobs knobs;
	uint64_t seed;
	tel_time now;
	struct sim_agenda agenda;
	uint64_t context;		/* whose chances are drawn now */
	struct sim_contexts *contexts;
	struct sim_faults faults;
	struct sim_choices *choices;	/* explore.c decides; NULL = the rng */
	const struct sim_small *small;	/* … in this world */
	struct sim_coros *coros;
	struct tel_arena mem;		/* everything that lives as long as the world */
	struct tel_call_store *store;	/* the real one, without decorator */

	struct sim_policy policy;
	bool calm;			/* nothing goes wrong */
	bool hasty;			/* callers hang up while they are dispatched for */
	bool settled;			/* no more faults; nothing to hurry */
	bool over;
	uint64_t tick;			/* things that have happened */
	unsigned last_id;

	struct sim_lk *lk;
	struct sim_procs *procs;
	struct sim_judge *judge;
	struct sim_callers *callers;
	struct sim_callees *callees;
};

/* Zeroed memory that lives as long as the world; never NULL. */
void *sim_alloc(struct sim *sim, size_t size);
/* "<prefix>_<n>", unique in the world. */
struct tel_str sim_id(struct sim *sim, const char *prefix);

/* Have act(sim, arg, token) done `after` ms from now. */
/* In the present context. */
void sim_plan(struct sim *sim, tel_time after,
	      void (*act)(struct sim *sim, void *arg, uint64_t token), void *arg, uint64_t token);
/* Before everything else that is to happen now. */
void sim_plan_first(struct sim *sim, void (*act)(struct sim *sim, void *arg, uint64_t token),
		    void *arg, uint64_t token);

/*
 * ---- chance: the seed's, or explore.c's ----
 *
 * Each room, call and process has chances of its own (a context): a draw
 * depends on the seed, the context and how many it drew before. So leaving
 * a caller or a fault out changes little about the rest of the world, and
 * the shrinker gets far.
 */

uint64_t sim_draw(struct sim *sim);
/* Change the context; returns the one before. */
uint64_t sim_enter(struct sim *sim, struct tel_str name);

bool sim_strikes(struct sim *sim, enum sim_fault fault);
/* A free choice, 0 … n - 1. */
size_t sim_pick(struct sim *sim, size_t n);
/* How long something small takes: nothing at all when exploring. */
tel_time sim_latency(struct sim *sim, tel_time low, tel_time high);
/* A length of time; `low` when exploring. */
tel_time sim_length(struct sim *sim, tel_time low, tel_time high);

/* ---- explore.c ---- */

/* An order for things that happen at the same moment. */
size_t sim_choices_pick(struct sim_choices *choices, size_t n);
bool sim_choices_strike(struct sim_choices *choices, enum sim_fault fault);
/* From now on everything is a choice. */
void sim_choices_begin(struct sim_choices *choices);
/* The world is in this state before its next choice. */
void sim_choices_visit(struct sim_choices *choices, uint64_t state);

/* ---- trace ---- */

void sim_trace(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- world.c ---- */

struct sim_outcome {
	size_t calls, faults, violations;
	size_t served;			/* phone legs that got an agent */
	uint64_t waited;		/* ms, all of them together */
	tel_time longest_wait;
	uint64_t requests, deliveries;
	uint64_t struck[SIM_FAULT_KINDS];
	size_t outcomes[TEL_OUTCOMES];	/* of outbound calls */
	size_t limits;			/* known limits that showed: see RELIABILITY.md */
	char what[160];			/* the first violation; "" = none */
	const char *kind;		/* of it: the same pointer, the same kind */
};

/*
 * Run the world of `seed` with `calls` callers to its end. `strikes` (may be
 * NULL) receives the faults that struck: release with free().
 */
void sim_run_world(uint64_t seed, size_t calls, const struct sim_knobs *knobs,
		   struct sim_outcome *out, struct sim_strike **strikes, size_t *n_strikes);

/* ---- shrink.c ---- */

/*
 * Make the failing world of `seed` small: leave out callers and faults as
 * long as a violation of the same kind remains, then run it with a trace.
 */
void sim_shrink(uint64_t seed, size_t calls, const struct sim_knobs *knobs);

/* One caller, two processes, by the choices of explore.c. */
void sim_run_small_world(struct sim_choices *choices, const struct sim_small *small,
			 const struct sim_knobs *knobs, struct sim_outcome *out);

#endif
