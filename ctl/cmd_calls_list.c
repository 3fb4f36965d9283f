#include "config.h"

#include <stdio.h>
#include <string.h>

#include "ctl/options.h"
#include "ctl/print_call.h"
#include "ctl/session.h"
#include "view/call_view.h"
#include "view/filter_read.h"
#include "view/json_out.h"
#include "base/banned.h"

#define DEFAULT_LIMIT 50
#define MAX_LIMIT 100000

struct list {
	bool json;
	bool begun;			/* a call was shown, and went out */
	size_t left;			/* calls still to be shown */
	struct tel_filter_args args;
	char cursor[TEL_CURSOR_TEXT];	/* of the next page; "" = no more */
	struct tel_session session;
	struct tel_table table;
	struct tel_buf out;
};

static enum tel_exit finish(struct list *list)
{
	if (list->json) {
		tel_buf_puts(&list->out, "]");
		tel_out_key(&list->out, "nextCursor");
		tel_out_name(&list->out, list->cursor);
		tel_buf_puts(&list->out, "}\n");
	} else {
		tel_table_write(&list->table, &list->out);
	}
	return tel_say(&list->out);
}

/* JSON goes out page by page, so that its length has no limit. */
static enum tel_exit show_page(struct list *list, const struct tel_call_page *page)
{
	tel_time now = tel_now(&list->session.clock);
	enum tel_exit status = TEL_EXIT_OK;
	size_t i;

	for (i = 0; i < page->n; i++) {
		if (!list->json) {
			tel_table_add_call(&list->table, page->calls[i], now);
			continue;
		}
		if (list->begun)
			tel_buf_puts(&list->out, ",");
		list->begun = true;
		tel_view_call(page->calls[i], NULL, &list->out);
	}
	list->left -= page->n < list->left ? page->n : list->left;
	memcpy(list->cursor, page->next_cursor, sizeof(list->cursor));
	if (list->json && list->left && list->cursor[0]) {
		status = tel_say(&list->out);
		tel_buf_clear(&list->out);
	}
	return status;
}

static enum tel_exit show_pages(struct list *list, const struct tel_usage *usage)
{
	struct tel_call_store *store = list->session.store;
	struct tel_call_page page;
	enum tel_exit status;
	enum tel_err err;

	do {
		memset(&page, 0, sizeof(page));
		list->args.filter.limit = list->left < TEL_MAX_PAGE ? list->left : TEL_MAX_PAGE;
		err = store->ops->list(store, &list->args.filter, &page);
		if (err == TEL_EMALFORMED)
			return tel_usage_error(usage, "--cursor '%.*s' is none that an earlier "
					       "list gave", TEL_STR_ARG(list->args.filter.cursor));
		if (err)
			return tel_store_trouble(&list->session, err);
		status = show_page(list, &page);
		tel_call_page_release(&page);
		list->args.filter.cursor = tel_str_from(list->cursor);
	} while (!status && list->left && list->cursor[0]);
	return status ? status : finish(list);
}

static enum tel_exit run(struct list *list, const char *config, const struct tel_usage *usage)
{
	enum tel_exit status = tel_session_open(config, &list->session);

	if (status)
		return status;
	if (list->json)
		tel_buf_puts(&list->out, "{\"calls\":[");
	else
		tel_table_add_call_header(&list->table);
	status = show_pages(list, usage);
	if (!status && !list->json && list->cursor[0])
		fprintf(stderr, "There are more: --cursor %s\n", list->cursor);
	return status;
}

/* As the HTTP API calls the filters, and as the options are called. */
struct word {
	const char *name, *option, *text;
};

static enum tel_exit read_words(struct list *list, const struct word *words, size_t n,
				const struct tel_usage *usage)
{
	const char *allowed;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!words[i].text)
			continue;
		allowed = tel_filter_read(&list->args, words[i].name, tel_str_from(words[i].text));
		if (allowed)
			return tel_usage_error(usage, "--%s '%s' %s", words[i].option, words[i].text,
					       allowed);
	}
	return TEL_EXIT_OK;
}

enum tel_exit tel_cmd_calls_list(const struct tel_command *self, int argc, char **argv)
{
	const char *config = NULL, *cursor = NULL;
	struct word words[] = {
		{ "status", "status", NULL }, { "direction", "direction", NULL },
		{ "from", "from", NULL }, { "to", "to", NULL }, { "since", "since", NULL },
		{ "until", "until", NULL }, { "roomName", "room", NULL },
	};
	struct list list = { 0 };
	int64_t limit = DEFAULT_LIMIT;
	const struct tel_option options[] = {
		{ "live", TEL_OPTION_FLAG, &list.args.filter.live_only, NULL,
		  "only calls that are going on", 0, 0 },
		{ "status", TEL_OPTION_TEXT, &words[0].text, "STATUS",
		  "only calls that are created, sip_participant_joined,\n"
		  "agent_dispatched, ended or failed", 0, 0 },
		{ "direction", TEL_OPTION_TEXT, &words[1].text, "WAY",
		  "only inbound or only outbound calls", 0, 0 },
		{ "from", TEL_OPTION_TEXT, &words[2].text, "NUMBER",
		  "only calls from this number (E.164: +15550100)", 0, 0 },
		{ "to", TEL_OPTION_TEXT, &words[3].text, "NUMBER",
		  "only calls to this number", 0, 0 },
		{ "since", TEL_OPTION_TEXT, &words[4].text, "WHEN",
		  "only calls begun then or later (2026-11-23T06:34:00Z)", 0, 0 },
		{ "until", TEL_OPTION_TEXT, &words[5].text, "WHEN",
		  "only calls begun before that", 0, 0 },
		{ "room", TEL_OPTION_TEXT, &words[6].text, "NAME", "only calls in this room", 0, 0 },
		{ "limit", TEL_OPTION_INT, &limit, "N", "at most so many (default: 50)", 1,
		  MAX_LIMIT },
		{ "cursor", TEL_OPTION_TEXT, &cursor, "C",
		  "go on where an earlier list stopped", 0, 0 },
		TEL_OPTION_JSON(&list.json),
		TEL_OPTION_CONFIG(&config),
	};
	const struct tel_usage usage = {
		.command = self, .operands = "",
		.about = "Prints a table, or with --json {\"calls\":[...],\"nextCursor\":...} with each\n"
			 "call as in the HTTP API. No call is no error.",
		.options = options, .n_options = sizeof(options) / sizeof(options[0]),
	};
	enum tel_exit status;

	if (!tel_options_parse(&usage, argc, argv, NULL, &status))
		return status;
	status = read_words(&list, words, sizeof(words) / sizeof(words[0]), &usage);
	if (status)
		return status;
	list.args.filter.cursor = tel_str_from(cursor);
	list.left = (size_t)limit;
	tel_buf_init(&list.out, TEL_CTL_MAX_OUTPUT);
	tel_table_init(&list.table, TEL_CALL_COLUMNS);
	status = run(&list, config, &usage);
	tel_table_release(&list.table);
	tel_buf_release(&list.out);
	tel_session_close(&list.session);
	return status;
}
