#include "config.h"

#include <string.h>

#include "config/parse_values.h"
#include "config/settings.h"
#include "config/telephony_config.h"
#include "base/banned.h"

#define AT(field) offsetof(struct tel_config, field)
#define NOWHERE 0	/* for parse functions that write nothing */

static const char *const no_yes[] = { "false", "true", NULL };
static const char *const off_on[] = { "off", "on", NULL };
static const char *const log_levels[] = { "error", "warn", "info", "debug", NULL };
static const char *const mask_full[] = { "mask", "full", NULL };
/* As enum tel_agent_loss has them. */
static const char *const agent_losses[] = { "redispatch", "fallback", "hangup", "keep", NULL };

/* In the order in which the reference shows them. */
static const struct tel_setting settings[TEL_SETTINGS] = {
	[TEL_SET_CONFIG] = {
		.key = "TELEPHONY_CONFIG", .parse = tel_parse_path, .offset = NOWHERE,
		.flags = TEL_SETTING_ENVIRONMENT_ONLY, .fallback_words = "no file",
		.allowed = "the absolute path of a file of KEY=VALUE lines",
		.help = "A file to read settings from. Keep secrets in it, out of the web "
			"server's configuration.",
	},
	[TEL_SET_ENABLED] = {
		.key = "TELEPHONY_ENABLED", .parse = tel_parse_bool, .offset = AT(enabled),
		.choices = no_yes, .fallback = "true",
		.help = "With `false`, webhooks are acknowledged and nothing is done: no call "
			"is kept, no agent dispatched.",
	},
	[TEL_SET_URL] = {
		.key = "LIVEKIT_URL", .parse = tel_parse_url, .offset = AT(livekit_url),
		.fallback_words = "none: required unless TELEPHONY_ENABLED=false",
		.allowed = "an http, https, ws or wss URL: a host, perhaps a port and a path; "
			   "no user, query or fragment",
		.help = "Where LiveKit's API is. `ws` and `wss` are taken as `http` and `https`.",
	},
	[TEL_SET_API_KEY] = {
		.key = "LIVEKIT_API_KEY", .parse = tel_parse_key, .offset = AT(api_key),
		.fallback_words = "none: required",
		.allowed = "printable ASCII without blanks, ':' and ',', at most 128 characters",
		.help = "The API key that requests to LiveKit are signed with.",
	},
	[TEL_SET_API_SECRET] = {
		.key = "LIVEKIT_API_SECRET", .parse = tel_parse_secret, .offset = AT(api_secret),
		.flags = TEL_SETTING_SECRET, .fallback_words = "none: required",
		.allowed = "printable ASCII without blanks and ',', at most 512 characters",
		.help = "The secret of that key; it should have 32 characters or more.",
	},
	[TEL_SET_WEBHOOK_SECRET] = {
		.key = "LIVEKIT_WEBHOOK_SECRET", .parse = tel_parse_secret_only, .offset = NOWHERE,
		.flags = TEL_SETTING_SECRET, .fallback_words = "LIVEKIT_API_SECRET",
		.allowed = "printable ASCII without blanks and ',', at most 512 characters",
		.help = "The secret that LiveKit signs webhooks with under LIVEKIT_API_KEY, if "
			"it is another one.",
	},
	[TEL_SET_KEYS] = {
		.key = "LIVEKIT_KEYS", .parse = tel_parse_any, .offset = NOWHERE,
		.flags = TEL_SETTING_SECRET | TEL_SETTING_REPEATS, .fallback_words = "none",
		.allowed = "`key: secret` pairs, separated by commas or newlines, at most 15",
		.help = "More keys that webhooks may be signed with, while keys are being "
			"changed. In the file the line may be repeated, one pair each.",
	},
	[TEL_SET_CA_FILE] = {
		.key = "LIVEKIT_CA_FILE", .parse = tel_parse_readable_path, .offset = AT(ca_file),
		.fallback_words = "the system's certificates",
		.allowed = "the absolute path of a file that this user can read",
		.help = "Certificates (PEM) to verify LiveKit's with.",
	},
	[TEL_SET_STORE] = {
		.key = "TELEPHONY_STORE", .parse = tel_parse_store, .offset = AT(store),
		.fallback = "lmdb:/var/lib/livekit-telephony",
		.allowed = "`lmdb:` and the absolute path of a directory on a local file system",
		.help = "Where calls are kept. The directory belongs to the user that the "
			"program runs as.",
	},
	[TEL_SET_STORE_SIZE] = {
		.key = "TELEPHONY_STORE_SIZE", .parse = tel_parse_size, .offset = AT(store_size),
		.fallback = "16G",
		.allowed = "a size from 16M to 64T: a whole number followed by K, M, G or T",
		.min = (int64_t)16 << 20, .max = (int64_t)64 << 40,
		.help = "What the store may grow to. Address space and a sparse file: only what "
			"is used takes room on the disk.",
	},
	[TEL_SET_GROUP_COMMIT] = {
		.key = "TELEPHONY_GROUP_COMMIT", .parse = tel_parse_bool,
		.offset = AT(group_commit), .choices = off_on, .fallback = "on",
		.help = "Let writes that arrive during a commit share the next one. `off` is for "
			"measuring what that gains.",
	},
	[TEL_SET_RETENTION_DAYS] = {
		.key = "TELEPHONY_RETENTION_DAYS", .parse = tel_parse_duration,
		.offset = AT(retention), .fallback = "90", .max = 36500, .unit = TEL_DAY,
		.help = "Days after its end that a call is kept; 0 = for ever.",
	},
	[TEL_SET_ROUTES] = {
		.key = "TELEPHONY_ROUTES", .parse = tel_parse_path, .offset = AT(routes_file),
		.fallback_words = "no file: one agent for every number",
		.allowed = "the absolute path of a routes.json",
		.help = "Which agent answers which number, see [ROUTES.md](ROUTES.md). Read again "
			"when it changes.",
	},
	[TEL_SET_AGENT_NAME] = {
		.key = "TELEPHONY_AGENT_NAME", .parse = tel_parse_text, .offset = AT(agent_name),
		.fallback = "telephony-agent", .max = TEL_MAX_NAME,
		.allowed = "text without control characters, at most 128 bytes",
		.help = "The agent to dispatch where the routes name none.",
	},
	[TEL_SET_ROOM_DELETE] = {
		.key = "TELEPHONY_ROOM_DELETE", .parse = tel_parse_room_delete,
		.offset = AT(policy.room_delete_after), .fallback = "10", .max = 86400,
		.unit = TEL_SECOND, .never = TEL_ROOM_DELETE_NEVER,
		.allowed = "`never`, `now`, or seconds: a whole number from 0 to 86400",
		.help = "When the room of a call that is over is deleted. `never` leaves it to "
			"LiveKit.",
	},
	[TEL_SET_RETURN_GRACE] = {
		.key = "TELEPHONY_RETURN_GRACE", .parse = tel_parse_duration,
		.offset = AT(policy.return_grace), .fallback = "20", .max = 3600,
		.unit = TEL_SECOND,
		.help = "Seconds that a call waits for its phone to come back when its room "
			"ended under it (LiveKit restarted).",
	},
	[TEL_SET_MAX_CALL_AGE] = {
		.key = "TELEPHONY_MAX_CALL_AGE", .parse = tel_parse_duration,
		.offset = AT(policy.max_age), .fallback = "86400", .min = 60,
		.max = (int64_t)30 * 86400, .unit = TEL_SECOND,
		.help = "Seconds after which a call that nothing was heard of is over.",
	},
	[TEL_SET_MAX_DURATION] = {
		.key = "TELEPHONY_MAX_CALL_DURATION", .parse = tel_parse_duration_or_never,
		.offset = AT(policy.max_duration), .fallback = "86400", .min = 60,
		.max = (int64_t)7 * 86400, .unit = TEL_SECOND, .never = TEL_NEVER,
		.allowed = "`never`, or seconds: a whole number from 60 to 604800",
		.help = "Seconds after which an inbound call is hung up. (An outbound call has "
			"a duration of its own.)",
	},
	[TEL_SET_AGENT_JOIN_DEADLINE] = {
		.key = "TELEPHONY_AGENT_JOIN_DEADLINE", .parse = tel_parse_duration,
		.offset = AT(policy.agent_join_deadline), .fallback = "8", .min = 1, .max = 300,
		.unit = TEL_SECOND,
		.help = "Seconds that an agent has for joining after it was dispatched; then "
			"it is looked for, and another one dispatched if it is not there. A "
			"route may say otherwise (`agentJoinDeadlineSeconds`).",
	},
	[TEL_SET_AGENT_LOSS] = {
		.key = "TELEPHONY_AGENT_LOSS", .parse = tel_parse_choice,
		.offset = AT(policy.agent_loss), .choices = agent_losses, .fallback = "redispatch",
		.help = "What is done when the agent leaves and the phone is still there: "
			"dispatch another one, do what the route's `fallback` says, hang up, or "
			"keep the phone in its room, alone.",
	},
	[TEL_SET_SOLO_TIMEOUT] = {
		.key = "TELEPHONY_SOLO_TIMEOUT", .parse = tel_parse_duration_or_never,
		.offset = AT(policy.solo_timeout), .fallback = "300", .min = 10, .max = 86400,
		.unit = TEL_SECOND, .never = TEL_NEVER,
		.allowed = "`never`, or seconds: a whole number from 10 to 86400",
		.help = "Seconds after which a phone that is alone in its room is hung up.",
	},
	[TEL_SET_RECONCILE_INTERVAL] = {
		.key = "TELEPHONY_RECONCILE_INTERVAL", .parse = tel_parse_duration_or_never,
		.offset = AT(reconcile_interval), .fallback = "15", .min = 1, .max = 3600,
		.unit = TEL_SECOND, .never = 0,
		.allowed = "`never`, or seconds: a whole number from 1 to 3600",
		.help = "Seconds between two comparisons of the calls with what LiveKit shows. "
			"They make up for webhooks that never came.",
	},
	[TEL_SET_ROOM_PREFIX] = {
		.key = "TELEPHONY_ROOM_PREFIX", .parse = tel_parse_text, .offset = AT(room_prefix),
		.fallback_words = "none: every room", .max = TEL_MAX_NAME,
		.allowed = "text without control characters, at most 128 bytes",
		.help = "How the names of rooms begin that phones come into, such as `call-`. In "
			"those comparisons, of all other rooms only those with people in them "
			"are looked at.",
	},
	[TEL_SET_THREADS] = {
		.key = "TELEPHONY_THREADS", .parse = tel_parse_int, .offset = AT(threads),
		.fallback = "8", .min = 1, .max = 256,
		.help = "Requests that one FastCGI process answers at a time.",
	},
	[TEL_SET_RUN_JOBS] = {
		.key = "TELEPHONY_RUN_JOBS", .parse = tel_parse_bool, .offset = AT(run_jobs),
		.choices = no_yes, .fallback = "true",
		.help = "With `false`, only `telephonyctl work` calls LiveKit, the FastCGI "
			"processes don't.",
	},
	[TEL_SET_METRICS] = {
		.key = "TELEPHONY_METRICS", .parse = tel_parse_bool, .offset = AT(metrics),
		.choices = no_yes, .fallback = "false",
		.help = "With `true`, GET /telephony/metrics answers, to anybody who can reach "
			"it. It tells how much is called: let the web server say who may ask.",
	},
	[TEL_SET_DIAGNOSTICS] = {
		.key = "TELEPHONY_DIAGNOSTICS", .parse = tel_parse_bool, .offset = AT(diagnostics),
		.choices = no_yes, .fallback = "false",
		.help = "With `true`, GET /telephony/calls and what is below it show calls and "
			"their timelines, to a LiveKit access token with the grant `sip.admin` "
			"or a token of TELEPHONY_API_TOKENS.",
	},
	[TEL_SET_API_TOKENS] = {
		.key = "TELEPHONY_API_TOKENS", .parse = tel_parse_any, .offset = NOWHERE,
		.flags = TEL_SETTING_REPEATS, .fallback_words = "none",
		.allowed = "`name: sha256` pairs, separated by commas or newlines, at most 16: a "
			   "word of at most 64 characters, and the 64 hex digits of the token's "
			   "SHA-256",
		.help = "Static tokens for the API, beside LiveKit's access tokens. Only their "
			"hashes are here: what `sha256sum` prints of a token without a newline. A "
			"token should be 32 random characters or more. It may do everything; its "
			"name is logged with the calls that it places.",
	},
	[TEL_SET_ALLOW_PREFIXES] = {
		.key = "TELEPHONY_ALLOW_PREFIXES", .parse = tel_parse_prefixes,
		.offset = AT(allow_prefixes), .flags = TEL_SETTING_REPEATS,
		.fallback_words = "none: no outbound call is placed",
		.allowed = "prefixes, separated by commas: `+` and 1 to 15 digits each, the first "
			   "of them not 0; at most 1000",
		.help = "Which numbers outbound calls may go to: those that begin with one of "
			"these, such as `+1,+4930`. As few as are needed: whoever gets hold of "
			"a token can call all of them.",
	},
	[TEL_SET_DENY_PREFIXES] = {
		.key = "TELEPHONY_DENY_PREFIXES", .parse = tel_parse_prefixes,
		.offset = AT(deny_prefixes), .flags = TEL_SETTING_REPEATS,
		.fallback_words = "none",
		.allowed = "prefixes, separated by commas: `+` and 1 to 15 digits each, the first "
			   "of them not 0; at most 1000",
		.help = "Which of those outbound calls may not go to all the same, such as "
			"`+1900` (premium rate).",
	},
	[TEL_SET_FROM_NUMBERS] = {
		.key = "TELEPHONY_FROM_NUMBERS", .parse = tel_parse_numbers,
		.offset = AT(from_numbers), .flags = TEL_SETTING_REPEATS,
		.fallback_words = "any number",
		.allowed = "numbers, separated by commas: `+` and 7 to 15 digits each, the first "
			   "of them not 0; at most 1000",
		.help = "Which numbers outbound calls may come from.",
	},
	[TEL_SET_DEFAULT_FROM] = {
		.key = "TELEPHONY_DEFAULT_FROM_NUMBER", .parse = tel_parse_number,
		.offset = AT(default_from), .fallback_words = "none: each call has to name one",
		.allowed = "a number: `+` and 7 to 15 digits, the first of them not 0",
		.help = "The number that outbound calls come from if they don't name one.",
	},
	[TEL_SET_OUTBOUND_TRUNK] = {
		.key = "LIVEKIT_SIP_OUTBOUND_TRUNK_ID", .parse = tel_parse_key,
		.offset = AT(outbound_trunk), .fallback_words = "none: each call has to name one",
		.allowed = "printable ASCII without blanks, ':' and ',', at most 128 characters",
		.help = "LiveKit's outbound trunk (`ST_…`) that calls go out by if they don't name "
			"one.",
	},
	[TEL_SET_MAX_CONCURRENT] = {
		.key = "TELEPHONY_MAX_CONCURRENT_OUTBOUND", .parse = tel_parse_int,
		.offset = AT(max_concurrent_outbound), .fallback = "10", .max = 10000,
		.help = "Outbound calls that may go on at a time, in all processes together; "
			"0 = no limit.",
	},
	[TEL_SET_MAX_PER_MINUTE] = {
		.key = "TELEPHONY_MAX_OUTBOUND_PER_MINUTE", .parse = tel_parse_int,
		.offset = AT(max_outbound_per_minute), .fallback = "30", .max = 10000,
		.help = "Outbound calls that may be placed within any minute; 0 = no limit.",
	},
	/* Counted are stored calls, which are kept for a day at least: TELEPHONY_RETENTION_DAYS
	   is whole days after their end. */
	[TEL_SET_MAX_PER_DESTINATION] = {
		.key = "TELEPHONY_MAX_PER_DESTINATION_PER_DAY", .parse = tel_parse_int,
		.offset = AT(max_per_destination_per_day), .fallback = "10", .max = 10000,
		.help = "Outbound calls that may be placed to one number within any 24 hours; "
			"0 = no limit.",
	},
	[TEL_SET_DIAL_WITHIN] = {
		.key = "TELEPHONY_DIAL_WITHIN", .parse = tel_parse_duration,
		.offset = AT(policy.dial_within), .fallback = "60", .min = 5, .max = 3600,
		.unit = TEL_SECOND,
		.help = "Seconds after which an outbound call that could not be handed to LiveKit "
			"has failed: nobody is called when it no longer fits.",
	},
	[TEL_SET_LOG_LEVEL] = {
		.key = "TELEPHONY_LOG_LEVEL", .parse = tel_parse_choice, .offset = AT(log_level),
		.choices = log_levels, .fallback = "info",
		.help = "What is logged (JSON lines on stderr): this and all that is graver.",
	},
	[TEL_SET_LOG_NUMBERS] = {
		.key = "TELEPHONY_LOG_NUMBERS", .parse = tel_parse_bool,
		.offset = AT(log_full_numbers), .choices = mask_full, .fallback = "mask",
		.help = "Whether phone numbers are masked in the log (`+15*****00`) or written "
			"in full.",
	},
};

const struct tel_setting *tel_setting(enum tel_setting_id id)
{
	return &settings[id];
}

enum tel_setting_id tel_setting_find(struct tel_str key)
{
	size_t i;

	for (i = 0; i < TEL_SETTINGS; i++)
		if (tel_str_is(key, settings[i].key))
			break;
	return (enum tel_setting_id)i;
}

#define LONGEST_KEY 40
#define NEAR 3

static size_t least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein's distance, one row of his matrix at a time. */
static size_t distance(struct tel_str a, struct tel_str b)
{
	size_t row[LONGEST_KEY + 1], i, j, diagonal, above;

	if (a.len > LONGEST_KEY || b.len > LONGEST_KEY)
		return LONGEST_KEY;
	for (j = 0; j <= b.len; j++)
		row[j] = j;
	for (i = 1; i <= a.len; i++) {
		diagonal = row[0];
		row[0] = i;
		for (j = 1; j <= b.len; j++) {
			above = row[j];
			row[j] = least(above + 1, row[j - 1] + 1,
				       diagonal + (a.ptr[i - 1] != b.ptr[j - 1]));
			diagonal = above;
		}
	}
	return row[b.len];
}

const struct tel_setting *tel_setting_nearest(struct tel_str key)
{
	const struct tel_setting *best = NULL;
	size_t i, d, best_distance = NEAR + 1;

	for (i = 0; i < TEL_SETTINGS; i++) {
		d = distance(key, tel_str_from(settings[i].key));
		if (d < best_distance) {
			best_distance = d;
			best = &settings[i];
		}
	}
	return best;
}

static void write_choices(const struct tel_setting *setting, struct tel_buf *out)
{
	size_t i;

	for (i = 0; setting->choices[i]; i++) {
		if (i > 0)
			tel_buf_puts(out, setting->choices[i + 1] ? ", " : " or ");
		tel_buf_printf(out, "`%s`", setting->choices[i]);
	}
}

enum tel_err tel_setting_write_allowed(const struct tel_setting *setting, struct tel_buf *out)
{
	if (setting->allowed)
		tel_buf_puts(out, setting->allowed);
	else if (setting->choices)
		write_choices(setting, out);
	else
		tel_buf_printf(out, "a whole number from %lld to %lld", (long long)setting->min,
			       (long long)setting->max);
	return tel_buf_err(out);
}
