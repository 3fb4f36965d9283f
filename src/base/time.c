#include "config.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/num.h"
#include "base/time.h"
#include "base/banned.h"

#define LAST_MOMENT ((tel_time)253402300799999)	/* 9999-12-31T23:59:59.999Z */

struct civil { int64_t year; int month, day; };

/*
 * Days since 1970-01-01 <-> civil date in the proleptic Gregorian calendar.
 * Years are counted from March, so that the leap day is the last of a year,
 * and in eras of 400 years (146097 days).
 */
static struct civil civil_from_days(int64_t days)
{
	int64_t era, day_of_era, year_of_era, day_of_year, month;
	struct civil c;

	days += 719468;
	era = days / 146097;
	day_of_era = days - era * 146097;
	year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
		       day_of_era / 146096) / 365;
	day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	month = (5 * day_of_year + 2) / 153;
	c.day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
	c.month = (int)(month < 10 ? month + 3 : month - 9);
	c.year = year_of_era + era * 400 + (c.month <= 2);
	return c;
}

static int64_t days_from_civil(struct civil c)
{
	int64_t year = c.year - (c.month <= 2);
	int64_t era = year / 400;
	int64_t year_of_era = year - era * 400;
	int64_t month = c.month > 2 ? c.month - 3 : c.month + 9;
	int64_t day_of_year = (153 * month + 2) / 5 + c.day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 -
	       year_of_era / 100 + day_of_year - 719468;
}

char *tel_time_format(tel_time when, char out[TEL_TIME_TEXT])
{
	struct civil c;
	int64_t ms;

	if (when < 0)
		when = 0;
	if (when > LAST_MOMENT)
		when = LAST_MOMENT;
	c = civil_from_days(when / TEL_DAY);
	ms = when % TEL_DAY;
	snprintf(out, TEL_TIME_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
		 (unsigned)c.year % 10000u, (unsigned)c.month % 100u,
		 (unsigned)c.day % 100u, (unsigned)(ms / TEL_HOUR) % 100u,
		 (unsigned)(ms / TEL_MINUTE) % 60u, (unsigned)(ms / TEL_SECOND) % 60u,
		 (unsigned)(ms % 1000));
	return out;
}

/* Take `len` digits with this range off the front. */
static bool take(struct tel_str *s, size_t len, int64_t min, int64_t max, int64_t *out)
{
	struct tel_str part = { s->ptr, len };

	if (s->len < len || s->ptr[0] == '-' || tel_num_parse(part, min, max, out))
		return false;
	s->ptr += len;
	s->len -= len;
	return true;
}

static bool take_char(struct tel_str *s, const char *any_of)
{
	if (s->len == 0 || s->ptr[0] == '\0' || !strchr(any_of, s->ptr[0]))
		return false;
	s->ptr++;
	s->len--;
	return true;
}

static int64_t take_fraction(struct tel_str *s)
{
	int64_t ms = 0, scale = 100;

	while (s->len > 0 && s->ptr[0] >= '0' && s->ptr[0] <= '9') {
		ms += (s->ptr[0] - '0') * scale;
		scale /= 10;
		s->ptr++;
		s->len--;
	}
	return ms;
}

/* "Z", "+05:30", "-08:00": minutes east of UTC. */
static bool take_offset(struct tel_str *s, int64_t *minutes)
{
	int64_t h, m, sign;

	*minutes = 0;
	if (take_char(s, "Zz"))
		return s->len == 0;
	if (s->len == 0)
		return false;
	sign = s->ptr[0] == '-' ? -1 : 1;
	if (!take_char(s, "+-") || !take(s, 2, 0, 23, &h) || !take_char(s, ":") ||
	    !take(s, 2, 0, 59, &m))
		return false;
	*minutes = sign * (h * 60 + m);
	return s->len == 0;
}

static int days_in_month(int64_t year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

enum tel_err tel_time_parse(struct tel_str s, tel_time *out)
{
	int64_t year, month, day, h, m, sec, ms = 0, offset;

	if (!take(&s, 4, 1970, 9999, &year) || !take_char(&s, "-") ||
	    !take(&s, 2, 1, 12, &month) || !take_char(&s, "-") ||
	    !take(&s, 2, 1, days_in_month(year, (int)month), &day) ||
	    !take_char(&s, "Tt ") || !take(&s, 2, 0, 23, &h) || !take_char(&s, ":") ||
	    !take(&s, 2, 0, 59, &m) || !take_char(&s, ":") || !take(&s, 2, 0, 60, &sec))
		return TEL_EMALFORMED;
	if (take_char(&s, "."))
		ms = take_fraction(&s);
	if (!take_offset(&s, &offset))
		return TEL_EMALFORMED;
	*out = days_from_civil((struct civil){ year, (int)month, (int)day }) * TEL_DAY +
	       h * TEL_HOUR + (m - offset) * TEL_MINUTE + sec * TEL_SECOND + ms;
	return TEL_OK;
}
