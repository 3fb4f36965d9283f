/* Following a call while others work on it: entry by entry, to its end. */
#ifndef TEL_CTL_FOLLOW_H
#define TEL_CTL_FOLLOW_H

#include "ctl/ctl.h"
#include "domain/call.h"
#include "ports/call_store.h"
#include "ports/clock.h"

enum tel_follow_style {
	TEL_FOLLOW_WORDS,
	TEL_FOLLOW_JSON,		/* a line of JSON an entry */
	TEL_FOLLOW_QUIET		/* nothing is printed */
};

struct tel_follow {
	struct tel_call_store *store;
	struct tel_clock *clock;
	struct tel_call_id id;
	enum tel_follow_style style;
	tel_time patience;		/* give up after so long; 0 = never */
};

/*
 * Print each entry of the call's timeline, those there are and then each as
 * it comes, until the call is over or patience ends; *out is the call as it
 * is then, for the caller to free. Says on stderr if nobody seems to run jobs. What the store
 * says is handed back in *err (TEL_ENOTFOUND: no such call); the status is
 * about printing.
 */
TEL_MUST_CHECK enum tel_exit tel_follow_call(const struct tel_follow *follow,
					     struct tel_call **out, enum tel_err *err);

#endif
