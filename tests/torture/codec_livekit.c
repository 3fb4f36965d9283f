#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "livekit/twirp_codec.h"
#include "torture/codec_livekit.h"
#include "torture/failing_malloc.h"
#include "base/banned.h"

struct under_way {
	enum tel_lk_method method;
	tel_lk_done_fn done;
	void *ctx;
};

/* ---- an answer as LiveKit writes it --------------------------------------- */

static void write_dispatch(struct tel_buf *b, const struct tel_lk_dispatch *d)
{
	tel_buf_printf(b, "{\"id\":\"%.*s\",\"agent_name\":\"%.*s\",\"metadata\":\"{\\\"telephony\\\":"
		       "{\\\"callId\\\":\\\"%.*s\\\",\\\"roomSid\\\":\\\"%.*s\\\"}}\",\"state\":"
		       "{\"deleted_at\":\"%d\"}}", TEL_STR_ARG(d->id), TEL_STR_ARG(d->agent_name),
		       TEL_STR_ARG(d->call_id), TEL_STR_ARG(d->room_sid), d->deleted);
}

static void write_list(struct tel_buf *b, const struct tel_lk_answer *answer)
{
	bool dispatches = answer->method == TEL_LK_LIST_DISPATCH;
	size_t i, n = dispatches ? answer->n_dispatches : answer->n_participants;

	tel_buf_printf(b, "{\"%s\":[", dispatches ? "agent_dispatches" : "participants");
	for (i = 0; i < n; i++) {
		tel_buf_puts(b, i ? "," : "");
		if (dispatches)
			write_dispatch(b, &answer->dispatches[i]);
		else
			tel_buf_printf(b, "{\"sid\":\"%.*s\",\"kind\":\"SIP\"}",
				       TEL_STR_ARG(answer->participants[i].sid));
	}
	tel_buf_puts(b, "]}");
}

static void write_answer(struct tel_buf *b, const struct tel_lk_answer *answer)
{
	if (answer->verdict != TEL_LK_DONE)
		tel_buf_printf(b, "{\"code\":\"%.*s\",\"msg\":\"%.*s\"}", TEL_STR_ARG(answer->code),
			       TEL_STR_ARG(answer->message));
	else if (answer->method == TEL_LK_CREATE_DISPATCH)
		write_dispatch(b, answer->dispatches);
	else if (answer->method == TEL_LK_DELETE_ROOM)
		tel_buf_puts(b, "{}");
	else
		write_list(b, answer);
	if (tel_buf_err(b))
		abort();
}

/* ---- the port ---------------------------------------------------------------- */

static void decode_and_deliver(struct under_way *u, int status, struct tel_str text)
{
	struct tel_lk_answer answer;
	struct tel_arena mem;

	tel_arena_init(&mem, TEL_MAX_LIVEKIT_ANSWER);
	if (tel_twirp_decode(u->method, status, text, &mem, &answer))
		answer = (struct tel_lk_answer){
			.method = u->method, .verdict = TEL_LK_UNKNOWN, .code = TEL_STR("no_memory"),
		};
	u->done(u->ctx, &answer);
	tel_arena_release(&mem);
}

/* Called by the fake's poll(), within which nothing fails. */
static void done(void *ctx, const struct tel_lk_answer *answer)
{
	struct under_way *u = ctx;
	struct tel_buf text;

	tel_buf_init(&text, TEL_MAX_LIVEKIT_ANSWER);
	if (answer->http_status)
		write_answer(&text, answer);
	tel_fail_resume();
	if (answer->http_status)
		decode_and_deliver(u, answer->http_status, tel_buf_str(&text));
	else
		u->done(u->ctx, answer);
	tel_fail_pause();
	tel_buf_release(&text);
	free(u);
}

static enum tel_err codec_send(struct tel_livekit *port, const struct tel_lk_request *request,
			       tel_lk_done_fn then, void *ctx)
{
	struct tel_codec_livekit *codec = (struct tel_codec_livekit *)port;
	struct under_way *u = calloc(1, sizeof(*u));
	enum tel_err err = TEL_ENOMEM;
	struct tel_buf body;

	tel_buf_init(&body, TEL_MAX_LIVEKIT_REQUEST);
	if (u)
		err = tel_twirp_encode(request, &body);
	if (!err) {
		*u = (struct under_way){ request->method, then, ctx };
		tel_fail_pause();
		err = codec->fake->ops->send(codec->fake, request, done, u);
		tel_fail_resume();
	}
	if (err)
		free(u);
	tel_buf_release(&body);
	return err;
}

static enum tel_err codec_poll(struct tel_livekit *port, tel_time wait)
{
	struct tel_codec_livekit *codec = (struct tel_codec_livekit *)port;
	enum tel_err err;

	tel_fail_pause();
	err = codec->fake->ops->poll(codec->fake, wait);
	tel_fail_resume();
	return err;
}

static void codec_wake(struct tel_livekit *port)
{
	(void)port;
}

static const struct tel_livekit_ops ops = {
	.name = "fake behind the codec", .send = codec_send, .poll = codec_poll, .wake = codec_wake,
};

void tel_codec_livekit_init(struct tel_codec_livekit *codec, struct tel_fake_livekit *fake)
{
	*codec = (struct tel_codec_livekit){ { &ops }, tel_fake_livekit_port(fake) };
}
