#include "config.h"

#include "app/receive_webhook.h"
#include "http/handlers.h"
#include "http/json_body.h"
#include "http/problem.h"
#include "base/banned.h"

static void refuse(struct tel_http_context *context, enum tel_counter counter,
		   struct tel_http_response *response, int status, const char *reason,
		   const char *detail)
{
	tel_count(context->app->counters, counter);
	tel_log_line(context->app->log, TEL_LOG_WARN, "webhook_refused",
		     TEL_F_INT("status", status), TEL_F_TEXT("reason", reason));
	tel_http_problem(response, status, reason, detail);
}

static void answer_received(const struct tel_received *received,
			    struct tel_http_response *response)
{
	struct tel_json_write json;

	tel_json_begin(&json, TEL_JSON_VIEW);
	tel_json_open_object(&json, NULL);
	tel_json_put_bool(&json, "ok", true);
	tel_json_put_name(&json, "effect", tel_event_effect_text(received->effect));
	tel_json_close(&json);
	tel_http_json_body(response, "application/json", &json);
}

static void answer_forged(const struct tel_received *received, struct tel_http_response *response)
{
	tel_http_response_header(response, "WWW-Authenticate", "Bearer");
	tel_http_problem(response, 401, tel_webhook_verdict_text(received->verdict),
			 "Authorization does not prove that LiveKit sent this body.");
}

static void answer(const struct tel_received *received, struct tel_http_response *response)
{
	switch (received->status) {
	case TEL_RECEIVED:
		answer_received(received, response);
		break;
	case TEL_RECEIVED_FORGED:
		answer_forged(received, response);
		break;
	case TEL_RECEIVED_MALFORMED:
		tel_http_problem(response, 400, "malformed", "The body is no LiveKit event.");
		break;
	case TEL_RECEIVED_UNAVAILABLE:
		tel_http_problem_unavailable(response, "unavailable", tel_err_text(received->err));
		break;
	}
}

void tel_handle_webhook(struct tel_http_context *context, const struct tel_http_request *request,
			struct tel_http_response *response)
{
	struct tel_received received = { .status = TEL_RECEIVED_UNAVAILABLE };

	if (!tel_http_has_type(request->content_type, "application/webhook+json") &&
	    !tel_http_has_type(request->content_type, "application/json")) {
		refuse(context, TEL_COUNT_WEBHOOK_WRONG_TYPE, response, 415, "wrong_type",
		       "Content-Type must be application/webhook+json.");
	} else if (request->body_too_big) {
		refuse(context, TEL_COUNT_WEBHOOK_TOO_BIG, response, 413, "too_big",
		       "The body is longer than 1 MiB.");
	} else if (request->body_truncated) {
		refuse(context, TEL_COUNT_WEBHOOK_MALFORMED, response, 400, "truncated",
		       "The body ended before its Content-Length.");
	} else {
		tel_receive_webhook(context->app, context->inbox, request->authorization,
				    request->body, &received);
		answer(&received, response);
	}
}
