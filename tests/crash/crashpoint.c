/*
 * Preloaded into telephony.fcgi by tests: kills the process at one exact
 * instruction of a commit to LMDB, where no signal from outside could hit it.
 *
 * TELEPHONY_CRASH_ORDER names a file. While it is there and holds one of
 *
 *	pages	the pages are written, not yet synced
 *	synced	they are on disk, the commit does not count yet
 *	meta	the commit counts and is on disk, nobody was told
 *
 * the next process that gets there renames it to <name>.hit and dies; with
 * a number behind it ("meta 3") the one that gets there for the third time.
 *
 * While <name>.log is there, a letter is added to it at each "meta": so many
 * commits were made.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int ordered(const char *path, const char *point)
{
	static atomic_int times;
	char text[32] = "", *number;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	number = strchr(text, ' ');
	if (number)
		*number++ = '\0';
	return n > 0 && strcmp(text, point) == 0 &&
	       atomic_fetch_add(&times, 1) + 1 >= (number ? atoi(number) : 1);
}

static void count(const char *path, const char *point)
{
	char log[4096];
	int fd;

	if (strcmp(point, "meta") != 0)
		return;
	snprintf(log, sizeof(log), "%s.log", path);
	fd = open(log, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, "m", 1) != 1)
		abort();
	close(fd);
}

static void reached(const char *point)
{
	const char *path = getenv("TELEPHONY_CRASH_ORDER");
	char hit[4096];

	if (path)
		count(path, point);
	if (!path || !ordered(path, point))
		return;
	snprintf(hit, sizeof(hit), "%s.hit", path);
	if (rename(path, hit) == 0)
		kill(getpid(), SIGKILL);
}

int fdatasync(int fd)
{
	static int (*real)(int);
	int result;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "fdatasync");
	reached("pages");
	result = real(fd);
	reached("synced");
	return result;
}

/* LMDB writes what makes a commit count through a descriptor of its own. */
static ssize_t wrote(int fd, ssize_t n)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags != -1 && (flags & O_DSYNC))
		reached("meta");
	return n;
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
	static ssize_t (*real)(int, const void *, size_t, off_t);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "pwrite");
	return wrote(fd, real(fd, data, len, at));
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at)
{
	static ssize_t (*real)(int, const void *, size_t, off64_t);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "pwrite64");
	return wrote(fd, real(fd, data, len, at));
}
