#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/banned.h"

static enum tel_err open_error(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return TEL_ENOTFOUND;
	case EACCES:
	case EPERM:
		return TEL_EDENIED;
	case EISDIR:
		return TEL_EMALFORMED;
	default:
		return TEL_EIO;
	}
}

/* Fewer than `room` bytes; a file that grows meanwhile is TEL_EBUSY. */
static enum tel_err read_all(int fd, char *ptr, size_t room, size_t *len)
{
	size_t used = 0;
	ssize_t n;

	for (;;) {
		n = read(fd, ptr + used, room - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return TEL_EIO;
		if (n == 0)
			break;
		used += (size_t)n;
		if (used == room)
			return TEL_EBUSY;
	}
	ptr[used] = '\0';
	*len = used;
	return TEL_OK;
}

static enum tel_err check(const struct stat *st, size_t ceiling)
{
	if (!S_ISREG(st->st_mode))
		return TEL_EMALFORMED;
	if (st->st_size < 0 || (unsigned long long)st->st_size > ceiling)
		return TEL_ETOOBIG;
	return TEL_OK;
}

enum tel_err tel_file_read(const char *path, size_t ceiling, struct tel_file *out)
{
	struct tel_file file = { 0 };
	enum tel_err err;
	int fd, error;

	*out = file;
	errno = 0;
	/* Not blocking: a FIFO without a writer would hold us up for ever. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return open_error(errno);
	err = fstat(fd, &file.st) ? TEL_EIO : check(&file.st, ceiling);
	if (err)
		goto out;
	err = TEL_ENOMEM;
	file.ptr = malloc((size_t)file.st.st_size + 1);
	if (!file.ptr)
		goto out;
	err = read_all(fd, file.ptr, (size_t)file.st.st_size + 1, &file.len);
out:
	error = errno;
	close(fd);
	if (err)
		free(file.ptr);
	else
		*out = file;
	errno = error;
	return err;
}

void tel_file_release(struct tel_file *file)
{
	free(file->ptr);
	*file = (struct tel_file){ 0 };
}

const char *tel_file_problem(enum tel_err err)
{
	switch (err) {
	case TEL_ENOTFOUND:
		return "there is no such file";
	case TEL_EDENIED:
		return "it may not be read by this user: check its owner and mode, "
		       "and those of the directories above it";
	case TEL_EMALFORMED:
		return "it is not a regular file";
	case TEL_ETOOBIG:
		return "it is too big";
	case TEL_EBUSY:
		return "it was being written while it was read";
	default:
		return tel_err_text(err);
	}
}
