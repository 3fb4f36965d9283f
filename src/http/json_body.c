#include "config.h"

#include "http/json_body.h"
#include "base/banned.h"

void tel_http_json_body(struct tel_http_response *response, const char *content_type,
			struct tel_json_write *json)
{
	tel_buf_clear(&response->body);
	response->content_type = tel_json_finish(json, &response->body) ? NULL : content_type;
	tel_buf_puts(&response->body, "\n");
}
