#include "config.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "domain/decide.h"
#include "harness.h"
#include "http/handlers.h"
#include "http/problem.h"
#include "base/banned.h"

/* ---- a world without a disk, a clock or a network ------------------------- */

struct fake_store {
	struct tel_call_store base;
	enum tel_err err;		/* what everything returns */
	int steps;
};

struct fake_verifier {
	struct tel_webhook_verifier base;
	enum tel_webhook_verdict verdict;
	int asked;
};

struct fake_decoder {
	struct tel_event_decoder base;
	enum tel_err err;
};

struct fake_counters {
	struct tel_counters base;
	uint64_t counts[TEL_COUNTERS];
};

struct world {
	struct tel_app app;
	struct tel_http_context http;
	struct fake_store store;
	struct fake_verifier verifier;
	struct fake_decoder decoder;
	struct fake_counters counters;
	bool routes_are_fine;
};

static enum tel_err store_step(struct tel_call_store *base, const struct tel_step_about *about,
			       tel_decide_fn decide, void *ctx)
{
	struct fake_store *store = (struct fake_store *)base;

	(void)about;
	(void)decide;
	((struct tel_on_event *)ctx)->effect = TEL_EFFECT_CREATED;
	store->steps++;
	return store->err;
}

static enum tel_err store_stats(struct tel_call_store *base, struct tel_store_stats *out)
{
	*out = (struct tel_store_stats){ .calls = 42, .live_calls = 7, .used_bytes = 123456 };
	return ((struct fake_store *)base)->err;
}

static enum tel_webhook_verdict verifier_verify(struct tel_webhook_verifier *base,
						struct tel_str authorization, struct tel_str body,
						tel_time now)
{
	struct fake_verifier *verifier = (struct fake_verifier *)base;

	(void)authorization;
	(void)body;
	(void)now;
	verifier->asked++;
	return verifier->verdict;
}

static enum tel_err decoder_decode(struct tel_event_decoder *base, struct tel_str body,
				   struct tel_event *out)
{
	(void)body;
	*out = (struct tel_event){
		.kind = TEL_EVENT_ROOM_FINISHED,
		.name = TEL_STR("room_finished"),
		.id = TEL_STR("EV_1"),
		.room_name = TEL_STR("call-1"),
		.room_sid = TEL_STR("RM_1"),
	};
	return ((struct fake_decoder *)base)->err;
}

static void counters_add(struct tel_counters *base, enum tel_counter which, uint64_t n)
{
	((struct fake_counters *)base)->counts[which] += n;
}

static uint64_t counters_read(struct tel_counters *base, enum tel_counter which)
{
	return ((struct fake_counters *)base)->counts[which];
}

static enum tel_err random_fill(struct tel_random *base, void *out, size_t len)
{
	(void)base;
	memset(out, 7, len);
	return TEL_OK;
}

static tel_time clock_now(struct tel_clock *base)
{
	(void)base;
	return 1000;
}

static struct tel_str process_self(struct tel_process *base)
{
	(void)base;
	return TEL_STR("test");
}

static bool log_enabled(struct tel_log *base, enum tel_log_level level)
{
	(void)base;
	(void)level;
	return false;
}

static bool routes_are_fine(void *ctx, struct tel_buf *why)
{
	tel_buf_puts(why, "line 3: no such thing");
	return *(bool *)ctx;
}

static void world_init(struct world *w)
{
	static const struct tel_call_store_ops store_ops = { .step = store_step,
							     .stats = store_stats };
	static const struct tel_webhook_verifier_ops verifier_ops = { .verify = verifier_verify };
	static const struct tel_event_decoder_ops decoder_ops = { .decode = decoder_decode };
	static const struct tel_counters_ops counters_ops = { .add = counters_add,
							      .read = counters_read };
	static const struct tel_random_ops random_ops = { .fill = random_fill };
	static const struct tel_clock_ops clock_ops = { .now = clock_now };
	static const struct tel_process_ops process_ops = { .self = process_self };
	static const struct tel_log_ops log_ops = { .enabled = log_enabled };
	static struct tel_random random = { &random_ops };
	static struct tel_clock clock = { &clock_ops };
	static struct tel_process process = { &process_ops };
	static struct tel_log log = { &log_ops };

	*w = (struct world){ .routes_are_fine = true };
	w->store.base.ops = &store_ops;
	w->verifier.base.ops = &verifier_ops;
	w->decoder.base.ops = &decoder_ops;
	w->counters.base.ops = &counters_ops;
	w->app = (struct tel_app){
		.store = &w->store.base, .verifier = &w->verifier.base,
		.decoder = &w->decoder.base, .counters = &w->counters.base,
		.random = &random, .clock = &clock, .process = &process, .log = &log,
		.enabled = true,
	};
	w->http = (struct tel_http_context){
		.app = &w->app, .version = "9.9",
		.routes_are_fine = routes_are_fine, .routes_ctx = &w->routes_are_fine,
	};
}

static void ask(struct world *w, const char *method, const char *target,
		struct tel_http_response *response)
{
	struct tel_http_request request = { .method = tel_str_from(method) };

	tel_http_request_set_target(&request, tel_str_from(target));
	tel_http_response_init(response);
	tel_http_answer(&w->http, &request, response);
}

static const char *header(const struct tel_http_response *response, const char *name)
{
	size_t i;

	for (i = 0; i < response->n_headers; i++)
		if (strcmp(response->headers[i].name, name) == 0)
			return response->headers[i].value;
	return "";
}

/* A text member of a JSON body; "" if it is not there. Static buffer. */
static const char *member(const struct tel_http_response *response, const char *name)
{
	static char text[512];
	struct json_object *body = json_tokener_parse(response->body.ptr), *value = NULL;

	text[0] = '\0';
	CU_ASSERT_PTR_NOT_NULL(body);
	if (body && json_object_object_get_ex(body, name, &value))
		snprintf(text, sizeof(text), "%s", json_object_get_string(value));
	json_object_put(body);
	return text;
}

#define CHECK_MEMBER(response, name, want) CHECK_STR(tel_str_from(member(response, name)), want)
#define CHECK_HEADER(response, name, want) CHECK_STR(tel_str_from(header(response, name)), want)

/* ---- targets ------------------------------------------------------------- */

static void targets_mean_one_thing_or_nothing(void)
{
	static const struct {
		const char *target;
		int status;
		const char *path, *query;
	} cases[] = {
		{ "/telephony/healthz", 0, "/telephony/healthz", "" },
		{ "/telephony/healthz/", 0, "/telephony/healthz", "" },
		{ "/telephony/calls?roomName=a%20b", 0, "/telephony/calls", "roomName=a%20b" },
		{ "/telephony/calls?", 0, "/telephony/calls", "" },
		{ "/a?b?c", 0, "/a", "b?c" },
		{ "/%74elephony/health%7a", 0, "/telephony/healthz", "" },
		{ "/a%20b/%C3%A9", 0, "/a b/\xc3\xa9", "" },
		{ "/", 0, "/", "" },
		{ "http://example.org/telephony/calls?x", 0, "/telephony/calls", "x" },
		{ "https://example.org", 0, "/", "" },
		{ "/telephony/../etc/passwd", 400, "", "" },
		{ "/telephony/%2e%2e/x", 400, "", "" },
		{ "/telephony/./x", 400, "", "" },
		{ "/telephony/..", 400, "", "" },
		{ "/telephony//healthz", 400, "", "" },
		{ "//telephony", 400, "", "" },
		{ "/telephony//", 400, "", "" },
		{ "/telephony%2fhealthz", 400, "", "" },
		{ "/telephony%2Fhealthz", 400, "", "" },
		{ "/telephony\\healthz", 400, "", "" },
		{ "/telephony%5chealthz", 400, "", "" },
		{ "/telephony/healthz%00", 400, "", "" },
		{ "/telephony/health%0az", 400, "", "" },
		{ "/telephony/%", 400, "", "" },
		{ "/telephony/%7", 400, "", "" },
		{ "/telephony/%zz", 400, "", "" },
		{ "", 400, "", "" },
		{ "*", 400, "", "" },
		{ "telephony/healthz", 400, "", "" },
	};
	struct tel_http_request request = { 0 };
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tel_http_request_set_target(&request, tel_str_from(cases[i].target));
		CHECK_INT(request.target_status, cases[i].status);
		CHECK_STR(tel_http_request_path(&request), cases[i].path);
		if (!cases[i].status)
			CHECK_STR(request.query, cases[i].query);
	}
}

static void long_targets_are_414(void)
{
	char target[TEL_MAX_PATH + 2];
	struct tel_http_request request = { 0 };

	memset(target, 'a', sizeof(target));
	target[0] = '/';
	tel_http_request_set_target(&request, (struct tel_str){ target, TEL_MAX_PATH });
	CHECK_INT(request.target_status, 0);
	CHECK_INT(request.path_len, TEL_MAX_PATH);
	tel_http_request_set_target(&request, (struct tel_str){ target, TEL_MAX_PATH + 1 });
	CHECK_INT(request.target_status, 414);
	CHECK_INT(request.path_len, 0);
}

static void media_types_have_parameters(void)
{
	static const struct { const char *value; bool is; } cases[] = {
		{ "application/json", true },
		{ "Application/JSON ; charset=utf-8", true },
		{ " application/json;", true },
		{ "application/jsonx", false },
		{ "application/x-json", false },
		{ "", false },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_INT(tel_http_has_type(tel_str_from(cases[i].value), "application/json"),
			  cases[i].is);
	CU_ASSERT_FALSE(tel_http_has_type(TEL_STR_NONE, "application/json"));
}

/* ---- the router ----------------------------------------------------------- */

static void say_params(struct tel_http_context *context, const struct tel_http_request *request,
		       struct tel_http_response *response)
{
	(void)context;
	tel_buf_printf(&response->body, "%.*s,%.*s", TEL_STR_ARG(request->params[0]),
		       TEL_STR_ARG(request->params[1]));
}

static void say_too_much(struct tel_http_context *context, const struct tel_http_request *request,
			 struct tel_http_response *response)
{
	(void)context;
	(void)request;
	response->body.err = TEL_ENOMEM;
}

static void break_a_header(struct tel_http_context *context,
			   const struct tel_http_request *request,
			   struct tel_http_response *response)
{
	(void)context;
	(void)request;
	tel_http_response_header(response, "Location", "/x\r\nSet-Cookie: a=b");
}

static void routes_are_found_by_method_and_pattern(void)
{
	static const struct tel_http_route routes[] = {
		{ "GET", "/t/calls", say_params },
		{ "POST", "/t/calls", say_params },
		{ "GET", "/t/calls/{callId}", say_params },
		{ "DELETE", "/t/calls/{callId}", say_params },
		{ "GET", "/t/calls/{callId}/legs/{sid}", say_params },
		{ "GET", "/t/big", say_too_much },
		{ "GET", "/t/evil", break_a_header },
	};
	static const struct {
		const char *method, *target;
		int status;
		const char *allow, *body;
		bool omit;
	} cases[] = {
		{ "GET", "/t/calls", 200, "", ",", false },
		{ "POST", "/t/calls/", 200, "", ",", false },
		{ "HEAD", "/t/calls", 200, "", ",", true },
		{ "GET", "/t/calls/abc", 200, "", "abc,", false },
		{ "GET", "/t/calls/a%20c/legs/7", 200, "", "a c,7", false },
		{ "PUT", "/t/calls", 405, "GET, HEAD, POST", NULL, false },
		{ "get", "/t/calls", 405, "GET, HEAD, POST", NULL, false },
		{ "OPTIONS", "/t/calls", 405, "GET, HEAD, POST", NULL, false },
		{ "POST", "/t/calls/x", 405, "GET, HEAD, DELETE", NULL, false },
		{ "", "/t/calls", 405, "GET, HEAD, POST", NULL, false },
		{ "GET", "/t/calls/x/y", 404, "", NULL, false },
		{ "GET", "/t", 404, "", NULL, false },
		{ "GET", "/", 404, "", NULL, false },
		{ "GET", "/T/calls", 404, "", NULL, false },
		{ "GET", "/t/calls/..", 400, "", NULL, false },
		{ "GET", "/t/big", 503, "", "", false },
		{ "GET", "/t/evil", 500, "", "", false },
	};
	struct tel_http_response response;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tel_http_request request = { .method = tel_str_from(cases[i].method) };

		tel_http_request_set_target(&request, tel_str_from(cases[i].target));
		tel_http_response_init(&response);
		tel_http_route(routes, sizeof(routes) / sizeof(routes[0]), NULL, &request,
			       &response);
		CHECK_INT(response.status, cases[i].status);
		CHECK_HEADER(&response, "Allow", cases[i].allow);
		CHECK_INT(response.omit_body, cases[i].omit);
		if (cases[i].body)
			CHECK_STR(tel_buf_str(&response.body), cases[i].body);
		else
			CHECK_STR(tel_str_from(response.content_type), "application/problem+json");
		tel_http_response_release(&response);
	}
}

static void problems_are_rfc_9457(void)
{
	struct tel_http_response response;

	tel_http_response_init(&response);
	tel_http_problem_unavailable(&response, "store_full", "There is no room \"left\".");
	CHECK_INT(response.status, 503);
	CHECK_HEADER(&response, "Retry-After", "1");
	CHECK_MEMBER(&response, "type", "urn:livekit-telephony:problem:store_full");
	CHECK_MEMBER(&response, "title", "Service Unavailable");
	CHECK_MEMBER(&response, "status", "503");
	CHECK_MEMBER(&response, "detail", "There is no room \"left\".");
	CHECK_MEMBER(&response, "reason", "store_full");
	tel_http_response_release(&response);

	tel_http_response_init(&response);
	tel_http_problem(&response, 404, NULL, NULL);
	CHECK_MEMBER(&response, "type", "about:blank");
	CHECK_MEMBER(&response, "title", "Not Found");
	CHECK_MEMBER(&response, "reason", "");
	CHECK_MEMBER(&response, "detail", "");
	tel_http_response_release(&response);
}

/* ---- the webhook ---------------------------------------------------------- */

#define TYPE "application/webhook+json"
#define NO_COUNTER TEL_COUNTERS

static void webhooks_are_answered_in_order_of_cost(void)
{
	static const struct {
		const char *method, *type;
		bool too_big, truncated;
		enum tel_webhook_verdict verdict;
		enum tel_err decode, store;
		int status;
		const char *reason;
		enum tel_counter counter;
	} cases[] = {
		{ "POST", TYPE, 0, 0, TEL_WEBHOOK_GENUINE, TEL_OK, TEL_OK, 200, "",
		  TEL_COUNT_WEBHOOK_APPLIED },
		{ "POST", "application/json; charset=utf-8", 0, 0, TEL_WEBHOOK_GENUINE, TEL_OK,
		  TEL_OK, 200, "", TEL_COUNT_WEBHOOK_APPLIED },
		{ "GET", "text/plain", 1, 1, TEL_WEBHOOK_NO_HEADER, TEL_OK, TEL_OK, 405, "",
		  NO_COUNTER },
		{ "HEAD", TYPE, 0, 0, TEL_WEBHOOK_GENUINE, TEL_OK, TEL_OK, 405, "", NO_COUNTER },
		{ "POST", "text/plain", 1, 1, TEL_WEBHOOK_NO_HEADER, TEL_OK, TEL_OK, 415,
		  "wrong_type", TEL_COUNT_WEBHOOK_WRONG_TYPE },
		{ "POST", "", 0, 0, TEL_WEBHOOK_GENUINE, TEL_OK, TEL_OK, 415, "wrong_type",
		  TEL_COUNT_WEBHOOK_WRONG_TYPE },
		{ "POST", TYPE, 1, 1, TEL_WEBHOOK_NO_HEADER, TEL_OK, TEL_OK, 413, "too_big",
		  TEL_COUNT_WEBHOOK_TOO_BIG },
		{ "POST", TYPE, 0, 1, TEL_WEBHOOK_GENUINE, TEL_OK, TEL_OK, 400, "truncated",
		  TEL_COUNT_WEBHOOK_MALFORMED },
		{ "POST", TYPE, 0, 0, TEL_WEBHOOK_NO_HEADER, TEL_EMALFORMED, TEL_OK, 401,
		  "no_header", TEL_COUNT_WEBHOOK_NO_HEADER },
		{ "POST", TYPE, 0, 0, TEL_WEBHOOK_BAD_JWT, TEL_OK, TEL_OK, 401, "bad_jwt",
		  TEL_COUNT_WEBHOOK_BAD_JWT },
		{ "POST", TYPE, 0, 0, TEL_WEBHOOK_BAD_ALG, TEL_OK, TEL_OK, 401, "bad_alg",
		  TEL_COUNT_WEBHOOK_BAD_ALG },
		{ "POST", TYPE, 0, 0, TEL_WEBHOOK_UNKNOWN_KEY, TEL_OK, TEL_OK, 401,
		  "unknown_key", TEL_COUNT_WEBHOOK_UNKNOWN_KEY },
		{ "POST", TYPE, 0, 0, TEL_WEBHOOK_BAD_SIGNATURE, TEL_OK, TEL_OK, 401,
		  "bad_signature", TEL_COUNT_WEBHOOK_BAD_SIGNATURE },
		{ "POST", TYPE, 0, 0, TEL_WEBHOOK_EXPIRED, TEL_OK, TEL_OK, 401, "expired",
		  TEL_COUNT_WEBHOOK_EXPIRED },
		{ "POST", TYPE, 0, 0, TEL_WEBHOOK_NOT_YET_VALID, TEL_OK, TEL_OK, 401,
		  "not_yet_valid", TEL_COUNT_WEBHOOK_NOT_YET_VALID },
		{ "POST", TYPE, 0, 0, TEL_WEBHOOK_BODY_HASH_MISMATCH, TEL_OK, TEL_OK, 401,
		  "body_hash_mismatch", TEL_COUNT_WEBHOOK_BODY_HASH_MISMATCH },
		{ "POST", TYPE, 0, 0, TEL_WEBHOOK_VERIFIER_FAILED, TEL_OK, TEL_OK, 503,
		  "unavailable", TEL_COUNT_WEBHOOK_UNAVAILABLE },
		{ "POST", TYPE, 0, 0, TEL_WEBHOOK_GENUINE, TEL_EMALFORMED, TEL_OK, 400,
		  "malformed", TEL_COUNT_WEBHOOK_MALFORMED },
		{ "POST", TYPE, 0, 0, TEL_WEBHOOK_GENUINE, TEL_ENOMEM, TEL_OK, 503,
		  "unavailable", TEL_COUNT_WEBHOOK_UNAVAILABLE },
		{ "POST", TYPE, 0, 0, TEL_WEBHOOK_GENUINE, TEL_OK, TEL_EFULL, 503,
		  "unavailable", TEL_COUNT_WEBHOOK_UNAVAILABLE },
		{ "POST", TYPE, 0, 0, TEL_WEBHOOK_GENUINE, TEL_OK, TEL_EBUSY, 503,
		  "unavailable", TEL_COUNT_WEBHOOK_UNAVAILABLE },
	};
	struct tel_http_response response;
	struct world w;
	size_t i, c;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tel_http_request request = {
			.method = tel_str_from(cases[i].method),
			.content_type = tel_str_from(cases[i].type),
			.body_too_big = cases[i].too_big,
			.body_truncated = cases[i].truncated,
			.body = TEL_STR("{}"),
		};

		world_init(&w);
		w.verifier.verdict = cases[i].verdict;
		w.decoder.err = cases[i].decode;
		w.store.err = cases[i].store;
		tel_http_request_set_target(&request, TEL_STR("/telephony/livekit-webhook"));
		tel_http_response_init(&response);
		tel_http_answer(&w.http, &request, &response);

		CHECK_INT(response.status, cases[i].status);
		CHECK_MEMBER(&response, "reason", cases[i].reason);
		CHECK_HEADER(&response, "WWW-Authenticate",
			     cases[i].status == 401 ? "Bearer" : "");
		CHECK_HEADER(&response, "Retry-After", cases[i].status == 503 ? "1" : "");
		CHECK_HEADER(&response, "Allow", cases[i].status == 405 ? "POST" : "");
		for (c = 0; c < TEL_COUNTERS; c++)
			if (c != TEL_COUNT_CALL_CREATED)
				CHECK_INT(w.counters.counts[c], c == cases[i].counter);
		/* Nothing is verified or written for what is refused before. */
		CHECK_INT(w.verifier.asked, cases[i].status == 200 || cases[i].status == 401 ||
			  cases[i].status == 503 || cases[i].decode != TEL_OK);
		CHECK_INT(w.store.steps, cases[i].status == 200 || cases[i].store != TEL_OK);
		if (cases[i].status == 200) {
			CHECK_MEMBER(&response, "ok", "true");
			CHECK_MEMBER(&response, "effect", "created");
		}
		tel_http_response_release(&response);
	}
}

static void a_disabled_program_acknowledges(void)
{
	struct tel_http_response response;
	struct tel_http_request request = { .method = TEL_STR("POST"),
					    .content_type = TEL_STR(TYPE) };
	struct world w;

	world_init(&w);
	w.app.enabled = false;
	tel_http_request_set_target(&request, TEL_STR("/telephony/livekit-webhook"));
	tel_http_response_init(&response);
	tel_http_answer(&w.http, &request, &response);
	CHECK_INT(response.status, 200);
	CHECK_INT(w.store.steps, 0);
	tel_http_response_release(&response);
}

/* ---- health and metrics --------------------------------------------------- */

static void health_needs_no_store(void)
{
	struct tel_http_response response;
	struct world w;

	world_init(&w);
	w.store.err = TEL_EIO;
	ask(&w, "GET", "/telephony/healthz", &response);
	CHECK_INT(response.status, 200);
	CHECK_MEMBER(&response, "status", "ok");
	CHECK_MEMBER(&response, "version", "9.9");
	tel_http_response_release(&response);
}

static void readiness_is_the_stores(void)
{
	struct tel_http_response response;
	struct world w;

	world_init(&w);
	ask(&w, "GET", "/telephony/readyz", &response);
	CHECK_INT(response.status, 200);
	CHECK_MEMBER(&response, "status", "ok");
	CHECK_MEMBER(&response, "enabled", "true");
	CU_ASSERT_PTR_NULL(strstr(member(&response, "checks"), "failed"));
	tel_http_response_release(&response);

	w.routes_are_fine = false;
	ask(&w, "GET", "/telephony/readyz", &response);
	CHECK_INT(response.status, 200);
	CU_ASSERT_PTR_NOT_NULL(strstr(member(&response, "checks"), "line 3: no such thing"));
	tel_http_response_release(&response);

	w.store.err = TEL_EIO;
	ask(&w, "GET", "/telephony/readyz", &response);
	CHECK_INT(response.status, 503);
	CHECK_HEADER(&response, "Retry-After", "1");
	CHECK_MEMBER(&response, "reason", "not_ready");
	CHECK_MEMBER(&response, "status", "503");
	CU_ASSERT_PTR_NOT_NULL(strstr(member(&response, "checks"), "failed"));
	tel_http_response_release(&response);
}

static void metrics_are_closed_unless_allowed(void)
{
	struct tel_http_response response;
	struct world w;
	const char *text;

	world_init(&w);
	ask(&w, "GET", "/telephony/metrics", &response);
	CHECK_INT(response.status, 404);
	tel_http_response_release(&response);

	w.http.show_metrics = true;
	w.counters.counts[TEL_COUNT_WEBHOOK_BAD_JWT] = 3;
	ask(&w, "GET", "/telephony/metrics", &response);
	CHECK_INT(response.status, 200);
	text = response.body.ptr;
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\ntelephony_webhooks_total{result=\"bad_jwt\"} 3\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\ntelephony_store_calls 42\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\ntelephony_store_live_calls 7\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "telephony_build_info{version=\"9.9\"} 1\n"));
	tel_http_response_release(&response);

	w.store.err = TEL_EBUSY;
	ask(&w, "GET", "/telephony/metrics", &response);
	CHECK_INT(response.status, 503);
	tel_http_response_release(&response);
}

/* Every metric has one TYPE and one HELP, and its lines follow them at once. */
static void metrics_are_grouped(void)
{
	struct tel_http_response response;
	struct tel_str rest, line, tail, metric = TEL_STR_NONE;
	struct world w;
	size_t samples = 0;

	world_init(&w);
	w.http.show_metrics = true;
	ask(&w, "GET", "/telephony/metrics", &response);
	for (rest = tel_buf_str(&response.body); tel_str_is_set(rest);) {
		line = tel_str_cut(rest, '\n', &rest);
		if (tel_str_starts(line, TEL_STR("# HELP "))) {
			metric = tel_str_cut((struct tel_str){ line.ptr + 7, line.len - 7 }, ' ',
					     &tail);
			CHECK_INT(tel_str_is_set(tail), true);
		} else if (!tel_str_starts(line, TEL_STR("# TYPE "))) {
			samples++;
			CU_ASSERT_TRUE(tel_str_starts(line, metric));
			CU_ASSERT_TRUE(line.ptr[metric.len] == '{' || line.ptr[metric.len] == ' ');
		}
	}
	CU_ASSERT_TRUE(samples > TEL_COUNTERS);
	tel_http_response_release(&response);
}

int main(void)
{
	CU_TestInfo message[] = {
		{ "targets mean one thing or nothing", targets_mean_one_thing_or_nothing },
		{ "long targets are 414", long_targets_are_414 },
		{ "media types have parameters", media_types_have_parameters },
		CU_TEST_INFO_NULL
	};
	CU_TestInfo router[] = {
		{ "routes are found by method and pattern",
		  routes_are_found_by_method_and_pattern },
		{ "problems are RFC 9457", problems_are_rfc_9457 },
		CU_TEST_INFO_NULL
	};
	CU_TestInfo handlers[] = {
		{ "webhooks are answered in order of cost",
		  webhooks_are_answered_in_order_of_cost },
		{ "a disabled program acknowledges", a_disabled_program_acknowledges },
		{ "health needs no store", health_needs_no_store },
		{ "readiness is the store's", readiness_is_the_stores },
		{ "metrics are closed unless allowed", metrics_are_closed_unless_allowed },
		{ "metrics are grouped", metrics_are_grouped },
		CU_TEST_INFO_NULL
	};
	CU_SuiteInfo suites[] = {
		{ "http: messages", NULL, NULL, NULL, NULL, message },
		{ "http: routing and problems", NULL, NULL, NULL, NULL, router },
		{ "http: handlers", NULL, NULL, NULL, NULL, handlers },
		CU_SUITE_INFO_NULL
	};

	return tel_run_suites(suites);
}
