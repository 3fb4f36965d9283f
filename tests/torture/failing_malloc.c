#include "config.h"

#include <errno.h>

#include "torture/failing_malloc.h"
#include "base/banned.h"

static _Thread_local struct {
	long left;		/* the allocation that fails, counted down */
	long failed;
	int paused;
	bool armed;
	enum tel_fail_mode mode;
} state;

void tel_fail_arm(long at, enum tel_fail_mode mode)
{
	state.left = at;
	state.failed = 0;
	state.mode = mode;
	state.armed = true;
}

long tel_fail_disarm(void)
{
	state.armed = false;
	return state.failed;
}

void tel_fail_pause(void)
{
	state.paused++;
}

void tel_fail_resume(void)
{
	state.paused--;
}

bool tel_fail_now(void)
{
	bool now;

	if (!state.armed || state.paused)
		return false;
	state.left--;
	now = state.mode == TEL_FAIL_ONCE ? state.left == 0 : state.left <= 0;
	if (now) {
		state.failed++;
		errno = ENOMEM;
	}
	return now;
}
