/*
 * Do the indexes of a store fit its records? For tests, and for operators
 * who doubt their disk.
 */
#ifndef TEL_LMDB_STORE_CHECK_H
#define TEL_LMDB_STORE_CHECK_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "ports/call_store.h"

struct tel_lmdb_check_report {
	uint64_t calls;			/* records that decode */
	uint64_t index_entries;		/* looked at */
	uint64_t timeline_entries;
	uint64_t memories;		/* event ids, tombstones, request keys */
	uint64_t problems;
};

/*
 * Reads one consistent snapshot of a store of tel_lmdb_store_open(), all of
 * it. Every record must decode; every index entry that follows from a record
 * must be there, and no other; timelines and memories must be whole. `why`
 * (may be NULL) gets the first few problems. An error means that it could not
 * look; TEL_OK with report->problems that there is damage.
 */
TEL_MUST_CHECK enum tel_err tel_lmdb_check(struct tel_call_store *store,
					   struct tel_lmdb_check_report *report,
					   struct tel_buf *why);

#endif
