/* Placing, hanging up and transferring by HTTP: on the memory store. */
#include "config.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "fakes/rig.h"
#include "harness.h"
#include "http/handlers.h"
#include "memory-store/memory_store.h"
#include "order/order_read.h"
#include "base/banned.h"

#define NOBODY "/telephony/calls/00000000-0000-4000-8000-000000000000"
#define MINIMAL "{\"to\":\"+15550100\"}"

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

/* Of no use against an attacker, but another one for another text. */
static enum tel_err fake_sha256(struct tel_digest *digest, struct tel_str data,
				uint8_t out[TEL_DIGEST_SIZE])
{
	size_t i;

	(void)digest;
	memset(out, 0, TEL_DIGEST_SIZE);
	for (i = 0; i < data.len; i++)
		out[i % TEL_DIGEST_SIZE] = (uint8_t)(out[i % TEL_DIGEST_SIZE] * 31 + data.ptr[i]);
	return TEL_OK;
}

static const struct tel_digest_ops digest_ops = { "fake", fake_sha256 };

static const struct tel_str allowed[] = { { "+1", 2 } };

struct stage {
	struct tel_call_store *store;
	struct tel_fake_livekit *livekit;
	struct tel_fake_clock clock;
	struct tel_rig rig;
	struct fake_authenticator authenticator;
	struct tel_digest digest;
	struct tel_http_context http;
	struct tel_http_response response;
};

static void set_up(struct stage *s)
{
	*s = (struct stage){
		.authenticator = { .base.ops = &authenticator_ops,
				   .result.principal = "token:test" },
		.digest.ops = &digest_ops,
	};
	tel_fake_clock_init(&s->clock, 1700000000 * TEL_SECOND);
	s->livekit = tel_fake_livekit_new();
	if (!s->livekit || tel_memory_store_open(NULL, &s->store))
		abort();
	tel_rig_init(&s->rig, "a", s->store, s->livekit, &s->clock);
	s->rig.app.default_from = TEL_STR("+15550000");
	s->rig.app.default_trunk = TEL_STR("ST_default");
	s->rig.app.guards.allow = allowed;
	s->rig.app.guards.n_allow = 1;
	s->http = (struct tel_http_context){
		.app = &s->rig.app, .inbox = s->rig.inbox, .version = "1",
		.authenticator = &s->authenticator.base, .digest = &s->digest,
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

static int answered(struct stage *s, struct tel_http_request *request, const char *target)
{
	tel_http_response_release(&s->response);
	tel_http_response_init(&s->response);
	tel_http_request_set_target(request, tel_str_from(target));
	tel_http_answer(&s->http, request, &s->response);
	return s->response.status;
}

static int post_with_key(struct stage *s, const char *target, struct tel_str body, const char *key)
{
	struct tel_http_request request = {
		.method = TEL_STR("POST"), .content_type = TEL_STR("application/json"),
		.body = body, .idempotency_key = tel_str_from(key),
	};

	return answered(s, &request, target);
}

static int post(struct stage *s, const char *target, const char *body)
{
	return post_with_key(s, target, tel_str_from(body), NULL);
}

static int place(struct stage *s, const char *body)
{
	return post(s, "/telephony/calls", body);
}

static int hang_up(struct stage *s, const char *target)
{
	struct tel_http_request request = { .method = TEL_STR("DELETE") };

	return answered(s, &request, target);
}

static uint64_t stored(struct stage *s)
{
	struct tel_store_stats stats;

	CHECK_INT(s->store->ops->stats(s->store, &stats), TEL_OK);
	return stats.calls + stats.request_keys;
}

/* A member of the answer, at most two levels down, as text; "" = none. */
static const char *member(struct stage *s, const char *outer, const char *inner)
{
	static char text[1024];
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

#define CHECK_MEMBER(s, outer, inner, want) CHECK_STR(tel_str_from(member(s, outer, inner)), want)

static struct tel_str header(struct stage *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->response.n_headers; i++)
		if (strcmp(s->response.headers[i].name, name) == 0)
			return tel_str_from(s->response.headers[i].value);
	return TEL_STR_NONE;
}

/* ---- who may ------------------------------------------------------------------------ */

static void acting_needs_a_token(void)
{
	static const struct { struct tel_auth_result result; int status; const char *reason; } cases[] = {
		{ { TEL_AUTH_NO_CREDENTIALS, NULL, NULL, "" }, 401, "no_credentials" },
		{ { TEL_AUTH_INVALID, "expired", NULL, "" }, 401, "expired" },
		{ { TEL_AUTH_FORBIDDEN, NULL, "sip.call", "" }, 403, "missing_grant" },
		{ { TEL_AUTH_FAILED, NULL, NULL, "" }, 503, "unavailable" },
	};
	struct stage s;
	size_t i, way;

	set_up(&s);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		s.authenticator.result = cases[i].result;
		for (way = 0; way < 3; way++) {
			CHECK_INT(way == 0 ? place(&s, MINIMAL) : way == 1 ? hang_up(&s, NOBODY) :
				  post(&s, NOBODY "/transfer", "{\"to\":\"tel:+15550100\"}"),
				  cases[i].status);
			CHECK_INT(s.authenticator.asked, TEL_MAY_CALL);
			CHECK_MEMBER(&s, "reason", NULL, cases[i].reason);
			CHECK_INT(header(&s, "WWW-Authenticate").ptr != NULL,
				  cases[i].status == 401);
		}
	}
	CHECK_INT(stored(&s), 0);
	tear_down(&s);
}

/* ---- bad requests ---------------------------------------------------------------------- */

static void every_member_is_checked(void)
{
	static const struct { const char *body, *member; } cases[] = {
		{ "{}", "to" },
		{ "{\"to\":null}", "to" },
		{ "{\"to\":15550100}", "to" },
		{ "{\"to\":\"\"}", "to" },
		{ "{\"to\":\"+\"}", "to" },
		{ "{\"to\":\"15550100\"}", "to" },
		{ "{\"to\":\"0015550100\"}", "to" },
		{ "{\"to\":\"+05550100\"}", "to" },
		{ "{\"to\":\"+155501\"}", "to" },
		{ "{\"to\":\"+1234567890123456\"}", "to" },
		{ "{\"to\":\"+1555O100\"}", "to" },
		{ "{\"to\":\"tel:+15550100\"}", "to" },
		{ "{\"to\":\"sip:+15550100@example.com\"}", "to" },
		{ "{\"to\":\"+15550100@example.com\"}", "to" },
		{ "{\"to\":\"+15550100;ext=1\"}", "to" },
		{ "{\"to\":\"+15550100\\u0000\"}", "to" },
		{ "{\"to\":[\"+15550100\"]}", "to" },
		{ "{\"to\":\"+15550100\",\"to\":\"+15550101\"}", "to" },
		{ "{\"to\":\"+15550100\",\"from\":\"anonymous\"}", "from" },
		{ "{\"to\":\"+15550100\",\"from\":null}", "from" },
		{ "{\"to\":\"+15550100\",\"agentConfig\":[]}", "agentConfig" },
		{ "{\"to\":\"+15550100\",\"agentConfig\":\"{}\"}", "agentConfig" },
		{ "{\"to\":\"+15550100\",\"agentName\":\"\"}", "agentName" },
		{ "{\"to\":\"+15550100\",\"agentName\":\"a\\nb\"}", "agentName" },
		{ "{\"to\":\"+15550100\",\"agentName\":7}", "agentName" },
		{ "{\"to\":\"+15550100\",\"roomName\":\"\"}", "roomName" },
		{ "{\"to\":\"+15550100\",\"roomName\":\"a\\u0000b\"}", "roomName" },
		{ "{\"to\":\"+15550100\",\"trunkId\":\"ST a\"}", "trunkId" },
		{ "{\"to\":\"+15550100\",\"trunkId\":\"\"}", "trunkId" },
		{ "{\"to\":\"+15550100\",\"ringingTimeoutSeconds\":4}", "ringingTimeoutSeconds" },
		{ "{\"to\":\"+15550100\",\"ringingTimeoutSeconds\":76}", "ringingTimeoutSeconds" },
		{ "{\"to\":\"+15550100\",\"ringingTimeoutSeconds\":30.5}", "ringingTimeoutSeconds" },
		{ "{\"to\":\"+15550100\",\"ringingTimeoutSeconds\":\"30\"}", "ringingTimeoutSeconds" },
		{ "{\"to\":\"+15550100\",\"maxDurationSeconds\":9}", "maxDurationSeconds" },
		{ "{\"to\":\"+15550100\",\"maxDurationSeconds\":86401}", "maxDurationSeconds" },
		{ "{\"to\":\"+15550100\",\"maxDurationSeconds\":9223372036854775807}",
		  "maxDurationSeconds" },
		{ "{\"to\":\"+15550100\",\"maxDurationSeconds\":-9223372036854775808}",
		  "maxDurationSeconds" },
		{ "{\"to\":\"+15550100\",\"dtmf\":\"\"}", "dtmf" },
		{ "{\"to\":\"+15550100\",\"dtmf\":\"12a\"}", "dtmf" },
		{ "{\"to\":\"+15550100\",\"dtmf\":\"E\"}", "dtmf" },
		{ "{\"to\":\"+15550100\",\"dtmf\":\"1\\u0000\"}", "dtmf" },
		{ "{\"to\":\"+15550100\",\"dtmf\":12}", "dtmf" },
		{ "{\"to\":\"+15550100\",\"metadata\":\"x\"}", "metadata" },
		{ "{\"to\":\"+15550100\",\"metadata\":[1]}", "metadata" },
		{ "{\"to\":\"+15550100\",\"metadata\":{\"a\":1,\"a\":2}}", "a" },
		{ "{\"to\":\"+15550100\",\"callee\":\"x\"}", "callee" },
		{ "{\"To\":\"+15550100\"}", "To" },
	};
	struct stage s;
	size_t i;

	set_up(&s);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (place(&s, cases[i].body) != 400)
			fprintf(stderr, "\n%s: %d %s", cases[i].body, s.response.status,
				s.response.body.ptr);
		CHECK_INT(s.response.status, 400);
		CHECK_STR(tel_str_from(s.response.content_type), "application/problem+json");
		CHECK_MEMBER(&s, "reason", NULL, "bad_member");
		CHECK_MEMBER(&s, "member", NULL, cases[i].member);
		CHECK_MEMBER(&s, "errors", "member", cases[i].member);
		CU_ASSERT_TRUE(strncmp(member(&s, "detail", NULL), cases[i].member,
				       strlen(cases[i].member)) == 0);
	}
	CHECK_INT(stored(&s), 0);
	tear_down(&s);
}

static void all_faults_are_told_at_once(void)
{
	struct stage s;

	set_up(&s);
	CHECK_INT(place(&s, "{\"dtmf\":\"x\",\"nonsense\":1}"), 400);
	CU_ASSERT_PTR_NOT_NULL(strstr(s.response.body.ptr, "{\"member\":\"dtmf\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(s.response.body.ptr, "{\"member\":\"nonsense\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(s.response.body.ptr, "{\"member\":\"to\""));
	s.rig.routing.bad_patch = "it must be a name in quotes";
	CHECK_INT(place(&s, "{\"to\":\"+15550100\",\"agentConfig\":{\"voice\":1}}"), 400);
	CHECK_MEMBER(&s, "member", NULL, "agentConfig.voice");
	tear_down(&s);
}

static int place_sized(struct stage *s, const char *before, size_t n, const char *after)
{
	struct tel_buf body;
	size_t i;
	int status;

	tel_buf_init(&body, 2 * TEL_MAX_ORDER);
	tel_buf_puts(&body, before);
	for (i = 0; i < n; i++)
		tel_buf_puts(&body, "1");
	tel_buf_puts(&body, after);
	status = post_with_key(s, "/telephony/calls", tel_buf_str(&body), NULL);
	tel_buf_release(&body);
	return status;
}

static void sizes_are_bounded(void)
{
	static const struct { const char *before, *after; size_t most; } cases[] = {
		{ "{\"to\":\"+15550100\",\"dtmf\":\"", "\"}", TEL_MAX_DTMF },
		{ "{\"to\":\"+15550100\",\"agentName\":\"", "\"}", TEL_MAX_NAME },
		{ "{\"to\":\"+15550101\",\"roomName\":\"", "\"}", TEL_MAX_ROOM_NAME },
		{ "{\"to\":\"+15550100\",\"trunkId\":\"", "\"}", TEL_MAX_NAME },
		{ "{\"to\":\"+15550100\",\"metadata\":{\"a\":\"", "\"}}",
		  TEL_MAX_CALL_METADATA - 8 },
		{ "{\"to\":\"+15550100\",\"agentConfig\":{\"a\":\"", "\"}}",
		  TEL_MAX_AGENT_CONFIG - 8 },
	};
	struct stage s;
	size_t i;

	set_up(&s);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK_INT(place_sized(&s, cases[i].before, cases[i].most + 1, cases[i].after), 400);
		CHECK_INT(place_sized(&s, cases[i].before, cases[i].most, cases[i].after), 202);
	}
	CHECK_INT(place_sized(&s, "{\"to\":\"+15550100\",\"x\":\"", TEL_MAX_ORDER, "\"}"), 413);
	CHECK_MEMBER(&s, "reason", NULL, "too_big");
	tear_down(&s);
}

static void bodies_must_be_json(void)
{
	static const struct { struct tel_http_request request; int status; const char *reason; } cases[] = {
		{ { .body = TEL_STR(MINIMAL) }, 415, "wrong_type" },
		{ { .content_type = TEL_STR("text/plain"), .body = TEL_STR(MINIMAL) }, 415,
		  "wrong_type" },
		{ { .content_type = TEL_STR("application/json"), .body_too_big = true }, 413,
		  "too_big" },
		{ { .content_type = TEL_STR("application/json"), .body = TEL_STR("{"),
		    .body_truncated = true }, 400, "truncated" },
		{ { .content_type = TEL_STR("application/json") }, 400, "bad_json" },
		{ { .content_type = TEL_STR("application/json; charset=utf-8"),
		    .body = TEL_STR("{\"to\"") }, 400, "bad_json" },
		{ { .content_type = TEL_STR("application/json"), .body = TEL_STR("[]") }, 400,
		  "bad_json" },
		{ { .content_type = TEL_STR("application/json"), .body = TEL_STR("null") }, 400,
		  "bad_json" },
		{ { .content_type = TEL_STR("application/json"),
		    .body = TEL_STR("{\"to\":\"\xff\"}") }, 400, "bad_json" },
	};
	static const char *const targets[] = { "/telephony/calls", NOBODY "/transfer" };
	struct tel_http_request request;
	struct stage s;
	size_t i, t;

	set_up(&s);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (t = 0; t < 2; t++) {
			request = cases[i].request;
			request.method = TEL_STR("POST");
			CHECK_INT(answered(&s, &request, targets[t]), cases[i].status);
			CHECK_MEMBER(&s, "reason", NULL, cases[i].reason);
		}
	}
	CHECK_INT(stored(&s), 0);
	tear_down(&s);
}

static void parameters_are_checked(void)
{
	static const char *const bad[] = {
		"/telephony/calls?dryRun=yes", "/telephony/calls?dryRun=", "/telephony/calls?dry=true",
		"/telephony/calls?dryRun=true&dryRun=true", "/telephony/calls?dryRun=%zz",
		NOBODY "/transfer?dryRun=true",
	};
	struct stage s;
	size_t i;

	set_up(&s);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(post(&s, bad[i], MINIMAL), 400);
	CHECK_INT(hang_up(&s, NOBODY "?force=true"), 400);
	CHECK_MEMBER(&s, "reason", NULL, "bad_parameter");
	CHECK_INT(stored(&s), 0);
	tear_down(&s);
}

/* ---- placing ------------------------------------------------------------------------------ */

static void a_call_is_placed(void)
{
	struct stage s;
	char id[TEL_CALL_ID_TEXT], location[96];

	set_up(&s);
	CHECK_INT(place(&s, "{\"to\":\"+1 (555) 01-00.22\",\"from\":\"+1 555 0001\",\"roomName\":\"r\","
			    "\"agentName\":\"bob\",\"trunkId\":\"ST_1\",\"ringingTimeoutSeconds\":5,"
			    "\"maxDurationSeconds\":86400,\"dtmf\":\"0123456789*#ABCDw\","
			    "\"metadata\":{\"order\":7},\"agentConfig\":{}}"), 202);
	snprintf(id, sizeof(id), "%s", member(&s, "callId", NULL));
	snprintf(location, sizeof(location), "/telephony/calls/%s", id);
	CHECK_STR(header(&s, "Location"), location);
	CU_ASSERT_PTR_NULL(header(&s, "Idempotency-Replayed").ptr);
	CHECK_MEMBER(&s, "to", NULL, "+1555010022");
	CHECK_MEMBER(&s, "from", NULL, "+15550001");
	CHECK_MEMBER(&s, "direction", NULL, "outbound");
	CHECK_MEMBER(&s, "status", NULL, "created");
	CHECK_MEMBER(&s, "roomName", NULL, "r");
	CHECK_MEMBER(&s, "agent", "name", "bob");
	CHECK_MEMBER(&s, "trunkId", NULL, "ST_1");
	CHECK_MEMBER(&s, "ringingTimeoutSeconds", NULL, "5");
	CHECK_MEMBER(&s, "maxDurationSeconds", NULL, "86400");
	CHECK_MEMBER(&s, "metadata", "order", "7");
	CU_ASSERT_PTR_NULL(strstr(s.response.body.ptr, "0123456789*#ABCDw"));
	CHECK_INT(place(&s, "{\"to\":\"+15550101\",\"roomName\":\"r\"}"), 409);
	CHECK_MEMBER(&s, "reason", NULL, "room_taken");
	CHECK_MEMBER(&s, "callId", NULL, id);
	CHECK_INT(place(&s, MINIMAL), 202);
	CHECK_MEMBER(&s, "from", NULL, "+15550000");
	CHECK_MEMBER(&s, "ringingTimeoutSeconds", NULL, "45");
	CHECK_MEMBER(&s, "maxDurationSeconds", NULL, "3600");
	CHECK_MEMBER(&s, "transfer", NULL, "");
	tear_down(&s);
}

static void what_has_no_default_must_be_given(void)
{
	struct stage s;

	set_up(&s);
	s.rig.app.default_from = TEL_STR_NONE;
	CHECK_INT(place(&s, MINIMAL), 400);
	CHECK_MEMBER(&s, "member", NULL, "from");
	s.rig.app.default_from = TEL_STR("+15550000");
	s.rig.app.default_trunk = TEL_STR_NONE;
	CHECK_INT(place(&s, MINIMAL), 400);
	CHECK_MEMBER(&s, "member", NULL, "trunkId");
	s.rig.app.default_trunk = TEL_STR("ST_1");
	s.rig.routing.fail = TEL_ETOOBIG;
	CHECK_INT(place(&s, MINIMAL), 400);
	CHECK_MEMBER(&s, "member", NULL, "agentConfig");
	s.rig.routing.fail = TEL_ENOMEM;
	CHECK_INT(place(&s, MINIMAL), 503);
	s.rig.routing.fail = TEL_OK;
	s.rig.app.enabled = false;
	CHECK_INT(place(&s, MINIMAL), 403);
	CHECK_MEMBER(&s, "reason", NULL, "disabled");
	CHECK_INT(stored(&s), 0);
	tear_down(&s);
}

static int place_keyed(struct stage *s, const char *body, const char *key)
{
	return post_with_key(s, "/telephony/calls", tel_str_from(body), key);
}

static void a_key_makes_one_call(void)
{
	char id[TEL_CALL_ID_TEXT], longest[TEL_MAX_IDEMPOTENCY_KEY + 2];
	struct stage s;

	set_up(&s);
	CHECK_INT(place_keyed(&s, MINIMAL, "key 1"), 202);
	snprintf(id, sizeof(id), "%s", member(&s, "callId", NULL));
	CHECK_INT(place_keyed(&s, MINIMAL, "key 1"), 202);
	CHECK_MEMBER(&s, "callId", NULL, id);
	CHECK_STR(header(&s, "Idempotency-Replayed"), "true");
	CU_ASSERT_PTR_NOT_NULL(strstr(header(&s, "Location").ptr, id));
	CHECK_INT(place_keyed(&s, "{\"to\":\"+15550101\"}", "key 1"), 422);
	CHECK_MEMBER(&s, "reason", NULL, "idempotency_key_reused");
	/* Another client's key of the same name is another one. */
	snprintf(s.authenticator.result.principal, sizeof(s.authenticator.result.principal),
		 "token:other");
	CHECK_INT(place_keyed(&s, MINIMAL, "key 1"), 202);
	CU_ASSERT_STRING_NOT_EQUAL(member(&s, "callId", NULL), id);
	CHECK_INT(place_keyed(&s, MINIMAL, ""), 400);
	CHECK_MEMBER(&s, "reason", NULL, "bad_idempotency_key");
	CHECK_INT(place_keyed(&s, MINIMAL, "a\tb"), 400);
	CHECK_INT(place_keyed(&s, MINIMAL, "\xc3\xa9"), 400);
	memset(longest, 'k', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	CHECK_INT(place_keyed(&s, MINIMAL, longest), 400);
	longest[sizeof(longest) - 2] = '\0';
	CHECK_INT(place_keyed(&s, MINIMAL, longest), 202);
	CHECK_INT(stored(&s), 3 + 3);
	tear_down(&s);
}

static void guards_refuse_and_name_their_rule(void)
{
	struct tel_throw_switch stop = { .stop = true };
	struct tel_step_about about = { .outbound_switch = true };
	struct stage s;

	set_up(&s);
	s.rig.app.guards.n_allow = 0;
	CHECK_INT(place(&s, MINIMAL), 403);
	CHECK_MEMBER(&s, "rule", NULL, "allow_prefixes");
	CHECK_MEMBER(&s, "reason", NULL, "allow_prefixes");
	CU_ASSERT_PTR_NOT_NULL(strstr(member(&s, "detail", NULL), "TELEPHONY_ALLOW_PREFIXES"));
	CU_ASSERT_PTR_NULL(header(&s, "Retry-After").ptr);
	s.rig.app.guards.n_allow = 1;
	s.rig.app.guards.max_concurrent = 2;
	s.rig.app.guards.max_per_destination_day = 1;
	CHECK_INT(place(&s, MINIMAL), 202);
	s.clock.now += 1500;
	CHECK_INT(place(&s, MINIMAL), 429);
	CHECK_MEMBER(&s, "rule", NULL, "max_per_destination_day");
	CHECK_STR(header(&s, "Retry-After"), "86399");
	CHECK_INT(place(&s, "{\"to\":\"+15550101\"}"), 202);
	CHECK_INT(place(&s, "{\"to\":\"+15550102\"}"), 429);
	CHECK_MEMBER(&s, "rule", NULL, "max_concurrent");
	CHECK_STR(header(&s, "Retry-After"), "10");
	stop.now = s.clock.now;
	CHECK_INT(s.store->ops->step(s.store, &about, tel_decide_throw_switch, &stop), TEL_OK);
	CHECK_INT(place(&s, "{\"to\":\"+15550102\"}"), 403);
	CHECK_MEMBER(&s, "rule", NULL, "outbound_stopped");
	CHECK_INT(stored(&s), 2);
	tear_down(&s);
}

static void a_dry_run_tells_every_rule(void)
{
	struct json_object *body, *rules;
	struct stage s;
	int i;

	set_up(&s);
	for (i = 0; i < 2; i++) {
		s.rig.app.guards.n_allow = i == 0;
		CHECK_INT(post_with_key(&s, "/telephony/calls?dryRun=true", TEL_STR(MINIMAL),
					"key"), 200);
		CHECK_MEMBER(&s, "dryRun", NULL, "true");
		CHECK_MEMBER(&s, "allowed", NULL, i == 0 ? "true" : "false");
		CHECK_MEMBER(&s, "rules", "rule", "outbound_stopped");
		CHECK_MEMBER(&s, "rules", "passed", "true");
		body = json_tokener_parse(s.response.body.ptr);
		CU_ASSERT_TRUE(json_object_object_get_ex(body, "rules", &rules));
		CHECK_INT(json_object_array_length(rules), TEL_GUARDS);
		json_object_put(body);
	}
	CHECK_INT(stored(&s), 0);
	CHECK_INT(post(&s, "/telephony/calls?dryRun=false", MINIMAL), 403);
	tear_down(&s);
}

/* ---- steering -------------------------------------------------------------------------------- */

static void hanging_up(void)
{
	char target[96];
	struct stage s;

	set_up(&s);
	CHECK_INT(hang_up(&s, NOBODY), 404);
	CHECK_MEMBER(&s, "reason", NULL, "no_such_call");
	CHECK_INT(hang_up(&s, "/telephony/calls/c0ffee"), 404);
	CHECK_INT(place(&s, MINIMAL), 202);
	snprintf(target, sizeof(target), "%s", header(&s, "Location").ptr);
	CHECK_INT(hang_up(&s, target), 202);
	CHECK_INT(hang_up(&s, target) / 100, 2);
	tel_rig_pass(&s.rig, 5 * TEL_SECOND);
	CHECK_INT(hang_up(&s, target), 200);
	CHECK_MEMBER(&s, "outcome", NULL, "canceled");
	CU_ASSERT_TRUE(member(&s, "hangUpAt", NULL)[0] != '\0');
	tear_down(&s);
}

/* An inbound caller's call; its target for a transfer. */
static void add_caller(struct stage *s, char target[96])
{
	struct tel_call_filter filter = { 0 };
	struct tel_call_page page = { 0 };
	struct tel_event e = {
		.kind = TEL_EVENT_PARTICIPANT_JOINED, .name = TEL_STR("participant_joined"),
		.id = TEL_STR("EV_1"), .room_name = TEL_STR("room"), .room_sid = TEL_STR("RM_1"),
		.raw = TEL_STR("{}"),
		.participant = { .kind = TEL_PARTICIPANT_SIP, .sid = TEL_STR("PA_1"),
				 .sip_call_id = TEL_STR("SCL_1"), .rule_id = TEL_STR("SDR"),
				 .number = TEL_STR("+15550100") },
	};

	CHECK_INT(tel_rig_deliver(&s->rig, &e).status, TEL_RECEIVED);
	CHECK_INT(s->store->ops->list(s->store, &filter, &page), TEL_OK);
	CU_ASSERT_EQUAL_FATAL(page.n, 1);
	snprintf(target, 96, "/telephony/calls/%s", page.calls[0]->id.text);
	tel_call_page_release(&page);
}

static void transferring(void)
{
	char call[96], target[128];
	struct stage s;

	set_up(&s);
	CHECK_INT(post(&s, NOBODY "/transfer", "{\"to\":\"tel:+15550100\"}"), 404);
	add_caller(&s, call);
	snprintf(target, sizeof(target), "%s/transfer", call);
	CHECK_INT(post(&s, target, "{\"to\":\"tel:+1 555 0100\",\"playDialtone\":true}"), 202);
	CHECK_MEMBER(&s, "transfer", "state", "requested");
	CHECK_MEMBER(&s, "transfer", "to", "tel:+15550100");
	CHECK_MEMBER(&s, "transfer", "playDialtone", "true");
	CHECK_INT(post(&s, target, "{\"to\":\"sip:bob@example.com\"}"), 409);
	CHECK_MEMBER(&s, "reason", NULL, "transfer_pending");
	CHECK_INT(hang_up(&s, call), 202);
	CHECK_INT(post(&s, target, "{\"to\":\"sip:bob@example.com\"}"), 409);
	CHECK_MEMBER(&s, "reason", NULL, "call_over");
	CHECK_INT(place(&s, MINIMAL), 202);
	snprintf(target, sizeof(target), "%s/transfer", header(&s, "Location").ptr);
	CHECK_INT(post(&s, target, "{\"to\":\"tel:+15550100\"}"), 409);
	CHECK_MEMBER(&s, "reason", NULL, "no_phone");
	tear_down(&s);
}

static void transfers_are_checked(void)
{
	static const struct { const char *body; bool good; const char *member; } cases[] = {
		{ "{\"to\":\"sip:bob@example.com;transport=tcp\"}", true, NULL },
		{ "{\"to\":\"sip:pbx.example.com\"}", true, NULL },
		{ "{\"to\":\"tel:+15550100\"}", true, NULL },
		{ "{\"to\":\"tel:+15550100\",\"playDialtone\":false}", true, NULL },
		{ "{}", false, "to" },
		{ "{\"to\":1}", false, "to" },
		{ "{\"to\":\"\"}", false, "to" },
		{ "{\"to\":\"+15550100\"}", false, "to" },
		{ "{\"to\":\"tel:15550100\"}", false, "to" },
		{ "{\"to\":\"tel:\"}", false, "to" },
		{ "{\"to\":\"tel:+15550100;ext=1\"}", false, "to" },
		{ "{\"to\":\"sip:\"}", false, "to" },
		{ "{\"to\":\"sip:bob@\"}", false, "to" },
		{ "{\"to\":\"sip:@example.com\"}", false, "to" },
		{ "{\"to\":\"sip:a@b@c\"}", false, "to" },
		{ "{\"to\":\"sip:a b@example.com\"}", false, "to" },
		{ "{\"to\":\"sip:bob@example.com:5060\"}", true, NULL },
		{ "{\"to\":\"sip:bob@[2001:db8::1]:5060\"}", true, NULL },
		/* A number in disguise, a password, headers. */
		{ "{\"to\":\"sip:%2B15550100@example.com\"}", false, "to" },
		{ "{\"to\":\"sip:+15550100:pw@example.com\"}", false, "to" },
		{ "{\"to\":\"sip:tel:+15550100@example.com\"}", false, "to" },
		{ "{\"to\":\"sip:+15550100?x@example.com\"}", false, "to" },
		{ "{\"to\":\"sip:bob@example.com?Replaces=x\"}", false, "to" },
		{ "{\"to\":\"sip:a@b>\\r\\nX: y\"}", false, "to" },
		{ "{\"to\":\"sip:a@b>\"}", false, "to" },
		{ "{\"to\":\"sip:a\\u0000@b\"}", false, "to" },
		{ "{\"to\":\"https://example.com\"}", false, "to" },
		{ "{\"to\":\"tel:+15550100\",\"playDialtone\":\"yes\"}", false, "playDialtone" },
		{ "{\"to\":\"tel:+15550100\",\"playDialtone\":null}", false, "playDialtone" },
		{ "{\"to\":\"tel:+15550100\",\"dialtone\":true}", false, "dialtone" },
	};
	char body[TEL_MAX_TRANSFER_TO + 32];
	struct stage s;
	size_t i;

	set_up(&s);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (post(&s, NOBODY "/transfer", cases[i].body) != (cases[i].good ? 404 : 400))
			fprintf(stderr, "\n%s: %d", cases[i].body, s.response.status);
		CHECK_INT(s.response.status, cases[i].good ? 404 : 400);
		if (!cases[i].good)
			CHECK_MEMBER(&s, "member", NULL, cases[i].member);
	}
	snprintf(body, sizeof(body), "{\"to\":\"sip:%0*d\"}", TEL_MAX_TRANSFER_TO - 4, 1);
	CHECK_INT(post(&s, NOBODY "/transfer", body), 404);
	snprintf(body, sizeof(body), "{\"to\":\"sip:%0*d\"}", TEL_MAX_TRANSFER_TO - 3, 1);
	CHECK_INT(post(&s, NOBODY "/transfer", body), 400);
	tear_down(&s);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{ "acting needs a token", acting_needs_a_token },
		{ "every member is checked", every_member_is_checked },
		{ "all faults are told at once", all_faults_are_told_at_once },
		{ "sizes are bounded", sizes_are_bounded },
		{ "bodies must be JSON", bodies_must_be_json },
		{ "parameters are checked", parameters_are_checked },
		{ "a call is placed", a_call_is_placed },
		{ "what has no default must be given", what_has_no_default_must_be_given },
		{ "a key makes one call", a_key_makes_one_call },
		{ "guards refuse and name their rule", guards_refuse_and_name_their_rule },
		{ "a dry run tells every rule", a_dry_run_tells_every_rule },
		{ "hanging up", hanging_up },
		{ "transferring", transferring },
		{ "transfers are checked", transfers_are_checked },
		CU_TEST_INFO_NULL
	};
	CU_SuiteInfo suites[] = {
		{ "http: acting", NULL, NULL, NULL, NULL, tests },
		CU_SUITE_INFO_NULL
	};

	return tel_run_suites(suites);
}
