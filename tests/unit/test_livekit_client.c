#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"
#include "livekit/client.h"
#include "livekit/jwt.h"
#include "test_livekit.h"
#include "test_livekit_server.h"
#include "base/banned.h"

/* ---- a clock, randomness, a call ------------------------------------------ */

static tel_time read_clock(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (tel_time)t.tv_sec * TEL_SECOND + t.tv_nsec / 1000000;
}

static tel_time wall(struct tel_clock *clock)
{
	(void)clock;
	return read_clock(CLOCK_REALTIME);
}

static tel_time monotonic(struct tel_clock *clock)
{
	(void)clock;
	return read_clock(CLOCK_MONOTONIC);
}

static enum tel_err count_up(struct tel_random *random, void *out, size_t len)
{
	static unsigned char next;

	(void)random;
	memset(out, ++next, len);
	return TEL_OK;
}

static const struct tel_clock_ops clock_ops = { "real", wall, monotonic };
static const struct tel_random_ops random_ops = { "counting", count_up };
static struct tel_clock real_clock = { &clock_ops };
static struct tel_random counting = { &random_ops };

/* ---- a client and what it was answered ------------------------------------- */

struct seen {
	int n;
	enum tel_lk_verdict verdict;
	int status;
	tel_time retry_after;
	size_t dispatches, participants, rooms;
	int sip_status_code;
	char code[32], message[256];
};

static void keep(void *ctx, const struct tel_lk_answer *answer)
{
	struct seen *seen = ctx;

	seen->n++;
	seen->verdict = answer->verdict;
	seen->status = answer->http_status;
	seen->retry_after = answer->retry_after;
	seen->dispatches = answer->n_dispatches;
	seen->participants = answer->n_participants;
	seen->rooms = answer->n_rooms;
	seen->sip_status_code = answer->sip_status_code;
	snprintf(seen->code, sizeof(seen->code), "%.*s", TEL_STR_ARG(answer->code));
	snprintf(seen->message, sizeof(seen->message), "%.*s", TEL_STR_ARG(answer->message));
}

static struct tel_livekit *a_client_at(const char *scheme, int port, tel_time timeout)
{
	struct tel_livekit_client_options options = {
		.api_key = TEL_STR(DEV_KEY), .api_secret = TEL_STR(DEV_SECRET),
		.clock = &real_clock, .random = &counting, .request_timeout = timeout,
	};
	struct tel_livekit *c = NULL;
	char url[64];

	snprintf(url, sizeof(url), "%s://127.0.0.1:%d/", scheme, port);
	options.url = tel_str_from(url);
	CU_ASSERT_EQUAL_FATAL(tel_livekit_client_new(&options, &c, NULL), TEL_OK);
	return c;
}

static struct tel_livekit *a_client(struct server *s)
{
	return a_client_at("ws", server_port(s), 5 * TEL_SECOND);
}

/* All that any of the methods wants. */
static struct tel_call *a_call(void)
{
	struct tel_call *call = tel_call_new();

	CU_ASSERT_PTR_NOT_NULL_FATAL(call);
	CHECK_INT(tel_call_set(call, &call->trunk_id, TEL_STR("ST_1"), 100), TEL_OK);
	CU_ASSERT_TRUE(tel_e164_parse(TEL_STR("+15550200"), &call->to));
	call->dial.ringing_timeout = 45 * TEL_SECOND;
	call->dial.max_duration = TEL_HOUR;
	return call;
}

static void start_for(struct tel_livekit *c, enum tel_lk_method method, const char *room,
		      tel_time timeout, struct seen *seen)
{
	struct tel_call *call = a_call();
	struct tel_lk_request request = {
		.method = method, .room = tel_str_from(room), .agent_name = TEL_STR("a"),
		.agent_config = TEL_STR("{\"prompt\":\"p\"}"), .call = call,
		.identity = TEL_STR("sip-1"), .transfer_to = TEL_STR("tel:+15550300"),
		.dispatch_id = TEL_STR("AD_1"), .timeout = timeout,
	};

	*seen = (struct seen){ 0 };
	CU_ASSERT_EQUAL_FATAL(c->ops->send(c, &request, keep, seen), TEL_OK);
	tel_call_free(call);	/* all was borrowed for the call only */
}

static void start(struct tel_livekit *c, enum tel_lk_method method, const char *room,
		  struct seen *seen)
{
	start_for(c, method, room, 0, seen);
}

static void finish(struct tel_livekit *c, const struct seen *seen)
{
	tel_time until = read_clock(CLOCK_MONOTONIC) + 20 * TEL_SECOND;

	while (seen->n == 0 && read_clock(CLOCK_MONOTONIC) < until)
		CHECK_INT(c->ops->poll(c, TEL_SECOND), TEL_OK);
	CHECK_INT(seen->n, 1);
}

static struct seen ask_for(struct tel_livekit *c, enum tel_lk_method method, const char *room,
			   tel_time timeout)
{
	struct seen seen;

	start_for(c, method, room, timeout, &seen);
	finish(c, &seen);
	return seen;
}

static struct seen ask(struct tel_livekit *c, enum tel_lk_method method, const char *room)
{
	return ask_for(c, method, room, 0);
}

/* ---- tests -------------------------------------------------------------- */

static bool curl_is_loaded(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[4096];
	bool found = false;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	while (fgets(line, sizeof(line), f))
		found = found || strstr(line, "libcurl") != NULL;
	fclose(f);
	return found;
}

/* Has to be the first: what is loaded stays. */
static void libcurl_is_loaded_when_it_is_needed(void)
{
	struct server *s = server_start();
	struct tel_livekit *c = a_client(s);

	CHECK_INT(c->ops->poll(c, 0), TEL_OK);
	CU_ASSERT_FALSE(curl_is_loaded());
	CHECK_INT(ask(c, TEL_LK_LIST_DISPATCH, "r").verdict, TEL_LK_DONE);
	CU_ASSERT_TRUE(curl_is_loaded());
	c->ops->close(c);
	server_stop(s);
}

static void requests_are_answered_on_one_connection(void)
{
	struct server *s = server_start();
	struct tel_livekit *c = a_client(s);
	struct seen seen;
	int i;

	for (i = 0; i < 5; i++) {
		seen = ask(c, TEL_LK_CREATE_DISPATCH, "r");
		CHECK_INT(seen.verdict, TEL_LK_DONE);
		CHECK_INT(seen.status, 200);
		CHECK_INT(seen.dispatches, 1);
		CHECK_INT(ask(c, TEL_LK_LIST_DISPATCH, "r").dispatches, 1);
		CHECK_INT(ask(c, TEL_LK_LIST_PARTICIPANTS, "r").verdict, TEL_LK_DONE);
		CHECK_INT(ask(c, TEL_LK_DELETE_ROOM, "r").verdict, TEL_LK_DONE);
		CHECK_INT(ask(c, TEL_LK_CREATE_ROOM, "r").rooms, 1);
		CHECK_INT(ask(c, TEL_LK_GET_PARTICIPANT, "r").participants, 1);
		CHECK_INT(ask(c, TEL_LK_DELETE_DISPATCH, "r").verdict, TEL_LK_DONE);
		CHECK_INT(ask(c, TEL_LK_LIST_ROOMS, "r").rooms, 1);
	}
	CHECK_INT(server_requests(s, "r"), 40);
	CHECK_INT(server_connections(s), 1);
	c->ops->close(c);
	server_stop(s);
}

/* A header's value in a request's head, cut out into `out`. */
static struct tel_str header(const char *head, const char *name)
{
	const char *at = strcasestr(head, name), *end;

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	at += strlen(name);
	end = strstr(at, "\r\n");
	CU_ASSERT_PTR_NOT_NULL_FATAL(end);
	return tel_str_trim((struct tel_str){ at, (size_t)(end - at) });
}

static void check_token(const char *head, const char *group, const char *grant,
			const char *not_this)
{
	struct tel_str token = header(head, "\r\nAuthorization: Bearer ");
	struct tel_jwt_claims claims;
	struct tel_jwt_ring *ring;
	struct tel_keys keys;

	dev_keys(&keys);
	CHECK_INT(tel_jwt_ring_new(&keys, &ring), TEL_OK);
	CU_ASSERT_EQUAL_FATAL(tel_jwt_verify(ring, token, wall(NULL), &claims), TEL_JWT_VALID);
	CU_ASSERT_TRUE(tel_jwt_grants(&claims, group, grant));
	CU_ASSERT_FALSE(tel_jwt_grants(&claims, "video", not_this));
	tel_jwt_claims_release(&claims);
	tel_jwt_ring_free(ring);
	tel_keys_release(&keys);
}

static void requests_carry_what_livekit_wants(void)
{
	struct server *s = server_start();
	struct tel_livekit *c = a_client(s);
	const char *head;

	CHECK_INT(ask(c, TEL_LK_CREATE_DISPATCH, "that-room").verdict, TEL_LK_DONE);
	head = server_last_head(s);
	CU_ASSERT(strstr(head, "POST /twirp/livekit.AgentDispatchService/CreateDispatch HTTP/1.1")
		  == head);
	CHECK_STR(header(head, "\r\nContent-Type:"), "application/json");
	CHECK_STR(header(head, "\r\nUser-Agent:"), PACKAGE_NAME "/" PACKAGE_VERSION);
	CHECK_INT(header(head, "\r\nX-Livekit-Request-Id:").len, 36);
	CU_ASSERT_PTR_NULL(strcasestr(head, "\r\nExpect:"));
	check_token(head, "video", "roomAdmin", "roomCreate");
	CHECK_INT(ask(c, TEL_LK_CREATE_SIP_PARTICIPANT, "that-room").verdict, TEL_LK_DONE);
	check_token(server_last_head(s), "sip", "call", "roomAdmin");
	c->ops->close(c);
	server_stop(s);
}

#define CREATE TEL_LK_CREATE_DISPATCH
#define LIST TEL_LK_LIST_DISPATCH
#define DELETE TEL_LK_DELETE_ROOM
#define DIAL TEL_LK_CREATE_SIP_PARTICIPANT
#define MOVE TEL_LK_TRANSFER_SIP_PARTICIPANT

static const struct {
	enum tel_lk_method method;
	const char *room;
	enum tel_lk_verdict verdict;
	int status;
	const char *code;
	tel_time retry_after;
} answers[] = {
	{ CREATE, "400", TEL_LK_REFUSED, 400, "some_code", 0 },
	{ DELETE, "404", TEL_LK_GONE, 404, "not_found", 0 },
	{ CREATE, "429", TEL_LK_TRY_LATER, 429, "some_code", 7 * TEL_SECOND },
	{ CREATE, "503", TEL_LK_UNKNOWN, 503, "some_code", 7 * TEL_SECOND },
	{ CREATE, "500", TEL_LK_UNKNOWN, 500, "some_code", 0 },
	{ CREATE, "busy", TEL_LK_UNKNOWN, 503, "unavailable", 0 },
	{ DIAL, "busy", TEL_LK_REFUSED, 503, "unavailable", 0 },
	{ DIAL, "canceled", TEL_LK_UNKNOWN, 408, "canceled", 0 },
	{ DIAL, "429", TEL_LK_REFUSED, 429, "some_code", 7 * TEL_SECOND },
	{ DIAL, "503", TEL_LK_UNKNOWN, 503, "some_code", 7 * TEL_SECOND },
	{ DIAL, "half", TEL_LK_UNKNOWN, 0, "network", 0 },
	{ MOVE, "busy", TEL_LK_REFUSED, 503, "unavailable", 0 },
	{ MOVE, "404", TEL_LK_GONE, 404, "not_found", 0 },
	{ CREATE, "redirect", TEL_LK_REFUSED, 302, "http_error", 0 },
	{ CREATE, "late", TEL_LK_DONE, 200, "", 0 },
	{ CREATE, "drop", TEL_LK_UNKNOWN, 0, "network", 0 },
	{ LIST, "drop", TEL_LK_UNKNOWN, 0, "network", 0 },
	{ CREATE, "garbage", TEL_LK_UNKNOWN, 0, "network", 0 },
	{ CREATE, "half", TEL_LK_UNKNOWN, 0, "network", 0 },
	{ LIST, "endless", TEL_LK_UNKNOWN, 0, "too_big", 0 },
};

static void answers_get_their_verdict(void)
{
	struct server *s = server_start();
	struct tel_livekit *c;
	struct seen seen;
	size_t i;

	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		c = a_client(s);	/* a connection of its own */
		seen = ask(c, answers[i].method, answers[i].room);
		if (seen.verdict != answers[i].verdict || strcmp(seen.code, answers[i].code))
			fprintf(stderr, "\n%s: %s, %s (%s)\n", answers[i].room,
				tel_lk_verdict_text(seen.verdict), seen.code, seen.message);
		CHECK_INT(seen.verdict, answers[i].verdict);
		CHECK_INT(seen.status, answers[i].status);
		CHECK_INT(seen.retry_after, answers[i].retry_after);
		CHECK_INT(seen.sip_status_code, seen.status == 503 &&
						seen.verdict == TEL_LK_REFUSED ? 486 : 0);
		CU_ASSERT_STRING_EQUAL(seen.code, answers[i].code);
		CU_ASSERT_PTR_NULL(strstr(seen.message, DEV_SECRET));
		c->ops->close(c);
	}
	CHECK_INT(server_requests(s, "drop"), 2);	/* none was repeated */
	CHECK_INT(server_requests(s, "redirect"), 1);
	server_stop(s);
}

static void nothing_was_sent_where_nobody_listens(void)
{
	struct server *s = server_start();
	struct tel_livekit *c = a_client_at("http", unused_port(), 0);
	struct seen seen = ask(c, CREATE, "r");

	CHECK_INT(seen.verdict, TEL_LK_NOT_SENT);
	CU_ASSERT_STRING_EQUAL(seen.code, "connect");
	c->ops->close(c);
	/* A plain server has no idea of TLS. */
	c = a_client_at("wss", server_port(s), 0);
	start(c, CREATE, "r", &seen);
	CHECK_INT(c->ops->poll(c, 200), TEL_OK);
	CHECK_INT(server_requests(s, "r"), 0);
	c->ops->close(c);	/* the handshake is still waiting */
	CHECK_INT(seen.n, 1);
	CHECK_INT(seen.verdict, TEL_LK_NOT_SENT);
	server_stop(s);
}

static void time_runs_out(void)
{
	struct server *s = server_start();
	struct tel_livekit *c = a_client_at("ws", server_port(s), 300);
	struct seen seen;
	tel_time began = read_clock(CLOCK_MONOTONIC);

	seen = ask(c, CREATE, "never");
	CHECK_INT(seen.verdict, TEL_LK_UNKNOWN);
	CU_ASSERT_STRING_EQUAL(seen.code, "timeout");
	CU_ASSERT(read_clock(CLOCK_MONOTONIC) - began < 5 * TEL_SECOND);
	CHECK_INT(server_requests(s, "never"), 1);
	c->ops->close(c);
	c = a_client_at("wss", server_port(s), 300);	/* in the handshake */
	seen = ask(c, CREATE, "never");
	CHECK_INT(seen.verdict, TEL_LK_NOT_SENT);
	CHECK_INT(server_requests(s, "never"), 1);
	c->ops->close(c);
	server_stop(s);
}

/* The client's own time-out is no ceiling to that of a request. */
static void a_request_may_have_its_own_time(void)
{
	struct server *s = server_start();
	struct tel_livekit *c = a_client_at("ws", server_port(s), 100);
	tel_time began;

	CHECK_INT(ask(c, LIST, "late").verdict, TEL_LK_UNKNOWN);
	CHECK_INT(ask_for(c, LIST, "late", 10 * TEL_SECOND).verdict, TEL_LK_DONE);
	CHECK_INT(ask_for(c, DIAL, "late", 2 * TEL_HOUR).verdict, TEL_LK_DONE);
	c->ops->close(c);
	c = a_client_at("ws", server_port(s), 0);
	began = read_clock(CLOCK_MONOTONIC);
	CHECK_INT(ask_for(c, DIAL, "never", 100).verdict, TEL_LK_UNKNOWN);
	CU_ASSERT(read_clock(CLOCK_MONOTONIC) - began < 5 * TEL_SECOND);
	CHECK_INT(server_requests(s, "never"), 1);
	c->ops->close(c);
	server_stop(s);
}

/*
 * The heart of it: a kept-alive connection that breaks after the request was
 * read. libcurl would send it again on a new one; a dispatch must not be.
 */
static void a_dispatch_is_never_sent_twice(void)
{
	struct server *s = server_start();
	struct tel_livekit *c = a_client(s);
	struct seen seen;

	CHECK_INT(ask(c, LIST, "warm").verdict, TEL_LK_DONE);
	seen = ask(c, CREATE, "drop-reused");
	CHECK_INT(server_requests(s, "drop-reused"), 1);
	CHECK_INT(seen.verdict, TEL_LK_UNKNOWN);
	CU_ASSERT_STRING_EQUAL(seen.code, "network");
	/* The rest goes on as if nothing had been. */
	CHECK_INT(ask(c, LIST, "warm").verdict, TEL_LK_DONE);
	CHECK_INT(server_requests(s, "drop-reused"), 1);
	c->ops->close(c);
	server_stop(s);
}

/* Nor is a dial or a transfer; and no kept-alive connection can fail them. */
static void a_phone_is_never_rung_twice(void)
{
	static const enum tel_lk_method methods[] = { DIAL, MOVE };
	struct server *s;
	struct tel_livekit *c;
	struct seen seen;
	size_t i;

	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		s = server_start();
		c = a_client(s);
		CHECK_INT(ask(c, LIST, "warm").verdict, TEL_LK_DONE);
		CHECK_INT(ask(c, methods[i], "drop-reused").verdict, TEL_LK_DONE);
		CHECK_INT(server_requests(s, "drop-reused"), 1);
		CHECK_INT(server_connections(s), 2);
		seen = ask(c, methods[i], "drop");
		CHECK_INT(seen.verdict, TEL_LK_UNKNOWN);
		CU_ASSERT_STRING_EQUAL(seen.code, "network");
		CHECK_INT(server_requests(s, "drop"), 1);
		CHECK_INT(ask(c, LIST, "warm").verdict, TEL_LK_DONE);
		CHECK_INT(server_requests(s, "drop"), 1);
		c->ops->close(c);
		server_stop(s);
		c = a_client_at("http", unused_port(), 0);
		CHECK_INT(ask(c, methods[i], "r").verdict, TEL_LK_NOT_SENT);
		c->ops->close(c);
	}
}

static void what_may_be_repeated_is_repeated_once(void)
{
	struct server *s = server_start();
	struct tel_livekit *c = a_client(s);

	CHECK_INT(ask(c, LIST, "warm").verdict, TEL_LK_DONE);
	CHECK_INT(ask(c, LIST, "drop-reused").verdict, TEL_LK_DONE);
	CHECK_INT(server_requests(s, "drop-reused"), 2);
	CHECK_INT(ask(c, LIST, "drop").verdict, TEL_LK_UNKNOWN);
	CHECK_INT(server_requests(s, "drop"), 2);
	c->ops->close(c);
	server_stop(s);
}

static void a_connection_closed_meanwhile_is_noticed(void)
{
	struct server *s = server_start();
	struct tel_livekit *c = a_client(s);
	int i;

	for (i = 0; i < 3; i++) {
		CHECK_INT(ask(c, CREATE, "hang-up").verdict, TEL_LK_DONE);
		usleep(50000);
	}
	CHECK_INT(server_requests(s, "hang-up"), 3);
	CHECK_INT(server_connections(s), 3);
	c->ops->close(c);
	server_stop(s);
}

static void a_slow_answer_holds_up_nobody(void)
{
	struct server *s = server_start();
	struct tel_livekit *c = a_client(s);
	struct seen never, late, quick;

	start(c, CREATE, "never", &never);
	start(c, CREATE, "late", &late);
	start(c, CREATE, "quick", &quick);
	finish(c, &quick);
	CHECK_INT(late.n, 0);
	finish(c, &late);
	CHECK_INT(never.n, 0);
	c->ops->close(c);
	CHECK_INT(never.n, 1);
	CHECK_INT(never.verdict, TEL_LK_UNKNOWN);
	CU_ASSERT_STRING_EQUAL(never.code, "closed");
	server_stop(s);
}

/* ---- waking, closing, refusing --------------------------------------------- */

static void *wake_later(void *livekit)
{
	struct tel_livekit *c = livekit;

	usleep(50000);
	c->ops->wake(c);
	return NULL;
}

static tel_time poll_for(struct tel_livekit *c, tel_time wait)
{
	tel_time began = read_clock(CLOCK_MONOTONIC);

	CHECK_INT(c->ops->poll(c, wait), TEL_OK);
	return read_clock(CLOCK_MONOTONIC) - began;
}

static void a_wake_ends_a_poll(void)
{
	struct server *s = server_start();
	struct tel_livekit *c = a_client(s);
	struct seen never;
	pthread_t thread;
	int busy, i;

	for (busy = 0; busy < 2; busy++) {
		if (busy)
			start(c, CREATE, "never", &never);
		CU_ASSERT(poll_for(c, 0) < 1000);
		CU_ASSERT(poll_for(c, 100) >= 90);
		CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, wake_later, c), 0);
		CU_ASSERT(poll_for(c, 4000) < 2000);
		pthread_join(thread, NULL);
		for (i = 0; i < 100000; i++)	/* more than a pipe holds */
			c->ops->wake(c);
		CU_ASSERT(poll_for(c, 4000) < 2000);	/* before counts, too */
		CU_ASSERT(poll_for(c, 100) >= 90);	/* but once */
	}
	c->ops->close(c);
	server_stop(s);
}

struct again {
	struct tel_livekit *client;
	int n;
	enum tel_err err;
};

static void send_again(void *ctx, const struct tel_lk_answer *answer)
{
	struct again *again = ctx;
	struct tel_lk_request request = { .method = LIST, .room = TEL_STR("again") };

	(void)answer;
	again->n++;
	if (again->n < 3 || again->err)
		again->err = again->client->ops->send(again->client, &request, send_again, again);
}

static void an_answer_may_be_followed_by_a_request(void)
{
	struct server *s = server_start();
	struct again again = { .client = a_client(s) };
	int i;

	send_again(&again, NULL);
	for (i = 0; i < 100 && again.n < 3; i++)
		CHECK_INT(again.client->ops->poll(again.client, 100), TEL_OK);
	CHECK_INT(again.n, 3);
	again.n = 1;
	send_again(&again, NULL);
	again.client->ops->close(again.client);	/* answers, refuses the next */
	CHECK_INT(again.n, 3);
	server_stop(s);
}

static void too_many_and_bad_ones_are_refused(void)
{
	struct tel_livekit *c = a_client_at("http", unused_port(), 0);
	struct tel_lk_request request = { .method = LIST, .room = TEL_STR("r") };
	struct seen seen = { 0 };
	int i;

	for (i = 0; i < TEL_LIVEKIT_MAX_UNDER_WAY; i++)
		CHECK_INT(c->ops->send(c, &request, keep, &seen), TEL_OK);
	CHECK_INT(c->ops->send(c, &request, keep, &seen), TEL_EBUSY);
	c->ops->close(c);
	CHECK_INT(seen.n, TEL_LIVEKIT_MAX_UNDER_WAY);
	CHECK_INT(seen.verdict, TEL_LK_NOT_SENT);
	c = a_client_at("http", unused_port(), 0);
	request.method = CREATE;	/* without a call */
	CHECK_INT(c->ops->send(c, &request, keep, &seen), TEL_EMALFORMED);
	c->ops->close(c);
	CHECK_INT(seen.n, TEL_LIVEKIT_MAX_UNDER_WAY);
}

static void bad_options_are_named(void)
{
	static const struct { const char *url, *key, *secret; } cases[] = {
		{ "livekit.example", "k", "s" }, { "wss://x", "", "s" }, { "wss://x", "k", "" },
	};
	struct tel_livekit_client_options options = { .clock = &real_clock, .random = &counting };
	struct tel_livekit *c;
	const char *why;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		why = NULL;
		options.url = tel_str_from(cases[i].url);
		options.api_key = tel_str_from(cases[i].key);
		options.api_secret = tel_str_from(cases[i].secret);
		CHECK_INT(tel_livekit_client_new(&options, &c, &why), TEL_EMALFORMED);
		CU_ASSERT_PTR_NOT_NULL(why);
		CHECK_INT(tel_livekit_client_new(&options, &c, NULL), TEL_EMALFORMED);
	}
}

CU_TestInfo livekit_client_tests[] = {
	{ "libcurl is loaded when it is needed", libcurl_is_loaded_when_it_is_needed },
	{ "requests are answered on one connection", requests_are_answered_on_one_connection },
	{ "requests carry what LiveKit wants", requests_carry_what_livekit_wants },
	{ "answers get their verdict", answers_get_their_verdict },
	{ "nothing was sent where nobody listens", nothing_was_sent_where_nobody_listens },
	{ "time runs out", time_runs_out },
	{ "a request may have its own time", a_request_may_have_its_own_time },
	{ "a phone is never rung twice", a_phone_is_never_rung_twice },
	{ "a dispatch is never sent twice", a_dispatch_is_never_sent_twice },
	{ "what may be repeated is repeated once", what_may_be_repeated_is_repeated_once },
	{ "a connection closed meanwhile is noticed", a_connection_closed_meanwhile_is_noticed },
	{ "a slow answer holds up nobody", a_slow_answer_holds_up_nobody },
	{ "a wake ends a poll", a_wake_ends_a_poll },
	{ "an answer may be followed by a request", an_answer_may_be_followed_by_a_request },
	{ "too many and bad ones are refused", too_many_and_bad_ones_are_refused },
	{ "bad options are named", bad_options_are_named },
	CU_TEST_INFO_NULL
};
