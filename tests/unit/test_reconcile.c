/*
 * Comparing our calls with what LiveKit shows, by one or two processes on one
 * store.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/reconcile.h"
#include "fakes/failing_store.h"
#include "fakes/fake_world.h"
#include "fakes/rig.h"
#include "harness.h"
#include "memory-store/memory_store.h"
#include "base/banned.h"

#define ROUND (15 * TEL_SECOND)

struct stage {
	struct tel_call_store *store;
	struct tel_fake_livekit *livekit;
	struct tel_fake_clock clock;
	struct tel_rig a, b;
	struct tel_reconciler *reconciler; /* of process a, besides its runner's */
	size_t lists, looks;		/* requests, when reset() was called */
	uint64_t commits;		/* the same */
	int events;
};

static void set_up(struct stage *s)
{
	*s = (struct stage){ 0 };
	tel_fake_clock_init(&s->clock, 1700000000 * TEL_SECOND);
	s->livekit = tel_fake_livekit_new();
	if (!s->livekit || tel_memory_store_open(NULL, &s->store))
		abort();
	tel_fake_livekit_clock(s->livekit, &s->clock);
	tel_rig_init(&s->a, "a", s->store, s->livekit, &s->clock);
	tel_rig_init(&s->b, "b", s->store, s->livekit, &s->clock);
	if (tel_reconciler_new(&s->a.app, &s->reconciler))
		abort();
}

static void tear_down(struct stage *s)
{
	tel_reconciler_free(s->reconciler);
	tel_rig_release(&s->a);
	tel_rig_release(&s->b);
	tel_fake_livekit_free(s->livekit);
	s->store->ops->close(s->store);
}

static size_t sent(const struct stage *s, enum tel_lk_method method)
{
	return tel_fake_livekit_sent(s->livekit, method);
}

static struct tel_store_stats stats_of(struct stage *s)
{
	struct tel_store_stats stats;

	CHECK_INT(s->store->ops->stats(s->store, &stats), TEL_OK);
	return stats;
}

/* What is sent and written from now on. */
static void reset(struct stage *s)
{
	s->lists = sent(s, TEL_LK_LIST_ROOMS);
	s->looks = sent(s, TEL_LK_LIST_PARTICIPANTS);
	s->commits = stats_of(s).commits;
}

static size_t lists(const struct stage *s)
{
	return sent(s, TEL_LK_LIST_ROOMS) - s->lists;
}

static size_t looks(const struct stage *s)
{
	return sent(s, TEL_LK_LIST_PARTICIPANTS) - s->looks;
}

static uint64_t commits(struct stage *s)
{
	return stats_of(s).commits - s->commits;
}

/* ---- who is where ------------------------------------------------------------------ */

static struct tel_participant phone(const char *sid)
{
	return (struct tel_participant){
		.kind = TEL_PARTICIPANT_SIP, .sid = tel_str_from(sid),
		.identity = TEL_STR("sip_+15550100"), .sip_call_id = tel_str_from(sid + 3),
		.sip_status = TEL_SIP_RINGING, .rule_id = TEL_STR("SDR_1"),
		.number = TEL_STR("+15550100"), .trunk_number = TEL_STR("+15550123"),
	};
}

/* Nobody tells us of it. */
static void caller(struct stage *s, const char *room, const char *life, const char *sid)
{
	struct tel_participant p = phone(sid);

	tel_fake_livekit_open(s->livekit, room, life);
	tel_fake_livekit_caller(s->livekit, room, &p);
}

static struct tel_str text(struct tel_event *e, struct tel_str value)
{
	struct tel_str out;

	if (tel_arena_copy(&e->mem, value, TEL_MAX_TEXT, &out))
		abort();
	return out;
}

static void tell(struct stage *s, enum tel_event_kind kind, const char *room, const char *life,
		 const char *sid)
{
	struct tel_participant p = phone(sid);
	struct tel_event e = { .kind = kind };
	char id[16];

	tel_arena_init(&e.mem, TEL_MAX_CALL_ARENA);
	snprintf(id, sizeof(id), "EV_%d", ++s->events);
	e.id = text(&e, tel_str_from(id));
	e.name = text(&e, TEL_STR("event"));
	e.room_name = text(&e, tel_str_from(room));
	e.room_sid = text(&e, tel_str_from(life));
	e.room_created_at = s->clock.now;
	e.participant = p;
	e.participant.sid = text(&e, p.sid);
	e.participant.sip_call_id = text(&e, p.sip_call_id);
	CHECK_INT(tel_rig_deliver(&s->a, &e).status, TEL_RECEIVED);
}

/* … and we are told, and it has its agent. */
static void known_caller(struct stage *s, const char *room, const char *life, const char *sid)
{
	caller(s, room, life, sid);
	tell(s, TEL_EVENT_PARTICIPANT_JOINED, room, life, sid);
	tel_rig_pass(&s->a, 3 * TEL_SECOND);
}

/* An agent of ours, sent by nobody whom we know. */
static void stray_agent(struct stage *s, const char *room, const char *life)
{
	struct tel_livekit *port = tel_fake_livekit_port(s->livekit);
	struct tel_call *call = tel_call_new();
	struct tel_lk_request request = {
		.method = TEL_LK_CREATE_DISPATCH, .room = tel_str_from(room),
		.agent_name = TEL_STR("agent"), .agent_config = TEL_STR("{}"), .call = call,
	};

	if (!call)
		abort();
	call->room_sid = tel_str_from(life);
	CHECK_INT(port->ops->send(port, &request, NULL, NULL), TEL_OK);
	CHECK_INT(port->ops->poll(port, 0), TEL_OK);
	tel_call_free(call);
}

static size_t calls(struct stage *s, bool live)
{
	struct tel_store_stats stats = stats_of(s);

	return live ? stats.live_calls : stats.calls;
}

static size_t made(const struct stage *s)
{
	return tel_fake_livekit_dispatches(s->livekit, NULL);
}

/* ---- rounds ---------------------------------------------------------------------------- */

/* One round of process a, from its beginning to its end. */
static void round_of(struct stage *s, struct tel_reconciler *r)
{
	struct tel_livekit *port = tel_fake_livekit_port(s->livekit);
	int turns = 0;

	do {
		(void)tel_reconciler_turn(r, s->clock.now);
		CU_ASSERT_TRUE(s->livekit->n_pending <= TEL_RECONCILE_AT_ONCE);
		(void)port->ops->poll(port, 0);
	} while (!tel_reconciler_is_idle(r) && ++turns < 1000);
	CU_ASSERT_TRUE(tel_reconciler_is_idle(r));
}

static void a_round(struct stage *s)
{
	s->a.app.reconcile_interval = ROUND;
	reset(s);
	round_of(s, s->reconciler);
}

static void next_round(struct stage *s)
{
	s->clock.now += ROUND;
	a_round(s);
}

/* Both processes go on, turn by turn. */
static void pass(struct stage *s, tel_time ms)
{
	tel_time until = s->clock.now + ms;

	while (s->clock.now < until) {
		s->clock.now += TEL_RUNNER_SCAN_EVERY;
		tel_rig_run(&s->a);
		tel_rig_run(&s->b);
	}
}

/* ---- whose duty it is -------------------------------------------------------------------- */

static void both_compare(struct stage *s)
{
	s->a.app.reconcile_interval = s->b.app.reconcile_interval = ROUND;
}

static size_t rounds(struct tel_rig *rig)
{
	return tel_fake_log_count(&rig->log, " reconciled ");
}

static void one_process_has_the_duty(void)
{
	struct stage s;

	set_up(&s);
	both_compare(&s);
	tel_rig_run(&s.a);
	tel_rig_run(&s.b);
	pass(&s, 4 * ROUND);
	CHECK_INT(rounds(&s.a), 5);
	CHECK_INT(rounds(&s.b), 0);
	CHECK_INT(sent(&s, TEL_LK_LIST_ROOMS), 5);
	tear_down(&s);
}

/* Whoever dies with the duty has it no more; one who hangs loses it in the end. */
static void it_passes_to_another(void)
{
	static const struct { bool dead; tel_time after, before; } cases[] = {
		{ true, 0, 3 * TEL_SECOND },
		{ false, 90 * TEL_SECOND, 125 * TEL_SECOND },
	};
	static char a[] = "a";
	struct stage s;
	size_t i;

	for (i = 0; i < 2; i++) {
		set_up(&s);
		both_compare(&s);
		tel_rig_run(&s.a);
		tel_rig_run(&s.b);
		pass(&s, ROUND + 5 * TEL_SECOND);
		CHECK_INT(rounds(&s.b), 0);
		if (cases[i].dead)
			s.b.process.dead = tel_fake_process_is_named;
		s.b.process.ctx = a;
		tel_rig_pass(&s.b, cases[i].after);
		CHECK_INT(rounds(&s.b), 0);
		tel_rig_pass(&s.b, cases[i].before - cases[i].after);
		CU_ASSERT_TRUE(rounds(&s.b) >= 1);
		tear_down(&s);
	}
}

static void whoever_stops_leaves_it_to_others(void)
{
	struct stage s;

	set_up(&s);
	both_compare(&s);
	tel_rig_run(&s.a);
	tel_rig_run(&s.b);
	pass(&s, ROUND + 5 * TEL_SECOND);
	CHECK_INT(rounds(&s.b), 0);
	tel_runner_stop(s.a.runner);
	tel_rig_pass(&s.b, 3 * TEL_SECOND);
	CHECK_INT(rounds(&s.b), 1);
	tear_down(&s);
}

/* It cannot be written that the duty is left: its lease ends, as all do. */
static void leaving_it_may_fail(void)
{
	struct tel_failing_store f;
	struct stage s;

	set_up(&s);
	a_round(&s);
	tel_failing_store_init(&f, s.store);
	tel_failing_store_set(&f, &(struct tel_store_fault){
		.calls = TEL_CALL_STEP, .at = 1, .times = 1, .err = TEL_EIO });
	s.a.app.store = &f.base;
	tel_reconciler_stop(s.reconciler);
	CHECK_INT(f.failed, 1);
	CHECK_INT(tel_fake_log_count(&s.a.log, " duty_not_left "), 1);
	s.b.app.reconcile_interval = ROUND;
	tel_rig_pass(&s.b, ROUND + TEL_SECOND);
	CHECK_INT(rounds(&s.b), 0);
	tel_rig_pass(&s.b, 2 * TEL_MINUTE);
	CU_ASSERT_TRUE(rounds(&s.b) >= 1);
	tear_down(&s);
}

/* A round that was begun by the dead one a moment ago is not begun anew. */
static void what_ran_lately_is_not_run_again(void)
{
	static char a[] = "a";
	struct stage s;

	set_up(&s);
	both_compare(&s);
	tel_rig_run(&s.a);
	s.b.process.dead = tel_fake_process_is_named;
	s.b.process.ctx = a;
	tel_rig_pass(&s.b, ROUND - TEL_SECOND);
	CHECK_INT(rounds(&s.b), 0);
	tel_rig_pass(&s.b, 2 * TEL_SECOND);
	CHECK_INT(rounds(&s.b), 1);
	tear_down(&s);
}

static void with_no_interval_nobody_compares(void)
{
	struct stage s;

	set_up(&s);
	caller(&s, "call", "RM_1", "PA_1");
	pass(&s, TEL_MINUTE);
	CHECK_INT(sent(&s, TEL_LK_LIST_ROOMS), 0);
	CHECK_INT(tel_reconciler_pause(s.reconciler, s.clock.now, 7), 7);
	tear_down(&s);
}

static void a_stopped_one_begins_nothing(void)
{
	struct stage s;

	set_up(&s);
	s.a.app.reconcile_interval = ROUND;
	tel_reconciler_stop(s.reconciler);
	CHECK_INT(tel_reconciler_turn(s.reconciler, s.clock.now), TEL_OK);
	CU_ASSERT_TRUE(tel_reconciler_is_idle(s.reconciler));
	CHECK_INT(sent(&s, TEL_LK_LIST_ROOMS), 0);
	CHECK_INT(tel_reconciler_pause(s.reconciler, s.clock.now, 7), 7);
	tear_down(&s);
}

/* Stopped in the middle: what was asked is answered, no more is asked. */
static void a_round_that_is_stopped_ends_early(void)
{
	struct tel_livekit *port;
	struct stage s;

	set_up(&s);
	s.a.app.reconcile_interval = ROUND;
	caller(&s, "call", "RM_1", "PA_1");
	port = tel_fake_livekit_port(s.livekit);
	CHECK_INT(tel_reconciler_turn(s.reconciler, s.clock.now), TEL_OK);
	CHECK_INT(port->ops->poll(port, 0), TEL_OK);
	tel_reconciler_stop(s.reconciler);
	round_of(&s, s.reconciler);
	CHECK_INT(sent(&s, TEL_LK_LIST_PARTICIPANTS), 0);
	tear_down(&s);
}

/* ---- what a round costs --------------------------------------------------------------------- */

static void a_round_with_nothing_to_repair_writes_nothing(void)
{
	char room[16], life[16], sid[16];
	struct stage s;
	int i;

	set_up(&s);
	for (i = 0; i < 20; i++) {
		snprintf(room, sizeof(room), "call-%d", i);
		snprintf(life, sizeof(life), "RM_%d", i);
		snprintf(sid, sizeof(sid), "PA_%d", i);
		known_caller(&s, room, life, sid);
	}
	a_round(&s);			/* the duty is taken */
	CHECK_INT(calls(&s, true), 20);
	for (i = 0; i < 3; i++) {
		next_round(&s);
		CHECK_INT(lists(&s), 1);
		CHECK_INT(looks(&s), 20);
		CHECK_INT(commits(&s), 0);
	}
	tear_down(&s);
}

static void quiet_rooms_are_seldom_looked_at(void)
{
	static const struct { unsigned others; size_t looks; } cases[] = {
		{ 0, 3 }, { 0, 0 }, { 0, 0 }, { 0, 0 }, { 0, 3 }, { 0, 0 },
		{ 2, 1 }, { 2, 0 }, { 1, 3 }, { 1, 0 },
	};
	struct stage s;
	size_t i;

	set_up(&s);
	tel_fake_livekit_open(s.livekit, "x", "RM_x");
	tel_fake_livekit_open(s.livekit, "y", "RM_y");
	tel_fake_livekit_open(s.livekit, "z", "RM_z");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tel_fake_livekit_others(s.livekit, "y", cases[i].others);
		next_round(&s);
		CHECK_INT(looks(&s), cases[i].looks);
	}
	tel_fake_livekit_open(s.livekit, "x", "RM_x2");		/* it is another room */
	next_round(&s);
	CHECK_INT(looks(&s), 1);
	CHECK_INT(calls(&s, false), 0);		/* whoever is there is no phone */
	tear_down(&s);
}

static void so_many_are_asked_for_at_once(void)
{
	char room[16];
	size_t most = 0;
	struct stage s;
	int i;

	set_up(&s);
	s.a.app.reconcile_interval = ROUND;
	for (i = 0; i < 40; i++) {
		snprintf(room, sizeof(room), "x-%d", i);
		tel_fake_livekit_open(s.livekit, room, room);
	}
	for (i = 0; i < 100; i++) {
		CHECK_INT(tel_reconciler_turn(s.reconciler, s.clock.now), TEL_OK);
		most = s.livekit->n_pending > most ? s.livekit->n_pending : most;
		(void)s.a.app.livekit->ops->poll(s.a.app.livekit, 0);
	}
	CHECK_INT(most, TEL_RECONCILE_AT_ONCE);
	CHECK_INT(sent(&s, TEL_LK_LIST_PARTICIPANTS), 40);
	tear_down(&s);
}

/* Somebody may be waiting there, and nobody knows. */
static void unknown_rooms_are_looked_at_first(void)
{
	char room[16], life[16], sid[16];
	struct stage s;
	int i;

	set_up(&s);
	for (i = 0; i < 20; i++) {
		snprintf(room, sizeof(room), "call-%d", i);
		snprintf(life, sizeof(life), "RM_%d", i);
		snprintf(sid, sizeof(sid), "PA_%d", i);
		known_caller(&s, room, life, sid);
	}
	caller(&s, "unknown", "RM_u", "PA_u");
	s.a.app.reconcile_interval = ROUND;
	reset(&s);
	while (looks(&s) == 0) {
		(void)s.a.app.livekit->ops->poll(s.a.app.livekit, 0);
		CHECK_INT(tel_reconciler_turn(s.reconciler, s.clock.now), TEL_OK);
	}
	CU_ASSERT_STRING_EQUAL(s.livekit->pending[0].room, "unknown");
	round_of(&s, s.reconciler);
	tear_down(&s);
}

/* … unless there are people in them: a phone may be among those. */
static void other_peoples_rooms_are_left_alone(void)
{
	struct stage s;

	set_up(&s);
	s.a.app.room_prefix = TEL_STR("call-");
	known_caller(&s, "known", "RM_0", "PA_0");
	caller(&s, "call-1", "RM_1", "PA_1");
	caller(&s, "call", "RM_2", "PA_2");
	tel_fake_livekit_open(s.livekit, "other", "RM_3");
	tel_fake_livekit_open(s.livekit, "call-2", "RM_4");
	a_round(&s);
	CHECK_INT(looks(&s), 4);
	CHECK_INT(calls(&s, true), 3);
	tear_down(&s);
}

/* ---- LiveKit, or the store, does not do what it should -------------------------------------- */

static void without_a_list_the_round_is_tried_again(void)
{
	struct stage s;

	set_up(&s);
	caller(&s, "call", "RM_1", "PA_1");
	tel_fake_livekit_fault(s.livekit, TEL_LK_LIST_ROOMS, TEL_FAKE_NOT_SENT);
	a_round(&s);
	CHECK_INT(looks(&s), 0);
	CHECK_INT(tel_reconciler_pause(s.reconciler, s.clock.now, TEL_HOUR), TEL_RECONCILE_RETRY);
	s.clock.now += TEL_RECONCILE_RETRY;
	round_of(&s, s.reconciler);
	CHECK_INT(calls(&s, true), 1);
	CHECK_INT(tel_reconciler_pause(s.reconciler, s.clock.now, TEL_HOUR), ROUND);
	tear_down(&s);
}

static void a_look_that_fails_holds_up_nobody_else(void)
{
	static const enum tel_fake_fault faults[] = {
		TEL_FAKE_ANSWER_LOST, TEL_FAKE_NOT_SENT, TEL_FAKE_REFUSED, TEL_FAKE_TRY_LATER };
	struct stage s;
	size_t i;

	for (i = 0; i < 4; i++) {
		set_up(&s);
		caller(&s, "call-1", "RM_1", "PA_1");
		caller(&s, "call-2", "RM_2", "PA_2");
		caller(&s, "call-3", "RM_3", "PA_3");
		tel_fake_livekit_fault(s.livekit, TEL_LK_LIST_PARTICIPANTS, faults[i]);
		a_round(&s);
		CHECK_INT(calls(&s, true), 2);
		s.clock.now += TEL_RECONCILE_RETRY;
		round_of(&s, s.reconciler);
		CHECK_INT(calls(&s, true), 3);
		tear_down(&s);
	}
}

/* One room that cannot be looked at: the others are seldom looked at all the same. */
static void a_look_that_fails_is_no_reason_to_look_everywhere(void)
{
	static const size_t cases[] = { 4, 1, 1, 1, 4 };
	struct stage s;
	size_t i;

	set_up(&s);
	tel_fake_livekit_open(s.livekit, "x", "RM_x");
	tel_fake_livekit_open(s.livekit, "y", "RM_y");
	tel_fake_livekit_open(s.livekit, "z", "RM_z");
	caller(&s, "bad", "RM_b", "PA_1");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* The first by name. */
		tel_fake_livekit_fault(s.livekit, TEL_LK_LIST_PARTICIPANTS, TEL_FAKE_NOT_SENT);
		next_round(&s);
		CHECK_INT(looks(&s), cases[i]);
	}
	tear_down(&s);
}

static void a_livekit_that_fails_is_not_asked_on_and_on(void)
{
	char room[16];
	struct stage s;
	int i;

	set_up(&s);
	for (i = 0; i < 60; i++) {
		snprintf(room, sizeof(room), "x-%d", i);
		tel_fake_livekit_open(s.livekit, room, room);
		tel_fake_livekit_fault(s.livekit, TEL_LK_LIST_PARTICIPANTS, TEL_FAKE_NOT_SENT);
	}
	a_round(&s);
	CHECK_INT(looks(&s), 8);
	tear_down(&s);
}

/* Here and there one fails: that is not LiveKit's failure. */
static void failures_count_in_a_row(void)
{
	char room[16];
	struct stage s;
	int i;

	set_up(&s);
	for (i = 0; i < 60; i++) {
		snprintf(room, sizeof(room), "x-%d", i);
		tel_fake_livekit_open(s.livekit, room, room);
		tel_fake_livekit_fault(s.livekit, TEL_LK_LIST_PARTICIPANTS,
				       i % 4 == 3 ? TEL_FAKE_FINE : TEL_FAKE_NOT_SENT);
	}
	a_round(&s);
	CHECK_INT(looks(&s), 60);
	tear_down(&s);
}

/* The room of that name is another one by the time it is made sure of. */
static void what_cannot_be_confirmed_is_not_repaired(void)
{
	struct tel_livekit *port;
	struct stage s;
	int turns;

	set_up(&s);
	s.a.app.reconcile_interval = ROUND;
	caller(&s, "call", "RM_1", "PA_1");
	port = tel_fake_livekit_port(s.livekit);
	for (turns = 0; turns < 100; turns++) {
		CHECK_INT(tel_reconciler_turn(s.reconciler, s.clock.now), TEL_OK);
		if (sent(&s, TEL_LK_LIST_ROOMS) == 2)
			break;
		CHECK_INT(port->ops->poll(port, 0), TEL_OK);
	}
	CHECK_INT(sent(&s, TEL_LK_LIST_ROOMS), 2);
	caller(&s, "call", "RM_2", "PA_2");
	round_of(&s, s.reconciler);
	CHECK_INT(calls(&s, false), 0);
	next_round(&s);
	CHECK_INT(calls(&s, true), 1);
	tear_down(&s);
}

/* As above, of a room that was not listed at first. */
static void a_room_that_comes_is_not_gone(void)
{
	struct tel_livekit *port;
	struct stage s;
	int turns;

	set_up(&s);
	known_caller(&s, "call", "RM_1", "PA_1");
	s.clock.now += TEL_MINUTE;
	s.a.app.reconcile_interval = ROUND;
	tel_fake_livekit_close(s.livekit, "call");
	port = tel_fake_livekit_port(s.livekit);
	reset(&s);
	for (turns = 0; turns < 100 && lists(&s) < 2; turns++) {
		(void)port->ops->poll(port, 0);
		CHECK_INT(tel_reconciler_turn(s.reconciler, s.clock.now), TEL_OK);
	}
	tel_fake_livekit_open(s.livekit, "call", "RM_2");
	reset(&s);
	round_of(&s, s.reconciler);
	CHECK_INT(commits(&s), 0);
	tear_down(&s);
}

static void confirming_may_fail(void)
{
	struct stage s;

	set_up(&s);
	caller(&s, "call", "RM_1", "PA_1");
	tel_fake_livekit_fault(s.livekit, TEL_LK_LIST_ROOMS, TEL_FAKE_FINE);
	tel_fake_livekit_fault(s.livekit, TEL_LK_LIST_ROOMS, TEL_FAKE_NOT_SENT);
	a_round(&s);
	CHECK_INT(calls(&s, false), 0);
	s.clock.now += TEL_RECONCILE_RETRY;
	round_of(&s, s.reconciler);
	CHECK_INT(calls(&s, true), 1);
	tear_down(&s);
}

/* Our own trouble is tried again, after a pause. */
static void trouble_is_no_reason_to_run_hot(void)
{
	static const struct { unsigned calls; size_t at; } cases[] = {
		{ TEL_CALL_STEP, 1 },	/* the duty */
		{ TEL_CALL_LIST, 1 },	/* our calls */
		{ TEL_CALL_STEP, 2 },	/* a repair */
	};
	struct tel_failing_store f;
	struct stage s;
	size_t i;
	int ms;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_up(&s);
		caller(&s, "call", "RM_1", "PA_1");
		tel_failing_store_init(&f, s.store);
		tel_failing_store_set(&f, &(struct tel_store_fault){
			.calls = cases[i].calls, .at = cases[i].at, .times = 1000, .err = TEL_EBUSY });
		s.a.app.store = &f.base;
		s.a.app.reconcile_interval = ROUND;
		for (ms = 0; ms < 3000; ms++) {
			s.clock.now++;
			if (tel_reconciler_turn(s.reconciler, s.clock.now))
				CU_ASSERT_TRUE(tel_reconciler_pause(s.reconciler, s.clock.now,
								    TEL_HOUR) >= TEL_SECOND);
			(void)s.a.app.livekit->ops->poll(s.a.app.livekit, 0);
		}
		CU_ASSERT_TRUE(f.failed >= 2 && f.failed <= 4);
		f.fault.times = 0;
		for (ms = 0; ms < 3000; ms++) {
			s.clock.now++;
			CHECK_INT(tel_reconciler_turn(s.reconciler, s.clock.now), TEL_OK);
			(void)s.a.app.livekit->ops->poll(s.a.app.livekit, 0);
		}
		CHECK_INT(calls(&s, true), 1);
		tear_down(&s);
	}
}

static void requests_that_cannot_be_sent_are_sent_later(void)
{
	static const enum tel_lk_method methods[] = { TEL_LK_LIST_ROOMS, TEL_LK_LIST_PARTICIPANTS };
	struct stage s;
	size_t i;
	int ms;

	for (i = 0; i < 2; i++) {
		set_up(&s);
		caller(&s, "call", "RM_1", "PA_1");
		s.a.app.reconcile_interval = ROUND;
		tel_fake_livekit_fault(s.livekit, methods[i], TEL_FAKE_NO_SEND);
		tel_fake_livekit_fault(s.livekit, methods[i], TEL_FAKE_NO_SEND);
		for (ms = 0; ms < 3000; ms++) {
			s.clock.now++;
			(void)tel_reconciler_turn(s.reconciler, s.clock.now);
			if (ms < 100)
				CU_ASSERT_TRUE(s.livekit->n_faults >= 1);
			(void)s.a.app.livekit->ops->poll(s.a.app.livekit, 0);
		}
		CHECK_INT(s.livekit->n_faults, 0);
		CHECK_INT(calls(&s, true), 1);
		tear_down(&s);
	}
}

/* ---- repairs ------------------------------------------------------------------------------------ */

/* No webhook at all, from its beginning to its end. */
static void a_call_is_served_without_a_webhook(void)
{
	struct stage s;

	set_up(&s);
	both_compare(&s);
	pass(&s, ROUND / 2);
	caller(&s, "call", "RM_1", "PA_1");
	pass(&s, ROUND + TEL_SECOND);
	CHECK_INT(calls(&s, true), 1);
	CHECK_INT(tel_fake_livekit_agents_in(s.livekit, "call"), 1);
	pass(&s, 2 * TEL_MINUTE);
	CHECK_INT(made(&s), 1);
	tel_fake_livekit_hang_up(s.livekit, "call", "PA_1");
	pass(&s, ROUND + TEL_SECOND);
	CHECK_INT(calls(&s, true), 0);
	pass(&s, ROUND);
	CU_ASSERT_FALSE(tel_fake_livekit_is_open(s.livekit, "call"));
	CHECK_INT(stats_of(&s).pending_calls, 0);
	CHECK_INT(calls(&s, false), 1);
	tear_down(&s);
}

/* Not at the next scan: the caller has waited for long enough. */
static void who_is_found_gets_his_agent_at_once(void)
{
	struct stage s;

	set_up(&s);
	tel_rig_run(&s.a);
	caller(&s, "call", "RM_1", "PA_1");
	s.a.app.reconcile_interval = ROUND;
	tel_rig_run(&s.a);
	tel_rig_run(&s.a);
	CHECK_INT(tel_fake_livekit_agents_in(s.livekit, "call"), 1);
	tear_down(&s);
}

static void a_restart_without_a_webhook(void)
{
	struct tel_participant p = phone("PA_2");
	struct stage s;

	set_up(&s);
	both_compare(&s);
	known_caller(&s, "call", "RM_1", "PA_1");
	pass(&s, TEL_MINUTE);
	tel_fake_livekit_restart(s.livekit);
	pass(&s, ROUND);		/* what is shown still misleads nobody */
	CHECK_INT(calls(&s, true), 1);
	CHECK_INT(made(&s), 1);
	tel_fake_livekit_open(s.livekit, "call", "RM_2");
	p.sip_call_id = TEL_STR("1");
	tel_fake_livekit_caller(s.livekit, "call", &p);
	pass(&s, ROUND + TEL_SECOND);
	CHECK_INT(calls(&s, false), 1);
	CHECK_INT(made(&s), 2);
	CHECK_INT(tel_fake_livekit_agents_in(s.livekit, "call"), 1);
	CHECK_INT(tel_fake_livekit_most_agents(s.livekit), 1);
	tear_down(&s);
}

static void a_room_that_is_gone_ends_its_call(void)
{
	struct stage s;

	set_up(&s);
	both_compare(&s);
	known_caller(&s, "call", "RM_1", "PA_1");
	pass(&s, TEL_MINUTE);
	tel_fake_livekit_close(s.livekit, "call");
	pass(&s, ROUND + TEL_SECOND);
	CHECK_INT(calls(&s, true), 1);	/* the phone may come back */
	pass(&s, 21 * TEL_SECOND);
	CHECK_INT(calls(&s, true), 0);
	CHECK_INT(stats_of(&s).pending_calls, 0);
	tear_down(&s);
}

/* It was sent for by somebody before us, or comes by a rule of LiveKit's. */
static void an_agent_that_is_there_already_is_adopted(void)
{
	struct stage s;
	int on_its_way;

	for (on_its_way = 0; on_its_way < 2; on_its_way++) {
		set_up(&s);
		both_compare(&s);
		caller(&s, "call", "RM_1", "PA_1");
		tel_fake_livekit_agents_come(s.livekit, !on_its_way);
		stray_agent(&s, "call", "RM_1");
		pass(&s, 3 * TEL_SECOND);
		if (on_its_way)
			tel_fake_livekit_agent_joins(s.livekit);
		pass(&s, TEL_MINUTE);
		CHECK_INT(calls(&s, true), 1);
		CHECK_INT(made(&s), 1);
		CHECK_INT(tel_fake_livekit_most_living(s.livekit), 1);
		CHECK_INT(s.a.counters.values[TEL_COUNT_DISPATCH_FOUND] +
			  s.b.counters.values[TEL_COUNT_DISPATCH_FOUND], on_its_way);
		tear_down(&s);
	}
}

/* Both see the same at the same time. */
static void two_at_once_do_no_harm(void)
{
	struct tel_reconcile_report report;
	struct tel_reconciler *other;
	struct tel_livekit *port;
	struct stage s;
	int turns;

	set_up(&s);
	caller(&s, "call", "RM_1", "PA_1");
	s.a.app.reconcile_interval = ROUND;
	if (tel_reconciler_new(&s.b.app, &other))
		abort();
	port = tel_fake_livekit_port(s.livekit);
	for (turns = 0; turns < 4; turns++) {
		CHECK_INT(tel_reconciler_turn(s.reconciler, s.clock.now), TEL_OK);
		CHECK_INT(port->ops->poll(port, 0), TEL_OK);
	}
	CHECK_INT(tel_reconcile_once(&s.b.app, false, TEL_MINUTE, NULL, NULL, &report), TEL_OK);
	CHECK_INT(report.repairs, 1);
	reset(&s);
	round_of(&s, s.reconciler);
	CHECK_INT(commits(&s), 0);
	CHECK_INT(tel_reconciler_repairs(s.reconciler), 0);
	s.a.app.reconcile_interval = 0;
	pass(&s, 10 * TEL_SECOND);
	CHECK_INT(calls(&s, false), 1);
	CHECK_INT(made(&s), 1);
	tel_reconciler_free(other);
	tear_down(&s);
}

static void a_room_left_over_is_deleted(void)
{
	struct stage s;

	set_up(&s);
	known_caller(&s, "call", "RM_1", "PA_1");
	tel_fake_livekit_hang_up(s.livekit, "call", "PA_1");
	tell(&s, TEL_EVENT_PARTICIPANT_LEFT, "call", "RM_1", "PA_1");
	pass(&s, 11 * TEL_SECOND);
	CU_ASSERT_FALSE(tel_fake_livekit_is_open(s.livekit, "call"));
	tel_fake_livekit_open(s.livekit, "call", "RM_2");
	stray_agent(&s, "call", "RM_2");
	both_compare(&s);
	pass(&s, 20 * TEL_SECOND);
	CU_ASSERT_TRUE(tel_fake_livekit_is_open(s.livekit, "call"));
	pass(&s, 25 * TEL_SECOND);
	CU_ASSERT_FALSE(tel_fake_livekit_is_open(s.livekit, "call"));
	CHECK_INT(stats_of(&s).pending_calls, 0);
	tear_down(&s);
}

/* LiveKit may list a phone a little longer than we have its leaving from it. */
static void who_has_left_is_not_found_again(void)
{
	struct stage s;

	set_up(&s);
	known_caller(&s, "call", "RM_1", "PA_1");
	tell(&s, TEL_EVENT_PARTICIPANT_LEFT, "call", "RM_1", "PA_1");
	a_round(&s);
	CHECK_INT(looks(&s), 1);
	CHECK_INT(tel_reconciler_repairs(s.reconciler), 0);
	CHECK_INT(calls(&s, false), 1);
	CHECK_INT(calls(&s, true), 0);
	tear_down(&s);
}

/* ---- one round for people --------------------------------------------------------------------------- */

struct told {
	char lines[512];
};

static void keep_line(void *ctx, const struct tel_repair_line *line)
{
	struct told *told = ctx;
	size_t n = strlen(told->lines);

	snprintf(told->lines + n, sizeof(told->lines) - n, "%.*s %s %s%s; ",
		 TEL_STR_ARG(line->room_sid), line->kind, line->result,
		 tel_str_is_set(line->call_id) ? "" : " ?");
}

/* Everything that can be found wrong. */
static void make_a_mess(struct stage *s)
{
	known_caller(s, "gone", "RM_1", "PA_1");
	known_caller(s, "left", "RM_2", "PA_2");
	known_caller(s, "over", "RM_3", "PA_3");
	tel_fake_livekit_hang_up(s->livekit, "over", "PA_3");
	tell(s, TEL_EVENT_PARTICIPANT_LEFT, "over", "RM_3", "PA_3");
	tel_rig_pass(&s->a, 11 * TEL_SECOND);
	tel_fake_livekit_open(s->livekit, "over", "RM_4");
	stray_agent(s, "over", "RM_4");
	s->clock.now += TEL_MINUTE;
	tel_fake_livekit_close(s->livekit, "gone");
	tel_fake_livekit_hang_up(s->livekit, "left", "PA_2");
	caller(s, "new", "RM_5", "PA_5");
}

static const char *const mess[][2] = {
	{ "RM_1 room_gone planned; ", "RM_1 room_gone changed; " },
	{ "RM_2 leg_gone planned; ", "RM_2 leg_gone ended; " },
	{ "RM_4 left_over planned; ", "RM_4 left_over to be deleted; " },
	{ "RM_5 leg_found planned ?; ", "RM_5 leg_found created; " },
};

static void a_dry_run_says_what_would_be_done(void)
{
	struct tel_reconcile_report report;
	struct told told;
	struct stage s;
	size_t i;
	int real;

	set_up(&s);
	make_a_mess(&s);
	for (real = 0; real < 2; real++) {
		reset(&s);
		told = (struct told){ "" };
		CHECK_INT(tel_reconcile_once(&s.a.app, !real, TEL_MINUTE, keep_line, &told, &report),
			  TEL_OK);
		CHECK_INT(report.rooms, 3);
		CHECK_INT(report.calls, 2);
		CHECK_INT(report.looked_at, 4);
		CHECK_INT(report.requests, 9);
		CHECK_INT(report.repairs, 4);
		CHECK_INT(report.failed, 0);
		CU_ASSERT_TRUE(report.complete);
		CHECK_INT(commits(&s), real ? 4 : 0);
		for (i = 0; i < 4; i++)
			if (!strstr(told.lines, mess[i][real])) {
				fprintf(stderr, "\n%snot in %s\n", mess[i][real], told.lines);
				CU_FAIL("a line is missing");
			}
		CHECK_INT(s.a.counters.values[TEL_COUNT_REPAIR_LEG_GONE], real);
	}
	reset(&s);
	CHECK_INT(tel_reconcile_once(&s.a.app, false, TEL_MINUTE, NULL, NULL, &report), TEL_OK);
	CHECK_INT(report.repairs, 0);
	CHECK_INT(commits(&s), 0);
	tear_down(&s);
}

static void failures_are_reported(void)
{
	struct tel_reconcile_report report;
	struct stage s;

	set_up(&s);
	caller(&s, "call", "RM_1", "PA_1");
	tel_fake_livekit_fault(s.livekit, TEL_LK_LIST_ROOMS, TEL_FAKE_REFUSED);
	CHECK_INT(tel_reconcile_once(&s.a.app, false, TEL_MINUTE, NULL, NULL, &report), TEL_OK);
	CU_ASSERT_FALSE(report.complete);
	CHECK_INT(report.failed, 1);
	CU_ASSERT_STRING_EQUAL(report.code, "unauthenticated");
	tel_fake_livekit_fault(s.livekit, TEL_LK_LIST_PARTICIPANTS, TEL_FAKE_NOT_SENT);
	CHECK_INT(tel_reconcile_once(&s.a.app, false, TEL_MINUTE, NULL, NULL, &report), TEL_OK);
	CU_ASSERT_FALSE(report.complete);
	CHECK_INT(report.failed, 1);
	CU_ASSERT_STRING_EQUAL(report.code, "connect");
	tear_down(&s);
}

/* A LiveKit that lets time pass while it is waited for, and answers late. */
struct slow {
	struct tel_livekit base;
	struct stage *stage;
	int polls, answers_at;
};

static enum tel_err slow_send(struct tel_livekit *port, const struct tel_lk_request *request,
			      tel_lk_done_fn done, void *ctx)
{
	struct tel_livekit *real = tel_fake_livekit_port(((struct slow *)port)->stage->livekit);

	return real->ops->send(real, request, done, ctx);
}

static enum tel_err slow_poll(struct tel_livekit *port, tel_time wait)
{
	struct slow *slow = (struct slow *)port;
	struct tel_livekit *real = tel_fake_livekit_port(slow->stage->livekit);

	slow->stage->clock.now += wait < TEL_SECOND ? wait : TEL_SECOND;
	if (++slow->polls >= slow->answers_at)
		tel_fake_livekit_release_held(slow->stage->livekit);
	return real->ops->poll(real, 0);
}

static void patience_ends(void)
{
	static const struct tel_livekit_ops ops = {
		.name = "slow", .send = slow_send, .poll = slow_poll };
	static const enum tel_lk_method methods[] = { TEL_LK_LIST_ROOMS, TEL_LK_LIST_PARTICIPANTS };
	struct tel_reconcile_report report;
	struct slow slow;
	struct stage s;
	size_t i;

	for (i = 0; i < 2; i++) {
		set_up(&s);
		caller(&s, "call", "RM_1", "PA_1");
		slow = (struct slow){ { &ops }, &s, 0, 15 };
		s.a.app.livekit = &slow.base;
		tel_fake_livekit_fault(s.livekit, methods[i], TEL_FAKE_HELD);
		CHECK_INT(tel_reconcile_once(&s.a.app, false, 10 * TEL_SECOND, NULL, NULL, &report),
			  TEL_EBUSY);
		CU_ASSERT_FALSE(report.complete);
		CHECK_INT(slow.polls, 15);	/* what was asked is waited for */
		CHECK_INT(calls(&s, false), 0);
		tear_down(&s);
	}
}

static void trouble_ends_a_round_for_people(void)
{
	struct tel_reconcile_report report;
	struct tel_failing_store f;
	struct stage s;

	set_up(&s);
	caller(&s, "call", "RM_1", "PA_1");
	tel_failing_store_init(&f, s.store);
	tel_failing_store_set(&f, &(struct tel_store_fault){
		.calls = TEL_CALL_LIST, .at = 1, .times = 1, .err = TEL_EBUSY });
	s.a.app.store = &f.base;
	CHECK_INT(tel_reconcile_once(&s.a.app, false, TEL_MINUTE, NULL, NULL, &report), TEL_EBUSY);
	CU_ASSERT_FALSE(report.complete);
	tear_down(&s);
}

int main(void)
{
	CU_TestInfo duty[] = {
		{ "one process has the duty", one_process_has_the_duty },
		{ "it passes to another", it_passes_to_another },
		{ "whoever stops leaves it to others", whoever_stops_leaves_it_to_others },
		{ "leaving it may fail", leaving_it_may_fail },
		{ "what ran lately is not run again", what_ran_lately_is_not_run_again },
		{ "with no interval nobody compares", with_no_interval_nobody_compares },
		{ "a stopped one begins nothing", a_stopped_one_begins_nothing },
		{ "a round that is stopped ends early", a_round_that_is_stopped_ends_early },
		CU_TEST_INFO_NULL,
	};
	CU_TestInfo cost[] = {
		{ "a round with nothing to repair writes nothing",
		  a_round_with_nothing_to_repair_writes_nothing },
		{ "quiet rooms are seldom looked at", quiet_rooms_are_seldom_looked_at },
		{ "so many are asked for at once", so_many_are_asked_for_at_once },
		{ "unknown rooms are looked at first", unknown_rooms_are_looked_at_first },
		{ "other people's rooms are left alone", other_peoples_rooms_are_left_alone },
		CU_TEST_INFO_NULL,
	};
	CU_TestInfo trouble[] = {
		{ "without a list the round is tried again", without_a_list_the_round_is_tried_again },
		{ "a look that fails holds up nobody else", a_look_that_fails_holds_up_nobody_else },
		{ "a look that fails is no reason to look everywhere",
		  a_look_that_fails_is_no_reason_to_look_everywhere },
		{ "a LiveKit that fails is not asked on and on",
		  a_livekit_that_fails_is_not_asked_on_and_on },
		{ "failures count in a row", failures_count_in_a_row },
		{ "what cannot be confirmed is not repaired", what_cannot_be_confirmed_is_not_repaired },
		{ "a room that comes is not gone", a_room_that_comes_is_not_gone },
		{ "confirming may fail", confirming_may_fail },
		{ "trouble is no reason to run hot", trouble_is_no_reason_to_run_hot },
		{ "requests that cannot be sent are sent later",
		  requests_that_cannot_be_sent_are_sent_later },
		CU_TEST_INFO_NULL,
	};
	CU_TestInfo repairs[] = {
		{ "a call is served without a webhook", a_call_is_served_without_a_webhook },
		{ "who is found gets his agent at once", who_is_found_gets_his_agent_at_once },
		{ "a restart without a webhook", a_restart_without_a_webhook },
		{ "a room that is gone ends its call", a_room_that_is_gone_ends_its_call },
		{ "an agent that is there already is adopted",
		  an_agent_that_is_there_already_is_adopted },
		{ "two at once do no harm", two_at_once_do_no_harm },
		{ "a room left over is deleted", a_room_left_over_is_deleted },
		{ "who has left is not found again", who_has_left_is_not_found_again },
		CU_TEST_INFO_NULL,
	};
	CU_TestInfo people[] = {
		{ "a dry run says what would be done", a_dry_run_says_what_would_be_done },
		{ "failures are reported", failures_are_reported },
		{ "patience ends", patience_ends },
		{ "trouble ends a round for people", trouble_ends_a_round_for_people },
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{ .pName = "reconcile: whose duty it is", .pTests = duty },
		{ .pName = "reconcile: what a round costs", .pTests = cost },
		{ .pName = "reconcile: trouble", .pTests = trouble },
		{ .pName = "reconcile: repairs", .pTests = repairs },
		{ .pName = "reconcile: one round for people", .pTests = people },
		CU_SUITE_INFO_NULL,
	};

	return tel_run_suites(suites);
}
