#include "config.h"

#include <stdlib.h>

#include <json-c/json.h>

#include "base/limits.h"
#include "harness.h"
#include "json/json_tree.h"
#include "livekit/base_url.h"
#include "livekit/pbjson.h"
#include "livekit/twirp_codec.h"
#include "test_livekit.h"
#include "base/banned.h"

#define ARENA (1024 * 1024)

/* ---- requests -------------------------------------------------------- */

static struct tel_call *a_call(void)
{
	struct tel_call *call = tel_call_new();

	CU_ASSERT_PTR_NOT_NULL_FATAL(call);
	CHECK_INT(tel_call_id_parse(TEL_STR("6f1f2a52-0000-4000-8000-000000000001"), &call->id),
		  TEL_OK);
	CHECK_INT(tel_call_set(call, &call->room_name, TEL_STR("call-\"1\""), 100), TEL_OK);
	CHECK_INT(tel_call_set(call, &call->room_sid, TEL_STR("RM_1"), 100), TEL_OK);
	CU_ASSERT_TRUE(tel_e164_parse(TEL_STR("+15550123"), &call->to));
	return call;
}

static struct tel_lk_request a_dispatch(const struct tel_call *call, const char *config)
{
	return (struct tel_lk_request){
		.method = TEL_LK_CREATE_DISPATCH,
		.room = call->room_name,
		.agent_name = TEL_STR("a/b"),
		.agent_config = tel_str_from(config),
		.call = call,
	};
}

static void requests_are_written(void)
{
	struct tel_call *call = a_call();
	struct tel_lk_request r = a_dispatch(call,
		"{\"prompt\":\"say \\\"hi\\\"\\n\",\"telephony\":5,\"tools\":[1.50,{\"x\":null}]}");
	struct tel_buf b;

	tel_buf_init(&b, TEL_MAX_LIVEKIT_REQUEST);
	CHECK_INT(tel_twirp_encode(&r, &b), TEL_OK);
	CHECK_STR(tel_buf_str(&b), "{\"room\":\"call-\\\"1\\\"\",\"agent_name\":\"a/b\",\"metadata\":\""
		  "{\\\"prompt\\\":\\\"say \\\\\\\"hi\\\\\\\"\\\\n\\\",\\\"telephony\\\":{"
		  "\\\"callId\\\":\\\"6f1f2a52-0000-4000-8000-000000000001\\\","
		  "\\\"direction\\\":\\\"inbound\\\",\\\"from\\\":null,\\\"to\\\":\\\"+15550123\\\","
		  "\\\"roomName\\\":\\\"call-\\\\\\\"1\\\\\\\"\\\",\\\"roomSid\\\":\\\"RM_1\\\"},"
		  "\\\"tools\\\":[1.50,{\\\"x\\\":null}]}\"}");
	tel_buf_clear(&b);
	r.method = TEL_LK_LIST_DISPATCH;
	CHECK_INT(tel_twirp_encode(&r, &b), TEL_OK);
	CHECK_STR(tel_buf_str(&b), "{\"room\":\"call-\\\"1\\\"\"}");
	tel_buf_release(&b);
	tel_call_free(call);
}

static void bad_requests_are_not(void)
{
	static const char *const configs[] = { "", "[]", "null", "\"x\"", "{", "{}x", "{\"a\":1,}" };
	struct tel_call *call = a_call();
	struct tel_lk_request r;
	struct tel_buf b;
	char *huge;
	size_t i;

	tel_buf_init(&b, TEL_MAX_LIVEKIT_REQUEST);
	for (i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
		r = a_dispatch(call, configs[i]);
		CHECK_INT(tel_twirp_encode(&r, &b), TEL_EMALFORMED);
	}
	r = a_dispatch(call, "{}");
	r.room = TEL_STR("");
	CHECK_INT(tel_twirp_encode(&r, &b), TEL_EMALFORMED);
	r = a_dispatch(call, "{}");
	r.call = NULL;
	CHECK_INT(tel_twirp_encode(&r, &b), TEL_EMALFORMED);
	huge = malloc(TEL_MAX_AGENT_CONFIG + 2);
	CU_ASSERT_PTR_NOT_NULL_FATAL(huge);
	memset(huge, ' ', TEL_MAX_AGENT_CONFIG + 2);
	huge[0] = '{';
	huge[1] = '}';
	r = a_dispatch(call, "{}");
	r.agent_config = (struct tel_str){ huge, TEL_MAX_AGENT_CONFIG + 1 };
	CHECK_INT(tel_twirp_encode(&r, &b), TEL_EMALFORMED);
	r.agent_config.len--;
	CHECK_INT(tel_twirp_encode(&r, &b), TEL_OK);
	free(huge);
	tel_buf_release(&b);
	tel_call_free(call);
}

static void grants_are_what_livekit_wants(void)
{
	static const struct { enum tel_lk_method method; bool create, admin, again; } cases[] = {
		{ TEL_LK_CREATE_DISPATCH, false, true, false },
		{ TEL_LK_LIST_DISPATCH, false, true, true },
		{ TEL_LK_LIST_PARTICIPANTS, false, true, true },
		{ TEL_LK_DELETE_ROOM, true, false, true },
	};
	struct tel_lk_request r = { .room = TEL_STR("that") };
	struct tel_jwt_access access;
	size_t i;

	CHECK_INT(sizeof(cases) / sizeof(cases[0]), TEL_LK_METHODS);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		access = (struct tel_jwt_access){ 0 };
		r.method = cases[i].method;
		tel_twirp_grants(&r, &access);
		CHECK_STR(access.room, "that");
		CHECK_INT(access.room_create, cases[i].create);
		CHECK_INT(access.room_admin, cases[i].admin);
		CU_ASSERT_FALSE(access.room_list || access.sip_admin || access.sip_call);
		CHECK_INT(tel_twirp_is_repeatable(r.method), cases[i].again);
	}
	CHECK_STR(tel_str_from(tel_twirp_path(TEL_LK_CREATE_DISPATCH)),
		  "/twirp/livekit.AgentDispatchService/CreateDispatch");
	CHECK_STR(tel_str_from(tel_twirp_path(TEL_LK_DELETE_ROOM)),
		  "/twirp/livekit.RoomService/DeleteRoom");
}

/* ---- answers, recorded ------------------------------------------------- */

static const struct {
	const char *name;
	enum tel_lk_method method;
} names[] = {
	{ "CreateDispatch", TEL_LK_CREATE_DISPATCH },
	{ "ListDispatch", TEL_LK_LIST_DISPATCH },
	{ "ListParticipants", TEL_LK_LIST_PARTICIPANTS },
	{ "DeleteRoom", TEL_LK_DELETE_ROOM },
};

static bool method_of(struct tel_str name, enum tel_lk_method *out)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		*out = names[i].method;
		if (tel_str_is(name, names[i].name))
			return true;
	}
	return false;
}

static enum tel_lk_verdict expected(int status)
{
	if (status == 200)
		return TEL_LK_DONE;
	if (status == 404)
		return TEL_LK_GONE;
	return status == 503 ? TEL_LK_UNKNOWN : TEL_LK_REFUSED;
}

static void check_dispatches(const struct tel_lk_answer *a)
{
	size_t i;

	for (i = 0; i < a->n_dispatches; i++) {
		CU_ASSERT(tel_str_starts(a->dispatches[i].id, TEL_STR("AD_")));
		CU_ASSERT_FALSE(a->dispatches[i].deleted);
		CU_ASSERT_PTR_NULL(a->dispatches[i].call_id.ptr);
	}
}

static void check_participants(const struct tel_lk_answer *a)
{
	const struct tel_participant *p = a->participants;
	size_t i;

	for (i = 0; i < a->n_participants; i++) {
		CU_ASSERT(tel_str_starts(p[i].sid, TEL_STR("PA_")));
		CU_ASSERT(p[i].joined_at > 1795400319000);
		CU_ASSERT_PTR_NULL(p[i].disconnect_reason.ptr);
		if (p[i].kind == TEL_PARTICIPANT_SIP) {
			CHECK_STR(p[i].sip_call_id, "SCL_BWWrmaiFMrVo");
			CHECK_STR(p[i].rule_id, "SDR_CuTiYTgPb4By");
		} else {
			CHECK_INT(p[i].kind, TEL_PARTICIPANT_AGENT);
			CHECK_STR(p[i].agent_name, "telephony-agent");
		}
	}
}

static size_t see_answer(struct tel_str line, size_t *entries)
{
	struct json_object *o = NULL, *response;
	struct tel_lk_answer a;
	enum tel_lk_method method;
	struct tel_arena mem;
	int64_t status = 0;
	size_t seen = 0;

	CU_ASSERT_EQUAL_FATAL(tel_pbjson_parse(line, &o), TEL_OK);
	response = tel_pbjson_get(o, "response", NULL);
	if (method_of(tel_pbjson_member(o, "method", NULL), &method)) {
		seen = 1;
		tel_arena_init(&mem, ARENA);
		CU_ASSERT_TRUE(tel_pbjson_int64(tel_pbjson_get(o, "status", NULL), &status));
		CHECK_INT(tel_twirp_decode(method, (int)status, tel_json_print(response), &mem, &a),
			  TEL_OK);
		CHECK_INT(a.verdict, expected((int)status));
		CHECK_STR(a.code, tel_pbjson_member(response, "code", NULL).ptr);
		CHECK_STR(a.message, tel_pbjson_member(response, "msg", NULL).ptr);
		check_dispatches(&a);
		check_participants(&a);
		*entries += a.n_dispatches + a.n_participants;
		tel_arena_release(&mem);
	}
	json_object_put(o);
	return seen;
}

static void recorded_answers_are_read(void)
{
	struct tel_str line, text;
	size_t seen = 0, entries = 0;
	char *data = tel_fixture_read("recorded/api-responses.jsonl", &text.len);

	text.ptr = data;
	while (tel_str_is_set(text)) {
		line = tel_str_cut(text, '\n', &text);
		if (tel_str_is_set(line))
			seen += see_answer(line, &entries);
	}
	CHECK_INT(seen, 13);
	CHECK_INT(entries, 8);
	free(data);
}

/* ---- answers, by table --------------------------------------------------- */

#define CREATE TEL_LK_CREATE_DISPATCH
#define LIST TEL_LK_LIST_DISPATCH
#define PEOPLE TEL_LK_LIST_PARTICIPANTS
#define DELETE TEL_LK_DELETE_ROOM

static const struct {
	enum tel_lk_method method;
	int status;
	const char *text;
	enum tel_lk_verdict verdict;
	const char *code;
	size_t n;
} answers[] = {
	{ CREATE, 200, "{\"id\":\"AD_1\"}", TEL_LK_DONE, NULL, 1 },
	{ CREATE, 201, " {\"id\":\"AD_1\",\"agentName\":\"a\",\"new\":[]} ", TEL_LK_DONE, NULL, 1 },
	{ CREATE, 200, "{}", TEL_LK_UNKNOWN, "bad_answer", 0 },
	{ CREATE, 200, "", TEL_LK_UNKNOWN, "bad_answer", 0 },
	{ CREATE, 204, "", TEL_LK_UNKNOWN, "bad_answer", 0 },
	{ CREATE, 200, "{\"id\":5}", TEL_LK_UNKNOWN, "bad_answer", 0 },
	{ CREATE, 200, "{\"id\":\"\"}", TEL_LK_UNKNOWN, "bad_answer", 0 },
	{ CREATE, 200, "{\"id\":\"AD_1\"", TEL_LK_UNKNOWN, "bad_answer", 0 },
	{ CREATE, 200, "<html>", TEL_LK_UNKNOWN, "bad_answer", 0 },
	{ LIST, 200, "{\"agent_dispatches\":[]}", TEL_LK_DONE, NULL, 0 },
	{ LIST, 200, "{}", TEL_LK_DONE, NULL, 0 },
	{ LIST, 200, "{\"agentDispatches\":[{\"id\":\"1\"},{\"id\":\"2\"}]}", TEL_LK_DONE, NULL, 2 },
	{ LIST, 200, "{\"agent_dispatches\":{}}", TEL_LK_UNKNOWN, "bad_answer", 0 },
	{ LIST, 200, "{\"agent_dispatches\":[1]}", TEL_LK_UNKNOWN, "bad_answer", 0 },
	{ LIST, 200, "{\"agent_dispatches\":[{\"id\":\"1\"},null]}", TEL_LK_UNKNOWN, "bad_answer", 0 },
	{ LIST, 200, "[]", TEL_LK_UNKNOWN, "bad_answer", 0 },
	{ PEOPLE, 200, "{\"participants\":[{\"sid\":\"PA_1\"}]}", TEL_LK_DONE, NULL, 1 },
	{ PEOPLE, 200, "{\"participants\":[null]}", TEL_LK_UNKNOWN, "bad_answer", 0 },
	{ PEOPLE, 200, "{\"participants\":\"\"}", TEL_LK_UNKNOWN, "bad_answer", 0 },
	{ DELETE, 200, "{}", TEL_LK_DONE, NULL, 0 },
	{ DELETE, 200, "OK", TEL_LK_UNKNOWN, "bad_answer", 0 },
	{ DELETE, 404, "{\"code\":\"not_found\",\"msg\":\"m\"}", TEL_LK_GONE, "not_found", 0 },
	{ DELETE, 404, "{\"code\":\"bad_route\"}", TEL_LK_REFUSED, "bad_route", 0 },
	{ DELETE, 404, "404 page not found", TEL_LK_REFUSED, "http_error", 0 },
	{ CREATE, 400, "{\"code\":\"invalid_argument\",\"meta\":{\"a\":\"b\"}}", TEL_LK_REFUSED,
	  "invalid_argument", 0 },
	{ CREATE, 401, "{\"code\":\"unauthenticated\"}", TEL_LK_REFUSED, "unauthenticated", 0 },
	{ CREATE, 408, "{\"code\":\"canceled\"}", TEL_LK_UNKNOWN, "canceled", 0 },
	{ CREATE, 429, "slow down", TEL_LK_TRY_LATER, "http_error", 0 },
	{ CREATE, 403, "{\"code\":\"resource_exhausted\"}", TEL_LK_TRY_LATER, "resource_exhausted", 0 },
	{ CREATE, 500, "{\"code\":\"internal\"}", TEL_LK_UNKNOWN, "internal", 0 },
	{ CREATE, 500, "{\"code\":\"not_found\"}", TEL_LK_UNKNOWN, "not_found", 0 },
	{ CREATE, 502, "<html>Bad Gateway</html>", TEL_LK_UNKNOWN, "http_error", 0 },
	{ CREATE, 503, "{\"code\":7}", TEL_LK_UNKNOWN, "http_error", 0 },
	{ CREATE, 301, "", TEL_LK_REFUSED, "http_error", 0 },
	{ CREATE, 101, "", TEL_LK_UNKNOWN, "http_error", 0 },
};

static void answers_get_their_verdict(void)
{
	struct tel_lk_answer a;
	struct tel_arena mem;
	size_t i;

	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		tel_arena_init(&mem, ARENA);
		CHECK_INT(tel_twirp_decode(answers[i].method, answers[i].status,
					   tel_str_from(answers[i].text), &mem, &a), TEL_OK);
		if (a.verdict != answers[i].verdict)
			fprintf(stderr, "\n%d %s: %s\n", answers[i].status, answers[i].text,
				tel_lk_verdict_text(a.verdict));
		CHECK_INT(a.verdict, answers[i].verdict);
		CHECK_INT(a.method, answers[i].method);
		CHECK_INT(a.http_status, answers[i].status);
		CHECK_INT(a.n_dispatches + a.n_participants, answers[i].n);
		CHECK_STR(a.code, answers[i].code);
		tel_arena_release(&mem);
	}
}

static void our_own_dispatch_is_recognised(void)
{
	static const char text[] =
		"{\"agent_dispatches\":["
		"{\"id\":\"1\",\"agent_name\":\"\",\"metadata\":\"\",\"state\":{\"deleted_at\":\"0\"}},"
		"{\"id\":\"2\",\"agent_name\":\"a\",\"metadata\":\"no JSON\","
		"\"state\":{\"deleted_at\":\"1795400320308954306\"}},"
		"{\"id\":\"3\",\"agentName\":\"a\",\"metadata\":\"{\\\"telephony\\\":{\\\"callId\\\":\\\"c\\\","
		"\\\"roomSid\\\":\\\"RM_1\\\"}}\",\"state\":null},"
		"{\"id\":\"4\",\"metadata\":\"{\\\"telephony\\\":[]}\"}]}";
	struct tel_lk_answer a;
	struct tel_arena mem;

	tel_arena_init(&mem, ARENA);
	CHECK_INT(tel_twirp_decode(LIST, 200, TEL_STR(text), &mem, &a), TEL_OK);
	CU_ASSERT_EQUAL_FATAL(a.n_dispatches, 4);
	CU_ASSERT_FALSE(a.dispatches[0].deleted);
	CU_ASSERT_TRUE(a.dispatches[1].deleted);
	CU_ASSERT_PTR_NULL(a.dispatches[1].call_id.ptr);
	CHECK_STR(a.dispatches[2].agent_name, "a");
	CHECK_STR(a.dispatches[2].call_id, "c");
	CHECK_STR(a.dispatches[2].room_sid, "RM_1");
	CU_ASSERT_FALSE(a.dispatches[2].deleted);
	CU_ASSERT_PTR_NULL(a.dispatches[3].call_id.ptr);
	tel_arena_release(&mem);
}

/* What is written into a dispatch is found in it again, however deep it is. */
static void metadata_goes_both_ways(void)
{
	struct tel_buf config, body, answer;
	struct json_object *sent = NULL;
	struct tel_call *call = a_call();
	struct tel_lk_request r;
	struct tel_lk_answer a;
	struct tel_arena mem;
	int depth, i;

	for (depth = 0; depth < 40; depth++) {
		tel_buf_init(&config, 1000);
		tel_buf_puts(&config, "{\"t\":");
		for (i = 0; i < depth; i++)
			tel_buf_puts(&config, "[");
		for (i = 0; i < depth; i++)
			tel_buf_puts(&config, "]");
		tel_buf_puts(&config, depth ? "}" : "0}");
		r = a_dispatch(call, config.ptr);
		tel_buf_init(&body, TEL_MAX_LIVEKIT_REQUEST);
		tel_buf_init(&answer, TEL_MAX_LIVEKIT_REQUEST);
		if (!tel_twirp_encode(&r, &body)) {
			CHECK_INT(tel_pbjson_parse(tel_buf_str(&body), &sent), TEL_OK);
			CHECK_INT(tel_json_add(sent, "id", json_object_new_string("AD_1")), TEL_OK);
			tel_buf_add_str(&answer, tel_json_print(sent));
			json_object_put(sent);
			tel_arena_init(&mem, ARENA);
			CHECK_INT(tel_twirp_decode(CREATE, 200, tel_buf_str(&answer), &mem, &a), TEL_OK);
			CU_ASSERT_EQUAL_FATAL(a.n_dispatches, 1);
			CHECK_STR(a.dispatches[0].call_id, call->id.text);
			CHECK_STR(a.dispatches[0].room_sid, "RM_1");
			tel_arena_release(&mem);
		} else {
			CU_ASSERT(depth > 20);
		}
		tel_buf_release(&config);
		tel_buf_release(&body);
		tel_buf_release(&answer);
	}
	tel_call_free(call);
}

static void messages_are_bounded(void)
{
	struct tel_lk_answer a;
	struct tel_arena mem;
	struct tel_buf b;
	int i;

	tel_buf_init(&b, 10000);
	tel_buf_puts(&b, "{\"code\":\"x\",\"msg\":\"a");
	for (i = 0; i < 1000; i++)
		tel_buf_puts(&b, "\xc3\xa4");
	tel_buf_puts(&b, "\"}");
	tel_arena_init(&mem, ARENA);
	CHECK_INT(tel_twirp_decode(CREATE, 400, tel_buf_str(&b), &mem, &a), TEL_OK);
	CHECK_INT(a.message.len, TEL_MAX_TEXT - 1);
	CHECK_INT((unsigned char)a.message.ptr[a.message.len - 1], 0xa4);
	tel_arena_release(&mem);
	tel_buf_release(&b);
}

static void little_memory_is_no_answer(void)
{
	static const char text[] = "{\"agent_dispatches\":[{\"id\":\"1\"},{\"id\":\"2\"}]}";
	struct tel_lk_answer a;
	struct tel_arena mem;
	size_t ceiling;

	for (ceiling = 0; ceiling < 2 * sizeof(struct tel_lk_dispatch); ceiling += 20) {
		tel_arena_init(&mem, ceiling);
		CHECK_INT(tel_twirp_decode(LIST, 200, TEL_STR(text), &mem, &a), TEL_ENOMEM);
		tel_arena_release(&mem);
	}
}

/* ---- URLs -------------------------------------------------------------- */

static void urls_are_mapped(void)
{
	static const struct { const char *given, *base; } cases[] = {
		{ "wss://x.livekit.cloud", "https://x.livekit.cloud" },
		{ "ws://127.0.0.1:7880/", "http://127.0.0.1:7880" },
		{ " HTTPS://x/livekit// ", "https://x/livekit" },
		{ "http://[::1]:7880", "http://[::1]:7880" },
		{ "", NULL }, { "x.livekit.cloud", NULL }, { "ftp://x", NULL }, { "wss://", NULL },
		{ "wss:///x", NULL }, { "https://:80", NULL }, { "https://u:p@x", NULL },
		{ "https://x?y", NULL }, { "https://x#y", NULL }, { "https://x y", NULL },
		{ "https://x\r\nHost: y", NULL }, { "https://\xc3\xa4", NULL },
	};
	const char *why;
	struct tel_buf b;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tel_buf_init(&b, 100);
		why = NULL;
		CHECK_INT(tel_livekit_base_url(tel_str_from(cases[i].given), &b, &why),
			  cases[i].base ? TEL_OK : TEL_EMALFORMED);
		CHECK_STR(tel_buf_str(&b), cases[i].base);
		CHECK_INT(why != NULL, cases[i].base == NULL);
		tel_buf_release(&b);
	}
}

CU_TestInfo livekit_codec_tests[] = {
	{ "requests are written", requests_are_written },
	{ "bad requests are not", bad_requests_are_not },
	{ "grants are what LiveKit wants", grants_are_what_livekit_wants },
	{ "recorded answers are read", recorded_answers_are_read },
	{ "answers get their verdict", answers_get_their_verdict },
	{ "our own dispatch is recognised", our_own_dispatch_is_recognised },
	{ "metadata goes both ways", metadata_goes_both_ways },
	{ "messages are bounded", messages_are_bounded },
	{ "little memory is no answer", little_memory_is_no_answer },
	{ "URLs are mapped", urls_are_mapped },
	CU_TEST_INFO_NULL
};
