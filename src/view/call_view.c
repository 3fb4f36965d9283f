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
	tel_json_put_time(w, "ringingAt", 0);
	tel_json_put_time(w, "answeredAt", 0);
	tel_json_put_time(w, "endedAt", call->ended_at);
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

static void put_error(struct tel_json_write *w, const struct tel_call *call)
{
	if (!tel_str_is_set(call->error_code) && !tel_str_is_set(call->error_message)) {
		tel_json_put_null(w, "error");
		return;
	}
	tel_json_open_object(w, "error");
	tel_json_put_text(w, "code", call->error_code);
	tel_json_put_text(w, "message", call->error_message);
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
	tel_json_put_null(w, "sipStatusCode");
	tel_json_put_name(w, "endedBy", tel_ended_by_text(call->ended_by));
	tel_json_put_bool(w, "agentDispatched", tel_view_agent_dispatched(call));
	put_times(w, call);
	put_phone(w, call);
	put_agent(w, &call->agent);
	put_error(w, call);
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
