#include "config.h"

#include "domain/reaction.h"

const char *tel_event_effect_text(enum tel_event_effect effect)
{
	static const char *const names[] = {
		[TEL_EFFECT_IGNORED] = "ignored",
		[TEL_EFFECT_DUPLICATE] = "duplicate",
		[TEL_EFFECT_NOTED] = "noted",
		[TEL_EFFECT_CREATED] = "created",
		[TEL_EFFECT_MOVED] = "moved",
		[TEL_EFFECT_CHANGED] = "changed",
		[TEL_EFFECT_ENDED] = "ended",
	};

	return (unsigned)effect < sizeof(names) / sizeof(names[0]) ? names[effect] : "?";
}

void tel_event_about(const struct tel_event *event, struct tel_step_about *about)
{
	*about = (struct tel_step_about){
		.event_id = event->id,
		.call_id = event->participant.call_id,
		.participant_sid = event->participant.sid,
		.room_name = event->room_name,
		.room_sid = event->room_sid,
		.sip_call_id = event->participant.sip_call_id,
	};
}

static bool input_of(const struct tel_event *event, enum tel_input *out)
{
	bool phone = event->participant.kind == TEL_PARTICIPANT_SIP;

	if (!tel_event_may_matter(event))
		return false;
	switch (event->kind) {
	case TEL_EVENT_ROOM_FINISHED:
		*out = TEL_IN_ROOM_FINISHED;
		return true;
	case TEL_EVENT_PARTICIPANT_JOINED:
		*out = phone ? TEL_IN_PHONE_JOINED : TEL_IN_AGENT_JOINED;
		return true;
	case TEL_EVENT_PARTICIPANT_LEFT:
	case TEL_EVENT_PARTICIPANT_CONNECTION_ABORTED:
		*out = phone ? TEL_IN_PHONE_LEFT : TEL_IN_AGENT_LEFT;
		return true;
	case TEL_EVENT_ROOM_STARTED:
	case TEL_EVENT_OTHER:
		break;
	}
	return false;
}

/*
 * An event says when it happened, in whole seconds. Fresh ones are placed
 * at our own clock, finer; late ones (retried, queued) at their own time.
 */
static tel_time moment_of(const struct tel_event *event, tel_time now)
{
	bool late = event->created_at && event->created_at + 2 * TEL_SECOND < now;

	return late ? event->created_at : now;
}

/*
 * A leg that neither came in by a dispatch rule nor was dialled by us, in
 * a room that the call was not found by: somebody else's.
 */
static bool is_foreign(const struct tel_event *event, const struct tel_call *call)
{
	const struct tel_participant *p = &event->participant;

	return p->kind == TEL_PARTICIPANT_SIP && !tel_str_is_set(p->rule_id) &&
	       !tel_str_is_set(p->call_id) && !tel_str_eq(call->room_sid, event->room_sid) &&
	       !tel_call_leg(call, p->sid);
}

void tel_reaction_note_event(struct tel_reaction *r)
{
	const struct tel_participant *p = &r->event->participant;
	bool told = r->event->looked_at == 0;

	r->entry = tel_step_entry(r->step, r->call, r->env->now,
				  told ? TEL_ENTRY_EVENT : TEL_ENTRY_REPAIR, r->event->name);
	if (!told)
		tel_entry_note(r->entry, "evidence", TEL_STR("ListRooms, ListParticipants"));
	tel_entry_note(r->entry, "eventId", r->event->id);
	tel_entry_note(r->entry, "roomSid", r->event->room_sid);
	tel_entry_note(r->entry, "participantSid", p->sid);
	if (p->kind == TEL_PARTICIPANT_SIP && (told || p->sip_status != TEL_SIP_UNKNOWN))
		tel_entry_note(r->entry, "sipCallStatus",
			       tel_str_from(tel_sip_status_text(p->sip_status)));
	tel_entry_note(r->entry, "disconnectReason", p->disconnect_reason);
	tel_entry_note(r->entry, "agentName", p->agent_name);
}

/*
 * Something was heard of the call, so it is not forgotten yet. A shorter
 * time-out than that of old age stays as it is.
 */
static void put_off_old_age(const struct tel_reaction *r, struct tel_call *call)
{
	struct tel_job *job = &call->jobs[TEL_JOB_END_OVERDUE];

	/* An outbound call has a longest duration of its own. */
	if (call->direction == TEL_OUTBOUND)
		return;
	/* Its phone is waited for: that is not old age, whatever the clocks say. */
	if (call->room_finished_at || tel_call_living_legs(call, TEL_PARTICIPANT_SIP) == 0)
		return;
	/* Twice: another process's `now` may have been a little ahead of ours. */
	if (job->pending && job->due > r->env->now + 2 * r->env->policy->return_grace)
		job->due = tel_call_forgotten_at(call, r->env);
}

/*
 * What we concluded from a look was known already, or is not so any more:
 * nothing is to be written.
 */
static void forget(struct tel_reaction *r)
{
	r->step->save = r->step->finish_room = false;
	r->step->n_entries = 0;
	r->on->effect = TEL_EFFECT_IGNORED;
}

static enum tel_err remember_repair(struct tel_reaction *r, struct tel_call *loaded)
{
	if (r->on->effect == TEL_EFFECT_NOTED) {
		forget(r);
		return TEL_OK;
	}
	if (r->step->finish_room)
		r->step->remember_until = r->env->now + r->env->policy->remember;
	if (!loaded)
		return TEL_OK;
	r->step->save = true;
	loaded->updated_at = r->env->now;
	put_off_old_age(r, loaded);
	return TEL_OK;
}

static enum tel_err remember(struct tel_reaction *r, struct tel_call *loaded)
{
	if (r->event->looked_at)
		return remember_repair(r, loaded);
	r->step->remember_event = true;
	r->step->remember_until = r->env->now + r->env->policy->remember;
	if (!loaded)
		return TEL_OK;
	r->step->save = true;
	loaded->updated_at = r->env->now;
	put_off_old_age(r, loaded);
	return tel_call_set(loaded, &loaded->raw, r->event->raw, TEL_MAX_RAW);
}

enum tel_err tel_decide_event(struct tel_step *step, void *on_event)
{
	struct tel_on_event *on = on_event;
	struct tel_call *loaded = step->call;
	struct tel_reaction r = {
		.step = step, .env = &on->env, .call = loaded, .event = on->event, .on = on,
		.at = moment_of(on->event, on->env.now),
	};
	tel_reaction_fn react;
	enum tel_input input;
	enum tel_err err;

	on->effect = TEL_EFFECT_IGNORED;
	on->dispatch_leased = false;
	on->call_id = loaded ? loaded->id : (struct tel_call_id){ "" };
	if (step->event_seen) {
		on->effect = TEL_EFFECT_DUPLICATE;
		return TEL_OK;
	}
	if (!input_of(on->event, &input) || (loaded && is_foreign(on->event, loaded)))
		return TEL_OK;
	react = tel_reaction_for(input, loaded);
	if (!react)
		return TEL_OK;
	if (loaded)
		tel_reaction_note_event(&r);
	err = react(&r);
	if (!err && on->effect != TEL_EFFECT_IGNORED && r.call)
		err = remember(&r, loaded);
	return err;
}
