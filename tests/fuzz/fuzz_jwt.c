/* A token as it comes: valid only if we could have signed it ourselves. */
#include "config.h"

#include "fuzz/fuzz.h"
#include "livekit/jwt.h"
#include "base/banned.h"

#define NOW (1795398050 * TEL_SECOND)	/* when the recordings were made */

static struct tel_jwt_ring *the_ring(void)
{
	static struct tel_jwt_ring *ring;
	struct tel_keys keys = { 0 };

	if (ring)
		return ring;
	FUZZ_CHECK(tel_keys_add(&keys, TEL_STR("devkey"),
				TEL_STR("devsecretdevsecretdevsecretdevsecret")) == TEL_OK);
	FUZZ_CHECK(tel_jwt_ring_new(&keys, &ring) == TEL_OK);
	tel_keys_release(&keys);
	return ring;
}

static void check_dates(struct tel_str token, const struct tel_jwt_claims *valid)
{
	struct tel_jwt_claims none = { 0 };

	FUZZ_CHECK(valid->exp + TEL_JWT_LEEWAY > NOW && valid->nbf - TEL_JWT_LEEWAY <= NOW);
	FUZZ_CHECK(tel_jwt_verify(the_ring(), token, valid->exp + TEL_JWT_LEEWAY, &none) ==
		   TEL_JWT_EXPIRED);
}

/* Its last character holds signature bits: another one is another signature. */
static void check_signature(struct tel_str token)
{
	struct tel_str other = fuzz_copy(token);
	char *first = (char *)(uintptr_t)other.ptr + token.len - 43;
	struct tel_jwt_claims none = { 0 };

	*first = *first == 'A' ? 'B' : 'A';
	FUZZ_CHECK(tel_jwt_verify(the_ring(), other, NOW, &none) == TEL_JWT_BAD_SIGNATURE);
	fuzz_free(other);
}

FUZZ(jwt)
{
	struct tel_str token = fuzz_str(data, size);
	struct tel_jwt_claims claims = { 0 };
	enum tel_jwt_verdict verdict = tel_jwt_verify(the_ring(), token, NOW, &claims);

	FUZZ_CHECK(verdict != TEL_JWT_NO_MEMORY);
	if (verdict == TEL_JWT_VALID) {
		FUZZ_CHECK(tel_str_is(claims.iss, "devkey"));
		check_dates(token, &claims);
		check_signature(token);
		tel_jwt_claims_release(&claims);
	}
	FUZZ_CHECK(!claims.root);
	return 0;
}
