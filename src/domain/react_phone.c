#include "config.h"

#include "domain/reaction.h"
#include "domain/repair.h"

bool tel_reaction_is_outdated(const struct tel_reaction *r)
{
	const struct tel_leg *leg = tel_call_leg(r->call, r->event->participant.sid);

	return r->event->looked_at &&
	       (!leg || tel_repair_is_newer(leg, r->event->looked_at));
}

static const struct tel_participant *phone(const struct tel_reaction *r)
{
	return &r->event->participant;
}

/* Concluded from what LiveKit shows, not told by it. */
static bool is_found(const struct tel_reaction *r)
{
	return r->event->looked_at != 0;
}

static bool is_inbound(const struct tel_reaction *r)
{
	return tel_str_is_set(phone(r)->rule_id);
}

/* The phone that this call dialled. */
static bool is_dialled(const struct tel_reaction *r)
{
	return r->call->direction == TEL_OUTBOUND &&
	       tel_str_eq(phone(r)->call_id, tel_call_id_str(&r->call->id));
}

/*
 * A leg for the participant. When all slots are taken the oldest leg that
 * has left makes room: it is long in the timeline.
 */
static enum tel_err leg_slot(struct tel_call *call, struct tel_leg **out)
{
	enum tel_err err = tel_call_add_leg(call, out);
	size_t i;

	for (i = 0; err == TEL_ETOOBIG && i < call->n_legs; i++)
		if (call->legs[i].left_at) {
			*out = &call->legs[i];
			**out = (struct tel_leg){ 0 };
			err = TEL_OK;
		}
	return err;
}

enum tel_err tel_call_take_leg(struct tel_call *call, const struct tel_participant *p,
			       struct tel_str room_sid, struct tel_leg **out, bool *is_new)
{
	struct tel_leg *leg = tel_call_leg(call, p->sid);
	enum tel_err err = TEL_OK;

	*is_new = !leg;
	if (!leg) {
		err = leg_slot(call, &leg);
		if (err)
			return err;
		leg->kind = p->kind;
		err = tel_call_set(call, &leg->participant_sid, p->sid, TEL_MAX_ID);
		if (!err)
			err = tel_call_set(call, &leg->identity, p->identity, TEL_MAX_IDENTITY);
		if (!err)
			err = tel_call_set(call, &leg->room_sid, room_sid, TEL_MAX_ID);
		if (!err)
			err = tel_call_set(call, &leg->sip_call_id, p->sip_call_id, TEL_MAX_ID);
	}
	if (!err && p->sip_status != TEL_SIP_UNKNOWN)
		leg->sip_status = p->sip_status;
	*out = leg;
	return err;
}

enum tel_err tel_react_leg(struct tel_reaction *r, struct tel_leg **out, bool *is_new)
{
	enum tel_err err = tel_call_take_leg(r->call, phone(r), r->event->room_sid, out, is_new);

	if (!err && *is_new)
		(*out)->heard_at = r->env->now;
	return err;
}

/* ---- a new call ------------------------------------------------------- */

static enum tel_err set_number(struct tel_call *call, struct tel_e164 *number,
			       struct tel_str *raw_field, struct tel_str raw)
{
	if (tel_e164_parse(raw, number) && tel_str_is(raw, number->text))
		return TEL_OK;
	if (!tel_str_is_set(raw))
		return TEL_OK;
	return tel_call_set(call, raw_field, raw, TEL_MAX_NUMBER_RAW);
}

static enum tel_err describe_caller(struct tel_call *call, const struct tel_participant *p)
{
	enum tel_err err = set_number(call, &call->from, &call->from_raw, p->number);

	if (!err)
		err = set_number(call, &call->to, &call->to_raw, p->trunk_number);
	if (!err)
		err = tel_call_set(call, &call->trunk_id, p->trunk_id, TEL_MAX_NAME);
	if (!err)
		err = tel_call_set(call, &call->rule_id, p->rule_id, TEL_MAX_NAME);
	if (!err)
		err = tel_call_set(call, &call->sip_call_id, p->sip_call_id, TEL_MAX_ID);
	return err;
}

static enum tel_err describe_room(struct tel_call *call, const struct tel_event *event)
{
	enum tel_err err = tel_call_set(call, &call->room_name, event->room_name, TEL_MAX_ROOM_NAME);

	if (!err)
		err = tel_call_set(call, &call->room_sid, event->room_sid, TEL_MAX_ID);
	call->room_created_at = event->room_created_at;
	return err;
}

static enum tel_err describe_agent(struct tel_call *call, const struct tel_on_event *on)
{
	enum tel_err err = tel_call_set(call, &call->agent.name, on->agent_name, TEL_MAX_NAME);

	if (!err)
		err = tel_call_set(call, &call->agent.config, on->agent_config, TEL_MAX_AGENT_CONFIG);
	if (!err)
		err = tel_call_set(call, &call->agent.route, on->route, TEL_MAX_TEXT);
	return err ? err : tel_call_set_watch(call, &on->watch);
}

enum tel_err tel_call_show_leg(struct tel_call *call, const struct tel_leg *leg)
{
	enum tel_err err = tel_call_set(call, &call->participant_sid, leg->participant_sid, TEL_MAX_ID);

	return err ? err : tel_call_set(call, &call->identity, leg->identity, TEL_MAX_IDENTITY);
}

/* step->fresh with everything the event tells, and its phone leg. */
static enum tel_err new_call(struct tel_reaction *r, struct tel_leg **leg)
{
	struct tel_call *call = tel_call_new();
	enum tel_err err = TEL_ENOMEM;
	bool is_new;

	if (!call)
		return err;
	r->step->fresh = r->call = call;
	call->id = r->on->new_call_id;
	call->direction = TEL_INBOUND;
	call->status = TEL_CALL_SIP_PARTICIPANT_JOINED;
	call->created_at = call->updated_at = r->env->now;
	err = describe_room(call, r->event);
	if (!err)
		err = describe_caller(call, phone(r));
	if (!err)
		err = describe_agent(call, r->on);
	if (!err)
		err = tel_react_leg(r, leg, &is_new);
	if (!err)
		err = tel_call_show_leg(call, *leg);
	if (!err)
		err = tel_call_set(call, &call->raw, r->event->raw, TEL_MAX_RAW);
	if (!err)
		tel_reaction_note_event(r);
	r->on->call_id = call->id;
	return err;
}

/*
 * The phone was found in the room, and an agent of that name with it, by
 * whomever it was sent: it is the call's. Whether it stays is watched.
 */
static enum tel_err adopt_agent(struct tel_reaction *r, bool *adopted)
{
	struct tel_call *call = r->call;
	struct tel_leg *leg;
	enum tel_err err;
	bool is_new;
	size_t i;

	*adopted = false;
	for (i = 0; i < r->event->n_seen; i++) {
		const struct tel_participant *p = &r->event->seen[i];

		if (!tel_watch_is_agent(call, p))
			continue;
		err = tel_call_take_leg(call, p, call->room_sid, &leg, &is_new);
		if (err)
			return err;
		*adopted = true;
		leg->joined_at = p->joined_at ? p->joined_at : r->at;
		call->agent_was_there = true;
		call->agent.joined_at = leg->joined_at;
		call->status = TEL_CALL_AGENT_DISPATCHED;
	}
	if (!*adopted)
		return TEL_OK;
	tel_call_drop_job(call, TEL_JOB_DISPATCH_AGENT);
	tel_call_watch_agent(call, r->env->now + TEL_DISPATCH_LOST_AFTER);
	return TEL_OK;
}

/*
 * The agent is wanted in the call's current room. `unsure`: one may be there
 * already. `settled_at`: until then a request that another job sent
 * may still be acted upon; 0 = there is none.
 */
static enum tel_err want_agent(struct tel_reaction *r, bool unsure, tel_time settled_at)
{
	struct tel_job *job;
	bool adopted;
	enum tel_err err;

	tel_call_want_agent(r->call, r->env->now);
	err = adopt_agent(r, &adopted);
	if (err || adopted)
		return err;
	job = tel_call_schedule(r->call, TEL_JOB_DISPATCH_AGENT, r->env->now);
	job->unsure = unsure;
	/* Found in the room without us, the phone may have an agent already. */
	job->look = is_found(r);
	if (settled_at) {
		job->due = settled_at;
		return TEL_OK;
	}
	if (!r->on->lease_dispatch)
		return TEL_OK;
	job->attempt = 1;
	job->lease.until = r->env->now + TEL_LEASE_TIME;
	r->on->dispatch_leased = true;
	return tel_call_set(r->call, &job->lease.owner, r->env->self, TEL_MAX_TEXT);
}

enum tel_err tel_react_phone_opens(struct tel_reaction *r)
{
	struct tel_leg *leg;
	enum tel_err err;

	/* Somebody else's leg, or one whose room is history already. */
	if (!is_inbound(r) || r->step->room_finished)
		return TEL_OK;
	err = new_call(r, &leg);
	if (err)
		return err;
	leg->joined_at = r->at;
	tel_call_expect_end(r->call, r->env);
	err = want_agent(r, false, 0);
	return err ? err : tel_react(r, TEL_EFFECT_CREATED, "a caller: the agent is requested");
}

/*
 * It left before we heard that it came: the call is recorded as over, and
 * a late `joined` finds its leg here and starts nothing. Nothing was ever
 * done in that room, so nothing is to be tidied up.
 */
enum tel_err tel_react_phone_missed(struct tel_reaction *r)
{
	struct tel_ending ending = tel_ending_of_inbound(phone(r)->sip_status,
							 phone(r)->disconnect_reason, false);
	struct tel_leg *leg;
	enum tel_err err;

	if (!is_inbound(r))
		return TEL_OK;
	err = new_call(r, &leg);
	if (err)
		return err;
	leg->left_at = r->at;
	tel_call_end(r->call, ending, r->at, true, r->env);
	return tel_react(r, TEL_EFFECT_ENDED, "missed: it was over before it was heard of");
}

/* ---- a call that lives -------------------------------------------------- */

/* Is the event's room a later life of the call's room? */
static bool is_later_life(const struct tel_reaction *r)
{
	tel_time ours = r->call->room_created_at, theirs = r->event->room_created_at;

	if (r->step->room_finished)
		return false;
	if (ours && theirs && ours != theirs)
		return theirs > ours;
	/* Both unknown or in the same millisecond: a newly heard sid is later. */
	return true;
}

static enum tel_err move_to_new_life(struct tel_reaction *r)
{
	struct tel_job *job = &r->call->jobs[TEL_JOB_DISPATCH_AGENT];
	bool under_way = job->pending && (tel_str_is_set(job->lease.owner) || job->unsure);
	tel_time settled_at = under_way ? tel_job_settled_at(job, r->env->now) : 0;
	struct tel_call *call = r->call;
	struct tel_leg *leg;
	enum tel_err err;
	bool is_new;

	err = describe_room(call, r->event);
	if (!err)
		err = tel_react_leg(r, &leg, &is_new);
	if (!err)
		err = tel_call_show_leg(call, leg);
	if (err)
		return err;
	leg->joined_at = r->at;
	call->room_finished_at = 0;
	call->status = TEL_CALL_SIP_PARTICIPANT_JOINED;
	call->agent.dispatch_id = TEL_STR_NONE;
	call->agent.dispatched_at = call->agent.joined_at = call->agent.left_at = 0;
	call->agent.dropped_at = 0;
	tel_call_expect_end(call, r->env);
	tel_call_drop_job(call, TEL_JOB_DELETE_ROOM);
	tel_call_drop_job(call, TEL_JOB_WATCH_AGENT);
	/*
	 * One sent for in the old life may be in the very room that the phone is in.
	 * Whether his dispatch went there no clock tells for sure: it is looked for.
	 */
	err = want_agent(r, true, settled_at);
	return err ? err : tel_react(r, TEL_EFFECT_MOVED,
				     "the phone is back in a new life of the room: the agent is requested");
}

/* The phone that was dialled is in the room: the dial has taken effect. */
static enum tel_err note_dialled(struct tel_reaction *r, const struct tel_leg *leg)
{
	struct tel_call *call = r->call;

	if (call->dial.seen_at == 0)
		call->dial.seen_at = r->at;
	if (leg->sip_status == TEL_SIP_RINGING)
		tel_call_note_ringing(call, r->at);
	if (tel_str_is_set(call->sip_call_id))
		return TEL_OK;
	return tel_call_set(call, &call->sip_call_id, leg->sip_call_id, TEL_MAX_ID);
}

static enum tel_err add_phone(struct tel_reaction *r)
{
	struct tel_call *call = r->call;
	bool lived = tel_call_living_legs(call, TEL_PARTICIPANT_SIP) > 0;
	struct tel_leg *leg;
	enum tel_err err;
	bool is_new;

	err = tel_react_leg(r, &leg, &is_new);
	if (!err && (is_inbound(r) || is_dialled(r)))
		err = tel_call_show_leg(call, leg);
	if (!err && is_dialled(r))
		err = note_dialled(r, leg);
	if (err)
		return err;
	leg->joined_at = r->at;
	/* It is not there any more, but how it left is still to be heard. */
	if (call->room_finished_at) {
		tel_call_schedule(call, TEL_JOB_END_OVERDUE,
				  r->env->now + r->env->policy->return_grace);
		return tel_react(r, TEL_EFFECT_CHANGED, "late: the room is over: waiting for it");
	}
	if (is_dialled(r))
		return tel_react(r, TEL_EFFECT_CHANGED, "the phone is being called");
	if (!lived)
		tel_call_expect_end(call, r->env);
	if (tel_call_living_legs(call, TEL_PARTICIPANT_AGENT) == 0)
		tel_call_watch_agent(call, r->env->now + TEL_DISPATCH_LOST_AFTER);
	return tel_react(r, TEL_EFFECT_CHANGED, "one more phone leg");
}

static enum tel_err hang_up_again(struct tel_reaction *r)
{
	struct tel_leg *leg;
	enum tel_err err;
	bool is_new;

	err = tel_react_leg(r, &leg, &is_new);
	/* It is in that life now, and the deletion is to mean that one. */
	if (!err && !tel_str_eq(r->event->room_sid, r->call->room_sid) && is_later_life(r)) {
		r->call->room_finished_at = 0;
		err = describe_room(r->call, r->event);
	}
	if (err)
		return err;
	leg->joined_at = r->at;
	tel_call_schedule(r->call, TEL_JOB_DELETE_ROOM, r->env->now);
	return tel_react(r, TEL_EFFECT_CHANGED, "it was hung up: the room will be deleted");
}

/* A look at the room shows that the phone which we dialled was answered. */
static bool is_answer(const struct tel_reaction *r, const struct tel_leg *leg)
{
	return is_found(r) && is_dialled(r) && leg->left_at == 0 && r->call->answered_at == 0 &&
	       phone(r)->sip_status == TEL_SIP_ACTIVE;
}

/*
 * A look at the dialled phone goes by the room's name, and counts as one into the
 * life that the call knows of. Which one the phone is in its coming tells.
 */
static enum tel_err put_right(struct tel_reaction *r, struct tel_leg **leg)
{
	struct tel_leg *seen = *leg;

	if (!seen || seen->left_at || tel_str_eq(seen->room_sid, r->event->room_sid) ||
	    tel_str_eq(r->call->room_sid, r->event->room_sid) || !is_later_life(r))
		return TEL_OK;
	*leg = NULL;
	return tel_call_set(r->call, &seen->room_sid, r->event->room_sid, TEL_MAX_ID);
}

enum tel_err tel_react_phone_joins(struct tel_reaction *r)
{
	struct tel_leg *leg = tel_call_leg(r->call, phone(r)->sid);
	enum tel_err err = put_right(r, &leg);

	if (err)
		return err;
	if (leg && is_answer(r, leg)) {
		leg->sip_status = TEL_SIP_ACTIVE;
		tel_call_note_answer(r->call, r->env->now, r->env);
		return tel_react(r, TEL_EFFECT_CHANGED, "answered");
	}
	if (leg)
		return tel_react(r, TEL_EFFECT_NOTED, leg->left_at ?
				 "late: it has left already" : "known already");
	/* We hung up, and LiveKit acted on what was still on its way. */
	if (r->call->hang_up_at)
		return hang_up_again(r);
	if (tel_str_eq(r->event->room_sid, r->call->room_sid))
		return add_phone(r);
	if (!is_later_life(r))
		return tel_react(r, TEL_EFFECT_NOTED, "late: in an earlier life of the room");
	return move_to_new_life(r);
}

/*
 * Its coming back was never heard of, but its leaving is: the call has gone
 * on in that room, and is over with it.
 */
static enum tel_err follow_unheard_move(struct tel_reaction *r, bool is_new)
{
	struct tel_call *call = r->call;

	if (!is_new || tel_str_eq(r->event->room_sid, call->room_sid) || !is_later_life(r) ||
	    !tel_str_eq(phone(r)->sip_call_id, call->sip_call_id))
		return TEL_OK;
	/* A newer leg is there: the call moves, and gets its agent, with that. */
	if (tel_str_is(phone(r)->disconnect_reason, "DUPLICATE_IDENTITY"))
		return TEL_OK;
	call->room_finished_at = 0;
	return describe_room(call, r->event);
}

/*
 * The leg that took the place of `old`, if it has left already too: its
 * evidence is what the call ended by.
 */
static const struct tel_leg *successor_that_left(const struct tel_call *call,
						 const struct tel_leg *old)
{
	const struct tel_leg *leg, *found = NULL;

	for (leg = old + 1; leg < call->legs + call->n_legs; leg++)
		if (leg->kind == TEL_PARTICIPANT_SIP && leg->left_at &&
		    tel_str_eq(leg->room_sid, call->room_sid) &&
		    tel_str_eq(leg->identity, old->identity) &&
		    !tel_str_is(leg->disconnect_reason, "DUPLICATE_IDENTITY"))
			found = leg;
	return found;
}

/* Nobody told how `leg` left: we looked, and it was not there. */
static bool is_seen_to_be_gone(const struct tel_reaction *r, const struct tel_leg *leg)
{
	return is_found(r) || (!tel_str_is_set(leg->disconnect_reason) &&
			       !tel_str_eq(leg->participant_sid, phone(r)->sid));
}

/* The last phone leg has left, and `leg` says how. */
static enum tel_err end_by(struct tel_reaction *r, const struct tel_leg *leg)
{
	struct tel_call *call = r->call;
	struct tel_ending ending = tel_ending_of_inbound(leg->sip_status, leg->disconnect_reason,
							 call->agent_was_there);
	bool gone = call->room_finished_at || tel_str_is(leg->disconnect_reason, "ROOM_DELETED");

	if (call->direction == TEL_OUTBOUND)
		return tel_react_dialled_left(r, tel_call_dialled_leg(call));
	if (is_seen_to_be_gone(r, leg))
		ending = tel_ending_unheard(TEL_UNHEARD_SEEN, call->agent_was_there ||
							      leg->sip_status == TEL_SIP_ACTIVE);
	if (call->transfer.state == TEL_TRANSFER_DONE)
		ending = (struct tel_ending){ TEL_OUTCOME_COMPLETED, TEL_BY_API };
	if (call->hang_up_at)
		ending = tel_ending_of_hang_up(call->hang_up_why, call->agent_was_there);
	tel_call_end(call, ending, leg->left_at, gone, r->env);
	return tel_react(r, TEL_EFFECT_ENDED, "ended: the last phone leg has left");
}

/* A newer leg took its place; that one's own `joined` may be on its way. */
static enum tel_err replaced(struct tel_reaction *r, const struct tel_leg *old)
{
	const struct tel_leg *successor = successor_that_left(r->call, old);

	if (successor)
		return end_by(r, successor);
	tel_call_schedule(r->call, TEL_JOB_END_OVERDUE,
			  r->env->now + r->env->policy->return_grace);
	return tel_react(r, TEL_EFFECT_CHANGED, "replaced by a newer leg");
}

static enum tel_err mark_left(struct tel_reaction *r, struct tel_leg *leg)
{
	enum tel_err err;

	leg->left_at = r->at;
	err = tel_call_set(r->call, &leg->disconnect_reason, phone(r)->disconnect_reason,
			   TEL_MAX_TEXT);
	return err || tel_call_is_over(r->call) ? err :
	       tel_call_set(r->call, &r->call->disconnect_reason, leg->disconnect_reason,
			    TEL_MAX_TEXT);
}

/*
 * How long the dialled phone was there its leaving alone tells, by LiveKit's
 * clock: its coming may be heard of late, or not at all.
 */
static void note_stay(const struct tel_reaction *r, const struct tel_leg *leg)
{
	tel_time joined_at = phone(r)->joined_at, left_at = r->event->created_at;
	struct tel_dial *dial = &r->call->dial;
	tel_time since = leg->left_at - (left_at - joined_at);

	if (is_dialled(r) && joined_at && left_at > joined_at &&
	    (dial->seen_at == 0 || since < dial->seen_at))
		dial->seen_at = since;
}

/*
 * The phone that was dialled is there, or on its way, though nobody told of its
 * coming: no other phone's leaving is the end.
 */
static bool is_its_phone_to_leave(const struct tel_call *call)
{
	const struct tel_leg *dialled = tel_call_dialled_leg(call);

	return call->direction == TEL_OUTBOUND && (!dialled || dialled->left_at == 0);
}

enum tel_err tel_react_phone_leaves(struct tel_reaction *r)
{
	struct tel_call *call = r->call;
	struct tel_leg *leg;
	enum tel_err err;
	bool is_new;

	if (tel_reaction_is_outdated(r))
		return tel_react(r, TEL_EFFECT_NOTED, "it was there when we looked");
	err = tel_react_leg(r, &leg, &is_new);
	if (err)
		return err;
	if (leg->left_at)
		return tel_react(r, TEL_EFFECT_NOTED, "known already");
	err = mark_left(r, leg);
	if (!err)
		err = follow_unheard_move(r, is_new);
	if (err)
		return err;
	if (!tel_str_eq(leg->room_sid, call->room_sid))
		return tel_react(r, TEL_EFFECT_NOTED, "in an earlier life of the room");
	note_stay(r, leg);
	if (is_dialled(r) && call->answered_at == 0)
		return tel_react_dialled_left(r, leg);
	if (tel_call_living_legs(call, TEL_PARTICIPANT_SIP) > 0 || is_its_phone_to_leave(call))
		return tel_react(r, TEL_EFFECT_CHANGED, "a leg has left, another one is there");
	if (tel_str_is(leg->disconnect_reason, "DUPLICATE_IDENTITY"))
		return replaced(r, leg);
	return end_by(r, leg);
}

/* ---- a call that is over ------------------------------------------------ */

/*
 * Another phone in the same life of the room is another call. The agent of
 * the call before may serve it, so the runner looks for that dispatch first;
 * and the room is not to be deleted under it.
 */
static enum tel_err open_after(struct tel_reaction *r)
{
	struct tel_call *before = r->call;
	struct tel_job *job = &before->jobs[TEL_JOB_DISPATCH_AGENT];
	bool same_life = tel_str_eq(r->event->room_sid, before->room_sid);
	tel_time settled_at = job->pending ? tel_job_settled_at(job, r->env->now) : 0;
	struct tel_leg *leg;
	enum tel_err err;

	if (same_life)
		tel_call_drop_job(before, TEL_JOB_DELETE_ROOM);
	err = new_call(r, &leg);
	if (err)
		return err;
	leg->joined_at = r->at;
	if (same_life)
		r->call->previous_id = before->id;
	tel_call_expect_end(r->call, r->env);
	err = want_agent(r, same_life || settled_at, settled_at);
	return err ? err : tel_react(r, TEL_EFFECT_CREATED, "a caller in a room of a call that is over");
}

/*
 * A dial that was on its way when the call ended: somebody's phone rings, and
 * nobody wants him.
 */
static enum tel_err dialled_after_end(struct tel_reaction *r)
{
	if (r->step->room_finished)
		return tel_react(r, TEL_EFFECT_NOTED, "late: the room is over");
	tel_call_clear_ghost(r->call, r->env->now);
	return tel_react(r, TEL_EFFECT_CHANGED, "the call is over: the room will be deleted");
}

enum tel_err tel_react_phone_joins_after_end(struct tel_reaction *r)
{
	bool same_life = tel_str_eq(r->event->room_sid, r->call->room_sid);

	if (tel_call_leg(r->call, phone(r)->sid))
		return tel_react(r, TEL_EFFECT_NOTED, "late: the call is over");
	if (is_dialled(r))
		return dialled_after_end(r);
	if (r->step->room_finished || (same_life && r->call->room_finished_at) ||
	    (!same_life && !is_later_life(r)))
		return tel_react(r, TEL_EFFECT_NOTED, "late: the room is over");
	if (!is_inbound(r))
		return tel_react(r, TEL_EFFECT_NOTED, "somebody else's leg");
	return open_after(r);
}

/*
 * The dial's answer, or the room's end, was heard first: the record says why
 * the phone left all the same, whichever came first.
 */
static bool is_reason_missing(const struct tel_call *call, const struct tel_leg *leg)
{
	return !tel_str_is_set(call->disconnect_reason) &&
	       tel_str_eq(leg->room_sid, call->room_sid) &&
	       (!tel_str_is_set(call->participant_sid) ||
		tel_str_eq(leg->participant_sid, call->participant_sid));
}

enum tel_err tel_react_phone_leaves_after_end(struct tel_reaction *r)
{
	struct tel_leg *leg;
	enum tel_err err;
	bool is_new;

	/* Remembered as a tombstone too: its `joined` may come later still. */
	err = tel_react_leg(r, &leg, &is_new);
	if (!err && !leg->left_at)
		err = mark_left(r, leg);
	if (!err && is_reason_missing(r->call, leg))
		err = tel_call_set(r->call, &r->call->disconnect_reason, leg->disconnect_reason,
				   TEL_MAX_TEXT);
	return err ? err : tel_react(r, TEL_EFFECT_NOTED, "the call is over already");
}
