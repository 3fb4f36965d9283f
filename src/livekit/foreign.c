#include "config.h"

#include <string.h>

#include "livekit/foreign.h"
#include "base/banned.h"

static const char *find(struct tel_str in, struct tel_str word)
{
	return memmem(in.ptr, in.len, word.ptr, word.len);
}

static bool looks_like_an_event(struct tel_str body)
{
	return body.len > 2 && body.ptr[0] == '{' && body.ptr[body.len - 1] == '}' &&
	       find(body, TEL_STR("\"event\"")) && find(body, TEL_STR("\"id\""));
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* protobuf's JSON mapping takes an enum by its number too: "kind": 3. */
static bool has_kind_by_number(struct tel_str body)
{
	static const struct tel_str word = { "\"kind\"", 6 };
	const char *at;

	while ((at = find(body, word)) != NULL) {
		body.len -= (size_t)(at - body.ptr) + word.len;
		body.ptr = at + word.len;
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
	static const struct tel_str words[] = {
		{ "SIP", 3 }, { "AGENT", 5 }, { "room_finished", 13 }, { "\\u", 2 },
	};
	size_t i;

	body = tel_str_trim(body);
	if (!looks_like_an_event(body))
		return false;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (find(body, words[i]))
			return false;
	return !has_kind_by_number(body);
}
