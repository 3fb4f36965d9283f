#include "config.h"

#include <stdio.h>

#include "ctl/simulate/summary.h"
#include "view/json_out.h"
#include "base/banned.h"

/* Rooms are named up to this many calls: for people, and for programs. */
#define ROOMS_IN_WORDS 20
#define ROOMS_IN_JSON 100000

static void put_refused(const struct tel_sim_tally *t, struct tel_buf *out)
{
	char key[16];
	size_t i;

	tel_out_key(out, "refused");
	tel_buf_puts(out, "{");
	for (i = 0; i < TEL_HTTP_STATUSES; i++) {
		if (!t->refused[i])
			continue;
		snprintf(key, sizeof(key), "%zu", i);
		tel_out_key(out, key);
		tel_out_int(out, (int64_t)t->refused[i]);
	}
	tel_buf_puts(out, "}");
}

static void put_latency(const struct tel_sim_tally *t, struct tel_buf *out)
{
	tel_out_key(out, "latencyMs");
	tel_buf_printf(out, "{\"p50\":%.3f,\"p95\":%.3f,\"p99\":%.3f,\"max\":%.3f}",
		       tel_sim_tally_percentile(t, 50), tel_sim_tally_percentile(t, 95),
		       tel_sim_tally_percentile(t, 99), tel_sim_tally_percentile(t, 100));
}

static void put_room(const struct tel_sim_call *call, struct tel_buf *out)
{
	tel_out_comma(out);
	tel_buf_puts(out, "{");
	tel_out_key(out, "name");
	tel_out_name(out, call->room);
	tel_out_key(out, "sid");
	tel_out_name(out, call->room_sid);
	tel_out_key(out, "sipCallId");
	tel_out_name(out, call->sip_call_id);
	tel_out_key(out, "from");
	tel_out_name(out, call->from);
	tel_buf_puts(out, "}");
}

/* They follow from the plan, so none had to be kept. */
static void put_rooms(const struct tel_sim_order *order, bool json, struct tel_buf *out)
{
	struct tel_sim_call call;
	size_t i;

	for (i = 1; i <= order->calls; i++) {
		if (tel_sim_call_make(&order->plan, i, &call))
			return;
		if (json)
			put_room(&call, out);
		else
			tel_buf_printf(out, "room          %s\n", call.room);
	}
}

void tel_sim_summary_json(const struct tel_sim_order *order, const struct tel_sim_tally *t,
			  struct tel_buf *out)
{
	const struct {
		const char *key;
		uint64_t value;
	} numbers[] = {
		{ "seed", order->plan.seed },
		{ "calls", t->calls },
		{ "events", t->events },
		{ "eventsAcknowledged", t->events_acknowledged },
		{ "dropped", t->dropped },
		{ "sent", t->sent },
		{ "acknowledged", t->acknowledged },
		{ "unanswered", t->unanswered },
		{ "attempts", t->attempts },
	};
	size_t i;

	tel_buf_puts(out, "{");
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		tel_out_key(out, numbers[i].key);
		tel_out_int(out, (int64_t)numbers[i].value);
	}
	put_refused(t, out);
	put_latency(t, out);
	tel_out_key(out, "seconds");
	tel_buf_printf(out, "%.3f", t->seconds);
	tel_out_key(out, "rooms");
	tel_buf_puts(out, "[");
	if (order->calls <= ROOMS_IN_JSON)
		put_rooms(order, true, out);
	tel_buf_puts(out, "]}\n");
}

void tel_sim_summary_words(const struct tel_sim_order *order, const struct tel_sim_tally *t,
			   struct tel_buf *out)
{
	size_t i;

	tel_buf_printf(out, "seed          %llu\n", (unsigned long long)order->plan.seed);
	tel_buf_printf(out, "calls         %llu\n", (unsigned long long)t->calls);
	if (order->calls <= ROOMS_IN_WORDS)
		put_rooms(order, false, out);
	tel_buf_printf(out, "events        %llu, and %llu dropped\n",
		       (unsigned long long)t->events, (unsigned long long)t->dropped);
	tel_buf_printf(out, "deliveries    %llu, in %llu requests, %.1f s\n",
		       (unsigned long long)t->sent, (unsigned long long)t->attempts, t->seconds);
	tel_buf_printf(out, "acknowledged  %llu\n", (unsigned long long)t->acknowledged);
	for (i = 0; i < TEL_HTTP_STATUSES; i++)
		if (t->refused[i])
			tel_buf_printf(out, "refused       %llu with status %zu\n",
				       (unsigned long long)t->refused[i], i);
	if (t->unanswered)
		tel_buf_printf(out, "unanswered    %llu: %s\n", (unsigned long long)t->unanswered,
			       t->last_error ? t->last_error : "no answer");
	tel_buf_printf(out, "latency       p50 %.1f ms, p95 %.1f ms, max %.1f ms\n",
		       tel_sim_tally_percentile(t, 50), tel_sim_tally_percentile(t, 95),
		       tel_sim_tally_percentile(t, 100));
}
