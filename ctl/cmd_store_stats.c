#include "config.h"

#include "ctl/options.h"
#include "ctl/session.h"
#include "view/json_out.h"
#include "base/banned.h"

static enum tel_exit print(const struct tel_store_stats *s, bool json)
{
	/* commits and committed_steps count this process: of no interest here. */
	const struct {
		const char *key, *words;
		uint64_t value;
	} rows[] = {
		{ "calls", "calls", s->calls },
		{ "liveCalls", "  going on", s->live_calls },
		{ "pendingCalls", "  with a job to do", s->pending_calls },
		{ "leasedCalls", "  with a job under way", s->leased_calls },
		{ "timelineEntries", "timeline entries", s->timeline_entries },
		{ "eventIds", "event ids remembered", s->event_ids },
		{ "roomTombstones", "finished rooms remembered", s->room_tombstones },
		{ "requestKeys", "idempotency keys remembered", s->request_keys },
		{ "readers", "processes and threads reading", s->readers },
		{ "usedBytes", "bytes in use", s->used_bytes },
		{ "sizeBytes", "bytes it may grow to", s->size_bytes },
	};
	enum tel_exit status;
	struct tel_buf out;
	size_t i;

	tel_buf_init(&out, TEL_CTL_MAX_OUTPUT);
	tel_buf_puts(&out, json ? "{" : "");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (json) {
			tel_out_key(&out, rows[i].key);
			tel_out_int(&out, (int64_t)rows[i].value);
		} else {
			tel_buf_printf(&out, "%-31s%llu\n", rows[i].words,
				       (unsigned long long)rows[i].value);
		}
	}
	tel_buf_puts(&out, json ? "}\n" : "");
	status = tel_say(&out);
	tel_buf_release(&out);
	return status;
}

enum tel_exit tel_cmd_store_stats(const struct tel_command *self, int argc, char **argv)
{
	const char *config = NULL;
	bool json = false;
	const struct tel_option options[] = {
		TEL_OPTION_JSON(&json),
		TEL_OPTION_CONFIG(&config),
	};
	const struct tel_usage usage = {
		.command = self, .operands = "",
		.options = options, .n_options = sizeof(options) / sizeof(options[0]),
	};
	struct tel_session session = { 0 };
	struct tel_store_stats stats = { 0 };
	enum tel_exit status;
	enum tel_err err;

	if (!tel_options_parse(&usage, argc, argv, NULL, &status))
		return status;
	status = tel_session_open(config, &session);
	if (!status) {
		err = session.store->ops->stats(session.store, &stats);
		status = err ? tel_store_trouble(&session, err) : print(&stats, json);
	}
	tel_session_close(&session);
	return status;
}
