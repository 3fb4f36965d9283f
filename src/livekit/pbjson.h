/*
 * Reading and writing JSON with json-c, as LiveKit speaks it: protobuf's
 * JSON mapping, where 64-bit integers are strings or numbers, names are
 * camelCase or snake_case, and what is a default may be left out.
 *
 * Objects belong to whoever parsed or made them (json_object_put); texts
 * and members are borrowed from them. One object belongs to one thread.
 */
#ifndef TEL_LIVEKIT_PBJSON_H
#define TEL_LIVEKIT_PBJSON_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/err.h"
#include "base/str.h"

/* Nesting allowed; LiveKit's own messages need 6, an AgentConfig's tools more. */
#define TEL_PBJSON_DEPTH 32

/*
 * One JSON object (RFC 8259, strictly: valid UTF-8, no comments, nothing
 * behind it). TEL_EMALFORMED | TEL_ETOOBIG | TEL_ENOMEM
 */
TEL_MUST_CHECK enum tel_err tel_pbjson_parse(struct tel_str text, struct json_object **out);

/* A member under either name; NULL if absent, null, or `o` is no object. */
struct json_object *tel_pbjson_get(const struct json_object *o, const char *camel,
				 const char *snake);

/* A string's text; TEL_STR_NONE if `o` is NULL or something else. */
struct tel_str tel_pbjson_text(const struct json_object *o);

/* tel_pbjson_text(tel_pbjson_get(…)). */
struct tel_str tel_pbjson_member(const struct json_object *o, const char *camel,
			       const char *snake);

/* A whole number, written as a number or a string. */
bool tel_pbjson_int64(const struct json_object *o, int64_t *out);

/*
 * Add `value` to `o`, which takes it over even when this fails.
 * TEL_ENOMEM, also when `value` is NULL: pass json_object_new_…() straight in.
 */
TEL_MUST_CHECK enum tel_err tel_pbjson_add(struct json_object *o, const char *key,
					 struct json_object *value);

/* A JSON string, or NULL for want of memory. */
struct json_object *tel_pbjson_string(struct tel_str text);

/* Compact text, owned by `o` until it changes. TEL_STR_NONE = no memory. */
struct tel_str tel_pbjson_print(struct json_object *o);

#endif
