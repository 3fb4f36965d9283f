/* LIVEKIT_KEYS and LIVEKIT_URL, in their own syntax. */
#include "config.h"

#include "fuzz/fuzz.h"
#include "livekit/base_url.h"
#include "livekit/keys.h"
#include "base/banned.h"

static void check_keys(struct tel_str text)
{
	struct tel_keys keys = { 0 };
	size_t line = 0, i;
	enum tel_err err = tel_keys_parse(&keys, text, &line);

	FUZZ_CHECK(err == TEL_OK || err == TEL_EMALFORMED || err == TEL_ETOOBIG);
	FUZZ_CHECK(!err || line > 0);
	FUZZ_CHECK(keys.n <= TEL_MAX_KEYS);
	for (i = 0; i < keys.n; i++)
		FUZZ_CHECK(keys.list[i].name.len > 0 && keys.list[i].secret.len > 0 &&
			   keys.list[i].name.len <= TEL_MAX_TEXT &&
			   keys.list[i].secret.len <= TEL_MAX_TEXT);
	tel_keys_release(&keys);
	FUZZ_CHECK(keys.n == 0);
}

static void check_url(struct tel_str text)
{
	struct tel_buf once, twice;
	const char *why = NULL;
	struct tel_str url;

	tel_buf_init(&once, 4096);
	tel_buf_init(&twice, 4096);
	if (tel_livekit_base_url(text, &once, &why) == TEL_OK) {
		url = tel_buf_str(&once);
		FUZZ_CHECK(tel_str_starts(url, TEL_STR("http://")) ||
			   tel_str_starts(url, TEL_STR("https://")));
		FUZZ_CHECK(url.ptr[url.len - 1] != '/' && !memchr(url.ptr, '@', url.len));
		FUZZ_CHECK(tel_livekit_base_url(url, &twice, NULL) == TEL_OK);
		FUZZ_CHECK(tel_str_eq(url, tel_buf_str(&twice)));
	} else {
		FUZZ_CHECK(why && once.len == 0);
	}
	tel_buf_release(&once);
	tel_buf_release(&twice);
}

FUZZ(keys)
{
	check_keys(fuzz_str(data, size));
	check_url(fuzz_str(data, size));
	return 0;
}
