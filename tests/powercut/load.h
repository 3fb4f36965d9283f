/*
 * What a store has to keep: phone calls, as webhooks and jobs tell them, by
 * several threads at once, while a sweep drops old ones. Each step that was
 * acknowledged is noted in the recording (trace_ack).
 */
#ifndef TEL_TESTS_POWERCUT_LOAD_H
#define TEL_TESTS_POWERCUT_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "ports/call_store.h"

/* In the life of one call, in this order: number `call * LOAD_STAGES + stage`. */
enum load_stage {
	LOAD_PHONE_JOINED,	/* makes the call, leases its dispatch */
	LOAD_DISPATCHED,	/* a job's result: no event id */
	LOAD_AGENT_JOINED,
	LOAD_PHONE_LEFT,	/* ends it */
	LOAD_ROOM_FINISHED,
	LOAD_STAGES
};

#define LOAD_MAX_CALLS 1000

struct load {
	unsigned calls, threads;
	bool no_group_commit;
	bool hasty;		/* acknowledges before the step: a planted bug */
};

/* The last acknowledgement: a backup was made of all the others. */
#define LOAD_BACKUP (LOAD_MAX_CALLS * LOAD_STAGES)

/* Makes "store" and "backup" in `directory`, which is the recorder's. */
void load_run(const struct load *load, const char *directory);

/* What acknowledgements promise: per call, how many stages. */
struct load_promise {
	unsigned char stages[LOAD_MAX_CALLS];
	unsigned n;		/* acknowledgements */
	bool backup;
};

void load_promise_add(struct load_promise *promise, unsigned ack);

enum load_verdict {
	LOAD_KEPT,
	LOAD_LOST,		/* something acknowledged is not there */
	LOAD_TORN,		/* half of a step is there */
	LOAD_UNSOUND,		/* indexes and records don't fit */
	LOAD_REFUSED,		/* it can't be opened, or not be written to */
	LOAD_VERDICTS
};

/* Opens what is in `directory`, as after the power came back. */
enum load_verdict load_verify(const struct load *load, const struct load_promise *promise,
			      const char *directory);

#endif
