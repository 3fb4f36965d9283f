/*
 * FastCGI requests: the only user of fcgiapp.h (fcgi_stdio.h would redefine
 * printf and FILE, so it is not included anywhere).
 */
#ifndef TEL_FCGI_TRANSPORT_H
#define TEL_FCGI_TRANSPORT_H

#include <stdbool.h>

#include "base/err.h"
#include "http/context.h"

struct tel_transport;

/* Once a process, before any thread. TEL_EIO */
TEL_MUST_CHECK enum tel_err tel_transport_init(void);

/* One for each thread. TEL_ENOMEM */
TEL_MUST_CHECK enum tel_err tel_transport_new(struct tel_transport **out);
void tel_transport_free(struct tel_transport *transport);	/* NULL is fine */

/*
 * Read one request from `connection`, answer it. True: the web server keeps
 * the connection for its next request and it is the caller's again; false:
 * it is closed.
 */
bool tel_transport_serve(struct tel_transport *transport, int connection,
			 struct tel_http_context *http);

#endif
