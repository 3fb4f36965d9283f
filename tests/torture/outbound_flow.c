#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness.h"
#include "torture/failing_malloc.h"
#include "torture/outbound_flow.h"
#include "base/banned.h"

#define ROOM "out"

/* Much less than a phone may ring, much more than a failed turn costs. */
#define JOBS_TAKE (15 * TEL_SECOND)

static const struct tel_str everywhere[] = { TEL_STR("+") };

/* ---- what is asked for ----------------------------------------------------------- */

static enum tel_err place(struct tel_outbound *o, struct tel_rig *rig)
{
	static const struct tel_place_request request = {
		.to = TEL_STR("+15550200"), .room_name = TEL_STR(ROOM), .dtmf = TEL_STR("1w2"),
		.agent_config = TEL_STR("{\"entry_node\":\"reminder\"}"),
		.metadata = TEL_STR("{\"order\":\"17\"}"), .ringing_timeout = TEL_MINUTE,
		.principal = TEL_STR("token:test"), .idempotency_key = TEL_STR("order-17"),
	};

	tel_place_call(&rig->app, rig->inbox, &request, &o->placed);
	tel_call_free(o->placed.place.call);
	o->placed.place.call = NULL;
	return o->placed.err;
}

static enum tel_err hang_up(struct tel_outbound *o, struct tel_rig *rig)
{
	struct tel_hang_up out;
	enum tel_err err = tel_hang_up_call(&rig->app, tel_call_id_str(&o->placed.place.call_id),
					    TEL_STR("token:test"), &out);

	tel_call_free(out.call);
	return err;
}

static size_t calls_stored(struct tel_outbound *o)
{
	struct tel_call_store *store = o->flow.store;
	struct tel_call_filter filter = { 0 };
	struct tel_call_page page = { 0 };
	size_t n;

	CHECK_INT(store->ops->list(store, &filter, &page), TEL_OK);
	n = page.n;
	tel_call_page_release(&page);
	return n;
}

/* Whoever was not told what became of the order repeats it, to the other process. */
static void place_again(struct tel_outbound *o)
{
	bool was_placed = o->placed.status == TEL_PLACED_BY_STEP;
	struct tel_call_id id = o->placed.place.call_id;

	CHECK_INT(place(o, &o->flow.rigs[1]), TEL_OK);
	CHECK_INT(o->placed.place.result, was_placed ? TEL_PLACE_REPLAYED : TEL_PLACE_PLACED);
	if (was_placed)
		CHECK_STR(tel_call_id_str(&o->placed.place.call_id), id.text);
	id = o->placed.place.call_id;
	CHECK_INT(place(o, &o->flow.rigs[0]), TEL_OK);
	CHECK_INT(o->placed.place.result, TEL_PLACE_REPLAYED);
	CHECK_STR(tel_call_id_str(&o->placed.place.call_id), id.text);
	CHECK_INT(calls_stored(o), 1);
	tel_call_phone_identity(&id, o->identity);
}

/* NULL: check() will say so. */
static const struct tel_fake_phone *dialled(const struct tel_outbound *o)
{
	return tel_fake_livekit_dialled(o->flow.livekit, o->identity);
}

/* ---- webhooks ---------------------------------------------------------------------- */

static bool is_webhook(enum tel_outbound_stage stage)
{
	return stage == TEL_OUTBOUND_JOINED || stage == TEL_OUTBOUND_LEFT ||
	       stage == TEL_OUTBOUND_FINISHED;
}

static void write_phone(const struct tel_fake_phone *p, struct tel_buf *b)
{
	tel_buf_printf(b, ",\"participant\":{\"sid\":\"%s\",\"identity\":\"%s\",\"kind\":\"SIP\",",
		       p->sid, p->identity);
	if (p->left_because)
		tel_buf_printf(b, "\"disconnectReason\":\"%s\",", p->left_because);
	tel_buf_printf(b, "\"attributes\":{\"sip.callID\":\"%s\",\"sip.callStatus\":\"%s\","
		       "\"sip.phoneNumber\":\"%s\",\"sip.trunkPhoneNumber\":\"%s\","
		       "\"sip.trunkID\":\"%s\",\"telephony.callId\":\"%s\"}}", p->sip_call_id,
		       tel_sip_status_text(p->status), p->number, p->trunk_number, p->trunk,
		       p->call_id);
}

static void write_body(const struct tel_outbound *o, enum tel_outbound_stage stage,
		       const struct tel_fake_phone *phone, struct tel_buf *b)
{
	const char *event = stage == TEL_OUTBOUND_JOINED ? "participant_joined" :
			    stage == TEL_OUTBOUND_LEFT ? "participant_left" : "room_finished";

	tel_buf_printf(b, "{\"event\":\"%s\",\"id\":\"EV_%d\",\"createdAt\":\"%lld\","
		       "\"room\":{\"sid\":\"%s\",\"name\":\"" ROOM "\"}", event, (int)stage,
		       (long long)(o->flow.clock.now / TEL_SECOND), phone->life);
	if (stage != TEL_OUTBOUND_FINISHED)
		write_phone(phone, b);
	tel_buf_puts(b, "}");
	if (tel_buf_err(b))
		abort();
}

/* To the first process, once; or until it is taken. */
static enum tel_err tell(struct tel_outbound *o, enum tel_outbound_stage stage, bool once)
{
	const struct tel_fake_phone *phone = dialled(o);
	enum tel_err err = TEL_OK;
	struct tel_buf body;

	if (!phone)
		return TEL_OK;
	tel_fail_pause();
	tel_buf_init(&body, TEL_FLOW_BODY);
	write_body(o, stage, phone, &body);
	tel_fail_resume();
	if (once)
		err = tel_flow_deliver(&o->flow, &o->flow.rigs[0], tel_buf_str(&body).ptr);
	else
		tel_flow_tell(&o->flow, tel_buf_str(&body).ptr);
	tel_fail_pause();
	tel_buf_release(&body);
	tel_fail_resume();
	return err;
}

/* ---- stages ------------------------------------------------------------------------ */

static void turns(struct tel_outbound *o, int n)
{
	while (n-- > 0)
		(void)tel_runner_turn(o->flow.rigs[0].runner, 0);
}

/* As many turns as take it there and no further: the next stage is the rest's. */
static void run_jobs(struct tel_outbound *o, enum tel_outbound_stage stage)
{
	if (stage == TEL_OUTBOUND_LOOK)
		o->flow.clock.now += TEL_WATCH_EVERY;
	else if (stage == TEL_OUTBOUND_DELETE)
		o->flow.clock.now += TEL_RUNNER_SCAN_EVERY;
	turns(o, stage == TEL_OUTBOUND_ROOM ? 2 : stage == TEL_OUTBOUND_DIAL ? 1 : 6);
}

void tel_outbound_world(struct tel_outbound *o, enum tel_outbound_stage stage)
{
	if (stage == TEL_OUTBOUND_ANSWER && dialled(o))
		tel_fake_livekit_callee_does(o->flow.livekit, o->identity, TEL_FAKE_ANSWERS);
}

enum tel_err tel_outbound_once(struct tel_outbound *o, enum tel_outbound_stage stage)
{
	enum tel_err err = TEL_OK;

	if (stage == TEL_OUTBOUND_PLACE) {
		err = place(o, &o->flow.rigs[0]);
		tel_call_phone_identity(&o->placed.place.call_id, o->identity);
	} else if (stage == TEL_OUTBOUND_HANG_UP) {
		err = hang_up(o, &o->flow.rigs[0]);
	} else if (is_webhook(stage)) {
		err = tell(o, stage, true);
	} else {
		run_jobs(o, stage);
	}
	return err;
}

void tel_outbound_check_once(struct tel_outbound *o, enum tel_outbound_stage stage,
			     enum tel_err err)
{
	if (stage == TEL_OUTBOUND_PLACE) {
		CHECK_INT(o->placed.status, err ? TEL_PLACED_UNAVAILABLE : TEL_PLACED_BY_STEP);
		CHECK_INT(calls_stored(o), !err);
	} else if (is_webhook(stage)) {
		CHECK_INT(o->flow.last.status, err ? TEL_RECEIVED_UNAVAILABLE : TEL_RECEIVED);
	}
	CU_ASSERT_TRUE(tel_fake_livekit_sent(o->flow.livekit, TEL_LK_CREATE_SIP_PARTICIPANT) <= 1);
}

void tel_outbound_finish(struct tel_outbound *o, enum tel_outbound_stage stage)
{
	if (stage == TEL_OUTBOUND_PLACE) {
		place_again(o);
	} else if (stage == TEL_OUTBOUND_HANG_UP) {
		CHECK_INT(hang_up(o, &o->flow.rigs[1]), TEL_OK);
	} else if (is_webhook(stage)) {
		tell(o, stage, false);
	} else {
		run_jobs(o, stage);
		tel_flow_pass(&o->flow, JOBS_TAKE);
	}
}

/* ---- judging ------------------------------------------------------------------------ */

/* Nothing here costs the call: not even what falls between the mark and the dial. */
static void check_call(struct tel_outbound *o)
{
	struct tel_call_store *store = o->flow.store;
	struct tel_call *call = NULL;

	CHECK_INT(store->ops->get(store, &o->placed.place.call_id, &call, NULL), TEL_OK);
	if (!call)
		return;
	CHECK_STR(tel_str_from(tel_call_status_text(call->status)), "ended");
	CHECK_INT(call->outcome, TEL_OUTCOME_COMPLETED);
	CHECK_INT(call->ended_by, TEL_BY_API);
	CHECK_STR(tel_e164_str(&call->to), "+15550200");
	CHECK_STR(call->agent.name, "agent");
	CU_ASSERT_TRUE(call->agent.config.len > 100);
	CHECK_STR(call->dial.metadata, "{\"order\":\"17\"}");
	tel_call_free(call);
}

void tel_outbound_check(struct tel_outbound *o)
{
	tel_flow_settle(&o->flow);
	CHECK_INT(calls_stored(o), 1);
	check_call(o);
	CHECK_INT(tel_fake_livekit_sent(o->flow.livekit, TEL_LK_CREATE_SIP_PARTICIPANT), 1);
	CHECK_INT(tel_fake_livekit_rung(o->flow.livekit, o->identity), 1);
	CHECK_INT(tel_fake_livekit_agents(o->flow.livekit, NULL), 1);
	CU_ASSERT_FALSE(tel_fake_livekit_is_open(o->flow.livekit, ROOM));
	tel_flow_check_rest(&o->flow);
}

/* ---- life ---------------------------------------------------------------------------- */

static void open_outbound(struct tel_app *app)
{
	app->guards = (struct tel_guard_policy){ .allow = everywhere, .n_allow = 1 };
	app->default_from = TEL_STR("+15550123");
	app->default_trunk = TEL_STR("ST_1");
	app->policy.dial_within = TEL_MINUTE;
}

void tel_outbound_begin(struct tel_outbound *o, bool lmdb)
{
	o->placed = (struct tel_placed){ 0 };
	tel_flow_open(&o->flow, lmdb);
	tel_fake_livekit_callee(o->flow.livekit, NULL, TEL_FAKE_RINGS);
	open_outbound(&o->flow.rigs[0].app);
	open_outbound(&o->flow.rigs[1].app);
}

void tel_outbound_end(struct tel_outbound *o)
{
	tel_flow_end(&o->flow);
}
