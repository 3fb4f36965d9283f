/*
 * Port authenticator: LiveKit's own access tokens (HS256, signed with our API
 * key; the grant is in them), and static tokens of which only the SHA-256 is
 * known here, so that no configuration holds one in the clear. A static
 * token may do everything. Any thread, no lock.
 */
#ifndef TEL_LIVEKIT_AUTHENTICATOR_H
#define TEL_LIVEKIT_AUTHENTICATOR_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "livekit/jwt.h"
#include "livekit/keys.h"
#include "ports/authenticator.h"

struct tel_static_token {
	char name[TEL_MAX_TOKEN_NAME + 1];	/* who has it: "token:NAME" */
	uint8_t sha256[TEL_SHA256_SIZE];
};

/*
 * `keys`: those that access tokens may be signed with. Both lists are
 * copied. TEL_ENOMEM
 */
TEL_MUST_CHECK enum tel_err tel_livekit_authenticator_new(const struct tel_keys *keys,
							  const struct tel_static_token *tokens,
							  size_t n_tokens,
							  struct tel_authenticator **out);
void tel_livekit_authenticator_free(struct tel_authenticator *authenticator); /* NULL is fine */

#endif
