/*
 * Every allocation of a step fails once, on both stores: the step says
 * TEL_ENOMEM, nothing of it is there, nothing leaks (under a sanitizer), and
 * the next step works.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness.h"
#include "lmdb-store/check.h"
#include "lmdb-store/lmdb_store.h"
#include "memory-store/memory_store.h"
#include "base/banned.h"

/* Only what is linked in is wrapped: not json-c, LMDB, CUnit or libc. */
static long fail_at;		/* the allocation that fails, counted down; 0 = none */
static unsigned failed;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

static bool fails(void)
{
	bool now = fail_at > 0 && --fail_at == 0;

	failed += now;
	return now;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

#define OLD "00000000-0000-4000-8000-000000000001"

static enum tel_err fill(struct tel_call *call, const char *id)
{
	struct tel_leg *leg;
	enum tel_err err = tel_call_id_parse(tel_str_from(id), &call->id);

	if (!err)
		err = tel_call_set(call, &call->room_name, TEL_STR("r"), TEL_MAX_ROOM_NAME);
	if (!err)
		err = tel_call_set(call, &call->room_sid, tel_str_from(id), TEL_MAX_ID);
	if (!err)
		err = tel_call_add_leg(call, &leg);
	if (!err)
		err = tel_call_set(call, &leg->participant_sid, tel_str_from(id), TEL_MAX_ID);
	call->jobs[TEL_JOB_DISPATCH_AGENT] = (struct tel_job){ .pending = true, .due = 5 };
	return err;
}

static enum tel_err decide_first(struct tel_step *step, void *ctx)
{
	(void)ctx;
	step->fresh = tel_call_new();
	return step->fresh ? fill(step->fresh, OLD) : TEL_ENOMEM;
}

/* Everything that a step can ask for. */
static enum tel_err decide_all(struct tel_step *step, void *ctx)
{
	enum tel_err err = decide_first(step, ctx);

	if (err)
		return err;
	step->fresh->id.text[TEL_CALL_ID_TEXT - 2] = '2';
	step->call->status = TEL_CALL_ENDED;
	step->save = step->remember_event = step->finish_room = true;
	step->remember_until = 9;
	if (!tel_step_entry(step, step->call, 1, TEL_ENTRY_EVENT, TEL_STR("ends")) ||
	    !tel_step_entry(step, step->fresh, 1, TEL_ENTRY_EVENT, TEL_STR("begins")))
		return TEL_ENOMEM;
	return TEL_OK;
}

static enum tel_err run_all(struct tel_call_store *s)
{
	struct tel_step_about about = {
		.call_id = TEL_STR(OLD), .event_id = TEL_STR("EV"), .room_name = TEL_STR("r"),
		.room_sid = TEL_STR("RM"),
	};

	return s->ops->step(s, &about, decide_all, NULL);
}

static void is_untouched(struct tel_call_store *s)
{
	struct tel_store_stats stats = { 0 };

	CHECK_INT(s->ops->stats(s, &stats), TEL_OK);
	CHECK_INT(stats.calls, 1);
	CHECK_INT(stats.live_calls, 1);
	CHECK_INT(stats.event_ids + stats.room_tombstones + stats.timeline_entries, 0);
}

static enum tel_err read_all(struct tel_call_store *s)
{
	struct tel_timeline timeline = { 0 };
	struct tel_call_page page = { 0 };
	struct tel_call *call = NULL;
	struct tel_call_id id;
	enum tel_err err = tel_call_id_parse(TEL_STR(OLD), &id);

	if (!err)
		err = s->ops->get(s, &id, &call, &timeline);
	if (!err)
		err = s->ops->list(s, &(struct tel_call_filter){ 0 }, &page);
	tel_timeline_release(&timeline);
	tel_call_page_release(&page);
	tel_call_free(call);
	return err;
}

/* Until it gets through without a failure. */
static void torture(struct tel_call_store *s, enum tel_err (*run)(struct tel_call_store *),
		    void (*look)(struct tel_call_store *))
{
	enum tel_err err;
	long at;

	for (at = 1; at < 10000; at++) {
		failed = 0;
		fail_at = at;
		err = run(s);
		fail_at = 0;
		if (!failed)
			break;
		CHECK_INT(err, TEL_ENOMEM);
		if (look)
			look(s);
	}
	CHECK_INT(err, TEL_OK);
	CU_ASSERT_TRUE(at > 3);
}

static void begin(struct tel_call_store *s)
{
	struct tel_step_about about = { .expect_change = true };

	CHECK_INT(s->ops->step(s, &about, decide_first, NULL), TEL_OK);
}

static void the_memory_store_survives(void)
{
	struct tel_call_store *s;

	CU_ASSERT_EQUAL_FATAL(tel_memory_store_open(NULL, &s), TEL_OK);
	begin(s);
	torture(s, run_all, is_untouched);
	torture(s, read_all, NULL);
	s->ops->close(s);
}

static void remove_store(const char *dir)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/data.mdb", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/lock.mdb", dir);
	unlink(path);
	rmdir(dir);
}

static void the_lmdb_store_survives(void)
{
	const char *top = getenv("TMPDIR");
	struct tel_lmdb_check_report report;
	struct tel_lmdb_options options;
	struct tel_call_store *s;
	char dir[256];

	snprintf(dir, sizeof(dir), "%s/tel-store-XXXXXX", top && *top ? top : "/tmp");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	options = (struct tel_lmdb_options){ .path = dir, .map_size = 64 << 20 };
	CU_ASSERT_EQUAL_FATAL(tel_lmdb_store_open(&options, &s, NULL), TEL_OK);
	begin(s);
	torture(s, run_all, is_untouched);
	torture(s, read_all, NULL);
	CHECK_INT(tel_lmdb_check(s, &report, NULL), TEL_OK);
	CHECK_INT(report.problems, 0);
	CHECK_INT(report.calls, 2);
	s->ops->close(s);
	remove_store(dir);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{ "the memory store survives", the_memory_store_survives },
		{ "the LMDB store survives", the_lmdb_store_survives },
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{ .pName = "every allocation fails once", .pTests = tests },
		CU_SUITE_INFO_NULL,
	};

	return tel_run_suites(suites);
}
