#include "config.h"

#include "view/call_view.h"
#include "view/json_out.h"
#include "view/page_view.h"
#include "base/banned.h"

enum tel_err tel_view_page(const struct tel_call_page *page, struct tel_buf *out)
{
	size_t i;

	tel_buf_puts(out, "{");
	tel_out_key(out, "calls");
	tel_buf_puts(out, "[");
	for (i = 0; i < page->n; i++) {
		tel_out_comma(out);
		tel_view_call(page->calls[i], NULL, out);
	}
	tel_buf_puts(out, "]");
	tel_out_key(out, "nextCursor");
	tel_out_name(out, page->next_cursor[0] ? page->next_cursor : NULL);
	tel_buf_puts(out, "}");
	return tel_buf_err(out);
}
