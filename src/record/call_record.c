#include "config.h"

#include <stddef.h>

#include "json/json_read.h"
#include "json/json_write.h"
#include "ports/process.h"
#include "record/call_record.h"
#include "record/record_json.h"
#include "base/banned.h"

/*
 * Fields of one type, by their place in the struct: the same table writes
 * and reads. Ceilings here only keep a damaged record from doing harm; those
 * of base/limits.h are enforced where texts come in. Fields that become part
 * of a key have the key's ceiling.
 */
struct text_field {
	const char *key;
	size_t at, max;
};

struct int_field {
	const char *key;
	size_t at;
};

#define MAX_MESSAGE (4 * TEL_MAX_TEXT)

/* RFC 3261, 7.2: three digits. */
#define MAX_SIP_STATUS 999

#define CALL_TEXT(key, field, max) { key, offsetof(struct tel_call, field), max }
#define CALL_TIME(key, field) { key, offsetof(struct tel_call, field) }
#define LEG_TEXT(key, field, max) { key, offsetof(struct tel_leg, field), max }
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct text_field call_texts[] = {
	CALL_TEXT("roomName", room_name, TEL_MAX_ROOM_NAME),
	CALL_TEXT("roomSid", room_sid, TEL_MAX_ID),
	CALL_TEXT("fromRaw", from_raw, TEL_MAX_TEXT),
	CALL_TEXT("toRaw", to_raw, TEL_MAX_TEXT),
	CALL_TEXT("trunkId", trunk_id, TEL_MAX_TEXT),
	CALL_TEXT("sipCallId", sip_call_id, TEL_MAX_ID),
	CALL_TEXT("participantSid", participant_sid, TEL_MAX_ID),
	CALL_TEXT("identity", identity, TEL_MAX_TEXT),
	CALL_TEXT("ruleId", rule_id, TEL_MAX_TEXT),
	CALL_TEXT("agentName", agent.name, TEL_MAX_TEXT),
	CALL_TEXT("agentConfig", agent.config, TEL_MAX_AGENT_CONFIG),
	CALL_TEXT("agentRoute", agent.route, TEL_MAX_TEXT),
	CALL_TEXT("dispatchId", agent.dispatch_id, TEL_MAX_TEXT),
	CALL_TEXT("errorCode", error_code, TEL_MAX_TEXT),
	CALL_TEXT("errorMessage", error_message, MAX_MESSAGE),
	CALL_TEXT("raw", raw, TEL_MAX_RAW),
	CALL_TEXT("sipStatus", sip_status, TEL_MAX_TEXT),
	CALL_TEXT("disconnectReason", disconnect_reason, TEL_MAX_TEXT),
	CALL_TEXT("dtmf", dial.dtmf, TEL_MAX_DTMF),
	CALL_TEXT("metadata", dial.metadata, TEL_MAX_CALL_METADATA),
	CALL_TEXT("transferTo", transfer.to, TEL_MAX_TRANSFER_TO),
	CALL_TEXT("transferCode", transfer.code, TEL_MAX_TEXT),
	CALL_TEXT("transferMessage", transfer.message, MAX_MESSAGE),
	CALL_TEXT("watchTransferTo", agent.watch.transfer_to, TEL_MAX_TRANSFER_TO),
};

static const struct int_field call_times[] = {
	CALL_TIME("roomCreatedAt", room_created_at),
	CALL_TIME("roomFinishedAt", room_finished_at),
	CALL_TIME("createdAt", created_at),
	CALL_TIME("updatedAt", updated_at),
	CALL_TIME("endedAt", ended_at),
	CALL_TIME("dispatchedAt", agent.dispatched_at),
	CALL_TIME("agentJoinedAt", agent.joined_at),
	CALL_TIME("agentLeftAt", agent.left_at),
	CALL_TIME("ringingAt", ringing_at),
	CALL_TIME("answeredAt", answered_at),
	CALL_TIME("hangUpAt", hang_up_at),
	CALL_TIME("ringingTimeout", dial.ringing_timeout),
	CALL_TIME("maxDuration", dial.max_duration),
	CALL_TIME("dialSentAt", dial.sent_at),
	CALL_TIME("dialRepliedAt", dial.replied_at),
	CALL_TIME("dialSeenAt", dial.seen_at),
	CALL_TIME("transferRequestedAt", transfer.requested_at),
	CALL_TIME("transferFinishedAt", transfer.finished_at),
	CALL_TIME("agentWantedAt", agent.wanted_at),
	CALL_TIME("aloneSince", agent.alone_at),
	CALL_TIME("dispatchDroppedAt", agent.dropped_at),
	CALL_TIME("agentAwaitedAt", agent.awaited_at),
	CALL_TIME("watchJoinDeadline", agent.watch.join_deadline),
	CALL_TIME("watchWithin", agent.watch.within),
};

static const struct text_field leg_texts[] = {
	LEG_TEXT("participantSid", participant_sid, TEL_MAX_ID),
	LEG_TEXT("identity", identity, TEL_MAX_TEXT),
	LEG_TEXT("roomSid", room_sid, TEL_MAX_ID),
	LEG_TEXT("sipCallId", sip_call_id, TEL_MAX_ID),
	LEG_TEXT("disconnectReason", disconnect_reason, TEL_MAX_TEXT),
};

static const struct int_field leg_times[] = {
	{ "joinedAt", offsetof(struct tel_leg, joined_at) },
	{ "heardAt", offsetof(struct tel_leg, heard_at) },
	{ "leftAt", offsetof(struct tel_leg, left_at) },
};

static const char *const kind_names[] = {
	[TEL_PARTICIPANT_NONE] = "none",
	[TEL_PARTICIPANT_OTHER] = "other",
	[TEL_PARTICIPANT_SIP] = "sip",
	[TEL_PARTICIPANT_AGENT] = "agent",
};

/* ---- writing --------------------------------------------------------- */

static void put_texts(struct tel_json_write *w, const void *base, const struct text_field *fields,
		      size_t n)
{
	struct tel_str text;
	size_t i;

	for (i = 0; i < n; i++) {
		text = *(const struct tel_str *)((const char *)base + fields[i].at);
		if (text.len > fields[i].max)
			tel_json_fail(w, TEL_ETOOBIG);
		tel_json_put_text(w, fields[i].key, text);
	}
}

static void put_times(struct tel_json_write *w, const void *base, const struct int_field *fields,
		      size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		tel_record_put_time(w, fields[i].key,
				    *(const tel_time *)((const char *)base + fields[i].at));
}

static void put_leg(struct tel_json_write *w, const struct tel_leg *leg)
{
	if ((size_t)leg->kind >= COUNT(kind_names)) {
		tel_json_fail(w, TEL_EMISUSE);
		return;
	}
	tel_json_open_object(w, NULL);
	tel_json_put_name(w, "kind", kind_names[leg->kind]);
	if (leg->sip_status != TEL_SIP_UNKNOWN)
		tel_json_put_name(w, "sipStatus", tel_sip_status_text(leg->sip_status));
	put_times(w, leg, leg_times, COUNT(leg_times));
	put_texts(w, leg, leg_texts, COUNT(leg_texts));
	tel_json_close(w);
}

static void put_legs(struct tel_json_write *w, const struct tel_call *call)
{
	size_t i;

	if (call->n_legs > TEL_MAX_LEGS) {
		tel_json_fail(w, TEL_ETOOBIG);
		return;
	}
	tel_json_open_list(w, "legs");
	for (i = 0; i < call->n_legs; i++)
		put_leg(w, &call->legs[i]);
	tel_json_close(w);
}

static void put_job(struct tel_json_write *w, enum tel_job_kind kind, const struct tel_job *job)
{
	if (job->lease.owner.len > TEL_MAX_OWNER)
		tel_json_fail(w, TEL_ETOOBIG);
	tel_json_open_object(w, NULL);
	tel_json_put_name(w, "kind", tel_job_kind_text(kind));
	tel_json_put_bool(w, "pending", job->pending);
	tel_json_put_bool(w, "cancelled", job->cancelled);
	tel_json_put_bool(w, "unsure", job->unsure);
	if (job->look)
		tel_json_put_bool(w, "look", job->look);
	tel_json_put_int(w, "attempt", job->attempt);
	tel_record_put_time(w, "due", job->due);
	tel_json_put_text(w, "leaseOwner", job->lease.owner);
	tel_record_put_time(w, "leaseUntil", job->lease.until);
	tel_json_close(w);
}

static bool job_is_empty(const struct tel_job *job)
{
	return !job->pending && !job->cancelled && !job->unsure && !job->look &&
	       job->attempt == 0 &&
	       job->due == 0 && !job->lease.owner.ptr && job->lease.until == 0;
}

static void put_jobs(struct tel_json_write *w, const struct tel_call *call)
{
	int kind;

	tel_json_open_list(w, "jobs");
	for (kind = 0; kind < TEL_JOB_KINDS; kind++)
		if (!job_is_empty(&call->jobs[kind]))
			put_job(w, (enum tel_job_kind)kind, &call->jobs[kind]);
	tel_json_close(w);
}

/* What the decoder insists on: nothing may be stored that can't be read. */
static bool is_sound(const struct tel_call *call)
{
	struct tel_call_id id;

	return !tel_call_id_parse(tel_call_id_str(&call->id), &id) &&
	       (call->previous_id.text[0] == '\0' ||
		!tel_call_id_parse(tel_call_id_str(&call->previous_id), &id)) &&
	       (unsigned)call->direction <= TEL_OUTBOUND &&
	       (unsigned)call->status < TEL_CALL_STATUSES &&
	       (unsigned)call->outcome < TEL_OUTCOMES && (unsigned)call->ended_by < TEL_BYS &&
	       (unsigned)call->dial.reply < TEL_DIAL_REPLIES &&
	       (unsigned)call->transfer.state < TEL_TRANSFER_STATES &&
	       (unsigned)call->hang_up_why < TEL_HANG_UP_WHYS &&
	       (unsigned)call->agent.watch.fallback < TEL_FALLBACKS &&
	       call->sip_status_code >= 0 && call->sip_status_code <= MAX_SIP_STATUS;
}

static void put_watch(struct tel_json_write *w, const struct tel_call *call)
{
	if (call->hang_up_at)
		tel_json_put_name(w, "hangUpWhy", tel_hang_up_why_text(call->hang_up_why));
	if (call->agent.watch.fallback)
		tel_json_put_name(w, "watchFallback",
				  tel_fallback_text(call->agent.watch.fallback));
	tel_json_put_int(w, "watchAttempts", call->agent.watch.attempts);
	tel_json_put_int(w, "agentTries", call->agent.tries);
	tel_json_put_bool(w, "agentFellBack", call->agent.fell_back);
	tel_json_put_bool(w, "endUnheard", call->end_unheard);
}

enum tel_err tel_call_encode(const struct tel_call *call, struct tel_buf *out)
{
	size_t start = out->len;
	struct tel_json_write w;
	enum tel_err err;

	if (!is_sound(call))
		return TEL_EMISUSE;
	tel_json_begin(&w, TEL_JSON_RECORD);
	tel_json_open_object(&w, NULL);
	tel_json_put_int(&w, "v", TEL_RECORD_VERSION);
	tel_json_put_name(&w, "id", call->id.text);
	if (call->previous_id.text[0])
		tel_json_put_name(&w, "previousId", call->previous_id.text);
	tel_json_put_name(&w, "direction", tel_direction_text(call->direction));
	tel_json_put_name(&w, "status", tel_call_status_text(call->status));
	tel_json_put_name(&w, "outcome", tel_outcome_text(call->outcome));
	tel_json_put_name(&w, "endedBy", tel_ended_by_text(call->ended_by));
	tel_json_put_text(&w, "from", tel_e164_str(&call->from));
	tel_json_put_text(&w, "to", tel_e164_str(&call->to));
	put_times(&w, call, call_times, COUNT(call_times));
	put_texts(&w, call, call_texts, COUNT(call_texts));
	tel_json_put_name(&w, "dialReply", tel_dial_reply_text(call->dial.reply));
	tel_json_put_name(&w, "transferState", tel_transfer_state_text(call->transfer.state));
	tel_json_put_bool(&w, "transferDialtone", call->transfer.play_dialtone);
	tel_json_put_int(&w, "sipStatusCode", call->sip_status_code);
	tel_json_put_bool(&w, "agentWasThere", call->agent_was_there);
	tel_json_put_int(&w, "timelineLen", call->timeline_len);
	put_watch(&w, call);
	put_legs(&w, call);
	put_jobs(&w, call);
	tel_json_close(&w);
	err = tel_json_finish(&w, out);
	return !err && out->len - start > TEL_MAX_RECORD ? TEL_ETOOBIG : err;
}

/* ---- reading --------------------------------------------------------- */

static enum tel_err get_texts(json_object *o, struct tel_arena *mem, void *base,
			      const struct text_field *fields, size_t n)
{
	enum tel_err err = TEL_OK;
	size_t i;

	for (i = 0; i < n && !err; i++)
		err = tel_json_get_text(o, fields[i].key, fields[i].max, mem,
				    (struct tel_str *)((char *)base + fields[i].at));
	return err;
}

static enum tel_err get_times(json_object *o, void *base, const struct int_field *fields, size_t n)
{
	enum tel_err err = TEL_OK;
	size_t i;

	for (i = 0; i < n && !err; i++)
		err = tel_record_get_time(o, fields[i].key,
					  (tel_time *)((char *)base + fields[i].at));
	return err;
}

static enum tel_err get_e164(json_object *o, const char *key, struct tel_e164 *out)
{
	struct tel_str view;
	enum tel_err err = tel_json_get_view(o, key, TEL_MAX_E164, &view);

	if (!err && view.len > 0)
		memcpy(out->text, view.ptr, view.len);
	return err;
}

static enum tel_err get_id(json_object *o, const char *key, bool may_lack, struct tel_call_id *out)
{
	struct tel_str view;
	enum tel_err err = tel_json_get_view(o, key, TEL_CALL_ID_TEXT, &view);

	if (err || (may_lack && !view.ptr))
		return err;
	return tel_call_id_parse(view, out) ? TEL_ECORRUPT : TEL_OK;
}

static enum tel_err get_names(json_object *o, struct tel_call *call)
{
	struct tel_str direction, status, outcome, by;

	if (tel_json_get_view(o, "direction", TEL_MAX_TEXT, &direction) ||
	    tel_json_get_view(o, "status", TEL_MAX_TEXT, &status) ||
	    tel_json_get_view(o, "outcome", TEL_MAX_TEXT, &outcome) ||
	    tel_json_get_view(o, "endedBy", TEL_MAX_TEXT, &by))
		return TEL_ECORRUPT;
	if (!tel_direction_from(direction, &call->direction) ||
	    !tel_call_status_from(status, &call->status) ||
	    (outcome.ptr && !tel_outcome_from(outcome, &call->outcome)) ||
	    (by.ptr && !tel_ended_by_from(by, &call->ended_by)))
		return TEL_ECORRUPT;
	return TEL_OK;
}

static enum tel_err get_dial(json_object *o, struct tel_call *call)
{
	struct tel_str reply, state;
	int64_t code;

	if (tel_json_get_view(o, "dialReply", TEL_MAX_TEXT, &reply) ||
	    tel_json_get_view(o, "transferState", TEL_MAX_TEXT, &state) ||
	    tel_json_get_bool(o, "transferDialtone", &call->transfer.play_dialtone) ||
	    tel_json_get_int(o, "sipStatusCode", 0, MAX_SIP_STATUS, &code))
		return TEL_ECORRUPT;
	if ((reply.ptr && !tel_dial_reply_from(reply, &call->dial.reply)) ||
	    (state.ptr && !tel_transfer_state_from(state, &call->transfer.state)))
		return TEL_ECORRUPT;
	call->sip_status_code = (int)code;
	return TEL_OK;
}

static enum tel_err get_watch(json_object *o, struct tel_call *call)
{
	struct tel_str why, fallback;
	int64_t attempts, tries;

	if (tel_json_get_view(o, "hangUpWhy", TEL_MAX_TEXT, &why) ||
	    tel_json_get_view(o, "watchFallback", TEL_MAX_TEXT, &fallback) ||
	    tel_json_get_int(o, "watchAttempts", 0, UINT32_MAX, &attempts) ||
	    tel_json_get_int(o, "agentTries", 0, UINT32_MAX, &tries) ||
	    tel_json_get_bool(o, "agentFellBack", &call->agent.fell_back) ||
	    tel_json_get_bool(o, "endUnheard", &call->end_unheard))
		return TEL_ECORRUPT;
	if ((why.ptr && !tel_hang_up_why_from(why, &call->hang_up_why)) ||
	    (fallback.ptr && !tel_fallback_from(fallback, &call->agent.watch.fallback)))
		return TEL_ECORRUPT;
	call->agent.watch.attempts = (uint32_t)attempts;
	call->agent.tries = (uint32_t)tries;
	return TEL_OK;
}

static enum tel_err get_kind(json_object *o, enum tel_participant_kind *out)
{
	struct tel_str kind;
	size_t i;

	if (tel_json_get_view(o, "kind", TEL_MAX_TEXT, &kind))
		return TEL_ECORRUPT;
	for (i = 0; i < COUNT(kind_names); i++)
		if (tel_str_is(kind, kind_names[i])) {
			*out = (enum tel_participant_kind)i;
			return TEL_OK;
		}
	return TEL_ECORRUPT;
}

static enum tel_err get_leg(json_object *o, struct tel_call *call)
{
	struct tel_str sip_status;
	struct tel_leg *leg;
	enum tel_err err;

	if (!json_object_is_type(o, json_type_object))
		return TEL_ECORRUPT;
	err = tel_call_add_leg(call, &leg);
	if (!err)
		err = get_kind(o, &leg->kind);
	if (!err)
		err = tel_json_get_view(o, "sipStatus", TEL_MAX_TEXT, &sip_status);
	if (!err) {
		leg->sip_status = tel_sip_status_from(sip_status);
		err = get_times(o, leg, leg_times, COUNT(leg_times));
	}
	return err ? err : get_texts(o, &call->mem, leg, leg_texts, COUNT(leg_texts));
}

static enum tel_err get_lease(json_object *o, struct tel_call *call, struct tel_lease *lease)
{
	enum tel_err err = tel_record_get_time(o, "leaseUntil", &lease->until);

	return err ? err : tel_json_get_text(o, "leaseOwner", TEL_MAX_OWNER, &call->mem, &lease->owner);
}

static enum tel_err get_job(json_object *o, struct tel_call *call)
{
	enum tel_job_kind kind;
	struct tel_job *job;
	struct tel_str name;
	int64_t attempt;

	if (!json_object_is_type(o, json_type_object) ||
	    tel_json_get_view(o, "kind", TEL_MAX_TEXT, &name))
		return TEL_ECORRUPT;
	if (!tel_job_kind_from(name, &kind))
		return TEL_OK;		/* a kind that a later program knows */
	job = &call->jobs[kind];
	if (tel_json_get_bool(o, "pending", &job->pending) ||
	    tel_json_get_bool(o, "cancelled", &job->cancelled) ||
	    tel_json_get_bool(o, "unsure", &job->unsure) ||
	    tel_json_get_bool(o, "look", &job->look) ||
	    tel_json_get_int(o, "attempt", 0, UINT32_MAX, &attempt) ||
	    tel_record_get_time(o, "due", &job->due))
		return TEL_ECORRUPT;
	job->attempt = (uint32_t)attempt;
	return get_lease(o, call, &job->lease);
}

static enum tel_err get_list(json_object *o, const char *key, struct tel_call *call,
			     enum tel_err (*get)(json_object *, struct tel_call *))
{
	json_object *list;
	enum tel_err err = tel_json_get_list(o, key, &list);
	size_t i, n;

	n = list ? json_object_array_length(list) : 0;
	for (i = 0; i < n && !err; i++)
		err = get(json_object_array_get_idx(list, i), call);
	return err;
}

static enum tel_err get_head(json_object *o, struct tel_call *call)
{
	int64_t version, timeline_len;

	if (tel_json_get_int(o, "v", 1, TEL_RECORD_VERSION, &version) || version == 0 ||
	    get_id(o, "id", false, &call->id) || get_id(o, "previousId", true, &call->previous_id) ||
	    get_names(o, call) || get_dial(o, call) || get_watch(o, call) ||
	    get_e164(o, "from", &call->from) || get_e164(o, "to", &call->to) ||
	    tel_json_get_bool(o, "agentWasThere", &call->agent_was_there) ||
	    tel_json_get_int(o, "timelineLen", 0, UINT32_MAX, &timeline_len))
		return TEL_ECORRUPT;
	call->timeline_len = (uint32_t)timeline_len;
	return get_times(o, call, call_times, COUNT(call_times));
}

enum tel_err tel_call_decode(struct tel_str json, struct tel_call **out)
{
	struct tel_call *call = NULL;
	json_object *o = NULL;
	enum tel_err err = tel_record_parse(json, &o);

	if (err)
		goto out;
	call = tel_call_new();
	err = call ? get_head(o, call) : TEL_ENOMEM;
	if (!err)
		err = get_texts(o, &call->mem, call, call_texts, COUNT(call_texts));
	if (!err)
		err = get_list(o, "legs", call, get_leg);
	if (!err)
		err = get_list(o, "jobs", call, get_job);
	if (!err) {
		*out = call;
		call = NULL;
	}
out:
	tel_call_free(call);
	json_object_put(o);
	return tel_record_damage(err);
}
