#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "harness.h"
#include "json/json_read.h"
#include "livekit/event_decoder.h"
#include "livekit/foreign.h"
#include "livekit/pbjson.h"
#include "livekit/redact.h"
#include "test_livekit.h"
#include "base/banned.h"

static enum tel_err decode(const char *body, struct tel_event *out)
{
	return tel_livekit_decode_event(tel_str_from(body), out);
}

/* ---- what LiveKit really sent ---------------------------------------- */

struct tally {
	int kinds[TEL_EVENT_PARTICIPANT_CONNECTION_ABORTED + 1];
	int phones, agents, ours, raw;
};

static void has_no_secret(struct tel_str body, struct tel_str raw)
{
	struct json_object *o = NULL;
	struct tel_str secret;

	CU_ASSERT_EQUAL_FATAL(tel_pbjson_parse(body, &o), TEL_OK);
	secret = tel_pbjson_member(tel_pbjson_get(o, "room", NULL), "turnPassword", NULL);
	CU_ASSERT(secret.len > 20);
	CU_ASSERT_PTR_NULL(memmem(raw.ptr, raw.len, secret.ptr, secret.len));
	CU_ASSERT_PTR_NULL(memmem(raw.ptr, raw.len, "urn", 3));
	json_object_put(o);
}

static void raw_is_json(struct tel_str raw, const char *name)
{
	struct json_object *o = NULL;

	CU_ASSERT(raw.len > 0 && raw.len <= TEL_MAX_RAW);
	CU_ASSERT_EQUAL_FATAL(tel_pbjson_parse(raw, &o), TEL_OK);
	CHECK_STR(tel_pbjson_member(o, "event", NULL), name);
	json_object_put(o);
}

static void see_recorded(void *ctx, const char *file, const struct recorded *r)
{
	struct tally *t = ctx;
	struct tel_event e;

	CU_ASSERT_EQUAL_FATAL(tel_livekit_decode_event(r->body, &e), TEL_OK);
	t->kinds[e.kind]++;
	CU_ASSERT(tel_str_starts(e.id, TEL_STR("EV_")));
	CU_ASSERT(tel_str_starts(e.room_sid, TEL_STR("RM_")));
	CU_ASSERT(e.created_at > 1795390000 * TEL_SECOND);
	if (e.participant.kind == TEL_PARTICIPANT_SIP) {
		t->phones++;
		t->ours += tel_str_is_set(e.participant.call_id);
		CU_ASSERT_EQUAL(tel_str_starts(tel_str_from(file), TEL_STR("outbound")),
				!tel_str_is_set(e.participant.rule_id));
		CU_ASSERT(tel_str_starts(e.participant.sip_call_id, TEL_STR("SCL_")));
		CU_ASSERT(e.participant.joined_at > e.room_created_at - TEL_SECOND);
		CU_ASSERT(e.participant.sip_status != TEL_SIP_UNKNOWN);
	}
	if (e.participant.kind == TEL_PARTICIPANT_AGENT) {
		t->agents++;
		CHECK_STR(e.participant.agent_name, "telephony-agent");
	}
	CU_ASSERT_EQUAL(tel_event_may_matter(&e), e.raw.ptr != NULL);
	if (e.raw.ptr) {
		t->raw++;
		raw_is_json(e.raw, e.name.ptr);
		has_no_secret(r->body, e.raw);
	}
	tel_event_release(&e);
}

static void recorded_deliveries_decode(void)
{
	struct tally t = { 0 };

	for_each_recorded(see_recorded, &t);
	CHECK_INT(t.kinds[TEL_EVENT_ROOM_STARTED], 21);
	CHECK_INT(t.kinds[TEL_EVENT_ROOM_FINISHED], 16);
	CHECK_INT(t.kinds[TEL_EVENT_PARTICIPANT_JOINED], 22);
	CHECK_INT(t.kinds[TEL_EVENT_PARTICIPANT_LEFT], 20);
	CHECK_INT(t.kinds[TEL_EVENT_OTHER], 42);
	CHECK_INT(t.phones, 31);
	CHECK_INT(t.agents, 11);
	CU_ASSERT(t.ours > 0 && t.raw > 40);
}

/* ---- one event, field by field ------------------------------------------ */

#define ROOM "\"room\":{\"sid\":\"RM_1\",\"name\":\"r\",\"creationTimeMs\":\"1795398039998\"}"
#define SIP_ATTRIBUTES \
	"\"attributes\":{\"sip.callID\":\"SCL_1\",\"sip.callStatus\":\"ringing\"," \
	"\"sip.phoneNumber\":\"+15550100\",\"sip.trunkPhoneNumber\":\"+15550123\"," \
	"\"sip.trunkID\":\"ST_1\",\"sip.ruleID\":\"SDR_1\",\"telephony.callId\":\"c-1\"}"

static void every_field_is_read(void)
{
	struct tel_event e;

	CU_ASSERT_EQUAL_FATAL(decode(
		"{\"event\":\"participant_left\",\"id\":\"EV_1\",\"createdAt\":\"1795398041\"," ROOM ","
		"\"participant\":{\"sid\":\"PA_1\",\"identity\":\"sip_1\",\"kind\":\"SIP\","
		"\"joinedAt\":\"1795398039\",\"joinedAtMs\":\"1795398039999\","
		"\"disconnectReason\":\"CLIENT_INITIATED\"," SIP_ATTRIBUTES "}}", &e), TEL_OK);
	CHECK_INT(e.kind, TEL_EVENT_PARTICIPANT_LEFT);
	CHECK_STR(e.name, "participant_left");
	CHECK_STR(e.id, "EV_1");
	CHECK_INT(e.created_at, 1795398041000);
	CHECK_STR(e.room_name, "r");
	CHECK_STR(e.room_sid, "RM_1");
	CHECK_INT(e.room_created_at, 1795398039998);
	CHECK_INT(e.participant.kind, TEL_PARTICIPANT_SIP);
	CHECK_STR(e.participant.sid, "PA_1");
	CHECK_STR(e.participant.identity, "sip_1");
	CHECK_INT(e.participant.joined_at, 1795398039999);
	CHECK_STR(e.participant.disconnect_reason, "CLIENT_INITIATED");
	CHECK_INT(e.participant.sip_status, TEL_SIP_RINGING);
	CHECK_STR(e.participant.sip_call_id, "SCL_1");
	CHECK_STR(e.participant.number, "+15550100");
	CHECK_STR(e.participant.trunk_number, "+15550123");
	CHECK_STR(e.participant.trunk_id, "ST_1");
	CHECK_STR(e.participant.rule_id, "SDR_1");
	CHECK_STR(e.participant.call_id, "c-1");
	tel_event_release(&e);
	tel_event_release(&e);
}

static void other_spellings_mean_the_same(void)
{
	struct tel_event e;

	/* snake_case, enums and 64-bit integers as numbers, seconds only */
	CU_ASSERT_EQUAL_FATAL(decode(
		" { \"event\" : \"participant_left\", \"id\":\"EV_1\", \"created_at\":1795398041.0,"
		"\"room\":{\"sid\":\"RM_1\",\"name\":\"r\",\"creation_time\":1795398039},\"more\":[{}],"
		"\"participant\":{\"sid\":\"PA_1\",\"identity\":\"agent-1\",\"kind\":4,"
		"\"joined_at\":1795398039,\"disconnect_reason\":10,"
		"\"attributes\":{\"lk.agent_name\":\"a\"}}}\r\n", &e), TEL_OK);
	CHECK_INT(e.created_at, 1795398041000);
	CHECK_INT(e.room_created_at, 1795398039000);
	CHECK_INT(e.participant.kind, TEL_PARTICIPANT_AGENT);
	CHECK_INT(e.participant.joined_at, 1795398039000);
	CHECK_STR(e.participant.disconnect_reason, "ROOM_CLOSED");
	CHECK_STR(e.participant.agent_name, "a");
	CU_ASSERT_TRUE(tel_str_starts(e.raw, TEL_STR("{\"event\":\"participant_left\",\"id\":\"EV_1\","
						     "\"createdAt\":")));
	tel_event_release(&e);
}

/* ---- kinds, and what is refused --------------------------------------- */

static const char long_text[] =
#define L16 "xxxxxxxxxxxxxxxx"
#define L64 L16 L16 L16 L16
#define L257 L64 L64 L64 L64 "x"
	L257;

#define JOINED(room_name, kind, sid, rest) \
	"{\"event\":\"participant_joined\",\"id\":\"EV_1\",\"room\":{\"sid\":\"RM_1\",\"name\":\"" \
	room_name "\"},\"participant\":{\"sid\":\"" sid "\",\"identity\":\"i\",\"kind\":" kind rest "}}"

static const struct {
	const char *what, *body;
	enum tel_err err;
	enum tel_event_kind kind;
	enum tel_participant_kind participant;
	bool matters;
} bodies[] = {
	{ "a phone", JOINED("r", "\"SIP\"", "PA_1", ""), TEL_OK, TEL_EVENT_PARTICIPANT_JOINED,
	  TEL_PARTICIPANT_SIP, true },
	{ "a phone by number", JOINED("r", "3", "PA_1", ""), TEL_OK, TEL_EVENT_PARTICIPANT_JOINED,
	  TEL_PARTICIPANT_SIP, true },
	{ "an agent", JOINED("r", "\"AGENT\"", "PA_1", ""), TEL_OK, TEL_EVENT_PARTICIPANT_JOINED,
	  TEL_PARTICIPANT_AGENT, true },
	{ "somebody", JOINED("r", "null", "PA_1", ""), TEL_OK, TEL_EVENT_PARTICIPANT_JOINED,
	  TEL_PARTICIPANT_OTHER, false },
	{ "kinds to come", JOINED("r", "\"ROBOT\"", "PA_1", ""), TEL_OK,
	  TEL_EVENT_PARTICIPANT_JOINED, TEL_PARTICIPANT_OTHER, false },
	{ "kind of an odd type", JOINED("r", "{}", "PA_1", ""), TEL_OK,
	  TEL_EVENT_PARTICIPANT_JOINED, TEL_PARTICIPANT_OTHER, false },
	{ "a phone without sid", JOINED("r", "\"SIP\"", "", ""), TEL_OK,
	  TEL_EVENT_PARTICIPANT_JOINED, TEL_PARTICIPANT_SIP, false },
	{ "attributes of an odd type", JOINED("r", "\"SIP\"", "PA_1", ",\"attributes\":[1]"), TEL_OK,
	  TEL_EVENT_PARTICIPANT_JOINED, TEL_PARTICIPANT_SIP, true },
	{ "a caller's very long number",
	  JOINED("r", "\"SIP\"", "PA_1", ",\"attributes\":{\"sip.phoneNumber\":\"" L257 "\"}"), TEL_OK,
	  TEL_EVENT_PARTICIPANT_JOINED, TEL_PARTICIPANT_SIP, true },
	{ "a phone in a room with a long name", JOINED(L257, "\"SIP\"", "PA_1", ""), TEL_EMALFORMED,
	  0, 0, false },
	{ "somebody in a room with a long name", JOINED(L257, "0", "PA_1", ""), TEL_OK,
	  TEL_EVENT_PARTICIPANT_JOINED, TEL_PARTICIPANT_OTHER, false },
	{ "a phone with a long sid", JOINED("r", "\"SIP\"", L257, ""), TEL_EMALFORMED, 0, 0, false },
	{ "somebody with a long sid", JOINED("r", "\"STANDARD\"", L257, ""), TEL_OK,
	  TEL_EVENT_PARTICIPANT_JOINED, TEL_PARTICIPANT_OTHER, false },
	{ "a phone with a long rule",
	  JOINED("r", "\"SIP\"", "PA_1", ",\"attributes\":{\"sip.ruleID\":\"" L257 "\"}"),
	  TEL_EMALFORMED, 0, 0, false },
	{ "a NUL in a phone's room", JOINED("r\\u0000", "\"SIP\"", "PA_1", ""), TEL_EMALFORMED,
	  0, 0, false },
	{ "a NUL in a phone's sid", JOINED("r", "\"SIP\"", "P\\u0000A", ""), TEL_EMALFORMED,
	  0, 0, false },
	{ "room over", "{\"event\":\"room_finished\",\"id\":\"EV_1\"," ROOM "}", TEL_OK,
	  TEL_EVENT_ROOM_FINISHED, TEL_PARTICIPANT_NONE, true },
	{ "a room with a long name over",
	  "{\"event\":\"room_finished\",\"id\":\"EV_1\",\"room\":{\"sid\":\"RM_1\",\"name\":\"" L257
	  "\"}}", TEL_OK, TEL_EVENT_ROOM_FINISHED, TEL_PARTICIPANT_NONE, false },
	{ "room over, long id", "{\"event\":\"room_finished\",\"id\":\"" L257 "\"," ROOM "}",
	  TEL_EMALFORMED, 0, 0, false },
	{ "room begins, long id", "{\"event\":\"room_started\",\"id\":\"" L257 "\"," ROOM "}",
	  TEL_OK, TEL_EVENT_ROOM_STARTED, TEL_PARTICIPANT_NONE, false },
	{ "room over, without a room", "{\"event\":\"room_finished\",\"id\":\"EV_1\"}", TEL_OK,
	  TEL_EVENT_ROOM_FINISHED, TEL_PARTICIPANT_NONE, false },
	{ "room is no object", "{\"event\":\"room_finished\",\"id\":\"EV_1\",\"room\":\"r\"}", TEL_OK,
	  TEL_EVENT_ROOM_FINISHED, TEL_PARTICIPANT_NONE, false },
	{ "connection aborted",
	  "{\"event\":\"participant_connection_aborted\",\"id\":\"E\"," ROOM "}", TEL_OK,
	  TEL_EVENT_PARTICIPANT_CONNECTION_ABORTED, TEL_PARTICIPANT_NONE, false },
	{ "a track", "{\"event\":\"track_published\",\"id\":\"E\"," ROOM "}", TEL_OK,
	  TEL_EVENT_OTHER, TEL_PARTICIPANT_NONE, false },
	{ "events to come", "{\"event\":\"" L257 "\",\"id\":\"E\"}", TEL_OK, TEL_EVENT_OTHER,
	  TEL_PARTICIPANT_NONE, false },
	{ "no event", "{\"id\":\"EV_1\"}", TEL_EMALFORMED, 0, 0, false },
	{ "event is no text", "{\"event\":5,\"id\":\"EV_1\"}", TEL_EMALFORMED, 0, 0, false },
	{ "event is empty", "{\"event\":\"\",\"id\":\"EV_1\"}", TEL_EMALFORMED, 0, 0, false },
	{ "no id", "{\"event\":\"room_started\"}", TEL_EMALFORMED, 0, 0, false },
	{ "id is null", "{\"event\":\"room_started\",\"id\":null}", TEL_EMALFORMED, 0, 0, false },
	{ "nothing", "", TEL_EMALFORMED, 0, 0, false },
	{ "null", " null ", TEL_EMALFORMED, 0, 0, false },
	{ "a list", "[]", TEL_EMALFORMED, 0, 0, false },
	{ "a text", "\"event\"", TEL_EMALFORMED, 0, 0, false },
	{ "cut off", "{\"event\":\"room_started\",\"id\":\"EV", TEL_EMALFORMED, 0, 0, false },
	{ "two of them", "{\"event\":\"x\",\"id\":\"1\"}{}", TEL_EMALFORMED, 0, 0, false },
	{ "no UTF-8", "{\"event\":\"x\",\"id\":\"\xc3\x28\"}", TEL_EMALFORMED, 0, 0, false },
	{ "no JSON", "event=room_started", TEL_EMALFORMED, 0, 0, false },
};

static void bodies_get_their_kind(void)
{
	struct tel_event e;
	enum tel_err err;
	size_t i;

	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		err = decode(bodies[i].body, &e);
		if (err != bodies[i].err)
			fprintf(stderr, "\n%s: %s\n", bodies[i].what, tel_err_text(err));
		CHECK_INT(err, bodies[i].err);
		if (err)
			continue;
		CHECK_INT(e.kind, bodies[i].kind);
		CHECK_INT(e.participant.kind, bodies[i].participant);
		CHECK_INT(tel_event_may_matter(&e), bodies[i].matters);
		CHECK_INT(e.raw.ptr != NULL, bodies[i].matters);
		tel_event_release(&e);
	}
}

/* json-c takes these, in its strict mode too. */
static void only_json_is_json(void)
{
	static const struct tel_str texts[] = {
		{ "null\0", 5 },	/* was "no memory", and so answered 503 */
		{ "{\"a\":1}\0x", 9 },
		{ "{\"a\":\"\0\"}", 9 },
		{ "{\"a\":\"\n\"}", 9 },
		{ "{\"a\":\"\xc0\xbf\"}", 10 },		/* overlong */
		{ "{\"a\":\"\xed\xa0\x80\"}", 11 },	/* half a surrogate pair */
		{ "{\"a\":NaN}", 9 },	/* came out again, in `raw` */
		{ "{\"a\":-Infinity}", 15 },
		{ "{\"a\":1.}", 8 }, { "{\"a\":-01}", 9 }, { "{\"a\":1e}", 8 }, { "{\"a\":-}", 7 },
	};
	struct json_object *o = NULL;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		CHECK_INT(tel_pbjson_parse(texts[i], &o), TEL_EMALFORMED);
	CHECK_INT(tel_pbjson_parse(TEL_STR(" {\"a\":[-1.5E+9,0,-0.0e-0,true,false,null,\"\\n\xe2\x98\xba\"]}\r\n"), &o),
		  TEL_OK);
	json_object_put(o);
}

static void deep_nesting_is_refused(void)
{
	char body[1000];
	struct tel_buf b;
	struct tel_event e;
	int depth, i;

	for (depth = 20; depth <= 200; depth += 180) {
		tel_buf_init(&b, sizeof(body));
		tel_buf_puts(&b, "{\"event\":\"x\",\"id\":\"1\",\"deep\":");
		for (i = 0; i < depth; i++)
			tel_buf_puts(&b, "[");
		for (i = 0; i < depth; i++)
			tel_buf_puts(&b, "]");
		tel_buf_puts(&b, "}");
		CHECK_INT(tel_livekit_decode_event(tel_buf_str(&b), &e),
			  depth < TEL_JSON_DEPTH ? TEL_OK : TEL_EMALFORMED);
		if (depth < TEL_JSON_DEPTH)
			tel_event_release(&e);
		tel_buf_release(&b);
	}
}

static void odd_moments_are_unknown_moments(void)
{
	static const char *const moments[] = {
		"\"soon\"", "\"\"", "-5", "1e300", "\"9223372036854775808\"", "true", "0.5", "[]",
	};
	struct tel_event e;
	char body[200];
	size_t i;

	for (i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		snprintf(body, sizeof(body), "{\"event\":\"x\",\"id\":\"1\",\"createdAt\":%s}",
			 moments[i]);
		CU_ASSERT_EQUAL_FATAL(decode(body, &e), TEL_OK);
		CHECK_INT(e.created_at, 0);
		tel_event_release(&e);
	}
}

/* ---- raw ------------------------------------------------------------- */

static void secrets_are_smelt(void)
{
	static const char *const secret[] = {
		"password", "sip.h.Authorization", "X-Api-Token", "MYSECRET", "db_passwd", "api_key",
		"clientCredentials", "Set-Cookie",
	};
	static const char *const harmless[] = { "", "sip.callID", "pass", "toke", "name" };
	size_t i;

	for (i = 0; i < sizeof(secret) / sizeof(secret[0]); i++)
		CU_ASSERT_TRUE(tel_livekit_smells_secret(tel_str_from(secret[i])));
	for (i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		CU_ASSERT_FALSE(tel_livekit_smells_secret(tel_str_from(harmless[i])));
}

static void raw_has_chosen_fields_only(void)
{
	struct tel_event e;

	CU_ASSERT_EQUAL_FATAL(decode(
		"{\"event\":\"participant_joined\",\"id\":\"EV_1\",\"created_at\":\"5\",\"x\":1,"
		"\"room\":{\"sid\":\"RM_1\",\"name\":\"r\",\"turnPassword\":\"hush1\","
		"\"turn_password\":\"hush2\",\"metadata\":\"hush3\"},"
		"\"participant\":{\"sid\":\"PA_1\",\"kind\":\"SIP\",\"state\":{\"a\":\"hush4\"},"
		"\"metadata\":\"hush5\",\"attributes\":{\"b\":\"/\",\"my.Password\":\"hush6\","
		"\"sip.h.X-Auth-Token\":\"hush7\",\"o\":{\"p\":\"hush8\"},\"sip.callID\":\"S\"}}}",
		&e), TEL_OK);
	CHECK_STR(e.raw, "{\"event\":\"participant_joined\",\"id\":\"EV_1\",\"createdAt\":\"5\","
		  "\"room\":{\"sid\":\"RM_1\",\"name\":\"r\"},\"participant\":{\"sid\":\"PA_1\","
		  "\"kind\":\"SIP\",\"attributes\":{\"sip.h.X-Auth-Token\":\"[redacted]\","
		  "\"sip.callID\":\"S\",\"b\":\"/\",\"my.Password\":\"[redacted]\"}}}");
	tel_event_release(&e);
}

/* A phone with `n` attributes of `size` bytes, LiveKit's own at the end. */
static void with_attributes(struct tel_buf *b, int n, int size)
{
	int i;

	tel_buf_puts(b, "{\"event\":\"participant_joined\",\"id\":\"EV_1\"," ROOM ","
			"\"participant\":{\"sid\":\"PA_1\",\"kind\":\"SIP\",\"attributes\":{");
	for (i = 0; i < n; i++)
		tel_buf_printf(b, "\"a%d\":\"%.*s\",", i, size, long_text);
	tel_buf_puts(b, "\"sip.callID\":\"SCL_1\"}}}");
}

static void raw_keeps_its_ceiling(void)
{
	struct tel_event e;
	struct tel_buf b;
	int n, size;

	tel_buf_init(&b, TEL_MAX_BODY);
	for (n = 0; n <= 64; n += 8) {
		for (size = 0; size < 200; size += 7) {
			tel_buf_clear(&b);
			with_attributes(&b, n, size);
			CU_ASSERT_EQUAL_FATAL(tel_livekit_decode_event(tel_buf_str(&b), &e), TEL_OK);
			raw_is_json(e.raw, "participant_joined");
			CU_ASSERT(strstr(e.raw.ptr, "\"sip.callID\":\"SCL_1\"") != NULL);
			CHECK_STR(e.participant.sip_call_id, "SCL_1");
			if (n * (size + 9) > TEL_MAX_RAW)	/* and makes use of it */
				CU_ASSERT(e.raw.len > TEL_MAX_RAW - (size_t)size - 64);
			tel_event_release(&e);
		}
	}
	tel_buf_release(&b);
}

static void the_port_decodes(void)
{
	struct tel_event_decoder *d = NULL;
	struct tel_event e;

	CHECK_INT(tel_livekit_decoder_new(&d), TEL_OK);
	CHECK_INT(d->ops->decode(d, TEL_STR("{\"event\":\"x\",\"id\":\"1\"}"), &e), TEL_OK);
	tel_event_release(&e);
	tel_livekit_decoder_free(d);
	tel_livekit_decoder_free(NULL);
}

/* ---- what needs no parsing -------------------------------------------- */

static void foreign_events_are_told_by_their_bytes(void)
{
	static const struct { const char *body; bool foreign; } cases[] = {
		{ "{\"event\":\"track_published\",\"id\":\"EV_1\"}", true },
		{ " {\"event\":\"room_started\",\"id\":\"EV_1\"}\n", true },
		{ "{\"event\":\"participant_joined\",\"participant\":{\"kind\":\"EGRESS\"},\"id\":\"E\"}", true },
		{ "{\"event\":\"participant_joined\",\"participant\":{\"kind\":\"SIP\"},\"id\":\"E\"}", false },
		{ "{\"event\":\"participant_joined\",\"participant\":{\"kind\":\"AGENT\"},\"id\":\"E\"}", false },
		{ "{\"event\":\"participant_joined\",\"participant\":{\"kind\" :\t3},\"id\":\"E\"}", false },
		{ "{\"event\":\"participant_joined\",\"kind\":\"x\",\"participant\":{\"kind\":4},\"id\":\"E\"}", false },
		{ "{\"event\":\"participant_joined\",\"participant\":{\"kind\":\"\\u0053IP\"},\"id\":\"E\"}", false },
		{ "{\"event\":\"room_finished\",\"id\":\"EV_1\"}", false },
		{ "{\"event\":\"room\\u005ffinished\",\"id\":\"EV_1\"}", false },
		{ "{\"event\":\"track_published\"}", false },
		{ "{\"id\":\"EV_1\"}", false },
		{ "[\"event\",\"id\"]", false },
		{ "{\"event\":\"track_published\",\"id\":\"EV_1\"", false },
		{ "not json at all", false }, { "{}", false }, { "", false },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_INT(tel_livekit_is_foreign(tel_str_from(cases[i].body)), cases[i].foreign);
	CU_ASSERT_FALSE(tel_livekit_is_foreign(TEL_STR_NONE));
}

/* Wherever it stands, whatever part of it stands before; one byte less is nothing. */
static void a_word_is_found_at_every_place(void)
{
	static const char *const words[] = { "SIP", "AGENT", "room_finished", "\\u", "\"kind\": 3" };
	static const char begin[] = "{\"event\":\"x\",\"id\":\"E\",\"y\":\"", end[] = "\"}";
	char body[200];
	size_t i, at, cut, len;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		len = strlen(words[i]);
		for (at = 0; at < 70; at++) {
			for (cut = 0; cut < len; cut++) {
				snprintf(body, sizeof(body), "%s%.*s%.*s%s%s", begin, (int)at,
					 "IIGG__kk................................................................",
					 (int)cut, words[i], words[i], end);
				CU_ASSERT_FALSE(tel_livekit_is_foreign(tel_str_from(body)));
			}
			snprintf(body, sizeof(body), "%s%*s%.*s%s", begin, (int)at, "", (int)len - 1,
				 words[i], end);
			CU_ASSERT(tel_livekit_is_foreign(tel_str_from(body)));
		}
	}
}

/* `event` and `id` may stand anywhere, and nearly being there is not enough. */
static void an_event_has_its_two_keys_anywhere(void)
{
	static const struct { const char *body; bool foreign; } cases[] = {
		{ "{\"id\":\"E\",\"room\":{\"a\":\"b\"},\"event\":\"x\"}", true },
		{ "{\"event\":\"\",\"a\":\"id\"}", true },
		{ "{\"a\":1,\"event\":\"x\",\"idd\":1,\"i\":2}", false },
		{ "{\"even\":\"x\",\"event_\":1,\"id\":\"E\"}", false },
		{ "{\"event\":\"x\",\"i\"}", false }, { "{\"id\":\"event}", false },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_INT(tel_livekit_is_foreign(tel_str_from(cases[i].body)), cases[i].foreign);
}

static void see_foreign(void *ctx, const char *file, const struct recorded *r)
{
	int *n = ctx;
	struct tel_event e;

	(void)file;
	if (!tel_livekit_is_foreign(r->body))
		return;
	CU_ASSERT_EQUAL_FATAL(tel_livekit_decode_event(r->body, &e), TEL_OK);
	CU_ASSERT_FALSE(tel_event_may_matter(&e));
	tel_event_release(&e);
	(*n)++;
}

static void no_recorded_event_that_matters_is_foreign(void)
{
	int n = 0;

	for_each_recorded(see_foreign, &n);
	CU_ASSERT(n > 40);	/* the tracks, the rooms that start */
}

CU_TestInfo livekit_event_tests[] = {
	{ "recorded deliveries decode", recorded_deliveries_decode },
	{ "every field is read", every_field_is_read },
	{ "other spellings mean the same", other_spellings_mean_the_same },
	{ "bodies get their kind", bodies_get_their_kind },
	{ "only JSON is JSON", only_json_is_json },
	{ "deep nesting is refused", deep_nesting_is_refused },
	{ "odd moments are unknown moments", odd_moments_are_unknown_moments },
	{ "secrets are smelt", secrets_are_smelt },
	{ "raw has chosen fields only", raw_has_chosen_fields_only },
	{ "raw keeps its ceiling", raw_keeps_its_ceiling },
	{ "the port decodes", the_port_decodes },
	{ "foreign events are told by their bytes", foreign_events_are_told_by_their_bytes },
	{ "a word is found at every place", a_word_is_found_at_every_place },
	{ "an event has its two keys anywhere", an_event_has_its_two_keys_anywhere },
	{ "no recorded event that matters is foreign", no_recorded_event_that_matters_is_foreign },
	CU_TEST_INFO_NULL
};
