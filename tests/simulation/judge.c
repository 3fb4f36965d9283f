#include "config.h"

#include <stdarg.h>
#include <stdio.h>

#include "callees.h"
#include "callers.h"
#include "judge.h"
#include "base/banned.h"

/* A fault that struck a little earlier may still be at work. */
#define AFTERMATH (35 * TEL_SECOND)

/* What the store said last, and since when (in ticks). */
struct sim_known_call {
	struct sim_known_call *next;
	struct sim_seen_call seen;
	uint64_t over_since;		/* 0: it lives */
	tel_time over_at;
	uint64_t here_since;		/* in this room sid */
	uint64_t finished_since;	/* 0: its room is there */
};

void sim_judge_init(struct sim *sim, struct sim_outcome *out)
{
	sim->judge = sim_alloc(sim, sizeof(*sim->judge));
	sim->judge->out = out;
}

void sim_violation(struct sim *sim, const char *format, ...)
{
	struct sim_outcome *out = sim->judge->out;
	char text[sizeof(out->what)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	sim_trace(sim, "VIOLATION: %s", text);
	if (out->violations++ > 0)
		return;
	snprintf(out->what, sizeof(out->what), "%s", text);
	out->kind = format;
}

static bool is_over(enum tel_call_status status)
{
	return status == TEL_CALL_ENDED || status == TEL_CALL_FAILED;
}

static struct sim_known_call *known(struct sim *sim, struct tel_str id)
{
	struct sim_known_call *k;

	for (k = sim->judge->calls; k; k = k->next)
		if (tel_str_eq(tel_call_id_str(&k->seen.id), id))
			return k;
	return NULL;
}

static const struct sim_life *life_of(const struct sim_room *room, struct tel_str sid)
{
	const struct sim_life *life;

	for (life = room->lives; life; life = life->next)
		if (tel_str_eq(life->sid, sid))
			return life;
	return NULL;
}

const struct sim_life *sim_judge_life(const struct sim *sim, struct tel_str sid)
{
	const struct sim_life *life = NULL;
	const struct sim_room *room;

	for (room = sim->lk->rooms; room && !life; room = room->next)
		life = life_of(room, sid);
	return life;
}

const struct sim_seen_call *sim_judge_call_in(const struct sim *sim, const struct sim_life *life)
{
	const struct sim_seen_call *second = NULL;
	const struct sim_known_call *k;

	for (k = sim->judge->calls; k; k = k->next) {
		bool here = tel_str_eq(k->seen.room_sid, life->sid);

		if (here && !k->over_since)
			return &k->seen;
		/* One that was hung up stays in the room in which it was; its end may be
		   noted just before the room is deleted. */
		bool long_over = k->over_since && sim->now - k->over_at > TEL_EVIDENCE_GRACE;

		if (!second && (here || (!long_over && k->seen.hung_up &&
					 life_of(life->room, k->seen.room_sid))))
			second = &k->seen;
	}
	return second;
}

/* What may take so long by itself, if it began at `since`. */
tel_time sim_allowance(const struct sim *sim, tel_time since, tel_time base)
{
	return base + sim_faults_penalty(&sim->faults, since - AFTERMATH);
}

/*
 * Who comes into a room where another call was just over waits until that
 * one's request, if one is under way, can have no effect any more.
 */
tel_time sim_settling(const struct sim_leg *leg)
{
	const struct sim_life *life;
	const struct sim_leg *other;

	for (life = leg->life->room->lives; life; life = life->next)
		for (other = life->legs; other; other = other->next)
			if (other != leg && other->kind == TEL_PARTICIPANT_SIP &&
			    other->left_at && other->left_at > leg->joined_at - AFTERMATH)
				return TEL_REQUEST_TIMEOUT + TEL_SECOND;
	return 0;
}

/* ---- a known limit: RELIABILITY.md, "Strays" -------------------------------------- */

/* It was meant for a life of the room that was over when it came. */
static bool is_stray(const struct sim_dispatch *d)
{
	const struct sim_life *meant = life_of(d->life->room, d->meant_for);

	return meant && meant != d->life;
}

/*
 * Two calls meet in a room because the dispatch of one of them strayed. A call's own
 * is waited for when its phone moves, by the clock of the process that was asked.
 */
static bool is_strays_meeting(const struct sim *sim, const struct sim_life *life)
{
	const struct sim_dispatch *a, *b;
	bool stray = false;

	for (a = life->dispatches; a; a = a->next) {
		if (a->deleted)
			continue;
		stray |= is_stray(a);
		for (b = a->next; b; b = b->next)
			if (!b->deleted && tel_str_eq(a->call_id, b->call_id) &&
			    !sim->procs->skewed)
				return false;
	}
	return stray;
}

/* ---- I1: one agent -------------------------------------------------------------- */

void sim_judge_dispatch(struct sim *sim, const struct sim_dispatch *d)
{
	size_t living = sim_lk_dispatches(d->life);

	if (living > 1 && is_strays_meeting(sim, d->life))
		sim->judge->out->limits++;
	else if (living > 1)
		sim_violation(sim, "I1: %zu living dispatches in %.*s", living,
			      TEL_STR_ARG(d->life->sid));
}

void sim_judge_dispatch_sent(struct sim *sim, const struct sim_request *request)
{
	const struct sim_known_call *k = known(sim, request->call_id);

	if (!k)
		sim_violation(sim, "I1: a dispatch for a call that is not stored");
	else if (k->over_since && k->over_since < request->turn_tick)
		sim_violation(sim, "I1: a dispatch for a call that was over");
	else if (k->finished_since && k->finished_since < request->turn_tick)
		sim_violation(sim, "I1: a dispatch for a room that was over");
	else if (!tel_str_eq(k->seen.room_sid, request->meant_for) &&
		 k->here_since < request->turn_tick)
		sim_violation(sim, "I1: a dispatch for a room that the call had left");
}

/* ---- I2: phones ----------------------------------------------------------------- */

void sim_judge_dial_sent(struct sim *sim, const struct sim_request *request)
{
	const struct sim_known_call *k = known(sim, request->call_id);

	if (!k)
		sim_violation(sim, "I2: a dial for a call that is not stored");
	else if (k->over_since && k->over_since < request->turn_tick)
		sim_violation(sim, "I2: a dial for a call that was over");
}

void sim_judge_hung_up(struct sim *sim, const struct sim_leg *leg)
{
	tel_time since = leg->callee->hang_up_heard;

	if (since == 0)
		return;
	since = leg->joined_at > since ? leg->joined_at : since;
	/* That it rings is not heard of: its leaving is waited for first. */
	if (sim->now - since > sim_allowance(sim, since, SIM_SILENT +
					     (leg->joined_heard ? 0 : TEL_EVIDENCE_GRACE)))
		sim_violation(sim, "I2: the phone of callee %zu is held %lld ms after it was hung up",
			      leg->callee->number, (long long)(sim->now - since));
}

/* ---- I1: no ghosts ---------------------------------------------------------------- */

/* Since when could we know that nobody is left in `life`? 0: we could not. */
static tel_time known_empty_since(const struct sim_life *life)
{
	const struct sim_leg *leg;
	tel_time since = 1;

	for (leg = life->legs; leg; leg = leg->next) {
		if (leg->kind != TEL_PARTICIPANT_SIP || leg->foreign)
			continue;
		if (!leg->left_heard)
			return 0;
		since = leg->left_heard > since ? leg->left_heard : since;
	}
	return since;
}

/*
 * Where no rounds are made, a call whose end nobody told goes on, and a ghost in
 * a room of that name may be its: RELIABILITY.md, known limits. Since when there
 * is no such call any more; 0: there is one.
 */
static tel_time name_free_since(const struct sim *sim, const struct sim_life *life)
{
	const struct sim_known_call *k;
	tel_time since = 1;

	for (k = sim->policy.reconcile_interval ? NULL : sim->judge->calls; k; k = k->next) {
		if (!tel_str_eq(k->seen.room_name, life->room->name) ||
		    tel_str_eq(k->seen.room_sid, life->sid))
			continue;
		if (!k->over_since)
			return 0;
		since = k->over_at > since ? k->over_at : since;
	}
	return since;
}

void sim_judge_ghost(struct sim *sim, const struct sim_life *life)
{
	const struct sim_dispatch *d = life->dispatches;
	const struct sim_life *meant;
	tel_time since, free_since = name_free_since(sim, life), tidy = SIM_TIDY;

	if (!d || d->deleted || life->had_phone || free_since == 0)
		return;
	meant = life_of(life->room, d->meant_for);
	since = meant && !meant->forgotten ? known_empty_since(meant) : 0;
	if (since == 0)
		return;
	since = d->made_at > since ? d->made_at : since;
	since = free_since > since ? free_since : since;
	/* Made for a phone that is still to be dialled, as long as that is tried. */
	if (tel_str_is_set(life->mark))
		tidy += 60 * TEL_SECOND;
	if (sim->now - since > sim_allowance(sim, since, tidy))
		sim_violation(sim, "I1: ghost %.*s had an agent and no phone for %lld ms",
			      TEL_STR_ARG(life->sid), (long long)(sim->now - since));
}

/* When the last phone left; 0: one is there. */
static tel_time phones_left_at(const struct sim_life *life)
{
	const struct sim_leg *leg;
	tel_time last = life->created_at;

	for (leg = life->legs; leg; leg = leg->next) {
		if (leg->kind == TEL_PARTICIPANT_SIP && !leg->left_at)
			return 0;
		if (leg->kind == TEL_PARTICIPANT_SIP && leg->left_at > last)
			last = leg->left_at;
	}
	return last;
}

/* The newest call of that room name: when it was over; 0: it is not. */
static tel_time last_call_over_at(const struct sim *sim, const struct sim_room *room)
{
	const struct sim_known_call *k;

	for (k = sim->judge->calls; k; k = k->next)
		if (tel_str_eq(k->seen.room_name, room->name))
			return k->over_since ? k->over_at : 0;
	return 0;
}

void sim_judge_left_over(struct sim *sim, const struct sim_life *life)
{
	const struct sim_leg *agent = sim_lk_agent(life);
	tel_time interval = sim->policy.reconcile_interval, since = phones_left_at(life);
	tel_time over_at = last_call_over_at(sim, life->room);
	tel_time skew = sim->procs->skewed ? SIM_MOST_SKEW : 0;

	if (interval == 0 || sim->policy.room_delete_after == TEL_ROOM_DELETE_NEVER || !agent ||
	    since == 0 || over_at == 0)
		return;
	since = over_at > since ? over_at : since;
	since = agent->joined_at > since ? agent->joined_at : since;
	if (sim->now - since > sim_allowance(sim, since, 2 * interval + SIM_CLEARED + skew))
		sim_violation(sim, "I1: %.*s is left over for %lld ms", TEL_STR_ARG(life->sid),
			      (long long)(sim->now - since));
}

/* ---- I3: acknowledged = durable ---------------------------------------------------- */

struct probe {
	bool seen, finished;
};

static enum tel_err look(struct tel_step *step, void *ctx)
{
	struct probe *probe = ctx;

	probe->seen = step->event_seen;
	probe->finished = step->room_finished;
	return TEL_OK;
}

static bool concerns_us(const struct sim_event *event)
{
	if (event->kind == TEL_EVENT_ROOM_FINISHED)
		return true;
	return event->leg && event->leg->kind == TEL_PARTICIPANT_SIP && !event->leg->foreign;
}

void sim_judge_acknowledged(struct sim *sim, const struct sim_event *event)
{
	struct tel_step_about about = {
		.event_id = event->id, .room_name = event->room->name,
		.room_sid = event->life->sid,
	};
	struct probe probe = { false, false };
	bool kept;

	sim->judge->out->deliveries++;
	if (!concerns_us(event) || sim->store->ops->step(sim->store, &about, look, &probe))
		return;
	/* A late joining of a room that is over leaves nothing to remember. */
	kept = event->kind == TEL_EVENT_ROOM_FINISHED ? probe.finished :
	       event->kind == TEL_EVENT_PARTICIPANT_LEFT ? probe.seen :
	       probe.seen || probe.finished;
	if (!kept)
		sim_violation(sim, "I3: %.*s was acknowledged and is not in the store",
			      TEL_STR_ARG(event->id));
}

/* ---- I4: webhooks don't call LiveKit ------------------------------------------------ */

void sim_judge_request(struct sim *sim, const struct sim_task *task)
{
	sim->judge->out->requests++;
	if (task->delivery || task->callee)
		sim_violation(sim, "I4: a request from within a delivery");
}

/* ---- I5: every call ends, once -------------------------------------------------------- */

static void check_final(struct sim *sim, const struct sim_known_call *k,
			const struct sim_seen_call *seen)
{
	if (k->over_since && (seen->status != k->seen.status || seen->outcome != k->seen.outcome))
		sim_violation(sim, "I5: %s was %s and becomes %s", k->seen.id.text,
			      tel_call_status_text(k->seen.status),
			      tel_call_status_text(seen->status));
}

static tel_time began_at(struct sim *sim, const struct sim_seen_call *seen)
{
	const struct sim_life *life = sim_judge_life(sim, seen->room_sid);

	return life && life->created_at < sim->now ? life->created_at : sim->now;
}

/* What `k` was known as goes on: when it began, and where it was hung up. */
static struct sim_seen_call carried_on(struct sim *sim, const struct sim_known_call *k,
				       const struct sim_seen_call *seen)
{
	struct sim_seen_call now = *seen;
	bool is_new = k->seen.known_at == 0;

	now.known_at = is_new ? sim->now : k->seen.known_at;
	now.began_at = is_new ? began_at(sim, seen) : k->seen.began_at;
	now.hung_up_in = k->seen.hung_up ? k->seen.hung_up_in : seen->room_sid;
	return now;
}

void sim_judge_committed(struct sim *sim, const struct sim_seen_call *seen)
{
	struct sim_seen_call now;
	struct sim_known_call *k;

	if (!seen->there)
		return;
	k = known(sim, tel_call_id_str(&seen->id));
	if (!k) {
		k = sim_alloc(sim, sizeof(*k));
		k->next = sim->judge->calls;
		sim->judge->calls = k;
	}
	check_final(sim, k, seen);
	now = carried_on(sim, k, seen);
	if (is_over(now.status) && !k->over_since) {
		k->over_since = sim->tick;
		k->over_at = sim->now;
		sim_judge_over(sim, &now);
	}
	if (now.hung_up && !k->seen.hung_up)
		sim_judge_given_up(sim, &now);
	if (!tel_str_eq(k->seen.room_sid, now.room_sid))
		k->here_since = sim->tick;
	if (!now.finished)
		k->finished_since = 0;
	else if (!k->finished_since)
		k->finished_since = sim->tick;
	k->seen = now;
}

/* ---- at the end ------------------------------------------------------------------------ */

void sim_judge_settled(struct sim *sim)
{
	struct sim_room *room;
	struct sim_life *life;

	for (room = sim->lk->rooms; room; room = room->next) {
		life = sim_lk_life(room);
		if (!life)
			continue;
		sim_judge_ghost(sim, life);
		sim_judge_left_over(sim, life);
		sim_judge_still_waiting(sim, life);
	}
}

bool sim_judge_is_quiet(struct sim *sim)
{
	struct tel_store_stats stats;

	return sim->store->ops->stats(sim->store, &stats) == TEL_OK && stats.pending_calls == 0;
}

static void check_rooms(struct sim *sim)
{
	struct sim_room *room;
	struct sim_life *life;

	for (room = sim->lk->rooms; room; room = room->next) {
		life = sim_lk_life(room);
		if (!life || sim_lk_phones(life) > 0 || sim_lk_dispatches(life) == 0)
			continue;
		sim_judge_left_over(sim, life);
		/*
		 * Clocks apart: whose agent was seen cannot be told by the time. And
		 * where nobody compares, and rooms are left to LiveKit, it closes them.
		 */
		if (!life->had_phone && life->next &&
		    (life->next->forgotten || sim->procs->skewed ||
		     (sim->policy.reconcile_interval == 0 &&
		      sim->policy.room_delete_after == TEL_ROOM_DELETE_NEVER)))
			sim->judge->out->limits++;
		else
			sim_violation(sim, "I1: ghost %.*s stays for ever",
				      TEL_STR_ARG(life->sid));
	}
}

void sim_judge_end(struct sim *sim)
{
	struct tel_call_filter filter = { .live_only = true, .limit = TEL_MAX_PAGE };
	struct tel_call_page page = { 0 };
	size_t i;

	if (!sim_judge_is_quiet(sim))
		sim_violation(sim, "I5: a job is pending for ever");
	if (sim->store->ops->list(sim->store, &filter, &page))
		sim_violation(sim, "I5: the store cannot be read");
	for (i = 0; i < page.n; i++)
		sim_violation(sim, "I5: %s is %s for ever", page.calls[i]->id.text,
			      tel_call_status_text(page.calls[i]->status));
	tel_call_page_release(&page);
	sim_callees_check(sim);
	check_rooms(sim);
}
