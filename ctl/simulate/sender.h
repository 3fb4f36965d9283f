/*
 * Sends simulated calls the way LiveKit does: the events of one room one
 * after the other, each retried after 1, 2, 4 and 8 s on a broken
 * connection, 429 and 5xx (not 501), then given up; calls side by side.
 */
#ifndef TEL_CTL_SIMULATE_SENDER_H
#define TEL_CTL_SIMULATE_SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "base/str.h"
#include "base/time.h"
#include "ctl/simulate/script.h"
#include "ctl/simulate/tally.h"
#include "livekit/jwt.h"
#include "ports/clock.h"

/* All borrowed. */
struct tel_sim_order {
	struct tel_sim_plan plan;
	const char *url;
	bool may_use_proxy;
	size_t calls;
	size_t concurrency;		/* calls under way at a time, at least 1 */
	unsigned copies;		/* of every event, at the same moment; at least 1 */
	tel_time pace;			/* ms between the events of a call */
	tel_time talk;			/* ms more before the caller hangs up */
	tel_time timeout;		/* ms that an answer may take */
	double retry_scale;		/* factor for the pauses between attempts */
	const struct tel_jwt_ring *ring;
	struct tel_str key;		/* which of the ring's signs */
	struct tel_clock *clock;
	FILE *acknowledged;		/* "event id TAB room name" lines; may be NULL */
};

/*
 * Returns when every call was sent. Refusals are no error: see `tally`,
 * which is zeroed before and released by the caller in every case.
 * TEL_ENOMEM | TEL_EIO (the list of acknowledged events can't be written) |
 * TEL_ETOOBIG (a room name or number) | TEL_ENOTFOUND (no such key)
 */
TEL_MUST_CHECK enum tel_err tel_sim_send(const struct tel_sim_order *order,
					 struct tel_sim_tally *tally);

#endif
