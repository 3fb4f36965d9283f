/* A json-c object as a response's body, and members without leaks. */
#ifndef TEL_HTTP_JSON_BODY_H
#define TEL_HTTP_JSON_BODY_H

#include "http/message.h"

struct json_object;

/*
 * Add `value` (taken over, also on failure) as `key` to `object`. A NULL
 * object or value does nothing: json-c returns NULL when memory is short,
 * and a member less is better than no answer.
 */
void tel_json_member(struct json_object *object, const char *key, struct json_object *value);

/* Replace the body by `object` (taken over), of type `content_type`. */
void tel_http_json_body(struct tel_http_response *response, const char *content_type,
			struct json_object *object);

#endif
