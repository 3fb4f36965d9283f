/* Counters in an array. */
#ifndef TEL_TESTS_FAKE_COUNTERS_H
#define TEL_TESTS_FAKE_COUNTERS_H

#include "ports/counters.h"

struct tel_fake_counters {
	struct tel_counters base;
	uint64_t values[TEL_COUNTERS];
};

void tel_fake_counters_init(struct tel_fake_counters *counters);

#endif
