#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "http/handlers.h"
#include "http/problem.h"
#include "base/banned.h"

static const struct {
	const char *name, *help;
	size_t offset;
} gauges[] = {
#define GAUGE(name, member, help) { name, help, offsetof(struct tel_store_stats, member) }
	GAUGE("telephony_store_calls", calls, "Calls in the store."),
	GAUGE("telephony_store_live_calls", live_calls, "Calls that have not ended."),
	GAUGE("telephony_store_pending_calls", pending_calls, "Calls with a job to do."),
	GAUGE("telephony_store_leased_calls", leased_calls, "Calls with a job being done."),
	GAUGE("telephony_store_event_ids", event_ids, "Event ids kept against duplicates."),
	GAUGE("telephony_store_room_tombstones", room_tombstones, "Finished rooms kept in mind."),
	GAUGE("telephony_store_request_keys", request_keys, "Idempotency-Keys remembered."),
	GAUGE("telephony_store_timeline_entries", timeline_entries, "Timeline entries of all calls."),
	GAUGE("telephony_store_readers", readers, "Reader slots in use."),
	GAUGE("telephony_store_used_bytes", used_bytes, "Bytes in use."),
	GAUGE("telephony_store_size_bytes", size_bytes, "Bytes it may grow to; 0 = unlimited."),
#undef GAUGE
};

static const struct {
	const char *metric, *help;
} helps[] = {
	{ "telephony_webhooks_total", "Webhook deliveries by what became of them." },
	{ "telephony_calls_total", "Things that happened to calls." },
	{ "telephony_dispatches_total", "Agent dispatches." },
	{ "telephony_dials_total", "Phones dialled." },
	{ "telephony_room_deletes_total", "Rooms tidied up after their call." },
	{ "telephony_jobs_taken_over_total", "Jobs taken over from dead processes." },
	{ "telephony_agent_watch_total", "Agents that were looked for, by what was found or done." },
	{ "telephony_repairs_total", "What no webhook told and was put right." },
};

static const char *help_of(const char *metric)
{
	size_t i;

	for (i = 0; i < sizeof(helps) / sizeof(helps[0]); i++)
		if (strcmp(helps[i].metric, metric) == 0)
			return helps[i].help;
	return NULL;
}

static void head(struct tel_buf *out, const char *metric, const char *help, const char *type)
{
	if (help)
		tel_buf_printf(out, "# HELP %s %s\n", metric, help);
	tel_buf_printf(out, "# TYPE %s %s\n", metric, type);
}

static bool named_before(unsigned which)
{
	unsigned i;

	for (i = 0; i < which; i++)
		if (strcmp(tel_counter_name(i)->metric, tel_counter_name(which)->metric) == 0)
			return true;
	return false;
}

/* The format wants all lines of a metric together; the list does not care. */
static void write_counters(struct tel_buf *out, struct tel_counters *counters)
{
	const struct tel_counter_name *first, *name;
	unsigned i, j;

	for (i = 0; i < TEL_COUNTERS; i++) {
		if (named_before(i))
			continue;
		first = tel_counter_name(i);
		head(out, first->metric, help_of(first->metric), "counter");
		for (j = i; j < TEL_COUNTERS; j++) {
			name = tel_counter_name(j);
			if (strcmp(name->metric, first->metric) == 0)
				tel_buf_printf(out, "%s{%s=\"%s\"} %" PRIu64 "\n", name->metric,
					       name->label, name->value,
					       counters->ops->read(counters, j));
		}
	}
}

static void write_gauges(struct tel_buf *out, const struct tel_store_stats *stats)
{
	uint64_t value;
	size_t i;

	for (i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++) {
		memcpy(&value, (const char *)stats + gauges[i].offset, sizeof(value));
		head(out, gauges[i].name, gauges[i].help, "gauge");
		tel_buf_printf(out, "%s %" PRIu64 "\n", gauges[i].name, value);
	}
}

void tel_handle_metrics(struct tel_http_context *context, const struct tel_http_request *request,
			struct tel_http_response *response)
{
	struct tel_call_store *store = context->app->store;
	struct tel_store_stats stats;
	enum tel_err err;

	(void)request;
	if (!context->show_metrics) {
		tel_http_problem(response, 404, NULL, NULL);
		return;
	}
	err = store->ops->stats(store, &stats);
	if (err) {
		tel_http_problem_unavailable(response, "unavailable", tel_err_text(err));
		return;
	}
	response->content_type = "text/plain; version=0.0.4; charset=utf-8";
	head(&response->body, "telephony_build_info", "The version, as a label.", "gauge");
	tel_buf_printf(&response->body, "telephony_build_info{version=\"%s\"} 1\n",
		       context->version);
	write_counters(&response->body, context->app->counters);
	write_gauges(&response->body, &stats);
}
