/* The handlers, one file each, and the table that says when they are asked. */
#ifndef TEL_HTTP_HANDLERS_H
#define TEL_HTTP_HANDLERS_H

#include "http/context.h"
#include "http/router.h"

/*
 * POST /telephony/livekit-webhook. Refused in this order, for each is
 * cheaper than the next: 405, 415, 413, 400 (cut off), 401, 400. 2xx only
 * after the commit; 503 for our own trouble, since LiveKit repeats a 5xx and
 * never a 4xx.
 */
void tel_handle_webhook(struct tel_http_context *context, const struct tel_http_request *request,
			struct tel_http_response *response);

/* GET /telephony/healthz: 200 whenever a process answers at all. */
void tel_handle_healthz(struct tel_http_context *context, const struct tel_http_request *request,
			struct tel_http_response *response);

/*
 * GET /telephony/readyz: 200 if the store can be read, else 503. A routes
 * file that is broken now is told of, but calls go on with the one before.
 * Does not ask LiveKit: whoever restarts us because it is down helps nobody.
 */
void tel_handle_readyz(struct tel_http_context *context, const struct tel_http_request *request,
		       struct tel_http_response *response);

/*
 * GET /telephony/metrics in Prometheus' text format 0.0.4; 404 unless
 * TELEPHONY_METRICS allows it, for the numbers tell how much is called.
 */
void tel_handle_metrics(struct tel_http_context *context, const struct tel_http_request *request,
			struct tel_http_response *response);

/*
 * GET /telephony/calls?live=&roomName=&limit=&cursor=: a page of calls,
 * newest first, {"calls":[…],"nextCursor":…}. GET /telephony/calls/{callId}:
 * one. GET /telephony/calls/{callId}/timeline: what happened to it.
 *
 * 404 unless TELEPHONY_DIAGNOSTICS allows it, for they show phone numbers;
 * 401 and 403 without a token that may read calls.
 */
void tel_handle_calls(struct tel_http_context *context, const struct tel_http_request *request,
		      struct tel_http_response *response);
void tel_handle_call(struct tel_http_context *context, const struct tel_http_request *request,
		     struct tel_http_response *response);
void tel_handle_timeline(struct tel_http_context *context, const struct tel_http_request *request,
			 struct tel_http_response *response);

/*
 * What acts: each needs a token that may call (LiveKit's grant sip.call or
 * sip.admin), and answers after one commit; LiveKit is called by jobs.
 * Refused in this order: 401, 403, 415, 413, 400, then by the call's state.
 *
 * POST /telephony/calls: 202, Location, the record. With Idempotency-Key the
 * same body again is answered with the same call and Idempotency-Replayed,
 * another body is a 422. A room with a living call is a 409. What a guard
 * refuses is a 403, or a 429 if waiting helps, and named by its rule. With
 * ?dryRun=true nothing is done: 200 and every rule with its verdict.
 */
void tel_handle_place(struct tel_http_context *context, const struct tel_http_request *request,
		      struct tel_http_response *response);

/* DELETE /telephony/calls/{callId}: 202, or 200 if it was over already. */
void tel_handle_hang_up(struct tel_http_context *context, const struct tel_http_request *request,
			struct tel_http_response *response);

/* POST /telephony/calls/{callId}/transfer: 202; 409 says why it can't be. */
void tel_handle_transfer(struct tel_http_context *context, const struct tel_http_request *request,
			 struct tel_http_response *response);

/* Answer a request by the project's routes: all of the above. */
void tel_http_answer(struct tel_http_context *context, struct tel_http_request *request,
		     struct tel_http_response *response);

#endif
