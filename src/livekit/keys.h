/*
 * API keys and their secrets, as LiveKit has them in its configuration.
 * Several may be valid at one time, and one key may have several secrets,
 * so that either can be replaced without a gap. Secrets are wiped when they
 * are given up.
 *
 * Filled by one thread, then read by any.
 */
#ifndef TEL_LIVEKIT_KEYS_H
#define TEL_LIVEKIT_KEYS_H

#include <stddef.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

struct tel_key {
	struct tel_str name;	/* `iss` of a token; owned */
	struct tel_str secret;	/* owned */
};

struct tel_keys {
	size_t n;
	struct tel_key list[TEL_MAX_KEYS];
};

/* Wipes and frees; legal on a zeroed set, which is then empty again. */
void tel_keys_release(struct tel_keys *keys);

/*
 * A pair that is there already is fine. TEL_EMALFORMED (an empty text) |
 * TEL_ETOOBIG (a text over TEL_MAX_TEXT, more than TEL_MAX_KEYS) | TEL_ENOMEM
 */
TEL_MUST_CHECK enum tel_err tel_keys_add(struct tel_keys *keys, struct tel_str name,
					 struct tel_str secret);

/*
 * Add what is written as in LiveKit's own LIVEKIT_KEYS: `key: secret`, one a
 * line; here also separated by commas, for where a value is one line. Empty
 * lines and those that begin with '#' are skipped. On an error *line (if not
 * NULL) is where, from 1. Errors as above; what came before it was added.
 */
TEL_MUST_CHECK enum tel_err tel_keys_parse(struct tel_keys *keys, struct tel_str text,
					   size_t *line);

#endif
