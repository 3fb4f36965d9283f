/*
 * Group commit. A commit is a disk's sync, some milliseconds; a step is some
 * microseconds. So steps queue up while a commit runs, and the next one
 * carries them all:
 *
 *   step()   enqueue; while not done: nobody leads? lead : sleep
 *   lead     begin, then run what is in the queue (what arrives meanwhile
 *            too), commit once, wake all
 *
 * Whoever leads answers for everybody he took out of the queue, whatever
 * fails on the way, and then wakes the first in the queue to lead next: a
 * waiter is in the queue, in a leader's hands, or done.
 *
 * A step that fails before its first put leaves no trace. One that fails
 * after it (the map is full, no memory) spoils the transaction: it is given
 * up, and the steps before it run again, each in a transaction of its own;
 * so does the spoiler if there was no room, as alone it may fit. That is
 * rare, and a nested transaction for every step would cost all of them (two
 * allocations of megabytes each, and a copy of every page).
 */
#include "config.h"

#include "lmdb-store/store.h"
#include "base/banned.h"

/* Bounds how long the first of a batch waits for the others. */
#define MAX_BATCH 256

/* When the map is nearly full: a large transaction would need more of what
   there is little of. */
#define MAX_TIGHT_BATCH 8

struct tel_lmdb_waiter {
	const struct tel_step_about *about;
	tel_decide_fn decide;
	void *ctx;
	enum tel_err err;		/* of the leader until `done` */
	bool wants_write;
	bool done;			/* guarded by queue_lock */
	pthread_cond_t wake;
	struct tel_lmdb_waiter *next;
};

struct batch {
	struct tel_lmdb_waiter *first, **last;
	size_t n, writes;
};

static void batch_add(struct batch *b, struct tel_lmdb_waiter *w)
{
	w->next = NULL;
	*b->last = w;
	b->last = &w->next;
	b->n++;
}

/* The next waiter out of the queue; NULL = empty. */
static struct tel_lmdb_waiter *pop(struct tel_lmdb_store *s)
{
	struct tel_lmdb_waiter *w;

	pthread_mutex_lock(&s->queue_lock);
	w = s->first;
	if (w) {
		s->first = w->next;
		if (!s->first)
			s->last = &s->first;
	}
	pthread_mutex_unlock(&s->queue_lock);
	return w;
}

static void count_commit(struct tel_lmdb_store *s, size_t steps)
{
	pthread_mutex_lock(&s->queue_lock);
	s->commits++;
	s->committed_steps += steps;
	pthread_mutex_unlock(&s->queue_lock);
}

static void run_one(struct tel_lmdb_txn *t, struct tel_lmdb_waiter *w)
{
	w->err = tel_lmdb_run_step(t, w->about, w->decide, w->ctx, &w->wants_write);
}

/* Commit if anything was written; a sync for nothing helps nobody. */
static enum tel_err finish(struct tel_lmdb_txn *t, size_t steps)
{
	struct tel_lmdb_store *s = t->store;
	enum tel_err err = TEL_OK;

	if (!t->dirty) {
		tel_lmdb_abort(t);
		return TEL_OK;
	}
	err = tel_lmdb_commit(t);
	if (!err)
		count_commit(s, steps);
	return err;
}

static void try_alone(struct tel_lmdb_store *s, struct tel_lmdb_waiter *w)
{
	struct tel_lmdb_txn t;
	enum tel_err err = tel_lmdb_begin(s, true, &t);

	if (!err) {
		run_one(&t, w);
		if (w->err) {
			tel_lmdb_abort(&t);
			return;
		}
		err = finish(&t, 1);
	}
	if (err)
		w->err = err;
}

/* Nobody is waited for once that was in vain: the others of the batch wait too. */
static void run_each_alone(struct tel_lmdb_store *s, struct tel_lmdb_waiter *w)
{
	bool may_help = true;

	for (; w; w = w->next) {
		try_alone(s, w);
		if (w->err != TEL_EFULL || !may_help)
			continue;
		may_help = tel_lmdb_await_readers(s);
		if (may_help)
			try_alone(s, w);
	}
}

/*
 * Also those that wanted nothing written get a commit's error: they may have
 * seen what an earlier step of the batch did, and that is not there now.
 */
static void fail_all(struct tel_lmdb_waiter *w, enum tel_err err)
{
	for (; w; w = w->next)
		w->err = err;
}

/*
 * Run what is in the queue. False: `spoiler` failed halfway, the transaction
 * is spoilt.
 */
static bool run_queue(struct tel_lmdb_txn *t, struct batch *b, struct tel_lmdb_waiter **spoiler)
{
	size_t max = !t->store->group_commit ? 1 : tel_lmdb_is_tight(t) ? MAX_TIGHT_BATCH : MAX_BATCH;
	struct tel_lmdb_waiter *w;
	bool was_dirty;

	while (b->n < max && (w = pop(t->store))) {
		was_dirty = t->dirty;
		t->dirty = false;
		run_one(t, w);
		if (w->err && t->dirty) {
			w->next = NULL;
			*spoiler = w;
			return false;
		}
		b->writes += t->dirty;
		t->dirty |= was_dirty;
		batch_add(b, w);
	}
	return true;
}

/* Nobody waits for a transaction that can't even begin. */
static void take_queue(struct tel_lmdb_store *s, struct batch *b)
{
	struct tel_lmdb_waiter *w;

	while ((w = pop(s)))
		batch_add(b, w);
}

static void wake_all(struct tel_lmdb_store *s, struct tel_lmdb_waiter *w)
{
	struct tel_lmdb_waiter *next;

	pthread_mutex_lock(&s->queue_lock);
	for (; w; w = next) {
		next = w->next;		/* `w` is gone once its thread sees `done` */
		w->done = true;
		pthread_cond_signal(&w->wake);
	}
	pthread_mutex_unlock(&s->queue_lock);
}

static void lead(struct tel_lmdb_store *s)
{
	struct tel_lmdb_waiter *spoiler = NULL;
	struct batch b = { .last = &b.first };
	struct tel_lmdb_txn t;
	enum tel_err err = tel_lmdb_begin(s, true, &t);

	if (err) {
		take_queue(s, &b);
		fail_all(b.first, err);
	} else if (run_queue(&t, &b, &spoiler)) {
		err = finish(&t, b.writes);
		/* What does not fit together may fit one by one. */
		if (err == TEL_EFULL)
			run_each_alone(s, b.first);
		else if (err)
			fail_all(b.first, err);
	} else {
		tel_lmdb_abort(&t);
		if (spoiler->err == TEL_EFULL) {
			batch_add(&b, spoiler);
			spoiler = NULL;
		}
		run_each_alone(s, b.first);
	}
	wake_all(s, b.first);
	wake_all(s, spoiler);
}

static enum tel_err enqueue_and_wait(struct tel_lmdb_store *s, struct tel_lmdb_waiter *w)
{
	pthread_mutex_lock(&s->queue_lock);
	*s->last = w;
	s->last = &w->next;
	while (!w->done) {
		if (s->leading) {
			pthread_cond_wait(&w->wake, &s->queue_lock);
			continue;
		}
		s->leading = true;
		pthread_mutex_unlock(&s->queue_lock);
		lead(s);
		pthread_mutex_lock(&s->queue_lock);
		s->leading = false;
	}
	if (s->first && !s->leading)
		pthread_cond_signal(&s->first->wake);
	pthread_mutex_unlock(&s->queue_lock);
	return w->err;
}

enum tel_err tel_lmdb_step(struct tel_call_store *store, const struct tel_step_about *about,
			   tel_decide_fn decide, void *ctx)
{
	struct tel_lmdb_waiter w = { .about = about, .decide = decide, .ctx = ctx };
	struct tel_lmdb_store *s = tel_lmdb_of(store);
	struct tel_lmdb_txn t;
	enum tel_err err;

	if (!about->expect_change) {
		err = tel_lmdb_begin(s, false, &t);
		if (err)
			return err;
		err = tel_lmdb_run_step(&t, about, decide, ctx, &w.wants_write);
		tel_lmdb_abort(&t);
		if (err || !w.wants_write)
			return err;
	}
	if (pthread_cond_init(&w.wake, NULL))
		return TEL_ENOMEM;
	err = enqueue_and_wait(s, &w);
	pthread_cond_destroy(&w.wake);
	return err;
}
