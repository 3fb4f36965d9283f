/*
 * What a look at LiveKit shows and no event told: which repairs are made of
 * it, and what they do to a call.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/decide.h"
#include "domain/repair.h"
#include "domain/watch.h"
#include "harness.h"
#include "base/banned.h"

#define T0 ((tel_time)1700000000 * TEL_SECOND)
#define S(n) ((tel_time)((n) * 1000.0))
#define CALL_ID "00000000-0000-4000-8000-000000000001"

/*
 * People, and legs: P a phone that called in, D the phone that we dialled
 * (ringing; D1a answered), O somebody else's phone, A our agent, Z another
 * agent, N an agent of no name, U not a phone. Their number makes sid and
 * sip.callID: P2=1 is phone 2 with the sip.callID of phone 1. A "-" for the
 * number: it has no sid.
 */
static void make_person(const char *word, struct tel_participant *p)
{
	static char sids[16][8], sips[16][8];
	static int next;
	char *sid = sids[next % 16], *sip = sips[next % 16];
	const char *eq = strchr(word, '=');
	bool phone = strchr("PDO", word[0]) != NULL;

	next++;
	snprintf(sid, sizeof(sids[0]), "%s_%c", phone ? "PA" : "AG", word[1]);
	snprintf(sip, sizeof(sips[0]), "SCL_%c", eq ? eq[1] : word[1]);
	*p = (struct tel_participant){
		.kind = phone ? TEL_PARTICIPANT_SIP :
			word[0] == 'U' ? TEL_PARTICIPANT_OTHER : TEL_PARTICIPANT_AGENT,
		.sid = word[1] == '-' ? TEL_STR_NONE : tel_str_from(sid),
		.identity = word[0] == 'D' ? TEL_STR("sip-" CALL_ID) : TEL_STR("somebody"),
		.agent_name = word[0] == 'A' ? TEL_STR("bot") :
			      word[0] == 'Z' ? TEL_STR("other") : TEL_STR_NONE,
	};
	if (!phone)
		return;
	p->sip_call_id = tel_str_from(sip);
	p->sip_status = word[2] == 'a' ? TEL_SIP_ACTIVE : TEL_SIP_RINGING;
	p->number = TEL_STR("+15550100");
	p->trunk_number = TEL_STR("+15550123");
	if (word[0] == 'P')
		p->rule_id = TEL_STR("SDR_1");
	if (word[0] == 'D')
		p->call_id = TEL_STR(CALL_ID);
}

static size_t make_people(const char *text, struct tel_participant people[TEL_MAX_SHOWN])
{
	char words[256], *word, *rest = NULL;
	size_t n = 0;

	snprintf(words, sizeof(words), "%s", text);
	for (word = strtok_r(words, ",", &rest); word; word = strtok_r(NULL, ",", &rest))
		make_person(word, &people[n++]);
	return n;
}

static tel_time made_at(const char *life)
{
	return T0 - TEL_HOUR + life[3] - 'A';
}

/* ---- which repairs ---------------------------------------------------------------- */

/* What differs from a call whose legs have been there for a minute; times before the look. */
struct given {
	bool none, over, outbound, in_hand, dialling, no_room, finished, hung_up;
	bool no_age;			/* when its room was made is not known */
	tel_time legs_since, created, wanted, answered, dropped, dispatched;
};

/* Legs: as people; "P1!" has left, "P1<" was in an earlier life of the room. */
static const struct {
	const char *name, *legs;
	struct given given;
	const char *sid, *people;	/* the room as shown; NULL: not listed */
	const char *repairs;
} planned[] = {
	/* no living call is known */
	{ "a caller nobody heard of", "", { .none = true }, "RM_A", "P1", "leg_found:PA_1" },
	{ "two of them", "", { .none = true }, "RM_A", "P1,A1,P2", "leg_found:PA_1 leg_found:PA_2" },
	{ "nobody", "", { .none = true }, "RM_A", "", "" },
	{ "no phone", "", { .none = true }, "RM_A", "A1,U2", "" },
	{ "somebody else's phone", "", { .none = true }, "RM_A", "O1", "" },
	{ "a phone that we dialled", "", { .none = true }, "RM_A", "D1", "leg_found:PA_1" },
	{ "it has no sid", "", { .none = true }, "RM_A", "P-", "" },
	{ "not listed", "", { .none = true }, NULL, "P1", "" },

	/* the call's room */
	{ "all as it should be", "P1,A1", { 0 }, "RM_A", "P1,A1,U2", "" },
	{ "one more phone", "P1", { 0 }, "RM_A", "P1,P2", "leg_found:PA_2" },
	{ "… somebody else's", "P1", { 0 }, "RM_A", "P1,O2", "leg_found:PA_2" },
	{ "… without a sid", "P1", { 0 }, "RM_A", "P1,P-", "" },
	{ "a phone that has left is shown still", "P1!", { 0 }, "RM_A", "P1", "" },
	{ "the phone is gone", "P1", { 0 }, "RM_A", "", "leg_gone:PA_1" },
	{ "… had left", "P1!", { 0 }, "RM_A", "", "" },
	{ "… was in an earlier life", "P1<", { 0 }, "RM_A", "", "" },
	{ "… came just before the look", "P1", { .legs_since = TEL_REPAIR_SLACK - 1 }, "RM_A", "", "" },
	{ "… came a while before", "P1", { .legs_since = TEL_REPAIR_SLACK }, "RM_A", "", "leg_gone:PA_1" },
	{ "… came after", "P1", { .legs_since = -S(1) }, "RM_A", "", "" },
	{ "a newer leg has taken its place: first who is there", "P1", { 0 }, "RM_A", "P2=1",
	  "leg_found:PA_2 leg_gone:PA_1" },
	{ "the agent is there", "P1", { 0 }, "RM_A", "P1,A1", "agent_found:AG_1" },
	{ "… without a name", "P1", { 0 }, "RM_A", "P1,N1", "agent_found:AG_1" },
	{ "… another one", "P1", { 0 }, "RM_A", "P1,Z1", "" },
	{ "… has left", "P1,A1!", { 0 }, "RM_A", "P1,A1", "" },
	{ "… of a dispatch that was deleted", "P1", { .dropped = TEL_AGENT_LINGERS - 1 }, "RM_A",
	  "P1,A1", "" },
	{ "… long ago", "P1", { .dropped = TEL_AGENT_LINGERS }, "RM_A", "P1,A1", "agent_found:AG_1" },
	{ "the agent is gone", "P1,A1", { 0 }, "RM_A", "P1", "agent_gone:AG_1" },
	{ "… came just before the look", "P1,A1", { .legs_since = TEL_REPAIR_SLACK - 1 }, "RM_A", "P1",
	  "" },
	{ "all are gone, and the room is there", "P1,A1", { 0 }, "RM_A", "",
	  "leg_gone:PA_1 agent_gone:AG_1" },
	{ "it is hung up: the phone is gone", "P1", { .hung_up = true }, "RM_A", "", "leg_gone:PA_1" },
	{ "it is hung up, and another phone comes", "P1", { .hung_up = true }, "RM_A", "P1,P2",
	  "leg_found:PA_2" },

	/* a phone that we dialled */
	{ "it rings", "D1", { .outbound = true }, "RM_A", "D1", "" },
	{ "it was answered", "D1", { .outbound = true }, "RM_A", "D1a", "answer_found:PA_1" },
	{ "… which is known", "D1", { .outbound = true, .answered = S(9) }, "RM_A", "D1a", "" },
	{ "… and it has left", "D1!", { .outbound = true }, "RM_A", "D1a", "" },
	{ "another phone talks", "D1,O2", { .outbound = true }, "RM_A", "D1,O2a", "" },
	{ "a caller talks", "P1", { 0 }, "RM_A", "P1a", "" },
	{ "it is gone", "D1", { .outbound = true }, "RM_A", "", "leg_gone:PA_1" },
	{ "it came unheard of", "", { .outbound = true }, "RM_A", "D1", "leg_found:PA_1" },
	{ "its dial is under way", "D1", { .outbound = true, .dialling = true }, "RM_A", "", "" },
	{ "its room is being made", "", { .outbound = true, .in_hand = true }, "RM_A", "D1", "" },
	{ "its room is not known", "", { .outbound = true, .no_room = true }, "RM_A", "D1", "" },
	{ "its dial is under way, and its room gone", "D1", { .outbound = true, .dialling = true }, NULL,
	  "", "" },

	/* the room is gone */
	{ "not listed", "P1", { 0 }, NULL, "", "room_gone:RM_A" },
	{ "… and people are in it: who knows", "P1", { 0 }, NULL, "P1", "" },
	{ "… which is known", "P1", { .finished = true }, NULL, "", "" },
	{ "… the phone came just now", "P1", { .legs_since = TEL_REPAIR_SLACK - 1 }, NULL, "", "" },
	{ "… a while ago", "P1", { .legs_since = TEL_REPAIR_SLACK }, NULL, "", "room_gone:RM_A" },
	{ "… the call is new", "", { .created = TEL_REPAIR_SLACK - 1 }, NULL, "", "" },
	{ "… it moved just now", "P1", { .wanted = TEL_REPAIR_SLACK - 1 }, NULL, "", "" },
	{ "… it is hung up", "P1", { .hung_up = true }, NULL, "", "room_gone:RM_A" },
	{ "a later life, nobody in it", "P1", { 0 }, "RM_B", "", "room_gone:RM_A" },
	{ "… another caller in it", "P1", { 0 }, "RM_B", "P2", "leg_found:PA_2 room_gone:RM_A" },
	{ "… the phone is back in it", "P1", { 0 }, "RM_B", "P2=1",
	  "leg_found:PA_2 room_gone:RM_A" },
	{ "… and another caller", "P1", { 0 }, "RM_B", "P3,P2=1",
	  "leg_found:PA_3 leg_found:PA_2 room_gone:RM_A" },
	{ "… after the first is known to be over", "P1", { .finished = true }, "RM_B", "P2=1",
	  "leg_found:PA_2" },
	{ "… nobody in it, which is known", "P1", { .finished = true }, "RM_B", "", "" },
	{ "… the phone came just now", "P1", { .legs_since = 1 }, "RM_B", "", "" },
	{ "an earlier life is shown still", "P1", { 0 }, "RM_0", "P2=1", "" },
	{ "… nobody in it", "P1", { 0 }, "RM_0", "", "" },
	{ "another life, nobody knows which is later", "P1", { .no_age = true }, "RM_B", "", "" },
	{ "it is over, and shown still", "P1", { .finished = true }, "RM_A", "P1,P2", "" },
	{ "it is over, and shown empty", "P1", { .finished = true }, "RM_A", "", "" },
	{ "the call is over", "P1", { .over = true }, "RM_A", "", "" },
};

static struct tel_call *new_call(void)
{
	struct tel_call *call = tel_call_new();

	if (!call || tel_call_id_parse(TEL_STR(CALL_ID), &call->id))
		abort();
	call->status = TEL_CALL_AGENT_DISPATCHED;
	call->room_name = TEL_STR("call-1");
	call->room_sid = TEL_STR("RM_A");
	call->room_created_at = made_at("RM_A");
	call->sip_call_id = TEL_STR("SCL_1");
	call->agent.name = TEL_STR("bot");
	return call;
}

static void add_legs(struct tel_call *call, const char *text, tel_time since)
{
	char words[128], *word, *rest = NULL;
	struct tel_participant p;
	struct tel_leg *leg;

	snprintf(words, sizeof(words), "%s", text);
	for (word = strtok_r(words, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
		make_person(word, &p);
		if (tel_call_add_leg(call, &leg))
			abort();
		*leg = (struct tel_leg){
			.kind = p.kind, .participant_sid = p.sid, .sip_call_id = p.sip_call_id,
			.sip_status = p.sip_status, .joined_at = since,
			.left_at = strchr(word, '!') ? since + 1 : 0,
			.room_sid = strchr(word, '<') ? TEL_STR("RM_0") : TEL_STR("RM_A"),
			.identity = p.identity,
		};
	}
}

static tel_time ago(tel_time given, tel_time else_ago)
{
	return T0 - (given ? given : else_ago);
}

static struct tel_call *call_of(const struct given *g, const char *legs)
{
	struct tel_call *call = new_call();

	call->direction = g->outbound ? TEL_OUTBOUND : TEL_INBOUND;
	if (g->over)
		call->status = TEL_CALL_ENDED;
	if (g->no_room)
		call->room_sid = TEL_STR_NONE;
	if (g->no_age)
		call->room_created_at = 0;
	call->jobs[TEL_JOB_CREATE_ROOM].pending = g->in_hand;
	call->jobs[TEL_JOB_DIAL].pending = g->dialling;
	call->room_finished_at = g->finished ? T0 - S(9) : 0;
	call->hang_up_at = g->hung_up ? T0 - S(9) : 0;
	call->answered_at = g->answered ? T0 - g->answered : 0;
	call->created_at = ago(g->created, S(60));
	call->agent.wanted_at = ago(g->wanted, S(60));
	call->agent.dispatched_at = ago(g->dispatched, S(60));
	call->agent.dropped_at = g->dropped ? T0 - g->dropped : 0;
	add_legs(call, legs, ago(g->legs_since, S(60)));
	return call;
}

static void describe_repair(const struct tel_repair *r, char *out, size_t size)
{
	struct tel_str what = r->participant.kind == TEL_PARTICIPANT_NONE ? r->room_sid :
									      r->participant.sid;

	snprintf(out + strlen(out), size - strlen(out), "%s%s:%.*s", out[0] ? " " : "",
		 tel_repair_kind_text(r->kind), TEL_STR_ARG(what));
}

static void check_planned(size_t i)
{
	static struct tel_repair repairs[TEL_MAX_REPAIRS];
	struct tel_participant people[TEL_MAX_SHOWN];
	struct tel_room_shown room = {
		.name = TEL_STR("call-1"), .listed = planned[i].sid != NULL,
		.sid = tel_str_from(planned[i].sid), .looked_at = T0, .participants = people,
		.created_at = planned[i].sid ? made_at(planned[i].sid) : 0,
	};
	struct tel_call *call = planned[i].given.none ? NULL : call_of(&planned[i].given, planned[i].legs);
	char got[256] = "";
	size_t r, n;

	room.n_participants = make_people(planned[i].people, people);
	n = tel_plan_repairs(call, &room, repairs);
	for (r = 0; r < n; r++)
		describe_repair(&repairs[r], got, sizeof(got));
	if (strcmp(got, planned[i].repairs))
		fprintf(stderr, "\n%s\n  got  %s\n  want %s\n", planned[i].name, got,
			planned[i].repairs);
	CU_ASSERT_STRING_EQUAL(got, planned[i].repairs);
	tel_call_free(call);
}

static void which_repairs_are_made(void)
{
	size_t i;

	for (i = 0; i < sizeof(planned) / sizeof(planned[0]); i++)
		check_planned(i);
}

static void there_are_so_many_repairs_at_most(void)
{
	static struct tel_participant people[TEL_MAX_SHOWN];
	static struct tel_repair repairs[TEL_MAX_REPAIRS];
	static char sids[TEL_MAX_SHOWN][8];
	struct tel_room_shown room = {
		.listed = true, .sid = TEL_STR("RM_A"), .looked_at = T0, .participants = people,
		.created_at = made_at("RM_A"), .n_participants = TEL_MAX_SHOWN,
	};
	struct given none = { 0 };
	struct tel_call *call = call_of(&none, "P1");
	size_t i;

	for (i = 0; i < TEL_MAX_SHOWN; i++) {
		snprintf(sids[i], sizeof(sids[i]), "X_%d", (int)i);
		people[i] = (struct tel_participant){
			.kind = TEL_PARTICIPANT_SIP, .sid = tel_str_from(sids[i]) };
	}
	CHECK_INT(tel_plan_repairs(call, &room, repairs), TEL_MAX_REPAIRS);
	CHECK_STR(repairs[TEL_MAX_REPAIRS - 1].participant.sid, "X_63");
	tel_call_free(call);
}

/* Whose name and age go with a room that is gone: the call's own, not what is shown. */
static void a_room_that_is_gone_is_named_as_the_call_knew_it(void)
{
	static struct tel_repair repairs[TEL_MAX_REPAIRS];
	struct tel_room_shown room = {
		.name = TEL_STR("call-1"), .listed = true, .sid = TEL_STR("RM_B"), .looked_at = T0,
		.created_at = made_at("RM_B"),
	};
	struct given none = { 0 };
	struct tel_call *call = call_of(&none, "P1");
	struct tel_event event;

	CHECK_INT(tel_plan_repairs(call, &room, repairs), 1);
	tel_repair_event(&repairs[0], &room, &event);
	CHECK_INT(event.kind, TEL_EVENT_ROOM_FINISHED);
	CHECK_STR(event.room_name, "call-1");
	CHECK_STR(event.room_sid, "RM_A");
	CHECK_INT(event.room_created_at, made_at("RM_A"));
	CHECK_INT(event.looked_at, T0);
	CHECK_STR(event.id, "");
	tel_call_free(call);
}

/* ---- rooms left over ----------------------------------------------------------------- */

/* Ten seconds after its end a room is deleted, within half a minute. */
static const struct {
	const char *name, *people;
	tel_time ended;			/* so long ago */
	bool living, not_listed, being_deleted, never;
	bool left_over;
} leftovers[] = {
	{ "its agent sits there", "A1", S(40), false, false, false, false, true },
	{ "… among others", "U2,Z3,A1", S(40), false, false, false, false, true },
	{ "it may still be on its way out", "A1", S(39.999), false, false, false, false, false },
	{ "nobody", "", S(40), false, false, false, false, false },
	{ "another agent", "Z1", S(40), false, false, false, false, false },
	{ "people only", "U1", S(40), false, false, false, false, false },
	{ "a phone is there", "A1,P2", S(40), false, false, false, false, false },
	{ "somebody else's phone", "A1,O2", S(40), false, false, false, false, false },
	{ "the call lives", "A1", S(40), true, false, false, false, false },
	{ "not listed", "A1", S(40), false, true, false, false, false },
	{ "somebody is at it", "A1", S(40), false, false, true, false, false },
	{ "rooms are left to LiveKit", "A1", S(40), false, false, false, true, false },
};

static void which_rooms_are_left_over(void)
{
	struct tel_policy policy = { 0 };
	struct tel_participant people[TEL_MAX_SHOWN];
	struct tel_room_shown room = { .name = TEL_STR("call-1"), .participants = people };
	struct tel_call *call;
	size_t i;

	for (i = 0; i < sizeof(leftovers) / sizeof(leftovers[0]); i++) {
		call = new_call();
		call->status = leftovers[i].living ? TEL_CALL_AGENT_DISPATCHED : TEL_CALL_ENDED;
		call->ended_at = T0 - leftovers[i].ended;
		call->jobs[TEL_JOB_DELETE_ROOM].pending = leftovers[i].being_deleted;
		policy.room_delete_after = leftovers[i].never ? TEL_ROOM_DELETE_NEVER : S(10);
		room.listed = !leftovers[i].not_listed;
		room.n_participants = make_people(leftovers[i].people, people);
		if (tel_is_left_over(call, &room, &policy, T0) != leftovers[i].left_over)
			fprintf(stderr, "\n%s\n", leftovers[i].name);
		CHECK_INT(tel_is_left_over(call, &room, &policy, T0), leftovers[i].left_over);
		tel_call_free(call);
	}
}

/* A call that came to life again, or whose room is being deleted, is left alone. */
static void only_the_room_of_a_call_that_is_over_is_deleted(void)
{
	static const struct { enum tel_call_status status; bool pending, deleted; } cases[] = {
		{ TEL_CALL_ENDED, false, true }, { TEL_CALL_FAILED, false, true },
		{ TEL_CALL_ENDED, true, false }, { TEL_CALL_AGENT_DISPATCHED, false, false },
	};
	struct tel_policy policy = { 0 };
	struct tel_left_over left = { .env = { .now = T0, .policy = &policy } };
	struct tel_step step;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tel_step_init(&step);
		step.call = new_call();
		step.call->status = cases[i].status;
		step.call->jobs[TEL_JOB_DELETE_ROOM].pending = cases[i].pending;
		CHECK_INT(tel_decide_left_over(&step, &left), TEL_OK);
		CHECK_INT(left.will_be_deleted, cases[i].deleted);
		CHECK_INT(tel_step_wants_write(&step), cases[i].deleted);
		if (cases[i].deleted) {
			CHECK_INT(step.call->jobs[TEL_JOB_DELETE_ROOM].pending, true);
			CHECK_INT(step.call->jobs[TEL_JOB_DELETE_ROOM].unsure, true);
			CHECK_INT(step.entries[0].source, TEL_ENTRY_REPAIR);
		}
		tel_step_release(&step);
	}
	tel_step_init(&step);
	CHECK_INT(tel_decide_left_over(&step, &left), TEL_OK);
	CU_ASSERT_FALSE(left.will_be_deleted || tel_step_wants_write(&step));
	tel_step_release(&step);
}

/* ---- what they do to a call ---------------------------------------------------------------
 *
 * Scripts on the smallest store there is. Words:
 *
 *   J:P1@A   who joins, in which life of the room    L:P1@A  who leaves it
 *   R@A      that life is over                       H       we hang up
 *   D        an outbound call has been dialled
 *   K M      the job that is due is taken; its dispatch was made
 *   +n       seconds
 *   ?A:P1,A1 LiveKit shows that life, and who is in it   ?-:  … no such room
 *   ?A~3:P1  it did so three seconds ago
 */

struct world {
	struct tel_call *calls[4];	/* newest last */
	size_t n, n_finished;
	char finished[8][8];		/* lives that have a tombstone */
	tel_time now;
	int events;
	uint32_t attempt;		/* of the lease taken last */
	struct tel_call_id taken;
	bool wrote;			/* the last step did */
	const char *meanwhile;		/* heard between looking and repairing */
	enum tel_event_effect effect;	/* of the last webhook */
	char effects[256];		/* of repairs: "leg_found=created" */
};

static const struct tel_policy policy = {
	.room_delete_after = S(10), .return_grace = S(20), .max_age = TEL_DAY, .remember = TEL_DAY,
	.agent_join_deadline = S(8), .solo_timeout = S(300), .max_duration = TEL_DAY,
};

static struct tel_decide_env env_of(const struct world *w)
{
	return (struct tel_decide_env){ .now = w->now, .self = TEL_STR("me"), .policy = &policy };
}

static bool was_in(const struct tel_call *call, struct tel_str life)
{
	size_t i;

	for (i = 0; i < call->n_legs; i++)
		if (tel_str_eq(call->legs[i].room_sid, life))
			return true;
	return tel_str_eq(call->room_sid, life);
}

static bool has_sip_call(const struct tel_call *call, struct tel_str id)
{
	size_t i;

	for (i = 0; tel_str_is_set(id) && i < call->n_legs; i++)
		if (tel_str_eq(call->legs[i].sip_call_id, id))
			return true;
	return false;
}

static bool is_it(const struct tel_call *call, const struct tel_step_about *about, int by)
{
	switch (by) {
	case 0:		return tel_str_eq(tel_call_id_str(&call->id), about->call_id);
	case 1:		return tel_call_leg(call, about->participant_sid) != NULL;
	case 2:		return tel_str_is_set(about->room_sid) && was_in(call, about->room_sid);
	default:	return has_sip_call(call, about->sip_call_id);
	}
}

static struct tel_call **find(struct world *w, const struct tel_step_about *about)
{
	size_t i;
	int by;

	for (by = 0; by < 4; by++)
		for (i = w->n; i-- > 0;)
			if (is_it(w->calls[i], about, by))
				return &w->calls[i];
	return NULL;
}

static bool is_finished(const struct world *w, struct tel_str life)
{
	size_t i;

	for (i = 0; i < w->n_finished; i++)
		if (tel_str_is(life, w->finished[i]))
			return true;
	return false;
}

static void keep_step(struct world *w, struct tel_step *step, struct tel_call **stored,
		      const struct tel_step_about *about)
{
	w->wrote = tel_step_wants_write(step);
	if (step->save) {
		tel_call_free(*stored);
		*stored = step->call;
		step->call = NULL;
	}
	if (step->fresh) {
		CU_ASSERT_FATAL(w->n < 4);
		w->calls[w->n++] = step->fresh;
		step->fresh = NULL;
	}
	if (step->finish_room)
		snprintf(w->finished[w->n_finished++], sizeof(w->finished[0]), "%.*s",
			 TEL_STR_ARG(about->room_sid));
}

static void run_step(struct world *w, const struct tel_step_about *about, tel_decide_fn decide,
		     void *ctx)
{
	struct tel_call **stored = find(w, about);
	struct tel_step step;

	tel_step_init(&step);
	if (stored && tel_call_clone(*stored, &step.call))
		abort();
	step.room_finished = is_finished(w, about->room_sid);
	CHECK_INT(decide(&step, ctx), TEL_OK);
	keep_step(w, &step, stored, about);
	tel_step_release(&step);
}

static enum tel_event_effect apply(struct world *w, const struct tel_event *event)
{
	struct tel_on_event on = {
		.env = env_of(w), .event = event, .agent_name = TEL_STR("bot"),
		.agent_config = TEL_STR("{}"), .route = TEL_STR("default"),
	};
	struct tel_step_about about;

	snprintf(on.new_call_id.text, sizeof(on.new_call_id.text),
		 "00000000-0000-4000-8000-%012d", (int)w->n + 1);
	tel_event_about(event, &about);
	run_step(w, &about, tel_decide_event, &on);
	return on.effect;
}

static void webhook(struct world *w, const char *word)
{
	const char *life = strchr(word, '@') + 1;
	char id[16], sid[8];
	struct tel_event e = {
		.kind = word[0] == 'J' ? TEL_EVENT_PARTICIPANT_JOINED :
			word[0] == 'L' ? TEL_EVENT_PARTICIPANT_LEFT : TEL_EVENT_ROOM_FINISHED,
		.name = TEL_STR("event"), .room_name = TEL_STR("call-1"), .raw = TEL_STR("{}"),
	};

	snprintf(id, sizeof(id), "EV_%d", ++w->events);
	snprintf(sid, sizeof(sid), "RM_%s", life);
	e.id = tel_str_from(id);
	e.room_sid = tel_str_from(sid);
	e.room_created_at = made_at(sid);
	if (word[0] != 'R')
		make_person(word + 2, &e.participant);
	if (word[0] == 'L') {
		e.participant.sip_status = TEL_SIP_HANGUP;
		e.participant.disconnect_reason = TEL_STR("CLIENT_INITIATED");
	}
	w->effect = apply(w, &e);
}

static void play(struct world *w, const char *text);

static void look(struct world *w, const char *word)
{
	struct tel_repair repairs[TEL_MAX_REPAIRS];
	struct tel_participant people[TEL_MAX_SHOWN];
	struct tel_call *living = w->n ? w->calls[w->n - 1] : NULL, *call = NULL;
	char sid[8] = "RM_?";
	struct tel_room_shown room = {
		.name = TEL_STR("call-1"), .listed = word[1] != '-', .looked_at = w->now,
		.participants = people,
	};
	struct tel_event event;
	size_t i, n;

	sid[3] = word[1];
	if (room.listed) {
		room.sid = tel_str_from(sid);
		room.created_at = made_at(sid);
	}
	if (word[2] == '~')
		room.looked_at -= S(strtod(word + 3, NULL));
	room.n_participants = make_people(strchr(word, ':') + 1, people);
	if (living && !tel_call_is_over(living) && tel_call_clone(living, &call))
		abort();
	n = tel_plan_repairs(call, &room, repairs);
	if (w->meanwhile)
		play(w, w->meanwhile);
	w->meanwhile = NULL;
	for (i = 0; i < n; i++) {
		tel_repair_event(&repairs[i], &room, &event);
		snprintf(w->effects + strlen(w->effects), sizeof(w->effects) - strlen(w->effects),
			 "%s%s=%s", w->effects[0] ? " " : "", tel_repair_kind_text(repairs[i].kind),
			 tel_event_effect_text(apply(w, &event)));
	}
	tel_call_free(call);
}

static void take(struct world *w)
{
	struct tel_call *call = w->calls[w->n - 1];
	struct tel_take_job t = { .env = env_of(w) };

	w->taken = call->id;
	run_step(w, &(struct tel_step_about){ .call_id = tel_call_id_str(&w->taken) },
		 tel_decide_take, &t);
	CU_ASSERT_NOT_EQUAL(t.result, TEL_TAKE_NOTHING);
	w->attempt = w->calls[w->n - 1]->jobs[t.kind].attempt;
}

static void dispatched(struct world *w)
{
	struct tel_dispatch_done done = {
		.env = env_of(w), .result = TEL_DISPATCH_MADE, .attempt = w->attempt,
		.room_sid = w->calls[w->n - 1]->room_sid, .dispatch_id = TEL_STR("AD_1"),
	};

	run_step(w, &(struct tel_step_about){ .call_id = tel_call_id_str(&w->taken) },
		 tel_decide_dispatch_done, &done);
}

static void dialled(struct world *w)
{
	struct tel_call *call = new_call();

	call->direction = TEL_OUTBOUND;
	call->created_at = call->dial.sent_at = w->now;
	call->dial.reply = TEL_DIAL_LOST;
	call->dial.ringing_timeout = S(45);
	call->dial.max_duration = S(600);
	w->calls[w->n++] = call;
	webhook(w, "J:D1@A");
}

static void do_word(struct world *w, const char *word)
{
	switch (word[0]) {
	case 'J':
	case 'L':
	case 'R': webhook(w, word); break;
	case 'H': w->calls[w->n - 1]->hang_up_at = w->now; break;
	case 'D': dialled(w); break;
	case 'K': take(w); break;
	case 'M': dispatched(w); break;
	case '?': look(w, word); break;
	case '+': w->now += S(strtod(word + 1, NULL)); break;
	default: abort();
	}
}

static void play(struct world *w, const char *text)
{
	char script[256], *word, *rest = NULL;

	snprintf(script, sizeof(script), "%s", text);
	for (word = strtok_r(script, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		do_word(w, word);
}

/* "status outcome endedBy [jobs] phones agents", call by call. */
static void show(const struct world *w, char *out, size_t size)
{
	static const char letters[TEL_JOB_KINDS] = {
		[TEL_JOB_DISPATCH_AGENT] = 'd', [TEL_JOB_WATCH_AGENT] = 'w',
		[TEL_JOB_DELETE_ROOM] = 'r', [TEL_JOB_END_OVERDUE] = 'o',
		[TEL_JOB_CREATE_ROOM] = 'c', [TEL_JOB_DIAL] = 'D', [TEL_JOB_WATCH_DIAL] = 'l',
		[TEL_JOB_TRANSFER] = 't',
	};
	const char *outcome, *by;
	char jobs[TEL_JOB_KINDS + 1];
	size_t i, kind, n;

	for (*out = '\0', i = 0; i < w->n; i++) {
		const struct tel_call *c = w->calls[i];

		for (n = kind = 0; kind < TEL_JOB_KINDS; kind++)
			if (c->jobs[kind].pending)
				jobs[n++] = letters[kind];
		jobs[n] = '\0';
		outcome = tel_outcome_text(c->outcome);
		by = tel_ended_by_text(c->ended_by);
		n = strlen(out);
		snprintf(out + n, size - n, "%s%s %s %s [%s] %zup %zua%s", i ? " | " : "",
			 tel_call_status_text(c->status), outcome ? outcome : "-", by ? by : "-", jobs,
			 tel_call_living_legs(c, TEL_PARTICIPANT_SIP),
			 tel_call_living_legs(c, TEL_PARTICIPANT_AGENT), c->answered_at ? " A" : "");
	}
}

static void end(struct world *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		tel_call_free(w->calls[i]);
}

#define CALLER "J:P1@A K M J:A1@A +60 "

static const struct {
	const char *name;
	const char *before, *told, *shown;	/* then this is told, or that is shown */
	const char *effects;			/* of the repairs */
	const char *state;			/* as if it had been told … */
	const char *otherwise;			/* … or if what is seen says less: so */
} applied[] = {
	{ "a caller", "", "J:P1@A", "?A:P1", "leg_found=created",
	  "sip_participant_joined - - [do] 1p 0a", NULL },
	{ "… in a room of a call that is over", CALLER "L:P1@A ", "J:P2@A", "?A:P2", "leg_found=created",
	  "ended completed caller [] 0p 1a | sip_participant_joined - - [do] 1p 0a", NULL },
	{ "… somebody else's", "", "J:O1@A", "?A:O1", "", "", NULL },
	{ "one more phone", CALLER, "J:P2@A", "?A:P1,A1,P2", "leg_found=changed",
	  "agent_dispatched - - [o] 2p 1a", NULL },
	{ "the phone leaves", CALLER, "L:P1@A", "?A:A1", "leg_gone=ended",
	  "ended completed caller [r] 0p 1a", "ended completed - [r] 0p 1a" },
	{ "… before an agent came", "J:P1@A K M +60 ", "L:P1@A", "?A:", "leg_gone=ended",
	  "ended canceled caller [r] 0p 0a", "ended unknown - [r] 0p 0a" },
	{ "… after we hung up", CALLER "H ", "L:P1@A", "?A:A1", "leg_gone=ended",
	  "ended completed api [r] 0p 1a", NULL },
	{ "… and another one is there", CALLER "J:P2@A +60 ", "L:P1@A", "?A:P2,A1", "leg_gone=changed",
	  "agent_dispatched - - [o] 1p 1a", NULL },
	{ "a newer leg takes its place", CALLER, "J:P2=1@A L:P1@A", "?A:P2=1,A1",
	  "leg_found=changed leg_gone=changed", "agent_dispatched - - [o] 1p 1a", NULL },
	{ "the agent joins", "J:P1@A K M +60 ", "J:A1@A", "?A:P1,A1", "agent_found=changed",
	  "agent_dispatched - - [o] 1p 1a", NULL },
	{ "… which is known, of a call that is over, and another caller is there",
	  CALLER "L:P1@A J:P2@A +60 ", "", "?A:P2,A1", "agent_found=ignored",
	  "ended completed caller [] 0p 1a | sip_participant_joined - - [do] 1p 0a", NULL },
	{ "the agent leaves", CALLER, "L:A1@A", "?A:P1", "agent_gone=changed",
	  "agent_dispatched - - [ow] 1p 0a", NULL },
	{ "both leave", CALLER, "L:P1@A L:A1@A", "?A:", "leg_gone=ended agent_gone=changed",
	  "ended completed caller [r] 0p 0a", "ended completed - [r] 0p 0a" },
	{ "the room finishes under the phone", CALLER, "R@A", "?-:", "room_gone=changed",
	  "agent_dispatched - - [o] 1p 1a", NULL },
	{ "… and after it", CALLER "L:P1@A ", "R@A", "?-:", "", "ended completed caller [] 0p 1a",
	  "ended completed caller [r] 0p 1a" },
	{ "the phone is back in a later life", CALLER "R@A +9 ", "J:P2=1@B", "?B:P2=1", "leg_found=moved",
	  "sip_participant_joined - - [do] 1p 0a", NULL },
	{ "… the first one's end unheard of", CALLER, "J:P2=1@B", "?B:P2=1",
	  "leg_found=moved room_gone=ignored",
	  "sip_participant_joined - - [do] 1p 0a", NULL },
	{ "another caller is in a later life", CALLER, "J:P2@B R@A", "?B:P2",
	  "leg_found=created room_gone=changed",
	  "agent_dispatched - - [o] 1p 1a | sip_participant_joined - - [do] 1p 0a", NULL },
	{ "the phone that we dialled comes", "D +60 ", "J:D1@A", "?A:D1", "",
	  "agent_dispatched - - [] 1p 0a", NULL },
	{ "… is answered", "D +60 ", "", "?A:D1a", "answer_found=changed",
	  "agent_dispatched - - [] 1p 0a", "agent_dispatched - - [o] 1p 0a A" },
	{ "… talked, and leaves", "D ?A:D1a +60 ", "L:D1@A", "?A:", "leg_gone=ended",
	  "ended completed callee [r] 0p 0a A", "ended completed - [r] 0p 0a A" },
	{ "… leaves, and somebody else is there", "D J:O2@A +60 ", "", "?A:O2", "leg_gone=ended",
	  "agent_dispatched - - [w] 2p 0a", "ended unknown - [r] 1p 0a" },
	{ "… rings, and leaves", "D +60 ", "", "?A:", "leg_gone=ended",
	  "agent_dispatched - - [] 1p 0a", "ended unknown - [r] 0p 0a" },
};

static void check_state(const struct world *w, const char *name, const char *when, const char *want)
{
	char got[256];

	show(w, got, sizeof(got));
	if (strcmp(got, want))
		fprintf(stderr, "\n%s, %s\n  got  %s\n  want %s\n", name, when, got, want);
	CU_ASSERT_STRING_EQUAL(got, want);
}

/* The webhooks that were late after all. */
static void play_late(struct world *w, const char *told)
{
	char script[256], *word, *rest = NULL;

	snprintf(script, sizeof(script), "%s", told);
	for (word = strtok_r(script, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		do_word(w, word);
		CU_ASSERT_TRUE(w->effect == TEL_EFFECT_NOTED || w->effect == TEL_EFFECT_IGNORED);
	}
}

static void check_repaired(size_t i)
{
	const char *state = applied[i].otherwise ? applied[i].otherwise : applied[i].state;
	struct world w = { .now = T0 };

	play(&w, applied[i].before);
	w.effects[0] = '\0';
	play(&w, applied[i].shown);
	if (strcmp(w.effects, applied[i].effects))
		fprintf(stderr, "\n%s\n  got  %s\n  want %s\n", applied[i].name, w.effects,
			applied[i].effects);
	CU_ASSERT_STRING_EQUAL(w.effects, applied[i].effects);
	check_state(&w, applied[i].name, "repaired", state);
	if (applied[i].effects[0])
		play_late(&w, applied[i].told);
	check_state(&w, applied[i].name, "and told late", state);
	end(&w);
}

static void what_they_do_is_what_an_event_would_have_done(void)
{
	struct world w;
	size_t i;

	for (i = 0; i < sizeof(applied) / sizeof(applied[0]); i++) {
		w = (struct world){ .now = T0 };
		play(&w, applied[i].before);
		play(&w, applied[i].told);
		check_state(&w, applied[i].name, "told", applied[i].state);
		end(&w);
		check_repaired(i);
	}
}


/* ---- when they do nothing -------------------------------------------------------------------- */

/*
 * Planned on what the call was, applied to what it is by then: what is known
 * already, or was heard of since the look began, is not written.
 */
static const struct {
	const char *name;
	const char *before;		/* … the look was planned … */
	const char *shown;
	const char *meanwhile;		/* … and this was heard */
	const char *state;
} outdated[] = {
	{ "the phone's coming, told meanwhile", "", "?A:P1", "J:P1@A",
	  "sip_participant_joined - - [do] 1p 0a" },
	{ "the phone's coming and going", "", "?A:P1", "J:P1@A L:P1@A",
	  "ended canceled caller [r] 0p 0a" },
	{ "its leaving", CALLER, "?A:A1", "L:P1@A", "ended completed caller [r] 0p 1a" },
	{ "the agent's coming", "J:P1@A K M +60 ", "?A:P1,A1", "J:A1@A",
	  "agent_dispatched - - [o] 1p 1a" },
	{ "the agent's coming and going", "J:P1@A K M +60 ", "?A:P1,A1", "J:A1@A L:A1@A",
	  "agent_dispatched - - [ow] 1p 0a" },
	{ "the agent's leaving", CALLER, "?A:P1", "L:A1@A", "agent_dispatched - - [ow] 1p 0a" },
	{ "the room's end", CALLER, "?-:", "R@A", "agent_dispatched - - [o] 1p 1a" },
	{ "the phone has moved on", CALLER, "?-:", "J:P2=1@B",
	  "sip_participant_joined - - [do] 1p 0a" },
	{ "it is back already", CALLER, "?B:P2=1", "J:P2=1@B",
	  "sip_participant_joined - - [do] 1p 0a" },
};

static bool all_are_ignored(const char *effects)
{
	const char *at;
	bool some = false;

	for (at = strchr(effects, '='); at; at = strchr(at + 1, '=')) {
		some = true;
		if (strncmp(at, "=ignored", 8) != 0)
			return false;
	}
	return some;
}

/* Plans by one world and applies in another, which has heard more. */
static void check_outdated(size_t i)
{
	struct world w = { .now = T0 };
	uint32_t entries;
	char before[256];

	play(&w, outdated[i].before);
	w.meanwhile = outdated[i].meanwhile;
	play(&w, outdated[i].shown);
	CU_ASSERT_TRUE(all_are_ignored(w.effects));
	CU_ASSERT_FALSE(w.wrote);
	check_state(&w, outdated[i].name, "afterwards", outdated[i].state);
	entries = w.calls[0]->timeline_len;
	show(&w, before, sizeof(before));
	play(&w, outdated[i].shown);
	check_state(&w, outdated[i].name, "looked at again", before);
	CHECK_INT(w.calls[0]->timeline_len, entries);
	end(&w);
}

static void what_is_known_by_then_is_not_written(void)
{
	unsigned failures;
	size_t i;

	for (i = 0; i < sizeof(outdated) / sizeof(outdated[0]); i++) {
		failures = CU_get_number_of_failures();
		check_outdated(i);
		if (CU_get_number_of_failures() > failures)
			fprintf(stderr, "\n%s: see above\n", outdated[i].name);
	}
}

/* Who has joined since the look began, or shortly before, is not gone for it. */
static void a_look_says_nothing_of_who_came_later(void)
{
	static const struct {
		const char *who;
		tel_time since;
		bool gone;
	} cases[] = {
		{ "P1", TEL_REPAIR_SLACK, true }, { "P1", TEL_REPAIR_SLACK - 1, false },
		{ "P1", -S(1), false }, { "A1", TEL_REPAIR_SLACK, true },
		{ "A1", TEL_REPAIR_SLACK - 1, false }, { "P2", TEL_HOUR, false },
	};
	struct given none = { .legs_since = 1 };
	struct tel_repair repair = { .kind = TEL_REPAIR_LEG_GONE, .room_sid = TEL_STR("RM_A") };
	struct tel_room_shown room = { .name = TEL_STR("call-1"), .looked_at = T0 };
	struct tel_event event;
	struct world w;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		w = (struct world){ .now = T0 + S(1), .n = 1 };
		none.legs_since = cases[i].since;
		w.calls[0] = call_of(&none, "P1,A1");
		make_person(cases[i].who, &repair.participant);
		tel_repair_event(&repair, &room, &event);
		CHECK_INT(apply(&w, &event) != TEL_EFFECT_IGNORED, cases[i].gone);
		CHECK_INT(w.wrote, cases[i].gone);
		end(&w);
	}
}

/* What is repaired is in the timeline as such, with its evidence. */
static void a_repair_is_in_the_timeline_as_one(void)
{
	struct tel_event event = {
		.kind = TEL_EVENT_PARTICIPANT_JOINED, .name = TEL_STR("participant_joined"),
		.room_name = TEL_STR("call-1"), .room_sid = TEL_STR("RM_A"), .looked_at = T0,
	};
	struct tel_on_event on = {
		.env = { .now = T0, .self = TEL_STR("me"), .policy = &policy }, .event = &event,
		.new_call_id = { CALL_ID }, .agent_name = TEL_STR("bot"),
	};
	struct tel_step step;

	make_person("P1", &event.participant);
	tel_step_init(&step);
	CHECK_INT(tel_decide_event(&step, &on), TEL_OK);
	CHECK_INT(step.n_entries, 1);
	CHECK_INT(step.entries[0].source, TEL_ENTRY_REPAIR);
	CHECK_STR(step.entries[0].notes[0].key, "evidence");
	CU_ASSERT_FALSE(step.remember_event);
	CU_ASSERT_PTR_NOT_NULL_FATAL(step.fresh);
	CHECK_INT(step.fresh->jobs[TEL_JOB_DISPATCH_AGENT].look, true);
	CHECK_INT(step.fresh->jobs[TEL_JOB_DISPATCH_AGENT].unsure, false);
	tel_step_release(&step);
}

static void names_of_repairs(void)
{
	int kind;

	for (kind = 0; kind < TEL_REPAIR_KINDS; kind++)
		CU_ASSERT_STRING_NOT_EQUAL(tel_repair_kind_text((enum tel_repair_kind)kind), "?");
	CU_ASSERT_STRING_EQUAL(tel_repair_kind_text(TEL_REPAIR_KINDS), "?");
}

int main(void)
{
	CU_TestInfo plans[] = {
		{ "which repairs are made", which_repairs_are_made },
		{ "there are so many repairs at most", there_are_so_many_repairs_at_most },
		{ "a room that is gone is named as the call knew it",
		  a_room_that_is_gone_is_named_as_the_call_knew_it },
		{ "which rooms are left over", which_rooms_are_left_over },
		{ "only the room of a call that is over is deleted",
		  only_the_room_of_a_call_that_is_over_is_deleted },
		{ "names of repairs", names_of_repairs },
		CU_TEST_INFO_NULL,
	};
	CU_TestInfo steps[] = {
		{ "what they do is what an event would have done",
		  what_they_do_is_what_an_event_would_have_done },
		{ "what is known by then is not written", what_is_known_by_then_is_not_written },
		{ "a look says nothing of who came later", a_look_says_nothing_of_who_came_later },
		{ "a repair is in the timeline as one", a_repair_is_in_the_timeline_as_one },
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{ .pName = "repairs: which", .pTests = plans },
		{ .pName = "repairs: what they do", .pTests = steps },
		CU_SUITE_INFO_NULL,
	};

	return tel_run_suites(suites);
}
