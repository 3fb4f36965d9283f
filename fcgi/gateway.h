/*
 * What CGI (RFC 3875) and FastCGI have in common: variables in the form
 * "NAME=value" that describe a request, and a response that begins with
 * "Status:".
 */
#ifndef TEL_FCGI_GATEWAY_H
#define TEL_FCGI_GATEWAY_H

#include <stddef.h>

#include "base/buf.h"
#include "http/message.h"

/* Where a body comes from. */
struct tel_gateway_body {
	/* Up to `len` bytes into `out`; 0 = there is no more, or it broke. */
	size_t (*read)(void *from, char *out, size_t len);
	void *from;
};

/*
 * Fill `request` from variables and body. It borrows from `env` and from
 * `buffer`, which is cleared first and has a ceiling of TEL_MAX_BODY + 1. Of
 * variables with one name the first counts.
 *
 * Not more than TEL_MAX_BODY + 1 bytes are read, none at all if more was
 * announced: the rest is left where it is. Without CONTENT_LENGTH (a chunked
 * body under mod_cgi or mod_proxy_fcgi) it is read to its end.
 *
 * The path comes from REQUEST_URI, which nobody has decoded or rewritten;
 * where that is not given, from SCRIPT_NAME and PATH_INFO.
 * TEL_ENOMEM
 */
TEL_MUST_CHECK enum tel_err tel_gateway_read(char *const *env, const struct tel_gateway_body *body,
					     struct tel_buf *buffer,
					     struct tel_http_request *request);

/* What goes before the body, with the empty line. The error sticks to `out`. */
void tel_gateway_head(const struct tel_http_response *response, struct tel_buf *out);

#endif
