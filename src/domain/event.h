/*
 * One webhook event, decoded: only what a decision needs. Source: LiveKit
 * protocol, livekit_webhook.proto and livekit_models.proto; the sip.*
 * attributes are those that livekit-sip sets.
 */
#ifndef TEL_DOMAIN_EVENT_H
#define TEL_DOMAIN_EVENT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/time.h"

enum tel_event_kind {
	TEL_EVENT_OTHER,	/* known or unknown, but nothing we act on */
	TEL_EVENT_ROOM_STARTED,
	TEL_EVENT_ROOM_FINISHED,
	TEL_EVENT_PARTICIPANT_JOINED,
	TEL_EVENT_PARTICIPANT_LEFT,
	TEL_EVENT_PARTICIPANT_CONNECTION_ABORTED
};

enum tel_participant_kind {
	TEL_PARTICIPANT_NONE,	/* the event names no participant */
	TEL_PARTICIPANT_OTHER,	/* STANDARD, EGRESS, INGRESS, … */
	TEL_PARTICIPANT_SIP,
	TEL_PARTICIPANT_AGENT
};

/* The attribute sip.callStatus. */
enum tel_sip_status {
	TEL_SIP_UNKNOWN,
	TEL_SIP_DIALING,
	TEL_SIP_RINGING,
	TEL_SIP_AUTOMATION,
	TEL_SIP_ACTIVE,
	TEL_SIP_HANGUP
};

struct tel_participant {
	enum tel_participant_kind kind;
	struct tel_str sid;
	struct tel_str identity;
	tel_time joined_at;		/* 0 = not told */
	struct tel_str disconnect_reason; /* enum name; absent = not told */

	/* SIP legs */
	enum tel_sip_status sip_status;
	struct tel_str sip_call_id;	/* sip.callID, "SCL_…" */
	struct tel_str number;		/* sip.phoneNumber: the far end */
	struct tel_str trunk_number;	/* sip.trunkPhoneNumber: our DID */
	struct tel_str trunk_id;	/* sip.trunkID */
	struct tel_str rule_id;		/* sip.ruleID: inbound legs only */
	struct tel_str call_id;		/* telephony.callId: legs we dialled */

	/* agents */
	struct tel_str agent_name;	/* lk.agent.name; absent on old workers */
};

struct tel_event {
	struct tel_arena mem;		/* owns every text below */
	enum tel_event_kind kind;
	struct tel_str name;		/* as it came: "participant_joined" */
	struct tel_str id;		/* the same on every retry */
	tel_time created_at;		/* whole seconds only */
	struct tel_str room_name;
	struct tel_str room_sid;
	tel_time room_created_at;	/* 0 = not told */
	struct tel_participant participant;
	struct tel_str raw;		/* the event as JSON without secrets,
					   at most TEL_MAX_RAW bytes */
	/*
	 * Not told by LiveKit but concluded from what it shows: when the look
	 * began, by our clock. 0 = told. It has no id then.
	 */
	tel_time looked_at;
	const struct tel_participant *seen;	/* with looked_at: all phones and agents */
	size_t n_seen;				/* in the room, borrowed */
};

/* Legal on a zeroed event. */
void tel_event_release(struct tel_event *event);

/*
 * True if the event can concern a phone call at all; the others are
 * acknowledged without a look at the store.
 */
bool tel_event_may_matter(const struct tel_event *event);

enum tel_sip_status tel_sip_status_from(struct tel_str text);
const char *tel_sip_status_text(enum tel_sip_status status);

#endif
