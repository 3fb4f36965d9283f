#include "config.h"

#include <stdbool.h>

#include "json/json_flat.h"
#include "base/banned.h"

/* As many as a double holds exactly, so that it does not matter who reads them. */
#define MAX_DIGITS 15

static bool take(struct tel_str *s, char c)
{
	if (s->len == 0 || s->ptr[0] != c)
		return false;
	s->ptr++;
	s->len--;
	return true;
}

static bool is_plain(char c)
{
	return c >= 0x20 && c < 0x7f && c != '\\';
}

static bool take_text(struct tel_str *s, struct tel_str *out)
{
	size_t n = 0;

	if (!take(s, '"'))
		return false;
	while (n < s->len && s->ptr[n] != '"') {
		if (!is_plain(s->ptr[n]))
			return false;
		n++;
	}
	*out = (struct tel_str){ s->ptr, n };
	s->ptr += n;
	s->len -= n;
	return take(s, '"');
}

static bool take_number(struct tel_str *s, int64_t *out)
{
	bool zero = s->len > 0 && s->ptr[0] == '0';
	size_t n = 0;

	*out = 0;
	while (n < s->len && s->ptr[n] >= '0' && s->ptr[n] <= '9') {
		if (n == (zero ? 1 : MAX_DIGITS))
			return false;
		*out = *out * 10 + (s->ptr[n++] - '0');
	}
	s->ptr += n;
	s->len -= n;
	return n > 0;
}

static bool take_member(struct tel_str *s, struct tel_json_flat *out)
{
	*out = (struct tel_json_flat){ 0 };
	return take_text(s, &out->key) && take(s, ':') &&
	       (take_text(s, &out->text) || take_number(s, &out->number));
}

/* Which of two members counts is for others to say. */
static bool is_there(const struct tel_json_flat *members, size_t n, struct tel_str key)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (tel_str_eq(members[i].key, key))
			return true;
	return false;
}

size_t tel_json_read_flat(struct tel_str text, struct tel_json_flat *out, size_t max)
{
	size_t n = 0;

	if (!take(&text, '{'))
		return 0;
	do {
		if (n == max || !take_member(&text, &out[n]) || is_there(out, n, out[n].key))
			return 0;
		n++;
	} while (take(&text, ','));
	return take(&text, '}') && text.len == 0 ? n : 0;
}
