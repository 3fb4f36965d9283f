#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness.h"
#include "base/banned.h"

int tel_run_suites(CU_SuiteInfo *suites)
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
