#include "config.h"

#include <json-c/json.h>
#include <string.h>

#include "http/handlers.h"
#include "http/json_body.h"
#include "http/problem.h"
#include "base/banned.h"

void tel_handle_healthz(struct tel_http_context *context, const struct tel_http_request *request,
			struct tel_http_response *response)
{
	struct json_object *body = json_object_new_object();

	(void)request;
	tel_json_member(body, "status", json_object_new_string("ok"));
	tel_json_member(body, "version", json_object_new_string(context->version));
	tel_http_json_body(response, "application/json", body);
}

static struct json_object *check_result(bool fine, const char *detail)
{
	struct json_object *result = json_object_new_object();

	tel_json_member(result, "status", json_object_new_string(fine ? "ok" : "failed"));
	if (!fine)
		tel_json_member(result, "detail", json_object_new_string(detail));
	return result;
}

static void add_routes(struct tel_http_context *context, struct json_object *checks)
{
	struct tel_buf why;
	bool fine;

	tel_buf_init(&why, TEL_MAX_TEXT);
	fine = !context->routes_are_fine ||
	       context->routes_are_fine(context->routes_ctx, &why);
	tel_json_member(checks, "routes", check_result(fine, tel_buf_str(&why).ptr));
	tel_buf_release(&why);
}

void tel_handle_readyz(struct tel_http_context *context, const struct tel_http_request *request,
		       struct tel_http_response *response)
{
	struct tel_call_store *store = context->app->store;
	struct tel_store_stats stats;
	struct json_object *checks = json_object_new_object(), *body = json_object_new_object();
	enum tel_err err = store->ops->stats(store, &stats);

	(void)request;
	tel_json_member(checks, "store", check_result(!err, tel_err_text(err)));
	add_routes(context, checks);
	tel_json_member(body, "checks", checks);
	tel_json_member(body, "enabled", json_object_new_boolean(context->app->enabled));
	if (err) {
		tel_http_response_header(response, "Retry-After", "1");
		tel_http_problem_with(response, 503, "not_ready",
				      "The store can't be read.", body);
	} else {
		tel_json_member(body, "status", json_object_new_string("ok"));
		tel_http_json_body(response, "application/json", body);
	}
}
