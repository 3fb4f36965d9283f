/*
 * How a call ended: who ended it and what it came to, from the evidence the
 * last phone leg left behind. Pure tables; the source of the values is what
 * livekit-sip was observed to send.
 */
#ifndef TEL_DOMAIN_ENDING_H
#define TEL_DOMAIN_ENDING_H

#include <stdbool.h>

#include "base/str.h"
#include "domain/call.h"
#include "domain/event.h"

struct tel_ending {
	enum tel_outcome outcome;
	enum tel_ended_by by;
};

/*
 * The last phone leg left with `status` and `reason` (the name of LiveKit's
 * DisconnectReason, or absent). `agent_was_there`: in any life of the room.
 */
struct tel_ending tel_ending_of_inbound(enum tel_sip_status status, struct tel_str reason,
					bool agent_was_there);

/* What is known of an outbound call whose end is to be named. */
struct tel_outbound_evidence {
	bool hung_up;			/* we set about ending it … */
	enum tel_hang_up_why why;	/* … because of that */
	bool answered;			/* by any evidence */
	bool transferred;		/* the far end has taken it over */
	bool rang;			/* the far end was seen ringing */
	bool rang_out;			/* … for as long as it was allowed to */
	bool talked_out;		/* it talked for as long as it was allowed to */
	bool sent;			/* the dial may have gone out */
	enum tel_dial_reply reply;
	int sip_status_code;		/* 0 = not told */
	bool left;			/* the phone was heard leaving, with … */
	struct tel_str left_reason;	/* the name of LiveKit's DisconnectReason */
	bool room_finished;
};

struct tel_ending tel_ending_of_outbound(const struct tel_outbound_evidence *e);

/* We ended it. `there`: an agent was, or an outbound call had been answered. */
struct tel_ending tel_ending_of_hang_up(enum tel_hang_up_why why, bool there);

/* Why nobody ever heard how the last phone left. */
enum tel_unheard {
	TEL_UNHEARD_TIME,	/* nothing was heard of the call for too long */
	TEL_UNHEARD_FINISHED,	/* LiveKit told that the room had finished under it */
	TEL_UNHEARD_SEEN	/* phone or room were seen to be gone */
};

struct tel_ending tel_ending_unheard(enum tel_unheard why, bool agent_was_there);

/* After such a reply to the dial, is it another outcome if the phone rang? */
bool tel_ending_hangs_on_ringing(enum tel_dial_reply reply, int sip_status_code);

#endif
