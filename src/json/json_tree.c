#include "config.h"

#include <errno.h>

#include "json/json_tree.h"
#include "base/banned.h"

enum tel_err tel_json_add(struct json_object *object, const char *key, struct json_object *value)
{
	if (!value)
		return TEL_ENOMEM;
	if (json_object_object_add(object, key, value)) {
		json_object_put(value);
		return TEL_ENOMEM;
	}
	return TEL_OK;
}

struct json_object *tel_json_copy(struct json_object *from)
{
	struct json_object *copy = NULL;

	return json_object_deep_copy(from, &copy, NULL) == 0 ? copy : NULL;
}

struct tel_str tel_json_print(struct json_object *tree)
{
	struct tel_str text = TEL_STR_NONE;

	errno = 0;
	text.ptr = json_object_to_json_string_length(tree, JSON_C_TO_STRING_PLAIN |
						     JSON_C_TO_STRING_NOSLASHESCAPE, &text.len);
	return text.ptr && errno != ENOMEM ? text : TEL_STR_NONE;
}
