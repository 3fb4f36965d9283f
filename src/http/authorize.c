#include "config.h"

#include <stdio.h>
#include <string.h>

#include "http/authorize.h"
#include "http/problem.h"
#include "base/banned.h"

static void refuse(struct tel_http_context *context, struct tel_http_response *response,
		   int status, const char *reason, const char *detail)
{
	tel_log_line(context->app->log, TEL_LOG_WARN, "request_refused",
		     TEL_F_INT("status", status), TEL_F_TEXT("reason", reason));
	tel_http_problem(response, status, reason, detail);
}

static void refuse_grant(struct tel_http_context *context, struct tel_http_response *response,
			 const char *missing)
{
	char detail[TEL_MAX_TEXT];

	snprintf(detail, sizeof(detail), "The token is genuine, but lacks the grant %s.", missing);
	refuse(context, response, 403, "missing_grant", detail);
}

bool tel_http_authorize(struct tel_http_context *context, const struct tel_http_request *request,
			enum tel_permission permission, struct tel_http_response *response)
{
	char principal[TEL_MAX_NAME + 1];

	return tel_http_authorize_as(context, request, permission, principal, response);
}

bool tel_http_authorize_as(struct tel_http_context *context,
			   const struct tel_http_request *request,
			   enum tel_permission permission, char principal[TEL_MAX_NAME + 1],
			   struct tel_http_response *response)
{
	struct tel_auth_result result;

	context->authenticator->ops->check(context->authenticator, request->authorization,
					   permission, tel_now(context->app->clock), &result);
	switch (result.verdict) {
	case TEL_AUTH_GRANTED:
		memcpy(principal, result.principal, sizeof(result.principal));
		return true;
	case TEL_AUTH_NO_CREDENTIALS:
		tel_http_response_header(response, "WWW-Authenticate", "Bearer");
		refuse(context, response, 401, "no_credentials",
		       "Send Authorization: Bearer with a LiveKit access token of this API key, "
		       "or a token of TELEPHONY_API_TOKENS.");
		break;
	case TEL_AUTH_INVALID:
		tel_http_response_header(response, "WWW-Authenticate",
					 "Bearer error=\"invalid_token\"");
		refuse(context, response, 401, result.reason, "The token is not valid here.");
		break;
	case TEL_AUTH_FORBIDDEN:
		refuse_grant(context, response, result.missing);
		break;
	case TEL_AUTH_FAILED:
		tel_http_problem_unavailable(response, "unavailable", NULL);
		break;
	}
	return false;
}
