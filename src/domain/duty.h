/*
 * The duty: comparing our calls with what LiveKit shows (reconcile). One
 * process at a time has it, by a lease that it holds for many rounds, so
 * that a round which finds nothing to repair writes nothing.
 */
#ifndef TEL_DOMAIN_DUTY_H
#define TEL_DOMAIN_DUTY_H

#include <stdbool.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/time.h"
#include "domain/job.h"

/* One in a store; all zero = nobody ever had it. */
struct tel_duty {
	struct tel_lease lease;
	tel_time run_at;		/* when a round began that was written down:
					   the last one of a holder may be later */
};

struct tel_step;

struct tel_take_duty {
	/* in */
	tel_time now;
	struct tel_str self;
	struct tel_str dead_owner;	/* a lease of this owner does not count;
					   absent = every lease counts */
	tel_time interval;		/* between rounds, ms */
	/* out */
	bool ours;			/* a round is to be run now, by us */
	char holder[TEL_MAX_OWNER + 1];	/* who has it, if it is not ours; "" = nobody */
	tel_time look_again;		/* if not ours: when it may be */
};

/* A tel_decide_fn, for a step with about->duty. */
enum tel_err tel_decide_take_duty(struct tel_step *step, void *take_duty);

/* The same: whoever stops leaves the duty to others. `self`: a struct tel_str */
enum tel_err tel_decide_leave_duty(struct tel_step *step, void *self);

#endif
