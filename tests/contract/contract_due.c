#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "contract/contract.h"
#include "base/banned.h"

/* ---- due ------------------------------------------------------------------------ */

/* "2 1(owner) next 30" */
static const char *due_text(struct tel_call_store *s, struct tel_due_query query)
{
	static char text[4096];
	static struct tel_due_page page;
	size_t i, at = 0;

	text[0] = '\0';
	CHECK_INT(s->ops->due(s, &query, &page), TEL_OK);
	for (i = 0; i < page.n; i++) {
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%lu",
				       strtoul(page.due[i].id.text + 24, NULL, 16));
		if (page.due[i].dead_owner[0])
			at += (size_t)snprintf(text + at, sizeof(text) - at, "(%s)",
					       page.due[i].dead_owner);
		at += (size_t)snprintf(text + at, sizeof(text) - at, " ");
	}
	snprintf(text + at, sizeof(text) - at, "next %lld", (long long)page.next);
	return text;
}

static bool is_listed(void *ctx, struct tel_str owner)
{
	const char *const *dead = ctx;

	for (; *dead; dead++)
		if (tel_str_is(owner, *dead))
			return true;
	return false;
}

static void due_calls_come_earliest_first(void)
{
	struct tel_call_store *s = contract_open();

	CU_ASSERT_STRING_EQUAL(due_text(s, (struct tel_due_query){ .now = 50, .max = 10 }), "next 0");
	contract_make(s, (struct recipe){ .n = 1, .due = 40 });
	contract_make(s, (struct recipe){ .n = 2, .due = 20 });
	contract_make(s, (struct recipe){ .n = 3, .due = 60 });
	contract_make(s, (struct recipe){ .n = 4 });
	contract_make(s, (struct recipe){ .n = 5, .due = 30, .lease_owner = "a", .lease_until = 70 });
	CU_ASSERT_STRING_EQUAL(due_text(s, (struct tel_due_query){ .now = 10, .max = 10 }), "next 20");
	CU_ASSERT_STRING_EQUAL(due_text(s, (struct tel_due_query){ .now = 50, .max = 10 }), "2 1 next 60");
	CU_ASSERT_STRING_EQUAL(due_text(s, (struct tel_due_query){ .now = 60, .max = 10 }), "2 1 3 next 70");
	CU_ASSERT_STRING_EQUAL(due_text(s, (struct tel_due_query){ .now = 90, .max = 10 }), "2 1 3 5 next 0");
	CU_ASSERT_STRING_EQUAL(due_text(s, (struct tel_due_query){ .now = 90, .max = 1 }), "2 next 40");
	contract_close(s);
}

static void postpone(struct tel_call *call, void *ctx)
{
	call->jobs[TEL_JOB_END_OVERDUE].due = *(tel_time *)ctx;
	call->jobs[TEL_JOB_END_OVERDUE].pending = *(tel_time *)ctx != 0;
}

static void a_changed_due_time_counts(void)
{
	struct tel_call_store *s = contract_open();
	tel_time when = 500;

	contract_make(s, (struct recipe){ .n = 1, .due = 40 });
	CHECK_INT(contract_edit(s, 1, postpone, &when), TEL_OK);
	CU_ASSERT_STRING_EQUAL(due_text(s, (struct tel_due_query){ .now = 50, .max = 10 }), "next 500");
	when = 0;
	CHECK_INT(contract_edit(s, 1, postpone, &when), TEL_OK);
	CU_ASSERT_STRING_EQUAL(due_text(s, (struct tel_due_query){ .now = 900, .max = 10 }), "next 0");
	CHECK_INT(contract_stats(s).pending_calls, 0);
	contract_close(s);
}

static void leases_of_the_dead_are_due_at_once(void)
{
	static const char *const dead[] = { "d", "dd", NULL }, *const none[] = { NULL };
	struct tel_call_store *s = contract_open();
	struct tel_due_query query = { .now = 50, .max = 10, .owner_is_dead = is_listed,
				       .ctx = (void *)dead };

	contract_make(s, (struct recipe){ .n = 1, .due = 10, .lease_owner = "d", .lease_until = 900 });
	contract_make(s, (struct recipe){ .n = 2, .due = 10, .lease_owner = "alive", .lease_until = 910 });
	contract_make(s, (struct recipe){ .n = 3, .due = 10, .lease_owner = "dd", .lease_until = 920 });
	contract_make(s, (struct recipe){ .n = 4, .due = 20 });
	contract_make(s, (struct recipe){ .n = 5, .due = 10, .lease_owner = "d", .lease_until = 45 });
	CU_ASSERT_STRING_EQUAL(due_text(s, query), "1(d) 5(d) 3(dd) 4 next 900");
	query.ctx = (void *)none;
	CU_ASSERT_STRING_EQUAL(due_text(s, query), "4 5 next 900");
	query.owner_is_dead = NULL;
	CU_ASSERT_STRING_EQUAL(due_text(s, query), "4 5 next 900");
	contract_close(s);
}

static void neither_the_dead_nor_the_due_crowd_the_others_out(void)
{
	static const char *const dead[] = { "d", NULL };
	struct tel_call_store *s = contract_open();
	struct tel_due_query query = { .now = 50, .max = 4, .owner_is_dead = is_listed,
				       .ctx = (void *)dead };
	unsigned n;

	for (n = 1; n <= 5; n++)
		contract_make(s, (struct recipe){ .n = n, .due = 5, .lease_owner = "d", .lease_until = 90 });
	for (n = 6; n <= 10; n++)
		contract_make(s, (struct recipe){ .n = n, .due = n });
	CU_ASSERT_STRING_EQUAL(due_text(s, query), "1(d) 2(d) 6 7 next 8");
	query.max = 20;
	CU_ASSERT_STRING_EQUAL(due_text(s, query), "1(d) 2(d) 3(d) 4(d) 5(d) 6 7 8 9 10 next 90");
	contract_close(s);
}

static struct tel_call_store *asked;

/* The callback may do what takes a writer's turn: nothing is held. */
static bool dead_after_a_step(void *ctx, struct tel_str owner)
{
	unsigned *n = ctx;

	(void)owner;
	contract_make(asked, (struct recipe){ .n = 100 + (*n)++ });
	return true;
}

static void nothing_is_held_while_asking_who_is_dead(void)
{
	struct tel_call_store *s = contract_open();
	unsigned n = 0;

	asked = s;
	contract_make(s, (struct recipe){ .n = 1, .due = 5, .lease_owner = "d", .lease_until = 90 });
	CU_ASSERT_STRING_EQUAL(due_text(s, (struct tel_due_query){ .now = 9, .max = 5,
		.owner_is_dead = dead_after_a_step, .ctx = &n }), "1(d) next 90");
	CHECK_INT(n, 1);
	contract_close(s);
}

/* ---- sweep ------------------------------------------------------------------------ */

static struct tel_sweep_report sweep(struct tel_call_store *s, tel_time now, size_t budget)
{
	struct tel_sweep_report report = { 0 };

	CHECK_INT(s->ops->sweep(s, now, budget, &report), TEL_OK);
	return report;
}

static void memories_go_when_their_time_has_come(void)
{
	struct tel_call_store *s = contract_open();
	struct tel_sweep_report report;

	contract_remember(s, "EV_1", 100);
	contract_remember(s, "EV_2", 200);
	contract_finish_room(s, "r", "RM_1", 100);
	contract_finish_room(s, "r", "RM_2", 200);
	report = sweep(s, 99, 100);
	CHECK_INT(report.events + report.rooms + report.calls + report.more, 0);
	report = sweep(s, 100, 100);
	CHECK_INT(report.events, 1);
	CHECK_INT(report.rooms, 1);
	CU_ASSERT_FALSE(report.more);
	CU_ASSERT_FALSE(contract_event_seen(s, "EV_1"));
	CU_ASSERT_TRUE(contract_event_seen(s, "EV_2"));
	CU_ASSERT_FALSE(contract_room_finished(s, "r", "RM_1"));
	CU_ASSERT_TRUE(contract_room_finished(s, "r", "RM_2"));
	contract_close(s);
}

static void what_is_remembered_again_is_kept_longer(void)
{
	struct tel_call_store *s = contract_open();

	contract_remember(s, "EV_1", 100);
	contract_remember(s, "EV_1", 300);
	contract_finish_room(s, "r", "RM", 100);
	contract_finish_room(s, "r", "RM", 300);
	sweep(s, 200, 100);
	CU_ASSERT_TRUE(contract_event_seen(s, "EV_1"));
	CU_ASSERT_TRUE(contract_room_finished(s, "r", "RM"));
	CHECK_INT(sweep(s, 300, 100).events, 1);
	CHECK_INT(contract_stats(s).event_ids + contract_stats(s).room_tombstones, 0);
	contract_close(s);
}

static void a_sweep_has_a_budget(void)
{
	struct tel_call_store *s = contract_open();
	struct tel_sweep_report report;
	char id[16];
	int i;

	for (i = 0; i < 10; i++) {
		snprintf(id, sizeof(id), "EV_%d", i);
		contract_remember(s, id, 100);
	}
	contract_finish_room(s, "r", "RM", 100);
	report = sweep(s, 100, 4);
	CHECK_INT(report.events + report.rooms, 4);
	CU_ASSERT_TRUE(report.more);
	report = sweep(s, 100, 7);
	CHECK_INT(report.events + report.rooms, 7);
	CU_ASSERT_FALSE(report.more);
	report = sweep(s, 100, 0);
	CU_ASSERT_FALSE(report.more);
	CHECK_INT(contract_stats(s).event_ids + contract_stats(s).room_tombstones, 0);
	contract_close(s);
}

static enum tel_err decide_note(struct tel_step *step, void *ctx)
{
	(void)ctx;
	return tel_step_entry(step, step->call, 1, TEL_ENTRY_EVENT, TEL_STR("x")) ? TEL_OK : TEL_ENOMEM;
}

static void calls_are_dropped_with_all_that_is_theirs(void)
{
	struct tel_call_store *s = contract_open_with_retention(1000);
	struct tel_step_about about = { .participant_sid = TEL_STR("PA_1") };
	struct tel_sweep_report report;

	contract_make(s, (struct recipe){ .n = 1, .room = "r", .room_sid = "RM", .leg = "PA_1",
		.sip_call_id = "SCL", .status = TEL_CALL_ENDED, .ended_at = 50 });
	contract_make(s, (struct recipe){ .n = 2, .room = "r", .status = TEL_CALL_ENDED, .ended_at = 60 });
	contract_make(s, (struct recipe){ .n = 3, .room = "r", .created_at = 1 });
	contract_make(s, (struct recipe){ .n = 4, .room = "r", .status = TEL_CALL_FAILED, .ended_at = 40,
		.due = 99999 });
	CHECK_INT(s->ops->step(s, &about, decide_note, NULL), TEL_OK);
	CHECK_INT(contract_stats(s).timeline_entries, 1);
	report = sweep(s, 1049, 100);
	CHECK_INT(report.calls, 0);
	report = sweep(s, 1050, 100);
	CHECK_INT(report.calls, 1);
	CU_ASSERT_FALSE(contract_has(s, 1));
	CU_ASSERT_TRUE(contract_has(s, 2));
	CHECK_INT(contract_find(s, &about), 0);
	CHECK_INT(contract_stats(s).timeline_entries, 0);
	report = sweep(s, 99999, 0);
	CU_ASSERT_TRUE(report.more);
	report = sweep(s, 99999, 100);
	CHECK_INT(report.calls, 1);
	CU_ASSERT_TRUE(contract_has(s, 3));	/* lives */
	CU_ASSERT_TRUE(contract_has(s, 4));	/* has something left to do */
	contract_close(s);
}

static void without_retention_calls_stay(void)
{
	struct tel_call_store *s = contract_open();

	contract_make(s, (struct recipe){ .n = 1, .status = TEL_CALL_ENDED, .ended_at = 50 });
	CHECK_INT(sweep(s, (tel_time)1 << 50, 100).calls, 0);
	CU_ASSERT_TRUE(contract_has(s, 1));
	contract_close(s);
}

CU_TestInfo tel_contract_due_tests[] = {
	{ "due calls come earliest first", due_calls_come_earliest_first },
	{ "a changed due time counts", a_changed_due_time_counts },
	{ "leases of the dead are due at once", leases_of_the_dead_are_due_at_once },
	{ "neither the dead nor the due crowd the others out",
	  neither_the_dead_nor_the_due_crowd_the_others_out },
	{ "nothing is held while asking who is dead", nothing_is_held_while_asking_who_is_dead },
	{ "memories go when their time has come", memories_go_when_their_time_has_come },
	{ "what is remembered again is kept longer", what_is_remembered_again_is_kept_longer },
	{ "a sweep has a budget", a_sweep_has_a_budget },
	{ "calls are dropped with all that is theirs", calls_are_dropped_with_all_that_is_theirs },
	{ "without retention calls stay", without_retention_calls_stay },
	CU_TEST_INFO_NULL,
};
