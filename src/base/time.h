/*
 * Moments and their text form. A moment is milliseconds since 1970 UTC
 * (wall clock); 0 means "not yet" / "unknown". There is no clock here:
 * time comes in through ports/clock.h.
 */
#ifndef TEL_BASE_TIME_H
#define TEL_BASE_TIME_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

typedef int64_t tel_time;

#define TEL_SECOND ((tel_time)1000)
#define TEL_MINUTE (60 * TEL_SECOND)
#define TEL_HOUR (60 * TEL_MINUTE)
#define TEL_DAY (24 * TEL_HOUR)

static inline tel_time tel_time_latest(tel_time a, tel_time b)
{
	return a > b ? a : b;
}

/* "2026-11-23T06:34:00.123Z" and its NUL. */
#define TEL_TIME_TEXT 25

/*
 * RFC 3339 in UTC with milliseconds. Years 1970 to 9999; a moment outside
 * is clamped to that range. Returns `out`.
 */
char *tel_time_format(tel_time when, char out[TEL_TIME_TEXT]);

/* RFC 3339 with any offset and 0-9 digits of fraction. TEL_EMALFORMED */
TEL_MUST_CHECK enum tel_err tel_time_parse(struct tel_str text, tel_time *out);

#endif
