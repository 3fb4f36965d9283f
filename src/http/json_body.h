/* JSON as a response's body. */
#ifndef TEL_HTTP_JSON_BODY_H
#define TEL_HTTP_JSON_BODY_H

#include "http/message.h"
#include "json/json_write.h"

/*
 * Finish `json` and make it the body, of type `content_type`, in place of
 * what is there. Trouble sticks in the body, and the router sees it.
 */
void tel_http_json_body(struct tel_http_response *response, const char *content_type,
			struct tel_json_write *json);

#endif
