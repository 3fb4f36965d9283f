/*
 * Any LiveKit, of which some answers are changed on their way: a decorator of
 * the port. One thread, and one request of that method at a time.
 */
#ifndef TEL_TESTS_CHANGED_LIVEKIT_H
#define TEL_TESTS_CHANGED_LIVEKIT_H

#include <stddef.h>

#include "ports/livekit.h"

struct tel_changed_livekit {
	struct tel_livekit base;
	struct tel_livekit *real;
	enum tel_lk_method method;
	size_t times;			/* the next so many answers to `method` … */
	void (*change)(struct tel_lk_answer *answer); /* … are changed by it */

	tel_lk_done_fn done;		/* of the request that is under way */
	void *ctx;
};

/* `real` is borrowed; closing is the real one's. */
void tel_changed_livekit_init(struct tel_changed_livekit *c, struct tel_livekit *real,
			      enum tel_lk_method method, size_t times,
			      void (*change)(struct tel_lk_answer *answer));

#endif
