/* FastCGI requests by a number of threads that are all alike. */
#ifndef TEL_FCGI_SERVER_H
#define TEL_FCGI_SERVER_H

#include <stdbool.h>

#include "base/err.h"
#include "base/time.h"
#include "http/context.h"

struct tel_server;

/*
 * Serve connections of the listening socket `fd` by `threads` threads, with
 * the signal mask of the caller. When accepting fails for good (EMFILE, say)
 * that is logged, all threads end, and the calling thread gets a SIGTERM, as
 * if somebody had asked us to stop: the manager starts a new process.
 * `http` is borrowed until all threads were joined.
 * TEL_ENOMEM, TEL_EIO, TEL_EBUSY (no more threads)
 */
TEL_MUST_CHECK enum tel_err tel_server_start(int fd, unsigned threads,
					     struct tel_http_context *http,
					     struct tel_server **out);

/* Begin to stop: requests under way are finished, no new one is read. */
void tel_server_stop(struct tel_server *server);

/*
 * Wait for the threads, `patience` ms at most. True: all have ended and
 * `server` is freed. False: some still use `http`. NULL is fine.
 */
TEL_MUST_CHECK bool tel_server_join(struct tel_server *server, tel_time patience);

/* Did accepting fail for good? */
bool tel_server_has_failed(const struct tel_server *server);

#endif
