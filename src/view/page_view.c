#include "config.h"

#include "json/json_write.h"
#include "view/call_view.h"
#include "view/page_view.h"
#include "base/banned.h"

enum tel_err tel_view_page(const struct tel_call_page *page, struct tel_buf *out)
{
	struct tel_json_write w;
	size_t i;

	tel_json_begin(&w, TEL_JSON_VIEW);
	tel_json_open_object(&w, NULL);
	tel_json_open_list(&w, "calls");
	for (i = 0; i < page->n; i++)
		tel_view_put_call(&w, page->calls[i], NULL);
	tel_json_close(&w);
	tel_json_put_name(&w, "nextCursor", page->next_cursor);
	tel_json_close(&w);
	return tel_json_finish(&w, out);
}
