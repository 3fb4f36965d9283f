#include "config.h"

#include <time.h>

#include "ctl/options.h"
#include "ctl/print_call.h"
#include "ctl/session.h"
#include "view/call_view.h"
#include "base/banned.h"

/* How often the store is looked at. */
#define LOOK_EVERY_MS 250

struct watch {
	struct tel_call_id id;
	bool json;
	tel_time until;			/* by the monotonic clock */
	uint32_t seen;			/* entries shown so far */
};

static void pause_a_little(void)
{
	struct timespec t = { 0, (long)LOOK_EVERY_MS * 1000 * 1000 };

	nanosleep(&t, NULL);
}

/* Entries that were not shown yet; at the end the whole record. */
static enum tel_exit show_news(struct watch *watch, const struct tel_call *call,
			       const struct tel_timeline *timeline, tel_time now)
{
	enum tel_exit status;
	struct tel_buf out;
	size_t i;

	tel_buf_init(&out, TEL_CTL_MAX_OUTPUT);
	for (i = 0; i < timeline->n; i++) {
		if (timeline->entries[i].seq < watch->seen)
			continue;
		if (!watch->json)
			tel_print_entry(call, &timeline->entries[i], &out);
		watch->seen = timeline->entries[i].seq + 1;
	}
	if (tel_call_is_over(call) && watch->json) {
		tel_view_call(call, timeline, &out);
		tel_buf_puts(&out, "\n");
	} else if (tel_call_is_over(call)) {
		tel_buf_puts(&out, "\n");
		tel_print_call(call, now, &out);
	}
	status = tel_say(&out);
	tel_buf_release(&out);
	return status;
}

static enum tel_exit look(struct watch *watch, struct tel_session *session, bool *over)
{
	struct tel_timeline timeline = { 0 };
	struct tel_call *call = NULL;
	enum tel_exit status;
	enum tel_err err = session->store->ops->get(session->store, &watch->id, &call, &timeline);

	if (err == TEL_ENOTFOUND) {
		tel_complain("there is no call %s", watch->id.text);
		status = TEL_EXIT_NOT_SO;
	} else if (err) {
		status = tel_store_trouble(session, err);
	} else {
		*over = tel_call_is_over(call);
		status = show_news(watch, call, &timeline, tel_now(&session->clock));
	}
	tel_timeline_release(&timeline);
	tel_call_free(call);
	return status;
}

static enum tel_exit run(struct watch *watch, struct tel_session *session, tel_time patience)
{
	enum tel_exit status;
	bool over = false;

	watch->until = tel_monotonic(&session->clock) + patience;
	for (;;) {
		status = look(watch, session, &over);
		if (status || over)
			return status;
		if (patience && tel_monotonic(&session->clock) >= watch->until) {
			tel_complain("the call still goes on");
			return TEL_EXIT_NOT_SO;
		}
		pause_a_little();
	}
}

enum tel_exit tel_cmd_call_watch(const struct tel_command *self, int argc, char **argv)
{
	const char *config = NULL;
	struct watch watch = { 0 };
	int64_t patience = 0;
	const struct tel_option options[] = {
		{ "patience", TEL_OPTION_INT, &patience, "SECONDS",
		  "give up after this long (default: never)", 1, 86400 },
		TEL_OPTION_JSON(&watch.json),
		TEL_OPTION_CONFIG(&config),
	};
	const struct tel_usage usage = {
		.command = self, .operands = "CALLID", .n_operands = 1,
		.about = "Prints what happens in a call as it happens, and the call once it is over; with\n"
			 "--json only that, with its timeline.",
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
	if (tel_call_id_parse(tel_str_from(operands[0]), &watch.id))
		return tel_usage_error(&usage, "'%s' is no call id: it is a UUID such as 'telephonyctl "
				       "calls list' shows", operands[0]);
	status = tel_session_open(config, &session);
	if (!status)
		status = run(&watch, &session, patience * TEL_SECOND);
	tel_session_close(&session);
	return status;
}
