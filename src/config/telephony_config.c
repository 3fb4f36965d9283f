#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/crypto.h>

#include "base/file.h"
#include "config/config_file.h"
#include "config/telephony_config.h"
#include "base/banned.h"

#define FROM_ENVIRONMENT "environment"

/* livekit-server itself warns of secrets that are shorter. */
#define GOOD_SECRET 32

/* Longer values are not repeated in a problem's text. */
#define SHOWN_VALUE 40

/* What one load works with. */
struct loading {
	struct tel_config *config;
	struct tel_problems *problems;
	const char *const *environment;
	const char *file;		/* NULL = none */
	enum tel_config_purpose purpose;
};

/* ---- values ------------------------------------------------------------- */

static char *copy_text(struct tel_str s)
{
	char *copy = malloc(s.len + 1);

	if (!copy)
		return NULL;
	if (s.len > 0)
		memcpy(copy, s.ptr, s.len);
	copy[s.len] = '\0';
	return copy;
}

static void drop_text(struct tel_config_value *value)
{
	if (value->text)
		OPENSSL_cleanse(value->text, strlen(value->text));
	free(value->text);
	*value = (struct tel_config_value){ 0 };
}

static enum tel_err set_text(struct tel_config_value *value, struct tel_str text,
			     enum tel_config_source source, unsigned line)
{
	char *copy = copy_text(text);

	if (!copy)
		return TEL_ENOMEM;
	drop_text(value);
	*value = (struct tel_config_value){ copy, source, line };
	return TEL_OK;
}

/* Settings that may be repeated are one text with a newline between. */
static enum tel_err append_text(struct tel_config_value *value, struct tel_str text)
{
	size_t len = strlen(value->text);
	char *longer = malloc(len + 1 + text.len + 1);

	if (!longer)
		return TEL_ENOMEM;
	memcpy(longer, value->text, len);
	longer[len] = '\n';
	memcpy(longer + len + 1, text.ptr, text.len);
	longer[len + 1 + text.len] = '\0';
	OPENSSL_cleanse(value->text, len);
	free(value->text);
	value->text = longer;
	return TEL_OK;
}

static struct tel_problem_at at_value(const struct loading *l, enum tel_setting_id id)
{
	const struct tel_config_value *v = &l->config->values[id];
	struct tel_problem_at at = { .where = tel_setting(id)->key };

	if (v->source == TEL_FROM_FILE) {
		at.origin = l->file;
		at.line = v->line;
	} else if (v->source == TEL_FROM_ENVIRONMENT) {
		at.origin = FROM_ENVIRONMENT;
	}
	return at;
}

/* ---- the file ----------------------------------------------------------- */

static bool is_ours(struct tel_str key)
{
	return tel_str_starts(key, TEL_STR("TELEPHONY_")) ||
	       tel_str_starts(key, TEL_STR("LIVEKIT_"));
}

/* Other programs' keys may be in the same file; ours must be known ones. */
static void note_unknown(struct loading *l, const struct tel_config_line *line)
{
	const struct tel_setting *near = tel_setting_nearest(line->key);
	struct tel_problem_at at = { .origin = l->file, .line = line->line };

	if (!is_ours(line->key))
		return;
	if (near)
		tel_problems_error(l->problems, at,
				   "there is no setting %.*s: did you mean %s?",
				   TEL_STR_ARG(line->key), near->key);
	else
		tel_problems_error(l->problems, at,
				   "there is no setting %.*s: remove the line, or see "
				   "docs/SETTINGS.md for those there are", TEL_STR_ARG(line->key));
}

static enum tel_err take_line(struct loading *l, const struct tel_config_line *line)
{
	enum tel_setting_id id = tel_setting_find(line->key);
	const struct tel_setting *setting = tel_setting(id == TEL_SETTINGS ? 0 : id);
	struct tel_config_value *value = &l->config->values[id == TEL_SETTINGS ? 0 : id];
	struct tel_problem_at at = { l->file, line->line, setting->key };

	if (id == TEL_SETTINGS) {
		note_unknown(l, line);
		return TEL_OK;
	}
	if (setting->flags & TEL_SETTING_ENVIRONMENT_ONLY) {
		tel_problems_error(l->problems, at, "this works in the environment only: remove "
				   "the line");
		return TEL_OK;
	}
	if (!tel_str_is_set(line->value))
		return TEL_OK;
	if (!value->text)
		return set_text(value, line->value, TEL_FROM_FILE, line->line);
	if (setting->flags & TEL_SETTING_REPEATS)
		return append_text(value, line->value);
	tel_problems_error(l->problems, at, "it is set twice, first in line %u: remove one",
			   value->line);
	return TEL_OK;
}

static enum tel_err take_lines(struct loading *l, struct tel_str text)
{
	struct tel_config_reader reader;
	struct tel_config_line line;
	enum tel_err err = TEL_OK;

	tel_config_reader_init(&reader, text);
	while (!err && tel_config_reader_next(&reader, &line)) {
		if (line.fault)
			tel_problems_error(l->problems,
					   (struct tel_problem_at){ l->file, line.line, NULL },
					   "%s", line.fault);
		else
			err = take_line(l, &line);
	}
	return err;
}

static void check_mode(struct loading *l, const struct stat *st)
{
	size_t i;

	if (!(st->st_mode & S_IROTH))
		return;
	for (i = 0; i < TEL_SETTINGS; i++)
		if (l->config->values[i].text && (tel_setting(i)->flags & TEL_SETTING_SECRET))
			break;
	if (i < TEL_SETTINGS)
		tel_problems_warn(l->problems, (struct tel_problem_at){ .origin = l->file },
				  "every user can read the secrets in it: chmod o-rwx it, and let "
				  "the group be the program's");
}

static enum tel_err read_file(struct loading *l)
{
	struct tel_problem_at at = { .origin = FROM_ENVIRONMENT, .where = "TELEPHONY_CONFIG" };
	struct tel_file file;
	enum tel_err err;

	if (!l->file)
		return TEL_OK;
	if (l->file[0] != '/') {	/* said when that setting is checked */
		l->file = NULL;
		return TEL_OK;
	}
	err = tel_file_read(l->file, TEL_MAX_CONFIG_FILE, &file);
	if (err == TEL_ENOMEM)
		return err;
	if (err) {
		tel_problems_error(l->problems, at, "%s can't be read: %s", l->file,
				   tel_file_problem(err));
		return TEL_OK;
	}
	err = take_lines(l, tel_file_str(&file));
	if (!err)
		check_mode(l, &file.st);
	OPENSSL_cleanse(file.ptr, file.len);
	tel_file_release(&file);
	return err;
}

/* ---- the environment ---------------------------------------------------- */

static enum tel_err take_variable(struct loading *l, struct tel_str name, struct tel_str text)
{
	enum tel_setting_id id = tel_setting_find(name);
	struct tel_config_value *value = &l->config->values[id == TEL_SETTINGS ? 0 : id];
	const struct tel_setting *near;

	if (id != TEL_SETTINGS) {
		/* As getenv() has it, the first one counts. */
		if (!tel_str_is_set(text) || value->source == TEL_FROM_ENVIRONMENT)
			return TEL_OK;
		return set_text(value, text, TEL_FROM_ENVIRONMENT, 0);
	}
	/*
	 * An environment holds what others put there (container links, test
	 * harnesses): only what looks like a mistyped setting is worth a word.
	 */
	near = is_ours(name) ? tel_setting_nearest(name) : NULL;
	if (near)
		tel_problems_warn(l->problems,
				  (struct tel_problem_at){ .origin = FROM_ENVIRONMENT },
				  "there is no setting %.*s: did you mean %s?",
				  TEL_STR_ARG(name), near->key);
	return TEL_OK;
}

static enum tel_err read_environment(struct loading *l)
{
	const char *const *e;
	struct tel_str name, text;
	enum tel_err err = TEL_OK;

	for (e = l->environment; *e && !err; e++) {
		name = tel_str_cut(tel_str_from(*e), '=', &text);
		err = take_variable(l, name, tel_str_trim(text));
	}
	return err;
}

static const char *find_file(const char *const *environment)
{
	static const char name[] = "TELEPHONY_CONFIG=";
	const char *const *e;

	for (e = environment; *e; e++)
		if (strncmp(*e, name, sizeof(name) - 1) == 0 && (*e)[sizeof(name) - 1])
			return *e + sizeof(name) - 1;
	return NULL;
}

/* ---- checks ------------------------------------------------------------- */

static bool may_be_shown(const struct tel_setting *setting, const char *text)
{
	size_t i, len = strlen(text);

	/* An address may have a password in it. */
	if ((setting->flags & TEL_SETTING_SECRET) || strchr(text, '@') || len > SHOWN_VALUE)
		return false;
	for (i = 0; i < len; i++)
		if (text[i] < 0x20 || text[i] >= 0x7f)
			return false;
	return true;
}

static void note_bad_value(struct loading *l, enum tel_setting_id id)
{
	const struct tel_setting *setting = tel_setting(id);
	const char *text = l->config->values[id].text;
	struct tel_buf allowed;

	tel_buf_init(&allowed, 1024);
	tel_setting_write_allowed(setting, &allowed);
	if (may_be_shown(setting, text))
		tel_problems_error(l->problems, at_value(l, id),
				   "\"%s\" is not allowed: it must be %s", text,
				   tel_buf_str(&allowed).ptr);
	else
		tel_problems_error(l->problems, at_value(l, id),
				   "this value is not allowed: it must be %s",
				   tel_buf_str(&allowed).ptr);
	tel_buf_release(&allowed);
}

static enum tel_err check_value(struct loading *l, enum tel_setting_id id)
{
	const struct tel_setting *setting = tel_setting(id);
	struct tel_config_value *value = &l->config->values[id];
	enum tel_err err;

	if (!value->text && setting->fallback) {
		err = set_text(value, tel_str_from(setting->fallback), TEL_FROM_DEFAULT, 0);
		if (err)
			return err;
	}
	if (!value->text)
		return TEL_OK;
	err = setting->parse(setting, value->text, (char *)l->config + setting->offset);
	if (err == TEL_EMALFORMED)
		note_bad_value(l, id);
	return err == TEL_EMALFORMED ? TEL_OK : err;
}

static void require(struct loading *l, enum tel_setting_id id)
{
	if (l->config->values[id].text)
		return;
	tel_problems_error(l->problems,
			   (struct tel_problem_at){ .where = tel_setting(id)->key },
			   "it is not set: set it in the environment or in the file that "
			   "TELEPHONY_CONFIG names");
}

static void check_required(struct loading *l)
{
	if (l->purpose == TEL_CONFIG_FOR_STORE)
		return;
	if (l->config->enabled)
		require(l, TEL_SET_URL);
	require(l, TEL_SET_API_KEY);
	require(l, TEL_SET_API_SECRET);
}

/* ---- keys --------------------------------------------------------------- */

static void add_key(struct loading *l, enum tel_setting_id from, const char *name,
		    const char *secret)
{
	struct tel_config *c = l->config;

	if (c->n_keys == TEL_MAX_KEYS) {
		tel_problems_error(l->problems, at_value(l, from),
				   "there are more than %d keys: remove those no longer in use",
				   TEL_MAX_KEYS);
		return;
	}
	if (strlen(secret) < GOOD_SECRET)
		tel_problems_warn(l->problems, at_value(l, from),
				  "a secret shorter than %d characters can be guessed: make a "
				  "longer one", GOOD_SECRET);
	c->keys[c->n_keys++] = (struct tel_config_key){ name, secret };
}

/* NUL terminate the trimmed part of a text of ours, in place. */
static char *trimmed(char *text, size_t len)
{
	struct tel_str s = tel_str_trim((struct tel_str){ text, len });
	char *start = text + (s.ptr - text);

	start[s.len] = '\0';
	return start;
}

static enum tel_err add_pair(struct loading *l, char *pair)
{
	const struct tel_setting *as_key = tel_setting(TEL_SET_API_KEY);
	const struct tel_setting *as_secret = tel_setting(TEL_SET_API_SECRET);
	char *colon = strchr(pair, ':'), *name, *secret;
	const char *checked;

	if (!colon)
		return TEL_EMALFORMED;
	name = trimmed(pair, (size_t)(colon - pair));
	secret = trimmed(colon + 1, strlen(colon + 1));
	if (as_key->parse(as_key, name, &checked) || as_secret->parse(as_secret, secret, &checked))
		return TEL_EMALFORMED;
	add_key(l, TEL_SET_KEYS, name, secret);
	return TEL_OK;
}

/* The list is cut up in place: keys point into the value's own text. */
static void add_pairs(struct loading *l, char *list)
{
	bool all_good = true;
	char *pair;
	size_t len;

	while (*list) {
		len = strcspn(list, ",\n");
		pair = list;
		list += len + (list[len] != '\0');
		pair = trimmed(pair, len);
		if (*pair && add_pair(l, pair))
			all_good = false;
	}
	if (!all_good)
		note_bad_value(l, TEL_SET_KEYS);
}

static enum tel_err collect_keys(struct loading *l)
{
	struct tel_config_value *more = &l->config->values[TEL_SET_KEYS];
	const char *webhook = l->config->values[TEL_SET_WEBHOOK_SECRET].text;
	const char *secret = webhook ? webhook : l->config->api_secret;
	char *list;

	if (l->config->api_key && secret)
		add_key(l, webhook ? TEL_SET_WEBHOOK_SECRET : TEL_SET_API_SECRET,
			l->config->api_key, secret);
	if (!more->text)
		return TEL_OK;
	list = l->config->key_list = copy_text(tel_str_from(more->text));
	if (!list)
		return TEL_ENOMEM;
	l->config->key_list_len = strlen(list);
	add_pairs(l, list);
	return TEL_OK;
}

/* ---- static tokens -------------------------------------------------------- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static enum tel_err parse_sha256(struct tel_str text, uint8_t out[32])
{
	size_t i;

	if (text.len != 64)
		return TEL_EMALFORMED;
	for (i = 0; i < 32; i++) {
		int high = hex_digit(text.ptr[2 * i]), low = hex_digit(text.ptr[2 * i + 1]);

		if (high < 0 || low < 0)
			return TEL_EMALFORMED;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return TEL_OK;
}

static bool is_token_name(struct tel_str name)
{
	size_t i;

	for (i = 0; i < name.len; i++)
		if (name.ptr[i] <= 0x20 || name.ptr[i] >= 0x7f)
			return false;
	return name.len > 0 && name.len <= TEL_MAX_TOKEN_NAME;
}

static enum tel_err add_token(struct tel_config *c, struct tel_str pair)
{
	struct tel_str hash, name = tel_str_trim(tel_str_cut(pair, ':', &hash));

	if (!is_token_name(name) || c->n_tokens == TEL_MAX_TOKENS)
		return TEL_EMALFORMED;
	if (parse_sha256(tel_str_trim(hash), c->tokens[c->n_tokens].sha256))
		return TEL_EMALFORMED;
	c->tokens[c->n_tokens++].name = name;
	return TEL_OK;
}

static void collect_tokens(struct loading *l)
{
	struct tel_str line, pair, list = tel_str_from(l->config->values[TEL_SET_API_TOKENS].text);
	bool all_good = true;

	while (list.ptr) {
		line = tel_str_cut(list, '\n', &list);
		while (line.ptr) {
			pair = tel_str_trim(tel_str_cut(line, ',', &line));
			if (tel_str_is_set(pair) && add_token(l->config, pair))
				all_good = false;
		}
	}
	if (!all_good)
		note_bad_value(l, TEL_SET_API_TOKENS);
}

/* ---- outbound calls --------------------------------------------------------- */

/* Otherwise every call that names no number would be refused, one by one. */
static void check_default_from(struct loading *l)
{
	const struct tel_config_list *list = &l->config->from_numbers;
	size_t i;

	for (i = 0; i < list->n; i++)
		if (tel_str_is(list->items[i], l->config->default_from))
			break;
	if (l->config->default_from && list->n > 0 && i == list->n)
		tel_problems_error(l->problems, at_value(l, TEL_SET_DEFAULT_FROM),
				   "\"%s\" is none of TELEPHONY_FROM_NUMBERS: add it there",
				   l->config->default_from);
}

/* ---- the whole ---------------------------------------------------------- */

static enum tel_err load(struct loading *l)
{
	enum tel_err err;
	size_t i;

	err = read_file(l);
	if (!err)
		err = read_environment(l);
	for (i = 0; i < TEL_SETTINGS && !err; i++)
		err = check_value(l, (enum tel_setting_id)i);
	if (err)
		return err;
	check_required(l);
	collect_tokens(l);
	check_default_from(l);
	err = collect_keys(l);
	if (!err && l->problems->n_errors > 0)
		err = TEL_EMALFORMED;
	return err;
}

enum tel_err tel_config_load(const char *const *environ_like, enum tel_config_purpose purpose,
			     struct tel_config **out, struct tel_problems *problems)
{
	struct loading l = {
		.problems = problems,
		.environment = environ_like,
		.file = find_file(environ_like),
		.purpose = purpose,
	};
	enum tel_err err = TEL_ENOMEM;

	l.config = calloc(1, sizeof(*l.config));
	if (!l.config)
		goto out;
	l.config->enabled = true;
	/* LiveKit repeats a delivery for minutes; a day covers any queue. */
	l.config->policy.remember = TEL_DAY;
	err = load(&l);
	if (err)
		goto out;
	*out = l.config;
	l.config = NULL;
out:
	tel_config_free(l.config);
	return err;
}

void tel_config_free(struct tel_config *config)
{
	size_t i;

	if (!config)
		return;
	for (i = 0; i < TEL_SETTINGS; i++)
		drop_text(&config->values[i]);
	if (config->key_list)
		OPENSSL_cleanse(config->key_list, config->key_list_len);
	free(config->key_list);
	free(config->livekit_url);
	free(config->allow_prefixes.items);
	free(config->deny_prefixes.items);
	free(config->from_numbers.items);
	free(config);
}
