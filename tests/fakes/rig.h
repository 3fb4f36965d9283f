/*
 * One server process in a test: the real use cases on a store of the
 * test's choice, with clock, randomness, process name and LiveKit faked.
 * Several rigs on one store and one LiveKit are several processes.
 */
#ifndef TEL_TESTS_RIG_H
#define TEL_TESTS_RIG_H

#include "app/app.h"
#include "app/inbox.h"
#include "app/receive_webhook.h"
#include "app/run_jobs.h"
#include "fakes/fake_clock.h"
#include "fakes/fake_counters.h"
#include "fakes/fake_livekit.h"
#include "fakes/fake_log.h"
#include "fakes/fake_process.h"
#include "fakes/fake_random.h"
#include "fakes/fake_routing.h"

/* A verifier that says what it is told to. */
struct tel_fake_verifier {
	struct tel_webhook_verifier base;
	enum tel_webhook_verdict verdict;
};

/*
 * A decoder that hands out what it is given, moved: the event is zeroed by
 * it. `fail` comes first.
 */
struct tel_fake_decoder {
	struct tel_event_decoder base;
	struct tel_event event;
	enum tel_err fail;
};

struct tel_rig {
	struct tel_app app;
	struct tel_fake_clock *clock;	/* shared by all rigs of a test */
	struct tel_fake_random random;
	struct tel_fake_process process;
	struct tel_fake_log log;
	struct tel_fake_counters counters;
	struct tel_fake_routing routing;
	struct tel_fake_verifier verifier;
	struct tel_fake_decoder decoder;
	struct tel_inbox *inbox;
	struct tel_runner *runner;
};

/* `name` is the process; borrowed. Aborts for want of memory. */
void tel_rig_init(struct tel_rig *rig, const char *name, struct tel_call_store *store,
		  struct tel_fake_livekit *livekit, struct tel_fake_clock *clock);
void tel_rig_release(struct tel_rig *rig);

/* Deliver a decoded event as a genuine webhook; the event is used up. */
struct tel_received tel_rig_deliver(struct tel_rig *rig, struct tel_event *event);

/* Turn until nothing is under way that a turn could move. */
void tel_rig_run(struct tel_rig *rig);

/* The clock goes on by `ms` in steps of a scan, with turns in between. */
void tel_rig_pass(struct tel_rig *rig, tel_time ms);

#endif
