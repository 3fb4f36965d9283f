/*
 * Filters of calls as people write them, in a query or on a command line:
 * live, status, direction, from, to, roomName, since, until.
 */
#ifndef TEL_VIEW_FILTER_READ_H
#define TEL_VIEW_FILTER_READ_H

#include "base/str.h"
#include "domain/number.h"
#include "ports/call_store.h"

struct tel_filter_args {
	struct tel_call_filter filter;	/* borrows from the two below */
	struct tel_e164 from, to;
};

/* Their names, NULL terminated. */
extern const char *const tel_filter_names[];

/*
 * Take the value of the filter `name` over; roomName is borrowed, and `args`
 * must stay where it is. NULL, or what would have been allowed: "must be true
 * or false".
 */
const char *tel_filter_read(struct tel_filter_args *args, const char *name, struct tel_str value);

#endif
