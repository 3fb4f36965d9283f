#include "config.h"

#include "domain/reaction.h"

/*
 * The state machine of a call: one row for each thing that can happen, one
 * column for "no call" and one for each status. Nothing else in the project
 * decides what an event does to a call.
 *
 * NULL = it concerns nobody. Final statuses have no way out: their columns
 * hold only reactions that record or clean up.
 */
enum { NO_CALL = TEL_CALL_STATUSES, COLUMNS };

static const tel_reaction_fn table[TEL_INPUTS][COLUMNS] = {
	[TEL_IN_PHONE_JOINED] = {
		[NO_CALL] = tel_react_phone_opens,
		[TEL_CALL_CREATED] = tel_react_phone_joins,
		[TEL_CALL_SIP_PARTICIPANT_JOINED] = tel_react_phone_joins,
		[TEL_CALL_AGENT_DISPATCHED] = tel_react_phone_joins,
		[TEL_CALL_ENDED] = tel_react_phone_joins_after_end,
		[TEL_CALL_FAILED] = tel_react_phone_joins_after_end,
	},
	[TEL_IN_PHONE_LEFT] = {
		[NO_CALL] = tel_react_phone_missed,
		[TEL_CALL_CREATED] = tel_react_phone_leaves,
		[TEL_CALL_SIP_PARTICIPANT_JOINED] = tel_react_phone_leaves,
		[TEL_CALL_AGENT_DISPATCHED] = tel_react_phone_leaves,
		[TEL_CALL_ENDED] = tel_react_phone_leaves_after_end,
		[TEL_CALL_FAILED] = tel_react_phone_leaves_after_end,
	},
	[TEL_IN_AGENT_JOINED] = {
		[TEL_CALL_CREATED] = tel_react_agent_joins,
		[TEL_CALL_SIP_PARTICIPANT_JOINED] = tel_react_agent_joins,
		[TEL_CALL_AGENT_DISPATCHED] = tel_react_agent_joins,
		[TEL_CALL_ENDED] = tel_react_agent_joins,
		[TEL_CALL_FAILED] = tel_react_agent_joins,
	},
	[TEL_IN_AGENT_LEFT] = {
		[TEL_CALL_CREATED] = tel_react_agent_leaves,
		[TEL_CALL_SIP_PARTICIPANT_JOINED] = tel_react_agent_leaves,
		[TEL_CALL_AGENT_DISPATCHED] = tel_react_agent_leaves,
		[TEL_CALL_ENDED] = tel_react_agent_leaves,
		[TEL_CALL_FAILED] = tel_react_agent_leaves,
	},
	[TEL_IN_ROOM_FINISHED] = {
		[NO_CALL] = tel_react_unknown_room_finished,
		[TEL_CALL_CREATED] = tel_react_room_finished,
		[TEL_CALL_SIP_PARTICIPANT_JOINED] = tel_react_room_finished,
		[TEL_CALL_AGENT_DISPATCHED] = tel_react_room_finished,
		[TEL_CALL_ENDED] = tel_react_room_finished_after_end,
		[TEL_CALL_FAILED] = tel_react_room_finished_after_end,
	},
	[TEL_IN_DISPATCH_MADE] = {
		[TEL_CALL_CREATED] = tel_react_dispatch_made,
		[TEL_CALL_SIP_PARTICIPANT_JOINED] = tel_react_dispatch_made,
		[TEL_CALL_AGENT_DISPATCHED] = tel_react_dispatch_made,
		[TEL_CALL_ENDED] = tel_react_dispatch_after_end,
		[TEL_CALL_FAILED] = tel_react_dispatch_after_end,
	},
	[TEL_IN_DISPATCH_RETRY] = {
		[TEL_CALL_CREATED] = tel_react_dispatch_retry,
		[TEL_CALL_SIP_PARTICIPANT_JOINED] = tel_react_dispatch_retry,
		[TEL_CALL_AGENT_DISPATCHED] = tel_react_dispatch_retry,
		[TEL_CALL_ENDED] = tel_react_dispatch_after_end,
		[TEL_CALL_FAILED] = tel_react_dispatch_after_end,
	},
	[TEL_IN_DISPATCH_REFUSED] = {
		[TEL_CALL_CREATED] = tel_react_dispatch_refused,
		[TEL_CALL_SIP_PARTICIPANT_JOINED] = tel_react_dispatch_refused,
		[TEL_CALL_AGENT_DISPATCHED] = tel_react_dispatch_refused,
		[TEL_CALL_ENDED] = tel_react_dispatch_cancelled,
		[TEL_CALL_FAILED] = tel_react_dispatch_cancelled,
	},
	[TEL_IN_DISPATCH_CANCELLED] = {
		[TEL_CALL_CREATED] = tel_react_dispatch_cancelled,
		[TEL_CALL_SIP_PARTICIPANT_JOINED] = tel_react_dispatch_cancelled,
		[TEL_CALL_AGENT_DISPATCHED] = tel_react_dispatch_cancelled,
		[TEL_CALL_ENDED] = tel_react_dispatch_cancelled,
		[TEL_CALL_FAILED] = tel_react_dispatch_cancelled,
	},
	[TEL_IN_ROOM_MADE] = {
		[TEL_CALL_CREATED] = tel_react_room_made,
		[TEL_CALL_SIP_PARTICIPANT_JOINED] = tel_react_room_made,
		[TEL_CALL_AGENT_DISPATCHED] = tel_react_room_made,
		[TEL_CALL_ENDED] = tel_react_room_after_end,
		[TEL_CALL_FAILED] = tel_react_room_after_end,
	},
	[TEL_IN_ROOM_RETRY] = {
		[TEL_CALL_CREATED] = tel_react_room_retry,
		[TEL_CALL_SIP_PARTICIPANT_JOINED] = tel_react_room_retry,
		[TEL_CALL_AGENT_DISPATCHED] = tel_react_room_retry,
		[TEL_CALL_ENDED] = tel_react_room_after_end,
		[TEL_CALL_FAILED] = tel_react_room_after_end,
	},
	[TEL_IN_ROOM_REFUSED] = {
		[TEL_CALL_CREATED] = tel_react_room_refused,
		[TEL_CALL_SIP_PARTICIPANT_JOINED] = tel_react_room_refused,
		[TEL_CALL_AGENT_DISPATCHED] = tel_react_room_refused,
		[TEL_CALL_ENDED] = tel_react_room_cancelled,
		[TEL_CALL_FAILED] = tel_react_room_cancelled,
	},
	[TEL_IN_ROOM_CANCELLED] = {
		[TEL_CALL_CREATED] = tel_react_room_cancelled,
		[TEL_CALL_SIP_PARTICIPANT_JOINED] = tel_react_room_cancelled,
		[TEL_CALL_AGENT_DISPATCHED] = tel_react_room_cancelled,
		[TEL_CALL_ENDED] = tel_react_room_cancelled,
		[TEL_CALL_FAILED] = tel_react_room_cancelled,
	},
	[TEL_IN_DIAL_OVER] = {
		[TEL_CALL_CREATED] = tel_react_dial_over,
		[TEL_CALL_SIP_PARTICIPANT_JOINED] = tel_react_dial_over,
		[TEL_CALL_AGENT_DISPATCHED] = tel_react_dial_over,
		[TEL_CALL_ENDED] = tel_react_dial_after_end,
		[TEL_CALL_FAILED] = tel_react_dial_after_end,
	},
	[TEL_IN_DIAL_UNSENT] = {
		[TEL_CALL_CREATED] = tel_react_dial_unsent,
		[TEL_CALL_SIP_PARTICIPANT_JOINED] = tel_react_dial_unsent,
		[TEL_CALL_AGENT_DISPATCHED] = tel_react_dial_unsent,
	},
	[TEL_IN_DIAL_CANCELLED] = {
		[TEL_CALL_CREATED] = tel_react_dial_cancelled,
		[TEL_CALL_SIP_PARTICIPANT_JOINED] = tel_react_dial_cancelled,
		[TEL_CALL_AGENT_DISPATCHED] = tel_react_dial_cancelled,
	},
	[TEL_IN_PHONE_LOOKED] = {
		[TEL_CALL_CREATED] = tel_react_phone_looked,
		[TEL_CALL_SIP_PARTICIPANT_JOINED] = tel_react_phone_looked,
		[TEL_CALL_AGENT_DISPATCHED] = tel_react_phone_looked,
	},
	[TEL_IN_HANG_UP] = {
		[TEL_CALL_CREATED] = tel_react_hang_up,
		[TEL_CALL_SIP_PARTICIPANT_JOINED] = tel_react_hang_up,
		[TEL_CALL_AGENT_DISPATCHED] = tel_react_hang_up,
	},
	[TEL_IN_AGENT_WATCHED] = {
		[TEL_CALL_CREATED] = tel_react_agent_watched,
		[TEL_CALL_SIP_PARTICIPANT_JOINED] = tel_react_agent_watched,
		[TEL_CALL_AGENT_DISPATCHED] = tel_react_agent_watched,
	},
	[TEL_IN_OVERDUE] = {
		[TEL_CALL_CREATED] = tel_react_overdue,
		[TEL_CALL_SIP_PARTICIPANT_JOINED] = tel_react_overdue,
		[TEL_CALL_AGENT_DISPATCHED] = tel_react_overdue,
	},
};

tel_reaction_fn tel_reaction_for(enum tel_input input, const struct tel_call *call)
{
	return table[input][call ? (int)call->status : NO_CALL];
}

enum tel_err tel_react(struct tel_reaction *r, enum tel_event_effect effect, const char *result)
{
	if (r->on)
		r->on->effect = effect;
	if (r->entry) {
		r->entry->result = tel_str_from(result);
		r->entry->status = r->call->status;
	}
	return TEL_OK;
}
