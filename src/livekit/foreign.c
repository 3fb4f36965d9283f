#include "config.h"

#include <string.h>

#include "livekit/foreign.h"
#include "base/banned.h"

/*
 * memmem() reads every byte by itself. memchr() takes 16 and more at a time,
 * so a word is looked for by the one of its bytes that is the rarest in what
 * LiveKit sends.
 */
struct word {
	struct tel_str text;
	size_t rare;			/* index in text */
};

static bool is_at(struct tel_str in, size_t at, struct tel_str text)
{
	return at <= in.len && in.len - at >= text.len &&
	       memcmp(in.ptr + at, text.ptr, text.len) == 0;
}

/* Where the word is first; NULL if it is not there. */
static const char *find(struct tel_str in, const struct word *word)
{
	const char *end = in.ptr + in.len, *c = in.ptr;

	if (in.len < word->text.len)
		return NULL;
	/* Before that the word's first bytes would have no room. */
	c += word->rare;
	while (c < end && (c = memchr(c, word->text.ptr[word->rare], (size_t)(end - c))) != NULL) {
		if (is_at(in, (size_t)(c - in.ptr) - word->rare, word->text))
			return c - word->rare;
		c++;
	}
	return NULL;
}

/* The same from the end, by the text's first byte: for what is near the end. */
static bool has_late(struct tel_str in, struct tel_str text)
{
	const char *c = in.ptr + in.len;

	while ((c = memrchr(in.ptr, text.ptr[0], (size_t)(c - in.ptr))) != NULL)
		if (is_at(in, (size_t)(c - in.ptr), text))
			return true;
	return false;
}

static bool looks_like_an_event(struct tel_str body)
{
	static const struct word event = { { "\"event\"", 7 }, 0 };

	return body.len > 2 && body.ptr[0] == '{' && body.ptr[body.len - 1] == '}' &&
	       find(body, &event) && has_late(body, TEL_STR("\"id\""));
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* protobuf's JSON mapping takes an enum by its number too: "kind": 3. */
static bool has_kind_by_number(struct tel_str body)
{
	static const struct word kind = { { "\"kind\"", 6 }, 1 };
	const char *at;

	while ((at = find(body, &kind)) != NULL) {
		body.len -= (size_t)(at - body.ptr) + kind.text.len;
		body.ptr = at + kind.text.len;
		while (body.len > 0 && (is_blank(body.ptr[0]) || body.ptr[0] == ':')) {
			body.ptr++;
			body.len--;
		}
		if (body.len > 0 && body.ptr[0] != '"')
			return true;
	}
	return false;
}

bool tel_livekit_is_foreign(struct tel_str body)
{
	static const struct word words[] = {
		{ { "SIP", 3 }, 1 }, { { "AGENT", 5 }, 1 }, { { "room_finished", 13 }, 4 },
		{ { "\\u", 2 }, 0 },
	};
	size_t i;

	body = tel_str_trim(body);
	if (!looks_like_an_event(body))
		return false;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (find(body, &words[i]))
			return false;
	return !has_kind_by_number(body);
}
