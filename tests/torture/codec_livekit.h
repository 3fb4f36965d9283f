/*
 * The fake LiveKit behind the real codec: requests are encoded, answers are
 * decoded from the JSON that LiveKit would send, as the HTTP client does.
 * The fake's own allocations don't fail. One thread.
 */
#ifndef TEL_TESTS_CODEC_LIVEKIT_H
#define TEL_TESTS_CODEC_LIVEKIT_H

#include "fakes/fake_livekit.h"

struct tel_codec_livekit {
	struct tel_livekit base;
	struct tel_livekit *fake;
};

void tel_codec_livekit_init(struct tel_codec_livekit *codec, struct tel_fake_livekit *fake);

#endif
