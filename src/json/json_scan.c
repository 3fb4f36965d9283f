#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"
#include "json/json_scan.h"
#include "base/banned.h"

struct tel_str tel_json_take_string(struct tel_str text, size_t *at)
{
	size_t start = *at;

	while (*at < text.len && text.ptr[*at] != '"')
		*at += text.ptr[*at] == '\\' ? 2 : 1;
	if (*at > text.len)
		*at = text.len;
	return (struct tel_str){ text.ptr + start, (*at)++ - start };
}

/* The four hex digits at `at`; of other things nonsense. */
static unsigned unit_at(struct tel_str text, size_t at)
{
	size_t end = at + 4 < text.len ? at + 4 : text.len;
	unsigned unit = 0;
	char c;

	for (; at < end; at++) {
		c = text.ptr[at];
		unit = unit * 16 + (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return unit;
}

/* Bytes of \uXXXX in UTF-8; to each half of a pair half of the pair's four. */
static size_t unit_length(unsigned unit)
{
	bool half = unit >= 0xD800 && unit <= 0xDFFF;

	return unit < 0x80 ? 1 : unit < 0x800 || half ? 2 : 3;
}

/* Bytes of a string without its escapes. */
static size_t string_length(struct tel_str raw)
{
	size_t at = 0, n = 0;
	bool unit;

	while (at < raw.len) {
		unit = raw.ptr[at] == '\\' && at + 1 < raw.len && raw.ptr[at + 1] == 'u';
		n += unit ? unit_length(unit_at(raw, at + 2)) : 1;
		at += unit ? 6 : raw.ptr[at] == '\\' ? 2 : 1;
	}
	return n;
}

size_t tel_json_weight(struct tel_str text)
{
	size_t at = 0, n = 0;
	char c;

	while (at < text.len) {
		c = text.ptr[at++];
		if (c == '"')
			n += string_length(tel_json_take_string(text, &at));
		else
			n += c == ':';
	}
	return n;
}

static bool is_digit_at(struct tel_str text, size_t at)
{
	return at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9';
}

static void skip_digits(struct tel_str text, size_t *at)
{
	while (is_digit_at(text, *at))
		(*at)++;
}

static bool is_any_at(struct tel_str text, size_t at, char a, char b)
{
	return at < text.len && (text.ptr[at] == a || text.ptr[at] == b);
}

/* A number at *at, which moves behind it, or to where it is none any more. */
static bool take_number(struct tel_str text, size_t *at)
{
	*at += is_any_at(text, *at, '-', '-');
	if (!is_digit_at(text, *at) || (text.ptr[*at] == '0' && is_digit_at(text, *at + 1)))
		return false;
	skip_digits(text, at);
	if (is_any_at(text, *at, '.', '.')) {
		if (!is_digit_at(text, *at + 1))
			return false;
		(*at)++;
		skip_digits(text, at);
	}
	if (is_any_at(text, *at, 'e', 'E')) {
		(*at)++;
		*at += is_any_at(text, *at, '+', '-');
		if (!is_digit_at(text, *at))
			return false;
		skip_digits(text, at);
	}
	return true;
}

/* The first character that no string may have as it is; `end` if there is none. */
static size_t find_bad(struct tel_str text, size_t at, size_t end)
{
	size_t len = 1;

	while (at < end && len > 0 && (unsigned char)text.ptr[at] >= 0x20) {
		if ((unsigned char)text.ptr[at] >= 0x80)
			len = tel_utf8_length((struct tel_str){ text.ptr + at, end - at });
		else
			len = 1;
		at += len;
	}
	return at;
}

/* A string at *at; as take_number(). */
static bool take_plain_string(struct tel_str text, size_t *at)
{
	size_t start = ++*at, bad;

	tel_json_take_string(text, at);
	if (*at > text.len)
		*at = text.len;
	bad = find_bad(text, start, *at);
	if (bad < *at) {
		*at = bad;
		return false;
	}
	return true;
}

size_t tel_json_stray(struct tel_str text)
{
	/* Structure, blanks, and the letters of true, false and null. */
	static const char good[] = "{}[],: \t\r\ntruefalsn";
	size_t at = 0;
	bool fine = true;
	char c;

	while (at < text.len && fine) {
		c = text.ptr[at];
		if (c == '"')
			fine = take_plain_string(text, &at);
		else if (c == '-' || is_digit_at(text, at))
			fine = take_number(text, &at);
		else if (c != '\0' && strchr(good, c))
			at++;
		else
			fine = false;
	}
	return at;
}
