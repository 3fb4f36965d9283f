/*
 * Every allocation of every unit fails once, alone and with all behind it:
 * the unit says so, leaks nothing (under a sanitizer) and works the next
 * time.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/reconcile.h"
#include "app/run_jobs.h"
#include "config/telephony_config.h"
#include "fcgi/gateway.h"
#include "fakes/fake_clock.h"
#include "fakes/fake_random.h"
#include "harness.h"
#include "http/handlers.h"
#include "http/problem.h"
#include "livekit/client.h"
#include "livekit/event_decoder.h"
#include "livekit/jwt.h"
#include "livekit/keys.h"
#include "livekit/twirp_codec.h"
#include "livekit/verifier.h"
#include "memory-store/memory_store.h"
#include "order/order_read.h"
#include "record/call_record.h"
#include "record/duty_record.h"
#include "record/entry_record.h"
#include "routing/routes_file.h"
#include "system/log_json.h"
#include "system/shared_counters.h"
#include "torture/failing_malloc.h"
#include "torture/torture.h"
#include "view/call_view.h"
#include "base/banned.h"

#define NOW (1795398040 * TEL_SECOND)
#define KEY TEL_STR("devkey")
#define SECRET TEL_STR("devsecretdevsecretdevsecretdevsecret")
#define ID "0f8fad5b-d9cb-469f-a165-70867728950e"

static enum tel_err first(enum tel_err a, enum tel_err b)
{
	return a ? a : b;
}

static void torture(const char *name, enum tel_err (*run)(void *), void *ctx, enum tel_err wanted,
		    bool may_shrug)
{
	struct tel_torture t = {
		.name = name, .run = run, .ctx = ctx, .wanted = wanted, .may_shrug = may_shrug,
	};

	tel_torture(&t);
}

/* ---- configuration --------------------------------------------------------- */

#define WORKING "LIVEKIT_URL=wss://livekit.example.com", "LIVEKIT_API_KEY=APIkey", \
	"LIVEKIT_API_SECRET=s3cr3t-0123456789-0123456789-0123456789", \
	"LIVEKIT_KEYS=one: 1111111111111111111111111111111111, two: 22222222222222222222222222222222222"

static enum tel_err load_config(void *environment)
{
	struct tel_problems problems = { 0 };
	struct tel_config *config = NULL;
	struct tel_buf text;
	enum tel_err err = tel_config_load(environment, TEL_CONFIG_TO_SERVE, &config, &problems);
	enum tel_err written = TEL_OK;

	tel_buf_init(&text, 1 << 20);
	if (err)
		tel_problems_write(&problems, &text);
	else
		written = tel_config_write_effective(config, &text);
	tel_config_free(config);
	tel_problems_release(&problems);
	tel_buf_release(&text);
	return first(err, written);
}

static void configuration(void)
{
	const char *good[] = { WORKING, "TELEPHONY_THREADS=3", NULL };
	const char *bad[] = { WORKING, "TELEPHONY_THREADS=many", "TELEPHONY_STORE=x:y", NULL };

	torture("a configuration", load_config, good, TEL_OK, true);
	torture("a bad configuration", load_config, bad, TEL_EMALFORMED, true);
}

/* ---- routes ------------------------------------------------------------------- */

static const char good_routes[] =
	"{\"default\":{\"agentConfig\":{\"prompt\":\"p\",\"tools\":[\"t\"]}},"
	"\"numbers\":{\"+15550123\":{\"agentName\":\"a\",\"agentConfig\":{\"greeting\":\"g\"}},"
	"\"+1555*\":{\"agentConfig\":{\"voice\":\"v\"}}},"
	"\"trunks\":{\"ST_1\":{\"agentConfig\":{\"model\":\"m\"},\"agentAttempts\":2,"
	"\"fallback\":{\"transfer\":\"+15550300\"}}}}";

static enum tel_err resolve(const struct tel_routes *routes)
{
	struct tel_route_query query = { .to = TEL_STR("+15550123"), .trunk_id = TEL_STR("ST_1") };
	struct tel_route_reasons reasons;
	struct tel_route route = { 0 };
	enum tel_err err = tel_routes_resolve(routes, &query, &route, &reasons);

	if (!err)
		CHECK_STR(route.rule, "did:+15550123+trunk:ST_1");
	tel_route_release(&route);
	return err;
}

static enum tel_err parse_routes(void *text)
{
	struct tel_routes_options options = { "routes.json", "agent" };
	struct tel_problems problems = { 0 };
	struct tel_routes *routes = NULL;
	enum tel_err err = tel_routes_parse(tel_str_from(text), &options, &routes, &problems);

	if (!err)
		err = resolve(routes);
	tel_routes_free(routes);
	tel_problems_release(&problems);
	return err;
}

struct kept_routes {
	char path[TEL_TEMP_PATH], copy[TEL_TEMP_PATH + 8];
	bool keeps, forgets;
};

static void forget_copy(void *ctx)
{
	struct kept_routes *kept = ctx;

	if (kept->forgets)
		unlink(kept->copy);
}

/* A start, and the first call. */
static enum tel_err use_routes_file(void *ctx)
{
	struct kept_routes *kept = ctx;
	struct tel_route_query query = { .to = TEL_STR("+15550123") };
	struct tel_problems problems = { 0 };
	struct tel_routing *routing = NULL;
	struct tel_route route = { 0 };
	struct tel_fake_clock clock;
	struct tel_json_log log;
	struct tel_routes_file_options options = {
		.path = kept->path, .agent_name = "a", .copy = kept->keeps ? kept->copy : NULL,
		.clock = &clock.base, .log = &log.base,
	};
	enum tel_err err;

	tel_fake_clock_init(&clock, NOW);
	tel_json_log_init(&log, -1, TEL_LOG_ERROR, false, &clock.base);
	err = tel_routes_file_open(&options, &routing, &problems);
	if (!err)
		err = routing->ops->resolve(routing, &query, &route);
	tel_route_release(&route);
	tel_routes_file_close(routing);
	tel_problems_release(&problems);
	return err;
}

static void write_file(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CU_ASSERT_FATAL(fd >= 0 && write(fd, text, len) == (ssize_t)len);
	close(fd);
}

static void routes_files(void)
{
	struct kept_routes kept = { 0 };

	close(tel_temp_file(kept.path));
	snprintf(kept.copy, sizeof(kept.copy), "%s.good", kept.path);
	write_file(kept.path, good_routes, sizeof(good_routes) - 1);
	torture("a routes file", use_routes_file, &kept, TEL_OK, true);
	kept.keeps = kept.forgets = true;
	tel_torture(&(struct tel_torture){
		.name = "a routes file, kept", .begin = forget_copy, .run = use_routes_file,
		.ctx = &kept, .may_shrug = true });
	kept.forgets = false;
	CHECK_INT(use_routes_file(&kept), TEL_OK);
	torture("a routes file that is kept already", use_routes_file, &kept, TEL_OK, true);
	write_file(kept.path, "[", 1);
	torture("a broken routes file, and a copy", use_routes_file, &kept, TEL_OK, true);
	write_file(kept.copy, "[", 1);
	torture("a broken routes file, and a broken copy", use_routes_file, &kept, TEL_EMALFORMED, true);
	unlink(kept.copy);
	unlink(kept.path);
}

static void routes(void)
{
	char bad[] = "{\"default\":{\"agentConfig\":1},\"numbers\":{\"\":{},\"+1\":{\"prompt\":2}},\"x\":0}";
	char twice[] = "{\"numbers\":{\"+15550123\":{},\"+15550123\":{}}}";
	char good[sizeof(good_routes)];

	memcpy(good, good_routes, sizeof(good));
	torture("routes", parse_routes, good, TEL_OK, true);
	torture("routes with mistakes", parse_routes, bad, TEL_EMALFORMED, true);
	torture("routes with a key twice", parse_routes, twice, TEL_EMALFORMED, true);
}

/* ---- tokens ------------------------------------------------------------------------ */

struct webhook {
	struct tel_buf token;
	struct tel_str body;
};

static enum tel_err make_tokens(void *ctx)
{
	struct tel_jwt_access access = {
		.key = KEY, .sub = TEL_STR("me"), .room = TEL_STR("room"), .room_admin = true,
		.sip_call = true, .now = NOW, .lifetime = TEL_MINUTE,
	};
	struct tel_jwt_claims claims = { 0 };
	struct tel_jwt_ring *ring = NULL;
	struct tel_keys keys = { 0 };
	struct tel_buf token;
	enum tel_err err = tel_keys_add(&keys, KEY, SECRET);

	(void)ctx;
	tel_buf_init(&token, TEL_MAX_AUTHORIZATION);
	if (!err)
		err = tel_jwt_ring_new(&keys, &ring);
	if (!err)
		err = tel_jwt_make_access(ring, &access, &token);
	if (!err && tel_jwt_verify(ring, tel_buf_str(&token), NOW, &claims) != TEL_JWT_VALID)
		err = TEL_ENOMEM;
	tel_jwt_claims_release(&claims);
	tel_jwt_ring_free(ring);
	tel_keys_release(&keys);
	tel_buf_release(&token);
	return err;
}

static enum tel_err verify(void *ctx)
{
	struct webhook *hook = ctx;
	struct tel_webhook_verifier *verifier = NULL;
	enum tel_webhook_verdict verdict = TEL_WEBHOOK_VERIFIER_FAILED;
	struct tel_keys keys = { 0 };
	enum tel_err err = tel_keys_parse(&keys, TEL_STR("devkey: devsecretdevsecretdevsecretdevsecret"),
					  NULL);

	if (!err)
		err = tel_livekit_verifier_new(&keys, &verifier);
	if (!err)
		verdict = verifier->ops->verify(verifier, tel_buf_str(&hook->token), hook->body, NOW);
	tel_livekit_verifier_free(verifier);
	tel_keys_release(&keys);
	if (!err && verdict != TEL_WEBHOOK_GENUINE)
		err = verdict == TEL_WEBHOOK_VERIFIER_FAILED ? TEL_ENOMEM : TEL_EDENIED;
	return err;
}

static void tokens(void)
{
	struct webhook hook = { .body = TEL_STR("{\"event\":\"x\",\"id\":\"EV_1\"}") };
	struct tel_jwt_ring *ring;
	struct tel_keys keys = { 0 };

	tel_buf_init(&hook.token, TEL_MAX_AUTHORIZATION);
	CHECK_INT(tel_keys_add(&keys, KEY, SECRET), TEL_OK);
	CU_ASSERT_EQUAL_FATAL(tel_jwt_ring_new(&keys, &ring), TEL_OK);
	CHECK_INT(tel_jwt_make_webhook(ring, KEY, hook.body, NOW, TEL_MINUTE, &hook.token), TEL_OK);
	torture("a token made and read", make_tokens, NULL, TEL_OK, false);
	torture("a webhook verified", verify, &hook, TEL_OK, false);
	tel_jwt_ring_free(ring);
	tel_keys_release(&keys);
	tel_buf_release(&hook.token);
}

/* ---- what LiveKit says ----------------------------------------------------------------- */

static const char joined[] =
	"{\"event\":\"participant_joined\",\"id\":\"EV_1\",\"createdAt\":\"1795398041\","
	"\"room\":{\"sid\":\"RM_1\",\"name\":\"call-with-a-name-that-is-longer-than-thirty-two-bytes\"},"
	"\"participant\":{\"sid\":\"PA_1\",\"identity\":\"sip_+15550100\",\"kind\":\"SIP\","
	"\"attributes\":{\"sip.callID\":\"SCL_1\",\"sip.callStatus\":\"active\",\"sip.ruleID\":\"SDR_1\","
	"\"sip.phoneNumber\":\"+15550100\",\"sip.trunkPhoneNumber\":\"+15550123\","
	"\"sip.trunkID\":\"ST_1\",\"password\":\"a\"}}}";

static enum tel_err decode_event(void *body)
{
	struct tel_event event = { 0 };
	enum tel_err err = tel_livekit_decode_event(tel_str_from(body), &event);

	if (!err) {
		CHECK_STR(event.room_name, "call-with-a-name-that-is-longer-than-thirty-two-bytes");
		CHECK_STR(event.participant.rule_id, "SDR_1");
	}
	tel_event_release(&event);
	return err;
}

static enum tel_err encode_requests(void *any_call)
{
	struct tel_call call = *(struct tel_call *)any_call;
	struct tel_lk_request request = {
		.room = TEL_STR("room"), .agent_name = TEL_STR("a"),
		.agent_config = TEL_STR("{\"prompt\":\"a prompt\",\"tools\":[]}"), .call = &call,
		.identity = TEL_STR("sip-1"), .transfer_to = TEL_STR("tel:+15550300"),
		.dispatch_id = TEL_STR("AD_1"),
	};
	enum tel_err err = TEL_OK;
	struct tel_buf body;
	int method;

	CU_ASSERT_TRUE(tel_e164_parse(TEL_STR("+15550200"), &call.to));
	call.trunk_id = TEL_STR("ST_1");
	call.dial.metadata = TEL_STR("{\"order\":7}");
	call.dial.ringing_timeout = call.dial.max_duration = TEL_MINUTE;
	for (method = 0; method < TEL_LK_METHODS && !err; method++) {
		tel_buf_init(&body, TEL_MAX_LIVEKIT_REQUEST);
		request.method = (enum tel_lk_method)method;
		err = tel_twirp_encode(&request, &body);
		if (!err)
			CHECK_INT(tel_buf_str(&body).ptr[body.len - 1], '}');
		tel_buf_release(&body);
	}
	return err;
}

static const struct {
	enum tel_lk_method method;
	int status;
	const char *text;
} answers[] = {
	{ TEL_LK_CREATE_DISPATCH, 200, "{\"id\":\"AD_1\",\"agent_name\":\"a\",\"metadata\":"
		"\"{\\\"telephony\\\":{\\\"callId\\\":\\\"" ID "\\\",\\\"roomSid\\\":\\\"RM_1\\\"}}\"}" },
	{ TEL_LK_LIST_DISPATCH, 200, "{\"agent_dispatches\":[{\"id\":\"AD_1\",\"agent_name\":\"a\","
		"\"state\":{\"deleted_at\":\"5\"}},{\"id\":\"AD_2\",\"agent_name\":\"b\"}]}" },
	{ TEL_LK_LIST_PARTICIPANTS, 200, "{\"participants\":[{\"sid\":\"PA_1\",\"identity\":\"i\","
		"\"kind\":\"SIP\",\"attributes\":{\"sip.callID\":\"SCL_1\"}}]}" },
	{ TEL_LK_LIST_ROOMS, 200, "{\"rooms\":[{\"sid\":\"RM_1\",\"name\":\"r\",\"metadata\":"
		"\"{\\\"telephony\\\":{\\\"callId\\\":\\\"" ID "\\\"}}\"}]}" },
	/* A number behind a long text: it resets errno. */
	{ TEL_LK_CREATE_ROOM, 200, "{\"sid\":\"RM_1\",\"name\":\"r\",\"metadata\":"
		"\"{\\\"telephony\\\":{\\\"callId\\\":\\\"" ID "\\\"}}\",\"num_participants\":0}" },
	{ TEL_LK_CREATE_SIP_PARTICIPANT, 200, "{\"participant_id\":\"PA_1\","
		"\"participant_identity\":\"sip-1\",\"sip_call_id\":\"SCL_1\"}" },
	{ TEL_LK_CREATE_SIP_PARTICIPANT, 503, "{\"code\":\"unavailable\",\"msg\":\"m\",\"meta\":"
		"{\"sip_status_code\":\"486\",\"sip_status\":\"Busy Here\"}}" },
	{ TEL_LK_DELETE_ROOM, 404, "{\"code\":\"not_found\",\"msg\":\"no such room\"}" },
};

static enum tel_err decode_answers(void *ctx)
{
	enum tel_err err = TEL_OK;
	struct tel_lk_answer answer;
	struct tel_arena mem;
	size_t i;

	(void)ctx;
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]) && !err; i++) {
		tel_arena_init(&mem, TEL_MAX_LIVEKIT_ANSWER);
		err = tel_twirp_decode(answers[i].method, answers[i].status,
				       tel_str_from(answers[i].text), &mem, &answer);
		if (!err)
			CHECK_INT(answer.verdict, answers[i].status == 200 ? TEL_LK_DONE :
						  answers[i].status == 404 ? TEL_LK_GONE :
									     TEL_LK_REFUSED);
		if (!err && answer.n_rooms)
			CHECK_STR(answer.rooms[0].call_id, ID);
		tel_arena_release(&mem);
	}
	return err;
}

static enum tel_err make_client(void *ctx)
{
	struct tel_fake_random random;
	struct tel_fake_clock clock;
	struct tel_livekit_client_options options = {
		.url = TEL_STR("wss://livekit.example.com"), .api_key = KEY, .api_secret = SECRET,
		.clock = &clock.base, .random = &random.base, .ca_file = TEL_STR("/ca.pem"),
	};
	struct tel_livekit *client = NULL;
	enum tel_err err;

	(void)ctx;
	tel_fake_clock_init(&clock, NOW);
	tel_fake_random_init(&random, 1);
	err = tel_livekit_client_new(&options, &client, NULL);
	if (client)
		client->ops->close(client);
	return err;
}

/* ---- calls -------------------------------------------------------------------------------- */

static enum tel_err fill_call(struct tel_call *call)
{
	struct tel_leg *leg;
	enum tel_err err = tel_call_id_parse(TEL_STR(ID), &call->id);

	if (!err)
		err = tel_call_set(call, &call->room_name, TEL_STR("room"), TEL_MAX_ROOM_NAME);
	if (!err)
		err = tel_call_set(call, &call->room_sid, TEL_STR("RM_1"), TEL_MAX_ID);
	if (!err)
		err = tel_call_set(call, &call->agent.name, TEL_STR("a"), TEL_MAX_NAME);
	if (!err)
		err = tel_call_set(call, &call->agent.config, TEL_STR("{\"prompt\":\"p\"}"), 100);
	if (!err)
		err = tel_call_set(call, &call->raw, TEL_STR("{\"event\":\"x\"}"), TEL_MAX_RAW);
	if (!err)
		err = tel_call_add_leg(call, &leg);
	if (!err) {
		leg->kind = TEL_PARTICIPANT_SIP;
		err = tel_call_set(call, &leg->participant_sid, TEL_STR("PA_1"), TEL_MAX_ID);
	}
	call->jobs[TEL_JOB_DISPATCH_AGENT] = (struct tel_job){ .pending = true, .due = 5 };
	return err;
}

static enum tel_err make_call(struct tel_call **out)
{
	struct tel_call *call = tel_call_new();
	enum tel_err err = call ? fill_call(call) : TEL_ENOMEM;

	if (err)
		tel_call_free(call);
	else
		*out = call;
	return err;
}

static enum tel_err record_call(void *ctx)
{
	struct tel_call *call = NULL, *copy = NULL, *back = NULL;
	struct tel_buf text;
	enum tel_err err = make_call(&call);

	(void)ctx;
	tel_buf_init(&text, TEL_MAX_RECORD);
	if (!err)
		err = tel_call_clone(call, &copy);
	if (!err)
		err = tel_call_encode(copy, &text);
	if (!err)
		err = tel_call_decode(tel_buf_str(&text), &back);
	if (!err)
		CHECK_STR(back->agent.config, "{\"prompt\":\"p\"}");
	tel_call_free(call);
	tel_call_free(copy);
	tel_call_free(back);
	tel_buf_release(&text);
	return err;
}

static struct tel_entry an_entry(void)
{
	struct tel_entry entry = { .at = NOW, .what = TEL_STR("participant_joined"),
				   .result = TEL_STR("agent requested") };

	tel_entry_note(&entry, "participantSid", TEL_STR("PA_1"));
	tel_entry_note(&entry, "sipCallId", TEL_STR("SCL_1"));
	return entry;
}

static enum tel_err record_entry(void *ctx)
{
	struct tel_entry entry = an_entry(), back;
	struct tel_arena mem;
	struct tel_buf text;
	enum tel_err err;

	(void)ctx;
	tel_buf_init(&text, TEL_MAX_RECORD);
	tel_arena_init(&mem, TEL_MAX_CALL_ARENA);
	err = tel_entry_encode(&entry, &text);
	if (!err)
		err = tel_entry_decode(tel_buf_str(&text), &mem, &back);
	if (!err)
		CHECK_STR(back.result, "agent requested");
	tel_arena_release(&mem);
	tel_buf_release(&text);
	return err;
}

static enum tel_err record_duty(void *ctx)
{
	struct tel_duty duty = { .lease = { TEL_STR("host:1:2"), NOW }, .run_at = NOW }, back;
	struct tel_arena mem;
	struct tel_buf text;
	enum tel_err err;

	(void)ctx;
	tel_buf_init(&text, TEL_MAX_RECORD);
	tel_arena_init(&mem, TEL_MAX_RECORD);
	err = tel_duty_encode(&duty, &text);
	if (!err)
		err = tel_duty_decode(tel_buf_str(&text), &mem, &back);
	if (!err)
		CHECK_STR(back.lease.owner, "host:1:2");
	tel_arena_release(&mem);
	tel_buf_release(&text);
	return err;
}

static enum tel_err show_call(void *call)
{
	struct tel_entry entries[] = { an_entry(), an_entry() };
	struct tel_timeline timeline = { .entries = entries, .n = 2 };
	struct tel_buf text;
	enum tel_err err;

	tel_buf_init(&text, TEL_MAX_CALL_VIEW);
	err = tel_view_call(call, &timeline, &text);
	if (!err)
		err = tel_view_timeline(call, &timeline, &text);
	tel_buf_release(&text);
	return err;
}

static void livekit_and_calls(void)
{
	char body[sizeof(joined)];
	struct tel_call *call = NULL;

	memcpy(body, joined, sizeof(joined));
	CU_ASSERT_EQUAL_FATAL(make_call(&call), TEL_OK);
	torture("an event decoded", decode_event, body, TEL_OK, false);
	torture("requests encoded", encode_requests, call, TEL_OK, false);
	torture("answers decoded", decode_answers, NULL, TEL_OK, false);
	torture("a client of LiveKit", make_client, NULL, TEL_OK, false);
	torture("a call's record", record_call, NULL, TEL_OK, false);
	torture("an entry's record", record_entry, NULL, TEL_OK, false);
	torture("the record of the duty", record_duty, NULL, TEL_OK, false);
	torture("a call shown", show_call, call, TEL_OK, false);
	tel_call_free(call);
}

/* ---- orders ----------------------------------------------------------------------------------- */

struct ordering {
	struct tel_routing *routing;
	struct tel_str text;
};

static enum tel_err read_order(void *ordering)
{
	struct ordering *o = ordering;
	struct tel_problems problems = { 0 };
	struct tel_http_response response;
	struct tel_order_read order;
	enum tel_err err = tel_order_read(o->text, o->routing, &order, &problems);

	if (!err)
		CHECK_STR(order.request.metadata, "{\"a\":[1,2]}");
	tel_http_response_init(&response);
	if (err == TEL_EMALFORMED)
		tel_http_problem_body(&response, &problems);
	tel_http_response_release(&response);
	tel_order_read_release(&order);
	tel_problems_release(&problems);
	return err;
}

static enum tel_err read_transfer(void *ordering)
{
	struct ordering *o = ordering;
	struct tel_problems problems = { 0 };
	struct tel_transfer_read transfer;
	enum tel_err err = tel_transfer_read(o->text, &transfer, &problems);

	tel_problems_release(&problems);
	return err;
}

static void orders(void)
{
	static const char good[] =
		"{\"to\":\"+1 555 0100\",\"agentConfig\":{\"voice\":\"v\",\"x\":{\"y\":1}},"
		"\"dtmf\":\"1\",\"metadata\":{\"a\":[1,2]}}";
	struct tel_problems problems = { 0 };
	struct ordering o = { .text = TEL_STR(good) };
	struct tel_fake_clock clock;
	struct tel_json_log log;
	struct tel_routes_file_options options = {
		.agent_name = "a", .clock = &clock.base, .log = &log.base,
	};

	tel_fake_clock_init(&clock, NOW);
	tel_json_log_init(&log, -1, TEL_LOG_ERROR, false, &clock.base);
	CU_ASSERT_EQUAL_FATAL(tel_routes_file_open(&options, &o.routing, &problems), TEL_OK);
	torture("an order", read_order, &o, TEL_OK, false);
	o.text = TEL_STR("{\"agentConfig\":{\"voice\":1},\"x\":1,\"x\":2,\"metadata\":[]}");
	torture("an order with faults", read_order, &o, TEL_EMALFORMED, true);
	o.text = TEL_STR("{\"to\":");
	torture("half an order", read_order, &o, TEL_EMALFORMED, true);
	o.text = TEL_STR("{\"to\":\"tel:+15550100\",\"playDialtone\":true}");
	torture("a transfer", read_transfer, &o, TEL_OK, false);
	tel_routes_file_close(o.routing);
	tel_problems_release(&problems);
}

/* ---- HTTP ------------------------------------------------------------------------------------- */

struct asked {
	const char *method, *path, *type;
	bool by_script_name;		/* the server does not say REQUEST_URI */
	int status;			/* without a failure */
};

static size_t no_more(void *from, char *out, size_t len)
{
	size_t n = *(size_t *)from < len ? *(size_t *)from : len;

	memset(out, 'x', n);
	*(size_t *)from -= n;
	return n;
}

struct stage {
	struct tel_app app;
	struct tel_http_context http;
	struct tel_fake_clock clock;
	struct tel_json_log log;
	const struct asked *asked;
};

static enum tel_err ask(struct stage *s, struct tel_http_response *response)
{
	char method[32], path[64], type[64];
	char *env[] = { method, path, type, NULL };
	struct tel_http_request request = { 0 };
	size_t left = 100;
	struct tel_gateway_body body = { no_more, &left };
	struct tel_buf buffer;
	enum tel_err err;

	snprintf(method, sizeof(method), "REQUEST_METHOD=%s", s->asked->method);
	snprintf(path, sizeof(path), "%s=%s", s->asked->by_script_name ? "PATH_INFO" : "REQUEST_URI",
		 s->asked->path);
	snprintf(type, sizeof(type), "CONTENT_TYPE=%s", s->asked->type ? s->asked->type : "");
	tel_buf_init(&buffer, TEL_MAX_BODY + 1);
	err = tel_gateway_read(env, &body, &buffer, &request);
	if (!err)
		tel_http_answer(&s->http, &request, response);
	tel_buf_release(&buffer);
	return err;
}

/* The status is the one that fits, or tells the sender to come again. */
static enum tel_err ask_and_answer(void *ctx)
{
	struct stage *s = ctx;
	struct tel_http_response response;
	struct tel_buf head;
	enum tel_err err;

	tel_buf_init(&head, TEL_MAX_TEXT * 8);
	tel_http_response_init(&response);
	err = ask(s, &response);
	if (!err)
		tel_gateway_head(&response, &head);
	if (!err)
		err = response.status == s->asked->status ? TEL_OK :
		      response.status == 503 ? TEL_ENOMEM : TEL_EDENIED;
	err = first(err, tel_buf_err(&head));
	tel_http_response_release(&response);
	tel_buf_release(&head);
	return err;
}

static void set_stage(struct stage *s)
{
	struct tel_keys keys = { 0 };

	*s = (struct stage){ .http = { .app = &s->app, .version = "1", .show_metrics = true } };
	tel_fake_clock_init(&s->clock, NOW);
	tel_json_log_init(&s->log, -1, TEL_LOG_DEBUG, false, &s->clock.base);
	s->app.clock = &s->clock.base;
	s->app.log = &s->log.base;
	CHECK_INT(tel_keys_add(&keys, KEY, SECRET), TEL_OK);
	CHECK_INT(tel_livekit_verifier_new(&keys, &s->app.verifier), TEL_OK);
	CHECK_INT(tel_memory_store_open(NULL, &s->app.store), TEL_OK);
	CHECK_INT(tel_shared_counters_open(NULL, &s->app.counters), TEL_OK);
	tel_keys_release(&keys);
}

static void requests(void)
{
	static const struct asked asked[] = {
		{ "GET", "/telephony/healthz", NULL, false, 200 },
		{ "HEAD", "/telephony/readyz", NULL, false, 200 },
		{ "GET", "/telephony/readyz", NULL, true, 200 },
		{ "GET", "/telephony/metrics", NULL, false, 200 },
		{ "GET", "/telephony/nothing", NULL, false, 404 },
		{ "GET", "/telephony/livekit-webhook", NULL, false, 405 },
		{ "GET", "/telephony/%2e%2e", NULL, false, 400 },
		{ "POST", "/telephony/livekit-webhook", "text/plain", false, 415 },
		{ "POST", "/telephony/livekit-webhook", "application/webhook+json", true, 401 },
	};
	struct stage s;
	char name[96];
	size_t i;

	set_stage(&s);
	for (i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		s.asked = &asked[i];
		snprintf(name, sizeof(name), "%s %s: %d", asked[i].method, asked[i].path, asked[i].status);
		torture(name, ask_and_answer, &s, TEL_OK, true);
	}
	tel_livekit_verifier_free(s.app.verifier);
	tel_shared_counters_close(s.app.counters);
	s.app.store->ops->close(s.app.store);
}

/* ---- the rest ------------------------------------------------------------------------------------ */

static enum tel_err log_a_line(void *ctx)
{
	struct tel_fake_clock clock;
	struct tel_json_log log;

	(void)ctx;
	tel_fake_clock_init(&clock, NOW);
	tel_json_log_init(&log, -1, TEL_LOG_DEBUG, false, &clock.base);
	tel_log_line(&log.base, TEL_LOG_INFO, "event", TEL_F_TEXT("key", "a text\x01\xff"),
		     TEL_F_NUMBER("from", TEL_STR("+15550100")), TEL_F_INT("n", 7));
	return TEL_OK;
}

static enum tel_err make_runner(void *app)
{
	struct tel_inbox *inbox = NULL;
	struct tel_runner *runner = NULL;
	struct tel_reconciler *reconciler = NULL;
	struct tel_counters *counters = NULL;
	struct tel_call_store *store = NULL;
	enum tel_err err = tel_inbox_new(4, NULL, NULL, &inbox);

	if (!err)
		err = tel_runner_new(app, inbox, &runner);
	if (!err)
		err = tel_reconciler_new(app, &reconciler);
	if (!err)
		err = tel_memory_store_open(NULL, &store);
	if (!err)
		err = tel_shared_counters_open(NULL, &counters);
	tel_shared_counters_close(counters);
	if (store)
		store->ops->close(store);
	tel_reconciler_free(reconciler);
	tel_runner_free(runner);
	tel_inbox_free(inbox);
	return err;
}

static void the_rest(void)
{
	struct tel_app app = { 0 };

	torture("a line in the log", log_a_line, NULL, TEL_OK, true);
	torture("runner, reconciler, inbox, memory store, counters", make_runner, &app, TEL_OK, false);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{ "configuration", configuration },
		{ "routes", routes },
		{ "routes files", routes_files },
		{ "tokens", tokens },
		{ "LiveKit's JSON and calls", livekit_and_calls },
		{ "orders", orders },
		{ "requests", requests },
		{ "the rest", the_rest },
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{ .pName = "failed allocations: units", .pTests = tests },
		CU_SUITE_INFO_NULL,
	};

	return tel_torture_suites(suites);
}
