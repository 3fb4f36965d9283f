/*
 * Bodies as livekit-server writes them (protobuf's JSON mapping: camelCase,
 * 64-bit numbers as strings, defaults left out), field for field as in
 * recorded deliveries, so that size and content are what a receiver meets.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "ctl/simulate/script.h"
#include "base/banned.h"

static const char codecs[] =
	"\"enabledCodecs\":[{\"mime\":\"audio/PCMU\"},{\"mime\":\"audio/PCMA\"},"
	"{\"mime\":\"audio/opus\"},{\"mime\":\"audio/red\"},{\"mime\":\"video/VP8\"},"
	"{\"mime\":\"video/H264\"},{\"mime\":\"video/VP9\"},{\"mime\":\"video/AV1\"},"
	"{\"mime\":\"video/H265\"},{\"mime\":\"video/rtx\"}]";

/* A quoted JSON string. Bytes above 127 go as they are: the shell's UTF-8. */
static void put_text(struct tel_buf *b, const char *text)
{
	const char *c;

	tel_buf_puts(b, "\"");
	for (c = text; *c; c++) {
		if (*c == '"' || *c == '\\')
			tel_buf_printf(b, "\\%c", *c);
		else if ((unsigned char)*c < 0x20)
			tel_buf_printf(b, "\\u%04x", (unsigned char)*c);
		else
			tel_buf_add(b, c, 1);
	}
	tel_buf_puts(b, "\"");
}

/* ,"key":"text" */
static void put_member(struct tel_buf *b, const char *key, const char *text)
{
	tel_buf_printf(b, ",\"%s\":", key);
	put_text(b, text);
}

/* ,"key":"prefix text" with both in one string */
static void put_member_of_two(struct tel_buf *b, const char *key, const char *prefix,
			      const char *text)
{
	char both[TEL_MAX_NUMBER_RAW + 32];

	snprintf(both, sizeof(both), "%s%s", prefix, text);
	put_member(b, key, both);
}

static void put_moment(struct tel_buf *b, const char *key, tel_time when)
{
	tel_buf_printf(b, ",\"%s\":\"%lld\",\"%sMs\":\"%lld\"", key, (long long)(when / 1000), key,
		       (long long)when);
}

/* ---- parts --------------------------------------------------------------- */

static void put_room(struct tel_buf *b, const struct tel_sim_call *call, const char *counts)
{
	tel_buf_printf(b, ",\"room\":{\"sid\":\"%s\"", call->room_sid);
	put_member(b, "name", call->room);
	tel_buf_puts(b, ",\"emptyTimeout\":10,\"departureTimeout\":5");
	put_moment(b, "creationTime", call->began);
	tel_buf_printf(b, ",\"turnPassword\":\"%s\",%s%s}", call->turn_password, codecs, counts);
}

static void put_sip_attributes(struct tel_buf *b, const struct tel_sim_plan *plan,
			       const struct tel_sim_call *call, bool left)
{
	tel_buf_printf(b, ",\"attributes\":{\"sip.callID\":\"%s\"", call->sip_call_id);
	tel_buf_printf(b, ",\"sip.callIDFull\":\"%zu-%u@127.0.0.1\"", call->number,
		       call->sip_port);
	put_member(b, "sip.callStatus", left ? "hangup" : "ringing");
	tel_buf_printf(b, ",\"sip.callTag\":\"%uSIPpTag%03zu\"", call->sip_port, call->number);
	put_member(b, "sip.hostname", "127.0.0.1");
	put_member(b, "sip.phoneNumber", call->from);
	put_member(b, "sip.ruleID", call->rule_id);
	put_member(b, "sip.trunkID", plan->trunk);
	put_member(b, "sip.trunkPhoneNumber", plan->to);
	tel_buf_puts(b, "}");
}

static const char permission[] =
	",\"permission\":{\"canSubscribe\":true,\"canPublish\":true,\"canPublishData\":true,"
	"\"canUpdateMetadata\":true";

static void put_phone(struct tel_buf *b, const struct tel_sim_plan *plan,
		      const struct tel_sim_call *call, bool left)
{
	tel_buf_printf(b, ",\"participant\":{\"sid\":\"%s\"", call->phone_sid);
	put_member_of_two(b, "identity", "sip_", call->from);
	put_member(b, "state", left ? "DISCONNECTED" : "ACTIVE");
	put_moment(b, "joinedAt", call->began);
	put_member_of_two(b, "name", "Phone ", call->from);
	tel_buf_printf(b, ",\"version\":%d%s}", left ? 8 : 2, permission);
	tel_buf_printf(b, "%s,\"kind\":\"SIP\"", left ? ",\"isPublisher\":true" : "");
	put_sip_attributes(b, plan, call, left);
	tel_buf_printf(b, "%s}", left ? ",\"disconnectReason\":\"CLIENT_INITIATED\"" : "");
}

static void put_agent(struct tel_buf *b, const struct tel_sim_plan *plan,
		      const struct tel_sim_call *call, bool left)
{
	tel_buf_printf(b, ",\"participant\":{\"sid\":\"%s\",\"identity\":\"agent-%s\"",
		       call->agent_sid, call->agent_job);
	put_member(b, "state", left ? "DISCONNECTED" : "ACTIVE");
	put_moment(b, "joinedAt", call->began);
	tel_buf_printf(b, ",\"version\":%d%s,\"agent\":true}", left ? 6 : 2, permission);
	tel_buf_printf(b, "%s,\"kind\":\"AGENT\",\"attributes\":{\"lk.agent.name\":",
		       left ? ",\"isPublisher\":true" : "");
	put_text(b, plan->agent_name);
	put_member(b, "lk.agent_name", plan->agent_name);
	tel_buf_printf(b, "}%s,\"clientProtocol\":2}",
		       left ? ",\"disconnectReason\":\"ROOM_CLOSED\"" : "");
}

/* Events of tracks name room and participant, and nothing else about them. */
static void put_track(struct tel_buf *b, const struct tel_sim_call *call, tel_time now)
{
	tel_buf_printf(b, ",\"room\":{\"sid\":\"%s\"", call->room_sid);
	put_member(b, "name", call->room);
	tel_buf_printf(b, "},\"participant\":{\"sid\":\"%s\"", call->phone_sid);
	put_member_of_two(b, "identity", "sip_", call->from);
	tel_buf_printf(b, "},\"track\":{\"sid\":\"%s\"", call->phone_track);
	put_member_of_two(b, "name", "sip_", call->from);
	tel_buf_printf(b, ",\"source\":\"MICROPHONE\",\"mimeType\":\"audio/opus\",\"mid\":\"1\","
			  "\"codecs\":[{\"mimeType\":\"audio/opus\",\"mid\":\"1\","
			  "\"cid\":\"audio\"}],\"stream\":\"camera\","
			  "\"version\":{\"unixMicro\":\"%lld\"},"
			  "\"backupCodecPolicy\":\"SIMULCAST\"}", (long long)now * 1000);
}

/* ---- events ---------------------------------------------------------------- */

static const char *const names[TEL_SIM_KINDS] = {
	[TEL_SIM_ROOM_STARTED] = "room_started",
	[TEL_SIM_PHONE_JOINED] = "participant_joined",
	[TEL_SIM_PHONE_TRACK] = "track_published",
	[TEL_SIM_AGENT_JOINED] = "participant_joined",
	[TEL_SIM_PHONE_LEFT] = "participant_left",
	[TEL_SIM_AGENT_LEFT] = "participant_left",
	[TEL_SIM_ROOM_FINISHED] = "room_finished",
};

static const char *counts_of(enum tel_sim_kind kind)
{
	switch (kind) {
	case TEL_SIM_PHONE_LEFT:	return ",\"numParticipants\":1,\"numPublishers\":2";
	case TEL_SIM_AGENT_LEFT:
	case TEL_SIM_ROOM_FINISHED:	return ",\"numPublishers\":1";
	default:			return "";
	}
}

void tel_sim_body(const struct tel_sim_plan *plan, const struct tel_sim_call *call,
		  const struct tel_sim_event *event, tel_time now, struct tel_buf *out)
{
	enum tel_sim_kind kind = event->kind;

	tel_buf_printf(out, "{\"event\":\"%s\"", names[kind]);
	if (kind == TEL_SIM_PHONE_TRACK)
		put_track(out, call, now);
	else
		put_room(out, call, counts_of(kind));
	if (kind == TEL_SIM_PHONE_JOINED || kind == TEL_SIM_PHONE_LEFT)
		put_phone(out, plan, call, kind == TEL_SIM_PHONE_LEFT);
	if (kind == TEL_SIM_AGENT_JOINED || kind == TEL_SIM_AGENT_LEFT)
		put_agent(out, plan, call, kind == TEL_SIM_AGENT_LEFT);
	tel_buf_printf(out, ",\"id\":\"%s\",\"createdAt\":\"%lld\"}", event->id,
		       (long long)(now / 1000));
}
