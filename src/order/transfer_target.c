#include "config.h"

#include <stdio.h>
#include <string.h>

#include "order/transfer_target.h"
#include "base/banned.h"

bool tel_strict_number_parse(struct tel_str text, struct tel_e164 *out)
{
	size_t i;

	for (i = 0; i < text.len; i++)
		if (!text.ptr[i] || !strchr("+0123456789 -.()", text.ptr[i]))
			return false;
	return text.len > 0 && text.len <= TEL_MAX_TEXT && text.ptr[0] == '+' &&
	       tel_e164_parse(text, out);
}

static bool is_printable(struct tel_str text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
		if (text.ptr[i] <= 0x20 || text.ptr[i] >= 0x7f)
			return false;
	return true;
}

static bool has_any(struct tel_str text, const char *of)
{
	size_t i;

	for (i = 0; i < text.len; i++)
		if (strchr(of, text.ptr[i]))
			return true;
	return false;
}

/*
 * "sip:" and a SIP URI: a host at least, perhaps a user. Not with a password,
 * which would be shown wherever the target is; nor with escapes or headers,
 * which nobody needs, and behind which a number hides from the prefixes.
 */
static bool is_sip_uri(struct tel_str uri)
{
	struct tel_str rest, host;

	if (!tel_str_starts(uri, TEL_STR("sip:")) || !is_printable(uri))
		return false;
	uri = (struct tel_str){ uri.ptr + 4, uri.len - 4 };
	host = tel_str_cut(uri, '@', &rest);
	if (rest.ptr && (host.len == 0 || has_any(host, ":")))
		return false;
	host = tel_str_cut(rest.ptr ? rest : uri, ';', &rest);
	return host.len > 0 && host.ptr[0] != ':' && !has_any(host, "@") &&
	       !has_any(uri, "<>\"\\,%?");
}

bool tel_transfer_target_parse(struct tel_str text, char out[TEL_MAX_TRANSFER_TO + 1])
{
	struct tel_e164 number;

	if (text.len > TEL_MAX_TRANSFER_TO)
		return false;
	if (tel_str_starts(text, TEL_STR("tel:"))) {
		if (!tel_strict_number_parse((struct tel_str){ text.ptr + 4, text.len - 4 }, &number))
			return false;
		snprintf(out, TEL_MAX_TRANSFER_TO + 1, "tel:%s", number.text);
		return true;
	}
	if (!is_sip_uri(text))
		return false;
	snprintf(out, TEL_MAX_TRANSFER_TO + 1, "%.*s", TEL_STR_ARG(text));
	return true;
}
