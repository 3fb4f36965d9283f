#include "config.h"

#include "domain/reaction.h"
#include "domain/repair.h"

/* Deleting a room behind its call takes this long at most, when all is well. */
#define DELETE_SLACK (30 * TEL_SECOND)

struct plan {
	const struct tel_call *call;
	const struct tel_room_shown *room;
	struct tel_repair *out;
	size_t n;
};

const char *tel_repair_kind_text(enum tel_repair_kind kind)
{
	static const char *const names[TEL_REPAIR_KINDS] = {
		[TEL_REPAIR_LEG_FOUND] = "leg_found",
		[TEL_REPAIR_LEG_GONE] = "leg_gone",
		[TEL_REPAIR_AGENT_FOUND] = "agent_found",
		[TEL_REPAIR_AGENT_GONE] = "agent_gone",
		[TEL_REPAIR_ROOM_GONE] = "room_gone",
		[TEL_REPAIR_ANSWER_FOUND] = "answer_found",
		[TEL_REPAIR_LEFT_OVER] = "left_over",
	};

	return (unsigned)kind < TEL_REPAIR_KINDS ? names[kind] : "?";
}

static void add(struct plan *plan, enum tel_repair_kind kind, const struct tel_participant *p)
{
	if (plan->n == TEL_MAX_REPAIRS)
		return;
	plan->out[plan->n++] = (struct tel_repair){
		.kind = kind,
		.room_sid = plan->room->sid,
		.room_created_at = plan->room->created_at,
		.participant = p ? *p : (struct tel_participant){ .kind = TEL_PARTICIPANT_NONE },
	};
}

static bool is_phone_of_ours(const struct tel_participant *p)
{
	return p->kind == TEL_PARTICIPANT_SIP && tel_str_is_set(p->sid) &&
	       (tel_str_is_set(p->rule_id) || tel_str_is_set(p->call_id));
}

/* ---- rooms without a living call ------------------------------------------------ */

static void find_phones(struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->room->n_participants; i++) {
		const struct tel_participant *p = &plan->room->participants[i];

		if (!is_phone_of_ours(p) || (plan->call && tel_call_leg(plan->call, p->sid)))
			continue;
		add(plan, TEL_REPAIR_LEG_FOUND, p);
	}
}

/* ---- the call's own room ----------------------------------------------------------- */

static void look_at_phone(struct plan *plan, const struct tel_participant *p)
{
	const struct tel_call *call = plan->call;
	const struct tel_leg *leg = tel_call_leg(call, p->sid);

	if (!leg)
		add(plan, TEL_REPAIR_LEG_FOUND, p);
	else if (leg->left_at == 0 && p->sip_status == TEL_SIP_ACTIVE && call->answered_at == 0 &&
		 call->direction == TEL_OUTBOUND && tel_call_dialled_leg(call) == leg)
		add(plan, TEL_REPAIR_ANSWER_FOUND, p);
}

static void look_at_agent(struct plan *plan, const struct tel_participant *p)
{
	const struct tel_call *call = plan->call;
	/* The agent of a dispatch that we deleted lingers for a while. */
	bool dropped = call->agent.dropped_at &&
		       plan->room->looked_at < call->agent.dropped_at + TEL_AGENT_LINGERS;

	if (!tel_call_leg(call, p->sid) && !dropped && tel_watch_is_agent(call, p))
		add(plan, TEL_REPAIR_AGENT_FOUND, p);
}

bool tel_repair_is_newer(const struct tel_leg *leg, tel_time looked_at)
{
	tel_time since = looked_at - TEL_REPAIR_SLACK;

	return leg->joined_at > since || leg->heard_at > since;
}

static bool is_shown(const struct tel_room_shown *room, struct tel_str sid)
{
	size_t i;

	for (i = 0; i < room->n_participants; i++)
		if (tel_str_eq(room->participants[i].sid, sid))
			return true;
	return false;
}

static void look_at_leg(struct plan *plan, const struct tel_leg *leg)
{
	const struct tel_call *call = plan->call;
	struct tel_participant gone = {
		.kind = leg->kind, .sid = leg->participant_sid, .identity = leg->identity,
		.sip_call_id = leg->sip_call_id,
	};

	if (leg->left_at || !tel_str_eq(leg->room_sid, call->room_sid) ||
	    tel_repair_is_newer(leg, plan->room->looked_at) ||
	    is_shown(plan->room, leg->participant_sid))
		return;
	if (call->direction == TEL_OUTBOUND && tel_call_dialled_leg(call) == leg)
		gone.call_id = tel_call_id_str(&call->id);
	add(plan, leg->kind == TEL_PARTICIPANT_SIP ? TEL_REPAIR_LEG_GONE : TEL_REPAIR_AGENT_GONE,
	    &gone);
}

/* Who is there first: the call does not end while one phone follows another. */
static void compare(struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->room->n_participants; i++) {
		const struct tel_participant *p = &plan->room->participants[i];

		if (p->kind == TEL_PARTICIPANT_SIP && tel_str_is_set(p->sid))
			look_at_phone(plan, p);
		else if (p->kind == TEL_PARTICIPANT_AGENT)
			look_at_agent(plan, p);
	}
	for (i = 0; i < plan->call->n_legs; i++)
		look_at_leg(plan, &plan->call->legs[i]);
}

/* ---- which room is it? ---------------------------------------------------------------- */

/* The call came, or came into this room, when we had already begun to look. */
static bool is_newer_than_the_look(const struct tel_call *call, tel_time looked_at)
{
	tel_time since = looked_at - TEL_REPAIR_SLACK;
	size_t i;

	for (i = 0; i < call->n_legs; i++)
		if (tel_repair_is_newer(&call->legs[i], looked_at))
			return true;
	return call->created_at > since || call->agent.wanted_at > since;
}

static void end_own_room(struct plan *plan)
{
	const struct tel_call *call = plan->call;

	if (call->room_finished_at || is_newer_than_the_look(call, plan->room->looked_at))
		return;
	add(plan, TEL_REPAIR_ROOM_GONE, NULL);
	if (plan->n > 0) {
		plan->out[plan->n - 1].room_sid = call->room_sid;
		plan->out[plan->n - 1].room_created_at = call->room_created_at;
	}
}

/* Its own jobs find out, until the phone has answered. */
static bool is_in_hand(const struct tel_call *call)
{
	return !tel_str_is_set(call->room_sid) || call->jobs[TEL_JOB_CREATE_ROOM].pending ||
	       call->jobs[TEL_JOB_DIAL].pending;
}

static void plan_for_call(struct plan *plan)
{
	const struct tel_call *call = plan->call;
	const struct tel_room_shown *room = plan->room;

	if (tel_call_is_over(call) || is_in_hand(call))
		return;
	if (!room->listed) {
		/* People in a room that is not listed: something is outdated. */
		if (room->n_participants == 0)
			end_own_room(plan);
	} else if (tel_str_eq(room->sid, call->room_sid)) {
		/* A room that is over is shown for some seconds more. */
		if (!call->room_finished_at)
			compare(plan);
	} else if (call->room_created_at && room->created_at > call->room_created_at) {
		/* Who is back takes the call along; if nobody is, it has ended there. */
		find_phones(plan);
		end_own_room(plan);
	}
}

size_t tel_plan_repairs(const struct tel_call *call, const struct tel_room_shown *room,
			struct tel_repair out[TEL_MAX_REPAIRS])
{
	struct plan plan = { .call = call, .room = room, .out = out };

	if (call)
		plan_for_call(&plan);
	else if (room->listed)
		find_phones(&plan);
	return plan.n;
}

void tel_repair_event(const struct tel_repair *repair, const struct tel_room_shown *room,
		      struct tel_event *out)
{
	static const struct {
		enum tel_event_kind kind;
		const char *name;
	} events[TEL_REPAIR_KINDS] = {
		[TEL_REPAIR_LEG_FOUND] = { TEL_EVENT_PARTICIPANT_JOINED, "participant_joined" },
		[TEL_REPAIR_LEG_GONE] = { TEL_EVENT_PARTICIPANT_LEFT, "participant_left" },
		[TEL_REPAIR_AGENT_FOUND] = { TEL_EVENT_PARTICIPANT_JOINED, "participant_joined" },
		[TEL_REPAIR_AGENT_GONE] = { TEL_EVENT_PARTICIPANT_LEFT, "participant_left" },
		[TEL_REPAIR_ROOM_GONE] = { TEL_EVENT_ROOM_FINISHED, "room_finished" },
		[TEL_REPAIR_ANSWER_FOUND] = { TEL_EVENT_PARTICIPANT_JOINED, "participant_joined" },
		[TEL_REPAIR_LEFT_OVER] = { TEL_EVENT_OTHER, "room_left_over" },
	};

	*out = (struct tel_event){
		.kind = events[repair->kind].kind,
		.name = tel_str_from(events[repair->kind].name),
		.room_name = room->name,
		.room_sid = repair->room_sid,
		.room_created_at = repair->room_created_at,
		.participant = repair->participant,
		.looked_at = room->looked_at,
		.seen = room->participants,
		.n_seen = room->n_participants,
	};
}

/* ---- rooms left over --------------------------------------------------------------------- */

bool tel_is_left_over(const struct tel_call *call, const struct tel_room_shown *room,
		      const struct tel_policy *policy, tel_time now)
{
	bool agent = false;
	size_t i;

	if (!room->listed || !tel_call_is_over(call) || call->jobs[TEL_JOB_DELETE_ROOM].pending ||
	    policy->room_delete_after == TEL_ROOM_DELETE_NEVER ||
	    now < call->ended_at + policy->room_delete_after + DELETE_SLACK)
		return false;
	for (i = 0; i < room->n_participants; i++) {
		if (room->participants[i].kind == TEL_PARTICIPANT_SIP)
			return false;
		agent |= tel_str_eq(room->participants[i].agent_name, call->agent.name);
	}
	return agent;
}
