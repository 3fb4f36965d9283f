/*
 * LiveKit's webhooks: one queue in order for each room name, retries after
 * 1, 2, 4 and 8 s on connection errors and 5xx, events dropped when they are
 * older than 30 s. The network between may drop, delay, repeat and reorder.
 */
#include "config.h"

#include "judge.h"
#include "livekit.h"
#include "proc.h"
#include "base/banned.h"

#define MAX_AGE (30 * TEL_SECOND)
#define RETRIES 4

static void attempt(struct sim *sim, struct sim_delivery *delivery);

static const char *kind_text(enum tel_event_kind kind)
{
	switch (kind) {
	case TEL_EVENT_ROOM_STARTED:		return "room_started";
	case TEL_EVENT_ROOM_FINISHED:		return "room_finished";
	case TEL_EVENT_PARTICIPANT_JOINED:	return "participant_joined";
	case TEL_EVENT_PARTICIPANT_LEFT:	return "participant_left";
	case TEL_EVENT_PARTICIPANT_CONNECTION_ABORTED:
	case TEL_EVENT_OTHER:			break;
	}
	return "other";
}

static struct sim_delivery *delivery_of(struct sim *sim, struct sim_event *event, bool queued)
{
	struct sim_delivery *delivery = sim_alloc(sim, sizeof(*delivery));

	delivery->event = event;
	delivery->queued = queued;
	delivery->epoch = event->room->epoch;
	return delivery;
}

static void send_next(struct sim *sim, struct sim_room *room)
{
	if (room->sending || !room->head)
		return;
	room->sending = true;
	attempt(sim, delivery_of(sim, room->head, true));
}

void sim_send_event(struct sim *sim, enum tel_event_kind kind, struct sim_life *life,
		    struct sim_leg *leg)
{
	struct sim_event *event = sim_alloc(sim, sizeof(*event));
	struct sim_room *room = life->room;

	/* Nobody cares for it: no choice is to be wasted on it. */
	if (sim->choices && kind == TEL_EVENT_ROOM_STARTED)
		return;
	*event = (struct sim_event){
		.room = room, .life = life, .leg = leg, .kind = kind, .id = sim_id(sim, "EV"),
		.created_at = sim->now / TEL_SECOND * TEL_SECOND,
		.status = leg ? leg->status : TEL_SIP_UNKNOWN, .reason = leg ? leg->reason : NULL,
	};
	if (room->head)
		room->tail->next = event;
	else
		room->head = event;
	room->tail = event;
	send_next(sim, room);
}

void sim_forget_events(struct sim *sim, struct sim_room *room)
{
	(void)sim;
	room->epoch++;
	room->head = room->tail = NULL;
	room->sending = false;
}

/* ---- an answer ---------------------------------------------------------------- */

/* The queue goes on with the next event. */
static void done(struct sim *sim, struct sim_delivery *delivery)
{
	struct sim_room *room = delivery->event->room;

	if (!delivery->queued || delivery->epoch != room->epoch)
		return;
	delivery->queued = false;
	room->head = room->head->next;
	room->sending = false;
	send_next(sim, room);
}

static void heard(struct sim *sim, struct sim_event *event)
{
	sim_judge_acknowledged(sim, event);
	event->acknowledged = true;
	if (event->kind == TEL_EVENT_ROOM_FINISHED)
		event->life->finish_heard = true;
	if (event->kind == TEL_EVENT_PARTICIPANT_LEFT && !event->leg->left_heard)
		event->leg->left_heard = sim->now;
	if (event->kind == TEL_EVENT_PARTICIPANT_JOINED && !event->leg->joined_heard) {
		event->leg->joined_heard = sim->now;
		event->leg->joined_heard_tick = sim->tick;
	}
}

static void retry(struct sim *sim, void *arg, uint64_t token)
{
	(void)token;
	attempt(sim, arg);
}

static void answered(struct sim *sim, void *arg, uint64_t status)
{
	struct sim_delivery *delivery = arg;

	if (delivery->queued && delivery->epoch != delivery->event->room->epoch)
		return;
	if (status >= 200 && status < 300)
		heard(sim, delivery->event);
	if (status == 0 || status >= 500) {
		if (delivery->attempt < RETRIES) {
			sim_plan(sim, TEL_SECOND << delivery->attempt++, retry, delivery, 0);
			return;
		}
		sim_trace(sim, "livekit: gives up on %.*s", TEL_STR_ARG(delivery->event->id));
	}
	done(sim, delivery);
}

void sim_delivery_answered(struct sim *sim, struct sim_delivery *delivery, int status)
{
	if (status && sim_strikes(sim, SIM_LOSE_ACK))
		status = 0;
	sim_trace(sim, "livekit: %.*s is answered %d", TEL_STR_ARG(delivery->event->id), status);
	sim_plan(sim, sim_latency(sim, 0, 5), answered, delivery, (uint64_t)status);
}

/* ---- an attempt ----------------------------------------------------------------- */

static bool is_deaf(const struct sim *sim)
{
	return sim->now < sim->lk->deaf_until;
}

static void arrives(struct sim *sim, void *arg, uint64_t token)
{
	struct sim_delivery *delivery = arg;
	struct sim_proc *proc = NULL;

	(void)token;
	if (!is_deaf(sim) && (sim_lk_is_up(sim) || !sim->lk->silent))
		proc = sim_procs_any(sim);
	if (proc)
		sim_proc_deliver(proc, delivery);
	else
		sim_delivery_answered(sim, delivery, 0);
}

static void travel(struct sim *sim, struct sim_delivery *delivery)
{
	const struct sim_event *event = delivery->event;
	tel_time way = sim_latency(sim, 1, 15);

	if (sim_strikes(sim, SIM_DELAY))
		way += sim_length(sim, 100, 8 * TEL_SECOND);
	sim_trace(sim, "livekit: sends %.*s %s %.*s %.*s%s", TEL_STR_ARG(event->id),
		  kind_text(event->kind), TEL_STR_ARG(event->life->sid),
		  TEL_STR_ARG(event->leg ? event->leg->sid : TEL_STR_NONE),
		  delivery->queued ? "" : " (on its own)");
	sim_plan(sim, way, arrives, delivery, 0);
}

static void repeat(struct sim *sim, void *arg, uint64_t token)
{
	(void)token;
	travel(sim, delivery_of(sim, arg, false));
}

static bool is_never_told(const struct sim_event *event)
{
	return event->life->untold && event->kind == TEL_EVENT_PARTICIPANT_JOINED &&
	       event->leg->kind == TEL_PARTICIPANT_SIP;
}

static void first_attempt(struct sim *sim, struct sim_delivery *delivery)
{
	struct sim_event *event = delivery->event;
	bool lost = is_never_told(event);

	if (!lost && sim_strikes(sim, SIM_DUPLICATE))
		sim_plan(sim, sim_length(sim, 0, 20 * TEL_SECOND), repeat, event, 0);
	if (lost || sim_strikes(sim, SIM_DROP) || (is_deaf(sim) && sim->lk->deaf_drops)) {
		sim_trace(sim, "network: drops %.*s %s", TEL_STR_ARG(event->id),
			  kind_text(event->kind));
		done(sim, delivery);
		return;
	}
	if (sim_strikes(sim, SIM_REORDER)) {
		sim_plan(sim, sim_length(sim, 20, 10 * TEL_SECOND), repeat, event, 0);
		done(sim, delivery);
		return;
	}
	travel(sim, delivery);
}

static void attempt(struct sim *sim, struct sim_delivery *delivery)
{
	if (delivery->queued && delivery->epoch != delivery->event->room->epoch)
		return;
	if (sim->now - delivery->event->created_at > MAX_AGE)
		done(sim, delivery);
	else if (delivery->queued && delivery->attempt == 0)
		first_attempt(sim, delivery);
	else
		travel(sim, delivery);
}
