/*
 * Trees of json-c's, where they are changed rather than written
 * (json_write.h) or read (json_read.h).
 *
 * A tree belongs to one thread, also for printing: json-c keeps the text in
 * it. Whoever parsed, made or copied it releases it with json_object_put().
 */
#ifndef TEL_JSON_JSON_TREE_H
#define TEL_JSON_JSON_TREE_H

#include <json-c/json.h>

#include "base/err.h"
#include "base/str.h"

/*
 * Put `value` into `object` as `key`, in place of what is there. `value` is
 * taken over, also on failure. TEL_ENOMEM, also when `value` is NULL: pass
 * json_object_new_…() straight in.
 */
TEL_MUST_CHECK enum tel_err tel_json_add(struct json_object *object, const char *key,
					 struct json_object *value);

/* A copy that shares nothing; `from` is only read. NULL = no memory. */
struct json_object *tel_json_copy(struct json_object *from);

/*
 * Compact text, NUL behind it, owned by `tree` until it changes. An absent
 * one = no memory; json-c (0.16) would go on without a part of the text,
 * and only errno tells.
 */
struct tel_str tel_json_print(struct json_object *tree);

#endif
