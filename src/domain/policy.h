/* What the operator decides about every call. Values, no behaviour. */
#ifndef TEL_DOMAIN_POLICY_H
#define TEL_DOMAIN_POLICY_H

#include "base/time.h"

#define TEL_ROOM_DELETE_NEVER ((tel_time)-1)

struct tel_policy {
	/*
	 * TELEPHONY_ROOM_DELETE: how long after its call a room is deleted;
	 * 0 = at once, TEL_ROOM_DELETE_NEVER = left to LiveKit.
	 */
	tel_time room_delete_after;
	/*
	 * How long a call whose room ended under its caller waits for the
	 * phone leg to come back: LiveKit restarted, seen after ~10 s.
	 */
	tel_time return_grace;
	/* A call that nothing was heard of for so long is over. */
	tel_time max_age;
	/*
	 * TELEPHONY_DIAL_WITHIN: an outbound call that could not be sent to
	 * LiveKit by then has failed.
	 */
	tel_time dial_within;
	/* Event ids and tombstones are kept so long. */
	tel_time remember;
};

#endif
