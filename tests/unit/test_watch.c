/*
 * Watching for the agent: what is to be done, as a table, and whole scripts
 * of agents that are lost, late or leave.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/ending.h"
#include "domain/place.h"
#include "domain/watch.h"
#include "harness.h"
#include "base/banned.h"

#define T0 ((tel_time)1700000000 * TEL_SECOND)
#define S(n) ((tel_time)((n) * 1000.0))

/* ---- is it the call's agent? -------------------------------------------------- */

static struct tel_call *new_call(void)
{
	struct tel_call *call = tel_call_new();

	if (!call)
		abort();
	call->status = TEL_CALL_AGENT_DISPATCHED;
	call->created_at = T0;
	call->room_name = TEL_STR("call-1");
	call->room_sid = TEL_STR("RM_B");
	call->agent.name = TEL_STR("bot");
	call->agent.wanted_at = call->agent.dispatched_at = call->agent.awaited_at = T0;
	call->agent.tries = 1;
	return call;
}

static struct tel_leg *add_leg(struct tel_call *call, enum tel_participant_kind kind,
			       const char *sid, const char *room)
{
	struct tel_leg *leg;

	if (tel_call_add_leg(call, &leg))
		abort();
	leg->kind = kind;
	leg->participant_sid = tel_str_from(sid);
	leg->room_sid = tel_str_from(room);
	leg->joined_at = T0;
	return leg;
}

static const struct {
	const char *name;
	enum tel_participant_kind kind;
	const char *sid, *agent_name;
	tel_time joined_at;		/* from T0; -1 = not told */
	bool is;
} people[] = {
	{ "one that was never heard of", TEL_PARTICIPANT_AGENT, "AG_9", "bot", S(1), true },
	{ "it does not say its name", TEL_PARTICIPANT_AGENT, "AG_9", NULL, S(1), true },
	{ "it says another name", TEL_PARTICIPANT_AGENT, "AG_9", "other", S(1), false },
	{ "it has no sid", TEL_PARTICIPANT_AGENT, NULL, "bot", S(1), false },
	{ "a phone", TEL_PARTICIPANT_SIP, "AG_9", NULL, S(1), false },
	{ "somebody else", TEL_PARTICIPANT_OTHER, "AG_9", "bot", S(1), false },
	{ "nobody knows since when", TEL_PARTICIPANT_AGENT, "AG_9", "bot", -T0, true },
	{ "before the dispatch, by a clock of its own", TEL_PARTICIPANT_AGENT, "AG_9", "bot",
	  -S(60), true },
	{ "known", TEL_PARTICIPANT_AGENT, "AG_there", "bot", S(1), true },
	{ "known, before the dispatch", TEL_PARTICIPANT_AGENT, "AG_there", "bot", -S(60), true },
	{ "known, by another name", TEL_PARTICIPANT_AGENT, "AG_there", "other", S(1), false },
	{ "it has left", TEL_PARTICIPANT_AGENT, "AG_left", "bot", S(1), false },
	{ "in an earlier life", TEL_PARTICIPANT_AGENT, "AG_old", "bot", S(1), false },
};

static void whose_agent_it_is(void)
{
	struct tel_call *call = new_call();
	size_t i;

	add_leg(call, TEL_PARTICIPANT_AGENT, "AG_there", "RM_B");
	add_leg(call, TEL_PARTICIPANT_AGENT, "AG_left", "RM_B")->left_at = T0 + 1;
	add_leg(call, TEL_PARTICIPANT_AGENT, "AG_old", "RM_A");
	for (i = 0; i < sizeof(people) / sizeof(people[0]); i++) {
		struct tel_participant p = {
			.kind = people[i].kind, .sid = tel_str_from(people[i].sid),
			.agent_name = tel_str_from(people[i].agent_name),
			.joined_at = T0 + people[i].joined_at,
		};

		if (tel_watch_is_agent(call, &p) != people[i].is)
			fprintf(stderr, "\n%s\n", people[i].name);
		CHECK_INT(tel_watch_is_agent(call, &p), people[i].is);
	}
	tel_call_free(call);
}

/* ---- what is to be done ----------------------------------------------------------- */

/* What differs from an inbound call with its phone there, dispatched once at T0. */
struct given {
	bool over, hung_up, finished, no_room, no_phone, outbound, transferring, fell_back;
	tel_time wanted, dispatched;	/* from T0 */
	tel_time answered, left, dropped; /* the same; 0 = it was not */
	bool found;			/* the dispatch was, nobody knows since when */
	uint32_t tries;			/* besides the one at T0 */
	bool untried;			/* not even that */
	struct tel_watch_policy watch;
	enum tel_agent_loss loss;
	tel_time solo;			/* 0: 300 s */
	tel_time deadline;		/* 0: 8 s */
	const char *known;		/* dispatch */
	uint64_t random;
};

struct plan {
	enum tel_watch_verdict verdict;
	tel_time at;			/* from T0 */
	enum tel_watch_drop drop;
	size_t keep;
	enum tel_hang_up_why why;
};

#define DONE { .verdict = TEL_WATCH_DONE, .keep = TEL_WATCH_MAX }
#define WAIT(t) { .verdict = TEL_WATCH_WAIT, .at = (t), .keep = TEL_WATCH_MAX }
#define AGAIN(t) { .verdict = TEL_WATCH_DISPATCH, .at = (t), .keep = TEL_WATCH_MAX }
#define DROP(d) { .verdict = TEL_WATCH_DROP, .drop = (d), .keep = TEL_WATCH_MAX }
#define KEEP(n) { .verdict = TEL_WATCH_DROP, .drop = TEL_DROP_SURPLUS, .keep = (n) }
#define TRANSFER { .verdict = TEL_WATCH_TRANSFER, .keep = TEL_WATCH_MAX }
#define HANG_UP(w) { .verdict = TEL_WATCH_HANG_UP, .keep = TEL_WATCH_MAX, .why = (w) }

#define BY_ROUTE(...) .watch = { __VA_ARGS__ }
#define TO_TRANSFER BY_ROUTE(.attempts = 1, .fallback = TEL_FALLBACK_TRANSFER)

/* `seen`: "a" an agent; dispatches AD_0, AD_1 …: "j" with a job, "n" with none. */
static const struct {
	const char *name, *seen;
	tel_time now;			/* from T0 */
	struct given given;
	struct plan plan;
} judged[] = {
	/* nobody waits */
	{ "over", "", S(9), { .over = true }, DONE },
	{ "hung up", "", S(9), { .hung_up = true }, DONE },
	{ "its room is over", "", S(9), { .finished = true }, DONE },
	{ "it has no room yet", "", S(9), { .outbound = true, .no_room = true }, DONE },
	{ "its phone is gone", "n", S(9), { .no_phone = true }, DONE },
	{ "the phone is being dialled", "n", S(9), { .outbound = true, .no_phone = true },
	  DROP(TEL_DROP_LOST) },
	{ "being transferred", "", S(9), { .transferring = true }, WAIT(S(9) + TEL_WATCH_EVERY) },
	{ "being transferred, an agent is there", "ajj", S(9), { .transferring = true },
	  WAIT(S(9) + TEL_WATCH_EVERY) },

	/* an agent is there */
	{ "there", "aj", S(1), { 0 }, DONE },
	{ "there, however late", "aj", S(900), { 0 }, DONE },
	{ "there by a dispatch that shows no job yet", "an", S(3), { 0 }, DONE },
	{ "there without a dispatch", "a", S(1), { 0 }, DONE },
	{ "there again", "aj", S(9), { .left = S(1), .loss = TEL_LOSS_HANGUP }, DONE },
	{ "two dispatches: the one with a job stays", "ajn", S(1), { .known = "AD_1" }, KEEP(0) },
	{ "… wherever it is listed", "anj", S(1), { .known = "AD_0" }, KEEP(1) },
	{ "… of two with a job, the known one", "ajj", S(1), { .known = "AD_1" }, KEEP(1) },
	{ "… listed first", "ajj", S(1), { .known = "AD_0" }, KEEP(0) },
	{ "… of two without, the known one", "ann", S(1), { .known = "AD_1" }, KEEP(1) },
	{ "… none is known: the first", "ajj", S(1), { 0 }, KEEP(0) },
	{ "… of three", "anjj", S(1), { .known = "AD_2" }, KEEP(2) },
	{ "it lingers: its dispatch was deleted", "a", S(12), { .dropped = S(8) }, WAIT(S(13)) },
	{ "… for so long at most", "a", S(22.999), { .dropped = S(8) }, WAIT(S(23.999)) },
	{ "… then it is somebody's", "a", S(23), { .dropped = S(8) }, DONE },
	{ "it came by the one that was kept", "aj", S(9), { .dropped = S(8) }, DONE },
	{ "… not by one that no worker has taken", "an", S(9), { .dropped = S(8) }, WAIT(S(10)) },

	/* dispatches, and no agent */
	{ "no job yet", "n", S(1.999), { 0 }, WAIT(S(2)) },
	{ "no job: lost", "n", S(2), { 0 }, DROP(TEL_DROP_LOST) },
	{ "a job: it is on its way", "j", S(2), { 0 }, WAIT(S(8)) },
	{ "… still", "j", S(7.999), { 0 }, WAIT(S(8)) },
	{ "late", "j", S(8), { 0 }, DROP(TEL_DROP_LATE) },
	{ "one of two is served", "nj", S(3), { 0 }, WAIT(S(8)) },
	{ "none of two is", "nn", S(3), { 0 }, DROP(TEL_DROP_LOST) },
	{ "none of two comes", "jn", S(8), { 0 }, DROP(TEL_DROP_LATE) },
	{ "dispatched again", "n", S(11), { .dispatched = S(10) }, WAIT(S(12)) },
	{ "… lost again", "n", S(12), { .dispatched = S(10) }, DROP(TEL_DROP_LOST) },
	{ "… late again", "j", S(18), { .dispatched = S(10) }, DROP(TEL_DROP_LATE) },
	{ "found: since it was wanted", "j", S(7), { .found = true }, WAIT(S(8)) },
	{ "the route is in a hurry", "n", S(0.5), { BY_ROUTE(.join_deadline = S(1)) }, WAIT(S(1)) },
	{ "… no job", "n", S(1), { BY_ROUTE(.join_deadline = S(1)) }, DROP(TEL_DROP_LOST) },
	{ "… late", "j", S(1), { BY_ROUTE(.join_deadline = S(1)) }, DROP(TEL_DROP_LATE) },
	{ "the route has time", "j", S(9), { BY_ROUTE(.join_deadline = S(20)) }, WAIT(S(20)) },
	{ "the policy is in a hurry", "j", S(1), { .deadline = S(1) }, DROP(TEL_DROP_LATE) },
	{ "its agent has left", "j", S(40), { .left = S(39) }, DROP(TEL_DROP_SPENT) },
	{ "… at once, dispatched or not", "n", S(1), { .left = S(0.5) }, DROP(TEL_DROP_SPENT) },
	{ "nobody waits longer than alone", "j", S(1), { .solo = S(4) }, WAIT(S(4)) },

	/* nothing is there */
	{ "never dispatched", "", S(1), { .untried = true }, AGAIN(S(1)) },
	{ "once in vain", "", S(3), { 0 }, AGAIN(S(3.25)) },
	{ "… with its jitter", "", S(3), { .random = 250 }, AGAIN(S(3.5)) },
	{ "twice", "", S(3), { .tries = 1 }, AGAIN(S(3.5)) },
	{ "four times", "", S(9), { .tries = 3 }, AGAIN(S(11)) },
	{ "five times: at longer intervals", "", S(9), { .tries = 4 }, AGAIN(S(19)) },
	{ "… with their jitter", "", S(9), { .tries = 4, .random = 1999 }, AGAIN(S(19.999)) },
	{ "in time", "", S(29.999), { 0 }, AGAIN(S(30.249)) },
	{ "for too long", "", S(30), { 0 }, AGAIN(S(40)) },
	{ "the route wants more", "", S(3), { .tries = 4, BY_ROUTE(.attempts = 6) }, AGAIN(S(5)) },
	{ "… or fewer", "", S(3), { .tries = 1, BY_ROUTE(.attempts = 2) }, AGAIN(S(13)) },
	{ "… for longer", "", S(59), { BY_ROUTE(.within = S(60)) }, AGAIN(S(59.25)) },
	{ "… or not so long", "", S(10), { BY_ROUTE(.within = S(10)) }, AGAIN(S(20)) },
	{ "fallback: hang up", "", S(9),
	  { BY_ROUTE(.attempts = 1, .fallback = TEL_FALLBACK_HANGUP) }, HANG_UP(TEL_HANG_UP_NO_AGENT) },
	{ "… not before all were in vain", "", S(9),
	  { BY_ROUTE(.attempts = 2, .fallback = TEL_FALLBACK_HANGUP) }, AGAIN(S(9.25)) },
	{ "fallback: transfer", "", S(9), { TO_TRANSFER }, TRANSFER },
	{ "… of a phone that was answered", "", S(9),
	  { .outbound = true, .answered = S(3), TO_TRANSFER }, TRANSFER },
	{ "… not of one that rings", "", S(9), { .outbound = true, TO_TRANSFER }, AGAIN(S(19)) },
	{ "… nor of one that is not there", "", S(9),
	  { .outbound = true, .answered = S(3), .no_phone = true, TO_TRANSFER }, AGAIN(S(19)) },
	{ "… not a second time", "", S(9), { .fell_back = true, TO_TRANSFER }, AGAIN(S(19)) },

	/* the agent has left */
	{ "another is sent for", "", S(40), { .wanted = S(39), .left = S(39), .untried = true },
	  AGAIN(S(40)) },
	{ "… since he left, not since the call began", "", S(68.999),
	  { .wanted = S(39), .left = S(39) }, AGAIN(S(69.249)) },
	{ "loss: the fallback", "", S(5),
	  { .left = S(4), .loss = TEL_LOSS_FALLBACK, BY_ROUTE(.fallback = TEL_FALLBACK_HANGUP) },
	  HANG_UP(TEL_HANG_UP_NO_AGENT) },
	{ "… after its dispatch is deleted", "j", S(5), { .left = S(4), .loss = TEL_LOSS_FALLBACK },
	  DROP(TEL_DROP_SPENT) },
	{ "… not for one that never came", "", S(5),
	  { .loss = TEL_LOSS_FALLBACK, BY_ROUTE(.fallback = TEL_FALLBACK_HANGUP) }, AGAIN(S(5.25)) },
	{ "loss: hang up", "j", S(5), { .left = S(4), .loss = TEL_LOSS_HANGUP },
	  HANG_UP(TEL_HANG_UP_AGENT_LEFT) },
	{ "… not for one that never came", "j", S(5), { .loss = TEL_LOSS_HANGUP }, WAIT(S(8)) },
	{ "loss: keep", "j", S(5), { .left = S(4), .loss = TEL_LOSS_KEEP }, WAIT(S(304)) },
	{ "… for ever", "", S(5), { .left = S(4), .loss = TEL_LOSS_KEEP, .solo = TEL_NEVER }, DONE },
	{ "… not for one that never came", "", S(5), { .loss = TEL_LOSS_KEEP }, AGAIN(S(5.25)) },

	/* alone for too long */
	{ "alone", "", S(300), { .tries = 9 }, HANG_UP(TEL_HANG_UP_ALONE) },
	{ "… not yet", "", S(299.999), { .tries = 9 }, AGAIN(S(309.999)) },
	{ "… whatever is dispatched", "j", S(300), { 0 }, HANG_UP(TEL_HANG_UP_ALONE) },
	{ "… since the agent left", "", S(300), { .left = S(1), .tries = 9 }, AGAIN(S(310)) },
	{ "… before the loss's policy", "", S(304), { .left = S(4), .loss = TEL_LOSS_KEEP },
	  HANG_UP(TEL_HANG_UP_ALONE) },
	{ "… never", "", S(3600), { .tries = 9, .solo = TEL_NEVER }, AGAIN(S(3610)) },
	{ "… not while it rings", "", S(300), { .outbound = true, .tries = 9 }, AGAIN(S(310)) },
	{ "… since it was answered", "", S(319.999),
	  { .outbound = true, .answered = S(20), .tries = 9 }, AGAIN(S(329.999)) },
	{ "… for too long since then", "", S(320),
	  { .outbound = true, .answered = S(20), .tries = 9 }, HANG_UP(TEL_HANG_UP_ALONE) },
};

static void set_state(struct tel_call *call, const struct given *g)
{
	call->direction = g->outbound ? TEL_OUTBOUND : TEL_INBOUND;
	if (g->over)
		call->status = TEL_CALL_ENDED;
	if (g->hung_up)
		call->hang_up_at = T0;
	if (g->finished)
		call->room_finished_at = T0;
	if (g->no_room)
		call->room_sid = TEL_STR_NONE;
	if (g->answered)
		call->answered_at = T0 + g->answered;
	call->jobs[TEL_JOB_TRANSFER].pending = g->transferring;
	add_leg(call, TEL_PARTICIPANT_SIP, "PA_1", "RM_B")->left_at = g->no_phone ? T0 : 0;
	call->participant_sid = TEL_STR("PA_1");
}

static void set_agent(struct tel_call *call, const struct given *g)
{
	call->agent.wanted_at = T0 + g->wanted;
	call->agent.dispatched_at = g->found ? 0 : T0 + g->dispatched;
	call->agent.awaited_at = T0 + g->dispatched;
	call->agent.left_at = g->left ? T0 + g->left : 0;
	call->agent.alone_at = T0 + (g->left ? g->left : g->wanted);
	call->agent.dropped_at = g->dropped ? T0 + g->dropped : 0;
	call->agent.tries = g->untried ? 0 : g->tries + 1;
	call->agent.fell_back = g->fell_back;
	call->agent.watch = g->watch;
	call->agent.dispatch_id = tel_str_from(g->known);
}

static struct tel_watch_seen seen_of(const char *text)
{
	static const char *const ids[] = { "AD_0", "AD_1", "AD_2", "AD_3" };
	struct tel_watch_seen seen = { .n_agents = 0 };

	for (; *text; text++) {
		if (*text == 'a') {
			seen.agents[seen.n_agents++] = (struct tel_participant){
				.kind = TEL_PARTICIPANT_AGENT, .sid = TEL_STR("AG_1") };
			continue;
		}
		seen.dispatches[seen.n_dispatches] = (struct tel_watch_dispatch){
			.id = tel_str_from(ids[seen.n_dispatches]), .has_job = *text == 'j' };
		seen.n_dispatches++;
	}
	return seen;
}

static void check_plan(const struct tel_watch_plan *got, const struct plan *want)
{
	CHECK_INT(got->verdict, want->verdict);
	if (want->verdict == TEL_WATCH_WAIT || want->verdict == TEL_WATCH_DISPATCH)
		CHECK_INT(got->at - T0, want->at);
	if (want->verdict == TEL_WATCH_DROP)
		CHECK_INT(got->drop, want->drop);
	if (want->verdict == TEL_WATCH_HANG_UP)
		CHECK_INT(got->why, want->why);
	CHECK_INT(got->keep, want->keep);
}

static void judge(size_t i)
{
	const struct given *g = &judged[i].given;
	struct tel_policy policy = {
		.agent_join_deadline = g->deadline ? g->deadline : S(8),
		.agent_loss = g->loss, .solo_timeout = g->solo ? g->solo : S(300),
	};
	struct tel_watch_seen seen = seen_of(judged[i].seen);
	struct tel_call *call = new_call();
	struct tel_watch_plan plan;

	memset(&plan, 0xff, sizeof(plan));
	set_state(call, g);
	set_agent(call, g);
	tel_watch_judge(call, &policy, &seen, T0 + judged[i].now, g->random, &plan);
	check_plan(&plan, &judged[i].plan);
	tel_call_free(call);
}

static void what_is_to_be_done(void)
{
	unsigned failures;
	size_t i;

	for (i = 0; i < sizeof(judged) / sizeof(judged[0]); i++) {
		failures = CU_get_number_of_failures();
		judge(i);
		if (CU_get_number_of_failures() > failures)
			fprintf(stderr, "\n%s: see above\n", judged[i].name);
	}
}


/* ---- whole scripts --------------------------------------------------------------------
 *
 * One call through the real decisions, on the smallest store there is. Words:
 *
 *   J        the phone joins            Lh Lx   it leaves: hangs up, ROOM_DELETED
 *   J2       … is back in a new life of the room
 *   G1 g1    agent 1 joins, leaves      R       the room finished
 *   K        a process takes the job that is due; there has to be one
 *   M F U    its dispatch was made, found, not sent    k   nothing is due yet
 *   W:aj     it looked for the agent: what it saw, as in the table above; digits
 *            are agents by number
 *   D:n      it saw that, and deleted what was to be deleted
 *   V        LiveKit could not be asked
 *   f        … it could, and deleted one dispatch, but not the other
 *   w:a d:n  the same, by a process that lost its lease
 *   i:a e:a  … by this one under a lease before, by another under this one
 *   O:a      what it saw in the first life of the room
 *   Q        the process dies, and another takes what it had
 *   X        the room was deleted
 *   T        the transfer has failed
 *   +n       seconds
 *   -n       LiveKit's clock is so many behind from now on, or its webhooks are
 *
 * and what is to be seen: status, outcome, endedBy and code of an end; the jobs
 * that are pending (d dispatch_agent, w watch_agent, t transfer, r delete_room,
 * o end_overdue); how many dispatches were made since the agent was wanted.
 */

struct world {
	struct tel_call *call;
	struct tel_policy policy;
	struct tel_watch_policy watch;
	const char *life;		/* of the next events */
	tel_time now, behind;
	int pid, events;
	enum tel_job_kind taken;
	uint32_t attempt;
	char room_sid[8];		/* when it was taken */
	bool knew_agent;		/* the same */
};

static struct tel_decide_env env_of(const struct world *w, int pid)
{
	static char self[16];

	snprintf(self, sizeof(self), "pid-%d", pid);
	return (struct tel_decide_env){ .now = w->now, .self = tel_str_from(self),
					.policy = &w->policy };
}

static void run_step(struct world *w, tel_decide_fn decide, void *ctx)
{
	struct tel_step step;

	tel_step_init(&step);
	if (w->call && tel_call_clone(w->call, &step.call))
		abort();
	CHECK_INT(decide(&step, ctx), TEL_OK);
	if (step.save || step.fresh) {
		tel_call_free(w->call);
		w->call = step.fresh ? step.fresh : step.call;
		*(step.fresh ? &step.fresh : &step.call) = NULL;
	}
	tel_step_release(&step);
}

static void deliver(struct world *w, struct tel_event *event)
{
	struct tel_on_event on = {
		.env = env_of(w, w->pid), .event = event, .agent_name = TEL_STR("bot"),
		.agent_config = TEL_STR("{}"), .route = TEL_STR("default"), .watch = w->watch,
		.new_call_id = { "00000000-0000-4000-8000-000000000001" },
	};
	char id[16];

	snprintf(id, sizeof(id), "EV_%d", ++w->events);
	event->id = tel_str_from(id);
	event->room_name = TEL_STR("call-1");
	event->room_sid = tel_str_from(w->life);
	event->room_created_at = T0 + w->life[3];
	event->created_at = w->now - w->behind;
	event->raw = TEL_STR("{}");
	run_step(w, tel_decide_event, &on);
}

static void phone(struct world *w, const char *word)
{
	char identity[TEL_PHONE_IDENTITY] = "sip_+15550100";
	bool joins = word[0] == 'J', outbound = w->call && w->call->direction == TEL_OUTBOUND;
	struct tel_event e = {
		.kind = joins ? TEL_EVENT_PARTICIPANT_JOINED : TEL_EVENT_PARTICIPANT_LEFT,
		.name = TEL_STR("event"),
		.participant = {
			.kind = TEL_PARTICIPANT_SIP, .sip_call_id = TEL_STR("SCL_1"),
			.sip_status = word[1] == 'h' ? TEL_SIP_HANGUP : TEL_SIP_RINGING,
			.number = TEL_STR("+15550100"), .trunk_number = TEL_STR("+15550123"),
		},
	};

	if (!strcmp(word, "J2"))
		w->life = "RM_B";
	e.participant.sid = strcmp(w->life, "RM_A") ? TEL_STR("PA_2") : TEL_STR("PA_1");
	if (outbound) {
		tel_call_phone_identity(&w->call->id, identity);
		e.participant.call_id = tel_call_id_str(&w->call->id);
	} else {
		e.participant.rule_id = TEL_STR("SDR_1");
	}
	e.participant.identity = tel_str_from(identity);
	if (!joins)
		e.participant.disconnect_reason =
			word[1] == 'x' ? TEL_STR("ROOM_DELETED") : TEL_STR("CLIENT_INITIATED");
	deliver(w, &e);
}

static void agent(struct world *w, const char *word)
{
	char sid[8];
	struct tel_event e = {
		.kind = word[0] == 'G' ? TEL_EVENT_PARTICIPANT_JOINED : TEL_EVENT_PARTICIPANT_LEFT,
		.name = TEL_STR("event"),
		.participant = { .kind = TEL_PARTICIPANT_AGENT, .identity = TEL_STR("agent"),
				 .agent_name = TEL_STR("bot") },
	};

	snprintf(sid, sizeof(sid), "AG_%c", word[1]);
	e.participant.sid = tel_str_from(sid);
	deliver(w, &e);
}

static void room_finished(struct world *w)
{
	struct tel_event e = { .kind = TEL_EVENT_ROOM_FINISHED, .name = TEL_STR("event") };

	deliver(w, &e);
}

static void take(struct world *w, bool dead)
{
	struct tel_take_job t = { .result = TEL_TAKE_DONE };
	char before[16];

	snprintf(before, sizeof(before), "pid-%d", w->pid);
	w->pid += dead;
	t.env = env_of(w, w->pid);
	t.dead_owner = dead ? tel_str_from(before) : TEL_STR_NONE;
	run_step(w, tel_decide_take, &t);
	CU_ASSERT_NOT_EQUAL(t.result, TEL_TAKE_NOTHING);
	w->taken = t.kind;
	w->attempt = w->call->jobs[t.kind].attempt;
	snprintf(w->room_sid, sizeof(w->room_sid), "%.*s", TEL_STR_ARG(w->call->room_sid));
	w->knew_agent = tel_call_living_legs(w->call, TEL_PARTICIPANT_AGENT) > 0;
}

static void nothing_is_due(struct world *w)
{
	struct tel_take_job t = { .env = env_of(w, w->pid) };

	run_step(w, tel_decide_take, &t);
	CHECK_INT(t.result, TEL_TAKE_NOTHING);
}

static void dispatched(struct world *w, enum tel_dispatch_result result)
{
	struct tel_dispatch_done done = {
		.env = env_of(w, w->pid), .result = result, .attempt = w->attempt,
		.room_sid = tel_str_from(w->room_sid), .dispatch_id = TEL_STR("AD_0"),
	};

	CHECK_INT(w->taken, TEL_JOB_DISPATCH_AGENT);
	run_step(w, tel_decide_dispatch_done, &done);
}

static struct tel_watch_seen seen_in(const struct world *w, const char *text)
{
	static const char *const sids[] = { "AG_0", "AG_1", "AG_2", "AG_3", "AG_4" };
	struct tel_watch_seen seen = seen_of(text + strspn(text, "01234"));

	for (; *text >= '0' && *text <= '4'; text++)
		seen.agents[seen.n_agents++] = (struct tel_participant){
			.kind = TEL_PARTICIPANT_AGENT, .sid = tel_str_from(sids[*text - '0']),
			.identity = TEL_STR("agent"), .joined_at = w->now,
		};
	return seen;
}

/* As the process that looks does: it judges, deletes, and says what it did. */
static void watched(struct world *w, const char *word)
{
	bool dropped = word[0] == 'D' || word[0] == 'd', failed = strchr("Vf", word[0]) != NULL;
	bool other = strchr("wde", word[0]) != NULL, before = strchr("wdi", word[0]) != NULL;
	struct tel_watch_done done = {
		.env = env_of(w, w->pid - other), .attempt = w->attempt - before,
		.room_sid = tel_str_from(word[0] == 'O' ? "RM_A" : w->room_sid),
		.result = failed ? TEL_WATCHED_FAILED :
			  dropped ? TEL_WATCHED_DROPPED : TEL_WATCHED_LOOKED,
		.knew_agent = w->knew_agent, .drop_sent = word[0] == 'f', .code = failed ? TEL_STR("timeout") : TEL_STR_NONE,
	};

	CHECK_INT(w->taken, TEL_JOB_WATCH_AGENT);
	if (!failed)
		done.seen = seen_in(w, word + 2);
	if (dropped) {
		tel_watch_judge(w->call, &w->policy, &done.seen, w->now, 0, &done.plan);
		CHECK_INT(done.plan.verdict, TEL_WATCH_DROP);
	}
	run_step(w, tel_decide_watch_done, &done);
}

static void room_deleted(struct world *w)
{
	struct tel_delete_done done = {
		.env = env_of(w, w->pid), .result = TEL_DELETE_DONE, .attempt = w->attempt };

	CHECK_INT(w->taken, TEL_JOB_DELETE_ROOM);
	run_step(w, tel_decide_delete_done, &done);
}

static void not_transferred(struct world *w)
{
	struct tel_transfer_done done = {
		.env = env_of(w, w->pid), .result = TEL_TRANSFER_NOT_DONE, .attempt = w->attempt };

	CHECK_INT(w->taken, TEL_JOB_TRANSFER);
	run_step(w, tel_decide_transfer_done, &done);
}

static void do_word(struct world *w, const char *word)
{
	switch (word[0]) {
	case 'J':
	case 'L': phone(w, word); break;
	case 'G':
	case 'g': agent(w, word); break;
	case 'R': room_finished(w); break;
	case 'K': take(w, false); break;
	case 'Q': take(w, true); break;
	case 'M': dispatched(w, TEL_DISPATCH_MADE); break;
	case 'F': dispatched(w, TEL_DISPATCH_FOUND); break;
	case 'U': dispatched(w, TEL_DISPATCH_RETRY_UNSENT); break;
	case 'k': nothing_is_due(w); break;
	case 'W':
	case 'O':
	case 'D':
	case 'w':
	case 'd':
	case 'i':
	case 'e':
	case 'V':
	case 'f': watched(w, word); break;
	case 'X': room_deleted(w); break;
	case 'T': not_transferred(w); break;
	case '-': w->behind = S(strtod(word + 1, NULL)); break;
	case '+': w->now += S(strtod(word + 1, NULL)); break;
	default: abort();
	}
}

/* An outbound call whose phone is there; "A": it has answered. */
static void begin_outbound(struct world *w, bool answered)
{
	static const struct tel_str everywhere[] = { TEL_STR("+") };
	static const struct tel_guard_policy guards = { .allow = everywhere, .n_allow = 1 };
	struct tel_order order = {
		.to = TEL_STR("+15550200"), .from = TEL_STR("+15550123"), .trunk_id = TEL_STR("ST_1"),
		.agent_name = TEL_STR("bot"), .agent_config = TEL_STR("{}"),
		.route = TEL_STR("default"), .watch = w->watch,
		.ringing_timeout = S(45), .max_duration = S(600),
	};
	struct tel_place p = {
		.env = env_of(w, w->pid), .order = &order, .guards = &guards, .lease = true,
		.new_call_id = { "00000000-0000-4000-8000-000000000001" },
	};
	struct tel_room_done made = {
		.env = env_of(w, w->pid), .result = TEL_ROOM_MADE, .attempt = 1,
		.room_sid = TEL_STR("RM_A"), .room_created_at = T0 + 'A',
	};
	struct tel_dial_done dialled = {
		.env = env_of(w, w->pid), .result = TEL_DIAL_OVER, .reply = TEL_DIAL_ANSWERED };

	run_step(w, tel_decide_place, &p);
	tel_call_free(p.call);
	run_step(w, tel_decide_room_done, &made);
	tel_call_free(made.call);
	phone(w, "J");
	dialled.attempt = w->call->jobs[TEL_JOB_DIAL].attempt;
	if (answered)
		run_step(w, tel_decide_dial_done, &dialled);
	w->call->jobs[TEL_JOB_WATCH_DIAL].pending = false;
}

static void show(const struct tel_call *c, char *out, size_t size)
{
	static const struct { enum tel_job_kind kind; char letter; } jobs[] = {
		{ TEL_JOB_DISPATCH_AGENT, 'd' }, { TEL_JOB_WATCH_AGENT, 'w' },
		{ TEL_JOB_TRANSFER, 't' }, { TEL_JOB_DELETE_ROOM, 'r' }, { TEL_JOB_END_OVERDUE, 'o' } };
	const char *outcome = tel_outcome_text(c->outcome), *by = tel_ended_by_text(c->ended_by);
	char pending[8] = "";
	size_t i, n = 0;

	for (i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++)
		if (c->jobs[jobs[i].kind].pending)
			pending[n++] = jobs[i].letter;
	snprintf(out, size, "%s %s %s %.*s[%s] %u", tel_call_status_text(c->status),
		 outcome ? outcome : "-", by ? by : "-", TEL_STR_ARG(c->error_code), pending,
		 (unsigned)c->agent.tries);
}

static const struct {
	const char *name, *script, *want;
	struct tel_watch_policy watch;
	enum tel_agent_loss loss;
} scripts[] = {
	{ "a caller: dispatched, and watched for", "J K M", "agent_dispatched - - [wo] 1", { 0 }, 0 },
	{ "the agent joins", "J K M G1", "agent_dispatched - - [o] 1", { 0 }, 0 },
	{ "its joining is not heard of", "J K M +2 K W:1j", "agent_dispatched - - [o] 1", { 0 }, 0 },
	{ "it joined before the dispatch was recorded", "J K G1 M", "agent_dispatched - - [o] 1",
	  { 0 }, 0 },
	{ "a worker is at it", "J K M +2 K W:j", "agent_dispatched - - [wo] 1", { 0 }, 0 },
	{ "… and it joins", "J K M +2 K W:j +1 G1", "agent_dispatched - - [o] 1", { 0 }, 0 },
	{ "… or is late", "J K M +2 K W:j +6 K D:j", "agent_dispatched - - [wo] 1", { 0 }, 0 },
	{ "… and another is sent for", "J K M +2 K W:j +6 K D:j +.3 K W:",
	  "agent_dispatched - - [do] 1", { 0 }, 0 },
	{ "… it comes when its dispatch is deleted, and will go", "J K M +2 K W:j +6 K D:j +.3 K W:1",
	  "agent_dispatched - - [wo] 1", { 0 }, 0 },
	{ "… who knows whether it was deleted", "J K M +2 K W:j +6 K f +4 K W:1",
	  "agent_dispatched - - [wo] 1", { 0 }, 0 },
	{ "lost: deleted", "J K M +2 K D:n", "agent_dispatched - - [wo] 1", { 0 }, 0 },
	{ "… dispatched again", "J K M +2 K D:n +.3 K W: +.25 K M", "agent_dispatched - - [wo] 2",
	  { 0 }, 0 },
	{ "… and joined", "J K M +2 K D:n +.3 K W: +.25 K M +1 G1", "agent_dispatched - - [o] 2",
	  { 0 }, 0 },
	{ "lost only while it was recorded: looked at again", "J K M +2 K W:n",
	  "agent_dispatched - - [wo] 1", { 0 }, 0 },
	{ "one was there already: adopted", "J K F", "agent_dispatched - - [wo] 1", { 0 }, 0 },
	{ "LiveKit could not be asked", "J K M +2 K V", "agent_dispatched - - [wo] 1", { 0 }, 0 },
	{ "… then it shows the agent", "J K M +2 K V +4 K W:1j", "agent_dispatched - - [o] 1",
	  { 0 }, 0 },
	{ "two dispatches, two agents", "J K M G1 G2 K D:12jj", "agent_dispatched - - [wo] 1", { 0 }, 0 },
	{ "… one of them goes", "J K M G1 G2 K D:12jj +.3 K W:1j g2", "agent_dispatched - - [o] 1",
	  { 0 }, 0 },
	{ "who left since we looked is not there", "J K M G1 g1 +1 K W:1",
	  "agent_dispatched - - [do] 1", { 0 }, 0 },
	{ "the caller leaves while we look", "J K M +2 K Lh W:", "ended canceled caller [r] 1",
	  { 0 }, 0 },
	{ "the room finishes while we look", "J K M +2 K R W:", "agent_dispatched - - [o] 1", { 0 }, 0 },
	{ "the phone is back in a new life of it", "J K M +2 K J2 W:",
	  "sip_participant_joined - - [do] 0", { 0 }, 0 },
	{ "… where another look is under way", "J K M +2 K J2 +1 K M +2 K W:j",
	  "agent_dispatched - - [wo] 1", { 0 }, 0 },
	{ "… the one before says what it saw", "J K M +2 K J2 +1 K M +2 K O:",
	  "agent_dispatched - - [wo] 1", { 0 }, 0 },

	{ "the agent joins and leaves while we look", "J K M +2 K G1 g1 W:",
	  "agent_dispatched - - [do] 1", { 0 }, 0 },
	{ "the agent has gone unheard: the next one is watched for", "J K M +2 K G1 W: K W: +9 K M",
	  "agent_dispatched - - [wo] 2", { 0 }, 0 },
	{ "of two agents one is about to be rid of, both leave", "J K M G1 G2 K g1 g2",
	  "agent_dispatched - - [wo] 1", { 0 }, 0 },

	/* leases */
	{ "the process dies while it looks", "J K M +2 K Q W:1j", "agent_dispatched - - [o] 1",
	  { 0 }, 0 },
	{ "… and says so afterwards", "J K M +2 K Q w:1j", "agent_dispatched - - [wo] 1", { 0 }, 0 },
	{ "… that it deleted", "J K M +2 K Q d:n W:j", "agent_dispatched - - [wo] 1", { 0 }, 0 },
	{ "… that nobody is there", "J K M +2 K Q w:", "agent_dispatched - - [wo] 1", { 0 }, 0 },
	{ "a process that slept says what it saw", "J K M +2 K +121 K i:1j",
	  "agent_dispatched - - [wo] 1", { 0 }, 0 },
	{ "somebody else says so", "J K M +2 K e:1j", "agent_dispatched - - [wo] 1", { 0 }, 0 },

	/* all in vain */
	{ "one try, then longer pauses", "J K M +2 K D:n +.3 K W: +10 K M",
	  "agent_dispatched - - [wo] 2", { .attempts = 1 }, 0 },
	{ "one try, then hung up", "J K M +2 K D:n +.3 K W:", "agent_dispatched - - no_agent[ro] 1",
	  { .attempts = 1, .fallback = TEL_FALLBACK_HANGUP }, 0 },
	{ "… the phone leaves", "J K M +2 K D:n +.3 K W: K X Lx", "failed failed livekit no_agent[] 1",
	  { .attempts = 1, .fallback = TEL_FALLBACK_HANGUP }, 0 },
	{ "… unheard of", "J K M +2 K D:n +.3 K W: K X +6 K", "failed failed livekit no_agent[r] 1",
	  { .attempts = 1, .fallback = TEL_FALLBACK_HANGUP }, 0 },
	{ "one try, then transferred", "J K M +2 K D:n +.3 K W:", "agent_dispatched - - [wto] 1",
	  { .attempts = 1, .fallback = TEL_FALLBACK_TRANSFER, .transfer_to = TEL_STR("tel:+15550199") }, 0 },
	{ "… in vain: agents are sent for", "J K M +2 K D:n +.3 K W: K T +2 K W: +10 K M",
	  "agent_dispatched - - [wo] 2",
	  { .attempts = 1, .fallback = TEL_FALLBACK_TRANSFER, .transfer_to = TEL_STR("tel:+15550199") }, 0 },
	{ "none can be sent for: hung up", "J K +31 U +1 K W:", "sip_participant_joined - - no_agent[ro] 0",
	  { .fallback = TEL_FALLBACK_HANGUP }, 0 },
	{ "… not before it would show that one was", "J K +31 U +.999 k",
	  "sip_participant_joined - - [do] 0", { .fallback = TEL_FALLBACK_HANGUP }, 0 },
	{ "… while there is time it is tried again soon", "J K +29 U +.3 K U",
	  "sip_participant_joined - - [do] 0", { .fallback = TEL_FALLBACK_HANGUP }, 0 },
	{ "alone for too long", "J K M +2 K D:n +298 K W:", "agent_dispatched - - no_agent[ro] 1",
	  { 0 }, 0 },
	{ "… the phone leaves", "J K M +2 K D:n +298 K W: K X Lx",
	  "failed failed timeout no_agent[] 1", { 0 }, 0 },

	/* the agent leaves */
	{ "the agent leaves", "J K M G1 +60 g1", "agent_dispatched - - [wo] 0", { 0 }, 0 },
	{ "… its dispatch is deleted", "J K M G1 +60 g1 +1 K D:j", "agent_dispatched - - [wo] 0",
	  { 0 }, 0 },
	{ "… another comes", "J K M G1 +60 g1 +1 K D:j +.3 K W: K M G2", "agent_dispatched - - [o] 1",
	  { 0 }, 0 },
	{ "… another has come in between", "J K M G1 +60 g1 G2", "agent_dispatched - - [o] 0", { 0 }, 0 },
	{ "… another comes, though LiveKit's clock is behind",
	  "-40 J K M G1 +60 g1 +1 K D:j +.3 K W: K M G2", "agent_dispatched - - [o] 1",
	  { .fallback = TEL_FALLBACK_HANGUP }, 0 },
	{ "… another comes, though it is told late",
	  "J K M G1 +60 -29 g1 +1 K D:j +.3 K W: K M G2", "agent_dispatched - - [o] 1",
	  { .fallback = TEL_FALLBACK_HANGUP }, 0 },
	{ "… with the call", "J K M G1 +60 g1 Lh", "ended completed caller [r] 0", { 0 }, 0 },
	{ "it leaves soon: counted on", "J K M G1 +5 g1", "agent_dispatched - - [wo] 1", { 0 }, 0 },
	{ "… soon", "J K M G1 +29.999 g1", "agent_dispatched - - [wo] 1", { 0 }, 0 },
	{ "… not so soon", "J K M G1 +30 g1", "agent_dispatched - - [wo] 0", { 0 }, 0 },
	{ "… alone since then, however long the first was waited for",
	  "J K M +10 G1 +5 g1 +1 K D:j +289.5 K W:", "agent_dispatched - - [do] 1", { 0 }, 0 },
	{ "… and the next one does", "J K M G1 +5 g1 +1 K D:j +.3 K W: +.25 K M G2 +5 g2",
	  "agent_dispatched - - [wo] 2", { 0 }, 0 },
	{ "… until all were in vain", "J K M G1 +5 g1 +1 K D:j +.3 K W: +.25 K M G2 +5 g2 +1 K D:j +.3 K W:",
	  "agent_dispatched - - [ro] 2", { .attempts = 2, .fallback = TEL_FALLBACK_HANGUP }, 0 },
	{ "… hung up, as one was there: completed",
	  "J K M G1 +5 g1 +1 K D:j +.3 K W: +.25 K M G2 +5 g2 +1 K D:j +.3 K W: K X Lx",
	  "ended completed livekit [] 2", { .attempts = 2, .fallback = TEL_FALLBACK_HANGUP }, 0 },
	{ "… but while one was there nobody tried",
	  "J K M G1 +29 g1 +1 K D:j +.3 K W:", "agent_dispatched - - [do] 1",
	  { .fallback = TEL_FALLBACK_HANGUP }, 0 },
	{ "… nor was the phone alone",
	  "J K M G1 +29 g1 +1 K D:j +.3 K W: +.25 K M +272 K W:j", "agent_dispatched - - [wo] 2",
	  { 0 }, 0 },
	{ "loss: fallback", "J K M G1 +60 g1 +1 K D:j +.3 K W: K X Lx", "ended completed livekit [] 0",
	  { .fallback = TEL_FALLBACK_HANGUP }, TEL_LOSS_FALLBACK },
	{ "loss: hang up", "J K M G1 +60 g1 +1 K W:j K X Lx", "ended completed agent [] 0", { 0 },
	  TEL_LOSS_HANGUP },
	{ "… unheard of", "J K M G1 +60 g1 +1 K W:j K X +6 K", "ended completed agent [r] 0", { 0 },
	  TEL_LOSS_HANGUP },
	{ "loss: keep", "J K M G1 +60 g1 +1 K W:j", "agent_dispatched - - [wo] 0", { 0 }, TEL_LOSS_KEEP },
	{ "… alone for too long", "J K M G1 +60 g1 +1 K W:j +300 K W:j K X Lx",
	  "ended completed timeout [] 0", { 0 }, TEL_LOSS_KEEP },

	/* outbound */
	{ "out: watched for while it rings", "o", "agent_dispatched - - [wo] 1", { 0 }, 0 },
	{ "out: no agent, it rings: hung up", "o +2 K D:n +.3 K W: K X Lx",
	  "failed failed livekit no_agent[] 1", { .attempts = 1, .fallback = TEL_FALLBACK_HANGUP }, 0 },
	{ "out: no agent for one who answered", "a +2 K D:n +.3 K W: K X Lx",
	  "ended completed livekit no_agent[] 1", { .attempts = 1, .fallback = TEL_FALLBACK_HANGUP }, 0 },
	{ "out: the agent leaves while it rings", "o G1 +60 g1 +1 K W:j K X Lx",
	  "failed failed agent [] 0", { 0 }, TEL_LOSS_HANGUP },
	{ "out: … while they talk", "a G1 +60 g1 +1 K W:j K X Lx", "ended completed agent [] 0", { 0 },
	  TEL_LOSS_HANGUP },
	{ "out: alone for too long", "a +2 K D:n +298 K W: K X Lx",
	  "ended completed timeout no_agent[] 1", { 0 }, 0 },
	{ "out: transferred, once answered", "a +2 K D:n +.3 K W:", "agent_dispatched - - [wto] 1",
	  { .attempts = 1, .fallback = TEL_FALLBACK_TRANSFER, .transfer_to = TEL_STR("tel:+15550199") }, 0 },
	{ "out: … not while it rings", "o +2 K D:n +.3 K W:", "agent_dispatched - - [do] 1",
	  { .attempts = 1, .fallback = TEL_FALLBACK_TRANSFER, .transfer_to = TEL_STR("tel:+15550199") }, 0 },
};

static void play(size_t i)
{
	struct world w = {
		.policy = {
			.room_delete_after = S(10), .return_grace = S(20), .max_age = TEL_DAY,
			.remember = TEL_DAY, .dial_within = S(60), .agent_join_deadline = S(8),
			.agent_loss = scripts[i].loss, .solo_timeout = S(300), .max_duration = TEL_DAY,
		},
		.watch = scripts[i].watch, .life = "RM_A", .now = T0, .pid = 1,
	};
	char script[256], got[128], *word, *rest = NULL;

	snprintf(script, sizeof(script), "%s", scripts[i].script);
	for (word = strtok_r(script, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		if (word[0] == 'o' || word[0] == 'a')
			begin_outbound(&w, word[0] == 'a');
		else
			do_word(&w, word);
	}
	show(w.call, got, sizeof(got));
	if (strcmp(got, scripts[i].want) != 0)
		fprintf(stderr, "\n%s: %s\n  got  %s\n  want %s\n", scripts[i].name,
			scripts[i].script, got, scripts[i].want);
	CU_ASSERT_STRING_EQUAL(got, scripts[i].want);
	tel_call_free(w.call);
}

static void agents_that_are_lost_late_or_leave(void)
{
	unsigned failures;
	size_t i;

	for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		failures = CU_get_number_of_failures();
		play(i);
		if (CU_get_number_of_failures() > failures)
			fprintf(stderr, "\n%s: see above\n", scripts[i].name);
	}
}

/* ---- why we hang up ---------------------------------------------------------------------- */

static void who_ends_a_call_that_we_hang_up(void)
{
	static const struct {
		enum tel_hang_up_why why;
		bool there;
		enum tel_outcome outcome;
		enum tel_ended_by by;
	} cases[] = {
		{ TEL_HANG_UP_ASKED, false, TEL_OUTCOME_CANCELED, TEL_BY_API },
		{ TEL_HANG_UP_ASKED, true, TEL_OUTCOME_COMPLETED, TEL_BY_API },
		{ TEL_HANG_UP_NO_AGENT, false, TEL_OUTCOME_FAILED, TEL_BY_LIVEKIT },
		{ TEL_HANG_UP_NO_AGENT, true, TEL_OUTCOME_COMPLETED, TEL_BY_LIVEKIT },
		{ TEL_HANG_UP_AGENT_LEFT, false, TEL_OUTCOME_FAILED, TEL_BY_AGENT },
		{ TEL_HANG_UP_AGENT_LEFT, true, TEL_OUTCOME_COMPLETED, TEL_BY_AGENT },
		{ TEL_HANG_UP_ALONE, false, TEL_OUTCOME_FAILED, TEL_BY_TIMEOUT },
		{ TEL_HANG_UP_ALONE, true, TEL_OUTCOME_COMPLETED, TEL_BY_TIMEOUT },
		{ TEL_HANG_UP_DURATION, false, TEL_OUTCOME_FAILED, TEL_BY_TIMEOUT },
		{ TEL_HANG_UP_DURATION, true, TEL_OUTCOME_COMPLETED, TEL_BY_TIMEOUT },
	};
	struct tel_ending e;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		e = tel_ending_of_hang_up(cases[i].why, cases[i].there);
		CHECK_INT(e.outcome, cases[i].outcome);
		CHECK_INT(e.by, cases[i].by);
		e = tel_ending_of_outbound(&(struct tel_outbound_evidence){
			.hung_up = true, .why = cases[i].why, .answered = cases[i].there });
		CHECK_INT(e.outcome, cases[i].outcome);
		CHECK_INT(e.by, cases[i].by);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{ "whose agent it is", whose_agent_it_is },
		{ "what is to be done", what_is_to_be_done },
		{ "agents that are lost, late or leave", agents_that_are_lost_late_or_leave },
		{ "who ends a call that we hang up", who_ends_a_call_that_we_hang_up },
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{ .pName = "watching for the agent", .pTests = tests },
		CU_SUITE_INFO_NULL,
	};

	return tel_run_suites(suites);
}
