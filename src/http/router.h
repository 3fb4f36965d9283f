/*
 * Which function answers: a const table of {method, pattern, function}. 404,
 * 405 with Allow, HEAD and refused paths are made here, in one place.
 */
#ifndef TEL_HTTP_ROUTER_H
#define TEL_HTTP_ROUTER_H

#include <stddef.h>

#include "http/message.h"

struct tel_http_context;

typedef void (*tel_http_handler)(struct tel_http_context *context,
				 const struct tel_http_request *request,
				 struct tel_http_response *response);

/* More methods than this for one path would not fit into Allow. */
#define TEL_HTTP_MAX_METHODS 6

struct tel_http_route {
	const char *method;
	/*
	 * "/telephony/calls/{callId}": a segment in braces stands for any one
	 * segment and becomes request->params[0], the next one params[1].
	 */
	const char *pattern;
	tel_http_handler handler;
};

/*
 * Answer `request` by the first route that fits; HEAD is a GET of which the
 * body is not sent. `response` is initialised, and always complete
 * afterwards: whatever ran out of memory is a bare 503.
 */
void tel_http_route(const struct tel_http_route *routes, size_t n,
		    struct tel_http_context *context, struct tel_http_request *request,
		    struct tel_http_response *response);

#endif
