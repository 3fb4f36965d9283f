/* Small worlds, all of them: see explore.c. */
#ifndef SIM_EXPLORE_H
#define SIM_EXPLORE_H

#include "sim.h"

/* Every sequence of at most `depth` choices; returns how many worlds failed. */
size_t sim_explore(size_t depth, size_t explained);

#endif
