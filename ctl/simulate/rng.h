/*
 * Numbers that look random and come again with the same seed: splitmix64
 * (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators).
 * For made-up calls, never for secrets.
 */
#ifndef TEL_CTL_SIMULATE_RNG_H
#define TEL_CTL_SIMULATE_RNG_H

#include <stdint.h>

struct tel_rng {
	uint64_t state;
};

static inline uint64_t tel_rng_next(struct tel_rng *rng)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* 0 … n-1; n > 0 and far below 2^64, so the bias is of no weight. */
static inline uint64_t tel_rng_below(struct tel_rng *rng, uint64_t n)
{
	return tel_rng_next(rng) % n;
}

/* A stream of its own for number `index` of what `seed` makes. */
static inline struct tel_rng tel_rng_for(uint64_t seed, uint64_t index)
{
	struct tel_rng rng = { .state = seed };

	rng.state = tel_rng_next(&rng) + index * 0xd1342543de82ef95u;
	return rng;
}

#endif
