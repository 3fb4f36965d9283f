#include "config.h"

#include "domain/event.h"

void tel_event_release(struct tel_event *event)
{
	tel_arena_release(&event->mem);
	*event = (struct tel_event){ 0 };
}

bool tel_event_may_matter(const struct tel_event *event)
{
	bool phone_or_agent = event->participant.kind == TEL_PARTICIPANT_SIP ||
			      event->participant.kind == TEL_PARTICIPANT_AGENT;

	if (!tel_str_is_set(event->room_name) || !tel_str_is_set(event->room_sid))
		return false;
	switch (event->kind) {
	case TEL_EVENT_ROOM_FINISHED:
		return true;
	case TEL_EVENT_PARTICIPANT_JOINED:
	case TEL_EVENT_PARTICIPANT_LEFT:
	case TEL_EVENT_PARTICIPANT_CONNECTION_ABORTED:
		return phone_or_agent && tel_str_is_set(event->participant.sid);
	case TEL_EVENT_ROOM_STARTED:
	case TEL_EVENT_OTHER:
		break;
	}
	return false;
}

static const char *const sip_names[] = {
	[TEL_SIP_UNKNOWN] = "unknown",
	[TEL_SIP_DIALING] = "dialing",
	[TEL_SIP_RINGING] = "ringing",
	[TEL_SIP_AUTOMATION] = "automation",
	[TEL_SIP_ACTIVE] = "active",
	[TEL_SIP_HANGUP] = "hangup",
};

#define N_SIP_NAMES (sizeof(sip_names) / sizeof(sip_names[0]))

enum tel_sip_status tel_sip_status_from(struct tel_str text)
{
	size_t i;

	for (i = 0; i < N_SIP_NAMES; i++)
		if (tel_str_is(text, sip_names[i]))
			return (enum tel_sip_status)i;
	return TEL_SIP_UNKNOWN;
}

const char *tel_sip_status_text(enum tel_sip_status status)
{
	return (unsigned)status < N_SIP_NAMES ? sip_names[status] : "unknown";
}
