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
		       "{\"jobs\":[%s],\"deleted_at\":\"%d\"}}", TEL_STR_ARG(d->id),
		       TEL_STR_ARG(d->agent_name), TEL_STR_ARG(d->call_id),
		       TEL_STR_ARG(d->room_sid), d->has_job ? "{}" : "", d->deleted);
}

static void write_attribute(struct tel_buf *b, const char *name, struct tel_str value)
{
	if (tel_str_is_set(value))
		tel_buf_printf(b, "\"%s\":\"%.*s\",", name, TEL_STR_ARG(value));
}

static void write_person(struct tel_buf *b, const struct tel_participant *p)
{
	bool phone = p->kind == TEL_PARTICIPANT_SIP;

	tel_buf_printf(b, "{\"sid\":\"%.*s\",\"identity\":\"%.*s\",\"kind\":\"%s\","
		       "\"joined_at_ms\":\"%lld\",\"attributes\":{", TEL_STR_ARG(p->sid),
		       TEL_STR_ARG(p->identity), phone ? "SIP" : "AGENT", (long long)p->joined_at);
	write_attribute(b, "lk.agent.name", p->agent_name);
	write_attribute(b, "sip.callID", p->sip_call_id);
	write_attribute(b, "sip.phoneNumber", p->number);
	write_attribute(b, "sip.trunkPhoneNumber", p->trunk_number);
	write_attribute(b, "sip.trunkID", p->trunk_id);
	write_attribute(b, "sip.ruleID", p->rule_id);
	write_attribute(b, "telephony.callId", p->call_id);
	tel_buf_printf(b, "\"sip.callStatus\":\"%s\"}}",
		       p->sip_status ? tel_sip_status_text(p->sip_status) : "");
}

static void write_dialled(struct tel_buf *b, const struct tel_participant *p)
{
	tel_buf_printf(b, "{\"participant_id\":\"%.*s\",\"participant_identity\":\"%.*s\","
		       "\"sip_call_id\":\"%.*s\"}", TEL_STR_ARG(p->sid), TEL_STR_ARG(p->identity),
		       TEL_STR_ARG(p->sip_call_id));
}

static void write_room(struct tel_buf *b, const struct tel_lk_room *room)
{
	tel_buf_printf(b, "{\"sid\":\"%.*s\",\"name\":\"%.*s\",\"metadata\":\"{\\\"telephony\\\":"
		       "{\\\"callId\\\":\\\"%.*s\\\"}}\",\"creation_time_ms\":\"%lld\","
		       "\"num_participants\":%u,\"turn_password\":\"secret\"}",
		       TEL_STR_ARG(room->sid), TEL_STR_ARG(room->name), TEL_STR_ARG(room->call_id),
		       (long long)room->created_at, (unsigned)room->n_people);
}

static void write_list(struct tel_buf *b, const struct tel_lk_answer *a)
{
	size_t i, n = a->n_dispatches + a->n_participants + a->n_rooms;	/* one kind only */

	tel_buf_printf(b, "{\"%s\":[", a->method == TEL_LK_LIST_DISPATCH ? "agent_dispatches" :
				       a->method == TEL_LK_LIST_ROOMS ? "rooms" : "participants");
	for (i = 0; i < n; i++) {
		tel_buf_puts(b, i ? "," : "");
		if (a->n_dispatches)
			write_dispatch(b, &a->dispatches[i]);
		else if (a->n_rooms)
			write_room(b, &a->rooms[i]);
		else
			write_person(b, &a->participants[i]);
	}
	tel_buf_puts(b, "]}");
}

static void write_failure(struct tel_buf *b, const struct tel_lk_answer *a)
{
	tel_buf_printf(b, "{\"code\":\"%.*s\",\"msg\":\"%.*s\"", TEL_STR_ARG(a->code),
		       TEL_STR_ARG(a->message));
	if (a->sip_status_code)
		tel_buf_printf(b, ",\"meta\":{\"sip_status_code\":\"%d\",\"sip_status\":\"%.*s\"}",
			       a->sip_status_code, TEL_STR_ARG(a->sip_status));
	tel_buf_puts(b, "}");
}

static void write_success(struct tel_buf *b, const struct tel_lk_answer *a)
{
	switch (a->method) {
	case TEL_LK_CREATE_DISPATCH:
		write_dispatch(b, a->dispatches);
		break;
	case TEL_LK_CREATE_ROOM:
		write_room(b, a->rooms);
		break;
	case TEL_LK_GET_PARTICIPANT:
		write_person(b, a->participants);
		break;
	case TEL_LK_CREATE_SIP_PARTICIPANT:
		write_dialled(b, a->participants);
		break;
	case TEL_LK_LIST_DISPATCH:
	case TEL_LK_LIST_PARTICIPANTS:
	case TEL_LK_LIST_ROOMS:
		write_list(b, a);
		break;
	case TEL_LK_DELETE_ROOM:
	case TEL_LK_TRANSFER_SIP_PARTICIPANT:
	case TEL_LK_DELETE_DISPATCH:
	case TEL_LK_METHODS:
		tel_buf_puts(b, "{}");
		break;
	}
}

static void write_answer(struct tel_buf *b, const struct tel_lk_answer *answer)
{
	if (answer->verdict != TEL_LK_DONE)
		write_failure(b, answer);
	else
		write_success(b, answer);
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
