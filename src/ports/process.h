/*
 * Port: which process this is, and whether another one still lives. Names
 * the owner of a lease. Any thread.
 */
#ifndef TEL_PORTS_PROCESS_H
#define TEL_PORTS_PROCESS_H

#include <stdbool.h>

#include "base/limits.h"
#include "base/str.h"

struct tel_process;

struct tel_process_ops {
	const char *name;
	/*
	 * This process, unlike any other one at any time: host (boot id and
	 * pid namespace), pid, start time. Valid as long as the adapter.
	 */
	struct tel_str (*self)(struct tel_process *process);
	/*
	 * True only if `owner` provably no longer runs: same boot and pid
	 * namespace as ours, and no such pid, or with another start time.
	 * In doubt false.
	 */
	bool (*is_dead)(struct tel_process *process, struct tel_str owner);
};

struct tel_process {
	const struct tel_process_ops *ops;
};

#endif
