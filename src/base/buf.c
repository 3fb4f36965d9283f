#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/banned.h"

/* The smallest allocation: most texts of an answer fit without a regrow. */
#define FIRST_CAP 256

void tel_buf_init(struct tel_buf *b, size_t ceiling)
{
	*b = (struct tel_buf){ .ceiling = ceiling };
}

void tel_buf_release(struct tel_buf *b)
{
	free(b->ptr);
	tel_buf_init(b, b->ceiling);
}

void tel_buf_clear(struct tel_buf *b)
{
	b->len = 0;
	b->err = TEL_OK;
	if (b->ptr)
		b->ptr[0] = '\0';
}

static size_t grown_cap(const struct tel_buf *b, size_t need)
{
	size_t cap = b->cap ? b->cap : FIRST_CAP;

	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	return cap > b->ceiling + 1 && need <= b->ceiling + 1 ?
	       b->ceiling + 1 : cap;
}

enum tel_err tel_buf_reserve(struct tel_buf *b, size_t len)
{
	size_t cap;
	char *p;

	if (b->err)
		return b->err;
	if (len > b->ceiling || b->len > b->ceiling - len)
		return b->err = TEL_ETOOBIG;
	if (b->len + len + 1 <= b->cap)
		return TEL_OK;
	cap = grown_cap(b, b->len + len + 1);
	p = realloc(b->ptr, cap);
	if (!p)
		return b->err = TEL_ENOMEM;
	b->ptr = p;
	b->cap = cap;
	b->ptr[b->len] = '\0';
	return TEL_OK;
}

enum tel_err tel_buf_add(struct tel_buf *b, const void *data, size_t len)
{
	if (tel_buf_reserve(b, len))
		return b->err;
	if (len > 0)
		memcpy(b->ptr + b->len, data, len);
	b->len += len;
	b->ptr[b->len] = '\0';
	return TEL_OK;
}

enum tel_err tel_buf_add_str(struct tel_buf *b, struct tel_str s)
{
	return tel_buf_add(b, s.ptr, s.len);
}

enum tel_err tel_buf_puts(struct tel_buf *b, const char *text)
{
	return tel_buf_add(b, text, strlen(text));
}

/* Mostly there is room already, and the text is made only once. */
enum tel_err tel_buf_printf(struct tel_buf *b, const char *format, ...)
{
	size_t room = b->err ? 0 : b->cap - b->len;
	va_list args;
	int need;

	va_start(args, format);
	need = vsnprintf(room ? b->ptr + b->len : NULL, room, format, args);
	va_end(args);
	if (need < 0 && !b->err)
		b->err = TEL_EMISUSE;
	if (need < 0 || tel_buf_reserve(b, (size_t)need)) {
		if (room)
			b->ptr[b->len] = '\0';
		return b->err;
	}
	if ((size_t)need >= room) {
		va_start(args, format);
		vsnprintf(b->ptr + b->len, (size_t)need + 1, format, args);
		va_end(args);
	}
	b->len += (size_t)need;
	return TEL_OK;
}
