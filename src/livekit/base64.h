/*
 * Base64 (RFC 4648): the URL alphabet without padding, as a JWT has it
 * (RFC 7515 §2), and the standard one, as LiveKit's body hash has it.
 * Pure functions; any thread.
 */
#ifndef TEL_LIVEKIT_BASE64_H
#define TEL_LIVEKIT_BASE64_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Bytes that `chars` characters may decode to at most. */
#define TEL_BASE64_DECODED(chars) (((chars) + 3) / 4 * 3)

/* Characters that `bytes` bytes encode to, padding included. */
#define TEL_BASE64_ENCODED(bytes) (((bytes) + 2) / 3 * 4)

/*
 * Decode the URL alphabet, strictly: no padding, no blanks, no bits behind
 * the end that are not zero. `out` has TEL_BASE64_DECODED(in.len) bytes;
 * *len of them are the result. TEL_EMALFORMED
 */
TEL_MUST_CHECK enum tel_err tel_base64url_decode(struct tel_str in, unsigned char *out,
						 size_t *len);

/* Append the URL alphabet without padding. TEL_ENOMEM, TEL_ETOOBIG */
enum tel_err tel_base64url_add(struct tel_buf *b, const void *data, size_t len);

/* Append the standard alphabet with padding. TEL_ENOMEM, TEL_ETOOBIG */
enum tel_err tel_base64_add(struct tel_buf *b, const void *data, size_t len);

#endif
