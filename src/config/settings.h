/*
 * The one table of settings. Parsing, `telephonyctl config check` and
 * docs/SETTINGS.md are all made from it.
 */
#ifndef TEL_CONFIG_SETTINGS_H
#define TEL_CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum tel_setting_id {
	TEL_SET_CONFIG,
	TEL_SET_ENABLED,
	TEL_SET_URL,
	TEL_SET_API_KEY,
	TEL_SET_API_SECRET,
	TEL_SET_WEBHOOK_SECRET,
	TEL_SET_KEYS,
	TEL_SET_CA_FILE,
	TEL_SET_STORE,
	TEL_SET_STORE_SIZE,
	TEL_SET_GROUP_COMMIT,
	TEL_SET_RETENTION_DAYS,
	TEL_SET_ROUTES,
	TEL_SET_AGENT_NAME,
	TEL_SET_ROOM_DELETE,
	TEL_SET_RETURN_GRACE,
	TEL_SET_MAX_CALL_AGE,
	TEL_SET_MAX_DURATION,
	TEL_SET_AGENT_JOIN_DEADLINE,
	TEL_SET_AGENT_LOSS,
	TEL_SET_SOLO_TIMEOUT,
	TEL_SET_RECONCILE_INTERVAL,
	TEL_SET_ROOM_PREFIX,
	TEL_SET_THREADS,
	TEL_SET_RUN_JOBS,
	TEL_SET_METRICS,
	TEL_SET_DIAGNOSTICS,
	TEL_SET_API_TOKENS,
	TEL_SET_ALLOW_PREFIXES,
	TEL_SET_DENY_PREFIXES,
	TEL_SET_FROM_NUMBERS,
	TEL_SET_DEFAULT_FROM,
	TEL_SET_OUTBOUND_TRUNK,
	TEL_SET_MAX_CONCURRENT,
	TEL_SET_MAX_PER_MINUTE,
	TEL_SET_MAX_PER_DESTINATION,
	TEL_SET_DIAL_WITHIN,
	TEL_SET_LOG_LEVEL,
	TEL_SET_LOG_NUMBERS,
	TEL_SETTINGS
};

enum tel_setting_flag {
	TEL_SETTING_SECRET = 1,		/* never shown */
	TEL_SETTING_REPEATS = 2,	/* may be in the file more than once */
	TEL_SETTING_ENVIRONMENT_ONLY = 4
};

struct tel_setting;

/*
 * Check `text` (trimmed, not empty) and write the value to `field`.
 * TEL_EMALFORMED (not what is allowed) | TEL_ENOMEM
 */
typedef enum tel_err (*tel_setting_parse_fn)(const struct tel_setting *setting, char *text,
					     void *field);

struct tel_setting {
	const char *key;
	tel_setting_parse_fn parse;
	size_t offset;			/* of the field in struct tel_config */
	const char *fallback;		/* the default, as one would write it; or NULL */
	const char *fallback_words;	/* the default in words, if it has no text */
	const char *allowed;		/* in words; NULL = made of the range or choices */
	const char *help;
	int64_t min, max;		/* of numbers, in the unit people write */
	int64_t unit;			/* one of them in the unit of the field */
	int64_t never;			/* what the field is for `never` */
	const char *const *choices;	/* NULL terminated; the index is the value */
	unsigned flags;
};

/* `id` < TEL_SETTINGS. Never NULL; static storage. */
const struct tel_setting *tel_setting(enum tel_setting_id id);

/* TEL_SETTINGS if there is none of that name. */
enum tel_setting_id tel_setting_find(struct tel_str key);

/* The setting whose name is nearest to a mistyped one; NULL = none is near. */
const struct tel_setting *tel_setting_nearest(struct tel_str key);

/* "a whole number from 1 to 256" */
enum tel_err tel_setting_write_allowed(const struct tel_setting *setting, struct tel_buf *out);

#endif
