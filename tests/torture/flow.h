/*
 * One phone call from its first webhook to its room's end, with everything
 * real but LiveKit, the clock and randomness: signed deliveries, verifier,
 * decoder, routes, domain, store, runner, Twirp codec. Two processes share
 * the store; LiveKit repeats what was answered with 503, to either of them.
 */
#ifndef TEL_TESTS_FLOW_H
#define TEL_TESTS_FLOW_H

#include "fakes/failing_store.h"
#include "fakes/rig.h"
#include "harness.h"
#include "livekit/jwt.h"
#include "system/log_json.h"
#include "torture/codec_livekit.h"

enum tel_flow_stage {
	TEL_FLOW_JOINED,	/* the webhook that makes the call */
	TEL_FLOW_DISPATCH,	/* jobs */
	TEL_FLOW_AGENT,		/* webhook: the agent came */
	TEL_FLOW_LEFT,		/* webhook: the caller left */
	TEL_FLOW_DELETE,	/* jobs: its room is deleted */
	TEL_FLOW_FINISHED,	/* webhook: the room was ended */
	TEL_FLOW_STAGES
};

struct tel_flow {
	struct tel_call_store *store;
	char dir[TEL_TEMP_PATH];	/* LMDB's; "" = memory */
	struct tel_failing_store failing; /* around the store */
	struct tel_fake_livekit *livekit;
	struct tel_codec_livekit codec;
	struct tel_fake_clock clock;
	struct tel_json_log log;
	struct tel_webhook_verifier *verifier;
	struct tel_event_decoder *decoder;
	struct tel_routing *routing;
	struct tel_jwt_ring *ring;
	struct tel_rig rigs[2];
	struct tel_received last;
	unsigned unavailable;		/* deliveries that were answered 503 */
	size_t dispatches;		/* that are to be made in all; 1 at first */
};

#define TEL_FLOW_BODY 1024

/* What every flow stands on, without the phone call. Abort for want of memory. */
void tel_flow_open(struct tel_flow *flow, bool lmdb);
void tel_flow_begin(struct tel_flow *flow, bool lmdb);
void tel_flow_end(struct tel_flow *flow);

/*
 * Once, in the first process. A webhook: its error; jobs: TEL_OK, for the
 * next turn tries again.
 */
enum tel_err tel_flow_once(struct tel_flow *flow, enum tel_flow_stage stage);
/* As LiveKit and the processes would go on until it is done. */
void tel_flow_do(struct tel_flow *flow, enum tel_flow_stage stage);
/* A webhook signed, to one process, once; and until one of the two takes it. */
enum tel_err tel_flow_deliver(struct tel_flow *flow, struct tel_rig *rig, const char *body);
void tel_flow_tell(struct tel_flow *flow, const char *body);
/* Turns of the first process while `ms` pass, of both. */
void tel_flow_turn(struct tel_flow *flow, tel_time ms);
void tel_flow_pass(struct tel_flow *flow, tel_time ms);

/*
 * When all stages are done: one call, ended and completed; as many dispatches
 * as there are to be, one of them living at a time; no job left; the indexes of
 * the store fit.
 */
void tel_flow_check(struct tel_flow *flow);
/* Until a lease has run out of which its taker does not know. */
void tel_flow_settle(struct tel_flow *flow);
/* All of check's but the call itself. */
void tel_flow_check_rest(struct tel_flow *flow);

#endif
