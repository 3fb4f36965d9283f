/*
 * Port: where calls live.
 *
 * A store keeps calls, their timelines, the ids of events that were applied
 * and tombstones of finished rooms. Indexes are its own business. An
 * adapter embeds struct tel_call_store first and fills in `ops`.
 *
 * Threads: every function may be called by any thread at any time.
 * Processes: any number may share one store, if the adapter can (LMDB can,
 * memory can't); each sees what the others have committed.
 * Durability: when step() returns TEL_OK, what it wrote survives the loss
 * of the process and of the power (adapters without that say so: memory).
 *
 * Errors of every function: TEL_ENOMEM, TEL_EBUSY, TEL_EFULL, TEL_EIO,
 * TEL_ECORRUPT; never an error of the library below.
 */
#ifndef TEL_PORTS_CALL_STORE_H
#define TEL_PORTS_CALL_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "base/time.h"
#include "domain/call.h"
#include "domain/step.h"
#include "domain/timeline.h"
#include "ports/process.h"

/* Newest first. A zeroed filter means every call; members are and-ed. */
struct tel_call_filter {
	bool live_only;			/* neither ended nor failed */
	bool by_status, by_direction;	/* do the next two count? */
	enum tel_call_status status;
	enum tel_direction direction;
	struct tel_str from, to;	/* E.164, exact; absent = any */
	tel_time since, until;		/* since <= createdAt < until; 0 = open */
	struct tel_str room_name;	/* exact; absent = any */
	struct tel_str cursor;		/* opaque, from a page before; absent = start */
	size_t limit;			/* 1 … TEL_MAX_PAGE; 0 = 50 */
};

#define TEL_CURSOR_TEXT 64

struct tel_call_page {
	struct tel_call **calls;	/* owned: tel_call_page_release() */
	size_t n;
	char next_cursor[TEL_CURSOR_TEXT]; /* "" = that was all */
};

/* Legal on a zeroed page. */
void tel_call_page_release(struct tel_call_page *page);

struct tel_due_query {
	tel_time now;
	size_t max;			/* 1 … TEL_MAX_PAGE */
	/*
	 * Is the process behind this lease owner provably gone? Its leases
	 * are then due at once. NULL = nobody is. Called without any lock or
	 * transaction held that another process could wait for.
	 */
	bool (*owner_is_dead)(void *ctx, struct tel_str owner);
	void *ctx;
};

struct tel_due_page {
	struct {
		struct tel_call_id id;
		/* The dead leaseholder for whose sake it is due; else "". */
		char dead_owner[TEL_MAX_OWNER + 1];
	} due[TEL_MAX_PAGE];
	size_t n;
	tel_time next;			/* when the next one will be; 0 = none */
};

struct tel_sweep_report {
	size_t events;			/* event ids forgotten */
	size_t rooms;			/* room tombstones dropped */
	size_t requests;		/* Idempotency-Keys forgotten */
	size_t calls;			/* calls (with timelines) dropped */
	size_t stale_readers;		/* slots of dead processes freed */
	bool more;			/* the budget ran out first */
};

struct tel_store_stats {
	uint64_t calls;
	uint64_t live_calls;
	uint64_t pending_calls;		/* calls with a pending job */
	uint64_t leased_calls;		/* calls with a job that is leased */
	uint64_t event_ids;
	uint64_t room_tombstones;
	uint64_t request_keys;		/* Idempotency-Keys */
	uint64_t timeline_entries;
	uint64_t readers;		/* reader slots in use */
	uint64_t used_bytes;
	uint64_t size_bytes;		/* what it may grow to; 0 = unlimited */
	uint64_t commits;		/* by this process */
	uint64_t committed_steps;	/* steps in them: group commit's gain */
};

struct tel_call_store;

struct tel_call_store_ops {
	const char *name;		/* "lmdb", "memory" */

	/*
	 * Load what `about` names, let `decide` look, make durable what it
	 * wants: see domain/step.h. Returns what decide returned if that is
	 * not TEL_OK. Creating a call is refused with TEL_EFULL while there
	 * is little room left; changes to existing calls use the reserve.
	 */
	enum tel_err (*step)(struct tel_call_store *store, const struct tel_step_about *about,
			     tel_decide_fn decide, void *ctx);

	/*
	 * One call; *timeline too if it is not NULL. The caller frees both
	 * (tel_call_free, tel_timeline_release). TEL_ENOTFOUND
	 */
	enum tel_err (*get)(struct tel_call_store *store, const struct tel_call_id *id,
			    struct tel_call **out, struct tel_timeline *timeline);

	/*
	 * A page; TEL_EMALFORMED for a cursor that is none of ours. The cost
	 * does not depend on how many calls there are: a page for which too
	 * many calls would have to be looked at comes short, or empty, with a
	 * cursor that goes on.
	 */
	enum tel_err (*list)(struct tel_call_store *store, const struct tel_call_filter *filter,
			     struct tel_call_page *out);

	/* Calls whose next job is due (tel_call_wakes_at), earliest first. */
	enum tel_err (*due)(struct tel_call_store *store, const struct tel_due_query *query,
			    struct tel_due_page *out);

	/*
	 * Forget what is past its time, at most `budget` items, so that no
	 * caller waits long: event ids, tombstones and Idempotency-Keys at
	 * their `remember_until`, calls at ended_at + the store's retention.
	 */
	enum tel_err (*sweep)(struct tel_call_store *store, tel_time now, size_t budget,
			      struct tel_sweep_report *out);

	enum tel_err (*stats)(struct tel_call_store *store, struct tel_store_stats *out);

	/* Releases everything; the pointer is dead. Waits for nobody. */
	void (*close)(struct tel_call_store *store);
};

struct tel_call_store {
	const struct tel_call_store_ops *ops;
};

#endif
