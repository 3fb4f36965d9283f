#include "config.h"

#include <stdint.h>
#include <string.h>

#include "base/num.h"
#include "fcgi/gateway.h"
#include "base/banned.h"

/* A body of unknown length is read in pieces of this size. */
#define PIECE 16384

/* ---- variables ------------------------------------------------------- */

enum variable {
	AUTHORIZATION, REDIRECTED_AUTHORIZATION, IDEMPOTENCY_KEY, METHOD, TYPE, LENGTH, URI,
	SCRIPT, PATH, QUERY,
	VARIABLES
};

#define NAME(text) { text, sizeof(text) - 1 }

static const struct tel_str names[VARIABLES] = {
	[AUTHORIZATION] = NAME("HTTP_AUTHORIZATION"),
	[REDIRECTED_AUTHORIZATION] = NAME("REDIRECT_HTTP_AUTHORIZATION"),
	[IDEMPOTENCY_KEY] = NAME("HTTP_IDEMPOTENCY_KEY"),
	[METHOD] = NAME("REQUEST_METHOD"),
	[TYPE] = NAME("CONTENT_TYPE"),
	[LENGTH] = NAME("CONTENT_LENGTH"),
	[URI] = NAME("REQUEST_URI"),
	[SCRIPT] = NAME("SCRIPT_NAME"),
	[PATH] = NAME("PATH_INFO"),
	[QUERY] = NAME("QUERY_STRING"),
};

/*
 * A server sends two dozen of them: one walk for all. The first of a name
 * counts; absent are those that are not there.
 */
static void read_variables(char *const *env, struct tel_str values[VARIABLES])
{
	struct tel_str name;
	const char *end;
	int i;

	for (i = 0; i < VARIABLES; i++)
		values[i] = TEL_STR_NONE;
	for (; *env; env++) {
		end = strchr(*env, '=');
		if (!end)
			continue;
		name = (struct tel_str){ *env, (size_t)(end - *env) };
		for (i = 0; i < VARIABLES && !tel_str_eq(name, names[i]); i++)
			;
		if (i < VARIABLES && !values[i].ptr)
			values[i] = tel_str_from(end + 1);
	}
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
static struct tel_str authorization(const struct tel_str values[VARIABLES])
{
	return values[tel_str_is_set(values[AUTHORIZATION]) ?
		      AUTHORIZATION : REDIRECTED_AUTHORIZATION];
}

static enum tel_err set_target(const struct tel_str values[VARIABLES],
			       struct tel_http_request *request)
{
	struct tel_buf path;
	enum tel_err err;

	if (tel_str_is_set(values[URI])) {
		tel_http_request_set_target(request, values[URI]);
		return TEL_OK;
	}
	/* A target that is too long becomes longer than any path may be. */
	tel_buf_init(&path, TEL_MAX_PATH * 4);
	tel_buf_add_str(&path, values[SCRIPT]);
	tel_buf_add_str(&path, values[PATH]);
	err = tel_buf_err(&path);
	tel_http_request_set_target(request, tel_buf_str(&path));
	if (err == TEL_ETOOBIG)
		request->target_status = 414;
	request->query = values[QUERY];
	tel_buf_release(&path);
	return err == TEL_ETOOBIG ? TEL_OK : err;
}

enum tel_err tel_gateway_read(char *const *env, const struct tel_gateway_body *body,
			      struct tel_buf *buffer, struct tel_http_request *request)
{
	struct tel_str values[VARIABLES];
	enum tel_err err;

	tel_buf_clear(buffer);
	read_variables(env, values);
	request->method = values[METHOD];
	request->content_type = values[TYPE];
	request->authorization = authorization(values);
	request->idempotency_key = values[IDEMPOTENCY_KEY];
	request->body_too_big = request->body_truncated = false;
	err = set_target(values, request);
	if (!err)
		err = read_body(values[LENGTH], body, buffer, request);
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
