#include "config.h"

#include <stdlib.h>

#include "base/limits.h"
#include "livekit/event_decoder.h"
#include "livekit/foreign.h"
#include "livekit/pbjson.h"
#include "livekit/participant.h"
#include "livekit/redact.h"
#include "base/banned.h"

/* All texts of one event at their ceilings, and some more. */
#define ARENA_CEILING (16 * 1024)

static enum tel_event_kind kind_of(struct tel_str name)
{
	static const struct {
		const char *name;
		enum tel_event_kind kind;
	} kinds[] = {
		{ "participant_joined", TEL_EVENT_PARTICIPANT_JOINED },
		{ "participant_left", TEL_EVENT_PARTICIPANT_LEFT },
		{ "participant_connection_aborted", TEL_EVENT_PARTICIPANT_CONNECTION_ABORTED },
		{ "room_started", TEL_EVENT_ROOM_STARTED },
		{ "room_finished", TEL_EVENT_ROOM_FINISHED },
	};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (tel_str_is(name, kinds[i].name))
			return kinds[i].kind;
	return TEL_EVENT_OTHER;
}

/* What every event has to have, whatever it is about. */
static enum tel_err decode_head(const struct json_object *o, struct tel_event *e)
{
	struct tel_str name = tel_pbjson_member(o, "event", NULL);
	struct tel_str id = tel_pbjson_member(o, "id", NULL);
	enum tel_err err;

	if (!tel_str_is_set(name) || !tel_str_is_set(id))
		return TEL_EMALFORMED;
	e->kind = kind_of(name);
	e->created_at = tel_livekit_time(NULL, tel_pbjson_get(o, "createdAt", "created_at"));
	err = tel_livekit_copy_if_fit(&e->mem, name, TEL_MAX_NAME, &e->name);
	return err ? err : tel_livekit_copy_if_fit(&e->mem, id, TEL_MAX_EVENT_ID, &e->id);
}

static enum tel_err decode_room(const struct json_object *room, struct tel_event *e)
{
	enum tel_err err;

	e->room_created_at = tel_livekit_time(
		tel_pbjson_get(room, "creationTimeMs", "creation_time_ms"),
		tel_pbjson_get(room, "creationTime", "creation_time"));
	err = tel_livekit_copy_if_fit(&e->mem, tel_pbjson_member(room, "name", NULL),
				      TEL_MAX_ROOM_NAME, &e->room_name);
	return err ? err : tel_livekit_copy_if_fit(&e->mem, tel_pbjson_member(room, "sid", NULL),
						   TEL_MAX_ID, &e->room_sid);
}

/*
 * A phone's or an agent's event whose id or room was over its ceiling looks
 * now as if it had none, and so as if it did not matter: that has to be said.
 */
static bool lost_something(const struct json_object *o, const struct tel_event *e)
{
	struct json_object *room = tel_pbjson_get(o, "room", NULL);
	bool phone_or_agent = e->participant.kind == TEL_PARTICIPANT_SIP ||
			      e->participant.kind == TEL_PARTICIPANT_AGENT;

	if (e->kind == TEL_EVENT_OTHER || e->kind == TEL_EVENT_ROOM_STARTED)
		return false;
	if (!phone_or_agent)
		return tel_event_may_matter(e) && !e->id.ptr;
	return !e->id.ptr ||
	       (!e->room_name.ptr && tel_str_is_set(tel_pbjson_member(room, "name", NULL))) ||
	       (!e->room_sid.ptr && tel_str_is_set(tel_pbjson_member(room, "sid", NULL)));
}

static enum tel_err decode(const struct json_object *o, struct tel_event *e)
{
	enum tel_err err = decode_head(o, e);

	if (!err)
		err = decode_room(tel_pbjson_get(o, "room", NULL), e);
	if (!err && e->kind != TEL_EVENT_OTHER)
		err = tel_livekit_participant(tel_pbjson_get(o, "participant", NULL), &e->mem,
					      &e->participant);
	if (!err && lost_something(o, e))
		err = TEL_EMALFORMED;
	if (!err && tel_event_may_matter(e))
		err = tel_livekit_redact(o, &e->mem, &e->raw);
	return err;
}

enum tel_err tel_livekit_decode_event(struct tel_str body, struct tel_event *out)
{
	struct json_object *o = NULL;
	struct tel_event e = { 0 };
	enum tel_err err;

	tel_arena_init(&e.mem, ARENA_CEILING);
	err = tel_pbjson_parse(body, &o);
	if (!err)
		err = decode(o, &e);
	json_object_put(o);
	if (err)
		tel_event_release(&e);
	else
		*out = e;
	return err == TEL_ETOOBIG ? TEL_EMALFORMED : err;
}

static enum tel_err decode_op(struct tel_event_decoder *decoder, struct tel_str body,
			      struct tel_event *out)
{
	(void)decoder;
	if (tel_livekit_is_foreign(body)) {
		*out = (struct tel_event){ .kind = TEL_EVENT_OTHER };
		return TEL_OK;
	}
	return tel_livekit_decode_event(body, out);
}

static const struct tel_event_decoder_ops ops = {
	.name = "livekit",
	.decode = decode_op,
};

enum tel_err tel_livekit_decoder_new(struct tel_event_decoder **out)
{
	struct tel_event_decoder *d = calloc(1, sizeof(*d));

	if (!d)
		return TEL_ENOMEM;
	d->ops = &ops;
	*out = d;
	return TEL_OK;
}

void tel_livekit_decoder_free(struct tel_event_decoder *decoder)
{
	free(decoder);
}
