#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "torture/failing_malloc.h"
#include "torture/torture.h"
#include "torture/whose_crash.h"
#include "base/banned.h"

/* Nothing here makes so many; it is an endless loop. */
#define MAX_ALLOCATIONS 100000

/* No run takes so long; it hangs. */
#define PATIENCE_SECONDS 60

static long total, library_crashes;

static bool is_right(const struct tel_torture *t, enum tel_err err)
{
	if (err == TEL_ENOMEM)
		return true;
	if (tel_fail_whole_process)
		return err == t->wanted || tel_err_is_ours(err);
	return t->may_shrug && err == t->wanted;
}

/* False: it got through without a failure. */
static bool fail_one(const struct tel_torture *t, long at, enum tel_fail_mode mode)
{
	enum tel_err err;
	long failed;

	if (t->begin)
		t->begin(t->ctx);
	tel_fail_arm(at, mode);
	err = t->run(t->ctx);
	failed = tel_fail_disarm();
	if (failed && !is_right(t, err)) {
		fprintf(stderr, "\n%s: allocation %ld failed%s: \"%s\"\n", t->name, at,
			mode == TEL_FAIL_ONCE ? "" : " and all behind it", tel_err_text(err));
		CU_FAIL("a failed allocation is not answered with TEL_ENOMEM");
	}
	if (!failed)
		CHECK_INT(err, t->wanted);
	if (t->look)
		t->look(t->ctx, err);
	return failed > 0;
}

/* ---- libraries that crash ------------------------------------------------ */

/*
 * With the whole process failing each run is a child's: a library that does
 * without what it asked for takes the child along, and that is told apart
 * from a crash of our own by whose code it was in.
 */
enum outcome { GOT_THROUGH, FAILED_WELL, FAILED_BADLY, LIBRARY_CRASHED, WE_CRASHED };

static enum outcome be_a_child(const struct tel_torture *t, long at, enum tel_fail_mode mode,
			       const char *dir)
{
	unsigned before = CU_get_run_summary()->nAssertsFailed;
	bool failed;

	if (setenv("TMPDIR", dir, 1))
		return FAILED_BADLY;
	tel_watch_for_crashes(WE_CRASHED, LIBRARY_CRASHED);
	alarm(PATIENCE_SECONDS);
	failed = fail_one(t, at, mode);
	if (CU_get_run_summary()->nAssertsFailed > before)
		return FAILED_BADLY;
	return failed ? FAILED_WELL : GOT_THROUGH;
}

/*
 * Its wait status. What it makes is in a directory that we remove, for when it
 * dies, of whatever, it cannot; a child that comes to its end must have.
 */
static int run_child(const struct tel_torture *t, long at, enum tel_fail_mode mode)
{
	char dir[TEL_TEMP_PATH];
	int status = 0;
	pid_t child;

	tel_temp_make(dir);
	fflush(stderr);
	child = fork();
	if (child == 0)
		_exit(be_a_child(t, at, mode, dir));
	CU_ASSERT_FATAL(child > 0 && waitpid(child, &status, 0) == child);
	if (WIFEXITED(status) && WEXITSTATUS(status) <= FAILED_WELL)
		CHECK_INT(rmdir(dir), 0);
	tel_temp_remove(dir);
	return status;
}

static bool fail_in_child(const struct tel_torture *t, long at, enum tel_fail_mode mode)
{
	int status = run_child(t, at, mode);

	if (WIFEXITED(status) && WEXITSTATUS(status) == LIBRARY_CRASHED) {
		library_crashes++;
	} else if (!WIFEXITED(status) || WEXITSTATUS(status) > FAILED_WELL) {
		fprintf(stderr, "\n%s: allocation %ld%s: %s\n", t->name, at,
			mode == TEL_FAIL_ONCE ? "" : " and all behind it",
			WIFEXITED(status) && WEXITSTATUS(status) == FAILED_BADLY ?
			"not answered well" : "we crash");
		CU_FAIL("a failed allocation is not answered well");
	}
	return !WIFEXITED(status) || WEXITSTATUS(status) != GOT_THROUGH;
}

/* ---- all of them ------------------------------------------------------------ */

void tel_torture(const struct tel_torture *t)
{
	long at = 0, crashes = library_crashes;
	enum tel_fail_mode mode;

	for (mode = TEL_FAIL_ONCE; mode <= TEL_FAIL_FROM_THERE; mode++) {
		for (at = 1; at < MAX_ALLOCATIONS; at++)
			if (!(tel_fail_whole_process ? fail_in_child : fail_one)(t, at, mode))
				break;
		total += at - 1;
	}
	CU_ASSERT_TRUE(at > 1 && at < MAX_ALLOCATIONS);
	fprintf(stderr, "\n    %s: %ld allocations", t->name, at - 1);
	if (library_crashes > crashes)
		fprintf(stderr, ", a library crashed at %ld", library_crashes - crashes);
}

int tel_torture_suites(CU_SuiteInfo *suites)
{
	int status;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	if (tel_fail_whole_process) {
		fprintf(stderr, "a sanitizer has a malloc() of its own: skipped\n");
		return 77;
	}
#endif
	status = tel_run_suites(suites);
	fprintf(stderr, "%ld failed allocations%s", total,
		tel_fail_whole_process ? " in the whole process" : "");
	if (library_crashes)
		fprintf(stderr, ", %ld crashes in libraries", library_crashes);
	fprintf(stderr, "\n");
	return status;
}
