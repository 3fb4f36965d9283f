/*
 * The call store in memory, for tests and demonstrations: the whole port
 * (ports/call_store.h), gone with its process, without a bound. Ceilings of
 * records are those of a durable store, so that what works here works there.
 *
 * One mutex guards all of it; a decide function runs under it and must not
 * call the store.
 */
#ifndef TEL_MEMORY_STORE_H
#define TEL_MEMORY_STORE_H

#include "base/err.h"
#include "base/time.h"
#include "ports/call_store.h"

/* Zeroed: the defaults. */
struct tel_memory_store_options {
	tel_time retention;	/* calls are swept so long after their end;
				   0 = never */
};

/* `options` may be NULL. Close with (*out)->ops->close(*out). TEL_ENOMEM */
TEL_MUST_CHECK enum tel_err tel_memory_store_open(const struct tel_memory_store_options *options,
						  struct tel_call_store **out);

#endif
