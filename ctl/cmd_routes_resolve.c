#include "config.h"

#include <stdio.h>

#include <json-c/json.h>

#include "ctl/load_config.h"
#include "ctl/options.h"
#include "ctl/read_routes.h"
#include "ctl/text.h"
#include "domain/number.h"
#include "view/json_out.h"
#include "base/banned.h"

struct resolve {
	const char *to, *from, *trunk, *routes_file, *config_file;
	bool json;
	struct tel_e164 to_number, from_number;
	struct tel_config *config;
	struct tel_problems problems;
	struct tel_routes *routes;
	struct tel_route route;
	struct tel_route_reasons reasons;
};

/* E.164 if it is a number, else as it was written: as for a real call. */
static struct tel_str normal(const char *raw, struct tel_e164 *number)
{
	struct tel_str text = tel_str_from(raw);

	return raw && tel_e164_parse(text, number) ? tel_e164_str(number) : text;
}

/* With what is in force where no rule says anything. */
static struct tel_watch_policy watch_in_force(const struct resolve *r)
{
	struct tel_watch_policy watch = r->route.watch;

	if (watch.join_deadline == 0)
		watch.join_deadline = r->config->policy.agent_join_deadline;
	if (watch.attempts == 0)
		watch.attempts = TEL_AGENT_ATTEMPTS;
	if (watch.within == 0)
		watch.within = TEL_AGENT_WITHIN;
	return watch;
}

/* An AgentConfig may have a member of the same name as a rule's own. */
static bool is_ambiguous(const struct tel_route_reasons *reasons, size_t i)
{
	size_t own;

	for (own = 0; own < reasons->n_own; own++)
		if (i >= reasons->n_own &&
		    tel_str_eq(reasons->items[own].member, reasons->items[i].member))
			return true;
	return false;
}

static struct tel_str reason_name(const struct resolve *r, size_t i, struct tel_buf *scratch)
{
	struct tel_str member = r->reasons.items[i].member;

	if (!is_ambiguous(&r->reasons, i))
		return member;
	tel_buf_clear(scratch);
	tel_buf_printf(scratch, "agentConfig.%.*s", TEL_STR_ARG(member));
	return tel_buf_str(scratch);
}

static void put_reasons_json(const struct resolve *r, struct tel_buf *out)
{
	struct tel_buf name;
	size_t i;

	tel_buf_init(&name, TEL_MAX_TEXT);
	tel_buf_puts(out, "{");
	for (i = 0; i < r->reasons.n; i++) {
		tel_out_comma(out);
		tel_out_text(out, reason_name(r, i, &name));
		tel_buf_puts(out, ":");
		tel_out_text(out, r->reasons.items[i].rules);
	}
	tel_buf_puts(out, "}");
	tel_buf_release(&name);
}

/* As one would write it in a rule. */
static void put_watch_json(const struct tel_watch_policy *watch, struct tel_buf *out)
{
	tel_out_key(out, "agentJoinDeadlineSeconds");
	tel_out_int(out, watch->join_deadline / TEL_SECOND);
	tel_out_key(out, "agentAttempts");
	tel_out_int(out, watch->attempts);
	tel_out_key(out, "agentAttemptsWithinSeconds");
	tel_out_int(out, watch->within / TEL_SECOND);
	tel_out_key(out, "fallback");
	if (watch->fallback != TEL_FALLBACK_TRANSFER) {
		tel_out_name(out, tel_fallback_text(watch->fallback));
		return;
	}
	tel_buf_puts(out, "{");
	tel_out_key(out, tel_fallback_text(watch->fallback));
	tel_out_text(out, watch->transfer_to);
	tel_buf_puts(out, "}");
}

static void put_json(const struct resolve *r, struct tel_buf *out)
{
	struct tel_watch_policy watch = watch_in_force(r);

	tel_buf_puts(out, "{");
	tel_out_key(out, "agentName");
	tel_out_text(out, r->route.agent_name);
	tel_out_key(out, "rule");
	tel_out_text(out, r->route.rule);
	tel_out_key(out, "agentConfig");
	tel_out_json(out, r->route.config);
	put_watch_json(&watch, out);
	tel_out_key(out, "givenBy");
	put_reasons_json(r, out);
	tel_buf_puts(out, "}\n");
}

static void put_pretty(struct tel_str json, struct tel_buf *out)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *value = NULL;

	if (tokener)
		value = json_tokener_parse_ex(tokener, json.ptr, (int)json.len);
	if (value)
		tel_buf_puts(out, json_object_to_json_string_ext(value,
			JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
			JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		tel_buf_add_str(out, json);
	json_object_put(value);
	if (tokener)
		json_tokener_free(tokener);
}

static void put_watch_words(const struct tel_watch_policy *watch, struct tel_buf *out)
{
	tel_buf_printf(out, "wait   %lld s for it to join, %u attempts within %lld s, then %s",
		       (long long)(watch->join_deadline / TEL_SECOND), watch->attempts,
		       (long long)(watch->within / TEL_SECOND), tel_fallback_text(watch->fallback));
	if (watch->fallback == TEL_FALLBACK_TRANSFER) {
		tel_buf_puts(out, " to ");
		tel_put_safe(out, watch->transfer_to);
	}
	tel_buf_puts(out, "\n");
}

static void put_reasons_words(const struct resolve *r, struct tel_buf *out)
{
	struct tel_table table;
	struct tel_buf name;
	size_t i;

	tel_table_init(&table, 2);
	tel_buf_init(&name, TEL_MAX_TEXT);
	for (i = 0; i < r->reasons.n; i++) {
		tel_put_safe(&table.cells, reason_name(r, i, &name));
		tel_table_end_cell(&table);
		tel_buf_puts(&table.cells, "given by ");
		tel_put_safe(&table.cells, r->reasons.items[i].rules);
		tel_table_end_cell(&table);
	}
	tel_table_write(&table, out);
	tel_buf_release(&name);
	tel_table_release(&table);
}

static void put_words(const struct resolve *r, struct tel_buf *out)
{
	struct tel_watch_policy watch = watch_in_force(r);

	tel_buf_puts(out, "agent  ");
	tel_put_safe(out, r->route.agent_name);
	tel_buf_puts(out, "\nrule   ");
	tel_put_safe(out, r->route.rule);
	tel_buf_puts(out, "\n");
	put_watch_words(&watch, out);
	tel_buf_puts(out, "\n");
	put_pretty(r->route.config, out);
	tel_buf_puts(out, "\n\n");
	put_reasons_words(r, out);
}

static enum tel_exit print(const struct resolve *r)
{
	enum tel_exit status;
	struct tel_buf out;

	tel_buf_init(&out, TEL_CTL_MAX_OUTPUT);
	if (r->json)
		put_json(r, &out);
	else
		put_words(r, &out);
	status = tel_say(&out);
	tel_buf_release(&out);
	return status;
}

/* Problems go to stderr here: they are not what was asked for. */
static enum tel_exit read_routes(struct resolve *r)
{
	const char *path = r->routes_file ? r->routes_file : r->config->routes_file;
	struct tel_buf text;
	enum tel_err err;

	err = tel_ctl_read_routes(path, r->config->agent_name, &r->routes, &r->problems);
	tel_buf_init(&text, TEL_CTL_MAX_OUTPUT);
	tel_problems_write(&r->problems, &text);
	fprintf(stderr, "%.*s", TEL_STR_ARG(tel_buf_str(&text)));
	tel_buf_release(&text);
	if (!err)
		return TEL_EXIT_OK;
	if (err == TEL_EMALFORMED)
		return TEL_EXIT_NOT_SO;
	tel_complain("%s", tel_err_text(err));
	return TEL_EXIT_TROUBLE;
}

static enum tel_exit run(struct resolve *r)
{
	struct tel_route_query query = {
		.to = normal(r->to, &r->to_number),
		.from = normal(r->from, &r->from_number),
		.trunk_id = tel_str_from(r->trunk),
	};
	enum tel_exit status;
	enum tel_err err;

	status = tel_load_config(r->config_file, TEL_CONFIG_FOR_STORE, &r->config);
	if (!status)
		status = read_routes(r);
	if (status)
		return status;
	err = tel_routes_resolve(r->routes, &query, &r->route, &r->reasons);
	if (!err)
		return print(r);
	tel_complain("the rules for this call can't be merged: %s", tel_err_text(err));
	return err == TEL_ETOOBIG ? TEL_EXIT_NOT_SO : TEL_EXIT_TROUBLE;
}

enum tel_exit tel_cmd_routes_resolve(const struct tel_command *self, int argc, char **argv)
{
	struct resolve r = { 0 };
	const struct tel_option options[] = {
		{ "to", TEL_OPTION_TEXT, &r.to, "NUMBER", "the number that is called", 0, 0 },
		{ "from", TEL_OPTION_TEXT, &r.from, "NUMBER", "the caller's number", 0, 0 },
		{ "trunk", TEL_OPTION_TEXT, &r.trunk, "ID", "the SIP trunk the call comes by", 0, 0 },
		{ "routes", TEL_OPTION_TEXT, &r.routes_file, "FILE",
		  "a routes file (default: TELEPHONY_ROUTES)", 0, 0 },
		TEL_OPTION_JSON(&r.json),
		TEL_OPTION_CONFIG(&r.config_file),
	};
	const struct tel_usage usage = {
		.command = self, .operands = "",
		.about = "Prints the AgentConfig that a call would get, how long its agent is waited for\n"
			 "and what is done when none comes, and for each member the rules it comes from.",
		.exits = "  0  there is an answer\n"
			 "  1  the routes file can't be used\n"
			 "  2  the command line or the configuration is wrong\n"
			 "  3  trouble with the memory\n",
		.options = options, .n_options = sizeof(options) / sizeof(options[0]),
	};
	enum tel_exit status;

	if (!tel_options_parse(&usage, argc, argv, NULL, &status))
		return status;
	if (!r.to && !r.trunk)
		return tel_usage_error(&usage, "nothing to resolve: give --to, --trunk or both");
	status = run(&r);
	tel_route_release(&r.route);
	tel_routes_free(r.routes);
	tel_problems_release(&r.problems);
	tel_config_free(r.config);
	return status;
}
