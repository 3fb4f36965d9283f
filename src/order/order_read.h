/*
 * What people ask for, as JSON: a call to be placed, a transfer. The HTTP API
 * and telephonyctl read it here, so both know the same members and refuse
 * with the same words. All that is wrong is told, member by member.
 */
#ifndef TEL_ORDER_ORDER_READ_H
#define TEL_ORDER_ORDER_READ_H

#include <stdbool.h>

#include "app/place_call.h"
#include "base/err.h"
#include "base/problems.h"
#include "base/str.h"
#include "domain/number.h"
#include "ports/routing.h"

struct json_object;

struct tel_order_read {
	struct tel_place_request request; /* principal, key, hash and dry_run are
					     left to the caller */
	struct tel_e164 to, from;
	struct json_object *root;	/* owned; the request's texts are in it */
};

/*
 * {to, from, agentConfig, agentName, roomName, trunkId, ringingTimeoutSeconds,
 *  maxDurationSeconds, dtmf, metadata}: `to` alone is required. A number must
 * begin with '+'; the visual separators of RFC 3966 are dropped from it.
 *
 * Problems name the member in `where`; one without it is about the text as a
 * whole, which is then no JSON object. Release *out in any case.
 * TEL_EMALFORMED (see problems) | TEL_ETOOBIG (TEL_MAX_ORDER) | TEL_ENOMEM
 */
TEL_MUST_CHECK enum tel_err tel_order_read(struct tel_str text, struct tel_routing *routing,
					   struct tel_order_read *out,
					   struct tel_problems *problems);
void tel_order_read_release(struct tel_order_read *order);

struct tel_transfer_read {
	char to[TEL_MAX_TRANSFER_TO + 1]; /* "tel:+15550300", "sip:…" */
	bool play_dialtone;
};

/* {to, playDialtone}: `to` is required. Errors as above. */
TEL_MUST_CHECK enum tel_err tel_transfer_read(struct tel_str text, struct tel_transfer_read *out,
					      struct tel_problems *problems);

#endif
