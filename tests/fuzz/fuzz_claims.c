/*
 * What is behind a right signature: the first line is a token's header, the
 * rest its claims, both signed by us.
 */
#include "config.h"

#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "json/json_flat.h"
#include "json/json_read.h"
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

/* Claims that need no tree are what a tree of them would say. */
static void check_plain(struct tel_str text)
{
	static const struct tel_json_rules rules = { SIZE_MAX, TEL_JSON_DEPTH, false };
	struct tel_json_flat claims[8];
	size_t i, n = tel_json_read_flat(text, claims, 8);
	struct json_object *o = NULL, *found = NULL;
	int64_t number;
	char *key;

	if (n == 0)
		return;
	FUZZ_CHECK(fuzz_is_json(text) && tel_json_parse_object(text, &rules, &o) == TEL_OK);
	FUZZ_CHECK((size_t)json_object_object_length(o) == n);
	for (i = 0; i < n; i++) {
		key = fuzz_cstring(claims[i].key);
		FUZZ_CHECK(json_object_object_get_ex(o, key, &found));
		FUZZ_CHECK(!claims[i].text.ptr == !tel_json_text_of(found).ptr &&
			   tel_str_eq(claims[i].text, tel_json_text_of(found)));
		FUZZ_CHECK(claims[i].text.ptr ||
			   (tel_json_get_int(o, key, 0, INT64_MAX, &number) == TEL_OK &&
			    number == claims[i].number));
		free(key);
	}
	json_object_put(o);
}

FUZZ(claims)
{
	struct tel_str rest = fuzz_str(data, size), header = fuzz_line(&rest);
	struct tel_jwt_claims claims = { 0 };
	enum tel_jwt_verdict verdict;
	struct tel_buf token;

	check_plain(rest);
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
