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

/* As placed: from +15550123 to +15550200. */
static struct tel_call *an_outbound_call(void)
{
	struct tel_call *call = a_call();

	call->direction = TEL_OUTBOUND;
	call->room_sid = TEL_STR_NONE;
	CHECK_INT(tel_call_set(call, &call->room_name, TEL_STR("out"), 100), TEL_OK);
	CHECK_INT(tel_call_set(call, &call->trunk_id, TEL_STR("ST_1"), 100), TEL_OK);
	CU_ASSERT_TRUE(tel_e164_parse(TEL_STR("+15550123"), &call->from));
	CU_ASSERT_TRUE(tel_e164_parse(TEL_STR("+15550200"), &call->to));
	call->dial.ringing_timeout = 45 * TEL_SECOND;
	call->dial.max_duration = TEL_HOUR;
	return call;
}

static struct tel_lk_request about(enum tel_lk_method method, const struct tel_call *call)
{
	return (struct tel_lk_request){
		.method = method,
		.room = call->room_name,
		.agent_name = TEL_STR("a"),
		.agent_config = TEL_STR("{\"prompt\":\"p\"}"),
		.call = call,
		.identity = TEL_STR("sip-1"),
		.transfer_to = TEL_STR("tel:+15550300"),
		.dispatch_id = TEL_STR("AD_1"),
	};
}

static void check_written(const struct tel_lk_request *r, const char *expected)
{
	struct tel_buf b;

	tel_buf_init(&b, TEL_MAX_LIVEKIT_REQUEST);
	CHECK_INT(tel_twirp_encode(r, &b), TEL_OK);
	CHECK_STR(tel_buf_str(&b), expected);
	tel_buf_release(&b);
}

#define UUID "6f1f2a52-0000-4000-8000-000000000001"

static void requests_are_written(void)
{
	struct tel_call *call = a_call();
	struct tel_lk_request r = a_dispatch(call,
		"{\"prompt\":\"say \\\"hi\\\"\\n\",\"telephony\":5,\"tools\":[1.50,{\"x\":null}]}");

	check_written(&r, "{\"room\":\"call-\\\"1\\\"\",\"agent_name\":\"a/b\",\"metadata\":\""
		  "{\\\"prompt\\\":\\\"say \\\\\\\"hi\\\\\\\"\\\\n\\\",\\\"telephony\\\":{"
		  "\\\"callId\\\":\\\"" UUID "\\\","
		  "\\\"direction\\\":\\\"inbound\\\",\\\"from\\\":null,\\\"to\\\":\\\"+15550123\\\","
		  "\\\"roomName\\\":\\\"call-\\\\\\\"1\\\\\\\"\\\",\\\"roomSid\\\":\\\"RM_1\\\"},"
		  "\\\"tools\\\":[1.50,{\\\"x\\\":null}]}\"}");
	r.method = TEL_LK_LIST_DISPATCH;
	check_written(&r, "{\"room\":\"call-\\\"1\\\"\"}");
	r.method = TEL_LK_LIST_ROOMS;
	check_written(&r, "{\"names\":[\"call-\\\"1\\\"\"]}");
	r.room = TEL_STR_NONE;
	check_written(&r, "{}");
	tel_call_free(call);
}

static void rooms_are_asked_for_with_their_agent(void)
{
	struct tel_call *call = an_outbound_call();
	struct tel_lk_request r = about(TEL_LK_CREATE_ROOM, call);

	r.empty_timeout = 90 * TEL_SECOND;
	r.departure_timeout = 19001;
	CHECK_INT(tel_call_set(call, &call->dial.metadata, TEL_STR("{\"order\": 7}"), 100), TEL_OK);
	check_written(&r, "{\"name\":\"out\",\"empty_timeout\":90,\"departure_timeout\":20,"
		      "\"metadata\":\"{\\\"telephony\\\":{\\\"callId\\\":\\\"" UUID "\\\"}}\","
		      "\"agents\":[{\"agent_name\":\"a\",\"metadata\":\"{\\\"prompt\\\":\\\"p\\\","
		      "\\\"telephony\\\":{\\\"callId\\\":\\\"" UUID "\\\","
		      "\\\"direction\\\":\\\"outbound\\\",\\\"from\\\":\\\"+15550123\\\","
		      "\\\"to\\\":\\\"+15550200\\\",\\\"roomName\\\":\\\"out\\\",\\\"roomSid\\\":null,"
		      "\\\"metadata\\\":{\\\"order\\\":7}}}\"}]}");
	r.empty_timeout = r.departure_timeout = 0;	/* LiveKit's own */
	r.agent_config = TEL_STR("{}");
	call->dial.metadata = TEL_STR_NONE;
	check_written(&r, "{\"name\":\"out\","
		      "\"metadata\":\"{\\\"telephony\\\":{\\\"callId\\\":\\\"" UUID "\\\"}}\","
		      "\"agents\":[{\"agent_name\":\"a\",\"metadata\":\"{"
		      "\\\"telephony\\\":{\\\"callId\\\":\\\"" UUID "\\\","
		      "\\\"direction\\\":\\\"outbound\\\",\\\"from\\\":\\\"+15550123\\\","
		      "\\\"to\\\":\\\"+15550200\\\",\\\"roomName\\\":\\\"out\\\",\\\"roomSid\\\":null}}\"}]}");
	tel_call_free(call);
}

static void phones_are_asked_for_by_one_request(void)
{
	struct tel_call *call = an_outbound_call();
	struct tel_lk_request r = about(TEL_LK_CREATE_SIP_PARTICIPANT, call);

	check_written(&r, "{\"sip_trunk_id\":\"ST_1\",\"sip_call_to\":\"+15550200\","
		      "\"sip_number\":\"+15550123\",\"room_name\":\"out\","
		      "\"participant_identity\":\"sip-1\","
		      "\"participant_attributes\":{\"telephony.callId\":\"" UUID "\"},"
		      "\"ringing_timeout\":\"45s\",\"max_call_duration\":\"3600s\","
		      "\"wait_until_answered\":true}");
	call->from = (struct tel_e164){ "" };
	call->dial.ringing_timeout = 1;
	call->dial.max_duration = 1001;
	CHECK_INT(tel_call_set(call, &call->dial.dtmf, TEL_STR("ww12#"), 100), TEL_OK);
	check_written(&r, "{\"sip_trunk_id\":\"ST_1\",\"sip_call_to\":\"+15550200\","
		      "\"room_name\":\"out\",\"participant_identity\":\"sip-1\","
		      "\"participant_attributes\":{\"telephony.callId\":\"" UUID "\"},"
		      "\"dtmf\":\"ww12#\","
		      "\"ringing_timeout\":\"1s\",\"max_call_duration\":\"2s\","
		      "\"wait_until_answered\":true}");
	r.method = TEL_LK_TRANSFER_SIP_PARTICIPANT;
	check_written(&r, "{\"room_name\":\"out\",\"participant_identity\":\"sip-1\","
		      "\"transfer_to\":\"tel:+15550300\",\"play_dialtone\":false}");
	r.play_dialtone = true;
	check_written(&r, "{\"room_name\":\"out\",\"participant_identity\":\"sip-1\","
		      "\"transfer_to\":\"tel:+15550300\",\"play_dialtone\":true}");
	r.method = TEL_LK_GET_PARTICIPANT;
	check_written(&r, "{\"room\":\"out\",\"identity\":\"sip-1\"}");
	r.method = TEL_LK_DELETE_DISPATCH;
	check_written(&r, "{\"room\":\"out\",\"dispatch_id\":\"AD_1\"}");
	tel_call_free(call);
}

/* Each lacks one thing that it can't do without. */
static void incomplete_requests_are_not(void)
{
	struct tel_call *call = an_outbound_call();
	const struct tel_call whole = *call;
	struct tel_lk_request r[9];
	struct tel_buf b;
	size_t i, n = 0;

	for (i = 0; i < 4; i++)
		r[i] = about(TEL_LK_CREATE_SIP_PARTICIPANT, call);
	r[n++].identity = TEL_STR_NONE;
	r[n++].call = NULL;
	r[n++].room = TEL_STR("");
	r[n] = about(TEL_LK_TRANSFER_SIP_PARTICIPANT, call);
	r[n++].identity = TEL_STR("");
	r[n] = about(TEL_LK_TRANSFER_SIP_PARTICIPANT, call);
	r[n++].transfer_to = TEL_STR_NONE;
	r[n] = about(TEL_LK_GET_PARTICIPANT, call);
	r[n++].identity = TEL_STR_NONE;
	r[n] = about(TEL_LK_DELETE_DISPATCH, call);
	r[n++].dispatch_id = TEL_STR_NONE;
	r[n] = about(TEL_LK_CREATE_ROOM, call);
	r[n++].call = NULL;
	r[n] = about(TEL_LK_CREATE_ROOM, call);
	r[n++].agent_config = TEL_STR("[]");
	tel_buf_init(&b, TEL_MAX_LIVEKIT_REQUEST);
	for (i = 0; i < n; i++)
		CHECK_INT(tel_twirp_encode(&r[i], &b), TEL_EMALFORMED);
	r[0] = about(TEL_LK_CREATE_SIP_PARTICIPANT, call);
	for (i = 0; i < 4; i++) {
		*call = whole;
		if (i == 0)
			call->trunk_id = TEL_STR_NONE;
		else if (i == 1)
			call->to = (struct tel_e164){ "" };
		else if (i == 2)
			call->dial.ringing_timeout = 0;
		else
			call->dial.max_duration = 0;
		CHECK_INT(tel_twirp_encode(&r[0], &b), TEL_EMALFORMED);
	}
	*call = whole;
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
	tel_buf_release(&b);		/* trouble sticks in it */
	tel_buf_init(&b, TEL_MAX_LIVEKIT_REQUEST);
	CHECK_INT(tel_twirp_encode(&r, &b), TEL_OK);
	free(huge);
	tel_buf_release(&b);
	tel_call_free(call);
}

#define RC 1U	/* roomCreate */
#define RL 2U	/* roomList */
#define RA 4U	/* roomAdmin of that room */
#define SC 8U	/* sip.call */

static const struct {
	enum tel_lk_method method;
	const char *path;
	unsigned int grants;
	bool again;
} wanted[] = {
	{ TEL_LK_CREATE_DISPATCH, "AgentDispatchService/CreateDispatch", RA, false },
	{ TEL_LK_LIST_DISPATCH, "AgentDispatchService/ListDispatch", RA, true },
	{ TEL_LK_LIST_PARTICIPANTS, "RoomService/ListParticipants", RA, true },
	{ TEL_LK_DELETE_ROOM, "RoomService/DeleteRoom", RC, true },
	{ TEL_LK_CREATE_ROOM, "RoomService/CreateRoom", RC, true },
	{ TEL_LK_GET_PARTICIPANT, "RoomService/GetParticipant", RA, true },
	{ TEL_LK_CREATE_SIP_PARTICIPANT, "SIP/CreateSIPParticipant", SC, false },
	{ TEL_LK_TRANSFER_SIP_PARTICIPANT, "SIP/TransferSIPParticipant", SC | RA, false },
	{ TEL_LK_DELETE_DISPATCH, "AgentDispatchService/DeleteDispatch", RA, true },
	{ TEL_LK_LIST_ROOMS, "RoomService/ListRooms", RL, true },
};

static void grants_are_what_livekit_wants(void)
{
	struct tel_lk_request r = { .room = TEL_STR("that") };
	struct tel_jwt_access access;
	char path[128];
	size_t i;

	CHECK_INT(sizeof(wanted) / sizeof(wanted[0]), TEL_LK_METHODS);
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		access = (struct tel_jwt_access){ 0 };
		r.method = wanted[i].method;
		tel_twirp_grants(&r, &access);
		CHECK_STR(access.room, "that");
		CHECK_INT(access.room_create, !!(wanted[i].grants & RC));
		CHECK_INT(access.room_list, !!(wanted[i].grants & RL));
		CHECK_INT(access.room_admin, !!(wanted[i].grants & RA));
		CHECK_INT(access.sip_call, !!(wanted[i].grants & SC));
		CU_ASSERT_FALSE(access.sip_admin);
		CHECK_INT(tel_twirp_is_repeatable(r.method), wanted[i].again);
		snprintf(path, sizeof(path), "/twirp/livekit.%s", wanted[i].path);
		CHECK_STR(tel_str_from(tel_twirp_path(r.method)), path);
	}
}

/* ---- answers, recorded ------------------------------------------------- */

static bool method_of(struct tel_str name, enum tel_lk_method *out)
{
	int i;

	for (i = 0; i < TEL_LK_METHODS; i++) {
		*out = (enum tel_lk_method)i;
		if (tel_str_is(name, tel_lk_method_text(*out)))
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
		CU_ASSERT_FALSE(a->dispatches[i].has_job);
		CU_ASSERT_PTR_NULL(a->dispatches[i].call_id.ptr);
	}
}

static void check_rooms(const struct tel_lk_answer *a)
{
	size_t i;

	for (i = 0; i < a->n_rooms; i++) {
		CU_ASSERT(tel_str_starts(a->rooms[i].sid, TEL_STR("RM_")));
		CU_ASSERT_TRUE(tel_str_is_set(a->rooms[i].name));
		CU_ASSERT(a->rooms[i].created_at > 1795400319000);
		CU_ASSERT_PTR_NULL(a->rooms[i].call_id.ptr);
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
		check_rooms(&a);
		*entries += a.n_dispatches + a.n_participants + a.n_rooms;
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
	CHECK_INT(seen, 21);
	CHECK_INT(entries, 13);
	free(data);
}

/* ---- answers, by table --------------------------------------------------- */

#define CREATE TEL_LK_CREATE_DISPATCH
#define LIST TEL_LK_LIST_DISPATCH
#define PEOPLE TEL_LK_LIST_PARTICIPANTS
#define DELETE TEL_LK_DELETE_ROOM
#define ROOM TEL_LK_CREATE_ROOM
#define ROOMS TEL_LK_LIST_ROOMS
#define ONE TEL_LK_GET_PARTICIPANT
#define DIAL TEL_LK_CREATE_SIP_PARTICIPANT
#define MOVE TEL_LK_TRANSFER_SIP_PARTICIPANT
#define UNDO TEL_LK_DELETE_DISPATCH

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
	{ ROOM, 200, "{\"sid\":\"RM_1\",\"name\":\"r\"}", TEL_LK_DONE, NULL, 1 },
	{ ROOM, 200, "{\"sid\":\"RM_1\"}", TEL_LK_UNKNOWN, "bad_answer", 0 },
	{ ROOM, 200, "{\"name\":\"r\"}", TEL_LK_UNKNOWN, "bad_answer", 0 },
	{ ROOM, 400, "{\"code\":\"invalid_argument\"}", TEL_LK_REFUSED, "invalid_argument", 0 },
	{ ROOMS, 200, "{}", TEL_LK_DONE, NULL, 0 },
	{ ROOMS, 200, "{\"rooms\":[]}", TEL_LK_DONE, NULL, 0 },
	{ ROOMS, 200, "{\"rooms\":[{\"sid\":\"1\",\"name\":\"r\"},{\"sid\":\"2\",\"name\":\"s\"}]}",
	  TEL_LK_DONE, NULL, 2 },
	{ ROOMS, 200, "{\"rooms\":[{}]}", TEL_LK_UNKNOWN, "bad_answer", 0 },
	{ ROOMS, 200, "{\"rooms\":5}", TEL_LK_UNKNOWN, "bad_answer", 0 },
	{ ONE, 200, "{\"sid\":\"PA_1\",\"identity\":\"sip-1\"}", TEL_LK_DONE, NULL, 1 },
	{ ONE, 200, "{}", TEL_LK_UNKNOWN, "bad_answer", 0 },
	{ ONE, 404, "{\"code\":\"not_found\",\"msg\":\"participant does not exist\"}", TEL_LK_GONE,
	  "not_found", 0 },
	{ UNDO, 200, "{\"id\":\"AD_1\"}", TEL_LK_DONE, NULL, 0 },
	{ UNDO, 404, "{\"code\":\"not_found\",\"msg\":\"dispatch ID not found\"}", TEL_LK_GONE,
	  "not_found", 0 },
	{ DIAL, 200, "{\"participant_id\":\"PA_1\"}", TEL_LK_DONE, NULL, 1 },
	{ DIAL, 200, "{\"sip_call_id\":\"SCL_1\"}", TEL_LK_UNKNOWN, "bad_answer", 0 },
	{ DIAL, 200, "{}", TEL_LK_UNKNOWN, "bad_answer", 0 },
	{ DIAL, 408, "{\"code\":\"canceled\",\"msg\":\"m\"}", TEL_LK_UNKNOWN, "canceled", 0 },
	{ DIAL, 408, "{\"code\":\"deadline_exceeded\"}", TEL_LK_UNKNOWN, "deadline_exceeded", 0 },
	{ DIAL, 503, "{\"code\":\"unavailable\",\"msg\":\"no response from servers\"}", TEL_LK_UNKNOWN,
	  "unavailable", 0 },
	{ DIAL, 503, "{\"code\":\"unavailable\",\"meta\":{\"sip_status_code\":\"busy\"}}",
	  TEL_LK_UNKNOWN, "unavailable", 0 },
	{ DIAL, 503, "{\"code\":\"unavailable\",\"meta\":{\"sip_status_code\":\"183\"}}",
	  TEL_LK_UNKNOWN, "unavailable", 0 },
	{ DIAL, 503, "{\"code\":\"unavailable\",\"meta\":\"486\"}", TEL_LK_UNKNOWN, "unavailable", 0 },
	{ DIAL, 404, "{\"code\":\"not_found\",\"msg\":\"trunk\"}", TEL_LK_GONE, "not_found", 0 },
	{ DIAL, 412, "{\"code\":\"failed_precondition\"}", TEL_LK_REFUSED, "failed_precondition", 0 },
	/* That may have been a busy phone. */
	{ DIAL, 429, "{\"code\":\"resource_exhausted\"}", TEL_LK_REFUSED, "resource_exhausted", 0 },
	{ DIAL, 429, "slow down", TEL_LK_TRY_LATER, "http_error", 0 },
	{ MOVE, 200, "{}", TEL_LK_DONE, NULL, 0 },
	{ MOVE, 200, "{\"transfer_id\":\"\",\"status\":\"STS_TRANSFER_ONGOING\",\"sip_status\":null}",
	  TEL_LK_DONE, NULL, 0 },
	{ MOVE, 200, "{\"transfer_id\":\"ST_1\",\"status\":\"STS_TRANSFER_SUCCESSFUL\"}", TEL_LK_DONE,
	  NULL, 0 },
	{ MOVE, 200, "{\"transfer_id\":\"ST_1\",\"status\":\"STS_TRANSFER_ONGOING\"}", TEL_LK_UNKNOWN,
	  "transfer_ongoing", 0 },
	{ MOVE, 200, "{\"transferId\":\"ST_1\",\"status\":\"STS_TRANSFER_FAILED\"}", TEL_LK_REFUSED,
	  "transfer_failed", 0 },
	{ MOVE, 404, "{\"code\":\"not_found\"}", TEL_LK_GONE, "not_found", 0 },
	{ MOVE, 408, "{\"code\":\"deadline_exceeded\"}", TEL_LK_UNKNOWN, "deadline_exceeded", 0 },
	{ CREATE, 503, "{\"code\":\"unavailable\",\"meta\":{\"sip_status_code\":\"486\"}}",
	  TEL_LK_UNKNOWN, "unavailable", 0 },
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
		CHECK_INT(a.n_dispatches + a.n_participants + a.n_rooms, answers[i].n);
		CHECK_STR(a.code, answers[i].code);
		CHECK_INT(a.sip_status_code, 0);
		tel_arena_release(&mem);
	}
}

/* What the far end said: as recorded, and as later servers put it. */
static void the_far_end_is_heard(void)
{
	static const struct { int http; const char *code, *meta; int sip; const char *words; } cases[] = {
		{ 503, "unavailable", "\"486\",\"sip_status\":\"Busy Here\"", 486, "Busy Here" },
		{ 503, "unavailable", "\"603\",\"sip_status\":\"Decline\"", 603, "Decline" },
		{ 400, "invalid_argument", "\"404\",\"sip_status\":\"Not Found\"", 404, "Not Found" },
		{ 404, "not_found", "\"404\",\"sip_status\":\"Not Found\"", 404, "Not Found" },
		{ 429, "resource_exhausted", "\"486\"", 486, NULL },
		{ 408, "deadline_exceeded", "408", 408, NULL },
		{ 412, "failed_precondition", "\"500\",\"sip_status\":5", 500, NULL },
	};
	char text[256];
	struct tel_lk_answer a;
	struct tel_arena mem;
	size_t i;

	for (i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "{\"code\":\"%s\",\"msg\":\"m\",\"meta\":"
			 "{\"sip_status_code\":%s}}", cases[i / 2].code, cases[i / 2].meta);
		tel_arena_init(&mem, ARENA);
		CHECK_INT(tel_twirp_decode(i % 2 ? MOVE : DIAL, cases[i / 2].http,
					   tel_str_from(text), &mem, &a), TEL_OK);
		CHECK_INT(a.verdict, TEL_LK_REFUSED);
		CHECK_INT(a.http_status, cases[i / 2].http);
		CHECK_STR(a.code, cases[i / 2].code);
		CHECK_INT(a.sip_status_code, cases[i / 2].sip);
		CHECK_STR(a.sip_status, cases[i / 2].words);
		tel_arena_release(&mem);
	}
}

static void a_failed_transfer_says_why(void)
{
	struct tel_lk_answer a;
	struct tel_arena mem;

	tel_arena_init(&mem, ARENA);
	CHECK_INT(tel_twirp_decode(MOVE, 200, TEL_STR(
		"{\"transfer_id\":\"X\",\"status\":\"STS_TRANSFER_FAILED\",\"reason\":\"STR_REJECTED\","
		"\"sip_status\":{\"code\":\"SIP_STATUS_GLOBAL_DECLINE\",\"status\":\"Decline\"}}"),
				   &mem, &a), TEL_OK);
	CHECK_INT(a.verdict, TEL_LK_REFUSED);
	CHECK_STR(a.message, "STR_REJECTED");
	CHECK_STR(a.sip_status, "Decline");
	tel_arena_release(&mem);
}

/* Either spelling; and what LiveKit tells of a room besides is not looked at. */
/* By whomever they were made: a list that has them is as good as one without. */
static void rooms_that_cannot_be_ours_are_left_out(void)
{
	char name[TEL_MAX_ROOM_NAME + 2] = "", text[1024];
	const char *const names[] = { "a\\u0000b", name };
	struct tel_lk_answer a;
	struct tel_arena mem;
	size_t i;

	memset(name, 'n', sizeof(name) - 1);
	for (i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), "{\"rooms\":[{\"sid\":\"RM_1\",\"name\":\"%s\"},"
			 "{\"sid\":\"RM_2\",\"name\":\"r\"}]}", names[i]);
		tel_arena_init(&mem, ARENA);
		CHECK_INT(tel_twirp_decode(ROOMS, 200, tel_str_from(text), &mem, &a), TEL_OK);
		CHECK_INT(a.verdict, TEL_LK_DONE);
		CU_ASSERT_EQUAL_FATAL(a.n_rooms, 1);
		CHECK_STR(a.rooms[0].sid, "RM_2");
		tel_arena_release(&mem);
	}
}

static void rooms_and_phones_are_read(void)
{
	static const char *const rooms[] = {
		"{\"sid\":\"RM_1\",\"name\":\"r\",\"creation_time_ms\":\"1795400325657\","
		"\"creation_time\":\"1795400325\",\"turn_password\":\"s3cret\","
		"\"metadata\":\"{\\\"telephony\\\":{\\\"callId\\\":\\\"c\\\"}}\"}",
		"{\"sid\":\"RM_1\",\"name\":\"r\",\"creationTimeMs\":1795400325657,"
		"\"metadata\":\"{\\\"telephony\\\":{\\\"callId\\\":\\\"c\\\"}}\"}",
	};
	static const char *const phones[] = {
		"{\"participant_id\":\"PA_1\",\"participant_identity\":\"sip-1\",\"room_name\":\"r\","
		"\"sip_call_id\":\"SCL_1\"}",
		"{\"participantId\":\"PA_1\",\"participantIdentity\":\"sip-1\",\"sipCallId\":\"SCL_1\"}",
	};
	struct tel_lk_answer a;
	struct tel_arena mem;
	size_t i;

	for (i = 0; i < 2; i++) {
		tel_arena_init(&mem, ARENA);
		CHECK_INT(tel_twirp_decode(ROOM, 200, tel_str_from(rooms[i]), &mem, &a), TEL_OK);
		CU_ASSERT_EQUAL_FATAL(a.n_rooms, 1);
		CHECK_STR(a.rooms[0].sid, "RM_1");
		CHECK_STR(a.rooms[0].name, "r");
		CHECK_STR(a.rooms[0].call_id, "c");
		CHECK_INT(a.rooms[0].created_at, 1795400325657);
		CHECK_INT(tel_twirp_decode(DIAL, 200, tel_str_from(phones[i]), &mem, &a), TEL_OK);
		CU_ASSERT_EQUAL_FATAL(a.n_participants, 1);
		CHECK_INT(a.participants[0].kind, TEL_PARTICIPANT_SIP);
		CHECK_STR(a.participants[0].sid, "PA_1");
		CHECK_STR(a.participants[0].identity, "sip-1");
		CHECK_STR(a.participants[0].sip_call_id, "SCL_1");
		tel_arena_release(&mem);
	}
	tel_arena_init(&mem, ARENA);
	CHECK_INT(tel_twirp_decode(ONE, 200, TEL_STR(
		"{\"sid\":\"PA_1\",\"identity\":\"sip-1\",\"kind\":\"SIP\",\"attributes\":"
		"{\"sip.callStatus\":\"ringing\",\"telephony.callId\":\"c\"}}"), &mem, &a), TEL_OK);
	CU_ASSERT_EQUAL_FATAL(a.n_participants, 1);
	CHECK_INT(a.participants[0].sip_status, TEL_SIP_RINGING);
	CHECK_STR(a.participants[0].call_id, "c");
	tel_arena_release(&mem);
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
		"{\"id\":\"4\",\"metadata\":\"{\\\"telephony\\\":[]}\",\"state\":{\"jobs\":[]}},"
		"{\"id\":\"5\",\"metadata\":\"{\\\"telephony\\\":{\\\"callId\\\":\\\"\\\","
		"\\\"roomSid\\\":null}}\",\"state\":{\"jobs\":[{\"id\":\"AJ_1\","
		"\"state\":{\"status\":\"JS_RUNNING\"}}]}}]}";
	struct tel_lk_answer a;
	struct tel_arena mem;

	tel_arena_init(&mem, ARENA);
	CHECK_INT(tel_twirp_decode(LIST, 200, TEL_STR(text), &mem, &a), TEL_OK);
	CU_ASSERT_EQUAL_FATAL(a.n_dispatches, 5);
	CU_ASSERT_FALSE(a.dispatches[0].deleted);
	CU_ASSERT_TRUE(a.dispatches[1].deleted);
	CU_ASSERT_PTR_NULL(a.dispatches[1].call_id.ptr);
	CHECK_STR(a.dispatches[2].agent_name, "a");
	CHECK_STR(a.dispatches[2].call_id, "c");
	CHECK_STR(a.dispatches[2].room_sid, "RM_1");
	CU_ASSERT_FALSE(a.dispatches[2].deleted);
	CU_ASSERT_PTR_NULL(a.dispatches[3].call_id.ptr);
	CU_ASSERT_FALSE(a.dispatches[2].has_job || a.dispatches[3].has_job);
	CU_ASSERT_PTR_NULL(a.dispatches[4].call_id.ptr);
	CU_ASSERT_PTR_NULL(a.dispatches[4].room_sid.ptr);
	CU_ASSERT_TRUE(a.dispatches[4].has_job);
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
	{ "rooms are asked for with their agent", rooms_are_asked_for_with_their_agent },
	{ "phones are asked for by one request", phones_are_asked_for_by_one_request },
	{ "incomplete requests are not", incomplete_requests_are_not },
	{ "bad requests are not", bad_requests_are_not },
	{ "grants are what LiveKit wants", grants_are_what_livekit_wants },
	{ "recorded answers are read", recorded_answers_are_read },
	{ "answers get their verdict", answers_get_their_verdict },
	{ "the far end is heard", the_far_end_is_heard },
	{ "a failed transfer says why", a_failed_transfer_says_why },
	{ "rooms that cannot be ours are left out", rooms_that_cannot_be_ours_are_left_out },
		{ "rooms and phones are read", rooms_and_phones_are_read },
	{ "our own dispatch is recognised", our_own_dispatch_is_recognised },
	{ "metadata goes both ways", metadata_goes_both_ways },
	{ "messages are bounded", messages_are_bounded },
	{ "little memory is no answer", little_memory_is_no_answer },
	{ "URLs are mapped", urls_are_mapped },
	CU_TEST_INFO_NULL
};
