/*
 * Use case: run what calls have to have done. A runner takes due jobs by
 * lease, re-reads the call just before anything is sent, sends, and records
 * what became of it in one step.
 *
 * Any number of runners in any number of processes may work on one store.
 * One runner belongs to one thread.
 */
#ifndef TEL_APP_RUN_JOBS_H
#define TEL_APP_RUN_JOBS_H

#include <stdbool.h>
#include <stddef.h>

#include "app/app.h"
#include "app/inbox.h"
#include "base/err.h"
#include "base/time.h"

/* Requests one runner has under way at most. */
#define TEL_RUNNER_MAX_IN_FLIGHT 64

/* How often it looks for due jobs and for leases of dead processes. */
#define TEL_RUNNER_SCAN_EVERY ((tel_time)500)

/* How often old event ids, tombstones and calls are swept. */
#define TEL_RUNNER_SWEEP_EVERY (60 * TEL_SECOND)
#define TEL_RUNNER_SWEEP_BUDGET 1000

struct tel_runner;

/* `inbox` may be NULL. TEL_ENOMEM */
TEL_MUST_CHECK enum tel_err tel_runner_new(struct tel_app *app, struct tel_inbox *inbox,
					   struct tel_runner **out);

/*
 * Requests under way must have been answered before (tel_livekit close());
 * jobs that are still leased are taken over by others. NULL is fine.
 */
void tel_runner_free(struct tel_runner *runner);

/*
 * One turn: take what is due, move requests on, wait at most `wait` ms for
 * an answer, a wake or the next due time. An error is our own trouble
 * (logged); the next turn tries again, not before a pause.
 */
enum tel_err tel_runner_turn(struct tel_runner *runner, tel_time wait);

/*
 * Look for no more due jobs from now on. What is under way or in the inbox
 * (close it first) is finished by turns.
 */
void tel_runner_stop(struct tel_runner *runner);

/* Nothing under way, nothing in the inbox. */
bool tel_runner_is_idle(const struct tel_runner *runner);

#endif
