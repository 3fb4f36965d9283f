/*
 * A whole request: "<method> <target>" in the first line, Authorization in
 * the second, then the body. Every answer is complete and sound, calls are
 * shown to whoever has the token alone, and no request is our own trouble.
 */
#include "config.h"

#include <stdlib.h>

#include "fakes/rig.h"
#include "fcgi/gateway.h"
#include "fuzz/fuzz.h"
#include "http/handlers.h"
#include "livekit/authenticator.h"
#include "livekit/event_decoder.h"
#include "memory-store/memory_store.h"
#include "base/banned.h"

#define START (1795398050 * TEL_SECOND)
#define TOKEN "the-token"
#define CALL "{\"event\":\"participant_joined\",\"id\":\"EV_1\",\"createdAt\":\"1795398041\","	\
	"\"room\":{\"sid\":\"RM_1\",\"name\":\"room\"},\"participant\":{\"sid\":\"PA_1\","	\
	"\"kind\":\"SIP\",\"attributes\":{\"sip.callID\":\"SCL_1\",\"sip.ruleID\":\"R\"}}}"

static struct tel_authenticator *the_authenticator(void)
{
	static struct tel_authenticator *authenticator;
	struct tel_static_token token = { "fuzz", { 0 } };
	struct tel_keys keys = { 0 };
	struct tel_jwt_ring *ring;

	if (authenticator)
		return authenticator;
	FUZZ_CHECK(tel_keys_add(&keys, TEL_STR("devkey"),
				TEL_STR("devsecretdevsecretdevsecretdevsecret")) == TEL_OK);
	FUZZ_CHECK(tel_jwt_ring_new(&keys, &ring) == TEL_OK);
	FUZZ_CHECK(tel_jwt_sha256(ring, TEL_STR(TOKEN), token.sha256) == TEL_OK);
	FUZZ_CHECK(tel_livekit_authenticator_new(&keys, &token, 1, &authenticator) == TEL_OK);
	tel_jwt_ring_free(ring);
	tel_keys_release(&keys);
	return authenticator;
}

static bool has_token(struct tel_str authorization)
{
	struct tel_str s = tel_str_trim(authorization);
	size_t len = sizeof(TOKEN) - 1;

	return s.len > len && memcmp(s.ptr + s.len - len, TOKEN, len) == 0;
}

static void check(const struct tel_http_request *request, const struct tel_http_response *response)
{
	bool calls = tel_str_starts(tel_http_request_path(request), TEL_STR("/telephony/calls"));
	struct tel_str body = tel_buf_str(&response->body);
	struct tel_buf head;

	FUZZ_CHECK(response->status >= 200 && response->status < 500);
	FUZZ_CHECK(!calls || response->status != 200 || has_token(request->authorization));
	FUZZ_CHECK((body.len > 0) == (response->content_type != NULL));
	if (response->content_type && strstr(response->content_type, "json"))
		FUZZ_CHECK(fuzz_is_json(body));
	FUZZ_CHECK(response->status < 400 ||
		   tel_str_is(tel_str_from(response->content_type), "application/problem+json"));
	tel_buf_init(&head, 8192);
	tel_gateway_head(response, &head);
	FUZZ_CHECK(tel_buf_err(&head) == TEL_OK);
	FUZZ_CHECK(memmem(head.ptr, head.len, "\r\n\r\n", 4) == head.ptr + head.len - 4);
	tel_buf_release(&head);
}

static void ask(struct tel_http_context *context, struct tel_str line, struct tel_str authorization,
		struct tel_str body)
{
	static struct tel_http_request request;
	struct tel_http_response response;
	struct tel_str target;

	request = (struct tel_http_request){
		.method = tel_str_cut(line, ' ', &target), .authorization = authorization,
		.content_type = TEL_STR("application/webhook+json"), .body = body,
	};
	tel_http_request_set_target(&request, target);
	tel_http_response_init(&response);
	tel_http_answer(context, &request, &response);
	check(&request, &response);
	tel_http_response_release(&response);
}

FUZZ(api)
{
	struct tel_str body = fuzz_str(data, size), line = fuzz_line(&body);
	struct tel_str authorization = fuzz_line(&body);
	struct tel_fake_livekit *livekit = tel_fake_livekit_new();
	struct tel_event_decoder *decoder;
	struct tel_call_store *store;
	struct tel_fake_clock clock;
	struct tel_rig rig;
	struct tel_http_context context = {
		.app = &rig.app, .version = "1", .show_metrics = true, .show_calls = true,
		.authenticator = the_authenticator(),
	};

	if (!livekit || tel_memory_store_open(NULL, &store) || tel_livekit_decoder_new(&decoder))
		abort();
	tel_fake_clock_init(&clock, START);
	tel_rig_init(&rig, "one", store, livekit, &clock);
	rig.app.decoder = decoder;
	ask(&context, TEL_STR("POST /telephony/livekit-webhook"), TEL_STR(""), TEL_STR(CALL));
	ask(&context, line, authorization, body);
	tel_rig_release(&rig);
	tel_livekit_decoder_free(decoder);
	store->ops->close(store);
	tel_fake_livekit_free(livekit);
	return 0;
}
