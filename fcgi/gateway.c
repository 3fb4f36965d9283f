#include "config.h"

#include <stdint.h>
#include <string.h>

#include "base/num.h"
#include "fcgi/gateway.h"
#include "base/banned.h"

/* A body of unknown length is read in pieces of this size. */
#define PIECE 16384

struct tel_str tel_gateway_variable(char *const *env, const char *name)
{
	size_t len = strlen(name);

	for (; *env; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return tel_str_from(*env + len + 1);
	return TEL_STR_NONE;
}

/* ---- the body -------------------------------------------------------- */

static bool method_has_body(struct tel_str method)
{
	return tel_str_is(method, "POST") || tel_str_is(method, "PUT") ||
	       tel_str_is(method, "PATCH");
}

/* Read until `want` bytes are there or the source ends. */
static enum tel_err read_upto(const struct tel_gateway_body *body, struct tel_buf *buffer,
			      size_t want)
{
	size_t got;

	while (buffer->len < want) {
		got = body->read(body->from, buffer->ptr + buffer->len, want - buffer->len);
		if (got == 0)
			break;
		buffer->len += got;
	}
	return TEL_OK;
}

static enum tel_err read_announced(const struct tel_gateway_body *body, struct tel_buf *buffer,
				   struct tel_http_request *request, size_t announced)
{
	enum tel_err err;

	request->body_too_big = announced > TEL_MAX_BODY;
	if (request->body_too_big || announced == 0)
		return TEL_OK;
	err = tel_buf_reserve(buffer, announced);
	if (err)
		return err;
	err = read_upto(body, buffer, announced);
	request->body_truncated = buffer->len < announced;
	return err;
}

static enum tel_err read_to_end(const struct tel_gateway_body *body, struct tel_buf *buffer,
				struct tel_http_request *request)
{
	const size_t most = TEL_MAX_BODY + 1;
	size_t want = 0;
	enum tel_err err = TEL_OK;

	while (!err && buffer->len == want && want < most) {
		want = most - want < PIECE ? most : want + PIECE;
		err = tel_buf_reserve(buffer, want - buffer->len);
		if (!err)
			err = read_upto(body, buffer, want);
	}
	request->body_too_big = buffer->len > TEL_MAX_BODY;
	return err;
}

static enum tel_err read_body(struct tel_str length, const struct tel_gateway_body *body,
			      struct tel_buf *buffer, struct tel_http_request *request)
{
	int64_t announced;
	enum tel_err err;

	if (!tel_str_is_set(length))
		return method_has_body(request->method) ?
		       read_to_end(body, buffer, request) : TEL_OK;
	err = tel_num_parse(length, 0, INT64_MAX, &announced);
	if (!err)
		return read_announced(body, buffer, request,
				      announced > TEL_MAX_BODY ? (size_t)TEL_MAX_BODY + 1 :
				      (size_t)announced);
	/* A number that no integer holds is too big; anything else is none. */
	request->body_too_big = err == TEL_ETOOBIG && length.ptr[0] != '-';
	request->body_truncated = !request->body_too_big;
	return TEL_OK;
}

/* ---- the head -------------------------------------------------------- */

/*
 * Apache hands Authorization to nobody unless told to; what a rewrite rule
 * set then arrives under a name of its own.
 */
static struct tel_str authorization(char *const *env)
{
	struct tel_str value = tel_gateway_variable(env, "HTTP_AUTHORIZATION");

	return tel_str_is_set(value) ? value :
	       tel_gateway_variable(env, "REDIRECT_HTTP_AUTHORIZATION");
}

static enum tel_err set_target(char *const *env, struct tel_http_request *request)
{
	struct tel_str uri = tel_gateway_variable(env, "REQUEST_URI");
	struct tel_buf path;
	enum tel_err err;

	if (tel_str_is_set(uri)) {
		tel_http_request_set_target(request, uri);
		return TEL_OK;
	}
	/* A target that is too long becomes longer than any path may be. */
	tel_buf_init(&path, TEL_MAX_PATH * 4);
	tel_buf_add_str(&path, tel_gateway_variable(env, "SCRIPT_NAME"));
	tel_buf_add_str(&path, tel_gateway_variable(env, "PATH_INFO"));
	err = tel_buf_err(&path);
	tel_http_request_set_target(request, tel_buf_str(&path));
	if (err == TEL_ETOOBIG)
		request->target_status = 414;
	request->query = tel_gateway_variable(env, "QUERY_STRING");
	tel_buf_release(&path);
	return err == TEL_ETOOBIG ? TEL_OK : err;
}

enum tel_err tel_gateway_read(char *const *env, const struct tel_gateway_body *body,
			      struct tel_buf *buffer, struct tel_http_request *request)
{
	enum tel_err err;

	tel_buf_clear(buffer);
	request->method = tel_gateway_variable(env, "REQUEST_METHOD");
	request->content_type = tel_gateway_variable(env, "CONTENT_TYPE");
	request->authorization = authorization(env);
	request->idempotency_key = tel_gateway_variable(env, "HTTP_IDEMPOTENCY_KEY");
	request->body_too_big = request->body_truncated = false;
	err = set_target(env, request);
	if (!err)
		err = read_body(tel_gateway_variable(env, "CONTENT_LENGTH"), body, buffer, request);
	request->body = tel_buf_str(buffer);
	return err;
}

/* ---- the response ---------------------------------------------------- */

void tel_gateway_head(const struct tel_http_response *response, struct tel_buf *out)
{
	size_t i;

	tel_buf_printf(out, "Status: %d %s\r\n", response->status,
		       tel_http_reason_phrase(response->status));
	if (response->content_type) {
		tel_buf_puts(out, "Content-Type: ");
		tel_buf_puts(out, response->content_type);
		tel_buf_puts(out, "\r\n");
	}
	tel_buf_printf(out, "Content-Length: %zu\r\n", response->body.len);
	tel_buf_puts(out, "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n");
	for (i = 0; i < response->n_headers; i++)
		tel_buf_printf(out, "%s: %s\r\n", response->headers[i].name,
			       response->headers[i].value);
	tel_buf_puts(out, "\r\n");
}
