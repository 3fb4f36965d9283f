/*
 * What a call keeps of an event for people to read: chosen fields only, so
 * that no secret gets in by being new. Pure; any thread.
 */
#ifndef TEL_LIVEKIT_REDACT_H
#define TEL_LIVEKIT_REDACT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct json_object;

/*
 * The event as compact JSON of at most TEL_MAX_RAW bytes, in `mem`:
 *   {event, id, createdAt, room {sid, name, creationTimeMs},
 *    participant {sid, identity, name, kind, state, joinedAtMs,
 *                 disconnectReason, attributes}}
 * always in camelCase. The value of an attribute whose name smells of a
 * secret is replaced. What would make it too long is left out whole, LiveKit's
 * own attributes last. The room's turnPassword is in no case part of it.
 * `event` is read only. TEL_ENOMEM
 */
TEL_MUST_CHECK enum tel_err tel_livekit_redact(const struct json_object *event,
					       struct tel_arena *mem, struct tel_str *out);

/* True for "sip.h.Authorization", "my_password", "ApiToken", … */
bool tel_livekit_smells_secret(struct tel_str name);

#endif
