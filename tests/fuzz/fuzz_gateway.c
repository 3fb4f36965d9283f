/*
 * CGI variables, one a line, an empty line, then the body: a request is made
 * of it, and the head of an answer that no variable can break apart.
 */
#include "config.h"

#include <stdlib.h>

#include "fcgi/gateway.h"
#include "fuzz/fuzz.h"
#include "http/problem.h"
#include "base/banned.h"

#define MAX_VARIABLES 32

/* Bodies come in pieces. */
static size_t read_piece(void *from, char *out, size_t len)
{
	struct tel_str *rest = from;
	size_t n = rest->len < len ? rest->len : len;

	if (n > 100)
		n = 100;
	memcpy(out, rest->ptr, n);
	rest->ptr += n;
	rest->len -= n;
	return n;
}

static void check_request(const struct tel_http_request *r, struct tel_str sent)
{
	struct tel_http_response response;
	struct tel_buf head;

	FUZZ_CHECK(r->body.len <= sent.len && r->body.len <= TEL_MAX_BODY + 1);
	FUZZ_CHECK(r->body.len == 0 || memcmp(r->body.ptr, sent.ptr, r->body.len) == 0);
	FUZZ_CHECK(!(r->body_too_big && r->body_truncated));
	FUZZ_CHECK(r->target_status || r->path[0] == '/');
	FUZZ_CHECK(tel_http_has_type(r->content_type, "") || r->content_type.len > 0);
	tel_http_response_init(&response);
	tel_http_problem(&response, r->target_status ? r->target_status : 404, "reason", "detail");
	tel_buf_init(&head, 4096);
	tel_gateway_head(&response, &head);
	FUZZ_CHECK(tel_buf_err(&head) == TEL_OK && tel_str_starts(tel_buf_str(&head),
								  TEL_STR("Status: 4")));
	tel_buf_release(&head);
	tel_http_response_release(&response);
}

FUZZ(gateway)
{
	struct tel_str rest = fuzz_str(data, size), line, sent;
	char *environment[MAX_VARIABLES + 1] = { NULL };
	struct tel_gateway_body body = { read_piece, &rest };
	static struct tel_http_request request;
	struct tel_buf buffer;
	size_t i, n = 0;

	while (n < MAX_VARIABLES && (line = fuzz_line(&rest)).len > 0)
		environment[n++] = fuzz_cstring(line);
	sent = rest;
	tel_buf_init(&buffer, TEL_MAX_BODY + 1);
	FUZZ_CHECK(tel_gateway_read(environment, &body, &buffer, &request) == TEL_OK);
	check_request(&request, sent);
	tel_buf_release(&buffer);
	for (i = 0; i < n; i++)
		free(environment[i]);
	return 0;
}
