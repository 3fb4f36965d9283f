#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "json/json_flat.h"
#include "json/json_read.h"
#include "json/json_scan.h"
#include "json/json_tree.h"
#include "json/json_write.h"
#include "base/banned.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- writing -------------------------------------------------------------- */

static const struct tel_str odd = { "\0\x01\"\\\n\x7f\xff\xc3\xe2\x98\x8e/", 12 };

static void put_everything(struct tel_json_write *w)
{
	tel_json_open_object(w, NULL);
	tel_json_put_text(w, "absent", TEL_STR_NONE);
	tel_json_put_text(w, "empty", TEL_STR(""));
	tel_json_put_text(w, "text", TEL_STR("a"));
	tel_json_put_name(w, "name", NULL);
	tel_json_put_int(w, "zero", 0);
	tel_json_put_int(w, "min", INT64_MIN);
	tel_json_put_bool(w, "false", false);
	tel_json_put_bool(w, "true", true);
	tel_json_put_time(w, "never", 0);
	tel_json_put_time(w, "when", 1795398041014);
	tel_json_put_null(w, "null");
	tel_json_put_decimal(w, "decimal", 0.1);
	tel_json_open_list(w, "list");
	tel_json_put_int(w, NULL, 0);
	tel_json_put_text(w, NULL, TEL_STR("b"));
	tel_json_open_object(w, NULL);
	tel_json_close(w);
	tel_json_close(w);
	tel_json_close(w);
}

static void styles_differ_in_what_is_unknown(void)
{
	static const char *const wanted[] = {
		[TEL_JSON_PLAIN] =
			"{\"absent\":null,\"empty\":\"\",\"text\":\"a\",\"name\":null,\"zero\":0,"
			"\"min\":-9223372036854775808,\"false\":false,\"true\":true,\"never\":null,"
			"\"when\":\"2026-11-23T01:40:41.014Z\",\"null\":null,\"decimal\":0.100,"
			"\"list\":[0,\"b\",{}]}",
		[TEL_JSON_RECORD] =
			"{\"empty\":\"\",\"text\":\"a\",\"min\":-9223372036854775808,\"true\":true,"
			"\"when\":\"2026-11-23T01:40:41.014Z\",\"null\":null,\"decimal\":0.100,"
			"\"list\":[0,\"b\",{}]}",
		[TEL_JSON_VIEW] =
			"{\"absent\":null,\"empty\":null,\"text\":\"a\",\"name\":null,\"zero\":0,"
			"\"min\":-9223372036854775808,\"false\":false,\"true\":true,\"never\":null,"
			"\"when\":\"2026-11-23T01:40:41.014Z\",\"null\":null,\"decimal\":0.100,"
			"\"list\":[0,\"b\",{}]}",
	};
	struct tel_json_write w;
	struct tel_buf out;
	size_t i;

	for (i = 0; i < COUNT(wanted); i++) {
		tel_buf_init(&out, 1000);
		tel_buf_puts(&out, "before ");
		tel_json_begin(&w, (enum tel_json_style)i);
		put_everything(&w);
		CHECK_INT(tel_json_finish(&w, &out), TEL_OK);
		CHECK_STR(((struct tel_str){ out.ptr + 7, out.len - 7 }), wanted[i]);
		tel_buf_release(&out);
	}
}

/* What callers put into names must come out as JSON, whatever it is. */
static void any_bytes_become_json(void)
{
	static const struct { struct tel_str in; const char *out; } texts[] = {
		{ { "plain", 5 }, "\"plain\"" },
		{ { NULL, 0 }, "null" },
		{ { "a\"b\\c/", 6 }, "\"a\\\"b\\\\c/\"" },
		{ { "\n\r\t\x01\x7f", 5 }, "\"\\n\\r\\t\\u0001\x7f\"" },
		{ { "\0x", 2 }, "\"\\u0000x\"" },
		{ { "\xc3\xa9", 2 }, "\"\xc3\xa9\"" },
		{ { "\xc3(\xff", 3 }, "\"\xef\xbf\xbd(\xef\xbf\xbd\"" },
	};
	static const struct { const char *in, *out; } values[] = {
		{ "{\"a\":[1]}", "{\"a\":[1]}" },
		{ "{ \"a\" : [ 1 , 2.50 ] }", "{\"a\":[1,2.50]}" },
		{ "{\"a\":", "\"{\\\"a\\\":\"" },
		{ "{} {}", "\"{} {}\"" },
		{ "\"\xff\"", "\"\\\"\xef\xbf\xbd\\\"\"" },
		{ "", "null" },
		{ "{\"a\":NaN}", "\"{\\\"a\\\":NaN}\"" },
	};
	struct tel_json_write w;
	struct tel_buf out;
	size_t i;

	tel_buf_init(&out, 1000);
	for (i = 0; i < COUNT(texts); i++) {
		tel_buf_clear(&out);
		tel_json_begin(&w, TEL_JSON_VIEW);
		tel_json_put_text(&w, NULL, texts[i].in);
		CHECK_INT(tel_json_finish(&w, &out), TEL_OK);
		CHECK_STR(tel_buf_str(&out), texts[i].out);
	}
	for (i = 0; i < COUNT(values); i++) {
		tel_buf_clear(&out);
		tel_json_begin(&w, TEL_JSON_VIEW);
		tel_json_put_json(&w, NULL, tel_str_from(values[i].in));
		CHECK_INT(tel_json_finish(&w, &out), TEL_OK);
		CHECK_STR(tel_buf_str(&out), values[i].out);
	}
	tel_buf_release(&out);
}

static void records_keep_every_byte(void)
{
	static const struct tel_json_rules rules = { 1000, 2, true };
	struct json_object *back = NULL;
	struct tel_json_write w;
	struct tel_str text;
	struct tel_buf out;

	tel_buf_init(&out, 1000);
	tel_json_begin(&w, TEL_JSON_RECORD);
	tel_json_open_object(&w, NULL);
	tel_json_put_text(&w, "odd", odd);
	CHECK_INT(tel_json_finish(&w, &out), TEL_OK);
	CU_ASSERT_EQUAL_FATAL(tel_json_parse_object(tel_buf_str(&out), &rules, &back), TEL_OK);
	CHECK_INT(tel_json_get_view(back, "odd", odd.len, &text), TEL_OK);
	CU_ASSERT_TRUE(tel_str_eq(text, odd));
	json_object_put(back);
	tel_buf_release(&out);
}

static void keys_of_maps_come_from_anywhere(void)
{
	struct tel_json_write w;
	struct tel_buf out;
	char key[] = "first";

	tel_buf_init(&out, 1000);
	tel_json_begin(&w, TEL_JSON_VIEW);
	tel_json_open_parsed(&w, NULL, TEL_STR("{\"a\":1,\"b\":[2]}"));
	tel_json_put_int(&w, "a", 3);
	tel_json_open_map(&w, "map");
	tel_json_put_int(&w, key, 1);
	key[0] = '\xff';
	tel_json_put_int(&w, key, 2);
	tel_json_put_int(&w, key, 3);
	CHECK_INT(tel_json_finish(&w, &out), TEL_OK);
	CHECK_STR(tel_buf_str(&out),
		  "{\"a\":3,\"b\":[2],\"map\":{\"first\":1,\"\ufffdirst\":3}}");
	tel_buf_release(&out);
}

/* ---- trouble -------------------------------------------------------------- */

static void no_root(struct tel_json_write *w)
{
	(void)w;
}

static void two_roots(struct tel_json_write *w)
{
	tel_json_put_null(w, NULL);
	tel_json_put_null(w, NULL);
}

static void a_key_in_a_list(struct tel_json_write *w)
{
	tel_json_open_list(w, NULL);
	tel_json_put_int(w, "key", 1);
}

static void no_key_in_an_object(struct tel_json_write *w)
{
	tel_json_open_object(w, NULL);
	tel_json_put_int(w, NULL, 1);
}

static void closed_too_often(struct tel_json_write *w)
{
	tel_json_open_object(w, NULL);
	tel_json_close(w);
	tel_json_close(w);
}

static void too_many_open(struct tel_json_write *w)
{
	int i;

	for (i = 0; i <= TEL_JSON_MAX_OPEN; i++)
		tel_json_open_list(w, NULL);
}

static void parsed_to_none(struct tel_json_write *w)
{
	tel_json_open_parsed(w, NULL, TEL_STR("[]"));
	tel_json_put_int(w, "key", 1);
}

static void told_by_the_caller(struct tel_json_write *w)
{
	put_everything(w);
	tel_json_fail(w, TEL_OK);
	tel_json_fail(w, TEL_ETOOBIG);
	tel_json_fail(w, TEL_EMISUSE);
}

static void trouble_sticks(void)
{
	static const struct {
		void (*put)(struct tel_json_write *w);
		enum tel_err err;
	} cases[] = {
		{ no_root, TEL_EMISUSE }, { two_roots, TEL_EMISUSE },
		{ a_key_in_a_list, TEL_EMISUSE }, { no_key_in_an_object, TEL_EMISUSE },
		{ closed_too_often, TEL_EMISUSE }, { too_many_open, TEL_EMISUSE },
		{ parsed_to_none, TEL_EMALFORMED }, { told_by_the_caller, TEL_ETOOBIG },
	};
	struct tel_json_write w;
	struct tel_buf out;
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		tel_buf_init(&out, 1000);
		tel_json_begin(&w, TEL_JSON_VIEW);
		cases[i].put(&w);
		CHECK_INT(tel_json_finish(&w, &out), cases[i].err);
		CHECK_INT(tel_buf_err(&out), cases[i].err);
		CHECK_INT(out.len, 0);
		tel_buf_release(&out);
	}
}

static void a_full_buffer_is_told(void)
{
	struct tel_json_write w;
	struct tel_buf out;

	tel_buf_init(&out, 10);
	tel_json_begin(&w, TEL_JSON_RECORD);
	put_everything(&w);
	CHECK_INT(tel_json_finish(&w, &out), TEL_ETOOBIG);
	CHECK_INT(out.len, 0);
	tel_buf_release(&out);
}

/* ---- reading -------------------------------------------------------------- */

static void only_json_is_read(void)
{
	static const struct tel_json_rules rules = { 40, 3, false };
	static const struct {
		struct tel_str text;
		enum tel_err err;
		size_t at;
	} cases[] = {
		{ TEL_STR("{\"a\":[[]]}"), TEL_OK, 0 },
		{ TEL_STR(" [1] \n"), TEL_OK, 0 },
		{ TEL_STR("\"x\""), TEL_OK, 0 },
		{ TEL_STR(""), TEL_EMALFORMED, 0 },
		{ TEL_STR(" null"), TEL_EMALFORMED, 0 },
		{ TEL_STR("{\"a\":"), TEL_EMALFORMED, 5 },
		{ TEL_STR("[1,]"), TEL_EMALFORMED, 3 },
		{ TEL_STR("{} {}"), TEL_EMALFORMED, 3 },
		{ TEL_STR("{}\0"), TEL_EMALFORMED, 2 },
		{ TEL_STR("[1] // one"), TEL_EMALFORMED, 4 },
		{ TEL_STR("[NaN]"), TEL_EMALFORMED, 1 },
		{ TEL_STR("['a']"), TEL_EMALFORMED, 1 },
		{ TEL_STR("[\"a\nb\"]"), TEL_EMALFORMED, 3 },
		{ TEL_STR("[\"\xc0\xaf\"]"), TEL_EMALFORMED, 2 },
		{ TEL_STR("null\0"), TEL_EMALFORMED, 4 },
		{ TEL_STR("[[[[]]]]"), TEL_EMALFORMED, 3 },
		{ TEL_STR("[\"\xff\"]"), TEL_EMALFORMED, 2 },
		{ TEL_STR("[\"1234567890123456789012345678901234567\"]"), TEL_ETOOBIG, 0 },
	};
	static const struct tel_json_rules of_ours = { 40, 3, true };
	static const struct { struct tel_str text; enum tel_err err; } ours[] = {
		{ TEL_STR("[\"\xff\"]"), TEL_OK },
		{ TEL_STR("[1,]"), TEL_EMALFORMED },
		{ TEL_STR("null\0"), TEL_EMALFORMED },
		{ TEL_STR("[]\0[]"), TEL_EMALFORMED },
	};
	struct tel_json_fault fault;
	struct json_object *value;
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		fault = (struct tel_json_fault){ 0, "" };
		value = NULL;
		CHECK_INT(tel_json_parse(cases[i].text, &rules, &value, &fault), cases[i].err);
		CHECK_INT(fault.at, cases[i].at);
		CHECK_INT(fault.what[0] != '\0', cases[i].err == TEL_EMALFORMED);
		CHECK_INT(value != NULL, cases[i].err == TEL_OK);
		json_object_put(value);
	}
	for (i = 0; i < COUNT(ours); i++) {
		value = NULL;
		CHECK_INT(tel_json_parse(ours[i].text, &of_ours, &value, NULL), ours[i].err);
		json_object_put(value);
	}
	value = NULL;
	CHECK_INT(tel_json_parse_object(TEL_STR("[]"), &rules, &value), TEL_EMALFORMED);
	CU_ASSERT_PTR_NULL(value);
}

static void members_have_types_and_ranges(void)
{
	static const struct tel_json_rules rules = { 1000, 3, false };
	struct json_object *o = NULL, *list;
	struct tel_str text;
	int64_t number;
	bool truth;

	CU_ASSERT_EQUAL_FATAL(tel_json_parse_object(
		TEL_STR("{\"t\":\"abc\",\"i\":7,\"b\":true,\"l\":[],\"n\":null}"), &rules, &o), TEL_OK);
	CHECK_INT(tel_json_get_view(o, "t", 3, &text), TEL_OK);
	CHECK_STR(text, "abc");
	CHECK_INT(tel_json_get_view(o, "t", 2, &text), TEL_EMALFORMED);
	CHECK_INT(tel_json_get_view(o, "i", 3, &text), TEL_EMALFORMED);
	CHECK_INT(tel_json_get_view(o, "n", 3, &text), TEL_EMALFORMED);
	CHECK_INT(tel_json_get_view(o, "absent", 3, &text), TEL_OK);
	CU_ASSERT_PTR_NULL(text.ptr);
	CHECK_INT(tel_json_get_int(o, "i", 7, 7, &number), TEL_OK);
	CHECK_INT(number, 7);
	CHECK_INT(tel_json_get_int(o, "i", 8, 9, &number), TEL_EMALFORMED);
	CHECK_INT(tel_json_get_int(o, "t", 0, 9, &number), TEL_EMALFORMED);
	CHECK_INT(tel_json_get_int(o, "absent", 8, 9, &number), TEL_OK);
	CHECK_INT(number, 0);
	CHECK_INT(tel_json_get_bool(o, "b", &truth), TEL_OK);
	CU_ASSERT_TRUE(truth);
	CHECK_INT(tel_json_get_bool(o, "i", &truth), TEL_EMALFORMED);
	CHECK_INT(tel_json_get_bool(o, "absent", &truth), TEL_OK);
	CU_ASSERT_FALSE(truth);
	CHECK_INT(tel_json_get_list(o, "l", &list), TEL_OK);
	CU_ASSERT_PTR_NOT_NULL(list);
	CHECK_INT(tel_json_get_list(o, "absent", &list), TEL_OK);
	CU_ASSERT_PTR_NULL(list);
	CHECK_INT(tel_json_get_list(o, "b", &list), TEL_EMALFORMED);
	json_object_put(o);
}

/* ---- flat objects ------------------------------------------------------------ */

#define MAX_FLAT 4

/* What is read as flat, json-c reads as the same members; how many there are. */
static size_t flat_and_the_same(struct tel_str text)
{
	static const struct tel_json_rules rules = { 1000, TEL_JSON_DEPTH, false };
	struct tel_json_flat members[MAX_FLAT];
	struct json_object *o = NULL, *m;
	size_t i, n = tel_json_read_flat(text, members, MAX_FLAT);
	char key[100];

	if (n == 0)
		return 0;
	CHECK_INT(tel_json_parse_object(text, &rules, &o), TEL_OK);
	CHECK_INT(json_object_object_length(o), n);
	for (i = 0; i < n; i++) {
		snprintf(key, sizeof(key), "%.*s", TEL_STR_ARG(members[i].key));
		CU_ASSERT_TRUE_FATAL(json_object_object_get_ex(o, key, &m));
		CHECK_INT(json_object_get_type(m),
			  members[i].text.ptr ? json_type_string : json_type_int);
		CU_ASSERT(tel_str_eq(tel_json_text_of(m), members[i].text));
		CHECK_INT(members[i].text.ptr ? 0 : json_object_get_int64(m), members[i].number);
	}
	json_object_put(o);
	return n;
}

static void flat_objects_need_no_tree(void)
{
	static const struct { const char *text; size_t n; } cases[] = {
		{ "{\"a\":\"b\"}", 1 },
		{ "{\"exp\":1795398340,\"iss\":\"devkey\",\"nbf\":0,\"sha256\":\"A+/=\"}", 4 },
		{ "{\"\":\"\",\"~\":999999999999999}", 2 },
		{ "{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5}", 0 },	/* too many */
		{ "{\"a\":1,\"b\":2,\"a\":3}", 0 },
		{ "{\"a\":1000000000000000}", 0 }, { "{\"a\":01}", 0 }, { "{\"a\":00}", 0 },
		{ "{\"a\":-1}", 0 }, { "{\"a\":1.5}", 0 }, { "{\"a\":1e3}", 0 },
		{ "{\"a\":true}", 0 }, { "{\"a\":null}", 0 }, { "{\"a\":{}}", 0 },
		{ "{\"a\":[]}", 0 }, { "{\"a\":\"\\n\"}", 0 }, { "{\"\\u0061\":1}", 0 },
		{ "{\"a\":\"\xc3\xa9\"}", 0 }, { "{\"a\":\"\x7f\"}", 0 }, { "{\"a\":\"\t\"}", 0 },
		{ "{\"a\": 1}", 0 }, { " {\"a\":1}", 0 }, { "{\"a\":1}\n", 0 }, { "{\"a\":1,}", 0 },
		{ "{\"a\":}", 0 }, { "{\"a\"}", 0 }, { "{a:1}", 0 }, { "{,}", 0 }, { "{}", 0 }, { "{", 0 },
		{ "[\"a\"]", 0 }, { "\"a\"", 0 }, { "1", 0 }, { "", 0 },
	};
	size_t i;

	for (i = 0; i < COUNT(cases); i++)
		CHECK_INT(flat_and_the_same(tel_str_from(cases[i].text)), cases[i].n);
	CHECK_INT(flat_and_the_same(TEL_STR_NONE), 0);
}

/* One byte changed to any other, left out, or cut off there. */
static void what_is_nearly_flat_is_read_the_same_too(void)
{
	static const char text[] = "{\"exp\":1795,\"iss\":\"key\",\"n\":0}";
	char changed[sizeof(text)], *tight;
	size_t at, n_flat = 0, len = sizeof(text) - 1;
	int c;

	for (at = 0; at < len; at++) {
		for (c = 0; c < 256; c++) {
			memcpy(changed, text, sizeof(text));
			changed[at] = (char)c;
			n_flat += flat_and_the_same((struct tel_str){ changed, len }) > 0;
		}
		memcpy(changed, text, at);
		memcpy(changed + at, text + at + 1, len - at);
		flat_and_the_same((struct tel_str){ changed, len - 1 });
		/* On the heap, where a byte read too much is seen. */
		tight = malloc(at + 1);
		CU_ASSERT_PTR_NOT_NULL_FATAL(tight);
		memcpy(tight, text, at);
		CHECK_INT(flat_and_the_same((struct tel_str){ tight, at }), 0);
		free(tight);
	}
	CU_ASSERT(n_flat > 600);	/* 7 bytes of texts and 4 digits may be others */
}

/* What weighs wrong is parsed twice for nothing. */
static void texts_weigh_what_they_are_read_as(void)
{
	static const struct { const char *json; size_t weight; } cases[] = {
		{ "{}", 0 }, { "[1,true,null]", 0 }, { "\"abc\"", 3 }, { "{\"ab\":\"c\"}", 4 },
		{ "{\"a\":{\"b\":[\"c\"]}}", 5 }, { "\"\\n\\\"\\\\\"", 3 },
		{ "\"\\u0041\\u00e9\\u20AC\"", 1 + 2 + 3 }, { "\"\\ud83d\\uDE00\"", 4 },
		{ "\"\xc3\xa9\"", 2 }, { "\"a:b\"", 3 },
		{ "\"\\u00", 1 }, { "\"\\", 1 }, { "\"\\u", 1 },	/* no JSON: no harm */
	};
	size_t i;

	for (i = 0; i < COUNT(cases); i++)
		CHECK_INT(tel_json_weight(tel_str_from(cases[i].json)), cases[i].weight);
}

int main(void)
{
	CU_TestInfo writing[] = {
		{ "styles differ in what is unknown", styles_differ_in_what_is_unknown },
		{ "any bytes become JSON", any_bytes_become_json },
		{ "records keep every byte", records_keep_every_byte },
		{ "keys of maps come from anywhere", keys_of_maps_come_from_anywhere },
		{ "trouble sticks", trouble_sticks },
		{ "a full buffer is told", a_full_buffer_is_told },
		CU_TEST_INFO_NULL
	};
	CU_TestInfo reading[] = {
		{ "only JSON is read", only_json_is_read },
		{ "members have types and ranges", members_have_types_and_ranges },
		{ "texts weigh what they are read as", texts_weigh_what_they_are_read_as },
		CU_TEST_INFO_NULL
	};
	CU_TestInfo flat[] = {
		{ "flat objects need no tree", flat_objects_need_no_tree },
		{ "what is nearly flat is read the same, too",
		  what_is_nearly_flat_is_read_the_same_too },
		CU_TEST_INFO_NULL
	};
	CU_SuiteInfo suites[] = {
		{ "writing", NULL, NULL, NULL, NULL, writing },
		{ "reading", NULL, NULL, NULL, NULL, reading },
		{ "flat objects", NULL, NULL, NULL, NULL, flat },
		CU_SUITE_INFO_NULL
	};

	return tel_run_suites(suites);
}
