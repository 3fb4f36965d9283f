#include "config.h"

#include "base/str.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct tel_str tel_str_trim(struct tel_str s)
{
	while (s.len > 0 && is_blank(s.ptr[0])) {
		s.ptr++;
		s.len--;
	}
	while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

struct tel_str tel_str_cut(struct tel_str s, char sep, struct tel_str *rest)
{
	const char *at = s.len > 0 ? memchr(s.ptr, sep, s.len) : NULL;
	struct tel_str head = s;

	*rest = TEL_STR_NONE;
	if (at) {
		head.len = (size_t)(at - s.ptr);
		rest->ptr = at + 1;
		rest->len = s.len - head.len - 1;
	}
	return head;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool tel_str_eq_nocase(struct tel_str a, struct tel_str b)
{
	size_t i;

	if (a.len != b.len)
		return false;
	for (i = 0; i < a.len; i++)
		if (lower(a.ptr[i]) != lower(b.ptr[i]))
			return false;
	return true;
}
