/* Who may ask: said in one place for all paths but the webhook's. */
#ifndef TEL_HTTP_AUTHORIZE_H
#define TEL_HTTP_AUTHORIZE_H

#include <stdbool.h>

#include "http/context.h"
#include "http/message.h"
#include "ports/authenticator.h"

/*
 * True: go on. False: `response` says why not: 401 with WWW-Authenticate
 * (RFC 6750, 3), 403 with the grant that is missing, 503.
 */
bool tel_http_authorize(struct tel_http_context *context, const struct tel_http_request *request,
			enum tel_permission permission, struct tel_http_response *response);

/* The same; if true, `principal` says who it is (ports/authenticator.h). */
bool tel_http_authorize_as(struct tel_http_context *context,
			   const struct tel_http_request *request,
			   enum tel_permission permission, char principal[TEL_MAX_NAME + 1],
			   struct tel_http_response *response);

#endif
