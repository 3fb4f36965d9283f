/* A clock that stands still until a test moves it. */
#ifndef TEL_TESTS_FAKE_CLOCK_H
#define TEL_TESTS_FAKE_CLOCK_H

#include "ports/clock.h"

struct tel_fake_clock {
	struct tel_clock base;
	tel_time now;		/* both clocks; set it, add to it */
};

void tel_fake_clock_init(struct tel_fake_clock *clock, tel_time now);

#endif
