/*
 * Port event_decoder for LiveKit's webhooks (protocol: livekit_webhook.proto
 * in protobuf's JSON mapping). Any thread, no state.
 *
 * The port does not even parse what can be seen not to matter (foreign.h):
 * such an event comes out without name, id and room.
 *
 * An event that can't concern a phone call is never refused for what is in
 * it beyond `event` and `id`: rooms of other people may have any name.
 */
#ifndef TEL_LIVEKIT_EVENT_DECODER_H
#define TEL_LIVEKIT_EVENT_DECODER_H

#include "base/err.h"
#include "ports/event_decoder.h"

/* TEL_ENOMEM */
TEL_MUST_CHECK enum tel_err tel_livekit_decoder_new(struct tel_event_decoder **out);
void tel_livekit_decoder_free(struct tel_event_decoder *decoder);	/* NULL is fine */

/* The decoding itself; see the port for errors and ownership. */
TEL_MUST_CHECK enum tel_err tel_livekit_decode_event(struct tel_str body,
						     struct tel_event *out);

#endif
