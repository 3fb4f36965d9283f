#include "config.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "callees.h"
#include "callers.h"
#include "judge.h"
#include "lmdb-store/lmdb_store.h"
#include "memory-store/memory_store.h"
#include "proc.h"
#include "base/banned.h"

/* Nothing takes longer than the longest max_age, twice over. */
#define END_OF_TIME (5 * TEL_DAY)

/* A world has some thousands; some that look for a room all day have more. */
#define MOST_TICKS 3000000

/* ---- what all parts use ---------------------------------------------------- */

void *sim_alloc(struct sim *sim, size_t size)
{
	void *p = tel_arena_alloc(&sim->mem, size);

	if (!p)
		abort();
	return p;
}

struct tel_str sim_id(struct sim *sim, const char *prefix)
{
	char *out = sim_alloc(sim, 24);

	snprintf(out, 24, "%s_%u", prefix, ++sim->last_id);
	return tel_str_from(out);
}

void sim_plan(struct sim *sim, tel_time after,
	      void (*act)(struct sim *sim, void *arg, uint64_t token), void *arg, uint64_t token)
{
	sim_agenda_add(&sim->agenda, (struct sim_item){
		.at = sim->now + (after > 0 ? after : 0), .act = act, .arg = arg, .token = token,
		.rank = sim->choices ? 1 : 1 + (sim_draw(sim) >> 1), .context = sim->context,
	});
}

void sim_plan_first(struct sim *sim, void (*act)(struct sim *sim, void *arg, uint64_t token),
		    void *arg, uint64_t token)
{
	sim_agenda_add(&sim->agenda, (struct sim_item){
		.at = sim->now, .act = act, .arg = arg, .token = token,
	});
}

/* ---- chance ------------------------------------------------------------------- */

#define CONTEXTS 1024

struct sim_contexts {
	struct {
		uint64_t key, drawn;
	} slots[CONTEXTS];
};

static uint64_t *drawn_in(struct sim_contexts *contexts, uint64_t key)
{
	size_t i, n;

	for (i = key % CONTEXTS, n = 0; n < CONTEXTS; i = (i + 1) % CONTEXTS, n++) {
		if (contexts->slots[i].drawn == 0)
			contexts->slots[i].key = key;
		if (contexts->slots[i].key == key)
			return &contexts->slots[i].drawn;
	}
	abort();
}

uint64_t sim_draw(struct sim *sim)
{
	uint64_t n = ++*drawn_in(sim->contexts, sim->context);

	return sim_hash(sim_hash(sim->seed, sim->context), n);
}

uint64_t sim_enter(struct sim *sim, struct tel_str name)
{
	uint64_t before = sim->context, hash = UINT64_C(0xcbf29ce484222325);
	size_t i;

	for (i = 0; i < name.len; i++)
		hash = (hash ^ (unsigned char)name.ptr[i]) * UINT64_C(0x100000001b3);
	sim->context = hash;
	return before;
}

bool sim_strikes(struct sim *sim, enum sim_fault fault)
{
	bool strikes;

	if (sim->settled)
		return false;
	strikes = sim->choices ? sim_choices_strike(sim->choices, fault) :
				 sim_faults_draw(&sim->faults, fault, sim_draw(sim), sim->now);
	if (strikes && sim->choices)
		sim_faults_strike(&sim->faults, fault, sim->now);
	if (strikes)
		sim_trace(sim, "FAULT: %s", sim_fault_name(fault));
	return strikes;
}

size_t sim_pick(struct sim *sim, size_t n)
{
	return sim->choices ? sim_choices_pick(sim->choices, n) :
			      (size_t)(sim_draw(sim) % n);
}

tel_time sim_length(struct sim *sim, tel_time low, tel_time high)
{
	if (sim->choices)
		return low;
	return low + (tel_time)(sim_draw(sim) % (uint64_t)(high - low + 1));
}

tel_time sim_latency(struct sim *sim, tel_time low, tel_time high)
{
	return sim->choices ? 0 : sim_length(sim, low, high);
}

void sim_trace(struct sim *sim, const char *format, ...)
{
	va_list args;

	if (!sim->knobs.trace)
		return;
	printf("%9.3f  ", (double)(sim->now - SIM_BEGIN) / 1000);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

/* ---- weather -------------------------------------------------------------------- */

static void maybe_down(struct sim *sim, void *arg, uint64_t token)
{
	tel_time length;

	(void)arg;
	(void)token;
	if (!sim_strikes(sim, SIM_LK_DOWN))
		return;
	length = sim_length(sim, 500, 15 * TEL_SECOND);
	sim_faults_lasts(&sim->faults, length);
	sim->lk->down_until = sim->now + length;
	sim->lk->silent = false;
	sim_trace(sim, "livekit: cannot be reached for %lld ms", (long long)length);
}

static void maybe_restart(struct sim *sim, void *arg, uint64_t token)
{
	(void)arg;
	(void)token;
	if (sim_lk_is_up(sim) && sim_strikes(sim, SIM_LK_RESTART))
		sim_lk_restart(sim);
}

static void maybe_stop(struct sim *sim, void *arg, uint64_t token)
{
	struct sim_proc *proc = sim_procs_any(sim);

	(void)arg;
	(void)token;
	if (proc && sim_strikes(sim, SIM_STOP))
		sim_proc_stop(proc);
}

static void maybe_no_workers(struct sim *sim, void *arg, uint64_t token)
{
	(void)arg;
	(void)token;
	if (sim_strikes(sim, SIM_NO_WORKERS))
		sim_lk_workers_go(sim, sim_length(sim, 500, 20 * TEL_SECOND));
}

/* A minute is longer than any retry: what happens meanwhile is never told. */
static void maybe_deaf(struct sim *sim, void *arg, uint64_t token)
{
	bool for_ever;

	(void)arg;
	(void)token;
	if (!sim_strikes(sim, SIM_DEAF))
		return;
	for_ever = sim_pick(sim, 2) == 0;
	sim->lk->deaf_drops = sim_pick(sim, 2) == 0;
	sim->lk->deaf_until = for_ever ? INT64_MAX : sim->now + TEL_MINUTE;
	sim_trace(sim, "livekit: webhooks %s %s", sim->lk->deaf_drops ? "are lost" : "are refused",
		  for_ever ? "for ever" : "for a minute");
}

static void plan_agents_weather(struct sim *sim)
{
	int i;

	sim_enter(sim, TEL_STR("workers"));
	for (i = 0; i < 2; i++)
		sim_plan(sim, sim_length(sim, 0, SIM_ACTIVE), maybe_no_workers, NULL, 0);
	sim_enter(sim, TEL_STR("deaf"));
	sim_plan(sim, sim_pick(sim, 2) ? 0 : sim_length(sim, 0, SIM_ACTIVE), maybe_deaf, NULL, 0);
}

static void plan_weather(struct sim *sim)
{
	int i;

	for (i = 0; i < 3; i++) {
		sim_enter(sim, (struct tel_str){ "weather" + i, 3 });
		sim_plan(sim, sim_length(sim, 0, SIM_ACTIVE), maybe_down, NULL, 0);
		sim_plan(sim, sim_length(sim, 0, SIM_ACTIVE), maybe_stop, NULL, 0);
	}
	sim_enter(sim, TEL_STR("restart"));
	sim_plan(sim, sim_length(sim, 0, SIM_ACTIVE), maybe_restart, NULL, 0);
	plan_agents_weather(sim);
}

/* ---- phases ---------------------------------------------------------------------- */

static void end_when_quiet(struct sim *sim, void *arg, uint64_t token)
{
	(void)arg;
	(void)token;
	sim->over = sim->now - SIM_BEGIN > END_OF_TIME || sim_judge_is_quiet(sim);
	if (!sim->over)
		sim_plan(sim, TEL_HOUR, end_when_quiet, NULL, 0);
}

static void has_settled(struct sim *sim, void *arg, uint64_t token)
{
	(void)arg;
	(void)token;
	sim_judge_settled(sim);
	sim_callers_hang_up(sim);
	/* Long enough for departures, deletions and their retries. */
	sim_plan(sim, 5 * TEL_MINUTE, end_when_quiet, NULL, 0);
}

static void faults_end(struct sim *sim, void *arg, uint64_t token)
{
	(void)arg;
	(void)token;
	sim_trace(sim, "from here on all is well");
	sim->settled = true;
	sim->procs->scan_until = sim->now + 15 * TEL_SECOND;
	sim_procs_revive(sim);
	sim_plan(sim, SIM_SETTLED, has_settled, NULL, 0);
}

/* ---- a world ----------------------------------------------------------------------- */

static void store_path(const struct sim *sim, const char *file, char out[PATH_MAX])
{
	if (snprintf(out, PATH_MAX, "%s/world%s", sim->knobs.lmdb, file) >= PATH_MAX)
		abort();
}

/* Each world has a store of its own, which goes with it. */
static void remove_store(const struct sim *sim)
{
	char path[PATH_MAX];

	store_path(sim, "/data.mdb", path);
	unlink(path);
	store_path(sim, "/lock.mdb", path);
	unlink(path);
	store_path(sim, "", path);
	rmdir(path);
}

static enum tel_err open_lmdb(struct sim *sim, struct tel_buf *why)
{
	struct tel_lmdb_options options = { .map_size = (size_t)64 << 20 };
	char path[PATH_MAX];

	remove_store(sim);
	store_path(sim, "", path);
	options.path = path;
	return tel_lmdb_store_open(&options, &sim->store, why);
}

static void open_store(struct sim *sim)
{
	struct tel_buf why;
	enum tel_err err;

	tel_buf_init(&why, 4096);
	err = sim->knobs.lmdb ? open_lmdb(sim, &why) : tel_memory_store_open(NULL, &sim->store);
	if (err) {
		fprintf(stderr, "simulate: store: %s: %.*s\n", tel_err_text(err),
			TEL_STR_ARG(tel_buf_str(&why)));
		exit(2);
	}
	tel_buf_release(&why);
}

static void close_store(struct sim *sim)
{
	sim->store->ops->close(sim->store);
	if (sim->knobs.lmdb)
		remove_store(sim);
}

/* What people leave at its default, mostly. */
static void draw_policy(struct sim *sim, struct sim_rng *rng)
{
	struct sim_policy *p = &sim->policy;
	unsigned fallback, loss;

	p->max_age = sim_rng_between(rng, 1, 24) * TEL_HOUR;
	p->room_delete_after = sim_rng_percent(rng, 20) ? TEL_ROOM_DELETE_NEVER :
			       sim_rng_between(rng, 0, 1) * 10 * TEL_SECOND;
	p->reconcile_interval = sim_rng_percent(rng, 15) ? 0 :
				sim_rng_percent(rng, 10) ? 5 * TEL_SECOND : 15 * TEL_SECOND;
	p->join_deadline = sim_rng_percent(rng, 80) ? 8 * TEL_SECOND :
			   sim_rng_between(rng, 2, 15) * TEL_SECOND;
	p->solo_timeout = sim_rng_percent(rng, 70) ? 300 * TEL_SECOND :
			  sim_rng_percent(rng, 20) ? TEL_NEVER :
			  sim_rng_percent(rng, 50) ? sim_rng_between(rng, 12, 20) * TEL_SECOND :
			  sim_rng_between(rng, 20, 60) * TEL_SECOND;
	p->max_duration = sim_rng_percent(rng, 90) ? TEL_DAY :
			  sim_rng_between(rng, 40, 120) * TEL_SECOND;
	fallback = (unsigned)sim_rng_below(rng, 10);
	p->fallback = fallback == 0 ? TEL_FALLBACK_HANGUP :
		      fallback == 1 ? TEL_FALLBACK_TRANSFER : TEL_FALLBACK_KEEP;
	loss = (unsigned)sim_rng_below(rng, 4 * TEL_LOSSES);
	p->agent_loss = loss < TEL_LOSSES ? (enum tel_agent_loss)loss : TEL_LOSS_REDISPATCH;
	if (sim->choices)
		p->reconcile_interval = sim->small->from == SIM_SMALL_ROUND ? 5 * TEL_SECOND : 0;
}

static void begin(struct sim *sim, uint64_t seed, struct sim_choices *choices,
		  const struct sim_small *small, const struct sim_knobs *knobs,
		  struct sim_outcome *out)
{
	struct sim_rng shape = sim_rng_stream(seed, 3);

	*out = (struct sim_outcome){ 0 };
	*sim = (struct sim){ .knobs = *knobs, .seed = seed, .choices = choices,
			     .small = small, .now = SIM_BEGIN };
	tel_arena_init(&sim->mem, SIZE_MAX / 2);
	sim->contexts = sim_alloc(sim, sizeof(*sim->contexts));
	sim->calm = sim_rng_percent(&shape, 5);
	sim_faults_init(&sim->faults, seed, sim->calm);
	sim->faults.left_out = knobs->left_out;
	draw_policy(sim, &shape);
	if (!choices && sim_rng_percent(&shape, 10)) {
		sim->hasty = true;
		sim->faults.rates[SIM_KILL] *= 3;
		sim->faults.rates[SIM_SLOW_REQUEST] *= 5;
		/* What is to be tidied up at once must not wait for a round. */
		if (sim_rng_percent(&shape, 50)) {
			sim->policy.reconcile_interval = 0;
			sim->policy.room_delete_after = 0;
			sim->faults.rates[SIM_SLOW_ANSWER] *= 8;
		}
	}
	sim->coros = sim_coros_new();
	if (!sim->coros)
		abort();
	open_store(sim);
	sim_judge_init(sim, out);
	sim_lk_init(sim);
	sim_procs_init(sim, choices ? 2 : 1 + (size_t)sim_rng_below(&shape, SIM_MAX_PROCS));
}

/* ---- which of the things that happen at once comes first ---- */

#define MOST_AT_ONCE 32

static uint64_t mix(uint64_t state, uint64_t value)
{
	return sim_hash(state, value);
}

static uint64_t state_of_call(const struct sim *sim, const struct tel_call *call)
{
	uint64_t state = mix((uint64_t)call->status, (uint64_t)call->outcome);
	const struct tel_job *job;
	int kind;

	for (kind = 0; kind < TEL_JOB_KINDS; kind++) {
		job = &call->jobs[kind];
		if (!job->pending)
			continue;
		state = mix(state, (uint64_t)kind * 8 + job->cancelled * 2u + job->unsure);
		state = mix(state, job->attempt);
		state = mix(state, (uint64_t)(job->due - sim->now));
		state = mix(state, job->lease.owner.len ? (unsigned char)job->lease.owner.ptr[1] : 0);
	}
	return state;
}

static uint64_t state_of_store(struct sim *sim)
{
	struct tel_call_filter filter = { .limit = 8 };
	struct tel_call_page page = { 0 };
	uint64_t state = 2;
	size_t i;

	if (sim->store->ops->list(sim->store, &filter, &page))
		abort();
	for (i = 0; i < page.n; i++)
		state = mix(state, state_of_call(sim, page.calls[i]));
	tel_call_page_release(&page);
	return state;
}

static uint64_t state_of_livekit(const struct sim *sim)
{
	const struct sim_room *room;
	const struct sim_life *life;
	uint64_t state = 3;

	for (room = sim->lk->rooms; room; room = room->next)
		for (life = room->lives; life; life = life->next) {
			state = mix(state, life->closed_at != 0);
			state = mix(state, sim_lk_phones(life) * 16 + sim_lk_dispatches(life));
		}
	return state;
}

/* What two worlds have to have in common to go on alike. */
static uint64_t state_of(struct sim *sim)
{
	uint64_t state = mix(state_of_store(sim), state_of_livekit(sim)), planned = 0;
	const struct sim_proc *proc;
	const struct sim_task *task;
	size_t i;

	for (i = 0; i < sim->agenda.n; i++)
		planned += sim_hash((uint64_t)(sim->agenda.items[i].at - sim->now),
				    (uint64_t)(uintptr_t)sim->agenda.items[i].act);
	for (proc = sim->procs->all; proc; proc = proc->next)
		for (task = proc->tasks; task; task = task->next)
			planned += sim_hash((uint64_t)(uintptr_t)task->where,
					    (uint64_t)proc->slot * 2 + task->idle);
	return mix(mix(state, planned), sim->faults.n);
}

static struct sim_item choose(struct sim *sim, struct sim_item first)
{
	struct sim_item items[MOST_AT_ONCE] = { first }, chosen;
	const struct sim_item *also;
	size_t n = 1, i, pick;

	if (first.rank == 0)
		return first;
	while (n < MOST_AT_ONCE && (also = sim_agenda_first(&sim->agenda)) &&
	       also->at == first.at)
		(void)sim_agenda_take(&sim->agenda, &items[n++]);
	sim_choices_visit(sim->choices, state_of(sim));
	pick = sim_choices_pick(sim->choices, n);
	chosen = items[pick];
	for (i = 0; i < n; i++)
		if (i != pick)
			sim_agenda_add(&sim->agenda, items[i]);
	return chosen;
}

static void run(struct sim *sim)
{
	struct sim_item item;

	while (!sim->over && sim_agenda_take(&sim->agenda, &item)) {
		if (sim->tick == MOST_TICKS) {
			sim_violation(sim, "I5: no rest: something is done over and over");
			break;
		}
		sim->now = item.at;
		if (sim->choices)
			item = choose(sim, item);
		sim->tick++;
		sim->context = item.context;
		item.act(sim, item.arg, item.token);
	}
}

static void end(struct sim *sim, struct sim_outcome *out, struct sim_strike **strikes,
		size_t *n_strikes)
{
	size_t i;

	sim_judge_end(sim);
	sim_procs_end(sim);
	out->calls = sim->callers->n + sim->callees->n;
	out->faults = sim->faults.n;
	for (i = 0; i < sim->faults.n; i++)
		out->struck[sim->faults.strikes[i].fault]++;
	if (strikes) {
		*strikes = sim->faults.strikes;
		*n_strikes = sim->faults.n;
		sim->faults.strikes = NULL;
	}
	sim_faults_release(&sim->faults);
	sim_agenda_release(&sim->agenda);
	sim_coros_free(sim->coros);
	close_store(sim);
	tel_arena_release(&sim->mem);
}

void sim_run_world(uint64_t seed, size_t calls, const struct sim_knobs *knobs,
		   struct sim_outcome *out, struct sim_strike **strikes, size_t *n_strikes)
{
	struct sim sim;

	begin(&sim, seed, NULL, NULL, knobs, out);
	/* One in five is a call of ours. */
	sim_callers_init(&sim, calls - calls / 5);
	sim_callees_init(&sim, calls / 5);
	plan_weather(&sim);
	sim_plan(&sim, SIM_ACTIVE, faults_end, NULL, 0);
	run(&sim);
	end(&sim, out, strikes, n_strikes);
}

void sim_run_small_world(struct sim_choices *choices, const struct sim_small *small,
			 const struct sim_knobs *knobs, struct sim_outcome *out)
{
	struct sim sim;

	begin(&sim, 1, choices, small, knobs, out);
	sim_callers_init_one(&sim, small->stays);
	sim_callees_init(&sim, 0);
	sim_plan(&sim, 12 * TEL_SECOND, faults_end, NULL, 0);
	run(&sim);
	end(&sim, out, NULL, NULL);
}
