#include "config.h"

#include <signal.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "harness.h"
#include "livekit/pbjson.h"
#include "test_livekit.h"
#include "base/banned.h"

static const char *const recordings[] = {
	"inbound-answered", "inbound-caller-cancels", "inbound-livekit-restarted",
	"inbound-ring-timeout", "inbound-room-deleted-by-api", "inbound-two-legs-same-identity",
	"outbound-answered-room-deleted", "outbound-busy-486", "outbound-callee-hangs-up",
	"outbound-declined-603", "outbound-hung-up-while-ringing", "outbound-no-answer",
	"outbound-participant-removed", "outbound-unreachable-agent-first",
	"retried-five-times",
};

static void see_line(struct tel_str line, const char *file,
		     void (*see)(void *, const char *, const struct recorded *), void *ctx)
{
	struct json_object *o = NULL;
	struct recorded r;

	CU_ASSERT_EQUAL_FATAL(tel_pbjson_parse(line, &o), TEL_OK);
	r.received_at = (tel_time)(json_object_get_double(tel_pbjson_get(o, "receivedAt", NULL)) *
				   (double)TEL_SECOND);
	r.authorization = tel_pbjson_member(o, "authorization", NULL);
	r.body = tel_pbjson_member(o, "body", NULL);
	see(ctx, file, &r);
	json_object_put(o);
}

static void see_file(const char *file,
		     void (*see)(void *, const char *, const struct recorded *), void *ctx)
{
	struct tel_str line, rest;
	char path[128], *data;

	snprintf(path, sizeof(path), "recorded/%s.jsonl", file);
	data = tel_fixture_read(path, &rest.len);
	rest.ptr = data;
	while (tel_str_is_set(rest)) {
		line = tel_str_cut(rest, '\n', &rest);
		if (tel_str_is_set(line))
			see_line(line, file, see, ctx);
	}
	free(data);
}

void for_each_recorded(void (*see)(void *ctx, const char *file, const struct recorded *r),
		       void *ctx)
{
	size_t i;

	for (i = 0; i < sizeof(recordings) / sizeof(recordings[0]); i++)
		see_file(recordings[i], see, ctx);
}

int main(void)
{
	CU_SuiteInfo suites[] = {
		{ "livekit tokens and webhook signatures", NULL, NULL, NULL, NULL,
		  livekit_jwt_tests },
		{ "livekit events", NULL, NULL, NULL, NULL, livekit_event_tests },
		{ "livekit requests and answers", NULL, NULL, NULL, NULL, livekit_codec_tests },
		{ "livekit client", NULL, NULL, NULL, NULL, livekit_client_tests },
		CU_SUITE_INFO_NULL
	};

	signal(SIGPIPE, SIG_IGN);
	unsetenv("http_proxy");	/* the tests speak to this machine only */
	unsetenv("https_proxy");
	unsetenv("all_proxy");
	return tel_run_suites(suites);
}
