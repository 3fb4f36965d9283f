/*
 * Randomness: splitmix64. Everything that happens in a world follows from
 * its one seed.
 */
#ifndef SIM_RNG_H
#define SIM_RNG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

struct sim_rng {
	uint64_t state;
};

static inline uint64_t sim_rng_next(struct sim_rng *rng)
{
	uint64_t z = rng->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Any two numbers made one that tells nothing about them. */
static inline uint64_t sim_hash(uint64_t a, uint64_t b)
{
	struct sim_rng rng = { a * UINT64_C(0xd1342543de82ef95) ^ b };

	rng.state = sim_rng_next(&rng) + b;
	return sim_rng_next(&rng);
}

/* Stream number `stream` of `seed`. */
static inline struct sim_rng sim_rng_stream(uint64_t seed, uint64_t stream)
{
	struct sim_rng rng = { seed * UINT64_C(0xd1342543de82ef95) + stream };

	rng.state = sim_rng_next(&rng);
	return rng;
}

/* 0 … n - 1; n > 0. */
static inline uint64_t sim_rng_below(struct sim_rng *rng, uint64_t n)
{
	return sim_rng_next(rng) % n;
}

/* low … high, both included. */
static inline tel_time sim_rng_between(struct sim_rng *rng, tel_time low, tel_time high)
{
	return low + (tel_time)sim_rng_below(rng, (uint64_t)(high - low) + 1);
}

static inline bool sim_rng_percent(struct sim_rng *rng, unsigned percent)
{
	return sim_rng_below(rng, 100) < percent;
}

#endif
