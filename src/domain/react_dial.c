#include "config.h"

#include "domain/reaction.h"

/* ---- evidence -------------------------------------------------------------- */

struct tel_leg *tel_call_dialled_leg(const struct tel_call *call)
{
	char identity[TEL_PHONE_IDENTITY];
	struct tel_str ours = tel_str_from(tel_call_phone_identity(&call->id, identity));
	size_t i = call->n_legs;

	while (i-- > 0)
		if (call->legs[i].kind == TEL_PARTICIPANT_SIP &&
		    tel_str_eq(call->legs[i].identity, ours))
			return &call->legs[i];
	return NULL;
}

void tel_call_note_ringing(struct tel_call *call, tel_time at)
{
	if (call->ringing_at == 0)
		call->ringing_at = at;
}

void tel_call_note_answer(struct tel_call *call, tel_time at, const struct tel_decide_env *env)
{
	if (call->answered_at == 0)
		call->answered_at = at;
	tel_call_drop_job(call, TEL_JOB_WATCH_DIAL);
	if (!tel_call_is_over(call) && !call->hang_up_at)
		tel_call_expect_end(call, env);
}

static bool lasted(tel_time from, tel_time to, tel_time allowed)
{
	return from != 0 && to - from + 2 * TEL_SECOND >= allowed;
}

static bool left_answered(const struct tel_leg *leg)
{
	return leg && leg->left_at &&
	       (leg->sip_status == TEL_SIP_ACTIVE || leg->sip_status == TEL_SIP_HANGUP);
}

static bool left_ringing(const struct tel_leg *leg)
{
	return leg && leg->sip_status == TEL_SIP_RINGING;
}

void tel_call_end_outbound(struct tel_call *call, const struct tel_decide_env *env)
{
	const struct tel_leg *leg = tel_call_dialled_leg(call);
	bool left = leg && leg->left_at;
	tel_time at = left ? leg->left_at : call->room_finished_at ? call->room_finished_at : env->now;
	struct tel_outbound_evidence e = {
		.hung_up = call->hang_up_at != 0,
		.why = call->hang_up_why,
		.transferred = call->transfer.state == TEL_TRANSFER_DONE,
		.answered = call->answered_at != 0 || left_answered(leg),
		.rang = call->ringing_at != 0 || left_ringing(leg),
		.rang_out = lasted(call->dial.seen_at, at, call->dial.ringing_timeout),
		.talked_out = lasted(call->answered_at, at, call->dial.max_duration),
		.sent = call->dial.sent_at != 0,
		.reply = call->dial.reply,
		.sip_status_code = call->sip_status_code,
		.left = left,
		.left_reason = left ? leg->disconnect_reason : TEL_STR_NONE,
		.room_finished = call->room_finished_at != 0,
	};
	bool in_hand = call->jobs[TEL_JOB_DIAL].pending;
	bool gone = e.room_finished || tel_str_is(e.left_reason, "ROOM_DELETED");

	tel_call_end(call, tel_ending_of_outbound(&e), at, gone, env);
	/* What may still be acted upon must not ring in a room nobody looks at. */
	if (in_hand && !left)
		tel_call_clear_ghost(call, env->now + TEL_TAKEOVER_SETTLE);
}

/* ---- the dial's answer ------------------------------------------------------- */

static bool is_not_our_dial(const struct tel_reaction *r)
{
	const struct tel_job *job = &r->call->jobs[TEL_JOB_DIAL];

	return !job->pending || job->attempt != r->dial->attempt ||
	       !tel_str_eq(job->lease.owner, r->env->self);
}

static enum tel_err end_now(struct tel_reaction *r, const char *result)
{
	tel_call_end_outbound(r->call, r->env);
	if (r->dial)
		r->dial->ended = true;
	if (r->look)
		r->look->ended = true;
	return tel_react(r, TEL_EFFECT_ENDED, result);
}

static enum tel_err keep_words(struct tel_reaction *r)
{
	struct tel_call *call = r->call;
	enum tel_err err = tel_call_set(call, &call->sip_status, r->dial->sip_status, TEL_MAX_TEXT);

	call->sip_status_code = r->dial->sip_status_code;
	if (!err)
		err = tel_call_set(call, &call->error_code, r->dial->code, TEL_MAX_TEXT);
	if (!err)
		err = tel_call_set(call, &call->error_message, r->dial->message, TEL_MAX_TEXT);
	return err;
}

/* Answered; or, told late, it was before it left. */
static enum tel_err answered(struct tel_reaction *r, const struct tel_leg *leg)
{
	bool left = leg && leg->left_at;

	tel_call_note_answer(r->call, left ? leg->left_at : r->env->now, r->env);
	if (left)
		return end_now(r, "it had been answered, and is over");
	/* Its room was deleted before the dial was acted upon, which made it anew. */
	if (r->call->hang_up_at) {
		tel_call_schedule(r->call, TEL_JOB_DELETE_ROOM, r->env->now);
		return tel_react(r, TEL_EFFECT_CHANGED, "it was hung up: the room will be deleted");
	}
	return tel_react(r, TEL_EFFECT_CHANGED, "answered");
}

/*
 * The process that dialled, or its connection, is gone; the phone may ring.
 * It is looked at until its fate shows.
 */
static enum tel_err lost(struct tel_reaction *r, const struct tel_leg *leg)
{
	if (leg && leg->left_at)
		return end_now(r, "its answer is lost; the phone has left");
	if (r->call->answered_at || r->call->hang_up_at)
		return tel_react(r, TEL_EFFECT_CHANGED, "its answer is lost");
	tel_call_schedule(r->call, TEL_JOB_WATCH_DIAL, r->env->now + TEL_TAKEOVER_SETTLE);
	return tel_react(r, TEL_EFFECT_CHANGED,
			 "its answer is lost: never dialled again, but looked for in the room");
}

static void keep_reply(struct tel_reaction *r, enum tel_dial_reply reply)
{
	tel_call_drop_job(r->call, TEL_JOB_DIAL);
	r->call->dial.reply = reply;
	r->call->dial.replied_at = r->env->now;
}

enum tel_err tel_react_dial_lost(struct tel_reaction *r)
{
	keep_reply(r, TEL_DIAL_LOST);
	return lost(r, tel_call_dialled_leg(r->call));
}

enum tel_err tel_react_dial_stopped(struct tel_reaction *r)
{
	static const struct tel_ending stopped = { TEL_OUTCOME_CANCELED, TEL_BY_API };
	struct tel_call *call = r->call;
	enum tel_err err = tel_call_set(call, &call->error_code, TEL_STR("outbound_stopped"),
					TEL_MAX_TEXT);

	if (!err)
		err = tel_call_set(call, &call->error_message,
				   TEL_STR("outbound calls were stopped before it was dialled"),
				   TEL_MAX_TEXT);
	if (err)
		return err;
	tel_call_end(call, stopped, r->env->now, false, r->env);
	return tel_react(r, TEL_EFFECT_ENDED, "cancelled: outbound calls are stopped");
}

enum tel_err tel_call_lease_dial(struct tel_call *call, const struct tel_decide_env *env)
{
	struct tel_job *job = &call->jobs[TEL_JOB_DIAL];

	job->attempt++;
	job->lease.until = env->now + TEL_LEASE_TIME +
			   tel_job_dial_timeout(call->dial.ringing_timeout, call->dial.dtmf.len);
	call->dial.sent_at = env->now;
	tel_call_schedule(call, TEL_JOB_WATCH_DIAL, env->now + TEL_WATCH_EVERY);
	return tel_call_set(call, &job->lease.owner, env->self, TEL_MAX_TEXT);
}

/*
 * Is it the phone's leaving that tells how the call ended? Of what was given
 * up always, for it tells who did; else if it matters whether it rang, and
 * nothing has shown that yet. Where LiveKit says no without a SIP status
 * perhaps nobody was dialled: then there is a leaving only if there is a phone.
 */
static bool waits_for_leaving(const struct tel_call *call, const struct tel_leg *leg)
{
	if (leg && leg->left_at)
		return false;
	if (call->dial.reply == TEL_DIAL_GAVE_UP)
		return true;
	if (call->hang_up_at || call->answered_at || call->ringing_at || left_ringing(leg) ||
	    (call->dial.reply == TEL_DIAL_REFUSED && !leg))
		return false;
	return tel_ending_hangs_on_ringing(call->dial.reply, call->sip_status_code);
}

enum tel_err tel_react_dial_over(struct tel_reaction *r)
{
	const struct tel_leg *leg = tel_call_dialled_leg(r->call);
	enum tel_err err;

	if (is_not_our_dial(r))
		return tel_react(r, TEL_EFFECT_NOTED, "late: the call has moved on");
	keep_reply(r, r->dial->reply);
	err = r->dial->reply == TEL_DIAL_ANSWERED ? TEL_OK : keep_words(r);
	if (err)
		return err;
	switch (r->dial->reply) {
	case TEL_DIAL_ANSWERED:
		return answered(r, leg);
	case TEL_DIAL_LOST:
		return lost(r, leg);
	case TEL_DIAL_GAVE_UP:
	case TEL_DIAL_DECLINED:
	case TEL_DIAL_REFUSED:
		if (!waits_for_leaving(r->call, leg))
			break;
		tel_call_drop_job(r->call, TEL_JOB_WATCH_DIAL);
		tel_call_schedule(r->call, TEL_JOB_END_OVERDUE, r->env->now + TEL_EVIDENCE_GRACE);
		return tel_react(r, TEL_EFFECT_CHANGED, "not answered: waiting for the phone's leaving");
	case TEL_DIAL_NO_REPLY:
	case TEL_DIAL_REPLIES:
		break;
	}
	return end_now(r, "not answered");
}

/*
 * LiveKit was away, and may have lost the room: it is made sure that there is
 * one, with the agent in it, before anybody is dialled into it.
 */
static enum tel_err start_again(struct tel_reaction *r)
{
	uint32_t attempt = r->call->jobs[TEL_JOB_DIAL].attempt;
	tel_time pause = tel_job_backoff(attempt, TEL_BACKOFF_WAITING, r->dial->retry_after,
					 r->env->random);

	tel_call_drop_job(r->call, TEL_JOB_DIAL);
	tel_call_drop_job(r->call, TEL_JOB_WATCH_AGENT);
	tel_call_schedule(r->call, TEL_JOB_CREATE_ROOM, r->env->now + pause)->attempt = attempt;
	return tel_react(r, TEL_EFFECT_CHANGED, "nothing was sent: will try again");
}

enum tel_err tel_react_dial_unsent(struct tel_reaction *r)
{
	enum tel_err err;

	if (is_not_our_dial(r))
		return tel_react(r, TEL_EFFECT_NOTED, "late: the call has moved on");
	r->call->dial.sent_at = 0;
	tel_call_drop_job(r->call, TEL_JOB_WATCH_DIAL);
	if (r->call->hang_up_at ||
	    tel_call_is_too_late_to_dial(r->call, r->env->policy, r->env->now)) {
		err = keep_words(r);
		return err ? err : end_now(r, "LiveKit could not be reached in time: nobody was dialled");
	}
	return start_again(r);
}

enum tel_err tel_react_dial_cancelled(struct tel_reaction *r)
{
	if (is_not_our_dial(r))
		return tel_react(r, TEL_EFFECT_NOTED, "late: the call has moved on");
	tel_call_drop_job(r->call, TEL_JOB_DIAL);
	r->call->dial.sent_at = 0;
	return end_now(r, "cancelled: nobody was dialled");
}

/*
 * The call ended while the dial was under way. Unless it is sure that no
 * phone is in that room, it is taken down.
 */
enum tel_err tel_react_dial_after_end(struct tel_reaction *r)
{
	const struct tel_leg *leg = tel_call_dialled_leg(r->call);
	bool over = r->dial->reply != TEL_DIAL_ANSWERED && r->dial->reply != TEL_DIAL_LOST;

	if (over || (leg && leg->left_at))
		return tel_react(r, TEL_EFFECT_NOTED, "late: the call is over already");
	tel_call_clear_ghost(r->call, r->env->now);
	return tel_react(r, TEL_EFFECT_CHANGED, "too late: the room will be looked at and deleted");
}

/* ---- the phone itself ---------------------------------------------------------- */

enum tel_err tel_react_dialled_left(struct tel_reaction *r, const struct tel_leg *leg)
{
	struct tel_call *call = r->call;
	bool more_to_come = call->jobs[TEL_JOB_DIAL].pending && call->answered_at == 0 &&
			    !call->hang_up_at;

	if (left_ringing(leg))
		tel_call_note_ringing(call, leg->left_at);
	if (!more_to_come)
		return end_now(r, "ended: the phone has left");
	tel_call_drop_job(call, TEL_JOB_WATCH_DIAL);
	tel_call_schedule(call, TEL_JOB_END_OVERDUE, r->env->now + TEL_EVIDENCE_GRACE);
	return tel_react(r, TEL_EFFECT_CHANGED, "the phone has left: waiting for the dial's answer");
}

static bool is_not_our_look(const struct tel_reaction *r)
{
	const struct tel_job *job = &r->call->jobs[TEL_JOB_WATCH_DIAL];

	return !job->pending || job->attempt != r->look->attempt ||
	       !tel_str_eq(job->lease.owner, r->env->self);
}

static void look_again(struct tel_reaction *r, tel_time after)
{
	struct tel_job *job = &r->call->jobs[TEL_JOB_WATCH_DIAL];

	job->lease = (struct tel_lease){ 0 };
	job->due = r->env->now + after;
}

/* Whoever said when it was dialled may have another clock. */
#define RINGING_SLACK TEL_MINUTE

/* LiveKit was restarted: a phone that comes back rings by its words, and talks. */
static bool came_back(const struct tel_call *call)
{
	size_t i, n = 0;

	for (i = 0; i < call->n_legs; i++)
		n += call->legs[i].kind == TEL_PARTICIPANT_SIP;
	return n > 1;
}

/* LiveKit gives a phone up when its time is over; should it not, we do. */
static bool rings_too_long(const struct tel_call *call, tel_time now)
{
	tel_time most = tel_job_dial_timeout(call->dial.ringing_timeout, call->dial.dtmf.len);

	return call->dial.sent_at != 0 && !came_back(call) &&
	       now > call->dial.sent_at + most + RINGING_SLACK;
}

static enum tel_err seen(struct tel_reaction *r)
{
	const struct tel_participant *p = r->look->participant;
	struct tel_call *call = r->call;
	struct tel_leg *leg;
	enum tel_err err;
	bool is_new;

	err = tel_call_take_leg(call, p, call->room_sid, &leg, &is_new);
	if (!err && is_new)
		err = tel_call_show_leg(call, leg);
	if (!err && !tel_str_is_set(call->sip_call_id))
		err = tel_call_set(call, &call->sip_call_id, leg->sip_call_id, TEL_MAX_ID);
	if (err)
		return err;
	/* LiveKit shows for a while who has left. */
	if (leg->left_at) {
		look_again(r, TEL_WATCH_EVERY);
		return tel_react(r, TEL_EFFECT_NOTED, "it has left already");
	}
	if (leg->joined_at == 0)
		leg->joined_at = r->env->now;
	if (call->dial.seen_at == 0)
		call->dial.seen_at = r->env->now;
	if (p->sip_status == TEL_SIP_RINGING)
		tel_call_note_ringing(call, r->env->now);
	if (p->sip_status == TEL_SIP_ACTIVE) {
		tel_call_note_answer(call, r->env->now, r->env);
		return tel_react(r, TEL_EFFECT_CHANGED, "answered");
	}
	if (rings_too_long(call, r->env->now)) {
		tel_call_hang_up(call, TEL_HANG_UP_RANG_OUT, r->env);
		return tel_react(r, TEL_EFFECT_CHANGED, "it has rung for too long: hung up");
	}
	look_again(r, TEL_WATCH_EVERY);
	return tel_react(r, TEL_EFFECT_NOTED, "not answered yet");
}

/*
 * Not in the room. As long as the dial's answer is to come, that will tell;
 * else the phone is gone, or was never dialled, when LiveKit has had time to.
 */
static enum tel_err gone(struct tel_reaction *r)
{
	struct tel_call *call = r->call;

	if (call->dial.reply != TEL_DIAL_LOST) {
		look_again(r, TEL_WATCH_EVERY);
		return tel_react(r, TEL_EFFECT_NOTED, "not in the room");
	}
	if (call->dial.seen_at) {
		/* Perhaps LiveKit was restarted, and it will be back. */
		tel_call_drop_job(call, TEL_JOB_WATCH_DIAL);
		tel_call_schedule(call, TEL_JOB_END_OVERDUE,
				  r->env->now + r->env->policy->return_grace);
		return tel_react(r, TEL_EFFECT_CHANGED, "gone: waiting for word of how it left");
	}
	if (r->env->now < call->dial.replied_at + TEL_REQUEST_TIMEOUT) {
		look_again(r, TEL_WATCH_EVERY);
		return tel_react(r, TEL_EFFECT_NOTED, "not in the room");
	}
	return end_now(r, "never seen in the room: nobody can tell whether it rang");
}

enum tel_err tel_react_phone_looked(struct tel_reaction *r)
{
	if (is_not_our_look(r))
		return tel_react(r, TEL_EFFECT_NOTED, "late: the call has moved on");
	if (!tel_str_eq(r->look->room_sid, r->call->room_sid)) {
		look_again(r, TEL_WATCH_EVERY);
		return tel_react(r, TEL_EFFECT_NOTED, "late: in an earlier life of the room");
	}
	switch (r->look->result) {
	case TEL_LOOK_SEEN:
		return seen(r);
	case TEL_LOOK_GONE:
		return gone(r);
	case TEL_LOOK_FAILED:
		break;
	}
	look_again(r, tel_job_backoff(r->call->jobs[TEL_JOB_WATCH_DIAL].attempt,
				      TEL_BACKOFF_WAITING, r->look->retry_after, r->env->random));
	return tel_react(r, TEL_EFFECT_NOTED, "LiveKit could not be asked");
}

/* ---- hanging up ------------------------------------------------------------------ */

enum tel_err tel_react_hang_up(struct tel_reaction *r)
{
	struct tel_call *call = r->call;

	if (call->hang_up_at)
		return tel_react(r, TEL_EFFECT_NOTED, "asked for already");
	tel_call_hang_up(call, TEL_HANG_UP_ASKED, r->env);
	if (tel_call_is_over(call))
		return tel_react(r, TEL_EFFECT_ENDED, "cancelled: nobody was dialled");
	return tel_react(r, TEL_EFFECT_CHANGED, "the room will be deleted at once");
}
