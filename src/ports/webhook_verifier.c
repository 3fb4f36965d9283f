#include "config.h"

#include "ports/webhook_verifier.h"

const char *tel_webhook_verdict_text(enum tel_webhook_verdict verdict)
{
	static const char *const names[] = {
		[TEL_WEBHOOK_GENUINE] = "genuine",
		[TEL_WEBHOOK_NO_HEADER] = "no_header",
		[TEL_WEBHOOK_BAD_JWT] = "bad_jwt",
		[TEL_WEBHOOK_BAD_ALG] = "bad_alg",
		[TEL_WEBHOOK_UNKNOWN_KEY] = "unknown_key",
		[TEL_WEBHOOK_BAD_SIGNATURE] = "bad_signature",
		[TEL_WEBHOOK_EXPIRED] = "expired",
		[TEL_WEBHOOK_NOT_YET_VALID] = "not_yet_valid",
		[TEL_WEBHOOK_BODY_HASH_MISMATCH] = "body_hash_mismatch",
		[TEL_WEBHOOK_VERIFIER_FAILED] = "verifier_failed",
	};

	return (unsigned)verdict < sizeof(names) / sizeof(names[0]) ? names[verdict] : "?";
}
