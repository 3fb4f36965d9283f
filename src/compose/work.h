/*
 * Running jobs until told to stop, or until there are none: what the worker
 * thread of telephony.fcgi, `telephonyctl work` and a CGI process after its
 * answer have in common.
 */
#ifndef TEL_COMPOSE_WORK_H
#define TEL_COMPOSE_WORK_H

#include <stdbool.h>

#include "app/run_jobs.h"

/*
 * Stopping waits so long for LiveKit's answers to requests under way. Less
 * than the 3 s that mod_fcgid leaves between SIGTERM and SIGKILL; what is
 * not answered by then is taken over by others, who look first.
 */
#define TEL_WORK_DRAIN (2 * TEL_SECOND)

struct tel_work;

/*
 * A thread that runs `runner` (its own from now on) until it is stopped. All
 * is borrowed until the thread is joined; `inbox` may be NULL.
 * TEL_ENOMEM, TEL_EBUSY (no more threads)
 */
TEL_MUST_CHECK enum tel_err tel_work_start(struct tel_app *app, struct tel_inbox *inbox,
					   struct tel_runner *runner, struct tel_work **out);

/* Begin to stop: no new jobs. Returns at once. Any thread. */
void tel_work_stop(struct tel_work *work);

/*
 * Wait for the thread, `patience` ms at most. True: it has ended and `work`
 * is freed. False: it still uses all it was given. NULL is fine.
 */
TEL_MUST_CHECK bool tel_work_join(struct tel_work *work, tel_time patience);

/*
 * Is a job due, or will one be within `linger` ms? A read of the store;
 * false also when it can't be read.
 */
bool tel_work_is_due(struct tel_app *app, tel_time linger);

/*
 * In this thread: run what is due and what will be within `linger` ms, until
 * nothing is left or `patience` ms are over. The first error of a turn is
 * returned, after everything was tried.
 */
enum tel_err tel_work_until_idle(struct tel_app *app, struct tel_runner *runner,
				 tel_time linger, tel_time patience);

#endif
