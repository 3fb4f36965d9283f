#include "config.h"

#include "callees.h"
#include "callers.h"
#include "judge.h"
#include "livekit.h"
#include "base/banned.h"

void sim_lk_init(struct sim *sim)
{
	sim->lk = sim_alloc(sim, sizeof(*sim->lk));
}

bool sim_lk_is_up(const struct sim *sim)
{
	return sim->now >= sim->lk->down_until;
}

struct sim_room *sim_lk_room(struct sim *sim, struct tel_str name)
{
	struct sim_room *room;

	for (room = sim->lk->rooms; room; room = room->next)
		if (tel_str_eq(room->name, name))
			return room;
	room = sim_alloc(sim, sizeof(*room));
	room->name = name;
	room->next = sim->lk->rooms;
	sim->lk->rooms = room;
	return room;
}

struct sim_life *sim_lk_life(const struct sim_room *room)
{
	return room->lives && !room->lives->closed_at ? room->lives : NULL;
}

size_t sim_lk_phones(const struct sim_life *life)
{
	const struct sim_leg *leg;
	size_t n = 0;

	for (leg = life->legs; leg; leg = leg->next)
		n += leg->kind == TEL_PARTICIPANT_SIP && !leg->left_at;
	return n;
}

size_t sim_lk_dispatches(const struct sim_life *life)
{
	const struct sim_dispatch *d;
	size_t n = 0;

	for (d = life->dispatches; d; d = d->next)
		n += !d->deleted;
	return n;
}

const struct sim_leg *sim_lk_agent(const struct sim_life *life)
{
	const struct sim_leg *leg;

	for (leg = life->legs; leg; leg = leg->next)
		if (leg->kind == TEL_PARTICIPANT_AGENT && !leg->left_at && !leg->dead &&
		    !leg->dispatch->deleted)
			return leg;
	return NULL;
}

/* ---- opening and closing ---------------------------------------------------- */

struct sim_life *sim_lk_open(struct sim *sim, struct sim_room *room)
{
	struct sim_life *life = sim_alloc(sim, sizeof(*life));

	life->room = room;
	life->sid = sim_id(sim, "RM");
	life->created_at = sim->now;
	life->next = room->lives;
	room->lives = life;
	sim_trace(sim, "livekit: room %.*s opens as %.*s", TEL_STR_ARG(room->name),
		  TEL_STR_ARG(life->sid));
	sim_send_event(sim, TEL_EVENT_ROOM_STARTED, life, NULL);
	return life;
}

static void departed(struct sim *sim, void *arg, uint64_t token)
{
	struct sim_life *life = arg;

	if (life->emptied == token && !life->closed_at)
		sim_lk_close(sim, life, "ROOM_CLOSED");
}

static void left(struct sim *sim, struct sim_leg *leg, enum tel_sip_status status,
		 const char *reason)
{
	leg->left_at = sim->now;
	leg->status = status;
	leg->reason = reason;
	sim_trace(sim, "livekit: %.*s leaves %.*s (%s)", TEL_STR_ARG(leg->sid),
		  TEL_STR_ARG(leg->life->sid), reason);
	if (leg->kind == TEL_PARTICIPANT_SIP)
		sim_judge_wait(sim, leg);
	else
		sim_judge_agent_went(sim, leg);
	sim_send_event(sim, TEL_EVENT_PARTICIPANT_LEFT, leg->life, leg);
	if (leg->callee)
		sim_callee_taken_down(sim, leg);
}

void sim_lk_leaves(struct sim *sim, struct sim_leg *leg, enum tel_sip_status status,
		   const char *reason)
{
	struct sim_life *life = leg->life;

	left(sim, leg, status, reason);
	if (leg->kind == TEL_PARTICIPANT_SIP && sim_lk_phones(life) == 0)
		sim_plan(sim, SIM_DEPARTURE_TIMEOUT, departed, life, ++life->emptied);
}

void sim_lk_close(struct sim *sim, struct sim_life *life, const char *reason)
{
	struct sim_dispatch *d;
	struct sim_leg *leg;

	sim_judge_ghost(sim, life);
	sim_judge_left_over(sim, life);
	for (leg = life->legs; leg; leg = leg->next)
		if (!leg->left_at) {
			if (leg->caller && !leg->foreign)
				leg->caller->gone = true;
			left(sim, leg, leg->status, reason);
		}
	life->closed_at = sim->now;
	for (d = life->dispatches; d; d = d->next)
		d->deleted = true;
	sim_trace(sim, "livekit: %.*s closes (%s)", TEL_STR_ARG(life->sid), reason);
	sim_send_event(sim, TEL_EVENT_ROOM_FINISHED, life, NULL);
}

/* ---- phones ------------------------------------------------------------------ */

struct sim_leg *sim_lk_add_leg(struct sim *sim, struct sim_life *life,
			       enum tel_participant_kind kind)
{
	struct sim_leg *leg = sim_alloc(sim, sizeof(*leg));

	leg->life = life;
	leg->kind = kind;
	leg->sid = sim_id(sim, "PA");
	leg->joined_at = sim->now;
	leg->next = life->legs;
	life->legs = leg;
	return leg;
}

struct tel_participant sim_lk_participant(const struct sim_leg *leg, enum tel_sip_status status,
					  const char *reason)
{
	struct tel_participant p = {
		.kind = leg->kind, .sid = leg->sid, .identity = leg->identity,
		.joined_at = leg->joined_at / TEL_SECOND * TEL_SECOND,
		.disconnect_reason = tel_str_from(reason),
	};

	if (leg->kind == TEL_PARTICIPANT_AGENT) {
		p.agent_name = leg->dispatch->agent_name;
		return p;
	}
	p.sip_status = status;
	p.sip_call_id = leg->sip_call_id;
	p.number = leg->number;
	p.trunk_number = TEL_STR("+15550199");
	p.trunk_id = TEL_STR("ST_1");
	p.call_id = leg->call_id;
	if (!leg->foreign && !leg->callee)
		p.rule_id = TEL_STR("SDR_1");
	return p;
}

/*
 * The dispatch rule may name an agent of ours as well. Told of the caller we
 * would send another one, as we don't ask then who is there.
 */
static void maybe_bring_agent(struct sim *sim, struct sim_life *life)
{
	if (!sim_strikes(sim, SIM_RULE_AGENT))
		return;
	life->untold = true;
	sim_lk_dispatch(sim, life->room->name, TEL_STR("agent"), TEL_STR_NONE, life->sid);
}

/* Was one kicked that is owed no agent? Then neither is its successor, whose call it is. */
static bool kick_same_identity(struct sim *sim, struct sim_life *life, struct tel_str identity)
{
	struct sim_leg *leg;
	bool excused = false;

	for (leg = life->legs; leg; leg = leg->next)
		if (!leg->left_at && tel_str_eq(leg->identity, identity)) {
			if (leg->caller)
				leg->caller->gone = true;
			left(sim, leg, TEL_SIP_RINGING, "DUPLICATE_IDENTITY");
			excused |= leg->excused;
		}
	return excused;
}

struct sim_leg *sim_lk_phone_joins(struct sim *sim, struct sim_caller *caller,
				   struct tel_str name, struct tel_str identity,
				   struct tel_str sip_call_id, bool foreign)
{
	struct sim_room *room = sim_lk_room(sim, name);
	struct sim_life *life = sim_lk_life(room);
	struct sim_leg *leg;
	bool excused;

	if (!sim_lk_is_up(sim) && sim->lk->silent)
		return NULL;
	if (sim->choices && sim->small->from == SIM_SMALL_CALL)
		sim_choices_begin(sim->choices);
	if (!life) {
		life = sim_lk_open(sim, room);
		life->untold = sim->choices && sim->small->from == SIM_SMALL_ROUND;
		if (!foreign)
			maybe_bring_agent(sim, life);
	}
	excused = kick_same_identity(sim, life, identity);
	leg = sim_lk_add_leg(sim, life, TEL_PARTICIPANT_SIP);
	leg->excused = excused;
	leg->caller = caller;
	leg->foreign = foreign;
	leg->identity = identity;
	leg->sip_call_id = sip_call_id;
	leg->number = TEL_STR("+15550100");
	leg->status = foreign ? TEL_SIP_DIALING : TEL_SIP_RINGING;
	sim_judge_phone_came(sim, leg);
	life->had_phone = true;
	life->emptied++;
	sim_trace(sim, "livekit: phone %.*s joins %.*s%s", TEL_STR_ARG(leg->sid),
		  TEL_STR_ARG(life->sid), foreign ? " (a colleague)" : "");
	sim_send_event(sim, TEL_EVENT_PARTICIPANT_JOINED, life, leg);
	return leg;
}

struct sim_leg *sim_lk_phone_dialled(struct sim *sim, struct sim_callee *callee,
				     struct tel_str name, struct tel_str identity,
				     struct tel_str call_id, struct tel_str sip_call_id)
{
	struct sim_room *room = sim_lk_room(sim, name);
	struct sim_life *life = sim_lk_life(room);
	struct sim_leg *leg;

	if (!life)
		life = sim_lk_open(sim, room);
	kick_same_identity(sim, life, identity);
	leg = sim_lk_add_leg(sim, life, TEL_PARTICIPANT_SIP);
	leg->callee = callee;
	leg->identity = identity;
	leg->call_id = call_id;
	leg->sip_call_id = sip_call_id;
	leg->number = callee->to;
	leg->status = TEL_SIP_DIALING;
	sim_judge_phone_came(sim, leg);
	life->had_phone = true;
	life->emptied++;
	sim_trace(sim, "livekit: phone %.*s is dialled into %.*s", TEL_STR_ARG(leg->sid),
		  TEL_STR_ARG(life->sid));
	sim_send_event(sim, TEL_EVENT_PARTICIPANT_JOINED, life, leg);
	return leg;
}

void sim_lk_transferred(struct sim *sim, struct sim_leg *leg)
{
	sim_trace(sim, "livekit: %.*s is transferred", TEL_STR_ARG(leg->sid));
	if (leg->caller && !leg->foreign)
		leg->caller->gone = true;
	leg->transferred = true;
	sim_lk_leaves(sim, leg, TEL_SIP_HANGUP, "CLIENT_INITIATED");
}

/* ---- CreateRoom ------------------------------------------------------------------ */

/* Nobody ever came: LiveKit closes the room by itself. */
static void stayed_empty(struct sim *sim, void *arg, uint64_t token)
{
	struct sim_life *life = arg;

	(void)token;
	if (!life->closed_at && !life->had_phone)
		sim_lk_close(sim, life, "ROOM_CLOSED");
}

struct sim_life *sim_lk_create_room(struct sim *sim, struct tel_str name, struct tel_str agent,
				    struct tel_str call_id)
{
	struct sim_room *room = sim_lk_room(sim, name);
	struct sim_life *life = sim_lk_life(room);

	if (life)
		return life;
	life = sim_lk_open(sim, room);
	life->mark = call_id;
	sim_plan(sim, SIM_EMPTY_TIMEOUT, stayed_empty, life, 0);
	sim_lk_dispatch(sim, name, agent, call_id, life->sid);
	return life;
}

/* ---- restart --------------------------------------------------------------------- */

/*
 * Seen once: the agent was back in the old sid before the phone came, and
 * that room then finished with an event of its own.
 */
static void old_life_finishes(struct sim *sim, void *arg, uint64_t token)
{
	(void)token;
	sim_send_event(sim, TEL_EVENT_ROOM_FINISHED, arg, NULL);
}

static void forget_life(struct sim *sim, struct sim_room *room, struct sim_life *life)
{
	struct sim_dispatch *d;
	struct sim_leg *leg;

	life->closed_at = sim->now;
	life->forgotten = true;
	room->stale = life;
	room->stale_until = sim->lk->down_until + 5 * TEL_SECOND;
	for (d = life->dispatches; d; d = d->next)
		d->deleted = true;
	for (leg = life->legs; leg; leg = leg->next) {
		if (leg->left_at)
			continue;
		leg->left_at = sim->now;
		if (leg->caller && !leg->foreign)
			sim_caller_cut(sim, leg->caller);
		if (leg->callee)
			sim_callee_cut(sim, leg);
	}
	if (sim_pick(sim, 2))
		sim_plan(sim, sim->lk->down_until - sim->now + sim_length(sim, 1000, 6000),
			 old_life_finishes, life, 0);
}

void sim_lk_restart(struct sim *sim)
{
	struct sim_room *room;

	sim->lk->epoch++;
	sim->lk->down_until = sim->now + sim_length(sim, TEL_SECOND, 5 * TEL_SECOND);
	sim->lk->silent = true;
	sim_trace(sim, "livekit: restarted, down for %lld ms",
		  (long long)(sim->lk->down_until - sim->now));
	/* Workers have to find it again. */
	if (sim_strikes(sim, SIM_NO_WORKERS))
		sim_lk_workers_go(sim, sim->lk->down_until - sim->now +
				       sim_length(sim, 100, 5 * TEL_SECOND));
	for (room = sim->lk->rooms; room; room = room->next) {
		sim_forget_events(sim, room);
		if (sim_lk_life(room))
			forget_life(sim, room, room->lives);
	}
}
