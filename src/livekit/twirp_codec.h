/*
 * LiveKit's API in Twirp's JSON form (Twirp wire protocol v7; LiveKit
 * protocol: livekit_room.proto, livekit_agent_dispatch.proto,
 * livekit_sip.proto): requests of the port to bodies, answers to what the
 * port says of them.
 *
 * Pure functions, no I/O; any thread.
 */
#ifndef TEL_LIVEKIT_TWIRP_CODEC_H
#define TEL_LIVEKIT_TWIRP_CODEC_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "livekit/jwt.h"
#include "ports/livekit.h"

/* An AgentConfig in its metadata in a request: escaped twice at worst. */
#define TEL_MAX_LIVEKIT_REQUEST (1024 * 1024)

/* Behind the base URL: "/twirp/livekit.RoomService/DeleteRoom". */
const char *tel_twirp_path(enum tel_lk_method method);

/*
 * True if a request that has been acted on may be sent once more without
 * harm. A repeated CreateDispatch puts a second agent into the room, a
 * repeated CreateSIPParticipant rings a phone again.
 */
bool tel_twirp_is_repeatable(enum tel_lk_method method);

/* CreateSIPParticipant, TransferSIPParticipant. */
bool tel_twirp_is_sip(enum tel_lk_method method);

/* Set the room and grants that LiveKit wants for it; nothing else. */
void tel_twirp_grants(const struct tel_lk_request *request, struct tel_jwt_access *access);

/*
 * Append the request's body. TEL_EMALFORMED: a member is missing that the
 * method needs (LIST_ROOMS only does without a room), a dial's time-outs among
 * them; an agent_config that is no JSON object or over its ceiling.
 * TEL_ENOMEM, TEL_ETOOBIG (over the buffer's ceiling)
 */
TEL_MUST_CHECK enum tel_err tel_twirp_encode(const struct tel_lk_request *request,
					     struct tel_buf *body);

/*
 * Read an answer that came whole. *out is filled but for retry_after; its
 * texts and lists are in `mem`. An answer that can't be understood is one,
 * too (TEL_LK_UNKNOWN, "bad_answer"). TEL_ENOMEM, also at mem's ceiling
 */
TEL_MUST_CHECK enum tel_err tel_twirp_decode(enum tel_lk_method method, int http_status,
					     struct tel_str text, struct tel_arena *mem,
					     struct tel_lk_answer *out);

#endif
