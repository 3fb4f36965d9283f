/*
 * LiveKit's recorded deliveries through the real verifier, decoder, domain
 * and stores; and every order in which one call's events can arrive, each
 * twice. Judged by what the fake LiveKit saw.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "fakes/rig.h"
#include "harness.h"
#include "livekit/event_decoder.h"
#include "livekit/keys.h"
#include "livekit/verifier.h"
#include "replay/replay.h"
#include "base/banned.h"

/* ---- recordings -------------------------------------------------------------- */

static const struct {
	const char *file, *status, *outcome, *by;
	size_t calls, dispatches;
} recordings[] = {
	{ "inbound-answered", "ended", "completed", "caller", 1, 1 },
	{ "inbound-caller-cancels", "ended", "canceled", "caller", 1, 1 },
	{ "inbound-livekit-restarted", "ended", "completed", "caller", 1, 2 },
	{ "inbound-ring-timeout", "ended", "no_answer", "timeout", 1, 1 },
	{ "inbound-room-deleted-by-api", "ended", "completed", "api", 1, 1 },
	{ "inbound-two-legs-same-identity", "ended", "completed", "caller", 1, 1 },
	{ "outbound-answered-room-deleted", NULL, NULL, NULL, 0, 0 },
	{ "outbound-busy-486", NULL, NULL, NULL, 0, 0 },
	{ "outbound-callee-hangs-up", NULL, NULL, NULL, 0, 0 },
	{ "outbound-declined-603", NULL, NULL, NULL, 0, 0 },
	{ "outbound-hung-up-while-ringing", NULL, NULL, NULL, 0, 0 },
	{ "outbound-no-answer", NULL, NULL, NULL, 0, 0 },
	{ "outbound-participant-removed", NULL, NULL, NULL, 0, 0 },
	{ "outbound-unreachable-agent-first", NULL, NULL, NULL, 0, 0 },
	{ "retried-five-times", NULL, NULL, NULL, 0, 0 },
};

struct player {
	struct tel_call_store *store;
	struct tel_fake_livekit *livekit;
	struct tel_fake_clock clock;
	struct tel_webhook_verifier *verifier;
	struct tel_event_decoder *decoder;
	struct tel_rig rigs[2];
	int copies;			/* how often each delivery is sent */
};

static void player_init(struct player *p, struct tel_call_store *store, int copies)
{
	static const char *const names[] = { "one", "two" };
	struct tel_keys keys = { 0 };
	int i;

	*p = (struct player){ .store = store, .copies = copies };
	tel_fake_clock_init(&p->clock, TEL_SECOND);
	p->livekit = tel_fake_livekit_new();
	if (!p->livekit ||
	    tel_keys_add(&keys, TEL_STR("devkey"), TEL_STR("devsecretdevsecretdevsecretdevsecret")) ||
	    tel_livekit_verifier_new(&keys, &p->verifier) || tel_livekit_decoder_new(&p->decoder))
		abort();
	tel_keys_release(&keys);
	/* Which agents came, and whether they did, is what was recorded. */
	tel_fake_livekit_agents_come(p->livekit, false);
	for (i = 0; i < 2; i++) {
		tel_rig_init(&p->rigs[i], names[i], store, p->livekit, &p->clock);
		p->rigs[i].app.verifier = p->verifier;
		p->rigs[i].app.decoder = p->decoder;
		p->rigs[i].app.policy.agent_join_deadline = TEL_DAY;
		p->rigs[i].routing.agent_name = "telephony-agent";
	}
}

static void player_release(struct player *p)
{
	tel_rig_release(&p->rigs[0]);
	tel_rig_release(&p->rigs[1]);
	tel_livekit_verifier_free(p->verifier);
	tel_livekit_decoder_free(p->decoder);
	tel_fake_livekit_free(p->livekit);
}

static const char *member(struct json_object *o, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(o, key, &value))
		abort();
	return json_object_get_string(value);
}

/* LiveKit's own state follows its events, a moment before they are told. */
static void world_follows(struct player *p, struct tel_str body)
{
	char room[TEL_MAX_ROOM_NAME + 1], sid[TEL_MAX_ID + 1];
	struct tel_event e = { 0 };
	bool phone;

	CHECK_INT(tel_livekit_decode_event(body, &e), TEL_OK);
	phone = e.participant.kind == TEL_PARTICIPANT_SIP;
	snprintf(room, sizeof(room), "%.*s", TEL_STR_ARG(e.room_name));
	snprintf(sid, sizeof(sid), "%.*s", TEL_STR_ARG(e.participant.sid));
	if (e.kind == TEL_EVENT_ROOM_STARTED) {
		snprintf(sid, sizeof(sid), "%.*s", TEL_STR_ARG(e.room_sid));
		tel_fake_livekit_open(p->livekit, room, sid);
	} else if (e.kind == TEL_EVENT_ROOM_FINISHED) {
		tel_fake_livekit_close(p->livekit, room);
	} else if (e.kind == TEL_EVENT_PARTICIPANT_JOINED && phone) {
		tel_fake_livekit_phone(p->livekit, room, sid);
	} else if (e.kind == TEL_EVENT_PARTICIPANT_LEFT && phone) {
		tel_fake_livekit_hang_up(p->livekit, room, sid);
	}
	tel_event_release(&e);
}

static void deliver_line(struct player *p, const char *line)
{
	struct json_object *o = json_tokener_parse(line), *at = NULL;
	struct tel_str body, authorization;
	struct tel_received got;
	tel_time received_at;
	int i;

	if (!o || !json_object_object_get_ex(o, "receivedAt", &at))
		abort();
	body = tel_str_from(member(o, "body"));
	authorization = tel_str_from(member(o, "authorization"));
	received_at = (tel_time)(json_object_get_double(at) * 1000);
	/* Before the first delivery there is no time to pass. */
	if (p->clock.now > TEL_DAY)
		tel_rig_pass(&p->rigs[0], received_at - p->clock.now);
	p->clock.now = received_at;
	world_follows(p, body);
	for (i = 0; i < p->copies; i++) {
		struct tel_rig *rig = &p->rigs[i % 2];

		tel_receive_webhook(&rig->app, rig->inbox, authorization, body, &got);
		CHECK_INT(got.status, TEL_RECEIVED);
		tel_rig_run(&p->rigs[0]);
		tel_rig_run(&p->rigs[1]);
	}
	json_object_put(o);
}

static void check_no_secret(struct player *p, const char *lines)
{
	struct tel_call_filter filter = { 0 };
	struct tel_call_page page = { 0 };
	char secret[64];
	const char *at;
	size_t i, len;

	CHECK_INT(p->store->ops->list(p->store, &filter, &page), TEL_OK);
	for (at = lines; (at = strstr(at, "turnPassword\\\":\\\"")) != NULL; at++) {
		at += strlen("turnPassword\\\":\\\"");
		len = strcspn(at, "\\");
		snprintf(secret, sizeof(secret), "%.*s", (int)len, at);
		for (i = 0; i < page.n; i++)
			CU_ASSERT_PTR_NULL(memmem(page.calls[i]->raw.ptr, page.calls[i]->raw.len,
						  secret, len));
		CHECK_INT(tel_fake_log_count(&p->rigs[0].log, secret), 0);
		CHECK_INT(tel_fake_log_count(&p->rigs[1].log, secret), 0);
	}
	tel_call_page_release(&page);
}

static void check_recording(struct player *p, size_t which)
{
	struct tel_call_filter filter = { 0 };
	struct tel_call_page page = { 0 };
	struct tel_store_stats stats;

	CHECK_INT(p->store->ops->list(p->store, &filter, &page), TEL_OK);
	CHECK_INT(page.n, recordings[which].calls);
	CHECK_INT(tel_fake_livekit_dispatches(p->livekit, NULL), recordings[which].dispatches);
	CU_ASSERT_TRUE(tel_fake_livekit_most_living(p->livekit) <= 1);
	if (page.n == 1) {
		CHECK_STR(tel_str_from(tel_call_status_text(page.calls[0]->status)), recordings[which].status);
		CHECK_STR(tel_str_from(tel_outcome_text(page.calls[0]->outcome)), recordings[which].outcome);
		CHECK_STR(tel_str_from(tel_ended_by_text(page.calls[0]->ended_by)), recordings[which].by);
		CHECK_STR(tel_e164_str(&page.calls[0]->from), "+15550100");
	}
	tel_call_page_release(&page);
	CHECK_INT(p->store->ops->stats(p->store, &stats), TEL_OK);
	CHECK_INT(stats.live_calls, 0);
	CHECK_INT(stats.pending_calls, 0);
}

static void replay(size_t which, struct tel_call_store *store, int copies)
{
	char name[96], *lines, *line, *rest, *copy;
	struct player p;
	size_t len;

	snprintf(name, sizeof(name), "recorded/%s.jsonl", recordings[which].file);
	lines = tel_fixture_read(name, &len);
	copy = strdup(lines);
	player_init(&p, store, copies);
	for (line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		deliver_line(&p, line);
	/* Either process may have a job that waits for a request to settle. */
	tel_rig_pass(&p.rigs[0], TEL_MINUTE);
	tel_rig_pass(&p.rigs[1], TEL_MINUTE);
	check_recording(&p, which);
	check_no_secret(&p, lines);
	player_release(&p);
	free(copy);
	free(lines);
}

static void replay_all(struct tel_call_store *(*open)(void), int copies)
{
	struct tel_call_store *store;
	size_t i;

	for (i = 0; i < sizeof(recordings) / sizeof(recordings[0]); i++) {
		store = open();
		replay(i, store, copies);
		replay_close(store);
	}
}

static void recordings_on_memory(void)
{
	replay_all(replay_open_memory, 1);
}

static void recordings_on_lmdb(void)
{
	replay_all(replay_open_lmdb, 1);
}

static void recordings_with_duplicates(void)
{
	replay_all(replay_open_memory, 3);
	replay_all(replay_open_lmdb, 2);
}

/* ---- every order ----------------------------------------------------------------- */

enum { JOINED, AGENT_JOINED, LEFT, FINISHED, AGENT_LEFT, KINDS };

/* When jobs run: as soon as they can, or after everything has arrived. */
enum timing { EAGER, LAZY, TIMINGS };

struct world {
	struct tel_call_store *store;
	struct tel_fake_livekit *livekit;
	struct tel_fake_clock clock;
	struct tel_rig rig;
	size_t orders;
};

static struct tel_str keep(struct tel_event *e, const char *format, size_t n)
{
	struct tel_str out;
	char text[64];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(text, sizeof(text), format, n);
#pragma GCC diagnostic pop
	if (tel_arena_copy(&e->mem, tel_str_from(text), sizeof(text), &out))
		abort();
	return out;
}

/* Event `kind` of call number `n`: every call has ids of its own. */
static struct tel_event event_of(const struct world *w, int kind, size_t n)
{
	static const char *const ids[KINDS] = { "EV_J%zu", "EV_A%zu", "EV_L%zu", "EV_F%zu", "EV_G%zu" };
	static const enum tel_event_kind kinds[KINDS] = {
		TEL_EVENT_PARTICIPANT_JOINED, TEL_EVENT_PARTICIPANT_JOINED,
		TEL_EVENT_PARTICIPANT_LEFT, TEL_EVENT_ROOM_FINISHED, TEL_EVENT_PARTICIPANT_LEFT };
	bool phone = kind == JOINED || kind == LEFT;
	struct tel_event e = { .kind = kinds[kind] };

	tel_arena_init(&e.mem, TEL_MAX_CALL_ARENA);
	e.id = keep(&e, ids[kind], n);
	e.name = TEL_STR("event");
	e.created_at = w->clock.now;
	e.room_name = keep(&e, "room-%zu", n);
	e.room_sid = keep(&e, "RM_%zu", n);
	if (kind == FINISHED)
		return e;
	e.participant.kind = phone ? TEL_PARTICIPANT_SIP : TEL_PARTICIPANT_AGENT;
	e.participant.sid = keep(&e, phone ? "PA_%zu" : "AG_%zu", n);
	e.participant.identity = e.participant.sid;
	if (!phone)
		return e;
	e.participant.sip_call_id = keep(&e, "SCL_%zu", n);
	e.participant.rule_id = TEL_STR("SDR");
	e.participant.sip_status = kind == LEFT ? TEL_SIP_HANGUP : TEL_SIP_RINGING;
	return e;
}

static void check_order(struct world *w, size_t n, size_t before, const int *order, int len)
{
	const struct tel_fake_dispatch *all;
	size_t made = tel_fake_livekit_dispatches(w->livekit, &all) - before;
	struct tel_call_filter filter = { .limit = 2 };
	struct tel_call_page page = { 0 };
	char room[32];
	bool fine;
	int i;

	snprintf(room, sizeof(room), "room-%zu", n);
	filter.room_name = tel_str_from(room);
	CHECK_INT(w->store->ops->list(w->store, &filter, &page), TEL_OK);
	fine = made <= 1 && page.n == 1 && tel_call_is_over(page.calls[0]) &&
	       tel_call_wakes_at(page.calls[0]) == 0;
	CU_ASSERT_TRUE(fine);
	if (!fine) {
		fprintf(stderr, "\ncall %zu: %zu dispatches, %zu records; order", n, made, page.n);
		for (i = 0; i < len; i++)
			fprintf(stderr, " %c", "JALFG"[order[i]]);
		fprintf(stderr, "\n");
	}
	tel_call_page_release(&page);
}

static void play_order(struct world *w, const int *order, int len, enum timing timing)
{
	size_t n = w->orders++, before, so_far;
	bool over = false;
	char room[32], sid[32];
	struct tel_event e;
	int i;

	snprintf(room, sizeof(room), "room-%zu", n);
	snprintf(sid, sizeof(sid), "RM_%zu", n);
	tel_fake_livekit_open(w->livekit, room, sid);
	before = tel_fake_livekit_dispatches(w->livekit, NULL);
	for (i = 0; i < len; i++) {
		e = event_of(w, order[i], n);
		CHECK_INT(tel_rig_deliver(&w->rig, &e).status, TEL_RECEIVED);
		over |= order[i] == LEFT || order[i] == FINISHED;
		so_far = tel_fake_livekit_dispatches(w->livekit, NULL);
		if (timing == EAGER)
			tel_rig_run(&w->rig);
		if (over)
			CHECK_INT(tel_fake_livekit_dispatches(w->livekit, NULL), so_far);
	}
	tel_rig_pass(&w->rig, 2 * TEL_SECOND);
	if (over)
		CU_ASSERT_TRUE(tel_fake_livekit_dispatches(w->livekit, NULL) - before <=
			       (timing == EAGER));
	w->clock.now += 30 * TEL_SECOND;
	tel_rig_pass(&w->rig, TEL_SECOND);
	check_order(w, n, before, order, len);
	tel_fake_livekit_close(w->livekit, room);
}

/* `every`: one order of so many is played; 1 = all of them. */
static void play_orders(struct tel_call_store *(*open)(void), int kinds, size_t every)
{
	int order[2 * KINDS], i, len = 2 * kinds;
	struct world w = { .store = open() };
	size_t at = 0;

	tel_fake_clock_init(&w.clock, 1700000000 * TEL_SECOND);
	w.livekit = tel_fake_livekit_new();
	tel_rig_init(&w.rig, "one", w.store, w.livekit, &w.clock);
	w.rig.log.level = TEL_LOG_ERROR;
	w.rig.app.policy.room_delete_after = TEL_ROOM_DELETE_NEVER;
	for (i = 0; i < len; i++)
		order[i] = i / 2;
	do {
		if (at++ % every == 0)
			play_order(&w, order, len, (enum timing)(at / every % TIMINGS));
	} while (replay_next_order(order, len));
	fprintf(stderr, "\n%zu of %zu orders of %d deliveries on %s ", w.orders, at, len,
		w.store->ops->name);
	tel_rig_release(&w.rig);
	tel_fake_livekit_free(w.livekit);
	replay_close(w.store);
}

static void every_order_on_memory(void)
{
	play_orders(replay_open_memory, FINISHED + 1, 1);
}

static void every_order_on_lmdb(void)
{
	play_orders(replay_open_lmdb, FINISHED + 1, 1);
}

/* 113 400 orders, of which a prime step plays a different part of each prefix. */
static void orders_with_the_agents_leaving(void)
{
	play_orders(replay_open_memory, KINDS, 31);
}

int main(void)
{
	CU_TestInfo recorded[] = {
		{ "on memory", recordings_on_memory },
		{ "on LMDB", recordings_on_lmdb },
		{ "with duplicates, over two processes", recordings_with_duplicates },
		CU_TEST_INFO_NULL
	};
	CU_TestInfo orders[] = {
		{ "every order on memory", every_order_on_memory },
		{ "every order on LMDB", every_order_on_lmdb },
		{ "orders with the agent's leaving", orders_with_the_agents_leaving },
		CU_TEST_INFO_NULL
	};
	CU_SuiteInfo suites[] = {
		{ "recorded deliveries", NULL, NULL, NULL, NULL, recorded },
		{ "one call's events in every order", NULL, NULL, NULL, NULL, orders },
		CU_SUITE_INFO_NULL
	};

	return tel_run_suites(suites);
}
