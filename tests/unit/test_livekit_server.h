/*
 * A small HTTP server in a thread of the test: what it does with a request
 * is told by the room's name in its body. It counts.
 */
#ifndef TEL_TESTS_UNIT_TEST_LIVEKIT_SERVER_H
#define TEL_TESTS_UNIT_TEST_LIVEKIT_SERVER_H

#include <stdbool.h>

struct server;

/*
 * By the room's name:
 *   "drop"        reads the request and closes
 *   "drop-reused" the same, but only on a connection that served before
 *   "hang-up"     answers, then closes without having said so
 *   "late"        answers after 300 ms
 *   "never"       does not answer
 *   "429", "404", …  that status; 429 and 503 with Retry-After: 7
 *   "garbage"     something that is not HTTP
 *   "half"        half of what Content-Length promises, then closes
 *   "endless"     a body without an end
 *   "redirect"    302 to a path of its own
 *   "busy"        503 with the far end's 486
 *   "canceled"    408, as for a phone that nobody answered
 * and 200 with a fitting body otherwise.
 */
struct server *server_start(void);
void server_stop(struct server *s);

int server_port(const struct server *s);
int server_connections(struct server *s);
/* Whole requests that came for this room. */
int server_requests(struct server *s, const char *room);
/* The head of the last request; NUL terminated, valid until the next one. */
const char *server_last_head(struct server *s);

/* A port that nobody listens at. */
int unused_port(void);

#endif
