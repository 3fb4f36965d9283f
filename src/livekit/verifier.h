/* Port webhook_verifier by LiveKit's own rules. Any thread, no lock. */
#ifndef TEL_LIVEKIT_VERIFIER_H
#define TEL_LIVEKIT_VERIFIER_H

#include "base/err.h"
#include "livekit/keys.h"
#include "ports/webhook_verifier.h"

/*
 * Takes what it needs out of `keys`; without any key every delivery is
 * refused. TEL_ENOMEM
 */
TEL_MUST_CHECK enum tel_err tel_livekit_verifier_new(const struct tel_keys *keys,
						     struct tel_webhook_verifier **out);
void tel_livekit_verifier_free(struct tel_webhook_verifier *verifier);	/* NULL is fine */

#endif
