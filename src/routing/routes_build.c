#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "domain/number.h"
#include "json/json_tree.h"
#include "routing/agent_config.h"
#include "routing/routes_internal.h"
#include "base/banned.h"

/* Paths are cut there; they are for people. */
#define MAX_PATH_TEXT 1000

struct building {
	struct tel_routes *routes;
	const char *origin;
	struct tel_problems *problems;
	struct tel_buf path;		/* of the rule that is being read */
	size_t base_size;
};

static struct tel_problem_at at_path(struct building *b)
{
	return (struct tel_problem_at){ .origin = b->origin, .where = tel_buf_str(&b->path).ptr };
}

static void set_path(struct building *b, const char *group, const char *key)
{
	tel_buf_clear(&b->path);
	if (key)
		tel_buf_printf(&b->path, "%s[\"%.400s\"]", group, key);
	else
		tel_buf_puts(&b->path, group);
}

/* Back to what the path was when it had `len` bytes. */
static void cut_path(struct building *b, size_t len)
{
	if (!b->path.ptr || len > b->path.len)
		return;
	b->path.len = len;
	b->path.ptr[len] = '\0';
}

/* ---- one rule ----------------------------------------------------------- */

static bool has_control(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return true;
	return false;
}

static enum tel_err read_agent_name(struct building *b, struct json_object *value,
				    struct tel_rule *rule)
{
	const char *text = json_object_get_string(value);
	size_t len = json_object_is_type(value, json_type_string) ?
		     (size_t)json_object_get_string_len(value) : 0;

	if (len == 0 || len > TEL_MAX_NAME || has_control(text, len)) {
		tel_buf_puts(&b->path, ".agentName");
		tel_problems_error(b->problems, at_path(b),
				   "it must be a name of 1 to %d bytes without control "
				   "characters; leave it out to keep the default's",
				   TEL_MAX_NAME);
		return TEL_OK;
	}
	return tel_arena_copy(&b->routes->mem, (struct tel_str){ text, len }, TEL_MAX_NAME,
			      &rule->agent_name);
}

static void read_agent_config(struct building *b, struct json_object *value,
			      struct tel_rule *rule)
{
	size_t len = b->path.len;

	tel_buf_puts(&b->path, ".agentConfig");
	tel_agent_config_check(value, b->origin, tel_buf_str(&b->path).ptr, b->problems);
	if (json_object_is_type(value, json_type_object))
		rule->config = value;
	cut_path(b, len);
}

static void note_unknown(struct building *b, const char *name)
{
	tel_problems_error(b->problems, at_path(b),
			   "there is no member \"%.100s\" here: allowed are agentName, agentConfig, "
			   "%s, %s, %s, %s and comment", name,
			   tel_watch_member_text(TEL_WATCH_JOIN_DEADLINE),
			   tel_watch_member_text(TEL_WATCH_ATTEMPTS),
			   tel_watch_member_text(TEL_WATCH_WITHIN),
			   tel_watch_member_text(TEL_WATCH_FALLBACK));
}

static enum tel_err read_watch(struct building *b, enum tel_watch_member member,
			       struct json_object *value, struct tel_rule *rule)
{
	struct tel_rule_fault fault = { NULL, NULL };
	enum tel_err err = tel_rule_read_watch(&b->routes->mem, member, value, rule, &fault);

	if (fault.what) {
		tel_buf_printf(&b->path, ".%s%s", tel_watch_member_text(member), fault.below);
		tel_problems_error(b->problems, at_path(b), "%s", fault.what);
	}
	return err;
}

/* {"agentName": …, "agentConfig": …, "fallback": …, "comment": …} */
static enum tel_err read_rule(struct building *b, struct json_object *value,
			      struct tel_rule *rule)
{
	enum tel_watch_member watch;
	enum tel_err err = TEL_OK;

	if (!json_object_is_type(value, json_type_object)) {
		tel_problems_error(b->problems, at_path(b),
				   "it must be an object with agentName, agentConfig or both");
		return TEL_OK;
	}
	json_object_object_foreach(value, name, member) {
		size_t len = b->path.len;

		watch = tel_watch_member_find(name);
		if (watch < TEL_WATCH_MEMBERS)
			err = read_watch(b, watch, member, rule);
		else if (strcmp(name, "agentName") == 0)
			err = read_agent_name(b, member, rule);
		else if (strcmp(name, "agentConfig") == 0)
			read_agent_config(b, member, rule);
		else if (strcmp(name, "comment") != 0)
			note_unknown(b, name);
		cut_path(b, len);
		if (err)
			return err;
	}
	return TEL_OK;
}

static enum tel_err merged_size(struct building *b, struct json_object *patch, size_t *size)
{
	struct json_object *merged = tel_json_copy(b->routes->base);
	enum tel_err err = merged ? tel_json_merge(merged, patch) : TEL_ENOMEM;

	if (!err)
		err = tel_json_size(merged, size);
	json_object_put(merged);
	return err;
}

/* The rule alone on top of the default must fit; mostly their sum does. */
static enum tel_err check_size(struct building *b, const struct tel_rule *rule)
{
	enum tel_err err;
	size_t size;

	if (!rule->config)
		return TEL_OK;
	err = tel_json_size(rule->config, &size);
	if (err || size + b->base_size <= TEL_MAX_AGENT_CONFIG)
		return err;
	err = merged_size(b, rule->config, &size);
	if (!err && size > TEL_MAX_AGENT_CONFIG)
		tel_problems_error(b->problems, at_path(b),
				   "merged with the default its agentConfig has %zu bytes: at "
				   "most %d are allowed", size, TEL_MAX_AGENT_CONFIG);
	return err;
}

static enum tel_err set_label(struct building *b, struct tel_rule *rule, const char *kind,
			      const char *tail)
{
	struct tel_buf label;
	enum tel_err err;

	tel_buf_init(&label, TEL_MAX_TEXT);
	tel_buf_printf(&label, "%s:%.*s%s", kind, TEL_STR_ARG(rule->key), tail);
	err = tel_buf_err(&label);
	if (!err)
		err = tel_arena_copy(&b->routes->mem, tel_buf_str(&label), TEL_MAX_TEXT,
				     &rule->label);
	tel_buf_release(&label);
	return err;
}

/* ---- groups of rules ---------------------------------------------------- */

typedef enum tel_err (*read_entry_fn)(struct building *b, struct tel_str key,
				      struct json_object *value);

static enum tel_err add_rule(struct building *b, struct tel_rule_set *set,
			     struct tel_rule *rule, struct json_object *value)
{
	enum tel_err err = read_rule(b, value, rule);

	if (!err)
		err = check_size(b, rule);
	if (err)
		return err;
	if (rule->key.len > set->longest)
		set->longest = rule->key.len;
	set->items[set->n++] = *rule;
	return TEL_OK;
}

/* "+1 (555)*": the digits of a prefix, if it is one of E.164 numbers. */
static bool e164_prefix(struct tel_str key, char out[TEL_MAX_E164 + 1])
{
	size_t i, n = 0;

	for (i = 0; i < key.len; i++) {
		char c = key.ptr[i];

		if (c != '\0' && strchr(" -.()", c))
			continue;
		if (n == TEL_MAX_E164 || !(n == 0 ? c == '+' : c >= '0' && c <= '9') ||
		    (n == 1 && c == '0'))
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return n > 0;
}

static bool is_digits(struct tel_str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
	return s.len > 0;
}

/* A '+' that no normalised number begins with is mostly a slip of the pen. */
static void doubt_plus(struct building *b)
{
	tel_problems_warn(b->problems, at_path(b),
			  "this begins with '+' and is no international number (digits, the first "
			  "not 0, 15 at most): it matches only texts written just so");
}

/*
 * Numbers are looked up in E.164. A prefix of bare digits is legal, for
 * national numbers and extensions that can't be normalised, but if it looks
 * like the start of an international number it hardly means what it says.
 */
static void doubt_prefix(struct building *b, struct tel_str prefix)
{
	if (prefix.ptr[0] == '+')
		doubt_plus(b);
	if (!is_digits(prefix) || (prefix.ptr[0] == '0' && !tel_str_starts(prefix, TEL_STR("00"))))
		return;
	if (prefix.len >= 4)
		tel_problems_warn(b->problems, at_path(b),
				  "this matches only what is dialled without a country code; "
				  "begin it with '+' if international numbers are meant");
}

static enum tel_err read_prefix(struct building *b, struct tel_str key,
				struct json_object *value)
{
	char normalised[TEL_MAX_E164 + 1];
	struct tel_rule rule = { 0 };
	enum tel_err err;

	key.len--;		/* the '*' */
	if (key.len == 0) {
		tel_problems_error(b->problems, at_path(b),
				   "a prefix needs something before the '*': what is for every "
				   "number belongs into \"default\"");
		return TEL_OK;
	}
	if (e164_prefix(key, normalised))
		key = tel_str_from(normalised);
	else
		doubt_prefix(b, key);
	err = tel_arena_copy(&b->routes->mem, key, TEL_MAX_NUMBER_RAW, &rule.key);
	if (!err)
		err = set_label(b, &rule, "did", "*");
	return err ? err : add_rule(b, &b->routes->prefixes, &rule, value);
}

static enum tel_err read_exact(struct building *b, struct tel_str key, struct json_object *value)
{
	struct tel_rule rule = { 0 };
	struct tel_e164 number;
	enum tel_err err;

	if (tel_e164_parse(key, &number))
		key = tel_e164_str(&number);
	else if (key.ptr[0] == '+')
		doubt_plus(b);
	err = tel_arena_copy(&b->routes->mem, key, TEL_MAX_NUMBER_RAW, &rule.key);
	if (!err)
		err = set_label(b, &rule, "did", "");
	return err ? err : add_rule(b, &b->routes->exact, &rule, value);
}

static enum tel_err read_number(struct building *b, struct tel_str key,
				struct json_object *value)
{
	const char *star;

	key = tel_str_trim(key);
	if (key.len == 0 || key.len > TEL_MAX_NUMBER_RAW || has_control(key.ptr, key.len)) {
		tel_problems_error(b->problems, at_path(b),
				   "a number must have 1 to %d bytes without control characters: "
				   "\"+15550123\", \"+1555*\" or a SIP user name",
				   TEL_MAX_NUMBER_RAW);
		return TEL_OK;
	}
	star = memchr(key.ptr, '*', key.len);
	if (!star)
		return read_exact(b, key, value);
	if (star == key.ptr + key.len - 1)
		return read_prefix(b, key, value);
	tel_problems_error(b->problems, at_path(b),
			   "a '*' may stand at the end only: \"+1555*\"");
	return TEL_OK;
}

static enum tel_err read_trunk(struct building *b, struct tel_str key, struct json_object *value)
{
	struct tel_rule rule = { 0 };
	enum tel_err err;

	if (key.len == 0 || key.len > TEL_MAX_ID || has_control(key.ptr, key.len)) {
		tel_problems_error(b->problems, at_path(b),
				   "a trunk's id must have 1 to %d bytes, such as \"ST_abc\"",
				   TEL_MAX_ID);
		return TEL_OK;
	}
	err = tel_arena_copy(&b->routes->mem, key, TEL_MAX_ID, &rule.key);
	if (!err)
		err = set_label(b, &rule, "trunk", "");
	return err ? err : add_rule(b, &b->routes->trunks, &rule, value);
}

static enum tel_err read_group(struct building *b, const char *group, struct json_object *value,
			       read_entry_fn read_entry)
{
	enum tel_err err = TEL_OK;

	json_object_object_foreach(value, key, member) {
		set_path(b, group, key);
		err = read_entry(b, tel_str_from(key), member);
		if (err)
			break;
	}
	return err;
}

/* ---- order -------------------------------------------------------------- */

int tel_rule_compare(struct tel_str a, struct tel_str b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len > 0 ? memcmp(a.ptr, b.ptr, len) : 0;

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_rules(const void *a, const void *b)
{
	return tel_rule_compare(((const struct tel_rule *)a)->key,
				((const struct tel_rule *)b)->key);
}

static void sort(struct building *b, struct tel_rule_set *set, const char *group)
{
	size_t i;

	if (set->n > 1)
		qsort(set->items, set->n, sizeof(*set->items), compare_rules);
	set_path(b, group, NULL);
	for (i = 1; i < set->n; i++)
		if (tel_str_eq(set->items[i - 1].key, set->items[i].key))
			tel_problems_error(b->problems, at_path(b),
					   "%.*s has two rules, written in different ways: "
					   "remove one", TEL_STR_ARG(set->items[i].label));
}

/* ---- the whole ---------------------------------------------------------- */

static enum tel_err make_base(struct building *b, struct json_object *value)
{
	struct tel_routes *r = b->routes;
	enum tel_err err = TEL_OK;

	r->fallback.label = TEL_STR("default");
	set_path(b, "default", NULL);
	if (value)
		err = read_rule(b, value, &r->fallback);
	r->builtin = tel_agent_config_builtin();
	r->base = r->builtin ? tel_json_copy(r->builtin) : NULL;
	if (!r->base)
		err = TEL_ENOMEM;
	if (!err && r->fallback.config)
		err = tel_json_merge(r->base, r->fallback.config);
	if (!err)
		err = tel_json_size(r->base, &b->base_size);
	if (!err && b->base_size > TEL_MAX_AGENT_CONFIG)
		tel_problems_error(b->problems, at_path(b),
				   "its agentConfig has %zu bytes: at most %d are allowed",
				   b->base_size, TEL_MAX_AGENT_CONFIG);
	return err;
}

/* An object's length; other types are a problem and count as empty. */
static struct json_object *take_group(struct building *b, const char *group, size_t *n)
{
	struct json_object *value = NULL;

	*n = 0;
	if (!json_object_object_get_ex(b->routes->document, group, &value))
		return NULL;
	if (!json_object_is_type(value, json_type_object)) {
		set_path(b, group, NULL);
		tel_problems_error(b->problems, at_path(b),
				   "it must be an object with one member for each rule");
		return NULL;
	}
	*n = (size_t)json_object_object_length(value);
	return value;
}

static enum tel_err make_room(struct tel_rule_set *set, size_t n)
{
	set->items = calloc(n ? n : 1, sizeof(*set->items));
	return set->items ? TEL_OK : TEL_ENOMEM;
}

static enum tel_err read_groups(struct building *b)
{
	struct tel_routes *r = b->routes;
	size_t n_numbers, n_trunks;
	struct json_object *numbers = take_group(b, "numbers", &n_numbers);
	struct json_object *trunks = take_group(b, "trunks", &n_trunks);

	if (n_numbers + n_trunks > TEL_MAX_ROUTES) {
		tel_problems_error(b->problems, (struct tel_problem_at){ .origin = b->origin },
				   "there are %zu rules: at most %d are allowed",
				   n_numbers + n_trunks, TEL_MAX_ROUTES);
		return TEL_OK;
	}
	if (make_room(&r->exact, n_numbers) || make_room(&r->prefixes, n_numbers) ||
	    make_room(&r->trunks, n_trunks) ||
	    (numbers && read_group(b, "numbers", numbers, read_number)) ||
	    (trunks && read_group(b, "trunks", trunks, read_trunk)))
		return TEL_ENOMEM;
	sort(b, &r->exact, "numbers");
	sort(b, &r->prefixes, "numbers");
	sort(b, &r->trunks, "trunks");
	return TEL_OK;
}

static void check_top(struct building *b)
{
	json_object_object_foreach(b->routes->document, name, value) {
		(void)value;
		if (strcmp(name, "default") != 0 && strcmp(name, "numbers") != 0 &&
		    strcmp(name, "trunks") != 0 && strcmp(name, "comment") != 0)
			tel_problems_error(b->problems,
					   (struct tel_problem_at){ .origin = b->origin },
					   "there is no member \"%.100s\" here: allowed are "
					   "default, numbers, trunks and comment", name);
	}
}

enum tel_err tel_routes_build(struct tel_routes *routes, const char *origin,
			      struct tel_problems *problems)
{
	struct building b = { .routes = routes, .origin = origin, .problems = problems };
	struct json_object *fallback = NULL;
	bool given = json_object_object_get_ex(routes->document, "default", &fallback);
	enum tel_err err;

	tel_buf_init(&b.path, MAX_PATH_TEXT);
	check_top(&b);
	if (given && !fallback) {	/* null */
		set_path(&b, "default", NULL);
		tel_problems_error(problems, at_path(&b), "it must be an object: leave it out if "
				   "there is no default");
	}
	err = make_base(&b, fallback);
	if (!err)
		err = read_groups(&b);
	tel_buf_release(&b.path);
	return err;
}
