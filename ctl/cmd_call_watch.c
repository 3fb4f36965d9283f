#include "config.h"

#include "ctl/follow.h"
#include "ctl/options.h"
#include "ctl/print_call.h"
#include "ctl/session.h"
#include "base/banned.h"

static enum tel_exit show_end(const struct tel_call *call, tel_time now)
{
	enum tel_exit status;
	struct tel_buf out;

	tel_buf_init(&out, TEL_CTL_MAX_OUTPUT);
	tel_buf_puts(&out, "\n");
	tel_print_call(call, now, &out);
	status = tel_say(&out);
	tel_buf_release(&out);
	return status;
}

static enum tel_exit run(struct tel_follow *follow, struct tel_session *session)
{
	struct tel_call *call = NULL;
	enum tel_err err = TEL_OK;
	enum tel_exit status;

	follow->store = session->store;
	follow->clock = &session->clock;
	status = tel_follow_call(follow, &call, &err);
	if (err == TEL_ENOTFOUND) {
		tel_complain("there is no call %s", follow->id.text);
		status = TEL_EXIT_NOT_SO;
	} else if (err) {
		status = tel_store_trouble(session, err);
	} else if (!status && !tel_call_is_over(call)) {
		tel_complain("the call still goes on");
		status = TEL_EXIT_NOT_SO;
	} else if (!status && follow->style == TEL_FOLLOW_WORDS) {
		status = show_end(call, tel_now(&session->clock));
	}
	tel_call_free(call);
	return status;
}

enum tel_exit tel_cmd_call_watch(const struct tel_command *self, int argc, char **argv)
{
	const char *config = NULL;
	struct tel_follow follow = { 0 };
	int64_t patience = 0;
	bool json = false;
	const struct tel_option options[] = {
		{ "patience", TEL_OPTION_INT, &patience, "SECONDS",
		  "give up after this long (default: never)", 1, 86400 },
		{ "json", TEL_OPTION_FLAG, &json, NULL, "print a line of JSON an entry", 0, 0 },
		TEL_OPTION_CONFIG(&config),
	};
	const struct tel_usage usage = {
		.command = self, .operands = "CALLID", .n_operands = 1,
		.about = "Prints what happened in a call, then what happens as it happens, and the call\n"
			 "once it is over; with --json only the entries of its timeline, one a line.\n"
			 "Ctrl-C ends the watching, not the call.",
		.exits = "  0  the call is over\n"
			 "  1  there is no such call, or it still goes on\n"
			 "  2  the command line or the configuration is wrong\n"
			 "  3  trouble with the store, the disk or the memory\n",
		.options = options, .n_options = sizeof(options) / sizeof(options[0]),
	};
	struct tel_session session = { 0 };
	enum tel_exit status;
	char **operands;

	if (!tel_options_parse(&usage, argc, argv, &operands, &status))
		return status;
	if (tel_call_id_parse(tel_str_from(operands[0]), &follow.id))
		return tel_usage_error(&usage, "'%s' is no call id: it is a UUID such as 'telephonyctl "
				       "calls list' shows", operands[0]);
	follow.style = json ? TEL_FOLLOW_JSON : TEL_FOLLOW_WORDS;
	follow.patience = patience * TEL_SECOND;
	status = tel_session_open(config, &session);
	if (!status)
		status = run(&follow, &session);
	tel_session_close(&session);
	return status;
}
