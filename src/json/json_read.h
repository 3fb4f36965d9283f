/*
 * Reading JSON with json-c, strictly: RFC 8259 and nothing behind it; what
 * json-c lets pass beyond (json_scan.h) is looked for. Texts and members are borrowed from the object that was parsed;
 * json_object_put() releases it.
 */
#ifndef TEL_JSON_JSON_READ_H
#define TEL_JSON_JSON_READ_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* Nesting that is enough for what people write, and harmless. */
#define TEL_JSON_DEPTH 32

struct tel_json_rules {
	size_t max_len;		/* bytes of text */
	int depth;		/* objects and lists within each other */
	bool of_ours;		/* json-c printed it: texts need not be UTF-8 */
};

/* Where and why a text is no JSON. */
struct tel_json_fault {
	size_t at;		/* the byte where reading stopped */
	const char *what;	/* words; static storage */
};

/*
 * One value, not null. `fault` may be NULL; it is filled with
 * TEL_EMALFORMED. TEL_EMALFORMED | TEL_ETOOBIG | TEL_ENOMEM
 */
TEL_MUST_CHECK enum tel_err tel_json_parse(struct tel_str text, const struct tel_json_rules *rules,
					   struct json_object **out,
					   struct tel_json_fault *fault);

/* The same, and anything but an object is TEL_EMALFORMED. */
TEL_MUST_CHECK enum tel_err tel_json_parse_object(struct tel_str text,
						  const struct tel_json_rules *rules,
						  struct json_object **out);

/*
 * Of a whole number that has no room in 64 bits json-c keeps the nearest one
 * that has. Is there perhaps such a one (the largest, or the smallest, that
 * there is) in `value`, however deep? The depth is the parser's.
 */
bool tel_json_has_cut_number(struct json_object *value);

/* A string's text; TEL_STR_NONE if `value` is NULL or something else. */
struct tel_str tel_json_text_of(const struct json_object *value);

/*
 * Members of an object; one that is not there is absent, 0, false. TEL_OK |
 * TEL_EMALFORMED (another type, longer than `max` bytes, or outside the
 * range).
 */
TEL_MUST_CHECK enum tel_err tel_json_get_view(struct json_object *o, const char *key, size_t max,
					      struct tel_str *out);
TEL_MUST_CHECK enum tel_err tel_json_get_int(struct json_object *o, const char *key, int64_t min,
					     int64_t max, int64_t *out);
TEL_MUST_CHECK enum tel_err tel_json_get_bool(struct json_object *o, const char *key, bool *out);
/* *out = NULL if it is not there. */
TEL_MUST_CHECK enum tel_err tel_json_get_list(struct json_object *o, const char *key,
					      struct json_object **out);
/* A text as a copy in `mem`; TEL_ENOMEM too. */
TEL_MUST_CHECK enum tel_err tel_json_get_text(struct json_object *o, const char *key, size_t max,
					      struct tel_arena *mem, struct tel_str *out);

#endif
