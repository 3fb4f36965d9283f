/*
 * Port: LiveKit's API, as requests that are sent now and answered later,
 * so that one slow answer holds up nobody else.
 *
 * One thread sends and polls (the job runner's); wake() may come from any.
 */
#ifndef TEL_PORTS_LIVEKIT_H
#define TEL_PORTS_LIVEKIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "base/time.h"
#include "domain/call.h"

enum tel_lk_method {
	TEL_LK_CREATE_DISPATCH,		/* AgentDispatchService/CreateDispatch */
	TEL_LK_LIST_DISPATCH,		/* AgentDispatchService/ListDispatch */
	TEL_LK_LIST_PARTICIPANTS,	/* RoomService/ListParticipants */
	TEL_LK_DELETE_ROOM,		/* RoomService/DeleteRoom */
	TEL_LK_CREATE_ROOM,		/* RoomService/CreateRoom, with an agent in it */
	TEL_LK_GET_PARTICIPANT,		/* RoomService/GetParticipant */
	TEL_LK_CREATE_SIP_PARTICIPANT,	/* SIP/CreateSIPParticipant: rings a phone */
	TEL_LK_TRANSFER_SIP_PARTICIPANT, /* SIP/TransferSIPParticipant */
	TEL_LK_DELETE_DISPATCH,		/* AgentDispatchService/DeleteDispatch */
	TEL_LK_LIST_ROOMS,		/* RoomService/ListRooms */
	TEL_LK_METHODS
};

/* "CreateDispatch", … */
const char *tel_lk_method_text(enum tel_lk_method method);

/* All texts are borrowed until send() returns. */
struct tel_lk_request {
	enum tel_lk_method method;
	struct tel_str room;			/* the token is for that room;
						   absent in LIST_ROOMS = all */

	/*
	 * CREATE_DISPATCH. The dispatch's metadata is `agent_config` (a JSON
	 * object) plus `telephony: {callId, direction, from, to, roomName,
	 * roomSid, metadata}` out of `call`: what is unknown is null, and
	 * metadata (dial.metadata) left out if there is none.
	 */
	struct tel_str agent_name;
	struct tel_str agent_config;
	const struct tel_call *call;

	/*
	 * CREATE_ROOM takes agent_name, agent_config and call too: the agent
	 * is made with the room, and the room's own metadata is
	 * `{"telephony":{"callId":…}}`, by which it is known as ours.
	 */
	tel_time empty_timeout;		/* CREATE_ROOM: ms without anybody, whole s */
	tel_time departure_timeout;	/* CREATE_ROOM: ms after the last one left */

	/* GET_PARTICIPANT, CREATE_ and TRANSFER_SIP_PARTICIPANT. */
	struct tel_str identity;

	/*
	 * CREATE_SIP_PARTICIPANT, out of `call`: trunk_id, to, from, dial.dtmf,
	 * dial.ringing_timeout, dial.max_duration, and the attribute
	 * telephony.callId. It waits until the phone is answered and the dtmf
	 * sent ("w" is half a second), livekit-server for 80 s at most: it
	 * then says `deadline_exceeded`, and the dial is given up.
	 */

	struct tel_str transfer_to;	/* TRANSFER_: "tel:…" or "sip:…" */
	bool play_dialtone;		/* TRANSFER_ */
	struct tel_str dispatch_id;	/* DELETE_DISPATCH */

	/* How long an answer may take, ms; 0 = TEL_REQUEST_TIMEOUT. */
	tel_time timeout;
};

/* What became of a request: what the caller may do next. */
enum tel_lk_verdict {
	TEL_LK_DONE,		/* 2xx, and the answer was understood */
	TEL_LK_GONE,		/* 404 not_found: what it was about isn't there;
				   of a dial: its trunk */
	TEL_LK_REFUSED,		/* another 4xx: repeating it is useless */
	TEL_LK_TRY_LATER,	/* 429: not acted on, ask again. Of the SIP
				   methods only if it is not LiveKit who says
				   so: it has words of its own for busy phones */
	TEL_LK_UNKNOWN,		/* 5xx, time-out, broken connection or answer:
				   it may have taken effect or not */
	TEL_LK_NOT_SENT		/* nothing of it can have reached LiveKit */
};

const char *tel_lk_verdict_text(enum tel_lk_verdict verdict);

struct tel_lk_dispatch {
	struct tel_str id;
	struct tel_str agent_name;
	struct tel_str call_id;		/* metadata's telephony.callId, or absent */
	struct tel_str room_sid;	/* metadata's telephony.roomSid, or absent */
	bool deleted;			/* state.deleted_at is set */
	bool has_job;			/* a worker has taken it */
};

struct tel_lk_room {
	struct tel_str sid;
	struct tel_str name;
	tel_time created_at;		/* 0 = not told */
	struct tel_str call_id;		/* metadata's telephony.callId, or absent */
	uint32_t n_people;		/* agents not counted; it may be seconds old */
};

struct tel_lk_answer {
	enum tel_lk_method method;
	enum tel_lk_verdict verdict;
	int http_status;			/* 0 = none came */
	tel_time retry_after;			/* pause asked for, ms; 0 = none */
	struct tel_str code;			/* Twirp's, or "timeout", "connect", … */
	struct tel_str message;			/* bounded, may be shown */

	const struct tel_lk_dispatch *dispatches; /* CREATE_: one, LIST_: all */
	size_t n_dispatches;
	/*
	 * LIST_PARTICIPANTS: all; GET_PARTICIPANT: one;
	 * CREATE_SIP_PARTICIPANT: one, with sid, identity and sip_call_id.
	 */
	const struct tel_participant *participants;
	size_t n_participants;
	const struct tel_lk_room *rooms;	/* CREATE_ROOM: one, LIST_ROOMS: all */
	size_t n_rooms;

	/*
	 * An error of the SIP methods that tells what the far end said (meta
	 * sip_status_code, sip_status): the verdict is then TEL_LK_REFUSED,
	 * whatever the HTTP status, for it is over. 0 = not told. A transfer
	 * that failed with a 200 ("transfer_failed") may have words only.
	 */
	int sip_status_code;
	struct tel_str sip_status;
};

/* The answer and all it points to is borrowed for the time of the call. */
typedef void (*tel_lk_done_fn)(void *ctx, const struct tel_lk_answer *answer);

struct tel_livekit;

struct tel_livekit_ops {
	const char *name;
	/*
	 * Start a request. On TEL_OK `done` is called exactly once, by a
	 * later poll() or close(); otherwise never, and nothing was sent.
	 * TEL_ENOMEM, TEL_EBUSY (too many under way), TEL_EMALFORMED
	 */
	enum tel_err (*send)(struct tel_livekit *livekit, const struct tel_lk_request *request,
			     tel_lk_done_fn done, void *ctx);
	/*
	 * Move things on: returns after answers were delivered, after
	 * wake(), or after `wait` ms, whichever is first. 0 = don't wait.
	 */
	enum tel_err (*poll)(struct tel_livekit *livekit, tel_time wait);
	/* Let a poll() that is under way (or the next one) return at once. */
	void (*wake)(struct tel_livekit *livekit);
	/* Requests under way are answered TEL_LK_UNKNOWN (or _NOT_SENT). */
	void (*close)(struct tel_livekit *livekit);
};

struct tel_livekit {
	const struct tel_livekit_ops *ops;
};

#endif
