/*
 * Every allocation of a call's way through the program fails: its webhooks,
 * its jobs and what people ask for, on both stores. What could not be done is
 * answered 503 or tried again; the call gets exactly one agent, rings no more
 * than once, and ends.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "compose/compose.h"
#include "harness.h"
#include "torture/failing_malloc.h"
#include "torture/flow.h"
#include "torture/outbound_flow.h"
#include "torture/torture.h"
#include "base/banned.h"

struct scene {
	struct tel_flow flow;
	enum tel_flow_stage stage;	/* the one that is tortured */
	bool lmdb;
};

static void begin(void *ctx)
{
	struct scene *s = ctx;
	int stage;

	tel_flow_begin(&s->flow, s->lmdb);
	for (stage = 0; stage < (int)s->stage; stage++)
		tel_flow_do(&s->flow, (enum tel_flow_stage)stage);
}

static enum tel_err run(void *ctx)
{
	struct scene *s = ctx;

	return tel_flow_once(&s->flow, s->stage);
}

/* From there on without failures. */
static void look(void *ctx, enum tel_err err)
{
	struct scene *s = ctx;
	int stage;

	CHECK_INT(s->flow.last.status, err ? TEL_RECEIVED_UNAVAILABLE : TEL_RECEIVED);
	for (stage = s->stage; stage < TEL_FLOW_STAGES; stage++)
		tel_flow_do(&s->flow, (enum tel_flow_stage)stage);
	tel_flow_check(&s->flow);
	tel_flow_end(&s->flow);
}

/* ---- what heals itself ------------------------------------------------------------ */

static void do_rest(struct scene *s, int stage)
{
	for (; stage < TEL_FLOW_STAGES; stage++)
		tel_flow_do(&s->flow, (enum tel_flow_stage)stage);
	tel_flow_check(&s->flow);
	tel_flow_end(&s->flow);
}

/* Dispatched, and no worker took it. */
static void begin_lost(void *ctx)
{
	struct scene *s = ctx;

	tel_flow_begin(&s->flow, s->lmdb);
	s->flow.dispatches = 2;
	tel_fake_livekit_workers(s->flow.livekit, false);
	tel_flow_do(&s->flow, TEL_FLOW_JOINED);
	tel_flow_turn(&s->flow, 0);
	tel_fake_livekit_workers(s->flow.livekit, true);
}

static enum tel_err run_lost(void *ctx)
{
	tel_flow_turn(&((struct scene *)ctx)->flow, 4 * TEL_SECOND);
	return TEL_OK;
}

static void look_at_lost(void *ctx, enum tel_err err)
{
	struct scene *s = ctx;

	(void)err;
	tel_flow_pass(&s->flow, 10 * TEL_SECOND);
	CHECK_INT(tel_fake_livekit_agents_in(s->flow.livekit, "call"), 1);
	do_rest(s, TEL_FLOW_AGENT);
}

/* A caller of whom no webhook tells. */
static void begin_unheard(void *ctx)
{
	struct scene *s = ctx;

	tel_flow_begin(&s->flow, s->lmdb);
	s->flow.rigs[0].app.reconcile_interval = 15 * TEL_SECOND;
	s->flow.rigs[1].app.reconcile_interval = 15 * TEL_SECOND;
}

static enum tel_err run_round(void *ctx)
{
	tel_flow_turn(&((struct scene *)ctx)->flow, 0);
	return TEL_OK;
}

static void look_at_unheard(void *ctx, enum tel_err err)
{
	struct scene *s = ctx;

	(void)err;
	tel_flow_pass(&s->flow, 20 * TEL_SECOND);
	CHECK_INT(tel_fake_livekit_agents_in(s->flow.livekit, "call"), 1);
	do_rest(s, TEL_FLOW_AGENT);
}

static void torture_healing(bool lmdb)
{
	struct scene s = { .lmdb = lmdb };

	tel_torture(&(struct tel_torture){
		.name = "a lost dispatch", .begin = begin_lost, .run = run_lost,
		.look = look_at_lost, .ctx = &s, .may_shrug = true });
	tel_torture(&(struct tel_torture){
		.name = "a round of the reconciler", .begin = begin_unheard, .run = run_round,
		.look = look_at_unheard, .ctx = &s, .may_shrug = true });
}

static void torture_stages(bool lmdb)
{
	static const char *const names[] = {
		"the caller's webhook", "the dispatch", "the agent's webhook", "the webhook of the end",
		"deleting the room", "the room's webhook",
	};
	struct scene s = { .lmdb = lmdb };
	int stage;

	for (stage = 0; stage < TEL_FLOW_STAGES; stage++) {
		s.stage = (enum tel_flow_stage)stage;
		tel_torture(&(struct tel_torture){
			.name = names[stage], .begin = begin, .run = run, .look = look, .ctx = &s,
			.may_shrug = true });
	}
}

/* ---- an outbound call ------------------------------------------------------------- */

struct outbound_scene {
	struct tel_outbound outbound;
	enum tel_outbound_stage stage;	/* the one that is tortured */
	bool lmdb;
};

static void begin_outbound(void *ctx)
{
	struct outbound_scene *s = ctx;
	int stage;

	tel_outbound_begin(&s->outbound, s->lmdb);
	for (stage = 0; stage < (int)s->stage; stage++) {
		tel_outbound_world(&s->outbound, (enum tel_outbound_stage)stage);
		CHECK_INT(tel_outbound_once(&s->outbound, (enum tel_outbound_stage)stage), TEL_OK);
	}
	tel_outbound_world(&s->outbound, s->stage);
}

static enum tel_err run_outbound(void *ctx)
{
	struct outbound_scene *s = ctx;

	return tel_outbound_once(&s->outbound, s->stage);
}

static void look_at_outbound(void *ctx, enum tel_err err)
{
	struct outbound_scene *s = ctx;
	int stage;

	tel_outbound_check_once(&s->outbound, s->stage, err);
	tel_outbound_finish(&s->outbound, s->stage);
	for (stage = s->stage + 1; stage < TEL_OUTBOUND_STAGES; stage++) {
		tel_outbound_world(&s->outbound, (enum tel_outbound_stage)stage);
		tel_outbound_finish(&s->outbound, (enum tel_outbound_stage)stage);
	}
	tel_outbound_check(&s->outbound);
	tel_outbound_end(&s->outbound);
}

static void torture_outbound(bool lmdb)
{
	static const char *const names[] = {
		"placing a call", "its room", "its dial", "looking at the phone",
		"the phone's webhook", "the dial's answer", "hanging up",
		"deleting its room", "the webhook of the phone's end", "its room's webhook",
	};
	struct outbound_scene s = { .lmdb = lmdb };
	int stage;

	for (stage = 0; stage < TEL_OUTBOUND_STAGES; stage++) {
		s.stage = (enum tel_outbound_stage)stage;
		tel_torture(&(struct tel_torture){
			.name = names[stage], .begin = begin_outbound, .run = run_outbound,
			.look = look_at_outbound, .ctx = &s, .may_shrug = true });
	}
}

static void on_memory(void)
{
	torture_stages(false);
	torture_healing(false);
	torture_outbound(false);
}

/* A child for each, with a store of its own: minutes. */
static void on_lmdb(void)
{
	if (tel_fail_whole_process && !getenv("TORTURE"))
		return;
	torture_stages(true);
	torture_healing(true);
	torture_outbound(true);
}

/* ---- the program, started and stopped ------------------------------------- */

static void load_config(struct tel_config **config, char dir[TEL_TEMP_PATH])
{
	struct tel_problems problems = { 0 };
	char store[TEL_TEMP_PATH + 32];
	const char *environment[] = {
		"LIVEKIT_URL=ws://127.0.0.1:1", "LIVEKIT_API_KEY=devkey",
		"LIVEKIT_API_SECRET=devsecretdevsecretdevsecretdevsecret", store,
		"TELEPHONY_STORE_SIZE=64M", "TELEPHONY_LOG_LEVEL=error", NULL,
	};

	tel_temp_make(dir);
	snprintf(store, sizeof(store), "TELEPHONY_STORE=lmdb:%s", dir);
	CU_ASSERT_EQUAL_FATAL(tel_config_load(environment, TEL_CONFIG_TO_SERVE, config, &problems), TEL_OK);
	tel_problems_release(&problems);
}

static enum tel_err open_and_close(void *config)
{
	struct tel_compose *all = NULL;
	struct tel_buf why;
	enum tel_err err;

	tel_buf_init(&why, TEL_MAX_CONFIG_FILE);
	err = tel_compose_open(config, TEL_COMPOSE_WEBHOOKS | TEL_COMPOSE_JOBS, &all, &why);
	tel_compose_close(all);
	tel_buf_release(&why);
	return err;
}

static void the_program(void)
{
	struct tel_config *config;
	char dir[TEL_TEMP_PATH];

	load_config(&config, dir);
	tel_torture(&(struct tel_torture){
		.name = "the program opened and closed", .run = open_and_close, .ctx = config,
		.may_shrug = true });
	tel_config_free(config);
	tel_temp_remove(dir);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{ "started and stopped", the_program },
		{ "on memory", on_memory },
		{ "on LMDB", on_lmdb },
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{ .pName = "failed allocations: a whole call", .pTests = tests },
		CU_SUITE_INFO_NULL,
	};

	return tel_torture_suites(suites);
}
