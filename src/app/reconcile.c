#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/job_run.h"
#include "app/reconcile.h"
#include "app/room_look.h"
#include "domain/duty.h"
#include "base/banned.h"

/* Names of all rooms and calls of a round. */
#define ROUND_TEXTS ((size_t)32 * 1024 * 1024)

/* How often it is looked whether the duty has become free. */
#define DUTY_LOOK_EVERY (2 * TEL_SECOND)

/* After our own trouble (store busy, no memory) things rest for so long. */
#define TROUBLE_PAUSE TEL_SECOND

/* So many looks that fail one after another are LiveKit's failure: no more now. */
#define FAILURES_IN_A_ROW 8

enum phase {
	IDLE,
	LISTING,		/* ListRooms is to be sent, or under way */
	LISTED,			/* its answer is there */
	LOOKING,		/* room by room */
	OVER			/* LiveKit did not answer, or there is no memory */
};

/* An unknown room with nobody of ours in it. */
struct quiet {
	uint64_t hash;		/* of name, sid and number of people */
	unsigned round;		/* when it was looked at */
};

struct tel_reconciler {
	struct tel_app *app;
	bool stopped;
	bool has_duty;
	bool hurried;		/* the round before was soon to be tried again */
	enum phase phase;
	tel_time next_at;	/* monotonic */
	tel_time not_before;	/* monotonic: it rests until then */
	unsigned round;

	struct tel_arena mem;	/* the round's */
	tel_time looked_at;
	bool sent, queued;	/* ListRooms; what it led to */
	struct tel_look_at *rooms;	/* as listed, by name */
	size_t n_rooms;
	struct tel_look_at *queue;	/* to be looked at; allocated */
	size_t n_queue, queue_room, next;
	struct quiet *quiet;	/* by hash; allocated */
	size_t n_quiet, quiet_room;
	struct quiet *quiet_next; /* … for the next round, unsorted */
	size_t n_quiet_next, quiet_next_room;
	unsigned failures;	/* in a row */
	struct tel_reconcile_report report;
	size_t repairs;
	struct tel_reach *reach;	/* the runner's, or NULL */
	struct tel_room_look looks[TEL_RECONCILE_AT_ONCE];
};

enum tel_err tel_reconciler_new(struct tel_app *app, struct tel_reconciler **out)
{
	struct tel_reconciler *r = calloc(1, sizeof(*r));
	size_t i;

	if (!r)
		return TEL_ENOMEM;
	r->app = app;
	for (i = 0; i < TEL_RECONCILE_AT_ONCE; i++)
		r->looks[i].app = app;
	*out = r;
	return TEL_OK;
}

void tel_reconciler_reports_to(struct tel_reconciler *r, struct tel_reach *reach)
{
	r->reach = reach;
}

static void release_round(struct tel_reconciler *r)
{
	size_t i;

	for (i = 0; i < TEL_RECONCILE_AT_ONCE; i++)
		tel_room_look_end(&r->looks[i]);
	tel_arena_release(&r->mem);
	free(r->queue);
	r->queue = NULL;
	r->rooms = NULL;
	r->n_rooms = r->n_queue = r->queue_room = r->next = 0;
	r->failures = 0;
	r->phase = IDLE;
}

void tel_reconciler_free(struct tel_reconciler *r)
{
	if (!r)
		return;
	release_round(r);
	free(r->quiet);
	free(r->quiet_next);
	free(r);
}

/* Room for one more of `size` bytes in *items. */
static bool grow(void *items, size_t size, size_t n, size_t *room)
{
	size_t wanted = *room ? *room * 2 : 64;
	void *bigger;

	if (n < *room)
		return true;
	bigger = realloc(*(void **)items, wanted * size);
	if (!bigger)
		return false;
	*(void **)items = bigger;
	*room = wanted;
	return true;
}

/* ---- quiet rooms ------------------------------------------------------------------------ */

static uint64_t fnv1a(uint64_t hash, struct tel_str text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.ptr[i]) * 0x100000001b3u;
	return hash;
}

static uint64_t hash_of(const struct tel_look_at *room)
{
	uint64_t hash = fnv1a(0xcbf29ce484222325u, room->sid);

	return fnv1a(hash, room->name) ^ (room->n_people * 0x9e3779b97f4a7c15u);
}

static int by_hash(const void *a, const void *b)
{
	uint64_t x = ((const struct quiet *)a)->hash, y = ((const struct quiet *)b)->hash;

	return x < y ? -1 : x > y;
}

/* Without memory it is looked at again: no harm. */
static void note_quiet(struct tel_reconciler *r, uint64_t hash, unsigned round)
{
	if (grow(&r->quiet_next, sizeof(*r->quiet_next), r->n_quiet_next, &r->quiet_next_room))
		r->quiet_next[r->n_quiet_next++] = (struct quiet){ hash, round };
}

static bool was_quiet_lately(struct tel_reconciler *r, const struct tel_look_at *room)
{
	struct quiet key = { .hash = hash_of(room) }, *found;

	if (r->n_quiet == 0)
		return false;
	found = bsearch(&key, r->quiet, r->n_quiet, sizeof(key), by_hash);
	if (!found || r->round - found->round >= TEL_RECONCILE_QUIET_ROUNDS)
		return false;
	note_quiet(r, key.hash, found->round);
	return true;
}

static void turn_quiet_over(struct tel_reconciler *r)
{
	struct quiet *old = r->quiet;
	size_t old_room = r->quiet_room;

	r->quiet = r->quiet_next;
	r->n_quiet = r->n_quiet_next;
	r->quiet_room = r->quiet_next_room;
	r->quiet_next = old;
	r->n_quiet_next = 0;
	r->quiet_next_room = old_room;
	if (r->n_quiet > 0)
		qsort(r->quiet, r->n_quiet, sizeof(*r->quiet), by_hash);
}

/* ---- listing the rooms ---------------------------------------------------------------------- */

static void fail(struct tel_reconciler *r, struct tel_str code)
{
	r->report.failed++;
	snprintf(r->report.code, sizeof(r->report.code), "%.*s", TEL_STR_ARG(code));
	r->phase = OVER;
}

static enum tel_err keep_rooms(struct tel_reconciler *r, const struct tel_lk_answer *answer)
{
	enum tel_err err = TEL_OK;
	size_t i;

	if (answer->n_rooms == 0)
		return TEL_OK;
	r->rooms = tel_arena_alloc(&r->mem, answer->n_rooms * sizeof(*r->rooms));
	if (!r->rooms)
		return TEL_ENOMEM;
	for (i = 0; i < answer->n_rooms && !err; i++) {
		const struct tel_lk_room *from = &answer->rooms[i];
		struct tel_look_at *to = &r->rooms[i];

		*to = (struct tel_look_at){
			.created_at = from->created_at, .n_people = from->n_people,
		};
		err = tel_arena_copy(&r->mem, from->name, TEL_MAX_ROOM_NAME, &to->name);
		if (!err)
			err = tel_arena_copy(&r->mem, from->sid, TEL_MAX_ID, &to->sid);
		r->n_rooms += !err;
	}
	return err;
}

static void listed(void *ctx, const struct tel_lk_answer *answer)
{
	struct tel_reconciler *r = ctx;
	enum tel_err err;

	if (r->reach)
		tel_note_reach(r->app, r->reach, answer);
	if (answer->verdict != TEL_LK_DONE) {
		fail(r, answer->code);
		return;
	}
	err = keep_rooms(r, answer);
	if (err)
		fail(r, tel_str_from(tel_err_text(err)));
	else
		r->phase = LISTED;
}

static enum tel_err list_rooms(struct tel_reconciler *r)
{
	struct tel_lk_request request = { .method = TEL_LK_LIST_ROOMS };
	enum tel_err err;

	if (r->sent)
		return TEL_OK;
	r->looked_at = tel_now(r->app->clock);
	err = r->app->livekit->ops->send(r->app->livekit, &request, listed, r);
	r->sent = !err;
	r->report.requests += !err;
	return err;
}

/* ---- what is to be looked at ------------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
	const struct tel_look_at *x = a, *y = b;
	size_t len = x->name.len < y->name.len ? x->name.len : y->name.len;
	int order = memcmp(x->name.ptr, y->name.ptr, len);

	return order ? order : (x->name.len > y->name.len) - (x->name.len < y->name.len);
}

static struct tel_look_at *find_room(const struct tel_reconciler *r, struct tel_str name)
{
	struct tel_look_at key = { .name = name };

	return r->n_rooms == 0 ? NULL :
	       bsearch(&key, r->rooms, r->n_rooms, sizeof(key), by_name);
}

static enum tel_err enqueue(struct tel_reconciler *r, const struct tel_look_at *at)
{
	if (!grow(&r->queue, sizeof(*r->queue), r->n_queue, &r->queue_room))
		return TEL_ENOMEM;
	r->queue[r->n_queue++] = *at;
	return TEL_OK;
}

static enum tel_err enqueue_call(struct tel_reconciler *r, const struct tel_call *call)
{
	struct tel_look_at *room = find_room(r, call->room_name);
	struct tel_look_at at = { .call_id = call->id };
	enum tel_err err = TEL_OK;

	r->report.calls++;
	if (room) {
		/* Marked as ours: not an unknown one. */
		room->call_id = call->id;
		at = *room;
	} else {
		err = tel_arena_copy(&r->mem, call->room_name, TEL_MAX_ROOM_NAME, &at.name);
	}
	return err ? err : enqueue(r, &at);
}

static enum tel_err enqueue_calls(struct tel_reconciler *r)
{
	struct tel_call_filter filter = { .live_only = true, .limit = TEL_MAX_PAGE };
	struct tel_call_store *store = r->app->store;
	char cursor[TEL_CURSOR_TEXT] = "";
	enum tel_err err;
	size_t i;

	do {
		struct tel_call_page page = { 0 };

		filter.cursor = tel_str_from(cursor);
		if (!cursor[0])
			filter.cursor = TEL_STR_NONE;
		err = store->ops->list(store, &filter, &page);
		for (i = 0; i < page.n && !err; i++)
			err = enqueue_call(r, page.calls[i]);
		memcpy(cursor, page.next_cursor, sizeof(cursor));
		tel_call_page_release(&page);
	} while (!err && cursor[0]);
	return err;
}

/* The number of people in a list of rooms may be seconds old. */
static bool may_hold_a_phone(const struct tel_reconciler *r, const struct tel_look_at *room)
{
	return room->n_people > 0 || tel_str_starts(room->name, r->app->room_prefix);
}

static enum tel_err enqueue_unknown(struct tel_reconciler *r)
{
	enum tel_err err = TEL_OK;
	size_t i;

	for (i = 0; i < r->n_rooms && !err; i++) {
		const struct tel_look_at *room = &r->rooms[i];

		if (!room->call_id.text[0] && may_hold_a_phone(r, room) &&
		    !was_quiet_lately(r, room))
			err = enqueue(r, room);
	}
	return err;
}

/* The queue is calls, then unknown rooms: somebody may be waiting in those. */
static void bring_to_front(struct tel_reconciler *r, size_t calls)
{
	size_t i, unknown = r->n_queue - calls;

	for (i = 0; i < unknown && i < calls; i++) {
		struct tel_look_at call = r->queue[i];

		r->queue[i] = r->queue[calls + i];
		r->queue[calls + i] = call;
	}
}

/*
 * The calls are read after the rooms were listed: one that came in between is
 * not taken for unknown.
 */
static enum tel_err make_queue(struct tel_reconciler *r)
{
	enum tel_err err;
	size_t calls, i;

	r->n_queue = r->next = r->report.calls = r->n_quiet_next = 0;
	r->report.rooms = r->n_rooms;
	for (i = 0; i < r->n_rooms; i++)
		r->rooms[i].call_id = (struct tel_call_id){ "" };
	if (r->n_rooms > 0)
		qsort(r->rooms, r->n_rooms, sizeof(*r->rooms), by_name);
	err = enqueue_calls(r);
	calls = r->n_queue;
	if (!err)
		err = enqueue_unknown(r);
	if (err)
		return err;
	bring_to_front(r, calls);
	r->queued = true;
	r->phase = r->n_queue > 0 ? LOOKING : OVER;
	return TEL_OK;
}

/* ---- looking ---------------------------------------------------------------------------------------- */

static void collect(struct tel_reconciler *r, struct tel_room_look *look)
{
	r->report.looked_at++;
	r->report.requests += look->requests;
	r->report.repairs += look->repaired;
	r->repairs += look->dry_run ? 0 : look->repaired;
	if (look->quiet)
		note_quiet(r, hash_of(look->at), r->round);
	if (look->failed) {
		r->report.failed++;
		memcpy(r->report.code, look->code, sizeof(r->report.code));
	}
	r->failures = look->failed ? r->failures + 1 : 0;
	tel_room_look_end(look);
}

static bool may_begin(const struct tel_reconciler *r)
{
	return !r->stopped && r->next < r->n_queue && r->failures < FAILURES_IN_A_ROW;
}

static enum tel_err look_at_rooms(struct tel_reconciler *r)
{
	enum tel_err first = TEL_OK, err;
	bool busy = false;
	size_t i;

	for (i = 0; i < TEL_RECONCILE_AT_ONCE; i++) {
		struct tel_room_look *look = &r->looks[i];

		if (look->phase == TEL_LOOK_FREE && may_begin(r))
			tel_room_look_begin(look, &r->queue[r->next++], r->looked_at);
		err = tel_room_look_turn(look);
		first = first ? first : err;
		if (look->phase == TEL_LOOK_DONE)
			collect(r, look);
		busy |= look->phase != TEL_LOOK_FREE;
	}
	if (!busy && !may_begin(r))
		r->phase = OVER;
	return first;
}

/* ---- rounds --------------------------------------------------------------------------------------------- */

static void begin_round(struct tel_reconciler *r)
{
	tel_arena_init(&r->mem, ROUND_TEXTS);
	r->report = (struct tel_reconcile_report){ 0 };
	r->round++;
	r->sent = r->queued = false;
	r->phase = LISTING;
}

static void end_round(struct tel_reconciler *r, tel_time monotonic)
{
	bool asked_all = r->queued && r->next == r->n_queue, hurry;

	r->report.complete = asked_all && r->report.failed == 0;
	if (asked_all)
		turn_quiet_over(r);
	/* Once: a room that is never answered for must not make rounds come faster. */
	hurry = !r->report.complete && (!asked_all || !r->hurried);
	if (hurry && monotonic + TEL_RECONCILE_RETRY < r->next_at)
		r->next_at = monotonic + TEL_RECONCILE_RETRY;
	r->hurried = hurry;
	tel_log_line(r->app->log, r->report.complete ? TEL_LOG_DEBUG : TEL_LOG_WARN, "reconciled",
		     TEL_F_INT("rooms", (int64_t)r->report.rooms),
		     TEL_F_INT("calls", (int64_t)r->report.calls),
		     TEL_F_INT("lookedAt", (int64_t)r->report.looked_at),
		     TEL_F_INT("requests", (int64_t)r->report.requests),
		     TEL_F_INT("repairs", (int64_t)r->report.repairs),
		     TEL_F_TEXT("code", r->report.code[0] ? r->report.code : NULL));
	release_round(r);
}

static enum tel_err move_on(struct tel_reconciler *r)
{
	switch (r->phase) {
	case LISTING:	return list_rooms(r);
	case LISTED:	return make_queue(r);
	case LOOKING:	return look_at_rooms(r);
	case IDLE:
	case OVER:	break;
	}
	return TEL_OK;
}

/* Is it ours to compare? A dead holder does not count. */
static enum tel_err take_duty(struct tel_reconciler *r, struct tel_take_duty *take)
{
	struct tel_step_about about = { .duty = true };
	struct tel_process *process = r->app->process;
	struct tel_call_store *store = r->app->store;
	char dead[TEL_MAX_OWNER + 1];
	enum tel_err err;

	*take = (struct tel_take_duty){
		.now = tel_now(r->app->clock), .self = process->ops->self(process),
		.interval = r->app->reconcile_interval,
	};
	err = store->ops->step(store, &about, tel_decide_take_duty, take);
	if (err || take->ours || !take->holder[0] ||
	    !process->ops->is_dead(process, tel_str_from(take->holder)))
		return err;
	memcpy(dead, take->holder, sizeof(dead));
	take->dead_owner = tel_str_from(dead);
	err = store->ops->step(store, &about, tel_decide_take_duty, take);
	take->dead_owner = TEL_STR_NONE;
	return err;
}

static enum tel_err begin_if_due(struct tel_reconciler *r, tel_time monotonic)
{
	struct tel_take_duty take;
	enum tel_err err;
	tel_time pause;

	if (r->stopped || r->app->reconcile_interval == 0 || monotonic < r->next_at)
		return TEL_OK;
	r->next_at = monotonic + DUTY_LOOK_EVERY;
	err = take_duty(r, &take);
	if (err)
		return err;
	r->has_duty = take.ours;
	if (take.ours) {
		r->next_at = monotonic + r->app->reconcile_interval;
		begin_round(r);
		return TEL_OK;
	}
	pause = take.look_again - take.now;
	if (pause > 0 && pause < DUTY_LOOK_EVERY)
		r->next_at = monotonic + pause;
	return TEL_OK;
}

enum tel_err tel_reconciler_turn(struct tel_reconciler *r, tel_time monotonic)
{
	enum tel_err err;

	if (monotonic < r->not_before)
		return TEL_OK;
	err = r->phase == IDLE ? begin_if_due(r, monotonic) : TEL_OK;
	if (!err)
		err = move_on(r);
	if (err)
		r->not_before = monotonic + TROUBLE_PAUSE;
	if (r->phase == OVER)
		end_round(r, monotonic);
	return err;
}

/* Something can be done without an answer. */
static bool wants_turn(const struct tel_reconciler *r)
{
	size_t i;

	if (r->phase == LISTED || (r->phase == LISTING && !r->sent))
		return true;
	for (i = 0; r->phase == LOOKING && i < TEL_RECONCILE_AT_ONCE; i++)
		if (r->looks[i].phase != TEL_LOOK_WAIT &&
		    (r->looks[i].phase != TEL_LOOK_FREE || may_begin(r)))
			return true;
	return false;
}

tel_time tel_reconciler_pause(const struct tel_reconciler *r, tel_time monotonic, tel_time wait)
{
	tel_time next = r->not_before, ahead;

	if (r->phase == IDLE) {
		if (r->stopped || r->app->reconcile_interval == 0)
			return wait;
		next = r->next_at > next ? r->next_at : next;
	} else if (!wants_turn(r)) {
		return wait;
	}
	ahead = next > monotonic ? next - monotonic : 0;
	return ahead < wait ? ahead : wait;
}

bool tel_reconciler_is_idle(const struct tel_reconciler *r)
{
	return r->phase == IDLE;
}

void tel_reconciler_stop(struct tel_reconciler *r)
{
	struct tel_step_about about = { .duty = true };
	struct tel_str self = r->app->process->ops->self(r->app->process);
	struct tel_call_store *store = r->app->store;

	if (r->has_duty && store->ops->step(store, &about, tel_decide_leave_duty, &self))
		tel_log_line(r->app->log, TEL_LOG_WARN, "duty_not_left",
			     TEL_F_TEXT("then", "it is free when its lease ends"));
	r->has_duty = false;
	r->stopped = true;
}

size_t tel_reconciler_repairs(const struct tel_reconciler *r)
{
	return r->repairs;
}

/* ---- one round for people ------------------------------------------------------------------------------------ */

static bool is_waiting(const struct tel_reconciler *r)
{
	bool waits = r->phase == LISTING && r->sent;
	size_t i;

	for (i = 0; i < TEL_RECONCILE_AT_ONCE; i++)
		waits |= r->looks[i].phase == TEL_LOOK_WAIT;
	return waits;
}

/* Answers come to `r`: it must not go before they have, within their time-out. */
static void let_answers_come(struct tel_app *app, struct tel_reconciler *r)
{
	while (is_waiting(r) && !app->livekit->ops->poll(app->livekit, TEL_SECOND))
		continue;
}

static enum tel_err run_round(struct tel_app *app, struct tel_reconciler *r, tel_time patience)
{
	tel_time until = tel_monotonic(app->clock) + patience, left = patience;
	enum tel_err err = TEL_OK;

	begin_round(r);
	while (!err && r->phase != IDLE && left > 0) {
		err = tel_reconciler_turn(r, until - left);
		if (!err && r->phase != IDLE)
			err = app->livekit->ops->poll(app->livekit,
						      tel_reconciler_pause(r, until - left, left));
		left = until - tel_monotonic(app->clock);
	}
	return !err && r->phase != IDLE ? TEL_EBUSY : err;
}

enum tel_err tel_reconcile_once(struct tel_app *app, bool dry_run, tel_time patience,
				tel_repair_report_fn report, void *ctx,
				struct tel_reconcile_report *out)
{
	struct tel_reconciler *r = NULL;
	enum tel_err err = tel_reconciler_new(app, &r);
	size_t i;

	*out = (struct tel_reconcile_report){ 0 };
	if (err)
		return err;
	for (i = 0; i < TEL_RECONCILE_AT_ONCE; i++) {
		r->looks[i].dry_run = dry_run;
		r->looks[i].report = report;
		r->looks[i].report_ctx = ctx;
	}
	err = run_round(app, r, patience);
	let_answers_come(app, r);
	*out = r->report;
	tel_reconciler_free(r);
	return err;
}
