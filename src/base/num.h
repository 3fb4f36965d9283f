/* The one checked parser for decimal numbers. */
#ifndef TEL_BASE_NUM_H
#define TEL_BASE_NUM_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/*
 * Digits with an optional '-', nothing else, min <= value <= max.
 * TEL_EMALFORMED (not a number) | TEL_ETOOBIG (outside the range)
 */
TEL_MUST_CHECK enum tel_err tel_num_parse(struct tel_str text, int64_t min,
					  int64_t max, int64_t *out);

#endif
