/*
 * LiveKit's tokens: JWT (RFC 7519) in the compact form of JWS (RFC 7515),
 * signed with HS256, and nothing else. Rules as in livekit/protocol,
 * auth/verifier.go and auth/accesstoken.go.
 *
 * A ring is a set of keys made ready for use: algorithms are looked up and
 * keys are scheduled once, a token then costs two SHA-256 runs. Read only
 * after tel_jwt_ring_new(), so any thread may use it without a lock.
 */
#ifndef TEL_LIVEKIT_JWT_H
#define TEL_LIVEKIT_JWT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "base/time.h"
#include "livekit/keys.h"

struct json_object;
struct tel_jwt_ring;

/* Clocks of two machines may differ so much; as livekit's own verifier. */
#define TEL_JWT_LEEWAY (60 * TEL_SECOND)

#define TEL_SHA256_SIZE 32

/* In the order in which they are looked for. */
enum tel_jwt_verdict {
	TEL_JWT_VALID,
	TEL_JWT_MALFORMED,	/* not three base64url parts, the first two JSON
				   objects; a claim of the wrong type; `crit` */
	TEL_JWT_BAD_ALG,	/* anything but HS256 */
	TEL_JWT_UNKNOWN_KEY,	/* `iss` is none of our keys */
	TEL_JWT_BAD_SIGNATURE,
	TEL_JWT_EXPIRED,	/* now >= exp + leeway, or no exp */
	TEL_JWT_NOT_YET_VALID,	/* now < nbf - leeway */
	TEL_JWT_NO_MEMORY
};

/* What a valid token says. Texts are absent when the claim is. */
struct tel_jwt_claims {
	char *text;			/* owned: all claims, as they came … */
	struct json_object *root;	/* … and parsed; owned. NULL: they are so
					   plain that it was not needed, and
					   there are no grants among them */
	struct tel_str iss, sub, sha256;
	tel_time exp, nbf;		/* nbf 0 = none */
};

/* Legal on zeroed claims. */
void tel_jwt_claims_release(struct tel_jwt_claims *claims);

/*
 * True if the grant is there and true: ("sip", "call"), ("video",
 * "roomCreate").
 */
bool tel_jwt_grants(const struct tel_jwt_claims *claims, const char *group, const char *grant);

/* Takes what it needs out of `keys`. TEL_ENOMEM (also: OpenSSL won't work) */
TEL_MUST_CHECK enum tel_err tel_jwt_ring_new(const struct tel_keys *keys,
					     struct tel_jwt_ring **out);
void tel_jwt_ring_free(struct tel_jwt_ring *ring);	/* NULL is fine */

/* *out is filled on TEL_JWT_VALID only; release it then. */
TEL_MUST_CHECK enum tel_jwt_verdict tel_jwt_verify(const struct tel_jwt_ring *ring,
						   struct tel_str token, tel_time now,
						   struct tel_jwt_claims *out);

/* TEL_ENOMEM */
TEL_MUST_CHECK enum tel_err tel_jwt_sha256(const struct tel_jwt_ring *ring, struct tel_str data,
					   unsigned char out[TEL_SHA256_SIZE]);

/* ---- signing -------------------------------------------------------- */

/*
 * Append a token whose header and claims are these JSON texts, taken as they
 * are. `key` names one of the ring's; the first secret of it signs.
 * TEL_ENOTFOUND (no such key) | TEL_ENOMEM | TEL_ETOOBIG
 */
TEL_MUST_CHECK enum tel_err tel_jwt_sign(const struct tel_jwt_ring *ring, struct tel_str key,
					 struct tel_str header, struct tel_str claims,
					 struct tel_buf *out);

/* What a request of ours to LiveKit may do; nothing by default. */
struct tel_jwt_access {
	struct tel_str key;		/* iss */
	struct tel_str sub;		/* may be absent */
	struct tel_str room;		/* video.room; absent = none */
	bool room_create, room_list, room_admin;
	bool sip_admin, sip_call;
	tel_time now, lifetime;
};

/* Append an access token. Errors as tel_jwt_sign(). */
TEL_MUST_CHECK enum tel_err tel_jwt_make_access(const struct tel_jwt_ring *ring,
						const struct tel_jwt_access *access,
						struct tel_buf *out);

/*
 * Append the token that LiveKit would send with this body as a webhook:
 * {iss, nbf, exp, sha256}. Errors as tel_jwt_sign().
 */
TEL_MUST_CHECK enum tel_err tel_jwt_make_webhook(const struct tel_jwt_ring *ring,
						 struct tel_str key, struct tel_str body,
						 tel_time now, tel_time lifetime,
						 struct tel_buf *out);

#endif
