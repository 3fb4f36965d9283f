/*
 * Whole processes that watch for a call's agent, and that look before they
 * end a call of which nothing was heard for long.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fakes/changed_livekit.h"
#include "fakes/rig.h"
#include "harness.h"
#include "memory-store/memory_store.h"
#include "base/banned.h"

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
	s->livekit = tel_fake_livekit_new();
	if (!s->livekit || tel_memory_store_open(NULL, &s->store))
		abort();
	tel_fake_livekit_clock(s->livekit, &s->clock);
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

static void pass(struct stage *s, tel_time ms)
{
	tel_rig_pass(&s->a, ms);
}

static size_t sent(const struct stage *s, enum tel_lk_method method)
{
	return tel_fake_livekit_sent(s->livekit, method);
}

static size_t made(const struct stage *s)
{
	return tel_fake_livekit_dispatches(s->livekit, NULL);
}

static size_t agents(const struct stage *s)
{
	return tel_fake_livekit_agents_in(s->livekit, "call");
}

static size_t counted(const struct stage *s, enum tel_counter counter)
{
	return s->a.counters.values[counter];
}

/* ---- what is told ----------------------------------------------------------------------- */

static struct tel_str text(struct tel_event *e, const char *value)
{
	struct tel_str out;

	if (tel_arena_copy(&e->mem, tel_str_from(value), TEL_MAX_TEXT, &out))
		abort();
	return out;
}

static void tell(struct stage *s, enum tel_event_kind kind, enum tel_participant_kind who,
		 const char *sid)
{
	struct tel_event e = { .kind = kind };
	char id[16];

	tel_arena_init(&e.mem, TEL_MAX_CALL_ARENA);
	snprintf(id, sizeof(id), "EV_%d", ++s->events);
	e.id = text(&e, id);
	e.name = text(&e, "event");
	e.room_name = text(&e, "call");
	e.room_sid = text(&e, "RM_1");
	e.participant = (struct tel_participant){
		.kind = who, .sid = text(&e, sid), .identity = text(&e, "sip_+15550100") };
	if (who == TEL_PARTICIPANT_SIP) {
		e.participant.rule_id = text(&e, "SDR_1");
		e.participant.sip_call_id = text(&e, "SCL_1");
		e.participant.number = text(&e, "+15550100");
		e.participant.trunk_number = text(&e, "+15550123");
		e.participant.sip_status = TEL_SIP_HANGUP;
	}
	CHECK_INT(tel_rig_deliver(&s->a, &e).status, TEL_RECEIVED);
}

static void caller(struct stage *s)
{
	struct tel_participant phone = {
		.sid = TEL_STR("PA_1"), .identity = TEL_STR("sip_+15550100"),
		.sip_call_id = TEL_STR("SCL_1"), .rule_id = TEL_STR("SDR_1"),
		.sip_status = TEL_SIP_RINGING,
	};

	tel_fake_livekit_open(s->livekit, "call", "RM_1");
	tel_fake_livekit_caller(s->livekit, "call", &phone);
	tell(s, TEL_EVENT_PARTICIPANT_JOINED, TEL_PARTICIPANT_SIP, "PA_1");
	tel_rig_run(&s->a);
}

static void caller_leaves(struct stage *s)
{
	tel_fake_livekit_hang_up(s->livekit, "call", "PA_1");
	tell(s, TEL_EVENT_PARTICIPANT_LEFT, TEL_PARTICIPANT_SIP, "PA_1");
}

/* The newest one that LiveKit has. */
static const char *agent_sid(const struct stage *s)
{
	const struct tel_fake_agent *all;
	size_t n = tel_fake_livekit_agents(s->livekit, &all);

	if (n == 0)
		abort();
	return all[n - 1].sid;
}

static void agent_is_heard(struct stage *s)
{
	tell(s, TEL_EVENT_PARTICIPANT_JOINED, TEL_PARTICIPANT_AGENT, agent_sid(s));
}

static void agent_leaves(struct stage *s)
{
	tel_fake_livekit_agent_leaves(s->livekit, "call");
	tell(s, TEL_EVENT_PARTICIPANT_LEFT, TEL_PARTICIPANT_AGENT, agent_sid(s));
}

static struct tel_call *only_call(struct stage *s)
{
	struct tel_call_filter filter = { 0 };
	struct tel_call_page page = { 0 };
	struct tel_call *call;

	CHECK_INT(s->store->ops->list(s->store, &filter, &page), TEL_OK);
	CU_ASSERT_FATAL(page.n == 1);
	call = page.calls[0];
	page.calls[0] = NULL;
	tel_call_page_release(&page);
	return call;
}

/* "status outcome endedBy code" */
static void check_call(struct stage *s, const char *want)
{
	struct tel_call *call = only_call(s);
	const char *outcome = tel_outcome_text(call->outcome), *by = tel_ended_by_text(call->ended_by);
	char got[128];

	snprintf(got, sizeof(got), "%s %s %s %.*s", tel_call_status_text(call->status),
		 outcome ? outcome : "-", by ? by : "-", TEL_STR_ARG(call->error_code));
	CHECK_STR(tel_str_from(got), want);
	tel_call_free(call);
}

/* ---- the agent --------------------------------------------------------------------------- */

static void one_who_is_heard_is_not_looked_for(void)
{
	struct stage s;

	set_up(&s);
	caller(&s);
	agent_is_heard(&s);
	pass(&s, TEL_MINUTE);
	CHECK_INT(sent(&s, TEL_LK_LIST_PARTICIPANTS), 0);
	CHECK_INT(made(&s), 1);
	tear_down(&s);
}

/* … once it is sure that it is the room he is in. */
static void one_who_is_not_heard_is_seen(void)
{
	static const enum tel_fake_fault faults[] = { TEL_FAKE_FINE, TEL_FAKE_NOT_SENT };
	struct stage s;
	size_t i;

	for (i = 0; i < 2; i++) {
		set_up(&s);
		tel_fake_livekit_fault(s.livekit, TEL_LK_LIST_ROOMS, faults[i]);
		caller(&s);
		pass(&s, TEL_MINUTE);
		CHECK_INT(sent(&s, TEL_LK_LIST_PARTICIPANTS), 1 + i);
		CHECK_INT(counted(&s, TEL_COUNT_WATCH_JOINED), 1);
		CHECK_INT(made(&s), 1);
		caller_leaves(&s);
		check_call(&s, "ended completed caller ");
		tear_down(&s);
	}
}

/* Whatever befalls the requests, there is one living dispatch, and in the end an agent. */
static void a_dispatch_that_no_worker_takes_is_made_again(void)
{
	static const struct { enum tel_lk_method method; enum tel_fake_fault fault; } cases[] = {
		{ TEL_LK_LIST_PARTICIPANTS, TEL_FAKE_FINE },
		{ TEL_LK_LIST_PARTICIPANTS, TEL_FAKE_ANSWER_LOST },
		{ TEL_LK_LIST_PARTICIPANTS, TEL_FAKE_TRY_LATER },
		{ TEL_LK_LIST_DISPATCH, TEL_FAKE_NOT_SENT },
		{ TEL_LK_LIST_DISPATCH, TEL_FAKE_REFUSED },
		{ TEL_LK_DELETE_DISPATCH, TEL_FAKE_ANSWER_LOST },
		{ TEL_LK_DELETE_DISPATCH, TEL_FAKE_REQUEST_LOST },
		{ TEL_LK_DELETE_DISPATCH, TEL_FAKE_REFUSED },
		{ TEL_LK_DELETE_DISPATCH, TEL_FAKE_NO_SEND },
	};
	struct stage s;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_up(&s);
		tel_fake_livekit_workers(s.livekit, false);
		caller(&s);
		tel_fake_livekit_workers(s.livekit, true);
		tel_fake_livekit_fault(s.livekit, cases[i].method, cases[i].fault);
		pass(&s, 5 * TEL_SECOND);
		CHECK_INT(made(&s), 2);
		CHECK_INT(agents(&s), 1);
		CHECK_INT(tel_fake_livekit_most_living(s.livekit), 1);
		CHECK_INT(counted(&s, TEL_COUNT_WATCH_LOST),
			  cases[i].method != TEL_LK_DELETE_DISPATCH ||
			  cases[i].fault != TEL_FAKE_ANSWER_LOST);
		CHECK_INT(counted(&s, TEL_COUNT_WATCH_REDISPATCHED), 1);
		tear_down(&s);
	}
}

static void an_agent_that_does_not_join_is_replaced(void)
{
	struct stage s;

	set_up(&s);
	tel_fake_livekit_agents_come(s.livekit, false);
	caller(&s);
	pass(&s, 7 * TEL_SECOND);
	CHECK_INT(sent(&s, TEL_LK_DELETE_DISPATCH), 0);
	tel_fake_livekit_agents_come(s.livekit, true);
	pass(&s, 3 * TEL_SECOND);
	CHECK_INT(counted(&s, TEL_COUNT_WATCH_LATE), 1);
	CHECK_INT(agents(&s), 1);
	CHECK_INT(tel_fake_livekit_most_living(s.livekit), 1);
	tear_down(&s);
}

static void an_agent_that_leaves_is_replaced(void)
{
	struct stage s;

	set_up(&s);
	caller(&s);
	agent_is_heard(&s);
	pass(&s, TEL_MINUTE);
	agent_leaves(&s);
	pass(&s, 4 * TEL_SECOND);
	CHECK_INT(counted(&s, TEL_COUNT_WATCH_SPENT), 1);
	CHECK_INT(agents(&s), 1);
	CHECK_INT(tel_fake_livekit_most_living(s.livekit), 1);
	agent_is_heard(&s);
	pass(&s, TEL_MINUTE);
	CHECK_INT(made(&s), 2);
	tear_down(&s);
}

/* The agent of a dispatch that was deleted is shown for a while. */
static void one_who_lingers_is_no_reason_to_wait(void)
{
	struct stage s;

	set_up(&s);
	tel_fake_livekit_agents_come(s.livekit, false);
	tel_fake_livekit_agents_linger(s.livekit, true);
	caller(&s);
	pass(&s, 8 * TEL_SECOND);
	CHECK_INT(sent(&s, TEL_LK_DELETE_DISPATCH), 1);
	tel_fake_livekit_agents_come(s.livekit, true);
	pass(&s, 4 * TEL_SECOND);
	CHECK_INT(agents(&s), 1);
	CHECK_INT(tel_fake_livekit_most_agents(s.livekit), 1);
	tear_down(&s);
}

/* Somebody else dispatches for the call, too. */
static void dispatch_beside_us(struct stage *s)
{
	struct tel_livekit *port = tel_fake_livekit_port(s->livekit);
	struct tel_call *call = only_call(s);
	struct tel_lk_request request = {
		.method = TEL_LK_CREATE_DISPATCH, .room = TEL_STR("call"),
		.agent_name = TEL_STR("agent"), .call = call,
	};

	CHECK_INT(port->ops->send(port, &request, NULL, NULL), TEL_OK);
	CHECK_INT(port->ops->poll(port, 0), TEL_OK);
	tel_call_free(call);
}

static void of_two_dispatches_one_is_deleted(void)
{
	const struct tel_fake_dispatch *all;
	struct tel_call *call;
	struct stage s;
	int heard;

	for (heard = 0; heard < 2; heard++) {
		set_up(&s);
		caller(&s);
		if (heard)
			agent_is_heard(&s);
		dispatch_beside_us(&s);
		if (heard)
			agent_is_heard(&s);
		pass(&s, 4 * TEL_SECOND);
		CHECK_INT(tel_fake_livekit_dispatches(s.livekit, &all), 2);
		CHECK_INT(all[0].deleted, false);
		CHECK_INT(all[1].deleted, true);
		call = only_call(&s);
		CHECK_STR(call->agent.dispatch_id, all[0].id);
		tel_call_free(call);
		CHECK_INT(counted(&s, TEL_COUNT_WATCH_SURPLUS), 1);
		pass(&s, TEL_MINUTE);
		CHECK_INT(made(&s), 2);
		CHECK_INT(agents(&s), 1);
		tear_down(&s);
	}
}

/* More than a look keeps in mind: it is looked until one is left. */
static void of_many_dispatches_one_is_left(void)
{
	struct stage s;
	int i;

	set_up(&s);
	caller(&s);
	for (i = 0; i < 2 * TEL_WATCH_MAX; i++)
		dispatch_beside_us(&s);
	CHECK_INT(agents(&s), 2 * TEL_WATCH_MAX + 1);
	pass(&s, 10 * TEL_SECOND);
	CHECK_INT(agents(&s), 1);
	CHECK_INT(tel_fake_livekit_living(s.livekit, "call"), 1);
	CHECK_INT(made(&s), 2 * TEL_WATCH_MAX + 1);
	tear_down(&s);
}

static void name_too_long(struct tel_lk_answer *answer)
{
	static char sid[TEL_MAX_TEXT + 2];
	static struct tel_participant agent;

	memset(sid, 'x', sizeof(sid) - 1);
	agent = (struct tel_participant){ .kind = TEL_PARTICIPANT_AGENT, .sid = tel_str_from(sid) };
	answer->participants = &agent;
	answer->n_participants = 1;
}

/* Somebody is there, who does not fit: no reason to send for another one. */
static void one_who_cannot_be_kept_in_mind_is_not_missing(void)
{
	struct tel_changed_livekit changed;
	struct stage s;

	set_up(&s);
	tel_changed_livekit_init(&changed, s.a.app.livekit, TEL_LK_LIST_PARTICIPANTS, 100,
				 name_too_long);
	s.a.app.livekit = &changed.base;
	tel_fake_livekit_agents_come(s.livekit, false);
	caller(&s);
	pass(&s, 9 * TEL_SECOND);
	CU_ASSERT_TRUE(sent(&s, TEL_LK_LIST_PARTICIPANTS) >= 3);
	CHECK_INT(sent(&s, TEL_LK_DELETE_DISPATCH), 0);
	CHECK_INT(made(&s), 1);
	changed.times = 0;
	pass(&s, 6 * TEL_SECOND);
	CHECK_INT(counted(&s, TEL_COUNT_WATCH_LATE), 1);
	tear_down(&s);
}

/* The lost one is deleted, another is about to be made, and there it is. */
static void what_comes_in_between_is_not_doubled(void)
{
	struct stage s;

	set_up(&s);
	tel_fake_livekit_workers(s.livekit, false);
	caller(&s);
	tel_fake_livekit_workers(s.livekit, true);
	pass(&s, 5 * TEL_SECOND / 2);
	CHECK_INT(counted(&s, TEL_COUNT_WATCH_REDISPATCHED), 1);
	CHECK_INT(made(&s), 1);
	dispatch_beside_us(&s);
	pass(&s, TEL_MINUTE);
	CHECK_INT(made(&s), 2);
	CHECK_INT(tel_fake_livekit_most_living(s.livekit), 1);
	CHECK_INT(counted(&s, TEL_COUNT_DISPATCH_FOUND), 1);
	tear_down(&s);
}

/*
 * The room has ended, which nobody told us, and is there again: whose agent is
 * in it, and for whom one may be sent into it, is not ours to say.
 */
static void another_life_of_the_room_is_another_room(void)
{
	struct tel_call *call;
	struct stage s;
	int agent;

	for (agent = 0; agent < 2; agent++) {
		set_up(&s);
		tel_fake_livekit_workers(s.livekit, false);
		caller(&s);
		tel_fake_livekit_workers(s.livekit, true);
		pass(&s, agent ? TEL_SECOND : 5 * TEL_SECOND / 2);
		tel_fake_livekit_open(s.livekit, "call", "RM_2");
		if (agent)
			dispatch_beside_us(&s);
		pass(&s, 10 * TEL_SECOND);
		CHECK_INT(made(&s), 1 + agent);
		CHECK_INT(tel_fake_livekit_living(s.livekit, "call"), agent);
		call = only_call(&s);
		CHECK_INT(call->agent_was_there, false);
		tel_call_free(call);
		tear_down(&s);
	}
}

/* An agent is heard when one of its two dispatches is deleted: the other goes, too. */
static void a_deletion_that_was_begun_is_done(void)
{
	struct stage s;

	set_up(&s);
	tel_fake_livekit_workers(s.livekit, false);
	caller(&s);
	dispatch_beside_us(&s);
	tel_fake_livekit_fault(s.livekit, TEL_LK_DELETE_DISPATCH, TEL_FAKE_ANSWER_HELD);
	pass(&s, 2 * TEL_SECOND);
	CHECK_INT(sent(&s, TEL_LK_DELETE_DISPATCH), 1);
	tell(&s, TEL_EVENT_PARTICIPANT_JOINED, TEL_PARTICIPANT_AGENT, "PA_9");
	tel_fake_livekit_release_held(s.livekit);
	tel_rig_run(&s.a);
	CHECK_INT(sent(&s, TEL_LK_DELETE_DISPATCH), 2);
	CHECK_INT(tel_fake_livekit_living(s.livekit, "call"), 0);
	tear_down(&s);
}

/*
 * Whether it took effect is not known: an agent who is still in the room may be
 * on his way out.
 */
static void a_deletion_that_was_not_answered_may_be_done(void)
{
	struct stage s;

	set_up(&s);
	tel_fake_livekit_agents_come(s.livekit, false);
	tel_fake_livekit_agents_linger(s.livekit, true);
	caller(&s);
	tel_fake_livekit_fault(s.livekit, TEL_LK_LIST_DISPATCH, TEL_FAKE_FINE);
	tel_fake_livekit_fault(s.livekit, TEL_LK_LIST_DISPATCH, TEL_FAKE_HELD);
	tel_fake_livekit_fault(s.livekit, TEL_LK_DELETE_DISPATCH, TEL_FAKE_ANSWER_LOST);
	pass(&s, 9 * TEL_SECOND);
	tel_fake_livekit_agent_joins(s.livekit);
	tel_fake_livekit_release_held(s.livekit);
	pass(&s, 3 * TEL_SECOND);
	CHECK_INT(sent(&s, TEL_LK_DELETE_DISPATCH), 1);
	CHECK_INT(counted(&s, TEL_COUNT_WATCH_JOINED), 0);
	tear_down(&s);
}

/* Between looking and deleting: the agent is heard after all, or the caller has gone. */
static void nothing_is_deleted_that_is_wanted(void)
{
	struct stage s;
	int gone;

	for (gone = 0; gone < 2; gone++) {
		set_up(&s);
		tel_fake_livekit_agents_come(s.livekit, false);
		caller(&s);
		tel_fake_livekit_fault(s.livekit, TEL_LK_LIST_DISPATCH, TEL_FAKE_FINE);
		tel_fake_livekit_fault(s.livekit, TEL_LK_LIST_DISPATCH, TEL_FAKE_HELD);
		pass(&s, 9 * TEL_SECOND);
		tel_fake_livekit_agent_joins(s.livekit);
		if (gone)
			caller_leaves(&s);
		else
			agent_is_heard(&s);
		tel_fake_livekit_release_held(s.livekit);
		pass(&s, 3 * TEL_SECOND);
		CHECK_INT(sent(&s, TEL_LK_DELETE_DISPATCH), 0);
		CHECK_INT(made(&s), 1);
		tear_down(&s);
	}
}

/* Nobody waits any more when it is recorded: nothing is made, and none is counted. */
static void what_is_not_done_is_not_told(void)
{
	struct stage s;

	set_up(&s);
	tel_fake_livekit_workers(s.livekit, false);
	caller(&s);
	tel_fake_livekit_fault(s.livekit, TEL_LK_LIST_DISPATCH, TEL_FAKE_FINE);
	tel_fake_livekit_fault(s.livekit, TEL_LK_LIST_DISPATCH, TEL_FAKE_HELD);
	pass(&s, 3 * TEL_SECOND);
	CHECK_INT(counted(&s, TEL_COUNT_WATCH_LOST), 1);
	caller_leaves(&s);
	tel_fake_livekit_release_held(s.livekit);
	pass(&s, 3 * TEL_SECOND);
	CHECK_INT(made(&s), 1);
	CHECK_INT(counted(&s, TEL_COUNT_WATCH_REDISPATCHED), 0);
	CHECK_INT(tel_fake_log_count(&s.a.log, " no_agent "), 0);
	tear_down(&s);
}

/*
 * Heard of while it is looked for, and not shown, it may have come after the
 * look; if it has gone, unheard, the phone is alone since that shows.
 */
static void one_who_is_heard_is_not_missing(void)
{
	struct stage s;

	set_up(&s);
	s.a.app.policy.solo_timeout = 4 * TEL_SECOND;
	tel_fake_livekit_workers(s.livekit, false);
	caller(&s);
	tel_fake_livekit_fault(s.livekit, TEL_LK_LIST_PARTICIPANTS, TEL_FAKE_ANSWER_HELD);
	pass(&s, 2 * TEL_SECOND);
	tell(&s, TEL_EVENT_PARTICIPANT_JOINED, TEL_PARTICIPANT_AGENT, "PA_9");
	pass(&s, 3 * TEL_SECOND);
	tel_fake_livekit_release_held(s.livekit);
	pass(&s, 7 * TEL_SECOND / 2);
	CHECK_INT(sent(&s, TEL_LK_DELETE_ROOM), 0);
	check_call(&s, "agent_dispatched - - ");
	pass(&s, 10 * TEL_SECOND);
	CHECK_INT(sent(&s, TEL_LK_DELETE_ROOM), 1);
	tear_down(&s);
}

/* No hot loop, and when LiveKit is back the agent comes. */
static void livekit_is_away(void)
{
	struct stage s;
	size_t asked;
	int i;

	set_up(&s);
	tel_fake_livekit_workers(s.livekit, false);
	caller(&s);
	tel_fake_livekit_workers(s.livekit, true);
	for (i = 0; i < 15; i++)
		tel_fake_livekit_fault(s.livekit, TEL_LK_LIST_PARTICIPANTS, TEL_FAKE_NOT_SENT);
	pass(&s, 30 * TEL_SECOND);
	asked = sent(&s, TEL_LK_LIST_PARTICIPANTS);
	CU_ASSERT_TRUE(asked >= 7 && asked < 15);
	CHECK_INT(made(&s), 1);
	pass(&s, 45 * TEL_SECOND);
	CHECK_INT(made(&s), 2);
	CHECK_INT(agents(&s), 1);
	tear_down(&s);
}

/* The process that looks dies: another looks. */
static void a_look_is_taken_over(void)
{
	static char a[] = "a";
	struct stage s;

	set_up(&s);
	tel_fake_livekit_workers(s.livekit, false);
	caller(&s);
	tel_fake_livekit_workers(s.livekit, true);
	tel_fake_livekit_fault(s.livekit, TEL_LK_DELETE_DISPATCH, TEL_FAKE_HELD);
	pass(&s, 2 * TEL_SECOND);
	tel_fake_livekit_orphan(s.livekit);
	s.b.process.dead = tel_fake_process_is_named;
	s.b.process.ctx = a;
	tel_fake_livekit_release_held(s.livekit);
	tel_rig_pass(&s.b, 5 * TEL_SECOND);
	CHECK_INT(made(&s), 2);
	CHECK_INT(agents(&s), 1);
	CHECK_INT(tel_fake_livekit_most_living(s.livekit), 1);
	tear_down(&s);
}

static void no_agent_comes(void)
{
	static const struct {
		struct tel_watch_policy watch;
		tel_time after;
		const char *call;
	} cases[] = {
		{ { .fallback = TEL_FALLBACK_HANGUP }, 45 * TEL_SECOND, "failed failed livekit no_agent" },
		{ { .attempts = 1, .fallback = TEL_FALLBACK_HANGUP }, 12 * TEL_SECOND,
		  "failed failed livekit no_agent" },
		{ { .fallback = TEL_FALLBACK_KEEP }, 60 * TEL_SECOND, "agent_dispatched - - " },
		{ { .fallback = TEL_FALLBACK_KEEP }, 315 * TEL_SECOND, "failed failed timeout no_agent" },
	};
	struct stage s;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_up(&s);
		s.a.routing.watch = cases[i].watch;
		tel_fake_livekit_workers(s.livekit, false);
		caller(&s);
		pass(&s, cases[i].after);
		check_call(&s, cases[i].call);
		CHECK_INT(tel_fake_livekit_most_living(s.livekit), 1);
		CHECK_INT(tel_fake_livekit_is_open(s.livekit, "call"), cases[i].call[0] == 'a');
		tear_down(&s);
	}
}

/* The next few meet it. */
static void fault_dispatches(struct stage *s, enum tel_fake_fault fault, size_t *given)
{
	for (; *given < sent(s, TEL_LK_CREATE_DISPATCH) + 8; (*given)++)
		tel_fake_livekit_fault(s->livekit, TEL_LK_CREATE_DISPATCH, fault);
}

/* LiveKit is there and makes no dispatch: that is no agent, either. */
static void no_agent_can_be_sent_for(void)
{
	static const enum tel_fake_fault faults[] = { TEL_FAKE_TRY_LATER, TEL_FAKE_REQUEST_LOST };
	static const struct {
		struct tel_watch_policy watch;
		tel_time after;
		const char *call;
	} cases[] = {
		{ { .fallback = TEL_FALLBACK_HANGUP }, 29 * TEL_SECOND, "sip_participant_joined - - " },
		{ { .fallback = TEL_FALLBACK_HANGUP }, 50 * TEL_SECOND, "failed failed livekit no_agent" },
		{ { .within = 10 * TEL_SECOND, .fallback = TEL_FALLBACK_TRANSFER,
		    .transfer_to = TEL_STR("tel:+15550199") }, 25 * TEL_SECOND,
		  "sip_participant_joined - - " },
		{ { .fallback = TEL_FALLBACK_KEEP }, 60 * TEL_SECOND, "sip_participant_joined - - " },
		{ { .fallback = TEL_FALLBACK_KEEP }, 320 * TEL_SECOND, "failed failed timeout no_agent" },
	};
	struct stage s;
	tel_time t;
	size_t i, f, given;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (f = 0; f < 2; f++) {
			set_up(&s);
			s.a.routing.watch = cases[i].watch;
			given = 0;
			fault_dispatches(&s, faults[f], &given);
			caller(&s);
			for (t = 0; t < cases[i].after; t += TEL_SECOND) {
				fault_dispatches(&s, faults[f], &given);
				pass(&s, TEL_SECOND);
			}
			check_call(&s, cases[i].call);
			CHECK_INT(sent(&s, TEL_LK_TRANSFER_SIP_PARTICIPANT),
				  cases[i].watch.fallback == TEL_FALLBACK_TRANSFER);
			CHECK_INT(tel_fake_livekit_is_open(s.livekit, "call"), cases[i].call[0] == 's');
			tear_down(&s);
		}
}

static void no_agent_comes_and_the_phone_is_handed_on(void)
{
	const struct tel_fake_phone *phones;
	struct stage s;

	set_up(&s);
	s.a.routing.watch = (struct tel_watch_policy){
		.attempts = 2, .fallback = TEL_FALLBACK_TRANSFER,
		.transfer_to = TEL_STR("tel:+15550199") };
	tel_fake_livekit_workers(s.livekit, false);
	caller(&s);
	pass(&s, 15 * TEL_SECOND);
	CHECK_INT(made(&s), 2);
	CHECK_INT(sent(&s, TEL_LK_TRANSFER_SIP_PARTICIPANT), 1);
	CHECK_INT(tel_fake_livekit_phones(s.livekit, &phones), 1);
	CU_ASSERT_STRING_EQUAL(phones[0].transferred_to, "tel:+15550199");
	tear_down(&s);
}

/* ---- calls of which nothing was heard ------------------------------------------------------- */

static void quiet_for(struct stage *s, tel_time ms)
{
	s->clock.now += ms;
	pass(s, 2 * TEL_SECOND);
}

/* What is heard while it is asked for is newer than the answer. */
static void what_is_heard_meanwhile_counts(void)
{
	struct stage s;

	set_up(&s);
	s.a.app.policy.max_duration = TEL_NEVER;
	caller(&s);
	agent_is_heard(&s);
	tel_fake_livekit_hang_up(s.livekit, "call", "PA_1");
	tel_fake_livekit_fault(s.livekit, TEL_LK_LIST_PARTICIPANTS, TEL_FAKE_ANSWER_HELD);
	quiet_for(&s, TEL_DAY);
	tell(&s, TEL_EVENT_PARTICIPANT_JOINED, TEL_PARTICIPANT_SIP, "PA_2");
	tel_fake_livekit_release_held(s.livekit);
	pass(&s, 2 * TEL_SECOND);
	check_call(&s, "agent_dispatched - - ");
	quiet_for(&s, TEL_DAY);
	check_call(&s, "ended completed timeout ");
	tear_down(&s);
}

/* Nobody can be asked, ever: not whether its phone is there, nor for its agent. */
static void it_ends_though_livekit_never_comes_back(void)
{
	static const enum tel_lk_method methods[] = { TEL_LK_LIST_PARTICIPANTS, TEL_LK_LIST_DISPATCH,
						      TEL_LK_CREATE_DISPATCH };
	size_t given[3], watched, m;
	struct stage s;
	int minute;

	for (watched = 0; watched < 2; watched++) {
		set_up(&s);
		memset(given, 0, sizeof(given));
		s.a.app.policy.max_age = TEL_MINUTE;
		s.a.app.policy.max_duration = s.a.app.policy.solo_timeout = TEL_NEVER;
		tel_fake_livekit_workers(s.livekit, false);
		for (minute = 0; minute < 4 * 10; minute++) {
			for (m = 0; m < (watched ? 1 : 3); m++)
				for (; given[m] < sent(&s, methods[m]) + 8; given[m]++)
					tel_fake_livekit_fault(s.livekit, methods[m],
							       TEL_FAKE_NOT_SENT);
			if (minute == 0)
				caller(&s);
			pass(&s, TEL_MINUTE / 4);
		}
		check_call(&s, "ended unknown timeout ");
		tear_down(&s);
	}
}

static void it_is_put_off_while_its_phone_is_there(void)
{
	struct tel_call *call;
	struct stage s;
	int day;

	set_up(&s);
	s.a.app.policy.max_duration = TEL_NEVER;
	caller(&s);
	agent_is_heard(&s);
	for (day = 1; day < 4; day++) {
		quiet_for(&s, TEL_DAY);
		CHECK_INT(sent(&s, TEL_LK_LIST_PARTICIPANTS), day);
		check_call(&s, "agent_dispatched - - ");
		call = only_call(&s);
		CU_ASSERT_TRUE(call->jobs[TEL_JOB_END_OVERDUE].due > s.clock.now + TEL_DAY - TEL_MINUTE);
		tel_call_free(call);
	}
	tel_fake_livekit_hang_up(s.livekit, "call", "PA_1");
	quiet_for(&s, TEL_DAY);
	check_call(&s, "ended completed timeout ");
	CHECK_INT(counted(&s, TEL_COUNT_CALL_ENDED), 1);
	tear_down(&s);
}

/* Who else is in its room does not keep it. */
static void it_ends_when_its_own_phone_is_gone(void)
{
	struct stage s;

	set_up(&s);
	s.a.app.policy.max_duration = TEL_NEVER;
	caller(&s);
	agent_is_heard(&s);
	tel_fake_livekit_hang_up(s.livekit, "call", "PA_1");
	tel_fake_livekit_phone(s.livekit, "call", "PA_9");
	quiet_for(&s, TEL_DAY);
	check_call(&s, "ended completed timeout ");
	CU_ASSERT_TRUE(tel_fake_livekit_is_open(s.livekit, "call"));
	tear_down(&s);
}

static void it_is_hung_up_when_it_lasts_too_long(void)
{
	struct stage s;

	set_up(&s);
	s.a.app.policy.max_duration = 600 * TEL_SECOND;
	caller(&s);
	agent_is_heard(&s);
	pass(&s, 599 * TEL_SECOND);
	check_call(&s, "agent_dispatched - - ");
	pass(&s, 3 * TEL_SECOND);
	CU_ASSERT_FALSE(tel_fake_livekit_is_open(s.livekit, "call"));
	pass(&s, 6 * TEL_SECOND);	/* its leaving is not heard of */
	check_call(&s, "ended completed timeout ");
	tear_down(&s);
}

/* It is there still, or again, when the call is over: nobody is to hear silence. */
static void who_was_hung_up_does_not_keep_the_room(void)
{
	struct stage s;

	set_up(&s);
	s.a.app.policy.max_duration = 600 * TEL_SECOND;
	caller(&s);
	agent_is_heard(&s);
	pass(&s, 602 * TEL_SECOND);
	CU_ASSERT_FALSE(tel_fake_livekit_is_open(s.livekit, "call"));
	tel_fake_livekit_open(s.livekit, "call", "RM_1");
	tel_fake_livekit_phone(s.livekit, "call", "PA_1");
	pass(&s, 20 * TEL_SECOND);
	check_call(&s, "ended completed timeout ");
	CU_ASSERT_FALSE(tel_fake_livekit_is_open(s.livekit, "call"));
	CHECK_INT(counted(&s, TEL_COUNT_ROOM_KEPT), 0);
	tear_down(&s);
}

static void livekit_is_away_when_it_is_looked_for(void)
{
	struct stage s;
	int i;

	set_up(&s);
	s.a.app.policy.max_duration = TEL_NEVER;
	caller(&s);
	agent_is_heard(&s);
	tel_fake_livekit_hang_up(s.livekit, "call", "PA_1");
	for (i = 0; i < 5; i++)
		tel_fake_livekit_fault(s.livekit, TEL_LK_LIST_PARTICIPANTS, TEL_FAKE_NOT_SENT);
	quiet_for(&s, TEL_DAY);
	check_call(&s, "agent_dispatched - - ");
	pass(&s, TEL_MINUTE);
	check_call(&s, "ended completed timeout ");
	CU_ASSERT_TRUE(sent(&s, TEL_LK_LIST_PARTICIPANTS) >= 6);
	tear_down(&s);
}

/* It is heard of while it is looked for: what the look shows is late. */
static void it_leaves_while_it_is_looked_for(void)
{
	struct stage s;

	set_up(&s);
	s.a.app.policy.max_duration = TEL_NEVER;
	caller(&s);
	agent_is_heard(&s);
	tel_fake_livekit_fault(s.livekit, TEL_LK_LIST_PARTICIPANTS, TEL_FAKE_ANSWER_HELD);
	quiet_for(&s, TEL_DAY);
	caller_leaves(&s);
	check_call(&s, "ended completed caller ");
	tel_fake_livekit_release_held(s.livekit);
	pass(&s, 2 * TEL_SECOND);
	check_call(&s, "ended completed caller ");
	CHECK_INT(counted(&s, TEL_COUNT_CALL_ENDED), 1);
	tear_down(&s);
}

int main(void)
{
	CU_TestInfo watch[] = {
		{ "one who is heard is not looked for", one_who_is_heard_is_not_looked_for },
		{ "one who is not heard is seen", one_who_is_not_heard_is_seen },
		{ "a dispatch that no worker takes is made again",
		  a_dispatch_that_no_worker_takes_is_made_again },
		{ "an agent that does not join is replaced", an_agent_that_does_not_join_is_replaced },
		{ "an agent that leaves is replaced", an_agent_that_leaves_is_replaced },
		{ "one who lingers is no reason to wait", one_who_lingers_is_no_reason_to_wait },
		{ "of two dispatches one is deleted", of_two_dispatches_one_is_deleted },
		{ "of many dispatches one is left", of_many_dispatches_one_is_left },
		{ "one who cannot be kept in mind is not missing",
		  one_who_cannot_be_kept_in_mind_is_not_missing },
		{ "what comes in between is not doubled", what_comes_in_between_is_not_doubled },
		{ "another life of the room is another room", another_life_of_the_room_is_another_room },
		{ "a deletion that was begun is done", a_deletion_that_was_begun_is_done },
		{ "a deletion that was not answered may be done",
		  a_deletion_that_was_not_answered_may_be_done },
		{ "nothing is deleted that is wanted", nothing_is_deleted_that_is_wanted },
		{ "what is not done is not told", what_is_not_done_is_not_told },
		{ "one who is heard is not missing", one_who_is_heard_is_not_missing },
		{ "LiveKit is away", livekit_is_away },
		{ "a look is taken over", a_look_is_taken_over },
		{ "no agent comes", no_agent_comes },
		{ "no agent can be sent for", no_agent_can_be_sent_for },
		{ "no agent comes, and the phone is handed on",
		  no_agent_comes_and_the_phone_is_handed_on },
		CU_TEST_INFO_NULL,
	};
	CU_TestInfo overdue[] = {
		{ "what is heard meanwhile counts", what_is_heard_meanwhile_counts },
		{ "it ends though LiveKit never comes back", it_ends_though_livekit_never_comes_back },
		{ "it is put off while its phone is there", it_is_put_off_while_its_phone_is_there },
		{ "it ends when its own phone is gone", it_ends_when_its_own_phone_is_gone },
		{ "it is hung up when it lasts too long", it_is_hung_up_when_it_lasts_too_long },
		{ "who was hung up does not keep the room", who_was_hung_up_does_not_keep_the_room },
		{ "LiveKit is away when it is looked for", livekit_is_away_when_it_is_looked_for },
		{ "it leaves while it is looked for", it_leaves_while_it_is_looked_for },
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{ .pName = "app: watching for the agent", .pTests = watch },
		{ .pName = "app: calls of which nothing was heard", .pTests = overdue },
		CU_SUITE_INFO_NULL,
	};

	return tel_run_suites(suites);
}
