/*
 * Any store, of which some calls fail: a decorator of the port. One thread.
 */
#ifndef TEL_TESTS_FAILING_STORE_H
#define TEL_TESTS_FAILING_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "ports/call_store.h"

/* Which functions of the port; or them together. */
enum tel_store_call {
	TEL_CALL_STEP = 1,
	TEL_CALL_GET = 2,
	TEL_CALL_LIST = 4,
	TEL_CALL_DUE = 8,
	TEL_CALL_SWEEP = 16,
	TEL_CALL_ANY = 31
};

struct tel_store_fault {
	unsigned calls;		/* of these … */
	size_t at;		/* … the at-th from now on, counted from 1; 0 = none … */
	size_t times;		/* … and as many in all, one after the other … */
	enum tel_err err;	/* … fail so. */
	/* Steps: they take effect first, as when their answer gets lost. */
	bool after;
};

struct tel_failing_store {
	struct tel_call_store base;
	struct tel_call_store_ops ops;
	struct tel_call_store *real;
	struct tel_store_fault fault;
	/* Whatever is about this call alone says TEL_ECORRUPT; "" = none is damaged. */
	struct tel_call_id damaged;
	size_t seen;		/* of fault.calls, since it was set */
	size_t failed;
	size_t dues;		/* calls of due() */
};

/* `real` is borrowed; closing is the real one's. Nothing fails at first. */
void tel_failing_store_init(struct tel_failing_store *f, struct tel_call_store *real);

/* Replaces the fault before it, counts from 0. */
void tel_failing_store_set(struct tel_failing_store *f, const struct tel_store_fault *fault);

#endif
