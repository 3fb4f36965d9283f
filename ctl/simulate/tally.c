#include "config.h"

#include <stdlib.h>

#include "ctl/simulate/tally.h"
#include "base/banned.h"

void tel_sim_tally_release(struct tel_sim_tally *tally)
{
	free(tally->latencies);
	tally->latencies = NULL;
	tally->n_latencies = tally->cap_latencies = 0;
}

enum tel_err tel_sim_tally_latency(struct tel_sim_tally *tally, uint64_t us)
{
	size_t cap = tally->cap_latencies ? tally->cap_latencies * 2 : 1024;
	uint32_t *grown;

	if (tally->n_latencies == tally->cap_latencies) {
		grown = reallocarray(tally->latencies, cap, sizeof(*grown));
		if (!grown)
			return TEL_ENOMEM;
		tally->latencies = grown;
		tally->cap_latencies = cap;
	}
	tally->latencies[tally->n_latencies++] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
	return TEL_OK;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

void tel_sim_tally_sort(struct tel_sim_tally *tally)
{
	if (tally->n_latencies)
		qsort(tally->latencies, tally->n_latencies, sizeof(tally->latencies[0]), by_value);
}

double tel_sim_tally_percentile(const struct tel_sim_tally *tally, unsigned percent)
{
	size_t rank = (tally->n_latencies * percent + 99) / 100;

	if (!tally->n_latencies)
		return 0;
	return tally->latencies[rank ? rank - 1 : 0] / 1000.0;
}

uint64_t tel_sim_tally_refused(const struct tel_sim_tally *tally)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < TEL_HTTP_STATUSES; i++)
		n += tally->refused[i];
	return n;
}
