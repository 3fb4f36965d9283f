/*
 * A strict reader of JSON (RFC 8259) that builds nothing: what the project
 * writes is judged by it, and not by the library that helped to write it.
 */
#include "config.h"

#include <string.h>

#include "base/utf8.h"
#include "fuzz/fuzz.h"
#include "base/banned.h"

#define MAX_DEPTH 256

static bool value(struct tel_str *s, int depth);

static bool take(struct tel_str *s, const char *text)
{
	size_t len = strlen(text);

	if (s->len < len || memcmp(s->ptr, text, len) != 0)
		return false;
	s->ptr += len;
	s->len -= len;
	return true;
}

static void blanks(struct tel_str *s)
{
	while (take(s, " ") || take(s, "\t") || take(s, "\n") || take(s, "\r"))
		;
}

static size_t digits(struct tel_str *s)
{
	size_t n = 0;

	for (; s->len > 0 && s->ptr[0] >= '0' && s->ptr[0] <= '9'; n++, s->ptr++, s->len--)
		;
	return n;
}

static bool number(struct tel_str *s)
{
	take(s, "-");
	if (!take(s, "0") && digits(s) == 0)
		return false;
	if (take(s, ".") && digits(s) == 0)
		return false;
	if (!take(s, "e") && !take(s, "E"))
		return true;
	if (!take(s, "+"))
		take(s, "-");
	return digits(s) > 0;
}

static bool hex4(struct tel_str *s)
{
	int i;

	for (i = 0; i < 4 && s->len > 0; i++, s->ptr++, s->len--)
		if (!memchr("0123456789abcdefABCDEF", s->ptr[0], 22))
			return false;
	return i == 4;
}

static bool escape(struct tel_str *s)
{
	if (take(s, "u"))
		return hex4(s);
	if (s->len == 0 || !memchr("\"\\/bfnrt", s->ptr[0], 8))
		return false;
	s->ptr++;
	s->len--;
	return true;
}

static bool string(struct tel_str *s)
{
	size_t len;

	if (!take(s, "\""))
		return false;
	while (!take(s, "\"")) {
		if (take(s, "\\")) {
			if (!escape(s))
				return false;
			continue;
		}
		len = tel_utf8_length(*s);
		if (len == 0 || (unsigned char)s->ptr[0] < 0x20)
			return false;
		s->ptr += len;
		s->len -= len;
	}
	return true;
}

/* Behind the opening bracket; `keys`: an object's. */
static bool members(struct tel_str *s, const char *close, bool keys, int depth)
{
	blanks(s);
	if (take(s, close))
		return true;
	do {
		blanks(s);
		if (keys) {
			if (!string(s))
				return false;
			blanks(s);
			if (!take(s, ":"))
				return false;
		}
		if (!value(s, depth + 1))
			return false;
	} while (take(s, ","));
	return take(s, close);
}

static bool value(struct tel_str *s, int depth)
{
	bool good;

	blanks(s);
	if (depth > MAX_DEPTH)
		return false;
	if (take(s, "{"))
		good = members(s, "}", true, depth);
	else if (take(s, "["))
		good = members(s, "]", false, depth);
	else if (s->len > 0 && s->ptr[0] == '"')
		good = string(s);
	else
		good = take(s, "null") || take(s, "true") || take(s, "false") || number(s);
	blanks(s);
	return good;
}

bool fuzz_is_json(struct tel_str text)
{
	return value(&text, 0) && text.len == 0;
}
