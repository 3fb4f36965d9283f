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
	} else if (tel_str_is(reason, "DUPLICATE_IDENTITY")) {
		/* He is in another leg, of which nothing was heard. */
		e.outcome = TEL_OUTCOME_UNKNOWN;
		e.by = TEL_BY_NOBODY;
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

struct tel_ending tel_ending_of_hang_up(enum tel_hang_up_why why, bool there)
{
	static const struct {
		enum tel_outcome not_there;
		enum tel_ended_by by;
	} endings[TEL_HANG_UP_WHYS] = {
		[TEL_HANG_UP_ASKED] = { TEL_OUTCOME_CANCELED, TEL_BY_API },
		[TEL_HANG_UP_NO_AGENT] = { TEL_OUTCOME_FAILED, TEL_BY_LIVEKIT },
		[TEL_HANG_UP_AGENT_LEFT] = { TEL_OUTCOME_FAILED, TEL_BY_AGENT },
		[TEL_HANG_UP_ALONE] = { TEL_OUTCOME_FAILED, TEL_BY_TIMEOUT },
		[TEL_HANG_UP_DURATION] = { TEL_OUTCOME_FAILED, TEL_BY_TIMEOUT },
		[TEL_HANG_UP_RANG_OUT] = { TEL_OUTCOME_NO_ANSWER, TEL_BY_TIMEOUT },
	};

	return (struct tel_ending){ there ? TEL_OUTCOME_COMPLETED : endings[why].not_there,
				    endings[why].by };
}

struct tel_ending tel_ending_unheard(enum tel_unheard why, bool agent_was_there)
{
	static const enum tel_ended_by by[] = {
		[TEL_UNHEARD_TIME] = TEL_BY_TIMEOUT,
		[TEL_UNHEARD_FINISHED] = TEL_BY_LIVEKIT,
		[TEL_UNHEARD_SEEN] = TEL_BY_NOBODY,
	};

	return (struct tel_ending){
		.outcome = agent_was_there ? TEL_OUTCOME_COMPLETED : TEL_OUTCOME_UNKNOWN,
		.by = by[why],
	};
}

/* ---- outbound ------------------------------------------------------------ */

/* It was answered: who ended it? */
static enum tel_ended_by ender(const struct tel_outbound_evidence *e)
{
	enum tel_ended_by by = behind(e->left_reason);

	if (e->hung_up)
		return tel_ending_of_hang_up(e->why, true).by;
	if (e->transferred)
		return TEL_BY_API;
	if (by)
		return by;
	if (e->talked_out)
		return TEL_BY_TIMEOUT;
	/* Without a reason it was only seen to be gone. */
	if (e->left)
		return tel_str_is_set(e->left_reason) ? TEL_BY_CALLEE : TEL_BY_NOBODY;
	return e->room_finished ? TEL_BY_LIVEKIT : TEL_BY_TIMEOUT;
}

/* RFC 3261, 21: what the far end's final status says of the person called. */
static struct tel_ending of_sip_status(int status, bool rang)
{
	switch (status) {
	case 486:
	case 600:
		return (struct tel_ending){ TEL_OUTCOME_BUSY, TEL_BY_CALLEE };
	case 403:
	case 603:
		return (struct tel_ending){ TEL_OUTCOME_REJECTED, TEL_BY_CALLEE };
	case 408:
	case 480:
	case 487:
		if (rang)
			return (struct tel_ending){ TEL_OUTCOME_NO_ANSWER, TEL_BY_TIMEOUT };
		break;
	default:
		break;
	}
	return (struct tel_ending){ TEL_OUTCOME_FAILED, TEL_BY_LIVEKIT };
}

/* The dial was given up, or rang out; nobody said more. */
static struct tel_ending of_giving_up(const struct tel_outbound_evidence *e)
{
	if (behind(e->left_reason) == TEL_BY_API)
		return (struct tel_ending){ TEL_OUTCOME_CANCELED, TEL_BY_API };
	if (e->rang)
		return (struct tel_ending){ TEL_OUTCOME_NO_ANSWER, TEL_BY_TIMEOUT };
	return (struct tel_ending){ TEL_OUTCOME_FAILED, TEL_BY_LIVEKIT };
}

/*
 * The answer to the dial was lost: the phone's leaving is all there is.
 * LiveKit says CLIENT_INITIATED for several endings, which only time tells
 * apart.
 */
static struct tel_ending of_leaving(const struct tel_outbound_evidence *e)
{
	static const struct {
		const char *reason;
		struct tel_ending ending;
	} known[] = {
		{ "USER_REJECTED", { TEL_OUTCOME_BUSY, TEL_BY_CALLEE } },
		{ "USER_UNAVAILABLE", { TEL_OUTCOME_NO_ANSWER, TEL_BY_TIMEOUT } },
		{ "SIP_TRUNK_FAILURE", { TEL_OUTCOME_FAILED, TEL_BY_LIVEKIT } },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (tel_str_is(e->left_reason, known[i].reason))
			return known[i].ending;
	/* It was only seen to be gone. */
	if (!tel_str_is_set(e->left_reason))
		return (struct tel_ending){ TEL_OUTCOME_UNKNOWN, TEL_BY_NOBODY };
	if (!e->rang || e->rang_out || behind(e->left_reason))
		return of_giving_up(e);
	return (struct tel_ending){ TEL_OUTCOME_UNKNOWN, TEL_BY_NOBODY };
}

struct tel_ending tel_ending_of_outbound(const struct tel_outbound_evidence *e)
{
	if (e->answered)
		return (struct tel_ending){ TEL_OUTCOME_COMPLETED, ender(e) };
	if (e->hung_up)
		return tel_ending_of_hang_up(e->why, false);
	switch (e->reply) {
	case TEL_DIAL_DECLINED:
		return of_sip_status(e->sip_status_code, e->rang);
	case TEL_DIAL_GAVE_UP:
		return of_giving_up(e);
	case TEL_DIAL_REFUSED:
		/* Said without a SIP status; newer servers do so after ringing, too. */
		return of_giving_up(e);
	case TEL_DIAL_NO_REPLY:
	case TEL_DIAL_LOST:
	case TEL_DIAL_ANSWERED:
	case TEL_DIAL_REPLIES:
		break;
	}
	if (e->left)
		return of_leaving(e);
	if (!e->sent)
		return (struct tel_ending){ TEL_OUTCOME_FAILED, TEL_BY_LIVEKIT };
	return (struct tel_ending){ TEL_OUTCOME_UNKNOWN, TEL_BY_NOBODY };
}

bool tel_ending_hangs_on_ringing(enum tel_dial_reply reply, int sip_status_code)
{
	struct tel_outbound_evidence e = {
		.sent = true, .reply = reply, .sip_status_code = sip_status_code,
	};
	enum tel_outcome silent = tel_ending_of_outbound(&e).outcome;

	e.rang = true;
	return tel_ending_of_outbound(&e).outcome != silent;
}
