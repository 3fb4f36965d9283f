/*
 * A step: the one way in which anything is written.
 *
 *   the store loads what the step is about
 *     -> a decide function of the domain looks and says what shall be
 *       -> all of it becomes durable as one unit, or nothing
 *
 * A decide function is pure: its result follows from the step and its own
 * context alone. The store may run it more than once (first on a read-only
 * snapshot, to find out that nothing needs writing; again after a conflict),
 * so whatever it leaves in its context must be overwritten by every run.
 */
#ifndef TEL_DOMAIN_STEP_H
#define TEL_DOMAIN_STEP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/time.h"
#include "domain/call.h"
#include "domain/duty.h"
#include "domain/timeline.h"

/*
 * What a step is about. The store loads at most one call: the first hit of
 *   1. call_id
 *   2. participant_sid     a leg that some call already knows
 *   3. room_name+room_sid  the newest call of that life of the room
 *   4. room_name+sip_call_id  the newest call with that phone call
 *   5. room_name+room_sid  the newest call in that room name that does not
 *                          know its room's sid yet
 * Absent fields are skipped. All texts are borrowed for the step's time.
 */
struct tel_step_about {
	struct tel_str event_id;	/* for deduplication */
	struct tel_str call_id;
	struct tel_str participant_sid;
	struct tel_str room_name;
	struct tel_str room_sid;
	struct tel_str sip_call_id;
	bool expect_change;		/* a hint: skip the read-only run */
	bool outbound_switch;		/* load step->outbound_stopped_at too */
	bool duty;			/* load step->duty too */
	const struct tel_place_about *place; /* NULL unless a call is placed */
};

/* Calls created at or after `since`, counted from the newest back, up to `max`. */
struct tel_count_about {
	tel_time since;
	uint32_t max;			/* 0: not asked for */
};

struct tel_count_found {
	uint32_t n;			/* at most `max` */
	tel_time oldest;		/* created_at of the last one counted; 0 = none */
};

/*
 * What a step that places a call has to know besides. The store then loads
 * as the step's call the one that the request's key stands for; else the
 * newest call in room_name.
 */
struct tel_place_about {
	struct tel_str request_key;	/* who asks, NUL, Idempotency-Key; absent =
					   none. At most TEL_MAX_REQUEST_KEY */
	struct tel_str to;		/* E.164 */
	uint32_t max_live;		/* count living outbound calls up to here */
	struct tel_count_about outbound; /* all outbound calls */
	struct tel_count_about same_to;	/* outbound calls to `to` */
};

/* A request with an Idempotency-Key, as it is remembered. */
struct tel_request_memory {
	struct tel_call_id call_id;	/* the call it made */
	uint8_t body_sha256[32];
};

struct tel_place_found {
	bool key_seen;
	struct tel_request_memory memory; /* if key_seen; step->call is its call,
					   or NULL if that is kept no more */
	uint32_t live;			/* living outbound calls, up to max_live */
	struct tel_count_found outbound, same_to;
};

#define TEL_STEP_MAX_ENTRIES 6

struct tel_step {
	/* What the store found. */
	struct tel_call *call;		/* NULL = none; owned by the store */
	bool event_seen;		/* event_id was remembered before */
	bool room_finished;		/* (room_name, room_sid) has a tombstone */
	tel_time outbound_stopped_at;	/* the kill switch; 0 = calls may go out */
	struct tel_place_found place;	/* with about->place */
	struct tel_duty duty;		/* with about->duty; its text in `mem`, or of a
					   decide's context */

	/* What shall become durable. */
	bool save;			/* `call` was changed */
	struct tel_call *fresh;		/* a new call; the store frees it */
	bool remember_event;		/* event_id, until `remember_until` */
	bool finish_room;		/* leave a tombstone for the room's life */
	tel_time remember_until;
	bool remember_request;		/* place->request_key stands for `fresh` */
	uint8_t body_sha256[32];	/* with remember_request */
	tel_time remember_request_until;
	bool set_switch;		/* outbound_stopped_at was changed */
	bool set_duty;			/* duty was changed */

	struct tel_entry entries[TEL_STEP_MAX_ENTRIES];
	struct tel_call *entry_of[TEL_STEP_MAX_ENTRIES]; /* call or fresh */
	size_t n_entries;

	struct tel_arena mem;		/* for the texts of the entries */
};

/*
 * TEL_OK: make it durable (nothing is written when nothing is asked for).
 * Any other value: nothing is written and step() returns that value.
 */
typedef enum tel_err (*tel_decide_fn)(struct tel_step *step, void *ctx);

/* For stores: a step ready for (another) decide; frees what it held. */
void tel_step_init(struct tel_step *step);
void tel_step_release(struct tel_step *step);	/* frees call and fresh too */

/* True if a decide asked for anything to be written. */
bool tel_step_wants_write(const struct tel_step *step);

/*
 * A timeline entry for `call` (step->call or step->fresh); its seq is taken
 * from the call, which is then to be saved. Texts must outlive the step or
 * be literals; copy others with tel_arena_copy(&step->mem, …).
 * NULL = no memory or no slot.
 */
struct tel_entry *tel_step_entry(struct tel_step *step, struct tel_call *call, tel_time at,
				 enum tel_entry_source source, struct tel_str what);

#endif
