/*
 * What json-c lets pass and people should hear of: members that stand twice
 * in one object. RFC 8259 lets a parser keep either; who wrote a number's
 * rule twice meant one of them.
 */
#ifndef TEL_JSON_JSON_KEYS_H
#define TEL_JSON_JSON_KEYS_H

#include "base/err.h"
#include "base/str.h"

/* `key` as it is written, between its quotes; lines count from 1. */
typedef void (*tel_json_duplicate_fn)(void *ctx, struct tel_str key, unsigned first_line,
				      unsigned line);

/*
 * `text` must be well-formed JSON (any other gives nonsense, never harm).
 * Keys that differ only in how they are escaped count as different. Pure.
 * TEL_ENOMEM
 */
TEL_MUST_CHECK enum tel_err tel_json_duplicates(struct tel_str text, tel_json_duplicate_fn found,
						void *ctx);

/* The line (from 1) in which the byte at `offset` stands. */
unsigned tel_json_line(struct tel_str text, size_t offset);

#endif
