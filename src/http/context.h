/* What the handlers work with. Composed once by a main, shared by threads. */
#ifndef TEL_HTTP_CONTEXT_H
#define TEL_HTTP_CONTEXT_H

#include <stdbool.h>

#include "app/app.h"
#include "app/inbox.h"
#include "base/buf.h"
#include "ports/authenticator.h"
#include "ports/digest.h"

/* Everything is borrowed and outlives every request. */
struct tel_http_context {
	struct tel_app *app;
	struct tel_inbox *inbox;	/* NULL: jobs are run elsewhere */
	const char *version;
	bool show_metrics;		/* TELEPHONY_METRICS */
	bool show_calls;		/* TELEPHONY_DIAGNOSTICS */
	struct tel_authenticator *authenticator;
	struct tel_digest *digest;	/* of bodies that come with an Idempotency-Key */
	/*
	 * Are the agent routes that are in force those of the file? False:
	 * `why` says what is wrong with it, in words fit for a stranger.
	 * NULL: there is nothing that could be wrong.
	 */
	bool (*routes_are_fine)(void *ctx, struct tel_buf *why);
	void *routes_ctx;
};

#endif
