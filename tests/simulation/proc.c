#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/receive_webhook.h"
#include "proc.h"
#include "base/banned.h"

#define INBOX_SLOTS 8
#define LONG (60 * TEL_SECOND)
#define PAUSE_AFTER_ERROR ((tel_time)100)
#define DRAIN (10 * TEL_SECOND)

/* ---- tasks -------------------------------------------------------------------- */

static void run_task(struct sim *sim, void *arg, uint64_t token);

static struct sim_task *start_task(struct sim_proc *proc, void (*fn)(void *arg),
				   struct sim_delivery *delivery)
{
	struct sim_task *task = sim_alloc(proc->sim, sizeof(*task));

	task->proc = proc;
	task->delivery = delivery;
	task->coro = sim_coro_new(proc->sim->coros, fn, task);
	task->next = proc->tasks;
	proc->tasks = task;
	proc->n_tasks++;
	sim_plan(proc->sim, 0, run_task, task, task->token);
	return task;
}

static void rise(struct sim *sim, void *arg, uint64_t token);

/* The last task is over: the process is gone, and its place is filled. */
static void process_ended(struct sim_proc *proc)
{
	struct sim *sim = proc->sim;

	tel_runner_free(proc->runner);
	tel_inbox_free(proc->inbox);
	proc->runner = NULL;
	proc->inbox = NULL;
	if (!proc->dead) {
		proc->dead = true;
		sim_trace(sim, "%s: has stopped", proc->name);
	}
	if (sim->procs->slots[proc->slot] == proc) {
		sim->procs->slots[proc->slot] = NULL;
		sim_plan(sim, sim_length(sim, 0, 3 * TEL_SECOND), rise, sim->procs, proc->slot);
	}
}

static void task_ended(struct sim_task *task)
{
	struct sim_proc *proc = task->proc;
	struct sim_task **at;

	for (at = &proc->tasks; *at != task; at = &(*at)->next)
		;
	*at = task->next;
	if (--proc->n_tasks == 0)
		process_ended(proc);
}

static void run_task(struct sim *sim, void *arg, uint64_t token)
{
	struct sim_task *task = arg;

	if (token != task->token)
		return;
	task->token++;
	task->asleep = false;
	sim->procs->running = task;
	if (sim_coro_resume(sim->coros, task->coro))
		task_ended(task);
	sim->procs->running = NULL;
}

struct sim_task *sim_task_running(struct sim *sim)
{
	return sim->procs->running;
}

void sim_task_sleep(struct sim *sim, tel_time ms, bool idle)
{
	struct sim_task *task = sim->procs->running;

	task->asleep = true;
	task->idle = idle;
	sim_plan(sim, ms, run_task, task, ++task->token);
	sim_coro_give_way(sim->coros);
}

void sim_proc_wake(struct sim_proc *proc)
{
	struct sim_task *task;

	for (task = proc->tasks; task; task = task->next)
		if (task->asleep && task->idle) {
			task->idle = false;
			sim_plan(proc->sim, 0, run_task, task, ++task->token);
		}
}

/* ---- points --------------------------------------------------------------------- */

bool sim_point(struct sim_proc *proc, const char *where)
{
	struct sim *sim = proc->sim;

	if (proc->dead)
		return false;
	sim->procs->running->where = where;
	if (sim_strikes(sim, SIM_KILL)) {
		sim_proc_kill(proc, where);
		return false;
	}
	if (sim_strikes(sim, SIM_STALL)) {
		tel_time length = sim_length(sim, 50, 10 * TEL_SECOND);

		sim_faults_lasts(&sim->faults, length);
		sim_trace(sim, "%s: stalls for %lld ms %s", proc->name, (long long)length, where);
		sim_task_sleep(sim, length, false);
	} else if (sim->choices || sim_pick(sim, 8) == 0) {
		sim_task_sleep(sim, sim_latency(sim, 0, 12), false);
	}
	return !proc->dead;
}

/* ---- what a process does ---------------------------------------------------------- */

static int status_of(const struct tel_received *got)
{
	switch (got->status) {
	case TEL_RECEIVED:		return 200;
	case TEL_RECEIVED_FORGED:	return 401;
	case TEL_RECEIVED_MALFORMED:	return 400;
	case TEL_RECEIVED_UNAVAILABLE:	break;
	}
	return 503;
}

static void deliver(void *arg)
{
	struct sim_task *task = arg;
	struct sim_proc *proc = task->proc;
	struct tel_str body = { (const char *)task->delivery->event, sizeof(struct sim_event) };
	struct tel_received got = { .status = TEL_RECEIVED_UNAVAILABLE };

	if (sim_point(proc, "before a delivery"))
		tel_receive_webhook(&proc->app, proc->inbox, TEL_STR("genuine"), body, &got);
	(void)sim_point(proc, "before the answer to a delivery");
	sim_delivery_answered(proc->sim, task->delivery, proc->dead ? 0 : status_of(&got));
}

static bool is_drained(const struct sim_proc *proc)
{
	return proc->stopping && (tel_runner_is_idle(proc->runner) ||
				  proc->sim->now >= proc->drain_until);
}

static void work(void *arg)
{
	struct sim_proc *proc = ((struct sim_task *)arg)->proc;
	tel_time began;

	while (!proc->dead && !is_drained(proc)) {
		began = proc->sim->now;
		if (proc->stopping)
			tel_runner_stop(proc->runner);
		if (tel_runner_turn(proc->runner, proc->stopping ? TEL_SECOND : LONG) &&
		    !proc->dead && proc->sim->now - began < PAUSE_AFTER_ERROR)
			sim_task_sleep(proc->sim, PAUSE_AFTER_ERROR, false);
	}
}

/* ---- a process's life --------------------------------------------------------------- */

static const struct tel_str everywhere[] = { { "+", 1 } };

static void compose(struct sim_proc *proc)
{
	struct sim *sim = proc->sim;

	sim_ports_init(proc);
	sim_store_port_init(proc);
	sim_livekit_port_init(proc);
	tel_fake_counters_init(&proc->counters);
	tel_fake_routing_init(&proc->routing);
	proc->routing.watch.fallback = sim->policy.fallback;
	if (sim->policy.fallback == TEL_FALLBACK_TRANSFER)
		proc->routing.watch.transfer_to = TEL_STR("tel:+15550300");
	proc->app = (struct tel_app){
		.store = &proc->store.base, .routing = &proc->routing.base,
		.verifier = &proc->verifier.base, .decoder = &proc->decoder.base,
		.livekit = &proc->livekit.base, .clock = &proc->clock.base,
		.random = &proc->random.base, .process = &proc->process.base,
		.log = &proc->log.base, .counters = &proc->counters.base, .enabled = true,
		.policy = {
			.room_delete_after = sim->policy.room_delete_after,
			.return_grace = 20 * TEL_SECOND,
			.max_age = sim->policy.max_age, .remember = TEL_DAY,
			.dial_within = 60 * TEL_SECOND,
			.agent_join_deadline = sim->policy.join_deadline,
			.agent_loss = sim->policy.agent_loss,
			.solo_timeout = sim->policy.solo_timeout,
			.max_duration = sim->policy.max_duration,
		},
		.reconcile_interval = sim->policy.reconcile_interval,
		.guards = { .allow = everywhere, .n_allow = 1 },
		.default_from = TEL_STR("+15550199"), .default_trunk = TEL_STR("ST_1"),
	};
}

static void wake_runner(void *ctx)
{
	struct sim_proc *proc = ctx;

	proc->livekit.base.ops->wake(&proc->livekit.base);
}

/* A process begins in `slot`, under a name that nobody had before. */
static void rise(struct sim *sim, void *arg, uint64_t slot)
{
	struct sim_procs *procs = arg;
	struct sim_proc *proc;

	if (procs->slots[slot])
		return;
	proc = sim_alloc(sim, sizeof(*proc));
	proc->sim = sim;
	proc->slot = (unsigned)slot;
	snprintf(proc->name, sizeof(proc->name), "p%u.%u", (unsigned)slot, ++procs->born[slot]);
	sim_enter(sim, tel_str_from(proc->name));
	proc->provable = !procs->unprovable;
	proc->skew = procs->skewed ? sim_length(sim, -30 * TEL_SECOND, 30 * TEL_SECOND) : 0;
	proc->mono = sim->now - 1000 * (tel_time)procs->born[slot];
	compose(proc);
	/* Some leave their jobs to others, as a CGI program does. */
	if ((sim->choices || sim_pick(sim, 5)) &&
	    tel_inbox_new(INBOX_SLOTS, wake_runner, proc, &proc->inbox))
		abort();
	if (tel_runner_new(&proc->app, proc->inbox, &proc->runner))
		abort();
	proc->next = procs->all;
	procs->all = procs->slots[slot] = proc;
	sim_trace(sim, "%s: starts%s, clock %+lld ms", proc->name,
		  proc->inbox ? "" : " without an inbox", (long long)proc->skew);
	start_task(proc, work, NULL);
}

void sim_procs_init(struct sim *sim, size_t n)
{
	struct sim_procs *procs = sim_alloc(sim, sizeof(*procs));
	size_t i;

	sim->procs = procs;
	procs->n_slots = n;
	procs->page = sim_alloc(sim, sizeof(*procs->page));
	procs->skewed = !sim->choices && sim_strikes(sim, SIM_SKEW);
	procs->unprovable = !sim->choices && sim_strikes(sim, SIM_UNPROVABLE);
	for (i = 0; i < n; i++)
		rise(sim, procs, i);
}

static void end_tasks(struct sim_proc *proc)
{
	struct sim_task *task;

	for (task = proc->tasks; task; task = task->next)
		if (task != proc->sim->procs->running)
			sim_plan_first(proc->sim, run_task, task, ++task->token);
}

void sim_proc_kill(struct sim_proc *proc, const char *where)
{
	struct sim *sim = proc->sim;

	sim_trace(sim, "%s: killed %s", proc->name, where);
	proc->dead = true;
	proc->answers = NULL;
	sim->procs->scan_until = sim->now + 10 * TEL_SECOND;
	if (!proc->provable)
		sim_faults_lasts(&sim->faults, 190 * TEL_SECOND);
	if (sim->procs->skewed)
		sim_faults_lasts(&sim->faults, 60 * TEL_SECOND);
	end_tasks(proc);
}

void sim_proc_stop(struct sim_proc *proc)
{
	if (proc->stopping)
		return;
	sim_trace(proc->sim, "%s: is to stop", proc->name);
	if (proc->sim->procs->skewed)
		sim_faults_lasts(&proc->sim->faults, 60 * TEL_SECOND);
	proc->stopping = true;
	proc->drain_until = proc->sim->now + DRAIN;
	if (proc->inbox)
		tel_inbox_close(proc->inbox);
	proc->livekit.base.ops->wake(&proc->livekit.base);
}

void sim_procs_revive(struct sim *sim)
{
	size_t i;

	for (i = 0; i < sim->procs->n_slots; i++)
		rise(sim, sim->procs, i);
}

void sim_procs_end(struct sim *sim)
{
	struct sim_item item;
	struct sim_proc *proc;

	for (proc = sim->procs->all; proc; proc = proc->next) {
		proc->dead = true;
		end_tasks(proc);
	}
	while (sim_agenda_take(&sim->agenda, &item))
		if (item.act == run_task)
			item.act(sim, item.arg, item.token);
}

struct sim_proc *sim_procs_any(struct sim *sim)
{
	struct sim_proc *able[SIM_MAX_PROCS];
	struct sim_proc *proc;
	size_t i, n = 0;

	for (i = 0; i < sim->procs->n_slots; i++) {
		proc = sim->procs->slots[i];
		if (proc && !proc->dead && !proc->stopping)
			able[n++] = proc;
	}
	return n ? able[sim_pick(sim, n)] : NULL;
}

void sim_proc_ask(struct sim_proc *proc, void (*fn)(void *task), struct sim_callee *callee)
{
	start_task(proc, fn, NULL)->callee = callee;
}

void sim_proc_deliver(struct sim_proc *proc, struct sim_delivery *delivery)
{
	sim_trace(proc->sim, "%s: is delivered %.*s", proc->name,
		  TEL_STR_ARG(delivery->event->id));
	start_task(proc, deliver, delivery);
}
