/* What the operator decides about every call. Values, no behaviour. */
#ifndef TEL_DOMAIN_POLICY_H
#define TEL_DOMAIN_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/time.h"

#define TEL_ROOM_DELETE_NEVER ((tel_time)-1)

/* A time-out that never comes. */
#define TEL_NEVER ((tel_time)-1)

/* TELEPHONY_AGENT_LOSS: the agent has left, and the phone is still there. */
enum tel_agent_loss {
	TEL_LOSS_REDISPATCH,		/* another one is sent for */
	TEL_LOSS_FALLBACK,		/* what the route says for when none comes */
	TEL_LOSS_HANGUP,
	TEL_LOSS_KEEP,			/* the phone stays, alone */
	TEL_LOSSES
};

/* What is done for a phone that no agent comes to. */
enum tel_fallback {
	TEL_FALLBACK_KEEP,		/* it waits; agents are sent for, at longer
					   intervals */
	TEL_FALLBACK_HANGUP,
	TEL_FALLBACK_TRANSFER,		/* … to `transfer_to`; if that fails: keep */
	TEL_FALLBACKS
};

/* "keep", "hangup", "transfer" */
const char *tel_fallback_text(enum tel_fallback fallback);
bool tel_fallback_from(struct tel_str text, enum tel_fallback *out);

#define TEL_AGENT_ATTEMPTS 5
#define TEL_AGENT_WITHIN (30 * TEL_SECOND)

/*
 * How long an agent is waited for, and what is done when none comes: what a
 * call's route says. 0 = not said: see the defaults.
 */
struct tel_watch_policy {
	tel_time join_deadline;		/* from a dispatch to its agent's joining;
					   default: the policy's */
	uint32_t attempts;		/* dispatches; default TEL_AGENT_ATTEMPTS */
	tel_time within;		/* all of them; default TEL_AGENT_WITHIN */
	enum tel_fallback fallback;
	struct tel_str transfer_to;	/* TRANSFER: "tel:+1…" or "sip:…" */
};

struct tel_policy {
	/*
	 * TELEPHONY_ROOM_DELETE: how long after its call a room is deleted;
	 * 0 = at once, TEL_ROOM_DELETE_NEVER = left to LiveKit.
	 */
	tel_time room_delete_after;
	/*
	 * How long a call whose room ended under its caller waits for the
	 * phone leg to come back: LiveKit restarted, seen after ~10 s.
	 */
	tel_time return_grace;
	/* A call that nothing was heard of for so long is over. */
	tel_time max_age;
	/*
	 * TELEPHONY_DIAL_WITHIN: an outbound call that could not be sent to
	 * LiveKit by then has failed.
	 */
	tel_time dial_within;
	/* TELEPHONY_AGENT_JOIN_DEADLINE, where the route says nothing. */
	tel_time agent_join_deadline;
	enum tel_agent_loss agent_loss;
	/*
	 * TELEPHONY_SOLO_TIMEOUT: a phone that has been alone in its room for so
	 * long is hung up; or TEL_NEVER.
	 */
	tel_time solo_timeout;
	/*
	 * TELEPHONY_MAX_CALL_DURATION: an inbound call is hung up after so long;
	 * or TEL_NEVER. (Outbound calls have a duration of their own.)
	 */
	tel_time max_duration;
	/* Event ids and tombstones are kept so long. */
	tel_time remember;
};

#endif
