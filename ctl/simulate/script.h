/*
 * What one simulated call consists of: names, ids, and the events that are
 * to be sent, in their order. Pure; everything follows from plan and index,
 * so the same seed makes the same calls.
 */
#ifndef TEL_CTL_SIMULATE_SCRIPT_H
#define TEL_CTL_SIMULATE_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/time.h"

/* In the order in which LiveKit tells them of a call that is answered. */
enum tel_sim_kind {
	TEL_SIM_ROOM_STARTED,
	TEL_SIM_PHONE_JOINED,
	TEL_SIM_PHONE_TRACK,
	TEL_SIM_AGENT_JOINED,
	TEL_SIM_PHONE_LEFT,
	TEL_SIM_AGENT_LEFT,
	TEL_SIM_ROOM_FINISHED,
	TEL_SIM_KINDS
};

/* All texts are borrowed. "{n}" in from and room is the call's number, from 1. */
struct tel_sim_plan {
	uint64_t seed;
	const char *from;	/* NULL: +15550100, +15550101, … */
	const char *to;
	const char *trunk;
	const char *room;	/* NULL: as LiveKit's individual rule names rooms */
	const char *agent_name;
	bool no_agent;		/* leave out what agents do */
	bool hold;		/* leave out all endings */
	bool shuffle;
	double drop;		/* percent of the events that are not sent */
};

/* A prefix, '_', 12 characters, NUL: LiveKit's ids are of that kind. */
#define TEL_SIM_ID 20

struct tel_sim_event {
	enum tel_sim_kind kind;
	char id[TEL_SIM_ID];
};

struct tel_sim_call {
	size_t number;				/* from 1 */
	char room[TEL_MAX_ROOM_NAME + 1];
	char from[TEL_MAX_NUMBER_RAW + 1];
	char room_sid[TEL_SIM_ID];
	char turn_password[44];
	char phone_sid[TEL_SIM_ID], phone_track[TEL_SIM_ID];
	char agent_sid[TEL_SIM_ID], agent_job[TEL_SIM_ID];
	char sip_call_id[TEL_SIM_ID], rule_id[TEL_SIM_ID];
	unsigned sip_port;

	struct tel_sim_event events[TEL_SIM_KINDS];	/* to be sent, in order */
	size_t n_events;
	size_t n_dropped;
	tel_time began;				/* set when the first one is sent */
};

/* Call number `number` of the plan. TEL_ETOOBIG (a name is too long) */
TEL_MUST_CHECK enum tel_err tel_sim_call_make(const struct tel_sim_plan *plan, size_t number,
					      struct tel_sim_call *out);

/*
 * Append the webhook's body as LiveKit would write it, turnPassword
 * included. `now` is the moment of the event. Errors stick in `out`.
 */
void tel_sim_body(const struct tel_sim_plan *plan, const struct tel_sim_call *call,
		  const struct tel_sim_event *event, tel_time now, struct tel_buf *out);

/* True if the text differs from call to call: it has "{n}" in it. */
bool tel_sim_text_varies(const char *text);

#endif
