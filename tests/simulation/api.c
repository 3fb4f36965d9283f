/*
 * A process's LiveKit port, and the way of its requests: sent, under way,
 * acting, answered. Each may be lost or slow on the way there and back.
 */
#include "config.h"

#include <stdlib.h>

#include "callees.h"
#include "callers.h"
#include "judge.h"
#include "proc.h"
#include "base/banned.h"

static struct sim_proc *of(struct tel_livekit *port)
{
	return ((struct sim_livekit_port *)port)->proc;
}

static struct tel_str keep(struct sim *sim, struct tel_str s)
{
	struct tel_str out;

	if (tel_arena_copy(&sim->mem, s, TEL_MAX_BODY, &out))
		return TEL_STR_NONE;
	return out;
}

/* ---- answers ---------------------------------------------------------------- */

static void answered(struct sim *sim, void *arg, uint64_t token)
{
	struct sim_request *request = arg, **last;

	(void)token;
	if (request->proc->dead || request->is_answered)
		return;
	request->is_answered = true;
	sim_trace(sim, "%s: %s is answered %s", request->proc->name,
		  tel_lk_method_text(request->method), tel_lk_verdict_text(request->answer.verdict));
	for (last = &request->proc->answers; *last; last = &(*last)->next)
		;
	*last = request;
	sim_proc_wake(request->proc);
}

static void fail(struct sim_request *request, enum tel_lk_verdict verdict, int status,
		 const char *code)
{
	request->answer.verdict = verdict;
	request->answer.http_status = status;
	request->answer.code = tel_str_from(code);
	request->answer.message = TEL_STR("simulated");
	request->answer.n_dispatches = 0;
	request->answer.n_participants = 0;
	request->answer.n_rooms = 0;
}

static void run_out(struct sim *sim, struct sim_request *request)
{
	fail(request, TEL_LK_UNKNOWN, 0, "timeout");
	sim_plan(sim, request->sent_at + request->timeout - sim->now, answered, request, 0);
}

/* The answer goes back, `takes` ms on LiveKit's side included. */
static void answer(struct sim *sim, struct sim_request *request, tel_time takes)
{
	tel_time way = takes + sim_latency(sim, 1, 20);

	if (sim_strikes(sim, SIM_LOSE_ANSWER))
		way = request->timeout;
	else if (sim_strikes(sim, SIM_SLOW_ANSWER))
		way += sim_length(sim, 500, 20 * TEL_SECOND);
	if (sim->now + way >= request->sent_at + request->timeout)
		run_out(sim, request);
	else
		sim_plan(sim, way, answered, request, 0);
}

void sim_request_answer(struct sim *sim, struct sim_request *request)
{
	answer(sim, request, 0);
}

/* ---- acting ------------------------------------------------------------------- */

/* LiveKit forgets a deleted dispatch, not at once. */
#define FORGOTTEN_AFTER (2 * TEL_SECOND)

static bool is_forgotten(const struct sim *sim, const struct sim_dispatch *d)
{
	return d->dropped_at && sim->now - d->dropped_at >= FORGOTTEN_AFTER;
}

static struct tel_lk_dispatch shown(const struct sim *sim, const struct sim_dispatch *d)
{
	return (struct tel_lk_dispatch){
		.id = d->id, .agent_name = d->agent_name, .call_id = d->call_id,
		.room_sid = d->meant_for, .deleted = d->deleted,
		.has_job = sim_lk_has_job(sim, d),
	};
}

static void create_dispatch(struct sim *sim, struct sim_request *request)
{
	struct sim_dispatch *d = sim_lk_dispatch(sim, request->room, request->agent_name,
						 request->call_id, request->meant_for);
	struct tel_lk_dispatch *list = sim_alloc(sim, sizeof(*list));

	list[0] = shown(sim, d);
	request->answer.dispatches = list;
	request->answer.n_dispatches = 1;
}

/* Returns how long LiveKit takes: without a room it thinks for 3 s. */
static tel_time list_dispatch(struct sim *sim, struct sim_request *request)
{
	struct sim_life *life = sim_lk_life(sim_lk_room(sim, request->room));
	struct tel_lk_dispatch *list;
	const struct sim_dispatch *d;
	size_t n = 0;

	if (!life) {
		fail(request, TEL_LK_UNKNOWN, 503, "unavailable");
		return 3 * TEL_SECOND;
	}
	for (d = life->dispatches; d; d = d->next)
		n++;
	list = sim_alloc(sim, (n + 1) * sizeof(*list));
	/* LiveKit's own, which it makes for workers without a name. */
	list[0] = (struct tel_lk_dispatch){ .id = TEL_STR("AD_0"), .agent_name = TEL_STR("") };
	for (n = 1, d = life->dispatches; d; d = d->next)
		if (!is_forgotten(sim, d))
			list[n++] = shown(sim, d);
	request->answer.dispatches = list;
	request->answer.n_dispatches = n;
	return 0;
}

static tel_time delete_dispatch(struct sim *sim, struct sim_request *request)
{
	struct sim_life *life = sim_lk_life(sim_lk_room(sim, request->room));

	if (!life) {
		fail(request, TEL_LK_UNKNOWN, 503, "unavailable");
		return 3 * TEL_SECOND;
	}
	if (!sim_lk_drop_dispatch(sim, life, request->dispatch_id))
		fail(request, TEL_LK_GONE, 404, "not_found");
	return 0;
}

static bool is_stale(const struct sim *sim, const struct sim_room *room)
{
	return !sim_lk_life(room) && room->stale && sim->now < room->stale_until;
}

static bool is_listed(const struct sim *sim, const struct sim_leg *leg)
{
	return !leg->left_at || sim->now < leg->listed_until ||
	       (is_stale(sim, leg->life->room) && leg->left_at == leg->life->closed_at);
}

/* A caller's own phone, if it is the only one. */
static struct sim_leg *lone_phone(const struct sim_life *life)
{
	struct sim_leg *leg;

	for (leg = life ? life->legs : NULL; leg; leg = leg->next)
		if (leg->kind == TEL_PARTICIPANT_SIP && !leg->left_at)
			break;
	return leg && leg->caller && leg == leg->caller->leg && sim_lk_phones(life) == 1 ? leg : NULL;
}

/* Between the list of all rooms and this one: the worst moment for a look. */
static void maybe_replace(struct sim *sim, const struct sim_request *request, struct sim_room *room)
{
	struct sim_leg *leg = lone_phone(sim_lk_life(room));

	if (leg && request->proc == sim->procs->round_by &&
	    sim->now - sim->procs->round_at < 2 * TEL_SECOND && sim_strikes(sim, SIM_REPLACED))
		sim_caller_calls_anew(sim, leg);
}

static void list_participants(struct sim *sim, struct sim_request *request)
{
	struct sim_room *room = sim_lk_room(sim, request->room);
	struct sim_life *life;
	struct tel_participant *list;
	const struct sim_leg *leg;
	size_t n = 0;

	maybe_replace(sim, request, room);
	life = sim_lk_life(room);
	if (is_stale(sim, room))
		life = room->stale;
	for (leg = life ? life->legs : NULL; leg; leg = leg->next)
		n++;
	list = sim_alloc(sim, (n + 1) * sizeof(*list));
	for (n = 0, leg = life ? life->legs : NULL; leg; leg = leg->next)
		if (is_listed(sim, leg))
			list[n++] = sim_lk_participant(leg, leg->status, NULL);
	request->answer.participants = list;
	request->answer.n_participants = n;
}

static void delete_room(struct sim *sim, struct sim_request *request)
{
	struct sim_life *life = sim_lk_life(sim_lk_room(sim, request->room));

	if (!life) {
		fail(request, TEL_LK_GONE, 404, "not_found");
		return;
	}
	sim_judge_room_deleted(sim, request, life);
	sim_lk_close(sim, life, "ROOM_DELETED");
}

static struct tel_lk_room shown_room(const struct sim *sim, const struct sim_life *life)
{
	struct tel_lk_room shown = {
		.sid = life->sid, .name = life->room->name, .created_at = life->created_at,
		.call_id = life->mark,
	};
	const struct sim_leg *leg;

	for (leg = life->legs; leg; leg = leg->next)
		shown.n_people += leg->kind == TEL_PARTICIPANT_SIP && is_listed(sim, leg);
	return shown;
}

static void create_room(struct sim *sim, struct sim_request *request)
{
	struct sim_life *life = sim_lk_create_room(sim, request->room, request->agent_name,
						   request->call_id);
	struct tel_lk_room *list = sim_alloc(sim, sizeof(*list));

	list[0] = shown_room(sim, life);
	request->answer.rooms = list;
	request->answer.n_rooms = 1;
}

/* All, or the one that is named; after a restart the dead for a while as well. */
static void list_rooms(struct sim *sim, struct sim_request *request)
{
	struct tel_str name = request->room;	/* absent: all */
	const struct sim_room *room;
	const struct sim_life *life;
	struct tel_lk_room *list;
	size_t n = 0;

	for (room = sim->lk->rooms; room; room = room->next)
		n++;
	list = sim_alloc(sim, (n + 1) * sizeof(*list));
	for (n = 0, room = sim->lk->rooms; room; room = room->next) {
		life = is_stale(sim, room) ? room->stale : sim_lk_life(room);
		if (life && (!name.len || tel_str_eq(name, room->name)))
			list[n++] = shown_room(sim, life);
	}
	request->answer.rooms = list;
	request->answer.n_rooms = n;
}

static struct sim_leg *asked_for(struct sim *sim, const struct sim_request *request)
{
	struct sim_life *life = sim_lk_life(sim_lk_room(sim, request->room));
	struct sim_leg *leg;

	for (leg = life ? life->legs : NULL; leg; leg = leg->next)
		if (!leg->left_at && tel_str_eq(leg->identity, request->identity))
			return leg;
	return NULL;
}

static void get_participant(struct sim *sim, struct sim_request *request)
{
	struct tel_participant *p = sim_alloc(sim, sizeof(*p));
	const struct sim_leg *leg = asked_for(sim, request);

	if (!leg) {
		fail(request, TEL_LK_GONE, 404, "not_found");
		return;
	}
	*p = sim_lk_participant(leg, leg->status, NULL);
	request->answer.participants = p;
	request->answer.n_participants = 1;
}

/* The far end takes the call over, or says no; either takes a while. */
static tel_time transfer(struct sim *sim, struct sim_request *request)
{
	struct sim_leg *leg = asked_for(sim, request);

	if (!leg) {
		fail(request, TEL_LK_GONE, 404, "not_found");
		return 0;
	}
	if (sim_strikes(sim, SIM_TRANSFER_DECLINED)) {
		fail(request, TEL_LK_REFUSED, 503, "unavailable");
		request->answer.sip_status_code = 603;
	} else {
		sim_lk_transferred(sim, leg);
	}
	return sim_length(sim, 300, 4 * TEL_SECOND);
}

static tel_time act(struct sim *sim, struct sim_request *request)
{
	request->acted_at = sim->now;
	request->answer.verdict = TEL_LK_DONE;
	request->answer.http_status = 200;
	switch (request->method) {
	case TEL_LK_CREATE_DISPATCH:
		create_dispatch(sim, request);
		return 0;
	case TEL_LK_LIST_DISPATCH:
		return list_dispatch(sim, request);
	case TEL_LK_LIST_PARTICIPANTS:
		list_participants(sim, request);
		return 0;
	case TEL_LK_DELETE_ROOM:
		delete_room(sim, request);
		return 0;
	case TEL_LK_CREATE_ROOM:
		create_room(sim, request);
		return 0;
	case TEL_LK_GET_PARTICIPANT:
		get_participant(sim, request);
		return 0;
	case TEL_LK_CREATE_SIP_PARTICIPANT:
		sim_callee_dial(sim, request);
		return 0;
	case TEL_LK_TRANSFER_SIP_PARTICIPANT:
		return transfer(sim, request);
	case TEL_LK_DELETE_DISPATCH:
		return delete_dispatch(sim, request);
	case TEL_LK_LIST_ROOMS:
		list_rooms(sim, request);
		return 0;
	case TEL_LK_METHODS:
		break;
	}
	return 0;
}

/* A caller whose dispatch is refused for good is not owed an agent. */
static void excuse(struct sim *sim, const struct sim_request *request)
{
	struct sim_life *life;
	struct sim_leg *leg;

	for (life = sim_lk_room(sim, request->room)->lives; life; life = life->next)
		for (leg = life->legs; leg; leg = leg->next)
			leg->excused |= !life->closed_at ||
					tel_str_eq(life->sid, request->meant_for);
}

static void arrives(struct sim *sim, void *arg, uint64_t token)
{
	struct sim_request *request = arg;
	tel_time takes = 0;

	(void)token;
	if (request->epoch != sim->lk->epoch || !sim_lk_is_up(sim)) {
		fail(request, TEL_LK_UNKNOWN, 0, "connection broken");
		sim_plan(sim, 0, answered, request, 0);
		return;
	}
	sim_trace(sim, "livekit: %s of %s arrives", tel_lk_method_text(request->method),
		  request->proc->name);
	if (sim_strikes(sim, SIM_TRY_LATER)) {
		fail(request, TEL_LK_TRY_LATER, 429, "resource_exhausted");
		request->answer.retry_after = sim_length(sim, 0, 3 * TEL_SECOND);
	} else if (request->method == TEL_LK_CREATE_DISPATCH && sim_strikes(sim, SIM_REFUSED)) {
		fail(request, TEL_LK_REFUSED, 403, "permission_denied");
		excuse(sim, request);
	} else if (sim_strikes(sim, SIM_SERVER_ERROR)) {
		if (sim_pick(sim, 2))
			act(sim, request);
		request->held = false;
		fail(request, TEL_LK_UNKNOWN, 500, "internal");
	} else {
		takes = act(sim, request);
	}
	if (request->held)
		run_out(sim, request);	/* unless it is answered before */
	else
		answer(sim, request, takes);
}

/* ---- the port -------------------------------------------------------------------- */

static tel_time way_of(struct sim *sim)
{
	tel_time way;

	if (!sim_strikes(sim, SIM_SLOW_REQUEST))
		return sim_latency(sim, 1, 30);
	way = sim_length(sim, 50, sim->knobs.late_requests ? SIM_LATE_REQUEST_BOUND :
							     SIM_REQUEST_BOUND);
	sim_faults_lasts(&sim->faults, way);
	return way;
}

static void set_out(struct sim *sim, struct sim_request *request)
{
	if (!sim_lk_is_up(sim) || sim_strikes(sim, SIM_NOT_SENT)) {
		fail(request, TEL_LK_NOT_SENT, 0, "connect");
		sim_plan(sim, sim_latency(sim, 1, 5), answered, request, 0);
	} else if (sim_strikes(sim, SIM_LOSE_REQUEST)) {
		run_out(sim, request);
	} else {
		sim_plan(sim, way_of(sim), arrives, request, 0);
	}
}

static struct sim_request *request_of(struct sim_proc *proc, const struct tel_lk_request *wanted)
{
	struct sim *sim = proc->sim;
	struct sim_request *request = sim_alloc(sim, sizeof(*request));

	request->proc = proc;
	request->method = request->answer.method = wanted->method;
	request->room = keep(sim, wanted->room);
	request->sent_at = sim->now;
	request->turn_tick = proc->turn_tick;
	request->epoch = sim->lk->epoch;
	request->timeout = wanted->timeout ? wanted->timeout : TEL_REQUEST_TIMEOUT;
	request->identity = keep(sim, wanted->identity);
	request->dispatch_id = keep(sim, wanted->dispatch_id);
	if (wanted->method == TEL_LK_CREATE_ROOM ||
	    wanted->method == TEL_LK_CREATE_SIP_PARTICIPANT) {
		request->agent_name = keep(sim, wanted->agent_name);
		request->call_id = keep(sim, tel_call_id_str(&wanted->call->id));
		request->to = keep(sim, tel_e164_str(&wanted->call->to));
	}
	if (wanted->method == TEL_LK_CREATE_DISPATCH) {
		request->agent_name = keep(sim, wanted->agent_name);
		request->call_id = keep(sim, tel_call_id_str(&wanted->call->id));
		request->meant_for = keep(sim, wanted->call->room_sid);
	}
	return request;
}

/* A job's requests, each with the one before it. */
static void remember(struct sim_proc *proc, struct sim_request *request)
{
	size_t i = 0;

	while (proc->askers[i].ctx && proc->askers[i].ctx != request->ctx)
		if (++i == SIM_MAX_ASKERS)
			abort();
	request->before = proc->askers[i].last;
	proc->askers[i].ctx = request->ctx;
	proc->askers[i].last = request;
}

static enum tel_err start(struct sim_proc *proc, const struct tel_lk_request *wanted,
			  tel_lk_done_fn done, void *ctx)
{
	struct sim *sim = proc->sim;
	struct sim_request *request = request_of(proc, wanted);

	request->done = done;
	request->ctx = ctx;
	remember(proc, request);
	if (wanted->method == TEL_LK_LIST_ROOMS && !wanted->room.len) {
		if (sim->choices && sim->lk->rooms)
			sim_choices_begin(sim->choices);
		sim->procs->round_at = sim->now;
		sim->procs->round_by = proc;
	}
	sim_trace(sim, "%s: sends %s for %.*s", proc->name, tel_lk_method_text(wanted->method),
		  TEL_STR_ARG(wanted->room));
	sim_judge_request(sim, sim_task_running(sim));
	if (wanted->method == TEL_LK_CREATE_DISPATCH)
		sim_judge_dispatch_sent(sim, request);
	if (wanted->method == TEL_LK_CREATE_SIP_PARTICIPANT)
		sim_judge_dial_sent(sim, request);
	if (wanted->method == TEL_LK_DELETE_DISPATCH)
		sim_judge_drop_sent(sim, request);
	set_out(sim, request);
	return sim_point(proc, "after a request") ? TEL_OK : TEL_EIO;
}

static enum tel_err port_send(struct tel_livekit *port, const struct tel_lk_request *wanted,
			      tel_lk_done_fn done, void *ctx)
{
	struct sim_proc *proc = of(port);
	struct sim *sim = proc->sim;
	uint64_t context = sim_enter(sim, wanted->room);
	enum tel_err err = TEL_EIO;

	if (sim_point(proc, "before a request"))
		err = start(proc, wanted, done, ctx);
	sim->context = context;
	return err;
}

static bool hand_out(struct sim_proc *proc)
{
	struct sim_request *request;
	bool any = false;

	while (!proc->dead && (request = proc->answers)) {
		proc->answers = request->next;
		request->done(request->ctx, &request->answer);
		any = true;
	}
	return any;
}

/* Nothing to compare: no room is open, no call waits for anything. */
static bool is_empty(struct sim *sim)
{
	const struct sim_room *room;

	for (room = sim->lk->rooms; room; room = room->next)
		if (sim_lk_life(room))
			return false;
	return sim_judge_is_quiet(sim);
}

/* `nap`, or less if this process has the duty to compare, or may have it soon. */
static tel_time until_next_round(struct sim_proc *proc, tel_time nap, tel_time wait)
{
	struct sim *sim = proc->sim;
	tel_time ahead = sim->procs->round_at + sim->policy.reconcile_interval - sim->now;

	if (sim->policy.reconcile_interval == 0 || is_empty(sim))
		return nap;
	/* Others look somewhat later whether its holder is there. */
	if (sim->procs->round_by != proc)
		ahead += 5 * TEL_SECOND;
	return ahead < 1 ? wait : ahead < nap ? ahead : nap;
}

static tel_time until_next_job(struct sim_proc *proc, tel_time wait)
{
	struct sim *sim = proc->sim;
	tel_time now = sim->now + proc->skew;
	struct tel_due_query query = { .now = now, .max = 1 };
	struct tel_due_page *page = sim->procs->page;

	if (sim->store->ops->due(sim->store, &query, page) || page->n > 0)
		return wait;
	if (!page->next || page->next - now > 6 * TEL_HOUR)
		return 6 * TEL_HOUR;
	return page->next - now > wait ? page->next - now : wait;
}

/*
 * While all is well and settled, nobody wakes before the store has something
 * to do, or there is something to compare: days pass quickly.
 */
static tel_time nap_length(struct sim_proc *proc, tel_time wait)
{
	struct sim *sim = proc->sim;

	if (!sim->settled || sim->now < sim->procs->scan_until ||
	    !tel_runner_is_idle(proc->runner))
		return wait;
	return until_next_round(proc, until_next_job(proc, wait), wait);
}

static enum tel_err port_poll(struct tel_livekit *port, tel_time wait)
{
	struct sim_proc *proc = of(port);
	bool any = hand_out(proc);

	/* A turn takes time, even one that does not wait. */
	if (!any && !proc->woken && !proc->dead) {
		sim_task_sleep(proc->sim, wait > 0 ? nap_length(proc, wait) : 1, true);
		sim_enter(proc->sim, tel_str_from(proc->name));
		hand_out(proc);
	}
	proc->woken = false;
	proc->turn_tick = proc->sim->tick;
	return proc->dead ? TEL_EIO : TEL_OK;
}

static void port_wake(struct tel_livekit *port)
{
	struct sim_proc *proc = of(port);

	proc->woken = true;
	sim_proc_wake(proc);
}

static void port_close(struct tel_livekit *port)
{
	(void)port;
}

static const struct tel_livekit_ops ops = {
	.name = "simulated", .send = port_send, .poll = port_poll, .wake = port_wake,
	.close = port_close,
};

void sim_livekit_port_init(struct sim_proc *proc)
{
	proc->livekit.base.ops = &ops;
	proc->livekit.proc = proc;
}
