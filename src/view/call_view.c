#include "config.h"

#include "json/json_write.h"
#include "view/call_view.h"
#include "base/banned.h"

bool tel_view_agent_dispatched(const struct tel_call *call)
{
	return call->status == TEL_CALL_AGENT_DISPATCHED || call->agent_was_there ||
	       tel_str_is_set(call->agent.dispatch_id);
}

static void put_numbers(struct tel_json_write *w, const struct tel_call *call)
{
	tel_json_put_text(w, "from", tel_e164_str(&call->from));
	tel_json_put_text(w, "to", tel_e164_str(&call->to));
	tel_json_put_text(w, "fromRaw", call->from_raw);
	tel_json_put_text(w, "toRaw", call->to_raw);
	tel_json_put_text(w, "trunkId", call->trunk_id);
}

static void put_times(struct tel_json_write *w, const struct tel_call *call)
{
	tel_json_put_time(w, "createdAt", call->created_at);
	tel_json_put_time(w, "updatedAt", call->updated_at);
	tel_json_put_time(w, "ringingAt", call->ringing_at);
	tel_json_put_time(w, "answeredAt", call->answered_at);
	tel_json_put_time(w, "hangUpAt", call->hang_up_at);
	tel_json_put_time(w, "endedAt", call->ended_at);
}

/* Both moments may come from different clocks: never less than nothing. */
static void put_seconds(struct tel_json_write *w, const char *key, tel_time from, tel_time to)
{
	if (from && to)
		tel_json_put_decimal(w, key, to > from ? (double)(to - from) / TEL_SECOND : 0);
	else
		tel_json_put_null(w, key);
}

static void put_durations(struct tel_json_write *w, const struct tel_call *call)
{
	put_seconds(w, "ringSeconds", call->ringing_at,
		    call->answered_at ? call->answered_at : call->ended_at);
	put_seconds(w, "talkSeconds", call->answered_at, call->ended_at);
}

static void put_limit(struct tel_json_write *w, const char *key, tel_time limit)
{
	if (limit)
		tel_json_put_int(w, key, limit / TEL_SECOND);
	else
		tel_json_put_null(w, key);
}

/* What whoever placed the call asked for. The digits to send may be a PIN: not shown. */
static void put_order(struct tel_json_write *w, const struct tel_dial *dial)
{
	put_limit(w, "ringingTimeoutSeconds", dial->ringing_timeout);
	put_limit(w, "maxDurationSeconds", dial->max_duration);
	tel_json_put_json(w, "metadata", dial->metadata);
}

static void put_problem(struct tel_json_write *w, struct tel_str code, struct tel_str message)
{
	if (!tel_str_is_set(code) && !tel_str_is_set(message)) {
		tel_json_put_null(w, "error");
		return;
	}
	tel_json_open_object(w, "error");
	tel_json_put_text(w, "code", code);
	tel_json_put_text(w, "message", message);
	tel_json_close(w);
}

static void put_transfer(struct tel_json_write *w, const struct tel_call_transfer *transfer)
{
	if (transfer->state == TEL_TRANSFER_NONE) {
		tel_json_put_null(w, "transfer");
		return;
	}
	tel_json_open_object(w, "transfer");
	tel_json_put_name(w, "state", tel_transfer_state_text(transfer->state));
	tel_json_put_text(w, "to", transfer->to);
	tel_json_put_bool(w, "playDialtone", transfer->play_dialtone);
	tel_json_put_time(w, "requestedAt", transfer->requested_at);
	tel_json_put_time(w, "finishedAt", transfer->finished_at);
	put_problem(w, transfer->code, transfer->message);
	tel_json_close(w);
}

static void put_sip_status(struct tel_json_write *w, const struct tel_call *call)
{
	if (call->sip_status_code)
		tel_json_put_int(w, "sipStatusCode", call->sip_status_code);
	else
		tel_json_put_null(w, "sipStatusCode");
	tel_json_put_text(w, "sipStatus", call->sip_status);
	tel_json_put_text(w, "disconnectReason", call->disconnect_reason);
}

static void put_phone(struct tel_json_write *w, const struct tel_call *call)
{
	if (!tel_str_is_set(call->participant_sid)) {
		tel_json_put_null(w, "sipParticipant");
		return;
	}
	tel_json_open_object(w, "sipParticipant");
	tel_json_put_text(w, "participantSid", call->participant_sid);
	tel_json_put_text(w, "identity", call->identity);
	tel_json_put_text(w, "sipCallId", call->sip_call_id);
	tel_json_close(w);
}

static void put_agent(struct tel_json_write *w, const struct tel_call_agent *agent)
{
	tel_json_open_object(w, "agent");
	tel_json_put_text(w, "name", agent->name);
	tel_json_put_text(w, "dispatchId", agent->dispatch_id);
	tel_json_put_text(w, "route", agent->route);
	tel_json_put_time(w, "joinedAt", agent->joined_at);
	tel_json_put_time(w, "leftAt", agent->left_at);
	tel_json_close(w);
}

/* ---- timeline ------------------------------------------------------------- */

/* Keys and values are as they were stored. */
static void put_evidence(struct tel_json_write *w, const struct tel_entry *entry)
{
	size_t i;

	tel_json_open_map(w, "evidence");
	for (i = 0; i < entry->n_notes; i++)
		/* The members' names: no name, no member. */
		if (tel_str_is_set(entry->notes[i].key))
			tel_json_put_text(w, entry->notes[i].key.ptr, entry->notes[i].value);
	tel_json_close(w);
}

static void put_entry(struct tel_json_write *w, const struct tel_call *call,
		      const struct tel_entry *entry)
{
	tel_json_open_object(w, NULL);
	tel_json_put_int(w, "seq", entry->seq);
	tel_json_put_time(w, "at", entry->at);
	tel_json_put_int(w, "offsetMs", entry->at - call->created_at);
	tel_json_put_name(w, "source", tel_entry_source_text(entry->source));
	tel_json_put_text(w, "what", entry->what);
	tel_json_put_text(w, "result", entry->result);
	tel_json_put_name(w, "status", tel_call_status_text(entry->status));
	put_evidence(w, entry);
	tel_json_close(w);
}

static void put_timeline(struct tel_json_write *w, const char *key, const struct tel_call *call,
			 const struct tel_timeline *timeline)
{
	size_t i;

	tel_json_open_list(w, key);
	for (i = 0; i < timeline->n; i++)
		put_entry(w, call, &timeline->entries[i]);
	tel_json_close(w);
}

/* ---- the whole ------------------------------------------------------------ */

void tel_view_put_call(struct tel_json_write *w, const struct tel_call *call,
		       const struct tel_timeline *timeline)
{
	tel_json_open_object(w, NULL);
	tel_json_put_text(w, "callId", tel_call_id_str(&call->id));
	tel_json_put_text(w, "roomName", call->room_name);
	tel_json_put_text(w, "roomSid", call->room_sid);
	tel_json_put_name(w, "direction", tel_direction_text(call->direction));
	put_numbers(w, call);
	tel_json_put_name(w, "status", tel_call_status_text(call->status));
	tel_json_put_name(w, "outcome", tel_outcome_text(call->outcome));
	put_sip_status(w, call);
	tel_json_put_name(w, "endedBy", tel_ended_by_text(call->ended_by));
	tel_json_put_bool(w, "agentDispatched", tel_view_agent_dispatched(call));
	put_times(w, call);
	put_durations(w, call);
	put_order(w, &call->dial);
	put_phone(w, call);
	put_agent(w, &call->agent);
	put_transfer(w, &call->transfer);
	put_problem(w, call->error_code, call->error_message);
	tel_json_put_json(w, "raw", call->raw);
	if (timeline)
		put_timeline(w, "timeline", call, timeline);
	tel_json_close(w);
}

enum tel_err tel_view_call(const struct tel_call *call, const struct tel_timeline *timeline,
			   struct tel_buf *out)
{
	struct tel_json_write w;

	tel_json_begin(&w, TEL_JSON_VIEW);
	tel_view_put_call(&w, call, timeline);
	return tel_json_finish(&w, out);
}

enum tel_err tel_view_timeline(const struct tel_call *call, const struct tel_timeline *timeline,
			       struct tel_buf *out)
{
	struct tel_json_write w;

	tel_json_begin(&w, TEL_JSON_VIEW);
	put_timeline(&w, NULL, call, timeline);
	return tel_json_finish(&w, out);
}
