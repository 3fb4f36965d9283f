#include "config.h"

#include "base/file.h"
#include "ctl/acting.h"
#include "ctl/follow.h"
#include "ctl/options.h"
#include "ctl/order_text.h"
#include "ctl/text.h"
#include "order/order_read.h"
#include "view/guard_view.h"
#include "base/banned.h"

struct place {
	const struct tel_usage *usage;
	const char *config, *to, *from, *agent_config, *agent_name, *room_name, *trunk_id, *dtmf,
		*metadata, *key;
	int64_t ringing_timeout, max_duration;
	bool dry_run, json, wait;
	struct tel_acting acting;
	struct tel_file agent_file;
	struct tel_buf body;		/* the order as the HTTP API takes it */
	struct tel_order_read order;
};

/* ---- the order ---------------------------------------------------------------------- */

/* What begins with a brace is the AgentConfig itself. */
static bool find_agent_config(struct place *p, struct tel_str *out)
{
	enum tel_err err;

	*out = tel_str_from(p->agent_config);
	if (!p->agent_config || tel_order_is_object(p->agent_config))
		return true;
	err = tel_file_read(p->agent_config, TEL_MAX_ORDER, &p->agent_file);
	if (!err)
		*out = tel_file_str(&p->agent_file);
	else
		tel_usage_error(p->usage, "--agent-config: the file %s: %s; give a file that can be "
				"read, or a JSON object: '{...}'", p->agent_config,
				tel_file_problem(err));
	return !err;
}

static bool put_members(struct place *p, struct tel_json_write *w)
{
	const struct tel_usage *usage = p->usage;
	struct tel_str agent_config;

	if (!find_agent_config(p, &agent_config) ||
	    !tel_order_put_text(usage, "to", p->to, w) ||
	    !tel_order_put_text(usage, "from", p->from, w) ||
	    !tel_order_put_object(usage, "agentConfig", agent_config, w) ||
	    !tel_order_put_text(usage, "agentName", p->agent_name, w) ||
	    !tel_order_put_text(usage, "roomName", p->room_name, w) ||
	    !tel_order_put_text(usage, "trunkId", p->trunk_id, w) ||
	    !tel_order_put_text(usage, "dtmf", p->dtmf, w) ||
	    !tel_order_put_object(usage, "metadata", tel_str_from(p->metadata), w))
		return false;
	tel_order_put_int("ringingTimeoutSeconds", p->ringing_timeout, w);
	tel_order_put_int("maxDurationSeconds", p->max_duration, w);
	return true;
}

static bool write_body(struct place *p)
{
	struct tel_json_write w;
	bool good;

	tel_json_begin(&w, TEL_JSON_PLAIN);
	tel_json_open_object(&w, NULL);
	good = put_members(p, &w);
	tel_json_close(&w);
	/* Trouble sticks in the body. */
	(void)tel_json_finish(&w, &p->body);
	return good;
}

static enum tel_exit read_order(struct place *p)
{
	struct tel_problems problems = { 0 };
	enum tel_exit status = TEL_EXIT_OK;
	enum tel_err err = tel_buf_err(&p->body);

	if (!err)
		err = tel_order_read(tel_buf_str(&p->body), p->acting.all->app.routing, &p->order,
				     &problems);
	if (err)
		status = tel_order_refuse(p->usage, err, &problems);
	tel_problems_release(&problems);
	return status;
}

static bool is_key(struct tel_str key)
{
	size_t i;

	for (i = 0; i < key.len; i++)
		if (key.ptr[i] < 0x20 || key.ptr[i] >= 0x7f)
			return false;
	return key.len <= TEL_MAX_IDEMPOTENCY_KEY;
}

/* The same options are the same body, by which a repeat is known. */
static enum tel_exit take_key(struct place *p)
{
	struct tel_place_request *request = &p->order.request;
	struct tel_digest *digest = &p->acting.all->digest;
	enum tel_err err;

	if (!p->key || p->dry_run)
		return TEL_EXIT_OK;
	request->idempotency_key = tel_str_from(p->key);
	err = digest->ops->sha256(digest, tel_buf_str(&p->body), request->body_sha256);
	return err ? tel_acting_trouble(&p->acting, err, NULL) : TEL_EXIT_OK;
}

/* ---- the answer ---------------------------------------------------------------------- */

static void put_rules(const struct tel_guard_report *report, struct tel_buf *out)
{
	struct tel_table table;
	int i;

	tel_table_init(&table, 3);
	for (i = 0; i < TEL_GUARDS; i++) {
		tel_buf_puts(&table.cells, tel_guard_text((enum tel_guard)i));
		tel_table_end_cell(&table);
		tel_buf_puts(&table.cells, report->verdicts[i].passed ? "passed" : "refused");
		tel_table_end_cell(&table);
		tel_put_safe(&table.cells, tel_str_from(report->verdicts[i].detail));
		tel_table_end_cell(&table);
	}
	tel_table_write(&table, out);
	tel_table_release(&table);
	tel_buf_puts(out, report->passed ? "the call would be placed\n" :
					   "the call would be refused\n");
}

static enum tel_exit tell_dry(const struct place *p, const struct tel_guard_report *report)
{
	struct tel_json_write json;
	enum tel_exit status;
	struct tel_buf out;

	tel_buf_init(&out, TEL_CTL_MAX_OUTPUT);
	if (p->json) {
		tel_json_begin(&json, TEL_JSON_VIEW);
		tel_view_put_dry_run(&json, report);
		if (!tel_json_finish(&json, &out))
			tel_buf_puts(&out, "\n");
	} else {
		put_rules(report, &out);
	}
	status = tel_say(&out);
	tel_buf_release(&out);
	if (status)
		return status;
	return report->passed ? TEL_EXIT_OK : TEL_EXIT_NOT_SO;
}

static enum tel_exit tell_refused(const struct tel_guard_report *report)
{
	const struct tel_guard_verdict *verdict;
	tel_time seconds;
	int i;

	for (i = 0; i < TEL_GUARDS; i++) {
		verdict = &report->verdicts[i];
		seconds = (verdict->retry_after + TEL_SECOND - 1) / TEL_SECOND;
		if (verdict->passed)
			continue;
		tel_complain("refused by %s: %s", tel_guard_text((enum tel_guard)i),
			     verdict->detail);
		if (seconds)
			tel_complain("one more may go out in %lld s", (long long)seconds);
	}
	return TEL_EXIT_NOT_SO;
}

/* To the call's end; whether somebody answered is the exit status. */
static enum tel_exit wait_for_end(const struct place *p, const struct tel_call_id *id)
{
	const struct tel_follow follow = {
		.store = p->acting.all->app.store,
		.clock = p->acting.all->app.clock,
		.id = *id,
		.style = p->json ? TEL_FOLLOW_QUIET : TEL_FOLLOW_WORDS,
	};
	struct tel_call *call = NULL;
	enum tel_err err = TEL_OK;
	enum tel_exit status = tel_follow_call(&follow, &call, &err);

	if (err)
		return tel_acting_trouble(&p->acting, err, NULL);
	if (!status)
		status = tel_say_call(&p->acting, call, p->json);
	if (!status && call->outcome != TEL_OUTCOME_COMPLETED)
		status = TEL_EXIT_NOT_SO;
	tel_call_free(call);
	return status;
}

static enum tel_exit tell_placed(const struct place *p, const struct tel_place *place)
{
	enum tel_exit status;

	if (place->result == TEL_PLACE_REPLAYED)
		tel_complain("--idempotency-key '%s' was given before: this is the call that it "
			     "placed", p->key);
	if (p->wait)
		return wait_for_end(p, &place->call_id);
	status = tel_say_call(&p->acting, place->call, p->json);
	if (!status && !tel_call_is_over(place->call))
		tel_complain("stored; " TEL_WHO_WORKS " dials: 'telephonyctl call watch %s'",
			     place->call_id.text);
	return status;
}

static enum tel_exit tell_step(const struct place *p, const struct tel_place *place)
{
	switch (place->result) {
	case TEL_PLACE_PLACED:
	case TEL_PLACE_REPLAYED:
		return tell_placed(p, place);
	case TEL_PLACE_OTHER_BODY:
		tel_complain("--idempotency-key '%s' was given before, with other options; a new "
			     "order needs a new key", p->key);
		break;
	case TEL_PLACE_FORGOTTEN:
		tel_complain("--idempotency-key '%s' was given before, and its call is kept no more; "
			     "a new order needs a new key", p->key);
		break;
	case TEL_PLACE_ROOM_TAKEN:
		tel_complain("--room-name: call %s is in that room, or was, and the room is still to be "
			     "deleted; choose another one, or wait until it is gone", place->call_id.text);
		break;
	case TEL_PLACE_REFUSED:
		return tell_refused(&place->report);
	case TEL_PLACE_DRY:
		return tell_dry(p, &place->report);
	}
	return TEL_EXIT_NOT_SO;
}

static enum tel_exit tell(const struct place *p, const struct tel_placed *placed)
{
	switch (placed->status) {
	case TEL_PLACED_BY_STEP:
		return tell_step(p, &placed->place);
	case TEL_PLACED_NO_FROM:
		return tel_usage_error(p->usage, "--from is missing, and TELEPHONY_DEFAULT_FROM_NUMBER "
				       "is not set: give one of them");
	case TEL_PLACED_NO_TRUNK:
		return tel_usage_error(p->usage, "--trunk-id is missing, and "
				       "LIVEKIT_SIP_OUTBOUND_TRUNK_ID is not set: give one of them");
	case TEL_PLACED_BAD_CONFIG:
		return tel_usage_error(p->usage, "--agent-config: together with the route's it has more "
				       "than %d bytes: make it shorter", TEL_MAX_AGENT_CONFIG);
	case TEL_PLACED_DISABLED:
		tel_complain("no calls are placed: TELEPHONY_ENABLED is false");
		return TEL_EXIT_NOT_SO;
	case TEL_PLACED_UNAVAILABLE:
		break;
	}
	return tel_acting_trouble(&p->acting, placed->err, NULL);
}

/* ---- the command ---------------------------------------------------------------------- */

static enum tel_exit run(struct place *p)
{
	struct tel_placed placed;
	enum tel_exit status;

	if (!write_body(p))
		return TEL_EXIT_USAGE;
	status = tel_acting_open(p->config, &p->acting);
	if (!status)
		status = read_order(p);
	if (!status)
		status = take_key(p);
	if (status)
		return status;
	p->order.request.principal = tel_str_from(p->acting.by);
	p->order.request.dry_run = p->dry_run;
	tel_place_call(&p->acting.all->app, NULL, &p->order.request, &placed);
	status = tell(p, &placed);
	tel_call_free(placed.place.call);
	return status;
}

#define SECONDS(ms) ((ms) / TEL_SECOND)

enum tel_exit tel_cmd_call_place(const struct tel_command *self, int argc, char **argv)
{
	struct place p = { 0 };
	const struct tel_option options[] = {
		{ "to", TEL_OPTION_TEXT, &p.to, "NUMBER", "the number to call: +15550100", 0, 0 },
		{ "from", TEL_OPTION_TEXT, &p.from, "NUMBER",
		  "the number that calls\n(default: TELEPHONY_DEFAULT_FROM_NUMBER)", 0, 0 },
		{ "agent-config", TEL_OPTION_TEXT, &p.agent_config, "FILE|JSON",
		  "merged over the AgentConfig of the route;\nwhat begins with '{' is JSON", 0, 0 },
		{ "agent-name", TEL_OPTION_TEXT, &p.agent_name, "NAME",
		  "the agent (default: the route's)", 0, 0 },
		{ "room-name", TEL_OPTION_TEXT, &p.room_name, "NAME",
		  "the room (default: one of the call's own)", 0, 0 },
		{ "trunk-id", TEL_OPTION_TEXT, &p.trunk_id, "ID",
		  "outbound trunk\n(default: LIVEKIT_SIP_OUTBOUND_TRUNK_ID)", 0, 0 },
		{ "ringing-timeout-seconds", TEL_OPTION_INT, &p.ringing_timeout, "N",
		  "give up ringing after so long (default: 45)",
		  SECONDS(TEL_RINGING_TIMEOUT_LEAST), SECONDS(TEL_RINGING_TIMEOUT_MOST) },
		{ "max-duration-seconds", TEL_OPTION_INT, &p.max_duration, "N",
		  "hang up after so long (default: 3600)",
		  SECONDS(TEL_MAX_DURATION_LEAST), SECONDS(TEL_MAX_DURATION_MOST) },
		{ "dtmf", TEL_OPTION_TEXT, &p.dtmf, "TONES",
		  "sent once answered: 0-9 * # A-D, w is half a second", 0, 0 },
		{ "metadata", TEL_OPTION_TEXT, &p.metadata, "JSON",
		  "an object for the agent to know", 0, 0 },
		{ "idempotency-key", TEL_OPTION_TEXT, &p.key, "KEY",
		  "the same key and order again within a day:\nthe same call, nobody is called twice",
		  0, 0 },
		{ "dry-run", TEL_OPTION_FLAG, &p.dry_run, NULL,
		  "only list every rule with its verdict; nobody is called", 0, 0 },
		{ "wait", TEL_OPTION_FLAG, &p.wait, NULL,
		  "print what happens until the call is over, then the call", 0, 0 },
		TEL_OPTION_JSON(&p.json),
		TEL_OPTION_CONFIG(&p.config),
	};
	const struct tel_usage usage = {
		.command = self, .operands = "",
		.about = "Stores the call and prints it. This command dials nobody:\n"
			 TEL_WHO_WORKS " does. TELEPHONY_ALLOW_PREFIXES has to\n"
			 "list what may be called; without it every call is refused.",
		.exits = "  0  the call is stored; with --dry-run it would be; with --wait it was\n"
			 "     answered, and is over\n"
			 "  1  no: refused by a rule, the room is taken, the key was given with another\n"
			 "     order, or with --wait nobody answered\n"
			 "  2  the command line or the configuration is wrong\n"
			 "  3  trouble with the store, the disk or the memory\n",
		.options = options, .n_options = sizeof(options) / sizeof(options[0]),
	};
	enum tel_exit status;

	if (!tel_options_parse(&usage, argc, argv, NULL, &status))
		return status;
	if (!p.to)
		return tel_usage_error(&usage, "--to is missing: the number to call");
	if (p.key && !is_key(tel_str_from(p.key)))
		return tel_usage_error(&usage, "--idempotency-key must have 1 to %d printable ASCII "
				       "characters", TEL_MAX_IDEMPOTENCY_KEY);
	p.usage = &usage;
	tel_buf_init(&p.body, 2 * TEL_MAX_ORDER);
	status = run(&p);
	tel_order_read_release(&p.order);
	tel_buf_release(&p.body);
	tel_file_release(&p.agent_file);
	tel_acting_close(&p.acting);
	return status;
}
