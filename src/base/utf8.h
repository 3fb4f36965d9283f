/* Making text what JSON may hold. Pure. */
#ifndef TEL_BASE_UTF8_H
#define TEL_BASE_UTF8_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/*
 * Length of the well-formed UTF-8 sequence (Unicode 15, table 3-7: neither
 * overlong nor a surrogate) that `s` starts with; 0 = none.
 */
size_t tel_utf8_length(struct tel_str s);

/* True if all of `s` is well-formed. */
bool tel_utf8_is_clean(struct tel_str s);

/*
 * Append `s` with every byte that is no part of well-formed UTF-8 replaced
 * by U+FFFD. Longer than `max` bytes it is cut between characters and ends
 * in an ellipsis.
 */
enum tel_err tel_utf8_clean(struct tel_str s, size_t max, struct tel_buf *out);

#endif
