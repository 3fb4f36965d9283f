/* Reading a whole small file, with a ceiling, and replacing one. */
#ifndef TEL_BASE_FILE_H
#define TEL_BASE_FILE_H

#include <stddef.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/str.h"

struct tel_file {
	char *ptr;		/* owned; NUL terminated behind len */
	size_t len;
	struct stat st;		/* of exactly the file that was read */
};

/*
 * Reads a regular file of at most `ceiling` bytes in one allocation, so that
 * a caller who wipes it leaves no copy of a secret behind. On failure *out
 * is zeroed and errno is that of the call that failed, 0 if none did.
 * TEL_ENOTFOUND | TEL_EDENIED | TEL_EMALFORMED (not a regular file) |
 * TEL_ETOOBIG | TEL_EBUSY (it grew meanwhile) | TEL_ENOMEM | TEL_EIO
 */
TEL_MUST_CHECK enum tel_err tel_file_read(const char *path, size_t ceiling,
					  struct tel_file *out);

/* Legal on a zeroed one. */
void tel_file_release(struct tel_file *file);

/*
 * Makes the `n` parts, one behind the other, the content of `path`, which need
 * not be there; mode 0600. Whoever reads it, and whoever comes after a crash or
 * a power cut at any moment, finds the old content or the new one, whole: it is
 * written to PATH.new first, synced and renamed. The directory must be one that
 * nobody else may write to. Any thread, any number of processes: one writes,
 * the others are told TEL_EBUSY. Allocates, too.
 * TEL_ENOTFOUND (no such directory) | TEL_EDENIED | TEL_EMALFORMED (what is
 * there is not a regular file) | TEL_EFULL | TEL_EBUSY | TEL_EIO | TEL_ENOMEM
 */
TEL_MUST_CHECK enum tel_err tel_file_replace(const char *path, const struct tel_str *parts,
					     size_t n);

/* The names in an open directory, on the disk; an errno code. */
int tel_file_sync_directory(int fd);

/* For people: why tel_file_read() failed. Never NULL; static storage. */
const char *tel_file_problem(enum tel_err err);

static inline struct tel_str tel_file_str(const struct tel_file *file)
{
	return (struct tel_str){ file->ptr, file->len };
}

#endif
