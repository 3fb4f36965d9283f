#include "config.h"

#include <stdlib.h>

#include <openssl/crypto.h>

#include "livekit/base64.h"
#include "livekit/jwt.h"
#include "livekit/verifier.h"
#include "base/banned.h"

struct verifier {
	struct tel_webhook_verifier base;
	struct tel_jwt_ring *ring;
};

static const enum tel_webhook_verdict of_token[] = {
	[TEL_JWT_VALID] = TEL_WEBHOOK_GENUINE,
	[TEL_JWT_MALFORMED] = TEL_WEBHOOK_BAD_JWT,
	[TEL_JWT_BAD_ALG] = TEL_WEBHOOK_BAD_ALG,
	[TEL_JWT_UNKNOWN_KEY] = TEL_WEBHOOK_UNKNOWN_KEY,
	[TEL_JWT_BAD_SIGNATURE] = TEL_WEBHOOK_BAD_SIGNATURE,
	[TEL_JWT_EXPIRED] = TEL_WEBHOOK_EXPIRED,
	[TEL_JWT_NOT_YET_VALID] = TEL_WEBHOOK_NOT_YET_VALID,
	[TEL_JWT_NO_MEMORY] = TEL_WEBHOOK_VERIFIER_FAILED,
};

_Static_assert(TEL_WEBHOOK_LEEWAY == TEL_JWT_LEEWAY, "one leeway for all tokens");

/* LiveKit sends the bare token; proxies and people like "Bearer " before it. */
static struct tel_str token_of(struct tel_str authorization)
{
	static const struct tel_str scheme = { "Bearer ", 7 };
	struct tel_str text = tel_str_trim(authorization);

	if (text.len >= scheme.len &&
	    tel_str_eq_nocase((struct tel_str){ text.ptr, scheme.len }, scheme))
		text = tel_str_trim((struct tel_str){ text.ptr + scheme.len,
						      text.len - scheme.len });
	return text;
}

/* The claim is standard base64 of the raw body's SHA-256. */
static enum tel_webhook_verdict check_body(const struct verifier *v, struct tel_str claim,
					   struct tel_str body)
{
	enum tel_webhook_verdict verdict = TEL_WEBHOOK_BODY_HASH_MISMATCH;
	unsigned char hash[TEL_SHA256_SIZE];
	struct tel_buf right;

	tel_buf_init(&right, TEL_BASE64_ENCODED(TEL_SHA256_SIZE));
	if (tel_jwt_sha256(v->ring, body, hash) ||
	    tel_base64_add(&right, hash, sizeof(hash)))
		verdict = TEL_WEBHOOK_VERIFIER_FAILED;
	else if (claim.len == right.len && CRYPTO_memcmp(claim.ptr, right.ptr, right.len) == 0)
		verdict = TEL_WEBHOOK_GENUINE;
	tel_buf_release(&right);
	return verdict;
}

static enum tel_webhook_verdict verify(struct tel_webhook_verifier *verifier,
				       struct tel_str authorization, struct tel_str body,
				       tel_time now)
{
	struct verifier *v = (struct verifier *)verifier;
	struct tel_str token = token_of(authorization);
	enum tel_webhook_verdict verdict;
	struct tel_jwt_claims claims;

	if (!tel_str_is_set(token))
		return TEL_WEBHOOK_NO_HEADER;
	verdict = of_token[tel_jwt_verify(v->ring, token, now, &claims)];
	if (verdict)
		return verdict;
	verdict = check_body(v, claims.sha256, body);
	tel_jwt_claims_release(&claims);
	return verdict;
}

static const struct tel_webhook_verifier_ops ops = {
	.name = "livekit",
	.verify = verify,
};

enum tel_err tel_livekit_verifier_new(const struct tel_keys *keys,
				      struct tel_webhook_verifier **out)
{
	struct verifier *v = calloc(1, sizeof(*v));
	enum tel_err err = TEL_ENOMEM;

	if (!v)
		return err;
	v->base.ops = &ops;
	err = tel_jwt_ring_new(keys, &v->ring);
	if (err)
		tel_livekit_verifier_free(&v->base);
	else
		*out = &v->base;
	return err;
}

void tel_livekit_verifier_free(struct tel_webhook_verifier *verifier)
{
	struct verifier *v = (struct verifier *)verifier;

	if (!v)
		return;
	tel_jwt_ring_free(v->ring);
	free(v);
}
