#include "config.h"

#include "fakes/fake_clock.h"
#include "base/banned.h"

static tel_time now(struct tel_clock *clock)
{
	return ((struct tel_fake_clock *)clock)->now;
}

static const struct tel_clock_ops ops = { .name = "fake", .now = now, .monotonic = now };

void tel_fake_clock_init(struct tel_fake_clock *clock, tel_time when)
{
	*clock = (struct tel_fake_clock){ .base.ops = &ops, .now = when };
}
