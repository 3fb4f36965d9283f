/*
 * Allocations that fail when a test wants it. One thread arms itself; what
 * other threads allocate meanwhile is left alone.
 *
 * Whose allocations is a matter of linking:
 *   wrap_malloc.c   with -Wl,--wrap=malloc,…: those of what is linked in
 *                   statically, that is, the project's own
 *   whole_malloc.c  takes malloc() over for the whole process: json-c's,
 *                   OpenSSL's, LMDB's and libc's own too. Not together with
 *                   a sanitizer, which has a malloc() of its own.
 */
#ifndef TEL_TESTS_FAILING_MALLOC_H
#define TEL_TESTS_FAILING_MALLOC_H

#include <stdbool.h>

enum tel_fail_mode {
	TEL_FAIL_ONCE,		/* that one only */
	TEL_FAIL_FROM_THERE	/* that one and all behind it */
};

/* From now on, in this thread, the `at`-th allocation fails, counted from 1. */
void tel_fail_arm(long at, enum tel_fail_mode mode);
/* No more failures; returns how many there were. */
long tel_fail_disarm(void);

/*
 * For what only a test has (a fake LiveKit gives up without memory): between
 * the two nothing fails or counts. They nest.
 */
void tel_fail_pause(void);
void tel_fail_resume(void);

/* For those that stand in for malloc(): shall this one fail? */
bool tel_fail_now(void);

/* True if linked with whole_malloc.c. */
extern const bool tel_fail_whole_process;

#endif
