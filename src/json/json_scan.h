/* A look at JSON text without parsing it. Pure. */
#ifndef TEL_JSON_JSON_SCAN_H
#define TEL_JSON_JSON_SCAN_H

#include <stddef.h>

#include "base/str.h"

/*
 * How many members all objects of a JSON text have, and bytes all its keys and
 * strings when read: to be compared with what a parser made of it, since json-c
 * (0.16) goes on without a member, or a part of a text, when it has no memory
 * for it. A key that is there twice counts twice.
 */
size_t tel_json_weight(struct tel_str text);

/*
 * What json-c lets pass, even in its strict mode, though RFC 8259 does not:
 * NaN and Infinity, single quotes, "1." and "01", raw control characters and
 * overlong UTF-8 in strings, and anything behind a NUL.
 *
 * Returned is where a character stands that JSON does not allow there, and
 * text.len if there is none. A text that is no JSON for another reason gives
 * nonsense, never harm; JSON always gives text.len.
 */
size_t tel_json_stray(struct tel_str text);

/*
 * What is between the quotes, as it is written: *at is behind the opening
 * one, then behind the closing one, or behind text.len if that is missing.
 */
struct tel_str tel_json_take_string(struct tel_str text, size_t *at);

#endif
