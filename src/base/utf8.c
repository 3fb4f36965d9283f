#include "config.h"

#include "base/utf8.h"
#include "base/banned.h"

#define REPLACEMENT "\xef\xbf\xbd"
#define ELLIPSIS "\xe2\x80\xa6"

static size_t expected_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	if (first >= 0xf0 && first <= 0xf4)
		return 4;
	return 0;
}

/* The second byte decides: overlong forms, surrogates, over U+10FFFF. */
static bool second_fits(unsigned char first, unsigned char second)
{
	switch (first) {
	case 0xe0:
		return second >= 0xa0;
	case 0xed:
		return second <= 0x9f;
	case 0xf0:
		return second >= 0x90;
	case 0xf4:
		return second <= 0x8f;
	default:
		return true;
	}
}

size_t tel_utf8_length(struct tel_str s)
{
	const unsigned char *p = (const unsigned char *)s.ptr;
	size_t i, len = s.len > 0 ? expected_length(p[0]) : 0;

	if (len > s.len)
		return 0;
	for (i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len < 2 || second_fits(p[0], p[1]) ? len : 0;
}

bool tel_utf8_is_clean(struct tel_str s)
{
	size_t len = 1;

	for (; s.len > 0 && len > 0; s.ptr += len, s.len -= len)
		len = (unsigned char)*s.ptr < 0x80 ? 1 : tel_utf8_length(s);
	return len > 0;
}

enum tel_err tel_utf8_clean(struct tel_str s, size_t max, struct tel_buf *out)
{
	size_t len, used = 0;

	while (s.len > 0) {
		len = tel_utf8_length(s);
		used += len ? len : sizeof(REPLACEMENT) - 1;
		if (used > max)
			return tel_buf_puts(out, ELLIPSIS);
		if (len)
			tel_buf_add(out, s.ptr, len);
		else
			tel_buf_puts(out, REPLACEMENT);
		s.ptr += len ? len : 1;
		s.len -= len ? len : 1;
	}
	return tel_buf_err(out);
}
