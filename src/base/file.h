/* Reading a whole small file, with a ceiling. */
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

/* For people: why tel_file_read() failed. Never NULL; static storage. */
const char *tel_file_problem(enum tel_err err);

static inline struct tel_str tel_file_str(const struct tel_file *file)
{
	return (struct tel_str){ file->ptr, file->len };
}

#endif
