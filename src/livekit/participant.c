#include "config.h"

#include <string.h>

#include "base/limits.h"
#include "json/json_read.h"
#include "livekit/pbjson.h"
#include "livekit/participant.h"
#include "base/banned.h"

/* ParticipantInfo.Kind, as numbers. */
#define KIND_SIP 3
#define KIND_AGENT 4

/* Year 9999, in seconds: what is beyond is no moment but nonsense. */
#define MAX_SECONDS 253402300799

enum tel_err tel_livekit_copy_id(struct tel_arena *mem, struct tel_str text, size_t max,
				 struct tel_str *out)
{
	enum tel_err err;

	if (text.len > 0 && memchr(text.ptr, '\0', text.len))
		return TEL_EMALFORMED;
	err = tel_arena_copy(mem, text, max, out);
	return err == TEL_ETOOBIG ? TEL_EMALFORMED : err;
}

enum tel_err tel_livekit_copy_if_fit(struct tel_arena *mem, struct tel_str text, size_t max,
				     struct tel_str *out)
{
	enum tel_err err = tel_livekit_copy_id(mem, text, max, out);

	if (err != TEL_EMALFORMED)
		return err;
	*out = TEL_STR_NONE;
	return TEL_OK;
}

tel_time tel_livekit_time(const struct json_object *ms, const struct json_object *s)
{
	int64_t n;

	if (tel_pbjson_int64(ms, &n) && n > 0 && n <= MAX_SECONDS * TEL_SECOND)
		return n;
	if (tel_pbjson_int64(s, &n) && n > 0 && n <= MAX_SECONDS)
		return n * TEL_SECOND;
	return 0;
}

static enum tel_participant_kind kind_of(const struct json_object *kind)
{
	struct tel_str name = tel_json_text_of(kind);
	int64_t number;

	if (tel_str_is(name, "SIP"))
		return TEL_PARTICIPANT_SIP;
	if (tel_str_is(name, "AGENT"))
		return TEL_PARTICIPANT_AGENT;
	if (!name.ptr && tel_pbjson_int64(kind, &number)) {
		if (number == KIND_SIP)
			return TEL_PARTICIPANT_SIP;
		if (number == KIND_AGENT)
			return TEL_PARTICIPANT_AGENT;
	}
	return TEL_PARTICIPANT_OTHER;	/* absent = STANDARD */
}

/* DisconnectReason; the first one, UNKNOWN_REASON, says nothing. */
static struct tel_str reason_of(const struct json_object *reason)
{
	static const char *const names[] = {
		NULL, "CLIENT_INITIATED", "DUPLICATE_IDENTITY", "SERVER_SHUTDOWN",
		"PARTICIPANT_REMOVED", "ROOM_DELETED", "STATE_MISMATCH", "JOIN_FAILURE",
		"MIGRATION", "SIGNAL_CLOSE", "ROOM_CLOSED", "USER_UNAVAILABLE",
		"USER_REJECTED", "SIP_TRUNK_FAILURE", "CONNECTION_TIMEOUT",
		"MEDIA_FAILURE", "AGENT_ERROR",
	};
	struct tel_str name = tel_json_text_of(reason);
	int64_t number;

	if (tel_str_is(name, "UNKNOWN_REASON"))
		return TEL_STR_NONE;
	if (!name.ptr && tel_pbjson_int64(reason, &number) && number > 0 &&
	    number < (int64_t)(sizeof(names) / sizeof(names[0])))
		return tel_str_from(names[number]);
	return name;
}

static enum tel_err copy_sip(const struct json_object *attributes, struct tel_arena *mem,
			     struct tel_participant *p)
{
	const struct {
		const char *key;
		size_t max;
		bool id;	/* else: absent if it is not fit */
		struct tel_str *to;
	} fields[] = {
		{ "sip.callID", TEL_MAX_ID, true, &p->sip_call_id },
		{ "sip.trunkID", TEL_MAX_ID, true, &p->trunk_id },
		{ "sip.ruleID", TEL_MAX_ID, true, &p->rule_id },
		{ "telephony.callId", TEL_MAX_ID, true, &p->call_id },
		{ "sip.phoneNumber", TEL_MAX_NUMBER_RAW, false, &p->number },
		{ "sip.trunkPhoneNumber", TEL_MAX_NUMBER_RAW, false, &p->trunk_number },
	};
	enum tel_err err = TEL_OK;
	struct tel_str text;
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]) && !err; i++) {
		text = tel_pbjson_member(attributes, fields[i].key, NULL);
		err = fields[i].id ?
			tel_livekit_copy_id(mem, text, fields[i].max, fields[i].to) :
			tel_livekit_copy_if_fit(mem, text, fields[i].max, fields[i].to);
	}
	p->sip_status = tel_sip_status_from(tel_pbjson_member(attributes, "sip.callStatus", NULL));
	return err;
}

/* Old agents say `lk.agent_name`, or nothing. */
static struct tel_str agent_name(const struct json_object *attributes)
{
	return tel_pbjson_member(attributes, "lk.agent.name", "lk.agent_name");
}

static enum tel_err copy_other(const struct json_object *info, struct tel_arena *mem,
			       struct tel_participant *p)
{
	enum tel_err err = tel_livekit_copy_if_fit(mem, tel_pbjson_member(info, "sid", NULL),
						   TEL_MAX_ID, &p->sid);

	return err ? err : tel_livekit_copy_if_fit(mem, tel_pbjson_member(info, "identity", NULL),
						   TEL_MAX_IDENTITY, &p->identity);
}

static enum tel_err copy_phone_or_agent(const struct json_object *info, struct tel_arena *mem,
					struct tel_participant *p)
{
	struct json_object *attributes = tel_pbjson_get(info, "attributes", NULL);
	struct json_object *reason = tel_pbjson_get(info, "disconnectReason", "disconnect_reason");
	enum tel_err err;

	p->joined_at = tel_livekit_time(tel_pbjson_get(info, "joinedAtMs", "joined_at_ms"),
					tel_pbjson_get(info, "joinedAt", "joined_at"));
	err = tel_livekit_copy_id(mem, tel_pbjson_member(info, "sid", NULL), TEL_MAX_ID, &p->sid);
	if (!err)
		err = tel_livekit_copy_id(mem, tel_pbjson_member(info, "identity", NULL),
					  TEL_MAX_IDENTITY, &p->identity);
	if (!err)
		err = tel_livekit_copy_if_fit(mem, reason_of(reason), TEL_MAX_NAME,
					      &p->disconnect_reason);
	if (!err && p->kind == TEL_PARTICIPANT_SIP)
		err = copy_sip(attributes, mem, p);
	if (!err && p->kind == TEL_PARTICIPANT_AGENT)
		err = tel_livekit_copy_if_fit(mem, agent_name(attributes), TEL_MAX_NAME,
					      &p->agent_name);
	return err;
}

enum tel_err tel_livekit_participant(const struct json_object *info, struct tel_arena *mem,
				     struct tel_participant *out)
{
	struct tel_participant p = { 0 };
	enum tel_err err;

	if (!json_object_is_type(info, json_type_object)) {
		*out = p;
		return TEL_OK;
	}
	p.kind = kind_of(tel_pbjson_get(info, "kind", NULL));
	err = p.kind == TEL_PARTICIPANT_OTHER ? copy_other(info, mem, &p) :
						copy_phone_or_agent(info, mem, &p);
	if (!err)
		*out = p;
	return err;
}
