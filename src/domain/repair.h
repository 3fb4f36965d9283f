/*
 * Repairs: what a look at LiveKit shows and no event told. Each is an event
 * that LiveKit could have sent; it goes through the same step and table as
 * those do, so a late webhook finds it done. Pure.
 */
#ifndef TEL_DOMAIN_REPAIR_H
#define TEL_DOMAIN_REPAIR_H

#include <stdbool.h>
#include <stddef.h>

#include "domain/call.h"
#include "domain/event.h"

/*
 * Who joined shortly before the look began may be missing in it; who was
 * heard of since is not in it.
 */
#define TEL_REPAIR_SLACK (5 * TEL_SECOND)

/* … though LiveKit's clock, by which it joined, may be far behind ours. */
bool tel_repair_is_newer(const struct tel_leg *leg, tel_time looked_at);

/* Phones and agents of a room that are looked at; repairs of one look. */
#define TEL_MAX_SHOWN 64
#define TEL_MAX_REPAIRS 64

/* A room as LiveKit shows it. Borrowed texts. */
struct tel_room_shown {
	struct tel_str name;
	bool listed;			/* ListRooms has it, with … */
	struct tel_str sid;
	tel_time created_at;		/* 0 = not told */
	tel_time looked_at;		/* our clock, before the first request */
	const struct tel_participant *participants; /* phones and agents */
	size_t n_participants;
};

enum tel_repair_kind {
	TEL_REPAIR_LEG_FOUND,		/* a phone; perhaps of a call never heard of */
	TEL_REPAIR_LEG_GONE,
	TEL_REPAIR_AGENT_FOUND,
	TEL_REPAIR_AGENT_GONE,
	TEL_REPAIR_ROOM_GONE,
	TEL_REPAIR_ANSWER_FOUND,	/* the phone that we dialled was answered */
	TEL_REPAIR_LEFT_OVER,		/* a room whose call is over */
	TEL_REPAIR_KINDS
};

/* "leg_found", … */
const char *tel_repair_kind_text(enum tel_repair_kind kind);

struct tel_repair {
	enum tel_repair_kind kind;
	struct tel_str room_sid;
	tel_time room_created_at;
	struct tel_participant participant; /* kind NONE: the room itself */
};

/*
 * `call`: a living call that belongs to the room's name; NULL: none is known.
 * LEFT_OVER is not among them: see tel_is_left_over(). At most TEL_MAX_REPAIRS
 * are written to `out`; their texts are borrowed from call and room.
 */
size_t tel_plan_repairs(const struct tel_call *call, const struct tel_room_shown *room,
			struct tel_repair out[TEL_MAX_REPAIRS]);

/* The event that `repair` stands for; texts are borrowed. */
void tel_repair_event(const struct tel_repair *repair, const struct tel_room_shown *room,
		      struct tel_event *out);

/*
 * The room has an agent of the call's in it and no phone, and the call, the
 * newest of that room name, has been over for longer than its room's deletion
 * takes.
 */
bool tel_is_left_over(const struct tel_call *call, const struct tel_room_shown *room,
		      const struct tel_policy *policy, tel_time now);

#endif
