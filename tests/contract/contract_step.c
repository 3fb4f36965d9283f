#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "contract/contract.h"
#include "base/banned.h"

#define ABOUT(...) (&(struct tel_step_about){ __VA_ARGS__ })

/* ---- loading --------------------------------------------------------------- */

static void a_step_finds_its_call_in_the_documented_order(void)
{
	struct tel_call_store *s = contract_open();
	struct tel_call_id one = contract_id(1);
	struct tel_str id = tel_call_id_str(&one);

	contract_make(s, (struct recipe){ .n = 1 });
	contract_make(s, (struct recipe){ .n = 2, .leg = "PA_2" });
	contract_make(s, (struct recipe){ .n = 3, .room = "r", .room_sid = "RM_3" });
	contract_make(s, (struct recipe){ .n = 4, .room = "r", .room_sid = "RM_4", .sip_call_id = "SCL_4" });
	CHECK_INT(contract_find(s, ABOUT(.call_id = id, .participant_sid = TEL_STR("PA_2"),
		.room_name = TEL_STR("r"), .room_sid = TEL_STR("RM_3"), .sip_call_id = TEL_STR("SCL_4"))), 1);
	CHECK_INT(contract_find(s, ABOUT(.participant_sid = TEL_STR("PA_2"),
		.room_name = TEL_STR("r"), .room_sid = TEL_STR("RM_3"), .sip_call_id = TEL_STR("SCL_4"))), 2);
	CHECK_INT(contract_find(s, ABOUT(.participant_sid = TEL_STR("PA_x"), .room_name = TEL_STR("r"),
		.room_sid = TEL_STR("RM_3"), .sip_call_id = TEL_STR("SCL_4"))), 3);
	CHECK_INT(contract_find(s, ABOUT(.room_name = TEL_STR("r"), .room_sid = TEL_STR("RM_x"),
		.sip_call_id = TEL_STR("SCL_4"))), 4);
	CHECK_INT(contract_find(s, ABOUT(.room_name = TEL_STR("q"), .room_sid = TEL_STR("RM_3"),
		.sip_call_id = TEL_STR("SCL_4"))), 0);
	CHECK_INT(contract_find(s, ABOUT(.room_name = TEL_STR("r"))), 0);
	CHECK_INT(contract_find(s, ABOUT(.call_id = TEL_STR("no uuid"), .participant_sid = TEL_STR("PA_2"))), 2);
	contract_make(s, (struct recipe){ .n = 0xabc });
	CHECK_INT(contract_find(s, ABOUT(.call_id = TEL_STR("00000000-0000-4000-8000-000000000ABC"))), 0xabc);
	/* 5: only a call that does not know its room's sid; the newest of them. */
	contract_make(s, (struct recipe){ .n = 6, .room = "out", .room_sid = "RM_6" });
	CHECK_INT(contract_find(s, ABOUT(.room_name = TEL_STR("out"), .room_sid = TEL_STR("RM_7"))), 0);
	contract_make(s, (struct recipe){ .n = 7, .room = "out" });
	contract_make(s, (struct recipe){ .n = 8, .room = "out" });
	contract_make(s, (struct recipe){ .n = 9, .room = "outer" });
	contract_make(s, (struct recipe){ .n = 10, .room = "out", .room_sid = "RM_10" });
	CHECK_INT(contract_find(s, ABOUT(.room_name = TEL_STR("out"), .room_sid = TEL_STR("RM_7"))), 8);
	CHECK_INT(contract_find(s, ABOUT(.room_name = TEL_STR("out"), .room_sid = TEL_STR("RM_6"))), 6);
	CHECK_INT(contract_find(s, ABOUT(.room_name = TEL_STR("out"))), 0);
	CHECK_INT(contract_find(s, ABOUT(.room_sid = TEL_STR("RM_7"))), 0);
	contract_close(s);
}

static void learn_sid(struct tel_call *call, void *ctx)
{
	contract_set(call, &call->room_sid, ctx);
}

static void a_call_that_learns_its_room_is_found_by_it(void)
{
	struct tel_call_store *s = contract_open();
	char sid[] = "RM_1";

	contract_make(s, (struct recipe){ .n = 1, .room = "r" });
	CHECK_INT(contract_find(s, ABOUT(.room_name = TEL_STR("r"), .room_sid = TEL_STR("RM_1"))), 1);
	CHECK_INT(contract_edit(s, 1, learn_sid, sid), TEL_OK);
	CHECK_INT(contract_find(s, ABOUT(.room_name = TEL_STR("r"), .room_sid = TEL_STR("RM_1"))), 1);
	CHECK_INT(contract_find(s, ABOUT(.room_name = TEL_STR("r"), .room_sid = TEL_STR("RM_2"))), 0);
	contract_close(s);
}

static void the_newest_call_of_a_room_is_found(void)
{
	struct tel_call_store *s = contract_open();

	/* Made later, although its clock was behind: it is the newer one. */
	contract_make(s, (struct recipe){ .n = 9, .room = "r", .room_sid = "RM", .sip_call_id = "SCL",
		.created_at = 2000, .status = TEL_CALL_ENDED });
	contract_make(s, (struct recipe){ .n = 5, .room = "r", .room_sid = "RM", .sip_call_id = "SCL",
		.created_at = 1000 });
	CHECK_INT(contract_find(s, ABOUT(.room_name = TEL_STR("r"), .room_sid = TEL_STR("RM"))), 5);
	CHECK_INT(contract_find(s, ABOUT(.room_name = TEL_STR("r"), .sip_call_id = TEL_STR("SCL"))), 5);
	contract_close(s);
}

static void move(struct tel_call *call, void *ctx)
{
	struct tel_leg *leg;

	(void)ctx;
	contract_set(call, &call->room_sid, "RM_new");
	CU_ASSERT_EQUAL_FATAL(tel_call_add_leg(call, &leg), TEL_OK);
	leg->kind = TEL_PARTICIPANT_SIP;
	contract_set(call, &leg->participant_sid, "PA_new");
	contract_set(call, &leg->room_sid, "RM_new");
	contract_set(call, &leg->sip_call_id, "SCL_second");
}

static void a_moved_call_is_found_by_both_lives_of_its_room(void)
{
	struct tel_call_store *s = contract_open();

	contract_make(s, (struct recipe){ .n = 1, .room = "r", .room_sid = "RM_old",
		.sip_call_id = "SCL", .leg = "PA_old" });
	CHECK_INT(contract_edit(s, 1, move, NULL), TEL_OK);
	CHECK_INT(contract_find(s, ABOUT(.room_name = TEL_STR("r"), .room_sid = TEL_STR("RM_new"))), 1);
	CHECK_INT(contract_find(s, ABOUT(.room_name = TEL_STR("r"), .room_sid = TEL_STR("RM_old"))), 1);
	CHECK_INT(contract_find(s, ABOUT(.participant_sid = TEL_STR("PA_old"))), 1);
	CHECK_INT(contract_find(s, ABOUT(.participant_sid = TEL_STR("PA_new"))), 1);
	CHECK_INT(contract_find(s, ABOUT(.room_name = TEL_STR("r"), .sip_call_id = TEL_STR("SCL"))), 1);
	CHECK_INT(contract_find(s, ABOUT(.room_name = TEL_STR("r"), .sip_call_id = TEL_STR("SCL_second"))), 1);
	contract_close(s);
}

static void forget_leg(struct tel_call *call, void *ctx)
{
	(void)ctx;
	call->legs[0] = (struct tel_leg){ .kind = TEL_PARTICIPANT_SIP };
}

static void what_a_call_no_longer_names_does_not_find_it(void)
{
	struct tel_call_store *s = contract_open();

	contract_make(s, (struct recipe){ .n = 1, .room = "r", .room_sid = "RM", .leg = "PA" });
	CHECK_INT(contract_find(s, ABOUT(.participant_sid = TEL_STR("PA"))), 1);
	CHECK_INT(contract_edit(s, 1, forget_leg, NULL), TEL_OK);
	CHECK_INT(contract_find(s, ABOUT(.participant_sid = TEL_STR("PA"))), 0);
	CHECK_INT(contract_find(s, ABOUT(.room_name = TEL_STR("r"), .room_sid = TEL_STR("RM"))), 1);
	contract_close(s);
}

static void names_with_any_bytes_are_kept_apart(void)
{
	static const struct {
		struct tel_str room, sid;
	} rooms[] = {
		{ { "a\0b", 3 }, { "c", 1 } },
		{ { "a", 1 }, { "b\0c", 3 } },
		{ { "\xff\xfe", 2 }, { "\xc3", 1 } },
		{ { "\"\\\n\x01/", 5 }, { "\xe2\x98\x8e", 3 } },
	};
	struct tel_call_store *s = contract_open();
	struct tel_step_about about = { 0 };
	unsigned i;

	for (i = 0; i < 4; i++) {
		char room[8], sid[8];
		struct recipe r = { .n = i + 1 };

		/* Recipes are C strings: the ones with a NUL are made by hand. */
		snprintf(room, sizeof(room), "%s", rooms[i].room.ptr);
		snprintf(sid, sizeof(sid), "%s", rooms[i].sid.ptr);
		if (rooms[i].room.len == strlen(room) && rooms[i].sid.len == strlen(sid)) {
			r.room = room;
			r.room_sid = sid;
			contract_make(s, r);
		}
	}
	for (i = 0; i < 4; i++) {
		about.room_name = rooms[i].room;
		about.room_sid = rooms[i].sid;
		CHECK_INT(contract_find(s, &about), i < 2 ? 0 : i + 1);
	}
	contract_close(s);
}

static enum tel_err decide_with_nul(struct tel_step *step, void *ctx)
{
	(void)ctx;
	step->fresh = contract_new_call(&(struct recipe){ .n = 7 });
	step->fresh->room_name = (struct tel_str){ "a\0b", 3 };
	step->fresh->room_sid = (struct tel_str){ "c", 1 };
	return TEL_OK;
}

static void a_nul_in_a_name_is_part_of_it(void)
{
	struct tel_call_store *s = contract_open();
	struct tel_call *call;

	CHECK_INT(s->ops->step(s, ABOUT(.expect_change = true), decide_with_nul, NULL), TEL_OK);
	CHECK_INT(contract_find(s, ABOUT(.room_name = { "a\0b", 3 }, .room_sid = { "c", 1 })), 7);
	CHECK_INT(contract_find(s, ABOUT(.room_name = { "a", 1 }, .room_sid = { "b\0c", 3 })), 0);
	call = contract_get(s, 7);
	CHECK_INT(call->room_name.len, 3);
	tel_call_free(call);
	contract_close(s);
}

static void names_too_long_for_any_room_find_nothing(void)
{
	struct tel_call_store *s = contract_open();
	char name[2000];

	memset(name, 'n', sizeof(name));
	CHECK_INT(contract_find(s, ABOUT(.event_id = { name, 2000 }, .call_id = { name, 2000 },
		.participant_sid = { name, 2000 }, .room_name = { name, 2000 },
		.room_sid = { name, 2000 }, .sip_call_id = { name, 2000 })), 0);
	contract_close(s);
}

/* ---- all or nothing ---------------------------------------------------------- */

static enum tel_err decide_all_then_fail(struct tel_step *step, void *ctx)
{
	enum tel_err *err = ctx;

	step->fresh = contract_new_call(&(struct recipe){ .n = 2, .room = "r", .room_sid = "RM" });
	step->call->status = TEL_CALL_ENDED;
	step->save = true;
	step->remember_event = true;
	step->finish_room = true;
	step->remember_until = 1;
	CU_ASSERT_PTR_NOT_NULL(tel_step_entry(step, step->call, 1, TEL_ENTRY_EVENT, TEL_STR("x")));
	return *err;
}

static void what_decide_refuses_is_not_written(void)
{
	static enum tel_err errs[] = { TEL_ECONFLICT, TEL_EMALFORMED, TEL_ENOMEM };
	struct tel_call_store *s = contract_open();
	struct tel_store_stats stats;
	struct tel_call *call;
	size_t i;

	contract_make(s, (struct recipe){ .n = 1, .room = "r", .room_sid = "RM" });
	for (i = 0; i < 3; i++)
		CHECK_INT(s->ops->step(s, ABOUT(.event_id = TEL_STR("EV"), .room_name = TEL_STR("r"),
			.room_sid = TEL_STR("RM"), .expect_change = i & 1), decide_all_then_fail,
			&errs[i]), errs[i]);
	stats = contract_stats(s);
	CHECK_INT(stats.calls, 1);
	CHECK_INT(stats.event_ids + stats.room_tombstones + stats.timeline_entries, 0);
	call = contract_get(s, 1);
	CHECK_INT(call->status, TEL_CALL_CREATED);
	tel_call_free(call);
	errs[0] = TEL_OK;
	CHECK_INT(s->ops->step(s, ABOUT(.event_id = TEL_STR("EV"), .room_name = TEL_STR("r"),
		.room_sid = TEL_STR("RM")), decide_all_then_fail, &errs[0]), TEL_OK);
	errs[0] = TEL_ECONFLICT;
	stats = contract_stats(s);
	CHECK_INT(stats.calls, 2);
	CHECK_INT(stats.live_calls, 1);
	CHECK_INT(stats.event_ids, 1);
	CHECK_INT(stats.room_tombstones, 1);
	CHECK_INT(stats.timeline_entries, 1);
	CU_ASSERT_TRUE(contract_event_seen(s, "EV"));
	CU_ASSERT_TRUE(contract_room_finished(s, "r", "RM"));
	contract_close(s);
}

static enum tel_err decide_same_id(struct tel_step *step, void *ctx)
{
	(void)ctx;
	step->fresh = contract_new_call(&(struct recipe){ .n = 1, .room = "other" });
	step->remember_event = true;
	return TEL_OK;
}

static void an_id_is_used_once(void)
{
	struct tel_call_store *s = contract_open();

	contract_make(s, (struct recipe){ .n = 1, .room = "r" });
	CHECK_INT(s->ops->step(s, ABOUT(.event_id = TEL_STR("EV")), decide_same_id, NULL), TEL_ECONFLICT);
	CU_ASSERT_FALSE(contract_event_seen(s, "EV"));
	contract_close(s);
}

static enum tel_err decide_misuse(struct tel_step *step, void *ctx)
{
	switch (*(int *)ctx) {
	case 0:
		step->save = true;
		break;
	case 1:
		step->remember_event = true;
		break;
	case 2:
		step->finish_room = true;
		break;
	case 3:
		step->n_entries = 1;
		break;
	case 4:
		step->set_switch = true;
		break;
	case 5:			/* no key is named */
		step->fresh = contract_new_call(&(struct recipe){ .n = 2 });
		step->remember_request = true;
		break;
	case 6:
		step->call->id = contract_id(99);
		step->save = true;
		break;
	}
	return TEL_OK;
}

static void contradictory_steps_are_refused(void)
{
	struct tel_call_store *s = contract_open();
	struct tel_call_id one = contract_id(1);
	int i;

	contract_make(s, (struct recipe){ .n = 1, .room = "r" });
	for (i = 0; i < 6; i++)
		CHECK_INT(s->ops->step(s, ABOUT(.expect_change = i & 1), decide_misuse, &i), TEL_EMISUSE);
	CHECK_INT(s->ops->step(s, ABOUT(.call_id = tel_call_id_str(&one)), decide_misuse, &i), TEL_EMISUSE);
	CHECK_INT(contract_stats(s).calls, 1);
	contract_close(s);
}

static void grow(struct tel_call *call, void *ctx)
{
	static char big[TEL_MAX_RECORD];
	struct tel_str *field = ctx ? &call->room_name : &call->raw;

	memset(big, '\x01', sizeof(big));	/* six bytes each, escaped */
	*field = (struct tel_str){ big, TEL_MAX_RAW };
	if (!ctx)
		call->agent.config = (struct tel_str){ big, TEL_MAX_AGENT_CONFIG };
}

static void a_record_over_its_ceiling_is_refused(void)
{
	struct tel_call_store *s = contract_open();
	struct tel_call *call;

	contract_make(s, (struct recipe){ .n = 1, .room = "r" });
	CHECK_INT(contract_edit(s, 1, grow, NULL), TEL_ETOOBIG);
	CHECK_INT(contract_edit(s, 1, grow, s), TEL_ETOOBIG);
	call = contract_get(s, 1);
	CHECK_STR(call->room_name, "r");
	CHECK_INT(call->raw.len, 0);
	tel_call_free(call);
	contract_close(s);
}

static enum tel_err decide_two(struct tel_step *step, void *ctx)
{
	struct tel_entry *entry;

	(void)ctx;
	step->fresh = contract_new_call(&(struct recipe){ .n = 2, .room = "r", .room_sid = "RM" });
	step->call->status = TEL_CALL_ENDED;
	step->save = true;
	CU_ASSERT_PTR_NOT_NULL(tel_step_entry(step, step->call, 5, TEL_ENTRY_EVENT, TEL_STR("ends")));
	entry = tel_step_entry(step, step->fresh, 6, TEL_ENTRY_JOB, TEL_STR("begins"));
	tel_entry_note(entry, "roomSid", TEL_STR("RM"));
	return TEL_OK;
}

static void one_step_ends_a_call_and_begins_another(void)
{
	struct tel_call_store *s = contract_open();
	struct tel_timeline timeline;
	struct tel_call_id id = contract_id(2);
	struct tel_call *call = NULL;

	contract_make(s, (struct recipe){ .n = 1, .room = "r", .room_sid = "RM" });
	CHECK_INT(s->ops->step(s, ABOUT(.room_name = TEL_STR("r"), .room_sid = TEL_STR("RM")),
			       decide_two, NULL), TEL_OK);
	CHECK_INT(contract_find(s, ABOUT(.room_name = TEL_STR("r"), .room_sid = TEL_STR("RM"))), 2);
	call = contract_get(s, 1);
	CHECK_INT(call->status, TEL_CALL_ENDED);
	CHECK_INT(call->timeline_len, 1);
	tel_call_free(call);
	CHECK_INT(s->ops->get(s, &id, &call, &timeline), TEL_OK);
	CHECK_INT(timeline.n, 1);
	CHECK_STR(timeline.entries[0].what, "begins");
	CHECK_INT(timeline.entries[0].source, TEL_ENTRY_JOB);
	CHECK_STR(timeline.entries[0].notes[0].key, "roomSid");
	CHECK_STR(timeline.entries[0].notes[0].value, "RM");
	tel_timeline_release(&timeline);
	tel_call_free(call);
	contract_close(s);
}

static void nothing_asked_nothing_committed(void)
{
	struct tel_call_store *s = contract_open();
	uint64_t commits;

	contract_make(s, (struct recipe){ .n = 1, .room = "r", .room_sid = "RM" });
	commits = contract_stats(s).commits;
	CHECK_INT(commits, 1);
	CHECK_INT(contract_find(s, ABOUT(.room_name = TEL_STR("r"), .room_sid = TEL_STR("RM"))), 1);
	CHECK_INT(contract_stats(s).commits, commits);
	contract_close(s);
}

/* ---- many at once -------------------------------------------------------------- */

#define THREADS 8
#define ROUNDS 60

static enum tel_err decide_count(struct tel_step *step, void *ctx)
{
	(void)ctx;
	if (!step->call)
		return TEL_ENOTFOUND;
	step->call->updated_at++;
	return tel_step_entry(step, step->call, 1, TEL_ENTRY_EVENT, TEL_STR("+1")) ? TEL_OK : TEL_ENOMEM;
}

struct counter {
	struct tel_call_store *store;
	unsigned own;			/* a call that only this thread makes */
	unsigned failed;
};

static void *count_up(void *ctx)
{
	struct counter *c = ctx;
	struct tel_call_id id = contract_id(1);
	struct tel_step_about about = { .call_id = tel_call_id_str(&id) };
	struct recipe r = { .room = "r", .room_sid = "RM", .due = 5 };
	int i;

	for (i = 0; i < ROUNDS; i++) {
		about.expect_change = i & 1;
		c->failed += c->store->ops->step(c->store, &about, decide_count, NULL) != TEL_OK;
		r.n = c->own + (unsigned)i;
		c->failed += contract_try_make(c->store, &r) != TEL_OK;
	}
	return NULL;
}

static void nothing_is_lost_between_threads(void)
{
	struct tel_call_store *s = contract_open();
	struct counter counters[THREADS];
	pthread_t threads[THREADS];
	struct tel_store_stats stats;
	struct tel_call *call;
	unsigned i;

	contract_make(s, (struct recipe){ .n = 1, .room = "r" });
	for (i = 0; i < THREADS; i++) {
		counters[i] = (struct counter){ .store = s, .own = 1000 * (i + 1) };
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, count_up, &counters[i]), 0);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		CHECK_INT(counters[i].failed, 0);
	}
	call = contract_get(s, 1);
	CHECK_INT(call->updated_at, THREADS * ROUNDS);
	CHECK_INT(call->timeline_len, THREADS * ROUNDS);
	tel_call_free(call);
	stats = contract_stats(s);
	CHECK_INT(stats.calls, THREADS * ROUNDS + 1);
	CHECK_INT(stats.committed_steps, 2 * THREADS * ROUNDS + 1);
	CHECK_INT(stats.timeline_entries, TEL_TIMELINE_HEAD + TEL_TIMELINE_TAIL);
	contract_close(s);
}

CU_TestInfo tel_contract_step_tests[] = {
	{ "a step finds its call in the documented order", a_step_finds_its_call_in_the_documented_order },
	{ "a call that learns its room is found by it", a_call_that_learns_its_room_is_found_by_it },
	{ "the newest call of a room is found", the_newest_call_of_a_room_is_found },
	{ "a moved call is found by both lives of its room", a_moved_call_is_found_by_both_lives_of_its_room },
	{ "what a call no longer names does not find it", what_a_call_no_longer_names_does_not_find_it },
	{ "names with any bytes are kept apart", names_with_any_bytes_are_kept_apart },
	{ "a NUL in a name is part of it", a_nul_in_a_name_is_part_of_it },
	{ "names too long for any room find nothing", names_too_long_for_any_room_find_nothing },
	{ "what decide refuses is not written", what_decide_refuses_is_not_written },
	{ "an id is used once", an_id_is_used_once },
	{ "contradictory steps are refused", contradictory_steps_are_refused },
	{ "a record over its ceiling is refused", a_record_over_its_ceiling_is_refused },
	{ "one step ends a call and begins another", one_step_ends_a_call_and_begins_another },
	{ "nothing asked, nothing committed", nothing_asked_nothing_committed },
	{ "nothing is lost between threads", nothing_is_lost_between_threads },
	CU_TEST_INFO_NULL,
};
