#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "livekit/base64.h"
#include "livekit/jwt.h"
#include "livekit/verifier.h"
#include "test_livekit.h"
#include "base/banned.h"

#define NOW (1795398040 * TEL_SECOND)
#define HS256 "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"

static void base64_goes_both_ways(void)
{
	static const struct { const char *bytes; size_t n; const char *url; } cases[] = {
		{ "", 0, "" }, { "f", 1, "Zg" }, { "fo", 2, "Zm8" }, { "foo", 3, "Zm9v" },
		{ "foob", 4, "Zm9vYg" }, { "\xfb\xff\xfe", 3, "-__-" }, { "\0\0", 2, "AAA" },
	};
	static const char *const bad[] = {
		"Z", "Zm9vY", "Zg==", "Zm8=", "Zg ", " Zg", "Zg\n", "Z\ng", "+//+", "Zh", "Zm9",
		"Zm\xc3\xa4", "====", "-", "Zm9v====", "Zg.",
	};
	unsigned char out[16];
	struct tel_buf b;
	size_t i, len;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK_INT(tel_base64url_decode(tel_str_from(cases[i].url), out, &len), TEL_OK);
		CHECK_INT(len, cases[i].n);
		CU_ASSERT_EQUAL(memcmp(out, cases[i].bytes, len), 0);
		tel_buf_init(&b, 100);
		CHECK_INT(tel_base64url_add(&b, cases[i].bytes, cases[i].n), TEL_OK);
		CHECK_STR(tel_buf_str(&b), cases[i].url);
		tel_buf_release(&b);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (tel_base64url_decode(tel_str_from(bad[i]), out, &len) != TEL_EMALFORMED)
			CU_FAIL(bad[i]);
}

static void long_base64_is_decoded_in_pieces(void)
{
	unsigned char data[1000], back[TEL_BASE64_DECODED(1400)];
	struct tel_buf b;
	size_t n, i, len;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 7 + i / 256);
	for (n = 180; n <= sizeof(data); n += n < 200 ? 1 : 89) {
		tel_buf_init(&b, 2000);
		CHECK_INT(tel_base64url_add(&b, data, n), TEL_OK);
		CHECK_INT(tel_base64url_decode(tel_buf_str(&b), back, &len), TEL_OK);
		CHECK_INT(len, n);
		CU_ASSERT_EQUAL(memcmp(back, data, n), 0);
		tel_buf_release(&b);
	}
}

static void keys_are_parsed(void)
{
	static const struct {
		const char *text;
		enum tel_err err;
		size_t n, line;
		const char *last_name, *last_secret;
	} cases[] = {
		{ "", TEL_OK, 0, 0, "", "" },
		{ "a: s1", TEL_OK, 1, 0, "a", "s1" },
		{ "a:s1\r\n\n  # old: x\n b : s2 \n", TEL_OK, 2, 0, "b", "s2" },
		{ "a: s1, b: s:2 ,", TEL_OK, 2, 0, "b", "s:2" },
		{ "a: s1\na: s1", TEL_OK, 1, 0, "a", "s1" },
		{ "a: s1\na: s2", TEL_OK, 2, 0, "a", "s2" },
		{ "a: s1\n\nb", TEL_EMALFORMED, 1, 3, "a", "s1" },
		{ "a:", TEL_EMALFORMED, 0, 1, "", "" },
		{ ": s", TEL_EMALFORMED, 0, 1, "", "" },
	};
	struct tel_keys keys;
	size_t i, line;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		keys = (struct tel_keys){ 0 };
		line = 0;
		CHECK_INT(tel_keys_parse(&keys, tel_str_from(cases[i].text), &line), cases[i].err);
		CHECK_INT(line, cases[i].line);
		CHECK_INT(keys.n, cases[i].n);
		if (keys.n > 0) {
			CHECK_STR(keys.list[keys.n - 1].name, cases[i].last_name);
			CHECK_STR(keys.list[keys.n - 1].secret, cases[i].last_secret);
		}
		tel_keys_release(&keys);
		tel_keys_release(&keys);
	}
}

static void keys_have_ceilings(void)
{
	struct tel_keys keys = { 0 };
	char name[16], longer[TEL_MAX_TEXT + 1];
	int i;

	for (i = 0; i < TEL_MAX_KEYS; i++) {
		snprintf(name, sizeof(name), "key%d", i);
		CHECK_INT(tel_keys_add(&keys, tel_str_from(name), TEL_STR("s")), TEL_OK);
	}
	CHECK_INT(tel_keys_add(&keys, TEL_STR("one more"), TEL_STR("s")), TEL_ETOOBIG);
	CHECK_INT(tel_keys_add(&keys, TEL_STR("key3"), TEL_STR("s")), TEL_OK);
	tel_keys_release(&keys);
	memset(longer, 'x', sizeof(longer));
	CHECK_INT(tel_keys_add(&keys, (struct tel_str){ longer, sizeof(longer) }, TEL_STR("s")),
		  TEL_ETOOBIG);
	CHECK_INT(tel_keys_add(&keys, TEL_STR("a"), (struct tel_str){ longer, sizeof(longer) }),
		  TEL_ETOOBIG);
	tel_keys_release(&keys);
}

/* ---- what LiveKit really sent ---------------------------------------- */

struct replay {
	struct tel_webhook_verifier *verifier;
	int n;
};

static enum tel_webhook_verdict ask(struct tel_webhook_verifier *v, struct tel_str authorization,
				    struct tel_str body, tel_time now)
{
	return v->ops->verify(v, authorization, body, now);
}

static void see_recorded(void *ctx, const char *file, const struct recorded *r)
{
	struct replay *replay = ctx;
	char changed[4096];

	(void)file;
	replay->n++;
	CHECK_INT(ask(replay->verifier, r->authorization, r->body, r->received_at),
		  TEL_WEBHOOK_GENUINE);
	CHECK_INT(ask(replay->verifier, r->authorization, r->body, r->received_at + TEL_HOUR),
		  TEL_WEBHOOK_EXPIRED);
	CHECK_INT(ask(replay->verifier, r->authorization, r->body, r->received_at - TEL_HOUR),
		  TEL_WEBHOOK_NOT_YET_VALID);
	CU_ASSERT_FATAL(r->body.len < sizeof(changed));
	memcpy(changed, r->body.ptr, r->body.len);
	changed[r->body.len / 2] ^= 1;
	CHECK_INT(ask(replay->verifier, r->authorization,
		      (struct tel_str){ changed, r->body.len }, r->received_at),
		  TEL_WEBHOOK_BODY_HASH_MISMATCH);
}

static void recorded_deliveries_are_genuine(void)
{
	struct replay replay = { 0 };
	struct tel_keys keys;

	dev_keys(&keys);
	CHECK_INT(tel_livekit_verifier_new(&keys, &replay.verifier), TEL_OK);
	tel_keys_release(&keys);
	for_each_recorded(see_recorded, &replay);
	CU_ASSERT(replay.n > 100);
	tel_livekit_verifier_free(replay.verifier);
	tel_livekit_verifier_free(NULL);
}

/* ---- one table of tokens, good and bad ---------------------------------- */

#define BODY "{\"event\":\"room_started\",\"id\":\"EV_1\"}"
/* Its SHA-256 in standard base64; the test computes it, too. */
#define HASH "@HASH@"

struct token_case {
	const char *what, *header, *claims;
	enum tel_webhook_verdict verdict;
};

static const struct token_case token_cases[] = {
	{ "as LiveKit does", HS256,
	  "{\"iss\":\"devkey\",\"nbf\":1795398040,\"exp\":1795398340,\"sha256\":\"" HASH "\"}",
	  TEL_WEBHOOK_GENUINE },
	{ "another spelling of the header", "{ \"typ\": \"JWT\", \"alg\": \"HS256\", \"kid\": \"x\" }",
	  "{\"iss\":\"devkey\",\"exp\":1795398340,\"sha256\":\"" HASH "\"}", TEL_WEBHOOK_GENUINE },
	{ "unknown claims, no nbf", HS256,
	  "{\"x\":[{}],\"iss\":\"devkey\",\"exp\":1795398340.5,\"nbf\":null,\"sha256\":\"" HASH "\"}",
	  TEL_WEBHOOK_GENUINE },
	{ "last moment", HS256, "{\"iss\":\"devkey\",\"exp\":1795397980.001,\"sha256\":\"" HASH "\"}",
	  TEL_WEBHOOK_GENUINE },
	{ "just over", HS256, "{\"iss\":\"devkey\",\"exp\":1795397980,\"sha256\":\"" HASH "\"}",
	  TEL_WEBHOOK_EXPIRED },
	{ "first moment", HS256,
	  "{\"iss\":\"devkey\",\"nbf\":1795398100,\"exp\":1795399000,\"sha256\":\"" HASH "\"}",
	  TEL_WEBHOOK_GENUINE },
	{ "a moment too early", HS256,
	  "{\"iss\":\"devkey\",\"nbf\":1795398100.001,\"exp\":1795399000,\"sha256\":\"" HASH "\"}",
	  TEL_WEBHOOK_NOT_YET_VALID },
	{ "both expired and not yet valid", HS256,
	  "{\"iss\":\"devkey\",\"nbf\":1799999999,\"exp\":1,\"sha256\":\"" HASH "\"}",
	  TEL_WEBHOOK_EXPIRED },
	{ "no exp", HS256, "{\"iss\":\"devkey\",\"sha256\":\"" HASH "\"}", TEL_WEBHOOK_EXPIRED },
	{ "huge dates", HS256,
	  "{\"iss\":\"devkey\",\"nbf\":-1e300,\"exp\":1e300,\"sha256\":\"" HASH "\"}",
	  TEL_WEBHOOK_GENUINE },
	{ "exp far before", HS256,
	  "{\"iss\":\"devkey\",\"exp\":-9223372036854775808,\"sha256\":\"" HASH "\"}",
	  TEL_WEBHOOK_EXPIRED },
	{ "exp as a text", HS256, "{\"iss\":\"devkey\",\"exp\":\"1795398340\",\"sha256\":\"" HASH "\"}",
	  TEL_WEBHOOK_BAD_JWT },
	{ "nbf as a text", HS256, "{\"iss\":\"devkey\",\"nbf\":\"1\",\"exp\":1795398340}",
	  TEL_WEBHOOK_BAD_JWT },
	{ "iss as a number", HS256, "{\"iss\":5,\"exp\":1795398340}", TEL_WEBHOOK_BAD_JWT },
	{ "sha256 as a list", HS256, "{\"iss\":\"devkey\",\"exp\":1795398340,\"sha256\":[]}",
	  TEL_WEBHOOK_BAD_JWT },
	{ "sha256 as a number", HS256, "{\"iss\":\"devkey\",\"exp\":1795398340,\"sha256\":1}",
	  TEL_WEBHOOK_BAD_JWT },
	{ "exp twice: the last counts", HS256,
	  "{\"iss\":\"devkey\",\"exp\":1795398340,\"exp\":1,\"sha256\":\"" HASH "\"}",
	  TEL_WEBHOOK_EXPIRED },
	{ "more claims than are plain", HS256,
	  "{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"iss\":\"devkey\",\"exp\":1795398340,"
	  "\"sha256\":\"" HASH "\"}", TEL_WEBHOOK_GENUINE },
	{ "no sha256", HS256, "{\"iss\":\"devkey\",\"exp\":1795398340}",
	  TEL_WEBHOOK_BODY_HASH_MISMATCH },
	{ "empty sha256", HS256, "{\"iss\":\"devkey\",\"exp\":1795398340,\"sha256\":\"\"}",
	  TEL_WEBHOOK_BODY_HASH_MISMATCH },
	{ "sha256 and more", HS256,
	  "{\"iss\":\"devkey\",\"exp\":1795398340,\"sha256\":\"" HASH "=\"}",
	  TEL_WEBHOOK_BODY_HASH_MISMATCH },
	{ "another hash", HS256,
	  "{\"iss\":\"devkey\",\"exp\":1795398340,"
	  "\"sha256\":\"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\"}",
	  TEL_WEBHOOK_BODY_HASH_MISMATCH },
	{ "no iss", HS256, "{\"exp\":1795398340,\"sha256\":\"" HASH "\"}", TEL_WEBHOOK_UNKNOWN_KEY },
	{ "iss unknown", HS256, "{\"iss\":\"devkey2\",\"exp\":1795398340}", TEL_WEBHOOK_UNKNOWN_KEY },
	{ "iss in other case", HS256, "{\"iss\":\"Devkey\",\"exp\":1795398340}",
	  TEL_WEBHOOK_UNKNOWN_KEY },
	{ "iss with a NUL", HS256, "{\"iss\":\"devkey\\u0000\",\"exp\":1795398340}",
	  TEL_WEBHOOK_UNKNOWN_KEY },
	{ "alg none", "{\"alg\":\"none\"}", "{\"iss\":\"devkey\",\"exp\":1795398340}",
	  TEL_WEBHOOK_BAD_ALG },
	{ "alg RS256", "{\"alg\":\"RS256\"}", "{\"iss\":\"devkey\",\"exp\":1795398340}",
	  TEL_WEBHOOK_BAD_ALG },
	{ "alg HS512", "{\"alg\":\"HS512\"}", "{\"iss\":\"nobody\",\"exp\":1}", TEL_WEBHOOK_BAD_ALG },
	{ "alg in lower case", "{\"alg\":\"hs256\"}", "{\"iss\":\"devkey\"}", TEL_WEBHOOK_BAD_ALG },
	{ "alg is no text", "{\"alg\":256}", "{\"iss\":\"devkey\"}", TEL_WEBHOOK_BAD_ALG },
	{ "alg and a NUL", "{\"alg\":\"HS256\\u0000\"}", "{\"iss\":\"devkey\"}", TEL_WEBHOOK_BAD_ALG },
	{ "no alg", "{\"typ\":\"JWT\"}", "{\"iss\":\"devkey\"}", TEL_WEBHOOK_BAD_ALG },
	{ "alg twice: the last counts", "{\"alg\":\"HS256\",\"alg\":\"none\"}", "{\"iss\":\"devkey\"}",
	  TEL_WEBHOOK_BAD_ALG },
	{ "crit", "{\"alg\":\"HS256\",\"crit\":[\"x\"]}", "{\"iss\":\"devkey\",\"exp\":1795398340}",
	  TEL_WEBHOOK_BAD_JWT },
	{ "header is a list", "[]", "{\"iss\":\"devkey\"}", TEL_WEBHOOK_BAD_JWT },
	{ "header is null", "null", "{\"iss\":\"devkey\"}", TEL_WEBHOOK_BAD_JWT },
	{ "header is empty", "", "{\"iss\":\"devkey\"}", TEL_WEBHOOK_BAD_JWT },
	{ "claims are a text", HS256, "\"devkey\"", TEL_WEBHOOK_BAD_JWT },
	{ "claims are empty", HS256, "", TEL_WEBHOOK_BAD_JWT },
	{ "claims and more", HS256, "{\"iss\":\"devkey\"} x", TEL_WEBHOOK_BAD_JWT },
	{ "claims cut off", HS256, "{\"iss\":\"devkey\"", TEL_WEBHOOK_BAD_JWT },
	{ "claims with a comment", HS256, "{/* */\"iss\":\"devkey\"}", TEL_WEBHOOK_BAD_JWT },
	{ "claims in single quotes", HS256, "{'iss':'devkey'}", TEL_WEBHOOK_BAD_JWT },
	{ "claims are no UTF-8", HS256, "{\"iss\":\"dev\xffkey\"}", TEL_WEBHOOK_BAD_JWT },
};

static struct tel_webhook_verifier *a_verifier(struct tel_jwt_ring **ring)
{
	struct tel_webhook_verifier *v = NULL;
	struct tel_keys keys;

	dev_keys(&keys);
	CHECK_INT(tel_keys_add(&keys, TEL_STR("second"), TEL_STR("other secret")), TEL_OK);
	CU_ASSERT_EQUAL_FATAL(tel_livekit_verifier_new(&keys, &v), TEL_OK);
	CU_ASSERT_EQUAL_FATAL(tel_jwt_ring_new(&keys, ring), TEL_OK);
	tel_keys_release(&keys);
	return v;
}

/* `claims` with the place holder of the body's hash filled in. */
static void fill_in(const struct tel_jwt_ring *ring, const char *claims, struct tel_buf *out)
{
	const char *at = strstr(claims, HASH);
	unsigned char hash[TEL_SHA256_SIZE];

	tel_buf_add(out, claims, at ? (size_t)(at - claims) : strlen(claims));
	if (!at)
		return;
	CHECK_INT(tel_jwt_sha256(ring, TEL_STR(BODY), hash), TEL_OK);
	tel_base64_add(out, hash, sizeof(hash));
	tel_buf_puts(out, at + strlen(HASH));
}

/* A blank before the claims changes nothing but how they are read. */
static void check_verdict(struct tel_webhook_verifier *v, const struct tel_jwt_ring *ring,
			  const struct token_case *c, const char *blank)
{
	enum tel_webhook_verdict got;
	struct tel_buf claims, token;

	tel_buf_init(&claims, 4096);
	tel_buf_init(&token, 8192);
	tel_buf_puts(&claims, blank);
	fill_in(ring, c->claims, &claims);
	CHECK_INT(tel_jwt_sign(ring, TEL_STR(DEV_KEY), tel_str_from(c->header),
			       tel_buf_str(&claims), &token), TEL_OK);
	got = ask(v, tel_buf_str(&token), TEL_STR(BODY), NOW);
	if (got != c->verdict)
		fprintf(stderr, "\n%s: %s, not %s\n", c->what, tel_webhook_verdict_text(got),
			tel_webhook_verdict_text(c->verdict));
	CHECK_INT(got, c->verdict);
	tel_buf_release(&claims);
	tel_buf_release(&token);
}

static void tokens_get_their_verdict(void)
{
	const struct token_case *c = token_cases;
	struct tel_webhook_verifier *v;
	struct tel_jwt_ring *ring;

	v = a_verifier(&ring);
	for (; c < token_cases + sizeof(token_cases) / sizeof(token_cases[0]); c++) {
		check_verdict(v, ring, c, "");
		check_verdict(v, ring, c, "\n");
	}
	tel_jwt_ring_free(ring);
	tel_livekit_verifier_free(v);
}

/* ---- a good token, damaged ------------------------------------------ */

struct damage {
	const char *what;
	const char *before, *after;	/* put around it */
	int part;			/* 0-2: this part is replaced by ... */
	const char *by;			/* ... this; NULL = nothing is replaced */
	enum tel_webhook_verdict verdict;
};

static const struct damage damages[] = {
	{ "Bearer", "Bearer ", "", 0, NULL, TEL_WEBHOOK_GENUINE },
	{ "bearer", "bEARER   ", "  ", 0, NULL, TEL_WEBHOOK_GENUINE },
	{ "blanks", "  ", "\t", 0, NULL, TEL_WEBHOOK_GENUINE },
	{ "Basic", "Basic ", "", 0, NULL, TEL_WEBHOOK_BAD_JWT },
	{ "Bearer without a blank", "Bearer", "", 0, NULL, TEL_WEBHOOK_BAD_JWT },
	{ "Bearer twice", "Bearer Bearer ", "", 0, NULL, TEL_WEBHOOK_BAD_JWT },
	{ "a fourth part", "", ".", 0, NULL, TEL_WEBHOOK_BAD_JWT },
	{ "a part before", ".", "", 0, NULL, TEL_WEBHOOK_BAD_JWT },
	{ "padding", "", "=", 0, NULL, TEL_WEBHOOK_BAD_JWT },
	{ "two tokens", "a.b.c,", "", 0, NULL, TEL_WEBHOOK_BAD_JWT },
	{ "header is garbage", "", "", 0, "!!!", TEL_WEBHOOK_BAD_JWT },
	{ "header is empty", "", "", 0, "", TEL_WEBHOOK_BAD_JWT },
	{ "claims are garbage", "", "", 1, "AAAA", TEL_WEBHOOK_BAD_JWT },
	{ "claims are empty", "", "", 1, "", TEL_WEBHOOK_BAD_JWT },
	{ "claims of somebody else", "", "", 1, "eyJpc3MiOiJkZXZrZXkifQ", TEL_WEBHOOK_BAD_SIGNATURE },
	{ "no signature", "", "", 2, "", TEL_WEBHOOK_BAD_SIGNATURE },
	{ "a short signature", "", "", 2, "AAAA", TEL_WEBHOOK_BAD_SIGNATURE },
	{ "zeros", "", "", 2, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	  TEL_WEBHOOK_BAD_SIGNATURE },
	{ "bits behind the end", "", "", 2, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
	  TEL_WEBHOOK_BAD_JWT },
	{ "signature in the standard alphabet", "", "", 2,
	  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+A", TEL_WEBHOOK_BAD_JWT },
};

static void damaged(struct tel_str token, const struct damage *d, struct tel_buf *out)
{
	struct tel_str part, rest = token;
	int i;

	tel_buf_puts(out, d->before);
	for (i = 0; i < 3; i++) {
		part = tel_str_cut(rest, '.', &rest);
		if (i > 0)
			tel_buf_puts(out, ".");
		tel_buf_add_str(out, d->by && i == d->part ? tel_str_from(d->by) : part);
	}
	tel_buf_puts(out, d->after);
}

static void damaged_tokens_are_refused(void)
{
	const struct damage *d = damages;
	struct tel_webhook_verifier *v;
	enum tel_webhook_verdict got;
	struct tel_jwt_ring *ring;
	struct tel_buf good, bad;

	v = a_verifier(&ring);
	tel_buf_init(&good, 8192);
	tel_buf_init(&bad, 8192);
	CHECK_INT(tel_jwt_make_webhook(ring, TEL_STR(DEV_KEY), TEL_STR(BODY), NOW,
				       5 * TEL_MINUTE, &good), TEL_OK);
	for (; d < damages + sizeof(damages) / sizeof(damages[0]); d++) {
		tel_buf_clear(&bad);
		damaged(tel_buf_str(&good), d, &bad);
		got = ask(v, tel_buf_str(&bad), TEL_STR(BODY), NOW);
		if (got != d->verdict)
			fprintf(stderr, "\n%s: %s\n", d->what, tel_webhook_verdict_text(got));
		CHECK_INT(got, d->verdict);
	}
	tel_buf_release(&good);
	tel_buf_release(&bad);
	tel_jwt_ring_free(ring);
	tel_livekit_verifier_free(v);
}

static void headers_may_be_absent_or_huge(void)
{
	static const char *const empty[] = { "", "  ", "\t" };
	struct tel_webhook_verifier *v;
	struct tel_jwt_ring *ring;
	char *huge;
	size_t i;

	v = a_verifier(&ring);
	CHECK_INT(ask(v, TEL_STR_NONE, TEL_STR(BODY), NOW), TEL_WEBHOOK_NO_HEADER);
	for (i = 0; i < sizeof(empty) / sizeof(empty[0]); i++)
		CHECK_INT(ask(v, tel_str_from(empty[i]), TEL_STR(BODY), NOW),
			  TEL_WEBHOOK_NO_HEADER);
	CHECK_INT(ask(v, TEL_STR("Bearer "), TEL_STR(BODY), NOW), TEL_WEBHOOK_BAD_JWT);
	CHECK_INT(ask(v, TEL_STR("x\0y"), TEL_STR(BODY), NOW), TEL_WEBHOOK_BAD_JWT);
	huge = malloc(1 << 20);
	CU_ASSERT_PTR_NOT_NULL_FATAL(huge);
	memset(huge, 'A', 1 << 20);
	huge[100] = huge[4000] = '.';
	CHECK_INT(ask(v, (struct tel_str){ huge, 1 << 20 }, TEL_STR(BODY), NOW),
		  TEL_WEBHOOK_BAD_JWT);
	CHECK_INT(ask(v, (struct tel_str){ huge, TEL_MAX_AUTHORIZATION }, TEL_STR(BODY), NOW),
		  TEL_WEBHOOK_BAD_JWT);
	free(huge);
	tel_jwt_ring_free(ring);
	tel_livekit_verifier_free(v);
}

static void any_of_several_keys_will_do(void)
{
	static const struct { const char *key, *secret; enum tel_webhook_verdict verdict; } cases[] = {
		{ "old", "s-old", TEL_WEBHOOK_GENUINE },
		{ "new", "s-new", TEL_WEBHOOK_GENUINE },
		{ "new", "s-newer", TEL_WEBHOOK_GENUINE },
		{ "new", "s-old", TEL_WEBHOOK_BAD_SIGNATURE },
		{ "old", "s-newer", TEL_WEBHOOK_BAD_SIGNATURE },
		{ "other", "s-old", TEL_WEBHOOK_UNKNOWN_KEY },
	};
	struct tel_webhook_verifier *v = NULL;
	struct tel_jwt_ring *ring = NULL;
	struct tel_keys keys = { 0 };
	struct tel_buf token;
	size_t i;

	CHECK_INT(tel_keys_parse(&keys, TEL_STR("old: s-old\nnew: s-new\nnew: s-newer"), NULL),
		  TEL_OK);
	CHECK_INT(tel_livekit_verifier_new(&keys, &v), TEL_OK);
	tel_keys_release(&keys);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tel_buf_init(&token, 8192);
		CHECK_INT(tel_keys_add(&keys, tel_str_from(cases[i].key),
				       tel_str_from(cases[i].secret)), TEL_OK);
		CHECK_INT(tel_jwt_ring_new(&keys, &ring), TEL_OK);
		CHECK_INT(tel_jwt_make_webhook(ring, tel_str_from(cases[i].key), TEL_STR(BODY),
					       NOW, TEL_MINUTE, &token), TEL_OK);
		CHECK_INT(ask(v, tel_buf_str(&token), TEL_STR(BODY), NOW), cases[i].verdict);
		tel_jwt_ring_free(ring);
		tel_keys_release(&keys);
		tel_buf_release(&token);
	}
	tel_livekit_verifier_free(v);
}

static void without_keys_nobody_is_known(void)
{
	struct tel_webhook_verifier *v = NULL, *unused;
	struct tel_keys none = { 0 };
	struct tel_jwt_ring *ring;
	struct tel_buf token;

	unused = a_verifier(&ring);
	tel_buf_init(&token, 8192);
	CHECK_INT(tel_livekit_verifier_new(&none, &v), TEL_OK);
	CHECK_INT(tel_jwt_make_webhook(ring, TEL_STR(DEV_KEY), TEL_STR(BODY), NOW, TEL_MINUTE,
				       &token), TEL_OK);
	CHECK_INT(ask(v, tel_buf_str(&token), TEL_STR(BODY), NOW), TEL_WEBHOOK_UNKNOWN_KEY);
	CHECK_INT(tel_jwt_make_webhook(ring, TEL_STR("nobody"), TEL_STR(BODY), NOW, TEL_MINUTE,
				       &token), TEL_ENOTFOUND);
	tel_buf_release(&token);
	tel_jwt_ring_free(ring);
	tel_livekit_verifier_free(unused);
	tel_livekit_verifier_free(v);
}

static void access_tokens_carry_their_grants(void)
{
	struct tel_jwt_access access = {
		.key = TEL_STR(DEV_KEY), .sub = TEL_STR("me"), .room = TEL_STR("call-\"1\""),
		.room_admin = true, .sip_call = true, .now = NOW, .lifetime = TEL_MINUTE,
	};
	struct tel_jwt_claims claims;
	struct tel_jwt_ring *ring;
	struct tel_buf token;

	tel_livekit_verifier_free(a_verifier(&ring));
	tel_buf_init(&token, 8192);
	CHECK_INT(tel_jwt_make_access(ring, &access, &token), TEL_OK);
	CU_ASSERT_EQUAL_FATAL(tel_jwt_verify(ring, tel_buf_str(&token), NOW, &claims),
			      TEL_JWT_VALID);
	CHECK_STR(claims.iss, DEV_KEY);
	CHECK_STR(claims.sub, "me");
	CHECK_INT(claims.exp, NOW + TEL_MINUTE);
	CHECK_INT(claims.nbf, NOW);
	CU_ASSERT_TRUE(tel_jwt_grants(&claims, "video", "roomAdmin"));
	CU_ASSERT_TRUE(tel_jwt_grants(&claims, "sip", "call"));
	CU_ASSERT_FALSE(tel_jwt_grants(&claims, "sip", "admin"));
	CU_ASSERT_FALSE(tel_jwt_grants(&claims, "video", "roomCreate"));
	CU_ASSERT_FALSE(tel_jwt_grants(&claims, "video", "room"));	/* no boolean */
	CU_ASSERT_FALSE(tel_jwt_grants(&claims, "agent", "admin"));
	tel_jwt_claims_release(&claims);
	tel_jwt_claims_release(&claims);
	tel_buf_release(&token);
	tel_buf_init(&token, 40);
	CHECK_INT(tel_jwt_make_access(ring, &access, &token), TEL_ETOOBIG);
	tel_buf_release(&token);
	tel_jwt_ring_free(ring);
}

static void plain_claims_carry_no_grants(void)
{
	static const char *const blanks[] = { "", " " };
	struct tel_jwt_claims claims;
	struct tel_jwt_ring *ring;
	struct tel_buf text, token;
	size_t i;

	tel_livekit_verifier_free(a_verifier(&ring));
	tel_buf_init(&text, 1000);
	tel_buf_init(&token, 1000);
	for (i = 0; i < sizeof(blanks) / sizeof(blanks[0]); i++) {
		tel_buf_clear(&text);
		tel_buf_clear(&token);
		tel_buf_printf(&text, "%s{\"iss\":\"%s\",\"sub\":\"me\",\"sha256\":\"x\",\"sip\":\"call\","
			       "\"nbf\":1795398040,\"exp\":1795398340}", blanks[i], DEV_KEY);
		CHECK_INT(tel_jwt_sign(ring, TEL_STR(DEV_KEY), TEL_STR(HS256), tel_buf_str(&text),
				       &token), TEL_OK);
		CU_ASSERT_EQUAL_FATAL(tel_jwt_verify(ring, tel_buf_str(&token), NOW, &claims),
				      TEL_JWT_VALID);
		CHECK_STR(claims.iss, DEV_KEY);
		CHECK_STR(claims.sub, "me");
		CHECK_STR(claims.sha256, "x");
		CHECK_INT(claims.nbf, 1795398040 * TEL_SECOND);
		CHECK_INT(claims.exp, 1795398340 * TEL_SECOND);
		CU_ASSERT_FALSE(tel_jwt_grants(&claims, "sip", "call"));
		tel_jwt_claims_release(&claims);
	}
	tel_buf_release(&text);
	tel_buf_release(&token);
	tel_jwt_ring_free(ring);
}

CU_TestInfo livekit_jwt_tests[] = {
	{ "base64 goes both ways", base64_goes_both_ways },
	{ "long base64 is decoded in pieces", long_base64_is_decoded_in_pieces },
	{ "keys are parsed", keys_are_parsed },
	{ "keys have ceilings", keys_have_ceilings },
	{ "recorded deliveries are genuine", recorded_deliveries_are_genuine },
	{ "tokens get their verdict", tokens_get_their_verdict },
	{ "damaged tokens are refused", damaged_tokens_are_refused },
	{ "headers may be absent or huge", headers_may_be_absent_or_huge },
	{ "any of several keys will do", any_of_several_keys_will_do },
	{ "without keys nobody is known", without_keys_nobody_is_known },
	{ "access tokens carry their grants", access_tokens_carry_their_grants },
	{ "plain claims carry no grants", plain_claims_carry_no_grants },
	CU_TEST_INFO_NULL
};
