/*
 * The plainest of JSON's objects, as most tokens have them, read without
 * building anything. Pure.
 */
#ifndef TEL_JSON_JSON_FLAT_H
#define TEL_JSON_JSON_FLAT_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Borrowed from the text. */
struct tel_json_flat {
	struct tel_str key;
	struct tel_str text;	/* absent: it is a number */
	int64_t number;
};

/*
 * The members of an object that has at least one and at most `max`, all of
 * them texts of printable ASCII without escapes or whole numbers from 0 of at
 * most 15 digits, no key twice, and no blanks. 0: it is something else, which
 * may well be JSON: then ask json_read.h. What is read here, that reads too,
 * and it says the same.
 */
size_t tel_json_read_flat(struct tel_str text, struct tel_json_flat *out, size_t max);

#endif
