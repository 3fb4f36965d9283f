/*
 * Settings from an environment, one KEY=value a line. Every secret gets a
 * mark at its end, and the mark must not be seen in what people are told.
 */
#include "config.h"

#include <stdlib.h>

#include "config/telephony_config.h"
#include "fuzz/fuzz.h"
#include "base/banned.h"

#define MAX_VARIABLES 32
#define MARK "7hE-mArK-oF-a-sEcReT"

/* TELEPHONY_CONFIG and files in general are left alone. */
static char *variable(struct tel_str line)
{
	struct tel_str value, key = tel_str_cut(line, '=', &value);
	enum tel_setting_id id = tel_setting_find(key);
	struct tel_buf text;

	if (id == TEL_SET_CONFIG || id == TEL_SET_CA_FILE)
		return NULL;
	tel_buf_init(&text, 8192);
	tel_buf_add_str(&text, line);
	if (id < TEL_SETTINGS && (tel_setting(id)->flags & TEL_SETTING_SECRET) && value.ptr)
		tel_buf_puts(&text, MARK);
	return text.ptr;
}

static void check_texts(const struct tel_config *config, const struct tel_problems *problems)
{
	struct tel_buf text;

	tel_buf_init(&text, 1024 * 1024);
	FUZZ_CHECK(tel_problems_write(problems, &text) == TEL_OK);
	if (config)
		FUZZ_CHECK(tel_config_write_effective(config, &text) == TEL_OK);
	FUZZ_CHECK(!memmem(tel_buf_str(&text).ptr, text.len, MARK, sizeof(MARK) - 1));
	tel_buf_release(&text);
}

static void check_config(const struct tel_config *c)
{
	FUZZ_CHECK(c->api_key && c->api_secret && c->n_keys > 0 && c->n_keys <= TEL_MAX_KEYS);
	FUZZ_CHECK(!c->enabled || c->livekit_url);
	FUZZ_CHECK(c->store.path && c->store.path[0] == '/');
	FUZZ_CHECK(c->store_size > 0 && c->store_size % 65536 == 0 && c->threads > 0);
	FUZZ_CHECK(c->agent_name && c->retention >= 0 && c->policy.max_age > 0);
	FUZZ_CHECK(c->policy.agent_join_deadline > 0 && c->policy.agent_loss < TEL_LOSSES);
	FUZZ_CHECK(c->policy.solo_timeout != 0 && c->policy.max_duration != 0);
	FUZZ_CHECK(c->reconcile_interval >= 0);
}

FUZZ(settings)
{
	struct tel_str rest = fuzz_str(data, size);
	const char *environment[MAX_VARIABLES + 1] = { NULL };
	struct tel_problems problems = { 0 };
	struct tel_config *config = NULL;
	enum tel_err err;
	size_t i, n = 0;

	if (rest.len > 0 && memmem(rest.ptr, rest.len, MARK, sizeof(MARK) - 1))
		return 0;	/* the engine has learned it */
	while (rest.len > 0 && n < MAX_VARIABLES) {
		environment[n] = variable(fuzz_line(&rest));
		n += environment[n] != NULL;
	}
	err = tel_config_load(environment, TEL_CONFIG_TO_SERVE, &config, &problems);
	FUZZ_CHECK(err == TEL_OK || err == TEL_EMALFORMED);
	FUZZ_CHECK((err == TEL_OK) == (problems.n_errors == 0));
	if (!err)
		check_config(config);
	check_texts(config, &problems);
	tel_config_free(config);
	tel_problems_release(&problems);
	for (i = 0; i < n; i++)
		free((void *)(uintptr_t)environment[i]);
	return 0;
}
