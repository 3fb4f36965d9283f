#include "config.h"

#include <stdio.h>

#include "http/message.h"
#include "base/banned.h"

/* ---- request targets ------------------------------------------------- */

static int hex_value(char c)
{
	int value = -1;

	if (c >= '0' && c <= '9')
		value = c - '0';
	else if (c >= 'a' && c <= 'f')
		value = c - 'a' + 10;
	else if (c >= 'A' && c <= 'F')
		value = c - 'A' + 10;
	return value;
}

/* One byte of `s`, decoded, and how much of `s` it took; -1 = not allowed. */
static int decode_byte(struct tel_str s, size_t *took)
{
	int high, low, byte;

	*took = 1;
	byte = (unsigned char)s.ptr[0];
	if (byte == '%') {
		high = s.len >= 3 ? hex_value(s.ptr[1]) : -1;
		low = s.len >= 3 ? hex_value(s.ptr[2]) : -1;
		if (high < 0 || low < 0)
			return -1;
		*took = 3;
		byte = high * 16 + low;
		if (byte == '/')
			return -1;
	}
	return byte < 0x20 || byte == 0x7f || byte == '\\' ? -1 : byte;
}

static bool is_dots(const char *segment, size_t len)
{
	return (len == 1 && segment[0] == '.') ||
	       (len == 2 && segment[0] == '.' && segment[1] == '.');
}

/* `path` is decoded and starts with '/'. */
static bool segments_are_plain(struct tel_str path)
{
	struct tel_str rest = { path.ptr + 1, path.len - 1 }, segment;

	while (rest.ptr) {
		segment = tel_str_cut(rest, '/', &rest);
		if (is_dots(segment.ptr, segment.len))
			return false;
		if (segment.len == 0 && rest.ptr)
			return false;
	}
	return true;
}

/* "http://host/path" -> "/path": servers hand on what the client sent. */
static struct tel_str without_authority(struct tel_str target)
{
	struct tel_str scheme, rest;

	if (tel_str_starts(target, TEL_STR("/")))
		return target;
	scheme = tel_str_cut(target, '/', &rest);
	if (scheme.len < 2 || scheme.ptr[scheme.len - 1] != ':' ||
	    !tel_str_starts(rest, TEL_STR("/")))
		return target;
	rest.ptr++;
	rest.len--;
	tel_str_cut(rest, '/', &rest);
	return rest.ptr ? (struct tel_str){ rest.ptr - 1, rest.len + 1 } : TEL_STR("/");
}

static int decode_path(struct tel_http_request *request, struct tel_str path)
{
	size_t took;
	int byte;

	if (!tel_str_starts(path, TEL_STR("/")))
		return 400;
	while (path.len > 0) {
		byte = decode_byte(path, &took);
		if (byte < 0)
			return 400;
		if (request->path_len == TEL_MAX_PATH)
			return 414;
		request->path[request->path_len++] = (char)byte;
		path.ptr += took;
		path.len -= took;
	}
	return segments_are_plain(tel_http_request_path(request)) ? 0 : 400;
}

void tel_http_request_set_target(struct tel_http_request *request, struct tel_str target)
{
	struct tel_str path;

	request->path_len = 0;
	path = tel_str_cut(without_authority(target), '?', &request->query);
	request->target_status = decode_path(request, path);
	if (request->target_status)
		request->path_len = 0;
	else if (request->path_len > 1 && request->path[request->path_len - 1] == '/')
		request->path_len--;
	request->path[request->path_len] = '\0';
}

struct tel_str tel_http_request_path(const struct tel_http_request *request)
{
	return (struct tel_str){ request->path, request->path_len };
}

bool tel_http_has_type(struct tel_str content_type, const char *media_type)
{
	struct tel_str parameters;

	return tel_str_eq_nocase(tel_str_trim(tel_str_cut(content_type, ';', &parameters)),
				 tel_str_from(media_type));
}

/* ---- responses ------------------------------------------------------- */

void tel_http_response_init(struct tel_http_response *response)
{
	response->status = 200;
	response->content_type = NULL;
	response->n_headers = 0;
	response->omit_body = false;
	tel_buf_init(&response->body, TEL_MAX_RESPONSE);
}

void tel_http_response_release(struct tel_http_response *response)
{
	tel_buf_release(&response->body);
}

void tel_http_response_reset(struct tel_http_response *response, int status)
{
	response->status = status;
	response->content_type = NULL;
	response->n_headers = 0;
	tel_buf_clear(&response->body);
}

static bool is_header_value(const char *value)
{
	const char *c;

	for (c = value; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return false;
	return c - value <= TEL_HTTP_MAX_HEADER_VALUE;
}

void tel_http_response_header(struct tel_http_response *response, const char *name,
			      const char *value)
{
	struct tel_http_header *header;

	if (response->n_headers == TEL_HTTP_MAX_HEADERS || !is_header_value(value)) {
		tel_http_response_reset(response, 500);
		return;
	}
	header = &response->headers[response->n_headers++];
	header->name = name;
	snprintf(header->value, sizeof(header->value), "%s", value);
}

const char *tel_http_reason_phrase(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} phrases[] = {
		{ 200, "OK" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 409, "Conflict" },
		{ 413, "Content Too Large" },
		{ 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" },
		{ 422, "Unprocessable Content" },
		{ 429, "Too Many Requests" },
		{ 500, "Internal Server Error" },
		{ 503, "Service Unavailable" },
	};
	size_t i;

	for (i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "Unknown";
}
