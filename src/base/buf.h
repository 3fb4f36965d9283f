/*
 * A growable byte buffer with a mandatory ceiling.
 *
 * Errors stick: after one append failed, all later ones return the same
 * error and change nothing, so a writer may append a lot and look once
 * (tel_buf_err). The text is always NUL terminated behind `len`.
 */
#ifndef TEL_BASE_BUF_H
#define TEL_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct tel_buf {
	char *ptr;		/* owned, NULL until the first append */
	size_t len;		/* bytes in use, without the NUL */
	size_t cap;		/* bytes allocated */
	size_t ceiling;		/* len never exceeds this */
	enum tel_err err;	/* the first failure, TEL_OK without one */
};

/* Make `b` empty with this ceiling; allocates nothing. */
void tel_buf_init(struct tel_buf *b, size_t ceiling);

/* Free the memory; `b` is empty again, same ceiling. Legal on a zeroed one. */
void tel_buf_release(struct tel_buf *b);

/* Forget content and error, keep the memory. */
void tel_buf_clear(struct tel_buf *b);

/* TEL_ENOMEM or TEL_ETOOBIG (over the ceiling; nothing was appended). */
enum tel_err tel_buf_add(struct tel_buf *b, const void *data, size_t len);
enum tel_err tel_buf_add_str(struct tel_buf *b, struct tel_str s);
enum tel_err tel_buf_puts(struct tel_buf *b, const char *text);
enum tel_err tel_buf_printf(struct tel_buf *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Make room for `len` more bytes behind ptr+len, without changing len. */
TEL_MUST_CHECK enum tel_err tel_buf_reserve(struct tel_buf *b, size_t len);

static inline enum tel_err tel_buf_err(const struct tel_buf *b)
{
	return b->err;
}

/* What is in it, borrowed until the next change. Never a NULL pointer. */
static inline struct tel_str tel_buf_str(const struct tel_buf *b)
{
	return (struct tel_str){ b->ptr ? b->ptr : "", b->len };
}

#endif
