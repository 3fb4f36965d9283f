/*
 * LiveKit's ParticipantInfo (protocol: livekit_models.proto), as webhooks
 * (camelCase) and answers (snake_case) carry it. Pure; any thread.
 */
#ifndef TEL_LIVEKIT_PARTICIPANT_H
#define TEL_LIVEKIT_PARTICIPANT_H

#include "base/arena.h"
#include "base/err.h"
#include "domain/event.h"

struct json_object;

/*
 * `info` NULL or no object: kind NONE. Texts go to `mem`. Of participants
 * other than phones and agents only kind, sid and identity are kept, the
 * latter two if they are within their ceilings.
 *
 * Numbers over TEL_MAX_NUMBER_RAW count as hidden (a caller writes them
 * himself, and must not be able to keep his call from being answered), names
 * over their ceiling as not told. TEL_EMALFORMED: an id over its ceiling or
 * with a NUL in it. TEL_ENOMEM
 */
TEL_MUST_CHECK enum tel_err tel_livekit_participant(const struct json_object *info,
						    struct tel_arena *mem,
						    struct tel_participant *out);

/* Copies an id or name: TEL_EMALFORMED if over `max` or with a NUL in it. */
TEL_MUST_CHECK enum tel_err tel_livekit_copy_id(struct tel_arena *mem, struct tel_str text,
						size_t max, struct tel_str *out);

/* The same, but a text that is not fit becomes an absent one. TEL_ENOMEM */
TEL_MUST_CHECK enum tel_err tel_livekit_copy_if_fit(struct tel_arena *mem, struct tel_str text,
						    size_t max, struct tel_str *out);

/* Moments: `ms` is milliseconds, else `s` seconds; 0 if neither is a number. */
tel_time tel_livekit_time(const struct json_object *ms, const struct json_object *s);

#endif
