#include "config.h"

#include "ctl/print_call.h"
#include "base/banned.h"

static void put_name(struct tel_buf *b, const char *name)
{
	tel_buf_puts(b, name ? name : "-");
}

/* E.164 if it is known, else as it came. */
static void put_number(struct tel_buf *b, const struct tel_e164 *number, struct tel_str raw)
{
	tel_put_safe(b, number->text[0] ? tel_e164_str(number) : raw);
}

static void put_length(struct tel_buf *b, const struct tel_call *call, tel_time now)
{
	tel_put_duration(b, (call->ended_at ? call->ended_at : now) - call->created_at);
	if (!tel_call_is_over(call))
		tel_buf_puts(b, "+");
}

/* ---- table --------------------------------------------------------------------- */

void tel_table_add_call_header(struct tel_table *table)
{
	static const char *const names[TEL_CALL_COLUMNS] = {
		"TIME", "CALL", "DIRECTION", "FROM", "TO", "STATUS", "OUTCOME", "AGENT",
		"DURATION",
	};
	size_t i;

	for (i = 0; i < TEL_CALL_COLUMNS; i++) {
		tel_buf_puts(&table->cells, names[i]);
		tel_table_end_cell(table);
	}
}

void tel_table_add_call(struct tel_table *table, const struct tel_call *call, tel_time now)
{
	struct tel_buf *b = &table->cells;
	char when[TEL_TIME_TEXT];

	tel_buf_puts(b, tel_time_format(call->created_at, when));
	tel_table_end_cell(table);
	tel_buf_puts(b, call->id.text);
	tel_table_end_cell(table);
	put_name(b, tel_direction_text(call->direction));
	tel_table_end_cell(table);
	put_number(b, &call->from, call->from_raw);
	tel_table_end_cell(table);
	put_number(b, &call->to, call->to_raw);
	tel_table_end_cell(table);
	put_name(b, tel_call_status_text(call->status));
	tel_table_end_cell(table);
	put_name(b, tel_outcome_text(call->outcome));
	tel_table_end_cell(table);
	tel_put_safe(b, call->agent.name);
	tel_table_end_cell(table);
	put_length(b, call, now);
	tel_table_end_cell(table);
}

/* ---- record -------------------------------------------------------------------- */

static void put_label(struct tel_buf *b, const char *label)
{
	tel_buf_printf(b, "%-11s", label);
}

static void put_line(struct tel_buf *b, const char *label, struct tel_str value)
{
	if (!tel_str_is_set(value))
		return;
	put_label(b, label);
	tel_put_safe(b, value);
	tel_buf_puts(b, "\n");
}

static void put_number_line(struct tel_buf *b, const char *label, const struct tel_e164 *number,
			    struct tel_str raw)
{
	put_label(b, label);
	put_number(b, number, raw);
	if (number->text[0] && tel_str_is_set(raw)) {
		tel_buf_puts(b, " (as it came: ");
		tel_put_safe(b, raw);
		tel_buf_puts(b, ")");
	}
	tel_buf_puts(b, "\n");
}

/* ", joined +0.5s": moments of a call are told from its beginning. */
static void put_offset(struct tel_buf *b, const char *what, const struct tel_call *call,
		       tel_time when)
{
	if (!when)
		return;
	tel_buf_printf(b, ", %s +", what);
	tel_put_duration(b, when - call->created_at);
}

static void put_status(struct tel_buf *b, const struct tel_call *call)
{
	put_label(b, "status");
	put_name(b, tel_call_status_text(call->status));
	if (call->outcome != TEL_OUTCOME_NONE)
		tel_buf_printf(b, ", %s", tel_outcome_text(call->outcome));
	if (call->ended_by != TEL_BY_NOBODY)
		tel_buf_printf(b, ", ended by %s", tel_ended_by_text(call->ended_by));
	tel_buf_puts(b, "\n");
}

/* What the far end of the line said, and when. */
static void put_line_status(struct tel_buf *b, const struct tel_call *call)
{
	if (call->sip_status_code) {
		put_label(b, "sip status");
		tel_buf_printf(b, "%d ", call->sip_status_code);
		tel_put_safe(b, call->sip_status);
		tel_buf_puts(b, "\n");
	}
	put_line(b, "reason", call->disconnect_reason);
	if (!call->ringing_at && !call->answered_at && !call->hang_up_at)
		return;
	put_label(b, "phone");
	tel_buf_puts(b, call->answered_at ? "answered" : "not answered");
	put_offset(b, "rang", call, call->ringing_at);
	put_offset(b, "answered", call, call->answered_at);
	put_offset(b, "asked to hang up", call, call->hang_up_at);
	tel_buf_puts(b, "\n");
}

static void put_transfer(struct tel_buf *b, const struct tel_call *call)
{
	const struct tel_call_transfer *transfer = &call->transfer;

	if (transfer->state == TEL_TRANSFER_NONE)
		return;
	put_label(b, "transfer");
	tel_buf_printf(b, "%s, to ", tel_transfer_state_text(transfer->state));
	tel_put_safe(b, transfer->to);
	put_offset(b, "requested", call, transfer->requested_at);
	put_offset(b, "finished", call, transfer->finished_at);
	if (tel_str_is_set(transfer->message)) {
		tel_buf_puts(b, ": ");
		tel_put_safe(b, transfer->message);
	}
	tel_buf_puts(b, "\n");
}

static void put_room(struct tel_buf *b, const struct tel_call *call)
{
	put_label(b, "room");
	tel_put_safe(b, call->room_name);
	tel_buf_puts(b, ", ");
	tel_put_safe(b, call->room_sid);
	put_offset(b, "finished", call, call->room_finished_at);
	tel_buf_puts(b, "\n");
}

static void put_leg(struct tel_buf *b, const struct tel_call *call, const struct tel_leg *leg)
{
	put_label(b, leg->kind == TEL_PARTICIPANT_AGENT ? "agent leg" : "phone leg");
	tel_put_safe(b, leg->participant_sid);
	tel_buf_puts(b, ", ");
	tel_put_safe(b, leg->identity);
	if (tel_str_is_set(leg->sip_call_id)) {
		tel_buf_puts(b, ", ");
		tel_put_safe(b, leg->sip_call_id);
		tel_buf_printf(b, " %s", tel_sip_status_text(leg->sip_status));
	}
	put_offset(b, "joined", call, leg->joined_at);
	put_offset(b, "left", call, leg->left_at);
	if (tel_str_is_set(leg->disconnect_reason)) {
		tel_buf_puts(b, " ");
		tel_put_safe(b, leg->disconnect_reason);
	}
	tel_buf_puts(b, "\n");
}

static void put_agent(struct tel_buf *b, const struct tel_call *call)
{
	put_label(b, "agent");
	tel_put_safe(b, call->agent.name);
	if (tel_str_is_set(call->agent.dispatch_id)) {
		tel_buf_puts(b, ", dispatch ");
		tel_put_safe(b, call->agent.dispatch_id);
	}
	put_offset(b, "joined", call, call->agent.joined_at);
	put_offset(b, "left", call, call->agent.left_at);
	tel_buf_puts(b, "\n");
}

static void put_job(struct tel_buf *b, enum tel_job_kind kind, const struct tel_job *job)
{
	char when[TEL_TIME_TEXT];

	put_label(b, "job");
	tel_buf_printf(b, "%s, due %s, %u attempts", tel_job_kind_text(kind),
		       tel_time_format(job->due, when), (unsigned)job->attempt);
	if (tel_str_is_set(job->lease.owner))
		tel_buf_printf(b, ", leased until %s", tel_time_format(job->lease.until, when));
	tel_buf_printf(b, "%s%s\n", job->cancelled ? ", cancelled" : "",
		       job->unsure ? ", may have been done" : "");
}

static void put_error(struct tel_buf *b, const struct tel_call *call)
{
	if (!tel_str_is_set(call->error_code))
		return;
	put_label(b, "error");
	tel_put_safe(b, call->error_code);
	tel_buf_puts(b, ": ");
	tel_put_safe(b, call->error_message);
	tel_buf_puts(b, "\n");
}

static void put_times(struct tel_buf *b, const struct tel_call *call, tel_time now)
{
	char when[TEL_TIME_TEXT];

	put_line(b, "created", tel_str_from(tel_time_format(call->created_at, when)));
	put_line(b, "updated", tel_str_from(tel_time_format(call->updated_at, when)));
	if (call->ended_at)
		put_line(b, "ended", tel_str_from(tel_time_format(call->ended_at, when)));
	put_label(b, "duration");
	put_length(b, call, now);
	tel_buf_puts(b, "\n");
}

void tel_print_call(const struct tel_call *call, tel_time now, struct tel_buf *out)
{
	size_t i;
	int kind;

	put_line(out, "call", tel_call_id_str(&call->id));
	put_status(out, call);
	put_error(out, call);
	put_line_status(out, call);
	put_transfer(out, call);
	put_line(out, "direction", tel_str_from(tel_direction_text(call->direction)));
	put_number_line(out, "from", &call->from, call->from_raw);
	put_number_line(out, "to", &call->to, call->to_raw);
	put_line(out, "trunk", call->trunk_id);
	put_room(out, call);
	put_agent(out, call);
	put_line(out, "route", call->agent.route);
	for (i = 0; i < call->n_legs; i++)
		put_leg(out, call, &call->legs[i]);
	for (kind = 0; kind < TEL_JOB_KINDS; kind++)
		if (call->jobs[kind].pending)
			put_job(out, (enum tel_job_kind)kind, &call->jobs[kind]);
	put_times(out, call, now);
	put_line(out, "previous", tel_str_from(call->previous_id.text));
}

/* ---- timeline -------------------------------------------------------------------- */

void tel_print_entry(const struct tel_call *call, const struct tel_entry *entry,
		     struct tel_buf *b)
{
	tel_time offset = entry->at - call->created_at;
	size_t i;

	tel_buf_printf(b, "  %+9.3f  %-5s  ", (double)offset / 1000.0,
		       tel_entry_source_text(entry->source));
	tel_put_safe(b, entry->what);
	tel_buf_puts(b, ": ");
	tel_put_safe(b, entry->result);
	tel_buf_printf(b, "  [%s]\n", tel_call_status_text(entry->status));
	if (entry->n_notes)
		tel_buf_printf(b, "%20s", "");
	for (i = 0; i < entry->n_notes; i++) {
		tel_buf_puts(b, i ? "  " : "");
		tel_put_safe(b, entry->notes[i].key);
		tel_buf_puts(b, "=");
		tel_put_safe(b, entry->notes[i].value);
	}
	if (entry->n_notes)
		tel_buf_puts(b, "\n");
}

void tel_print_timeline(const struct tel_call *call, const struct tel_timeline *timeline,
			struct tel_buf *out)
{
	uint32_t expected = 0;
	size_t i;

	tel_buf_puts(out, "\ntimeline, in seconds from the call's beginning\n");
	for (i = 0; i < timeline->n; i++) {
		if (timeline->entries[i].seq > expected)
			tel_buf_printf(out, "  … %u entries were not kept\n",
				       (unsigned)(timeline->entries[i].seq - expected));
		tel_print_entry(call, &timeline->entries[i], out);
		expected = timeline->entries[i].seq + 1;
	}
}
