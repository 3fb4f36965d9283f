#include "config.h"

#include "http/handlers.h"
#include "http/json_body.h"
#include "http/problem.h"
#include "base/banned.h"

static void begin(struct tel_json_write *json)
{
	tel_json_begin(json, TEL_JSON_VIEW);
	tel_json_open_object(json, NULL);
}

void tel_handle_healthz(struct tel_http_context *context, const struct tel_http_request *request,
			struct tel_http_response *response)
{
	struct tel_json_write json;

	(void)request;
	begin(&json);
	tel_json_put_name(&json, "status", "ok");
	tel_json_put_name(&json, "version", context->version);
	tel_http_json_body(response, "application/json", &json);
}

static void put_check(struct tel_json_write *json, const char *name, bool fine,
		      const char *detail)
{
	tel_json_open_object(json, name);
	tel_json_put_name(json, "status", fine ? "ok" : "failed");
	if (!fine)
		tel_json_put_name(json, "detail", detail);
	tel_json_close(json);
}

static void put_routes(struct tel_http_context *context, struct tel_json_write *json)
{
	struct tel_buf why;
	bool fine;

	tel_buf_init(&why, TEL_MAX_TEXT);
	fine = !context->routes_are_fine ||
	       context->routes_are_fine(context->routes_ctx, &why);
	put_check(json, "routes", fine, tel_buf_str(&why).ptr);
	tel_buf_release(&why);
}

void tel_handle_readyz(struct tel_http_context *context, const struct tel_http_request *request,
		       struct tel_http_response *response)
{
	struct tel_call_store *store = context->app->store;
	struct tel_store_stats stats;
	struct tel_json_write json;
	enum tel_err err = store->ops->stats(store, &stats);

	(void)request;
	begin(&json);
	tel_json_open_object(&json, "checks");
	put_check(&json, "store", !err, tel_err_text(err));
	put_routes(context, &json);
	tel_json_close(&json);
	tel_json_put_bool(&json, "enabled", context->app->enabled);
	if (err) {
		tel_http_response_header(response, "Retry-After", "1");
		tel_http_problem_with(response, 503, "not_ready",
				      "The store can't be read.", &json);
	} else {
		tel_json_put_name(&json, "status", "ok");
		tel_http_json_body(response, "application/json", &json);
	}
}
