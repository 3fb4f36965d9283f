#include "config.h"

#include "view/call_view.h"
#include "view/json_out.h"
#include "base/banned.h"

static void put_text(struct tel_buf *b, const char *key, struct tel_str value)
{
	tel_out_key(b, key);
	tel_out_text(b, value);
}

static void put_name(struct tel_buf *b, const char *key, const char *value)
{
	tel_out_key(b, key);
	tel_out_name(b, value);
}

static void put_time(struct tel_buf *b, const char *key, tel_time value)
{
	tel_out_key(b, key);
	tel_out_time(b, value);
}

bool tel_view_agent_dispatched(const struct tel_call *call)
{
	return call->status == TEL_CALL_AGENT_DISPATCHED || call->agent_was_there ||
	       tel_str_is_set(call->agent.dispatch_id);
}

static void put_numbers(struct tel_buf *b, const struct tel_call *call)
{
	put_text(b, "from", tel_e164_str(&call->from));
	put_text(b, "to", tel_e164_str(&call->to));
	put_text(b, "fromRaw", call->from_raw);
	put_text(b, "toRaw", call->to_raw);
	put_text(b, "trunkId", call->trunk_id);
}

static void put_times(struct tel_buf *b, const struct tel_call *call)
{
	put_time(b, "createdAt", call->created_at);
	put_time(b, "updatedAt", call->updated_at);
	put_time(b, "ringingAt", 0);
	put_time(b, "answeredAt", 0);
	put_time(b, "endedAt", call->ended_at);
}

static void put_phone(struct tel_buf *b, const struct tel_call *call)
{
	tel_out_key(b, "sipParticipant");
	if (!tel_str_is_set(call->participant_sid)) {
		tel_buf_puts(b, "null");
		return;
	}
	tel_buf_puts(b, "{");
	put_text(b, "participantSid", call->participant_sid);
	put_text(b, "identity", call->identity);
	put_text(b, "sipCallId", call->sip_call_id);
	tel_buf_puts(b, "}");
}

static void put_agent(struct tel_buf *b, const struct tel_call_agent *agent)
{
	tel_out_key(b, "agent");
	tel_buf_puts(b, "{");
	put_text(b, "name", agent->name);
	put_text(b, "dispatchId", agent->dispatch_id);
	put_text(b, "route", agent->route);
	put_time(b, "joinedAt", agent->joined_at);
	put_time(b, "leftAt", agent->left_at);
	tel_buf_puts(b, "}");
}

static void put_error(struct tel_buf *b, const struct tel_call *call)
{
	tel_out_key(b, "error");
	if (!tel_str_is_set(call->error_code) && !tel_str_is_set(call->error_message)) {
		tel_buf_puts(b, "null");
		return;
	}
	tel_buf_puts(b, "{");
	put_text(b, "code", call->error_code);
	put_text(b, "message", call->error_message);
	tel_buf_puts(b, "}");
}

enum tel_err tel_view_call(const struct tel_call *call, const struct tel_timeline *timeline,
			   struct tel_buf *out)
{
	tel_buf_puts(out, "{");
	put_text(out, "callId", tel_call_id_str(&call->id));
	put_text(out, "roomName", call->room_name);
	put_text(out, "roomSid", call->room_sid);
	put_name(out, "direction", tel_direction_text(call->direction));
	put_numbers(out, call);
	put_name(out, "status", tel_call_status_text(call->status));
	put_name(out, "outcome", tel_outcome_text(call->outcome));
	put_name(out, "sipStatusCode", NULL);
	put_name(out, "endedBy", tel_ended_by_text(call->ended_by));
	tel_out_key(out, "agentDispatched");
	tel_out_bool(out, tel_view_agent_dispatched(call));
	put_times(out, call);
	put_phone(out, call);
	put_agent(out, &call->agent);
	put_error(out, call);
	tel_out_key(out, "raw");
	tel_out_json(out, call->raw);
	if (timeline) {
		tel_out_key(out, "timeline");
		tel_view_timeline(call, timeline, out);
	}
	tel_buf_puts(out, "}");
	return tel_buf_err(out);
}

/* ---- timeline ------------------------------------------------------------- */

static void put_evidence(struct tel_buf *b, const struct tel_entry *entry)
{
	size_t i;

	tel_out_key(b, "evidence");
	tel_buf_puts(b, "{");
	for (i = 0; i < entry->n_notes; i++) {
		/* The members' names: no name, no member. */
		if (!tel_str_is_set(entry->notes[i].key))
			continue;
		tel_out_comma(b);
		tel_out_text(b, entry->notes[i].key);
		tel_buf_puts(b, ":");
		tel_out_text(b, entry->notes[i].value);
	}
	tel_buf_puts(b, "}");
}

static void put_entry(struct tel_buf *b, const struct tel_call *call, const struct tel_entry *entry)
{
	tel_out_comma(b);
	tel_buf_puts(b, "{");
	tel_out_key(b, "seq");
	tel_out_int(b, entry->seq);
	put_time(b, "at", entry->at);
	tel_out_key(b, "offsetMs");
	tel_out_int(b, entry->at - call->created_at);
	put_name(b, "source", tel_entry_source_text(entry->source));
	put_text(b, "what", entry->what);
	put_text(b, "result", entry->result);
	put_name(b, "status", tel_call_status_text(entry->status));
	put_evidence(b, entry);
	tel_buf_puts(b, "}");
}

enum tel_err tel_view_timeline(const struct tel_call *call, const struct tel_timeline *timeline,
			       struct tel_buf *out)
{
	size_t i;

	tel_buf_puts(out, "[");
	for (i = 0; i < timeline->n; i++)
		put_entry(out, call, &timeline->entries[i]);
	tel_buf_puts(out, "]");
	return tel_buf_err(out);
}
