#include "config.h"

#include <fcgiapp.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "fcgi/gateway.h"
#include "fcgi/transport.h"
#include "http/handlers.h"
#include "base/banned.h"

/* A buffer that was needed for one large body is not kept for small ones. */
#define KEEP_BUFFER (64 * 1024)

/* What is left of a request on a kept connection is read up to here. */
#define MAX_REST (64 * 1024)

struct tel_transport {
	FCGX_Request fcgi;
	struct tel_buf body;		/* of requests, one after the other */
	struct tel_buf head;		/* of responses */
	struct tel_http_request request;
};

enum tel_err tel_transport_init(void)
{
	return FCGX_Init() == 0 ? TEL_OK : TEL_EIO;
}

enum tel_err tel_transport_new(struct tel_transport **out)
{
	struct tel_transport *t = calloc(1, sizeof(*t));

	if (!t)
		return TEL_ENOMEM;
	FCGX_InitRequest(&t->fcgi, -1, 0);
	tel_buf_init(&t->body, TEL_MAX_BODY + 1);
	tel_buf_init(&t->head, TEL_MAX_TEXT * 8);
	*out = t;
	return TEL_OK;
}

void tel_transport_free(struct tel_transport *t)
{
	if (!t)
		return;
	tel_buf_release(&t->body);
	tel_buf_release(&t->head);
	free(t);
}

static size_t read_stdin(void *in, char *out, size_t len)
{
	int got = FCGX_GetStr(out, len > INT_MAX ? INT_MAX : (int)len, in);

	return got > 0 ? (size_t)got : 0;
}

static void put(FCGX_Stream *out, struct tel_str text)
{
	while (text.len > 0) {
		int piece = text.len > INT_MAX ? INT_MAX : (int)text.len;

		if (FCGX_PutStr(text.ptr, piece, out) != piece)
			return;
		text.ptr += piece;
		text.len -= (size_t)piece;
	}
}

static void respond(struct tel_transport *t, const struct tel_http_response *response)
{
	tel_buf_clear(&t->head);
	tel_gateway_head(response, &t->head);
	if (tel_buf_err(&t->head)) {
		put(t->fcgi.out, TEL_STR("Status: 503 Service Unavailable\r\n"
					 "Retry-After: 1\r\nContent-Length: 0\r\n\r\n"));
		return;
	}
	put(t->fcgi.out, tel_buf_str(&t->head));
	if (!response->omit_body)
		put(t->fcgi.out, tel_buf_str(&response->body));
}

static void answer(struct tel_transport *t, struct tel_http_context *http)
{
	struct tel_gateway_body body = { .read = read_stdin, .from = t->fcgi.in };
	struct tel_http_response response;

	tel_http_response_init(&response);
	if (tel_gateway_read(t->fcgi.envp, &body, &t->body, &t->request)) {
		tel_http_response_reset(&response, 503);
		tel_http_response_header(&response, "Retry-After", "1");
	} else {
		tel_http_answer(http, &t->request, &response);
	}
	respond(t, &response);
	tel_http_response_release(&response);
	if (t->body.cap > KEEP_BUFFER)
		tel_buf_release(&t->body);
}

/*
 * Has all of the request been read? The mark of its end mostly lies in
 * libfcgi's buffer already; a body that nobody wanted is not waited for.
 */
static bool is_read(FCGX_Stream *in, bool body_left)
{
	char trash[1024];
	size_t rest = 0;
	int got = 1;

	if (body_left)
		return false;
	while (got > 0 && rest < MAX_REST) {
		got = FCGX_GetStr(trash, sizeof(trash), in);
		rest += got > 0 ? (size_t)got : 0;
	}
	return got == 0 && FCGX_GetError(in) == 0;
}

bool tel_transport_serve(struct tel_transport *t, int connection, struct tel_http_context *http)
{
	bool all_read, keep;

	/*
	 * libfcgi would accept by itself, in a call that no other thread can
	 * interrupt; given a connection it goes on from there. (These two
	 * fields are the library's own business, and the same in every
	 * release since 2.2.)
	 */
	t->fcgi.ipcFd = connection;
	t->fcgi.keepConnection = 1;
	if (FCGX_Accept_r(&t->fcgi) != 0)
		return false;
	keep = t->fcgi.keepConnection;
	answer(t, http);
	all_read = is_read(t->fcgi.in, t->request.body_too_big);
	t->fcgi.keepConnection = keep && all_read;
	/*
	 * Before closing, libfcgi waits for the web server to close first, so
	 * that unread data does not reset the connection under the answer.
	 * When nothing is unread there is nothing to wait for.
	 */
	if (all_read)
		FCGX_Detach(&t->fcgi);
	FCGX_Finish_r(&t->fcgi);
	keep = t->fcgi.ipcFd >= 0;
	FCGX_Attach(&t->fcgi);
	t->fcgi.ipcFd = -1;
	return keep;
}
