#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/ending.h"
#include "domain/place.h"
#include "harness.h"
#include "base/banned.h"

/*
 * One outbound call through the real decisions, on the smallest store there
 * is. A case is a script of words:
 *
 *   M n x t u c   its room: made, not ours, refused, to be retried, unsent,
 *                 cancelled
 *   j J           the phone's `joined` with sip.callStatus dialing, ringing
 *   l:SR          its `left`: S status (d r a h), R reason (c CLIENT_INITIATED,
 *                 u USER_REJECTED, v USER_UNAVAILABLE, t SIP_TRUNK_FAILURE,
 *                 x ROOM_DELETED, - it was only seen to be gone); l:SR@N and it says that it was there N s
 *   A D486 G X Q U C   the dial: answered, declined, gave up, refused, its
 *                 answer lost, unsent, cancelled
 *   w:S w- w?     the phone is looked at: its status, gone, LiveKit is silent
 *   wo            … it was gone from the first life of its room
 *   H             we are asked to hang up
 *   d d- d?       the room is deleted, was gone, is to be tried again
 *   b             the phone is back in a new life of the room, its agent made
 *   o             … and the first one is heard to have left
 *   B W:S         it is back, and nobody has told yet; a look shows it
 *   F             the room finished      g g-  the agent joined, left
 *   f f-          somebody else's phone joined, left ringing
 *   a             a transfer is asked for    R  it is done, by who took it
 *   K             the process dies, and another takes what is due
 *   T             another process takes what is due
 *   S             the kill switch is thrown
 *   +n            n seconds pass
 *
 * and what is to be seen afterwards: status outcome endedBy, the jobs that
 * are pending (c create_room, D dial, w watch_dial, r delete_room,
 * o end_overdue, t transfer), and evidence: R ringing_at, A answered_at, ! sent_at.
 */

static const struct tel_policy policy = {
	.room_delete_after = 10 * TEL_SECOND, .return_grace = 20 * TEL_SECOND,
	.max_age = TEL_DAY, .remember = TEL_DAY, .dial_within = 60 * TEL_SECOND,
	.agent_join_deadline = 8 * TEL_SECOND, .agent_loss = TEL_LOSS_REDISPATCH,
	.solo_timeout = 300 * TEL_SECOND, .max_duration = TEL_DAY,
};

static const struct tel_str everywhere[] = { TEL_STR("+") };
static const struct tel_guard_policy guards = { .allow = everywhere, .n_allow = 1 };

struct world {
	struct tel_call *call;
	tel_time now, stopped_at;
	int pid, events;
	uint32_t earlier;		/* so many attempts ago the answers were asked for */
	bool finished;
	struct tel_str said;		/* by the timeline's last entry of the last step */
};

static struct tel_str self_of(const struct world *w)
{
	static char text[16];

	snprintf(text, sizeof(text), "pid-%d", w->pid);
	return tel_str_from(text);
}

static struct tel_decide_env env_of(const struct world *w)
{
	return (struct tel_decide_env){ .now = w->now, .self = self_of(w), .policy = &policy };
}

static enum tel_err run_step(struct world *w, tel_decide_fn decide, void *ctx)
{
	struct tel_step step;
	enum tel_err err;

	tel_step_init(&step);
	if (w->call && tel_call_clone(w->call, &step.call))
		abort();
	step.room_finished = w->finished;
	step.outbound_stopped_at = w->stopped_at;
	err = decide(&step, ctx);
	CHECK_INT(err, TEL_OK);
	w->said = step.n_entries ? step.entries[step.n_entries - 1].result : TEL_STR_NONE;
	if (!err && (step.save || step.fresh)) {
		tel_call_free(w->call);
		w->call = step.fresh ? step.fresh : step.call;
		if (step.fresh)
			step.fresh = NULL;
		else
			step.call = NULL;
	}
	if (!err && step.set_switch)
		w->stopped_at = step.outbound_stopped_at;
	w->finished |= step.finish_room;
	tel_step_release(&step);
	return err;
}

static uint32_t attempt_of(const struct world *w, enum tel_job_kind kind)
{
	return w->call->jobs[kind].attempt - w->earlier;
}

static void place(struct world *w)
{
	struct tel_order order = {
		.to = TEL_STR("+15550200"), .from = TEL_STR("+15550123"),
		.trunk_id = TEL_STR("ST_1"), .agent_name = TEL_STR("bot"),
		.agent_config = TEL_STR("{}"), .route = TEL_STR("default"),
		.ringing_timeout = 45 * TEL_SECOND, .max_duration = 600 * TEL_SECOND,
	};
	struct tel_place p = {
		.env = env_of(w), .order = &order, .guards = &guards, .lease = true,
		.new_call_id = { "00000000-0000-4000-8000-000000000001" },
	};

	CHECK_INT(run_step(w, tel_decide_place, &p), TEL_OK);
	CHECK_INT(p.result, TEL_PLACE_PLACED);
	CHECK_INT(p.leased, true);
	tel_call_free(p.call);
}

static void room(struct world *w, enum tel_room_result result)
{
	struct tel_room_done done = {
		.env = env_of(w), .result = result, .attempt = attempt_of(w, TEL_JOB_CREATE_ROOM),
		.room_sid = result == TEL_ROOM_MADE ? TEL_STR("RM_A") : TEL_STR_NONE,
		.code = TEL_STR("code"), .message = TEL_STR("message"),
	};

	run_step(w, tel_decide_room_done, &done);
	tel_call_free(done.call);
}

static void dial(struct world *w, enum tel_dial_result result, enum tel_dial_reply reply, int status)
{
	struct tel_dial_done done = {
		.env = env_of(w), .result = result, .reply = reply,
		.attempt = attempt_of(w, TEL_JOB_DIAL), .sip_status_code = status,
		.code = TEL_STR("unavailable"),
	};

	run_step(w, tel_decide_dial_done, &done);
}

static enum tel_sip_status status_of(char c)
{
	return c == 'd' ? TEL_SIP_DIALING : c == 'r' ? TEL_SIP_RINGING :
	       c == 'a' ? TEL_SIP_ACTIVE : TEL_SIP_HANGUP;
}

static void take(struct world *w, bool dead)
{
	static char before[16];
	struct tel_take_job t = { .result = TEL_TAKE_DONE };

	/* These scripts are about the phone: nobody watches for its agent. */
	w->call->jobs[TEL_JOB_WATCH_AGENT] = (struct tel_job){ .pending = false };
	snprintf(before, sizeof(before), "%s", self_of(w).ptr);
	w->pid++;
	while (t.result == TEL_TAKE_DONE) {
		t.env = env_of(w);
		t.dead_owner = dead ? tel_str_from(before) : TEL_STR_NONE;
		run_step(w, tel_decide_take, &t);
	}
}

static void look(struct world *w, const char *how, const char *sid)
{
	char identity[TEL_PHONE_IDENTITY];
	struct tel_participant p = {
		.kind = TEL_PARTICIPANT_SIP, .sid = tel_str_from(sid),
		.sip_call_id = TEL_STR("SCL_1"),
		.identity = tel_str_from(tel_call_phone_identity(&w->call->id, identity)),
		.sip_status = *how == ':' ? status_of(how[1]) : TEL_SIP_UNKNOWN,
	};
	struct tel_look_done done = {
		.result = *how == ':' ? TEL_LOOK_SEEN : strchr("-o", *how) ? TEL_LOOK_GONE : TEL_LOOK_FAILED,
		.participant = *how == ':' ? &p : NULL,
		.room_sid = *how == 'o' ? TEL_STR("RM_A") : w->call->room_sid,
	};
	struct tel_job *job = &w->call->jobs[TEL_JOB_WATCH_DIAL];

	if (!job->pending)
		return;
	w->now = job->due > w->now ? job->due : w->now;
	job->attempt++;
	CHECK_INT(tel_call_set(w->call, &job->lease.owner, self_of(w), 64), TEL_OK);
	done.attempt = job->attempt;
	done.env = env_of(w);
	run_step(w, tel_decide_look_done, &done);
}

/* Of the next event. */
static const char *life, *phone_sid;

static void event(struct world *w, enum tel_event_kind kind, const char *how)
{
	static const struct { char c; const char *text; } reasons[] = {
		{ 'c', "CLIENT_INITIATED" }, { 'u', "USER_REJECTED" }, { 'v', "USER_UNAVAILABLE" },
		{ 't', "SIP_TRUNK_FAILURE" }, { 'x', "ROOM_DELETED" } };
	char identity[TEL_PHONE_IDENTITY], id[16];
	struct tel_event e = {
		.kind = kind, .name = TEL_STR("event"),
		.room_name = TEL_STR("call-1"), .room_sid = tel_str_from(life), .raw = TEL_STR("{}"),
	};
	struct tel_on_event on = { .env = env_of(w), .event = &e };
	size_t i;

	snprintf(id, sizeof(id), "EV_%d", ++w->events);
	e.id = tel_str_from(id);
	if (*how == 'f') {
		e.participant = (struct tel_participant){ .kind = TEL_PARTICIPANT_SIP,
			.sid = TEL_STR("PA_F"), .identity = TEL_STR("sip_colleague"),
			.sip_status = TEL_SIP_RINGING, .sip_call_id = TEL_STR("SCL_2"),
			.disconnect_reason = how[1] ? TEL_STR("CLIENT_INITIATED") : TEL_STR_NONE };
	} else if (*how == 'g') {
		e.participant = (struct tel_participant){ .kind = TEL_PARTICIPANT_AGENT,
			.sid = TEL_STR("PA_G"), .identity = TEL_STR("agent"),
			.agent_name = TEL_STR("bot") };
	} else if (*how) {
		e.participant = (struct tel_participant){
			.kind = TEL_PARTICIPANT_SIP, .sid = tel_str_from(phone_sid),
			.sip_call_id = TEL_STR("SCL_1"), .sip_status = status_of(how[0]),
			.identity = tel_str_from(tel_call_phone_identity(&w->call->id, identity)),
			.call_id = tel_call_id_str(&w->call->id) };
		if (strchr(how, '@')) {
			e.created_at = w->now;
			e.participant.joined_at = w->now -
				(int)strtol(strchr(how, '@') + 1, NULL, 10) * TEL_SECOND;
		}
		for (i = 0; how[1] && i < sizeof(reasons) / sizeof(reasons[0]); i++)
			if (reasons[i].c == how[1])
				e.participant.disconnect_reason = tel_str_from(reasons[i].text);
	}
	run_step(w, tel_decide_event, &on);
}

static void back(struct world *w)
{
	struct tel_dispatch_done done = { .result = TEL_DISPATCH_MADE, .room_sid = TEL_STR("RM_B"),
					  .dispatch_id = TEL_STR("AD_1") };

	life = "RM_B";
	phone_sid = "PA_2";
	w->finished = false;
	event(w, TEL_EVENT_PARTICIPANT_JOINED, "r");
	take(w, false);
	done.env = env_of(w);
	done.attempt = attempt_of(w, TEL_JOB_DISPATCH_AGENT);
	run_step(w, tel_decide_dispatch_done, &done);
}

/* The leg that was there before that, at last. */
static void old_one_leaves(struct world *w)
{
	const char *life_now = life, *sid_now = phone_sid;

	life = "RM_A";
	phone_sid = "PA_1";
	event(w, TEL_EVENT_PARTICIPANT_LEFT, "r-");
	life = life_now;
	phone_sid = sid_now;
}

static enum tel_ask_transfer_result ask_transfer(struct world *w)
{
	struct tel_ask_transfer ask = { .env = env_of(w), .to = TEL_STR("tel:+15550300") };

	run_step(w, tel_decide_ask_transfer, &ask);
	tel_call_free(ask.call);
	return ask.result;
}

static void transfer(struct world *w, enum tel_transfer_result result)
{
	struct tel_transfer_done done = { .env = env_of(w), .result = result,
					  .attempt = attempt_of(w, TEL_JOB_TRANSFER) };

	run_step(w, tel_decide_transfer_done, &done);
}

static void hang_up(struct world *w)
{
	struct tel_hang_up h = { .env = env_of(w), .by = TEL_STR("test") };

	run_step(w, tel_decide_hang_up, &h);
	tel_call_free(h.call);
}

static void deleted(struct world *w, char how)
{
	struct tel_job *job = &w->call->jobs[TEL_JOB_DELETE_ROOM];
	struct tel_delete_done done = {
		.result = how == '-' ? TEL_DELETE_GONE : how == '?' ? TEL_DELETE_RETRY : TEL_DELETE_DONE,
	};

	job->attempt++;
	CHECK_INT(tel_call_set(w->call, &job->lease.owner, self_of(w), 64), TEL_OK);
	done.attempt = job->attempt;
	done.env = env_of(w);
	run_step(w, tel_decide_delete_done, &done);
}

static void do_word(struct world *w, const char *word)
{
	struct tel_throw_switch sw = { .now = w->now, .stop = true };

	switch (word[0]) {
	case 'M': room(w, TEL_ROOM_MADE); break;
	case 'n': room(w, TEL_ROOM_NOT_OURS); break;
	case 'x': room(w, TEL_ROOM_REFUSED); break;
	case 't': room(w, TEL_ROOM_RETRY); break;
	case 'u': room(w, TEL_ROOM_RETRY_UNSENT); break;
	case 'c': room(w, TEL_ROOM_CANCELLED); break;
	case 'b': back(w); break;
	case 'B': life = "RM_B", phone_sid = "PA_2"; break;
	case 'o': old_one_leaves(w); break;
	case 'a': CHECK_INT(ask_transfer(w), TEL_ASK_ACCEPTED); break;
	case 'R': transfer(w, TEL_TRANSFERRED); break;
	case 'j': event(w, TEL_EVENT_PARTICIPANT_JOINED, "d"); break;
	case 'J': event(w, TEL_EVENT_PARTICIPANT_JOINED, "r"); break;
	case 'g':
	case 'f': event(w, word[1] ? TEL_EVENT_PARTICIPANT_LEFT : TEL_EVENT_PARTICIPANT_JOINED, word);
		  break;
	case 'l': event(w, TEL_EVENT_PARTICIPANT_LEFT, word + 2); break;
	case 'F': event(w, TEL_EVENT_ROOM_FINISHED, ""); break;
	case 'A': dial(w, TEL_DIAL_OVER, TEL_DIAL_ANSWERED, 0); break;
	case 'D': dial(w, TEL_DIAL_OVER, TEL_DIAL_DECLINED, (int)strtol(word + 1, NULL, 10)); break;
	case 'G': dial(w, TEL_DIAL_OVER, TEL_DIAL_GAVE_UP, 0); break;
	case 'X': dial(w, TEL_DIAL_OVER, TEL_DIAL_REFUSED, 0); break;
	case 'Q': dial(w, TEL_DIAL_OVER, TEL_DIAL_LOST, 0); break;
	case 'U': dial(w, TEL_DIAL_RETRY_UNSENT, TEL_DIAL_NO_REPLY, 0); break;
	case 'C': dial(w, TEL_DIAL_CANCELLED, TEL_DIAL_NO_REPLY, 0); break;
	case 'w': look(w, word + 1, "PA_1"); break;
	case 'W': look(w, word + 1, phone_sid); break;
	case 'H': hang_up(w); break;
	case 'd': deleted(w, word[1]); break;
	case 'K': take(w, true); break;
	case 'T': take(w, false); break;
	case 'S': run_step(w, tel_decide_throw_switch, &sw); break;
	case '+': w->now += (int)strtol(word + 1, NULL, 10) * TEL_SECOND; break;
	default: abort();
	}
}

static void begin(struct world *w, const char *script)
{
	char words[128], *word, *save = NULL;

	*w = (struct world){ .now = 1700000000 * TEL_SECOND };
	life = "RM_A";
	phone_sid = "PA_1";
	place(w);
	snprintf(words, sizeof(words), "%s", script);
	for (word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save))
		do_word(w, word);
}

static void show(const struct world *w, char *out, size_t size)
{
	static const struct { enum tel_job_kind kind; char letter; } jobs[] = {
		{ TEL_JOB_CREATE_ROOM, 'c' }, { TEL_JOB_DIAL, 'D' }, { TEL_JOB_WATCH_DIAL, 'w' },
		{ TEL_JOB_DELETE_ROOM, 'r' }, { TEL_JOB_END_OVERDUE, 'o' },
		{ TEL_JOB_TRANSFER, 't' } };
	const struct tel_call *c = w->call;
	const char *outcome = tel_outcome_text(c->outcome), *by = tel_ended_by_text(c->ended_by);
	char pending[8] = "";
	size_t i, n = 0;

	for (i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++)
		if (c->jobs[jobs[i].kind].pending)
			pending[n++] = jobs[i].letter;
	snprintf(out, size, "%s %s %s [%s] %s%s%s", tel_call_status_text(c->status),
		 outcome ? outcome : "-", by ? by : "-", pending, c->ringing_at ? "R" : "",
		 c->answered_at ? "A" : "", c->dial.sent_at ? "!" : "");
}

static const struct { const char *name, *script, *want; } cases[] = {
	{ "placed", "", "created - - [co] " },
	{ "the room is made: the dial may go out", "M", "agent_dispatched - - [Dwo] !" },
	{ "somebody else's room", "n", "failed failed livekit [] " },
	{ "LiveKit refuses the room", "x", "failed failed livekit [] " },
	{ "the room is tried again", "t", "created - - [co] " },
	{ "… not for ever", "u +61 T u", "failed failed livekit [] " },
	{ "… and what may have been made is tidied up", "t +61 T u", "failed failed livekit [r] " },
	{ "hung up while queued: nobody is dialled", "H", "ended canceled api [c] " },
	{ "… and the room was made all the same", "H M", "ended canceled api [r] " },
	{ "… perhaps made", "H t", "ended canceled api [r] " },
	{ "… not made", "H c", "ended canceled api [] " },
	{ "… not even sent", "H u", "ended canceled api [] " },
	{ "the room was over before its making was answered", "F M", "created - - [co] " },
	{ "… and the process dies", "H K", "ended canceled api [r] " },
	{ "the process dies with the room's request", "K M", "agent_dispatched - - [Dwo] !" },
	{ "stopped before it was dialled", "S M", "ended canceled api [r] " },

	{ "answered", "M j A", "agent_dispatched - - [o] A!" },
	{ "… and hangs up", "M j w:r A l:hc", "ended completed callee [r] RA!" },
	{ "the answer comes after the phone left", "M J l:hc A", "ended completed callee [r] RA!" },
	{ "no webhook of the phone at all", "M w:d w:r A +700 T", "ended completed timeout [r] RA!" },
	{ "seen answered before the dial's answer", "M j w:a A l:ac", "ended completed callee [r] A!" },
	{ "it talked as long as it was allowed to", "M j A +600 l:ac", "ended completed timeout [r] A!" },
	{ "busy", "M j D486 l:ru", "ended busy callee [r] !" },
	{ "busy, the phone's leaving first", "M j w:r l:ru D486", "ended busy callee [r] R!" },
	{ "busy, its answer never comes", "M j w:r l:ru +6 T", "ended busy callee [r] R!" },
	{ "busy everywhere", "M D600", "ended busy callee [r] !" },
	{ "declined", "M j l:rc D603", "ended rejected callee [r] R!" },
	{ "not found", "M j D404 l:dc", "failed failed livekit [r] !" },
	{ "trunk trouble", "M j D503", "failed failed livekit [r] !" },
	{ "temporarily unavailable, it rang", "M J D480", "ended no_answer timeout [r] R!" },
	{ "temporarily unavailable, it never rang", "M j D480 l:dc", "failed failed livekit [r] !" },
	{ "… the answer before the leaving that tells it rang", "M j D480 l:rc",
	  "ended no_answer timeout [r] R!" },
	{ "… as for 408", "M j D408 l:rc", "ended no_answer timeout [r] R!" },
	{ "… and 487", "M j D487 l:rc", "ended no_answer timeout [r] R!" },
	{ "… before the phone was heard of at all", "M D480 j l:rc", "ended no_answer timeout [r] R!" },
	{ "… the leaving first", "M j l:rc D480", "ended no_answer timeout [r] R!" },
	{ "… no leaving heard", "M j D480 +6 T", "failed failed livekit [r] !" },
	{ "… but seen to ring", "M j w:r D480", "ended no_answer timeout [r] R!" },
	{ "LiveKit refuses to dial", "M X", "failed failed livekit [r] !" },
	{ "LiveKit says no, and only the leaving tells that it rang", "M j X l:rc",
	  "ended no_answer timeout [r] R!" },
	{ "… that it did not", "M j X l:dc", "failed failed livekit [r] !" },
	{ "… or it is not heard", "M j X +6 T", "failed failed livekit [r] !" },
	{ "LiveKit says no after it rang", "M J X", "ended no_answer timeout [r] R!" },
	{ "not answered", "M J +45 G l:rc", "ended no_answer timeout [r] R!" },
	{ "not answered, leaving first", "M j +45 l:rc G", "ended no_answer timeout [r] R!" },
	{ "not answered, no leaving heard", "M j w:r +43 G +6 T", "ended no_answer timeout [r] R!" },
	{ "it rings on and on", "M j +120 w:r", "agent_dispatched - - [Dwo] R!" },
	{ "… hung up", "M j +121 w:r d", "agent_dispatched - - [Do] R!" },
	{ "… and it leaves", "M j +121 w:r d l:rx", "ended no_answer timeout [] R!" },
	{ "… which is not heard", "M j +121 w:r d +6 T", "ended no_answer timeout [r] R!" },
	{ "nothing at the other end", "M j +32 G l:dc", "failed failed livekit [r] !" },
	{ "nothing at the other end, no leaving heard", "M j +32 G +6 T", "failed failed livekit [r] !" },
	{ "taken down by somebody else while ringing", "M J G l:rx", "ended canceled api [] R!" },

	{ "hung up while ringing", "M J H d l:rx G", "ended canceled api [] R!" },
	{ "… no leaving heard, nor an answer", "M J H d +6 T", "ended canceled api [r] R!" },
	{ "… only the dial's answer", "M J H d G +6 T", "ended canceled api [r] R!" },
	{ "… LiveKit is away", "M J H d?", "agent_dispatched - - [Dro] R!" },
	{ "hung up before the dial was sent", "M H C", "ended canceled api [r] " },
	{ "hung up, and the dial was on its way", "M H d- +6 T j", "ended canceled api [r] !" },
	{ "hung up, and the phone comes before the end", "M H d- j", "agent_dispatched - - [Dro] !" },
	{ "hung up, and the dial that was on its way is answered", "M H d A",
	  "agent_dispatched - - [ro] A!" },
	{ "hung up while talking", "M j A H d l:ax", "ended completed api [] A!" },
	{ "transferred", "M j A a T R l:ac", "ended completed api [r] A!" },
	{ "… and hung up before", "M j A a T H R d l:ax", "ended completed api [] A!" },
	{ "hung up twice", "M j A H H d l:ax", "ended completed api [] A!" },
	{ "answered after the end: taken down", "M J H d +6 T A", "ended canceled api [r] R!" },

	{ "unsent: the room is made sure of first", "M U +5 T", "agent_dispatched - - [co] " },
	{ "… then again", "M U +5 T M", "agent_dispatched - - [Dwo] !" },
	{ "unsent: not for ever", "M U +61 T M", "failed failed livekit [r] " },
	{ "… when that took too long", "M +61 U", "failed failed livekit [r] " },
	{ "… and it was hung up", "M H U", "ended canceled api [r] " },
	{ "unsent, then stopped", "M U S +5 T M", "ended canceled api [r] " },
	{ "the process dies: never again, but looked for", "M K", "agent_dispatched - - [wo] !" },
	{ "… it was answered", "M K w:r w:a l:hc", "ended completed callee [r] RA!" },
	{ "… it rang out", "M J K +45 l:rc", "ended no_answer timeout [r] R!" },
	{ "… it left early: nobody can tell", "M J K +5 l:rc", "ended unknown - [r] R!" },
	{ "… never seen", "M K w- w- w- w- w- w- w- w- w-", "ended unknown - [r] !" },
	{ "… seen, then gone", "M K w:d w- +6 T +15 T", "ended unknown - [r] !" },
	{ "… seen, then back, and looked at before that", "M j K b wo +25 T",
	  "agent_dispatched - - [wo] !" },
	{ "… and shown as it was before", "M j K b o w:a", "agent_dispatched - - [wo] !" },
	{ "… seen, then gone, then back", "M K j w- +10 b", "agent_dispatched - - [o] !" },
	{ "… LiveKit is silent for a while", "M K w? w? w:a", "agent_dispatched - - [o] A!" },
	{ "the connection breaks", "M j Q w:r w:a l:hc", "ended completed callee [r] RA!" },
	{ "… after it has left", "M j l:ru Q", "ended busy callee [r] R!" },
	{ "… it rang out, as its leaving alone tells", "M K +45 l:rc@45", "ended no_answer timeout [r] R!" },
	{ "… and was seen late", "M K +43 w:r +2 l:rc@45", "ended no_answer timeout [r] R!" },
	{ "… and had not yet", "M K +45 l:rc@5", "ended unknown - [r] R!" },
	{ "trunk failure told by its leaving", "M j K l:dt", "failed failed livekit [r] !" },
	{ "it was only seen to be gone", "M j K l:d-", "ended unknown - [r] !" },
	{ "… having rung for long", "M J K +25 l:r-", "ended unknown - [r] R!" },
	{ "… after it was answered", "M j A l:d-", "ended completed - [r] A!" },
	{ "unavailable told by its leaving", "M J K l:rv", "ended no_answer timeout [r] R!" },

	{ "LiveKit restarts under it, and it comes back", "M j A F b +25 T", "agent_dispatched - - [o] A!" },
	{ "… seen there before that is told", "M j K B W:a b o", "agent_dispatched - - [o] A!" },
	{ "… hung up before that is told", "M j K B W:a H b l:hx", "ended completed api [r] A!" },
	{ "the room finishes before the phone came", "M F", "agent_dispatched - - [Dwo] !" },
	{ "… and the phone is dialled into a new one", "M F A b l:hc", "ended completed callee [r] A!" },
	{ "… and it came and left before that", "M F j l:ru Q", "ended busy callee [] R!" },
	{ "… as is told when it was answered", "M A F j l:ax", "ended completed api [] A!" },
	{ "… and its leaving is not told", "M F J Q w- +21 T", "ended unknown - [] R!" },
	{ "… and is looked for in vain", "M K F w- w- w- w- w- w- w- w- w- w-", "ended unknown - [] !" },
	{ "… while the dial waits for LiveKit", "M U F", "agent_dispatched - - [co] " },
	{ "the room finishes under the phone", "M j A F", "agent_dispatched - - [o] A!" },
	{ "… and it stays away", "M j A F +21 T", "ended completed livekit [] A!" },
	{ "its room is made too late: nobody is dialled", "+61 M", "failed failed livekit [r] " },
	{ "… by a process that found it left over", "+3600 K M", "failed failed livekit [r] " },
	{ "somebody else's phone comes and goes before ours is heard of", "M f f- +6 T",
	  "agent_dispatched - - [Dwo] !" },
	{ "… after ours has answered", "M A f f- +6 T", "agent_dispatched - - [o] A!" },
	{ "… and is the last that leaves", "M j A f l:hc f-", "ended completed callee [r] A!" },
	{ "an agent alone keeps nothing", "g M j D486", "ended busy callee [r] !" },
	{ "a final status stays", "M j D486 A l:hc w:a H", "ended busy callee [r] !" },
};

static void outbound_calls(void)
{
	char got[128];
	struct world w;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(&w, cases[i].script);
		show(&w, got, sizeof(got));
		if (strcmp(got, cases[i].want))
			printf("    %s: %s\n        is   %s\n        want %s\n", cases[i].name,
			       cases[i].script, got, cases[i].want);
		CU_ASSERT_STRING_EQUAL(got, cases[i].want);
		tel_call_free(w.call);
	}
}

/*
 * What LiveKit was recorded to send for each ending, with the dial's answer:
 * in any order, each twice, it comes to the same record.
 */
static const struct { const char *name, *told[3], *outcome, *by; int sip; } recorded[] = {
	{ "callee hangs up", { "j", "l:hc", "A" }, "completed", "callee", 0 },
	{ "busy", { "j", "l:ru", "D486" }, "busy", "callee", 486 },
	{ "declined", { "j", "l:rc", "D603" }, "rejected", "callee", 603 },
	{ "no answer", { "j", "l:rc", "G" }, "no_answer", "timeout", 0 },
	{ "unreachable", { "j", "l:dc", "G" }, "failed", "livekit", 0 },
	{ "room deleted while it rings", { "j", "l:rx", "G" }, "canceled", "api", 0 },
	{ "room deleted while they talk", { "j", "l:ax", "A" }, "completed", "api", 0 },
};

static void any_order_comes_to_the_same(void)
{
	static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 },
					  { 2, 0, 1 }, { 2, 1, 0 } };
	struct world w;
	size_t i, o, k;

	for (i = 0; i < sizeof(recorded) / sizeof(recorded[0]); i++)
		for (o = 0; o < 6; o++) {
			begin(&w, "M");
			for (k = 0; k < 6; k++)
				do_word(&w, recorded[i].told[orders[o][k / 2]]);
			do_word(&w, "+6");
			do_word(&w, "T");
			CHECK_STR(tel_str_from(tel_outcome_text(w.call->outcome)), recorded[i].outcome);
			CHECK_STR(tel_str_from(tel_ended_by_text(w.call->ended_by)), recorded[i].by);
			CHECK_INT(w.call->sip_status_code, recorded[i].sip);
			tel_call_free(w.call);
		}
}

static void an_early_agent_is_recognised(void)
{
	struct world w;

	begin(&w, "g");
	CHECK_INT(w.call->agent_was_there, false);
	do_word(&w, "M");
	CHECK_INT(w.call->agent_was_there, true);
	CU_ASSERT_TRUE(w.call->agent.joined_at != 0);
	tel_call_free(w.call);
	/* One that sat in the room as it was before says nothing of this one. */
	begin(&w, "");
	life = "RM_0";
	do_word(&w, "g");
	do_word(&w, "M");
	CHECK_INT(w.call->agent_was_there, false);
	CHECK_INT(w.call->agent.joined_at, 0);
	CHECK_INT(w.call->jobs[TEL_JOB_WATCH_AGENT].pending, true);
	tel_call_free(w.call);
}

static void an_early_agent_that_left_is_not_there(void)
{
	struct world w;

	begin(&w, "g g- M");
	CHECK_INT(tel_call_living_legs(w.call, TEL_PARTICIPANT_AGENT), 0);
	CHECK_INT(w.call->jobs[TEL_JOB_WATCH_AGENT].pending, true);
	tel_call_free(w.call);
	begin(&w, "g g- +9 g-");
	CHECK_STR(w.said, "known already");
	CHECK_INT(tel_call_leg(w.call, TEL_STR("PA_G"))->left_at, w.now - 9 * TEL_SECOND);
	tel_call_free(w.call);
	begin(&w, "g- g M");
	CHECK_INT(tel_call_living_legs(w.call, TEL_PARTICIPANT_AGENT), 0);
	CHECK_INT(w.call->jobs[TEL_JOB_WATCH_AGENT].pending, true);
	tel_call_free(w.call);
}

static void transfers(void)
{
	static const struct { const char *before; enum tel_ask_transfer_result want; } asks[] = {
		{ "M", TEL_ASK_NO_PHONE }, { "M j", TEL_ASK_NO_PHONE }, { "M j A", TEL_ASK_ACCEPTED },
		{ "M j A H", TEL_ASK_OVER }, { "M j D486", TEL_ASK_OVER },
		{ "M j A a T", TEL_ASK_PENDING } };
	static const struct { enum tel_transfer_result result; enum tel_transfer_state want; } dones[] = {
		{ TEL_TRANSFERRED, TEL_TRANSFER_DONE }, { TEL_TRANSFER_NOT_DONE, TEL_TRANSFER_FAILED },
		{ TEL_TRANSFER_NOT_KNOWN, TEL_TRANSFER_UNKNOWN },
		{ TEL_TRANSFER_CANCELLED, TEL_TRANSFER_FAILED },
		{ TEL_TRANSFER_RETRY_UNSENT, TEL_TRANSFER_REQUESTED } };
	struct world w;
	size_t i;

	for (i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		begin(&w, asks[i].before);
		CHECK_INT(ask_transfer(&w), asks[i].want);
		tel_call_free(w.call);
	}
	for (i = 0; i < sizeof(dones) / sizeof(dones[0]); i++) {
		begin(&w, "M j A a T");
		transfer(&w, dones[i].result);
		CHECK_INT(w.call->transfer.state, dones[i].want);
		tel_call_free(w.call);
	}
	/* The process that asked LiveKit died. */
	begin(&w, "M j A a T K");
	CHECK_INT(w.call->transfer.state, TEL_TRANSFER_UNKNOWN);
	CHECK_INT(w.call->jobs[TEL_JOB_TRANSFER].pending, false);
	tel_call_free(w.call);
}

static void a_transfer_that_nobody_began_is_over_with_the_call(void)
{
	struct world w;

	begin(&w, "M j A a l:hc");
	CHECK_INT(w.call->transfer.state, TEL_TRANSFER_FAILED);
	CHECK_STR(w.call->transfer.code, "call_over");
	CHECK_INT(w.call->transfer.finished_at, w.call->ended_at);
	CHECK_INT(w.call->jobs[TEL_JOB_TRANSFER].pending, false);
	tel_call_free(w.call);
	/* One that is under way is still to be heard of. */
	begin(&w, "M j A a T l:hc");
	CHECK_INT(w.call->transfer.state, TEL_TRANSFER_REQUESTED);
	do_word(&w, "R");
	CHECK_INT(w.call->transfer.state, TEL_TRANSFER_DONE);
	tel_call_free(w.call);
}

/* Of an earlier lease, or of a process that has lost it. */
static void answers_to_somebody_else_change_nothing(void)
{
	static const struct { const char *before, *answer, *said; } answers[] = {
		{ "", "M", "late: the call has moved on" },
		{ "", "n", "late: the call has moved on" },
		{ "", "x", "late: the call has moved on" },
		{ "", "t", "late: the call has moved on" },
		{ "", "c", "late: the call has moved on" },
		{ "M", "A", "late: the call has moved on" },
		{ "M", "D486", "late: the call has moved on" },
		{ "M", "U", "late: the call has moved on" },
		{ "M", "C", "late: the call has moved on" },
		{ "M j A a T", "R", "" },
	};
	char before[128], after[128];
	struct world w;
	size_t i;
	int lost;

	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		for (lost = 0; lost < 2; lost++) {
			begin(&w, answers[i].before);
			show(&w, before, sizeof(before));
			w.pid += lost;
			w.earlier = !lost;
			do_word(&w, answers[i].answer);
			show(&w, after, sizeof(after));
			CU_ASSERT_STRING_EQUAL(after, before);
			CHECK_STR(w.said, answers[i].said);
			tel_call_free(w.call);
		}
}

static void without_a_call_there_is_nothing_to_record(void)
{
	struct world w = { .now = 1700000000 * TEL_SECOND };
	struct tel_room_done room_done = { .env = env_of(&w) };
	struct tel_dial_done dial_done = { .env = env_of(&w) };
	struct tel_look_done look_done = { .env = env_of(&w) };
	struct tel_transfer_done transfer_done = { .env = env_of(&w) };
	struct tel_watch_done watch_done = { .env = env_of(&w) };
	struct tel_overdue_done overdue_done = { .env = env_of(&w) };
	const struct { tel_decide_fn decide; void *ctx; } decisions[] = {
		{ tel_decide_room_done, &room_done }, { tel_decide_dial_done, &dial_done },
		{ tel_decide_look_done, &look_done }, { tel_decide_transfer_done, &transfer_done },
		{ tel_decide_watch_done, &watch_done }, { tel_decide_overdue_done, &overdue_done },
	};
	struct tel_step step;
	size_t i;

	for (i = 0; i < sizeof(decisions) / sizeof(decisions[0]); i++) {
		tel_step_init(&step);
		CHECK_INT(decisions[i].decide(&step, decisions[i].ctx), TEL_ENOTFOUND);
		CU_ASSERT_FALSE(tel_step_wants_write(&step));
		tel_step_release(&step);
	}
}

static struct tel_place try_place(struct tel_step *step, uint8_t body, bool dry)
{
	static struct tel_order order;
	static struct world w;
	struct tel_place p;

	w = (struct world){ .now = 1700000000 * TEL_SECOND };
	order = (struct tel_order){ .to = TEL_STR("+15550200"), .from = TEL_STR("+15550123"),
				    .room_name = TEL_STR("mine"), .agent_config = TEL_STR("{}") };
	p = (struct tel_place){ .env = env_of(&w), .order = &order, .guards = &guards,
				.has_key = true, .body_sha256 = { body }, .dry_run = dry,
				.new_call_id = { "00000000-0000-4000-8000-000000000002" } };
	CHECK_INT(tel_decide_place(step, &p), TEL_OK);
	tel_call_free(p.call);
	return p;
}

static void a_request_key_stands_for_its_call(void)
{
	struct tel_step step;

	tel_step_init(&step);
	CHECK_INT(try_place(&step, 1, false).result, TEL_PLACE_PLACED);
	CHECK_INT(step.remember_request, true);
	CHECK_INT(step.body_sha256[0], 1);
	tel_step_release(&step);
	step.place.key_seen = true;
	step.place.memory.body_sha256[0] = 1;
	step.place.memory.call_id = (struct tel_call_id){ "00000000-0000-4000-8000-000000000009" };
	CHECK_INT(try_place(&step, 1, false).result, TEL_PLACE_FORGOTTEN);
	CHECK_INT(try_place(&step, 2, false).result, TEL_PLACE_OTHER_BODY);
	CHECK_INT(try_place(&step, 2, true).result, TEL_PLACE_DRY);
	step.call = tel_call_new();
	step.call->id = step.place.memory.call_id;
	CHECK_INT(try_place(&step, 1, false).result, TEL_PLACE_REPLAYED);
	CU_ASSERT_FALSE(tel_step_wants_write(&step));
	step.place.key_seen = false;
	CHECK_INT(try_place(&step, 1, false).result, TEL_PLACE_ROOM_TAKEN);
	step.call->status = TEL_CALL_ENDED;
	step.call->jobs[TEL_JOB_DELETE_ROOM] = (struct tel_job){
		.pending = true, .due = 1700000000 * TEL_SECOND };
	CHECK_INT(try_place(&step, 1, false).result, TEL_PLACE_ROOM_TAKEN);
	CU_ASSERT_FALSE(tel_step_wants_write(&step));
	step.call->jobs[TEL_JOB_DELETE_ROOM].pending = false;
	CHECK_INT(try_place(&step, 1, false).result, TEL_PLACE_PLACED);
	tel_step_release(&step);
}

/* Whoever asks has checked the numbers: guards say nothing of their form. */
static void numbers_are_not_made_up(void)
{
	static const struct { const char *to, *from; } numbers[] = {
		{ "+", "+15550123" }, { "+15550200", "anonymous" } };
	struct world w = { .now = 1700000000 * TEL_SECOND };
	struct tel_step step;
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct tel_order order = { .to = tel_str_from(numbers[i].to),
					   .from = tel_str_from(numbers[i].from),
					   .agent_config = TEL_STR("{}") };
		struct tel_place p = {
			.env = env_of(&w), .order = &order, .guards = &guards,
			.new_call_id = { "00000000-0000-4000-8000-000000000003" },
		};

		tel_step_init(&step);
		CHECK_INT(tel_decide_place(&step, &p), TEL_EMISUSE);
		CU_ASSERT_PTR_NULL(p.call);
		tel_step_release(&step);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{ "outbound calls", outbound_calls },
		{ "any order comes to the same", any_order_comes_to_the_same },
		{ "an early agent is recognised", an_early_agent_is_recognised },
		{ "an early agent that left is not there", an_early_agent_that_left_is_not_there },
		{ "transfers", transfers },
		{ "a transfer that nobody began is over with the call",
		  a_transfer_that_nobody_began_is_over_with_the_call },
		{ "answers to somebody else change nothing", answers_to_somebody_else_change_nothing },
		{ "without a call there is nothing to record",
		  without_a_call_there_is_nothing_to_record },
		{ "numbers are not made up", numbers_are_not_made_up },
		{ "a request key stands for its call", a_request_key_stands_for_its_call },
		CU_TEST_INFO_NULL
	};
	CU_SuiteInfo suites[] = {
		{ "domain outbound", NULL, NULL, NULL, NULL, tests },
		CU_SUITE_INFO_NULL
	};

	return tel_run_suites(suites);
}
