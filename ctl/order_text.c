#include "config.h"

#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "ctl/order_text.h"
#include "json/json_keys.h"
#include "json/json_read.h"
#include "base/banned.h"

#define MAX_OPTION 64

/* "agentConfig" -> "agent-config"; no longer than an option's name can be. */
static const char *option_of(struct tel_str member, char out[MAX_OPTION])
{
	size_t i, n = 0;

	for (i = 0; i < member.len && n + 2 < MAX_OPTION; i++) {
		char c = member.ptr[i];

		if (c >= 'A' && c <= 'Z') {
			out[n++] = '-';
			c = (char)(c - 'A' + 'a');
		}
		out[n++] = c;
	}
	out[n] = '\0';
	return out;
}

bool tel_order_put_text(const struct tel_usage *usage, const char *member, const char *value,
			struct tel_json_write *w)
{
	struct tel_str text = tel_str_from(value);
	char option[MAX_OPTION];

	if (!value)
		return true;
	if (!tel_utf8_is_clean(text)) {
		tel_usage_error(usage, "--%s is no UTF-8",
				option_of(tel_str_from(member), option));
		return false;
	}
	tel_json_put_text(w, member, text);
	return true;
}

static bool begins_object(struct tel_str text)
{
	while (text.len > 0 && strchr(" \t\r\n", *text.ptr) && *text.ptr) {
		text.ptr++;
		text.len--;
	}
	return text.len > 0 && *text.ptr == '{';
}

struct duplicates {
	const struct tel_usage *usage;
	const char *option;
	bool found;
};

static void refuse_duplicate(void *duplicates, struct tel_str key, unsigned first_line,
			     unsigned line)
{
	struct duplicates *d = duplicates;

	(void)first_line;
	if (!d->found)
		tel_usage_error(d->usage, "--%s: %.*s is there twice, the second time in line %u: "
				"keep one of them", d->option, TEL_STR_ARG(key), line);
	d->found = true;
}

/*
 * What the reader would not see in the whole: where the text stops being
 * JSON, and members that stand twice.
 */
static bool check_object(const struct tel_usage *usage, const char *member, struct tel_str json)
{
	static const struct tel_json_rules rules = { TEL_MAX_ORDER, TEL_JSON_DEPTH, false };
	struct tel_json_fault fault = { 0 };
	struct json_object *value = NULL;
	char option[MAX_OPTION];
	struct duplicates twice = { usage, option_of(tel_str_from(member), option), false };
	enum tel_err err = tel_json_parse(json, &rules, &value, &fault);

	json_object_put(value);
	if (!err)
		err = tel_json_duplicates(json, refuse_duplicate, &twice);
	if (err == TEL_EMALFORMED)
		tel_usage_error(usage, "--%s is no JSON: %s at byte %zu, line %u", option,
				fault.what ? fault.what : "unexpected character", fault.at,
				tel_json_line(json, fault.at));
	else if (err)
		tel_usage_error(usage, "--%s: %s", option, tel_err_text(err));
	return !err && !twice.found;
}

/* What is no object goes in as a text, which the reader refuses. */
bool tel_order_put_object(const struct tel_usage *usage, const char *member, struct tel_str json,
			  struct tel_json_write *w)
{
	if (!json.ptr)
		return true;
	if (begins_object(json) && !check_object(usage, member, json))
		return false;
	if (begins_object(json))
		tel_json_put_json(w, member, json);
	else
		tel_json_put_text(w, member, json);
	return true;
}

bool tel_order_is_object(const char *text)
{
	return text && begins_object(tel_str_from(text));
}

void tel_order_put_int(const char *member, int64_t value, struct tel_json_write *w)
{
	if (value)
		tel_json_put_int(w, member, value);
}

/* ---- what is wrong ----------------------------------------------------------------- */

static bool is_option(const struct tel_usage *usage, const char *name)
{
	size_t i;

	for (i = 0; i < usage->n_options; i++)
		if (strcmp(usage->options[i].name, name) == 0)
			return true;
	return false;
}

/* "agentConfig.voice" is "--agent-config: voice"; what is no option stays. */
static void put_where(const struct tel_usage *usage, const char *where, struct tel_buf *out)
{
	struct tel_str rest, member = tel_str_cut(tel_str_from(where), '.', &rest);
	char option[MAX_OPTION];

	if (!where)
		return;
	if (!is_option(usage, option_of(member, option)))
		tel_buf_printf(out, "%s: ", where);
	else if (rest.ptr)
		tel_buf_printf(out, "--%s: %.*s: ", option, TEL_STR_ARG(rest));
	else
		tel_buf_printf(out, "--%s: ", option);
}

enum tel_exit tel_order_refuse(const struct tel_usage *usage, enum tel_err err,
			       const struct tel_problems *problems)
{
	struct tel_buf text;
	size_t i;

	if (err == TEL_ETOOBIG)
		return tel_usage_error(usage, "all options together have more than %d bytes: make "
				       "--agent-config or --metadata shorter", TEL_MAX_ORDER);
	if (err != TEL_EMALFORMED) {
		tel_complain("%s", tel_err_text(err));
		return TEL_EXIT_TROUBLE;
	}
	tel_buf_init(&text, TEL_CTL_MAX_OUTPUT);
	for (i = 0; i < problems->n; i++) {
		tel_buf_puts(&text, i ? "\n" : "");
		put_where(usage, problems->items[i].where, &text);
		tel_buf_puts(&text, problems->items[i].text);
	}
	tel_usage_error(usage, "%.*s", TEL_STR_ARG(tel_buf_str(&text)));
	tel_buf_release(&text);
	return TEL_EXIT_USAGE;
}
