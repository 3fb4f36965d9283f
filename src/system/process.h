/*
 * The process port on Linux's /proc (proc(5)). An owner is
 *
 *	b:<boot id>:<pid namespace>.<time namespace>:<pid>:<start time>
 *
 * Pids mean something within a namespace and a boot only; a pid that was
 * given out again has another start time (field 22 of /proc/PID/stat, which
 * the kernel shifts by the reader's time namespace).
 *
 * Where /proc isn't there or belongs to another namespace, an owner is
 * "r:<random>": unique, and never provably dead.
 */
#ifndef TEL_SYSTEM_PROCESS_H
#define TEL_SYSTEM_PROCESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "ports/process.h"

struct tel_system_process {
	struct tel_process base;
	char self[TEL_MAX_OWNER + 1];
	size_t host_len;	/* of "b:…:…:" in self; 0 = nothing can be proved */
};

/*
 * Call it after the last fork: a child is another owner. Holds nothing, so
 * there is no release; immutable afterwards. TEL_EIO (no randomness either)
 */
TEL_MUST_CHECK enum tel_err tel_system_process_init(struct tel_system_process *process);

/* What /proc/PID/stat says. */
struct tel_process_stat {
	char state;		/* R, S, D, Z, X, … */
	int64_t threads;
	int64_t start_time;	/* clock ticks after boot */
};

/*
 * Pure. A process's name stands in parentheses and may itself hold blanks
 * and parentheses; the last ')' ends it. TEL_EMALFORMED
 */
TEL_MUST_CHECK enum tel_err tel_process_stat_parse(struct tel_str text,
						   struct tel_process_stat *out);

#endif
