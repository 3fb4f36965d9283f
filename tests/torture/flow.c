#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness.h"
#include "livekit/event_decoder.h"
#include "livekit/verifier.h"
#include "lmdb-store/check.h"
#include "lmdb-store/lmdb_store.h"
#include "memory-store/memory_store.h"
#include "routing/routes_file.h"
#include "torture/failing_malloc.h"
#include "torture/flow.h"
#include "base/banned.h"

#define KEY TEL_STR("devkey")
#define NOW (1795398040 * TEL_SECOND)

/* LiveKit itself gives up after six tries; here trouble ends before. */
#define DELIVERIES 10

/* As many as tests make. */
#define FAULTS_IN_A_ROW 3

/* ---- deliveries ------------------------------------------------------------- */

#define HEAD "{\"event\":\"%s\",\"id\":\"EV_%s\",\"createdAt\":\"1795398041\"," \
	"\"room\":{\"sid\":\"RM_1\",\"name\":\"call\",\"creationTimeMs\":\"1795398041000\"}"
#define PHONE ",\"participant\":{\"sid\":\"PA_1\",\"identity\":\"sip_+15550100\",\"kind\":\"SIP\"," \
	"\"disconnectReason\":\"CLIENT_INITIATED\",\"attributes\":{\"sip.callID\":\"SCL_1\"," \
	"\"sip.callStatus\":\"active\",\"sip.ruleID\":\"SDR_1\",\"sip.phoneNumber\":\"+15550100\"," \
	"\"sip.trunkPhoneNumber\":\"+15550123\",\"sip.trunkID\":\"ST_1\"}}"
#define AGENT ",\"participant\":{\"sid\":\"PA_2\",\"identity\":\"agent-AJ_1\",\"kind\":\"AGENT\"," \
	"\"attributes\":{\"lk.agent.name\":\"agent\"}}"

static const struct {
	const char *event, *rest;	/* NULL: jobs, no webhook */
} stages[TEL_FLOW_STAGES] = {
	[TEL_FLOW_JOINED] = { "participant_joined", PHONE },
	[TEL_FLOW_AGENT] = { "participant_joined", AGENT },
	[TEL_FLOW_LEFT] = { "participant_left", PHONE },
	[TEL_FLOW_FINISHED] = { "room_finished", "" },
};

static void write_body(enum tel_flow_stage stage, char body[TEL_FLOW_BODY])
{
	char id[16];

	snprintf(id, sizeof(id), "%d", (int)stage);
	snprintf(body, TEL_FLOW_BODY, HEAD "%s}", stages[stage].event, id, stages[stage].rest);
}

enum tel_err tel_flow_deliver(struct tel_flow *flow, struct tel_rig *rig, const char *body)
{
	struct tel_buf token;

	tel_fail_pause();
	tel_buf_init(&token, TEL_MAX_AUTHORIZATION);
	if (tel_jwt_make_webhook(flow->ring, KEY, tel_str_from(body), flow->clock.now, TEL_MINUTE, &token))
		abort();
	tel_fail_resume();
	tel_receive_webhook(&rig->app, rig->inbox, tel_buf_str(&token), tel_str_from(body), &flow->last);
	tel_fail_pause();
	tel_buf_release(&token);
	tel_fail_resume();
	return flow->last.err;
}

void tel_flow_tell(struct tel_flow *flow, const char *body)
{
	int i;

	for (i = 0; i < DELIVERIES; i++) {
		tel_flow_deliver(flow, &flow->rigs[i % 2], body);
		if (flow->last.status != TEL_RECEIVED_UNAVAILABLE)
			break;
		flow->unavailable++;
		tel_flow_pass(flow, TEL_SECOND);
	}
	CHECK_INT(flow->last.status, TEL_RECEIVED);
}

/* ---- going on ------------------------------------------------------------------- */

static void turn(struct tel_rig *rig)
{
	int i;

	for (i = 0; i < 6; i++)
		(void)tel_runner_turn(rig->runner, 0);
}

void tel_flow_turn(struct tel_flow *flow, tel_time ms)
{
	tel_time until = flow->clock.now + ms;

	turn(&flow->rigs[0]);
	while (flow->clock.now < until) {
		flow->clock.now += TEL_SECOND / 2;
		turn(&flow->rigs[0]);
	}
}

void tel_flow_pass(struct tel_flow *flow, tel_time ms)
{
	tel_time until = flow->clock.now + ms;

	while (flow->clock.now < until) {
		flow->clock.now += TEL_SECOND;
		turn(&flow->rigs[0]);
		turn(&flow->rigs[1]);
	}
}

/* LiveKit's own state changes a moment before it tells. */
static void world_goes_on(struct tel_flow *flow, enum tel_flow_stage stage)
{
	if (stage == TEL_FLOW_LEFT)
		tel_fake_livekit_hang_up(flow->livekit, "call", "PA_1");
	else if (stage == TEL_FLOW_FINISHED)
		tel_fake_livekit_close(flow->livekit, "call");
}

enum tel_err tel_flow_once(struct tel_flow *flow, enum tel_flow_stage stage)
{
	char body[TEL_FLOW_BODY];

	if (stages[stage].event) {
		write_body(stage, body);
		return tel_flow_deliver(flow, &flow->rigs[0], body);
	}
	if (stage == TEL_FLOW_DELETE)
		flow->clock.now += flow->rigs[0].app.policy.room_delete_after + TEL_SECOND;
	turn(&flow->rigs[0]);
	return TEL_OK;
}

void tel_flow_do(struct tel_flow *flow, enum tel_flow_stage stage)
{
	char body[TEL_FLOW_BODY];

	world_goes_on(flow, stage);
	if (!stages[stage].event) {
		/* Until a lease of a process that lives has run out, too. */
		turn(&flow->rigs[0]);
		tel_flow_pass(flow, TEL_LEASE_TIME + 20 * TEL_SECOND);
		return;
	}
	write_body(stage, body);
	tel_flow_tell(flow, body);
}

/* ---- judging ---------------------------------------------------------------------- */

static void check_call(struct tel_flow *flow)
{
	struct tel_call_filter filter = { 0 };
	struct tel_call_page page = { 0 };

	CHECK_INT(flow->store->ops->list(flow->store, &filter, &page), TEL_OK);
	CHECK_INT(page.n, 1);
	if (page.n == 1) {
		CHECK_STR(tel_str_from(tel_call_status_text(page.calls[0]->status)), "ended");
		CHECK_STR(tel_str_from(tel_outcome_text(page.calls[0]->outcome)), "completed");
		CHECK_STR(tel_e164_str(&page.calls[0]->from), "+15550100");
		CHECK_STR(page.calls[0]->agent.name, "agent");
		CU_ASSERT_TRUE(page.calls[0]->agent.config.len > 100);
	}
	tel_call_page_release(&page);
}

void tel_flow_check_rest(struct tel_flow *flow)
{
	struct tel_lmdb_check_report report = { 0 };
	struct tel_store_stats stats;

	CHECK_INT(tel_fake_livekit_dispatches(flow->livekit, NULL), flow->dispatches);
	CHECK_INT(tel_fake_livekit_most_living(flow->livekit), 1);
	CU_ASSERT_TRUE(tel_fake_livekit_sent(flow->livekit, TEL_LK_DELETE_ROOM) >= 1);
	CHECK_INT(flow->store->ops->stats(flow->store, &stats), TEL_OK);
	CHECK_INT(stats.live_calls, 0);
	CHECK_INT(stats.pending_calls, 0);
	CHECK_INT(stats.leased_calls, 0);
	CU_ASSERT_TRUE(tel_runner_is_idle(flow->rigs[0].runner));
	CU_ASSERT_TRUE(tel_runner_is_idle(flow->rigs[1].runner));
	if (!flow->dir[0])
		return;
	CHECK_INT(tel_lmdb_check(flow->store, &report, NULL), TEL_OK);
	CHECK_INT(report.problems, 0);
}

void tel_flow_settle(struct tel_flow *flow)
{
	tel_flow_pass(flow, FAULTS_IN_A_ROW * TEL_LEASE_TIME);
}

void tel_flow_check(struct tel_flow *flow)
{
	tel_flow_settle(flow);
	check_call(flow);
	tel_flow_check_rest(flow);
}

/* ---- life ---------------------------------------------------------------------------- */

static void open_store(struct tel_flow *flow, bool lmdb)
{
	struct tel_lmdb_options options = { .path = flow->dir, .map_size = 64 << 20 };

	if (!lmdb) {
		if (tel_memory_store_open(NULL, &flow->store))
			abort();
		return;
	}
	tel_temp_make(flow->dir);
	if (tel_lmdb_store_open(&options, &flow->store, NULL))
		abort();
}

static void open_adapters(struct tel_flow *flow)
{
	struct tel_routes_file_options routes = {
		.agent_name = "agent", .clock = &flow->clock.base, .log = &flow->log.base,
	};
	struct tel_problems problems = { 0 };
	struct tel_keys keys = { 0 };

	if (tel_keys_add(&keys, KEY, TEL_STR("devsecretdevsecretdevsecretdevsecret")) ||
	    tel_livekit_verifier_new(&keys, &flow->verifier) || tel_jwt_ring_new(&keys, &flow->ring) ||
	    tel_livekit_decoder_new(&flow->decoder) ||
	    tel_routes_file_open(&routes, &flow->routing, &problems))
		abort();
	tel_keys_release(&keys);
}

void tel_flow_open(struct tel_flow *flow, bool lmdb)
{
	static const char *const names[] = { "a", "b" };
	int i;

	*flow = (struct tel_flow){ .dispatches = 1 };
	open_store(flow, lmdb);
	tel_failing_store_init(&flow->failing, flow->store);
	tel_fake_clock_init(&flow->clock, NOW);
	tel_json_log_init(&flow->log, -1, TEL_LOG_DEBUG, false, &flow->clock.base);
	open_adapters(flow);
	flow->livekit = tel_fake_livekit_new();
	tel_codec_livekit_init(&flow->codec, flow->livekit);
	for (i = 0; i < 2; i++) {
		tel_rig_init(&flow->rigs[i], names[i], &flow->failing.base, flow->livekit, &flow->clock);
		flow->rigs[i].app.livekit = &flow->codec.base;
		flow->rigs[i].app.log = &flow->log.base;
		flow->rigs[i].app.verifier = flow->verifier;
		flow->rigs[i].app.decoder = flow->decoder;
		flow->rigs[i].app.routing = flow->routing;
	}
	tel_fake_livekit_clock(flow->livekit, &flow->clock);
}

void tel_flow_begin(struct tel_flow *flow, bool lmdb)
{
	struct tel_participant caller = {
		.sid = TEL_STR("PA_1"), .identity = TEL_STR("sip_+15550100"),
		.sip_call_id = TEL_STR("SCL_1"), .rule_id = TEL_STR("SDR_1"),
		.number = TEL_STR("+15550100"), .trunk_number = TEL_STR("+15550123"),
		.trunk_id = TEL_STR("ST_1"), .sip_status = TEL_SIP_ACTIVE,
	};

	tel_flow_open(flow, lmdb);
	tel_fake_livekit_open(flow->livekit, "call", "RM_1");
	tel_fake_livekit_caller(flow->livekit, "call", &caller);
}

void tel_flow_end(struct tel_flow *flow)
{
	tel_rig_release(&flow->rigs[0]);
	tel_rig_release(&flow->rigs[1]);
	tel_fake_livekit_free(flow->livekit);
	tel_routes_file_close(flow->routing);
	tel_livekit_decoder_free(flow->decoder);
	tel_livekit_verifier_free(flow->verifier);
	tel_jwt_ring_free(flow->ring);
	flow->store->ops->close(flow->store);
	if (flow->dir[0])
		tel_temp_remove(flow->dir);
}
