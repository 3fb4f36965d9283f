#include "config.h"

#include <stdio.h>

#include "http/json_body.h"
#include "http/problem.h"
#include "base/banned.h"

#define URN "urn:livekit-telephony:problem:"

static void put_type(struct tel_json_write *json, const char *reason)
{
	char text[sizeof(URN) + 64];

	snprintf(text, sizeof(text), "%s%s", reason ? URN : "about:blank", reason ? reason : "");
	tel_json_put_name(json, "type", text);
}

void tel_http_problem_with(struct tel_http_response *response, int status, const char *reason,
			   const char *detail, struct tel_json_write *json)
{
	response->status = status;
	put_type(json, reason);
	tel_json_put_name(json, "title", tel_http_reason_phrase(status));
	tel_json_put_int(json, "status", status);
	if (detail)
		tel_json_put_name(json, "detail", detail);
	if (reason)
		tel_json_put_name(json, "reason", reason);
	tel_http_json_body(response, "application/problem+json", json);
}

void tel_http_problem(struct tel_http_response *response, int status, const char *reason,
		      const char *detail)
{
	struct tel_json_write json;

	tel_json_begin(&json, TEL_JSON_VIEW);
	tel_json_open_object(&json, NULL);
	tel_http_problem_with(response, status, reason, detail, &json);
}

static void put_errors(struct tel_json_write *json, const struct tel_problems *problems)
{
	size_t i;

	tel_json_put_name(json, "member", problems->items[0].where);
	tel_json_open_list(json, "errors");
	for (i = 0; i < problems->n; i++) {
		tel_json_open_object(json, NULL);
		tel_json_put_name(json, "member", problems->items[i].where);
		tel_json_put_name(json, "detail", problems->items[i].text);
		tel_json_close(json);
	}
	tel_json_close(json);
}

void tel_http_problem_body(struct tel_http_response *response,
			   const struct tel_problems *problems)
{
	struct tel_json_write json;
	char detail[2 * TEL_MAX_TEXT];

	if (problems->n == 0) {		/* no memory to keep any */
		tel_http_problem_unavailable(response, "unavailable", NULL);
		return;
	}
	if (!problems->items[0].where) {
		tel_http_problem(response, 400, "bad_json", problems->items[0].text);
		return;
	}
	snprintf(detail, sizeof(detail), "%s: %s.", problems->items[0].where,
		 problems->items[0].text);
	tel_json_begin(&json, TEL_JSON_VIEW);
	tel_json_open_object(&json, NULL);
	put_errors(&json, problems);
	tel_http_problem_with(response, 400, "bad_member", detail, &json);
}

void tel_http_problem_unavailable(struct tel_http_response *response, const char *reason,
				  const char *detail)
{
	tel_http_response_header(response, "Retry-After", "1");
	tel_http_problem(response, 503, reason, detail);
}
