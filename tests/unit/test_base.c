#include "config.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
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

/* ---- files that are replaced ------------------------------------------------ */

struct place {
	char dir[TEL_TEMP_PATH], path[TEL_TEMP_PATH + 16], other[TEL_TEMP_PATH + 16];
};

static void place_make(struct place *p)
{
	tel_temp_make(p->dir);
	snprintf(p->path, sizeof(p->path), "%s/file", p->dir);
	snprintf(p->other, sizeof(p->other), "%s/file.new", p->dir);
}

static enum tel_err replace(const struct place *p, const char *text)
{
	const struct tel_str parts[] = { TEL_STR("head "), TEL_STR(""), tel_str_from(text) };

	return tel_file_replace(p->path, parts, 3);
}

static void check_content(const struct place *p, const char *text)
{
	struct tel_file file = { 0 };

	CHECK_INT(tel_file_read(p->path, 100, &file), TEL_OK);
	CHECK_STR(tel_file_str(&file), text);
	CHECK_INT(file.st.st_mode & 07777, 0600);
	tel_file_release(&file);
}

static int touch(const char *path, mode_t mode, const char *text)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, mode);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_FATAL(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	return fd;
}

static void files_are_replaced_whole(void)
{
	mode_t before = umask(0777);
	struct place p;

	umask(0077);
	place_make(&p);
	umask(0777);
	CHECK_INT(replace(&p, "one"), TEL_OK);
	check_content(&p, "head one");
	CHECK_INT(replace(&p, "three"), TEL_OK);
	check_content(&p, "head three");
	CHECK_INT(access(p.other, F_OK), -1);
	umask(before);
	/* What a writer left that was killed. */
	close(touch(p.other, 0644, "some long text that nobody ended"));
	CHECK_INT(replace(&p, "x"), TEL_OK);
	check_content(&p, "head x");
	tel_temp_remove(p.dir);
}

static void files_of_another_kind_stay(void)
{
	struct tel_file file = { 0 };
	char target[TEL_TEMP_PATH + 16];
	struct place p;

	place_make(&p);
	snprintf(target, sizeof(target), "%s/target", p.dir);
	close(touch(target, 0600, "precious"));
	CHECK_INT(symlink(target, p.other), 0);
	CHECK_INT(replace(&p, "x"), TEL_EMALFORMED);
	CHECK_INT(unlink(p.other), 0);
	CHECK_INT(mkfifo(p.other, 0600), 0);
	CHECK_INT(replace(&p, "x"), TEL_EMALFORMED);
	CHECK_INT(unlink(p.other), 0);
	CHECK_INT(mkdir(p.path, 0700), 0);
	CHECK_INT(replace(&p, "x"), TEL_EMALFORMED);
	CHECK_INT(access(p.other, F_OK), -1);
	CHECK_INT(rmdir(p.path), 0);
	CHECK_INT(symlink(target, p.path), 0);
	CHECK_INT(replace(&p, "x"), TEL_OK);
	check_content(&p, "head x");
	CHECK_INT(tel_file_read(target, 100, &file), TEL_OK);
	CHECK_STR(tel_file_str(&file), "precious");
	tel_file_release(&file);
	tel_temp_remove(p.dir);
	CHECK_INT(replace(&p, "x"), TEL_ENOTFOUND);
}

/* What another process does between our opening of a file and our lock on it: in this thread. */
static _Thread_local void (*meanwhile)(const struct place *p);
static const struct place *where;

/* The linker's --wrap. */
int __real_flock(int fd, int operation);
int __wrap_flock(int fd, int operation);

int __wrap_flock(int fd, int operation)
{
	void (*act)(const struct place *p) = meanwhile;

	meanwhile = NULL;
	if (act)
		act(where);
	return __real_flock(fd, operation);
}

static void another_is_done(const struct place *p)
{
	close(touch(p->other, 0600, "another's"));
	CHECK_INT(rename(p->other, p->path), 0);
}

static void another_is_done_and_a_third_begins(const struct place *p)
{
	another_is_done(p);
	close(touch(p->other, 0600, "a third's"));
}

/* What we have open then is the file itself: it must not be written to. */
static void a_file_that_was_renamed_is_left_alone(void)
{
	struct place p;

	place_make(&p);
	where = &p;
	meanwhile = another_is_done;
	CHECK_INT(replace(&p, "x"), TEL_EBUSY);
	check_content(&p, "another's");
	meanwhile = another_is_done_and_a_third_begins;
	CHECK_INT(replace(&p, "x"), TEL_EBUSY);
	check_content(&p, "another's");
	CHECK_INT(access(p.other, F_OK), 0);
	CHECK_INT(replace(&p, "x"), TEL_OK);
	check_content(&p, "head x");
	tel_temp_remove(p.dir);
}

static void one_replaces_at_a_time(void)
{
	struct place p;
	int fd;

	place_make(&p);
	fd = touch(p.other, 0600, "half a te");
	CHECK_INT(flock(fd, LOCK_EX), 0);
	CHECK_INT(replace(&p, "x"), TEL_EBUSY);
	CHECK_INT(access(p.path, F_OK), -1);
	close(fd);
	CHECK_INT(replace(&p, "x"), TEL_OK);
	check_content(&p, "head x");
	tel_temp_remove(p.dir);
}

#define WRITERS 8

struct writer {
	const struct place *place;
	char text[4];
	int failed;
	int *running;			/* of all; atomic */
};

static void *replace_often(void *ctx)
{
	struct writer *w = ctx;
	enum tel_err err;
	int i;

	for (i = 0; i < 300; i++) {
		err = replace(w->place, w->text);
		w->failed += err && err != TEL_EBUSY;
	}
	__atomic_fetch_sub(w->running, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* A reader finds one text or another, and never none or half of one. */
static void many_may_replace(void)
{
	int i, running = WRITERS, torn = 0;
	struct writer writers[WRITERS];
	pthread_t threads[WRITERS];
	struct tel_file file;
	struct place p;

	place_make(&p);
	CHECK_INT(replace(&p, "abc"), TEL_OK);
	for (i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){ &p, "abc", 0, &running };
		writers[i].text[1] = (char)('0' + i);
		CHECK_INT(pthread_create(&threads[i], NULL, replace_often, &writers[i]), 0);
	}
	while (__atomic_load_n(&running, __ATOMIC_ACQUIRE) > 0) {
		if (tel_file_read(p.path, 100, &file)) {
			torn++;
			continue;
		}
		torn += file.len != 8 || memcmp(file.ptr, "head a", 6) != 0 || file.ptr[7] != 'c';
		tel_file_release(&file);
	}
	for (i = 0; i < WRITERS; i++) {
		pthread_join(threads[i], NULL);
		CHECK_INT(writers[i].failed, 0);
	}
	CHECK_INT(torn, 0);
	CHECK_INT(access(p.other, F_OK), -1);
	tel_temp_remove(p.dir);
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
		{ "files are replaced whole", files_are_replaced_whole },
		{ "files of another kind stay", files_of_another_kind_stay },
		{ "one replaces at a time", one_replaces_at_a_time },
		{ "a file that was renamed is left alone", a_file_that_was_renamed_is_left_alone },
		{ "many may replace", many_may_replace },
		CU_TEST_INFO_NULL
	};
	CU_SuiteInfo suites[] = {
		{ "base", NULL, NULL, NULL, NULL, tests },
		CU_SUITE_INFO_NULL
	};

	return tel_run_suites(suites);
}
