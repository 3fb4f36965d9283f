/*
 * The routing port on a routes.json that is read again when it changes.
 *
 * A resolution looks at the file's stamp (one stat(2)) if nobody did for a
 * second, and reads it if that changed. A new file that is broken, or gone,
 * changes nothing: the rules before it stay in force, the log says what is
 * wrong, once for each change, and tel_routes_file_is_fine() says no.
 *
 * So that this holds for a process that starts, too, a copy of what was good
 * last is kept (routes_good.h), if there is a place for it.
 *
 * Any thread; a resolution under way keeps the rules it began with.
 */
#ifndef TEL_ROUTING_ROUTES_FILE_H
#define TEL_ROUTING_ROUTES_FILE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/problems.h"
#include "base/time.h"
#include "ports/clock.h"
#include "ports/log.h"
#include "ports/routing.h"
#include "routing/routes.h"

#define TEL_ROUTES_CHECK_EVERY (1 * TEL_SECOND)

struct tel_routes_file_options {
	const char *path;		/* NULL: no file, the built-in default */
	const char *agent_name;		/* where no rule names an agent */
	const char *copy;		/* where to keep what was good last; NULL: nowhere */
	struct tel_clock *clock;	/* borrowed until close */
	struct tel_log *log;		/* likewise */
};

/*
 * Reads the file. If it is broken, or gone, and there is a copy of what was
 * good before it, it goes on with that, as after a change. That a copy can't
 * be written, or not be used, is a warning in the log.
 * TEL_EMALFORMED (see problems; there are no rules before it) | TEL_ENOMEM
 */
TEL_MUST_CHECK enum tel_err tel_routes_file_open(const struct tel_routes_file_options *options,
						 struct tel_routing **out,
						 struct tel_problems *problems);

/* Nobody resolves any more. NULL is fine. */
void tel_routes_file_close(struct tel_routing *routing);

/*
 * Looks at the file like a resolution. False: the rules in force are not
 * those of the file; what is wrong is appended to `why` in words that tell
 * a stranger nothing about the machine. `routing` is what open() gave.
 */
bool tel_routes_file_is_fine(void *routing, struct tel_buf *why);

struct tel_routes_file_status {
	bool fine;
	size_t n_problems;		/* of the file as it is now */
	tel_time loaded_at;		/* when the rules in force were read, if need
					   be by another process */
	tel_time broken_at;		/* when the file was found broken; 0 = fine */
	size_t numbers, trunks;		/* rules in force */
};

/* As it was when the file was looked at last. */
void tel_routes_file_status(struct tel_routing *routing, struct tel_routes_file_status *out);

#endif
