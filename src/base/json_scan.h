/* A look at JSON text without parsing it. Pure. */
#ifndef TEL_BASE_JSON_SCAN_H
#define TEL_BASE_JSON_SCAN_H

#include <stddef.h>

#include "base/str.h"

/*
 * How many members all objects of a JSON text have: the colons outside of
 * strings. To be compared with what a parser made of it, since json-c (0.16)
 * goes on without a member when it has no memory for it. A key that is there
 * twice counts twice.
 */
size_t tel_json_count_members(struct tel_str text);

#endif
