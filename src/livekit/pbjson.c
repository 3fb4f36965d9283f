#include "config.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "json/json_scan.h"
#include "base/num.h"
#include "livekit/pbjson.h"
#include "base/banned.h"

/* The largest whole numbers that a double holds exactly: 2^53. */
#define EXACT_DOUBLE 9007199254740992.0

static enum tel_err why_nothing(const struct json_tokener *tok, struct tel_str text)
{
	if (json_tokener_get_error((struct json_tokener *)tok) != json_tokener_success)
		return TEL_EMALFORMED;
	/* No error and no object: a literal null, or no memory. */
	return tel_str_is(tel_str_trim(text), "null") ? TEL_EMALFORMED : TEL_ENOMEM;
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

static enum tel_err parse_once(struct tel_str text, struct json_object **out)
{
	struct json_tokener *tok = json_tokener_new_ex(TEL_PBJSON_DEPTH);
	struct json_object *o = NULL;
	enum tel_err err = TEL_OK;

	if (!tok)
		return TEL_ENOMEM;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	errno = 0;
	o = json_tokener_parse_ex(tok, text.ptr, (int)text.len);
	if (errno == ENOMEM)
		err = TEL_ENOMEM;
	else if (!o)
		err = why_nothing(tok, text);
	else if (!json_object_is_type(o, json_type_object))
		err = TEL_EMALFORMED;
	json_tokener_free(tok);
	if (err)
		json_object_put(o);
	else
		*out = o;
	return err;
}

/*
 * json-c (0.16) goes on without a member that it has no memory for, and a
 * delivery without a member is refused, which LiveKit takes as final. errno
 * tells, unless it was used for a number since. So members are counted; as
 * a key may be there twice, fewer of them must be so a second time.
 */
enum tel_err tel_pbjson_parse(struct tel_str text, struct json_object **out)
{
	struct json_object *o, *again = NULL;
	enum tel_err err;
	size_t n;

	if (text.len > INT_MAX - 1)
		return TEL_ETOOBIG;
	if (text.len == 0 || tel_json_stray(text) < text.len)
		return TEL_EMALFORMED;
	err = parse_once(text, &o);
	if (err)
		return err;
	n = count_members(o);
	if (n != tel_json_count_members(text)) {
		err = parse_once(text, &again);
		if (!err && count_members(again) != n)
			err = TEL_ENOMEM;
		json_object_put(again);
	}
	if (err)
		json_object_put(o);
	else
		*out = o;
	return err;
}

struct json_object *tel_pbjson_get(const struct json_object *o, const char *camel,
				 const char *snake)
{
	struct json_object *member = NULL;

	if (!json_object_is_type(o, json_type_object))
		return NULL;
	if (!json_object_object_get_ex(o, camel, &member) && snake)
		json_object_object_get_ex(o, snake, &member);
	return member;
}

struct tel_str tel_pbjson_text(const struct json_object *o)
{
	if (!json_object_is_type(o, json_type_string))
		return TEL_STR_NONE;
	return (struct tel_str){ json_object_get_string((struct json_object *)o),
				 (size_t)json_object_get_string_len(o) };
}

struct tel_str tel_pbjson_member(const struct json_object *o, const char *camel,
			       const char *snake)
{
	return tel_pbjson_text(tel_pbjson_get(o, camel, snake));
}

bool tel_pbjson_int64(const struct json_object *o, int64_t *out)
{
	double number;

	switch (json_object_get_type(o)) {
	case json_type_string:
		return tel_num_parse(tel_pbjson_text(o), INT64_MIN, INT64_MAX, out) == TEL_OK;
	case json_type_int:
		*out = json_object_get_int64(o);
		return true;
	case json_type_double:	/* 1.7e9 and 5.0 are whole numbers, too */
		number = json_object_get_double(o);
		if (!(number >= -EXACT_DOUBLE && number <= EXACT_DOUBLE) ||
		    number != (double)(int64_t)number)
			return false;
		*out = (int64_t)number;
		return true;
	default:
		return false;
	}
}

enum tel_err tel_pbjson_add(struct json_object *o, const char *key, struct json_object *value)
{
	if (!value)
		return TEL_ENOMEM;
	if (json_object_object_add(o, key, value)) {
		json_object_put(value);
		return TEL_ENOMEM;
	}
	return TEL_OK;
}

struct json_object *tel_pbjson_string(struct tel_str text)
{
	if (text.len > INT_MAX - 1)
		return NULL;
	return json_object_new_string_len(text.ptr ? text.ptr : "", (int)text.len);
}

struct tel_str tel_pbjson_print(struct json_object *o)
{
	size_t len = 0;
	const char *text;

	errno = 0;
	text = json_object_to_json_string_length(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	if (!text || errno == ENOMEM)	/* json-c may leave a part out */
		return TEL_STR_NONE;
	return (struct tel_str){ text, len };
}
