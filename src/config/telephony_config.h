/*
 * The configuration: from the environment, and from the file that
 * TELEPHONY_CONFIG names. The file comes first, the environment overrides
 * it; an empty value counts as not set. Everything is validated here, so
 * that who composes the program needs to check nothing.
 */
#ifndef TEL_CONFIG_TELEPHONY_CONFIG_H
#define TEL_CONFIG_TELEPHONY_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/problems.h"
#include "base/time.h"
#include "config/settings.h"
#include "domain/policy.h"
#include "ports/log.h"

/* A key and secret a webhook may be signed with. Borrowed from the config. */
struct tel_config_key {
	const char *name;
	const char *secret;
};

struct tel_config_store {
	const char *kind;		/* "lmdb" */
	const char *path;		/* absolute */
};

/* A static token of the API: its SHA-256. */
struct tel_config_token {
	struct tel_str name;		/* printable, at most TEL_MAX_TOKEN_NAME */
	uint8_t sha256[32];
};

/* Texts are borrowed from the configuration, the array is its own. */
struct tel_config_list {
	struct tel_str *items;
	size_t n;
};

enum tel_config_source { TEL_FROM_DEFAULT, TEL_FROM_FILE, TEL_FROM_ENVIRONMENT };

struct tel_config_value {
	char *text;			/* owned; NULL = not set, no default */
	enum tel_config_source source;
	unsigned line;			/* of the file */
};

/* Immutable once loaded; any thread may read it. */
struct tel_config {
	bool enabled;
	char *livekit_url;		/* "http://…" or "https://…", no '/' at its
					   end; NULL only if not needed */
	const char *api_key;		/* NULL only if not needed */
	const char *api_secret;		/* likewise */
	/*
	 * What webhooks may be signed with: API key + webhook secret first,
	 * then LIVEKIT_KEYS. One name may be there with several secrets
	 * (a secret being changed): each is to be tried.
	 */
	struct tel_config_key keys[TEL_MAX_KEYS];
	size_t n_keys;
	const char *ca_file;		/* NULL = the system's */

	struct tel_config_store store;
	size_t store_size;		/* bytes, a multiple of 64 KiB */
	bool group_commit;
	tel_time retention;		/* of calls that are over; 0 = for ever */

	const char *routes_file;	/* absolute; NULL = none */
	const char *agent_name;
	struct tel_policy policy;
	tel_time reconcile_interval;	/* 0 = never */
	const char *room_prefix;	/* NULL = every room */

	int threads;
	bool run_jobs;
	bool metrics;
	bool diagnostics;
	struct tel_config_token tokens[TEL_MAX_TOKENS];
	size_t n_tokens;

	/* Outbound calls. */
	struct tel_config_list allow_prefixes, deny_prefixes, from_numbers;
	const char *default_from;	/* E.164; NULL = none */
	const char *outbound_trunk;	/* NULL = none */
	int max_concurrent_outbound;	/* 0 = no limit, as for the next two */
	int max_outbound_per_minute;
	int max_per_destination_per_day;

	enum tel_log_level log_level;
	bool log_full_numbers;

	/* As written and where it came from, by enum tel_setting_id. */
	struct tel_config_value values[TEL_SETTINGS];
	char *key_list;			/* owned: LIVEKIT_KEYS, cut up */
	size_t key_list_len;
};

enum tel_config_purpose {
	TEL_CONFIG_TO_SERVE,		/* LiveKit's address and keys are required */
	TEL_CONFIG_FOR_STORE		/* they are not: only stored calls are wanted */
};

/*
 * `environ_like` is NULL terminated, as `environ` is. All problems found are
 * added to `problems` (zeroed before its first use); with TEL_OK there may
 * be warnings in it. No problem's text holds a secret.
 * TEL_EMALFORMED (see problems) | TEL_ENOMEM
 */
TEL_MUST_CHECK enum tel_err tel_config_load(const char *const *environ_like,
					    enum tel_config_purpose purpose,
					    struct tel_config **out,
					    struct tel_problems *problems);

/* Wipes the secrets. NULL is fine. */
void tel_config_free(struct tel_config *config);

/* `KEY=value  # where it came from` lines, secrets as "(set)". */
enum tel_err tel_config_write_effective(const struct tel_config *config, struct tel_buf *out);

/* docs/SETTINGS.md. */
enum tel_err tel_config_write_reference(struct tel_buf *out);

#endif
