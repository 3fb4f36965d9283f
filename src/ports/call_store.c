#include "config.h"

#include <stdlib.h>

#include "ports/call_store.h"

void tel_call_page_release(struct tel_call_page *page)
{
	size_t i;

	for (i = 0; i < page->n; i++)
		tel_call_free(page->calls[i]);
	free(page->calls);
	*page = (struct tel_call_page){ 0 };
}
