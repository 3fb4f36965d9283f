#include "config.h"

#include "ctl/options.h"
#include "ctl/print_call.h"
#include "ctl/session.h"
#include "view/call_view.h"
#include "base/banned.h"

struct show {
	const char *config;
	bool json, timeline;
	struct tel_call_id id;
};

static enum tel_exit print(const struct show *show, const struct tel_call *call,
			   const struct tel_timeline *timeline, tel_time now)
{
	enum tel_exit status;
	struct tel_buf out;

	tel_buf_init(&out, TEL_CTL_MAX_OUTPUT);
	if (show->json) {
		tel_view_call(call, show->timeline ? timeline : NULL, &out);
		tel_buf_puts(&out, "\n");
	} else {
		tel_print_call(call, now, &out);
		if (show->timeline)
			tel_print_timeline(call, timeline, &out);
	}
	status = tel_say(&out);
	tel_buf_release(&out);
	return status;
}

static enum tel_exit run(const struct show *show, struct tel_session *session)
{
	struct tel_timeline timeline = { 0 };
	struct tel_call *call = NULL;
	enum tel_exit status;
	enum tel_err err;

	status = tel_session_open(show->config, session);
	if (status)
		return status;
	err = session->store->ops->get(session->store, &show->id, &call,
				       show->timeline ? &timeline : NULL);
	if (err == TEL_ENOTFOUND) {
		tel_complain("there is no call %s", show->id.text);
		status = TEL_EXIT_NOT_SO;
	} else if (err) {
		status = tel_store_trouble(session, err);
	} else {
		status = print(show, call, &timeline, tel_now(&session->clock));
	}
	tel_timeline_release(&timeline);
	tel_call_free(call);
	return status;
}

enum tel_exit tel_cmd_calls_show(const struct tel_command *self, int argc, char **argv)
{
	struct show show = { 0 };
	const struct tel_option options[] = {
		{ "timeline", TEL_OPTION_FLAG, &show.timeline, NULL,
		  "add what happened in it, with the evidence", 0, 0 },
		TEL_OPTION_JSON(&show.json),
		TEL_OPTION_CONFIG(&show.config),
	};
	const struct tel_usage usage = {
		.command = self, .operands = "CALLID", .n_operands = 1,
		.about = "Phone numbers are shown in full. With --json the call is printed as in the\n"
			 "HTTP API, its timeline as one more member.",
		.exits = "  0  the call was shown\n"
			 "  1  there is no such call\n"
			 "  2  the command line or the configuration is wrong\n"
			 "  3  trouble with the store, the disk or the memory\n",
		.options = options, .n_options = sizeof(options) / sizeof(options[0]),
	};
	struct tel_session session = { 0 };
	enum tel_exit status;
	char **operands;

	if (!tel_options_parse(&usage, argc, argv, &operands, &status))
		return status;
	if (tel_call_id_parse(tel_str_from(operands[0]), &show.id))
		return tel_usage_error(&usage, "'%s' is no call id: it is a UUID such as 'telephonyctl "
				       "calls list' shows", operands[0]);
	status = run(&show, &session);
	tel_session_close(&session);
	return status;
}
