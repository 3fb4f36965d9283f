#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "livekit/authenticator.h"
#include "base/banned.h"

struct authenticator {
	struct tel_authenticator base;
	struct tel_jwt_ring *ring;
	size_t n_tokens;
	struct tel_static_token tokens[];
};

/* Grants of a token: {"sip":{"admin":true}}. The first is named if none is there. */
static const struct {
	const char *text;
	bool by_call;			/* sip.call will do; sip.admin always does */
} needed[] = {
	[TEL_MAY_READ_CALLS] = { "sip.admin", false },
	[TEL_MAY_CALL] = { "sip.call", true },
};

static bool is_granted(const struct tel_jwt_claims *claims, enum tel_permission permission)
{
	return tel_jwt_grants(claims, "sip", "admin") ||
	       (needed[permission].by_call && tel_jwt_grants(claims, "sip", "call"));
}

static const char *const reasons[] = {
	[TEL_JWT_MALFORMED] = "bad_token",
	[TEL_JWT_BAD_ALG] = "bad_alg",
	[TEL_JWT_UNKNOWN_KEY] = "unknown_key",
	[TEL_JWT_BAD_SIGNATURE] = "bad_signature",
	[TEL_JWT_EXPIRED] = "expired",
	[TEL_JWT_NOT_YET_VALID] = "not_yet_valid",
};

/* RFC 6750, 2.1; the scheme in any case. Absent if it is another one. */
static struct tel_str bearer(struct tel_str authorization)
{
	static const struct tel_str scheme = { "Bearer ", 7 };
	struct tel_str text = tel_str_trim(authorization);

	if (text.len <= scheme.len ||
	    !tel_str_eq_nocase((struct tel_str){ text.ptr, scheme.len }, scheme))
		return TEL_STR_NONE;
	return tel_str_trim((struct tel_str){ text.ptr + scheme.len, text.len - scheme.len });
}

/*
 * All of them are compared, in constant time: how long it takes tells nothing
 * to who does not have one. *out = NULL: it is none of them.
 */
static enum tel_err find_static_token(const struct authenticator *a, struct tel_str token,
				      const struct tel_static_token **out)
{
	unsigned char hash[TEL_SHA256_SIZE];
	enum tel_err err = tel_jwt_sha256(a->ring, token, hash);
	size_t i;

	*out = NULL;
	for (i = 0; i < a->n_tokens && !err; i++)
		if (CRYPTO_memcmp(hash, a->tokens[i].sha256, sizeof(hash)) == 0)
			*out = &a->tokens[i];
	return err;
}

static void name_principal(struct tel_auth_result *out, const char *kind, struct tel_str name)
{
	snprintf(out->principal, sizeof(out->principal), "%s:%.*s", kind, TEL_STR_ARG(name));
}

static void check_access_token(const struct authenticator *a, struct tel_str token,
			       enum tel_permission permission, tel_time now,
			       struct tel_auth_result *out)
{
	struct tel_jwt_claims claims;
	enum tel_jwt_verdict verdict = tel_jwt_verify(a->ring, token, now, &claims);

	if (verdict == TEL_JWT_NO_MEMORY) {
		out->verdict = TEL_AUTH_FAILED;
	} else if (verdict) {
		out->verdict = TEL_AUTH_INVALID;
		out->reason = reasons[verdict];
	} else if (!is_granted(&claims, permission)) {
		out->verdict = TEL_AUTH_FORBIDDEN;
		out->missing = needed[permission].text;
	} else {
		name_principal(out, "key", claims.iss);
	}
	if (!verdict)
		tel_jwt_claims_release(&claims);
}

static void check(struct tel_authenticator *authenticator, struct tel_str authorization,
		  enum tel_permission permission, tel_time now, struct tel_auth_result *out)
{
	struct authenticator *a = (struct authenticator *)authenticator;
	struct tel_str token = bearer(authorization);
	const struct tel_static_token *found;

	*out = (struct tel_auth_result){ .verdict = TEL_AUTH_GRANTED };
	if (!tel_str_is_set(token))
		out->verdict = TEL_AUTH_NO_CREDENTIALS;
	else if (find_static_token(a, token, &found))
		out->verdict = TEL_AUTH_FAILED;
	else if (found)
		name_principal(out, "token", tel_str_from(found->name));
	else
		check_access_token(a, token, permission, now, out);
}

static const struct tel_authenticator_ops ops = {
	.name = "livekit",
	.check = check,
};

enum tel_err tel_livekit_authenticator_new(const struct tel_keys *keys,
					   const struct tel_static_token *tokens, size_t n_tokens,
					   struct tel_authenticator **out)
{
	struct authenticator *a = calloc(1, sizeof(*a) + n_tokens * sizeof(a->tokens[0]));
	enum tel_err err;

	if (!a)
		return TEL_ENOMEM;
	a->base.ops = &ops;
	a->n_tokens = n_tokens;
	if (n_tokens > 0)
		memcpy(a->tokens, tokens, n_tokens * sizeof(tokens[0]));
	err = tel_jwt_ring_new(keys, &a->ring);
	if (err)
		tel_livekit_authenticator_free(&a->base);
	else
		*out = &a->base;
	return err;
}

void tel_livekit_authenticator_free(struct tel_authenticator *authenticator)
{
	struct authenticator *a = (struct authenticator *)authenticator;

	if (!a)
		return;
	tel_jwt_ring_free(a->ring);
	free(a);
}
