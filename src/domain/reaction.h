/*
 * Inside the domain only: what the state machine's reactions share. The
 * table is in machine.c; each reaction is one function in react_*.c.
 */
#ifndef TEL_DOMAIN_REACTION_H
#define TEL_DOMAIN_REACTION_H

#include "domain/decide.h"
#include "domain/ending.h"

/* What can happen to a call. */
enum tel_input {
	TEL_IN_PHONE_JOINED,
	TEL_IN_PHONE_LEFT,
	TEL_IN_AGENT_JOINED,
	TEL_IN_AGENT_LEFT,
	TEL_IN_ROOM_FINISHED,
	TEL_IN_DISPATCH_MADE,		/* or found */
	TEL_IN_DISPATCH_RETRY,
	TEL_IN_DISPATCH_REFUSED,
	TEL_IN_DISPATCH_CANCELLED,
	TEL_IN_ROOM_MADE,
	TEL_IN_ROOM_RETRY,
	TEL_IN_ROOM_REFUSED,		/* or not ours, or stopped */
	TEL_IN_ROOM_CANCELLED,
	TEL_IN_DIAL_OVER,
	TEL_IN_DIAL_UNSENT,		/* and to be tried again */
	TEL_IN_DIAL_CANCELLED,
	TEL_IN_PHONE_LOOKED,
	TEL_IN_HANG_UP,
	TEL_IN_OVERDUE,
	TEL_IN_AGENT_WATCHED,
	TEL_INPUTS
};

struct tel_reaction {
	struct tel_step *step;
	const struct tel_decide_env *env;
	struct tel_call *call;		/* NULL in column "no call" */
	struct tel_entry *entry;	/* its timeline entry; NULL = none yet */

	/* of an event */
	const struct tel_event *event;
	struct tel_on_event *on;
	tel_time at;			/* when it happened, as far as we know */

	/* of a finished dispatch */
	struct tel_dispatch_done *dispatch;

	/* of the jobs of an outbound call */
	struct tel_room_done *room;
	struct tel_dial_done *dial;
	struct tel_look_done *look;

	struct tel_watch_done *watch;
};

typedef enum tel_err (*tel_reaction_fn)(struct tel_reaction *r);

/* The table: what `input` does to a call in `status`; without a call. */
tel_reaction_fn tel_reaction_for(enum tel_input input, const struct tel_call *call);

/* Set the entry's result text (a literal) and, for events, the effect. */
enum tel_err tel_react(struct tel_reaction *r, enum tel_event_effect effect, const char *result);

/* Open r->entry, the timeline entry of r->event for r->call. */
void tel_reaction_note_event(struct tel_reaction *r);

/* ---- react_phone.c ---- */
enum tel_err tel_react_phone_opens(struct tel_reaction *r);	/* no call yet */
enum tel_err tel_react_phone_missed(struct tel_reaction *r);	/* left, never heard of */
enum tel_err tel_react_phone_joins(struct tel_reaction *r);
enum tel_err tel_react_phone_leaves(struct tel_reaction *r);
enum tel_err tel_react_phone_joins_after_end(struct tel_reaction *r);
enum tel_err tel_react_phone_leaves_after_end(struct tel_reaction *r);

/*
 * A look that missed a participant began before we heard that he joined: it
 * says nothing. (Nor does one about somebody whom we do not know.)
 */
bool tel_reaction_is_outdated(const struct tel_reaction *r);

/* ---- react_agent.c ---- */
enum tel_err tel_react_agent_joins(struct tel_reaction *r);
enum tel_err tel_react_agent_leaves(struct tel_reaction *r);

/* ---- react_watch.c ---- */
enum tel_err tel_react_agent_watched(struct tel_reaction *r);

/* An agent is wanted from `at` on: attempts are counted anew. */
void tel_call_want_agent(struct tel_call *call, tel_time at);

/* A dispatch was made: see that its agent comes. */
void tel_call_await_agent(struct tel_call *call, const struct tel_decide_env *env);

/* Look at `due` whether the agent is there; unless it is still to be dispatched. */
void tel_call_watch_agent(struct tel_call *call, tel_time due);

/*
 * The agent who was there since `joined_at` has left (agent.left_at), and the
 * phone may still be there.
 */
void tel_call_lose_agent(struct tel_call *call, tel_time joined_at,
			 const struct tel_decide_env *env);

/* ---- react_room.c ---- */
enum tel_err tel_react_unknown_room_finished(struct tel_reaction *r);
enum tel_err tel_react_room_finished(struct tel_reaction *r);
enum tel_err tel_react_room_finished_after_end(struct tel_reaction *r);

/* ---- react_dispatch.c ---- */
enum tel_err tel_react_dispatch_made(struct tel_reaction *r);
enum tel_err tel_react_dispatch_retry(struct tel_reaction *r);
enum tel_err tel_react_dispatch_refused(struct tel_reaction *r);
enum tel_err tel_react_dispatch_cancelled(struct tel_reaction *r);
enum tel_err tel_react_dispatch_after_end(struct tel_reaction *r);

/* ---- react_room_made.c: the room of an outbound call ---- */
enum tel_err tel_react_room_made(struct tel_reaction *r);
enum tel_err tel_react_room_retry(struct tel_reaction *r);
enum tel_err tel_react_room_refused(struct tel_reaction *r);
enum tel_err tel_react_room_cancelled(struct tel_reaction *r);
enum tel_err tel_react_room_after_end(struct tel_reaction *r);

/* ---- react_dial.c: the phone of an outbound call ---- */
enum tel_err tel_react_dial_over(struct tel_reaction *r);
enum tel_err tel_react_dial_unsent(struct tel_reaction *r);
enum tel_err tel_react_dial_cancelled(struct tel_reaction *r);
enum tel_err tel_react_dial_after_end(struct tel_reaction *r);
/* Its answer will never be heard: the process that dialled is gone. */
enum tel_err tel_react_dial_lost(struct tel_reaction *r);
/* The kill switch was thrown before anything was sent. */
enum tel_err tel_react_dial_stopped(struct tel_reaction *r);
enum tel_err tel_react_phone_looked(struct tel_reaction *r);
enum tel_err tel_react_hang_up(struct tel_reaction *r);

/*
 * From here on nobody may dial but this process, and nobody ever again: the
 * lease, and the mark that it may have gone out, are in the commit before it
 * does. The watch begins with it.
 */
enum tel_err tel_call_lease_dial(struct tel_call *call, const struct tel_decide_env *env);

/* The leg of an outbound call's own phone, the newest; NULL = none yet. */
struct tel_leg *tel_call_dialled_leg(const struct tel_call *call);

/* Evidence that the phone rings, or was answered, at `at`; the first counts. */
void tel_call_note_ringing(struct tel_call *call, tel_time at);
void tel_call_note_answer(struct tel_call *call, tel_time at, const struct tel_decide_env *env);

/*
 * The dialled phone has left. The end, unless the dial's answer may still
 * come and tell more: *waits.
 */
enum tel_err tel_react_dialled_left(struct tel_reaction *r, const struct tel_leg *leg);

/* End an outbound call by the evidence there is. */
void tel_call_end_outbound(struct tel_call *call, const struct tel_decide_env *env);

/* ---- react_end.c: endings, and the jobs that come with them ---- */
enum tel_err tel_react_overdue(struct tel_reaction *r);
enum tel_err tel_react_still_there(struct tel_reaction *r);

/*
 * A dispatch was made for the call's room, and no agent was seen in it. The
 * room may have been over by then: in that case the dispatch made it anew,
 * and an agent sits in a life of it that we have not heard of.
 */
bool tel_call_agent_is_unseen(const struct tel_call *call);

/*
 * The call is over: status, outcome, jobs. `room_is_gone`: nothing is left
 * to delete.
 */
void tel_call_end(struct tel_call *call, struct tel_ending ending, tel_time at, bool room_is_gone,
		  const struct tel_decide_env *env);

/*
 * A dispatch for this call may have made a room or an agent that nobody
 * wants: have the room looked at, and deleted unless a phone is in it.
 */
void tel_call_clear_ghost(struct tel_call *call, tel_time due);

/* Empty the slot of a job. */
void tel_call_drop_job(struct tel_call *call, enum tel_job_kind kind);

/*
 * The time-out of a call that goes on: after max_age without a word, or when
 * an outbound call has talked for as long as it may.
 */
void tel_call_expect_end(struct tel_call *call, const struct tel_decide_env *env);

/* When that is, should nothing be heard of the call from now on. */
tel_time tel_call_forgotten_at(const struct tel_call *call, const struct tel_decide_env *env);

/* Why it ends without its phone having been heard leaving. */
enum tel_unheard tel_call_unheard(const struct tel_call *call);

/* An inbound call that is to be hung up for its duration. */
bool tel_call_lasts_too_long(const struct tel_call *call, const struct tel_decide_env *env);

/* Before its time-out ends it, LiveKit is asked whether its phone is there. */
bool tel_call_end_is_doubtful(const struct tel_call *call);

/* A job that nobody has leased, due at `due`. */
struct tel_job *tel_call_schedule(struct tel_call *call, enum tel_job_kind kind, tel_time due);

/*
 * A dispatch_agent or create_room job is not wanted any more: dropped, or,
 * when its request may be under way, kept as cancelled until its fate is
 * known.
 */
void tel_call_cancel_job(struct tel_call *call, enum tel_job_kind kind);

/* We end it: the room is deleted at once, and the phone's leaving ends the call. */
void tel_call_hang_up(struct tel_call *call, enum tel_hang_up_why why,
		      const struct tel_decide_env *env);

/* A transfer is wanted; `transfer.to` is the caller's to set. */
void tel_call_want_transfer(struct tel_call *call, tel_time now, bool play_dialtone);

/* The leg of a participant in that life of the room; made if there is none. */
enum tel_err tel_call_take_leg(struct tel_call *call, const struct tel_participant *p,
			       struct tel_str room_sid, struct tel_leg **out, bool *is_new);

/* The public record shows the newest phone leg. */
enum tel_err tel_call_show_leg(struct tel_call *call, const struct tel_leg *leg);

/* The leg of the event's participant; made if there is none. */
enum tel_err tel_react_leg(struct tel_reaction *r, struct tel_leg **out, bool *is_new);

#endif
