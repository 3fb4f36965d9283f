#include "config.h"

#include "http/problem.h"
#include "http/router.h"
#include "base/banned.h"

static bool is_placeholder(struct tel_str segment)
{
	return segment.len > 2 && segment.ptr[0] == '{' && segment.ptr[segment.len - 1] == '}';
}

/* Both are walked segment by segment; params are filled as far as it fits. */
static bool path_fits(const char *pattern, struct tel_http_request *request)
{
	struct tel_str want = tel_str_from(pattern), have = tel_http_request_path(request);
	struct tel_str want_segment, have_segment;
	size_t n_params = 0;

	while (want.ptr && have.ptr) {
		want_segment = tel_str_cut(want, '/', &want);
		have_segment = tel_str_cut(have, '/', &have);
		if (is_placeholder(want_segment) && n_params < TEL_HTTP_MAX_PARAMS &&
		    tel_str_is_set(have_segment))
			request->params[n_params++] = have_segment;
		else if (!tel_str_eq(want_segment, have_segment))
			return false;
	}
	return !want.ptr && !have.ptr;
}

static void refuse_target(const struct tel_http_request *request,
			  struct tel_http_response *response)
{
	if (request->target_status == 414)
		tel_http_problem(response, 414, NULL, NULL);
	else
		tel_http_problem(response, 400, "bad_path",
				 "The path is ambiguous or not properly encoded.");
}

static void allow_method(struct tel_buf *allow, const char *method)
{
	if (allow->len > 0)
		tel_buf_puts(allow, ", ");
	tel_buf_puts(allow, method);
	if (tel_str_is(tel_str_from(method), "GET"))
		tel_buf_puts(allow, ", HEAD");
}

static void refuse_method(struct tel_buf *allow, struct tel_http_response *response)
{
	tel_http_response_header(response, "Allow", tel_buf_str(allow).ptr);
	tel_http_problem(response, 405, NULL, NULL);
}

static void find_and_run(const struct tel_http_route *routes, size_t n,
			 struct tel_http_context *context, struct tel_http_request *request,
			 struct tel_http_response *response, struct tel_buf *allow)
{
	struct tel_str method = response->omit_body ? TEL_STR("GET") : request->method;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!path_fits(routes[i].pattern, request))
			continue;
		if (tel_str_is(method, routes[i].method)) {
			routes[i].handler(context, request, response);
			return;
		}
		allow_method(allow, routes[i].method);
	}
	if (allow->len > 0)
		refuse_method(allow, response);
	else
		tel_http_problem(response, 404, NULL, NULL);
}

/* No memory left to say why. */
static void give_up(struct tel_http_response *response)
{
	tel_http_response_reset(response, 503);
	tel_http_response_header(response, "Retry-After", "1");
}

void tel_http_route(const struct tel_http_route *routes, size_t n,
		    struct tel_http_context *context, struct tel_http_request *request,
		    struct tel_http_response *response)
{
	struct tel_buf allow;

	tel_buf_init(&allow, TEL_HTTP_MAX_HEADER_VALUE);
	response->omit_body = tel_str_is(request->method, "HEAD");
	if (request->target_status)
		refuse_target(request, response);
	else
		find_and_run(routes, n, context, request, response, &allow);
	if (tel_buf_err(&response->body) || tel_buf_err(&allow))
		give_up(response);
	tel_buf_release(&allow);
}
