#include "config.h"

#include "base/json_scan.h"
#include "base/banned.h"

/* From behind the opening quote to behind the closing one. */
static const char *skip_string(const char *at, const char *end)
{
	while (at < end && *at != '"')
		at += *at == '\\' ? 2 : 1;
	return at + 1;
}

size_t tel_json_count_members(struct tel_str text)
{
	const char *at = text.ptr, *end = text.ptr + text.len;
	size_t n = 0;
	char c;

	while (at < end) {
		c = *at++;
		if (c == '"')
			at = skip_string(at, end);
		else
			n += c == ':';
	}
	return n;
}
