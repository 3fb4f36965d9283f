#include "config.h"

#include "livekit/base_url.h"
#include "base/banned.h"

static const struct scheme {
	const char *given, *used;
} schemes[] = {
	{ "https://", "https://" },
	{ "http://", "http://" },
	{ "wss://", "https://" },
	{ "ws://", "http://" },
};

static const struct scheme *scheme_of(struct tel_str url)
{
	struct tel_str head, given;
	size_t i;

	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		given = tel_str_from(schemes[i].given);
		head = (struct tel_str){ url.ptr, given.len };
		if (url.len >= given.len && tel_str_eq_nocase(head, given))
			return &schemes[i];
	}
	return NULL;
}

/* NULL = nothing to complain about. */
static const char *complaint(struct tel_str rest)
{
	size_t i;
	char c;

	if (rest.len == 0 || rest.ptr[0] == '/' || rest.ptr[0] == ':')
		return "it names no host";
	for (i = 0; i < rest.len; i++) {
		c = rest.ptr[i];
		if (c <= ' ' || c > '~' || c == '\\' || c == '"')
			return "it has a character that URLs don't have";
		if (c == '@')
			return "it must not hold a user or a password";
		if (c == '?' || c == '#')
			return "it must not have a query or a fragment";
	}
	return NULL;
}

enum tel_err tel_livekit_base_url(struct tel_str url, struct tel_buf *out, const char **why)
{
	struct tel_str rest = tel_str_trim(url);
	const struct scheme *scheme = scheme_of(rest);
	const char *wrong = "it must begin with wss://, https://, ws:// or http://";

	if (scheme) {
		rest.ptr += strlen(scheme->given);
		rest.len -= strlen(scheme->given);
		wrong = complaint(rest);
	}
	if (wrong) {
		if (why)
			*why = wrong;
		return TEL_EMALFORMED;
	}
	while (rest.len > 0 && rest.ptr[rest.len - 1] == '/')
		rest.len--;
	tel_buf_puts(out, scheme->used);
	return tel_buf_add_str(out, rest);
}
