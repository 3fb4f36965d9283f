/*
 * Inside src/app only: one room looked at within a round of the reconciler.
 * Ask who is in it, compare, confirm that it is the room that was listed,
 * repair. As with jobs, answers are only remembered where they arrive.
 */
#ifndef TEL_APP_ROOM_LOOK_H
#define TEL_APP_ROOM_LOOK_H

#include <stdbool.h>

#include "app/reconcile.h"
#include "base/arena.h"
#include "domain/repair.h"

enum tel_look_phase {
	TEL_LOOK_FREE,
	TEL_LOOK_ASK,		/* who is in the room */
	TEL_LOOK_WAIT,		/* a request is under way */
	TEL_LOOK_PLAN,		/* compare with the call */
	TEL_LOOK_CONFIRM,	/* is it that room still? */
	TEL_LOOK_APPLY,
	TEL_LOOK_DONE
};

/* What is to be looked at. Texts are the round's. */
struct tel_look_at {
	struct tel_str name, sid;	/* sid absent: not listed */
	tel_time created_at;
	uint32_t n_people;
	struct tel_call_id call_id;	/* "": an unknown room */
};

struct tel_room_look {
	struct tel_app *app;
	bool dry_run;
	tel_repair_report_fn report;
	void *report_ctx;

	enum tel_look_phase phase;
	const struct tel_look_at *at;
	struct tel_arena mem;
	struct tel_room_shown room;
	struct tel_participant *people;	/* room.participants */
	struct tel_call *call;		/* as it is now; NULL: none */
	struct tel_call *before;	/* of an unknown room: the newest call of its name */
	struct tel_repair *repairs;
	size_t n_repairs;
	bool is_left_over;		/* by `before` */

	/* what came out */
	size_t requests, repaired;
	bool failed;			/* LiveKit did not answer: `code` */
	bool quiet;			/* nobody of ours is in it */
	char code[64];
};

/* `looked_at`: when the round's ListRooms was sent. The slot must be free. */
void tel_room_look_begin(struct tel_room_look *look, const struct tel_look_at *at,
			 tel_time looked_at);

/* Take the next phase. An error is our own trouble: to be tried again. */
TEL_MUST_CHECK enum tel_err tel_room_look_turn(struct tel_room_look *look);

/* Free what it holds; results are gone. */
void tel_room_look_end(struct tel_room_look *look);

#endif
