/*
 * The timeline of a call: what happened, with its evidence, in order.
 * Bounded (TEL_TIMELINE_HEAD first and TEL_TIMELINE_TAIL last entries are
 * kept) and free of secrets.
 */
#ifndef TEL_DOMAIN_TIMELINE_H
#define TEL_DOMAIN_TIMELINE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/time.h"
#include "domain/call.h"

enum tel_entry_source {
	TEL_ENTRY_EVENT,	/* a webhook event */
	TEL_ENTRY_JOB,		/* a job's outcome */
	TEL_ENTRY_REQUEST,	/* what somebody asked for: place, hang_up, … */
	TEL_ENTRY_REPAIR,	/* what LiveKit was seen to have, and no event told */
	TEL_ENTRY_SOURCES
};

/* "event", "job", "request", "repair" */
const char *tel_entry_source_text(enum tel_entry_source source);
bool tel_entry_source_from(struct tel_str text, enum tel_entry_source *out);

struct tel_note {
	struct tel_str key;	/* camelCase */
	struct tel_str value;
};

struct tel_entry {
	uint32_t seq;			/* 0 … within its call */
	tel_time at;			/* when we learned it */
	enum tel_entry_source source;
	struct tel_str what;		/* event name or job kind */
	struct tel_str result;		/* what it did: "agent requested" */
	enum tel_call_status status;	/* of the call, afterwards */
	struct tel_note notes[TEL_MAX_TIMELINE_NOTES];
	size_t n_notes;
};

/* All texts live in mem. */
struct tel_timeline {
	struct tel_arena mem;
	struct tel_entry *entries;	/* oldest first */
	size_t n;
};

/* Legal on a zeroed timeline. */
void tel_timeline_release(struct tel_timeline *timeline);

/*
 * Which older entry goes when entry `seq` is written, if any: the store
 * deletes it in the same transaction. False = none.
 */
bool tel_timeline_evicts(uint32_t seq, uint32_t *evicted);

/* A note more; silently ignored over TEL_MAX_TIMELINE_NOTES or if absent. */
void tel_entry_note(struct tel_entry *entry, const char *key, struct tel_str value);

#endif
