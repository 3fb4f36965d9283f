/*
 * What is behind a right signature: the first line is a token's header, the
 * rest its claims, both signed by us.
 */
#include "config.h"

#include "fuzz/fuzz.h"
#include "livekit/jwt.h"
#include "base/limits.h"
#include "base/banned.h"

#define NOW (1795398050 * TEL_SECOND)

static struct tel_jwt_ring *the_ring(void)
{
	static struct tel_jwt_ring *ring;
	struct tel_keys keys = { 0 };

	if (ring)
		return ring;
	FUZZ_CHECK(tel_keys_add(&keys, TEL_STR("devkey"), TEL_STR("one secret")) == TEL_OK);
	FUZZ_CHECK(tel_keys_add(&keys, TEL_STR("devkey"), TEL_STR("another one")) == TEL_OK);
	FUZZ_CHECK(tel_jwt_ring_new(&keys, &ring) == TEL_OK);
	tel_keys_release(&keys);
	return ring;
}

static void check_claims(struct tel_str token, const struct tel_jwt_claims *c)
{
	static const tel_time moments[] = { INT64_MIN, -1, 0, NOW, INT64_MAX };
	struct tel_jwt_claims again = { 0 };
	size_t i;

	FUZZ_CHECK(tel_str_is(c->iss, "devkey"));
	FUZZ_CHECK(c->exp + TEL_JWT_LEEWAY > NOW && c->nbf - TEL_JWT_LEEWAY <= NOW);
	FUZZ_CHECK(!tel_jwt_grants(c, "no such group", "call") &&
		   !tel_jwt_grants(c, "sip", "no such grant"));
	(void)tel_jwt_grants(c, "sip", "call");
	for (i = 0; i < sizeof(moments) / sizeof(moments[0]); i++)
		if (tel_jwt_verify(the_ring(), token, moments[i], &again) == TEL_JWT_VALID)
			tel_jwt_claims_release(&again);
}

FUZZ(claims)
{
	struct tel_str rest = fuzz_str(data, size), header = fuzz_line(&rest);
	struct tel_jwt_claims claims = { 0 };
	enum tel_jwt_verdict verdict;
	struct tel_buf token;

	tel_buf_init(&token, 2 * TEL_MAX_AUTHORIZATION);
	FUZZ_CHECK(tel_jwt_sign(the_ring(), TEL_STR("devkey"), header, rest, &token) == TEL_OK);
	verdict = tel_jwt_verify(the_ring(), tel_buf_str(&token), NOW, &claims);
	FUZZ_CHECK(verdict != TEL_JWT_NO_MEMORY && verdict != TEL_JWT_BAD_SIGNATURE);
	if (verdict == TEL_JWT_VALID) {
		FUZZ_CHECK(fuzz_is_json(header) && fuzz_is_json(rest));
		check_claims(tel_buf_str(&token), &claims);
		tel_jwt_claims_release(&claims);
	}
	tel_buf_release(&token);
	return 0;
}
