/*
 * What people ask for: placing an outbound call, hanging up, transferring,
 * the kill switch. Each is a tel_decide_fn (domain/step.h) with its context.
 */
#ifndef TEL_DOMAIN_PLACE_H
#define TEL_DOMAIN_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/decide.h"
#include "domain/guard.h"

/*
 * Limits of what may be asked for, in ms, and what is taken without. LiveKit
 * holds a dial for 80 s at most, and its leave to ring ends with that.
 */
#define TEL_RINGING_TIMEOUT_LEAST	(5 * TEL_SECOND)
#define TEL_RINGING_TIMEOUT_MOST	(75 * TEL_SECOND)
#define TEL_RINGING_TIMEOUT_DEFAULT	(45 * TEL_SECOND)
#define TEL_MAX_DURATION_LEAST		(10 * TEL_SECOND)
#define TEL_MAX_DURATION_MOST		TEL_DAY
#define TEL_MAX_DURATION_DEFAULT	(3600 * TEL_SECOND)

/* An order for a call, validated. Borrowed texts. */
struct tel_order {
	struct tel_str to, from;	/* strict E.164 */
	struct tel_str room_name;	/* absent: "call-<callId>" */
	struct tel_str trunk_id;
	struct tel_str agent_name;
	struct tel_str agent_config;	/* merged already: a JSON object */
	struct tel_str route;		/* which rule gave it */
	struct tel_watch_policy watch;
	struct tel_str dtmf;		/* absent = none */
	struct tel_str metadata;	/* a JSON object; absent = none */
	tel_time ringing_timeout, max_duration;
};

enum tel_place_result {
	TEL_PLACE_PLACED,
	TEL_PLACE_REPLAYED,		/* the key was seen with this very body */
	TEL_PLACE_OTHER_BODY,		/* the key was seen with another body */
	TEL_PLACE_FORGOTTEN,		/* the key was seen; its call is kept no more */
	TEL_PLACE_ROOM_TAKEN,		/* a living call is in that room, or one that is over
					   and has still to tidy it up */
	TEL_PLACE_REFUSED,		/* by a guard: see the report */
	TEL_PLACE_DRY			/* a dry run: see the report; nothing is done */
};

struct tel_place {
	/* in */
	struct tel_decide_env env;
	const struct tel_order *order;
	const struct tel_guard_policy *guards;
	struct tel_call_id new_call_id;
	struct tel_str by;		/* who asks, for the timeline */
	bool has_key;			/* an Idempotency-Key came with it */
	uint8_t body_sha256[32];	/* with has_key */
	bool dry_run;
	bool lease;			/* this process will make the room: lease that
					   job in the same commit */
	/* out */
	enum tel_place_result result;
	struct tel_guard_report report;	/* not for REPLAYED, OTHER_BODY, FORGOTTEN */
	struct tel_call_id call_id;	/* PLACED, REPLAYED; ROOM_TAKEN: whose it is */
	bool leased;			/* CREATE_ROOM is ours now */
	struct tel_call *call;		/* PLACED, REPLAYED: a copy, for the caller to
					   free; zero it before the step */
};

/* A request key is remembered so long. */
#define TEL_REQUEST_KEY_KEPT TEL_DAY

enum tel_err tel_decide_place(struct tel_step *step, void *place);

/* ---- hanging up --------------------------------------------------------- */

struct tel_hang_up {
	/* in */
	struct tel_decide_env env;
	struct tel_str by;		/* who asked, for the timeline */
	/* out */
	bool was_over;			/* nothing was to be done */
	struct tel_call *call;		/* a copy as it is then, to free */
};

/* TEL_ENOTFOUND: the step has no call. */
enum tel_err tel_decide_hang_up(struct tel_step *step, void *hang_up);

/* ---- transferring --------------------------------------------------------- */

enum tel_ask_transfer_result {
	TEL_ASK_ACCEPTED,
	TEL_ASK_OVER,			/* the call is over */
	TEL_ASK_NO_PHONE,		/* no phone is in the room, or not answered yet */
	TEL_ASK_PENDING,		/* another transfer is under way */
	TEL_ASK_FORBIDDEN		/* a guard forbids that number: see `guard`; no call */
};

struct tel_ask_transfer {
	/* in */
	struct tel_decide_env env;
	struct tel_str to;		/* "tel:+1…" or "sip:…", validated */
	bool play_dialtone;
	bool rings_number;		/* `to` is one: outbound calls must not be stopped */
	struct tel_str by;
	/* out */
	enum tel_ask_transfer_result result;
	struct tel_guard_verdict guard;	/* FORBIDDEN */
	struct tel_call *call;		/* a copy as it is then, to free */
};

/* With about->outbound_switch. TEL_ENOTFOUND: the step has no call. */
enum tel_err tel_decide_ask_transfer(struct tel_step *step, void *ask_transfer);

/* ---- the kill switch -------------------------------------------------------- */

struct tel_throw_switch {
	/* in */
	tel_time now;
	bool stop;
	/* out */
	bool changed;
	tel_time stopped_at;		/* afterwards; 0 = calls may go out */
};

/* With about->outbound_switch. */
enum tel_err tel_decide_throw_switch(struct tel_step *step, void *throw_switch);

#endif
