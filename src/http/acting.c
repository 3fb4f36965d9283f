#include "config.h"

#include <stdio.h>

#include "http/acting.h"
#include "http/problem.h"
#include "view/call_view.h"
#include "base/banned.h"

#define TOO_BIG "The body is longer than 256 KiB."

bool tel_http_has_json(const struct tel_http_request *request,
		       struct tel_http_response *response)
{
	if (!tel_http_has_type(request->content_type, "application/json"))
		tel_http_problem(response, 415, "wrong_type",
				 "Content-Type must be application/json.");
	else if (request->body_too_big || request->body.len > TEL_MAX_ORDER)
		tel_http_problem(response, 413, "too_big", TOO_BIG);
	else if (request->body_truncated)
		tel_http_problem(response, 400, "truncated",
				 "The body ended before its Content-Length.");
	else
		return true;
	return false;
}

static void refuse_parameter(struct tel_str name, const char *const *names,
			     struct tel_http_response *response)
{
	char detail[2 * TEL_MAX_TEXT];

	snprintf(detail, sizeof(detail), "%.*s: there is no such parameter; %s%s",
		 (int)(name.len < TEL_MAX_TEXT ? name.len : TEL_MAX_TEXT), name.ptr,
		 names[0] ? "there is " : "there is none", names[0] ? names[0] : "");
	tel_http_problem(response, 400, "bad_parameter", detail);
}

bool tel_http_read_query(const struct tel_http_request *request, const char *const *names,
			 struct tel_http_query *out, struct tel_http_response *response)
{
	enum tel_err err = tel_http_query_parse(request->query, out);
	struct tel_str unknown = err ? TEL_STR_NONE : tel_http_query_unknown(out, names);

	if (err == TEL_ENOMEM)
		tel_http_problem_unavailable(response, "unavailable", NULL);
	else if (err)
		tel_http_problem(response, 400, "bad_query",
				 "The query is too long, has a name twice or is not properly "
				 "encoded.");
	else if (unknown.ptr)
		refuse_parameter(unknown, names, response);
	return !err && !unknown.ptr;
}

void tel_http_refuse_text(enum tel_err err, const struct tel_problems *problems,
			  struct tel_http_response *response)
{
	if (err == TEL_EMALFORMED)
		tel_http_problem_body(response, problems);
	else if (err == TEL_ETOOBIG)
		tel_http_problem(response, 413, "too_big", TOO_BIG);
	else
		tel_http_problem_unavailable(response, "unavailable", tel_err_text(err));
}

void tel_http_answer_call(int status, const struct tel_call *call,
			  struct tel_http_response *response)
{
	response->status = status;
	response->content_type = "application/json";
	tel_view_call(call, NULL, &response->body);
}

void tel_http_refuse_call(enum tel_err err, struct tel_http_response *response)
{
	if (err == TEL_ENOTFOUND)
		tel_http_problem(response, 404, "no_such_call", "There is no call of that id.");
	else
		tel_http_problem_unavailable(response, "unavailable", tel_err_text(err));
}
