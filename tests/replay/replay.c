#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness.h"
#include "lmdb-store/lmdb_store.h"
#include "memory-store/memory_store.h"
#include "replay/replay.h"
#include "base/banned.h"

static char lmdb_dir[TEL_TEMP_PATH];

struct tel_call_store *replay_open_memory(void)
{
	struct tel_call_store *store;

	if (tel_memory_store_open(NULL, &store))
		abort();
	return store;
}

struct tel_call_store *replay_open_lmdb(void)
{
	struct tel_lmdb_options options = { .map_size = (size_t)256 << 20 };
	struct tel_call_store *store;
	struct tel_buf why;

	tel_temp_make(lmdb_dir);
	options.path = lmdb_dir;
	tel_buf_init(&why, TEL_MAX_BODY);
	if (tel_lmdb_store_open(&options, &store, &why)) {
		fprintf(stderr, "%s\n", why.ptr);
		abort();
	}
	tel_buf_release(&why);
	return store;
}

void replay_close(struct tel_call_store *store)
{
	store->ops->close(store);
	if (lmdb_dir[0])
		tel_temp_remove(lmdb_dir);
	lmdb_dir[0] = '\0';
}

bool replay_next_order(int *a, int n)
{
	int i = n - 2, j = n - 1, swap;

	while (i >= 0 && a[i] >= a[i + 1])
		i--;
	if (i < 0)
		return false;
	while (a[j] <= a[i])
		j--;
	swap = a[i], a[i] = a[j], a[j] = swap;
	for (i++, j = n - 1; i < j; i++, j--)
		swap = a[i], a[i] = a[j], a[j] = swap;
	return true;
}
