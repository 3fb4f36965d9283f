/* GET /telephony/calls and what is below it: on the memory store. */
#include "config.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "fakes/rig.h"
#include "harness.h"
#include "http/handlers.h"
#include "http/query.h"
#include "memory-store/memory_store.h"
#include "base/banned.h"

struct fake_authenticator {
	struct tel_authenticator base;
	struct tel_auth_result result;
	enum tel_permission asked;
};

static void fake_check(struct tel_authenticator *base, struct tel_str authorization,
		       enum tel_permission permission, tel_time now, struct tel_auth_result *out)
{
	struct fake_authenticator *a = (struct fake_authenticator *)base;

	(void)authorization;
	(void)now;
	a->asked = permission;
	*out = a->result;
}

static const struct tel_authenticator_ops authenticator_ops = { "fake", fake_check };

struct stage {
	struct tel_call_store *store;
	struct tel_fake_livekit *livekit;
	struct tel_fake_clock clock;
	struct tel_rig rig;
	struct fake_authenticator authenticator;
	struct tel_http_context http;
	struct tel_http_response response;
};

static void set_up(struct stage *s)
{
	*s = (struct stage){ .authenticator.base.ops = &authenticator_ops };
	tel_fake_clock_init(&s->clock, 1700000000 * TEL_SECOND);
	s->livekit = tel_fake_livekit_new();
	if (!s->livekit || tel_memory_store_open(NULL, &s->store))
		abort();
	tel_rig_init(&s->rig, "a", s->store, s->livekit, &s->clock);
	s->http = (struct tel_http_context){
		.app = &s->rig.app, .version = "1", .show_calls = true,
		.authenticator = &s->authenticator.base,
	};
	tel_http_response_init(&s->response);
}

static void tear_down(struct stage *s)
{
	tel_http_response_release(&s->response);
	tel_rig_release(&s->rig);
	tel_fake_livekit_free(s->livekit);
	s->store->ops->close(s->store);
}

/* A caller in room "room-<n>"; over already if `over`. */
static void add_call(struct stage *s, int n, bool over)
{
	struct tel_event e = { .kind = over ? TEL_EVENT_PARTICIPANT_LEFT :
					      TEL_EVENT_PARTICIPANT_JOINED };
	char text[64];

	tel_arena_init(&e.mem, TEL_MAX_BODY);
	snprintf(text, sizeof(text), "room-%d", n);
	if (tel_arena_copy(&e.mem, tel_str_from(text), 64, &e.room_name))
		abort();
	e.room_sid = e.id = e.participant.sid = e.participant.sip_call_id = e.room_name;
	e.name = TEL_STR("participant_joined");
	e.raw = TEL_STR("{\"event\":\"participant_joined\"}");
	e.participant.kind = TEL_PARTICIPANT_SIP;
	e.participant.rule_id = TEL_STR("SDR");
	e.participant.number = TEL_STR("+15550100");
	s->clock.now += TEL_SECOND;
	CHECK_INT(tel_rig_deliver(&s->rig, &e).status, TEL_RECEIVED);
}

static int ask(struct stage *s, const char *target)
{
	struct tel_http_request request = { .method = TEL_STR("GET") };

	tel_http_response_release(&s->response);
	tel_http_response_init(&s->response);
	tel_http_request_set_target(&request, tel_str_from(target));
	tel_http_answer(&s->http, &request, &s->response);
	return s->response.status;
}

/* A member of the answer, at most two levels down, as text; "" = none. */
static const char *member(struct stage *s, const char *outer, const char *inner)
{
	static char text[256];
	struct json_object *body = json_tokener_parse(s->response.body.ptr), *v = NULL;

	text[0] = '\0';
	CU_ASSERT_PTR_NOT_NULL(body);
	if (json_object_object_get_ex(body, outer, &v) && inner &&
	    json_object_is_type(v, json_type_array))
		v = json_object_array_get_idx(v, 0);
	if (v && inner)
		json_object_object_get_ex(v, inner, &v);
	if (v)
		snprintf(text, sizeof(text), "%s", json_object_get_string(v));
	json_object_put(body);
	return text;
}

static size_t n_calls(struct stage *s)
{
	struct json_object *body = json_tokener_parse(s->response.body.ptr), *calls = NULL;
	size_t n = 0;

	if (json_object_object_get_ex(body, "calls", &calls))
		n = json_object_array_length(calls);
	json_object_put(body);
	return n;
}

#define CHECK_MEMBER(s, outer, inner, want) CHECK_STR(tel_str_from(member(s, outer, inner)), want)

static void queries_are_decoded(void)
{
	static const struct { const char *text; enum tel_err err; const char *a; } cases[] = {
		{ "a=1", TEL_OK, "1" },
		{ "a=%41%20b+c&x", TEL_OK, "A b c" },
		{ "&&a=&", TEL_OK, "" },
		{ "a=b=c", TEL_OK, "b=c" },
		{ "%61=z", TEL_OK, "z" },
		{ "a=1&a=2", TEL_EMALFORMED, "" },
		{ "a=%", TEL_EMALFORMED, "" },
		{ "a=%4", TEL_EMALFORMED, "" },
		{ "a=%zz", TEL_EMALFORMED, "" },
		{ "a=%00", TEL_EMALFORMED, "" },
		{ "1&2&3&4&5&6&7&8&9&10&11&12&13&14&15&16&17", TEL_ETOOBIG, "" },
	};
	struct tel_http_query q;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK_INT(tel_http_query_parse(tel_str_from(cases[i].text), &q), cases[i].err);
		if (!cases[i].err)
			CHECK_STR(tel_http_query_get(&q, "a"), cases[i].a);
		tel_http_query_release(&q);
	}
	CHECK_INT(tel_http_query_parse(TEL_STR_NONE, &q), TEL_OK);
	CU_ASSERT_PTR_NULL(tel_http_query_get(&q, "a").ptr);
	tel_http_query_release(&q);
}

static void calls_are_closed_unless_opened(void)
{
	static const struct { struct tel_auth_result result; int status; const char *reason, *challenge; } cases[] = {
		{ { TEL_AUTH_NO_CREDENTIALS, NULL, NULL, "" }, 401, "no_credentials", "Bearer" },
		{ { TEL_AUTH_INVALID, "expired", NULL, "" }, 401, "expired", "Bearer error=\"invalid_token\"" },
		{ { TEL_AUTH_FORBIDDEN, NULL, "sip.admin", "" }, 403, "missing_grant", NULL },
		{ { TEL_AUTH_FAILED, NULL, NULL, "" }, 503, "unavailable", NULL },
	};
	static const char *const targets[] = {
		"/telephony/calls", "/telephony/calls/00000000-0000-4000-8000-000000000000",
		"/telephony/calls/00000000-0000-4000-8000-000000000000/timeline" };
	struct stage s;
	size_t i, t;

	set_up(&s);
	for (t = 0; t < sizeof(targets) / sizeof(targets[0]); t++) {
		s.http.show_calls = false;
		CHECK_INT(ask(&s, targets[t]), 404);
		CHECK_MEMBER(&s, "reason", NULL, "diagnostics_off");
		s.http.show_calls = true;
		for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			s.authenticator.result = cases[i].result;
			CHECK_INT(ask(&s, targets[t]), cases[i].status);
			CHECK_MEMBER(&s, "reason", NULL, cases[i].reason);
			CHECK_INT(s.authenticator.asked, TEL_MAY_READ_CALLS);
			if (cases[i].challenge) {
				CHECK_STR(tel_str_from(s.response.headers[0].name), "WWW-Authenticate");
				CHECK_STR(tel_str_from(s.response.headers[0].value), cases[i].challenge);
			}
		}
	}
	tear_down(&s);
}

static void pages_go_on_behind_the_cursor(void)
{
	char target[256], cursor[TEL_CURSOR_TEXT];
	struct stage s;
	int i;

	set_up(&s);
	for (i = 0; i < 5; i++)
		add_call(&s, i, i < 2);
	CHECK_INT(ask(&s, "/telephony/calls?limit=2"), 200);
	CHECK_INT(n_calls(&s), 2);
	CHECK_MEMBER(&s, "calls", "roomName", "room-4");
	CHECK_MEMBER(&s, "calls", "from", "+15550100");
	snprintf(cursor, sizeof(cursor), "%s", member(&s, "nextCursor", NULL));
	CU_ASSERT_TRUE(cursor[0] != '\0');
	add_call(&s, 5, false);			/* arrives in between */
	snprintf(target, sizeof(target), "/telephony/calls?limit=200&cursor=%s", cursor);
	CHECK_INT(ask(&s, target), 200);
	CHECK_INT(n_calls(&s), 3);
	CHECK_MEMBER(&s, "calls", "roomName", "room-2");
	CHECK_MEMBER(&s, "nextCursor", NULL, "");
	CHECK_INT(ask(&s, "/telephony/calls?live=true"), 200);
	CHECK_INT(n_calls(&s), 4);
	CHECK_INT(ask(&s, "/telephony/calls?roomName=room%2D1"), 200);
	CHECK_INT(n_calls(&s), 1);
	CHECK_MEMBER(&s, "calls", "status", "ended");
	tear_down(&s);
}

static void bad_parameters_are_named(void)
{
	static const struct { const char *query, *reason, *word; } cases[] = {
		{ "limit=0", "bad_parameter", "limit" },
		{ "limit=201", "bad_parameter", "limit" },
		{ "limit=ten", "bad_parameter", "limit" },
		{ "limit=", "bad_parameter", "limit" },
		{ "live=yes", "bad_parameter", "live" },
		{ "cursor=garbage", "bad_parameter", "cursor" },
		{ "room=x", "bad_parameter", "room:" },
		{ "%ff=x", "bad_parameter", "\xef\xbf\xbd:" },	/* JSON is UTF-8 */
		{ "status=over", "bad_parameter", "status: must be created" },
		{ "status=", "bad_parameter", "status" },
		{ "direction=in", "bad_parameter", "direction: must be inbound or outbound" },
		{ "from=15550100", "bad_parameter", "from: must be a number in E.164" },
		{ "from=", "bad_parameter", "from" },
		{ "to=%2B1555", "bad_parameter", "to: must be" },
		{ "to=%2B12345678901234567890", "bad_parameter", "to: must be" },
		{ "since=yesterday", "bad_parameter", "since: must be a moment as in RFC 3339" },
		{ "since=", "bad_parameter", "since" },
		{ "until=2026-13-01T00:00:00Z", "bad_parameter", "until: must be" },
		{ "until=2026-11-23", "bad_parameter", "until" },
		{ "statuS=ended", "bad_parameter", "there are live, status, direction, from, to" },
		{ "limit=1&limit=2", "bad_query", "twice" },
		{ "a=%", "bad_query", "encoded" },
	};
	char target[128];
	struct stage s;
	size_t i;

	set_up(&s);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(target, sizeof(target), "/telephony/calls?%s", cases[i].query);
		CHECK_INT(ask(&s, target), 400);
		CHECK_MEMBER(&s, "reason", NULL, cases[i].reason);
		CU_ASSERT_PTR_NOT_NULL(strstr(member(&s, "detail", NULL), cases[i].word));
	}
	tear_down(&s);
}

/* Calls 1 … 4 began at 1, 2, 3, 4 seconds after 2023-11-14T22:13:20Z; 1 and 2 are over. */
static void filters_are_taken_from_the_query(void)
{
	static const struct { const char *query; size_t n; } cases[] = {
		{ "", 4 },
		{ "status=ended", 2 },
		{ "status=failed", 0 },
		{ "status=ended&live=true", 0 },
		{ "live=false", 4 },
		{ "direction=inbound", 4 },
		{ "direction=outbound", 0 },
		{ "from=%2B15550100", 4 },
		{ "from=+15550100", 4 },		/* a blank, decoded */
		{ "from=%2B15550101", 0 },
		{ "to=+15550100", 0 },
		{ "since=2023-11-14T22:13:23Z", 2 },
		{ "since=2023-11-14T23:13:23%2B01:00", 2 },
		{ "since=2023-11-14T23:13:23+01:00", 2 },
		{ "since=2023-11-14T21:13:23-01:00", 2 },
		{ "until=2023-11-14T22:13:23Z", 2 },
		{ "since=2023-11-14T22:13:22Z&until=2023-11-14T22:13:24Z", 2 },
		{ "since=2023-11-14T22:13:24Z&until=2023-11-14T22:13:22Z", 0 },
		{ "until=1970-01-01T00:00:00Z", 0 },
		{ "since=1970-01-01T00:00:00Z", 4 },
		{ "status=ended&from=+15550100&since=2023-11-14T22:13:22Z", 1 },
		{ "roomName=room-3&direction=inbound", 1 },
	};
	char target[160];
	struct stage s;
	size_t i;

	set_up(&s);
	for (i = 1; i <= 4; i++)
		add_call(&s, (int)i, i < 3);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(target, sizeof(target), "/telephony/calls?%s", cases[i].query);
		CHECK_INT(ask(&s, target), 200);
		if (n_calls(&s) != cases[i].n)
			fprintf(stderr, "\n%s\n", cases[i].query);
		CHECK_INT(n_calls(&s), cases[i].n);
	}
	tear_down(&s);
}

static void one_call_and_its_timeline(void)
{
	char id[TEL_CALL_ID_TEXT], target[128];
	struct stage s;

	set_up(&s);
	add_call(&s, 1, false);
	ask(&s, "/telephony/calls");
	snprintf(id, sizeof(id), "%s", member(&s, "calls", "callId"));
	snprintf(target, sizeof(target), "/telephony/calls/%s", id);
	CHECK_INT(ask(&s, target), 200);
	CHECK_MEMBER(&s, "callId", NULL, id);
	CHECK_MEMBER(&s, "agent", "name", "agent");
	snprintf(target, sizeof(target), "/telephony/calls/%s/timeline", id);
	CHECK_INT(ask(&s, target), 200);
	CU_ASSERT_PTR_NOT_NULL(strstr(s.response.body.ptr, "the agent is requested"));
	CHECK_INT(ask(&s, "/telephony/calls/00000000-0000-4000-8000-000000000000"), 404);
	CHECK_MEMBER(&s, "reason", NULL, "no_such_call");
	CHECK_INT(ask(&s, "/telephony/calls/c0ffee/timeline"), 404);
	CHECK_MEMBER(&s, "reason", NULL, "no_such_call");
	tear_down(&s);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{ "queries are decoded", queries_are_decoded },
		{ "calls are closed unless opened", calls_are_closed_unless_opened },
		{ "pages go on behind the cursor", pages_go_on_behind_the_cursor },
		{ "bad parameters are named", bad_parameters_are_named },
		{ "filters are taken from the query", filters_are_taken_from_the_query },
		{ "one call and its timeline", one_call_and_its_timeline },
		CU_TEST_INFO_NULL
	};
	CU_SuiteInfo suites[] = {
		{ "http: calls", NULL, NULL, NULL, NULL, tests },
		CU_SUITE_INFO_NULL
	};

	return tel_run_suites(suites);
}
