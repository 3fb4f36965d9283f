#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "domain/decide.h"
#include "domain/ending.h"
#include "harness.h"
#include "base/banned.h"

/* ---- numbers -------------------------------------------------------------- */

static void numbers_become_e164(void)
{
	static const struct { const char *raw, *e164; } cases[] = {
		{ "+15550100", "+15550100" },
		{ "15105550100", "+15105550100" },
		{ "15550100", "+15550100" },
		{ "0015105550100", "+15105550100" },
		{ "sip:+1 (510) 555-0100@example.com;user=phone", "+15105550100" },
		{ "TEL:+49.30.123456", "+4930123456" },
		{ " +15105550100 ", "+15105550100" },
		{ "+123456789012345", "+123456789012345" },
		{ "+1234567890123456", "" },
		{ "+123456", "" },
		{ "1234567", "" },
		{ "05551234567", "" },
		{ "+0155501000", "" },
		{ "++15550100", "" },
		{ "+", "" }, { "", "" }, { "00", "" }, { "anonymous", "" }, { "1001", "" },
		{ "+1555O100", "" },
		{ "+1555\xc2\xa0" "01000", "" },
		{ "+1 5 5 5 0 1 0 0 1 5 5 5 0 1 0 0 1 5 5 5 0 1 0 0", "" },
	};
	struct tel_e164 n;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK_INT(tel_e164_parse(tel_str_from(cases[i].raw), &n), cases[i].e164[0] != 0);
		CHECK_STR(tel_str_from(n.text), cases[i].e164);
	}
	CU_ASSERT_TRUE(tel_e164_is_strict(TEL_STR("+15550100")));
	CU_ASSERT_FALSE(tel_e164_is_strict(TEL_STR("15550100")));
	CU_ASSERT_FALSE(tel_e164_is_strict(TEL_STR("+1 5550100")));
	CU_ASSERT_FALSE(tel_e164_is_strict(TEL_STR("")));
}

static void numbers_are_masked(void)
{
	char out[TEL_NUMBER_MASKED];
	char lots[400];

	CU_ASSERT_STRING_EQUAL(tel_number_mask(TEL_STR("+15550100"), out), "+15****00");
	CU_ASSERT_STRING_EQUAL(tel_number_mask(TEL_STR("1234567"), out), "*******");
	CU_ASSERT_STRING_EQUAL(tel_number_mask(TEL_STR(""), out), "");
	memset(lots, '7', sizeof(lots));
	tel_number_mask((struct tel_str){ lots, sizeof(lots) }, out);
	CHECK_INT(strlen(out), TEL_NUMBER_MASKED - 1);
	CU_ASSERT_PTR_NULL(strchr(out + 3, '7'));
}

/* ---- ids, names, jobs -------------------------------------------------------- */

static void call_ids_are_uuids(void)
{
	static const uint8_t random[16] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0, 1, 2, 3, 4, 5 };
	struct tel_call_id id, again;

	tel_call_id_make(random, &id);
	CU_ASSERT_STRING_EQUAL(id.text, "ffffffff-ffff-4fff-bfff-000102030405");
	CHECK_INT(tel_call_id_parse(TEL_STR("FFFFFFFF-FFFF-4FFF-BFFF-000102030405"), &again), TEL_OK);
	CU_ASSERT_STRING_EQUAL(again.text, id.text);
	CHECK_INT(tel_call_id_parse(TEL_STR("fffffffff-fff-4fff-bfff-000102030405"), &again), TEL_EMALFORMED);
	CHECK_INT(tel_call_id_parse(TEL_STR("c0ffee"), &again), TEL_EMALFORMED);
	CHECK_INT(tel_call_id_parse(TEL_STR("gfffffff-ffff-4fff-bfff-000102030405"), &again), TEL_EMALFORMED);
}

static void names_go_both_ways(void)
{
	enum tel_call_status status;
	enum tel_outcome outcome;
	enum tel_ended_by by;
	enum tel_direction direction;
	enum tel_job_kind kind;
	enum tel_entry_source source;
	int i;

	for (i = 0; i < TEL_CALL_STATUSES; i++) {
		CU_ASSERT_TRUE(tel_call_status_from(tel_str_from(
			tel_call_status_text((enum tel_call_status)i)), &status));
		CHECK_INT(status, i);
	}
	for (i = 1; i < TEL_OUTCOMES; i++) {
		CU_ASSERT_TRUE(tel_outcome_from(tel_str_from(
			tel_outcome_text((enum tel_outcome)i)), &outcome));
		CHECK_INT(outcome, i);
	}
	for (i = 1; i < TEL_BYS; i++) {
		CU_ASSERT_TRUE(tel_ended_by_from(tel_str_from(
			tel_ended_by_text((enum tel_ended_by)i)), &by));
		CHECK_INT(by, i);
	}
	for (i = 0; i < TEL_JOB_KINDS; i++) {
		CU_ASSERT_TRUE(tel_job_kind_from(tel_str_from(
			tel_job_kind_text((enum tel_job_kind)i)), &kind));
		CHECK_INT(kind, i);
	}
	for (i = 0; i < TEL_ENTRY_SOURCES; i++) {
		CU_ASSERT_TRUE(tel_entry_source_from(tel_str_from(
			tel_entry_source_text((enum tel_entry_source)i)), &source));
		CHECK_INT(source, i);
	}
	CU_ASSERT_TRUE(tel_direction_from(TEL_STR("outbound"), &direction));
	CHECK_INT(direction, TEL_OUTBOUND);
	CU_ASSERT_PTR_NULL(tel_outcome_text(TEL_OUTCOME_NONE));
	CU_ASSERT_PTR_NULL(tel_ended_by_text(TEL_BY_NOBODY));
	CU_ASSERT_FALSE(tel_call_status_from(TEL_STR("dead"), &status));
	CU_ASSERT_FALSE(tel_job_kind_from(TEL_STR(""), &kind));
}

static void names_of_what_befell_a_call_go_both_ways(void)
{
	enum tel_transfer_state state;
	enum tel_hang_up_why why;
	enum tel_dial_reply reply;
	int i;

	for (i = 1; i < TEL_DIAL_REPLIES; i++) {
		CU_ASSERT_TRUE(tel_dial_reply_from(tel_str_from(
			tel_dial_reply_text((enum tel_dial_reply)i)), &reply));
		CHECK_INT(reply, i);
	}
	for (i = 1; i < TEL_TRANSFER_STATES; i++) {
		CU_ASSERT_TRUE(tel_transfer_state_from(tel_str_from(
			tel_transfer_state_text((enum tel_transfer_state)i)), &state));
		CHECK_INT(state, i);
	}
	for (i = 0; i < TEL_HANG_UP_WHYS; i++) {
		CU_ASSERT_TRUE(tel_hang_up_why_from(tel_str_from(
			tel_hang_up_why_text((enum tel_hang_up_why)i)), &why));
		CHECK_INT(why, i);
	}
	CU_ASSERT_PTR_NULL(tel_dial_reply_text(TEL_DIAL_NO_REPLY));
	CU_ASSERT_PTR_NULL(tel_transfer_state_text(TEL_TRANSFER_NONE));
	CU_ASSERT_FALSE(tel_dial_reply_from(TEL_STR("rejected"), &reply));
	CU_ASSERT_FALSE(tel_transfer_state_from(TEL_STR("begun"), &state));
	CU_ASSERT_FALSE(tel_hang_up_why_from(TEL_STR("bored"), &why));
}

static void pauses_grow_and_stay_bounded(void)
{
	uint32_t attempt;
	tel_time least, most;

	for (attempt = 1; attempt < 100; attempt++) {
		least = tel_job_backoff(attempt, TEL_BACKOFF_MAX, 0, 0);
		CU_ASSERT_TRUE(least >= TEL_BACKOFF_FIRST / 2);
		CU_ASSERT_TRUE(least <= TEL_BACKOFF_MAX / 2);
		for (uint64_t random = 1; random; random <<= 1) {
			most = tel_job_backoff(attempt, TEL_BACKOFF_MAX, 0, random - 1);
			CU_ASSERT_TRUE(most >= least && most <= least * 2);
			CU_ASSERT_TRUE(tel_job_backoff(attempt, TEL_BACKOFF_WAITING, 0, random - 1) <=
				       TEL_BACKOFF_WAITING);
		}
	}
	CHECK_INT(tel_job_backoff(1, TEL_BACKOFF_MAX, 0, 0), TEL_BACKOFF_FIRST / 2);
	CHECK_INT(tel_job_backoff(UINT32_MAX, TEL_BACKOFF_MAX, 0, 0), TEL_BACKOFF_MAX / 2);
	CHECK_INT(tel_job_backoff(1, TEL_BACKOFF_WAITING, 9 * TEL_SECOND, 0), 9 * TEL_SECOND);
	CHECK_INT(tel_job_backoff(1, TEL_BACKOFF_WAITING, TEL_HOUR, 0), TEL_BACKOFF_MAX);
}

static void timelines_keep_head_and_tail(void)
{
	uint32_t evicted = 0, seq;
	char kept[1000] = { 0 };
	int n = 0;

	for (seq = 0; seq < 1000; seq++) {
		kept[seq] = 1;
		if (tel_timeline_evicts(seq, &evicted)) {
			CHECK_INT(kept[evicted], 1);
			kept[evicted] = 0;
		}
	}
	for (seq = 0; seq < 1000; seq++)
		n += kept[seq];
	CHECK_INT(n, TEL_TIMELINE_HEAD + TEL_TIMELINE_TAIL);
	CHECK_INT(kept[TEL_TIMELINE_HEAD - 1], 1);
	CHECK_INT(kept[1000 - TEL_TIMELINE_TAIL], 1);
}

static void endings_follow_the_evidence(void)
{
	static const struct {
		enum tel_sip_status status;
		const char *reason;
		bool agent;
		enum tel_outcome outcome;
		enum tel_ended_by by;
	} cases[] = {
		{ TEL_SIP_HANGUP, "CLIENT_INITIATED", true, TEL_OUTCOME_COMPLETED, TEL_BY_CALLER },
		{ TEL_SIP_HANGUP, "CLIENT_INITIATED", false, TEL_OUTCOME_CANCELED, TEL_BY_CALLER },
		{ TEL_SIP_RINGING, "CLIENT_INITIATED", false, TEL_OUTCOME_NO_ANSWER, TEL_BY_TIMEOUT },
		{ TEL_SIP_ACTIVE, "ROOM_DELETED", true, TEL_OUTCOME_COMPLETED, TEL_BY_API },
		{ TEL_SIP_ACTIVE, "ROOM_DELETED", false, TEL_OUTCOME_COMPLETED, TEL_BY_API },
		{ TEL_SIP_RINGING, "ROOM_DELETED", false, TEL_OUTCOME_FAILED, TEL_BY_API },
		{ TEL_SIP_RINGING, "PARTICIPANT_REMOVED", false, TEL_OUTCOME_FAILED, TEL_BY_API },
		{ TEL_SIP_RINGING, "SERVER_SHUTDOWN", false, TEL_OUTCOME_FAILED, TEL_BY_LIVEKIT },
		{ TEL_SIP_ACTIVE, "", false, TEL_OUTCOME_COMPLETED, TEL_BY_CALLER },
		{ TEL_SIP_UNKNOWN, "", false, TEL_OUTCOME_NO_ANSWER, TEL_BY_TIMEOUT },
		{ TEL_SIP_RINGING, "", true, TEL_OUTCOME_COMPLETED, TEL_BY_CALLER },
	};
	struct tel_ending e;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		e = tel_ending_of_inbound(cases[i].status, tel_str_from(cases[i].reason), cases[i].agent);
		CHECK_INT(e.outcome, cases[i].outcome);
		CHECK_INT(e.by, cases[i].by);
	}
}

/* ---- the state machine ----------------------------------------------------------
 *
 * Scripts: words of what happens, in order; one line a test case.
 *
 *   J1@A     phone leg 1 joins in life A of the room; its sip.callID is S1
 *   J2@B=1   … but its sip.callID is S1
 *   L1@A:h   it leaves: h hangup, r ringing, a active, d DUPLICATE_IDENTITY,
 *            x ROOM_DELETED while active, b connection_aborted
 *   O1@A     a leg that neither came in by a rule nor was dialled by us; O1@A:h
 *            it leaves
 *   G1@A g1@A   our agent joins, leaves (g1@A:b aborted)   Z1@A z1@A   another agent does
 *   R@A      the life of the room is over
 *   K        a process takes the job that is due (late enough for any pause)
 *   M F      its dispatch was made, found        T U   to be retried, unsent
 *   m x c t  made, refused, cancelled, to be retried, says an answer under the lease before
 *   X C      refused, cancelled                  Q     the process dies
 *   +n +d    n seconds, a day passes             -n  our clock is set back
 *   !        the event before comes once more, with the same id
 */

#define MAX_CALLS 8

static const struct tel_policy test_policy = {
	.room_delete_after = 10 * TEL_SECOND,
	.return_grace = 20 * TEL_SECOND,
	.max_age = TEL_DAY,
	.agent_join_deadline = 8 * TEL_SECOND,
	.agent_loss = TEL_LOSS_REDISPATCH,
	.solo_timeout = 300 * TEL_SECOND,
	.max_duration = TEL_DAY,
	.remember = TEL_DAY,
};

struct world {
	struct tel_call *calls[MAX_CALLS];	/* newest last */
	size_t n;
	char finished[32][2];			/* lives that have a tombstone */
	size_t n_finished;
	int last_event;				/* number in the ids of events */
	bool last_remembered;
	tel_time now;
	int dispatches;				/* living ones asked for */
	int pid;
	struct tel_call_id taken;		/* the call whose job runs */
	enum tel_job_kind taken_kind;
	uint32_t attempt;			/* of its lease */
	bool taken_unsure;
	char taken_room[16];
};

static struct tel_str self_of(const struct world *w)
{
	static char text[16];

	snprintf(text, sizeof(text), "pid-%d", w->pid);
	return tel_str_from(text);
}

static struct tel_call *find(struct world *w, const struct tel_step_about *about)
{
	size_t i;

	for (i = w->n; i-- > 0;)
		if (tel_str_eq(tel_call_id_str(&w->calls[i]->id), about->call_id))
			return w->calls[i];
	for (i = w->n; i-- > 0;)
		if (tel_str_is_set(about->participant_sid) &&
		    tel_call_leg(w->calls[i], about->participant_sid))
			return w->calls[i];
	/* A room index keeps every life a call was in. */
	for (i = w->n; i-- > 0;) {
		if (tel_str_eq(w->calls[i]->room_sid, about->room_sid))
			return w->calls[i];
		for (size_t l = 0; l < w->calls[i]->n_legs; l++)
			if (tel_str_is_set(about->room_sid) &&
			    tel_str_eq(w->calls[i]->legs[l].room_sid, about->room_sid))
				return w->calls[i];
	}
	for (i = w->n; i-- > 0;)
		if (tel_str_is_set(about->sip_call_id))
			for (size_t l = 0; l < w->calls[i]->n_legs; l++)
				if (tel_str_eq(w->calls[i]->legs[l].sip_call_id, about->sip_call_id))
					return w->calls[i];
	return NULL;
}

static bool is_finished(const struct world *w, struct tel_str room_sid)
{
	size_t i;

	for (i = 0; i < w->n_finished; i++)
		if (tel_str_eq(room_sid, (struct tel_str){ w->finished[i], 1 }))
			return true;
	return false;
}

/* The smallest store there is: all or nothing, as the port has it. */
static enum tel_err run_step(struct world *w, const struct tel_step_about *about, bool seen,
			     tel_decide_fn decide, void *ctx, bool *remembered)
{
	struct tel_call *stored = find(w, about);
	struct tel_step step;
	enum tel_err err = TEL_OK;
	size_t i;

	tel_step_init(&step);
	if (stored)
		err = tel_call_clone(stored, &step.call);
	CHECK_INT(err, TEL_OK);
	step.event_seen = seen;
	step.room_finished = is_finished(w, about->room_sid);
	err = decide(&step, ctx);
	if (remembered)
		*remembered = step.remember_event;
	for (i = 0; i < w->n && !err && step.save; i++)
		if (w->calls[i] == stored) {
			tel_call_free(w->calls[i]);
			w->calls[i] = step.call;
			step.call = NULL;
		}
	if (!err && step.fresh && w->n < MAX_CALLS) {
		w->calls[w->n++] = step.fresh;
		step.fresh = NULL;
	}
	if (!err && step.finish_room)
		w->finished[w->n_finished++][0] = about->room_sid.ptr[0];
	tel_step_release(&step);
	return err;
}

static struct tel_decide_env env_of(struct world *w)
{
	return (struct tel_decide_env){ .now = w->now, .self = self_of(w), .policy = &test_policy };
}

static void deliver(struct world *w, const struct tel_event *event, bool again)
{
	struct tel_on_event on = {
		.env = env_of(w), .event = event, .agent_name = TEL_STR("bot"),
		.agent_config = TEL_STR("{}"), .route = TEL_STR("default"),
	};
	struct tel_step_about about;

	snprintf(on.new_call_id.text, sizeof(on.new_call_id.text),
		 "00000000-0000-4000-8000-%012d", (int)w->n + 1);
	tel_event_about(event, &about);
	CHECK_INT(run_step(w, &about, again && w->last_remembered, tel_decide_event, &on,
			   again ? NULL : &w->last_remembered), TEL_OK);
	if (again && w->last_remembered)
		CHECK_INT(on.effect, TEL_EFFECT_DUPLICATE);
}

static void leave_fields(struct tel_participant *p, char how)
{
	static const struct { char how; enum tel_sip_status status; const char *reason; } hows[] = {
		{ 'h', TEL_SIP_HANGUP, "CLIENT_INITIATED" },
		{ 'r', TEL_SIP_RINGING, "CLIENT_INITIATED" },
		{ 'a', TEL_SIP_ACTIVE, "CLIENT_INITIATED" },
		{ 'd', TEL_SIP_RINGING, "DUPLICATE_IDENTITY" },
		{ 'x', TEL_SIP_ACTIVE, "ROOM_DELETED" },
		{ 'b', TEL_SIP_RINGING, "JOIN_FAILURE" },
	};
	size_t i;

	for (i = 0; i < sizeof(hows) / sizeof(hows[0]); i++)
		if (hows[i].how == how) {
			p->sip_status = hows[i].status;
			p->disconnect_reason = tel_str_from(hows[i].reason);
		}
}

/* One word for an event. The texts are static: one event at a time. */
static void make_event(struct world *w, const char *word, struct tel_event *e)
{
	static char sid[8], sip[8], id[16], life[2];
	struct tel_participant *p = &e->participant;
	const char *at = strchr(word, '@'), *eq = strchr(word, '='), *colon = strchr(word, ':');
	bool phone = strchr("JLO", word[0]) != NULL, joins = strchr("JOGZ", word[0]) != NULL && !(word[0] == 'O' && colon);

	*e = (struct tel_event){ .room_name = TEL_STR("call-1"), .raw = TEL_STR("{}") };
	snprintf(life, sizeof(life), "%c", at[1]);
	snprintf(id, sizeof(id), "EV_%d", w->last_event);
	e->room_sid = tel_str_from(life);
	e->room_created_at = (life[0] - 'A' + 1) * TEL_SECOND;
	e->id = tel_str_from(id);
	e->created_at = w->now / TEL_SECOND * TEL_SECOND;
	if (word[0] == 'R') {
		e->kind = TEL_EVENT_ROOM_FINISHED;
		e->name = TEL_STR("room_finished");
		return;
	}
	e->kind = joins ? TEL_EVENT_PARTICIPANT_JOINED :
		  colon && colon[1] == 'b' ? TEL_EVENT_PARTICIPANT_CONNECTION_ABORTED :
		  TEL_EVENT_PARTICIPANT_LEFT;
	e->name = joins ? TEL_STR("participant_joined") : TEL_STR("participant_left");
	snprintf(sid, sizeof(sid), "%s%c", phone ? "PA_" : "AG_", word[1]);
	snprintf(sip, sizeof(sip), "S%c", eq ? eq[1] : word[1]);
	p->kind = phone ? TEL_PARTICIPANT_SIP : TEL_PARTICIPANT_AGENT;
	p->sid = tel_str_from(sid);
	p->identity = tel_str_from(!phone ? "agent-AJ_1" : word[0] == 'O' ? "sip_colleague" :
				   "sip_+15550100");
	if (!phone) {
		p->agent_name = strchr("Zz", word[0]) ? TEL_STR("other") : TEL_STR("bot");
		return;
	}
	p->sip_status = TEL_SIP_RINGING;
	p->sip_call_id = tel_str_from(sip);
	p->number = TEL_STR("+15550100");
	p->trunk_number = TEL_STR("15550123");
	if (word[0] != 'O')
		p->rule_id = TEL_STR("SDR_1");
	if (colon)
		leave_fields(p, colon[1]);
}

/* These scripts are about the phone: nobody watches for its agent. */
static void leave_watches_aside(struct world *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		w->calls[i]->jobs[TEL_JOB_WATCH_AGENT] = (struct tel_job){ .pending = false };
}

static struct tel_call *call_with_due_job(struct world *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (tel_call_wakes_at(w->calls[i]) && tel_call_wakes_at(w->calls[i]) <= w->now)
			return w->calls[i];
	return NULL;
}

/* `dead`: the leases of the process before are free. */
static void take(struct world *w, bool dead)
{
	static char before[16];
	struct tel_take_job take = { .env = env_of(w) };
	struct tel_step_about about = { 0 };
	struct tel_call_id id = { "" };
	struct tel_call *due;

	leave_watches_aside(w);
	due = call_with_due_job(w);
	if (due)
		id = due->id;
	snprintf(before, sizeof(before), "pid-%d", w->pid - 1);
	if (dead) {
		take.dead_owner = tel_str_from(before);
		id = w->taken;
	}
	about.call_id = tel_call_id_str(&id);
	CHECK_INT(run_step(w, &about, false, tel_decide_take, &take, NULL), TEL_OK);
	if (take.result != TEL_TAKE_RUN)
		return;
	due = find(w, &about);
	w->taken = due->id;
	w->taken_kind = take.kind;
	w->attempt = due->jobs[take.kind].attempt;
	w->taken_unsure = due->jobs[take.kind].unsure;
	snprintf(w->taken_room, sizeof(w->taken_room), "%.*s", TEL_STR_ARG(due->room_sid));
	w->dispatches += take.kind == TEL_JOB_DISPATCH_AGENT && !w->taken_unsure;
}

static void done(struct world *w, char how)
{
	static const struct { char how; enum tel_dispatch_result result; } hows[] = {
		{ 'M', TEL_DISPATCH_MADE }, { 'F', TEL_DISPATCH_FOUND }, { 'T', TEL_DISPATCH_RETRY },
		{ 'U', TEL_DISPATCH_RETRY_UNSENT }, { 'X', TEL_DISPATCH_REFUSED },
		{ 'C', TEL_DISPATCH_CANCELLED }, { 'm', TEL_DISPATCH_MADE },
		{ 'x', TEL_DISPATCH_REFUSED }, { 'c', TEL_DISPATCH_CANCELLED },
		{ 't', TEL_DISPATCH_RETRY },
	};
	struct tel_dispatch_done d = {
		.env = env_of(w), .room_sid = tel_str_from(w->taken_room),
		.dispatch_id = TEL_STR("AD_1"), .attempt = w->attempt - (strchr("mxct", how) != NULL),
	};
	struct tel_call_id id = w->taken;
	struct tel_step_about about = { .call_id = tel_call_id_str(&id) };
	size_t i;

	for (i = 0; i < sizeof(hows) / sizeof(hows[0]); i++)
		if (hows[i].how == how)
			d.result = hows[i].result;
	if (how == 'X')
		d.code = TEL_STR("unauthenticated");
	CHECK_INT(run_step(w, &about, false, tel_decide_dispatch_done, &d, NULL), TEL_OK);
}

static void play_word(struct world *w, const char *word)
{
	static char last[32];
	struct tel_event event;

	if (!strcmp(word, "+d")) {
		w->now += TEL_DAY;
	} else if (word[0] == '+') {
		w->now += (word[1] - '0') * TEL_SECOND;
		if (word[2])
			w->now += ((word[1] - '0') * 9 + (word[2] - '0')) * TEL_SECOND;
	} else if (word[0] == '-') {
		w->now -= (word[1] - '0') * TEL_SECOND;
	} else if (word[0] == 'K') {
		take(w, false);
	} else if (word[0] == 'Q') {
		w->pid++;
		take(w, true);
	} else if (strchr("MFTUXCmxct", word[0])) {
		done(w, word[0]);
	} else if (word[0] == '!') {
		make_event(w, last, &event);
		deliver(w, &event, true);
	} else {
		snprintf(last, sizeof(last), "%s", word);
		w->last_event++;
		make_event(w, word, &event);
		deliver(w, &event, false);
	}
}

/* "status outcome endedBy jobs" of a call: "ended completed caller r". */
static void describe(const struct tel_call *c, char *out, size_t len)
{
	const char *outcome = tel_outcome_text(c->outcome), *by = tel_ended_by_text(c->ended_by);
	const struct tel_job *d = &c->jobs[TEL_JOB_DISPATCH_AGENT];

	snprintf(out, len, "%s %s %s %s%s%s%s%s", tel_call_status_text(c->status),
		 outcome ? outcome : "-", by ? by : "-",
		 d->pending ? "d" : "", d->pending && d->unsure ? "?" : "",
		 d->pending && d->cancelled ? "!" : "",
		 c->jobs[TEL_JOB_DELETE_ROOM].pending ? "r" : "",
		 c->jobs[TEL_JOB_END_OVERDUE].pending ? "o" : "");
}

static void play(const char *name, const char *script, const char *expected)
{
	struct world w = { .now = 1000 * TEL_SECOND, .pid = 1 };
	char got[512] = "", one[128], words[512], *word, *rest;
	size_t i;

	snprintf(words, sizeof(words), "%s", script);
	for (word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		play_word(&w, word);
	for (i = 0; i < w.n; i++) {
		describe(w.calls[i], one, sizeof(one));
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s", i ? " | " : "", one);
		tel_call_free(w.calls[i]);
	}
	if (strcmp(got, expected) != 0)
		fprintf(stderr, "\n%s: %s\n  got  %s\n  want %s\n", name, script, got, expected);
	CU_ASSERT_STRING_EQUAL(got, expected);
}

static const struct { const char *name, *script, *expected; } scripts[] = {
	{ "a caller", "J1@A", "sip_participant_joined - - do" },
	{ "a caller, the same delivery again", "J1@A !", "sip_participant_joined - - do" },
	{ "a caller, told twice with two ids", "J1@A J1@A", "sip_participant_joined - - do" },
	{ "dispatched", "J1@A K M", "agent_dispatched - - o" },
	{ "a whole call", "J1@A K M G1@A L1@A:h", "ended completed caller r" },
	{ "its room closes", "J1@A K M G1@A L1@A:h g1@A R@A", "ended completed caller " },
	{ "hangs up before an agent comes", "J1@A K M L1@A:h", "ended canceled caller r" },
	{ "rings out", "J1@A K M L1@A:r", "ended no_answer timeout r" },
	{ "hangs up before anything is sent", "J1@A L1@A:h", "ended canceled caller r" },
	{ "connection aborted", "J1@A L1@A:b", "failed failed livekit r" },
	{ "the room was deleted", "J1@A K M G1@A L1@A:x", "ended completed api " },
	{ "left before joined", "L1@A:h J1@A", "ended canceled caller " },
	{ "replaced before it was heard of", "L1@A:d", "ended unknown - " },
	{ "left before joined, in another room's life", "L1@A:h J1@B",
	  "ended canceled caller " },
	{ "room finished before joined", "R@A J1@A", "" },
	{ "room finished, then left, then joined", "R@A L1@A:h J1@A", "ended canceled caller " },
	{ "somebody else's leg", "O1@A", "" },
	{ "somebody else's leg in our room keeps the call", "J1@A O2@A L1@A:h",
	  "sip_participant_joined - - do" },
	{ "and ends it when it goes", "J1@A K M G1@A O2@A L1@A:h L2@A:h",
	  "ended completed caller r" },
	{ "another agent is not ours", "J1@A K M Z1@A L1@A:h", "ended canceled caller r" },
	{ "agents without a call", "G1@A g1@A", "" },
	{ "agent left before joined", "J1@A K M g1@A G1@A L1@A:h", "ended completed caller r" },
	{ "the agent's connection is aborted: none was there", "J1@A K M g1@A:b L1@A:r",
	  "ended no_answer timeout r" },
	{ "… after it had joined", "J1@A K M G1@A g1@A:b L1@A:h", "ended completed caller r" },
	{ "two legs, one leaves", "J1@A K M J2@A L1@A:h", "agent_dispatched - - o" },
	{ "two legs, both leave", "J1@A K M J2@A L1@A:h L2@A:h", "ended canceled caller r" },
	{ "same identity: old leg out, new leg in", "J1@A K M L1@A:d J2@A", "agent_dispatched - - o" },
	{ "same identity: new leg in, old leg out", "J1@A K M J2@A L1@A:d", "agent_dispatched - - o" },
	{ "same identity: somebody else's leg, who left before, is not the new one",
	  "J1@A K M O2@A O2@A:h L1@A:d J3@A", "agent_dispatched - - o" },
	{ "same identity, and the new leg never comes", "J1@A K M L1@A:d +21 K",
	  "ended unknown timeout r" },
	{ "same identity, and the room finishes", "J1@A K M L1@A:d R@A", "ended unknown livekit r" },

	/* LiveKit restarts in a call */
	{ "the phone comes back", "J1@A K M G1@A R@A +9 J2@B=1", "sip_participant_joined - - d?o" },
	{ "and gets its agent", "J1@A K M G1@A R@A +9 J2@B=1 K M", "agent_dispatched - - o" },
	{ "and ends", "J1@A K M G1@A R@A +9 J2@B=1 K M G2@B L2@B:h R@B", "ended completed caller " },
	{ "it comes back without a room_finished", "J1@A K M G1@A J2@B=1", "sip_participant_joined - - d?o" },
	{ "it comes back into a repeated dispatch, whose agent was not the one seen",
	  "J1@A K G1@A Q M J2@B=1", "sip_participant_joined - - d?o" },
	{ "it comes back unheard and is replaced: the newer leg gets an agent",
	  "J1@A K M G1@A L2@B:d=1 J3@B", "sip_participant_joined - - d?o" },
	{ "it comes back, and the agent was never seen: a ghost may be there", "J1@A K M J2@B=1",
	  "sip_participant_joined - - d?o" },
	{ "late events of the old life end nothing", "J1@A K M J2@B=1 K M L1@A:h R@A J1@A",
	  "agent_dispatched - - o" },
	{ "the old life's joined comes last", "J2@B=1 K M J1@A", "agent_dispatched - - o" },
	{ "it does not come back", "J1@A K M G1@A R@A +21 K", "ended completed livekit " },
	{ "it comes back too late: another call", "J1@A K M G1@A R@A +21 K J2@B=1",
	  "ended completed livekit  | sip_participant_joined - - do" },
	{ "its left comes after the room finished", "J1@A K M G1@A R@A L1@A:h", "ended completed caller " },
	{ "restart while the request is under way", "J1@A K J2@B=1", "sip_participant_joined - - d?o" },
	{ "and its answer comes for the old life", "J1@A K J2@B=1 M", "sip_participant_joined - - d?o" },

	/* room names and lives used again */
	{ "the agent was never seen: the room may be a ghost", "J1@A K M L1@A:h R@A",
	  "ended canceled caller r" },
	{ "another caller, another life", "J1@A K M G1@A L1@A:h R@A J2@B",
	  "ended completed caller  | sip_participant_joined - - do" },
	{ "another caller in the same life", "J1@A K M L1@A:h J2@A",
	  "ended canceled caller  | sip_participant_joined - - d?o" },
	{ "another caller, while a request is under way", "J1@A K L1@A:h J2@A",
	  "ended canceled caller d! | sip_participant_joined - - d?o" },
	{ "the old leg's late joined is not a caller", "J1@A K M L1@A:h J2@A J1@A L1@A:h",
	  "ended canceled caller  | sip_participant_joined - - d?o" },

	/* dispatches that go wrong */
	{ "retried", "J1@A K T", "sip_participant_joined - - d?o" },
	{ "retried, never sent", "J1@A K U", "sip_participant_joined - - do" },
	{ "retried, while a newer leg is waited for", "J1@A K L1@A:d T", "sip_participant_joined - - d?o" },
	{ "found by the next attempt", "J1@A K T +9 K F", "agent_dispatched - - o" },
	{ "refused", "J1@A K X", "failed failed livekit r" },
	{ "refused after the caller had gone", "J1@A K L1@A:h X", "ended canceled caller r" },
	{ "cancelled", "J1@A K L1@A:h C", "ended canceled caller r" },
	{ "made after the caller had gone: ghost", "J1@A K L1@A:h R@A M", "ended canceled caller r" },
	{ "perhaps made after the caller had gone", "J1@A K L1@A:h R@A T", "ended canceled caller r" },
	{ "not sent after the caller had gone", "J1@A K L1@A:h R@A U", "ended canceled caller " },
	{ "room finishes while it is under way", "J1@A K R@A M", "sip_participant_joined - - ro" },
	{ "nothing is sent into a finished room", "J1@A R@A K", "sip_participant_joined - - o" },
	{ "the process dies: found out first", "J1@A K Q", "sip_participant_joined - - d?o" },
	{ "the process dies, the caller had gone", "J1@A K L1@A:h R@A Q", "ended canceled caller r" },
	{ "an answer of a process that lost its lease", "J1@A K Q F M", "agent_dispatched - - o" },
	{ "a final status stays", "J1@A K X L1@A:h G1@A R@A", "failed failed livekit " },
	{ "an answer of this process, under a lease before", "J1@A K +99 +99 K m",
	  "sip_participant_joined - - d?o" },
	{ "a leg of an old life leaves while the new one waits", "J1@A K M J2@B=1 L2@B:d L1@A:h",
	  "sip_participant_joined - - d?o" },
	{ "back while its ghost is to be deleted", "J1@A K R@A M J2@B=1", "sip_participant_joined - - d?o" },
	{ "… found out by another process", "J1@A K R@A Q J2@B=1", "sip_participant_joined - - d?o" },
	{ "… perhaps made", "J1@A K R@A T J2@B=1", "sip_participant_joined - - d?o" },
	{ "back unheard, then hangs up", "J1@A K M G1@A L2@B:h=1", "ended completed caller r" },
	{ "back unheard, then its room finishes", "J1@A K M G1@A L2@B:h=1 R@B", "ended completed caller " },
	{ "same identity: the old leg's left comes last", "J1@A K M J2@A L2@A:h L1@A:d",
	  "ended canceled caller r" },
	{ "grace outlasts a clock that is a little behind", "J1@A K M R@A -1 g1@A +22 K",
	  "ended completed livekit " },
	{ "… and a clock that is far behind", "J1@A K M G1@A R@A -9 -9 -9 g1@A +50 K",
	  "ended completed livekit " },
	{ "… while a newer leg is waited for", "J1@A K M L1@A:d -9 -9 -9 G1@A g1@A +50 K",
	  "ended completed timeout r" },
	{ "an agent of an earlier life", "J1@A K M J2@B=1 G1@A g1@A", "sip_participant_joined - - d?o" },
	{ "another agent leaves", "J1@A K M z1@A L1@A:h", "ended canceled caller r" },
	{ "the agent's leaving, told twice", "J1@A K M G1@A g1@A g1@A L1@A:h", "ended completed caller r" },
	{ "refused, says an answer under a lease before", "J1@A K +99 +99 K x",
	  "sip_participant_joined - - d?o" },
	{ "cancelled, says an answer under a lease before", "J1@A K +99 +99 K c",
	  "sip_participant_joined - - d?o" },
	{ "to be retried, says an answer under a lease before", "J1@A K +99 +99 K t",
	  "sip_participant_joined - - d?o" },
	{ "room finishes while it is under way, refused", "J1@A K R@A X", "sip_participant_joined - - o" },
	{ "back in a life that is over by now", "J1@A K M R@B J2@B=1", "agent_dispatched - - o" },
	{ "one more leg, in a room that is over by now", "J1@A K M G1@A R@A J2@A",
	  "agent_dispatched - - o" },
	{ "another caller, in a room that is over by now", "J1@A K M G1@A L1@A:h R@A J2@A",
	  "ended completed caller " },
	{ "somebody else's leg after the end", "J1@A K M G1@A L1@A:h O2@A", "ended completed caller r" },
	{ "somebody else's leg with our caller's id", "J1@A O3@B=1", "sip_participant_joined - - do" },
	{ "an earlier life is over after the end", "J1@A K M G1@A J2@B=1 K M G2@B L2@B:h R@A",
	  "ended completed caller r" },
	{ "the dispatch is due before old age", "J1@A +d K", "sip_participant_joined - - do" },
	{ "nothing is heard for a day", "J1@A K M +99 +99", "agent_dispatched - - o" },
};

static void the_state_machine(void)
{
	size_t i;

	for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
		play(scripts[i].name, scripts[i].script, scripts[i].expected);
}

static void a_new_call_tells_all_about_the_caller(void)
{
	struct world w = { .now = 5000123, .pid = 1 };
	struct tel_call *c;

	play_word(&w, "J1@A");
	CHECK_INT(w.n, 1);
	c = w.calls[0];
	CHECK_STR(tel_e164_str(&c->from), "+15550100");
	CHECK_STR(tel_e164_str(&c->to), "+15550123");
	CHECK_STR(c->from_raw, "");
	CHECK_STR(c->to_raw, "15550123");
	CHECK_STR(c->room_name, "call-1");
	CHECK_STR(c->room_sid, "A");
	CHECK_STR(c->sip_call_id, "S1");
	CHECK_STR(c->participant_sid, "PA_1");
	CHECK_STR(c->identity, "sip_+15550100");
	CHECK_STR(c->agent.name, "bot");
	CHECK_STR(c->agent.route, "default");
	CHECK_INT(c->created_at, 5000123);
	CHECK_INT(c->timeline_len, 1);
	CHECK_INT(c->direction, TEL_INBOUND);
	tel_call_free(c);
}

static void legs_are_bounded(void)
{
	/* More than there are slots. */
	static const char names[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "123456789!#$%&()*+,-./;<>?[]^_{|}~";
	struct world w = { .now = 5000000, .pid = 1 };
	char word[16];
	int i;

	play_word(&w, "J0@A");
	for (i = 0; i < 3 * TEL_MAX_LEGS; i++) {
		snprintf(word, sizeof(word), "J%c@A", names[i % (sizeof(names) - 1)]);
		play_word(&w, word);
		word[0] = 'L';
		snprintf(word + 4, sizeof(word) - 4, ":h");
		play_word(&w, word);
	}
	CHECK_INT(w.n, 1);
	CHECK_INT(w.calls[0]->n_legs, TEL_MAX_LEGS);
	CHECK_INT(tel_call_living_legs(w.calls[0], TEL_PARTICIPANT_SIP), 1);
	tel_call_free(w.calls[0]);
}

static void a_full_set_of_legs_makes_room(void)
{
	struct tel_call *call = tel_call_new();
	struct tel_leg *leg;
	int i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(call);
	for (i = 0; i < TEL_MAX_LEGS; i++) {
		CHECK_INT(tel_call_add_leg(call, &leg), TEL_OK);
		leg->joined_at = i + 1;
	}
	CHECK_INT(tel_call_add_leg(call, &leg), TEL_ETOOBIG);
	for (i = 0; i < TEL_MAX_LEGS; i++)
		CHECK_INT(call->legs[i].joined_at, i + 1);
	tel_call_free(call);
}

/* Whatever kind it is of, and though a phone is named. */
static void other_events_are_ignored(void)
{
	static const enum tel_event_kind kinds[] = { TEL_EVENT_OTHER, TEL_EVENT_ROOM_STARTED };
	struct tel_event event = {
		.id = TEL_STR("EV"), .room_name = TEL_STR("call-1"), .room_sid = TEL_STR("A"),
		.participant = { .kind = TEL_PARTICIPANT_SIP, .sid = TEL_STR("PA") },
	};
	struct tel_on_event on = { .env = { .policy = &test_policy }, .event = &event };
	struct tel_step step;
	size_t i;

	for (i = 0; i < 2; i++) {
		event.kind = kinds[i];
		tel_step_init(&step);
		CHECK_INT(tel_decide_event(&step, &on), TEL_OK);
		CHECK_INT(on.effect, TEL_EFFECT_IGNORED);
		CU_ASSERT_FALSE(tel_step_wants_write(&step));
		tel_step_release(&step);
	}
}

static void results_without_a_call_are_refused(void)
{
	struct tel_dispatch_done dispatch = { .env = { .policy = &test_policy } };
	struct tel_delete_done delete = { .env = { .policy = &test_policy } };
	struct tel_step step;

	tel_step_init(&step);
	CHECK_INT(tel_decide_dispatch_done(&step, &dispatch), TEL_ENOTFOUND);
	CHECK_INT(tel_decide_delete_done(&step, &delete), TEL_ENOTFOUND);
	CU_ASSERT_FALSE(tel_step_wants_write(&step));
	tel_step_release(&step);
}

static struct world one_call(const char *script)
{
	struct world w = { .now = 1000 * TEL_SECOND, .pid = 1 };
	char words[256], *word, *rest;

	snprintf(words, sizeof(words), "%s", script);
	for (word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		play_word(&w, word);
	CU_ASSERT_EQUAL_FATAL(w.n, 1);
	return w;
}

/* The far end has taken the phone over: it was served, though no agent came. */
static void who_was_transferred_has_not_hung_up(void)
{
	struct world w = one_call("J1@A K M");

	w.calls[0]->transfer.state = TEL_TRANSFER_DONE;
	play_word(&w, "L1@A:h");
	CHECK_INT(w.calls[0]->outcome, TEL_OUTCOME_COMPLETED);
	CHECK_INT(w.calls[0]->ended_by, TEL_BY_API);
	tel_call_free(w.calls[0]);
}

/* A look showed that its last leg is gone, and the leg before is heard to have been replaced. */
static void how_a_leg_left_that_was_only_seen_to_is_not_known(void)
{
	struct world w = one_call("J1@A K M J2@A=1");

	w.calls[0]->legs[1].left_at = w.now;
	play_word(&w, "L1@A:d");
	CHECK_INT(w.calls[0]->status, TEL_CALL_ENDED);
	CHECK_INT(w.calls[0]->outcome, TEL_OUTCOME_UNKNOWN);
	tel_call_free(w.calls[0]);
}

/*
 * It is that room, then, which has to go: where another call has the name too, the
 * deletion asks for it by its sid.
 */
static void a_phone_hung_up_and_back_is_in_its_new_room(void)
{
	static const struct { const char *back, *room; } cases[] = {
		{ "J2@B=1", "B" }, { "J2@A=1", "A" } };
	struct world w;
	size_t i;

	for (i = 0; i < 2; i++) {
		w = one_call("J1@A K M G1@A");
		w.calls[0]->hang_up_at = w.now;
		play_word(&w, "R@A");
		play_word(&w, cases[i].back);
		CHECK_STR(w.calls[0]->room_sid, cases[i].room);
		CHECK_INT(w.calls[0]->room_finished_at != 0, i == 1);
		CHECK_INT(w.calls[0]->jobs[TEL_JOB_DELETE_ROOM].pending, true);
		tel_call_free(w.calls[0]);
	}
}

/* An agent came by a dispatch whose answer was lost, and left before that was found. */
static void a_found_dispatch_does_not_undo_a_loss(void)
{
	static const struct { bool look, lost; } cases[] = { { false, true }, { true, false } };
	struct world w;
	size_t i;

	for (i = 0; i < 2; i++) {
		w = one_call("J1@A K T +20");
		w.calls[0]->agent.left_at = w.now;
		w.calls[0]->jobs[TEL_JOB_DISPATCH_AGENT].look = cases[i].look;
		play_word(&w, "K");
		play_word(&w, "F");
		CHECK_INT(w.calls[0]->status, TEL_CALL_AGENT_DISPATCHED);
		CHECK_INT(w.calls[0]->agent.left_at != 0, cases[i].lost);
		tel_call_free(w.calls[0]);
	}
}

/* Whatever is heard first: that it was made, or that its agent has joined. */
static void since_when_the_agent_is_there_does_not_hang_on_the_order(void)
{
	static const struct { const char *before, *orders[2]; } cases[] = {
		{ "J1@A K T +9 K +1", { "M G1@A", "G1@A M" } },	/* the second attempt */
		{ "J1@A K M G1@A +20 g1@A +1", { "K +1 M G2@A", "K +1 G2@A M" } },
	};
	char words[64], *word, *rest;
	struct world w;
	size_t i, o;

	for (i = 0; i < 2; i++)
		for (o = 0; o < 2; o++) {
			w = one_call(cases[i].before);
			if (i == 1)
				w.calls[0]->jobs[TEL_JOB_DISPATCH_AGENT] = (struct tel_job){
					.pending = true, .look = true, .due = w.now };
			snprintf(words, sizeof(words), "%s", cases[i].orders[o]);
			for (word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
				play_word(&w, word);
			CHECK_INT(w.calls[0]->agent.joined_at, w.now);
			CHECK_INT(w.calls[0]->agent.left_at, 0);
			tel_call_free(w.calls[0]);
		}
}

/* A look that began before he was heard of says nothing, whatever LiveKit's clock says. */
static void a_look_is_older_than_who_is_heard_since(void)
{
	struct world w = one_call("J1@A K M +20");
	struct tel_event e;
	int late;

	w.last_event++;
	make_event(&w, "G1@A", &e);
	e.created_at -= 10 * TEL_SECOND;
	deliver(&w, &e, false);
	for (late = 0; late < 2; late++) {
		make_event(&w, "g1@A", &e);
		e.id = TEL_STR_NONE;
		e.created_at = 0;
		e.looked_at = w.now - TEL_SECOND + late * 10 * TEL_SECOND;
		deliver(&w, &e, false);
		CHECK_INT(tel_call_living_legs(w.calls[0], TEL_PARTICIPANT_AGENT), !late);
	}
	tel_call_free(w.calls[0]);
}

/* What a dispatch made in vain is cleared away: that hangs nobody up. */
static void clearing_a_ghost_does_not_shorten_the_wait(void)
{
	static const tel_time hang_ups[] = { 0, 5 };
	struct tel_delete_done done = {
		.env = { .now = 5, .self = TEL_STR("me"), .policy = &test_policy },
		.result = TEL_DELETE_GONE, .attempt = 1,
	};
	struct tel_step step;
	size_t i;

	for (i = 0; i < 2; i++) {
		tel_step_init(&step);
		step.call = tel_call_new();
		CU_ASSERT_PTR_NOT_NULL_FATAL(step.call);
		step.call->hang_up_at = hang_ups[i];
		step.call->jobs[TEL_JOB_DELETE_ROOM] = (struct tel_job){
			.pending = true, .attempt = 1, .lease = { TEL_STR("me"), 9 } };
		step.call->jobs[TEL_JOB_END_OVERDUE] = (struct tel_job){
			.pending = true, .due = 5 + 20 * TEL_SECOND };
		CHECK_INT(tel_decide_delete_done(&step, &done), TEL_OK);
		CHECK_INT(step.call->jobs[TEL_JOB_END_OVERDUE].due,
			  5 + (hang_ups[i] ? TEL_EVIDENCE_GRACE : 20 * TEL_SECOND));
		tel_step_release(&step);
	}
}

static void a_refused_deletion_is_not_repeated(void)
{
	struct tel_delete_done done = {
		.env = { .now = 5, .self = TEL_STR("me"), .policy = &test_policy },
		.result = TEL_DELETE_REFUSED, .attempt = 1, .code = TEL_STR("permission_denied"),
	};
	struct tel_step step;
	struct tel_job *job;

	tel_step_init(&step);
	step.call = tel_call_new();
	CU_ASSERT_PTR_NOT_NULL_FATAL(step.call);
	job = &step.call->jobs[TEL_JOB_DELETE_ROOM];
	*job = (struct tel_job){ .pending = true, .attempt = 1, .lease = { TEL_STR("me"), 9 } };
	CHECK_INT(tel_decide_delete_done(&step, &done), TEL_OK);
	CU_ASSERT_FALSE(job->pending);
	CHECK_INT(step.n_entries, 1);
	CHECK_STR(step.entries[0].result, "LiveKit refused to delete it");
	tel_step_release(&step);
}

static void entries_of_a_step_are_bounded(void)
{
	struct tel_step step;
	int i;

	tel_step_init(&step);
	step.call = tel_call_new();
	CU_ASSERT_PTR_NOT_NULL_FATAL(step.call);
	for (i = 0; i < TEL_STEP_MAX_ENTRIES; i++)
		CU_ASSERT_PTR_NOT_NULL(tel_step_entry(&step, step.call, 1, TEL_ENTRY_EVENT, TEL_STR("e")));
	CU_ASSERT_PTR_NULL(tel_step_entry(&step, step.call, 1, TEL_ENTRY_EVENT, TEL_STR("e")));
	CHECK_INT(step.call->timeline_len, TEL_STEP_MAX_ENTRIES);
	tel_step_release(&step);
}

int main(void)
{
	CU_TestInfo values[] = {
		{ "numbers become E.164", numbers_become_e164 },
		{ "numbers are masked", numbers_are_masked },
		{ "call ids are UUIDs", call_ids_are_uuids },
		{ "names go both ways", names_go_both_ways },
		{ "names of what befell a call go both ways",
		  names_of_what_befell_a_call_go_both_ways },
		{ "pauses grow and stay bounded", pauses_grow_and_stay_bounded },
		{ "timelines keep head and tail", timelines_keep_head_and_tail },
		{ "endings follow the evidence", endings_follow_the_evidence },
		CU_TEST_INFO_NULL
	};
	CU_TestInfo machine[] = {
		{ "the state machine", the_state_machine },
		{ "a new call tells all about the caller", a_new_call_tells_all_about_the_caller },
		{ "legs are bounded", legs_are_bounded },
		{ "a full set of legs makes room", a_full_set_of_legs_makes_room },
		{ "other events are ignored", other_events_are_ignored },
		{ "results without a call are refused", results_without_a_call_are_refused },
		{ "who was transferred has not hung up", who_was_transferred_has_not_hung_up },
		{ "how a leg left that was only seen to is not known",
		  how_a_leg_left_that_was_only_seen_to_is_not_known },
		{ "a phone hung up and back is in its new room",
		  a_phone_hung_up_and_back_is_in_its_new_room },
		{ "a found dispatch does not undo a loss", a_found_dispatch_does_not_undo_a_loss },
		{ "since when the agent is there does not hang on the order",
		  since_when_the_agent_is_there_does_not_hang_on_the_order },
		{ "a look is older than who is heard since", a_look_is_older_than_who_is_heard_since },
		{ "clearing a ghost does not shorten the wait",
		  clearing_a_ghost_does_not_shorten_the_wait },
		{ "a refused deletion is not repeated", a_refused_deletion_is_not_repeated },
		{ "entries of a step are bounded", entries_of_a_step_are_bounded },
		CU_TEST_INFO_NULL
	};
	CU_SuiteInfo suites[] = {
		{ "domain values", NULL, NULL, NULL, NULL, values },
		{ "domain state machine", NULL, NULL, NULL, NULL, machine },
		CU_SUITE_INFO_NULL
	};

	return tel_run_suites(suites);
}
