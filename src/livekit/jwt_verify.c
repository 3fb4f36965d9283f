#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <openssl/crypto.h>

#include "base/limits.h"
#include "json/json_flat.h"
#include "json/json_read.h"
#include "livekit/base64.h"
#include "livekit/pbjson.h"
#include "livekit/jwt.h"
#include "livekit/jwt_ring.h"
#include "base/banned.h"

/*
 * {"alg":"HS256","typ":"JWT"}, encoded: what LiveKit always sends. Anything
 * else is looked into.
 */
#define USUAL_HEADER "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"

/* RFC 7519's dates are seconds; these are in the years ±31 000. */
#define MAX_SECONDS 1000000000000.0

/* LiveKit's webhooks have 4; with more it does not matter what they cost. */
#define MAX_PLAIN_CLAIMS 8

struct token {
	struct tel_str header, claims, signature;	/* as they came */
	struct tel_str covered;				/* what is signed */
};

static bool split(struct tel_str text, struct token *out)
{
	struct tel_str rest;

	if (text.len > TEL_MAX_AUTHORIZATION)
		return false;
	out->header = tel_str_cut(text, '.', &rest);
	if (!rest.ptr)
		return false;
	out->claims = tel_str_cut(rest, '.', &rest);
	if (!rest.ptr || memchr(rest.ptr, '.', rest.len))
		return false;
	out->signature = rest;
	out->covered = (struct tel_str){ text.ptr, out->header.len + 1 + out->claims.len };
	return true;
}

static enum tel_jwt_verdict verdict_of(enum tel_err err)
{
	if (!err)
		return TEL_JWT_VALID;
	return err == TEL_ENOMEM ? TEL_JWT_NO_MEMORY : TEL_JWT_MALFORMED;
}

static enum tel_err parse_part(struct tel_str part, struct json_object **out)
{
	unsigned char text[TEL_BASE64_DECODED(TEL_MAX_AUTHORIZATION)];
	size_t len;
	enum tel_err err = tel_base64url_decode(part, text, &len);

	if (err)
		return err;
	return tel_pbjson_parse((struct tel_str){ (char *)text, len }, out);
}

/* A claim that is a text, or is not there. */
static bool read_text(const struct json_object *claims, const char *name, struct tel_str *out)
{
	struct json_object *o = tel_pbjson_get(claims, name, NULL);

	*out = tel_json_text_of(o);
	return !o || out->ptr;
}

/* NumericDate of RFC 7519: seconds, a fraction is allowed. */
static tel_time date_of(double seconds)
{
	if (seconds > MAX_SECONDS)
		seconds = MAX_SECONDS;
	if (!(seconds >= -MAX_SECONDS))
		seconds = -MAX_SECONDS;
	return (tel_time)(seconds * (double)TEL_SECOND);
}

static bool read_date(const struct json_object *claims, const char *name, bool *there,
		      tel_time *out)
{
	struct json_object *o = tel_pbjson_get(claims, name, NULL);

	*there = o != NULL;
	*out = 0;
	if (!o)
		return true;
	if (!json_object_is_type(o, json_type_int) && !json_object_is_type(o, json_type_double))
		return false;
	*out = date_of(json_object_get_double(o));
	return true;
}

struct dates {
	bool has_exp, has_nbf;
};

static bool read_tree(struct tel_jwt_claims *c, struct dates *dates)
{
	return read_text(c->root, "iss", &c->iss) && read_text(c->root, "sub", &c->sub) &&
	       read_text(c->root, "sha256", &c->sha256) &&
	       read_date(c->root, "exp", &dates->has_exp, &c->exp) &&
	       read_date(c->root, "nbf", &dates->has_nbf, &c->nbf);
}

/* False: not of the type that it must have. */
static bool take_plain(const struct tel_json_flat *claim, struct tel_jwt_claims *c,
		       struct dates *dates)
{
	bool is_text = claim->text.ptr != NULL, must_be_text = true;

	if (tel_str_is(claim->key, "iss")) {
		c->iss = claim->text;
	} else if (tel_str_is(claim->key, "sub")) {
		c->sub = claim->text;
	} else if (tel_str_is(claim->key, "sha256")) {
		c->sha256 = claim->text;
	} else if (tel_str_is(claim->key, "exp")) {
		dates->has_exp = true;
		c->exp = date_of((double)claim->number);
		must_be_text = false;
	} else if (tel_str_is(claim->key, "nbf")) {
		dates->has_nbf = true;
		c->nbf = date_of((double)claim->number);
		must_be_text = false;
	} else {
		return true;
	}
	return is_text == must_be_text;
}

/*
 * LiveKit's claims are a few plain texts and numbers, and a tree of them costs
 * more than the signature. False: they are not like that, or not right.
 */
static bool read_plain(struct tel_str text, struct tel_jwt_claims *c, struct dates *dates)
{
	struct tel_json_flat claims[MAX_PLAIN_CLAIMS];
	size_t i, n = tel_json_read_flat(text, claims, MAX_PLAIN_CLAIMS);

	*dates = (struct dates){ 0 };
	for (i = 0; i < n; i++)
		if (!take_plain(&claims[i], c, dates))
			return false;
	return n > 0;
}

static enum tel_err decode_claims(struct tel_str part, struct tel_jwt_claims *c,
				  struct tel_str *out)
{
	size_t len;
	enum tel_err err;

	c->text = malloc(TEL_BASE64_DECODED(part.len) + 1);
	if (!c->text)
		return TEL_ENOMEM;
	err = tel_base64url_decode(part, (unsigned char *)c->text, &len);
	if (!err)
		*out = (struct tel_str){ c->text, len };
	return err;
}

static enum tel_jwt_verdict read_claims(struct tel_str part, struct tel_jwt_claims *c,
					struct dates *dates)
{
	struct tel_str text;
	enum tel_err err = decode_claims(part, c, &text);

	if (!err && read_plain(text, c, dates))
		return TEL_JWT_VALID;
	if (!err)
		err = tel_pbjson_parse(text, &c->root);
	if (!err && !read_tree(c, dates))
		err = TEL_EMALFORMED;
	return verdict_of(err);
}

/* *hs256 = the header names the one algorithm that is allowed. */
static enum tel_jwt_verdict read_header(struct tel_str part, bool *hs256)
{
	struct json_object *header = NULL;
	enum tel_jwt_verdict verdict;

	*hs256 = true;
	if (tel_str_is(part, USUAL_HEADER))
		return TEL_JWT_VALID;
	verdict = verdict_of(parse_part(part, &header));
	if (verdict)
		return verdict;
	*hs256 = tel_str_is(tel_pbjson_member(header, "alg", NULL), "HS256");
	/* RFC 7515 §4.1.11: extensions that must be understood; we know none. */
	if (json_object_object_get_ex(header, "crit", NULL))
		verdict = TEL_JWT_MALFORMED;
	json_object_put(header);
	return verdict;
}

/* *len stays 0 for a signature that can't be an HS256 one. */
static enum tel_jwt_verdict read_signature(struct tel_str part,
					   unsigned char out[TEL_SHA256_SIZE], size_t *len)
{
	unsigned char bytes[TEL_BASE64_DECODED(TEL_MAX_AUTHORIZATION)];
	size_t n;

	*len = 0;
	if (tel_base64url_decode(part, bytes, &n))
		return TEL_JWT_MALFORMED;
	if (n == TEL_SHA256_SIZE) {
		memcpy(out, bytes, n);
		*len = n;
	}
	return TEL_JWT_VALID;
}

static enum tel_jwt_verdict check_signature(const struct tel_jwt_ring *ring,
					    const struct token *token, struct tel_str iss,
					    const unsigned char *signature, size_t len)
{
	enum tel_jwt_verdict verdict = TEL_JWT_UNKNOWN_KEY;
	unsigned char right[TEL_SHA256_SIZE];
	size_t at = 0, index;

	while (tel_str_is_set(iss) && tel_jwt_ring_next(ring, iss, &at, &index)) {
		if (tel_jwt_ring_hmac(ring, index, token->covered, right))
			return TEL_JWT_NO_MEMORY;
		if (len == sizeof(right) && CRYPTO_memcmp(right, signature, len) == 0)
			return TEL_JWT_VALID;
		verdict = TEL_JWT_BAD_SIGNATURE;
	}
	return verdict;
}

static enum tel_jwt_verdict check_dates(const struct tel_jwt_claims *c,
					const struct dates *dates, tel_time now)
{
	if (!dates->has_exp || now >= c->exp + TEL_JWT_LEEWAY)
		return TEL_JWT_EXPIRED;
	if (dates->has_nbf && now < c->nbf - TEL_JWT_LEEWAY)
		return TEL_JWT_NOT_YET_VALID;
	return TEL_JWT_VALID;
}

enum tel_jwt_verdict tel_jwt_verify(const struct tel_jwt_ring *ring, struct tel_str text,
				    tel_time now, struct tel_jwt_claims *out)
{
	unsigned char signature[TEL_SHA256_SIZE];
	struct tel_jwt_claims claims = { 0 };
	enum tel_jwt_verdict verdict;
	struct dates dates;
	struct token token;
	size_t len;
	bool hs256;

	if (!split(text, &token))
		return TEL_JWT_MALFORMED;
	verdict = read_header(token.header, &hs256);
	if (!verdict)
		verdict = read_signature(token.signature, signature, &len);
	if (!verdict)
		verdict = read_claims(token.claims, &claims, &dates);
	if (!verdict && !hs256)
		verdict = TEL_JWT_BAD_ALG;
	if (!verdict)
		verdict = check_signature(ring, &token, claims.iss, signature, len);
	if (!verdict)
		verdict = check_dates(&claims, &dates, now);
	if (verdict)
		tel_jwt_claims_release(&claims);
	else
		*out = claims;
	return verdict;
}

void tel_jwt_claims_release(struct tel_jwt_claims *claims)
{
	json_object_put(claims->root);
	free(claims->text);
	*claims = (struct tel_jwt_claims){ 0 };
}

bool tel_jwt_grants(const struct tel_jwt_claims *claims, const char *group, const char *grant)
{
	struct json_object *o = tel_pbjson_get(tel_pbjson_get(claims->root, group, NULL), grant, NULL);

	return json_object_is_type(o, json_type_boolean) && json_object_get_boolean(o);
}
