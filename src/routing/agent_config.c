#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "base/limits.h"
#include "json/json_read.h"
#include "json/json_tree.h"
#include "routing/agent_config.h"
#include "base/banned.h"

static const char builtin[] =
	"{\"prompt\":\"You are on a phone call. Answer in one or two short sentences of plain "
	"spoken language, without lists, markup or emoji. Say numbers and codes digit by digit. "
	"If you did not understand, ask again.\","
	"\"greeting\":\"Hello, how can I help you?\","
	"\"tools\":[],"
	"\"noise_cancellation_type\":\"telephony\"}";

struct json_object *tel_agent_config_builtin(void)
{
	static const struct tel_json_rules rules = { sizeof(builtin), TEL_JSON_DEPTH, false };
	struct json_object *config = NULL;

	return tel_json_parse_object(tel_str_from(builtin), &rules, &config) ? NULL : config;
}

/* ---- checks ------------------------------------------------------------- */

static bool is_string(struct json_object *value)
{
	return json_object_is_type(value, json_type_string);
}

static bool is_word(struct json_object *value)
{
	return is_string(value) && json_object_get_string_len(value) > 0;
}

static bool is_list_of_tools(struct json_object *value)
{
	size_t i;

	if (!json_object_is_type(value, json_type_array))
		return false;
	for (i = 0; i < json_object_array_length(value); i++) {
		struct json_object *tool = json_object_array_get_idx(value, i);

		if (!is_word(tool) && !json_object_is_type(tool, json_type_object))
			return false;
	}
	return true;
}

static bool never(struct json_object *value)
{
	(void)value;
	return false;
}

static const struct member {
	const char *name;
	bool (*is_good)(struct json_object *value);
	const char *allowed;
} members[] = {
	{ "prompt", is_string, "it must be a string, or null to leave it out" },
	{ "greeting", is_string, "it must be a string, or null to leave it out" },
	{ "tools", is_list_of_tools,
	  "it must be a list of names or objects, or null to leave it out" },
	{ "voice", is_word, "it must be a name in quotes, or null to leave it out" },
	{ "model", is_word, "it must be a name in quotes, or null to leave it out" },
	{ "noise_cancellation_type", is_word,
	  "it must be a name in quotes such as \"telephony\", or null to leave it out" },
	{ "telephony", never,
	  "this member is written by the program (callId, from, to, …): use another name" },
};

/* What must be there instead; NULL if `value` is good. */
static const char *what_is_allowed(const char *name, struct json_object *value)
{
	size_t i;

	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (strcmp(members[i].name, name) == 0 && !members[i].is_good(value) &&
		    (value || members[i].is_good == never))
			return members[i].allowed;
	return tel_json_has_cut_number(value) ?
	       "a number in it is too large to be passed on as it is: write it in quotes" : NULL;
}

static void check_member(const char *name, struct json_object *value, const char *origin,
			 const char *path, struct tel_problems *problems)
{
	const char *allowed = what_is_allowed(name, value);
	struct tel_buf where;

	if (!allowed)
		return;
	tel_buf_init(&where, 1024);
	tel_buf_printf(&where, "%s.%s", path, name);
	tel_problems_error(problems,
			   (struct tel_problem_at){ .origin = origin,
						    .where = tel_buf_str(&where).ptr },
			   "%s", allowed);
	tel_buf_release(&where);
}

void tel_agent_config_check(struct json_object *config, const char *origin, const char *path,
			    struct tel_problems *problems)
{
	if (!json_object_is_type(config, json_type_object)) {
		tel_problems_error(problems,
				   (struct tel_problem_at){ .origin = origin, .where = path },
				   "it must be an object: {\"prompt\": …}");
		return;
	}
	json_object_object_foreach(config, name, value)
		check_member(name, value, origin, path, problems);
}

enum tel_err tel_agent_config_parse(struct tel_str text, struct json_object **out,
				    struct tel_problems *problems)
{
	static const char path[] = "agentConfig";
	static const struct tel_json_rules rules = { TEL_MAX_AGENT_CONFIG, TEL_JSON_DEPTH, false };
	struct json_object *config = NULL;
	size_t before = problems->n_errors;
	enum tel_err err = tel_json_parse_object(text, &rules, &config);

	if (err == TEL_EMALFORMED)
		tel_problems_error(problems, (struct tel_problem_at){ .where = path },
				   "it must be an object: {\"prompt\": …}");
	if (!err)
		tel_agent_config_check(config, NULL, path, problems);
	if (!err && problems->n_errors > before)
		err = TEL_EMALFORMED;
	if (err)
		json_object_put(config);
	else
		*out = config;
	return err;
}

/* ---- merging ------------------------------------------------------------ */

static enum tel_err merge_member(struct json_object *target, const char *name,
				 struct json_object *patch)
{
	struct json_object *old = NULL;
	enum tel_err err;

	if (!patch) {
		json_object_object_del(target, name);
		return TEL_OK;
	}
	if (!json_object_is_type(patch, json_type_object))
		return tel_json_add(target, name, tel_json_copy(patch));
	if (!json_object_object_get_ex(target, name, &old) ||
	    !json_object_is_type(old, json_type_object)) {
		old = json_object_new_object();
		err = tel_json_add(target, name, old);
		if (err)
			return err;
	}
	return tel_json_merge(old, patch);
}

enum tel_err tel_json_merge(struct json_object *target, struct json_object *patch)
{
	enum tel_err err;

	json_object_object_foreach(patch, name, value) {
		err = merge_member(target, name, value);
		if (err)
			return err;
	}
	return TEL_OK;
}

enum tel_err tel_json_size(struct json_object *value, size_t *out)
{
	struct json_object *copy = tel_json_copy(value);
	struct tel_str text = copy ? tel_json_print(copy) : TEL_STR_NONE;

	*out = text.len;
	json_object_put(copy);
	return text.ptr ? TEL_OK : TEL_ENOMEM;
}
