/* A webhook's body: what comes out of it keeps every ceiling. */
#include "config.h"

#include "fuzz/fuzz.h"
#include "livekit/event_decoder.h"
#include "livekit/foreign.h"
#include "base/limits.h"
#include "base/banned.h"

static bool is_moment(tel_time when)
{
	return when >= 0 && when <= 253402300799999;	/* year 9999 */
}

static void check_participant(const struct tel_participant *p)
{
	FUZZ_CHECK(fuzz_is_id(p->sid, TEL_MAX_ID) && fuzz_is_id(p->identity, TEL_MAX_IDENTITY));
	FUZZ_CHECK(fuzz_is_id(p->sip_call_id, TEL_MAX_ID) && fuzz_is_id(p->call_id, TEL_MAX_ID));
	FUZZ_CHECK(fuzz_is_id(p->trunk_id, TEL_MAX_ID) && fuzz_is_id(p->rule_id, TEL_MAX_ID));
	FUZZ_CHECK(fuzz_is_id(p->number, TEL_MAX_NUMBER_RAW));
	FUZZ_CHECK(fuzz_is_id(p->trunk_number, TEL_MAX_NUMBER_RAW));
	FUZZ_CHECK(fuzz_is_id(p->disconnect_reason, TEL_MAX_NAME));
	FUZZ_CHECK(fuzz_is_id(p->agent_name, TEL_MAX_NAME));
	FUZZ_CHECK(is_moment(p->joined_at));
}

static void check_event(const struct tel_event *e)
{
	FUZZ_CHECK(fuzz_is_id(e->name, TEL_MAX_NAME) && fuzz_is_id(e->id, TEL_MAX_EVENT_ID));
	FUZZ_CHECK(fuzz_is_id(e->room_name, TEL_MAX_ROOM_NAME));
	FUZZ_CHECK(fuzz_is_id(e->room_sid, TEL_MAX_ID));
	FUZZ_CHECK(is_moment(e->created_at) && is_moment(e->room_created_at));
	check_participant(&e->participant);
	if (!tel_event_may_matter(e))
		return;
	FUZZ_CHECK(tel_str_is_set(e->id) && tel_str_is_set(e->name));
	FUZZ_CHECK(tel_str_is_set(e->room_name) && tel_str_is_set(e->room_sid));
	FUZZ_CHECK(e->raw.len <= TEL_MAX_RAW && fuzz_is_json(e->raw));
}

FUZZ(event)
{
	struct tel_event event = { 0 };
	enum tel_err err = tel_livekit_decode_event(fuzz_str(data, size), &event);

	/* Never our own trouble: LiveKit would send it again for ever. */
	FUZZ_CHECK(err == TEL_OK || err == TEL_EMALFORMED);
	if (!err) {
		FUZZ_CHECK(fuzz_is_json(fuzz_str(data, size)));
		check_event(&event);
		/* What is told unparsed to be foreign is foreign. */
		FUZZ_CHECK(!tel_livekit_is_foreign(fuzz_str(data, size)) ||
			   !tel_event_may_matter(&event));
	}
	tel_event_release(&event);
	return 0;
}
