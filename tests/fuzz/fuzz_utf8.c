/* Text made fit for JSON: well-formed, within its limit, cleaning repeats nothing. */
#include "config.h"

#include "base/utf8.h"
#include "fuzz/fuzz.h"
#include "base/banned.h"

#define ELLIPSIS 3

static void check_clean(struct tel_str s)
{
	size_t len;

	for (; s.len > 0; s.ptr += len, s.len -= len) {
		len = tel_utf8_length(s);
		FUZZ_CHECK(len > 0 && len <= s.len);
	}
}

FUZZ(utf8)
{
	size_t max = size > 0 ? data[0] : 0;
	struct tel_str s = fuzz_str(data, size);
	struct tel_buf once, twice;

	tel_buf_init(&once, 4096);
	tel_buf_init(&twice, 4096);
	FUZZ_CHECK(tel_utf8_clean(s, max, &once) == TEL_OK);
	FUZZ_CHECK(once.len <= max + ELLIPSIS);
	check_clean(tel_buf_str(&once));
	FUZZ_CHECK(tel_utf8_clean(tel_buf_str(&once), 4096, &twice) == TEL_OK);
	FUZZ_CHECK(tel_str_eq(tel_buf_str(&once), tel_buf_str(&twice)));
	tel_buf_release(&once);
	tel_buf_release(&twice);
	return 0;
}
