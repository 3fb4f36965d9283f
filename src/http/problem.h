/*
 * Errors as RFC 9457 application/problem+json:
 *
 *   {"type":"urn:livekit-telephony:problem:body_hash_mismatch",
 *    "title":"Unauthorized","status":401,
 *    "detail":"…for people…","reason":"body_hash_mismatch"}
 *
 * `reason` is a snake_case word for programs; `type` is the same word as a
 * URN of ours, so that it never changes and needs no web site. Without a
 * reason the status says it all: type "about:blank", no `reason`.
 */
#ifndef TEL_HTTP_PROBLEM_H
#define TEL_HTTP_PROBLEM_H

#include "base/problems.h"
#include "http/message.h"
#include "json/json_write.h"

/*
 * Make `response` that problem. `reason` and `detail` may be NULL. Headers
 * that are there already stay.
 */
void tel_http_problem(struct tel_http_response *response, int status, const char *reason,
		      const char *detail);

/*
 * The same with more members: `json` has an object open that they are in, and
 * is finished here.
 */
void tel_http_problem_with(struct tel_http_response *response, int status, const char *reason,
			   const char *detail, struct tel_json_write *json);

/*
 * 400 for a body: `bad_json` if it is no JSON object, else `bad_member` with
 * the first member at fault and all of them:
 *   "member":"to","errors":[{"member":"to","detail":"it must be …"}, …]
 */
void tel_http_problem_body(struct tel_http_response *response,
			   const struct tel_problems *problems);

/* Our own trouble: 503 with Retry-After, so that the sender tries again. */
void tel_http_problem_unavailable(struct tel_http_response *response, const char *reason,
				  const char *detail);

#endif
