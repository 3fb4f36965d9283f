/* Numbers out of SIP: a result is strict E.164, and stays what it is. */
#include "config.h"

#include <string.h>

#include "domain/number.h"
#include "fuzz/fuzz.h"
#include "base/banned.h"

static size_t count_digits(struct tel_str s)
{
	size_t i, n = 0;

	for (i = 0; i < s.len; i++)
		n += s.ptr[i] >= '0' && s.ptr[i] <= '9';
	return n;
}

static void check_number(struct tel_str raw, const struct tel_e164 *number)
{
	struct tel_str text = tel_e164_str(number);
	struct tel_e164 again;

	FUZZ_CHECK(text.len >= 8 && text.len <= TEL_MAX_E164);
	FUZZ_CHECK(text.ptr[0] == '+' && text.ptr[1] >= '1' && text.ptr[1] <= '9');
	FUZZ_CHECK(count_digits(text) == text.len - 1);
	FUZZ_CHECK(count_digits(raw) >= text.len - 1);
	FUZZ_CHECK(tel_e164_is_strict(text));
	FUZZ_CHECK(tel_e164_parse(text, &again) && strcmp(again.text, number->text) == 0);
}

/* All but the first three and the last two characters is hidden. */
static void check_mask(struct tel_str raw)
{
	char masked[TEL_NUMBER_MASKED];
	size_t i, len;

	len = strlen(tel_number_mask(raw, masked));
	FUZZ_CHECK(len < TEL_NUMBER_MASKED);
	for (i = 3; i + 2 < raw.len && i < len; i++)
		FUZZ_CHECK(masked[i] == '*');
}

FUZZ(number)
{
	struct tel_str raw = fuzz_str(data, size);
	struct tel_e164 number;

	if (tel_e164_parse(raw, &number))
		check_number(raw, &number);
	else
		FUZZ_CHECK(number.text[0] == '\0' && !tel_e164_is_strict(raw));
	check_mask(raw);
	return 0;
}
