#include "config.h"

#include <string.h>

#include "domain/step.h"
#include "base/banned.h"

/*
 * A lease outlives some rounds: its holder renews it when half of it is over,
 * and writes nothing in between. A holder that is known to be dead does not
 * count.
 */
#define DUTY_LEASE(interval) (60 * TEL_SECOND + 4 * (interval))

static bool is_held_by_another(const struct tel_duty *duty, const struct tel_take_duty *take)
{
	struct tel_str owner = duty->lease.owner;

	if (!tel_str_is_set(owner) || tel_str_eq(owner, take->self))
		return false;
	if (tel_str_is_set(take->dead_owner) && tel_str_eq(owner, take->dead_owner))
		return false;
	return take->now < duty->lease.until;
}

/* A moment ahead of us by more than a round is another clock's. */
static bool ran_lately(const struct tel_duty *duty, const struct tel_take_duty *take)
{
	return take->now < duty->run_at + take->interval &&
	       duty->run_at <= take->now + take->interval;
}

static void tell_holder(const struct tel_duty *duty, struct tel_take_duty *take)
{
	size_t len = duty->lease.owner.len;

	if (len > TEL_MAX_OWNER)
		len = TEL_MAX_OWNER;
	if (len > 0)
		memcpy(take->holder, duty->lease.owner.ptr, len);
	take->holder[len] = '\0';
}

enum tel_err tel_decide_take_duty(struct tel_step *step, void *take_duty)
{
	struct tel_take_duty *take = take_duty;
	struct tel_duty *duty = &step->duty;
	tel_time lease = DUTY_LEASE(take->interval);
	bool held_by_us = tel_str_eq(duty->lease.owner, take->self);

	take->ours = false;
	tell_holder(duty, take);
	if (is_held_by_another(duty, take)) {
		take->look_again = duty->lease.until;
		return TEL_OK;
	}
	if (!held_by_us && ran_lately(duty, take)) {
		take->look_again = duty->run_at + take->interval;
		return TEL_OK;
	}
	take->ours = true;
	if (held_by_us && take->now + lease / 2 < duty->lease.until)
		return TEL_OK;
	duty->lease = (struct tel_lease){ take->self, take->now + lease };
	duty->run_at = take->now;
	step->set_duty = true;
	return TEL_OK;
}

enum tel_err tel_decide_leave_duty(struct tel_step *step, void *self)
{
	struct tel_duty *duty = &step->duty;

	if (!tel_str_eq(duty->lease.owner, *(const struct tel_str *)self))
		return TEL_OK;
	duty->lease = (struct tel_lease){ TEL_STR_NONE, 0 };
	step->set_duty = true;
	return TEL_OK;
}
