/*
 * What every C test shares: run CUnit suites, print CUnit's own closing
 * lines, exit non-zero when anything failed.
 */
#ifndef TEL_TESTS_HARNESS_H
#define TEL_TESTS_HARNESS_H

#include <CUnit/Basic.h>
#include <CUnit/TestDB.h>

#include "base/str.h"

/*
 * `suites` ends with CU_SUITE_INFO_NULL. Returns the exit status of main.
 * While they run, TMPDIR is a directory of the program's own; what they leave
 * there is a failure, and removed.
 */
int tel_run_suites(CU_SuiteInfo *suites);

#define TEL_TEMP_PATH 256

/* A new directory below ${TMPDIR:-/tmp}; aborts if there can be none. */
void tel_temp_make(char path[TEL_TEMP_PATH]);
/* With all that is in it. */
void tel_temp_remove(const char *path);
/* A new and empty file in the same place, open for reading and writing. */
int tel_temp_file(char path[TEL_TEMP_PATH]);

/* Path of a file below tests/fixtures, also in VPATH builds. Static buffer. */
const char *tel_fixture(const char *name);

/* A fixture's content, NUL terminated, to be freed; aborts if it is not there. */
char *tel_fixture_read(const char *name, size_t *len);

/* Compares a view with a C string and says both when they differ. */
#define CHECK_STR(view, text)								\
	do {										\
		struct tel_str check_v_ = (view);					\
		const char *check_t_ = (text);						\
		if (!tel_str_is(check_v_, check_t_))					\
			fprintf(stderr, "\n%s:%d: \"%.*s\" is not \"%s\"\n", __FILE__,	\
				__LINE__, TEL_STR_ARG(check_v_),			\
				check_t_ ? check_t_ : "(absent)");		\
		CU_ASSERT_TRUE(tel_str_is(check_v_, check_t_));				\
	} while (0)

#define CHECK_INT(got, want)								\
	do {										\
		long long check_g_ = (long long)(got), check_w_ = (long long)(want);	\
		if (check_g_ != check_w_)						\
			fprintf(stderr, "\n%s:%d: %s is %lld, not %lld\n", __FILE__,	\
				__LINE__, #got, check_g_, check_w_);			\
		CU_ASSERT_EQUAL(check_g_, check_w_);					\
	} while (0)

#endif
