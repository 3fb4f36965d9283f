#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/limits.h"
#include "json/json_write.h"
#include "livekit/twirp_codec.h"
#include "base/banned.h"

#define AGENT_DISPATCH "/twirp/livekit.AgentDispatchService/"
#define ROOM_SERVICE "/twirp/livekit.RoomService/"
#define SIP "/twirp/livekit.SIP/"

/* What the token of a request has to allow; ADMIN is for its room only. */
#define CREATE 1U
#define LIST 2U
#define ADMIN 4U
#define CALL 8U

static const struct {
	const char *path;
	bool repeatable;
	unsigned int grants;
} methods[TEL_LK_METHODS] = {
	[TEL_LK_CREATE_DISPATCH] = { AGENT_DISPATCH "CreateDispatch", false, ADMIN },
	[TEL_LK_LIST_DISPATCH] = { AGENT_DISPATCH "ListDispatch", true, ADMIN },
	[TEL_LK_LIST_PARTICIPANTS] = { ROOM_SERVICE "ListParticipants", true, ADMIN },
	[TEL_LK_DELETE_ROOM] = { ROOM_SERVICE "DeleteRoom", true, CREATE },
	[TEL_LK_CREATE_ROOM] = { ROOM_SERVICE "CreateRoom", true, CREATE },
	[TEL_LK_GET_PARTICIPANT] = { ROOM_SERVICE "GetParticipant", true, ADMIN },
	[TEL_LK_CREATE_SIP_PARTICIPANT] = { SIP "CreateSIPParticipant", false, CALL },
	/* LiveKit looks the participant up with the same token. */
	[TEL_LK_TRANSFER_SIP_PARTICIPANT] = { SIP "TransferSIPParticipant", false, CALL | ADMIN },
	[TEL_LK_DELETE_DISPATCH] = { AGENT_DISPATCH "DeleteDispatch", true, ADMIN },
	[TEL_LK_LIST_ROOMS] = { ROOM_SERVICE "ListRooms", true, LIST },
};

const char *tel_twirp_path(enum tel_lk_method method)
{
	return methods[method].path;
}

bool tel_twirp_is_repeatable(enum tel_lk_method method)
{
	return methods[method].repeatable;
}

bool tel_twirp_is_sip(enum tel_lk_method method)
{
	return methods[method].grants & CALL;
}

void tel_twirp_grants(const struct tel_lk_request *request, struct tel_jwt_access *access)
{
	unsigned int grants = methods[request->method].grants;

	access->room = request->room;
	access->room_create = grants & CREATE;
	access->room_list = grants & LIST;
	access->room_admin = grants & ADMIN;
	access->sip_call = grants & CALL;
}

/* An absent text is an empty one. */
static void put_text(struct tel_json_write *w, const char *key, struct tel_str text)
{
	tel_json_put_text(w, key, text.ptr ? text : TEL_STR(""));
}

/* A text that may be missing. */
static void put_if_set(struct tel_json_write *w, const char *key, struct tel_str text)
{
	if (tel_str_is_set(text))
		tel_json_put_text(w, key, text);
}

/* ---- metadata ----------------------------------------------------------- */

/* What tells an agent about its call, and us about its dispatch. */
static void put_telephony(struct tel_json_write *w, const struct tel_call *call)
{
	tel_json_open_object(w, "telephony");
	put_text(w, "callId", tel_call_id_str(&call->id));
	put_text(w, "direction", tel_str_from(tel_direction_text(call->direction)));
	/* What is unknown is null, so that the agent always finds the member. */
	tel_json_put_text(w, "from", tel_e164_str(&call->from));
	tel_json_put_text(w, "to", tel_e164_str(&call->to));
	put_text(w, "roomName", call->room_name);
	tel_json_put_text(w, "roomSid", tel_str_is_set(call->room_sid) ? call->room_sid :
									TEL_STR_NONE);
	if (tel_str_is_set(call->dial.metadata))
		tel_json_put_json(w, "metadata", call->dial.metadata);
	tel_json_close(w);
}

/* The AgentConfig, and what it is about. */
static enum tel_err make_agent_metadata(const struct tel_lk_request *r, struct tel_buf *out)
{
	struct tel_json_write w;

	if (!r->call || r->agent_config.len > TEL_MAX_AGENT_CONFIG)
		return TEL_EMALFORMED;
	tel_json_begin(&w, TEL_JSON_PLAIN);
	tel_json_open_parsed(&w, NULL, r->agent_config);
	put_telephony(&w, r->call);
	tel_json_close(&w);
	return tel_json_finish(&w, out);
}

/* By which a room is known as one that we made, and for which call. */
static enum tel_err make_room_metadata(const struct tel_lk_request *r, struct tel_buf *out)
{
	struct tel_json_write w;

	tel_json_begin(&w, TEL_JSON_PLAIN);
	tel_json_open_object(&w, NULL);
	tel_json_open_object(&w, "telephony");
	put_text(&w, "callId", tel_call_id_str(&r->call->id));
	return tel_json_finish(&w, out);
}

/* ---- bodies ------------------------------------------------------------- */

static void put_dispatch(struct tel_json_write *w, const struct tel_lk_request *r)
{
	struct tel_buf metadata;

	tel_buf_init(&metadata, TEL_MAX_LIVEKIT_REQUEST);
	tel_json_fail(w, make_agent_metadata(r, &metadata));
	put_text(w, "agent_name", r->agent_name);
	put_text(w, "metadata", tel_buf_str(&metadata));
	tel_buf_release(&metadata);
}

/* Whole seconds, upwards. */
static tel_time seconds(tel_time ms)
{
	return (ms + TEL_SECOND - 1) / TEL_SECOND;
}

static void put_seconds_if_set(struct tel_json_write *w, const char *key, tel_time ms)
{
	if (ms > 0)
		tel_json_put_int(w, key, seconds(ms));
}

static void put_room(struct tel_json_write *w, const struct tel_lk_request *r)
{
	struct tel_buf metadata;

	tel_buf_init(&metadata, TEL_MAX_LIVEKIT_REQUEST);
	put_text(w, "name", r->room);
	put_seconds_if_set(w, "empty_timeout", r->empty_timeout);
	put_seconds_if_set(w, "departure_timeout", r->departure_timeout);
	tel_json_fail(w, r->call ? make_room_metadata(r, &metadata) : TEL_EMALFORMED);
	put_text(w, "metadata", tel_buf_str(&metadata));
	tel_json_open_list(w, "agents");
	tel_json_open_object(w, NULL);
	put_dispatch(w, r);
	tel_json_close(w);
	tel_json_close(w);
	tel_buf_release(&metadata);
}

/* protobuf's Duration. */
static void put_duration(struct tel_json_write *w, const char *key, tel_time ms)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64 "s", (int64_t)seconds(ms));
	tel_json_put_text(w, key, tel_str_from(text));
}

/*
 * No participant_name: a number would be shown to all in the room. Without a
 * number of ours LiveKit takes one of the trunk's.
 */
static void put_dial(struct tel_json_write *w, const struct tel_lk_request *r)
{
	const struct tel_call *call = r->call;

	put_text(w, "sip_trunk_id", call->trunk_id);
	put_text(w, "sip_call_to", tel_e164_str(&call->to));
	put_if_set(w, "sip_number", tel_e164_str(&call->from));
	put_text(w, "room_name", r->room);
	put_text(w, "participant_identity", r->identity);
	tel_json_open_object(w, "participant_attributes");
	put_text(w, "telephony.callId", tel_call_id_str(&call->id));
	tel_json_close(w);
	put_if_set(w, "dtmf", call->dial.dtmf);
	put_duration(w, "ringing_timeout", call->dial.ringing_timeout);
	put_duration(w, "max_call_duration", call->dial.max_duration);
	tel_json_put_bool(w, "wait_until_answered", true);
}

static void put_transfer(struct tel_json_write *w, const struct tel_lk_request *r)
{
	put_text(w, "room_name", r->room);
	put_text(w, "participant_identity", r->identity);
	put_text(w, "transfer_to", r->transfer_to);
	tel_json_put_bool(w, "play_dialtone", r->play_dialtone);
}

static void put_names(struct tel_json_write *w, const struct tel_lk_request *r)
{
	if (!tel_str_is_set(r->room))
		return;
	tel_json_open_list(w, "names");
	put_text(w, NULL, r->room);
	tel_json_close(w);
}

static void put_body(struct tel_json_write *w, const struct tel_lk_request *r)
{
	switch (r->method) {
	case TEL_LK_CREATE_ROOM:
		put_room(w, r);
		return;
	case TEL_LK_CREATE_SIP_PARTICIPANT:
		put_dial(w, r);
		return;
	case TEL_LK_TRANSFER_SIP_PARTICIPANT:
		put_transfer(w, r);
		return;
	case TEL_LK_LIST_ROOMS:
		put_names(w, r);
		return;
	case TEL_LK_CREATE_DISPATCH:
	case TEL_LK_LIST_DISPATCH:
	case TEL_LK_LIST_PARTICIPANTS:
	case TEL_LK_DELETE_ROOM:
	case TEL_LK_GET_PARTICIPANT:
	case TEL_LK_DELETE_DISPATCH:
	case TEL_LK_METHODS:
		break;
	}
	put_text(w, "room", r->room);
	if (r->method == TEL_LK_CREATE_DISPATCH)
		put_dispatch(w, r);
	else if (r->method == TEL_LK_GET_PARTICIPANT)
		put_text(w, "identity", r->identity);
	else if (r->method == TEL_LK_DELETE_DISPATCH)
		put_text(w, "dispatch_id", r->dispatch_id);
}

/* ---- what has to be there ----------------------------------------------- */

/* Without a bound a phone might ring, or a call cost, for ever. */
static bool is_dial(const struct tel_lk_request *r)
{
	const struct tel_call *call = r->call;

	return call && tel_str_is_set(r->identity) && tel_str_is_set(call->trunk_id) &&
	       tel_str_is_set(tel_e164_str(&call->to)) && call->dial.ringing_timeout > 0 &&
	       call->dial.max_duration > 0;
}

static bool is_complete(const struct tel_lk_request *r)
{
	if (!tel_str_is_set(r->room))
		return r->method == TEL_LK_LIST_ROOMS;
	switch (r->method) {
	case TEL_LK_CREATE_SIP_PARTICIPANT:
		return is_dial(r);
	case TEL_LK_TRANSFER_SIP_PARTICIPANT:
		return tel_str_is_set(r->identity) && tel_str_is_set(r->transfer_to);
	case TEL_LK_GET_PARTICIPANT:
		return tel_str_is_set(r->identity);
	case TEL_LK_DELETE_DISPATCH:
		return tel_str_is_set(r->dispatch_id);
	case TEL_LK_CREATE_DISPATCH:	/* looked at where it is written */
	case TEL_LK_CREATE_ROOM:
	case TEL_LK_LIST_DISPATCH:
	case TEL_LK_LIST_PARTICIPANTS:
	case TEL_LK_DELETE_ROOM:
	case TEL_LK_LIST_ROOMS:
	case TEL_LK_METHODS:
		break;
	}
	return true;
}

enum tel_err tel_twirp_encode(const struct tel_lk_request *request, struct tel_buf *body)
{
	struct tel_json_write w;

	if (!is_complete(request))
		return TEL_EMALFORMED;
	tel_json_begin(&w, TEL_JSON_PLAIN);
	tel_json_open_object(&w, NULL);
	put_body(&w, request);
	tel_json_close(&w);
	return tel_json_finish(&w, body);
}
