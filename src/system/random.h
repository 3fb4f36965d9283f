/* The random port on getrandom(2): unpredictable, also right after a fork. */
#ifndef TEL_SYSTEM_RANDOM_H
#define TEL_SYSTEM_RANDOM_H

#include "ports/random.h"

/* Holds nothing: no release. Any thread. */
void tel_system_random_init(struct tel_random *random);

#endif
