#include "config.h"

#include <stdbool.h>

#include "base/num.h"

static enum tel_err add_digit(int64_t *value, char c, bool negative)
{
	int digit = c - '0';

	if (c < '0' || c > '9')
		return TEL_EMALFORMED;
	if (__builtin_mul_overflow(*value, (int64_t)10, value) ||
	    __builtin_add_overflow(*value, (int64_t)(negative ? -digit : digit), value))
		return TEL_ETOOBIG;
	return TEL_OK;
}

enum tel_err tel_num_parse(struct tel_str text, int64_t min, int64_t max, int64_t *out)
{
	bool negative = text.len > 0 && text.ptr[0] == '-';
	size_t i = negative ? 1 : 0;
	int64_t value = 0;
	enum tel_err err;

	if (i >= text.len)
		return TEL_EMALFORMED;
	for (; i < text.len; i++) {
		err = add_digit(&value, text.ptr[i], negative);
		if (err)
			return err;
	}
	if (value < min || value > max)
		return TEL_ETOOBIG;
	*out = value;
	return TEL_OK;
}
