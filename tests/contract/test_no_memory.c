/*
 * Every allocation of a step fails once, on both stores: the step says
 * TEL_ENOMEM, nothing of it is there, nothing leaks (under a sanitizer), and
 * the next step works.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness.h"
#include "lmdb-store/check.h"
#include "lmdb-store/lmdb_store.h"
#include "memory-store/memory_store.h"
#include "torture/torture.h"
#include "base/banned.h"

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
	step->remember_request = step->set_switch = true;
	step->remember_until = step->remember_request_until = 9;
	step->outbound_stopped_at = 3;
	step->duty = (struct tel_duty){ .lease = { TEL_STR("me"), 7 }, .run_at = 6 };
	step->set_duty = true;
	if (!tel_step_entry(step, step->call, 1, TEL_ENTRY_EVENT, TEL_STR("ends")) ||
	    !tel_step_entry(step, step->fresh, 1, TEL_ENTRY_EVENT, TEL_STR("begins")))
		return TEL_ENOMEM;
	return TEL_OK;
}

static enum tel_err run_all(void *ctx)
{
	struct tel_call_store *s = *(struct tel_call_store **)ctx;
	struct tel_place_about place = {
		.request_key = TEL_STR("key"), .max_live = 3, .outbound = { .max = 3 },
	};
	struct tel_step_about about = {
		.event_id = TEL_STR("EV"), .room_name = TEL_STR("r"), .room_sid = TEL_STR("RM"),
		.place = &place, .outbound_switch = true, .duty = true,
	};

	return s->ops->step(s, &about, decide_all, NULL);
}

static enum tel_err read_all(void *ctx)
{
	struct tel_call_store *s = *(struct tel_call_store **)ctx;
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

static enum tel_err decide_read_duty(struct tel_step *step, void *run_at)
{
	*(tel_time *)run_at = step->duty.run_at;
	return TEL_OK;
}

static enum tel_err read_duty(struct tel_call_store *s, tel_time *run_at)
{
	return s->ops->step(s, &(struct tel_step_about){ .duty = true }, decide_read_duty, run_at);
}

/* All of the step or nothing; afterwards it can be done. */
static void look(struct tel_call_store *s, enum tel_err err)
{
	struct tel_store_stats stats = { 0 };
	tel_time run_at = -1;

	CHECK_INT(s->ops->stats(s, &stats), TEL_OK);
	CHECK_INT(stats.calls, err ? 1 : 2);
	CHECK_INT(stats.live_calls, 1);
	CHECK_INT(stats.event_ids + stats.room_tombstones + stats.request_keys, err ? 0 : 3);
	CHECK_INT(stats.timeline_entries, err ? 0 : 2);
	CHECK_INT(read_duty(s, &run_at), TEL_OK);
	CHECK_INT(run_at, err ? 0 : 6);
	if (err)
		CHECK_INT(run_all(&s), TEL_OK);
}

static void begin(struct tel_call_store *s)
{
	struct tel_step_about about = { .expect_change = true };

	CHECK_INT(s->ops->step(s, &about, decide_first, NULL), TEL_OK);
}

static void memory_begin(void *ctx)
{
	struct tel_call_store **s = ctx;

	CU_ASSERT_EQUAL_FATAL(tel_memory_store_open(NULL, s), TEL_OK);
	begin(*s);
}

static void memory_look(void *ctx, enum tel_err err)
{
	struct tel_call_store **s = ctx;

	look(*s, err);
	(*s)->ops->close(*s);
}

static void the_memory_store_survives(void)
{
	struct tel_call_store *s;

	tel_torture(&(struct tel_torture){ .name = "a step", .begin = memory_begin, .run = run_all,
					   .look = memory_look, .ctx = &s });
	memory_begin(&s);
	tel_torture(&(struct tel_torture){ .name = "reading", .run = read_all, .ctx = &s });
	s->ops->close(s);
}

static char dir[TEL_TEMP_PATH];

static void lmdb_begin(void *ctx)
{
	struct tel_call_store **s = ctx;
	struct tel_lmdb_options options = { .path = dir, .map_size = 64 << 20 };

	tel_temp_make(dir);
	CU_ASSERT_EQUAL_FATAL(tel_lmdb_store_open(&options, s, NULL), TEL_OK);
	begin(*s);
}

static void lmdb_look(void *ctx, enum tel_err err)
{
	struct tel_call_store *s = *(struct tel_call_store **)ctx;
	struct tel_lmdb_check_report report;

	look(s, err);
	CHECK_INT(tel_lmdb_check(s, &report, NULL), TEL_OK);
	CHECK_INT(report.problems, 0);
	CHECK_INT(report.calls, 2);
	s->ops->close(s);
	tel_temp_remove(dir);
}

static void the_lmdb_store_survives(void)
{
	struct tel_call_store *s;

	tel_torture(&(struct tel_torture){ .name = "a step", .begin = lmdb_begin, .run = run_all,
					   .look = lmdb_look, .ctx = &s });
	lmdb_begin(&s);
	tel_torture(&(struct tel_torture){ .name = "reading", .run = read_all, .ctx = &s });
	s->ops->close(s);
	tel_temp_remove(dir);
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

	return tel_torture_suites(suites);
}
