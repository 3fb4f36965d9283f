#ifdef HAVE_CONFIG_H
#include "config.h"
#else
#define _GNU_SOURCE		/* part of something preloaded */
#endif

#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "whose_crash.h"

static int ours, a_librarys;

static bool is_libc(const char *object)
{
	return strstr(object, "/libc.so") || strstr(object, "/libpthread");
}

/*
 * Whose code called what crashed in libc? Inlined and tail calls are no
 * trouble, for only the object matters. stdio: the process ends here anyway.
 */
static void on_crash(int number, siginfo_t *info, void *context)
{
	void *frames[64];
	int i, n = backtrace(frames, 64), begun = 0;
	Dl_info where;

	(void)number;
	(void)info;
	(void)context;
	for (i = 0; i < n; i++) {
		if (!dladdr(frames[i], &where) || !where.dli_fname)
			continue;
		/* This handler, then the kernel's return path in libc. */
		if (!begun) {
			begun = is_libc(where.dli_fname);
			continue;
		}
		if (is_libc(where.dli_fname))
			continue;
		fprintf(stderr, "\n    crash in %s, %s\n", where.dli_fname,
			where.dli_sname ? where.dli_sname : "?");
		_exit(strstr(where.dli_fname, ".so") ? a_librarys : ours);
	}
	_exit(ours);
}

void tel_watch_for_crashes(int status_of_ours, int status_of_a_library)
{
	struct sigaction action = { .sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_RESETHAND };
	void *frame;

	ours = status_of_ours;
	a_librarys = status_of_a_library;
	backtrace(&frame, 1);	/* loads what it needs, while there is memory */
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGABRT, &action, NULL);
}
