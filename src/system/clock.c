#include "config.h"

#include <time.h>

#include "system/clock.h"
#include "base/banned.h"

static tel_time read_clock(clockid_t which)
{
	struct timespec t = { 0 };

	/* Cannot fail: both clocks are always there and &t is valid. */
	clock_gettime(which, &t);
	return (tel_time)t.tv_sec * TEL_SECOND + t.tv_nsec / 1000000;
}

static tel_time wall(struct tel_clock *clock)
{
	(void)clock;
	return read_clock(CLOCK_REALTIME);
}

static tel_time monotonic(struct tel_clock *clock)
{
	(void)clock;
	return read_clock(CLOCK_MONOTONIC);
}

static const struct tel_clock_ops ops = {
	.name = "system", .now = wall, .monotonic = monotonic,
};

void tel_system_clock_init(struct tel_clock *clock)
{
	clock->ops = &ops;
}
