#include "config.h"

#include <json-c/json.h>

#include "harness.h"
#include "view/call_view.h"
#include "base/banned.h"

#define T0 ((tel_time)1795398041014)
#define ID "0f8fad5b-d9cb-469f-a165-70867728950e"

static struct tel_call *new_call(void)
{
	struct tel_call *call = tel_call_new();

	CU_ASSERT_PTR_NOT_NULL_FATAL(call);
	CHECK_INT(tel_call_id_parse(TEL_STR(ID), &call->id), TEL_OK);
	call->room_name = TEL_STR("call-1");
	call->room_sid = TEL_STR("RM_1");
	call->created_at = call->updated_at = T0;
	return call;
}

/* The view, read back by a JSON parser; to be put. */
static struct json_object *view(const struct tel_call *call, const struct tel_timeline *timeline)
{
	struct json_object *root;
	struct tel_buf out;

	tel_buf_init(&out, TEL_MAX_CALL_VIEW);
	CHECK_INT(tel_view_call(call, timeline, &out), TEL_OK);
	root = json_tokener_parse(out.ptr);
	CU_ASSERT_PTR_NOT_NULL_FATAL(root);
	tel_buf_release(&out);
	return root;
}

/* A member by path, "agent.name"; as JSON text. */
static const char *at(struct json_object *root, const char *path)
{
	struct tel_str rest = tel_str_from(path), name;
	char key[64];

	while (rest.ptr) {
		name = tel_str_cut(rest, '.', &rest);
		snprintf(key, sizeof(key), "%.*s", TEL_STR_ARG(name));
		if (!json_object_object_get_ex(root, key, &root))
			return "(absent)";
	}
	return root ? json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN |
						     JSON_C_TO_STRING_NOSLASHESCAPE) : "null";
}

struct expected { const char *path, *json; };

static void check_all(struct json_object *root, const struct expected *cases, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		CHECK_STR(tel_str_from(at(root, cases[i].path)), cases[i].json);
	json_object_put(root);
}

#define CHECK_ALL(root, cases) check_all((root), (cases), sizeof(cases) / sizeof((cases)[0]))

static void what_is_unknown_is_null(void)
{
	static const struct expected cases[] = {
		{ "callId", "\"" ID "\"" },
		{ "roomName", "\"call-1\"" },
		{ "direction", "\"inbound\"" },
		{ "from", "null" }, { "to", "null" }, { "fromRaw", "null" }, { "toRaw", "null" },
		{ "trunkId", "null" },
		{ "status", "\"created\"" }, { "outcome", "null" }, { "endedBy", "null" },
		{ "sipStatusCode", "null" },
		{ "agentDispatched", "false" },
		{ "createdAt", "\"2026-11-23T01:40:41.014Z\"" },
		{ "endedAt", "null" }, { "ringingAt", "null" }, { "answeredAt", "null" },
		{ "sipParticipant", "null" },
		{ "agent.name", "null" }, { "agent.joinedAt", "null" },
		{ "error", "null" }, { "raw", "null" },
		{ "timeline", "(absent)" },
	};
	struct tel_call *call = new_call();

	CHECK_ALL(view(call, NULL), cases);
	tel_call_free(call);
}

static void what_is_known_is_shown(void)
{
	static const struct expected cases[] = {
		{ "from", "\"+15550100\"" }, { "to", "null" }, { "toRaw", "\"front desk\"" },
		{ "status", "\"failed\"" }, { "outcome", "\"failed\"" }, { "endedBy", "\"livekit\"" },
		{ "agentDispatched", "true" },
		{ "endedAt", "\"2026-11-23T01:40:42.014Z\"" },
		{ "sipParticipant", "{\"participantSid\":\"PA_1\",\"identity\":\"sip_1\","
				    "\"sipCallId\":\"SCL_1\"}" },
		{ "agent", "{\"name\":\"smith\",\"dispatchId\":\"AD_1\",\"route\":\"default\","
			   "\"joinedAt\":\"2026-11-23T01:40:41.514Z\",\"leftAt\":null}" },
		{ "error", "{\"code\":\"not_found\",\"message\":\"no such agent\"}" },
		{ "raw", "{\"event\":\"room_started\"}" },
	};
	struct tel_call *call = new_call();

	CU_ASSERT_TRUE(tel_e164_parse(TEL_STR("+15550100"), &call->from));
	call->to_raw = TEL_STR("front desk");
	call->status = TEL_CALL_FAILED;
	call->outcome = TEL_OUTCOME_FAILED;
	call->ended_by = TEL_BY_LIVEKIT;
	call->ended_at = T0 + 1000;
	call->participant_sid = TEL_STR("PA_1");
	call->identity = TEL_STR("sip_1");
	call->sip_call_id = TEL_STR("SCL_1");
	call->agent.name = TEL_STR("smith");
	call->agent.dispatch_id = TEL_STR("AD_1");
	call->agent.route = TEL_STR("default");
	call->agent.joined_at = T0 + 500;
	call->error_code = TEL_STR("not_found");
	call->error_message = TEL_STR("no such agent");
	call->raw = TEL_STR("{\"event\":\"room_started\"}");
	CHECK_ALL(view(call, NULL), cases);
	tel_call_free(call);
}

static void timelines_count_from_the_beginning(void)
{
	struct tel_entry entries[2] = {
		{ .seq = 0, .at = T0, .source = TEL_ENTRY_EVENT, .what = TEL_STR("participant_joined"),
		  .result = TEL_STR("agent requested"), .status = TEL_CALL_SIP_PARTICIPANT_JOINED },
		{ .seq = 1, .at = T0 + 250, .source = TEL_ENTRY_JOB, .what = TEL_STR("dispatch_agent"),
		  .result = TEL_STR("made"), .status = TEL_CALL_AGENT_DISPATCHED },
	};
	struct tel_timeline timeline = { .entries = entries, .n = 2 };
	struct tel_call *call = new_call();
	struct json_object *root;

	tel_entry_note(&entries[1], "", TEL_STR("of a damaged record"));
	tel_entry_note(&entries[1], "dispatchId", TEL_STR("AD_1"));
	root = view(call, &timeline);
	CHECK_STR(tel_str_from(at(root, "timeline")),
		  "[{\"seq\":0,\"at\":\"2026-11-23T01:40:41.014Z\",\"offsetMs\":0,"
		  "\"source\":\"event\",\"what\":\"participant_joined\","
		  "\"result\":\"agent requested\",\"status\":\"sip_participant_joined\","
		  "\"evidence\":{}},"
		  "{\"seq\":1,\"at\":\"2026-11-23T01:40:41.264Z\",\"offsetMs\":250,"
		  "\"source\":\"job\",\"what\":\"dispatch_agent\",\"result\":\"made\","
		  "\"status\":\"agent_dispatched\",\"evidence\":{\"dispatchId\":\"AD_1\"}}]");
	json_object_put(root);
	tel_call_free(call);
}

/* What callers put into names must come out as JSON, whatever it is. */
static void any_bytes_become_json(void)
{
	static const struct expected cases[] = {
		{ "fromRaw", "\"\\n\\u0001\\u0000\\\"\\\\\"" },
		{ "toRaw", "\"\xef\xbf\xbd(\xef\xbf\xbd\"" },
		{ "raw", "\"{\\\"a\\\":\"" },
	};
	struct tel_call *call = new_call();

	call->from_raw = (struct tel_str){ "\n\x01\0\"\\", 5 };
	call->to_raw = TEL_STR("\xc3(\xff");
	call->raw = TEL_STR("{\"a\":");
	CHECK_ALL(view(call, NULL), cases);
	tel_call_free(call);
}

static void a_full_buffer_is_told(void)
{
	struct tel_call *call = new_call();
	struct tel_buf out;

	tel_buf_init(&out, 100);
	CHECK_INT(tel_view_call(call, NULL, &out), TEL_ETOOBIG);
	tel_buf_release(&out);
	tel_call_free(call);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{ "what is unknown is null", what_is_unknown_is_null },
		{ "what is known is shown", what_is_known_is_shown },
		{ "timelines count from the beginning", timelines_count_from_the_beginning },
		{ "any bytes become JSON", any_bytes_become_json },
		{ "a full buffer is told", a_full_buffer_is_told },
		CU_TEST_INFO_NULL
	};
	CU_SuiteInfo suites[] = {
		{ "view", NULL, NULL, NULL, NULL, tests },
		CU_SUITE_INFO_NULL
	};

	return tel_run_suites(suites);
}
