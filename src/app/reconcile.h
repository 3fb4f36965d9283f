/*
 * Use case: compare our calls with what LiveKit shows, and make good what no
 * webhook told: phones that nobody heard coming, calls whose end got lost,
 * rooms left over.
 *
 * A round is ListRooms, then ListParticipants for each room that has a living
 * call of ours, and for unknown rooms; repairs are confirmed by one more
 * ListRooms and go through the very step that webhooks do. At most
 * TEL_RECONCILE_AT_ONCE requests are under way at a time. A round that finds
 * nothing writes nothing, but for the lease of the duty (domain/duty.h), now
 * and then.
 *
 * A reconciler belongs to one thread, that of its runner. What it knows is
 * lost with the process without harm.
 */
#ifndef TEL_APP_RECONCILE_H
#define TEL_APP_RECONCILE_H

#include <stdbool.h>
#include <stddef.h>

#include "app/app.h"
#include "base/err.h"
#include "base/time.h"

#define TEL_RECONCILE_AT_ONCE 8

/* Unknown rooms in which there was nobody of ours are looked at again when
   the number of people in them changes, or in every so many'th round. */
#define TEL_RECONCILE_QUIET_ROUNDS 4

/* A round that LiveKit did not answer is tried again after so long. */
#define TEL_RECONCILE_RETRY (3 * TEL_SECOND)

/* One repair, for people. Borrowed for the time of the call. */
struct tel_repair_line {
	struct tel_str room_name, room_sid;
	struct tel_str call_id;		/* absent: a call never heard of */
	struct tel_str participant;	/* its identity; absent: the room itself */
	const char *kind;		/* "leg_found", … */
	const char *result;		/* "created", "ended", …; "planned": a dry run */
};

typedef void (*tel_repair_report_fn)(void *ctx, const struct tel_repair_line *line);

struct tel_reconcile_report {
	size_t rooms;			/* that LiveKit listed */
	size_t calls;			/* living ones of ours */
	size_t looked_at;		/* rooms */
	size_t requests;
	size_t repairs;			/* made; in a dry run: found */
	size_t failed;			/* looks that were not answered */
	bool complete;			/* everything was looked at */
	char code[64];			/* why not: LiveKit's, or ours; "" */
};

struct tel_reconciler;

/* TEL_ENOMEM */
TEL_MUST_CHECK enum tel_err tel_reconciler_new(struct tel_app *app, struct tel_reconciler **out);

/*
 * Tell whether LiveKit answers ListRooms: a round is tried again every few
 * seconds when it does not.
 */
struct tel_reach;
void tel_reconciler_reports_to(struct tel_reconciler *reconciler, struct tel_reach *reach);

/* Its requests must have been answered before. NULL is fine. */
void tel_reconciler_free(struct tel_reconciler *reconciler);

/*
 * Begin a round when it is time and the duty is ours, and move on what is
 * under way. An error is our own trouble; the next turn tries again.
 */
enum tel_err tel_reconciler_turn(struct tel_reconciler *reconciler, tel_time monotonic);

/* `wait`, or less if it wants a turn sooner. */
tel_time tel_reconciler_pause(const struct tel_reconciler *reconciler, tel_time monotonic,
			      tel_time wait);

/* No round is under way. */
bool tel_reconciler_is_idle(const struct tel_reconciler *reconciler);

/*
 * Begin no more, and leave the duty to others; a round under way ends with the
 * requests that it has sent.
 */
void tel_reconciler_stop(struct tel_reconciler *reconciler);

/* Repairs made by rounds so far: a runner scans for jobs when it has grown. */
size_t tel_reconciler_repairs(const struct tel_reconciler *reconciler);

/*
 * One round in this thread, whoever has the duty. `dry_run`: repairs are
 * reported and not made. `report` may be NULL. *out is filled with every
 * result. TEL_EBUSY: not done within `patience` ms; our own trouble
 */
TEL_MUST_CHECK enum tel_err tel_reconcile_once(struct tel_app *app, bool dry_run,
					       tel_time patience, tel_repair_report_fn report,
					       void *ctx, struct tel_reconcile_report *out);

#endif
