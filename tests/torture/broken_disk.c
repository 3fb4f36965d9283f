/*
 * Preloaded: while the file that TORTURE_TRIGGER names is there, the disk
 * fails where LMDB can take it least, in the write of a meta page. That is
 * the one write that is not of whole pages.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

typedef ssize_t (*pwrite_fn)(int fd, const void *data, size_t len, off_t at);

ssize_t pwrite(int fd, const void *data, size_t len, off_t at);
ssize_t pwrite64(int fd, const void *data, size_t len, off_t at);

static ssize_t write_or_fail(const char *name, int fd, const void *data, size_t len, off_t at)
{
	const char *trigger = getenv("TORTURE_TRIGGER");
	pwrite_fn real = (pwrite_fn)dlsym(RTLD_NEXT, name);

	if (len % 4096 != 0 && trigger && access(trigger, F_OK) == 0) {
		errno = EIO;
		return -1;
	}
	return real(fd, data, len, at);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
	return write_or_fail("pwrite", fd, data, len, at);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off_t at)
{
	return write_or_fail("pwrite64", fd, data, len, at);
}
