#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "domain/decide.h"
#include "lmdb-store/check.h"
#include "lmdb-store/lmdb_store.h"
#include "powercut/load.h"
#include "powercut/trace.h"
#include "base/banned.h"

#define NOW ((tel_time)1700000000 * TEL_SECOND)
#define RETENTION TEL_DAY
#define MAP_SIZE ((size_t)64 << 20)
#define NAME_BYTES 32
#define SELF TEL_STR("host:1:1")
#define MAX_THREADS 16
#define PATH_BYTES 512

/* A sweep after so many calls of a thread. */
#define SWEEP_EVERY 4

static const struct tel_policy policy = {
	.room_delete_after = TEL_SECOND, .return_grace = TEL_SECOND, .max_age = TEL_DAY,
	.remember = TEL_DAY, .agent_join_deadline = 8 * TEL_SECOND,
	.agent_loss = TEL_LOSS_REDISPATCH, .solo_timeout = 300 * TEL_SECOND,
	.max_duration = TEL_DAY,
};

/* ---- one call's events ------------------------------------------------------------ */

/* Everything about a call follows from its number. */
struct names {
	char room[NAME_BYTES], room_sid[NAME_BYTES], phone[NAME_BYTES], agent[NAME_BYTES];
	char sip_call[NAME_BYTES], dispatch[NAME_BYTES], event[NAME_BYTES];
	struct tel_call_id id;
};

static void names_of(unsigned call, int stage, struct names *out)
{
	snprintf(out->room, NAME_BYTES, "call-%u", call);
	snprintf(out->room_sid, NAME_BYTES, "RM_%u", call);
	snprintf(out->phone, NAME_BYTES, "PA_%u_phone", call);
	snprintf(out->agent, NAME_BYTES, "PA_%u_agent", call);
	snprintf(out->sip_call, NAME_BYTES, "SCL_%u", call);
	snprintf(out->dispatch, NAME_BYTES, "AD_%u", call);
	snprintf(out->event, NAME_BYTES, "EV_%u_%d", call, stage);
	snprintf(out->id.text, sizeof(out->id.text), "00000000-0000-4000-8000-%012x", call);
}

/* Some records fit a page, others need several. */
static char prompt[9000];

static struct tel_str prompt_of(unsigned call)
{
	static const size_t lengths[] = { 20, 600, 2500, sizeof(prompt) };

	return (struct tel_str){ prompt, lengths[call % 4] };
}

static void describe(const struct names *n, int stage, struct tel_event *event)
{
	static const enum tel_event_kind kinds[LOAD_STAGES] = {
		[LOAD_PHONE_JOINED] = TEL_EVENT_PARTICIPANT_JOINED,
		[LOAD_AGENT_JOINED] = TEL_EVENT_PARTICIPANT_JOINED,
		[LOAD_PHONE_LEFT] = TEL_EVENT_PARTICIPANT_LEFT,
		[LOAD_ROOM_FINISHED] = TEL_EVENT_ROOM_FINISHED,
	};
	bool agent = stage == LOAD_AGENT_JOINED;

	*event = (struct tel_event){
		.kind = kinds[stage], .name = TEL_STR("event"), .id = tel_str_from(n->event),
		.room_name = tel_str_from(n->room), .room_sid = tel_str_from(n->room_sid),
		.raw = TEL_STR("{\"event\":\"…\"}"),
	};
	if (stage == LOAD_ROOM_FINISHED)
		return;
	event->participant = (struct tel_participant){
		.kind = agent ? TEL_PARTICIPANT_AGENT : TEL_PARTICIPANT_SIP,
		.sid = tel_str_from(agent ? n->agent : n->phone),
		.identity = tel_str_from(agent ? "agent" : "caller"),
	};
	if (agent)
		return;
	event->participant.sip_call_id = tel_str_from(n->sip_call);
	event->participant.rule_id = TEL_STR("SDR_1");
	event->participant.number = TEL_STR("+15550100");
	event->participant.trunk_number = TEL_STR("+15550199");
}

static enum tel_err deliver(struct tel_call_store *store, unsigned call, int stage)
{
	struct tel_step_about about;
	struct tel_event event;
	struct names n;
	struct tel_on_event on = {
		.env = { .now = NOW + stage, .self = SELF, .policy = &policy },
		.event = &event, .agent_name = TEL_STR("agent"), .agent_config = prompt_of(call),
		.route = TEL_STR("default"), .lease_dispatch = true,
	};

	names_of(call, stage, &n);
	describe(&n, stage, &event);
	on.new_call_id = n.id;
	tel_event_about(&event, &about);
	return store->ops->step(store, &about, tel_decide_event, &on);
}

static enum tel_err dispatched(struct tel_call_store *store, unsigned call)
{
	struct names n;
	struct tel_step_about about = { .expect_change = true };
	struct tel_dispatch_done done = {
		.env = { .now = NOW + LOAD_DISPATCHED, .self = SELF, .policy = &policy },
		.result = TEL_DISPATCH_MADE, .attempt = 1,
	};

	names_of(call, LOAD_DISPATCHED, &n);
	about.call_id = tel_call_id_str(&n.id);
	done.room_sid = tel_str_from(n.room_sid);
	done.dispatch_id = tel_str_from(n.dispatch);
	return store->ops->step(store, &about, tel_decide_dispatch_done, &done);
}

static enum tel_err reach(struct tel_call_store *store, unsigned call, int stage)
{
	return stage == LOAD_DISPATCHED ? dispatched(store, call) : deliver(store, call, stage);
}

/* ---- what the sweep finds: nobody is promised anything about it --------------------- */

static enum tel_err decide_stale(struct tel_step *step, void *ctx)
{
	step->fresh = tel_call_new();
	if (!step->fresh)
		return TEL_ENOMEM;
	snprintf(step->fresh->id.text, sizeof(step->fresh->id.text),
		 "ffffffff-0000-4000-8000-%012x", *(const unsigned *)ctx);
	step->fresh->status = TEL_CALL_ENDED;
	step->fresh->created_at = step->fresh->ended_at = NOW - 2 * RETENTION;
	step->remember_event = true;
	step->remember_until = NOW - 1;
	return tel_call_set(step->fresh, &step->fresh->agent.config,
			    prompt_of(*(const unsigned *)ctx / 4), sizeof(prompt));
}

static enum tel_err stale(struct tel_call_store *store, unsigned number)
{
	char event[NAME_BYTES];
	struct tel_step_about about = { .expect_change = true };

	snprintf(event, sizeof(event), "EV_stale_%u", number);
	about.event_id = tel_str_from(event);
	return store->ops->step(store, &about, decide_stale, &number);
}

static enum tel_err sweep(struct tel_call_store *store)
{
	struct tel_sweep_report report;

	return store->ops->sweep(store, NOW, 100, &report);
}

/* ---- running ------------------------------------------------------------------------- */

struct worker {
	const struct load *load;
	struct tel_call_store *store;
	unsigned first;
	pthread_t thread;
};

static void must(enum tel_err err)
{
	if (!err)
		return;
	fprintf(stderr, "powercut: the load failed: %s\n", tel_err_text(err));
	abort();
}

static void live(const struct worker *w, unsigned call)
{
	int stage;

	for (stage = 0; stage < LOAD_STAGES; stage++) {
		if (w->load->hasty)
			trace_ack(call * LOAD_STAGES + (unsigned)stage);
		must(reach(w->store, call, stage));
		if (!w->load->hasty)
			trace_ack(call * LOAD_STAGES + (unsigned)stage);
	}
}

static void *work(void *ctx)
{
	const struct worker *w = ctx;
	unsigned call, n = 0;

	for (call = w->first; call < w->load->calls; call += w->load->threads) {
		must(stale(w->store, call));
		live(w, call);
		if (++n % SWEEP_EVERY == 0)
			must(sweep(w->store));
	}
	return NULL;
}

static void path_in(const char *directory, const char *name, char out[PATH_BYTES])
{
	if (snprintf(out, PATH_BYTES, "%s/%s", directory, name) >= PATH_BYTES)
		abort();
}

static struct tel_call_store *open_store(const struct load *load, const char *directory,
					 const char *name)
{
	struct tel_lmdb_options options = {
		.map_size = MAP_SIZE, .retention = RETENTION,
		.no_group_commit = load->no_group_commit,
	};
	struct tel_call_store *store = NULL;
	char path[PATH_BYTES];
	struct tel_buf why;

	path_in(directory, name, path);
	options.path = path;
	tel_buf_init(&why, 1000);
	if (tel_lmdb_store_open(&options, &store, &why))
		fprintf(stderr, "powercut: %s\n", tel_buf_str(&why).ptr);
	tel_buf_release(&why);
	return store;
}

static void back_up(struct tel_call_store *store, const char *directory)
{
	char path[PATH_BYTES];

	path_in(directory, "backup", path);
	must(tel_lmdb_backup(store, path, NULL));
	trace_ack(LOAD_BACKUP);
}

void load_run(const struct load *load, const char *directory)
{
	struct worker workers[MAX_THREADS];
	struct tel_call_store *store;
	unsigned i;

	memset(prompt, 'p', sizeof(prompt));
	store = open_store(load, directory, "store");
	if (!store)
		abort();
	for (i = 0; i < load->threads; i++) {
		workers[i] = (struct worker){ .load = load, .store = store, .first = i };
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			abort();
	}
	for (i = 0; i < load->threads; i++)
		pthread_join(workers[i].thread, NULL);
	back_up(store, directory);
	store->ops->close(store);
}

/* ---- afterwards ------------------------------------------------------------------------ */

void load_promise_add(struct load_promise *promise, unsigned ack)
{
	promise->n++;
	/* One thread leads a call through its life: stage after stage. */
	if (ack == LOAD_BACKUP)
		promise->backup = true;
	else
		promise->stages[ack / LOAD_STAGES] = (unsigned char)(ack % LOAD_STAGES + 1);
}

static enum tel_err decide_look(struct tel_step *step, void *seen)
{
	*(bool *)seen = step->event_seen;
	return TEL_OK;
}

static bool is_remembered(struct tel_call_store *store, unsigned call, int stage)
{
	struct tel_step_about about = { 0 };
	struct names n;
	bool seen = false;

	names_of(call, stage, &n);
	about.event_id = tel_str_from(n.event);
	return !store->ops->step(store, &about, decide_look, &seen) && seen;
}

static bool shows(const struct tel_call *call, int stage, const struct names *n)
{
	switch (stage) {
	case LOAD_PHONE_JOINED:
		return tel_call_leg(call, tel_str_from(n->phone)) != NULL;
	case LOAD_DISPATCHED:
		return tel_str_is(call->agent.dispatch_id, n->dispatch);
	case LOAD_AGENT_JOINED:
		return tel_call_leg(call, tel_str_from(n->agent)) != NULL;
	case LOAD_PHONE_LEFT:
		return tel_call_is_over(call);
	default:
		return call->room_finished_at != 0;
	}
}

/* What was promised is there, and of the rest everything or nothing. */
static enum load_verdict verify_call(struct tel_call_store *store, unsigned number, int promised)
{
	enum load_verdict verdict = LOAD_KEPT;
	struct tel_call *call = NULL;
	bool shown, seen;
	struct names n;
	int stage;

	names_of(number, 0, &n);
	if (store->ops->get(store, &n.id, &call, NULL) == TEL_ENOTFOUND)
		call = NULL;
	for (stage = 0; stage < LOAD_STAGES && verdict == LOAD_KEPT; stage++) {
		shown = call && shows(call, stage, &n);
		seen = stage == LOAD_DISPATCHED ? shown : is_remembered(store, number, stage);
		if (stage < promised && !(shown && seen))
			verdict = LOAD_LOST;
		else if (shown != seen)
			verdict = LOAD_TORN;
	}
	tel_call_free(call);
	return verdict;
}

static bool is_sound(struct tel_call_store *store)
{
	struct tel_lmdb_check_report report = { 0 };

	return !tel_lmdb_check(store, &report, NULL) && !report.problems;
}

static enum load_verdict verify_store(const struct load *load, const struct load_promise *promise,
				      const char *directory, const char *name)
{
	struct tel_call_store *store = open_store(load, directory, name);
	enum load_verdict verdict = LOAD_KEPT;
	unsigned call;

	if (!store)
		return LOAD_REFUSED;
	for (call = 0; call < load->calls && verdict == LOAD_KEPT; call++)
		verdict = verify_call(store, call, promise->stages[call]);
	/* Life goes on, in pages that the store believes to be free. */
	if (verdict == LOAD_KEPT && (stale(store, load->calls) || sweep(store)))
		verdict = LOAD_REFUSED;
	if (verdict == LOAD_KEPT && !is_sound(store))
		verdict = LOAD_UNSOUND;
	store->ops->close(store);
	return verdict;
}

/* A backup appears under its name when it is whole, and is there once it was promised. */
static enum load_verdict verify_backup(const struct load *load, const struct load_promise *promise,
				       const char *directory)
{
	char path[PATH_BYTES];

	path_in(directory, "backup/data.mdb", path);
	if (!promise->backup && access(path, F_OK))
		return LOAD_KEPT;
	return verify_store(load, promise, directory, "backup");
}

enum load_verdict load_verify(const struct load *load, const struct load_promise *promise,
			      const char *directory)
{
	enum load_verdict verdict = verify_store(load, promise, directory, "store");

	return verdict == LOAD_KEPT ? verify_backup(load, promise, directory) : verdict;
}
