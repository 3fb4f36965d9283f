#include "config.h"

#include "base/limits.h"
#include "json/json_write.h"
#include "livekit/twirp_codec.h"
#include "base/banned.h"

#define AGENT_DISPATCH "/twirp/livekit.AgentDispatchService/"
#define ROOM_SERVICE "/twirp/livekit.RoomService/"

static const struct {
	const char *path;
	bool repeatable;
	bool create_grant;	/* roomCreate; else roomAdmin of that room */
} methods[TEL_LK_METHODS] = {
	[TEL_LK_CREATE_DISPATCH] = { AGENT_DISPATCH "CreateDispatch", false, false },
	[TEL_LK_LIST_DISPATCH] = { AGENT_DISPATCH "ListDispatch", true, false },
	[TEL_LK_LIST_PARTICIPANTS] = { ROOM_SERVICE "ListParticipants", true, false },
	[TEL_LK_DELETE_ROOM] = { ROOM_SERVICE "DeleteRoom", true, true },
};

const char *tel_twirp_path(enum tel_lk_method method)
{
	return methods[method].path;
}

bool tel_twirp_is_repeatable(enum tel_lk_method method)
{
	return methods[method].repeatable;
}

void tel_twirp_grants(const struct tel_lk_request *request, struct tel_jwt_access *access)
{
	access->room = request->room;
	access->room_create = methods[request->method].create_grant;
	access->room_admin = !access->room_create;
}

/* An absent text is an empty one. */
static void put_text(struct tel_json_write *w, const char *key, struct tel_str text)
{
	tel_json_put_text(w, key, text.ptr ? text : TEL_STR(""));
}

/* What tells an agent about its call, and us about its dispatch. */
static void put_telephony(struct tel_json_write *w, const struct tel_call *call)
{
	tel_json_open_object(w, "telephony");
	put_text(w, "callId", tel_call_id_str(&call->id));
	put_text(w, "direction", tel_str_from(tel_direction_text(call->direction)));
	/* An unknown number is null, so that the agent always finds the member. */
	tel_json_put_text(w, "from", tel_e164_str(&call->from));
	tel_json_put_text(w, "to", tel_e164_str(&call->to));
	put_text(w, "roomName", call->room_name);
	put_text(w, "roomSid", call->room_sid);
	tel_json_close(w);
}

/* The AgentConfig, and what it is about. */
static enum tel_err make_metadata(const struct tel_lk_request *r, struct tel_buf *out)
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

static enum tel_err put_request(const struct tel_lk_request *r, struct tel_str metadata,
				struct tel_buf *body)
{
	struct tel_json_write w;

	tel_json_begin(&w, TEL_JSON_PLAIN);
	tel_json_open_object(&w, NULL);
	put_text(&w, "room", r->room);
	if (r->method == TEL_LK_CREATE_DISPATCH) {
		put_text(&w, "agent_name", r->agent_name);
		put_text(&w, "metadata", metadata);
	}
	tel_json_close(&w);
	return tel_json_finish(&w, body);
}

enum tel_err tel_twirp_encode(const struct tel_lk_request *request, struct tel_buf *body)
{
	struct tel_buf metadata;
	enum tel_err err = TEL_OK;

	if (!tel_str_is_set(request->room))
		return TEL_EMALFORMED;
	tel_buf_init(&metadata, TEL_MAX_LIVEKIT_REQUEST);
	if (request->method == TEL_LK_CREATE_DISPATCH)
		err = make_metadata(request, &metadata);
	if (!err)
		err = put_request(request, tel_buf_str(&metadata), body);
	tel_buf_release(&metadata);
	return err;
}
