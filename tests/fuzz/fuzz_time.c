/* Moments as text: what is read is in range, and written reads as itself. */
#include "config.h"

#include "base/num.h"
#include "base/time.h"
#include "fuzz/fuzz.h"
#include "base/banned.h"

#define LAST_MOMENT ((tel_time)253402300799999)	/* 9999-12-31T23:59:59.999Z */

static void check_round_trip(tel_time when)
{
	tel_time again, inside = when < 0 ? 0 : when > LAST_MOMENT ? LAST_MOMENT : when;
	char text[TEL_TIME_TEXT];

	tel_time_format(when, text);
	FUZZ_CHECK(text[TEL_TIME_TEXT - 1] == '\0' && text[TEL_TIME_TEXT - 2] == 'Z');
	FUZZ_CHECK(tel_time_parse(tel_str_from(text), &again) == TEL_OK && again == inside);
}

FUZZ(time)
{
	struct tel_str text = fuzz_str(data, size);
	int64_t number;
	tel_time when;
	size_t i;

	if (tel_time_parse(text, &when) == TEL_OK) {
		FUZZ_CHECK(when > -TEL_DAY && when <= LAST_MOMENT + TEL_DAY);
		check_round_trip(when);
	}
	if (tel_num_parse(text, -5, INT64_MAX, &number) == TEL_OK) {
		FUZZ_CHECK(number >= -5);
		check_round_trip(number);
	}
	for (i = 0, when = 0; i < size && i < 8; i++)
		when = (tel_time)((uint64_t)when << 8 | data[i]);
	check_round_trip(when);
	return 0;
}
