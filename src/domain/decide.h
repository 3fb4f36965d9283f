/*
 * The decisions: each is a tel_decide_fn (domain/step.h) with its context.
 * Together with the table in decide.c they are the state machine.
 */
#ifndef TEL_DOMAIN_DECIDE_H
#define TEL_DOMAIN_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"
#include "domain/call.h"
#include "domain/event.h"
#include "domain/job.h"
#include "domain/policy.h"
#include "domain/step.h"
#include "domain/watch.h"

/* What every decision knows from outside. Borrowed texts. */
struct tel_decide_env {
	tel_time now;
	uint64_t random;		/* for jitter */
	struct tel_str self;		/* this process as a lease owner */
	const struct tel_policy *policy;
};

/* ---- a webhook event ------------------------------------------------ */

enum tel_event_effect {
	TEL_EFFECT_IGNORED,		/* not about a call */
	TEL_EFFECT_DUPLICATE,		/* this event id was applied before */
	TEL_EFFECT_NOTED,		/* about a call, changed nothing of weight */
	TEL_EFFECT_CREATED,		/* a new call */
	TEL_EFFECT_MOVED,		/* the call goes on in a new room */
	TEL_EFFECT_CHANGED,
	TEL_EFFECT_ENDED		/* the call is over by it */
};

const char *tel_event_effect_text(enum tel_event_effect effect);

struct tel_on_event {
	/* in */
	struct tel_decide_env env;
	const struct tel_event *event;
	struct tel_call_id new_call_id;	/* for a call that is to be made */
	struct tel_str agent_name;	/* what routing says for this leg */
	struct tel_str agent_config;
	struct tel_str route;
	struct tel_watch_policy watch;
	bool lease_dispatch;		/* this process will run the dispatch: lease
					   it in the same commit */
	/* out */
	enum tel_event_effect effect;
	struct tel_call_id call_id;	/* "" if no call was touched */
	bool dispatch_leased;		/* the dispatch job is ours now */
};

enum tel_err tel_decide_event(struct tel_step *step, void *on_event);

/* What a step for this event has to load. Borrows from `event`. */
void tel_event_about(const struct tel_event *event, struct tel_step_about *about);

/* ---- taking a job --------------------------------------------------- */

enum tel_take_result {
	TEL_TAKE_NOTHING,		/* not due, leased to somebody, or gone */
	TEL_TAKE_RUN,			/* leased to us: run it */
	TEL_TAKE_DONE			/* it needed no request and is done */
};

struct tel_take_job {
	/* in */
	struct tel_decide_env env;
	struct tel_str dead_owner;	/* leases of this owner don't count;
					   absent = every lease counts */
	unsigned busy;			/* bits 1 << kind: what this process is at, whose
					   result would pass for the next attempt's */
	/* out */
	enum tel_take_result result;
	enum tel_job_kind kind;
	bool taken_over;		/* from a dead process: let it settle */
	bool ended;			/* DONE: the call is over by it */
	struct tel_call *call;		/* a copy as it is now, for the caller to
					   free; NULL unless RUN */
};

/* Takes the one job of the call that is due first. */
enum tel_err tel_decide_take(struct tel_step *step, void *take_job);

/* ---- what became of a job ------------------------------------------- */

enum tel_dispatch_result {
	TEL_DISPATCH_MADE,		/* by this attempt */
	TEL_DISPATCH_FOUND,		/* an earlier attempt had made it */
	TEL_DISPATCH_RETRY,		/* may have been made; look, then repeat */
	TEL_DISPATCH_RETRY_UNSENT,	/* was not made */
	TEL_DISPATCH_REFUSED,		/* LiveKit says no for good */
	TEL_DISPATCH_CANCELLED		/* the call was over before it was sent */
};

struct tel_dispatch_done {
	/* in */
	struct tel_decide_env env;
	enum tel_dispatch_result result;
	uint32_t attempt;		/* of the lease under which it was sent */
	struct tel_str room_sid;	/* the life of the room it was meant for */
	struct tel_str dispatch_id;	/* MADE, FOUND */
	struct tel_str code, message;	/* RETRY, REFUSED */
	tel_time retry_after;		/* asked for by LiveKit; 0 = no */
	/* out */
	enum tel_call_status status;	/* of the call, afterwards */
	bool over;			/* it was over already */
};

enum tel_err tel_decide_dispatch_done(struct tel_step *step, void *dispatch_done);

enum tel_delete_result {
	TEL_DELETE_DONE,		/* deleted */
	TEL_DELETE_GONE,		/* there was none any more */
	TEL_DELETE_KEPT,		/* a phone is in it: somebody else's call */
	TEL_DELETE_RETRY,
	TEL_DELETE_REFUSED
};

struct tel_delete_done {
	struct tel_decide_env env;
	enum tel_delete_result result;
	uint32_t attempt;		/* of the lease under which it was sent */
	struct tel_str code, message;
	tel_time retry_after;
};

enum tel_err tel_decide_delete_done(struct tel_step *step, void *delete_done);

/* ---- outbound: the room, the dial, and looking at the phone ---------- */

enum tel_room_result {
	TEL_ROOM_MADE,			/* by this or an earlier request of the call */
	TEL_ROOM_NOT_OURS,		/* somebody else's room has that name */
	TEL_ROOM_RETRY,			/* may have been made; a repeat does no harm */
	TEL_ROOM_RETRY_UNSENT,
	TEL_ROOM_REFUSED,
	TEL_ROOM_CANCELLED		/* nobody wants it any more: not sent */
};

struct tel_room_done {
	/* in */
	struct tel_decide_env env;
	enum tel_room_result result;
	uint32_t attempt;
	struct tel_str room_sid;	/* MADE */
	tel_time room_created_at;	/* MADE; 0 = not told */
	struct tel_str code, message;
	tel_time retry_after;
	/* out */
	bool dial_leased;		/* the dial is ours now: see `call` */
	struct tel_call *call;		/* with dial_leased: a copy, to free; zero it
					   before the step */
};

/* With about->outbound_switch, and room_name + room_sid of what was made. */
enum tel_err tel_decide_room_done(struct tel_step *step, void *room_done);

/* An outbound call that nobody is dialled for any more: TELEPHONY_DIAL_WITHIN. */
bool tel_call_is_too_late_to_dial(const struct tel_call *call, const struct tel_policy *policy,
				  tel_time now);

enum tel_dial_result {
	TEL_DIAL_OVER,			/* there is an answer, or there will be none:
					   see `reply` */
	TEL_DIAL_RETRY_UNSENT,		/* nobody was dialled; try again */
	TEL_DIAL_CANCELLED		/* nobody wants it any more: not sent */
};

struct tel_dial_done {
	/* in */
	struct tel_decide_env env;
	enum tel_dial_result result;
	enum tel_dial_reply reply;	/* OVER; not NO_REPLY */
	uint32_t attempt;
	int sip_status_code;		/* DECLINED */
	struct tel_str sip_status;
	struct tel_str code, message;
	tel_time retry_after;
	/* out */
	bool ended;			/* the call is over by it */
};

enum tel_err tel_decide_dial_done(struct tel_step *step, void *dial_done);

enum tel_look_result {
	TEL_LOOK_SEEN,			/* the phone is in the room: `participant` */
	TEL_LOOK_GONE,			/* it is not */
	TEL_LOOK_FAILED			/* LiveKit could not be asked */
};

struct tel_look_done {
	/* in */
	struct tel_decide_env env;
	enum tel_look_result result;
	uint32_t attempt;
	struct tel_str room_sid;	/* the life of the room that was meant */
	const struct tel_participant *participant; /* SEEN */
	tel_time retry_after;
	/* out */
	bool ended;
};

enum tel_err tel_decide_look_done(struct tel_step *step, void *look_done);

/* ---- watching for the agent (domain/watch.h) ---------------------------- */

enum tel_watched {
	TEL_WATCHED_LOOKED,		/* see `seen` */
	TEL_WATCHED_DROPPED,		/* all that `plan` said was deleted */
	TEL_WATCHED_FAILED		/* LiveKit could not be asked, or did not do it */
};

struct tel_watch_done {
	/* in */
	struct tel_decide_env env;
	enum tel_watched result;
	uint32_t attempt;
	struct tel_str room_sid;	/* the life of the room that it is about */
	struct tel_watch_seen seen;	/* LOOKED, DROPPED; borrowed texts */
	bool knew_agent;		/* one was there, by the record, before the look */
	struct tel_watch_plan plan;	/* DROPPED; out with LOOKED */
	bool drop_sent;			/* FAILED: one may have been deleted all the same */
	struct tel_str code, message;	/* FAILED */
	tel_time retry_after;
	/* out */
	bool joined;			/* an agent is there whose joining was unheard of */
};

enum tel_err tel_decide_watch_done(struct tel_step *step, void *watch_done);

/* ---- a call that nothing was heard of for long --------------------------- */

enum tel_overdue_result {
	TEL_OVERDUE_THERE,		/* its phone is in the room still */
	TEL_OVERDUE_NOT_THERE,
	TEL_OVERDUE_NOT_KNOWN		/* LiveKit could not be asked */
};

struct tel_overdue_done {
	/* in */
	struct tel_decide_env env;
	enum tel_overdue_result result;
	uint32_t attempt;
	tel_time retry_after;
	/* out */
	bool ended;
};

enum tel_err tel_decide_overdue_done(struct tel_step *step, void *overdue_done);

/* ---- a room that is left over (domain/repair.h) ------------------------------ */

struct tel_left_over {
	/* in */
	struct tel_decide_env env;
	/* out */
	bool will_be_deleted;		/* else somebody is at it already */
};

enum tel_err tel_decide_left_over(struct tel_step *step, void *left_over);

/* ---- a transfer ---------------------------------------------------------- */

enum tel_transfer_result {
	TEL_TRANSFERRED,
	TEL_TRANSFER_NOT_DONE,		/* LiveKit or the far end said no */
	TEL_TRANSFER_NOT_KNOWN,		/* the answer was lost: never repeated */
	TEL_TRANSFER_RETRY_UNSENT,
	TEL_TRANSFER_CANCELLED		/* the call was over before it was sent */
};

struct tel_transfer_done {
	struct tel_decide_env env;
	enum tel_transfer_result result;
	uint32_t attempt;
	int sip_status_code;
	struct tel_str code, message;
	tel_time retry_after;
};

enum tel_err tel_decide_transfer_done(struct tel_step *step, void *transfer_done);

#endif
