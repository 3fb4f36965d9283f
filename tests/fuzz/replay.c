/*
 * Runs every file of the corpus through its driver, and beginnings of it:
 * what a fuzzer has found once stays found, without a fuzzer.
 *
 *	replay [TARGET [FILE…]]
 *
 * The file's name is printed before it is run, so that the last one printed
 * is the one that failed.
 */
#include "config.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "fuzz/fuzz.h"
#include "base/banned.h"

#define MAX_PATH_TEXT 4096
#define MAX_CORPUS_FILE (1024 * 1024)
#define BEGINNINGS 8

#define TARGET(name, longest, dictionary) int tel_fuzz_##name(const uint8_t *data, size_t size);
#include "fuzz/targets.h"
#undef TARGET

static const struct target {
	const char *name;
	int (*run)(const uint8_t *data, size_t size);
} targets[] = {
#define TARGET(name, longest, dictionary) { #name, tel_fuzz_##name },
#include "fuzz/targets.h"
#undef TARGET
};

#define N_TARGETS (sizeof(targets) / sizeof(targets[0]))

/* Exactly sized, as the fuzzer's inputs are. */
static void run_bytes(const struct target *t, struct tel_str bytes)
{
	struct tel_str copy = fuzz_copy(bytes);

	t->run((const uint8_t *)copy.ptr, copy.len);
	fuzz_free(copy);
}

static void run_file(const struct target *t, const char *path)
{
	struct tel_file file;
	struct tel_str all;
	size_t i;

	printf("%s\n", path);
	fflush(stdout);
	if (tel_file_read(path, MAX_CORPUS_FILE, &file)) {
		fprintf(stderr, "%s: can't be read\n", path);
		exit(1);
	}
	all = tel_file_str(&file);
	run_bytes(t, all);
	for (i = 0; i < BEGINNINGS; i++)
		run_bytes(t, (struct tel_str){ all.ptr, all.len * i / BEGINNINGS });
	if (all.len > 0)
		run_bytes(t, (struct tel_str){ all.ptr, all.len - 1 });
	tel_file_release(&file);
}

static int is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int run_corpus(const struct target *t)
{
	const char *srcdir = getenv("srcdir");
	char path[MAX_PATH_TEXT];
	struct dirent **entries = NULL;
	int i, n, len;

	len = snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s", srcdir ? srcdir : ".",
		       t->name);
	n = len < (int)sizeof(path) ? scandir(path, &entries, is_shown, alphasort) : -1;
	for (i = 0; i < n; i++) {
		snprintf(path + len, sizeof(path) - (size_t)len, "/%s", entries[i]->d_name);
		run_file(t, path);
		free(entries[i]);
	}
	free(entries);
	if (n < 1)
		fprintf(stderr, "%s: there is no corpus\n", t->name);
	return n;
}

int main(int argc, char **argv)
{
	int i, n, files = 0;
	size_t at;

	for (at = 0; at < N_TARGETS; at++) {
		if (argc > 1 && strcmp(argv[1], targets[at].name) != 0)
			continue;
		for (i = 2; i < argc; i++, files++)
			run_file(&targets[at], argv[i]);
		n = argc > 2 ? 1 : run_corpus(&targets[at]);
		if (n < 1)
			return 1;
		files += argc > 2 ? 0 : n;
	}
	printf("replayed %d files\n", files);
	return files > 0 ? 0 : 1;
}
