/* The same "random" bytes for the same seed: splitmix64. */
#ifndef TEL_TESTS_FAKE_RANDOM_H
#define TEL_TESTS_FAKE_RANDOM_H

#include <stdint.h>

#include "ports/random.h"

struct tel_fake_random {
	struct tel_random base;
	uint64_t state;
	enum tel_err fail;	/* not TEL_OK: every fill returns it */
};

void tel_fake_random_init(struct tel_fake_random *random, uint64_t seed);

/* The next 64 bits, for tests that want some themselves. */
uint64_t tel_fake_random_next(struct tel_fake_random *random);

#endif
