#include "config.h"

#include <json-c/json.h>
#include <stdio.h>

#include "base/utf8.h"
#include "http/json_body.h"
#include "http/problem.h"
#include "base/banned.h"

/* Every byte of a text replaced. */
#define MAX_DETAIL (4 * TEL_MAX_TEXT)

#define URN "urn:livekit-telephony:problem:"

/* A detail may quote the request, and so hold any bytes; JSON holds UTF-8. */
static struct json_object *text_or_null(const char *text)
{
	struct json_object *o = NULL;
	struct tel_buf clean;

	if (!text)
		return NULL;
	tel_buf_init(&clean, MAX_DETAIL);
	if (!tel_utf8_clean(tel_str_from(text), MAX_DETAIL - 3, &clean))
		o = json_object_new_string_len(tel_buf_str(&clean).ptr, (int)clean.len);
	tel_buf_release(&clean);
	return o;
}

static struct json_object *type_of(const char *reason)
{
	char text[sizeof(URN) + 64];

	snprintf(text, sizeof(text), "%s%s", reason ? URN : "about:blank", reason ? reason : "");
	return json_object_new_string(text);
}

void tel_http_problem_with(struct tel_http_response *response, int status, const char *reason,
			   const char *detail, struct json_object *members)
{
	struct json_object *problem = members ? members : json_object_new_object();

	response->status = status;
	tel_json_member(problem, "type", type_of(reason));
	tel_json_member(problem, "title", text_or_null(tel_http_reason_phrase(status)));
	tel_json_member(problem, "status", json_object_new_int(status));
	tel_json_member(problem, "detail", text_or_null(detail));
	tel_json_member(problem, "reason", text_or_null(reason));
	tel_http_json_body(response, "application/problem+json", problem);
}

void tel_http_problem(struct tel_http_response *response, int status, const char *reason,
		      const char *detail)
{
	tel_http_problem_with(response, status, reason, detail, NULL);
}

void tel_http_problem_unavailable(struct tel_http_response *response, const char *reason,
				  const char *detail)
{
	tel_http_response_header(response, "Retry-After", "1");
	tel_http_problem(response, 503, reason, detail);
}
