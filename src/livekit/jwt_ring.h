/* Within src/livekit: the primitive operations on a ring's keys. */
#ifndef TEL_LIVEKIT_JWT_RING_H
#define TEL_LIVEKIT_JWT_RING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "livekit/jwt.h"

/*
 * The next key of that name, counted from *at, which moves behind it; start
 * with 0. False: no more.
 */
bool tel_jwt_ring_next(const struct tel_jwt_ring *ring, struct tel_str name, size_t *at,
		       size_t *index);

/* HMAC-SHA256 (RFC 2104) with key number `index`. TEL_ENOMEM */
TEL_MUST_CHECK enum tel_err tel_jwt_ring_hmac(const struct tel_jwt_ring *ring, size_t index,
					      struct tel_str data,
					      unsigned char out[TEL_SHA256_SIZE]);

#endif
