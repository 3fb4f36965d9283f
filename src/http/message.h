/*
 * A request and a response as values: the same ones whatever carried them
 * (FastCGI, CGI, a test). Nothing below src/http sees a web server.
 */
#ifndef TEL_HTTP_MESSAGE_H
#define TEL_HTTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

/* A path, decoded. Ours are below 100 bytes; 414 above it. */
#define TEL_MAX_PATH 1024

/* Placeholders in one route's pattern. */
#define TEL_HTTP_MAX_PARAMS 2

struct tel_http_request {
	struct tel_str method;		/* "GET", as sent: methods have case */
	struct tel_str query;		/* behind the '?', still encoded */
	struct tel_str content_type;
	struct tel_str authorization;
	struct tel_str idempotency_key;	/* absent = not sent */
	struct tel_str body;		/* raw, at most TEL_MAX_BODY */
	bool body_too_big;		/* it was longer; `body` is not all of it */
	bool body_truncated;		/* it ended before its announced length */

	/* tel_http_request_set_target() */
	int target_status;		/* 0, or what to answer: 400, 414 */
	size_t path_len;
	char path[TEL_MAX_PATH + 1];	/* decoded, without a trailing '/' */

	/* The router: what the pattern's placeholders stand for, in `path`. */
	struct tel_str params[TEL_HTTP_MAX_PARAMS];
};

/*
 * Take path and query out of a request target (RFC 9112, 3.2), in origin or
 * absolute form. `query` borrows from `target`.
 *
 * A path that could mean two things to two readers is refused, not repaired:
 * control bytes, NUL, '\', an encoded '/', empty, "." and ".." segments, and
 * '%' without two hex digits. One trailing '/' is dropped.
 */
void tel_http_request_set_target(struct tel_http_request *request, struct tel_str target);

struct tel_str tel_http_request_path(const struct tel_http_request *request);

/* Is the media type that one, whatever its parameters and case? */
bool tel_http_has_type(struct tel_str content_type, const char *media_type);

#define TEL_HTTP_MAX_HEADERS 8
#define TEL_HTTP_MAX_HEADER_VALUE 127

/* A response's body; the largest one is a page of calls. */
#define TEL_MAX_RESPONSE (32 * 1024 * 1024)

struct tel_http_header {
	const char *name;		/* a literal */
	char value[TEL_HTTP_MAX_HEADER_VALUE + 1];
};

struct tel_http_response {
	int status;
	const char *content_type;	/* a literal; NULL = no body */
	struct tel_http_header headers[TEL_HTTP_MAX_HEADERS];
	size_t n_headers;
	bool omit_body;			/* HEAD: the headers of a GET alone */
	struct tel_buf body;
};

/* 200 without a body. */
void tel_http_response_init(struct tel_http_response *response);
void tel_http_response_release(struct tel_http_response *response);

/*
 * Add a header; `name` is a literal, `value` is copied. A value with control
 * bytes, one too long or one header too many is a mistake of ours: the
 * response becomes a bare 500.
 */
void tel_http_response_header(struct tel_http_response *response, const char *name,
			      const char *value);

/* Empty the response and make it a bare `status`. */
void tel_http_response_reset(struct tel_http_response *response, int status);

/* "Not Found" (RFC 9110, 15); "Unknown" for what we never send. */
const char *tel_http_reason_phrase(int status);

#endif
