#include "config.h"

#include "app/show_calls.h"

enum tel_err tel_list_calls(struct tel_app *app, const struct tel_call_filter *filter,
			    struct tel_call_page *out)
{
	return app->store->ops->list(app->store, filter, out);
}

enum tel_err tel_show_call(struct tel_app *app, struct tel_str id, struct tel_call **out,
			   struct tel_timeline *timeline)
{
	struct tel_call_id call_id;

	if (tel_call_id_parse(id, &call_id))
		return TEL_ENOTFOUND;
	return app->store->ops->get(app->store, &call_id, out, timeline);
}
