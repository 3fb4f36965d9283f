#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "contract/contract.h"
#include "base/banned.h"

/* ---- get -------------------------------------------------------------------- */

static void what_was_stored_is_read_and_belongs_to_the_reader(void)
{
	struct tel_call_store *s = contract_open();
	struct tel_call_id none = contract_id(404);
	struct tel_call *one, *again, *nothing = NULL;

	contract_make(s, (struct recipe){ .n = 1, .room = "r", .room_sid = "RM", .leg = "PA",
		.created_at = 77, .due = 5, .lease_owner = "me", .lease_until = 9 });
	one = contract_get(s, 1);
	CHECK_STR(one->room_name, "r");
	CHECK_STR(one->legs[0].participant_sid, "PA");
	CHECK_INT(one->created_at, 77);
	CHECK_STR(one->jobs[TEL_JOB_END_OVERDUE].lease.owner, "me");
	contract_set(one, &one->room_name, "changed in the copy only");
	one->legs[0].left_at = 1;
	again = contract_get(s, 1);
	CHECK_STR(again->room_name, "r");
	CHECK_INT(again->legs[0].left_at, 0);
	tel_call_free(one);
	tel_call_free(again);
	CHECK_INT(s->ops->get(s, &none, &nothing, NULL), TEL_ENOTFOUND);
	CU_ASSERT_PTR_NULL(nothing);
	contract_close(s);
}

static enum tel_err decide_entries(struct tel_step *step, void *ctx)
{
	tel_time at = *(int *)ctx;
	int i;

	for (i = 0; i < 3; i++)
		if (!tel_step_entry(step, step->call, at * 3 + i, TEL_ENTRY_EVENT, TEL_STR("noted")))
			return TEL_ENOMEM;
	return TEL_OK;
}

static void a_timeline_keeps_its_head_and_its_tail(void)
{
	const unsigned total = 600;
	struct tel_call_store *s = contract_open();
	struct tel_call_id id = contract_id(1);
	struct tel_timeline timeline = { 0 };
	struct tel_call *call = NULL;
	unsigned seq;
	size_t k;
	int i;

	contract_make(s, (struct recipe){ .n = 1 });
	contract_make(s, (struct recipe){ .n = 2 });
	for (i = 0; i < (int)total / 3; i++)
		CHECK_INT(s->ops->step(s, &(struct tel_step_about){ .call_id = tel_call_id_str(&id),
			.expect_change = true }, decide_entries, &i), TEL_OK);
	CHECK_INT(s->ops->get(s, &id, &call, &timeline), TEL_OK);
	CHECK_INT(call->timeline_len, total);
	CHECK_INT(timeline.n, TEL_TIMELINE_HEAD + TEL_TIMELINE_TAIL);
	for (k = 0; k < timeline.n; k++) {
		seq = (unsigned)k;
		if (k >= TEL_TIMELINE_HEAD)
			seq = total - TEL_TIMELINE_TAIL + (unsigned)k - TEL_TIMELINE_HEAD;
		CHECK_INT(timeline.entries[k].seq, seq);
		CHECK_INT(timeline.entries[k].at, seq);
	}
	CHECK_INT(contract_stats(s).timeline_entries, timeline.n);
	tel_timeline_release(&timeline);
	tel_call_free(call);
	id = contract_id(2);
	CHECK_INT(s->ops->get(s, &id, &call, &timeline), TEL_OK);
	CHECK_INT(timeline.n, 0);
	tel_timeline_release(&timeline);
	tel_call_free(call);
	contract_close(s);
}

/* ---- list --------------------------------------------------------------------- */

/* "5 4 3>" : the numbers on the page, '>' if there is a next one. */
static const char *page_text(struct tel_call_store *s, struct tel_call_filter filter, char *cursor)
{
	static char text[2048];
	struct tel_call_page page = { 0 };
	size_t i, at = 0;

	text[0] = '\0';
	if (cursor)
		filter.cursor = tel_str_from(cursor);
	CHECK_INT(s->ops->list(s, &filter, &page), TEL_OK);
	for (i = 0; i < page.n; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%u", i ? " " : "",
				       contract_number(page.calls[i]));
	if (page.next_cursor[0])
		snprintf(text + at, sizeof(text) - at, ">");
	if (cursor)
		snprintf(cursor, TEL_CURSOR_TEXT, "%s", page.next_cursor);
	tel_call_page_release(&page);
	return text;
}

static void calls_are_listed_newest_first(void)
{
	struct tel_call_store *s = contract_open();
	char cursor[TEL_CURSOR_TEXT] = "";
	unsigned n;

	CU_ASSERT_STRING_EQUAL(page_text(s, (struct tel_call_filter){ 0 }, NULL), "");
	for (n = 1; n <= 7; n++)
		contract_make(s, (struct recipe){ .n = n, .created_at = 1000 });
	CU_ASSERT_STRING_EQUAL(page_text(s, (struct tel_call_filter){ 0 }, NULL), "7 6 5 4 3 2 1");
	CU_ASSERT_STRING_EQUAL(page_text(s, (struct tel_call_filter){ .limit = 7 }, NULL), "7 6 5 4 3 2 1");
	CU_ASSERT_STRING_EQUAL(page_text(s, (struct tel_call_filter){ .limit = 3 }, cursor), "7 6 5>");
	contract_make(s, (struct recipe){ .n = 8, .created_at = 500 });
	CU_ASSERT_STRING_EQUAL(page_text(s, (struct tel_call_filter){ .limit = 3 }, cursor), "4 3 2>");
	contract_make(s, (struct recipe){ .n = 9, .created_at = 2000 });
	CU_ASSERT_STRING_EQUAL(page_text(s, (struct tel_call_filter){ .limit = 3 }, cursor), "1");
	contract_close(s);
}

static void pages_have_a_size(void)
{
	struct tel_call_store *s = contract_open();
	struct tel_call_page page = { 0 };
	unsigned n;

	for (n = 1; n <= TEL_MAX_PAGE + 5; n++)
		contract_make(s, (struct recipe){ .n = n });
	CHECK_INT(s->ops->list(s, &(struct tel_call_filter){ 0 }, &page), TEL_OK);
	CHECK_INT(page.n, 50);
	tel_call_page_release(&page);
	CHECK_INT(s->ops->list(s, &(struct tel_call_filter){ .limit = 100000 }, &page), TEL_OK);
	CHECK_INT(page.n, TEL_MAX_PAGE);
	CU_ASSERT_TRUE(page.next_cursor[0] != '\0');
	tel_call_page_release(&page);
	tel_call_page_release(&page);
	contract_close(s);
}

static void end_call(struct tel_call *call, void *ctx)
{
	(void)ctx;
	call->status = TEL_CALL_ENDED;
}

static void filters_by_room_and_life(void)
{
	struct tel_call_store *s = contract_open();
	struct tel_call_filter live = { .live_only = true }, room = { .room_name = TEL_STR("a") };
	struct tel_call_filter both = { .live_only = true, .room_name = TEL_STR("a") };
	char cursor[TEL_CURSOR_TEXT] = "";
	unsigned n;

	for (n = 1; n <= 6; n++)
		contract_make(s, (struct recipe){ .n = n, .room = n % 2 ? "a" : "ab", .room_sid = "RM" });
	CU_ASSERT_STRING_EQUAL(page_text(s, room, NULL), "5 3 1");
	CU_ASSERT_STRING_EQUAL(page_text(s, live, NULL), "6 5 4 3 2 1");
	CHECK_INT(contract_edit(s, 3, end_call, NULL), TEL_OK);
	CHECK_INT(contract_edit(s, 6, end_call, NULL), TEL_OK);
	CU_ASSERT_STRING_EQUAL(page_text(s, room, NULL), "5 3 1");
	CU_ASSERT_STRING_EQUAL(page_text(s, live, NULL), "5 4 2 1");
	CU_ASSERT_STRING_EQUAL(page_text(s, both, NULL), "5 1");
	both.limit = 1;
	CU_ASSERT_STRING_EQUAL(page_text(s, both, cursor), "5>");
	CU_ASSERT_STRING_EQUAL(page_text(s, both, cursor), "1");
	room.room_name = TEL_STR("no such room");
	CU_ASSERT_STRING_EQUAL(page_text(s, room, NULL), "");
	contract_close(s);
}

static void foreign_cursors_are_refused(void)
{
	static const char *const cursors[] = {
		"x", "c", "c000000000000000", "c00000000000000g1", "d0000000000000001",
		"c00000000000000011", "c000000000000000A",
	};
	struct tel_call_store *s = contract_open();
	struct tel_call_page page = { 0 };
	size_t i;

	for (i = 0; i < sizeof(cursors) / sizeof(cursors[0]); i++)
		CHECK_INT(s->ops->list(s, &(struct tel_call_filter){ .cursor = tel_str_from(cursors[i]) },
				       &page), TEL_EMALFORMED);
	contract_close(s);
}

/* ---- stats ---------------------------------------------------------------------- */

static void stats_count_what_is_there(void)
{
	struct tel_call_store *s = contract_open();
	struct tel_store_stats stats = contract_stats(s);

	CHECK_INT(stats.calls + stats.live_calls + stats.pending_calls + stats.leased_calls, 0);
	contract_make(s, (struct recipe){ .n = 1, .due = 10 });
	contract_make(s, (struct recipe){ .n = 2, .due = 10, .lease_owner = "a", .lease_until = 99 });
	contract_make(s, (struct recipe){ .n = 3, .due = 10, .lease_owner = "b", .lease_until = 99 });
	contract_make(s, (struct recipe){ .n = 4, .status = TEL_CALL_FAILED, .ended_at = 5 });
	contract_remember(s, "EV_1", 100);
	contract_finish_room(s, "r", "RM", 100);
	stats = contract_stats(s);
	CHECK_INT(stats.calls, 4);
	CHECK_INT(stats.live_calls, 3);
	CHECK_INT(stats.pending_calls, 3);
	CHECK_INT(stats.leased_calls, 2);
	CHECK_INT(stats.event_ids, 1);
	CHECK_INT(stats.room_tombstones, 1);
	CHECK_INT(stats.timeline_entries, 0);
	CHECK_INT(stats.readers, 0);
	CHECK_INT(stats.commits, 6);
	CHECK_INT(stats.committed_steps, 6);
	contract_close(s);
}

CU_TestInfo tel_contract_read_tests[] = {
	{ "what was stored is read and belongs to the reader",
	  what_was_stored_is_read_and_belongs_to_the_reader },
	{ "a timeline keeps its head and its tail", a_timeline_keeps_its_head_and_its_tail },
	{ "calls are listed newest first", calls_are_listed_newest_first },
	{ "pages have a size", pages_have_a_size },
	{ "filters by room and life", filters_by_room_and_life },
	{ "foreign cursors are refused", foreign_cursors_are_refused },
	{ "stats count what is there", stats_count_what_is_there },
	CU_TEST_INFO_NULL,
};
