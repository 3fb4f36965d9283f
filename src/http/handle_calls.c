#include "config.h"

#include <stdio.h>
#include <string.h>

#include "app/show_calls.h"
#include "base/num.h"
#include "http/authorize.h"
#include "http/handlers.h"
#include "http/problem.h"
#include "http/query.h"
#include "view/call_view.h"
#include "view/filter_read.h"
#include "view/page_view.h"
#include "base/banned.h"

/* ---- who and whether -------------------------------------------------------- */

/* Off by default: who does not need it does not have to guard it. */
static bool may_read(struct tel_http_context *context, const struct tel_http_request *request,
		     struct tel_http_response *response)
{
	if (!context->show_calls) {
		tel_http_problem(response, 404, "diagnostics_off",
				 "Calls are shown only with TELEPHONY_DIAGNOSTICS=true.");
		return false;
	}
	return tel_http_authorize(context, request, TEL_MAY_READ_CALLS, response);
}

static void refuse_store(enum tel_err err, struct tel_http_response *response)
{
	if (err == TEL_ENOTFOUND)
		tel_http_problem(response, 404, "no_such_call", "There is no call of that id.");
	else
		tel_http_problem_unavailable(response, "unavailable", tel_err_text(err));
}

/* ---- the list ---------------------------------------------------------------- */

static void refuse_parameter(struct tel_http_response *response, struct tel_str name,
			     const char *allowed)
{
	char detail[TEL_MAX_TEXT];

	snprintf(detail, sizeof(detail), "%.*s: %s", TEL_STR_ARG(name), allowed);
	tel_http_problem(response, 400, "bad_parameter", detail);
}

static bool read_limit(struct tel_str text, size_t *out)
{
	int64_t limit;

	if (!text.ptr)
		return true;
	if (tel_num_parse(text, 1, TEL_MAX_PAGE, &limit))
		return false;
	*out = (size_t)limit;
	return true;
}

/*
 * In a query a '+' is a blank unless it is written as %2B, which people forget
 * in "+1555…" and in "…T06:34:00+01:00". No blank can stand there.
 */
static struct tel_str restore_plus(const char *name, struct tel_str value, char *room, size_t size)
{
	bool is_number = !strcmp(name, "from") || !strcmp(name, "to");
	bool is_moment = !strcmp(name, "since") || !strcmp(name, "until");
	size_t at = is_number ? 0 : value.len - 6;

	if ((!is_number && !is_moment) || value.len < 7 || value.len > size || value.ptr[at] != ' ')
		return value;
	memcpy(room, value.ptr, value.len);
	room[at] = '+';
	return (struct tel_str){ room, value.len };
}

/* NULL, or the filter at fault with *allowed. */
static const char *read_filters(const struct tel_http_query *query, struct tel_filter_args *args,
				const char **allowed)
{
	const char *const *name;
	struct tel_str value;
	char room[64];

	for (name = tel_filter_names; *name; name++) {
		value = tel_http_query_get(query, *name);
		if (!value.ptr)
			continue;
		*allowed = tel_filter_read(args, *name,
					   restore_plus(*name, value, room, sizeof(room)));
		if (*allowed)
			return *name;
	}
	return NULL;
}

/* False: the response names the parameter at fault. */
static bool read_query(const struct tel_http_query *query, struct tel_filter_args *args,
		       struct tel_http_response *response)
{
	static const char *const names[] = {
		"live", "status", "direction", "from", "to", "roomName", "since", "until",
		"limit", "cursor", NULL
	};
	struct tel_str unknown = tel_http_query_unknown(query, names);
	const char *allowed, *wrong;
	char range[64];

	if (unknown.ptr) {
		refuse_parameter(response, unknown, "there is no such filter; there are live, status, direction, from, to, roomName, since, until, limit, cursor");
		return false;
	}
	wrong = read_filters(query, args, &allowed);
	if (wrong) {
		refuse_parameter(response, tel_str_from(wrong), allowed);
		return false;
	}
	if (!read_limit(tel_http_query_get(query, "limit"), &args->filter.limit)) {
		snprintf(range, sizeof(range), "must be a whole number from 1 to %d", TEL_MAX_PAGE);
		refuse_parameter(response, TEL_STR("limit"), range);
		return false;
	}
	args->filter.cursor = tel_http_query_get(query, "cursor");
	return true;
}

static void list(struct tel_http_context *context, const struct tel_call_filter *filter,
		 struct tel_http_response *response)
{
	struct tel_call_page page = { 0 };
	enum tel_err err = tel_list_calls(context->app, filter, &page);

	if (err == TEL_EMALFORMED) {
		refuse_parameter(response, TEL_STR("cursor"), "is none that a page gave out");
	} else if (err) {
		refuse_store(err, response);
	} else {
		response->content_type = "application/json";
		tel_view_page(&page, &response->body);
	}
	tel_call_page_release(&page);
}

void tel_handle_calls(struct tel_http_context *context, const struct tel_http_request *request,
		      struct tel_http_response *response)
{
	struct tel_filter_args args = { 0 };
	struct tel_http_query query;
	enum tel_err err;

	if (!may_read(context, request, response))
		return;
	err = tel_http_query_parse(request->query, &query);
	if (err == TEL_ENOMEM)
		tel_http_problem_unavailable(response, "unavailable", NULL);
	else if (err)
		tel_http_problem(response, 400, "bad_query",
				 "The query is too long, has a name twice or is not properly encoded.");
	else if (read_query(&query, &args, response))
		list(context, &args.filter, response);
	tel_http_query_release(&query);
}

/* ---- one call ----------------------------------------------------------------- */

static void show(struct tel_http_context *context, const struct tel_http_request *request,
		 bool only_timeline, struct tel_http_response *response)
{
	struct tel_timeline timeline = { 0 };
	struct tel_call *call = NULL;
	enum tel_err err = tel_show_call(context->app, request->params[0], &call,
					 only_timeline ? &timeline : NULL);

	if (err) {
		refuse_store(err, response);
	} else {
		response->content_type = "application/json";
		if (only_timeline)
			tel_view_timeline(call, &timeline, &response->body);
		else
			tel_view_call(call, NULL, &response->body);
	}
	tel_timeline_release(&timeline);
	tel_call_free(call);
}

void tel_handle_call(struct tel_http_context *context, const struct tel_http_request *request,
		     struct tel_http_response *response)
{
	if (may_read(context, request, response))
		show(context, request, false, response);
}

void tel_handle_timeline(struct tel_http_context *context, const struct tel_http_request *request,
			 struct tel_http_response *response)
{
	if (may_read(context, request, response))
		show(context, request, true, response);
}
