#include "config.h"

#include <time.h>

#include "compose/thread.h"
#include "base/banned.h"

enum tel_err tel_thread_start(void *(*run)(void *), void *arg, pthread_t *out)
{
	pthread_attr_t attr;
	int failed;

	if (pthread_attr_init(&attr) != 0)
		return TEL_EBUSY;
	pthread_attr_setstacksize(&attr, TEL_THREAD_STACK);
	failed = pthread_create(out, &attr, run, arg);
	pthread_attr_destroy(&attr);
	return failed ? TEL_EBUSY : TEL_OK;
}

bool tel_thread_join(pthread_t thread, tel_time patience)
{
	struct timespec until;
	tel_time nanoseconds;

	clock_gettime(CLOCK_REALTIME, &until);
	nanoseconds = until.tv_nsec + (patience % TEL_SECOND) * 1000000;
	until.tv_sec += (time_t)(patience / TEL_SECOND + nanoseconds / 1000000000);
	until.tv_nsec = (long)(nanoseconds % 1000000000);
	return pthread_timedjoin_np(thread, NULL, &until) == 0;
}
