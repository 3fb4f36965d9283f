#include "config.h"

#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "base/limits.h"
#include "livekit/participant.h"
#include "livekit/pbjson.h"
#include "livekit/twirp_codec.h"
#include "base/banned.h"

/* ---- words --------------------------------------------------------------- */

/* At most `max` bytes, cut between two characters of UTF-8. */
static struct tel_str shortened(struct tel_str text, size_t max)
{
	if (text.len <= max)
		return text;
	text.len = max;
	while (text.len > 0 && ((unsigned char)text.ptr[text.len] & 0xc0) == 0x80)
		text.len--;
	return text;
}

static enum tel_err copy_words(struct tel_str text, struct tel_arena *mem, struct tel_str *out)
{
	return tel_arena_copy(mem, shortened(text, TEL_MAX_NAME), TEL_MAX_NAME, out);
}

static enum tel_err say(struct tel_str code, struct tel_str message, struct tel_arena *mem,
			struct tel_lk_answer *out)
{
	enum tel_err err = copy_words(code, mem, &out->code);

	return err ? err : tel_arena_copy(mem, shortened(message, TEL_MAX_TEXT), TEL_MAX_TEXT,
					  &out->message);
}

/* ---- what was asked for ------------------------------------------------ */

/* An id, or absent: as a mark says it. */
static enum tel_err copy_mark(const struct json_object *mark, const char *key,
			      struct tel_arena *mem, struct tel_str *out)
{
	struct tel_str text = tel_pbjson_member(mark, key, NULL);

	if (!tel_str_is_set(text))
		text = TEL_STR_NONE;
	return tel_livekit_copy_if_fit(mem, text, TEL_MAX_ID, out);
}

/*
 * Our mark in the metadata of a dispatch or a room; that of others may be
 * anything. room_sid may be NULL.
 */
static enum tel_err decode_mark(struct tel_str metadata, struct tel_arena *mem,
				struct tel_str *call_id, struct tel_str *room_sid)
{
	struct json_object *o = NULL, *mark;
	enum tel_err err;

	if (!tel_str_is_set(metadata))
		return TEL_OK;
	err = tel_pbjson_parse(metadata, &o);
	if (err)
		return err == TEL_ENOMEM ? err : TEL_OK;
	mark = tel_pbjson_get(o, "telephony", NULL);
	err = copy_mark(mark, "callId", mem, call_id);
	if (!err && room_sid)
		err = copy_mark(mark, "roomSid", mem, room_sid);
	json_object_put(o);
	return err;
}

static bool has_entries(const struct json_object *list)
{
	return json_object_is_type(list, json_type_array) && json_object_array_length(list) > 0;
}

static enum tel_err decode_dispatch(const struct json_object *o, struct tel_arena *mem,
				    struct tel_lk_dispatch *out)
{
	struct json_object *state = tel_pbjson_get(o, "state", NULL);
	enum tel_err err;
	int64_t at;

	err = tel_livekit_copy_id(mem, tel_pbjson_member(o, "id", NULL), TEL_MAX_ID, &out->id);
	if (!err && !tel_str_is_set(out->id))
		err = TEL_EMALFORMED;
	if (!err)
		err = tel_livekit_copy_if_fit(mem, tel_pbjson_member(o, "agentName", "agent_name"),
					      TEL_MAX_NAME, &out->agent_name);
	if (!err)
		err = decode_mark(tel_pbjson_member(o, "metadata", NULL), mem, &out->call_id,
				  &out->room_sid);
	out->deleted = tel_pbjson_int64(tel_pbjson_get(state, "deletedAt", "deleted_at"), &at) &&
		       at != 0;
	out->has_job = has_entries(tel_pbjson_get(state, "jobs", NULL));
	return err;
}

/*
 * A list's member: *n entries, 0 if it is left out, as protobuf's JSON may
 * do with an empty one. `each` bytes an entry are allotted.
 */
static enum tel_err a_list(const struct json_object *list, size_t each, struct tel_arena *mem,
			   void **entries, size_t *n)
{
	*entries = NULL;
	*n = 0;
	if (!list)
		return TEL_OK;
	if (!json_object_is_type(list, json_type_array))
		return TEL_EMALFORMED;
	*n = json_object_array_length(list);
	if (*n == 0)
		return TEL_OK;
	if (*n > mem->ceiling / each)
		return TEL_ENOMEM;
	*entries = tel_arena_alloc(mem, *n * each);
	return *entries ? TEL_OK : TEL_ENOMEM;
}

static enum tel_err decode_dispatches(const struct json_object *o, struct tel_arena *mem,
				      struct tel_lk_answer *out)
{
	struct json_object *list = tel_pbjson_get(o, "agentDispatches", "agent_dispatches");
	struct tel_lk_dispatch *entries;
	void *p;
	size_t i, n;
	enum tel_err err = a_list(list, sizeof(*entries), mem, &p, &n);

	entries = p;
	for (i = 0; i < n && !err; i++)
		err = decode_dispatch(json_object_array_get_idx(list, i), mem, &entries[i]);
	if (!err) {
		out->dispatches = entries;
		out->n_dispatches = n;
	}
	return err;
}

static enum tel_err decode_one_dispatch(const struct json_object *o, struct tel_arena *mem,
					struct tel_lk_answer *out)
{
	struct tel_lk_dispatch *d = tel_arena_alloc(mem, sizeof(*d));
	enum tel_err err = d ? decode_dispatch(o, mem, d) : TEL_ENOMEM;

	if (!err) {
		out->dispatches = d;
		out->n_dispatches = 1;
	}
	return err;
}

static enum tel_err decode_participants(const struct json_object *o, struct tel_arena *mem,
					struct tel_lk_answer *out)
{
	struct json_object *list = tel_pbjson_get(o, "participants", NULL);
	struct tel_participant *entries;
	void *p;
	size_t i, n;
	enum tel_err err = a_list(list, sizeof(*entries), mem, &p, &n);

	entries = p;
	for (i = 0; i < n && !err; i++) {
		err = tel_livekit_participant(json_object_array_get_idx(list, i), mem, &entries[i]);
		if (!err && entries[i].kind == TEL_PARTICIPANT_NONE)
			err = TEL_EMALFORMED;
	}
	if (!err) {
		out->participants = entries;
		out->n_participants = n;
	}
	return err;
}

static enum tel_err decode_one_participant(const struct json_object *o, struct tel_arena *mem,
					   struct tel_lk_answer *out)
{
	struct tel_participant *p = tel_arena_alloc(mem, sizeof(*p));
	enum tel_err err = p ? tel_livekit_participant(o, mem, p) : TEL_ENOMEM;

	if (!err && !tel_str_is_set(p->sid))
		err = TEL_EMALFORMED;
	if (!err) {
		out->participants = p;
		out->n_participants = 1;
	}
	return err;
}

/* SIPParticipantInfo; LiveKit has answered it, so it was the phone that was. */
static enum tel_err decode_dialled(const struct json_object *o, struct tel_arena *mem,
				   struct tel_lk_answer *out)
{
	struct tel_participant *p = tel_arena_alloc(mem, sizeof(*p));
	enum tel_err err;

	if (!p)
		return TEL_ENOMEM;
	p->kind = TEL_PARTICIPANT_SIP;
	err = tel_livekit_copy_id(mem, tel_pbjson_member(o, "participantId", "participant_id"),
				  TEL_MAX_ID, &p->sid);
	if (!err)
		err = tel_livekit_copy_id(mem, tel_pbjson_member(o, "participantIdentity",
								 "participant_identity"),
					  TEL_MAX_IDENTITY, &p->identity);
	if (!err)
		err = tel_livekit_copy_id(mem, tel_pbjson_member(o, "sipCallId", "sip_call_id"),
					  TEL_MAX_ID, &p->sip_call_id);
	if (!err && !tel_str_is_set(p->sid))
		err = TEL_EMALFORMED;
	if (!err) {
		out->participants = p;
		out->n_participants = 1;
	}
	return err;
}

/* Of all that a room tells (its turn_password, too) only this is taken. */
static enum tel_err decode_room(const struct json_object *o, struct tel_arena *mem,
				struct tel_lk_room *out)
{
	enum tel_err err = tel_livekit_copy_id(mem, tel_pbjson_member(o, "sid", NULL), TEL_MAX_ID,
					       &out->sid);
	int64_t people;

	if (!err)
		err = tel_livekit_copy_id(mem, tel_pbjson_member(o, "name", NULL),
					  TEL_MAX_ROOM_NAME, &out->name);
	if (!err && (!tel_str_is_set(out->sid) || !tel_str_is_set(out->name)))
		err = TEL_EMALFORMED;
	if (!err)
		err = decode_mark(tel_pbjson_member(o, "metadata", NULL), mem, &out->call_id, NULL);
	if (tel_pbjson_int64(tel_pbjson_get(o, "numParticipants", "num_participants"), &people) &&
	    people > 0 && people <= UINT32_MAX)
		out->n_people = (uint32_t)people;
	out->created_at = tel_livekit_time(tel_pbjson_get(o, "creationTimeMs", "creation_time_ms"),
					   tel_pbjson_get(o, "creationTime", "creation_time"));
	return err;
}

static enum tel_err decode_one_room(const struct json_object *o, struct tel_arena *mem,
				    struct tel_lk_answer *out)
{
	struct tel_lk_room *room = tel_arena_alloc(mem, sizeof(*room));
	enum tel_err err = room ? decode_room(o, mem, room) : TEL_ENOMEM;

	if (!err) {
		out->rooms = room;
		out->n_rooms = 1;
	}
	return err;
}

/* A call's room has a name that can be stored: others are nobody's of ours. */
static bool may_be_ours(const struct json_object *o)
{
	struct tel_str name = tel_pbjson_member(o, "name", NULL);

	return name.len <= TEL_MAX_ROOM_NAME &&
	       (name.len == 0 || !memchr(name.ptr, '\0', name.len));
}

static enum tel_err decode_rooms(const struct json_object *o, struct tel_arena *mem,
				 struct tel_lk_answer *out)
{
	struct json_object *list = tel_pbjson_get(o, "rooms", NULL);
	struct tel_lk_room *entries;
	void *p;
	size_t i, n, kept = 0;
	enum tel_err err = a_list(list, sizeof(*entries), mem, &p, &n);

	entries = p;
	for (i = 0; i < n && !err; i++) {
		const struct json_object *room = json_object_array_get_idx(list, i);

		if (may_be_ours(room))
			err = decode_room(room, mem, &entries[kept++]);
	}
	if (!err) {
		out->rooms = entries;
		out->n_rooms = kept;
	}
	return err;
}

/*
 * Servers before 2026-08 say nothing; later ones what became of it. A SIP
 * service older than its server leaves all at its default: that was done.
 */
static enum tel_err decode_transfer(const struct json_object *o, struct tel_arena *mem,
				    struct tel_lk_answer *out)
{
	struct tel_str status = tel_pbjson_member(o, "status", NULL);
	struct json_object *sip = tel_pbjson_get(o, "sipStatus", "sip_status");
	bool ongoing = tel_str_is(status, "STS_TRANSFER_ONGOING") &&
		       tel_str_is_set(tel_pbjson_member(o, "transferId", "transfer_id"));
	enum tel_err err;

	if (!ongoing && !tel_str_is(status, "STS_TRANSFER_FAILED"))
		return TEL_OK;
	out->verdict = ongoing ? TEL_LK_UNKNOWN : TEL_LK_REFUSED;
	err = say(ongoing ? TEL_STR("transfer_ongoing") : TEL_STR("transfer_failed"),
		  tel_pbjson_member(o, "reason", NULL), mem, out);
	return err ? err : copy_words(tel_pbjson_member(sip, "status", NULL), mem,
				      &out->sip_status);
}

static enum tel_err decode_success(enum tel_lk_method method, const struct json_object *o,
				   struct tel_arena *mem, struct tel_lk_answer *out)
{
	switch (method) {
	case TEL_LK_CREATE_DISPATCH:
		return decode_one_dispatch(o, mem, out);
	case TEL_LK_LIST_DISPATCH:
		return decode_dispatches(o, mem, out);
	case TEL_LK_LIST_PARTICIPANTS:
		return decode_participants(o, mem, out);
	case TEL_LK_CREATE_ROOM:
		return decode_one_room(o, mem, out);
	case TEL_LK_GET_PARTICIPANT:
		return decode_one_participant(o, mem, out);
	case TEL_LK_CREATE_SIP_PARTICIPANT:
		return decode_dialled(o, mem, out);
	case TEL_LK_LIST_ROOMS:
		return decode_rooms(o, mem, out);
	case TEL_LK_TRANSFER_SIP_PARTICIPANT:
		return decode_transfer(o, mem, out);
	case TEL_LK_DELETE_ROOM:
	case TEL_LK_DELETE_DISPATCH:
	case TEL_LK_METHODS:
		break;
	}
	return TEL_OK;		/* nothing in it is of use */
}

/* ---- what went wrong --------------------------------------------------- */

/*
 * "Ask again" is for what was not acted on. LiveKit's SIP service says
 * resource_exhausted of a busy phone, too, which has been rung.
 */
static bool is_try_later(enum tel_lk_method method, int status, struct tel_str code)
{
	if (tel_twirp_is_sip(method) && tel_str_is_set(code))
		return false;
	return status == 429 || tel_str_is(code, "resource_exhausted");
}

/*
 * 408 is Twirp's `canceled` and `deadline_exceeded`: it gave up waiting, and
 * what it waited for may have happened. A 3xx comes from something before
 * LiveKit, and will come again.
 */
static enum tel_lk_verdict verdict_of(enum tel_lk_method method, int status, struct tel_str code)
{
	if (status < 300 || status >= 500 || status == 408)
		return TEL_LK_UNKNOWN;
	if (is_try_later(method, status, code))
		return TEL_LK_TRY_LATER;
	if (status == 404 && tel_str_is(code, "not_found"))
		return TEL_LK_GONE;
	return TEL_LK_REFUSED;
}

/* A final status of the far end: whatever was tried is over. */
static enum tel_err decode_sip_status(const struct json_object *error, struct tel_arena *mem,
				      struct tel_lk_answer *out)
{
	struct json_object *meta = tel_pbjson_get(error, "meta", NULL);
	int64_t code;

	if (!tel_twirp_is_sip(out->method) ||
	    !tel_pbjson_int64(tel_pbjson_get(meta, "sip_status_code", NULL), &code) ||
	    code < 300 || code > 699)
		return TEL_OK;
	out->verdict = TEL_LK_REFUSED;
	out->sip_status_code = (int)code;
	return copy_words(tel_pbjson_member(meta, "sip_status", NULL), mem, &out->sip_status);
}

/* A Twirp error {code, msg, meta}; or a page of something before LiveKit. */
static enum tel_err decode_failure(struct tel_str text, struct tel_arena *mem,
				   struct tel_lk_answer *out)
{
	struct json_object *o = NULL;
	struct tel_str code;
	char words[32];
	enum tel_err err = tel_pbjson_parse(text, &o);

	if (err == TEL_ENOMEM)
		return err;
	code = tel_pbjson_member(o, "code", NULL);
	out->verdict = verdict_of(out->method, out->http_status, code);
	if (tel_str_is_set(code)) {
		err = say(code, tel_pbjson_member(o, "msg", NULL), mem, out);
	} else {
		snprintf(words, sizeof(words), "HTTP %d", out->http_status);
		err = say(TEL_STR("http_error"), tel_str_from(words), mem, out);
	}
	if (!err)
		err = decode_sip_status(o, mem, out);
	json_object_put(o);
	return err;
}

enum tel_err tel_twirp_decode(enum tel_lk_method method, int http_status, struct tel_str text,
			      struct tel_arena *mem, struct tel_lk_answer *out)
{
	struct tel_lk_answer a = { .method = method, .http_status = http_status };
	struct json_object *o = NULL;
	enum tel_err err;

	if (http_status < 200 || http_status > 299) {
		err = decode_failure(text, mem, &a);
	} else {
		err = tel_pbjson_parse(text, &o);
		if (!err)
			err = decode_success(method, o, mem, &a);
		if (err && err != TEL_ENOMEM) {
			a.verdict = TEL_LK_UNKNOWN;
			err = say(TEL_STR("bad_answer"),
				  TEL_STR("the answer is not what LiveKit's API promises"), mem, &a);
		}
		json_object_put(o);
	}
	if (!err)
		*out = a;
	return err;
}
