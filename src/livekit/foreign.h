/*
 * Events that cannot concern a phone call, told by their bytes alone. On a
 * server that is used for more than telephony they are the most, and parsing
 * them is by far the most expensive thing that is done with them.
 */
#ifndef TEL_LIVEKIT_FOREIGN_H
#define TEL_LIVEKIT_FOREIGN_H

#include <stdbool.h>

#include "base/str.h"

/*
 * True: the body looks like an event, and whatever exactly it says, it is
 * neither `room_finished` nor about a participant of kind SIP or AGENT, for
 * none of these words is in it, nor anything that could spell them in
 * another way (a \u escape, a kind by number). False: it has to be parsed.
 * A body that is no event at all is never called foreign if its first or
 * last character, `event` or `id` is missing; what is wrong further inside
 * stays unnoticed, and there is nothing in it to be lost. Pure; any thread.
 */
bool tel_livekit_is_foreign(struct tel_str body);

#endif
