/*
 * Preloaded: the TORTURE_MALLOC-th allocation of the process fails, and with
 * TORTURE_FROM_THERE all behind it. How many there were goes to the file
 * TORTURE_COUNT.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "whose_crash.h"

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

static atomic_long seen, at;
static int from_there;

__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv("TORTURE_MALLOC");

	tel_watch_for_crashes(99, 98);
	from_there = getenv("TORTURE_FROM_THERE") != NULL;
	atomic_store(&seen, 0);
	atomic_store(&at, text ? strtol(text, NULL, 10) : 0);
}

__attribute__((destructor)) static void end(void)
{
	const char *path = getenv("TORTURE_COUNT");
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;

	if (fd != -1) {
		dprintf(fd, "%ld", atomic_load(&seen));
		close(fd);
	}
}

static int fails(void)
{
	long n = atomic_fetch_add(&seen, 1) + 1, wanted = atomic_load(&at);
	int now = wanted && (from_there ? n >= wanted : n == wanted);

	if (now)
		errno = ENOMEM;
	return now;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return fails() ? NULL : __libc_realloc(p, size);
}
