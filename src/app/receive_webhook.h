/*
 * Use case: a delivery of LiveKit's arrives. Verified, decoded, applied in
 * one step; the answer is due when this returns, for by then the event is
 * on disk (invariant I3). Never calls LiveKit (I4). Any thread.
 */
#ifndef TEL_APP_RECEIVE_WEBHOOK_H
#define TEL_APP_RECEIVE_WEBHOOK_H

#include "app/app.h"
#include "app/inbox.h"
#include "base/err.h"
#include "base/str.h"
#include "domain/decide.h"
#include "ports/webhook_verifier.h"

enum tel_received_status {
	TEL_RECEIVED,			/* applied, known already, or no concern of
					   ours: 200 */
	TEL_RECEIVED_FORGED,		/* see verdict: 401 */
	TEL_RECEIVED_MALFORMED,		/* signed, but no event: 400 */
	TEL_RECEIVED_UNAVAILABLE	/* our trouble, see err; LiveKit will
					   retry: 503 */
};

struct tel_received {
	enum tel_received_status status;
	enum tel_webhook_verdict verdict;
	enum tel_err err;
	enum tel_event_effect effect;
	struct tel_call_id call_id;	/* "" if no call was touched */
	bool dispatch_leased;		/* a dispatch job is in the inbox now */
};

/*
 * `inbox` may be NULL: jobs are then run elsewhere. Counts and logs every
 * outcome.
 */
void tel_receive_webhook(struct tel_app *app, struct tel_inbox *inbox,
			 struct tel_str authorization, struct tel_str body,
			 struct tel_received *out);

#endif
