/*
 * A LiveKit for tests in one process: rooms, phones and dispatches, with
 * LiveKit's own nastiness (a dispatch makes the room anew, a repeat adds a
 * second agent or rings a phone again), and faults on request. It keeps what really happened, so
 * that tests judge by that and not by our records. One thread.
 */
#ifndef TEL_FAKE_LIVEKIT_H
#define TEL_FAKE_LIVEKIT_H

#include <stdbool.h>
#include <stddef.h>

#include "fakes/fake_clock.h"
#include "ports/livekit.h"

enum tel_fake_fault {
	TEL_FAKE_FINE,
	TEL_FAKE_ANSWER_LOST,	/* acts; the caller hears TEL_LK_UNKNOWN */
	TEL_FAKE_REQUEST_LOST,	/* does not act; TEL_LK_UNKNOWN all the same */
	TEL_FAKE_NOT_SENT,
	TEL_FAKE_TRY_LATER,
	TEL_FAKE_REFUSED,
	TEL_FAKE_HELD,		/* stays under way until release() */
	TEL_FAKE_ANSWER_HELD,	/* acts at once, is answered after release() */
	TEL_FAKE_NO_SEND,	/* send() itself says TEL_EBUSY */
	TEL_FAKE_BAD_REQUEST	/* send() itself says TEL_EMALFORMED */
};

/* A dispatch that was ever made. */
struct tel_fake_dispatch {
	char id[32];
	char room[TEL_MAX_ROOM_NAME + 1];
	char life[TEL_MAX_ID + 1];	/* sid of the room's life it is in */
	char meant_for[TEL_MAX_ID + 1];	/* the caller's idea of that sid */
	char agent[TEL_MAX_NAME + 1];
	char call_id[TEL_CALL_ID_TEXT];
	bool deleted;			/* with its room, or by a request */
	bool ghost;			/* its request made the room */
	bool no_job;			/* no worker has taken it */
};

/* What becomes of a phone that is rung, and what LiveKit says to the dial. */
enum tel_fake_callee {
	TEL_FAKE_ANSWERS,		/* 200; the default */
	TEL_FAKE_BUSY,			/* 503 unavailable, SIP 486 */
	TEL_FAKE_DECLINES,		/* 503 unavailable, SIP 603 */
	TEL_FAKE_NO_SUCH_NUMBER,	/* 400 invalid_argument, SIP 404 */
	TEL_FAKE_TRUNK_REFUSES,		/* 403 permission_denied, SIP 403 */
	TEL_FAKE_NEVER_ANSWERS,		/* it rang: 408 canceled */
	TEL_FAKE_NOTHING_THERE,		/* it never rang: 408 canceled */
	TEL_FAKE_DIALS,			/* nothing yet: the dial is held until
					   tel_fake_livekit_callee_does() */
	TEL_FAKE_RINGS,			/* the same, and the phone rings */
	TEL_FAKE_RINGS_UNHEARD,		/* rings on, but the connection is lost:
					   TEL_LK_UNKNOWN "network" */
	/* Nobody is dialled: */
	TEL_FAKE_NO_SIP,		/* 503 unavailable, no SIP status */
	TEL_FAKE_NO_TRUNK		/* 404 not_found */
};

/* A phone that ever was in a room; `room`, `identity` and the like as sent. */
struct tel_fake_phone {
	char sid[TEL_MAX_ID + 1];
	char room[TEL_MAX_ROOM_NAME + 1];
	char life[TEL_MAX_ID + 1];	/* sid of the room's life it is in */
	bool there;			/* in that room */
	const char *left_because;	/* disconnectReason, once it is not */
	tel_time joined_at;		/* 0 = not told: there is no clock */
	char identity[TEL_MAX_IDENTITY + 1];
	char sip_call_id[TEL_MAX_ID + 1];
	enum tel_sip_status status;
	char number[TEL_MAX_NUMBER_RAW + 1];		/* the far end */
	char trunk_number[TEL_MAX_NUMBER_RAW + 1];	/* ours */
	char trunk[TEL_MAX_ID + 1];
	char rule[TEL_MAX_ID + 1];	/* of callers */
	char call_id[TEL_CALL_ID_TEXT];	/* the attribute telephony.callId */
	bool stale;			/* gone by a restart, and still listed */

	/* Phones that were dialled. */
	bool dialled;
	struct tel_e164 from, to;
	char dtmf[TEL_MAX_DTMF + 1];
	tel_time ringing_timeout, max_duration;
	enum tel_fake_callee does;
	bool answered;			/* at any time */
	char transferred_to[TEL_MAX_TRANSFER_TO + 1];
};

/* An agent that ever was in a room. */
struct tel_fake_agent {
	char sid[32];
	char identity[32];		/* "agent-AJ_…" */
	char room[TEL_MAX_ROOM_NAME + 1];
	char life[TEL_MAX_ID + 1];	/* sid of the room's life it is in */
	char dispatch_id[32];
	char name[TEL_MAX_NAME + 1];
	tel_time joined_at;		/* 0 = not told: there is no clock */
	bool there;			/* as LiveKit sees it */
	bool dead;			/* LiveKit has not noticed, if it is there */
	bool stale;			/* gone by a restart, and still listed */
};

struct tel_fake_livekit;

/* NULL = no memory */
struct tel_fake_livekit *tel_fake_livekit_new(void);
void tel_fake_livekit_free(struct tel_fake_livekit *lk);
struct tel_livekit *tel_fake_livekit_port(struct tel_fake_livekit *lk);

/* The world outside. A room that is opened again gets a new life. */
void tel_fake_livekit_open(struct tel_fake_livekit *lk, const char *room, const char *sid);
void tel_fake_livekit_close(struct tel_fake_livekit *lk, const char *room);
/* A phone of which no more than that is known … */
void tel_fake_livekit_phone(struct tel_fake_livekit *lk, const char *room, const char *sid);
/* … or all that a webhook tells: kind, disconnect_reason and agent_name don't count. */
void tel_fake_livekit_caller(struct tel_fake_livekit *lk, const char *room,
			     const struct tel_participant *caller);
void tel_fake_livekit_hang_up(struct tel_fake_livekit *lk, const char *room, const char *sid);
/* So many are in the room who are no phones. */
void tel_fake_livekit_others(struct tel_fake_livekit *lk, const char *room, unsigned n);

/*
 * From now on who comes is listed with joined_at, and who opens with
 * created_at, by that clock (borrowed).
 */
void tel_fake_livekit_clock(struct tel_fake_livekit *lk, const struct tel_fake_clock *clock);
/*
 * Killed and started again: rooms, phones, agents and dispatches are gone, and
 * no phone was hung up. ListRooms and ListParticipants go on showing them,
 * until a room of that name is opened or until forget().
 */
void tel_fake_livekit_restart(struct tel_fake_livekit *lk);
void tel_fake_livekit_forget(struct tel_fake_livekit *lk);

/*
 * What callees do from now on: those with that number (E.164), or with NULL
 * all that no number was told of.
 */
void tel_fake_livekit_callee(struct tel_fake_livekit *lk, const char *number,
			     enum tel_fake_callee does);
/* A phone that was dialled and is not answered yet; its dial is answered by
   the next poll. Newest of that identity; the test fails if there is none. */
void tel_fake_livekit_callee_does(struct tel_fake_livekit *lk, const char *identity,
				  enum tel_fake_callee does);
/* What the far end says to a transfer; 0 = it takes the call over. */
void tel_fake_livekit_transfers(struct tel_fake_livekit *lk, int sip_status_code);
/* Dispatches made from now on are taken by a worker, or (as 200) by none. */
void tel_fake_livekit_workers(struct tel_fake_livekit *lk, bool there_are);

/*
 * Agents of dispatches that a worker takes come at once (so it is at first),
 * or not before agent_joins(), which is about the newest dispatch.
 */
void tel_fake_livekit_agents_come(struct tel_fake_livekit *lk, bool at_once);
void tel_fake_livekit_agent_joins(struct tel_fake_livekit *lk);
/* The newest agent of the room goes; its dispatch stays, with its job. */
void tel_fake_livekit_agent_leaves(struct tel_fake_livekit *lk, const char *room);
/* The same, and LiveKit does not notice before agent_leaves(). */
void tel_fake_livekit_agent_dies(struct tel_fake_livekit *lk, const char *room);
/* Agents of deleted dispatches stay listed until agent_leaves(). */
void tel_fake_livekit_agents_linger(struct tel_fake_livekit *lk, bool linger);

/* The next request of `method` meets this fault; later ones queue behind. */
void tel_fake_livekit_fault(struct tel_fake_livekit *lk, enum tel_lk_method method,
			    enum tel_fake_fault fault);
/* Held requests (of `method`) act and are answered by the next poll. */
void tel_fake_livekit_release_held(struct tel_fake_livekit *lk);
void tel_fake_livekit_release(struct tel_fake_livekit *lk, enum tel_lk_method method);
/* Held requests of `method` have acted, and the connection breaks: the next
   poll says TEL_LK_UNKNOWN. */
void tel_fake_livekit_lose(struct tel_fake_livekit *lk, enum tel_lk_method method);
/* Somebody deletes the newest dispatch; the room stays. */
void tel_fake_livekit_delete_newest(struct tel_fake_livekit *lk);
/* The process that sent them is gone: its requests act, nobody is told. */
void tel_fake_livekit_orphan(struct tel_fake_livekit *lk);

/* What happened. */
size_t tel_fake_livekit_sent(const struct tel_fake_livekit *lk, enum tel_lk_method method);
size_t tel_fake_livekit_dispatches(const struct tel_fake_livekit *lk,
				   const struct tel_fake_dispatch **out);
/* Living dispatches in the present life of the room; 0 if it isn't there. */
size_t tel_fake_livekit_living(const struct tel_fake_livekit *lk, const char *room);
/* All agents that ever were in a room, in that order; valid until the next. */
size_t tel_fake_livekit_agents(const struct tel_fake_livekit *lk,
			       const struct tel_fake_agent **out);
/* Agents that are there and alive, whose dispatch is not deleted. */
size_t tel_fake_livekit_agents_in(const struct tel_fake_livekit *lk, const char *room);
/* The most of them that any life of any room ever had. */
size_t tel_fake_livekit_most_agents(const struct tel_fake_livekit *lk);
bool tel_fake_livekit_is_open(const struct tel_fake_livekit *lk, const char *room);
/* The most living dispatches that any life of any room ever had. */
size_t tel_fake_livekit_most_living(const struct tel_fake_livekit *lk);
/* The call that the open room's metadata names; NULL = none, or no room. */
const char *tel_fake_livekit_mark(const struct tel_fake_livekit *lk, const char *room);
/* All phones that ever were in a room, in that order; valid until the next. */
size_t tel_fake_livekit_phones(const struct tel_fake_livekit *lk,
			       const struct tel_fake_phone **out);
/* The newest that was dialled as `identity`; NULL = it never was. */
const struct tel_fake_phone *tel_fake_livekit_dialled(const struct tel_fake_livekit *lk,
						      const char *identity);
/* How often that was: more than once breaks a promise. */
size_t tel_fake_livekit_rung(const struct tel_fake_livekit *lk, const char *identity);
/* It is dialled or rings this very moment. */
bool tel_fake_livekit_rings(const struct tel_fake_livekit *lk, const char *identity);

#endif
