#include "config.h"

#include <string.h>

#include "fakes/fake_random.h"
#include "base/banned.h"

uint64_t tel_fake_random_next(struct tel_fake_random *random)
{
	uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static enum tel_err fill(struct tel_random *base, void *out, size_t len)
{
	struct tel_fake_random *random = (struct tel_fake_random *)base;
	unsigned char *p = out;
	uint64_t bits;
	size_t n;

	if (random->fail)
		return random->fail;
	for (; len > 0; p += n, len -= n) {
		bits = tel_fake_random_next(random);
		n = len < sizeof(bits) ? len : sizeof(bits);
		memcpy(p, &bits, n);
	}
	return TEL_OK;
}

static const struct tel_random_ops ops = { .name = "fake", .fill = fill };

void tel_fake_random_init(struct tel_fake_random *random, uint64_t seed)
{
	*random = (struct tel_fake_random){ .base.ops = &ops, .state = seed };
}
