/*
 * A whole life on a memory store: every line is a genuine webhook's body; a
 * line "@n" lets n seconds pass. The service always answers for itself, what
 * has ended stays ended, and in the end nothing is left open.
 */
#include "config.h"

#include <stdlib.h>

#include "base/num.h"
#include "fakes/rig.h"
#include "fuzz/fuzz.h"
#include "livekit/event_decoder.h"
#include "memory-store/memory_store.h"
#include "view/call_view.h"
#include "base/banned.h"

#define START (1795398050 * TEL_SECOND)
#define MAX_LINES 30
#define LONGEST_PASS 20		/* seconds; a scan's time is a step */

struct world {
	struct tel_fake_clock clock;
	struct tel_fake_livekit *livekit;
	struct tel_call_store *store;
	struct tel_event_decoder *decoder;
	struct tel_rig rig;
	struct {
		struct tel_call_id id;
		enum tel_outcome outcome;
	} over[MAX_LINES];		/* calls that have ended */
	size_t n_over;
};

static void world_init(struct world *w)
{
	*w = (struct world){ 0 };
	tel_fake_clock_init(&w->clock, START);
	w->livekit = tel_fake_livekit_new();
	if (!w->livekit || tel_memory_store_open(NULL, &w->store) ||
	    tel_livekit_decoder_new(&w->decoder))
		abort();
	tel_rig_init(&w->rig, "one", w->store, w->livekit, &w->clock);
	w->rig.app.decoder = w->decoder;
	w->rig.routing.agent_name = "agent";
	w->rig.log.level = TEL_LOG_ERROR;
}

static void world_release(struct world *w)
{
	tel_rig_release(&w->rig);
	tel_livekit_decoder_free(w->decoder);
	w->store->ops->close(w->store);
	tel_fake_livekit_free(w->livekit);
}

/* How a call ended never changes. */
static void check_final(struct world *w, const struct tel_call *call)
{
	size_t i;

	for (i = 0; i < w->n_over; i++)
		if (tel_str_is(tel_call_id_str(&call->id), w->over[i].id.text)) {
			FUZZ_CHECK(call->outcome == w->over[i].outcome);
			return;
		}
	if (call->outcome == TEL_OUTCOME_NONE)
		return;
	FUZZ_CHECK(w->n_over < MAX_LINES);
	w->over[w->n_over].id = call->id;
	w->over[w->n_over++].outcome = call->outcome;
}

static void check_call(struct world *w, const struct tel_call *call)
{
	FUZZ_CHECK(tel_call_is_over(call) == (call->outcome != TEL_OUTCOME_NONE));
	FUZZ_CHECK(tel_call_is_over(call) == (call->ended_at != 0));
	check_final(w, call);
}

/* So late that nothing may be open any more. */
static void check_end(const struct tel_call *call)
{
	struct tel_buf text;

	FUZZ_CHECK(tel_call_is_over(call) && tel_call_wakes_at(call) == 0);
	tel_buf_init(&text, TEL_MAX_CALL_VIEW);
	FUZZ_CHECK(tel_view_call(call, NULL, &text) == TEL_OK && fuzz_is_json(tel_buf_str(&text)));
	tel_buf_release(&text);
}

static void check_calls(struct world *w, bool end)
{
	struct tel_call_filter filter = { .limit = TEL_MAX_PAGE };
	struct tel_call_page page = { 0 };
	size_t i;

	FUZZ_CHECK(w->store->ops->list(w->store, &filter, &page) == TEL_OK);
	for (i = 0; i < page.n; i++) {
		check_call(w, page.calls[i]);
		if (end)
			check_end(page.calls[i]);
	}
	tel_call_page_release(&page);
}

/* LiveKit has the rooms that it tells of, as long as it tells nothing else. */
static void world_follows(struct world *w, struct tel_str body)
{
	struct tel_event e = { 0 };
	char *room, *sid;

	if (tel_livekit_decode_event(body, &e) || !tel_event_may_matter(&e))
		goto out;
	room = fuzz_cstring(e.room_name);
	sid = fuzz_cstring(e.room_sid);
	if (e.kind == TEL_EVENT_ROOM_FINISHED)
		tel_fake_livekit_close(w->livekit, room);
	else if (!tel_fake_livekit_is_open(w->livekit, room))
		tel_fake_livekit_open(w->livekit, room, sid);
	free(room);
	free(sid);
out:
	tel_event_release(&e);
}

/* The second of two equal deliveries changes nothing. */
static void deliver(struct world *w, struct tel_str body)
{
	struct tel_received first, second;

	tel_receive_webhook(&w->rig.app, w->rig.inbox, TEL_STR("token"), body, &first);
	FUZZ_CHECK(first.status == TEL_RECEIVED || first.status == TEL_RECEIVED_MALFORMED);
	FUZZ_CHECK(first.status == TEL_RECEIVED || first.err == TEL_EMALFORMED);
	tel_receive_webhook(&w->rig.app, w->rig.inbox, TEL_STR("token"), body, &second);
	FUZZ_CHECK(second.status == first.status);
	FUZZ_CHECK(second.effect == TEL_EFFECT_DUPLICATE || second.effect == TEL_EFFECT_IGNORED);
	tel_rig_run(&w->rig);
	check_calls(w, false);
}

static void follow(struct world *w, struct tel_str line)
{
	struct tel_str number = { line.ptr + 1, line.len - 1 };
	struct tel_str body = fuzz_copy(line);
	int64_t seconds;

	if (line.ptr[0] == '@') {
		if (tel_num_parse(number, 1, LONGEST_PASS, &seconds) == TEL_OK)
			tel_rig_pass(&w->rig, seconds * TEL_SECOND);
	} else {
		world_follows(w, body);
		deliver(w, body);
	}
	fuzz_free(body);
}

FUZZ(deliveries)
{
	struct tel_str rest = fuzz_str(data, size), line;
	struct world w;
	int i;

	world_init(&w);
	for (i = 0; i < MAX_LINES && rest.len > 0; i++)
		if ((line = fuzz_line(&rest)).len > 0)
			follow(&w, line);
	/* Old age, retries, tidying up; a job may wait for requests to settle. */
	for (i = 0; i < 4; i++) {
		w.clock.now += TEL_DAY;
		tel_rig_pass(&w.rig, 3 * TEL_SECOND);
	}
	check_calls(&w, true);
	world_release(&w);
	return 0;
}
