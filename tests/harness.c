#include "config.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness.h"
#include "base/banned.h"

/* ---- directories ------------------------------------------------------------------- */

#define OPEN_DIRECTORIES 8

static void write_template(char path[TEL_TEMP_PATH])
{
	const char *top = getenv("TMPDIR");

	if (snprintf(path, TEL_TEMP_PATH, "%s/tel-test-XXXXXX", top && *top ? top : "/tmp") >=
	    TEL_TEMP_PATH)
		abort();
}

void tel_temp_make(char path[TEL_TEMP_PATH])
{
	write_template(path);
	if (!mkdtemp(path)) {
		perror(path);
		abort();
	}
}

int tel_temp_file(char path[TEL_TEMP_PATH])
{
	int fd;

	write_template(path);
	fd = mkstemp(path);
	if (fd < 0) {
		perror(path);
		abort();
	}
	return fd;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

void tel_temp_remove(const char *path)
{
	nftw(path, remove_one, OPEN_DIRECTORIES, FTW_DEPTH | FTW_PHYS);
}

static int name_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	if (at->level > 0)
		fprintf(stderr, "\nleft behind: %s\n", path);
	return 0;
}

/* False, with the names: something is in it. It is removed in any case. */
static bool remove_empty(const char *path)
{
	if (!rmdir(path))
		return true;
	nftw(path, name_one, OPEN_DIRECTORIES, FTW_PHYS);
	tel_temp_remove(path);
	return false;
}

/* ---- suites ------------------------------------------------------------------------- */

static int run_suites(CU_SuiteInfo *suites)
{
	int failed = 1;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	if (CU_register_suites(suites) == CUE_SUCCESS) {
		CU_basic_set_mode(CU_BRM_NORMAL);
		CU_basic_run_tests();
		failed = CU_get_number_of_failures() > 0 ||
			 CU_get_number_of_suites_failed() > 0 ||
			 CU_get_number_of_tests_run() == 0;
	}
	CU_cleanup_registry();
	return failed;
}

int tel_run_suites(CU_SuiteInfo *suites)
{
	pid_t starter = getpid();
	char dir[TEL_TEMP_PATH];
	int failed;

	tel_temp_make(dir);
	if (setenv("TMPDIR", dir, 1))
		abort();
	failed = run_suites(suites);
	/* A forked child whose fatal assertion failed gets here, too. */
	if (getpid() == starter && !remove_empty(dir))
		failed = 1;
	return failed;
}

/* ---- fixtures ------------------------------------------------------------------------- */

const char *tel_fixture(const char *name)
{
	static char path[4096];
	const char *srcdir = getenv("srcdir");

	snprintf(path, sizeof(path), "%s/tests/fixtures/%s", srcdir ? srcdir : ".", name);
	return path;
}

char *tel_fixture_read(const char *name, size_t *len)
{
	FILE *f = fopen(tel_fixture(name), "rb");
	char *data;
	long size;

	if (!f || fseek(f, 0, SEEK_END) || (size = ftell(f)) < 0 || fseek(f, 0, SEEK_SET)) {
		fprintf(stderr, "fixture %s is missing\n", tel_fixture(name));
		abort();
	}
	data = malloc((size_t)size + 1);
	if (!data || fread(data, 1, (size_t)size, f) != (size_t)size)
		abort();
	data[size] = '\0';
	*len = (size_t)size;
	fclose(f);
	return data;
}
