#include "config.h"

#include <stdlib.h>

#include "contract/contract.h"
#include "memory-store/memory_store.h"

static struct tel_call_store *open_store(tel_time retention)
{
	struct tel_memory_store_options options = { .retention = retention };
	struct tel_call_store *store;

	if (tel_memory_store_open(&options, &store))
		abort();
	return store;
}

static void close_store(struct tel_call_store *store)
{
	store->ops->close(store);
}

const struct tel_contract tel_contract = { .open = open_store, .close = close_store };

int main(void)
{
	CU_SuiteInfo suites[] = { TEL_CONTRACT_SUITES("memory store"), CU_SUITE_INFO_NULL };

	return tel_run_suites(suites);
}
