#include "config.h"

#include "app/place_call.h"
#include "ctl/acting.h"
#include "ctl/options.h"
#include "ctl/text.h"
#include "json/json_write.h"
#include "order/order_read.h"
#include "view/guard_view.h"
#include "base/banned.h"

#define RULE_COLUMNS 3

struct wanted {
	const char *to, *from, *agent_config, *agent_name, *room_name, *trunk_id, *dtmf, *metadata;
	int64_t ringing_timeout, max_duration;
	const char *key, *config;
	bool dry_run, json;
};

/* ---- the order --------------------------------------------------------------------- */

static void put_text(struct tel_json_write *w, const char *key, const char *text)
{
	if (text)
		tel_json_put_text(w, key, tel_str_from(text));
}

static void put_json(struct tel_json_write *w, const char *key, const char *text)
{
	if (text)
		tel_json_put_json(w, key, tel_str_from(text));
}

static void put_seconds(struct tel_json_write *w, const char *key, int64_t seconds)
{
	if (seconds >= 0)
		tel_json_put_int(w, key, seconds);
}

/* As the HTTP API takes it: what is checked, and the words for it, are the same. */
static enum tel_err write_order(const struct wanted *wanted, struct tel_buf *out)
{
	struct tel_json_write w;

	tel_json_begin(&w, TEL_JSON_PLAIN);
	tel_json_open_object(&w, NULL);
	put_text(&w, "to", wanted->to);
	put_text(&w, "from", wanted->from);
	put_json(&w, "agentConfig", wanted->agent_config);
	put_text(&w, "agentName", wanted->agent_name);
	put_text(&w, "roomName", wanted->room_name);
	put_text(&w, "trunkId", wanted->trunk_id);
	put_seconds(&w, "ringingTimeoutSeconds", wanted->ringing_timeout);
	put_seconds(&w, "maxDurationSeconds", wanted->max_duration);
	put_text(&w, "dtmf", wanted->dtmf);
	put_json(&w, "metadata", wanted->metadata);
	tel_json_close(&w);
	return tel_json_finish(&w, out);
}

static enum tel_exit say_problems(const struct tel_problems *problems)
{
	size_t i;

	for (i = 0; i < problems->n; i++)
		tel_complain("%s%s%s", problems->items[i].where ? problems->items[i].where : "",
			     problems->items[i].where ? ": " : "", problems->items[i].text);
	return TEL_EXIT_USAGE;
}

/* ---- what came of it ------------------------------------------------------------------ */

static void write_rules(const struct tel_guard_report *report, struct tel_buf *out)
{
	struct tel_table table;
	int i;

	tel_table_init(&table, RULE_COLUMNS);
	for (i = 0; i < TEL_GUARDS; i++) {
		tel_buf_puts(&table.cells, report->verdicts[i].passed ? "passed" : "REFUSED");
		tel_table_end_cell(&table);
		tel_buf_puts(&table.cells, tel_guard_text((enum tel_guard)i));
		tel_table_end_cell(&table);
		tel_buf_puts(&table.cells, report->verdicts[i].detail);
		tel_table_end_cell(&table);
	}
	tel_table_write(&table, out);
	tel_table_release(&table);
}

static enum tel_exit say_dry_run(const struct tel_guard_report *report, bool json)
{
	struct tel_json_write w;
	enum tel_exit status;
	struct tel_buf out;

	tel_buf_init(&out, TEL_CTL_MAX_OUTPUT);
	if (json) {
		tel_json_begin(&w, TEL_JSON_VIEW);
		tel_view_put_dry_run(&w, report);
		tel_json_finish(&w, &out);
		tel_buf_puts(&out, "\n");
	} else {
		write_rules(report, &out);
	}
	status = tel_say(&out);
	tel_buf_release(&out);
	if (status)
		return status;
	return report->passed ? TEL_EXIT_OK : TEL_EXIT_NOT_SO;
}

static enum tel_exit refuse(const char *what, const char *why)
{
	tel_complain("%s: %s", what, why);
	return TEL_EXIT_NOT_SO;
}

static enum tel_exit say_step(const struct tel_acting *acting, const struct wanted *wanted,
			      const struct tel_place *place)
{
	switch (place->result) {
	case TEL_PLACE_PLACED:
	case TEL_PLACE_REPLAYED:
		return tel_say_call(acting, place->call, wanted->json);
	case TEL_PLACE_OTHER_BODY:
		return refuse("idempotency-key", "it came with another order before");
	case TEL_PLACE_FORGOTTEN:
		return refuse("idempotency-key", "the call that it stands for is kept no more");
	case TEL_PLACE_ROOM_TAKEN:
		return refuse("roomName: a call that is going on is in that room",
			      place->call_id.text);
	case TEL_PLACE_REFUSED:
		return refuse(tel_guard_text(place->report.first),
			      place->report.verdicts[place->report.first].detail);
	case TEL_PLACE_DRY:
		break;
	}
	return say_dry_run(&place->report, wanted->json);
}

static enum tel_exit say_placed(const struct tel_acting *acting, const struct wanted *wanted,
				const struct tel_placed *placed)
{
	switch (placed->status) {
	case TEL_PLACED_BY_STEP:
		return say_step(acting, wanted, &placed->place);
	case TEL_PLACED_NO_FROM:
		tel_complain("from: it is not there, and TELEPHONY_DEFAULT_FROM_NUMBER is not set: "
			     "give one of them");
		return TEL_EXIT_USAGE;
	case TEL_PLACED_NO_TRUNK:
		tel_complain("trunkId: it is not there, and LIVEKIT_SIP_OUTBOUND_TRUNK_ID is not "
			     "set: give one of them");
		return TEL_EXIT_USAGE;
	case TEL_PLACED_BAD_CONFIG:
		tel_complain("agentConfig: together with the route's it has more than 49152 bytes: "
			     "make it shorter");
		return TEL_EXIT_USAGE;
	case TEL_PLACED_DISABLED:
		return refuse("disabled", "no calls are placed: TELEPHONY_ENABLED is false");
	case TEL_PLACED_UNAVAILABLE:
		break;
	}
	return tel_acting_trouble(acting, placed->err, NULL);
}

/* ---- the command ------------------------------------------------------------------------- */

static enum tel_exit place(struct tel_acting *acting, const struct wanted *wanted,
			   struct tel_place_request *request, struct tel_str body)
{
	struct tel_digest *digest = &acting->all->digest;
	struct tel_placed placed = { 0 };
	enum tel_exit status;
	enum tel_err err;

	request->principal = TEL_STR(TEL_CTL_PRINCIPAL);
	request->dry_run = wanted->dry_run;
	if (wanted->key && !wanted->dry_run) {
		request->idempotency_key = tel_str_from(wanted->key);
		err = digest->ops->sha256(digest, body, request->body_sha256);
		if (err)
			return tel_acting_trouble(acting, err, NULL);
	}
	tel_place_call(&acting->all->app, NULL, request, &placed);
	status = say_placed(acting, wanted, &placed);
	tel_call_free(placed.place.call);
	return status;
}

static enum tel_exit run(struct tel_acting *acting, const struct wanted *wanted)
{
	struct tel_order_read order = { 0 };
	struct tel_problems problems = { 0 };
	enum tel_exit status;
	struct tel_buf body;
	enum tel_err err;

	tel_buf_init(&body, TEL_MAX_ORDER);
	status = tel_acting_open(wanted->config, acting);
	if (status)
		goto out;
	err = write_order(wanted, &body);
	if (!err)
		err = tel_order_read(tel_buf_str(&body), acting->all->app.routing, &order,
				     &problems);
	if (err == TEL_EMALFORMED)
		status = say_problems(&problems);
	else if (err)
		status = tel_acting_trouble(acting, err, NULL);
	else
		status = place(acting, wanted, &order.request, tel_buf_str(&body));
out:
	tel_problems_release(&problems);
	tel_order_read_release(&order);
	tel_buf_release(&body);
	return status;
}

enum tel_exit tel_cmd_call_place(const struct tel_command *self, int argc, char **argv)
{
	struct wanted wanted = { .ringing_timeout = -1, .max_duration = -1 };
	const struct tel_option options[] = {
		{ "to", TEL_OPTION_TEXT, &wanted.to, "NUMBER", "the number to call, E.164", 0, 0 },
		{ "from", TEL_OPTION_TEXT, &wanted.from, "NUMBER",
		  "the number it comes from\n(default: TELEPHONY_DEFAULT_FROM_NUMBER)", 0, 0 },
		{ "agent-config", TEL_OPTION_TEXT, &wanted.agent_config, "JSON",
		  "merged over the AgentConfig of the route", 0, 0 },
		{ "agent-name", TEL_OPTION_TEXT, &wanted.agent_name, "NAME",
		  "the agent (default: the route's)", 0, 0 },
		{ "room-name", TEL_OPTION_TEXT, &wanted.room_name, "NAME",
		  "the room (default: one of its own)", 0, 0 },
		{ "trunk-id", TEL_OPTION_TEXT, &wanted.trunk_id, "ID",
		  "the outbound trunk\n(default: LIVEKIT_SIP_OUTBOUND_TRUNK_ID)", 0, 0 },
		{ "ringing-timeout-seconds", TEL_OPTION_INT, &wanted.ringing_timeout, "SECONDS",
		  "how long it may ring (default: 45)", 5, 75 },
		{ "max-duration-seconds", TEL_OPTION_INT, &wanted.max_duration, "SECONDS",
		  "how long it may last (default: 3600)", 10, 86400 },
		{ "dtmf", TEL_OPTION_TEXT, &wanted.dtmf, "DIGITS",
		  "sent once it is answered; w is a pause", 0, 0 },
		{ "metadata", TEL_OPTION_TEXT, &wanted.metadata, "JSON",
		  "an object for the agent to know", 0, 0 },
		{ "idempotency-key", TEL_OPTION_TEXT, &wanted.key, "KEY",
		  "the same key and order again is the same call", 0, 0 },
		{ "dry-run", TEL_OPTION_FLAG, &wanted.dry_run, NULL,
		  "print every rule with its verdict; call nobody", 0, 0 },
		TEL_OPTION_JSON(&wanted.json),
		TEL_OPTION_CONFIG(&wanted.config),
	};
	const struct tel_usage usage = {
		.command = self, .operands = "",
		.about = "Stores the call as POST /telephony/calls does, with the same members and the same\n"
			 "guards. Who runs jobs on this store (FastCGI processes, 'telephonyctl work') then\n"
			 "makes the room with its agent and dials.",
		.exits = "  0  the call is stored; with --dry-run: it would be\n"
			 "  1  a rule refuses it, or the room or the key is taken\n"
			 "  2  the command line or the configuration is wrong\n"
			 "  3  trouble with the store, the disk or the memory\n",
		.options = options, .n_options = sizeof(options) / sizeof(options[0]),
	};
	struct tel_acting acting = { 0 };
	enum tel_exit status;

	if (!tel_options_parse(&usage, argc, argv, NULL, &status))
		return status;
	if (!wanted.to)
		return tel_usage_error(&usage, "--to is missing: the number to call");
	if (wanted.key && tel_str_from(wanted.key).len > TEL_MAX_IDEMPOTENCY_KEY)
		return tel_usage_error(&usage, "--idempotency-key has more than 255 characters");
	status = run(&acting, &wanted);
	tel_acting_close(&acting);
	return status;
}
