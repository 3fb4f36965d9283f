#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <curl/curl.h>

#include "base/file.h"
#include "ctl/load_config.h"
#include "ctl/options.h"
#include "ctl/simulate/sender.h"
#include "ctl/simulate/target.h"
#include "livekit/jwt.h"
#include "livekit/keys.h"
#include "system/clock.h"
#include "system/random.h"
#include "view/json_out.h"
#include "base/banned.h"

#define DEFAULT_URL "http://127.0.0.1:8080/telephony/livekit-webhook"
#define DEFAULT_AGENT "telephony-agent"

/* Rooms are named in the summary up to this many calls; in JSON always. */
#define ROOMS_SHOWN 20

/* Descriptors beside those of connections. */
#define OTHER_FILES 64

struct simulate {
	/* options */
	const char *config, *key, *secret_file, *acknowledged;
	int64_t calls, concurrency, duplicate, pace, talk, seed, timeout;
	bool allow_remote, json;

	struct tel_config *settings;	/* NULL with --key */
	struct tel_keys keys;
	struct tel_jwt_ring *ring;
	struct tel_clock clock;
	struct tel_sim_order order;
	struct tel_sim_tally tally;
};

/* ---- whose signature ------------------------------------------------------------ */

static enum tel_exit key_from_file(struct simulate *sim)
{
	struct tel_file file = { 0 };
	enum tel_err err = tel_file_read(sim->secret_file, TEL_MAX_CONFIG_FILE, &file);

	if (err) {
		tel_complain("--secret-file %s: %s; name a file that holds the API secret",
			     sim->secret_file, tel_file_problem(err));
		return err == TEL_ENOMEM ? TEL_EXIT_TROUBLE : TEL_EXIT_USAGE;
	}
	err = tel_keys_add(&sim->keys, tel_str_from(sim->key), tel_str_trim(tel_file_str(&file)));
	explicit_bzero(file.ptr, file.len);
	tel_file_release(&file);
	if (!err)
		return TEL_EXIT_OK;
	tel_complain("--secret-file %s: %s; it has to hold the API secret and nothing else",
		     sim->secret_file, tel_err_text(err));
	return err == TEL_ENOMEM ? TEL_EXIT_TROUBLE : TEL_EXIT_USAGE;
}

static enum tel_exit key_from_config(struct simulate *sim)
{
	enum tel_exit status;
	enum tel_err err;

	status = tel_load_config(sim->config, TEL_CONFIG_FOR_STORE, &sim->settings);
	if (status)
		return status;
	if (sim->settings->n_keys == 0) {
		tel_complain("no key to sign with: set LIVEKIT_API_KEY and LIVEKIT_API_SECRET, or "
			     "give --key and --secret-file");
		return TEL_EXIT_USAGE;
	}
	err = tel_keys_add(&sim->keys, tel_str_from(sim->settings->keys[0].name),
			   tel_str_from(sim->settings->keys[0].secret));
	if (!sim->order.plan.agent_name)
		sim->order.plan.agent_name = sim->settings->agent_name;
	if (!err)
		return TEL_EXIT_OK;
	tel_complain("%s", tel_err_text(err));
	return TEL_EXIT_TROUBLE;
}

static enum tel_exit make_ring(struct simulate *sim)
{
	enum tel_exit status = sim->key ? key_from_file(sim) : key_from_config(sim);

	if (status)
		return status;
	if (!sim->order.plan.agent_name)
		sim->order.plan.agent_name = DEFAULT_AGENT;
	if (tel_jwt_ring_new(&sim->keys, &sim->ring)) {
		tel_complain("%s", tel_err_text(TEL_ENOMEM));
		return TEL_EXIT_TROUBLE;
	}
	sim->order.ring = sim->ring;
	sim->order.key = sim->keys.list[0].name;
	return TEL_EXIT_OK;
}

/* ---- what is asked for ------------------------------------------------------------ */

static enum tel_exit check_target(const struct tel_usage *usage, const struct simulate *sim)
{
	switch (tel_sim_target(sim->order.url)) {
	case TEL_TARGET_LOOPBACK:
		return TEL_EXIT_OK;
	case TEL_TARGET_REMOTE:
		if (sim->allow_remote)
			return TEL_EXIT_OK;
		return tel_usage_error(usage, "--url %s is not on this machine: made-up calls would "
				       "look real there. If that is wanted, add --allow-remote",
				       sim->order.url);
	default:
		return tel_usage_error(usage, "--url '%s' is not usable: it has to be like "
				       DEFAULT_URL ", without a user", sim->order.url);
	}
}

static enum tel_exit check(const struct tel_usage *usage, const struct simulate *sim)
{
	const struct tel_sim_plan *plan = &sim->order.plan;

	if (!sim->key != !sim->secret_file)
		return tel_usage_error(usage, "--key and --secret-file belong together: give both, "
				       "or neither to sign with the configuration's key");
	if (plan->room && sim->calls > 1 && !tel_sim_text_varies(plan->room))
		return tel_usage_error(usage, "--room with --calls %lld has to have {n} in it, for "
				       "each call its own room", (long long)sim->calls);
	return check_target(usage, sim);
}

/* One descriptor a connection: as many as the kernel lets us have. */
static enum tel_exit make_room_for_files(const struct tel_usage *usage, const struct simulate *sim)
{
	rlim_t wanted = (rlim_t)(sim->order.concurrency * sim->order.copies) + OTHER_FILES;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
		return TEL_EXIT_OK;
	if (limit.rlim_max >= wanted) {
		limit.rlim_cur = wanted;
		if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
			return TEL_EXIT_OK;
	}
	return tel_usage_error(usage, "--concurrency %zu with %u copies needs %llu open files; "
			       "'ulimit -n' allows %llu", sim->order.concurrency, sim->order.copies,
			       (unsigned long long)wanted, (unsigned long long)limit.rlim_max);
}

/* Kept below 2^53, so that every JSON reader gets it right. */
static uint64_t random_seed(void)
{
	struct tel_random random;
	uint64_t seed = 1;

	tel_system_random_init(&random);
	if (tel_random_fill(&random, &seed, sizeof(seed)))
		return 1;
	return seed >> 12;
}

static void make_order(struct simulate *sim)
{
	struct tel_sim_order *order = &sim->order;

	tel_system_clock_init(&sim->clock);
	order->clock = &sim->clock;
	order->plan.seed = sim->seed >= 0 ? (uint64_t)sim->seed : random_seed();
	order->calls = (size_t)sim->calls;
	order->concurrency = (size_t)(sim->concurrency < sim->calls ? sim->concurrency : sim->calls);
	order->copies = (unsigned)sim->duplicate + 1;
	order->pace = sim->pace;
	order->talk = sim->talk;
	order->timeout = sim->timeout * TEL_SECOND;
	order->may_use_proxy = sim->allow_remote;
}

/* ---- what came of it ----------------------------------------------------------------- */

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

static enum tel_err put_rooms(const struct tel_sim_order *order, bool json, struct tel_buf *out)
{
	struct tel_sim_call call;
	enum tel_err err = TEL_OK;
	size_t i;

	if (json) {
		tel_out_key(out, "rooms");
		tel_buf_puts(out, "[");
	}
	for (i = 1; i <= order->calls && !err; i++) {
		err = tel_sim_call_make(&order->plan, i, &call);
		if (!err && json)
			put_room(&call, out);
		else if (!err)
			tel_buf_printf(out, "room          %s\n", call.room);
	}
	tel_buf_puts(out, json ? "]" : "");
	return err;
}

static void put_json(const struct simulate *sim, struct tel_buf *out)
{
	const struct tel_sim_tally *t = &sim->tally;
	const struct {
		const char *key;
		uint64_t value;
	} numbers[] = {
		{ "seed", sim->order.plan.seed },
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
	put_rooms(&sim->order, true, out);
	tel_buf_puts(out, "}\n");
}

static void put_words(const struct simulate *sim, struct tel_buf *out)
{
	const struct tel_sim_tally *t = &sim->tally;
	size_t i;

	tel_buf_printf(out, "seed          %llu\n", (unsigned long long)sim->order.plan.seed);
	tel_buf_printf(out, "calls         %llu\n", (unsigned long long)t->calls);
	if (sim->order.calls <= ROOMS_SHOWN)
		put_rooms(&sim->order, false, out);
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

static enum tel_exit report(const struct simulate *sim)
{
	enum tel_exit status;
	struct tel_buf out;

	tel_buf_init(&out, TEL_CTL_MAX_OUTPUT);
	if (sim->json)
		put_json(sim, &out);
	else
		put_words(sim, &out);
	status = tel_say(&out);
	tel_buf_release(&out);
	if (status)
		return status;
	return sim->tally.acknowledged == sim->tally.sent ? TEL_EXIT_OK : TEL_EXIT_NOT_SO;
}

/* ---- run -------------------------------------------------------------------------------- */

static enum tel_exit send_all(struct simulate *sim)
{
	enum tel_err err;

	if (sim->acknowledged) {
		sim->order.acknowledged = fopen(sim->acknowledged, "w");
		if (!sim->order.acknowledged) {
			tel_complain("--acknowledged %s: %s; name a file that can be written",
				     sim->acknowledged, strerror(errno));
			return TEL_EXIT_USAGE;
		}
	}
	err = tel_sim_send(&sim->order, &sim->tally);
	if (sim->order.acknowledged && fclose(sim->order.acknowledged) != 0 && !err)
		err = TEL_EIO;
	if (!err)
		return report(sim);
	if (err == TEL_ETOOBIG) {
		tel_complain("a room name of at most %d bytes can't be made of --from and --room",
			     TEL_MAX_ROOM_NAME);
		return TEL_EXIT_USAGE;
	}
	tel_complain("sending stopped: %s", tel_err_text(err));
	return TEL_EXIT_TROUBLE;
}

static enum tel_exit run(struct simulate *sim, const struct tel_usage *usage)
{
	enum tel_exit status = check(usage, sim);

	make_order(sim);
	if (!status)
		status = make_room_for_files(usage, sim);
	if (!status)
		status = make_ring(sim);
	if (!status)
		status = send_all(sim);
	tel_sim_tally_release(&sim->tally);
	tel_jwt_ring_free(sim->ring);
	tel_keys_release(&sim->keys);
	tel_config_free(sim->settings);
	return status;
}

enum tel_exit tel_cmd_simulate_inbound(const struct tel_command *self, int argc, char **argv)
{
	struct simulate sim = {
		.calls = 1, .concurrency = 64, .seed = -1, .timeout = 30,
		.order = {
			.url = DEFAULT_URL, .retry_scale = 1,
			.plan = { .to = "+15550123", .trunk = "ST_simulated" },
		},
	};
	struct tel_sim_plan *plan = &sim.order.plan;
	const struct tel_option options[] = {
		{ "url", TEL_OPTION_TEXT, &sim.order.url, "URL",
		  "where the webhooks go (default:\n" DEFAULT_URL ")", 0, 0 },
		{ "allow-remote", TEL_OPTION_FLAG, &sim.allow_remote, NULL,
		  "let the URL be on another machine", 0, 0 },
		{ "key", TEL_OPTION_TEXT, &sim.key, "KEY",
		  "API key to sign with (default: the configuration's)", 0, 0 },
		{ "secret-file", TEL_OPTION_TEXT, &sim.secret_file, "FILE",
		  "file that holds the secret of --key", 0, 0 },
		{ "calls", TEL_OPTION_INT, &sim.calls, "N", "how many calls (default: 1)", 1,
		  10000000 },
		{ "concurrency", TEL_OPTION_INT, &sim.concurrency, "N",
		  "calls under way at a time (default: 64)", 1, 20000 },
		{ "from", TEL_OPTION_TEXT, &plan->from, "NUMBER",
		  "the caller; {n} in it is the call's number, from 1\n"
		  "(default: +15550100, +15550101, ...)", 0, 0 },
		{ "to", TEL_OPTION_TEXT, &plan->to, "NUMBER", "the number called (default: +15550123)",
		  0, 0 },
		{ "trunk", TEL_OPTION_TEXT, &plan->trunk, "ID", "the trunk (default: ST_simulated)",
		  0, 0 },
		{ "room", TEL_OPTION_TEXT, &plan->room, "NAME",
		  "the room; {n} as in --from (default: call-_FROM_ and\n12 random characters)",
		  0, 0 },
		{ "agent-name", TEL_OPTION_TEXT, &plan->agent_name, "NAME",
		  "who joins as the agent (default: the configuration's)", 0, 0 },
		{ "no-agent", TEL_OPTION_FLAG, &plan->no_agent, NULL,
		  "send no events of agents: LiveKit or a stub sends them", 0, 0 },
		{ "hold", TEL_OPTION_FLAG, &plan->hold, NULL,
		  "send no endings: the callers stay", 0, 0 },
		{ "duplicate", TEL_OPTION_INT, &sim.duplicate, "N",
		  "send every event N times more, at the same moment", 0, 100 },
		{ "shuffle", TEL_OPTION_FLAG, &plan->shuffle, NULL,
		  "send the events of a call in random order", 0, 0 },
		{ "drop", TEL_OPTION_DECIMAL, &plan->drop, "PERCENT",
		  "leave out so many of the events", 0, 100 },
		{ "seed", TEL_OPTION_INT, &sim.seed, "N",
		  "make the very calls of an earlier run: names, ids,\n"
		  "order and what is dropped (default: random, and told)", 0, INT64_C(1) << 53 },
		{ "pace", TEL_OPTION_INT, &sim.pace, "MS",
		  "pause between the events of a call (default: 0)", 0, 3600000 },
		{ "talk", TEL_OPTION_INT, &sim.talk, "MS",
		  "pause before the caller hangs up (default: 0)", 0, 86400000 },
		{ "timeout", TEL_OPTION_INT, &sim.timeout, "SECONDS",
		  "wait so long for an answer (default: 30)", 1, 3600 },
		{ "retry-scale", TEL_OPTION_DECIMAL, &sim.order.retry_scale, "X",
		  "factor for LiveKit's pauses of 1, 2, 4, 8 s before it\n"
		  "tries again (default: 1)", 0, 1000 },
		{ "acknowledged", TEL_OPTION_TEXT, &sim.acknowledged, "FILE",
		  "write the id of every event answered 2xx, and after a\n"
		  "tab its room: one line each, as it happens", 0, 0 },
		TEL_OPTION_JSON(&sim.json),
		TEL_OPTION_CONFIG(&sim.config),
	};
	const struct tel_usage usage = {
		.command = self, .operands = "",
		.about = "Whole calls as LiveKit tells them: room_started, participant_joined (phone),\n"
			 "track_published, participant_joined (agent), participant_left (phone, agent),\n"
			 "room_finished. The events of a call go out one after the other, each when the one\n"
			 "before was answered. What gets no answer, 429 or 5xx is tried up to five times.\n"
			 "The same seed against the same store is one big duplicate.",
		.exits = "  0  every delivery was acknowledged\n"
			 "  1  some were refused, or never answered\n"
			 "  2  the command line or the configuration is wrong\n"
			 "  3  trouble with the memory or the disk\n",
		.options = options, .n_options = sizeof(options) / sizeof(options[0]),
	};
	enum tel_exit status;

	if (!tel_options_parse(&usage, argc, argv, NULL, &status))
		return status;
	return run(&sim, &usage);
}
