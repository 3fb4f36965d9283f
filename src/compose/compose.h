/*
 * The whole program out of its configuration: which adapter is behind which
 * port is said here and nowhere else. Used by every main.
 */
#ifndef TEL_COMPOSE_COMPOSE_H
#define TEL_COMPOSE_COMPOSE_H

#include <stdbool.h>

#include "app/app.h"
#include "app/inbox.h"
#include "app/run_jobs.h"
#include "base/buf.h"
#include "base/err.h"
#include "config/telephony_config.h"
#include "ports/authenticator.h"
#include "ports/digest.h"
#include "system/log_json.h"
#include "system/process.h"

/* What it is for; the rest stays NULL in `app` and costs nothing. */
enum tel_compose_part {
	TEL_COMPOSE_WEBHOOKS = 1,	/* verifier, decoder, routing */
	TEL_COMPOSE_JOBS = 2,		/* livekit, inbox, runner; routing, for calls that
					   it finds */
	TEL_COMPOSE_ROUTES = 4		/* routing alone, to place calls */
};

struct tel_compose {
	struct tel_app app;
	struct tel_inbox *inbox;	/* NULL without TEL_COMPOSE_JOBS */
	struct tel_runner *runner;	/* NULL without TEL_COMPOSE_JOBS */
	struct tel_authenticator *authenticator; /* NULL without TEL_COMPOSE_WEBHOOKS */

	/* Adapters that are held as values. */
	struct tel_clock clock;
	struct tel_random random;
	struct tel_digest digest;
	struct tel_system_process process;
	struct tel_json_log log;

	/*
	 * Set after opening, before any thread: called once, by any thread,
	 * if the store will never write again in this process. The process
	 * should end; another one can open the store.
	 */
	void (*store_broken)(void *ctx);
	void *store_broken_ctx;
};

/* A log to stderr as configured; `config` NULL = before there is one. */
void tel_compose_log(const struct tel_config *config, struct tel_clock *clock,
		     struct tel_json_log *log);

/*
 * Open store, routes and whatever `parts` asks for. Once in a process, after
 * its last fork. `config` is borrowed until close. On an error `why` (its
 * ceiling is the caller's) names the setting, file or permission at fault.
 */
TEL_MUST_CHECK enum tel_err tel_compose_open(const struct tel_config *config, unsigned parts,
					     struct tel_compose **out, struct tel_buf *why);

/*
 * Close all in reverse order. Requests to LiveKit under way are given up:
 * their jobs are left to others. No thread may use it any more. NULL is fine.
 */
void tel_compose_close(struct tel_compose *all);

/* For struct tel_http_context: are the routes in force those of the file? */
bool tel_compose_routes_are_fine(void *compose, struct tel_buf *why);

#endif
