/*
 * Inside src/app only: can LiveKit be reached? While it can't, one request
 * now and then tries; nobody else's job is taken, fails and is written down.
 * Once one gets through, everything that is due goes on at once.
 *
 * A runner has one, and its thread only uses it.
 */
#ifndef TEL_APP_REACH_H
#define TEL_APP_REACH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"
#include "ports/livekit.h"

struct tel_reach {
	unsigned failures;	/* requests in a row that no LiveKit answered */
	tel_time try_at;	/* monotonic: when the next one may be sent */
	bool regained;		/* since tel_reach_take_news() */
};

/* Between attempts while it is away: the first, the longest; half is random. */
#define TEL_REACH_PAUSE_FIRST (1 * TEL_SECOND)
#define TEL_REACH_PAUSE_MAX (4 * TEL_SECOND)

/* Every answer is told, with 64 random bits. */
void tel_reach_note(struct tel_reach *reach, const struct tel_lk_answer *answer,
		    tel_time monotonic, uint64_t random);

/* LiveKit is away: the last few requests got no answer. */
bool tel_reach_is_lost(const struct tel_reach *reach);

/* It is back. True once each time. */
bool tel_reach_take_news(struct tel_reach *reach);

#endif
