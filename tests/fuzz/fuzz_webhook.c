/*
 * A delivery: the first line is its Authorization, the rest its body. It is
 * genuine for that very body only. A token for any body is made as well.
 */
#include "config.h"

#include "fuzz/fuzz.h"
#include "livekit/jwt.h"
#include "livekit/verifier.h"
#include "base/limits.h"
#include "base/banned.h"

#define NOW (1795398050 * TEL_SECOND)

static struct tel_jwt_ring *ring;
static struct tel_webhook_verifier *verifier;

static void prepare(void)
{
	struct tel_keys keys = { 0 };

	if (ring)
		return;
	FUZZ_CHECK(tel_keys_add(&keys, TEL_STR("devkey"),
				TEL_STR("devsecretdevsecretdevsecretdevsecret")) == TEL_OK);
	FUZZ_CHECK(tel_jwt_ring_new(&keys, &ring) == TEL_OK);
	FUZZ_CHECK(tel_livekit_verifier_new(&keys, &verifier) == TEL_OK);
	tel_keys_release(&keys);
}

static enum tel_webhook_verdict verdict_on(struct tel_str authorization, struct tel_str body)
{
	enum tel_webhook_verdict verdict = verifier->ops->verify(verifier, authorization, body, NOW);

	FUZZ_CHECK(verdict <= TEL_WEBHOOK_BODY_HASH_MISMATCH);
	return verdict;
}

FUZZ(webhook)
{
	struct tel_str body = fuzz_str(data, size), authorization = fuzz_line(&body);
	struct tel_str given = fuzz_copy(authorization), other = { body.ptr, body.len / 2 };
	struct tel_buf token;

	prepare();
	if (verdict_on(given, body) == TEL_WEBHOOK_GENUINE && body.len > 0)
		FUZZ_CHECK(verdict_on(given, other) == TEL_WEBHOOK_BODY_HASH_MISMATCH);
	tel_buf_init(&token, TEL_MAX_AUTHORIZATION);
	tel_buf_puts(&token, "bearer ");
	FUZZ_CHECK(tel_jwt_make_webhook(ring, TEL_STR("devkey"), body, NOW, TEL_MINUTE, &token) ==
		   TEL_OK);
	FUZZ_CHECK(verdict_on(tel_buf_str(&token), body) == TEL_WEBHOOK_GENUINE);
	if (body.len > 0)
		FUZZ_CHECK(verdict_on(tel_buf_str(&token), other) == TEL_WEBHOOK_BODY_HASH_MISMATCH);
	tel_buf_release(&token);
	fuzz_free(given);
	return 0;
}
