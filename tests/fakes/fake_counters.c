#include "config.h"

#include "fakes/fake_counters.h"
#include "base/banned.h"

static void add(struct tel_counters *base, enum tel_counter which, uint64_t n)
{
	struct tel_fake_counters *counters = (struct tel_fake_counters *)base;

	__atomic_fetch_add(&counters->values[which], n, __ATOMIC_RELAXED);
}

static uint64_t read_one(struct tel_counters *base, enum tel_counter which)
{
	struct tel_fake_counters *counters = (struct tel_fake_counters *)base;

	return __atomic_load_n(&counters->values[which], __ATOMIC_RELAXED);
}

static const struct tel_counters_ops ops = { .name = "fake", .add = add, .read = read_one };

void tel_fake_counters_init(struct tel_fake_counters *counters)
{
	*counters = (struct tel_fake_counters){ .base.ops = &ops };
}
