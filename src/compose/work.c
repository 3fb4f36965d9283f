#include "config.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "compose/thread.h"
#include "compose/work.h"
#include "base/banned.h"

/* Without a wake and without a job: any long time. */
#define LONG (60 * TEL_SECOND)

/* A turn that fails without having waited is followed by this pause. */
#define PAUSE_AFTER_ERROR ((tel_time)100)

/*
 * While draining it is looked so often whether all is done: a slot of the
 * inbox that is given back unused wakes nobody.
 */
#define DRAIN_TICK ((tel_time)50)

struct tel_work {
	struct tel_app *app;
	struct tel_inbox *inbox;
	struct tel_runner *runner;
	pthread_t thread;
	atomic_bool stop;
};

/*
 * One turn. The runner logs its errors and rests after those of the store;
 * the pause here is for an error that comes back at once.
 */
static enum tel_err turn(struct tel_app *app, struct tel_runner *runner, tel_time wait)
{
	const struct timespec pause = { .tv_nsec = PAUSE_AFTER_ERROR * 1000000 };
	tel_time began = tel_monotonic(app->clock);
	enum tel_err err = tel_runner_turn(runner, wait);

	if (err && tel_monotonic(app->clock) - began < PAUSE_AFTER_ERROR)
		nanosleep(&pause, NULL);
	return err;
}

static void drain(struct tel_app *app, struct tel_runner *runner)
{
	tel_time deadline = tel_monotonic(app->clock) + TEL_WORK_DRAIN, left = TEL_WORK_DRAIN;

	tel_runner_stop(runner);
	while (!tel_runner_is_idle(runner) && left > 0) {
		turn(app, runner, left < DRAIN_TICK ? left : DRAIN_TICK);
		left = deadline - tel_monotonic(app->clock);
	}
}

static void *run(void *arg)
{
	struct tel_work *work = arg;

	while (!atomic_load(&work->stop))
		turn(work->app, work->runner, LONG);
	drain(work->app, work->runner);
	return NULL;
}

enum tel_err tel_work_start(struct tel_app *app, struct tel_inbox *inbox,
			    struct tel_runner *runner, struct tel_work **out)
{
	struct tel_work *work = calloc(1, sizeof(*work));
	enum tel_err err;

	if (!work)
		return TEL_ENOMEM;
	work->app = app;
	work->inbox = inbox;
	work->runner = runner;
	err = tel_thread_start(run, work, &work->thread);
	if (err)
		free(work);
	else
		*out = work;
	return err;
}

void tel_work_stop(struct tel_work *work)
{
	if (work->inbox)
		tel_inbox_close(work->inbox);
	atomic_store(&work->stop, true);
	work->app->livekit->ops->wake(work->app->livekit);
}

bool tel_work_join(struct tel_work *work, tel_time patience)
{
	if (!work)
		return true;
	if (!tel_thread_join(work->thread, patience))
		return false;
	free(work);
	return true;
}

static bool owner_is_dead(void *ctx, struct tel_str owner)
{
	struct tel_process *process = ctx;

	return process->ops->is_dead(process, owner);
}

bool tel_work_is_due(struct tel_app *app, tel_time linger)
{
	struct tel_due_query query = {
		.now = tel_now(app->clock),
		.max = 1,
		.owner_is_dead = owner_is_dead,
		.ctx = app->process,
	};
	struct tel_due_page *page = calloc(1, sizeof(*page));
	bool due = false;

	if (page && app->store->ops->due(app->store, &query, page) == TEL_OK)
		due = page->n > 0 || (page->next && page->next <= query.now + linger);
	free(page);
	return due;
}

enum tel_err tel_work_until_idle(struct tel_app *app, struct tel_runner *runner,
				 tel_time linger, tel_time patience)
{
	tel_time deadline = tel_monotonic(app->clock) + patience, left = patience;
	enum tel_err first = turn(app, runner, 0), err;

	while (left > 0 && (!tel_runner_is_idle(runner) || tel_work_is_due(app, linger))) {
		err = turn(app, runner, left);
		first = first ? first : err;
		left = deadline - tel_monotonic(app->clock);
	}
	drain(app, runner);
	return first;
}
