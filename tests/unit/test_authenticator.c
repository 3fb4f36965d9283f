#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness.h"
#include "livekit/authenticator.h"
#include "base/banned.h"

#define NOW (1700000000 * TEL_SECOND)

static const char secret[] = "devsecretdevsecretdevsecretdevsecret";

static struct tel_jwt_ring *ring_of(const char *name, const char *with)
{
	struct tel_keys keys = { 0 };
	struct tel_jwt_ring *ring;

	if (tel_keys_add(&keys, tel_str_from(name), tel_str_from(with)) ||
	    tel_jwt_ring_new(&keys, &ring))
		abort();
	tel_keys_release(&keys);
	return ring;
}

/* "Bearer <access token>" in a static buffer. */
static struct tel_str bearer(const char *key, const char *with, bool admin, bool call,
			     tel_time now)
{
	static char text[2048];
	struct tel_jwt_ring *ring = ring_of(key, with);
	struct tel_jwt_access access = {
		.key = tel_str_from(key), .sip_admin = admin, .sip_call = call, .now = now,
		.lifetime = 10 * TEL_MINUTE,
	};
	struct tel_buf token;

	tel_buf_init(&token, sizeof(text));
	if (tel_jwt_make_access(ring, &access, &token))
		abort();
	snprintf(text, sizeof(text), "Bearer %s", token.ptr);
	tel_buf_release(&token);
	tel_jwt_ring_free(ring);
	return tel_str_from(text);
}

static struct tel_authenticator *authenticator(void)
{
	struct tel_jwt_ring *ring = ring_of("k", "s");
	struct tel_authenticator *out;
	struct tel_static_token tokens[2] = {
		{ "first", { 1 } }, { "crm", { 0 } }
	};
	struct tel_keys keys = { 0 };

	if (tel_jwt_sha256(ring, TEL_STR("a-static-token"), tokens[1].sha256) ||
	    tel_keys_add(&keys, TEL_STR("devkey"), tel_str_from(secret)) ||
	    tel_livekit_authenticator_new(&keys, tokens, 2, &out))
		abort();
	tel_keys_release(&keys);
	tel_jwt_ring_free(ring);
	return out;
}

static struct tel_auth_result check_for(struct tel_authenticator *a, struct tel_str authorization,
					enum tel_permission permission)
{
	struct tel_auth_result result;

	a->ops->check(a, authorization, permission, NOW, &result);
	return result;
}

static struct tel_auth_result check(struct tel_authenticator *a, struct tel_str authorization)
{
	return check_for(a, authorization, TEL_MAY_READ_CALLS);
}

static void calling_needs_one_of_two_grants(void)
{
	struct tel_authenticator *a = authenticator();
	struct tel_auth_result got;

	got = check_for(a, bearer("devkey", secret, false, true, NOW), TEL_MAY_CALL);
	CHECK_INT(got.verdict, TEL_AUTH_GRANTED);
	CHECK_STR(tel_str_from(got.principal), "key:devkey");
	got = check_for(a, bearer("devkey", secret, true, false, NOW), TEL_MAY_CALL);
	CHECK_INT(got.verdict, TEL_AUTH_GRANTED);
	got = check_for(a, bearer("devkey", secret, false, false, NOW), TEL_MAY_CALL);
	CHECK_INT(got.verdict, TEL_AUTH_FORBIDDEN);
	CHECK_STR(tel_str_from(got.missing), "sip.call");
	CHECK_STR(tel_str_from(got.principal), "");
	got = check_for(a, bearer("devkey", "another-secret", true, true, NOW), TEL_MAY_CALL);
	CHECK_INT(got.verdict, TEL_AUTH_INVALID);
	CHECK_INT(check_for(a, TEL_STR_NONE, TEL_MAY_CALL).verdict, TEL_AUTH_NO_CREDENTIALS);
	got = check_for(a, TEL_STR("Bearer a-static-token"), TEL_MAY_CALL);
	CHECK_INT(got.verdict, TEL_AUTH_GRANTED);
	CHECK_STR(tel_str_from(got.principal), "token:crm");
	tel_livekit_authenticator_free(a);
}

static void access_tokens_need_the_grant(void)
{
	struct tel_authenticator *a = authenticator();
	struct tel_auth_result got;

	CHECK_INT(check(a, bearer("devkey", secret, true, false, NOW)).verdict, TEL_AUTH_GRANTED);
	got = check(a, bearer("devkey", secret, false, true, NOW));
	CHECK_INT(got.verdict, TEL_AUTH_FORBIDDEN);
	CHECK_STR(tel_str_from(got.missing), "sip.admin");
	CHECK_INT(check(a, bearer("devkey", secret, false, false, NOW)).verdict, TEL_AUTH_FORBIDDEN);
	tel_livekit_authenticator_free(a);
}

static void other_tokens_are_refused_with_a_word(void)
{
	struct tel_authenticator *a = authenticator();
	struct tel_auth_result got;

	got = check(a, bearer("devkey", "another-secret", true, true, NOW));
	CHECK_INT(got.verdict, TEL_AUTH_INVALID);
	CHECK_STR(tel_str_from(got.reason), "bad_signature");
	got = check(a, bearer("stranger", secret, true, true, NOW));
	CHECK_STR(tel_str_from(got.reason), "unknown_key");
	got = check(a, bearer("devkey", secret, true, true, NOW - TEL_HOUR));
	CHECK_STR(tel_str_from(got.reason), "expired");
	got = check(a, bearer("devkey", secret, true, true, NOW + TEL_HOUR));
	CHECK_STR(tel_str_from(got.reason), "not_yet_valid");
	got = check(a, TEL_STR("Bearer a-static-token-that-is-none"));
	CHECK_INT(got.verdict, TEL_AUTH_INVALID);
	CHECK_STR(tel_str_from(got.reason), "bad_token");
	tel_livekit_authenticator_free(a);
}

static void static_tokens_may_do_everything(void)
{
	struct tel_authenticator *a = authenticator();

	CHECK_INT(check(a, TEL_STR("Bearer a-static-token")).verdict, TEL_AUTH_GRANTED);
	CHECK_INT(check(a, TEL_STR("bEARER   a-static-token ")).verdict, TEL_AUTH_GRANTED);
	tel_livekit_authenticator_free(a);
}

static void without_a_bearer_there_are_no_credentials(void)
{
	static const char *const none[] = {
		"", " ", "Bearer", "Bearer ", "Basic YTpi", "a-static-token", "BearerX a-static-token" };
	struct tel_authenticator *a = authenticator();
	size_t i;

	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		CHECK_INT(check(a, tel_str_from(none[i])).verdict, TEL_AUTH_NO_CREDENTIALS);
	CHECK_INT(check(a, TEL_STR_NONE).verdict, TEL_AUTH_NO_CREDENTIALS);
	tel_livekit_authenticator_free(a);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{ "access tokens need the grant", access_tokens_need_the_grant },
		{ "calling needs one of two grants", calling_needs_one_of_two_grants },
		{ "other tokens are refused with a word", other_tokens_are_refused_with_a_word },
		{ "static tokens may do everything", static_tokens_may_do_everything },
		{ "without a bearer there are no credentials", without_a_bearer_there_are_no_credentials },
		CU_TEST_INFO_NULL
	};
	CU_SuiteInfo suites[] = {
		{ "authenticator", NULL, NULL, NULL, NULL, tests },
		CU_SUITE_INFO_NULL
	};

	return tel_run_suites(suites);
}
