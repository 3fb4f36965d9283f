/*
 * What a real LiveKit was recorded to send of outbound calls, against a call
 * that is placed and dialled here: in the recorded order and in others, each
 * delivery twice, with the dial's answer at every place among them, or lost.
 *
 * The bodies are the recorded bytes but for the names of the call, its room
 * and its phone, and are signed anew. Where a recording was made without our
 * attribute, the phone carries it as it does when we dial: LiveKit hands on
 * the participant_attributes, as the recordings with it show.
 *
 * REPLAY_EVERY=N plays each Nth order only, where memory is looked after.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "app/place_call.h"
#include "app/steer_call.h"
#include "fakes/rig.h"
#include "harness.h"
#include "livekit/event_decoder.h"
#include "livekit/jwt.h"
#include "livekit/verifier.h"
#include "replay/replay.h"
#include "base/banned.h"

#define KEY TEL_STR("devkey")
#define SECRET TEL_STR("devsecretdevsecretdevsecretdevsecret")

/* ---- what is expected ---------------------------------------------------- */

enum taken_down { BY_NONE, BY_OTHERS, BY_US };

struct outcome {
	const char *status, *outcome, *by;
};

/* `known`: the dial's answer was heard. `lost`: the phone's leaving is all there is. */
static const struct scenario {
	const char *file;
	enum tel_fake_callee callee;	/* what LiveKit says of the dial */
	bool rings;
	enum taken_down taken_down;
	struct outcome known;
	int sip;			/* with `known` */
	struct outcome lost;
} scenarios[] = {
	{ "callee-hangs-up", TEL_FAKE_ANSWERS, true, BY_NONE,
	  { "ended", "completed", "callee" }, 0, { "ended", "completed", "callee" } },
	{ "busy-486", TEL_FAKE_BUSY, true, BY_NONE,
	  { "ended", "busy", "callee" }, 486, { "ended", "busy", "callee" } },
	/* It leaves as one does that rings out, only sooner: nobody can tell. */
	{ "declined-603", TEL_FAKE_DECLINES, true, BY_NONE,
	  { "ended", "rejected", "callee" }, 603, { "ended", "unknown", NULL } },
	{ "no-answer", TEL_FAKE_NEVER_ANSWERS, true, BY_NONE,
	  { "ended", "no_answer", "timeout" }, 0, { "ended", "no_answer", "timeout" } },
	{ "unreachable-agent-first", TEL_FAKE_NOTHING_THERE, false, BY_NONE,
	  { "failed", "failed", "livekit" }, 0, { "failed", "failed", "livekit" } },
	{ "answered-room-deleted", TEL_FAKE_ANSWERS, true, BY_OTHERS,
	  { "ended", "completed", "api" }, 0, { "ended", "completed", "api" } },
	{ "answered-room-deleted", TEL_FAKE_ANSWERS, true, BY_US,
	  { "ended", "completed", "api" }, 0, { "ended", "completed", "api" } },
	{ "participant-removed", TEL_FAKE_ANSWERS, true, BY_OTHERS,
	  { "ended", "completed", "api" }, 0, { "ended", "completed", "api" } },
	{ "hung-up-while-ringing", TEL_FAKE_NEVER_ANSWERS, true, BY_OTHERS,
	  { "ended", "canceled", "api" }, 0, { "ended", "canceled", "api" } },
	{ "hung-up-while-ringing", TEL_FAKE_NEVER_ANSWERS, true, BY_US,
	  { "ended", "canceled", "api" }, 0, { "ended", "canceled", "api" } },
};

#define N_SCENARIOS (sizeof(scenarios) / sizeof(scenarios[0]))

/* What becomes of the dial's answer. */
enum fate { TOLD, BROKEN, KILLED, NEVER, FATES };

static const char *const fates[] = {
	[TOLD] = "told", [BROKEN] = "connection broken", [KILLED] = "process killed",
	[NEVER] = "never heard",
};

/* ---- recordings ---------------------------------------------------------- */

#define MAX_LINES 16

struct line {
	tel_time received_at;
	char *body;
	bool matters;			/* may move a call */
};

struct recording {
	const struct scenario *scenario;
	struct line lines[MAX_LINES];
	int n, joined, left;		/* lines of the phone */
	int decided;			/* after which it was answered, or was not */
	char room[64], room_sid[64], phone_sid[64], identity[64], sip_call_id[64];
	char left_reason[64];		/* the phone's */
};

static void note_phone(struct recording *r, const struct tel_event *e)
{
	snprintf(r->room, sizeof(r->room), "%.*s", TEL_STR_ARG(e->room_name));
	snprintf(r->room_sid, sizeof(r->room_sid), "%.*s", TEL_STR_ARG(e->room_sid));
	snprintf(r->phone_sid, sizeof(r->phone_sid), "%.*s", TEL_STR_ARG(e->participant.sid));
	snprintf(r->identity, sizeof(r->identity), "%.*s", TEL_STR_ARG(e->participant.identity));
	snprintf(r->sip_call_id, sizeof(r->sip_call_id), "%.*s",
		 TEL_STR_ARG(e->participant.sip_call_id));
}

static void note_line(struct recording *r, int at)
{
	struct tel_event e = { 0 };

	CHECK_INT(tel_livekit_decode_event(tel_str_from(r->lines[at].body), &e), TEL_OK);
	r->lines[at].matters = tel_event_may_matter(&e);
	if (e.participant.kind == TEL_PARTICIPANT_SIP && e.kind == TEL_EVENT_PARTICIPANT_JOINED) {
		r->joined = at;
		note_phone(r, &e);
	} else if (e.participant.kind == TEL_PARTICIPANT_SIP) {
		r->left = at;
		snprintf(r->left_reason, sizeof(r->left_reason), "%.*s",
			 TEL_STR_ARG(e.participant.disconnect_reason));
	}
	tel_event_release(&e);
}

static void read_line(struct recording *r, const char *text)
{
	struct json_object *o = json_tokener_parse(text), *at = NULL, *body = NULL;

	if (!o || r->n == MAX_LINES || !json_object_object_get_ex(o, "receivedAt", &at) ||
	    !json_object_object_get_ex(o, "body", &body))
		abort();
	r->lines[r->n].received_at = (tel_time)(json_object_get_double(at) * 1000);
	r->lines[r->n].body = strdup(json_object_get_string(body));
	note_line(r, r->n++);
	json_object_put(o);
}

static void recording_read(struct recording *r, const struct scenario *scenario)
{
	char name[96], *text, *line, *rest = NULL;
	size_t len;

	*r = (struct recording){ .scenario = scenario };
	snprintf(name, sizeof(name), "recorded/outbound-%s.jsonl", scenario->file);
	text = tel_fixture_read(name, &len);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		read_line(r, line);
	free(text);
	r->decided = scenario->callee == TEL_FAKE_ANSWERS ? r->joined + 1 : r->left;
	CU_ASSERT_TRUE(r->joined < r->decided && r->decided <= r->left && r->left < r->n);
}

static void recording_release(struct recording *r)
{
	while (r->n > 0)
		free(r->lines[--r->n].body);
}

/* ---- the stage: a call that was placed and is being dialled -------------- */

static const struct tel_str everywhere[] = { TEL_STR("+") };

struct stage {
	const struct recording *recording;
	enum fate fate;
	struct tel_call_store *store;
	struct tel_fake_livekit *livekit;
	struct tel_fake_clock clock;
	struct tel_webhook_verifier *verifier;
	struct tel_event_decoder *decoder;
	struct tel_jwt_ring *ring;
	struct tel_rig rigs[2];		/* the first one dials */
	bool killed;			/* … and is dead */
	size_t deliveries;

	struct tel_call_id id;
	char identity[TEL_PHONE_IDENTITY], room[TEL_MAX_ROOM_NAME + 1], room_sid[TEL_MAX_ID + 1];

	int reached;			/* lines that have happened in LiveKit */
	tel_time left_heard;
	bool answer_heard;		/* in time */
	bool over;
	struct tel_call *final;		/* as it was then */
};

static void open_outbound(struct tel_app *app)
{
	app->guards = (struct tel_guard_policy){ .allow = everywhere, .n_allow = 1 };
	app->default_from = TEL_STR("+15550123");
	app->default_trunk = TEL_STR("ST_1");
	app->policy.dial_within = 60 * TEL_SECOND;
}

static void run(struct stage *s)
{
	if (!s->killed)
		tel_rig_run(&s->rigs[0]);
	tel_rig_run(&s->rigs[1]);
}

static void pass_until(struct stage *s, tel_time until)
{
	tel_time step;

	while (s->clock.now < until) {
		step = until - s->clock.now;
		s->clock.now += step < TEL_RUNNER_SCAN_EVERY ? step : TEL_RUNNER_SCAN_EVERY;
		run(s);
	}
}

static struct tel_call *get(struct stage *s)
{
	struct tel_call *call = NULL;

	CHECK_INT(s->store->ops->get(s->store, &s->id, &call, NULL), TEL_OK);
	if (!call)
		abort();
	return call;
}

static void place(struct stage *s)
{
	struct tel_place_request request = {
		.to = TEL_STR("+15550200"), .ringing_timeout = 5 * TEL_SECOND,
		.principal = TEL_STR("token:test"),
	};
	struct tel_placed placed;
	struct tel_call *call;

	tel_fake_livekit_callee(s->livekit, NULL, TEL_FAKE_DIALS);
	tel_fake_livekit_fault(s->livekit, TEL_LK_CREATE_SIP_PARTICIPANT, TEL_FAKE_ANSWER_HELD);
	tel_place_call(&s->rigs[0].app, s->rigs[0].inbox, &request, &placed);
	CHECK_INT(placed.place.result, TEL_PLACE_PLACED);
	s->id = placed.place.call_id;
	tel_call_free(placed.place.call);
	tel_call_phone_identity(&s->id, s->identity);
	run(s);
	CU_ASSERT_TRUE(tel_fake_livekit_rings(s->livekit, s->identity));
	call = get(s);
	snprintf(s->room, sizeof(s->room), "%.*s", TEL_STR_ARG(call->room_name));
	snprintf(s->room_sid, sizeof(s->room_sid), "%.*s", TEL_STR_ARG(call->room_sid));
	tel_call_free(call);
}

static void stage_init(struct stage *s, const struct recording *recording, enum fate fate,
		       struct tel_call_store *store)
{
	static const char *const names[] = { "one", "two" };
	struct tel_keys keys = { 0 };
	int i;

	*s = (struct stage){ .recording = recording, .fate = fate, .store = store };
	tel_fake_clock_init(&s->clock, recording->lines[0].received_at);
	s->livekit = tel_fake_livekit_new();
	if (!s->livekit || tel_keys_add(&keys, KEY, SECRET) ||
	    tel_livekit_verifier_new(&keys, &s->verifier) || tel_jwt_ring_new(&keys, &s->ring) ||
	    tel_livekit_decoder_new(&s->decoder))
		abort();
	tel_keys_release(&keys);
	for (i = 0; i < 2; i++) {
		tel_rig_init(&s->rigs[i], names[i], store, s->livekit, &s->clock);
		s->rigs[i].log.level = TEL_LOG_ERROR;
		s->rigs[i].app.verifier = s->verifier;
		s->rigs[i].app.decoder = s->decoder;
		s->rigs[i].routing.agent_name = "telephony-agent";
		open_outbound(&s->rigs[i].app);
	}
	place(s);
}

static void stage_release(struct stage *s)
{
	tel_call_free(s->final);
	tel_rig_release(&s->rigs[0]);
	tel_rig_release(&s->rigs[1]);
	tel_livekit_verifier_free(s->verifier);
	tel_livekit_decoder_free(s->decoder);
	tel_jwt_ring_free(s->ring);
	tel_fake_livekit_free(s->livekit);
}

/* ---- what happens in LiveKit --------------------------------------------- */

static void hang_up(struct stage *s)
{
	struct tel_hang_up out;

	CHECK_INT(tel_hang_up_call(&s->rigs[1].app, tel_call_id_str(&s->id), TEL_STR("token:test"),
				   &out), TEL_OK);
	tel_call_free(out.call);
	pass_until(s, s->clock.now + TEL_SECOND);
	CU_ASSERT_FALSE(tel_fake_livekit_is_open(s->livekit, s->room));
}

static void leave(struct stage *s)
{
	bool room_deleted = strstr(s->recording->lines[s->recording->left].body, "ROOM_DELETED");

	if (s->recording->scenario->taken_down == BY_US)
		hang_up(s);
	else if (room_deleted)
		tel_fake_livekit_close(s->livekit, s->room);
	else
		tel_fake_livekit_hang_up(s->livekit, s->room,
					 tel_fake_livekit_dialled(s->livekit, s->identity)->sid);
}

static void happen(struct stage *s, int line)
{
	const struct recording *r = s->recording;
	bool taken_down = r->scenario->taken_down != BY_NONE;

	if (line == r->joined && r->scenario->rings)
		tel_fake_livekit_callee_does(s->livekit, s->identity, TEL_FAKE_RINGS);
	if (line == r->decided && (r->decided < r->left || !taken_down))
		tel_fake_livekit_callee_does(s->livekit, s->identity, r->scenario->callee);
	if (line == r->left)
		leave(s);
	if (line == r->n - 1)
		tel_fake_livekit_close(s->livekit, s->room);
}

/* Nothing is told before it has happened, nor within the same moment. */
static void let_happen(struct stage *s, int line)
{
	pass_until(s, s->clock.now + 20);
	for (; s->reached <= line; s->reached++) {
		pass_until(s, s->recording->lines[s->reached].received_at);
		happen(s, s->reached);
	}
}

/* ---- what is told of it -------------------------------------------------- */

struct swap {
	const char *from, *to;
};

/* What a text in the body becomes, whose opening quote is at `at`; NULL = itself. */
static const struct swap *swap_at(const struct swap *swaps, size_t n, const char *at)
{
	size_t i, len;

	for (i = 0; i < n; i++) {
		len = strlen(swaps[i].from);
		if (strncmp(at + 1, swaps[i].from, len) == 0 && at[1 + len] == '"')
			return &swaps[i];
	}
	return NULL;
}

static void add(struct tel_buf *out, const char *text, size_t len)
{
	if (tel_buf_add(out, text, len))
		abort();
}

static void add_text(struct tel_buf *out, const char *text)
{
	add(out, text, strlen(text));
}

static void name_call(struct tel_buf *out, const char *id)
{
	add_text(out, "\"telephony.callId\":\"");
	add_text(out, id);
	add_text(out, "\",");
}

/* `again`: the same as another event, whose id was not seen yet. */
static void substitute(const struct stage *s, const char *body, bool again, struct tel_buf *out)
{
	const struct recording *r = s->recording;
	const struct tel_fake_phone *phone = tel_fake_livekit_dialled(s->livekit, s->identity);
	const struct swap swaps[] = {
		{ r->room, s->room }, { r->room_sid, s->room_sid }, { r->identity, s->identity },
		{ r->phone_sid, phone->sid }, { r->sip_call_id, phone->sip_call_id },
		{ "c0ffee", s->id.text },
	};
	bool named = strstr(body, "\"telephony.callId\"");
	const struct swap *swap;
	size_t plain;

	for (;; body++) {
		plain = strcspn(body, "\"");
		add(out, body, plain);
		body += plain;
		if (!*body)
			return;
		if (!named && strncmp(body, "\"sip.callID\":", 13) == 0)
			name_call(out, s->id.text);
		add_text(out, "\"");
		swap = swap_at(swaps, sizeof(swaps) / sizeof(swaps[0]), body);
		if (swap) {
			add_text(out, swap->to);
			body += strlen(swap->from);
		} else if (again && strncmp(body, "\"EV_", 4) == 0) {
			add_text(out, "EW_");
			body += 3;
		}
	}
}

static void deliver(struct stage *s, int line, bool again)
{
	struct tel_rig *rig = &s->rigs[s->killed ? 1 : s->deliveries++ % 2];
	struct tel_buf body, token;
	struct tel_received got;

	tel_buf_init(&body, TEL_MAX_BODY);
	tel_buf_init(&token, TEL_MAX_BODY);
	substitute(s, s->recording->lines[line].body, again, &body);
	if (tel_jwt_make_webhook(s->ring, KEY, tel_buf_str(&body), s->clock.now, TEL_MINUTE, &token))
		abort();
	CHECK_INT(s->verifier->ops->verify(s->verifier, tel_buf_str(&token),
					   tel_str_from(s->recording->lines[line].body),
					   s->clock.now), TEL_WEBHOOK_BODY_HASH_MISMATCH);
	tel_receive_webhook(&rig->app, rig->inbox, tel_buf_str(&token), tel_buf_str(&body), &got);
	CHECK_INT(got.status, TEL_RECEIVED);
	CHECK_INT(got.effect == TEL_EFFECT_IGNORED, !s->recording->lines[line].matters);
	if (line == s->recording->left && !s->left_heard)
		s->left_heard = s->clock.now;
	tel_buf_release(&body);
	tel_buf_release(&token);
	run(s);
}

/* Whether it comes in time is for the phone's leaving to say: nobody waits longer. */
static void reply(struct stage *s)
{
	static char one[] = "one";

	if (s->fate == TOLD) {
		s->answer_heard = !s->left_heard ||
				  s->clock.now < s->left_heard + TEL_EVIDENCE_GRACE;
		tel_fake_livekit_release(s->livekit, TEL_LK_CREATE_SIP_PARTICIPANT);
	} else if (s->fate == BROKEN) {
		tel_fake_livekit_lose(s->livekit, TEL_LK_CREATE_SIP_PARTICIPANT);
	} else {
		tel_fake_livekit_orphan(s->livekit);
		s->killed = true;
		s->rigs[1].process.dead = tel_fake_process_is_named;
		s->rigs[1].process.ctx = one;
	}
	run(s);
}

/* ---- judging ------------------------------------------------------------- */

static bool same_ending(const struct tel_call *a, const struct tel_call *b)
{
	return a->status == b->status && a->outcome == b->outcome && a->ended_by == b->ended_by &&
	       a->ended_at == b->ended_at && a->answered_at == b->answered_at &&
	       a->ringing_at == b->ringing_at && a->sip_status_code == b->sip_status_code;
}

/* A final record stays as it is. */
static bool keeps_final(struct stage *s)
{
	struct tel_call *call = get(s);
	bool kept = !s->final || same_ending(call, s->final);

	if (!s->final && tel_call_is_over(call))
		s->final = call;
	else
		tel_call_free(call);
	return kept;
}

static bool is_as_expected(const struct stage *s)
{
	const struct scenario *sc = s->recording->scenario;
	const struct outcome *want = s->answer_heard ? &sc->known : &sc->lost;
	const struct tel_call *call = s->final;

	return call && tel_str_is(tel_str_from(tel_call_status_text(call->status)), want->status) &&
	       tel_str_is(tel_str_from(tel_outcome_text(call->outcome)), want->outcome) &&
	       tel_str_is(tel_str_from(tel_ended_by_text(call->ended_by)), want->by) &&
	       call->sip_status_code == (s->answer_heard ? sc->sip : 0);
}

/* However late it was heard why the phone left. */
static bool tells_reason(struct stage *s)
{
	struct tel_call *call = get(s);
	bool told = tel_str_is(call->disconnect_reason, s->recording->left_reason);

	tel_call_free(call);
	return told;
}

/* One dial, one agent, and nothing left behind. */
static bool is_tidy(const struct stage *s)
{
	struct tel_store_stats stats;

	CHECK_INT(s->store->ops->stats(s->store, &stats), TEL_OK);
	return tel_fake_livekit_sent(s->livekit, TEL_LK_CREATE_SIP_PARTICIPANT) == 1 &&
	       tel_fake_livekit_rung(s->livekit, s->identity) == 1 &&
	       tel_fake_livekit_dispatches(s->livekit, NULL) == 1 &&
	       !tel_fake_livekit_is_open(s->livekit, s->room) &&
	       stats.calls == 1 && stats.live_calls == 0 && stats.pending_calls == 0;
}

static void say(const struct stage *s, const char *what, const int *order, int len)
{
	const struct scenario *sc = s->recording->scenario;
	const struct tel_call *c = s->final;
	int i;

	fprintf(stderr, "\n%s%s, %s%s, %s:", sc->file, sc->taken_down == BY_US ? " by us" : "",
		fates[s->fate], s->fate == TOLD && !s->answer_heard ? " too late" : "", what);
	for (i = 0; i < len; i++)
		fprintf(stderr, order[i] < s->recording->n ? " %d" : " R", order[i]);
	if (c)
		fprintf(stderr, " -> %s %s %s %d", tel_call_status_text(c->status),
			tel_outcome_text(c->outcome),
			c->ended_by ? tel_ended_by_text(c->ended_by) : "-", c->sip_status_code);
}

/* ---- playing ------------------------------------------------------------- */

/* A recording's lines by number; the number behind the last one is the dial's answer. */
static void play_item(struct stage *s, int item)
{
	const struct recording *r = s->recording;

	let_happen(s, item < r->n ? item : r->decided);
	if (item < r->n)
		deliver(s, item, false);
	else
		reply(s);
}

static void play_late_copies(struct stage *s)
{
	int i;

	for (i = 0; i < s->recording->n; i++)
		deliver(s, i, true);
	pass_until(s, s->clock.now + 5 * TEL_SECOND);
}

typedef struct tel_call_store *(*open_fn)(void);

static void play(const struct recording *r, enum fate fate, open_fn open, const int *order,
		 int len)
{
	struct tel_call_store *store = open();
	bool kept = true, expected, reason, tidy;
	struct stage s;
	int i;

	stage_init(&s, r, fate, store);
	for (i = 0; i < len; i++) {
		play_item(&s, order[i]);
		kept &= keeps_final(&s);
	}
	pass_until(&s, s.clock.now + 30 * TEL_SECOND);
	kept &= keeps_final(&s);
	expected = is_as_expected(&s);
	play_late_copies(&s);
	kept &= keeps_final(&s);
	reason = tells_reason(&s);
	tidy = is_tidy(&s);
	CU_ASSERT_TRUE(expected && kept && reason && tidy);
	if (!expected || !kept || !reason || !tidy)
		say(&s, !expected ? "wrong" : !kept ? "a final record changed" :
		    !reason ? "why the phone left is not told" : "untidy", order, len);
	stage_release(&s);
	replay_close(store);
}

/* All lines, each twice, with the dial's answer in turn at every place. */
static void play_with_answer_anywhere(const struct recording *r, enum fate fate, open_fn open,
				      bool reversed)
{
	int order[2 * MAX_LINES + 1], at, i, n;

	for (at = 0; at <= r->n; at++) {
		for (i = n = 0; i <= r->n; i++) {
			if (i == at && fate != NEVER)
				order[n++] = r->n;
			if (i < r->n)
				order[n] = order[n + 1] = reversed ? r->n - 1 - i : i, n += 2;
		}
		play(r, fate, open, order, n);
		if (fate == NEVER)
			break;
	}
}

/* The lines that matter and the dial's answer in every order; one of `every` is played. */
static void play_orders(const struct recording *r, enum fate fate, open_fn open, size_t every)
{
	int order[2 * MAX_LINES + 1], i, n = 0;
	size_t at = 0;

	for (i = 0; i < r->n; i++)
		if (r->lines[i].matters)
			order[n] = order[n + 1] = i, n += 2;
	if (fate != NEVER)
		order[n++] = r->n;
	do {
		if (at++ % every == 0)
			play(r, fate, open, order, n);
	} while (replay_next_order(order, n));
}

static void for_each(void (*see)(const struct recording *, enum fate, open_fn), open_fn open)
{
	struct recording r;
	enum fate fate;
	size_t i;

	for (i = 0; i < N_SCENARIOS; i++) {
		recording_read(&r, &scenarios[i]);
		for (fate = TOLD; fate < FATES; fate++)
			see(&r, fate, open);
		recording_release(&r);
	}
}

static void as_recorded(const struct recording *r, enum fate fate, open_fn open)
{
	play_with_answer_anywhere(r, fate, open, false);
	play_with_answer_anywhere(r, fate, open, true);
}

static void as_recorded_on_memory(void)
{
	for_each(as_recorded, replay_open_memory);
}

static void as_recorded_on_lmdb(void)
{
	for_each(as_recorded, replay_open_lmdb);
}

/*
 * Of the agent's comings and goings there are a million orders: a prime step
 * plays a different part of each prefix.
 */
static void in_any_order(const struct recording *r, enum fate fate, open_fn open)
{
	bool lmdb = open == replay_open_lmdb;
	bool many = strstr(r->scenario->file, "agent");
	const char *text = getenv("REPLAY_EVERY");
	size_t every = text ? strtoul(text, NULL, 10) : 1;

	play_orders(r, fate, open, every * (many ? (lmdb ? 49999 : 4999) : lmdb ? 31 : 1));
}

static void in_any_order_on_memory(void)
{
	for_each(in_any_order, replay_open_memory);
}

static void in_any_order_on_lmdb(void)
{
	for_each(in_any_order, replay_open_lmdb);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{ "as recorded and backwards, on memory", as_recorded_on_memory },
		{ "as recorded and backwards, on LMDB", as_recorded_on_lmdb },
		{ "every order on memory", in_any_order_on_memory },
		{ "orders on LMDB", in_any_order_on_lmdb },
		CU_TEST_INFO_NULL
	};
	CU_SuiteInfo suites[] = {
		{ "recorded outbound deliveries", NULL, NULL, NULL, NULL, tests },
		CU_SUITE_INFO_NULL
	};

	return tel_run_suites(suites);
}
