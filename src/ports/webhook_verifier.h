/*
 * Port: did LiveKit send this? Source of the rules: LiveKit protocol,
 * webhook/verifier.go and auth/; RFC 7519 (JWT), RFC 7515 (JWS). Any thread.
 */
#ifndef TEL_PORTS_WEBHOOK_VERIFIER_H
#define TEL_PORTS_WEBHOOK_VERIFIER_H

#include "base/str.h"
#include "base/time.h"

/* In the order in which they are looked for. */
enum tel_webhook_verdict {
	TEL_WEBHOOK_GENUINE,
	TEL_WEBHOOK_NO_HEADER,		/* Authorization absent or empty */
	TEL_WEBHOOK_BAD_JWT,		/* not three base64url parts of JSON */
	TEL_WEBHOOK_BAD_ALG,		/* anything but HS256 */
	TEL_WEBHOOK_UNKNOWN_KEY,	/* `iss` is none of our API keys */
	TEL_WEBHOOK_BAD_SIGNATURE,
	TEL_WEBHOOK_EXPIRED,		/* exp + leeway is over, or no exp */
	TEL_WEBHOOK_NOT_YET_VALID,	/* nbf - leeway is to come */
	TEL_WEBHOOK_BODY_HASH_MISMATCH,	/* `sha256` is not the body's, or absent */
	TEL_WEBHOOK_VERIFIER_FAILED	/* our trouble: no memory */
};

/* 60 s, as livekit's own verifier allows. */
#define TEL_WEBHOOK_LEEWAY (60 * TEL_SECOND)

/* "no_header", "bad_jwt", … as the API and the log name them. */
const char *tel_webhook_verdict_text(enum tel_webhook_verdict verdict);

struct tel_webhook_verifier;

struct tel_webhook_verifier_ops {
	const char *name;
	/*
	 * `authorization` is the header's value: the bare token (LiveKit),
	 * or with "Bearer " before it. `body` is the raw body, byte for byte.
	 */
	enum tel_webhook_verdict (*verify)(struct tel_webhook_verifier *verifier,
					   struct tel_str authorization, struct tel_str body,
					   tel_time now);
};

struct tel_webhook_verifier {
	const struct tel_webhook_verifier_ops *ops;
};

#endif
