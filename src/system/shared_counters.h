/*
 * The counters port in a file `counters` of the store's directory, mapped
 * by every process: an increment is one atomic add and no system call. The
 * file is no store: after a crash of the machine it may have lost some.
 *
 *	bytes 0-7	"telcount"
 *	      8-15	version, 1
 *	      16-…	one 64-bit number per counter, host byte order,
 *			in the order of enum tel_counter
 *
 * A file from an older program is shorter and is grown; one from a newer
 * program is longer and stays so. One that is none of ours is set to 0.
 */
#ifndef TEL_SYSTEM_SHARED_COUNTERS_H
#define TEL_SYSTEM_SHARED_COUNTERS_H

#include "base/err.h"
#include "ports/counters.h"

/*
 * `dir` NULL: counters of this process alone. Valid across a fork (the
 * child counts in the same file). Any thread.
 * TEL_ENOTFOUND (no such directory) | TEL_EDENIED | TEL_EFULL | TEL_EIO |
 * TEL_ENOMEM
 */
TEL_MUST_CHECK enum tel_err tel_shared_counters_open(const char *dir, struct tel_counters **out);

/* NULL is fine. */
void tel_shared_counters_close(struct tel_counters *counters);

#endif
