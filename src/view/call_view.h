/*
 * A call as everybody outside sees it: TelephonyCall, JSON in camelCase,
 * null where something is unknown or does not apply. The HTTP API and
 * telephonyctl --json show the same. Pure functions, any thread.
 */
#ifndef TEL_VIEW_CALL_VIEW_H
#define TEL_VIEW_CALL_VIEW_H

#include "base/buf.h"
#include "base/err.h"
#include "domain/call.h"
#include "domain/timeline.h"
#include "json/json_write.h"
#include "ports/call_store.h"

/* A call's view is its record with other names around it; a page has many. */
#define TEL_MAX_CALL_VIEW (2 * TEL_MAX_RECORD)

/*
 * Append the call:
 *   {callId, roomName, roomSid, direction, from, to, fromRaw, toRaw, trunkId,
 *    status, outcome, sipStatusCode, sipStatus, disconnectReason, endedBy,
 *    agentDispatched,
 *    createdAt, updatedAt, ringingAt, answeredAt, hangUpAt, endedAt,
 *    ringSeconds (until it was answered, or the call's end), talkSeconds,
 *    ringingTimeoutSeconds, maxDurationSeconds, metadata {…} (null if inbound),
 *    sipParticipant {participantSid, identity, sipCallId} | null,
 *    agent {name, dispatchId, route, joinedAt, leftAt},
 *    transfer {state, to, playDialtone, requestedAt, finishedAt,
 *              error {code, message} | null} | null,
 *    error {code, message} | null, raw {…} | null}
 * and, if `timeline` is not NULL, timeline [ … ] as below.
 * TEL_ENOMEM | TEL_ETOOBIG (the buffer's ceiling)
 */
enum tel_err tel_view_call(const struct tel_call *call, const struct tel_timeline *timeline,
			   struct tel_buf *out);

/* The same object as a part of something bigger: an element of a list. */
void tel_view_put_call(struct tel_json_write *w, const struct tel_call *call,
		       const struct tel_timeline *timeline);

/*
 * Append [{seq, at, offsetMs, source, what, result, status, evidence {…}}],
 * oldest first; offsetMs counts from the call's beginning. Errors as above.
 */
enum tel_err tel_view_timeline(const struct tel_call *call, const struct tel_timeline *timeline,
			       struct tel_buf *out);

/* Was an agent sent for, or seen, in any life of the call's room? */
bool tel_view_agent_dispatched(const struct tel_call *call);

#endif
