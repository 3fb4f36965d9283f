#include "config.h"

#include <json-c/json.h>
#include <stdio.h>

#include "http/json_body.h"
#include "http/problem.h"
#include "base/banned.h"

#define URN "urn:livekit-telephony:problem:"

static struct json_object *text_or_null(const char *text)
{
	return text ? json_object_new_string(text) : NULL;
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
