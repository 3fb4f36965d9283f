#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "app/place_call.h"
#include "app/steer_call.h"
#include "fakes/changed_livekit.h"
#include "fakes/failing_store.h"
#include "fakes/rig.h"
#include "harness.h"
#include "memory-store/memory_store.h"
#include "base/banned.h"

/* ---- the stage: one store, one LiveKit, two processes --------------------- */

static const struct tel_str everywhere[] = { TEL_STR("+") };

struct stage {
	struct tel_call_store *store;
	struct tel_fake_livekit *livekit;
	struct tel_fake_clock clock;
	struct tel_rig a, b;
	struct tel_call_id id;
	char identity[TEL_PHONE_IDENTITY];
};

static void open_outbound(struct tel_app *app)
{
	app->guards = (struct tel_guard_policy){ .allow = everywhere, .n_allow = 1 };
	app->default_from = TEL_STR("+15550123");
	app->default_trunk = TEL_STR("ST_1");
	app->policy.dial_within = 60 * TEL_SECOND;
}

static void set_up(struct stage *s)
{
	*s = (struct stage){ 0 };
	tel_fake_clock_init(&s->clock, 1700000000 * TEL_SECOND);
	s->livekit = tel_fake_livekit_new();
	if (!s->livekit || tel_memory_store_open(NULL, &s->store))
		abort();
	tel_rig_init(&s->a, "a", s->store, s->livekit, &s->clock);
	tel_rig_init(&s->b, "b", s->store, s->livekit, &s->clock);
	open_outbound(&s->a.app);
	open_outbound(&s->b.app);
}

static void tear_down(struct stage *s)
{
	tel_rig_release(&s->a);
	tel_rig_release(&s->b);
	tel_fake_livekit_free(s->livekit);
	s->store->ops->close(s->store);
}

static struct tel_placed place_with(struct stage *s, const struct tel_place_request *request)
{
	struct tel_placed placed;

	tel_place_call(&s->a.app, s->a.inbox, request, &placed);
	tel_call_free(placed.place.call);
	placed.place.call = NULL;
	return placed;
}

static void place(struct stage *s)
{
	struct tel_place_request request = {
		.to = TEL_STR("+15550200"), .ringing_timeout = 20 * TEL_SECOND,
		.principal = TEL_STR("token:test"),
	};
	struct tel_placed placed = place_with(s, &request);

	CHECK_INT(placed.status, TEL_PLACED_BY_STEP);
	CHECK_INT(placed.place.result, TEL_PLACE_PLACED);
	CHECK_INT(placed.place.leased, true);
	s->id = placed.place.call_id;
	tel_call_phone_identity(&s->id, s->identity);
}

static struct tel_call *get(struct stage *s)
{
	struct tel_call *call = NULL;

	CHECK_INT(s->store->ops->get(s->store, &s->id, &call, NULL), TEL_OK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(call);
	return call;
}

static void check(struct stage *s, const char *status, const char *outcome, const char *by)
{
	struct tel_call *call = get(s);
	const char *got_outcome = tel_outcome_text(call->outcome);
	const char *got_by = tel_ended_by_text(call->ended_by);

	CHECK_STR(tel_str_from(tel_call_status_text(call->status)), status);
	CHECK_STR(tel_str_from(got_outcome ? got_outcome : "-"), outcome);
	CHECK_STR(tel_str_from(got_by ? got_by : "-"), by);
	tel_call_free(call);
}

static size_t sent(const struct stage *s, enum tel_lk_method method)
{
	return tel_fake_livekit_sent(s->livekit, method);
}

static size_t rung(const struct stage *s)
{
	return tel_fake_livekit_rung(s->livekit, s->identity);
}

/* Process `a` is killed where it stands; `b` can know. */
static void kill_a(struct stage *s)
{
	static char a[] = "a";

	tel_fake_livekit_orphan(s->livekit);
	s->b.process.dead = tel_fake_process_is_named;
	s->b.process.ctx = a;
}

static bool room_is_open(struct stage *s)
{
	struct tel_call *call = get(s);
	char name[TEL_MAX_ROOM_NAME + 1];
	bool open;

	memcpy(name, call->room_name.ptr, call->room_name.len);
	name[call->room_name.len] = '\0';
	open = tel_fake_livekit_is_open(s->livekit, name);
	tel_call_free(call);
	return open;
}

/* ---- what callees do, without a single webhook ------------------------------- */

static void the_reply_alone_tells_the_outcome(void)
{
	static const struct {
		enum tel_fake_callee does;
		const char *status, *outcome, *by;
		int sip;
	} cases[] = {
		{ TEL_FAKE_ANSWERS, "agent_dispatched", "-", "-", 0 },
		{ TEL_FAKE_BUSY, "ended", "busy", "callee", 486 },
		{ TEL_FAKE_DECLINES, "ended", "rejected", "callee", 603 },
		{ TEL_FAKE_NO_SUCH_NUMBER, "failed", "failed", "livekit", 404 },
		{ TEL_FAKE_TRUNK_REFUSES, "ended", "rejected", "callee", 403 },
		{ TEL_FAKE_NOTHING_THERE, "failed", "failed", "livekit", 0 },
		{ TEL_FAKE_NO_TRUNK, "failed", "failed", "livekit", 0 },
		{ TEL_FAKE_NO_SIP, "ended", "unknown", "-", 0 },
	};
	struct tel_call *call;
	struct stage s;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_up(&s);
		tel_fake_livekit_callee(s.livekit, NULL, cases[i].does);
		place(&s);
		CHECK_INT(sent(&s, TEL_LK_CREATE_ROOM), 0);	/* I4 */
		tel_rig_run(&s.a);
		tel_rig_pass(&s.a, 25 * TEL_SECOND);
		check(&s, cases[i].status, cases[i].outcome, cases[i].by);
		call = get(&s);
		CHECK_INT(call->sip_status_code, cases[i].sip);
		CHECK_INT(call->answered_at != 0, cases[i].does == TEL_FAKE_ANSWERS);
		tel_call_free(call);
		CHECK_INT(sent(&s, TEL_LK_CREATE_SIP_PARTICIPANT), 1);
		CHECK_INT(sent(&s, TEL_LK_CREATE_ROOM), 1);
		CHECK_INT(room_is_open(&s), cases[i].does == TEL_FAKE_ANSWERS);
		tear_down(&s);
	}
}

static void out_of_time(struct tel_lk_answer *answer)
{
	answer->code = TEL_STR("deadline_exceeded");
}

/* livekit-sip gives up, or livekit-server does not wait for it any longer. */
static void a_look_tells_whether_it_rang(void)
{
	struct tel_changed_livekit changed;
	struct stage s;
	size_t i;

	for (i = 0; i < 2; i++) {
		set_up(&s);
		tel_changed_livekit_init(&changed, s.a.app.livekit, TEL_LK_CREATE_SIP_PARTICIPANT, i,
					 out_of_time);
		s.a.app.livekit = &changed.base;
		tel_fake_livekit_callee(s.livekit, NULL, TEL_FAKE_RINGS);
		place(&s);
		tel_rig_run(&s.a);
		tel_rig_pass(&s.a, 6 * TEL_SECOND);
		tel_fake_livekit_callee_does(s.livekit, s.identity, TEL_FAKE_NEVER_ANSWERS);
		tel_rig_pass(&s.a, 10 * TEL_SECOND);
		check(&s, "ended", "no_answer", "timeout");
		CHECK_INT(changed.times, 0);
		CU_ASSERT_FALSE(room_is_open(&s));
		tear_down(&s);
	}
}

/* ---- rooms --------------------------------------------------------------------- */

static void nobody_is_dialled_into_somebody_elses_room(void)
{
	struct tel_place_request request = { .to = TEL_STR("+15550200"),
					     .room_name = TEL_STR("theirs") };
	struct tel_call *call;
	struct stage s;

	set_up(&s);
	tel_fake_livekit_open(s.livekit, "theirs", "RM_1");
	s.id = place_with(&s, &request).place.call_id;
	tel_rig_pass(&s.a, 20 * TEL_SECOND);
	check(&s, "failed", "failed", "livekit");
	call = get(&s);
	CHECK_STR(call->error_code, "room_in_use");
	tel_call_free(call);
	CHECK_INT(sent(&s, TEL_LK_CREATE_SIP_PARTICIPANT), 0);
	CU_ASSERT_TRUE(tel_fake_livekit_is_open(s.livekit, "theirs"));
	tear_down(&s);
}

static void no_room(struct tel_lk_answer *answer)
{
	answer->n_rooms = 0;
}

static void a_nameless_room(struct tel_lk_answer *answer)
{
	static const struct tel_lk_room nameless = { .n_people = 0 };

	answer->rooms = &nameless;
}

/* It says that it made one, and not which. */
static void a_room_that_is_not_told_is_asked_for_again(void)
{
	static void (*const changes[])(struct tel_lk_answer *) = { no_room, a_nameless_room };
	struct tel_changed_livekit changed;
	struct stage s;
	size_t i;

	for (i = 0; i < 2; i++) {
		set_up(&s);
		tel_changed_livekit_init(&changed, s.a.app.livekit, TEL_LK_CREATE_ROOM, 1,
					 changes[i]);
		s.a.app.livekit = &changed.base;
		place(&s);
		tel_rig_pass(&s.a, 5 * TEL_SECOND);
		CHECK_INT(sent(&s, TEL_LK_CREATE_ROOM), 2);
		CHECK_INT(rung(&s), 1);
		check(&s, "agent_dispatched", "-", "-");
		tear_down(&s);
	}
}

/* Whom the call dialled is nobody's phone once it is over. */
static void its_own_phone_does_not_keep_the_room(void)
{
	struct stage s;

	set_up(&s);
	place(&s);
	tel_rig_pass(&s.a, 5 * TEL_SECOND);
	check(&s, "agent_dispatched", "-", "-");
	s.clock.now += TEL_DAY;				/* its leaving is not heard of */
	tel_rig_pass(&s.a, 15 * TEL_SECOND);
	check(&s, "ended", "completed", "timeout");
	CHECK_INT(sent(&s, TEL_LK_DELETE_ROOM), 1);
	CU_ASSERT_FALSE(room_is_open(&s));
	tear_down(&s);
}

/* ---- at most once ---------------------------------------------------------------- */

static void whatever_fails_it_rings_once(void)
{
	static const struct {
		enum tel_lk_method method;
		enum tel_fake_fault fault;
		const char *outcome;
	} cases[] = {
		{ TEL_LK_CREATE_ROOM, TEL_FAKE_ANSWER_LOST, "-" },
		{ TEL_LK_CREATE_ROOM, TEL_FAKE_REQUEST_LOST, "-" },
		{ TEL_LK_CREATE_ROOM, TEL_FAKE_NOT_SENT, "-" },
		{ TEL_LK_CREATE_ROOM, TEL_FAKE_TRY_LATER, "-" },
		{ TEL_LK_CREATE_ROOM, TEL_FAKE_REFUSED, "failed" },
		{ TEL_LK_CREATE_ROOM, TEL_FAKE_BAD_REQUEST, "failed" },
		{ TEL_LK_CREATE_ROOM, TEL_FAKE_NO_SEND, "-" },
		{ TEL_LK_CREATE_SIP_PARTICIPANT, TEL_FAKE_ANSWER_LOST, "-" },
		{ TEL_LK_CREATE_SIP_PARTICIPANT, TEL_FAKE_REQUEST_LOST, "unknown" },
		{ TEL_LK_CREATE_SIP_PARTICIPANT, TEL_FAKE_NOT_SENT, "-" },
		{ TEL_LK_CREATE_SIP_PARTICIPANT, TEL_FAKE_TRY_LATER, "-" },
		{ TEL_LK_CREATE_SIP_PARTICIPANT, TEL_FAKE_BAD_REQUEST, "failed" },
		{ TEL_LK_CREATE_SIP_PARTICIPANT, TEL_FAKE_NO_SEND, "-" },
		{ TEL_LK_GET_PARTICIPANT, TEL_FAKE_REFUSED, "-" },
	};
	struct tel_call *call;
	struct stage s;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_up(&s);
		tel_fake_livekit_fault(s.livekit, cases[i].method, cases[i].fault);
		place(&s);
		tel_rig_run(&s.a);
		tel_rig_pass(&s.a, 30 * TEL_SECOND);
		call = get(&s);
		CHECK_STR(tel_str_from(call->outcome ? tel_outcome_text(call->outcome) : "-"),
			  cases[i].outcome);
		if (!call->outcome)
			CU_ASSERT_TRUE(call->answered_at != 0);
		tel_call_free(call);
		CU_ASSERT_TRUE(rung(&s) <= 1);
		CU_ASSERT_TRUE(tel_fake_livekit_most_living(s.livekit) <= 1);
		tear_down(&s);
	}
}

static void a_dead_process_dials_no_more(void)
{
	static const struct {
		const char *name;
		enum tel_lk_method method;
		enum tel_fake_fault fault;
		bool rings;
	} cases[] = {
		{ "before the room is asked for", TEL_LK_CREATE_ROOM, TEL_FAKE_NO_SEND, true },
		{ "while the room is made", TEL_LK_CREATE_ROOM, TEL_FAKE_HELD, true },
		{ "after the room was made", TEL_LK_CREATE_ROOM, TEL_FAKE_ANSWER_HELD, true },
		{ "before the dial", TEL_LK_CREATE_SIP_PARTICIPANT, TEL_FAKE_NO_SEND, false },
		{ "while it rings", TEL_LK_CREATE_SIP_PARTICIPANT, TEL_FAKE_ANSWER_HELD, true },
	};
	struct tel_call *call;
	struct stage s;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_up(&s);
		tel_fake_livekit_fault(s.livekit, cases[i].method, cases[i].fault);
		place(&s);
		tel_rig_run(&s.a);
		kill_a(&s);
		tel_fake_livekit_release_held(s.livekit);
		tel_rig_pass(&s.b, 40 * TEL_SECOND);
		CHECK_INT(rung(&s), cases[i].rings);
		CU_ASSERT_TRUE(tel_fake_livekit_most_living(s.livekit) <= 1);
		call = get(&s);
		CHECK_INT(call->answered_at != 0, cases[i].rings);
		CHECK_INT(call->outcome, cases[i].rings ? TEL_OUTCOME_NONE : TEL_OUTCOME_UNKNOWN);
		tel_call_free(call);
		tear_down(&s);
	}
}

/*
 * One job at a time tries whether LiveKit is back; a dial, which is not answered
 * before the phone is, is none that does.
 */
static void a_phone_that_rings_keeps_nobody_from_trying(void)
{
	struct stage s;
	size_t i;

	set_up(&s);
	tel_fake_livekit_callee(s.livekit, NULL, TEL_FAKE_RINGS);
	for (i = 0; i < 5; i++)
		tel_fake_livekit_fault(s.livekit, TEL_LK_GET_PARTICIPANT, TEL_FAKE_NOT_SENT);
	place(&s);
	tel_rig_pass(&s.a, 15 * TEL_SECOND);
	CU_ASSERT_TRUE(sent(&s, TEL_LK_GET_PARTICIPANT) > 3);
	tel_rig_pass(&s.a, 20 * TEL_SECOND);
	CU_ASSERT_TRUE(sent(&s, TEL_LK_GET_PARTICIPANT) > 6);
	CHECK_INT(rung(&s), 1);
	tear_down(&s);
}

/* It is not over for that: nothing is heard of a phone that rings. */
static void a_phone_rings_longer_than_a_call_may_be_quiet(void)
{
	struct tel_place_request request = {
		.to = TEL_STR("+15550200"), .ringing_timeout = 80 * TEL_SECOND,
	};
	struct stage s;

	set_up(&s);
	s.a.app.policy.max_age = TEL_MINUTE;
	tel_fake_livekit_callee(s.livekit, NULL, TEL_FAKE_RINGS);
	s.id = place_with(&s, &request).place.call_id;
	tel_call_phone_identity(&s.id, s.identity);
	tel_rig_pass(&s.a, 75 * TEL_SECOND);
	CU_ASSERT_TRUE(tel_fake_livekit_rings(s.livekit, s.identity));
	check(&s, "agent_dispatched", "-", "-");
	tear_down(&s);
}

/* Every process was away meanwhile. */
static void nobody_is_called_an_hour_later(void)
{
	static const enum tel_fake_fault faults[] = { TEL_FAKE_NO_SEND, TEL_FAKE_ANSWER_HELD };
	struct stage s;
	size_t i;

	for (i = 0; i < 2; i++) {
		set_up(&s);
		tel_fake_livekit_fault(s.livekit, TEL_LK_CREATE_ROOM, faults[i]);
		place(&s);
		tel_rig_run(&s.a);
		kill_a(&s);
		s.clock.now += TEL_HOUR;
		tel_rig_pass(&s.b, 5 * TEL_SECOND);
		CHECK_INT(sent(&s, TEL_LK_CREATE_ROOM), i);
		CHECK_INT(sent(&s, TEL_LK_CREATE_SIP_PARTICIPANT), 0);
		check(&s, "failed", "failed", "livekit");
		if (i > 0)
			CU_ASSERT_FALSE(room_is_open(&s));
		tear_down(&s);
	}
}

/* It had the room made under way, and was not heard of for nearly a lease. */
static void a_process_that_slept_asks_anew(void)
{
	struct stage s;

	set_up(&s);
	tel_fake_livekit_fault(s.livekit, TEL_LK_CREATE_ROOM, TEL_FAKE_NO_SEND);
	s.a.app.policy.dial_within = TEL_HOUR;
	place(&s);
	tel_rig_run(&s.a);
	s.clock.now += TEL_LEASE_TIME - TEL_SECOND;
	tel_rig_run(&s.a);
	CHECK_INT(sent(&s, TEL_LK_CREATE_ROOM), 0);
	CHECK_INT(tel_fake_log_count(&s.a.log, " room_retry "), 1);
	tel_rig_pass(&s.a, 5 * TEL_SECOND);
	CHECK_INT(sent(&s, TEL_LK_CREATE_ROOM), 1);
	CHECK_INT(rung(&s), 1);
	tear_down(&s);
}

/* Whichever step fails for a while, it is done later, and once. */
static void trouble_of_the_store_dials_nobody_twice(void)
{
	struct tel_failing_store f;
	struct stage s;
	size_t at;

	for (at = 1; at < 6; at++) {
		set_up(&s);
		place(&s);
		tel_failing_store_init(&f, s.store);
		tel_failing_store_set(&f, &(struct tel_store_fault){
			.calls = TEL_CALL_STEP, .at = at, .times = 2, .err = TEL_EBUSY });
		s.a.app.store = &f.base;
		tel_rig_pass(&s.a, 20 * TEL_SECOND);
		CHECK_INT(sent(&s, TEL_LK_CREATE_ROOM), 1);
		CHECK_INT(rung(&s), 1);
		check(&s, "agent_dispatched", "-", "-");
		tear_down(&s);
	}
}

/* ---- who asked ---------------------------------------------------------------------- */

static struct tel_str note_of(const struct tel_timeline *timeline, const char *what, const char *key)
{
	size_t i, k;

	for (i = 0; i < timeline->n; i++)
		for (k = 0; k < timeline->entries[i].n_notes; k++)
			if (tel_str_is(timeline->entries[i].what, what) &&
			    tel_str_is(timeline->entries[i].notes[k].key, key))
				return timeline->entries[i].notes[k].value;
	return TEL_STR_NONE;
}

static void the_timeline_says_who_asked(void)
{
	static const struct { const char *what, *by; } want[] = {
		{ "place", "token:crm" }, { "transfer", "token:desk" }, { "hang_up", "key:ops" } };
	struct tel_place_request request = { .to = TEL_STR("+15550200"),
					     .principal = tel_str_from(want[0].by) };
	struct tel_ask_transfer ask = { .to = TEL_STR("tel:+15550300"),
					.by = tel_str_from(want[1].by) };
	struct tel_timeline timeline = { .n = 0 };
	struct tel_hang_up hang_up;
	struct tel_call *call;
	struct stage s;
	size_t i;

	set_up(&s);
	tel_fake_livekit_callee(s.livekit, NULL, TEL_FAKE_RINGS);
	s.id = place_with(&s, &request).place.call_id;
	tel_call_phone_identity(&s.id, s.identity);
	tel_rig_run(&s.a);
	tel_rig_pass(&s.a, 4 * TEL_SECOND);		/* seen by a look */
	tel_fake_livekit_callee_does(s.livekit, s.identity, TEL_FAKE_ANSWERS);
	tel_rig_pass(&s.a, 4 * TEL_SECOND);
	CHECK_INT(tel_transfer_call(&s.a.app, tel_call_id_str(&s.id), &ask), TEL_OK);
	CHECK_INT(tel_hang_up_call(&s.a.app, tel_call_id_str(&s.id), tel_str_from(want[2].by),
				   &hang_up), TEL_OK);
	CHECK_INT(s.store->ops->get(s.store, &s.id, &call, &timeline), TEL_OK);
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		CHECK_STR(note_of(&timeline, want[i].what, "by"), want[i].by);
	tel_timeline_release(&timeline);
	tel_call_free(call);
	tel_call_free(hang_up.call);
	tel_call_free(ask.call);
	tear_down(&s);
}

/* ---- steering ----------------------------------------------------------------------- */

static void hang_up(struct stage *s, bool was_over)
{
	struct tel_hang_up out;

	CHECK_INT(tel_hang_up_call(&s->b.app, tel_call_id_str(&s->id), TEL_STR("token:test"), &out),
		  TEL_OK);
	CHECK_INT(out.was_over, was_over);
	tel_call_free(out.call);
}

static void hanging_up(void)
{
	static const struct { enum tel_fake_callee does; bool started; const char *outcome; size_t rung; } cases[] = {
		{ TEL_FAKE_ANSWERS, false, "canceled", 0 },	/* queued: nobody is dialled */
		{ TEL_FAKE_RINGS, true, "canceled", 1 },
		{ TEL_FAKE_ANSWERS, true, "completed", 1 },
	};
	struct stage s;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_up(&s);
		tel_fake_livekit_callee(s.livekit, NULL, cases[i].does);
		place(&s);
		if (cases[i].started)
			tel_rig_run(&s.a);
		hang_up(&s, false);
		tel_rig_run(&s.b);
		tel_rig_pass(&s.a, 10 * TEL_SECOND);
		check(&s, "ended", cases[i].outcome, "api");
		CHECK_INT(rung(&s), cases[i].rung);
		CU_ASSERT_FALSE(room_is_open(&s));
		hang_up(&s, true);
		tear_down(&s);
	}
}

/* Between the room's making and the dial. */
static void hung_up_just_before_it_is_dialled(void)
{
	struct stage s;

	set_up(&s);
	tel_fake_livekit_fault(s.livekit, TEL_LK_CREATE_SIP_PARTICIPANT, TEL_FAKE_NO_SEND);
	place(&s);
	tel_rig_run(&s.a);
	CHECK_INT(sent(&s, TEL_LK_CREATE_ROOM), 1);
	hang_up(&s, false);
	tel_rig_pass(&s.a, 10 * TEL_SECOND);
	check(&s, "ended", "canceled", "api");
	CHECK_INT(sent(&s, TEL_LK_CREATE_SIP_PARTICIPANT), 0);
	CU_ASSERT_FALSE(room_is_open(&s));
	tear_down(&s);
}

static void throw_switch(struct stage *s, bool stop, bool changed)
{
	struct tel_throw_switch out;
	tel_time stopped_at;

	CHECK_INT(tel_switch_outbound(&s->b.app, stop, &out), TEL_OK);
	CHECK_INT(out.changed, changed);
	CHECK_INT(tel_outbound_stopped(&s->a.app, &stopped_at), TEL_OK);
	CHECK_INT(stopped_at != 0, stop);
	CHECK_INT(out.stopped_at, stopped_at);
}

static void stopped_nobody_is_dialled(void)
{
	struct tel_place_request request = { .to = TEL_STR("+15550200") };
	struct stage s;

	set_up(&s);
	throw_switch(&s, false, false);
	place(&s);
	throw_switch(&s, true, true);
	throw_switch(&s, true, false);
	CHECK_INT(place_with(&s, &request).place.result, TEL_PLACE_REFUSED);
	tel_rig_pass(&s.a, 15 * TEL_SECOND);
	check(&s, "ended", "canceled", "api");
	CHECK_INT(sent(&s, TEL_LK_CREATE_SIP_PARTICIPANT), 0);
	throw_switch(&s, false, true);
	CHECK_INT(tel_fake_log_count(&s.b.log, " outbound_switch "), 4);
	place(&s);
	tel_rig_pass(&s.a, 5 * TEL_SECOND);
	CHECK_INT(rung(&s), 1);
	tear_down(&s);
}

static void a_transfer_obeys_the_prefixes(void)
{
	static const struct tel_str allow[] = { TEL_STR("+1555") }, deny[] = { TEL_STR("+15559") };
	static const struct { const char *to; enum tel_ask_transfer_result want; } cases[] = {
		{ "tel:+15550300", TEL_ASK_NO_PHONE }, { "tel:+442079460000", TEL_ASK_FORBIDDEN },
		{ "sip:+442079460000@example.com", TEL_ASK_FORBIDDEN },
		{ "sip:00442079460000@example.com", TEL_ASK_FORBIDDEN },
		{ "tel:+15559000", TEL_ASK_FORBIDDEN }, { "sip:desk@example.com", TEL_ASK_NO_PHONE },
		/* Dialled as numbers, though no prefix can tell where to. */
		{ "sip:0190123456@example.com", TEL_ASK_FORBIDDEN },
		{ "sip:9005550@example.com;user=phone", TEL_ASK_FORBIDDEN },
		{ "sip:*72(900)555-0100@example.com", TEL_ASK_FORBIDDEN },
		{ "sip:011442079460000@example.com", TEL_ASK_FORBIDDEN },
		{ "sip:1001@example.com", TEL_ASK_NO_PHONE },
		{ "sip:desk20261127@example.com", TEL_ASK_NO_PHONE },
		{ "sip:10.20.30.4", TEL_ASK_NO_PHONE },
	};
	struct tel_ask_transfer ask;
	struct stage s;
	size_t i;

	set_up(&s);
	place(&s);
	s.b.app.guards = (struct tel_guard_policy){ .allow = allow, .n_allow = 1,
						    .deny = deny, .n_deny = 1 };
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ask = (struct tel_ask_transfer){ .to = tel_str_from(cases[i].to) };
		CHECK_INT(tel_transfer_call(&s.b.app, tel_call_id_str(&s.id), &ask), TEL_OK);
		CHECK_INT(ask.result, cases[i].want);
		tel_call_free(ask.call);
	}
	tear_down(&s);
}

/* Somebody's phone rings by it, and is paid for. */
static void a_transfer_obeys_the_switch(void)
{
	static const struct tel_str allow[] = { TEL_STR("+1555") };
	static const struct { bool stop; const char *to; enum tel_ask_transfer_result want; } cases[] = {
		{ true, "tel:+15550300", TEL_ASK_FORBIDDEN },
		{ true, "sip:+15550300@example.com", TEL_ASK_FORBIDDEN },
		{ true, "sip:desk@example.com", TEL_ASK_NO_PHONE },
		{ false, "tel:+15550300", TEL_ASK_NO_PHONE },
	};
	struct tel_throw_switch thrown;
	struct tel_ask_transfer ask;
	struct stage s;
	size_t i;

	set_up(&s);
	place(&s);
	s.b.app.guards = (struct tel_guard_policy){ .allow = allow, .n_allow = 1 };
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK_INT(tel_switch_outbound(&s.b.app, cases[i].stop, &thrown), TEL_OK);
		ask = (struct tel_ask_transfer){ .to = tel_str_from(cases[i].to) };
		CHECK_INT(tel_transfer_call(&s.b.app, tel_call_id_str(&s.id), &ask), TEL_OK);
		CHECK_INT(ask.result, cases[i].want);
		if (cases[i].want == TEL_ASK_FORBIDDEN) {
			CU_ASSERT_PTR_NOT_NULL(strstr(ask.guard.detail, "outbound start"));
			CU_ASSERT_PTR_NULL(ask.call);
		}
		tel_call_free(ask.call);
	}
	tear_down(&s);
}

static void answer(struct stage *s)
{
	tel_fake_livekit_callee(s->livekit, NULL, TEL_FAKE_RINGS);
	place(s);
	tel_rig_run(&s->a);
	tel_rig_pass(&s->a, 4 * TEL_SECOND);		/* seen by a look */
	tel_fake_livekit_callee_does(s->livekit, s->identity, TEL_FAKE_ANSWERS);
	tel_rig_pass(&s->a, 4 * TEL_SECOND);
}

static void ask_transfer(struct stage *s)
{
	struct tel_ask_transfer ask = { .to = TEL_STR("tel:+15550300") };

	CHECK_INT(tel_transfer_call(&s->b.app, tel_call_id_str(&s->id), &ask), TEL_OK);
	CHECK_INT(ask.result, TEL_ASK_ACCEPTED);
	tel_call_free(ask.call);
}

static void check_transfer(struct stage *s, enum tel_transfer_state want)
{
	struct tel_call *call = get(s);

	CHECK_INT(call->transfer.state, want);
	tel_call_free(call);
}

static void transferring(void)
{
	static const struct { enum tel_fake_fault fault; int sip; enum tel_transfer_state want; } cases[] = {
		{ TEL_FAKE_FINE, 0, TEL_TRANSFER_DONE },
		{ TEL_FAKE_FINE, 603, TEL_TRANSFER_FAILED },
		{ TEL_FAKE_ANSWER_LOST, 0, TEL_TRANSFER_UNKNOWN },
		{ TEL_FAKE_NOT_SENT, 0, TEL_TRANSFER_DONE },
		{ TEL_FAKE_REFUSED, 0, TEL_TRANSFER_FAILED },
	};
	struct stage s;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_up(&s);
		tel_fake_livekit_transfers(s.livekit, cases[i].sip);
		tel_fake_livekit_fault(s.livekit, TEL_LK_TRANSFER_SIP_PARTICIPANT, cases[i].fault);
		answer(&s);
		ask_transfer(&s);
		tel_rig_pass(&s.b, 5 * TEL_SECOND);
		check_transfer(&s, cases[i].want);
		CHECK_INT(sent(&s, TEL_LK_TRANSFER_SIP_PARTICIPANT),
			  cases[i].fault == TEL_FAKE_NOT_SENT ? 2 : 1);
		tear_down(&s);
	}
}

static void hung_up_just_before_it_is_transferred(void)
{
	struct stage s;

	set_up(&s);
	tel_fake_livekit_fault(s.livekit, TEL_LK_TRANSFER_SIP_PARTICIPANT, TEL_FAKE_NO_SEND);
	answer(&s);
	ask_transfer(&s);
	tel_rig_pass(&s.a, TEL_RUNNER_SCAN_EVERY);
	check_transfer(&s, TEL_TRANSFER_REQUESTED);
	hang_up(&s, false);
	tel_rig_pass(&s.a, 10 * TEL_SECOND);
	check_transfer(&s, TEL_TRANSFER_FAILED);
	check(&s, "ended", "completed", "api");
	CHECK_INT(sent(&s, TEL_LK_TRANSFER_SIP_PARTICIPANT), 0);
	tear_down(&s);
}

/* ---- placing -------------------------------------------------------------------------- */

static void what_is_missing_is_said(void)
{
	struct tel_place_request request = { .to = TEL_STR("+15550200") };
	struct stage s;

	set_up(&s);
	s.a.app.default_from = TEL_STR_NONE;
	CHECK_INT(place_with(&s, &request).status, TEL_PLACED_NO_FROM);
	s.a.app.default_from = TEL_STR("+15550123");
	s.a.app.default_trunk = TEL_STR_NONE;
	CHECK_INT(place_with(&s, &request).status, TEL_PLACED_NO_TRUNK);
	s.a.app.enabled = false;
	CHECK_INT(place_with(&s, &request).status, TEL_PLACED_DISABLED);
	s.a.app.enabled = true;
	s.a.app.default_trunk = TEL_STR("ST_1");
	s.a.routing.fail = TEL_ETOOBIG;
	CHECK_INT(place_with(&s, &request).status, TEL_PLACED_BAD_CONFIG);
	s.a.routing.fail = TEL_ENOMEM;
	CHECK_INT(place_with(&s, &request).status, TEL_PLACED_UNAVAILABLE);
	s.a.routing.fail = TEL_OK;
	s.a.random.fail = TEL_EIO;
	CHECK_INT(place_with(&s, &request).status, TEL_PLACED_UNAVAILABLE);
	s.a.random.fail = TEL_OK;
	s.a.app.guards.n_allow = 0;
	CHECK_INT(place_with(&s, &request).place.result, TEL_PLACE_REFUSED);
	s.a.app.guards.n_allow = 1;
	request.dry_run = true;
	CHECK_INT(place_with(&s, &request).place.result, TEL_PLACE_DRY);
	tel_rig_run(&s.a);
	CHECK_INT(sent(&s, TEL_LK_CREATE_ROOM), 0);
	CU_ASSERT_TRUE(tel_inbox_is_idle(s.a.inbox));
	tear_down(&s);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{ "the reply alone tells the outcome", the_reply_alone_tells_the_outcome },
		{ "a look tells whether it rang", a_look_tells_whether_it_rang },
		{ "nobody is dialled into somebody else's room",
		  nobody_is_dialled_into_somebody_elses_room },
		{ "a room that is not told is asked for again",
		  a_room_that_is_not_told_is_asked_for_again },
		{ "its own phone does not keep the room", its_own_phone_does_not_keep_the_room },
		{ "whatever fails, it rings once", whatever_fails_it_rings_once },
		{ "a dead process dials no more", a_dead_process_dials_no_more },
		{ "a phone that rings keeps nobody from trying",
		  a_phone_that_rings_keeps_nobody_from_trying },
		{ "a phone rings longer than a call may be quiet",
		  a_phone_rings_longer_than_a_call_may_be_quiet },
		{ "nobody is called an hour later", nobody_is_called_an_hour_later },
		{ "a process that slept asks anew", a_process_that_slept_asks_anew },
		{ "trouble of the store dials nobody twice", trouble_of_the_store_dials_nobody_twice },
		{ "the timeline says who asked", the_timeline_says_who_asked },
		{ "hanging up", hanging_up },
		{ "hung up just before it is dialled", hung_up_just_before_it_is_dialled },
		{ "stopped, nobody is dialled", stopped_nobody_is_dialled },
		{ "a transfer obeys the prefixes", a_transfer_obeys_the_prefixes },
		{ "a transfer obeys the switch", a_transfer_obeys_the_switch },
		{ "transferring", transferring },
		{ "hung up just before it is transferred", hung_up_just_before_it_is_transferred },
		{ "what is missing is said", what_is_missing_is_said },
		CU_TEST_INFO_NULL
	};
	CU_SuiteInfo suites[] = {
		{ "outbound use cases", NULL, NULL, NULL, NULL, tests },
		CU_SUITE_INFO_NULL
	};

	return tel_run_suites(suites);
}
