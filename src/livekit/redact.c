#include "config.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "json/json_tree.h"
#include "livekit/pbjson.h"
#include "livekit/redact.h"
#include "base/banned.h"

#define REDACTED "[redacted]"

/* As room that is left: all is taken, for almost always it will fit. */
#define UNCOUNTED SIZE_MAX

/* What the objects themselves take, without their members. */
#define FRAME sizeof("{\"room\":{},\"participant\":{\"attributes\":{}}}")

struct field {
	const char *camel, *snake;
};

static const struct field event_fields[] = {
	{ "event", NULL }, { "id", NULL }, { "createdAt", "created_at" },
};

static const struct field room_fields[] = {
	{ "sid", NULL }, { "name", NULL }, { "creationTimeMs", "creation_time_ms" },
};

static const struct field participant_fields[] = {
	{ "sid", NULL }, { "identity", NULL }, { "kind", NULL }, { "state", NULL },
	{ "joinedAtMs", "joined_at_ms" }, { "disconnectReason", "disconnect_reason" },
	{ "name", NULL },
};

#define N(fields) (sizeof(fields) / sizeof((fields)[0]))

bool tel_livekit_smells_secret(struct tel_str name)
{
	static const char *const smells[] = {
		"passw", "secret", "token", "authorization", "credential", "cookie",
		"apikey", "api_key", "api-key", "bearer",
	};
	size_t i, k, len;

	for (i = 0; i < N(smells); i++) {
		len = strlen(smells[i]);
		for (k = 0; k + len <= name.len; k++)
			if (strncasecmp(name.ptr + k, smells[i], len) == 0)
				return true;
	}
	return false;
}

/* Written length of {"name":value}, less its braces and plus a comma. */
static size_t written_len(const char *name, struct json_object *value, enum tel_err *err)
{
	struct json_object *o = json_object_new_object();
	size_t len = 0;

	*err = TEL_ENOMEM;
	if (o && value && !tel_json_add(o, name, json_object_get(value))) {
		len = tel_json_print(o).len;
		*err = len ? TEL_OK : TEL_ENOMEM;
	}
	json_object_put(o);
	return len ? len - 1 : 0;
}

/* Add a member if there is room for it; *left is what room remains. */
static enum tel_err add_if_fit(struct json_object *to, const char *name,
			       struct json_object *value, size_t *left)
{
	enum tel_err err;
	size_t len;

	if (*left == UNCOUNTED)
		return tel_json_add(to, name, json_object_get(value));
	len = written_len(name, value, &err);
	if (err || len > *left)
		return err;
	err = tel_json_add(to, name, json_object_get(value));
	if (!err)
		*left -= len;
	return err;
}

/* Only plain values: an object in their place may hold anything. */
static bool is_plain(const struct json_object *o)
{
	return o && !json_object_is_type(o, json_type_object) &&
	       !json_object_is_type(o, json_type_array);
}

static enum tel_err add_fields(struct json_object *to, const struct json_object *from,
			       const struct field *fields, size_t n, size_t *left)
{
	struct json_object *value;
	enum tel_err err = TEL_OK;
	size_t i;

	for (i = 0; i < n && !err; i++) {
		value = tel_pbjson_get(from, fields[i].camel, fields[i].snake);
		if (is_plain(value))
			err = add_if_fit(to, fields[i].camel, value, left);
	}
	return err;
}

/* A new empty object as a member; NULL = no memory. */
static struct json_object *add_object(struct json_object *to, const char *name)
{
	struct json_object *o = json_object_new_object();

	return tel_json_add(to, name, o) ? NULL : o;
}

static bool is_livekits(const char *name)
{
	struct tel_str s = tel_str_from(name);

	return tel_str_starts(s, TEL_STR("sip.")) || tel_str_starts(s, TEL_STR("lk.")) ||
	       tel_str_starts(s, TEL_STR("telephony."));
}

/* An attribute's value as it may be shown; owned by the caller. */
static struct json_object *shown(const char *name, struct json_object *value)
{
	if (tel_livekit_smells_secret(tel_str_from(name)))
		return json_object_new_string(REDACTED);
	return json_object_get(value);
}

static enum tel_err add_attributes(struct json_object *to, struct json_object *from,
				   bool livekits, size_t *left)
{
	struct json_object *value;
	enum tel_err err = TEL_OK;

	json_object_object_foreach(from, name, raw) {
		if (is_livekits(name) != livekits || !is_plain(raw))
			continue;
		value = shown(name, raw);
		err = add_if_fit(to, name, value, left);
		json_object_put(value);
		if (err)
			break;
	}
	return err;
}

static enum tel_err add_participant(struct json_object *to, const struct json_object *from,
				    size_t *left)
{
	struct json_object *attributes = tel_pbjson_get(from, "attributes", NULL);
	struct json_object *p = add_object(to, "participant");
	enum tel_err err;

	if (!p)
		return TEL_ENOMEM;
	err = add_fields(p, from, participant_fields, N(participant_fields), left);
	if (err || !json_object_is_type(attributes, json_type_object))
		return err;
	p = add_object(p, "attributes");
	if (!p)
		return TEL_ENOMEM;
	err = add_attributes(p, attributes, true, left);
	return err ? err : add_attributes(p, attributes, false, left);
}

static enum tel_err fill(struct json_object *to, const struct json_object *event, size_t left)
{
	struct json_object *room = tel_pbjson_get(event, "room", NULL);
	struct json_object *participant = tel_pbjson_get(event, "participant", NULL);
	enum tel_err err = add_fields(to, event, event_fields, N(event_fields), &left);
	struct json_object *o;

	if (!err && json_object_is_type(room, json_type_object)) {
		o = add_object(to, "room");
		err = o ? add_fields(o, room, room_fields, N(room_fields), &left) : TEL_ENOMEM;
	}
	if (!err && json_object_is_type(participant, json_type_object))
		err = add_participant(to, participant, &left);
	return err;
}

/* TEL_ETOOBIG: it must be counted. */
static enum tel_err build(const struct json_object *event, size_t left, struct tel_arena *mem,
			  struct tel_str *out)
{
	struct json_object *o = json_object_new_object();
	enum tel_err err = TEL_ENOMEM;
	struct tel_str text;

	if (o)
		err = fill(o, event, left);
	if (!err) {
		text = tel_json_print(o);
		err = text.ptr ? tel_arena_copy(mem, text, TEL_MAX_RAW, out) : TEL_ENOMEM;
	}
	json_object_put(o);
	return err;
}

enum tel_err tel_livekit_redact(const struct json_object *event, struct tel_arena *mem,
				struct tel_str *out)
{
	enum tel_err err = build(event, UNCOUNTED, mem, out);

	return err == TEL_ETOOBIG ? build(event, TEL_MAX_RAW - FRAME, mem, out) : err;
}
