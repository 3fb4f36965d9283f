#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "config/config_file.h"
#include "config/telephony_config.h"
#include "harness.h"
#include "base/banned.h"

#define SECRET "s3cr3t-0123456789-0123456789-0123456789"
#define OTHER_SECRET "0th3r-0123456789-0123456789-0123456789"
#define URL "LIVEKIT_URL=https://livekit.example.com"
#define KEY "LIVEKIT_API_KEY=APIkey"
#define SECRET_SET "LIVEKIT_API_SECRET=" SECRET
#define NEEDED URL, KEY, SECRET_SET

/* What one load gave; cfg is NULL unless err is TEL_OK. */
struct result {
	enum tel_err err;
	struct tel_config *cfg;
	struct tel_problems problems;
	struct tel_buf text;		/* the problems as people see them */
};

static struct result load_for(enum tel_config_purpose purpose, const char *const *environment)
{
	struct result r = { 0 };

	tel_buf_init(&r.text, 1 << 20);
	r.err = tel_config_load(environment, purpose, &r.cfg, &r.problems);
	tel_problems_write(&r.problems, &r.text);
	return r;
}

#define LOAD(...) load_for(TEL_CONFIG_TO_SERVE, (const char *const[]){ __VA_ARGS__, NULL })

static void drop(struct result *r)
{
	tel_config_free(r->cfg);
	tel_problems_release(&r->problems);
	tel_buf_release(&r->text);
}

static bool says(const struct result *r, const char *what)
{
	bool found = strstr(tel_buf_str(&r->text).ptr, what) != NULL;

	if (!found)
		fprintf(stderr, "\n\"%s\" is not in:\n%s", what, tel_buf_str(&r->text).ptr);
	return found;
}

/* ---- files -------------------------------------------------------------- */

struct scratch {
	char path[TEL_TEMP_PATH];
	char variable[TEL_TEMP_PATH + 32]; /* TELEPHONY_CONFIG=path */
};

static void scratch_write_bytes(struct scratch *s, const char *data, size_t len)
{
	int fd = tel_temp_file(s->path);

	CU_ASSERT_FATAL(write(fd, data, len) == (ssize_t)len);
	close(fd);
	snprintf(s->variable, sizeof(s->variable), "TELEPHONY_CONFIG=%s", s->path);
}

static void scratch_write(struct scratch *s, const char *text)
{
	scratch_write_bytes(s, text, strlen(text));
}

static void scratch_drop(struct scratch *s)
{
	unlink(s->path);
}

/* ---- tests -------------------------------------------------------------- */

static void defaults_are_what_the_reference_says(void)
{
	struct result r = LOAD(NEEDED);

	CHECK_INT(r.err, TEL_OK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r.cfg);
	CHECK_INT(r.problems.n, 0);
	CU_ASSERT_TRUE(r.cfg->enabled);
	CU_ASSERT_STRING_EQUAL(r.cfg->livekit_url, "https://livekit.example.com");
	CU_ASSERT_STRING_EQUAL(r.cfg->api_key, "APIkey");
	CU_ASSERT_STRING_EQUAL(r.cfg->api_secret, SECRET);
	CHECK_INT(r.cfg->n_keys, 1);
	CU_ASSERT_STRING_EQUAL(r.cfg->keys[0].name, "APIkey");
	CU_ASSERT_STRING_EQUAL(r.cfg->keys[0].secret, SECRET);
	CU_ASSERT_PTR_NULL(r.cfg->ca_file);
	CU_ASSERT_STRING_EQUAL(r.cfg->store.kind, "lmdb");
	CU_ASSERT_STRING_EQUAL(r.cfg->store.path, "/var/lib/livekit-telephony");
	CHECK_INT(r.cfg->store_size, (int64_t)16 << 30);
	CU_ASSERT_TRUE(r.cfg->group_commit);
	CHECK_INT(r.cfg->retention, 90 * TEL_DAY);
	CU_ASSERT_PTR_NULL(r.cfg->routes_file);
	CU_ASSERT_STRING_EQUAL(r.cfg->agent_name, "telephony-agent");
	CHECK_INT(r.cfg->policy.room_delete_after, 10 * TEL_SECOND);
	CHECK_INT(r.cfg->policy.return_grace, 20 * TEL_SECOND);
	CHECK_INT(r.cfg->policy.max_age, TEL_DAY);
	CHECK_INT(r.cfg->policy.remember, TEL_DAY);
	CHECK_INT(r.cfg->policy.dial_within, TEL_MINUTE);
	CHECK_INT(r.cfg->policy.max_duration, TEL_DAY);
	CHECK_INT(r.cfg->policy.agent_join_deadline, 8 * TEL_SECOND);
	CHECK_INT(r.cfg->policy.agent_loss, TEL_LOSS_REDISPATCH);
	CHECK_INT(r.cfg->policy.solo_timeout, 5 * TEL_MINUTE);
	CHECK_INT(r.cfg->reconcile_interval, 15 * TEL_SECOND);
	CU_ASSERT_PTR_NULL(r.cfg->room_prefix);
	CHECK_INT(r.cfg->allow_prefixes.n, 0);
	CHECK_INT(r.cfg->deny_prefixes.n, 0);
	CHECK_INT(r.cfg->from_numbers.n, 0);
	CU_ASSERT_PTR_NULL(r.cfg->default_from);
	CU_ASSERT_PTR_NULL(r.cfg->outbound_trunk);
	CHECK_INT(r.cfg->max_concurrent_outbound, 10);
	CHECK_INT(r.cfg->max_outbound_per_minute, 30);
	CHECK_INT(r.cfg->max_per_destination_per_day, 10);
	CHECK_INT(r.cfg->threads, 8);
	CU_ASSERT_TRUE(r.cfg->run_jobs);
	CHECK_INT(r.cfg->log_level, TEL_LOG_INFO);
	CU_ASSERT_FALSE(r.cfg->log_full_numbers);
	drop(&r);
}

/* The value of one setting, as the number a table can compare. */
static int64_t number_of(const struct tel_config *c, const char *key)
{
	const struct { const char *key; int64_t value; } all[] = {
		{ "TELEPHONY_ENABLED", c->enabled },
		{ "TELEPHONY_STORE_SIZE", (int64_t)c->store_size },
		{ "TELEPHONY_GROUP_COMMIT", c->group_commit },
		{ "TELEPHONY_RETENTION_DAYS", c->retention },
		{ "TELEPHONY_ROOM_DELETE", c->policy.room_delete_after },
		{ "TELEPHONY_RETURN_GRACE", c->policy.return_grace },
		{ "TELEPHONY_MAX_CALL_AGE", c->policy.max_age },
		{ "TELEPHONY_MAX_CALL_DURATION", c->policy.max_duration },
		{ "TELEPHONY_AGENT_JOIN_DEADLINE", c->policy.agent_join_deadline },
		{ "TELEPHONY_AGENT_LOSS", c->policy.agent_loss },
		{ "TELEPHONY_SOLO_TIMEOUT", c->policy.solo_timeout },
		{ "TELEPHONY_RECONCILE_INTERVAL", c->reconcile_interval },
		{ "TELEPHONY_ROOM_PREFIX", (int64_t)strlen(c->room_prefix ? c->room_prefix : "") },
		{ "TELEPHONY_THREADS", c->threads },
		{ "TELEPHONY_RUN_JOBS", c->run_jobs },
		{ "TELEPHONY_METRICS", c->metrics },
		{ "TELEPHONY_DIAGNOSTICS", c->diagnostics },
		{ "TELEPHONY_API_TOKENS", (int64_t)c->n_tokens },
		{ "TELEPHONY_ALLOW_PREFIXES", (int64_t)c->allow_prefixes.n },
		{ "TELEPHONY_DENY_PREFIXES", (int64_t)c->deny_prefixes.n },
		{ "TELEPHONY_FROM_NUMBERS", (int64_t)c->from_numbers.n },
		{ "TELEPHONY_MAX_CONCURRENT_OUTBOUND", c->max_concurrent_outbound },
		{ "TELEPHONY_MAX_OUTBOUND_PER_MINUTE", c->max_outbound_per_minute },
		{ "TELEPHONY_MAX_PER_DESTINATION_PER_DAY", c->max_per_destination_per_day },
		{ "TELEPHONY_DIAL_WITHIN", c->policy.dial_within },
		{ "TELEPHONY_LOG_LEVEL", c->log_level },
		{ "TELEPHONY_LOG_NUMBERS", c->log_full_numbers },
	};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i].key, key) == 0)
			return all[i].value;
	CU_FAIL("no such number");
	return 0;
}

/* As `sha256sum` prints one. */
#define HASH "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"
#define TEXT_64 HASH

static void good_numbers_and_words(void)
{
	static const struct { const char *key, *text; int64_t value; } cases[] = {
		{ "TELEPHONY_ENABLED", "false", 0 },
		{ "TELEPHONY_ENABLED", "Off", 0 },
		{ "TELEPHONY_ENABLED", "1", 1 },
		{ "TELEPHONY_ENABLED", "YES", 1 },
		{ "TELEPHONY_STORE_SIZE", "16M", 16 << 20 },
		{ "TELEPHONY_STORE_SIZE", "64T", (int64_t)64 << 40 },
		{ "TELEPHONY_STORE_SIZE", "1g", 1 << 30 },
		{ "TELEPHONY_STORE_SIZE", "102400k", 102400 << 10 },
		{ "TELEPHONY_STORE_SIZE", "16842751", 16777216 },
		{ "TELEPHONY_GROUP_COMMIT", "off", 0 },
		{ "TELEPHONY_GROUP_COMMIT", "no", 0 },
		{ "TELEPHONY_RETENTION_DAYS", "0", 0 },
		{ "TELEPHONY_RETENTION_DAYS", "36500", 36500 * TEL_DAY },
		{ "TELEPHONY_ROOM_DELETE", "never", TEL_ROOM_DELETE_NEVER },
		{ "TELEPHONY_ROOM_DELETE", "now", 0 },
		{ "TELEPHONY_ROOM_DELETE", "0", 0 },
		{ "TELEPHONY_ROOM_DELETE", "86400", TEL_DAY },
		{ "TELEPHONY_RETURN_GRACE", "0", 0 },
		{ "TELEPHONY_MAX_CALL_AGE", "60", TEL_MINUTE },
		{ "TELEPHONY_MAX_CALL_DURATION", "never", TEL_NEVER },
		{ "TELEPHONY_MAX_CALL_DURATION", "60", TEL_MINUTE },
		{ "TELEPHONY_MAX_CALL_DURATION", "604800", 7 * TEL_DAY },
		{ "TELEPHONY_AGENT_JOIN_DEADLINE", "1", TEL_SECOND },
		{ "TELEPHONY_AGENT_JOIN_DEADLINE", "300", 5 * TEL_MINUTE },
		{ "TELEPHONY_AGENT_LOSS", "redispatch", TEL_LOSS_REDISPATCH },
		{ "TELEPHONY_AGENT_LOSS", "Fallback", TEL_LOSS_FALLBACK },
		{ "TELEPHONY_AGENT_LOSS", "hangup", TEL_LOSS_HANGUP },
		{ "TELEPHONY_AGENT_LOSS", "keep", TEL_LOSS_KEEP },
		{ "TELEPHONY_SOLO_TIMEOUT", "Never", TEL_NEVER },
		{ "TELEPHONY_SOLO_TIMEOUT", "10", 10 * TEL_SECOND },
		{ "TELEPHONY_SOLO_TIMEOUT", "86400", TEL_DAY },
		{ "TELEPHONY_RECONCILE_INTERVAL", "never", 0 },
		{ "TELEPHONY_RECONCILE_INTERVAL", "1", TEL_SECOND },
		{ "TELEPHONY_RECONCILE_INTERVAL", "3600", TEL_HOUR },
		{ "TELEPHONY_ROOM_PREFIX", "call- ", 5 },
		{ "TELEPHONY_ROOM_PREFIX", "t\xc3\xa9l/", 5 },
		{ "TELEPHONY_ROOM_PREFIX", TEXT_64 TEXT_64, 128 },
		{ "TELEPHONY_ROOM_PREFIX", "", 0 },
		{ "TELEPHONY_THREADS", "1", 1 },
		{ "TELEPHONY_THREADS", " 256\n", 256 },
		{ "TELEPHONY_THREADS", "", 8 },
		{ "TELEPHONY_RUN_JOBS", "false", 0 },
		{ "TELEPHONY_METRICS", "true", 1 },
		{ "TELEPHONY_DIAGNOSTICS", "true", 1 },
		{ "TELEPHONY_API_TOKENS", "", 0 },
		{ "TELEPHONY_API_TOKENS", "a: " HASH, 1 },
		{ "TELEPHONY_API_TOKENS", "a:" HASH ", b : " HASH "\n\nc:" HASH, 3 },
		{ "TELEPHONY_ALLOW_PREFIXES", "+1", 1 },
		{ "TELEPHONY_ALLOW_PREFIXES", " +1 ,, +4930\n+123456789012345,", 3 },
		{ "TELEPHONY_DENY_PREFIXES", "+1900,+1976", 2 },
		{ "TELEPHONY_FROM_NUMBERS", "+15550100, +15550101", 2 },
		{ "TELEPHONY_MAX_CONCURRENT_OUTBOUND", "0", 0 },
		{ "TELEPHONY_MAX_CONCURRENT_OUTBOUND", "10000", 10000 },
		{ "TELEPHONY_MAX_OUTBOUND_PER_MINUTE", "0", 0 },
		{ "TELEPHONY_MAX_PER_DESTINATION_PER_DAY", "1", 1 },
		{ "TELEPHONY_DIAL_WITHIN", "5", 5 * TEL_SECOND },
		{ "TELEPHONY_LOG_LEVEL", "error", TEL_LOG_ERROR },
		{ "TELEPHONY_LOG_LEVEL", "DEBUG", TEL_LOG_DEBUG },
		{ "TELEPHONY_LOG_NUMBERS", "full", 1 },
		{ "TELEPHONY_LOG_NUMBERS", "mask", 0 },
	};
	char variable[512];
	struct result r;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(variable, sizeof(variable), "%s=%s", cases[i].key, cases[i].text);
		r = LOAD(NEEDED, variable);
		if (r.err)
			fprintf(stderr, "\n%s: %s", variable, tel_buf_str(&r.text).ptr);
		CU_ASSERT_PTR_NOT_NULL_FATAL(r.cfg);
		CHECK_INT(number_of(r.cfg, cases[i].key), cases[i].value);
		drop(&r);
	}
}

static void urls_are_normalised(void)
{
	static const struct { const char *text, *url; } cases[] = {
		{ "http://127.0.0.1:7880", "http://127.0.0.1:7880" },
		{ "wss://x.livekit.cloud/", "https://x.livekit.cloud" },
		{ "WS://localhost:7880", "http://localhost:7880" },
		{ "HTTPS://a.b/livekit//", "https://a.b/livekit" },
		{ "http://[::1]:7880", "http://[::1]:7880" },
		{ "http://my_container", "http://my_container" },
	};
	char variable[512];
	struct result r;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(variable, sizeof(variable), "LIVEKIT_URL=%s", cases[i].text);
		r = LOAD(KEY, SECRET_SET, variable);
		CU_ASSERT_PTR_NOT_NULL_FATAL(r.cfg);
		CU_ASSERT_STRING_EQUAL(r.cfg->livekit_url, cases[i].url);
		drop(&r);
	}
}

static void outbound_lists_keep_what_was_written(void)
{
	struct result r = LOAD(NEEDED, "TELEPHONY_ALLOW_PREFIXES=+1, +4930",
			       "TELEPHONY_FROM_NUMBERS=+15550100,+15550101",
			       "TELEPHONY_DEFAULT_FROM_NUMBER=+15550101",
			       "LIVEKIT_SIP_OUTBOUND_TRUNK_ID=ST_out",
			       "TELEPHONY_API_TOKENS=crm: " HASH);

	CU_ASSERT_PTR_NOT_NULL_FATAL(r.cfg);
	CHECK_STR(r.cfg->allow_prefixes.items[0], "+1");
	CHECK_STR(r.cfg->allow_prefixes.items[1], "+4930");
	CHECK_STR(r.cfg->from_numbers.items[1], "+15550101");
	CHECK_STR(tel_str_from(r.cfg->default_from), "+15550101");
	CHECK_STR(tel_str_from(r.cfg->outbound_trunk), "ST_out");
	CHECK_STR(r.cfg->tokens[0].name, "crm");
	drop(&r);
	r = LOAD(NEEDED, "TELEPHONY_FROM_NUMBERS=+15550100",
		 "TELEPHONY_DEFAULT_FROM_NUMBER=+15550101");
	CHECK_INT(r.err, TEL_EMALFORMED);
	CU_ASSERT_TRUE(says(&r, "TELEPHONY_DEFAULT_FROM_NUMBER: \"+15550101\" is none of "
				"TELEPHONY_FROM_NUMBERS"));
	drop(&r);
}

static void bad_values_are_named(void)
{
	static const char *const cases[] = {
		"TELEPHONY_CONFIG=relative.conf",
		"TELEPHONY_ENABLED=maybe",
		"LIVEKIT_URL=livekit.example.com",
		"LIVEKIT_URL=ftp://a",
		"LIVEKIT_URL=https://",
		"LIVEKIT_URL=https://:7880",
		"LIVEKIT_URL=https://a:0",
		"LIVEKIT_URL=https://a:65536",
		"LIVEKIT_URL=https://a:-1",
		"LIVEKIT_URL=https://a:",
		"LIVEKIT_URL=https://a b",
		"LIVEKIT_URL=https://a?x=1",
		"LIVEKIT_URL=https://a#x",
		"LIVEKIT_URL=https://[::1",
		"LIVEKIT_URL=https://[::1]x",
		"LIVEKIT_URL=https://.a",
		"LIVEKIT_API_KEY=a b",
		"LIVEKIT_API_KEY=a:b",
		"LIVEKIT_API_SECRET=a b",
		"LIVEKIT_API_SECRET=a\x01" "b",
		"LIVEKIT_API_SECRET=\xc3\xa9",
		"LIVEKIT_WEBHOOK_SECRET=a b",
		"LIVEKIT_KEYS=key",
		"LIVEKIT_KEYS=key:",
		"LIVEKIT_KEYS=:secret",
		"LIVEKIT_KEYS=a:b,c",
		"LIVEKIT_CA_FILE=ca.pem",
		"LIVEKIT_CA_FILE=/nonexistent/ca.pem",
		"LIVEKIT_CA_FILE=/tmp",
		"TELEPHONY_STORE=/var/lib/x",
		"TELEPHONY_STORE=lmdb:",
		"TELEPHONY_STORE=lmdb:var",
		"TELEPHONY_STORE=redis://x",
		"TELEPHONY_STORE_SIZE=16",
		"TELEPHONY_STORE_SIZE=65T",
		"TELEPHONY_STORE_SIZE=16GB",
		"TELEPHONY_STORE_SIZE=G",
		"TELEPHONY_STORE_SIZE=-16G",
		"TELEPHONY_STORE_SIZE=99999999999999999T",
		"TELEPHONY_DIAGNOSTICS=please",
		"TELEPHONY_API_TOKENS=a",
		"TELEPHONY_API_TOKENS=a:b",
		"TELEPHONY_API_TOKENS=" HASH,
		"TELEPHONY_API_TOKENS=:" HASH,
		"TELEPHONY_API_TOKENS=a:" HASH "0",
		"TELEPHONY_API_TOKENS=a:g" HASH,
		"TELEPHONY_API_TOKENS=a b:" HASH,
		"TELEPHONY_API_TOKENS=12345678901234567890123456789012345678901234567890123456789012345:" HASH,
		"TELEPHONY_ALLOW_PREFIXES=1",
		"TELEPHONY_ALLOW_PREFIXES=+",
		"TELEPHONY_ALLOW_PREFIXES=*",
		"TELEPHONY_ALLOW_PREFIXES=+01",
		"TELEPHONY_ALLOW_PREFIXES=+1;+2",
		"TELEPHONY_ALLOW_PREFIXES=+1 555",
		"TELEPHONY_ALLOW_PREFIXES=+1234567890123456",
		"TELEPHONY_ALLOW_PREFIXES=+1,x",
		"TELEPHONY_ALLOW_PREFIXES=,",
		"TELEPHONY_DENY_PREFIXES=0900",
		"TELEPHONY_FROM_NUMBERS=+1555",
		"TELEPHONY_FROM_NUMBERS=+15550100,+1 5550101",
		"TELEPHONY_DEFAULT_FROM_NUMBER=15550100",
		"TELEPHONY_DEFAULT_FROM_NUMBER=+15550100,+15550101",
		"LIVEKIT_SIP_OUTBOUND_TRUNK_ID=ST a",
		"TELEPHONY_MAX_CONCURRENT_OUTBOUND=-1",
		"TELEPHONY_MAX_CONCURRENT_OUTBOUND=none",
		"TELEPHONY_MAX_OUTBOUND_PER_MINUTE=10001",
		"TELEPHONY_MAX_PER_DESTINATION_PER_DAY=1.5",
		"TELEPHONY_DIAL_WITHIN=4",
		"TELEPHONY_DIAL_WITHIN=3601",
		"TELEPHONY_GROUP_COMMIT=sometimes",
		"TELEPHONY_RETENTION_DAYS=-1",
		"TELEPHONY_RETENTION_DAYS=36501",
		"TELEPHONY_RETENTION_DAYS=90d",
		"TELEPHONY_ROUTES=routes.json",
		"TELEPHONY_ROUTES=/a\nb",
		"TELEPHONY_AGENT_NAME=a\tb",
		"TELEPHONY_ROOM_DELETE=soon",
		"TELEPHONY_ROOM_DELETE=-1",
		"TELEPHONY_ROOM_DELETE=86401",
		"TELEPHONY_RETURN_GRACE=3601",
		"TELEPHONY_MAX_CALL_AGE=59",
		"TELEPHONY_MAX_CALL_DURATION=59",
		"TELEPHONY_MAX_CALL_DURATION=604801",
		"TELEPHONY_MAX_CALL_DURATION=now",
		"TELEPHONY_AGENT_JOIN_DEADLINE=0",
		"TELEPHONY_AGENT_JOIN_DEADLINE=301",
		"TELEPHONY_AGENT_JOIN_DEADLINE=never",
		"TELEPHONY_AGENT_LOSS=transfer",
		"TELEPHONY_AGENT_LOSS=0",
		"TELEPHONY_SOLO_TIMEOUT=9",
		"TELEPHONY_SOLO_TIMEOUT=86401",
		"TELEPHONY_SOLO_TIMEOUT=-1",
		"TELEPHONY_RECONCILE_INTERVAL=0",
		"TELEPHONY_RECONCILE_INTERVAL=3601",
		"TELEPHONY_RECONCILE_INTERVAL=1.5",
		"TELEPHONY_ROOM_PREFIX=a\tb",
		"TELEPHONY_ROOM_PREFIX=" TEXT_64 TEXT_64 "x",
		"TELEPHONY_THREADS=0",
		"TELEPHONY_THREADS=257",
		"TELEPHONY_THREADS=8.0",
		"TELEPHONY_THREADS=eight",
		"TELEPHONY_RUN_JOBS=2",
		"TELEPHONY_LOG_LEVEL=loud",
		"TELEPHONY_LOG_LEVEL=1",
		"TELEPHONY_LOG_NUMBERS=on",
	};
	char key[64];
	struct result r;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(key, sizeof(key), "environment: %.*s: ",
			 (int)strcspn(cases[i], "="), cases[i]);
		r = LOAD(cases[i], NEEDED);
		if (r.err != TEL_EMALFORMED || r.problems.n_errors != 1)
			fprintf(stderr, "\n%s -> %d, %s", cases[i], r.err,
				tel_buf_str(&r.text).ptr);
		CHECK_INT(r.err, TEL_EMALFORMED);
		CU_ASSERT_PTR_NULL(r.cfg);
		CHECK_INT(r.problems.n_errors, 1);
		CU_ASSERT_TRUE(says(&r, key));
		CU_ASSERT_TRUE(says(&r, "must be"));
		drop(&r);
	}
}

static void every_setting_has_its_words(void)
{
	struct tel_buf allowed;
	size_t i;

	tel_buf_init(&allowed, 4096);
	for (i = 0; i < TEL_SETTINGS; i++) {
		const struct tel_setting *s = tel_setting((enum tel_setting_id)i);

		CU_ASSERT_PTR_NOT_NULL_FATAL(s->key);
		CU_ASSERT_PTR_NOT_NULL(s->help);
		CU_ASSERT_TRUE((s->fallback != NULL) != (s->fallback_words != NULL));
		CHECK_INT(tel_setting_find(tel_str_from(s->key)), i);
		tel_buf_clear(&allowed);
		CHECK_INT(tel_setting_write_allowed(s, &allowed), TEL_OK);
		CU_ASSERT_TRUE(allowed.len > 5);
	}
	tel_buf_release(&allowed);
}

static void required_settings(void)
{
	static const char *const nothing[] = { NULL };
	struct result r = load_for(TEL_CONFIG_TO_SERVE, nothing);

	CHECK_INT(r.err, TEL_EMALFORMED);
	CHECK_INT(r.problems.n_errors, 3);
	CU_ASSERT_TRUE(says(&r, "error: LIVEKIT_URL: it is not set"));
	CU_ASSERT_TRUE(says(&r, "error: LIVEKIT_API_KEY: it is not set"));
	CU_ASSERT_TRUE(says(&r, "error: LIVEKIT_API_SECRET: it is not set"));
	drop(&r);

	r = LOAD("TELEPHONY_ENABLED=false", KEY, SECRET_SET);
	CHECK_INT(r.err, TEL_OK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r.cfg);
	CU_ASSERT_PTR_NULL(r.cfg->livekit_url);
	drop(&r);

	r = load_for(TEL_CONFIG_FOR_STORE, nothing);
	CHECK_INT(r.err, TEL_OK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r.cfg);
	CHECK_INT(r.cfg->n_keys, 0);
	drop(&r);
}

static void all_problems_are_collected(void)
{
	struct result r = LOAD("LIVEKIT_URL=x", "TELEPHONY_THREADS=0", KEY,
			       "TELEPHONY_LOG_LEVEL=loud", "TELEPHONY_THREDS=1",
			       "TELEPHONY_SERVICE_HOST=10.0.0.1");

	CHECK_INT(r.err, TEL_EMALFORMED);
	CHECK_INT(r.problems.n_errors, 4);
	CHECK_INT(r.problems.n, 5);
	CU_ASSERT_TRUE(says(&r, "error: environment: TELEPHONY_THREADS: \"0\" is not allowed: "
				"it must be a whole number from 1 to 256\n"));
	CU_ASSERT_TRUE(says(&r, "it must be `error`, `warn`, `info` or `debug`\n"));
	CU_ASSERT_TRUE(says(&r, "warning: environment: there is no setting TELEPHONY_THREDS: did "
				"you mean TELEPHONY_THREADS?\n"));
	drop(&r);
}

static void files_come_first_and_the_environment_overrides(void)
{
	struct scratch s;
	struct result r;

	scratch_write(&s, "\xef\xbb\xbf# comment\r\n"
			  "\n"
			  "LIVEKIT_URL = wss://file.example.com\r\n"
			  "  LIVEKIT_API_KEY='APIfile'  \n"
			  "LIVEKIT_API_SECRET=\"" SECRET "\"\n"
			  "TELEPHONY_THREADS=3\n"
			  "TELEPHONY_AGENT_NAME=\"the agent # 1\"\n"
			  "TELEPHONY_ROOM_DELETE=\n"
			  "OTHER=ignored\n"
			  "TELEPHONY_LOG_LEVEL=debug");
	r = LOAD(s.variable, "TELEPHONY_THREADS=4", "TELEPHONY_THREADS=5",
		 "TELEPHONY_LOG_LEVEL= ", "no equals sign");
	CHECK_INT(r.err, TEL_OK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r.cfg);
	CHECK_INT(r.problems.n, 0);
	CU_ASSERT_STRING_EQUAL(r.cfg->livekit_url, "https://file.example.com");
	CU_ASSERT_STRING_EQUAL(r.cfg->keys[0].name, "APIfile");
	CU_ASSERT_STRING_EQUAL(r.cfg->api_secret, SECRET);
	CU_ASSERT_STRING_EQUAL(r.cfg->agent_name, "the agent # 1");
	CHECK_INT(r.cfg->threads, 4);
	CHECK_INT(r.cfg->policy.room_delete_after, 10 * TEL_SECOND);
	CHECK_INT(r.cfg->log_level, TEL_LOG_DEBUG);
	drop(&r);
	scratch_drop(&s);
}

static void bad_files_are_explained_line_by_line(void)
{
	static const struct { const char *text, *said; } cases[] = {
		{ "TELEPHONY_THREADS=x\n", "line 1: TELEPHONY_THREADS: \"x\" is not allowed" },
		{ "\nTELEPHONY_TREADS=3\n", "line 2: there is no setting TELEPHONY_TREADS: did "
					    "you mean TELEPHONY_THREADS?" },
		{ "TELEPHONY_NONSENSE_ALTOGETHER=3\n",
		  "line 1: there is no setting TELEPHONY_NONSENSE_ALTOGETHER: remove" },
		{ "#\nTELEPHONY_THREADS=1\nTELEPHONY_THREADS=2\n",
		  "line 3: TELEPHONY_THREADS: it is set twice, first in line 2" },
		{ "LIVEKIT_API_SECRET " SECRET "\n", "line 1: this is not KEY=VALUE" },
		{ "export TELEPHONY_THREADS=1\n", "line 1: this is not KEY=VALUE" },
		{ "=" SECRET "\n", "line 1: this is not KEY=VALUE" },
		{ "LIVEKIT_API_SECRET=\"" SECRET "\n", "line 1: the closing quote is missing" },
		{ "LIVEKIT_API_SECRET=\"" SECRET "\"x\n", "line 1: there is something behind" },
		{ "LIVEKIT_API_SECRET=" SECRET " # old\n", "line 1: a comment needs a line" },
		{ "LIVEKIT_API_SECRET=" SECRET " x\n", "LIVEKIT_API_SECRET: this value is not" },
		{ "TELEPHONY_CONFIG=/x\n", "TELEPHONY_CONFIG: this works in the environment only" },
		{ "LIVEKIT_KEYS=a: " SECRET "\nLIVEKIT_KEYS=" SECRET "\n",
		  "LIVEKIT_KEYS: this value is not allowed" },
	};
	struct scratch s;
	struct result r;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scratch_write(&s, cases[i].text);
		r = LOAD(NEEDED, s.variable);
		CHECK_INT(r.err, i == 10 ? TEL_OK : TEL_EMALFORMED);
		if (r.err)
			CU_ASSERT_TRUE(says(&r, cases[i].said));
		CU_ASSERT_PTR_NULL(strstr(tel_buf_str(&r.text).ptr, SECRET));
		drop(&r);
		r = LOAD(URL, KEY, s.variable);
		CHECK_INT(r.err, TEL_EMALFORMED);
		CU_ASSERT_TRUE(says(&r, cases[i].said));
		CU_ASSERT_PTR_NULL(strstr(tel_buf_str(&r.text).ptr, SECRET));
		drop(&r);
		scratch_drop(&s);
	}
}

static void files_that_cannot_be_read(void)
{
	struct scratch s;
	struct result r = LOAD("TELEPHONY_CONFIG=/nonexistent/x.conf", NEEDED);
	char *big;

	CHECK_INT(r.err, TEL_EMALFORMED);
	CU_ASSERT_TRUE(says(&r, "TELEPHONY_CONFIG: /nonexistent/x.conf can't be read: there is no "
				"such file"));
	drop(&r);
	r = LOAD("TELEPHONY_CONFIG=/tmp", NEEDED);
	CU_ASSERT_TRUE(says(&r, "it is not a regular file"));
	drop(&r);
	big = calloc(1, TEL_MAX_CONFIG_FILE + 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(big);
	scratch_write_bytes(&s, big, TEL_MAX_CONFIG_FILE + 1);
	r = LOAD(s.variable, NEEDED);
	CU_ASSERT_TRUE(says(&r, "it is too big"));
	drop(&r);
	scratch_drop(&s);
	scratch_write_bytes(&s, big, 10);
	r = LOAD(s.variable, NEEDED);
	CU_ASSERT_TRUE(says(&r, "line 1: there is a NUL byte in it"));
	drop(&r);
	scratch_drop(&s);
	free(big);
}

static void world_readable_secrets_are_warned_of(void)
{
	struct scratch s;
	struct result r;

	scratch_write(&s, SECRET_SET "\n");
	CHECK_INT(chmod(s.path, 0640), 0);
	r = LOAD(URL, KEY, s.variable);
	CHECK_INT(r.problems.n, 0);
	drop(&r);
	CHECK_INT(chmod(s.path, 0644), 0);
	r = LOAD(URL, KEY, s.variable);
	CHECK_INT(r.err, TEL_OK);
	CHECK_INT(r.problems.n, 1);
	CU_ASSERT_TRUE(says(&r, "warning: "));
	CU_ASSERT_TRUE(says(&r, "chmod o-rwx"));
	drop(&r);
	scratch_drop(&s);

	scratch_write(&s, "TELEPHONY_THREADS=2\n");
	CHECK_INT(chmod(s.path, 0644), 0);
	r = LOAD(NEEDED, s.variable);
	CHECK_INT(r.problems.n, 0);
	drop(&r);
	scratch_drop(&s);
}

static void check_keys(const struct tel_config *c, const char *names)
{
	char all[512] = "";
	size_t i, n = 0;

	for (i = 0; i < c->n_keys; i++)
		n += (size_t)snprintf(all + n, sizeof(all) - n, "%s=%.5s ", c->keys[i].name,
				      c->keys[i].secret);
	CU_ASSERT_STRING_EQUAL(all, names);
}

static void webhook_keys(void)
{
	static const struct { const char *extra[3]; const char *names; } cases[] = {
		{ { "A=1" }, "APIkey=s3cr3 " },
		{ { "LIVEKIT_WEBHOOK_SECRET=" OTHER_SECRET }, "APIkey=0th3r " },
		{ { "LIVEKIT_KEYS=old: " OTHER_SECRET ",older:" SECRET "," },
		  "APIkey=s3cr3 old=0th3r older=s3cr3 " },
		{ { "LIVEKIT_KEYS=old: " OTHER_SECRET "\n\n APIkey : " OTHER_SECRET " \n" },
		  "APIkey=s3cr3 old=0th3r APIkey=0th3r " },
		{ { "LIVEKIT_WEBHOOK_SECRET=" OTHER_SECRET, "LIVEKIT_KEYS=x:" SECRET },
		  "APIkey=0th3r x=s3cr3 " },
	};
	struct scratch s;
	struct result r;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		r = LOAD(NEEDED, cases[i].extra[0],
			 cases[i].extra[1] ? cases[i].extra[1] : "B=1");
		CU_ASSERT_PTR_NOT_NULL_FATAL(r.cfg);
		CHECK_INT(r.problems.n, 0);
		check_keys(r.cfg, cases[i].names);
		drop(&r);
	}
	scratch_write(&s, "LIVEKIT_KEYS=a: " SECRET "\nLIVEKIT_KEYS=\"b: " OTHER_SECRET "\"\n");
	r = LOAD(NEEDED, s.variable);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r.cfg);
	check_keys(r.cfg, "APIkey=s3cr3 a=s3cr3 b=0th3r ");
	drop(&r);
	r = LOAD(NEEDED, s.variable, "LIVEKIT_KEYS=c:" SECRET);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r.cfg);
	check_keys(r.cfg, "APIkey=s3cr3 c=s3cr3 ");
	drop(&r);
	scratch_drop(&s);
}

static void too_many_and_too_short_keys(void)
{
	struct tel_buf list;
	struct result r;
	int i;

	tel_buf_init(&list, 4096);
	tel_buf_puts(&list, "LIVEKIT_KEYS=");
	for (i = 0; i < TEL_MAX_KEYS; i++)
		tel_buf_printf(&list, "key%d:" SECRET ",", i);
	r = LOAD(NEEDED, list.ptr);
	CHECK_INT(r.err, TEL_EMALFORMED);
	CU_ASSERT_TRUE(says(&r, "LIVEKIT_KEYS: there are more than 16 keys"));
	drop(&r);
	tel_buf_release(&list);
	r = LOAD(URL, "LIVEKIT_API_KEY=devkey", "LIVEKIT_API_SECRET=hunter2");
	CHECK_INT(r.err, TEL_OK);
	CU_ASSERT_TRUE(says(&r, "warning: environment: LIVEKIT_API_SECRET: a secret shorter"));
	CU_ASSERT_PTR_NULL(strstr(tel_buf_str(&r.text).ptr, "hunter2"));
	drop(&r);
}

static void secrets_are_never_shown(void)
{
	/* Wherever people paste them by mistake. */
	static const char *const cases[] = {
		"LIVEKIT_API_SECRET=" SECRET " ,",
		"LIVEKIT_API_SECRET=\x01" SECRET,
		"LIVEKIT_WEBHOOK_SECRET=a " SECRET,
		"LIVEKIT_KEYS=" SECRET,
		"LIVEKIT_KEYS=a: b " SECRET,
		"LIVEKIT_URL=https://user:" SECRET "@livekit.example.com",
		"LIVEKIT_URL=https://user:" "pw@a",
	};
	struct result r;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		r = LOAD(cases[i], NEEDED);
		CHECK_INT(r.err, TEL_EMALFORMED);
		CU_ASSERT_PTR_NULL(strstr(tel_buf_str(&r.text).ptr, SECRET));
		CU_ASSERT_PTR_NULL(strstr(tel_buf_str(&r.text).ptr, "pw@"));
		drop(&r);
	}
}

static void effective_settings_are_shown_without_secrets(void)
{
	struct result r = LOAD(NEEDED, "LIVEKIT_KEYS=a:" OTHER_SECRET, "TELEPHONY_THREADS=2");
	struct tel_buf out;
	const char *text;

	CU_ASSERT_PTR_NOT_NULL_FATAL(r.cfg);
	tel_buf_init(&out, 65536);
	CHECK_INT(tel_config_write_effective(r.cfg, &out), TEL_OK);
	text = tel_buf_str(&out).ptr;
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "TELEPHONY_THREADS=2  # environment\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "TELEPHONY_STORE_SIZE=16G  # default\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "LIVEKIT_API_SECRET=(set)  # environment\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "LIVEKIT_KEYS=(set)  # environment\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "# TELEPHONY_ROUTES is not set: no file"));
	CU_ASSERT_PTR_NULL(strstr(text, SECRET));
	CU_ASSERT_PTR_NULL(strstr(text, OTHER_SECRET));
	tel_buf_release(&out);
	drop(&r);
}

static void the_reference_is_up_to_date(void)
{
	char path[4096];
	const char *srcdir = getenv("srcdir");
	struct tel_file file = { 0 };
	struct tel_buf out;
	bool same;

	tel_buf_init(&out, 65536);
	CHECK_INT(tel_config_write_reference(&out), TEL_OK);
	snprintf(path, sizeof(path), "%s/docs/SETTINGS.md", srcdir ? srcdir : ".");
	CHECK_INT(tel_file_read(path, 65536, &file), TEL_OK);
	same = tel_str_eq(tel_buf_str(&out), tel_file_str(&file));
	if (!same)
		fprintf(stderr, "\ndocs/SETTINGS.md is not what the table of settings says: "
				"telephonyctl config reference > docs/SETTINGS.md\n");
	CU_ASSERT_TRUE(same);
	tel_file_release(&file);
	tel_buf_release(&out);
}

static void the_reader_survives_anything(void)
{
	static const char alphabet[] = "=\"'#\n\r A_\\\0\xff";
	char text[12];
	struct tel_config_reader reader;
	struct tel_config_line line;
	unsigned seed, i, bits;
	int lines;

	for (seed = 0; seed < 200000; seed++) {
		bits = seed * 2654435761u;
		for (i = 0; i < sizeof(text); i++, bits = bits * 1664525u + 1013904223u)
			text[i] = alphabet[(bits >> 16) % (sizeof(alphabet) - 1)];
		tel_config_reader_init(&reader, (struct tel_str){ text, seed % (sizeof(text) + 1) });
		for (lines = 0; tel_config_reader_next(&reader, &line); lines++)
			if (!line.fault && line.key.len == 0)
				CU_FAIL("a line without a key");
		if (lines > (int)sizeof(text))
			CU_FAIL("more lines than bytes");
	}
	CU_PASS("no crash");
}

int main(void)
{
	CU_TestInfo tests[] = {
		{ "defaults are what the reference says", defaults_are_what_the_reference_says },
		{ "good numbers and words", good_numbers_and_words },
		{ "URLs are normalised", urls_are_normalised },
		{ "outbound lists keep what was written", outbound_lists_keep_what_was_written },
		{ "bad values are named", bad_values_are_named },
		{ "every setting has its words", every_setting_has_its_words },
		{ "required settings", required_settings },
		{ "all problems are collected", all_problems_are_collected },
		{ "file first, environment overrides",
		  files_come_first_and_the_environment_overrides },
		{ "bad files are explained", bad_files_are_explained_line_by_line },
		{ "files that can't be read", files_that_cannot_be_read },
		{ "world-readable secrets", world_readable_secrets_are_warned_of },
		{ "webhook keys", webhook_keys },
		{ "too many and too short keys", too_many_and_too_short_keys },
		{ "secrets are never shown", secrets_are_never_shown },
		{ "effective settings", effective_settings_are_shown_without_secrets },
		{ "the reference is up to date", the_reference_is_up_to_date },
		{ "the reader survives anything", the_reader_survives_anything },
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{ "config", NULL, NULL, NULL, NULL, tests },
		CU_SUITE_INFO_NULL,
	};

	return tel_run_suites(suites);
}
