#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compose/compose.h"
#include "livekit/authenticator.h"
#include "livekit/client.h"
#include "livekit/event_decoder.h"
#include "livekit/keys.h"
#include "livekit/verifier.h"
#include "lmdb-store/lmdb_store.h"
#include "routing/routes_file.h"
#include "system/clock.h"
#include "system/digest.h"
#include "system/random.h"
#include "system/shared_counters.h"
#include "base/banned.h"

/*
 * Dispatches that wait for the runner in this process. At TEL_REQUEST_TIMEOUT
 * each, 64 at a time, the last of them starts well before its lease ends.
 */
#define INBOX_SLOTS 256

void tel_compose_log(const struct tel_config *config, struct tel_clock *clock,
		     struct tel_json_log *log)
{
	tel_json_log_init(log, STDERR_FILENO, config ? config->log_level : TEL_LOG_INFO,
			  config && config->log_full_numbers, clock);
}

/* ---- opening: one function an adapter, each says what is at fault ------------ */

typedef enum tel_err (*open_fn)(struct tel_compose *all, const struct tel_config *config,
				struct tel_buf *why);

static enum tel_err open_process(struct tel_compose *all, const struct tel_config *config,
				 struct tel_buf *why)
{
	enum tel_err err = tel_system_process_init(&all->process);

	(void)config;
	if (err)
		tel_buf_puts(why, "getrandom(2) does not work");
	all->app.process = &all->process.base;
	return err;
}

/* A store that works but is odd says so when it is opened; that is for the log. */
static void pass_on_warning(struct tel_log *log, const struct tel_buf *warning)
{
	if (warning->len > 0)
		tel_log_line(log, TEL_LOG_WARN, "store_warning",
			     TEL_F_STR("detail", tel_buf_str(warning)));
}

static void store_is_broken(void *compose)
{
	struct tel_compose *all = compose;

	tel_log_line(all->app.log, TEL_LOG_ERROR, "store_broken",
		     TEL_F_TEXT("detail", "the disk failed in the middle of a commit, or "
					  "the store has outgrown the address space "
					  "(ulimit -v): only a new process can use it"));
	if (all->store_broken)
		all->store_broken(all->store_broken_ctx);
}

static enum tel_err open_store(struct tel_compose *all, const struct tel_config *config,
			       struct tel_buf *why)
{
	struct tel_lmdb_options options = {
		.path = config->store.path,
		.map_size = config->store_size,
		.no_group_commit = !config->group_commit,
		.retention = config->retention,
		.broken = store_is_broken,
		.broken_ctx = all,
	};
	struct tel_buf detail;
	enum tel_err err;

	tel_buf_init(&detail, TEL_MAX_CONFIG_FILE);
	err = tel_lmdb_store_open(&options, &all->app.store, &detail);
	if (err)
		tel_buf_printf(why, "TELEPHONY_STORE: %s: %s", config->store.path,
			       detail.len > 0 ? detail.ptr : tel_err_text(err));
	else
		pass_on_warning(all->app.log, &detail);
	tel_buf_release(&detail);
	return err;
}

static enum tel_err open_counters(struct tel_compose *all, const struct tel_config *config,
				  struct tel_buf *why)
{
	enum tel_err err = tel_shared_counters_open(config->store.path, &all->app.counters);

	if (err)
		tel_buf_printf(why, "TELEPHONY_STORE: %s/counters: %s", config->store.path,
			       tel_err_text(err));
	return err;
}

/*
 * Beside the store, which was opened before and is ours: no place else is sure to
 * be there, writable, and closed to others.
 */
#define ROUTES_COPY "/routes.good"

static enum tel_err open_routes(struct tel_compose *all, const struct tel_config *config,
				const char *copy, struct tel_problems *problems)
{
	struct tel_routes_file_options options = {
		.path = config->routes_file,
		.agent_name = config->agent_name,
		.copy = copy,
		.clock = &all->clock,
		.log = all->app.log,
	};

	return tel_routes_file_open(&options, &all->app.routing, problems);
}

static enum tel_err open_routing(struct tel_compose *all, const struct tel_config *config,
				 struct tel_buf *why)
{
	struct tel_problems problems = { 0 };
	struct tel_buf copy;
	enum tel_err err;

	tel_buf_init(&copy, TEL_MAX_CONFIG_FILE);
	tel_buf_printf(&copy, "%s" ROUTES_COPY, config->store.path);
	err = tel_buf_err(&copy);
	if (!err)
		err = open_routes(all, config, copy.ptr, &problems);
	if (err == TEL_EMALFORMED) {
		tel_buf_printf(why, "TELEPHONY_ROUTES: %s\n", config->routes_file);
		tel_problems_write(&problems, why);
	}
	tel_problems_release(&problems);
	tel_buf_release(&copy);
	return err;
}

bool tel_compose_routes_are_fine(void *compose, struct tel_buf *why)
{
	struct tel_compose *all = compose;

	return tel_routes_file_is_fine(all->app.routing, why);
}

static enum tel_err open_verifier(struct tel_compose *all, const struct tel_config *config,
				  struct tel_buf *why)
{
	struct tel_keys keys = { 0 };
	enum tel_err err = TEL_OK;
	size_t i;

	for (i = 0; i < config->n_keys && !err; i++)
		err = tel_keys_add(&keys, tel_str_from(config->keys[i].name),
				   tel_str_from(config->keys[i].secret));
	if (!err)
		err = tel_livekit_verifier_new(&keys, &all->app.verifier);
	if (err)
		tel_buf_printf(why, "LIVEKIT_KEYS: %s", tel_err_text(err));
	tel_keys_release(&keys);
	return err;
}

/* Access tokens are made with the API key; the webhooks' keys are not asked. */
static enum tel_err open_authenticator(struct tel_compose *all, const struct tel_config *config,
				       struct tel_buf *why)
{
	struct tel_static_token tokens[TEL_MAX_TOKENS];
	struct tel_keys keys = { 0 };
	enum tel_err err = tel_keys_add(&keys, tel_str_from(config->api_key),
					tel_str_from(config->api_secret));
	size_t i;

	for (i = 0; i < config->n_tokens; i++) {
		snprintf(tokens[i].name, sizeof(tokens[i].name), "%.*s",
			 TEL_STR_ARG(config->tokens[i].name));
		memcpy(tokens[i].sha256, config->tokens[i].sha256, sizeof(tokens[i].sha256));
	}
	if (!err)
		err = tel_livekit_authenticator_new(&keys, tokens, config->n_tokens,
						    &all->authenticator);
	if (err)
		tel_buf_printf(why, "TELEPHONY_API_TOKENS: %s", tel_err_text(err));
	tel_keys_release(&keys);
	return err;
}

static enum tel_err open_decoder(struct tel_compose *all, const struct tel_config *config,
				 struct tel_buf *why)
{
	(void)config;
	(void)why;
	return tel_livekit_decoder_new(&all->app.decoder);
}

static enum tel_err open_livekit(struct tel_compose *all, const struct tel_config *config,
				 struct tel_buf *why)
{
	struct tel_livekit_client_options options = {
		.url = tel_str_from(config->livekit_url),
		.api_key = tel_str_from(config->api_key),
		.api_secret = tel_str_from(config->api_secret),
		.ca_file = tel_str_from(config->ca_file),
		.clock = &all->clock,
		.random = &all->random,
	};
	const char *detail = NULL;
	enum tel_err err = tel_livekit_client_new(&options, &all->app.livekit, &detail);

	if (err)
		tel_buf_printf(why, "LIVEKIT_URL: %s", detail ? detail : tel_err_text(err));
	return err;
}

static void wake_runner(void *livekit)
{
	((struct tel_livekit *)livekit)->ops->wake(livekit);
}

static enum tel_err open_runner(struct tel_compose *all, const struct tel_config *config,
				struct tel_buf *why)
{
	enum tel_err err = tel_inbox_new(INBOX_SLOTS, wake_runner, all->app.livekit, &all->inbox);

	(void)config;
	(void)why;
	return err ? err : tel_runner_new(&all->app, all->inbox, &all->runner);
}

static enum tel_err open_all(struct tel_compose *all, const struct tel_config *config,
			     unsigned parts, struct tel_buf *why)
{
	static const struct {
		unsigned parts;		/* any of them; 0 = always */
		open_fn open;
	} steps[] = {
		{ 0, open_process },
		{ 0, open_store },
		{ 0, open_counters },
		{ TEL_COMPOSE_WEBHOOKS | TEL_COMPOSE_ROUTES | TEL_COMPOSE_JOBS, open_routing },
		{ TEL_COMPOSE_WEBHOOKS, open_verifier },
		{ TEL_COMPOSE_WEBHOOKS, open_authenticator },
		{ TEL_COMPOSE_WEBHOOKS, open_decoder },
		{ TEL_COMPOSE_JOBS, open_livekit },
		{ TEL_COMPOSE_JOBS, open_runner },
	};
	enum tel_err err = TEL_OK;
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]) && !err; i++)
		if (!steps[i].parts || (steps[i].parts & parts))
			err = steps[i].open(all, config, why);
	return err;
}

static void take_settings(struct tel_app *app, const struct tel_config *config)
{
	app->enabled = config->enabled;
	app->policy = config->policy;
	app->reconcile_interval = config->reconcile_interval;
	app->room_prefix = tel_str_from(config->room_prefix);
	app->default_from = tel_str_from(config->default_from);
	app->default_trunk = tel_str_from(config->outbound_trunk);
	app->guards = (struct tel_guard_policy){
		.allow = config->allow_prefixes.items,
		.n_allow = config->allow_prefixes.n,
		.deny = config->deny_prefixes.items,
		.n_deny = config->deny_prefixes.n,
		.from = config->from_numbers.items,
		.n_from = config->from_numbers.n,
		.max_concurrent = (uint32_t)config->max_concurrent_outbound,
		.max_per_minute = (uint32_t)config->max_outbound_per_minute,
		.max_per_destination_day = (uint32_t)config->max_per_destination_per_day,
	};
}

enum tel_err tel_compose_open(const struct tel_config *config, unsigned parts,
			      struct tel_compose **out, struct tel_buf *why)
{
	struct tel_compose *all = calloc(1, sizeof(*all));
	enum tel_err err;

	if (!all)
		return TEL_ENOMEM;
	tel_system_clock_init(&all->clock);
	tel_system_random_init(&all->random);
	tel_system_digest_init(&all->digest);
	tel_compose_log(config, &all->clock, &all->log);
	all->app.clock = &all->clock;
	all->app.random = &all->random;
	all->app.log = &all->log.base;
	take_settings(&all->app, config);
	err = open_all(all, config, parts, why);
	if (err)
		tel_compose_close(all);
	else
		*out = all;
	return err;
}

/* ---- closing ------------------------------------------------------------------- */

void tel_compose_close(struct tel_compose *all)
{
	if (!all)
		return;
	if (all->app.livekit)		/* answers what is under way, to the runner */
		all->app.livekit->ops->close(all->app.livekit);
	tel_runner_free(all->runner);
	tel_inbox_free(all->inbox);
	tel_livekit_decoder_free(all->app.decoder);
	tel_livekit_authenticator_free(all->authenticator);
	tel_livekit_verifier_free(all->app.verifier);
	tel_routes_file_close(all->app.routing);
	tel_shared_counters_close(all->app.counters);
	if (all->app.store)
		all->app.store->ops->close(all->app.store);
	free(all);
}
