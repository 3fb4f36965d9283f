/*
 * Virtual server processes: each is the real use cases, with ports that are
 * points where the scheduler may switch to another process, stall this one,
 * or kill it. After a kill its ports refuse everything without any effect.
 */
#ifndef SIM_PROC_H
#define SIM_PROC_H

#include "app/app.h"
#include "app/inbox.h"
#include "app/reconcile.h"
#include "app/run_jobs.h"
#include "fakes/fake_counters.h"
#include "fakes/fake_routing.h"
#include "livekit.h"
#include "sim.h"

#define SIM_MAX_PROCS 4

/* Jobs and looks that a process has under way at once, at most, and its rounds. */
#define SIM_MAX_ASKERS (TEL_RUNNER_MAX_IN_FLIGHT + TEL_RECONCILE_AT_ONCE + 1)

struct sim_proc;
struct sim_request;

/* A coroutine of a process: its runner, or one delivery. */
struct sim_task {
	struct sim_task *next;
	struct sim_proc *proc;
	struct sim_coro *coro;
	struct sim_delivery *delivery;	/* NULL: the runner, or a client asks */
	struct sim_callee *callee;	/* whom a client's request is about */
	uint64_t token;			/* which waking counts */
	bool asleep;
	const char *where;		/* the point it is at */
	bool idle;			/* asleep until something happens: wake() counts */
};

/* A port of one process. */
#define SIM_PORT(port) struct sim_##port##_port { struct tel_##port base; struct sim_proc *proc; }
SIM_PORT(call_store);
SIM_PORT(livekit);
SIM_PORT(clock);
SIM_PORT(random);
SIM_PORT(process);
SIM_PORT(log);
SIM_PORT(webhook_verifier);
SIM_PORT(event_decoder);

struct sim_proc {
	struct sim *sim;
	struct sim_proc *next;		/* every process that ever was */
	unsigned slot;
	char name[24];			/* "p1.7": the seventh in slot 1 */
	bool dead;			/* killed, or ended */
	bool stopping;
	bool provable;			/* others can know that it is dead */
	tel_time skew;			/* its wall clock is so far ahead */
	tel_time mono;			/* origin of its monotonic clock */
	tel_time drain_until;

	struct sim_task *tasks;
	size_t n_tasks;

	struct sim_call_store_port store;
	struct sim_livekit_port livekit;
	struct sim_clock_port clock;
	struct sim_random_port random;
	struct sim_process_port process;
	struct sim_log_port log;
	struct sim_webhook_verifier_port verifier;
	struct sim_event_decoder_port decoder;
	struct tel_fake_counters counters;
	struct tel_fake_routing routing;
	struct tel_app app;
	struct tel_inbox *inbox;	/* NULL: this one runs no jobs of its own */
	struct tel_runner *runner;

	/* the livekit port */
	struct sim_request *answers;	/* ready for poll(), oldest first */
	bool woken;
	uint64_t turn_tick;		/* when the runner's present turn began */
	/* the last request of each job, by what it has its answers brought to */
	struct {
		const void *ctx;
		const struct sim_request *last;
	} askers[SIM_MAX_ASKERS];
};

struct sim_procs {
	struct sim_proc *all;
	struct sim_proc *slots[SIM_MAX_PROCS];	/* NULL: being restarted */
	size_t n_slots;
	unsigned born[SIM_MAX_PROCS];
	tel_time round_at;		/* ListRooms of all rooms was last sent … */
	struct sim_proc *round_by;	/* … by that one */
	tel_time scan_until;		/* until then runners look as often as ever */
	bool skewed, unprovable;	/* this world's processes */
	struct sim_task *running;
	struct tel_due_page *page;	/* for api.c */
};

void sim_procs_init(struct sim *sim, size_t n);
/* All end at once; nothing they do has any effect. */
void sim_procs_end(struct sim *sim);

/* A living process that takes deliveries; NULL = none. */
struct sim_proc *sim_procs_any(struct sim *sim);
void sim_proc_deliver(struct sim_proc *proc, struct sim_delivery *delivery);
/* A request of a client; fn(task). */
void sim_proc_ask(struct sim_proc *proc, void (*fn)(void *task), struct sim_callee *callee);
void sim_proc_kill(struct sim_proc *proc, const char *where);
void sim_proc_stop(struct sim_proc *proc);
/* Every slot has a process, now. */
void sim_procs_revive(struct sim *sim);

/*
 * A point where anything may happen to the process that runs. False: it is
 * dead, the caller returns an error without having done anything.
 */
bool sim_point(struct sim_proc *proc, const char *where);

struct sim_task *sim_task_running(struct sim *sim);
/* Let the running task sleep; `idle`: sim_proc_wake() ends it. */
void sim_task_sleep(struct sim *sim, tel_time ms, bool idle);
void sim_proc_wake(struct sim_proc *proc);

/* ---- ports.c, store_port.c, api.c ---- */
void sim_ports_init(struct sim_proc *proc);
void sim_store_port_init(struct sim_proc *proc);
void sim_livekit_port_init(struct sim_proc *proc);

/* ---- api.c ---- */
struct sim_request {
	struct sim_request *next;
	struct sim_proc *proc;
	enum tel_lk_method method;
	struct tel_str room, agent_name, call_id, meant_for;
	tel_lk_done_fn done;
	void *ctx;
	tel_time sent_at;
	uint64_t turn_tick;		/* of the turn that sent it */
	uint64_t epoch;			/* LiveKit's */
	const struct sim_request *before; /* of the same job; NULL: it is the first */
	tel_time acted_at;		/* 0: it has not */
	bool refuse, late;
	struct tel_str identity, to;	/* of a dial; identity of a look, a transfer */
	struct tel_str dispatch_id;	/* DELETE_DISPATCH */
	tel_time timeout;
	bool held;			/* it will be answered later */
	bool is_answered;
	struct tel_lk_answer answer;
};

/* A held request is answered now, as request->answer says. */
void sim_request_answer(struct sim *sim, struct sim_request *request);

#endif
