/* The clock port on clock_gettime(2). */
#ifndef TEL_SYSTEM_CLOCK_H
#define TEL_SYSTEM_CLOCK_H

#include "ports/clock.h"

/* Holds nothing: no release. Any thread. */
void tel_system_clock_init(struct tel_clock *clock);

#endif
