#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "system/shared_counters.h"
#include "base/banned.h"

#define FILE_NAME "counters"
#define LAYOUT_VERSION 1

static const char magic[8] = { 't', 'e', 'l', 'c', 'o', 'u', 'n', 't' };

struct file_layout {
	char magic[sizeof(magic)];
	uint64_t version;
	uint64_t values[TEL_COUNTERS];
};

struct shared_counters {
	struct tel_counters base;
	struct file_layout *map;	/* mapped, or `own` */
	struct file_layout own;
};

_Static_assert(__atomic_always_lock_free(sizeof(uint64_t), 0),
	       "counters shared by processes need lock-free 64-bit atomics");

static void add(struct tel_counters *base, enum tel_counter which, uint64_t n)
{
	struct shared_counters *c = (struct shared_counters *)base;

	__atomic_fetch_add(&c->map->values[which], n, __ATOMIC_RELAXED);
}

static uint64_t read_one(struct tel_counters *base, enum tel_counter which)
{
	struct shared_counters *c = (struct shared_counters *)base;

	return __atomic_load_n(&c->map->values[which], __ATOMIC_RELAXED);
}

static const struct tel_counters_ops ops = { .name = "shared", .add = add, .read = read_one };

static enum tel_err from_errno(int error)
{
	return error == ELOOP ? TEL_EDENIED : tel_err_from_errno(error);
}

static enum tel_err open_file(const char *dir, int *out)
{
	int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd, error;

	if (dir_fd < 0)
		return from_errno(errno);
	fd = openat(dir_fd, FILE_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
		    0600);
	error = errno;
	close(dir_fd);
	if (fd < 0)
		return from_errno(error);
	*out = fd;
	return TEL_OK;
}

/*
 * Never shrinks: that would take the pages away from under other processes
 * (SIGBUS). Allocates, since a hole that the disk has no room for would
 * do the same at the first increment.
 */
static enum tel_err grow(int fd)
{
	struct stat st;
	int error;

	if (fstat(fd, &st))
		return TEL_EIO;
	if (!S_ISREG(st.st_mode))
		return TEL_EDENIED;
	if ((size_t)st.st_size >= sizeof(struct file_layout))
		return TEL_OK;
	do {
		error = posix_fallocate(fd, 0, (off_t)sizeof(struct file_layout));
	} while (error == EINTR);
	return error ? from_errno(error) : TEL_OK;
}

static void greet(struct file_layout *map)
{
	if (memcmp(map->magic, magic, sizeof(magic)) == 0 && map->version == LAYOUT_VERSION)
		return;
	memset(map->values, 0, sizeof(map->values));
	memcpy(map->magic, magic, sizeof(magic));
	map->version = LAYOUT_VERSION;
}

/* Under the lock, lest two newcomers greet at once. */
static enum tel_err map_locked(int fd, struct file_layout **out)
{
	enum tel_err err = grow(fd);
	void *map;

	if (err)
		return err;
	map = mmap(NULL, sizeof(struct file_layout), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return from_errno(errno);
	greet(map);
	*out = map;
	return TEL_OK;
}

static enum tel_err map_file(int fd, struct file_layout **out)
{
	enum tel_err err;

	while (flock(fd, LOCK_EX))
		if (errno != EINTR)
			return from_errno(errno);
	err = map_locked(fd, out);
	/* The mapping keeps the open file, and with it the lock, past close(). */
	flock(fd, LOCK_UN);
	return err;
}

enum tel_err tel_shared_counters_open(const char *dir, struct tel_counters **out)
{
	struct shared_counters *c = calloc(1, sizeof(*c));
	enum tel_err err = TEL_OK;
	int fd = -1;

	if (!c)
		return TEL_ENOMEM;
	c->base.ops = &ops;
	c->map = &c->own;
	if (dir) {
		err = open_file(dir, &fd);
		if (!err)
			err = map_file(fd, &c->map);
	}
	if (fd >= 0)
		close(fd);
	if (err) {
		free(c);
		return err;
	}
	*out = &c->base;
	return TEL_OK;
}

void tel_shared_counters_close(struct tel_counters *counters)
{
	struct shared_counters *c = (struct shared_counters *)counters;

	if (!c)
		return;
	if (c->map != &c->own)
		munmap(c->map, sizeof(*c->map));
	free(c);
}
