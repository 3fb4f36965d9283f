/*
 * One outbound call from the order to its room's end, on what flow.h gives:
 * placed with an Idempotency-Key, dialled, looked at while it rings, answered,
 * hung up by whoever ordered it.
 */
#ifndef TEL_TESTS_OUTBOUND_FLOW_H
#define TEL_TESTS_OUTBOUND_FLOW_H

#include "app/place_call.h"
#include "app/steer_call.h"
#include "torture/flow.h"

enum tel_outbound_stage {
	TEL_OUTBOUND_PLACE,	/* asked for */
	TEL_OUTBOUND_ROOM,	/* jobs: the room, with the agent in it */
	TEL_OUTBOUND_DIAL,	/* jobs: it rings */
	TEL_OUTBOUND_LOOK,	/* jobs: is it answered? */
	TEL_OUTBOUND_JOINED,	/* webhook: the phone is in the room */
	TEL_OUTBOUND_ANSWER,	/* jobs: what LiveKit says to the dial */
	TEL_OUTBOUND_HANG_UP,	/* asked for */
	TEL_OUTBOUND_DELETE,	/* jobs: its room is deleted */
	TEL_OUTBOUND_LEFT,	/* webhook: the phone left */
	TEL_OUTBOUND_FINISHED,	/* webhook: the room was ended */
	TEL_OUTBOUND_STAGES
};

struct tel_outbound {
	struct tel_flow flow;
	struct tel_placed placed;	/* by the last order; its call is freed */
	char identity[TEL_PHONE_IDENTITY];
};

/* Aborts for want of memory. */
void tel_outbound_begin(struct tel_outbound *o, bool lmdb);
void tel_outbound_end(struct tel_outbound *o);

/* What happens outside before a stage. */
void tel_outbound_world(struct tel_outbound *o, enum tel_outbound_stage stage);
/* Once, in the first process. Jobs: TEL_OK, for a later turn tries again. */
enum tel_err tel_outbound_once(struct tel_outbound *o, enum tel_outbound_stage stage);
/* Was whoever asked told of `err`, which is once()'s, and is nothing half done? */
void tel_outbound_check_once(struct tel_outbound *o, enum tel_outbound_stage stage,
			     enum tel_err err);
/* As the client, LiveKit and the processes would go on until it is done. */
void tel_outbound_finish(struct tel_outbound *o, enum tel_outbound_stage stage);

/* When all stages are done: one call, rung once, with one agent, completed. */
void tel_outbound_check(struct tel_outbound *o);

#endif
