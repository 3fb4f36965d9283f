#include "config.h"

#include "ctl/options.h"
#include "ctl/session.h"
#include "lmdb-store/check.h"
#include "view/json_out.h"
#include "base/banned.h"

static void put_json(const struct tel_lmdb_check_report *report, const struct tel_buf *why,
		     struct tel_buf *out)
{
	const struct {
		const char *key;
		uint64_t value;
	} rows[] = {
		{ "calls", report->calls },
		{ "indexEntries", report->index_entries },
		{ "timelineEntries", report->timeline_entries },
		{ "memories", report->memories },
		{ "problems", report->problems },
	};
	size_t i;

	tel_buf_puts(out, "{");
	tel_out_key(out, "ok");
	tel_out_bool(out, report->problems == 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tel_out_key(out, rows[i].key);
		tel_out_int(out, (int64_t)rows[i].value);
	}
	tel_out_key(out, "detail");
	tel_out_text(out, why->len ? tel_buf_str(why) : TEL_STR_NONE);
	tel_buf_puts(out, "}\n");
}

static void put_words(const struct tel_lmdb_check_report *report, const struct tel_buf *why,
		      struct tel_buf *out)
{
	tel_buf_printf(out, "%llu calls, %llu index entries, %llu timeline entries and %llu remembered "
			    "ids were looked at\n", (unsigned long long)report->calls,
		       (unsigned long long)report->index_entries,
		       (unsigned long long)report->timeline_entries,
		       (unsigned long long)report->memories);
	if (!report->problems) {
		tel_buf_puts(out, "they fit together\n");
		return;
	}
	tel_buf_printf(out, "%llu problems: %.*s\n"
			    "The last good backup is the cure: see 'telephonyctl backup --help'.\n",
		       (unsigned long long)report->problems, TEL_STR_ARG(tel_buf_str(why)));
}

static enum tel_exit check(const struct tel_session *session, bool json)
{
	struct tel_lmdb_check_report report = { 0 };
	enum tel_exit status;
	struct tel_buf why, out;
	enum tel_err err;

	tel_buf_init(&why, TEL_CTL_MAX_WHY);
	tel_buf_init(&out, TEL_CTL_MAX_OUTPUT);
	err = tel_lmdb_check(session->store, &report, &why);
	if (err) {
		status = tel_trouble(err, &why);
		goto out;
	}
	if (json)
		put_json(&report, &why, &out);
	else
		put_words(&report, &why, &out);
	status = tel_say(&out);
	if (!status && report.problems)
		status = TEL_EXIT_NOT_SO;
out:
	tel_buf_release(&out);
	tel_buf_release(&why);
	return status;
}

enum tel_exit tel_cmd_store_check(const struct tel_command *self, int argc, char **argv)
{
	const char *config = NULL;
	bool json = false;
	const struct tel_option options[] = {
		TEL_OPTION_JSON(&json),
		TEL_OPTION_CONFIG(&config),
	};
	const struct tel_usage usage = {
		.command = self, .operands = "",
		.about = "Reads all of one moment of the store while it is in use, and writes nothing.",
		.exits = "  0  every index fits\n"
			 "  1  there is damage; the first of it is named\n"
			 "  2  the command line or the configuration is wrong\n"
			 "  3  trouble with the store, the disk or the memory\n",
		.options = options, .n_options = sizeof(options) / sizeof(options[0]),
	};
	struct tel_session session = { 0 };
	enum tel_exit status;

	if (!tel_options_parse(&usage, argc, argv, NULL, &status))
		return status;
	status = tel_session_open(config, &session);
	if (!status)
		status = check(&session, json);
	tel_session_close(&session);
	return status;
}
