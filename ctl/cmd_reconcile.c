#include "config.h"

#include "app/reconcile.h"
#include "compose/compose.h"
#include "ctl/acting.h"
#include "ctl/load_config.h"
#include "ctl/options.h"
#include "ctl/session.h"
#include "ctl/text.h"
#include "json/json_write.h"
#include "base/banned.h"

#define DEFAULT_PATIENCE 60

struct reconcile {
	const char *config_file;
	bool dry_run, json;
	int64_t patience;		/* seconds */

	struct tel_json_write members;	/* with json */
	struct tel_table table;		/* else */
};

/* ---- repairs, one by one ------------------------------------------------------ */

static void add_json(void *ctx, const struct tel_repair_line *line)
{
	struct tel_json_write *w = &((struct reconcile *)ctx)->members;

	tel_json_open_object(w, NULL);
	tel_json_put_name(w, "kind", line->kind);
	tel_json_put_name(w, "result", line->result);
	tel_json_put_text(w, "callId", line->call_id);
	tel_json_put_text(w, "roomName", line->room_name);
	tel_json_put_text(w, "roomSid", line->room_sid);
	tel_json_put_text(w, "participant", line->participant);
	tel_json_close(w);
}

static void add_row(void *ctx, const struct tel_repair_line *line)
{
	struct tel_table *table = &((struct reconcile *)ctx)->table;
	const struct tel_str cells[] = {
		tel_str_from(line->kind), tel_str_from(line->result), line->call_id,
		line->room_name, line->participant,
	};
	size_t i;

	for (i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		tel_put_safe(&table->cells, cells[i]);
		tel_table_end_cell(table);
	}
}

/* ---- the whole ------------------------------------------------------------------ */

static void begin(struct reconcile *r)
{
	if (!r->json) {
		tel_table_init(&r->table, 5);
		return;
	}
	tel_json_begin(&r->members, TEL_JSON_VIEW);
	tel_json_open_object(&r->members, NULL);
	tel_json_put_bool(&r->members, "dryRun", r->dry_run);
	tel_json_open_list(&r->members, "repairs");
}

static void put_json(struct reconcile *r, const struct tel_reconcile_report *report,
		     struct tel_buf *out)
{
	struct tel_json_write *w = &r->members;

	tel_json_close(w);
	tel_json_put_int(w, "rooms", (int64_t)report->rooms);
	tel_json_put_int(w, "calls", (int64_t)report->calls);
	tel_json_put_int(w, "lookedAt", (int64_t)report->looked_at);
	tel_json_put_int(w, "requests", (int64_t)report->requests);
	tel_json_put_int(w, "failed", (int64_t)report->failed);
	tel_json_put_bool(w, "complete", report->complete);
	tel_json_put_name(w, "code", report->code[0] ? report->code : NULL);
	tel_json_close(w);
	tel_json_finish(w, out);
	tel_buf_puts(out, "\n");
}

static void put_words(struct reconcile *r, const struct tel_reconcile_report *report,
		      struct tel_buf *out)
{
	tel_table_write(&r->table, out);
	tel_table_release(&r->table);
	/* LiveKit has shown nothing, so nothing was compared: there is nothing to count. */
	if (!report->complete && report->looked_at == 0)
		return;
	tel_buf_printf(out, "%zu rooms at LiveKit, %zu calls go on; %zu rooms were looked at\n",
		       report->rooms, report->calls, report->looked_at);
	if (report->repairs > 0)
		tel_buf_printf(out, "repairs %s: %zu\n", r->dry_run ? "that would be made" : "made",
			       report->repairs);
	else if (report->complete)
		tel_buf_puts(out, "nothing is to be repaired\n");
}

static enum tel_exit say(struct reconcile *r, const struct tel_reconcile_report *report)
{
	enum tel_exit status;
	struct tel_buf out;

	tel_buf_init(&out, TEL_CTL_MAX_OUTPUT);
	if (r->json)
		put_json(r, report, &out);
	else
		put_words(r, report, &out);
	status = tel_say(&out);
	tel_buf_release(&out);
	return status;
}

static enum tel_exit judge(enum tel_err err, const struct tel_reconcile_report *report)
{
	if (!err && report->complete)
		return TEL_EXIT_OK;
	tel_complain("not everything could be compared: %s",
		     err == TEL_EBUSY ? "it took longer than --patience" :
		     err ? tel_err_text(err) :
		     report->code[0] ? report->code : "LiveKit did not answer");
	return TEL_EXIT_TROUBLE;
}

static enum tel_exit compare(struct reconcile *r, struct tel_app *app)
{
	struct tel_reconcile_report report;
	enum tel_exit told, status;
	enum tel_err err;

	begin(r);
	err = tel_reconcile_once(app, r->dry_run, r->patience * TEL_SECOND,
				 r->json ? add_json : add_row, r, &report);
	told = say(r, &report);
	status = judge(err, &report);
	return told ? told : status;
}

static enum tel_exit open_and_compare(struct reconcile *r, const struct tel_config *config)
{
	struct tel_compose *all = NULL;
	enum tel_exit status;
	struct tel_buf why;
	enum tel_err err;

	tel_buf_init(&why, TEL_CTL_MAX_WHY);
	err = tel_compose_open(config, TEL_COMPOSE_JOBS, &all, &why);
	status = err ? tel_trouble(err, &why) : compare(r, &all->app);
	tel_buf_release(&why);
	tel_compose_close(all);
	return status;
}

static enum tel_exit run(struct reconcile *r)
{
	struct tel_config *config = NULL;
	enum tel_exit status = tel_load_config(r->config_file, TEL_CONFIG_TO_SERVE, &config);

	if (status)
		return status;
	/* What was done is said on stdout, and kept in the timelines. */
	config->log_level = TEL_LOG_ERROR;
	if (config->enabled) {
		status = open_and_compare(r, config);
	} else {
		tel_complain("nothing is compared: TELEPHONY_ENABLED is false");
		status = TEL_EXIT_NOT_SO;
	}
	tel_config_free(config);
	return status;
}

enum tel_exit tel_cmd_reconcile(const struct tel_command *self, int argc, char **argv)
{
	struct reconcile r = { .patience = DEFAULT_PATIENCE };
	const struct tel_option options[] = {
		{ "dry-run", TEL_OPTION_FLAG, &r.dry_run, NULL,
		  "say what would be repaired, and repair nothing", 0, 0 },
		{ "patience", TEL_OPTION_INT, &r.patience, "SECONDS",
		  "begin nothing after this long (default: 60)", 1, 3600 },
		TEL_OPTION_JSON(&r.json),
		TEL_OPTION_CONFIG(&r.config_file),
	};
	const struct tel_usage usage = {
		.command = self, .operands = "",
		.about = "Compares once, and now, the calls in the store with the rooms and people that\n"
			 "LiveKit shows, and puts right what no webhook told: phones in a room without a\n"
			 "call, calls whose phone or room is gone, rooms left over. Agents are dispatched\n"
			 "and rooms deleted by " TEL_WHO_WORKS ", which compare\n"
			 "by themselves every TELEPHONY_RECONCILE_INTERVAL seconds.",
		.exits = "  0  everything was compared; there may have been repairs\n"
			 "  1  TELEPHONY_ENABLED is false\n"
			 "  2  the command line or the configuration is wrong\n"
			 "  3  not everything could be compared: trouble with LiveKit, the store, the disk\n"
			 "     or the memory\n",
		.options = options, .n_options = sizeof(options) / sizeof(options[0]),
	};
	enum tel_exit status;

	if (!tel_options_parse(&usage, argc, argv, NULL, &status))
		return status;
	return run(&r);
}
