/*
 * What the fake LiveKit does, as tests of the use cases rest on it.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fakes/fake_livekit.h"
#include "harness.h"
#include "base/banned.h"

struct seen {
	int n;
	enum tel_lk_verdict verdict;
	int status, sip_status_code;
	char code[32];
	char sid[64], mark[64];	/* of what it is about */
	size_t entries;
	bool has_job;
	enum tel_sip_status sip_status;
	size_t agents;			/* listed */
	tel_time since;			/* of what it is about */
	char all[200];			/* of the phone: number|trunk number|… */
};

static void keep_participants(struct seen *seen, const struct tel_lk_answer *a)
{
	const struct tel_participant *p = a->participants;
	size_t i;

	for (i = 0; i < a->n_participants; i++)
		seen->agents += p[i].kind == TEL_PARTICIPANT_AGENT &&
				tel_str_is(p[i].agent_name, "a") && p[i].identity.len > 9 &&
				memcmp(p[i].identity.ptr, "agent-AJ_", 9) == 0;
	if (a->n_participants == 0)
		return;
	seen->since = p->joined_at;
	seen->sip_status = p->sip_status;
	snprintf(seen->all, sizeof(seen->all), "%.*s|%.*s|%.*s|%.*s|%.*s|%.*s",
		 TEL_STR_ARG(p->identity), TEL_STR_ARG(p->sip_call_id), TEL_STR_ARG(p->number),
		 TEL_STR_ARG(p->trunk_number), TEL_STR_ARG(p->trunk_id), TEL_STR_ARG(p->rule_id));
}

static void keep(void *ctx, const struct tel_lk_answer *a)
{
	struct seen *seen = ctx;
	struct tel_str sid = a->n_rooms ? a->rooms[0].sid :
			     a->n_participants ? a->participants[0].sid :
			     a->n_dispatches ? a->dispatches[0].id : TEL_STR("");
	struct tel_str mark = a->n_rooms ? a->rooms[0].call_id :
			      a->n_participants ? a->participants[0].call_id :
			      a->n_dispatches ? a->dispatches[0].call_id : TEL_STR("");

	*seen = (struct seen){
		.n = seen->n + 1, .verdict = a->verdict, .status = a->http_status,
		.sip_status_code = a->sip_status_code,
		.entries = a->n_rooms + a->n_participants + a->n_dispatches,
		.has_job = a->n_dispatches && a->dispatches[0].has_job,
		.since = a->n_rooms ? a->rooms[0].created_at : 0,
	};
	keep_participants(seen, a);
	snprintf(seen->code, sizeof(seen->code), "%.*s", TEL_STR_ARG(a->code));
	snprintf(seen->sid, sizeof(seen->sid), "%.*s", TEL_STR_ARG(sid));
	snprintf(seen->mark, sizeof(seen->mark), "%.*s", TEL_STR_ARG(mark));
}

static struct tel_call *a_call(const char *to)
{
	struct tel_call *call = tel_call_new();

	CU_ASSERT_PTR_NOT_NULL_FATAL(call);
	CHECK_INT(tel_call_id_parse(TEL_STR("6f1f2a52-0000-4000-8000-000000000001"), &call->id),
		  TEL_OK);
	CU_ASSERT_TRUE(tel_e164_parse(tel_str_from(to), &call->to));
	return call;
}

static void start(struct tel_fake_livekit *lk, enum tel_lk_method method, const char *to,
		  struct seen *seen)
{
	struct tel_livekit *port = tel_fake_livekit_port(lk);
	struct tel_call *call = a_call(to);
	struct tel_lk_request r = {
		.method = method, .room = TEL_STR("out"), .agent_name = TEL_STR("a"),
		.agent_config = TEL_STR("{}"), .call = call, .identity = TEL_STR("sip-1"),
		.transfer_to = TEL_STR("tel:+15550300"), .dispatch_id = TEL_STR("AD_none"),
	};
	const struct tel_fake_dispatch *made;
	size_t n = tel_fake_livekit_dispatches(lk, &made);

	if (method == TEL_LK_DELETE_DISPATCH && n)
		r.dispatch_id = tel_str_from(made[n - 1].id);
	*seen = (struct seen){ 0 };
	CHECK_INT(port->ops->send(port, &r, keep, seen), TEL_OK);
	tel_call_free(call);
}

static void turn(struct tel_fake_livekit *lk)
{
	struct tel_livekit *port = tel_fake_livekit_port(lk);

	CHECK_INT(port->ops->poll(port, 0), TEL_OK);
}

static struct seen ask_to(struct tel_fake_livekit *lk, enum tel_lk_method method, const char *to)
{
	struct seen seen;

	start(lk, method, to, &seen);
	turn(lk);
	CHECK_INT(seen.n, 1);
	return seen;
}

static struct seen ask(struct tel_fake_livekit *lk, enum tel_lk_method method)
{
	return ask_to(lk, method, "+15550200");
}

static struct tel_fake_livekit *a_livekit(void)
{
	struct tel_fake_livekit *lk = tel_fake_livekit_new();

	CU_ASSERT_PTR_NOT_NULL_FATAL(lk);
	return lk;
}

static void a_room_comes_with_its_agent_once(void)
{
	struct tel_fake_livekit *lk = a_livekit();
	struct seen first = ask(lk, TEL_LK_CREATE_ROOM), again;

	CHECK_INT(first.verdict, TEL_LK_DONE);
	CHECK_INT(tel_fake_livekit_living(lk, "out"), 1);
	again = ask(lk, TEL_LK_CREATE_ROOM);
	CU_ASSERT_STRING_EQUAL(again.sid, first.sid);
	CU_ASSERT_STRING_EQUAL(again.mark, tel_fake_livekit_mark(lk, "out"));
	CHECK_INT(tel_fake_livekit_most_living(lk), 1);
	CU_ASSERT_TRUE(ask(lk, TEL_LK_LIST_DISPATCH).has_job);
	CU_ASSERT_STRING_EQUAL(ask(lk, TEL_LK_LIST_ROOMS).sid, first.sid);
	CHECK_INT(ask(lk, TEL_LK_DELETE_DISPATCH).verdict, TEL_LK_DONE);
	CHECK_INT(ask(lk, TEL_LK_DELETE_DISPATCH).verdict, TEL_LK_GONE);
	CHECK_INT(tel_fake_livekit_living(lk, "out"), 0);
	tel_fake_livekit_workers(lk, false);
	CHECK_INT(ask(lk, TEL_LK_CREATE_DISPATCH).verdict, TEL_LK_DONE);
	CHECK_INT(tel_fake_livekit_living(lk, "out"), 1);
	CHECK_INT(ask(lk, TEL_LK_DELETE_ROOM).verdict, TEL_LK_DONE);
	CU_ASSERT_STRING_NOT_EQUAL(ask(lk, TEL_LK_CREATE_ROOM).sid, first.sid);
	CU_ASSERT_FALSE(ask(lk, TEL_LK_LIST_DISPATCH).has_job);
	tel_fake_livekit_open(lk, "out", "RM_theirs");
	CU_ASSERT_STRING_EQUAL(ask(lk, TEL_LK_CREATE_ROOM).mark, "");
	CHECK_INT(tel_fake_livekit_living(lk, "out"), 0);
	tel_fake_livekit_free(lk);
}

static const struct {
	enum tel_fake_callee does;
	enum tel_lk_verdict verdict;
	int status, sip;
	const char *code;
	size_t rung;
	const char *left;	/* NULL: it is in the room */
} ends[] = {
	{ TEL_FAKE_ANSWERS, TEL_LK_DONE, 200, 0, "", 1, NULL },
	{ TEL_FAKE_BUSY, TEL_LK_REFUSED, 503, 486, "unavailable", 1, "USER_REJECTED" },
	{ TEL_FAKE_DECLINES, TEL_LK_REFUSED, 503, 603, "unavailable", 1, "CLIENT_INITIATED" },
	{ TEL_FAKE_NO_SUCH_NUMBER, TEL_LK_REFUSED, 400, 404, "invalid_argument", 1,
	  "CLIENT_INITIATED" },
	{ TEL_FAKE_TRUNK_REFUSES, TEL_LK_REFUSED, 403, 403, "permission_denied", 1,
	  "CLIENT_INITIATED" },
	{ TEL_FAKE_NEVER_ANSWERS, TEL_LK_UNKNOWN, 408, 0, "canceled", 1, "CLIENT_INITIATED" },
	{ TEL_FAKE_NOTHING_THERE, TEL_LK_UNKNOWN, 408, 0, "canceled", 1, "CLIENT_INITIATED" },
	{ TEL_FAKE_RINGS_UNHEARD, TEL_LK_UNKNOWN, 0, 0, "network", 1, NULL },
	{ TEL_FAKE_NO_SIP, TEL_LK_UNKNOWN, 503, 0, "unavailable", 0, NULL },
	{ TEL_FAKE_NO_TRUNK, TEL_LK_GONE, 404, 0, "not_found", 0, NULL },
};

static void phones_end_as_they_should(void)
{
	const struct tel_fake_phone *phone;
	struct tel_fake_livekit *lk;
	struct seen seen;
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		lk = a_livekit();
		tel_fake_livekit_callee(lk, "+15550200", ends[i].does);
		seen = ask(lk, TEL_LK_CREATE_SIP_PARTICIPANT);
		CHECK_INT(seen.verdict, ends[i].verdict);
		CHECK_INT(seen.status, ends[i].status);
		CHECK_INT(seen.sip_status_code, ends[i].sip);
		CU_ASSERT_STRING_EQUAL(seen.code, ends[i].code);
		CHECK_INT(tel_fake_livekit_rung(lk, "sip-1"), ends[i].rung);
		phone = tel_fake_livekit_dialled(lk, "sip-1");
		CHECK_STR(phone && phone->left_because ? tel_str_from(phone->left_because) :
							 TEL_STR_NONE, ends[i].left);
		CHECK_INT(ask(lk, TEL_LK_GET_PARTICIPANT).verdict,
			  phone && phone->there ? TEL_LK_DONE : TEL_LK_GONE);
		CHECK_INT(tel_fake_livekit_rings(lk, "sip-1"),
			  ends[i].does == TEL_FAKE_RINGS_UNHEARD);
		tel_fake_livekit_free(lk);
	}
}

static void a_dial_is_held_while_it_rings(void)
{
	struct tel_fake_livekit *lk = a_livekit();
	struct seen dial, second;

	tel_fake_livekit_callee(lk, NULL, TEL_FAKE_DIALS);
	start(lk, TEL_LK_CREATE_SIP_PARTICIPANT, "+15550200", &dial);
	CHECK_INT(ask(lk, TEL_LK_GET_PARTICIPANT).sip_status, TEL_SIP_DIALING);
	tel_fake_livekit_callee_does(lk, "sip-1", TEL_FAKE_RINGS);
	CHECK_INT(ask(lk, TEL_LK_GET_PARTICIPANT).sip_status, TEL_SIP_RINGING);
	CHECK_INT(dial.n, 0);
	CU_ASSERT_TRUE(tel_fake_livekit_rings(lk, "sip-1"));
	tel_fake_livekit_callee_does(lk, "sip-1", TEL_FAKE_ANSWERS);
	CHECK_INT(ask(lk, TEL_LK_GET_PARTICIPANT).sip_status, TEL_SIP_ACTIVE);
	CHECK_INT(dial.n, 1);
	CHECK_INT(dial.verdict, TEL_LK_DONE);
	CU_ASSERT_FALSE(tel_fake_livekit_rings(lk, "sip-1"));
	/* A repeat rings it again, and throws the first leg out. */
	start(lk, TEL_LK_CREATE_SIP_PARTICIPANT, "+15550200", &second);
	turn(lk);
	CHECK_INT(tel_fake_livekit_rung(lk, "sip-1"), 2);
	CHECK_INT(ask(lk, TEL_LK_LIST_PARTICIPANTS).entries, 1);
	/* Nobody is there any more: hung up from here. */
	CHECK_INT(ask(lk, TEL_LK_DELETE_ROOM).verdict, TEL_LK_DONE);
	turn(lk);
	CHECK_INT(second.n, 1);
	CHECK_INT(second.status, 408);
	CU_ASSERT_STRING_EQUAL(second.code, "canceled");
	CU_ASSERT_FALSE(tel_fake_livekit_rings(lk, "sip-1"));
	tel_fake_livekit_free(lk);
}

static void a_lost_dial_rings_all_the_same(void)
{
	static const struct { enum tel_fake_fault fault; size_t rung; } cases[] = {
		{ TEL_FAKE_ANSWER_LOST, 1 }, { TEL_FAKE_REQUEST_LOST, 0 }, { TEL_FAKE_NOT_SENT, 0 },
	};
	struct tel_fake_livekit *lk;
	struct seen seen;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		lk = a_livekit();
		tel_fake_livekit_callee(lk, NULL, TEL_FAKE_RINGS);
		tel_fake_livekit_fault(lk, TEL_LK_CREATE_SIP_PARTICIPANT, cases[i].fault);
		seen = ask(lk, TEL_LK_CREATE_SIP_PARTICIPANT);
		CHECK_INT(seen.verdict, cases[i].fault == TEL_FAKE_NOT_SENT ? TEL_LK_NOT_SENT :
									      TEL_LK_UNKNOWN);
		CHECK_INT(tel_fake_livekit_rung(lk, "sip-1"), cases[i].rung);
		tel_fake_livekit_free(lk);
	}
	lk = a_livekit();
	tel_fake_livekit_callee(lk, NULL, TEL_FAKE_RINGS);
	tel_fake_livekit_fault(lk, TEL_LK_CREATE_SIP_PARTICIPANT, TEL_FAKE_ANSWER_HELD);
	start(lk, TEL_LK_CREATE_SIP_PARTICIPANT, "+15550200", &seen);
	CHECK_INT(tel_fake_livekit_rung(lk, "sip-1"), 1);
	tel_fake_livekit_callee_does(lk, "sip-1", TEL_FAKE_ANSWERS);
	turn(lk);
	CHECK_INT(seen.n, 0);
	tel_fake_livekit_orphan(lk);
	tel_fake_livekit_release_held(lk);
	turn(lk);
	CHECK_INT(seen.n, 0);
	CHECK_INT(tel_fake_livekit_rung(lk, "sip-1"), 1);
	tel_fake_livekit_free(lk);
	lk = a_livekit();
	tel_fake_livekit_fault(lk, TEL_LK_CREATE_SIP_PARTICIPANT, TEL_FAKE_ANSWER_HELD);
	start(lk, TEL_LK_CREATE_SIP_PARTICIPANT, "+15550200", &seen);
	tel_fake_livekit_lose(lk, TEL_LK_CREATE_SIP_PARTICIPANT);
	turn(lk);
	CHECK_INT(seen.verdict, TEL_LK_UNKNOWN);
	CHECK_INT(tel_fake_livekit_rung(lk, "sip-1"), 1);
	tel_fake_livekit_free(lk);
}

static void a_phone_is_transferred_once(void)
{
	struct tel_fake_livekit *lk = a_livekit();

	CHECK_INT(ask(lk, TEL_LK_CREATE_SIP_PARTICIPANT).verdict, TEL_LK_DONE);
	tel_fake_livekit_transfers(lk, 603);
	CHECK_INT(ask(lk, TEL_LK_TRANSFER_SIP_PARTICIPANT).sip_status_code, 603);
	CU_ASSERT_TRUE(tel_fake_livekit_dialled(lk, "sip-1")->there);
	tel_fake_livekit_transfers(lk, 0);
	CHECK_INT(ask(lk, TEL_LK_TRANSFER_SIP_PARTICIPANT).verdict, TEL_LK_DONE);
	CU_ASSERT_STRING_EQUAL(tel_fake_livekit_dialled(lk, "sip-1")->transferred_to,
			       "tel:+15550300");
	CU_ASSERT_FALSE(tel_fake_livekit_dialled(lk, "sip-1")->there);
	CHECK_INT(ask(lk, TEL_LK_TRANSFER_SIP_PARTICIPANT).verdict, TEL_LK_GONE);
	tel_fake_livekit_free(lk);
}

static struct seen people(struct tel_fake_livekit *lk)
{
	return ask(lk, TEL_LK_LIST_PARTICIPANTS);
}

static void an_agent_comes_and_goes(void)
{
	struct tel_fake_livekit *lk = a_livekit();
	const struct tel_fake_agent *agents;

	CHECK_INT(ask(lk, TEL_LK_CREATE_ROOM).verdict, TEL_LK_DONE);
	CHECK_INT(people(lk).agents, 1);
	tel_fake_livekit_agent_dies(lk, "out");
	CHECK_INT(people(lk).agents, 1);
	CHECK_INT(tel_fake_livekit_agents_in(lk, "out"), 0);
	tel_fake_livekit_agent_leaves(lk, "out");
	CHECK_INT(people(lk).agents, 0);
	CU_ASSERT_TRUE(ask(lk, TEL_LK_LIST_DISPATCH).has_job);
	CHECK_INT(tel_fake_livekit_living(lk, "out"), 1);
	CHECK_INT(ask(lk, TEL_LK_DELETE_DISPATCH).verdict, TEL_LK_DONE);

	tel_fake_livekit_agents_come(lk, false);
	CHECK_INT(ask(lk, TEL_LK_CREATE_DISPATCH).verdict, TEL_LK_DONE);
	CHECK_INT(people(lk).agents, 0);
	tel_fake_livekit_agent_joins(lk);
	CHECK_INT(people(lk).agents, 1);
	tel_fake_livekit_agents_linger(lk, true);
	CHECK_INT(ask(lk, TEL_LK_DELETE_DISPATCH).verdict, TEL_LK_DONE);
	CHECK_INT(people(lk).agents, 1);
	CHECK_INT(tel_fake_livekit_agents_in(lk, "out"), 0);
	tel_fake_livekit_agent_leaves(lk, "out");
	CHECK_INT(people(lk).agents, 0);

	tel_fake_livekit_agents_come(lk, true);
	CHECK_INT(tel_fake_livekit_most_agents(lk), 1);
	CHECK_INT(ask(lk, TEL_LK_CREATE_DISPATCH).verdict, TEL_LK_DONE);
	CHECK_INT(ask(lk, TEL_LK_CREATE_DISPATCH).verdict, TEL_LK_DONE);
	CHECK_INT(tel_fake_livekit_most_agents(lk), 2);
	CHECK_INT(ask(lk, TEL_LK_DELETE_ROOM).verdict, TEL_LK_DONE);
	CHECK_INT(tel_fake_livekit_agents(lk, &agents), 4);
	CU_ASSERT_FALSE(agents[3].there);
	tel_fake_livekit_free(lk);
}

static void a_restart_shows_what_is_gone(void)
{
	static const struct tel_participant caller = {
		.sid = { "PA_1", 4 }, .identity = { "sip_1", 5 }, .sip_call_id = { "SCL_1", 5 },
		.number = { "0100", 4 }, .trunk_number = { "+15550199", 9 },
		.trunk_id = { "ST_1", 4 }, .rule_id = { "SDR_1", 5 },
		.sip_status = TEL_SIP_RINGING,
	};
	struct tel_fake_livekit *lk = a_livekit();
	struct tel_fake_clock clock;
	struct seen seen;

	tel_fake_clock_init(&clock, 7000);
	tel_fake_livekit_clock(lk, &clock);
	tel_fake_livekit_open(lk, "out", "RM_1");
	clock.now = 8000;
	tel_fake_livekit_caller(lk, "out", &caller);
	CHECK_INT(ask(lk, TEL_LK_CREATE_DISPATCH).verdict, TEL_LK_DONE);
	CHECK_INT(ask(lk, TEL_LK_LIST_ROOMS).since, 7000);

	tel_fake_livekit_restart(lk);
	CU_ASSERT_FALSE(tel_fake_livekit_is_open(lk, "out"));
	CU_ASSERT_STRING_EQUAL(ask(lk, TEL_LK_LIST_ROOMS).sid, "RM_1");
	CHECK_INT(ask(lk, TEL_LK_LIST_DISPATCH).status, 503);
	seen = people(lk);
	CHECK_INT(seen.entries, 2);
	CHECK_INT(seen.agents, 1);
	CHECK_INT(seen.since, 8000);
	CHECK_INT(seen.sip_status, TEL_SIP_RINGING);
	CU_ASSERT_STRING_EQUAL(seen.all, "sip_1|SCL_1|0100|+15550199|ST_1|SDR_1");

	tel_fake_livekit_open(lk, "out", "RM_2");
	CHECK_INT(ask(lk, TEL_LK_LIST_ROOMS).entries, 1);
	CHECK_INT(people(lk).entries, 0);
	tel_fake_livekit_restart(lk);
	CHECK_INT(ask(lk, TEL_LK_LIST_ROOMS).entries, 1);
	tel_fake_livekit_forget(lk);
	CHECK_INT(ask(lk, TEL_LK_LIST_ROOMS).entries, 0);
	tel_fake_livekit_free(lk);
}

static CU_TestInfo tests[] = {
	{ "an agent comes and goes", an_agent_comes_and_goes },
	{ "a restart shows what is gone", a_restart_shows_what_is_gone },
	{ "a room comes with its agent, once", a_room_comes_with_its_agent_once },
	{ "phones end as they should", phones_end_as_they_should },
	{ "a dial is held while it rings", a_dial_is_held_while_it_rings },
	{ "a lost dial rings all the same", a_lost_dial_rings_all_the_same },
	{ "a phone is transferred once", a_phone_is_transferred_once },
	CU_TEST_INFO_NULL
};

static CU_SuiteInfo suites[] = {
	{ .pName = "fake LiveKit", .pTests = tests },
	CU_SUITE_INFO_NULL
};

int main(void)
{
	return tel_run_suites(suites);
}
