/* The cursor of a list of calls, on a store with a few: a page or a refusal. */
#include "config.h"

#include "fuzz/fuzz.h"
#include "memory-store/memory_store.h"
#include "base/banned.h"

#define CALLS 5

static enum tel_err create(struct tel_step *step, void *number)
{
	uint8_t random[16] = { 0 };

	step->fresh = tel_call_new();
	if (!step->fresh)
		return TEL_ENOMEM;
	random[0] = *(uint8_t *)number;
	tel_call_id_make(random, &step->fresh->id);
	return tel_call_set(step->fresh, &step->fresh->room_name, TEL_STR("room"), 4);
}

static struct tel_call_store *the_store(void)
{
	static struct tel_call_store *store;
	struct tel_step_about about = { 0 };
	uint8_t i;

	if (store)
		return store;
	FUZZ_CHECK(tel_memory_store_open(NULL, &store) == TEL_OK);
	for (i = 0; i < CALLS; i++)
		FUZZ_CHECK(store->ops->step(store, &about, create, &i) == TEL_OK);
	return store;
}

FUZZ(cursor)
{
	struct tel_call_store *store = the_store();
	struct tel_call_filter filter = { .limit = 2 };
	struct tel_call_page page = { 0 };
	struct tel_str cursor = fuzz_copy(fuzz_str(data, size));
	size_t pages = 0, seen = 0;
	enum tel_err err;

	filter.cursor = cursor;
	do {
		filter.live_only = size & 1;
		filter.room_name = size & 2 ? TEL_STR("room") : TEL_STR_NONE;
		err = store->ops->list(store, &filter, &page);
		FUZZ_CHECK(err == TEL_OK || (err == TEL_EMALFORMED && pages == 0));
		if (err)
			break;
		seen += page.n;
		fuzz_free(cursor);
		cursor = fuzz_copy(tel_str_from(page.next_cursor));
		tel_call_page_release(&page);
		filter.cursor = cursor;
	} while (cursor.len > 0 && pages++ < CALLS);
	FUZZ_CHECK(seen <= CALLS && pages < CALLS);
	fuzz_free(cursor);
	return 0;
}
