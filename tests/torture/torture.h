/*
 * Fail allocation 1, 2, 3, … of something until it gets through without a
 * failure; first each alone, then each with all that follow it.
 */
#ifndef TEL_TESTS_TORTURE_H
#define TEL_TESTS_TORTURE_H

#include <CUnit/TestDB.h>
#include <stdbool.h>

#include "base/err.h"

struct tel_torture {
	const char *name;
	/* Before each run, nothing fails. May be NULL. `ctx` is the one below. */
	void (*begin)(void *ctx);
	/* What is tortured. */
	enum tel_err (*run)(void *ctx);
	/* Looks around after each run, nothing fails; `err` is run()'s. May be NULL. */
	void (*look)(void *ctx, enum tel_err err);
	void *ctx;
	enum tel_err wanted;	/* without a failure */
	/*
	 * Is a failure that shows in nothing but, say, a missing detail in a
	 * text all right? Else every one must give TEL_ENOMEM.
	 */
	bool may_shrug;
};

/*
 * A failure must be answered with TEL_ENOMEM; with whole_malloc.c with any
 * error of the kind "our own trouble", for libraries don't tell, and a crash
 * within a library's code is counted, not held against us. Says how many
 * allocations there were.
 */
void tel_torture(const struct tel_torture *t);

/*
 * tel_run_suites(), and a line with the figures of the program. 77 (skipped)
 * where malloc() cannot be taken over.
 */
int tel_torture_suites(CU_SuiteInfo *suites);

#endif
