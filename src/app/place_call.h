/*
 * Use case: place an outbound call. One step checks the guards, remembers the
 * Idempotency-Key and stores the call; LiveKit is called by jobs (I4).
 */
#ifndef TEL_APP_PLACE_CALL_H
#define TEL_APP_PLACE_CALL_H

#include "app/app.h"
#include "app/inbox.h"
#include "domain/place.h"

/* As it came, validated member by member; texts are borrowed. */
struct tel_place_request {
	struct tel_str to;		/* strict E.164 */
	struct tel_str from;		/* strict E.164; absent = the default */
	struct tel_str agent_config;	/* a JSON object, merged over the route's;
					   absent = none */
	struct tel_str agent_name;	/* absent = the route's */
	struct tel_str room_name, trunk_id, dtmf, metadata;	/* absent = none */
	tel_time ringing_timeout, max_duration;			/* 0 = default */

	struct tel_str principal;	/* who asks: scope of the key; for the
					   log and the timeline */
	struct tel_str idempotency_key;	/* absent = none */
	uint8_t body_sha256[32];	/* with idempotency_key */
	bool dry_run;
};

enum tel_placed_status {
	TEL_PLACED_BY_STEP,		/* see `place` */
	TEL_PLACED_NO_FROM,		/* none given, no TELEPHONY_DEFAULT_FROM_NUMBER */
	TEL_PLACED_NO_TRUNK,		/* no trunkId, no LIVEKIT_SIP_OUTBOUND_TRUNK_ID */
	TEL_PLACED_BAD_CONFIG,		/* agentConfig merged is over its ceiling */
	TEL_PLACED_DISABLED,		/* TELEPHONY_ENABLED=false */
	TEL_PLACED_UNAVAILABLE		/* our trouble: see err */
};

struct tel_placed {
	enum tel_placed_status status;
	enum tel_err err;
	struct tel_place place;		/* its outs; free place.call */
};

/* `inbox` may be NULL. Counts and logs. Any thread. */
void tel_place_call(struct tel_app *app, struct tel_inbox *inbox,
		    const struct tel_place_request *request, struct tel_placed *out);

#endif
