/*
 * The way from a webhook to the runner in the same process: ids of calls
 * whose dispatch job was leased to this process in the webhook's own commit,
 * so that no second commit is needed before the dispatch goes out.
 *
 * Bounded: a slot is reserved before the step, because a job leased here and
 * then forgotten would wait for its lease to run out. Without a free slot
 * the job is stored unleased and found by whoever looks for due jobs.
 *
 * Threads: any. One mutex guards all of it.
 */
#ifndef TEL_APP_INBOX_H
#define TEL_APP_INBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "domain/call.h"

struct tel_inbox;

/* `wake(ctx)` is called after every put, outside the lock; may be NULL. */
TEL_MUST_CHECK enum tel_err tel_inbox_new(size_t slots, void (*wake)(void *ctx), void *ctx,
					  struct tel_inbox **out);
void tel_inbox_free(struct tel_inbox *inbox);	/* NULL is fine */

/* Promise a slot. False: none is free, or the inbox is closed. */
bool tel_inbox_reserve(struct tel_inbox *inbox);
/* Use the promised slot. */
void tel_inbox_put(struct tel_inbox *inbox, const struct tel_call_id *id);
/* Give the promised slot back. */
void tel_inbox_cancel(struct tel_inbox *inbox);

/*
 * The oldest id, which stays where it is until it is dropped: whoever fails
 * to start its job finds it again. One thread only looks and drops.
 */
bool tel_inbox_first(struct tel_inbox *inbox, struct tel_call_id *out); /* false = empty */
void tel_inbox_drop_first(struct tel_inbox *inbox);

/* No more reservations: the process is going to stop. */
void tel_inbox_close(struct tel_inbox *inbox);

/* True if nothing is in it and no slot is promised. */
bool tel_inbox_is_idle(struct tel_inbox *inbox);

#endif
