#include "config.h"

#include <json-c/json.h>

#include "http/json_body.h"
#include "base/banned.h"

void tel_json_member(struct json_object *object, const char *key, struct json_object *value)
{
	if (value && (!object || json_object_object_add(object, key, value) != 0))
		json_object_put(value);
}

void tel_http_json_body(struct tel_http_response *response, const char *content_type,
			struct json_object *object)
{
	size_t len = 0;
	const char *text = object ? json_object_to_json_string_length(
		object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len) : NULL;

	tel_buf_clear(&response->body);
	response->content_type = NULL;
	if (text) {
		response->content_type = content_type;
		tel_buf_add(&response->body, text, len);
		tel_buf_puts(&response->body, "\n");
	}
	json_object_put(object);
}
