#include "config.h"

#include <json-c/json.h>

#include "base/limits.h"
#include "livekit/pbjson.h"
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

/* An unknown number is null, so that the agent always finds the member. */
static enum tel_err add_number(struct json_object *o, const char *key,
			       const struct tel_e164 *number)
{
	struct tel_str text = tel_e164_str(number);

	if (text.ptr)
		return tel_pbjson_add(o, key, tel_pbjson_string(text));
	return json_object_object_add(o, key, NULL) ? TEL_ENOMEM : TEL_OK;
}

static enum tel_err add_text(struct json_object *o, const char *key, struct tel_str text)
{
	return tel_pbjson_add(o, key, tel_pbjson_string(text));
}

/* What tells an agent about its call, and us about its dispatch. */
static enum tel_err add_telephony(struct json_object *metadata, const struct tel_call *call)
{
	struct json_object *o = json_object_new_object();
	enum tel_err err = tel_pbjson_add(metadata, "telephony", o);

	if (!err)
		err = add_text(o, "callId", tel_call_id_str(&call->id));
	if (!err)
		err = add_text(o, "direction", tel_str_from(tel_direction_text(call->direction)));
	if (!err)
		err = add_number(o, "from", &call->from);
	if (!err)
		err = add_number(o, "to", &call->to);
	if (!err)
		err = add_text(o, "roomName", call->room_name);
	return err ? err : add_text(o, "roomSid", call->room_sid);
}

static enum tel_err add_dispatch(struct json_object *body, const struct tel_lk_request *r)
{
	struct json_object *metadata = NULL;
	struct tel_str text;
	enum tel_err err;

	if (!r->call || r->agent_config.len > TEL_MAX_AGENT_CONFIG)
		return TEL_EMALFORMED;
	err = tel_pbjson_parse(r->agent_config, &metadata);
	if (!err)
		err = add_telephony(metadata, r->call);
	if (!err)
		err = add_text(body, "agent_name", r->agent_name);
	if (!err) {
		text = tel_pbjson_print(metadata);
		err = text.ptr ? add_text(body, "metadata", text) : TEL_ENOMEM;
	}
	json_object_put(metadata);
	return err;
}

enum tel_err tel_twirp_encode(const struct tel_lk_request *request, struct tel_buf *body)
{
	struct json_object *o = json_object_new_object();
	enum tel_err err = TEL_ENOMEM;
	struct tel_str text;

	if (o)
		err = tel_str_is_set(request->room) ? add_text(o, "room", request->room) :
						      TEL_EMALFORMED;
	if (!err && request->method == TEL_LK_CREATE_DISPATCH)
		err = add_dispatch(o, request);
	if (!err) {
		text = tel_pbjson_print(o);
		err = text.ptr ? tel_buf_add_str(body, text) : TEL_ENOMEM;
	}
	json_object_put(o);
	return err;
}
