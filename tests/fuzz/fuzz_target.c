/*
 * A request target through the router; the first line is the method. A path
 * that gets through means one thing: encoded again it is read as the same.
 */
#include "config.h"

#include "fuzz/fuzz.h"
#include "http/problem.h"
#include "http/router.h"
#include "base/banned.h"

static void answer(struct tel_http_context *context, const struct tel_http_request *request,
		   struct tel_http_response *response)
{
	(void)context;
	FUZZ_CHECK(request->params[0].len == 0 ||
		   !memchr(request->params[0].ptr, '/', request->params[0].len));
	response->status = 204;
}

static const struct tel_http_route routes[] = {
	{ "GET", "/", answer },
	{ "GET", "/telephony/calls", answer },
	{ "POST", "/telephony/calls", answer },
	{ "GET", "/telephony/calls/{callId}", answer },
	{ "DELETE", "/telephony/calls/{callId}", answer },
	{ "GET", "/telephony/calls/{callId}/legs/{sid}", answer },
};

static void check_path(struct tel_str path)
{
	static struct tel_http_request again;
	struct tel_buf encoded;
	size_t i;

	FUZZ_CHECK(path.len >= 1 && path.len <= TEL_MAX_PATH && path.ptr[0] == '/');
	FUZZ_CHECK(path.len == 1 || path.ptr[path.len - 1] != '/');
	FUZZ_CHECK(!memmem(path.ptr, path.len, "//", 2) && !memmem(path.ptr, path.len, "/../", 4));
	tel_buf_init(&encoded, 4 * TEL_MAX_PATH);
	for (i = 0; i < path.len; i++)
		if (path.ptr[i] == '/')
			tel_buf_puts(&encoded, "/");
		else
			tel_buf_printf(&encoded, "%%%02x", (unsigned char)path.ptr[i]);
	tel_http_request_set_target(&again, tel_buf_str(&encoded));
	FUZZ_CHECK(again.target_status == 0 && tel_str_eq(tel_http_request_path(&again), path));
	tel_buf_release(&encoded);
}

FUZZ(target)
{
	struct tel_str target = fuzz_str(data, size), method = fuzz_line(&target);
	struct tel_http_request request = { .method = method };
	struct tel_http_response response;

	tel_http_request_set_target(&request, target);
	tel_http_response_init(&response);
	if (request.target_status)
		FUZZ_CHECK(request.path_len == 0 &&
			   (request.target_status == 400 || request.target_status == 414));
	else
		check_path(tel_http_request_path(&request));
	tel_http_route(routes, sizeof(routes) / sizeof(routes[0]), NULL, &request, &response);
	FUZZ_CHECK(response.status == 204 || response.status >= 400);
	FUZZ_CHECK(response.body.len == 0 || fuzz_is_json(tel_buf_str(&response.body)));
	tel_http_response_release(&response);
	return 0;
}
