/* LIVEKIT_URL as the API needs it. Pure; any thread. */
#ifndef TEL_LIVEKIT_BASE_URL_H
#define TEL_LIVEKIT_BASE_URL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/*
 * Append `url` with ws:// turned to http:// and wss:// to https://, without
 * slashes at the end. A path stays: LiveKit may live behind a proxy.
 * TEL_EMALFORMED with a phrase in *why (static; `why` may be NULL): another
 * scheme, no host, a user or password, a query or fragment, blanks.
 * TEL_ENOMEM, TEL_ETOOBIG
 */
TEL_MUST_CHECK enum tel_err tel_livekit_base_url(struct tel_str url, struct tel_buf *out,
						 const char **why);

#endif
