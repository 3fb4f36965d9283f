/*
 * Where connections of the web server come from: the listening socket, and
 * connections that it keeps open between requests. Knows no FastCGI.
 *
 * The socket is shared with other processes (spawn-fcgi -F, systemd over a
 * restart), so it is never shut down; it is made non-blocking, and whoever
 * comes too late goes on waiting.
 *
 * One thread at a time waits for all of them (leader and followers): a new
 * connection wakes one thread, and a kept connection that is idle occupies
 * none.
 */
#ifndef TEL_FCGI_LISTENER_H
#define TEL_FCGI_LISTENER_H

#include <stdbool.h>

#include "base/err.h"

struct tel_listener;

/* Is that descriptor a socket that listens? Then a web server speaks FastCGI. */
bool tel_listener_is_socket(int fd);

/* `fd` is borrowed. TEL_ENOMEM, TEL_EIO */
TEL_MUST_CHECK enum tel_err tel_listener_open(int fd, struct tel_listener **out);

/*
 * The next connection on which there is, or soon will be, something to read;
 * it is the caller's now. Waits for it. A read that gets nothing for 30 s
 * fails, so that a broken peer does not hold a thread for ever.
 * TEL_ENOTFOUND: stopped, there will be no more | TEL_EIO: see errno (EMFILE)
 */
TEL_MUST_CHECK enum tel_err tel_listener_next(struct tel_listener *listener, int *connection);

/* Give back a connection that the web server keeps for its next request. */
void tel_listener_keep(struct tel_listener *listener, int connection);

/* All that wait, now or later, get TEL_ENOTFOUND. Any thread. */
void tel_listener_stop(struct tel_listener *listener);

/* When nobody uses it any more. Closes what was kept. NULL is fine. */
void tel_listener_close(struct tel_listener *listener);

#endif
