/*
 * One request by plain CGI (RFC 3875): variables in the environment, body on
 * stdin, response on stdout. The web server, or mod_cgi at least, holds the
 * response back until stdout and stderr are closed, so work that comes after
 * it is done in a process of its own.
 */
#ifndef TEL_FCGI_CGI_H
#define TEL_FCGI_CGI_H

#include <stdbool.h>

#include "http/context.h"

/* Was this process started by a web server for one request? */
bool tel_cgi_is_request(void);

/* Answer it and close stdout. TEL_EIO: nobody read the response. */
enum tel_err tel_cgi_serve(struct tel_http_context *http);

/* Answer it with 503 whatever it is, for there is nothing to serve it with. */
void tel_cgi_unavailable(void);

/*
 * Go on as a process that the web server does not wait for. True in that
 * one, which has no descriptors but /dev/null (and stderr, where that is a
 * file); false in the one that was called, also when it did not work.
 * Nothing may be open that does not survive a fork, as an LMDB environment.
 */
bool tel_cgi_detach(void);

/*
 * Of all such processes of one store, at most one shall stay for jobs that
 * are due soon. The lock's descriptor, to be closed; -1 = somebody has it.
 */
int tel_cgi_try_linger(const char *store_dir);

#endif
