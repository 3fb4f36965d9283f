#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "json/json_scan.h"
#include "base/limits.h"
#include "record/json.h"
#include "base/banned.h"

/* An entry within an object within a list within a record. */
#define MAX_DEPTH 8

static bool needs_escape(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\';
}

static void put_escaped(struct tel_buf *b, unsigned char c)
{
	switch (c) {
	case '"':
		tel_buf_puts(b, "\\\"");
		break;
	case '\\':
		tel_buf_puts(b, "\\\\");
		break;
	case '\n':
		tel_buf_puts(b, "\\n");
		break;
	default:
		tel_buf_printf(b, "\\u%04x", c);
	}
}

void tel_json_put_text(struct tel_buf *b, struct tel_str text)
{
	size_t i, from = 0;

	tel_buf_add(b, "\"", 1);
	for (i = 0; i < text.len; i++) {
		if (!needs_escape((unsigned char)text.ptr[i]))
			continue;
		tel_buf_add(b, text.ptr + from, i - from);
		put_escaped(b, (unsigned char)text.ptr[i]);
		from = i + 1;
	}
	if (text.len > from)
		tel_buf_add(b, text.ptr + from, text.len - from);
	tel_buf_add(b, "\"", 1);
}

static void put_key(struct tel_buf *b, const char *key)
{
	tel_buf_add(b, ",\"", 2);
	tel_buf_puts(b, key);
	tel_buf_add(b, "\":", 2);
}

void tel_json_member_text(struct tel_buf *b, const char *key, struct tel_str text)
{
	if (!text.ptr)
		return;
	put_key(b, key);
	tel_json_put_text(b, text);
}

void tel_json_member_int(struct tel_buf *b, const char *key, int64_t value)
{
	if (value == 0)
		return;
	put_key(b, key);
	tel_buf_printf(b, "%" PRId64, value);
}

enum tel_err tel_json_member_time(struct tel_buf *b, const char *key, tel_time when)
{
	if (when < -TEL_MAX_MOMENT || when > TEL_MAX_MOMENT)
		return TEL_EMISUSE;
	tel_json_member_int(b, key, when);
	return TEL_OK;
}

void tel_json_member_true(struct tel_buf *b, const char *key, bool value)
{
	if (!value)
		return;
	put_key(b, key);
	tel_buf_puts(b, "true");
}

/* Members of all objects in it. The depth is bounded by the parser's. */
static size_t count_members(struct json_object *o)
{
	size_t i, n = 0;

	if (json_object_is_type(o, json_type_array)) {
		for (i = 0; i < json_object_array_length(o); i++)
			n += count_members(json_object_array_get_idx(o, i));
	} else if (json_object_is_type(o, json_type_object)) {
		json_object_object_foreach(o, key, member) {
			(void)key;
			n += 1 + count_members(member);
		}
	}
	return n;
}

/*
 * Records are written back when they are changed, so nothing of one may get
 * lost in reading it. json-c (0.16) goes on without a member that it has no
 * memory for; errno tells, unless it was used for a number since.
 */
enum tel_err tel_json_parse(struct tel_str text, json_object **out)
{
	json_tokener *tok;
	json_object *o = NULL;
	enum tel_err err = TEL_ECORRUPT;

	if (text.len == 0 || text.len > TEL_MAX_RECORD)
		return TEL_ECORRUPT;
	tok = json_tokener_new_ex(MAX_DEPTH);
	if (!tok)
		return TEL_ENOMEM;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	errno = 0;
	o = json_tokener_parse_ex(tok, text.ptr, (int)text.len);
	if (errno == ENOMEM) {
		err = TEL_ENOMEM;
	} else if (o && json_object_is_type(o, json_type_object) &&
	    json_tokener_get_parse_end(tok) == text.len &&
		   count_members(o) == tel_json_count_members(text)) {
		*out = o;
		o = NULL;
		err = TEL_OK;
	}
	json_object_put(o);
	json_tokener_free(tok);
	return err;
}

enum tel_err tel_json_view(json_object *o, const char *key, size_t max, struct tel_str *out)
{
	json_object *v;

	*out = TEL_STR_NONE;
	if (!json_object_object_get_ex(o, key, &v))
		return TEL_OK;
	if (!json_object_is_type(v, json_type_string))
		return TEL_ECORRUPT;
	out->ptr = json_object_get_string(v);
	out->len = (size_t)json_object_get_string_len(v);
	return out->len > max ? TEL_ECORRUPT : TEL_OK;
}

enum tel_err tel_json_text(json_object *o, const char *key, size_t max, struct tel_arena *mem,
			   struct tel_str *out)
{
	struct tel_str view;
	enum tel_err err = tel_json_view(o, key, max, &view);

	return err ? err : tel_arena_copy(mem, view, max, out);
}

enum tel_err tel_json_int(json_object *o, const char *key, int64_t min, int64_t max, int64_t *out)
{
	json_object *v;

	*out = 0;
	if (!json_object_object_get_ex(o, key, &v))
		return TEL_OK;
	if (!json_object_is_type(v, json_type_int))
		return TEL_ECORRUPT;
	*out = json_object_get_int64(v);
	return *out < min || *out > max ? TEL_ECORRUPT : TEL_OK;
}

enum tel_err tel_json_time(json_object *o, const char *key, tel_time *out)
{
	return tel_json_int(o, key, -TEL_MAX_MOMENT, TEL_MAX_MOMENT, out);
}

enum tel_err tel_json_bool(json_object *o, const char *key, bool *out)
{
	json_object *v;

	*out = false;
	if (!json_object_object_get_ex(o, key, &v))
		return TEL_OK;
	if (!json_object_is_type(v, json_type_boolean))
		return TEL_ECORRUPT;
	*out = json_object_get_boolean(v);
	return TEL_OK;
}
