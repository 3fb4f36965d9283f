#include "config.h"

#include "sim.h"
#include "base/banned.h"

bool sim_choices_strike(struct sim_choices *choices, enum sim_fault fault)
{
	(void)choices;
	(void)fault;
	return false;
}

size_t sim_choices_pick(struct sim_choices *choices, size_t n)
{
	(void)choices;
	(void)n;
	return 0;
}
