#include "config.h"

#include <string.h>

#include "domain/number.h"

#define MIN_DIGITS 7
#define MIN_BARE_DIGITS 8
#define MAX_DIGITS 15

static struct tel_str without_scheme(struct tel_str s)
{
	static const char *const schemes[] = { "sip:", "sips:", "tel:" };
	size_t i, len;

	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		len = strlen(schemes[i]);
		if (s.len >= len && tel_str_eq_nocase((struct tel_str){ s.ptr, len },
						      tel_str_from(schemes[i])))
			return (struct tel_str){ s.ptr + len, s.len - len };
	}
	return s;
}

static struct tel_str user_part(struct tel_str s)
{
	struct tel_str rest;

	s = without_scheme(tel_str_trim(s));
	s = tel_str_cut(s, '@', &rest);
	return tel_str_trim(tel_str_cut(s, ';', &rest));
}

/*
 * Keep digits and a leading '+', drop visual separators; anything else
 * makes it no number. Room for "00" and one digit too many.
 */
#define MAX_SQUEEZED (MAX_DIGITS + 3)

static size_t squeeze(struct tel_str s, char out[MAX_SQUEEZED])
{
	size_t i, n = 0;

	for (i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (c != '\0' && strchr(" -.()", c))
			continue;
		if (!(c >= '0' && c <= '9') && !(c == '+' && n == 0))
			return 0;
		if (n == MAX_SQUEEZED)
			return 0;
		out[n++] = c;
	}
	return n;
}

bool tel_e164_parse(struct tel_str raw, struct tel_e164 *out)
{
	char squeezed[MAX_SQUEEZED], *digits = squeezed;
	size_t n = squeeze(user_part(raw), squeezed);
	size_t least = MIN_DIGITS;

	out->text[0] = '\0';
	if (n > 1 && digits[0] == '+') {
		digits++;
		n--;
	} else if (n > 2 && digits[0] == '0' && digits[1] == '0') {
		digits += 2;
		n -= 2;
	} else {
		least = MIN_BARE_DIGITS;
	}
	if (n < least || n > MAX_DIGITS || digits[0] == '0' || digits[0] == '+')
		return false;
	out->text[0] = '+';
	memcpy(out->text + 1, digits, n);
	out->text[n + 1] = '\0';
	return true;
}

bool tel_number_is_dialled(struct tel_str raw)
{
	struct tel_str user = user_part(raw);
	size_t i, digits = 0;

	if (!raw.ptr || !memchr(raw.ptr, '@', raw.len))
		return false;
	for (i = 0; i < user.len; i++)
		if (user.ptr[i] >= '0' && user.ptr[i] <= '9')
			digits++;
		else if (user.ptr[i] == '\0' || !strchr("+*# -.()", user.ptr[i]))
			return false;
	return digits >= MIN_DIGITS;
}

bool tel_e164_is_strict(struct tel_str text)
{
	struct tel_e164 parsed;

	return text.len > 0 && text.ptr[0] == '+' && tel_e164_parse(text, &parsed) &&
	       tel_str_is(text, parsed.text);
}

#define SHOWN_HEAD 3
#define SHOWN_TAIL 2

char *tel_number_mask(struct tel_str number, char out[TEL_NUMBER_MASKED])
{
	size_t i, n = number.len < TEL_NUMBER_MASKED - 1 ? number.len : TEL_NUMBER_MASKED - 1;
	bool show = number.len > SHOWN_HEAD + SHOWN_TAIL + 2;

	for (i = 0; i < n; i++) {
		bool shown = show && (i < SHOWN_HEAD || i + SHOWN_TAIL >= number.len);

		out[i] = shown ? number.ptr[i] : '*';
	}
	out[n] = '\0';
	return out;
}
