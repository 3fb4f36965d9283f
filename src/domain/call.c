#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "domain/call.h"
#include "base/banned.h"

/* ---- ids ------------------------------------------------------------ */

static bool is_dash_place(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

enum tel_err tel_call_id_parse(struct tel_str text, struct tel_call_id *out)
{
	size_t i;
	char c;

	if (text.len != TEL_CALL_ID_TEXT - 1)
		return TEL_EMALFORMED;
	for (i = 0; i < text.len; i++) {
		c = text.ptr[i];
		if (c >= 'A' && c <= 'F')
			c = (char)(c - 'A' + 'a');
		if (is_dash_place(i) ? c != '-' :
		    !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return TEL_EMALFORMED;
		out->text[i] = c;
	}
	out->text[i] = '\0';
	return TEL_OK;
}

void tel_call_id_make(const uint8_t random[16], struct tel_call_id *out)
{
	static const char hex[] = "0123456789abcdef";
	size_t i, at = 0;
	uint8_t byte;

	for (i = 0; i < 16; i++) {
		byte = random[i];
		if (i == 6)
			byte = (uint8_t)((byte & 0x0f) | 0x40);	/* version 4 */
		if (i == 8)
			byte = (uint8_t)((byte & 0x3f) | 0x80);	/* RFC variant */
		if (is_dash_place(at))
			out->text[at++] = '-';
		out->text[at++] = hex[byte >> 4];
		out->text[at++] = hex[byte & 15];
	}
	out->text[at] = '\0';
}

char *tel_call_phone_identity(const struct tel_call_id *id, char out[TEL_PHONE_IDENTITY])
{
	memcpy(out, "sip-", 4);
	memcpy(out + 4, id->text, TEL_CALL_ID_TEXT);
	return out;
}

/* ---- life ----------------------------------------------------------- */

struct tel_call *tel_call_new(void)
{
	struct tel_call *call = calloc(1, sizeof(*call));

	if (call)
		tel_arena_init(&call->mem, TEL_MAX_CALL_ARENA);
	return call;
}

void tel_call_free(struct tel_call *call)
{
	if (!call)
		return;
	tel_arena_release(&call->mem);
	free(call);
}

/* Copy the text that *field borrows from another call. */
static enum tel_err adopt(struct tel_call *call, struct tel_str *field)
{
	return tel_arena_copy(&call->mem, *field, TEL_MAX_CALL_ARENA, field);
}

static enum tel_err adopt_all(struct tel_call *call, struct tel_str **fields, size_t n)
{
	enum tel_err err = TEL_OK;
	size_t i;

	for (i = 0; i < n && !err; i++)
		err = adopt(call, fields[i]);
	return err;
}

static enum tel_err adopt_legs(struct tel_call *call)
{
	const struct tel_leg *from = call->legs;
	size_t i, n = call->n_legs;
	enum tel_err err = TEL_OK;
	struct tel_leg *leg;

	call->legs = NULL;
	call->n_legs = 0;
	for (i = 0; i < n && !err; i++) {
		err = tel_call_add_leg(call, &leg);
		if (err)
			break;
		*leg = from[i];
		err = adopt_all(call, (struct tel_str *[]){
			&leg->participant_sid, &leg->identity, &leg->room_sid,
			&leg->sip_call_id, &leg->disconnect_reason }, 5);
	}
	return err;
}

enum tel_err tel_call_clone(const struct tel_call *call, struct tel_call **out)
{
	struct tel_call *copy = tel_call_new();
	struct tel_arena mem;
	enum tel_err err = TEL_ENOMEM;
	int kind;

	if (!copy)
		goto out;
	mem = copy->mem;
	*copy = *call;
	copy->mem = mem;
	err = adopt_all(copy, (struct tel_str *[]){
		&copy->room_name, &copy->room_sid, &copy->from_raw, &copy->to_raw,
		&copy->trunk_id, &copy->sip_call_id, &copy->participant_sid,
		&copy->identity, &copy->rule_id, &copy->agent.name, &copy->agent.config,
		&copy->agent.route, &copy->agent.dispatch_id, &copy->error_code,
		&copy->error_message, &copy->raw, &copy->sip_status, &copy->disconnect_reason,
		&copy->dial.dtmf, &copy->dial.metadata, &copy->transfer.to,
		&copy->transfer.code, &copy->transfer.message,
		&copy->agent.watch.transfer_to }, 24);
	for (kind = 0; kind < TEL_JOB_KINDS && !err; kind++)
		err = adopt(copy, &copy->jobs[kind].lease.owner);
	if (!err)
		err = adopt_legs(copy);
	if (!err) {
		*out = copy;
		copy = NULL;
	}
out:
	tel_call_free(copy);
	return err;
}

/* ---- texts and legs --------------------------------------------------- */

enum tel_err tel_call_set(struct tel_call *call, struct tel_str *field, struct tel_str value,
			  size_t max)
{
	if (tel_str_eq(*field, value) && !field->ptr == !value.ptr)
		return TEL_OK;
	return tel_arena_copy(&call->mem, value, max, field);
}

enum tel_err tel_call_set_watch(struct tel_call *call, const struct tel_watch_policy *watch)
{
	struct tel_str *to = &call->agent.watch.transfer_to, old = *to;

	call->agent.watch = *watch;
	*to = old;
	return tel_call_set(call, to, watch->transfer_to, TEL_MAX_TRANSFER_TO);
}

/* Room for legs is doubled: 4, 8, 16 …; the old array stays in the arena. */
static bool is_full(size_t n)
{
	return n == 0 || (n >= 4 && (n & (n - 1)) == 0);
}

enum tel_err tel_call_add_leg(struct tel_call *call, struct tel_leg **out)
{
	size_t n = call->n_legs;
	struct tel_leg *legs;

	if (n >= TEL_MAX_LEGS)
		return TEL_ETOOBIG;
	if (is_full(n)) {
		legs = tel_arena_alloc(&call->mem, sizeof(*legs) * (n ? n * 2 : 4));
		if (!legs)
			return TEL_ENOMEM;
		if (n > 0)
			memcpy(legs, call->legs, n * sizeof(*legs));
		call->legs = legs;
	}
	*out = &call->legs[call->n_legs++];
	return TEL_OK;
}

struct tel_leg *tel_call_leg(const struct tel_call *call, struct tel_str participant_sid)
{
	size_t i;

	for (i = 0; i < call->n_legs; i++)
		if (tel_str_eq(call->legs[i].participant_sid, participant_sid))
			return &call->legs[i];
	return NULL;
}

bool tel_call_is_over(const struct tel_call *call)
{
	return call->status == TEL_CALL_ENDED || call->status == TEL_CALL_FAILED;
}

size_t tel_call_living_legs(const struct tel_call *call, enum tel_participant_kind kind)
{
	size_t i, n = 0;

	for (i = 0; i < call->n_legs; i++)
		n += call->legs[i].kind == kind && call->legs[i].left_at == 0 &&
		     tel_str_eq(call->legs[i].room_sid, call->room_sid);
	return n;
}

tel_time tel_call_wakes_at(const struct tel_call *call)
{
	tel_time at, first = 0;
	int kind;

	for (kind = 0; kind < TEL_JOB_KINDS; kind++) {
		if (!call->jobs[kind].pending)
			continue;
		at = tel_job_wakes_at(&call->jobs[kind]);
		if (first == 0 || at < first)
			first = at;
	}
	return first;
}

/* ---- names ------------------------------------------------------------ */

static const char *const status_names[TEL_CALL_STATUSES] = {
	[TEL_CALL_CREATED] = "created",
	[TEL_CALL_SIP_PARTICIPANT_JOINED] = "sip_participant_joined",
	[TEL_CALL_AGENT_DISPATCHED] = "agent_dispatched",
	[TEL_CALL_ENDED] = "ended",
	[TEL_CALL_FAILED] = "failed",
};

static const char *const outcome_names[TEL_OUTCOMES] = {
	[TEL_OUTCOME_COMPLETED] = "completed",
	[TEL_OUTCOME_BUSY] = "busy",
	[TEL_OUTCOME_NO_ANSWER] = "no_answer",
	[TEL_OUTCOME_REJECTED] = "rejected",
	[TEL_OUTCOME_CANCELED] = "canceled",
	[TEL_OUTCOME_FAILED] = "failed",
	[TEL_OUTCOME_UNKNOWN] = "unknown",
};

static const char *const by_names[TEL_BYS] = {
	[TEL_BY_CALLER] = "caller",
	[TEL_BY_CALLEE] = "callee",
	[TEL_BY_AGENT] = "agent",
	[TEL_BY_API] = "api",
	[TEL_BY_TIMEOUT] = "timeout",
	[TEL_BY_LIVEKIT] = "livekit",
};

static const char *const direction_names[] = {
	[TEL_INBOUND] = "inbound",
	[TEL_OUTBOUND] = "outbound",
};

static const char *const dial_reply_names[TEL_DIAL_REPLIES] = {
	[TEL_DIAL_ANSWERED] = "answered",
	[TEL_DIAL_DECLINED] = "declined",
	[TEL_DIAL_GAVE_UP] = "gave_up",
	[TEL_DIAL_REFUSED] = "refused",
	[TEL_DIAL_LOST] = "lost",
};

static const char *const transfer_state_names[TEL_TRANSFER_STATES] = {
	[TEL_TRANSFER_REQUESTED] = "requested",
	[TEL_TRANSFER_DONE] = "done",
	[TEL_TRANSFER_FAILED] = "failed",
	[TEL_TRANSFER_UNKNOWN] = "unknown",
};

static const char *const hang_up_why_names[TEL_HANG_UP_WHYS] = {
	[TEL_HANG_UP_ASKED] = "asked",
	[TEL_HANG_UP_NO_AGENT] = "no_agent",
	[TEL_HANG_UP_AGENT_LEFT] = "agent_left",
	[TEL_HANG_UP_ALONE] = "alone",
	[TEL_HANG_UP_DURATION] = "duration",
	[TEL_HANG_UP_RANG_OUT] = "rang_out",
};

static bool find_name(const char *const *names, size_t n, struct tel_str text, size_t *at)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (names[i] && tel_str_is(text, names[i])) {
			*at = i;
			return true;
		}
	return false;
}

const char *tel_call_status_text(enum tel_call_status status)
{
	return (unsigned)status < TEL_CALL_STATUSES ? status_names[status] : "?";
}

const char *tel_outcome_text(enum tel_outcome outcome)
{
	return (unsigned)outcome < TEL_OUTCOMES ? outcome_names[outcome] : NULL;
}

const char *tel_ended_by_text(enum tel_ended_by by)
{
	return (unsigned)by < TEL_BYS ? by_names[by] : NULL;
}

const char *tel_direction_text(enum tel_direction direction)
{
	return direction_names[direction == TEL_OUTBOUND];
}

const char *tel_dial_reply_text(enum tel_dial_reply reply)
{
	return (unsigned)reply < TEL_DIAL_REPLIES ? dial_reply_names[reply] : NULL;
}

const char *tel_transfer_state_text(enum tel_transfer_state state)
{
	return (unsigned)state < TEL_TRANSFER_STATES ? transfer_state_names[state] : NULL;
}

bool tel_call_status_from(struct tel_str text, enum tel_call_status *out)
{
	size_t at;

	if (!find_name(status_names, TEL_CALL_STATUSES, text, &at))
		return false;
	*out = (enum tel_call_status)at;
	return true;
}

bool tel_outcome_from(struct tel_str text, enum tel_outcome *out)
{
	size_t at;

	if (!find_name(outcome_names, TEL_OUTCOMES, text, &at))
		return false;
	*out = (enum tel_outcome)at;
	return true;
}

bool tel_ended_by_from(struct tel_str text, enum tel_ended_by *out)
{
	size_t at;

	if (!find_name(by_names, TEL_BYS, text, &at))
		return false;
	*out = (enum tel_ended_by)at;
	return true;
}

bool tel_direction_from(struct tel_str text, enum tel_direction *out)
{
	size_t at;

	if (!find_name(direction_names, 2, text, &at))
		return false;
	*out = (enum tel_direction)at;
	return true;
}

bool tel_dial_reply_from(struct tel_str text, enum tel_dial_reply *out)
{
	size_t at;

	if (!find_name(dial_reply_names, TEL_DIAL_REPLIES, text, &at))
		return false;
	*out = (enum tel_dial_reply)at;
	return true;
}

bool tel_transfer_state_from(struct tel_str text, enum tel_transfer_state *out)
{
	size_t at;

	if (!find_name(transfer_state_names, TEL_TRANSFER_STATES, text, &at))
		return false;
	*out = (enum tel_transfer_state)at;
	return true;
}

const char *tel_hang_up_why_text(enum tel_hang_up_why why)
{
	return (unsigned)why < TEL_HANG_UP_WHYS ? hang_up_why_names[why] : "?";
}

bool tel_hang_up_why_from(struct tel_str text, enum tel_hang_up_why *out)
{
	size_t at;

	if (!find_name(hang_up_why_names, TEL_HANG_UP_WHYS, text, &at))
		return false;
	*out = (enum tel_hang_up_why)at;
	return true;
}
