#include "config.h"

#include "app/steer_call.h"
#include "ctl/acting.h"
#include "ctl/options.h"
#include "ctl/order_text.h"
#include "order/order_read.h"
#include "base/banned.h"

/* ---- hanging up -------------------------------------------------------------------- */

static enum tel_exit hang_up(struct tel_acting *acting, const struct tel_call_id *id, bool json)
{
	struct tel_hang_up hang_up;
	enum tel_err err = tel_hang_up_call(&acting->all->app, tel_call_id_str(id),
					    tel_str_from(acting->by), &hang_up);
	enum tel_exit status;

	if (err)
		return tel_acting_trouble(acting, err, id->text);
	status = tel_say_call(acting, hang_up.call, json);
	if (!status && hang_up.was_over)
		tel_complain("the call was over already");
	else if (!status && !tel_call_is_over(hang_up.call))
		tel_complain("stored; " TEL_WHO_WORKS " ends it: 'telephonyctl call watch %s'",
			     id->text);
	tel_call_free(hang_up.call);
	return status;
}

enum tel_exit tel_cmd_call_hangup(const struct tel_command *self, int argc, char **argv)
{
	const char *config = NULL;
	bool json = false;
	const struct tel_option options[] = {
		TEL_OPTION_JSON(&json),
		TEL_OPTION_CONFIG(&config),
	};
	const struct tel_usage usage = {
		.command = self, .operands = "CALLID", .n_operands = 1,
		.about = "As DELETE /telephony/calls/CALLID: a job deletes the room, and a call that was not\n"
			 "dialled yet never is.",
		.exits = "  0  it is being hung up, or was over already\n"
			 "  1  there is no such call\n"
			 "  2  the command line or the configuration is wrong\n"
			 "  3  trouble with the store, the disk or the memory\n",
		.options = options, .n_options = sizeof(options) / sizeof(options[0]),
	};
	struct tel_acting acting = { 0 };
	struct tel_call_id id;
	enum tel_exit status;
	char **operands;

	if (!tel_options_parse(&usage, argc, argv, &operands, &status))
		return status;
	if (!tel_acting_call_id(&usage, operands[0], &id))
		return TEL_EXIT_USAGE;
	status = tel_acting_open(config, &acting);
	if (!status)
		status = hang_up(&acting, &id, json);
	tel_acting_close(&acting);
	return status;
}

/* ---- transferring -------------------------------------------------------------------- */

static const char *refusal(const struct tel_ask_transfer *ask)
{
	switch (ask->result) {
	case TEL_ASK_OVER:
		return "the call is over, or being hung up";
	case TEL_ASK_NO_PHONE:
		return "no phone is in the call's room, or it has not answered yet: ask again "
		       "once it has";
	case TEL_ASK_PENDING:
		return "another transfer of this call is under way: ask again once it is "
		       "done";
	case TEL_ASK_FORBIDDEN:
		return ask->guard.detail;
	case TEL_ASK_ACCEPTED:
		break;
	}
	return NULL;
}

static enum tel_exit transfer(struct tel_acting *acting, const struct tel_call_id *id,
			      const struct tel_transfer_read *wanted, bool json)
{
	struct tel_ask_transfer ask = {
		.to = tel_str_from(wanted->to),
		.play_dialtone = wanted->play_dialtone,
		.by = tel_str_from(acting->by),
	};
	enum tel_err err = tel_transfer_call(&acting->all->app, tel_call_id_str(id), &ask);
	enum tel_exit status;

	if (err)
		return tel_acting_trouble(acting, err, id->text);
	if (ask.result == TEL_ASK_ACCEPTED) {
		status = tel_say_call(acting, ask.call, json);
		if (!status)
			tel_complain("stored; " TEL_WHO_WORKS " transfers it; how that went is in "
				     "'telephonyctl call show %s'", id->text);
	} else {
		tel_complain("not transferred: %s", refusal(&ask));
		status = TEL_EXIT_NOT_SO;
	}
	tel_call_free(ask.call);
	return status;
}

/* The same check, and the same words, as the HTTP API's. */
static enum tel_exit check_target(const struct tel_usage *usage, const char *to,
				  bool play_dialtone, struct tel_transfer_read *out)
{
	struct tel_problems problems = { 0 };
	enum tel_exit status = TEL_EXIT_USAGE;
	struct tel_json_write w;
	struct tel_buf body;
	enum tel_err err;
	bool good;

	tel_buf_init(&body, 2 * TEL_MAX_ORDER);
	tel_json_begin(&w, TEL_JSON_PLAIN);
	tel_json_open_object(&w, NULL);
	good = tel_order_put_text(usage, "to", to, &w);
	tel_json_put_bool(&w, "playDialtone", play_dialtone);
	tel_json_close(&w);
	err = tel_json_finish(&w, &body);
	if (!err && good)
		err = tel_transfer_read(tel_buf_str(&body), out, &problems);
	if (err)
		status = tel_order_refuse(usage, err, &problems);
	else if (good)
		status = TEL_EXIT_OK;
	tel_problems_release(&problems);
	tel_buf_release(&body);
	return status;
}

enum tel_exit tel_cmd_call_transfer(const struct tel_command *self, int argc, char **argv)
{
	const char *config = NULL, *to = NULL;
	bool json = false, play_dialtone = false;
	const struct tel_option options[] = {
		{ "to", TEL_OPTION_TEXT, &to, "TARGET", "tel:+15550100 or sip:user@host", 0, 0 },
		{ "play-dialtone", TEL_OPTION_FLAG, &play_dialtone, NULL,
		  "the phone hears ringing meanwhile", 0, 0 },
		TEL_OPTION_JSON(&json),
		TEL_OPTION_CONFIG(&config),
	};
	const struct tel_usage usage = {
		.command = self, .operands = "CALLID", .n_operands = 1,
		.about = "As POST /telephony/calls/CALLID/transfer: a job hands the phone over to somebody\n"
			 "else; how that went is in the call's record.",
		.exits = "  0  it will be tried\n"
			 "  1  there is no such call, or it can't be transferred now\n"
			 "  2  the command line or the configuration is wrong\n"
			 "  3  trouble with the store, the disk or the memory\n",
		.options = options, .n_options = sizeof(options) / sizeof(options[0]),
	};
	struct tel_acting acting = { 0 };
	struct tel_transfer_read wanted;
	struct tel_call_id id;
	enum tel_exit status;
	char **operands;

	if (!tel_options_parse(&usage, argc, argv, &operands, &status))
		return status;
	if (!tel_acting_call_id(&usage, operands[0], &id))
		return TEL_EXIT_USAGE;
	if (!to)
		return tel_usage_error(&usage, "--to is missing: where the call goes to");
	status = check_target(&usage, to, play_dialtone, &wanted);
	if (!status)
		status = tel_acting_open(config, &acting);
	if (!status)
		status = transfer(&acting, &id, &wanted, json);
	tel_acting_close(&acting);
	return status;
}
