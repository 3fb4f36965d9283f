#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/steer_call.h"
#include "fakes/failing_store.h"
#include "fakes/rig.h"
#include "harness.h"
#include "memory-store/memory_store.h"
#include "base/banned.h"

/* ---- the stage: one store, one LiveKit, two processes --------------------- */

struct stage {
	struct tel_call_store *store;
	struct tel_fake_livekit *livekit;
	struct tel_fake_clock clock;
	struct tel_rig a, b;
	int events;
};

static void set_up(struct stage *s)
{
	*s = (struct stage){ 0 };
	tel_fake_clock_init(&s->clock, 1700000000 * TEL_SECOND);
	if (tel_memory_store_open(NULL, &s->store))
		abort();
	s->livekit = tel_fake_livekit_new();
	if (!s->livekit)
		abort();
	tel_rig_init(&s->a, "a", s->store, s->livekit, &s->clock);
	tel_rig_init(&s->b, "b", s->store, s->livekit, &s->clock);
}

static void tear_down(struct stage *s)
{
	tel_rig_release(&s->a);
	tel_rig_release(&s->b);
	tel_fake_livekit_free(s->livekit);
	s->store->ops->close(s->store);
}

static struct tel_str text(struct tel_event *e, const char *value)
{
	struct tel_str out;

	if (tel_arena_copy(&e->mem, tel_str_from(value), TEL_MAX_BODY, &out))
		abort();
	return out;
}

/* An event of phone or agent `sid` in room "call" of life `life`. */
static struct tel_event event(struct stage *s, enum tel_event_kind kind,
			      enum tel_participant_kind who, const char *life, const char *sid)
{
	struct tel_event e = { .kind = kind };
	char id[32];

	tel_arena_init(&e.mem, TEL_MAX_CALL_ARENA);
	snprintf(id, sizeof(id), "EV_%d", ++s->events);
	e.id = text(&e, id);
	e.name = text(&e, kind == TEL_EVENT_PARTICIPANT_JOINED ? "participant_joined" :
		      kind == TEL_EVENT_ROOM_FINISHED ? "room_finished" : "participant_left");
	e.room_name = text(&e, "call");
	e.room_sid = text(&e, life);
	e.raw = text(&e, "{\"event\":\"x\"}");
	e.participant.kind = who;
	e.participant.sid = text(&e, sid);
	e.participant.identity = text(&e, "sip_+15550100");
	if (who == TEL_PARTICIPANT_SIP) {
		e.participant.rule_id = text(&e, "SDR_1");
		e.participant.sip_call_id = text(&e, "SCL_1");
		e.participant.number = text(&e, "+15550100");
		e.participant.trunk_number = text(&e, "+15550123");
		e.participant.sip_status = TEL_SIP_RINGING;
	}
	return e;
}

static struct tel_received joins(struct stage *s, struct tel_rig *rig, const char *life,
				 const char *sid)
{
	struct tel_event e = event(s, TEL_EVENT_PARTICIPANT_JOINED, TEL_PARTICIPANT_SIP, life, sid);

	return tel_rig_deliver(rig, &e);
}

static struct tel_received leaves(struct stage *s, struct tel_rig *rig, const char *life,
				  const char *sid)
{
	struct tel_event e = event(s, TEL_EVENT_PARTICIPANT_LEFT, TEL_PARTICIPANT_SIP, life, sid);

	e.participant.sip_status = TEL_SIP_HANGUP;
	tel_fake_livekit_hang_up(s->livekit, "call", sid);
	return tel_rig_deliver(rig, &e);
}

static struct tel_received finishes(struct stage *s, struct tel_rig *rig, const char *life)
{
	struct tel_event e = event(s, TEL_EVENT_ROOM_FINISHED, TEL_PARTICIPANT_NONE, life, "");

	return tel_rig_deliver(rig, &e);
}

/* A caller is in LiveKit's room, and process `rig` is told. */
static struct tel_received caller(struct stage *s, struct tel_rig *rig)
{
	tel_fake_livekit_open(s->livekit, "call", "RM_1");
	tel_fake_livekit_phone(s->livekit, "call", "PA_1");
	return joins(s, rig, "RM_1", "PA_1");
}

static struct tel_call *only_call(struct stage *s)
{
	struct tel_call_filter filter = { 0 };
	struct tel_call_page page = { 0 };
	struct tel_call *call = NULL;

	CHECK_INT(s->store->ops->list(s->store, &filter, &page), TEL_OK);
	CHECK_INT(page.n, 1);
	if (page.n == 1 && tel_call_clone(page.calls[0], &call))
		abort();
	tel_call_page_release(&page);
	return call;
}

static void check_call(struct stage *s, enum tel_call_status status, enum tel_outcome outcome)
{
	struct tel_call *call = only_call(s);

	CU_ASSERT_PTR_NOT_NULL_FATAL(call);
	CHECK_STR(tel_str_from(tel_call_status_text(call->status)), tel_call_status_text(status));
	CHECK_INT(call->outcome, outcome);
	tel_call_free(call);
}

static size_t made(const struct stage *s)
{
	return tel_fake_livekit_dispatches(s->livekit, NULL);
}

static size_t sent(const struct stage *s, enum tel_lk_method method)
{
	return tel_fake_livekit_sent(s->livekit, method);
}

/* By jobs that dispatch: who watches for the agent asks for both lists. */
static size_t looked_up(const struct stage *s)
{
	return sent(s, TEL_LK_LIST_DISPATCH) - sent(s, TEL_LK_LIST_PARTICIPANTS);
}

/* Process `a` is killed where it stands; `b` can know. */
static void kill_a(struct stage *s)
{
	static char a[] = "a";

	tel_fake_livekit_orphan(s->livekit);
	s->b.process.dead = tel_fake_process_is_named;
	s->b.process.ctx = a;
}

static void check_no_jobs(struct stage *s)
{
	struct tel_store_stats stats;

	CHECK_INT(s->store->ops->stats(s->store, &stats), TEL_OK);
	CHECK_INT(stats.pending_calls, 0);
	CHECK_INT(stats.leased_calls, 0);
}

/* ---- receiving --------------------------------------------------------------- */

static void a_caller_gets_one_agent(void)
{
	struct tel_received got;
	struct stage s;

	set_up(&s);
	got = caller(&s, &s.a);
	CHECK_INT(got.status, TEL_RECEIVED);
	CHECK_INT(got.effect, TEL_EFFECT_CREATED);
	CHECK_INT(got.dispatch_leased, true);
	CHECK_INT(made(&s), 0);			/* I4: not before the answer */
	tel_rig_run(&s.a);
	tel_rig_run(&s.b);
	CHECK_INT(made(&s), 1);
	CHECK_INT(sent(&s, TEL_LK_LIST_DISPATCH), 0);
	check_call(&s, TEL_CALL_AGENT_DISPATCHED, TEL_OUTCOME_NONE);
	CHECK_INT(leaves(&s, &s.b, "RM_1", "PA_1").effect, TEL_EFFECT_ENDED);
	tel_rig_pass(&s.b, 11 * TEL_SECOND);
	check_call(&s, TEL_CALL_ENDED, TEL_OUTCOME_CANCELED);
	CHECK_INT(sent(&s, TEL_LK_DELETE_ROOM), 1);
	CU_ASSERT_FALSE(tel_fake_livekit_is_open(s.livekit, "call"));
	check_no_jobs(&s);
	tear_down(&s);
}

static void every_verdict_is_counted_and_logged(void)
{
	static const struct { enum tel_webhook_verdict verdict; enum tel_counter counter; } cases[] = {
		{ TEL_WEBHOOK_NO_HEADER, TEL_COUNT_WEBHOOK_NO_HEADER },
		{ TEL_WEBHOOK_BAD_JWT, TEL_COUNT_WEBHOOK_BAD_JWT },
		{ TEL_WEBHOOK_BAD_ALG, TEL_COUNT_WEBHOOK_BAD_ALG },
		{ TEL_WEBHOOK_UNKNOWN_KEY, TEL_COUNT_WEBHOOK_UNKNOWN_KEY },
		{ TEL_WEBHOOK_BAD_SIGNATURE, TEL_COUNT_WEBHOOK_BAD_SIGNATURE },
		{ TEL_WEBHOOK_EXPIRED, TEL_COUNT_WEBHOOK_EXPIRED },
		{ TEL_WEBHOOK_NOT_YET_VALID, TEL_COUNT_WEBHOOK_NOT_YET_VALID },
		{ TEL_WEBHOOK_BODY_HASH_MISMATCH, TEL_COUNT_WEBHOOK_BODY_HASH_MISMATCH },
	};
	struct stage s;
	size_t i;

	set_up(&s);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		s.a.verifier.verdict = cases[i].verdict;
		CHECK_INT(joins(&s, &s.a, "RM_1", "PA_1").status, TEL_RECEIVED_FORGED);
		CHECK_INT(s.a.counters.values[cases[i].counter], 1);
		CHECK_INT(tel_fake_log_count(&s.a.log, tel_webhook_verdict_text(cases[i].verdict)), 1);
		tel_event_release(&s.a.decoder.event);
	}
	s.a.verifier.verdict = TEL_WEBHOOK_VERIFIER_FAILED;
	CHECK_INT(joins(&s, &s.a, "RM_1", "PA_1").status, TEL_RECEIVED_UNAVAILABLE);
	CHECK_INT(s.a.counters.values[TEL_COUNT_WEBHOOK_UNAVAILABLE], 1);
	tear_down(&s);
}

static void our_trouble_is_not_the_senders(void)
{
	static const struct { enum tel_err decode, route, random; enum tel_received_status status; } cases[] = {
		{ TEL_EMALFORMED, TEL_OK, TEL_OK, TEL_RECEIVED_MALFORMED },
		{ TEL_ENOMEM, TEL_OK, TEL_OK, TEL_RECEIVED_UNAVAILABLE },
		{ TEL_OK, TEL_ENOMEM, TEL_OK, TEL_RECEIVED_UNAVAILABLE },
		{ TEL_OK, TEL_OK, TEL_EIO, TEL_RECEIVED_UNAVAILABLE },
	};
	struct stage s;
	size_t i;

	set_up(&s);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		s.a.decoder.fail = cases[i].decode;
		s.a.routing.fail = cases[i].route;
		s.a.random.fail = cases[i].random;
		CHECK_INT(joins(&s, &s.a, "RM_1", "PA_1").status, cases[i].status);
		tel_event_release(&s.a.decoder.event);
	}
	/* Whatever failed, its promised slot in the inbox is free again. */
	CU_ASSERT_TRUE(tel_inbox_is_idle(s.a.inbox));
	tear_down(&s);
}

static void switched_off_it_applies_nothing(void)
{
	struct stage s;

	set_up(&s);
	s.a.app.enabled = false;
	CHECK_INT(caller(&s, &s.a).effect, TEL_EFFECT_IGNORED);
	CHECK_INT(s.a.counters.values[TEL_COUNT_WEBHOOK_IGNORED], 1);
	tel_rig_run(&s.a);
	CHECK_INT(made(&s), 0);
	tear_down(&s);
}

static void without_an_inbox_others_run_the_job(void)
{
	struct tel_event e;
	struct tel_received got;
	struct stage s;

	set_up(&s);
	tel_fake_livekit_open(s.livekit, "call", "RM_1");
	e = event(&s, TEL_EVENT_PARTICIPANT_JOINED, TEL_PARTICIPANT_SIP, "RM_1", "PA_1");
	s.a.decoder.event = e;
	tel_receive_webhook(&s.a.app, NULL, TEL_STR("t"), TEL_STR("{}"), &got);
	CHECK_INT(got.dispatch_leased, false);
	tel_rig_run(&s.b);
	CHECK_INT(made(&s), 1);
	CHECK_INT(sent(&s, TEL_LK_LIST_DISPATCH), 0);
	tear_down(&s);
}

static void a_full_inbox_leaves_the_job_to_others(void)
{
	struct stage s;

	set_up(&s);
	while (tel_inbox_reserve(s.a.inbox))
		;
	CHECK_INT(caller(&s, &s.a).dispatch_leased, false);
	tel_rig_run(&s.b);
	CHECK_INT(made(&s), 1);
	tear_down(&s);
}

static void count(void *ctx)
{
	++*(int *)ctx;
}

/* The runner may be asleep: it is woken once the job is there, not before. */
static void what_is_put_in_wakes(void)
{
	struct tel_call_id id = { "00000000-0000-4000-8000-000000000001" };
	struct tel_inbox *inbox;
	int woken = 0;

	CU_ASSERT_FATAL(tel_inbox_new(2, count, &woken, &inbox) == TEL_OK);
	CU_ASSERT_TRUE(tel_inbox_reserve(inbox) && tel_inbox_reserve(inbox));
	tel_inbox_cancel(inbox);
	CHECK_INT(woken, 0);
	tel_inbox_put(inbox, &id);
	CHECK_INT(woken, 1);
	tel_inbox_free(inbox);
}

/* Pauses are alike then, and nothing is written before there is some again. */
static void without_randomness_nothing_is_lost(void)
{
	struct stage s;

	set_up(&s);
	caller(&s, &s.a);
	s.a.random.fail = TEL_EIO;
	tel_rig_pass(&s.a, TEL_SECOND);
	CHECK_INT(made(&s), 1);
	check_call(&s, TEL_CALL_SIP_PARTICIPANT_JOINED, TEL_OUTCOME_NONE);
	s.a.random.fail = TEL_OK;
	tel_rig_pass(&s.a, 3 * TEL_SECOND);
	check_call(&s, TEL_CALL_AGENT_DISPATCHED, TEL_OUTCOME_NONE);
	CHECK_INT(sent(&s, TEL_LK_CREATE_DISPATCH), 1);
	tear_down(&s);
}

/* ---- exactly once --------------------------------------------------------------- */

static void a_dead_process_is_found_out_first(void)
{
	static const struct { const char *name; enum tel_fake_fault fault; bool acted; } cases[] = {
		{ "killed before sending", TEL_FAKE_NO_SEND, false },
		{ "killed while it was under way", TEL_FAKE_HELD, true },
	};
	struct stage s;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_up(&s);
		tel_fake_livekit_fault(s.livekit, TEL_LK_CREATE_DISPATCH, cases[i].fault);
		caller(&s, &s.a);
		tel_rig_run(&s.a);
		kill_a(&s);
		tel_rig_run(&s.b);
		CHECK_INT(made(&s), 0);			/* it lets things settle */
		tel_fake_livekit_release_held(s.livekit);
		tel_rig_pass(&s.b, 2 * TEL_SECOND);
		CHECK_INT(made(&s), 1);
		CHECK_INT(sent(&s, TEL_LK_LIST_DISPATCH), 1);
		CHECK_INT(s.b.counters.values[TEL_COUNT_DISPATCH_FOUND], cases[i].acted);
		CHECK_INT(s.b.counters.values[TEL_COUNT_JOB_TAKEN_OVER], 1);
		check_call(&s, TEL_CALL_AGENT_DISPATCHED, TEL_OUTCOME_NONE);
		tear_down(&s);
	}
}

static void a_living_lease_is_respected(void)
{
	struct stage s;

	set_up(&s);
	tel_fake_livekit_fault(s.livekit, TEL_LK_CREATE_DISPATCH, TEL_FAKE_HELD);
	caller(&s, &s.a);
	tel_rig_run(&s.a);
	tel_rig_pass(&s.b, TEL_LEASE_TIME - TEL_SECOND);
	CHECK_INT(looked_up(&s), 0);
	tel_rig_pass(&s.b, 4 * TEL_SECOND);
	CHECK_INT(looked_up(&s), 1);
	tear_down(&s);
}

static void lost_answers_are_looked_up(void)
{
	static const struct { enum tel_fake_fault fault; size_t creates, lists; } cases[] = {
		{ TEL_FAKE_ANSWER_LOST, 1, 1 },
		{ TEL_FAKE_REQUEST_LOST, 2, 1 },
		{ TEL_FAKE_NOT_SENT, 2, 0 },
		{ TEL_FAKE_TRY_LATER, 2, 0 },
	};
	struct stage s;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_up(&s);
		tel_fake_livekit_fault(s.livekit, TEL_LK_CREATE_DISPATCH, cases[i].fault);
		caller(&s, &s.a);
		tel_rig_run(&s.a);
		tel_rig_pass(&s.b, 3 * TEL_SECOND);
		CHECK_INT(made(&s), 1);
		CHECK_INT(sent(&s, TEL_LK_CREATE_DISPATCH), cases[i].creates);
		CHECK_INT(looked_up(&s), cases[i].lists);
		check_call(&s, TEL_CALL_AGENT_DISPATCHED, TEL_OUTCOME_NONE);
		tear_down(&s);
	}
}

static void no_hot_loop_while_livekit_is_down(void)
{
	struct stage s;
	int i;

	set_up(&s);
	for (i = 0; i < 64; i++)
		tel_fake_livekit_fault(s.livekit, TEL_LK_CREATE_DISPATCH, TEL_FAKE_NOT_SENT);
	caller(&s, &s.a);
	tel_rig_pass(&s.a, 2 * TEL_MINUTE);
	CHECK_INT(made(&s), 0);
	CU_ASSERT_TRUE(sent(&s, TEL_LK_CREATE_DISPATCH) >= 6);
	CU_ASSERT_TRUE(sent(&s, TEL_LK_CREATE_DISPATCH) <= 70);
	check_call(&s, TEL_CALL_SIP_PARTICIPANT_JOINED, TEL_OUTCOME_NONE);
	tear_down(&s);
}

static void a_refusal_is_final(void)
{
	struct tel_call *call;
	struct stage s;

	set_up(&s);
	tel_fake_livekit_fault(s.livekit, TEL_LK_CREATE_DISPATCH, TEL_FAKE_REFUSED);
	caller(&s, &s.a);
	tel_rig_run(&s.a);
	check_call(&s, TEL_CALL_FAILED, TEL_OUTCOME_FAILED);
	call = only_call(&s);
	CHECK_STR(call->error_code, "unauthenticated");
	CHECK_STR(call->error_message, "as the test wants it");
	tel_call_free(call);
	/* The caller is not left ringing: the room goes after the grace. */
	tel_rig_pass(&s.a, 11 * TEL_SECOND);
	CHECK_INT(sent(&s, TEL_LK_CREATE_DISPATCH), 1);
	CU_ASSERT_FALSE(tel_fake_livekit_is_open(s.livekit, "call"));
	CHECK_INT(s.a.counters.values[TEL_COUNT_CALL_FAILED], 1);
	check_no_jobs(&s);
	tear_down(&s);
}

static void a_request_that_cannot_be_made_is_not_tried_for_ever(void)
{
	struct tel_call *call;
	struct stage s;

	set_up(&s);
	tel_fake_livekit_fault(s.livekit, TEL_LK_CREATE_DISPATCH, TEL_FAKE_BAD_REQUEST);
	caller(&s, &s.a);
	tel_rig_run(&s.a);
	check_call(&s, TEL_CALL_FAILED, TEL_OUTCOME_FAILED);
	call = only_call(&s);
	CHECK_STR(call->error_code, "bad_agent_config");
	tel_call_free(call);
	tear_down(&s);
}

static void nothing_is_sent_for_a_call_that_ended(void)
{
	struct stage s;

	set_up(&s);
	caller(&s, &s.a);
	leaves(&s, &s.b, "RM_1", "PA_1");
	tel_rig_run(&s.a);
	CHECK_INT(sent(&s, TEL_LK_CREATE_DISPATCH), 0);
	CHECK_INT(s.a.counters.values[TEL_COUNT_DISPATCH_CANCELLED], 1);
	tel_rig_pass(&s.b, 11 * TEL_SECOND);
	check_no_jobs(&s);
	tear_down(&s);
}

static void ghosts_are_deleted(void)
{
	struct stage s;

	set_up(&s);
	tel_fake_livekit_fault(s.livekit, TEL_LK_CREATE_DISPATCH, TEL_FAKE_HELD);
	caller(&s, &s.a);
	tel_rig_run(&s.a);
	leaves(&s, &s.b, "RM_1", "PA_1");
	tel_fake_livekit_close(s.livekit, "call");
	finishes(&s, &s.b, "RM_1");
	tel_fake_livekit_release_held(s.livekit);
	tel_rig_run(&s.a);
	CHECK_INT(made(&s), 1);			/* in a room made anew */
	tel_rig_pass(&s.b, 2 * TEL_SECOND);
	CU_ASSERT_FALSE(tel_fake_livekit_is_open(s.livekit, "call"));
	check_call(&s, TEL_CALL_ENDED, TEL_OUTCOME_CANCELED);
	check_no_jobs(&s);
	tear_down(&s);
}

/* The room's own deletion is under way when the ghost is heard of. */
static void an_older_deletion_does_not_answer_for_the_ghost(void)
{
	struct stage s;

	set_up(&s);
	s.a.app.policy.room_delete_after = 0;
	tel_fake_livekit_fault(s.livekit, TEL_LK_CREATE_DISPATCH, TEL_FAKE_HELD);
	tel_fake_livekit_fault(s.livekit, TEL_LK_DELETE_ROOM, TEL_FAKE_ANSWER_HELD);
	caller(&s, &s.a);
	tel_rig_run(&s.a);
	leaves(&s, &s.a, "RM_1", "PA_1");
	tel_rig_pass(&s.a, TEL_SECOND);			/* deleting, and it takes long */
	CHECK_INT(sent(&s, TEL_LK_DELETE_ROOM), 1);
	CU_ASSERT_FALSE(tel_fake_livekit_is_open(s.livekit, "call"));
	tel_fake_livekit_release(s.livekit, TEL_LK_CREATE_DISPATCH);
	tel_rig_run(&s.a);				/* it makes the room anew */
	CU_ASSERT_TRUE(tel_fake_livekit_is_open(s.livekit, "call"));
	tel_rig_pass(&s.a, 2 * TEL_SECOND);		/* the ghost waits … */
	CHECK_INT(sent(&s, TEL_LK_DELETE_ROOM), 1);
	tel_fake_livekit_release(s.livekit, TEL_LK_DELETE_ROOM);
	tel_rig_pass(&s.a, 5 * TEL_SECOND);		/* … for the old answer */
	CU_ASSERT_FALSE(tel_fake_livekit_is_open(s.livekit, "call"));
	check_no_jobs(&s);
	tear_down(&s);
}

static void a_ghost_of_a_dead_process_is_deleted(void)
{
	struct stage s;

	set_up(&s);
	tel_fake_livekit_fault(s.livekit, TEL_LK_CREATE_DISPATCH, TEL_FAKE_HELD);
	caller(&s, &s.a);
	tel_rig_run(&s.a);
	leaves(&s, &s.b, "RM_1", "PA_1");
	tel_fake_livekit_close(s.livekit, "call");
	finishes(&s, &s.b, "RM_1");
	kill_a(&s);
	tel_rig_pass(&s.b, TEL_SECOND / 2);	/* it is still on its way */
	tel_fake_livekit_release_held(s.livekit);
	tel_rig_pass(&s.b, 3 * TEL_SECOND);
	CHECK_INT(made(&s), 1);
	CU_ASSERT_FALSE(tel_fake_livekit_is_open(s.livekit, "call"));
	check_no_jobs(&s);
	tear_down(&s);
}

/* We were down for long: when we hear of the caller, he and his room are gone. */
static void a_dispatch_that_comes_too_late_leaves_no_ghost(void)
{
	struct stage s;

	set_up(&s);
	caller(&s, &s.a);
	tel_fake_livekit_close(s.livekit, "call");
	tel_rig_run(&s.a);
	CHECK_INT(made(&s), 1);
	CU_ASSERT_TRUE(tel_fake_livekit_is_open(s.livekit, "call"));
	leaves(&s, &s.a, "RM_1", "PA_1");
	finishes(&s, &s.a, "RM_1");
	tel_rig_pass(&s.a, 15 * TEL_SECOND);
	CU_ASSERT_FALSE(tel_fake_livekit_is_open(s.livekit, "call"));
	check_no_jobs(&s);
	tear_down(&s);
}

/* Who takes over says when the room is to be looked at, and his clock is behind. */
static void a_ghost_is_not_looked_for_too_early(void)
{
	struct tel_fake_clock ahead;
	struct tel_rig c;
	struct stage s;

	set_up(&s);
	tel_fake_clock_init(&ahead, s.clock.now + 30 * TEL_SECOND);
	tel_rig_init(&c, "c", s.store, s.livekit, &ahead);
	tel_fake_livekit_fault(s.livekit, TEL_LK_CREATE_DISPATCH, TEL_FAKE_HELD);
	caller(&s, &s.a);
	tel_rig_run(&s.a);
	leaves(&s, &s.b, "RM_1", "PA_1");
	tel_fake_livekit_close(s.livekit, "call");
	finishes(&s, &s.b, "RM_1");
	kill_a(&s);
	tel_rig_run(&s.b);
	tel_rig_pass(&c, TEL_SECOND / 2);	/* it is still on its way */
	tel_fake_livekit_release_held(s.livekit);
	tel_rig_pass(&c, 3 * TEL_SECOND);
	CHECK_INT(made(&s), 1);
	CU_ASSERT_FALSE(tel_fake_livekit_is_open(s.livekit, "call"));
	check_no_jobs(&s);
	tel_rig_release(&c);
	tear_down(&s);
}

/* A call whose room is elsewhere, or over, keeps its name busy for a while only. */
static void a_ghost_outlives_no_other_call_of_that_name(void)
{
	struct tel_event e;
	struct stage s;

	set_up(&s);
	s.a.app.policy.room_delete_after = TEL_ROOM_DELETE_NEVER;
	tel_fake_livekit_open(s.livekit, "call", "RM_0");
	e = event(&s, TEL_EVENT_PARTICIPANT_JOINED, TEL_PARTICIPANT_SIP, "RM_0", "PA_0");
	e.participant.sip_call_id = text(&e, "SCL_0");
	tel_rig_deliver(&s.a, &e);
	tel_rig_run(&s.a);
	tel_fake_livekit_close(s.livekit, "call");	/* a restart: nobody says so */
	joins(&s, &s.a, "RM_1", "PA_1");
	tel_rig_run(&s.a);				/* makes the room anew */
	leaves(&s, &s.a, "RM_1", "PA_1");
	finishes(&s, &s.a, "RM_1");
	tel_rig_pass(&s.a, 3 * TEL_SECOND);
	CU_ASSERT_TRUE(tel_fake_livekit_is_open(s.livekit, "call"));
	leaves(&s, &s.a, "RM_0", "PA_0");
	tel_rig_pass(&s.a, TEL_BACKOFF_MAX);
	CU_ASSERT_FALSE(tel_fake_livekit_is_open(s.livekit, "call"));
	check_no_jobs(&s);
	tear_down(&s);
}

/* The caller before has gone, his dispatch is under way, and our clock is ahead. */
static void the_next_caller_waits_for_the_one_before_whatever_the_clocks(void)
{
	struct tel_fake_clock ahead;
	struct tel_received got;
	struct tel_rig c;
	struct stage s;

	set_up(&s);
	tel_fake_clock_init(&ahead, s.clock.now + 30 * TEL_SECOND);
	tel_rig_init(&c, "c", s.store, s.livekit, &ahead);
	tel_fake_livekit_fault(s.livekit, TEL_LK_CREATE_DISPATCH, TEL_FAKE_HELD);
	caller(&s, &s.a);
	tel_rig_run(&s.a);
	leaves(&s, &s.a, "RM_1", "PA_1");
	tel_fake_livekit_phone(s.livekit, "call", "PA_2");
	s.b.decoder.event = event(&s, TEL_EVENT_PARTICIPANT_JOINED, TEL_PARTICIPANT_SIP,
				  "RM_1", "PA_2");
	s.b.decoder.event.participant.sip_call_id = TEL_STR("SCL_2");
	tel_receive_webhook(&s.b.app, NULL, TEL_STR("t"), TEL_STR("{}"), &got);
	CHECK_INT(got.effect, TEL_EFFECT_CREATED);
	tel_rig_pass(&c, TEL_SECOND / 2);
	tel_fake_livekit_release(s.livekit, TEL_LK_CREATE_DISPATCH);
	tel_rig_run(&s.a);
	tel_rig_pass(&c, 3 * TEL_SECOND);
	CHECK_INT(made(&s), 1);
	CHECK_INT(tel_fake_livekit_most_living(s.livekit), 1);
	tel_rig_release(&c);
	tear_down(&s);
}

static void a_ghost_that_ends_in_a_takeover_is_deleted(void)
{
	struct stage s;

	set_up(&s);
	tel_fake_livekit_fault(s.livekit, TEL_LK_CREATE_DISPATCH, TEL_FAKE_HELD);
	caller(&s, &s.a);
	tel_rig_run(&s.a);
	kill_a(&s);
	tel_rig_run(&s.b);			/* taken over, settling */
	leaves(&s, &s.b, "RM_1", "PA_1");
	tel_fake_livekit_close(s.livekit, "call");
	finishes(&s, &s.b, "RM_1");
	tel_fake_livekit_release_held(s.livekit);
	tel_rig_pass(&s.b, 4 * TEL_SECOND);
	CHECK_INT(made(&s), 1);
	CU_ASSERT_FALSE(tel_fake_livekit_is_open(s.livekit, "call"));
	check_no_jobs(&s);
	tear_down(&s);
}

static void a_deleted_dispatch_serves_nobody(void)
{
	struct stage s;

	set_up(&s);
	tel_fake_livekit_fault(s.livekit, TEL_LK_CREATE_DISPATCH, TEL_FAKE_ANSWER_LOST);
	caller(&s, &s.a);
	tel_rig_run(&s.a);
	tel_fake_livekit_delete_newest(s.livekit);
	tel_rig_pass(&s.a, 3 * TEL_SECOND);
	CHECK_INT(made(&s), 2);
	CHECK_INT(tel_fake_livekit_living(s.livekit, "call"), 1);
	tear_down(&s);
}

/* ---- deleting rooms --------------------------------------------------------------- */

static void a_room_in_use_again_is_kept(void)
{
	struct stage s;

	set_up(&s);
	caller(&s, &s.a);
	tel_rig_run(&s.a);
	leaves(&s, &s.a, "RM_1", "PA_1");
	/* The room has closed by itself; another caller, not heard of yet,
	   is in a new life of it. */
	tel_fake_livekit_open(s.livekit, "call", "RM_2");
	tel_fake_livekit_phone(s.livekit, "call", "PA_2");
	tel_rig_pass(&s.a, 11 * TEL_SECOND);
	CHECK_INT(sent(&s, TEL_LK_LIST_PARTICIPANTS), 1);
	CHECK_INT(sent(&s, TEL_LK_DELETE_ROOM), 0);
	CHECK_INT(s.a.counters.values[TEL_COUNT_ROOM_KEPT], 1);
	check_no_jobs(&s);
	tear_down(&s);
}

static void hang_up(struct stage *s, const char *life)
{
	struct tel_call_filter filter = { .live_only = true };
	struct tel_hang_up out = { .was_over = true };
	struct tel_call_page page = { 0 };
	size_t i;

	CHECK_INT(s->store->ops->list(s->store, &filter, &page), TEL_OK);
	for (i = 0; i < page.n; i++)
		if (tel_str_is(page.calls[i]->room_sid, life)) {
			CHECK_INT(tel_hang_up_call(&s->a.app, tel_call_id_str(&page.calls[i]->id),
						   TEL_STR("test"), &out), TEL_OK);
			tel_call_free(out.call);
		}
	CU_ASSERT_FALSE(out.was_over);
	tel_call_page_release(&page);
}

/*
 * Two calls of one room name live, as the end of one was never heard of: the
 * one whose room is there is hung up, the other's deletes nobody's room.
 */
static void a_phone_is_hung_up_in_its_own_room(void)
{
	static const struct { const char *life; enum tel_fake_fault fault; size_t deleted; } cases[] = {
		{ "RM_1", TEL_FAKE_FINE, 0 }, { "RM_2", TEL_FAKE_FINE, 1 },
		{ "RM_1", TEL_FAKE_NOT_SENT, 0 }, { "RM_2", TEL_FAKE_NOT_SENT, 1 } };
	struct stage s;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tel_event second;

		set_up(&s);
		tel_fake_livekit_fault(s.livekit, TEL_LK_LIST_ROOMS, cases[i].fault);
		caller(&s, &s.a);
		tel_fake_livekit_close(s.livekit, "call");
		tel_fake_livekit_open(s.livekit, "call", "RM_2");
		tel_fake_livekit_phone(s.livekit, "call", "PA_2");
		second = event(&s, TEL_EVENT_PARTICIPANT_JOINED, TEL_PARTICIPANT_SIP, "RM_2", "PA_2");
		second.participant.sip_call_id = TEL_STR("SCL_2");
		tel_rig_deliver(&s.a, &second);
		hang_up(&s, cases[i].life);
		tel_rig_pass(&s.a, 3 * TEL_SECOND);
		CHECK_INT(sent(&s, TEL_LK_DELETE_ROOM), cases[i].deleted);
		CHECK_INT(s.a.counters.values[TEL_COUNT_ROOM_RETRY], cases[i].fault != TEL_FAKE_FINE);
		tear_down(&s);
	}
}

static void room_deletion_follows_the_policy(void)
{
	static const struct { tel_time after, wait; bool deleted; } cases[] = {
		{ 0, 1 * TEL_SECOND, true },
		{ 30 * TEL_SECOND, 29 * TEL_SECOND, false },
		{ 30 * TEL_SECOND, 32 * TEL_SECOND, true },
		{ TEL_ROOM_DELETE_NEVER, TEL_HOUR, false },
	};
	struct stage s;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_up(&s);
		s.a.app.policy.room_delete_after = cases[i].after;
		caller(&s, &s.a);
		tel_rig_run(&s.a);
		leaves(&s, &s.a, "RM_1", "PA_1");
		tel_rig_pass(&s.a, cases[i].wait);
		CHECK_INT(tel_fake_livekit_is_open(s.livekit, "call"), !cases[i].deleted);
		tear_down(&s);
	}
}

static void room_deletion_is_retried(void)
{
	static const enum tel_lk_method methods[] = { TEL_LK_LIST_PARTICIPANTS, TEL_LK_DELETE_ROOM };
	static const enum tel_fake_fault faults[] = {
		TEL_FAKE_ANSWER_LOST, TEL_FAKE_REQUEST_LOST, TEL_FAKE_NOT_SENT, TEL_FAKE_TRY_LATER };
	struct stage s;
	size_t m, f;

	for (m = 0; m < 2; m++)
		for (f = 0; f < sizeof(faults) / sizeof(faults[0]); f++) {
			set_up(&s);
			caller(&s, &s.a);
			tel_rig_run(&s.a);
			tel_fake_livekit_fault(s.livekit, methods[m], faults[f]);
			leaves(&s, &s.a, "RM_1", "PA_1");
			tel_rig_pass(&s.a, 15 * TEL_SECOND);
			CU_ASSERT_FALSE(tel_fake_livekit_is_open(s.livekit, "call"));
			CHECK_INT(s.a.counters.values[TEL_COUNT_ROOM_RETRY], 1);
			check_no_jobs(&s);
			tear_down(&s);
		}
}

/* It had gone on for longer than a call that nothing is heard of may. */
static void hanging_up_a_long_call_is_retried(void)
{
	static const enum tel_fake_fault faults[] = {
		TEL_FAKE_REQUEST_LOST, TEL_FAKE_NOT_SENT, TEL_FAKE_TRY_LATER };
	struct stage s;
	size_t i;

	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		set_up(&s);
		s.a.app.policy.max_age = TEL_MINUTE;
		caller(&s, &s.a);
		tel_rig_pass(&s.a, 10 * TEL_MINUTE);
		check_call(&s, TEL_CALL_AGENT_DISPATCHED, TEL_OUTCOME_NONE);
		tel_fake_livekit_fault(s.livekit, TEL_LK_DELETE_ROOM, faults[i]);
		hang_up(&s, "RM_1");
		tel_rig_pass(&s.a, 3 * TEL_SECOND);
		CU_ASSERT_FALSE(tel_fake_livekit_is_open(s.livekit, "call"));
		tel_rig_pass(&s.a, 20 * TEL_SECOND);
		check_no_jobs(&s);
		tear_down(&s);
	}
}

/* … whatever befalls the room's deletion: the call ends. */
static void a_call_that_cannot_be_hung_up_ends(void)
{
	struct stage s;
	int i;

	set_up(&s);
	s.a.app.policy.max_age = TEL_MINUTE;
	s.a.app.policy.max_duration = 10 * TEL_MINUTE;
	caller(&s, &s.a);
	for (i = 0; i < 60; i++)
		tel_fake_livekit_fault(s.livekit, TEL_LK_DELETE_ROOM, TEL_FAKE_REQUEST_LOST);
	tel_rig_pass(&s.a, 11 * TEL_MINUTE);
	CU_ASSERT_TRUE(sent(&s, TEL_LK_DELETE_ROOM) > 5);
	check_call(&s, TEL_CALL_AGENT_DISPATCHED, TEL_OUTCOME_NONE);
	tel_rig_pass(&s.a, 2 * TEL_MINUTE);
	check_call(&s, TEL_CALL_ENDED, TEL_OUTCOME_COMPLETED);
	tear_down(&s);
}

/* It was about to send, and was not heard of for nearly a lease. */
static void a_process_that_slept_deletes_the_room_all_the_same(void)
{
	struct stage s;

	set_up(&s);
	caller(&s, &s.a);
	tel_rig_run(&s.a);
	tel_fake_livekit_fault(s.livekit, TEL_LK_DELETE_ROOM, TEL_FAKE_NO_SEND);
	hang_up(&s, "RM_1");
	tel_rig_pass(&s.a, TEL_RUNNER_SCAN_EVERY);
	s.clock.now += TEL_LEASE_TIME - TEL_SECOND;
	tel_rig_pass(&s.a, 3 * TEL_SECOND);
	CHECK_INT(s.a.counters.values[TEL_COUNT_ROOM_KEPT], 0);
	CU_ASSERT_FALSE(tel_fake_livekit_is_open(s.livekit, "call"));
	tel_rig_pass(&s.a, 20 * TEL_SECOND);
	check_no_jobs(&s);
	tear_down(&s);
}

static void a_refused_deletion_is_not_repeated(void)
{
	struct stage s;

	set_up(&s);
	caller(&s, &s.a);
	tel_rig_run(&s.a);
	tel_fake_livekit_fault(s.livekit, TEL_LK_DELETE_ROOM, TEL_FAKE_REFUSED);
	leaves(&s, &s.a, "RM_1", "PA_1");
	tel_rig_pass(&s.a, TEL_MINUTE);
	CHECK_INT(sent(&s, TEL_LK_DELETE_ROOM), 1);
	CU_ASSERT_TRUE(tel_fake_livekit_is_open(s.livekit, "call"));
	CHECK_INT(tel_fake_log_count(&s.a.log, " room_delete_refused "), 1);
	check_no_jobs(&s);
	tear_down(&s);
}

/* ---- time ------------------------------------------------------------------------- */

static void a_call_nobody_ends_is_ended(void)
{
	struct stage s;

	set_up(&s);
	caller(&s, &s.a);
	tel_rig_run(&s.a);
	tel_fake_livekit_close(s.livekit, "call");	/* and nobody says so */
	s.clock.now += TEL_DAY - TEL_SECOND;
	tel_rig_run(&s.a);
	check_call(&s, TEL_CALL_AGENT_DISPATCHED, TEL_OUTCOME_NONE);
	tel_rig_pass(&s.a, 20 * TEL_SECOND);
	check_call(&s, TEL_CALL_ENDED, TEL_OUTCOME_UNKNOWN);
	check_no_jobs(&s);
	tear_down(&s);
}

static void the_phone_comes_back_after_a_restart(void)
{
	struct stage s;

	set_up(&s);
	caller(&s, &s.a);
	tel_rig_run(&s.a);
	tel_fake_livekit_close(s.livekit, "call");
	finishes(&s, &s.a, "RM_1");
	tel_rig_pass(&s.a, 10 * TEL_SECOND);
	check_call(&s, TEL_CALL_AGENT_DISPATCHED, TEL_OUTCOME_NONE);
	tel_fake_livekit_open(s.livekit, "call", "RM_2");
	tel_fake_livekit_phone(s.livekit, "call", "PA_2");
	CHECK_INT(joins(&s, &s.a, "RM_2", "PA_2").effect, TEL_EFFECT_MOVED);
	tel_rig_run(&s.a);
	CHECK_INT(made(&s), 2);
	CHECK_INT(tel_fake_livekit_most_living(s.livekit), 1);
	CHECK_INT(tel_fake_livekit_living(s.livekit, "call"), 1);
	tel_rig_pass(&s.a, TEL_MINUTE);
	check_call(&s, TEL_CALL_AGENT_DISPATCHED, TEL_OUTCOME_NONE);
	tear_down(&s);
}

/* LiveKit restarted before the dispatch: it makes the room, then the phone comes. */
static void a_phone_that_comes_back_into_a_ghost_is_served_by_its_agent(void)
{
	struct stage s;

	set_up(&s);
	caller(&s, &s.a);
	tel_fake_livekit_close(s.livekit, "call");
	tel_rig_run(&s.a);
	CHECK_INT(made(&s), 1);
	check_call(&s, TEL_CALL_AGENT_DISPATCHED, TEL_OUTCOME_NONE);
	tel_fake_livekit_phone(s.livekit, "call", "PA_2");
	CHECK_INT(joins(&s, &s.a, "RM_ghost0", "PA_2").effect, TEL_EFFECT_MOVED);
	tel_rig_run(&s.a);
	CHECK_INT(made(&s), 1);
	CHECK_INT(tel_fake_livekit_most_living(s.livekit), 1);
	check_call(&s, TEL_CALL_AGENT_DISPATCHED, TEL_OUTCOME_NONE);
	tear_down(&s);
}

/* We looked at the ghost, and kept it, before we heard who the phone in it was. */
static void a_ghost_that_was_kept_for_the_phone_is_known_as_one(void)
{
	struct stage s;

	set_up(&s);
	caller(&s, &s.a);
	tel_fake_livekit_close(s.livekit, "call");
	tel_fake_livekit_fault(s.livekit, TEL_LK_CREATE_DISPATCH, TEL_FAKE_HELD);
	tel_rig_run(&s.a);
	finishes(&s, &s.a, "RM_1");
	tel_fake_livekit_release(s.livekit, TEL_LK_CREATE_DISPATCH);
	tel_rig_run(&s.a);			/* made in a ghost room */
	tel_fake_livekit_phone(s.livekit, "call", "PA_2");
	tel_rig_pass(&s.a, 3 * TEL_SECOND);
	CHECK_INT(sent(&s, TEL_LK_LIST_PARTICIPANTS), 1);
	CU_ASSERT_TRUE(tel_fake_livekit_is_open(s.livekit, "call"));
	CHECK_INT(joins(&s, &s.a, "RM_ghost0", "PA_2").effect, TEL_EFFECT_MOVED);
	tel_rig_run(&s.a);
	CHECK_INT(made(&s), 1);
	check_call(&s, TEL_CALL_AGENT_DISPATCHED, TEL_OUTCOME_NONE);
	tear_down(&s);
}

static void the_next_caller_in_the_room_is_served_by_its_agent(void)
{
	struct tel_call_filter live = { .live_only = true };
	struct tel_call_page page = { 0 };
	struct tel_event e;
	struct stage s;

	set_up(&s);
	caller(&s, &s.a);
	tel_rig_run(&s.a);
	leaves(&s, &s.a, "RM_1", "PA_1");
	tel_fake_livekit_phone(s.livekit, "call", "PA_2");
	e = event(&s, TEL_EVENT_PARTICIPANT_JOINED, TEL_PARTICIPANT_SIP, "RM_1", "PA_2");
	e.participant.sip_call_id = text(&e, "SCL_2");
	CHECK_INT(tel_rig_deliver(&s.a, &e).effect, TEL_EFFECT_CREATED);
	tel_rig_pass(&s.a, 15 * TEL_SECOND);
	CHECK_INT(made(&s), 1);
	CU_ASSERT_TRUE(tel_fake_livekit_is_open(s.livekit, "call"));
	CHECK_INT(s.store->ops->list(s.store, &live, &page), TEL_OK);
	CHECK_INT(page.n, 1);
	CHECK_INT(page.calls[0]->status, TEL_CALL_AGENT_DISPATCHED);
	CU_ASSERT_TRUE(page.calls[0]->previous_id.text[0] != '\0');
	tel_call_page_release(&page);
	tear_down(&s);
}

static void a_stopping_runner_does_what_was_promised(void)
{
	struct stage s;

	set_up(&s);
	caller(&s, &s.a);
	tel_inbox_close(s.a.inbox);
	tel_runner_stop(s.a.runner);
	CU_ASSERT_FALSE(tel_runner_is_idle(s.a.runner));
	tel_rig_run(&s.a);
	CHECK_INT(made(&s), 1);
	leaves(&s, &s.b, "RM_1", "PA_1");
	tel_rig_pass(&s.a, TEL_MINUTE);
	CHECK_INT(sent(&s, TEL_LK_LIST_PARTICIPANTS), 0);	/* that is new */
	CU_ASSERT_TRUE(tel_runner_is_idle(s.a.runner));
	tear_down(&s);
}

/* ---- things that went wrong once -------------------------------------------------- */

/* The next reads of a call fail in process `a`. */
static void put_failing_store(struct stage *s, struct tel_failing_store *f, size_t failures)
{
	tel_failing_store_init(f, s->store);
	tel_failing_store_set(f, &(struct tel_store_fault){
		.calls = TEL_CALL_GET, .at = 1, .times = failures, .err = TEL_EBUSY });
	s->a.app.store = &f->base;
}

static void a_promised_job_outlives_trouble_of_the_store(void)
{
	struct tel_failing_store f;
	struct stage s;

	set_up(&s);
	put_failing_store(&s, &f, 5);
	caller(&s, &s.a);
	tel_rig_pass(&s.a, 5 * TEL_SECOND);
	CHECK_INT(f.failed, 5);
	CHECK_INT(made(&s), 1);
	tear_down(&s);
}

/*
 * That the room was deleted is on disk, which we do not know; and by the time we
 * record it again there is a ghost to be deleted.
 */
static void what_is_recorded_twice_does_not_answer_for_the_ghost(void)
{
	struct tel_failing_store f;
	struct stage s;

	set_up(&s);
	put_failing_store(&s, &f, 0);
	s.a.app.policy.room_delete_after = 0;
	tel_fake_livekit_fault(s.livekit, TEL_LK_CREATE_DISPATCH, TEL_FAKE_HELD);
	tel_fake_livekit_fault(s.livekit, TEL_LK_DELETE_ROOM, TEL_FAKE_ANSWER_HELD);
	caller(&s, &s.a);
	tel_rig_run(&s.a);
	leaves(&s, &s.a, "RM_1", "PA_1");
	tel_rig_pass(&s.a, TEL_SECOND);
	CU_ASSERT_FALSE(tel_fake_livekit_is_open(s.livekit, "call"));
	tel_failing_store_set(&f, &(struct tel_store_fault){
		.calls = TEL_CALL_STEP, .at = 1, .times = 1, .err = TEL_EIO, .after = true });
	tel_fake_livekit_release(s.livekit, TEL_LK_DELETE_ROOM);
	tel_rig_run(&s.a);
	CHECK_INT(f.failed, 1);
	tel_fake_livekit_release(s.livekit, TEL_LK_CREATE_DISPATCH);
	tel_rig_run(&s.a);				/* it makes the room anew */
	CU_ASSERT_TRUE(tel_fake_livekit_is_open(s.livekit, "call"));
	tel_rig_pass(&s.a, 10 * TEL_SECOND);
	CU_ASSERT_FALSE(tel_fake_livekit_is_open(s.livekit, "call"));
	check_no_jobs(&s);
	tear_down(&s);
}

static void another_caller(struct stage *s, struct tel_received *got)
{
	struct tel_event e = event(s, TEL_EVENT_PARTICIPANT_JOINED, TEL_PARTICIPANT_SIP, "RM_9", "PA_9");

	tel_fake_livekit_open(s->livekit, "call-2", "RM_9");
	tel_fake_livekit_phone(s->livekit, "call-2", "PA_9");
	e.room_name = text(&e, "call-2");
	e.participant.sip_call_id = text(&e, "SCL_9");
	*got = tel_rig_deliver(&s->a, &e);
	CHECK_INT(got->effect, TEL_EFFECT_CREATED);
}

/* A record that does not decode stops its own call, and no other one. */
static void a_damaged_call_keeps_no_other_waiting(void)
{
	struct tel_failing_store f;
	struct tel_received got;
	struct stage s;
	int promised;

	for (promised = 0; promised < 2; promised++) {
		set_up(&s);
		put_failing_store(&s, &f, 0);
		if (!promised)
			tel_inbox_close(s.a.inbox);
		f.damaged = caller(&s, &s.a).call_id;
		CU_ASSERT_TRUE(f.damaged.text[0]);
		s.clock.now += 10;
		another_caller(&s, &got);
		CHECK_INT(got.dispatch_leased, promised);
		tel_rig_pass(&s.a, 3 * TEL_SECOND);
		CHECK_INT(tel_fake_livekit_living(s.livekit, "call-2"), 1);
		CHECK_INT(made(&s), 1);
		tear_down(&s);
	}
}

static void a_process_that_slept_sends_nothing(void)
{
	struct tel_failing_store f;
	struct stage s;

	set_up(&s);
	put_failing_store(&s, &f, 1000);	/* it gets no further for now */
	caller(&s, &s.a);
	tel_rig_run(&s.a);
	s.clock.now += TEL_LEASE_TIME + TEL_SECOND;
	tel_rig_pass(&s.b, 3 * TEL_SECOND);	/* another one takes over */
	CHECK_INT(made(&s), 1);
	f.fault.times = 0;
	tel_rig_pass(&s.a, 3 * TEL_SECOND);	/* it wakes up */
	CHECK_INT(made(&s), 1);
	check_call(&s, TEL_CALL_AGENT_DISPATCHED, TEL_OUTCOME_NONE);
	tear_down(&s);
}

static void nothing_is_sent_under_a_lease_that_is_over(void)
{
	struct tel_failing_store f;
	struct stage s;

	set_up(&s);
	put_failing_store(&s, &f, 1000);
	tel_fake_livekit_fault(s.livekit, TEL_LK_CREATE_DISPATCH, TEL_FAKE_HELD);
	caller(&s, &s.a);
	tel_rig_run(&s.a);
	s.clock.now += TEL_LEASE_TIME + TEL_SECOND;
	f.fault.times = 0;
	tel_rig_run(&s.a);			/* awake before anybody noticed */
	tel_rig_pass(&s.a, 2 * TEL_SECOND);
	tel_rig_pass(&s.b, 2 * TEL_SECOND);
	tel_fake_livekit_release_held(s.livekit);
	tel_rig_pass(&s.a, 2 * TEL_SECOND);
	tel_rig_pass(&s.b, 2 * TEL_SECOND);
	CHECK_INT(made(&s), 1);
	tear_down(&s);
}

static void a_process_that_slept_does_not_race_itself(void)
{
	struct tel_failing_store f;
	struct stage s;

	set_up(&s);
	put_failing_store(&s, &f, 1000);
	caller(&s, &s.a);
	tel_rig_run(&s.a);
	s.clock.now += TEL_LEASE_TIME + TEL_SECOND;
	f.fault.times = 0;
	tel_rig_pass(&s.a, 5 * TEL_SECOND);
	CHECK_INT(made(&s), 1);
	CHECK_INT(sent(&s, TEL_LK_CREATE_DISPATCH), 1);
	tear_down(&s);
}

static void a_slow_request_is_waited_for(void)
{
	struct tel_event e;
	struct stage s;

	set_up(&s);
	tel_fake_livekit_fault(s.livekit, TEL_LK_CREATE_DISPATCH, TEL_FAKE_HELD);
	caller(&s, &s.a);
	tel_rig_run(&s.a);
	leaves(&s, &s.a, "RM_1", "PA_1");
	tel_fake_livekit_phone(s.livekit, "call", "PA_2");
	e = event(&s, TEL_EVENT_PARTICIPANT_JOINED, TEL_PARTICIPANT_SIP, "RM_1", "PA_2");
	e.participant.sip_call_id = text(&e, "SCL_2");
	tel_rig_deliver(&s.b, &e);
	tel_rig_pass(&s.b, 5 * TEL_SECOND);
	CHECK_INT(sent(&s, TEL_LK_CREATE_DISPATCH), 1);
	tel_fake_livekit_release_held(s.livekit);
	tel_rig_run(&s.a);
	tel_rig_pass(&s.b, 15 * TEL_SECOND);
	CHECK_INT(made(&s), 1);
	CHECK_INT(tel_fake_livekit_most_living(s.livekit), 1);
	CU_ASSERT_TRUE(tel_fake_livekit_is_open(s.livekit, "call"));
	tear_down(&s);
}

static void a_call_that_came_back_keeps_its_room(void)
{
	struct stage s;

	set_up(&s);
	tel_fake_livekit_fault(s.livekit, TEL_LK_CREATE_DISPATCH, TEL_FAKE_HELD);
	caller(&s, &s.a);
	tel_rig_run(&s.a);
	tel_fake_livekit_close(s.livekit, "call");
	finishes(&s, &s.a, "RM_1");
	tel_fake_livekit_release_held(s.livekit);
	tel_rig_run(&s.a);			/* made in a ghost room */
	tel_fake_livekit_fault(s.livekit, TEL_LK_LIST_PARTICIPANTS, TEL_FAKE_HELD);
	tel_rig_pass(&s.a, 2 * TEL_SECOND);	/* which is about to be deleted */
	CHECK_INT(sent(&s, TEL_LK_LIST_PARTICIPANTS), 1);
	joins(&s, &s.b, "RM_ghost0", "PA_2");	/* when the phone is back in it */
	tel_rig_run(&s.b);
	tel_fake_livekit_release_held(s.livekit);
	tel_rig_pass(&s.a, 20 * TEL_SECOND);
	CHECK_INT(made(&s), 1);			/* found: it serves */
	CHECK_INT(sent(&s, TEL_LK_DELETE_ROOM), 0);
	CHECK_INT(tel_fake_livekit_most_living(s.livekit), 1);
	check_call(&s, TEL_CALL_AGENT_DISPATCHED, TEL_OUTCOME_NONE);
	tear_down(&s);
}

static void a_forgotten_caller_is_not_thrown_out(void)
{
	struct stage s;

	set_up(&s);
	s.a.app.policy.max_duration = TEL_NEVER;
	caller(&s, &s.a);
	tel_rig_run(&s.a);
	s.clock.now += TEL_DAY + TEL_SECOND;
	tel_rig_pass(&s.a, 20 * TEL_SECOND);
	CHECK_INT(sent(&s, TEL_LK_DELETE_ROOM), 0);
	CU_ASSERT_TRUE(tel_fake_livekit_is_open(s.livekit, "call"));
	tear_down(&s);
}

static void full_slots_are_no_reason_to_run_hot(void)
{
	struct tel_failing_store f;
	struct tel_event e;
	char name[32];
	struct stage s;
	int i, n = TEL_RUNNER_MAX_IN_FLIGHT + 20;

	set_up(&s);
	put_failing_store(&s, &f, 0);
	for (i = 0; i < n; i++) {
		if (i < TEL_RUNNER_MAX_IN_FLIGHT)
			tel_fake_livekit_fault(s.livekit, TEL_LK_CREATE_DISPATCH, TEL_FAKE_HELD);
		snprintf(name, sizeof(name), "x-%d", i);
		tel_fake_livekit_open(s.livekit, name, name);
		e = event(&s, TEL_EVENT_PARTICIPANT_JOINED, TEL_PARTICIPANT_SIP, name, name);
		e.room_name = e.participant.sip_call_id = text(&e, name);
		s.b.decoder.event = e;
		tel_receive_webhook(&s.b.app, NULL, TEL_STR("t"), TEL_STR("{}"), &(struct tel_received){ 0 });
	}
	for (i = 0; i < 1000; i++) {		/* a second, millisecond by millisecond */
		s.clock.now++;
		CHECK_INT(tel_runner_turn(s.a.runner, 0), TEL_OK);
	}
	CU_ASSERT_TRUE(f.dues <= 4);
	tel_fake_livekit_release_held(s.livekit);
	for (i = 0; i < 20; i++) {		/* slots get free: at once on */
		s.clock.now++;
		CHECK_INT(tel_runner_turn(s.a.runner, 0), TEL_OK);
	}
	CHECK_INT(made(&s), n);
	tear_down(&s);
}

/* ---- many at once -------------------------------------------------------------------- */

static void more_jobs_than_a_runner_holds(void)
{
	char room[32], sid[32], sip[32];
	struct tel_event e;
	struct stage s;
	int i, n = 3 * TEL_RUNNER_MAX_IN_FLIGHT;

	set_up(&s);
	for (i = 0; i < n; i++) {
		snprintf(room, sizeof(room), "room-%d", i);
		snprintf(sid, sizeof(sid), "PA_%d", i);
		snprintf(sip, sizeof(sip), "SCL_%d", i);
		tel_fake_livekit_open(s.livekit, room, sid);
		e = event(&s, TEL_EVENT_PARTICIPANT_JOINED, TEL_PARTICIPANT_SIP, sid, sid);
		e.room_name = text(&e, room);
		e.participant.sip_call_id = text(&e, sip);
		CHECK_INT(tel_rig_deliver(&s.a, &e).status, TEL_RECEIVED);
	}
	tel_rig_pass(&s.a, 5 * TEL_SECOND);
	CHECK_INT(made(&s), n);
	CHECK_INT(tel_fake_livekit_most_living(s.livekit), 1);
	tear_down(&s);
}

int main(void)
{
	CU_TestInfo receiving[] = {
		{ "a caller gets one agent", a_caller_gets_one_agent },
		{ "every verdict is counted and logged", every_verdict_is_counted_and_logged },
		{ "our trouble is not the sender's", our_trouble_is_not_the_senders },
		{ "switched off, it applies nothing", switched_off_it_applies_nothing },
		{ "without an inbox others run the job", without_an_inbox_others_run_the_job },
		{ "a full inbox leaves the job to others", a_full_inbox_leaves_the_job_to_others },
		{ "what is put in wakes", what_is_put_in_wakes },
		{ "without randomness nothing is lost", without_randomness_nothing_is_lost },
		CU_TEST_INFO_NULL
	};
	CU_TestInfo once[] = {
		{ "a dead process is found out first", a_dead_process_is_found_out_first },
		{ "a living lease is respected", a_living_lease_is_respected },
		{ "lost answers are looked up", lost_answers_are_looked_up },
		{ "no hot loop while LiveKit is down", no_hot_loop_while_livekit_is_down },
		{ "a refusal is final", a_refusal_is_final },
		{ "a request that cannot be made is not tried for ever",
		  a_request_that_cannot_be_made_is_not_tried_for_ever },
		{ "nothing is sent for a call that ended", nothing_is_sent_for_a_call_that_ended },
		{ "ghosts are deleted", ghosts_are_deleted },
		{ "an older deletion does not answer for the ghost",
		  an_older_deletion_does_not_answer_for_the_ghost },
		{ "a ghost of a dead process is deleted", a_ghost_of_a_dead_process_is_deleted },
		{ "a dispatch that comes too late leaves no ghost",
		  a_dispatch_that_comes_too_late_leaves_no_ghost },
		{ "a ghost outlives no other call of that name",
		  a_ghost_outlives_no_other_call_of_that_name },
		{ "the next caller waits for the one before, whatever the clocks",
		  the_next_caller_waits_for_the_one_before_whatever_the_clocks },
		{ "a ghost is not looked for too early", a_ghost_is_not_looked_for_too_early },
		{ "a ghost that ends in a takeover is deleted",
		  a_ghost_that_ends_in_a_takeover_is_deleted },
		{ "a deleted dispatch serves nobody", a_deleted_dispatch_serves_nobody },
		{ "the next caller in the room is served by its agent",
		  the_next_caller_in_the_room_is_served_by_its_agent },
		{ "the phone comes back after a restart", the_phone_comes_back_after_a_restart },
		{ "a ghost that was kept for the phone is known as one",
		  a_ghost_that_was_kept_for_the_phone_is_known_as_one },
		{ "a phone that comes back into a ghost is served by its agent",
		  a_phone_that_comes_back_into_a_ghost_is_served_by_its_agent },
		{ "a stopping runner does what was promised", a_stopping_runner_does_what_was_promised },
		{ "what is recorded twice does not answer for the ghost",
		  what_is_recorded_twice_does_not_answer_for_the_ghost },
		{ "a promised job outlives trouble of the store",
		  a_promised_job_outlives_trouble_of_the_store },
		{ "a damaged call keeps no other waiting", a_damaged_call_keeps_no_other_waiting },
		{ "a process that slept sends nothing", a_process_that_slept_sends_nothing },
		{ "nothing is sent under a lease that is over",
		  nothing_is_sent_under_a_lease_that_is_over },
		{ "a process that slept does not race itself", a_process_that_slept_does_not_race_itself },
		{ "a slow request is waited for", a_slow_request_is_waited_for },
		{ "a call that came back keeps its room", a_call_that_came_back_keeps_its_room },
		{ "full slots are no reason to run hot", full_slots_are_no_reason_to_run_hot },
		{ "more jobs than a runner holds", more_jobs_than_a_runner_holds },
		CU_TEST_INFO_NULL
	};
	CU_TestInfo rooms[] = {
		{ "a room in use again is kept", a_room_in_use_again_is_kept },
		{ "a phone is hung up in its own room", a_phone_is_hung_up_in_its_own_room },
		{ "room deletion follows the policy", room_deletion_follows_the_policy },
		{ "hanging up a long call is retried", hanging_up_a_long_call_is_retried },
		{ "a call that cannot be hung up ends", a_call_that_cannot_be_hung_up_ends },
		{ "a process that slept deletes the room all the same",
		  a_process_that_slept_deletes_the_room_all_the_same },
		{ "room deletion is retried", room_deletion_is_retried },
		{ "a refused deletion is not repeated", a_refused_deletion_is_not_repeated },
		{ "a call nobody ends is ended", a_call_nobody_ends_is_ended },
		{ "a forgotten caller is not thrown out", a_forgotten_caller_is_not_thrown_out },
		CU_TEST_INFO_NULL
	};
	CU_SuiteInfo suites[] = {
		{ "app: receiving", NULL, NULL, NULL, NULL, receiving },
		{ "app: exactly once", NULL, NULL, NULL, NULL, once },
		{ "app: rooms and time", NULL, NULL, NULL, NULL, rooms },
		CU_SUITE_INFO_NULL
	};

	return tel_run_suites(suites);
}
