#include "config.h"

#include <limits.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/num.h"
#include "base/str.h"
#include "base/time.h"
#include "base/utf8.h"
#include "harness.h"
#include "base/banned.h"

static void errors_have_texts(void)
{
	int e;

	for (e = TEL_OK; e <= TEL_EMISUSE; e++)
		CU_ASSERT_STRING_NOT_EQUAL(tel_err_text((enum tel_err)e), "unknown error");
	CU_ASSERT_STRING_EQUAL(tel_err_text((enum tel_err)999), "unknown error");
	CU_ASSERT_TRUE(tel_err_is_ours(TEL_EFULL));
	CU_ASSERT_FALSE(tel_err_is_ours(TEL_EMALFORMED));
	CU_ASSERT_FALSE(tel_err_is_ours(TEL_OK));
}

static void buffers_grow_to_their_ceiling(void)
{
	struct tel_buf b;
	int i;

	tel_buf_init(&b, 1000);
	CHECK_STR(tel_buf_str(&b), "");
	for (i = 0; i < 100; i++)
		CHECK_INT(tel_buf_puts(&b, "0123456789"), TEL_OK);
	CHECK_INT(b.len, 1000);
	CHECK_INT(tel_buf_puts(&b, "x"), TEL_ETOOBIG);
	CHECK_INT(tel_buf_puts(&b, ""), TEL_ETOOBIG);	/* errors stick */
	CHECK_INT(b.len, 1000);
	CHECK_INT(b.ptr[b.len], 0);
	tel_buf_clear(&b);
	CHECK_INT(tel_buf_printf(&b, "%s-%d", "a", 7), TEL_OK);
	CHECK_STR(tel_buf_str(&b), "a-7");
	tel_buf_release(&b);
	tel_buf_release(&b);
}

/* With room for all of it, with one byte too little, and over the ceiling. */
static void printing_grows_a_buffer_too(void)
{
	struct tel_buf b;
	int len;

	for (len = 250; len <= 260; len++) {
		tel_buf_init(&b, 258);
		CHECK_INT(tel_buf_puts(&b, "ab"), TEL_OK);
		CHECK_INT(tel_buf_printf(&b, "%*d", len - 2, 7), len <= 258 ? TEL_OK : TEL_ETOOBIG);
		CHECK_INT(b.len, len <= 258 ? len : 2);
		CHECK_INT(b.ptr[b.len], 0);
		CHECK_INT(b.ptr[b.len - 1], len <= 258 ? '7' : 'b');
		tel_buf_release(&b);
	}
	tel_buf_init(&b, 1);
	CHECK_INT(tel_buf_printf(&b, "%d", 10), TEL_ETOOBIG);
	CHECK_INT(tel_buf_printf(&b, "%d", 1), TEL_ETOOBIG);	/* errors stick */
	CHECK_STR(tel_buf_str(&b), "");
	tel_buf_release(&b);
}

static void arenas_hand_out_aligned_zeroed_memory(void)
{
	struct tel_arena a;
	struct tel_str copy;
	char *p;
	int i;

	tel_arena_init(&a, 20000);
	for (i = 1; i < 100; i++) {
		p = tel_arena_alloc(&a, (size_t)i);
		CU_ASSERT_PTR_NOT_NULL_FATAL(p);
		CHECK_INT((size_t)p % sizeof(long double), 0);
		CHECK_INT(p[0], 0);
		memset(p, 0xff, (size_t)i);
	}
	CU_ASSERT_PTR_NOT_NULL(tel_arena_alloc(&a, 10000));
	CU_ASSERT_PTR_NULL(tel_arena_alloc(&a, 10000));
	CHECK_INT(tel_arena_copy(&a, TEL_STR("hello"), 5, &copy), TEL_OK);
	CHECK_STR(copy, "hello");
	CHECK_INT(copy.ptr[5], 0);
	CHECK_INT(tel_arena_copy(&a, TEL_STR("hello"), 4, &copy), TEL_ETOOBIG);
	CHECK_INT(tel_arena_copy(&a, TEL_STR_NONE, 4, &copy), TEL_OK);
	CU_ASSERT_PTR_NULL(copy.ptr);
	tel_arena_release(&a);
	tel_arena_release(&a);
}

static void numbers_are_checked(void)
{
	static const struct { const char *text; int64_t min, max; enum tel_err err; int64_t value; } cases[] = {
		{ "0", 0, 10, TEL_OK, 0 },
		{ "-5", -10, 10, TEL_OK, -5 },
		{ "0010", 0, 10, TEL_OK, 10 },
		{ "11", 0, 10, TEL_ETOOBIG, 0 },
		{ "", 0, 10, TEL_EMALFORMED, 0 },
		{ "-", -10, 10, TEL_EMALFORMED, 0 },
		{ "1 ", 0, 10, TEL_EMALFORMED, 0 },
		{ "+1", 0, 10, TEL_EMALFORMED, 0 },
		{ "0x1", 0, 10, TEL_EMALFORMED, 0 },
		{ "9223372036854775807", 0, INT64_MAX, TEL_OK, INT64_MAX },
		{ "-9223372036854775808", INT64_MIN, 0, TEL_OK, INT64_MIN },
		{ "9223372036854775808", 0, INT64_MAX, TEL_ETOOBIG, 0 },
	};
	size_t i;
	int64_t value;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		value = 0;
		CHECK_INT(tel_num_parse(tel_str_from(cases[i].text), cases[i].min,
					cases[i].max, &value), cases[i].err);
		CHECK_INT(value, cases[i].value);
	}
}

static void strings_are_cut_and_trimmed(void)
{
	struct tel_str rest;

	CHECK_STR(tel_str_trim(TEL_STR(" \t a b \r\n")), "a b");
	CHECK_STR(tel_str_trim(TEL_STR("  ")), "");
	CHECK_STR(tel_str_cut(TEL_STR("a.b.c"), '.', &rest), "a");
	CHECK_STR(rest, "b.c");
	CHECK_STR(tel_str_cut(TEL_STR("abc"), '.', &rest), "abc");
	CU_ASSERT_PTR_NULL(rest.ptr);
	CHECK_STR(tel_str_cut(TEL_STR("a."), '.', &rest), "a");
	CU_ASSERT_PTR_NOT_NULL(rest.ptr);
	CU_ASSERT_TRUE(tel_str_eq_nocase(TEL_STR("Bearer"), TEL_STR("bEARER")));
	CU_ASSERT_FALSE(tel_str_eq_nocase(TEL_STR("Bearer"), TEL_STR("Bearer ")));
	CU_ASSERT_TRUE(tel_str_eq(TEL_STR_NONE, TEL_STR("")));
	CU_ASSERT_TRUE(tel_str_starts(TEL_STR("abc"), TEL_STR("ab")));
	CU_ASSERT_FALSE(tel_str_starts(TEL_STR("a"), TEL_STR("ab")));
}

static void times_go_both_ways(void)
{
	static const struct { const char *text; tel_time when; } cases[] = {
		{ "1970-01-01T00:00:00.000Z", 0 },
		{ "2000-02-29T23:59:59.999Z", 951868799999 },
		{ "2026-11-23T05:40:41.014Z", 1795412441014 },
		{ "2100-03-01T00:00:00.000Z", 4107542400000 },
		{ "9999-12-31T23:59:59.999Z", 253402300799999 },
	};
	static const char *const bad[] = {
		"", "2026", "2026-02-29T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T00:00:00",
		"2026-11-23T00:00:00Zx", "2026-13-01T00:00:00Z", "2026-11-23T00:00:00+25:00",
		"2026-1-23T00:00:00Z", "2026-11-23T-1:00:00Z",
	};
	char text[TEL_TIME_TEXT];
	tel_time when;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_STRING_EQUAL(tel_time_format(cases[i].when, text), cases[i].text);
		CHECK_INT(tel_time_parse(tel_str_from(cases[i].text), &when), TEL_OK);
		CHECK_INT(when, cases[i].when);
	}
	CHECK_INT(tel_time_parse(TEL_STR("2026-11-23T11:10:41+05:30"), &when), TEL_OK);
	CHECK_INT(when, 1795412441000);
	CU_ASSERT_STRING_EQUAL(tel_time_format(-1, text), "1970-01-01T00:00:00.000Z");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(tel_time_parse(tel_str_from(bad[i]), &when), TEL_EMALFORMED);
}

static void utf8_is_cleaned(void)
{
	static const struct { struct tel_str in; size_t max; const char *out; } cases[] = {
		{ { "abc", 3 }, 3, "abc" },
		{ { "abcd", 4 }, 3, "abc\u2026" },
		{ { "", 0 }, 3, "" },
		{ { "a\xff" "b", 3 }, 99, "a\ufffd" "b" },
		{ { "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9 }, 99, "\u00e9\u20ac\U0001f600" },
		{ { "\xc0\xaf", 2 }, 99, "\ufffd\ufffd" },		/* overlong */
		{ { "\xe0\x80\xaf", 3 }, 99, "\ufffd\ufffd\ufffd" },
		{ { "\xed\xa0\x80", 3 }, 99, "\ufffd\ufffd\ufffd" },	/* surrogate */
		{ { "\xf4\x90\x80\x80", 4 }, 99, "\ufffd\ufffd\ufffd\ufffd" },
		{ { "\xe2\x82", 2 }, 99, "\ufffd\ufffd" },		/* cut off */
		{ { "ab\xc3\xa9", 4 }, 3, "ab\u2026" },
	};
	struct tel_buf out;
	size_t i;

	tel_buf_init(&out, 1000);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tel_buf_clear(&out);
		CHECK_INT(tel_utf8_clean(cases[i].in, cases[i].max, &out), TEL_OK);
		CHECK_STR(tel_buf_str(&out), cases[i].out);
		if (cases[i].in.len <= cases[i].max)
			CHECK_INT(tel_utf8_is_clean(cases[i].in),
				  tel_str_is(cases[i].in, cases[i].out));
	}
	tel_buf_release(&out);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{ "errors have texts", errors_have_texts },
		{ "buffers grow to their ceiling", buffers_grow_to_their_ceiling },
		{ "printing grows a buffer too", printing_grows_a_buffer_too },
		{ "arenas hand out aligned zeroed memory", arenas_hand_out_aligned_zeroed_memory },
		{ "numbers are checked", numbers_are_checked },
		{ "strings are cut and trimmed", strings_are_cut_and_trimmed },
		{ "times go both ways", times_go_both_ways },
		{ "UTF-8 is cleaned", utf8_is_cleaned },
		CU_TEST_INFO_NULL
	};
	CU_SuiteInfo suites[] = {
		{ "base", NULL, NULL, NULL, NULL, tests },
		CU_SUITE_INFO_NULL
	};

	return tel_run_suites(suites);
}
