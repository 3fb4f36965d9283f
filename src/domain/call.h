/*
 * A phone call: the aggregate that every step loads, changes and stores.
 *
 * Identity: sip.callID is the phone call, (room name, room sid) the room's
 * life, a participant sid one connection (a leg). A call belongs to a room
 * name; LiveKit restarting gives it a new room sid and new legs.
 *
 * A call owns an arena with all its texts. Set texts with tel_call_set()
 * only. Nothing here is thread safe: a call belongs to whoever loaded it.
 */
#ifndef TEL_DOMAIN_CALL_H
#define TEL_DOMAIN_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/time.h"
#include "domain/event.h"
#include "domain/job.h"
#include "domain/number.h"
#include "domain/policy.h"

/* A UUID as 36 lower-case characters (RFC 9562) and its NUL. */
#define TEL_CALL_ID_TEXT 37

struct tel_call_id {
	char text[TEL_CALL_ID_TEXT];
};

/* TEL_EMALFORMED unless `text` is a UUID; upper case is folded. */
TEL_MUST_CHECK enum tel_err tel_call_id_parse(struct tel_str text, struct tel_call_id *out);

/* A version 4 UUID out of 16 random bytes. */
void tel_call_id_make(const uint8_t random[16], struct tel_call_id *out);

static inline struct tel_str tel_call_id_str(const struct tel_call_id *id)
{
	return tel_str_from(id->text);
}

enum tel_direction { TEL_INBOUND, TEL_OUTBOUND };

enum tel_call_status {
	TEL_CALL_CREATED,		/* stored, no phone in the room yet */
	TEL_CALL_SIP_PARTICIPANT_JOINED,
	TEL_CALL_AGENT_DISPATCHED,
	TEL_CALL_ENDED,			/* final */
	TEL_CALL_FAILED,		/* final */
	TEL_CALL_STATUSES
};

enum tel_outcome {
	TEL_OUTCOME_NONE,		/* the call lives */
	TEL_OUTCOME_COMPLETED,
	TEL_OUTCOME_BUSY,
	TEL_OUTCOME_NO_ANSWER,
	TEL_OUTCOME_REJECTED,
	TEL_OUTCOME_CANCELED,
	TEL_OUTCOME_FAILED,
	TEL_OUTCOME_UNKNOWN,
	TEL_OUTCOMES
};

enum tel_ended_by {
	TEL_BY_NOBODY,			/* the call lives, or nobody knows */
	TEL_BY_CALLER,
	TEL_BY_CALLEE,
	TEL_BY_AGENT,
	TEL_BY_API,			/* the room or participant was removed */
	TEL_BY_TIMEOUT,
	TEL_BY_LIVEKIT,
	TEL_BYS
};

/* What LiveKit said to the dial's request, CreateSIPParticipant. */
enum tel_dial_reply {
	TEL_DIAL_NO_REPLY,	/* nothing (yet) */
	TEL_DIAL_ANSWERED,	/* somebody has answered */
	TEL_DIAL_DECLINED,	/* not answered, with the SIP status of the far end */
	TEL_DIAL_GAVE_UP,	/* `canceled`: not answered in time, or hung up */
	TEL_DIAL_REFUSED,	/* LiveKit says no, and not why in terms of SIP */
	TEL_DIAL_LOST,		/* nobody will ever hear it: a broken connection, or
				   the process that dialled is gone */
	TEL_DIAL_REPLIES
};

/* An outbound call's dial: what was asked for, and what is known of it. */
struct tel_dial {
	struct tel_str dtmf;		/* to send once answered */
	struct tel_str metadata;	/* a JSON object, for the agent */
	tel_time ringing_timeout;	/* ms */
	tel_time max_duration;		/* ms, from the answer */

	tel_time sent_at;		/* 0: nothing has gone out. Else it may have,
					   and nothing is ever sent again (I2) */
	enum tel_dial_reply reply;
	tel_time replied_at;		/* LOST: when we gave it up */
	tel_time seen_at;		/* first seen in the room, or joining it */
};

enum tel_transfer_state {
	TEL_TRANSFER_NONE,
	TEL_TRANSFER_REQUESTED,
	TEL_TRANSFER_DONE,		/* the far end has taken the call over */
	TEL_TRANSFER_FAILED,
	TEL_TRANSFER_UNKNOWN,		/* the answer was lost; not repeated */
	TEL_TRANSFER_STATES
};

/* The newest transfer that was asked for. */
struct tel_call_transfer {
	enum tel_transfer_state state;
	struct tel_str to;		/* "tel:+15550300", "sip:…" */
	bool play_dialtone;
	tel_time requested_at, finished_at;
	struct tel_str code, message;	/* FAILED, UNKNOWN */
};

/* One connection of a phone or an agent to the room. */
struct tel_leg {
	enum tel_participant_kind kind;	/* SIP or AGENT */
	struct tel_str participant_sid;
	struct tel_str identity;
	struct tel_str room_sid;
	struct tel_str sip_call_id;	/* SIP legs */
	enum tel_sip_status sip_status;	/* the last one heard */
	tel_time joined_at;		/* 0: its joining was never heard of */
	tel_time heard_at;		/* when it was heard of first, by our clock; 0 unknown */
	tel_time left_at;		/* 0: it is there. Else a tombstone: a
					   late `joined` does not revive it */
	struct tel_str disconnect_reason;
};

struct tel_call_agent {
	struct tel_str name;		/* whom to dispatch */
	struct tel_str config;		/* AgentConfig, a JSON object */
	struct tel_str route;		/* which rule gave it: "did:+1555" */
	struct tel_str dispatch_id;	/* the living dispatch in room_sid */
	tel_time dispatched_at;		/* when we made it; 0 = it was found */
	tel_time joined_at;
	tel_time left_at;
	struct tel_watch_policy watch;	/* what the route says; 0 = defaults */
	tel_time wanted_at;		/* since when one is sent for; by an agent who left
					   soon after he came not begun anew, but put off
					   for as long as he was there */
	tel_time alone_at;		/* when the last one left, or the first was wanted */
	uint32_t tries;			/* dispatches made since then */
	tel_time awaited_at;		/* when the last one was made or found */
	tel_time dropped_at;		/* when we last deleted a dispatch; 0 = never */
	bool fell_back;			/* the route's fallback was tried */
};

/* Why we end a call ourselves. */
enum tel_hang_up_why {
	TEL_HANG_UP_ASKED,		/* by whoever may */
	TEL_HANG_UP_NO_AGENT,		/* none came, and the fallback is to hang up */
	TEL_HANG_UP_AGENT_LEFT,		/* TEL_LOSS_HANGUP */
	TEL_HANG_UP_ALONE,		/* solo_timeout */
	TEL_HANG_UP_DURATION,		/* max_duration */
	TEL_HANG_UP_RANG_OUT,		/* outbound: LiveKit does not give the phone up */
	TEL_HANG_UP_WHYS
};

struct tel_call {
	struct tel_arena mem;

	struct tel_call_id id;
	struct tel_call_id previous_id;	/* "" or the call that was in this very
					   room before: its dispatch may serve */
	enum tel_direction direction;
	enum tel_call_status status;
	enum tel_outcome outcome;
	enum tel_ended_by ended_by;

	struct tel_str room_name;
	struct tel_str room_sid;
	tel_time room_created_at;	/* orders the lives of a room; 0 unknown */
	tel_time room_finished_at;	/* 0: as far as we know it is there */
	bool end_unheard;		/* that it has finished was seen, not told */

	struct tel_e164 from, to;	/* "" when it can't be normalised */
	struct tel_str from_raw, to_raw; /* set when they differ from E.164 */
	struct tel_str trunk_id;
	struct tel_str sip_call_id;	/* of the first leg */
	struct tel_str participant_sid;	/* of the newest phone leg */
	struct tel_str identity;
	struct tel_str rule_id;

	tel_time created_at, updated_at, ended_at;
	tel_time ringing_at, answered_at; /* 0: there is no evidence of it */
	tel_time hang_up_at;		/* when we set about ending it; 0 = not */
	enum tel_hang_up_why hang_up_why;
	int sip_status_code;		/* of the far end; 0 = not told */
	struct tel_str sip_status;	/* its words: "Busy Here" */
	struct tel_str disconnect_reason; /* of the last phone leg */
	struct tel_dial dial;		/* outbound */
	struct tel_call_transfer transfer;
	struct tel_call_agent agent;
	bool agent_was_there;		/* in any life of the room */

	struct tel_str error_code;	/* LiveKit's or ours, on `failed` */
	struct tel_str error_message;
	struct tel_str raw;		/* last event, redacted JSON */

	struct tel_leg *legs;		/* in mem; order of first mention */
	size_t n_legs;
	struct tel_job jobs[TEL_JOB_KINDS];
	uint32_t timeline_len;		/* entries written so far */
};

/* A zeroed call with an arena. NULL = no memory. */
struct tel_call *tel_call_new(void);
void tel_call_free(struct tel_call *call);	/* NULL is fine */

/* A deep copy, compacted. TEL_ENOMEM */
TEL_MUST_CHECK enum tel_err tel_call_clone(const struct tel_call *call, struct tel_call **out);

/*
 * Copy `value` into the call's arena and point *field at it.
 * TEL_ENOMEM | TEL_ETOOBIG (more than `max` bytes; *field is unchanged)
 */
TEL_MUST_CHECK enum tel_err tel_call_set(struct tel_call *call, struct tel_str *field,
					 struct tel_str value, size_t max);

/* What a route says of an agent that does not come; texts are copied. */
TEL_MUST_CHECK enum tel_err tel_call_set_watch(struct tel_call *call,
					       const struct tel_watch_policy *watch);

/* A new zeroed leg at the end. TEL_ENOMEM | TEL_ETOOBIG (TEL_MAX_LEGS) */
TEL_MUST_CHECK enum tel_err tel_call_add_leg(struct tel_call *call, struct tel_leg **out);

/* NULL if there is none with that participant sid. */
struct tel_leg *tel_call_leg(const struct tel_call *call, struct tel_str participant_sid);

bool tel_call_is_over(const struct tel_call *call);

/* Legs of that kind which are in the call's current room now. */
size_t tel_call_living_legs(const struct tel_call *call, enum tel_participant_kind kind);

/*
 * When the call wants attention next: the earliest of its pending jobs;
 * 0 = never (all done).
 */
tel_time tel_call_wakes_at(const struct tel_call *call);

/* Names as in the API: "agent_dispatched", "no_answer", "caller", … */
const char *tel_call_status_text(enum tel_call_status status);
const char *tel_outcome_text(enum tel_outcome outcome);		/* NONE: NULL */
const char *tel_ended_by_text(enum tel_ended_by by);		/* NOBODY: NULL */
const char *tel_direction_text(enum tel_direction direction);
const char *tel_dial_reply_text(enum tel_dial_reply reply);	/* NO_REPLY: NULL */
const char *tel_transfer_state_text(enum tel_transfer_state state); /* NONE: NULL */
bool tel_call_status_from(struct tel_str text, enum tel_call_status *out);
bool tel_outcome_from(struct tel_str text, enum tel_outcome *out);
bool tel_ended_by_from(struct tel_str text, enum tel_ended_by *out);
bool tel_direction_from(struct tel_str text, enum tel_direction *out);
bool tel_dial_reply_from(struct tel_str text, enum tel_dial_reply *out);
bool tel_transfer_state_from(struct tel_str text, enum tel_transfer_state *out);
const char *tel_hang_up_why_text(enum tel_hang_up_why why);	/* "asked", … */
bool tel_hang_up_why_from(struct tel_str text, enum tel_hang_up_why *out);

/* Enough for tel_call_phone_identity() and its NUL. */
#define TEL_PHONE_IDENTITY (4 + TEL_CALL_ID_TEXT)

/* "sip-<callId>": the identity under which an outbound call's phone is in its
   room, and by which its fate is found. Returns `out`. */
char *tel_call_phone_identity(const struct tel_call_id *id, char out[TEL_PHONE_IDENTITY]);

#endif
