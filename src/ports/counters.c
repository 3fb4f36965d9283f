#include "config.h"

#include "ports/counters.h"

static const struct tel_counter_name names[TEL_COUNTERS] = {
#define TEL_COUNTER_NAME(id, metric, label, value) { metric, label, value },
	TEL_COUNTER_LIST(TEL_COUNTER_NAME)
#undef TEL_COUNTER_NAME
};

const struct tel_counter_name *tel_counter_name(enum tel_counter which)
{
	return &names[which];
}
