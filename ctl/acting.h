/* What the subcommands that act on the store have in common. */
#ifndef TEL_CTL_ACTING_H
#define TEL_CTL_ACTING_H

#include "compose/compose.h"
#include "config/telephony_config.h"
#include "ctl/ctl.h"
#include "ctl/session.h"
#include "domain/call.h"

/* Who runs the jobs: what is stored only happens if somebody does. */
#define TEL_WHO_WORKS "a FastCGI process or 'telephonyctl work'"

/* The use cases on the store itself: no web server is asked. */
struct tel_acting {
	struct tel_config *config;
	struct tel_compose *all;
	/* Who asks, in timelines and as the scope of Idempotency-Keys: "ctl:alice". */
	char by[TEL_MAX_NAME + 1];
};

/*
 * Opens the store for writing (it belongs to one user, see tel_session_open())
 * and the routes. LiveKit is called by whoever runs jobs.
 */
TEL_MUST_CHECK enum tel_exit tel_acting_open(const char *config_file, struct tel_acting *out);

/* Legal on a zeroed one. */
void tel_acting_close(struct tel_acting *acting);

/* What a use case could not do: no such call, or trouble with the store. */
enum tel_exit tel_acting_trouble(const struct tel_acting *acting, enum tel_err err,
				 const char *call_id);

/* The call in words, or as the HTTP API shows it. */
enum tel_exit tel_say_call(const struct tel_acting *acting, const struct tel_call *call,
			   bool json);

/* A call id from the command line; false: it was said that it is none. */
struct tel_usage;
bool tel_acting_call_id(const struct tel_usage *usage, const char *text,
			struct tel_call_id *out);

#endif
