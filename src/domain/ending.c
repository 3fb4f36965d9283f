#include "config.h"

#include "domain/ending.h"

/*
 * Who is behind a DisconnectReason (livekit_models.proto). Reasons that are
 * not here say nothing about who hung up.
 */
static const struct {
	const char *reason;
	enum tel_ended_by by;
} reasons[] = {
	{ "ROOM_DELETED", TEL_BY_API },
	{ "PARTICIPANT_REMOVED", TEL_BY_API },
	{ "SERVER_SHUTDOWN", TEL_BY_LIVEKIT },
	{ "STATE_MISMATCH", TEL_BY_LIVEKIT },
	{ "JOIN_FAILURE", TEL_BY_LIVEKIT },
	{ "MIGRATION", TEL_BY_LIVEKIT },
	{ "SIGNAL_CLOSE", TEL_BY_LIVEKIT },
	{ "ROOM_CLOSED", TEL_BY_LIVEKIT },
	{ "SIP_TRUNK_FAILURE", TEL_BY_LIVEKIT },
	{ "CONNECTION_TIMEOUT", TEL_BY_LIVEKIT },
	{ "MEDIA_FAILURE", TEL_BY_LIVEKIT },
};

static enum tel_ended_by behind(struct tel_str reason)
{
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (tel_str_is(reason, reasons[i].reason))
			return reasons[i].by;
	return TEL_BY_NOBODY;
}

struct tel_ending tel_ending_of_inbound(enum tel_sip_status status, struct tel_str reason,
					bool agent_was_there)
{
	enum tel_ended_by by = behind(reason);
	struct tel_ending e;

	if (agent_was_there || status == TEL_SIP_ACTIVE) {
		e.outcome = TEL_OUTCOME_COMPLETED;
		e.by = by ? by : TEL_BY_CALLER;
	} else if (by) {
		e.outcome = TEL_OUTCOME_FAILED;
		e.by = by;
	} else if (status == TEL_SIP_HANGUP) {
		e.outcome = TEL_OUTCOME_CANCELED;
		e.by = TEL_BY_CALLER;
	} else {
		/* Still ringing, and nobody took it down: it rang out. */
		e.outcome = TEL_OUTCOME_NO_ANSWER;
		e.by = TEL_BY_TIMEOUT;
	}
	return e;
}

struct tel_ending tel_ending_unheard(bool room_finished, bool agent_was_there)
{
	return (struct tel_ending){
		.outcome = agent_was_there ? TEL_OUTCOME_COMPLETED : TEL_OUTCOME_UNKNOWN,
		.by = room_finished ? TEL_BY_LIVEKIT : TEL_BY_TIMEOUT,
	};
}
