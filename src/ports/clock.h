/* Port: what time is it. Any thread. */
#ifndef TEL_PORTS_CLOCK_H
#define TEL_PORTS_CLOCK_H

#include "base/time.h"

struct tel_clock;

struct tel_clock_ops {
	const char *name;
	/* Wall clock, for everything that is stored or sent. */
	tel_time (*now)(struct tel_clock *clock);
	/* Never goes back; for pauses within a process. Any origin. */
	tel_time (*monotonic)(struct tel_clock *clock);
};

struct tel_clock {
	const struct tel_clock_ops *ops;
};

static inline tel_time tel_now(struct tel_clock *c)
{
	return c->ops->now(c);
}

static inline tel_time tel_monotonic(struct tel_clock *c)
{
	return c->ops->monotonic(c);
}

#endif
