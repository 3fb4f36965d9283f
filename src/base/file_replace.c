#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/banned.h"

#define MAX_PATH 4096

static enum tel_err from_errno(int error)
{
	switch (error) {
	case EISDIR:
	case ELOOP:
		return TEL_EMALFORMED;
	case EWOULDBLOCK:
		return TEL_EBUSY;
	default:
		return tel_err_from_errno(error);
	}
}

/*
 * Is it ours alone? Whoever had it before may have renamed it after we opened
 * it: then it is what we are to replace, and must not be written to.
 */
static enum tel_err claim(int fd, const char *path)
{
	struct stat opened, named;

	if (flock(fd, LOCK_EX | LOCK_NB) || fstat(fd, &opened))
		return from_errno(errno);
	if (!S_ISREG(opened.st_mode))
		return TEL_EMALFORMED;
	if (lstat(path, &named))
		return errno == ENOENT ? TEL_EBUSY : from_errno(errno);
	return opened.st_dev == named.st_dev && opened.st_ino == named.st_ino ? TEL_OK : TEL_EBUSY;
}

static enum tel_err write_part(int fd, struct tel_str part)
{
	size_t done = 0;
	ssize_t n;

	while (done < part.len) {
		n = write(fd, part.ptr + done, part.len - done);
		if (n < 0 && errno != EINTR)
			return from_errno(errno);
		if (n > 0)
			done += (size_t)n;
	}
	return TEL_OK;
}

/* What a writer that was killed left there goes; so does a mode by some umask. */
static enum tel_err fill(int fd, const struct tel_str *parts, size_t n)
{
	enum tel_err err = TEL_OK;
	size_t i;

	if (ftruncate(fd, 0) || fchmod(fd, 0600))
		return from_errno(errno);
	for (i = 0; i < n && !err; i++)
		err = write_part(fd, parts[i]);
	if (!err && fsync(fd))
		err = from_errno(errno);
	return err;
}

/* A file system that can't sync directories has no need to. */
int tel_file_sync_directory(int fd)
{
	return fsync(fd) && errno != EINVAL ? errno : 0;
}

static enum tel_err sync_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), failed;

	if (fd < 0)
		return from_errno(errno);
	failed = tel_file_sync_directory(fd);
	close(fd);
	return failed ? from_errno(failed) : TEL_OK;
}

static enum tel_err replace(const char *path, const char *other, const struct tel_str *parts,
			    size_t n)
{
	/* Not blocking: a FIFO there would hold us up for ever. */
	int fd = open(other, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	enum tel_err err;

	if (fd < 0)
		return from_errno(errno);
	err = claim(fd, other);
	if (!err) {
		err = fill(fd, parts, n);
		if (!err && rename(other, path))
			err = from_errno(errno);
		if (err)
			unlink(other);
	}
	close(fd);			/* and with it the lock */
	return err;
}

enum tel_err tel_file_replace(const char *path, const struct tel_str *parts, size_t n)
{
	const char *slash = strrchr(path, '/');
	struct tel_buf other, directory;
	enum tel_err err;

	tel_buf_init(&other, MAX_PATH);
	tel_buf_init(&directory, MAX_PATH);
	tel_buf_printf(&other, "%s.new", path);
	tel_buf_add(&directory, path, slash ? (size_t)(slash - path) : 0);
	tel_buf_puts(&directory, slash ? "/" : ".");
	err = tel_buf_err(&other) ? tel_buf_err(&other) : tel_buf_err(&directory);
	if (!err)
		err = replace(path, other.ptr, parts, n);
	if (!err)
		err = sync_directory(directory.ptr);
	tel_buf_release(&other);
	tel_buf_release(&directory);
	return err == TEL_ETOOBIG ? TEL_ENOTFOUND : err;	/* such a long path */
}
