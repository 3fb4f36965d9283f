#include "config.h"

#include <stdlib.h>

#include "fakes/rig.h"
#include "base/banned.h"

#define INBOX_SLOTS 64
#define MAX_TURNS 100

static enum tel_webhook_verdict fake_verify(struct tel_webhook_verifier *port,
					    struct tel_str authorization, struct tel_str body,
					    tel_time now)
{
	(void)authorization;
	(void)body;
	(void)now;
	return ((struct tel_fake_verifier *)port)->verdict;
}

static const struct tel_webhook_verifier_ops verifier_ops = { "fake", fake_verify };

static enum tel_err fake_decode(struct tel_event_decoder *port, struct tel_str body,
				struct tel_event *out)
{
	struct tel_fake_decoder *decoder = (struct tel_fake_decoder *)port;

	(void)body;
	if (decoder->fail)
		return decoder->fail;
	*out = decoder->event;
	decoder->event = (struct tel_event){ 0 };
	return TEL_OK;
}

static const struct tel_event_decoder_ops decoder_ops = { "fake", fake_decode };

void tel_rig_init(struct tel_rig *rig, const char *name, struct tel_call_store *store,
		  struct tel_fake_livekit *livekit, struct tel_fake_clock *clock)
{
	*rig = (struct tel_rig){ .clock = clock };
	tel_fake_random_init(&rig->random, (uint64_t)(size_t)name[0]);
	tel_fake_process_init(&rig->process, name);
	tel_fake_log_init(&rig->log);
	tel_fake_counters_init(&rig->counters);
	tel_fake_routing_init(&rig->routing);
	rig->verifier.base.ops = &verifier_ops;
	rig->decoder.base.ops = &decoder_ops;
	rig->app = (struct tel_app){
		.store = store, .routing = &rig->routing.base, .verifier = &rig->verifier.base,
		.decoder = &rig->decoder.base, .livekit = tel_fake_livekit_port(livekit),
		.clock = &clock->base, .random = &rig->random.base,
		.process = &rig->process.base, .log = &rig->log.base,
		.counters = &rig->counters.base, .enabled = true,
		.policy = {
			.room_delete_after = 10 * TEL_SECOND, .return_grace = 20 * TEL_SECOND,
			.max_age = TEL_DAY, .remember = TEL_DAY,
			.agent_join_deadline = 8 * TEL_SECOND,
			.agent_loss = TEL_LOSS_REDISPATCH,
			.solo_timeout = 300 * TEL_SECOND, .max_duration = TEL_DAY,
		},
	};
	if (tel_inbox_new(INBOX_SLOTS, NULL, NULL, &rig->inbox) ||
	    tel_runner_new(&rig->app, rig->inbox, &rig->runner))
		abort();
}

void tel_rig_release(struct tel_rig *rig)
{
	tel_runner_free(rig->runner);
	tel_inbox_free(rig->inbox);
	tel_fake_log_release(&rig->log);
	tel_event_release(&rig->decoder.event);
}

struct tel_received tel_rig_deliver(struct tel_rig *rig, struct tel_event *event)
{
	struct tel_received got;

	rig->decoder.event = *event;
	*event = (struct tel_event){ 0 };
	tel_receive_webhook(&rig->app, rig->inbox, TEL_STR("token"), TEL_STR("{}"), &got);
	return got;
}

/*
 * Requests that a test holds never come back by themselves, so "idle" is
 * not waited for: a few turns are enough for the longest way (take, look,
 * send, record).
 */
void tel_rig_run(struct tel_rig *rig)
{
	int i;

	for (i = 0; i < MAX_TURNS; i++) {
		(void)tel_runner_turn(rig->runner, 0);
		if (i >= 6 || (i > 0 && tel_runner_is_idle(rig->runner)))
			break;
	}
}

void tel_rig_pass(struct tel_rig *rig, tel_time ms)
{
	tel_time until = rig->clock->now + ms;

	while (rig->clock->now < until) {
		rig->clock->now += TEL_RUNNER_SCAN_EVERY;
		tel_rig_run(rig);
	}
}
