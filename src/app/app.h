/*
 * What the use cases work with: ports and policy. Composed once by a main;
 * everything is borrowed and outlives every use case. Shared by threads.
 */
#ifndef TEL_APP_APP_H
#define TEL_APP_APP_H

#include <stdbool.h>

#include "domain/decide.h"
#include "domain/guard.h"
#include "domain/policy.h"
#include "ports/call_store.h"
#include "ports/clock.h"
#include "ports/counters.h"
#include "ports/event_decoder.h"
#include "ports/livekit.h"
#include "ports/log.h"
#include "ports/process.h"
#include "ports/random.h"
#include "ports/routing.h"
#include "ports/webhook_verifier.h"

struct tel_app {
	struct tel_call_store *store;
	struct tel_routing *routing;
	struct tel_webhook_verifier *verifier;
	struct tel_event_decoder *decoder;
	struct tel_livekit *livekit;	/* used by the runner's thread only;
					   NULL where no jobs are run */
	struct tel_clock *clock;
	struct tel_random *random;
	struct tel_process *process;
	struct tel_log *log;
	struct tel_counters *counters;
	struct tel_policy policy;
	/*
	 * TELEPHONY_RECONCILE_INTERVAL: between two comparisons of the calls
	 * with what LiveKit shows, ms; 0 = never.
	 */
	tel_time reconcile_interval;
	/*
	 * TELEPHONY_ROOM_PREFIX: rooms without a call of ours are looked at if
	 * their name begins so, or if people are in them; absent = every room.
	 */
	struct tel_str room_prefix;
	struct tel_guard_policy guards;	/* of outbound calls */
	struct tel_str default_from;	/* E.164; absent = none */
	struct tel_str default_trunk;	/* absent = none */
	/*
	 * TELEPHONY_ENABLED. False: genuine webhooks are acknowledged and
	 * not applied, no job is run.
	 */
	bool enabled;
};

/* What a decision that is made now has to know. */
struct tel_decide_env tel_app_env(const struct tel_app *app);
/* With a random number, too. TEL_EIO: there is no randomness */
TEL_MUST_CHECK enum tel_err tel_app_drawn_env(const struct tel_app *app,
					      struct tel_decide_env *env);

#endif
