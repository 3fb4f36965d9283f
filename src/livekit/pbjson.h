/*
 * Reading JSON as LiveKit speaks it: protobuf's JSON mapping, where 64-bit
 * integers are strings or numbers, names are camelCase or snake_case, and
 * what is a default may be left out. All that is not peculiar to that
 * mapping is in src/json.
 *
 * Objects belong to whoever parsed them (json_object_put); texts and members
 * are borrowed from them. One object belongs to one thread.
 */
#ifndef TEL_LIVEKIT_PBJSON_H
#define TEL_LIVEKIT_PBJSON_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/err.h"
#include "base/str.h"

/*
 * One JSON object, read as strictly as src/json does. TEL_EMALFORMED |
 * TEL_ETOOBIG | TEL_ENOMEM
 */
TEL_MUST_CHECK enum tel_err tel_pbjson_parse(struct tel_str text, struct json_object **out);

/* A member under either name; NULL if absent, null, or `o` is no object. */
struct json_object *tel_pbjson_get(const struct json_object *o, const char *camel,
				 const char *snake);

/* Its text; TEL_STR_NONE if it is something else. */
struct tel_str tel_pbjson_member(const struct json_object *o, const char *camel,
			       const char *snake);

/* A whole number, written as a number or a string. */
bool tel_pbjson_int64(const struct json_object *o, int64_t *out);

#endif
