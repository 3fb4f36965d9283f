#include "config.h"

#include <limits.h>

#include "base/num.h"
#include "json/json_read.h"
#include "livekit/pbjson.h"
#include "base/banned.h"

/* The largest whole numbers that a double holds exactly: 2^53. */
#define EXACT_DOUBLE 9007199254740992.0

enum tel_err tel_pbjson_parse(struct tel_str text, struct json_object **out)
{
	static const struct tel_json_rules rules = { .max_len = INT_MAX, .depth = TEL_JSON_DEPTH };

	return tel_json_parse_object(text, &rules, out);
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

struct tel_str tel_pbjson_member(const struct json_object *o, const char *camel,
			       const char *snake)
{
	return tel_json_text_of(tel_pbjson_get(o, camel, snake));
}

bool tel_pbjson_int64(const struct json_object *o, int64_t *out)
{
	double number;

	switch (json_object_get_type(o)) {
	case json_type_string:
		return tel_num_parse(tel_json_text_of(o), INT64_MIN, INT64_MAX, out) == TEL_OK;
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
