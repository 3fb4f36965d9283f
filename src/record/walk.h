/*
 * Walking calls from the newest to the oldest, by their index entries alone:
 *
 *   a lane    the entries behind one prefix, which end in the serial
 *   a road    several lanes of which a call is in one: their union
 *   a crossing  several roads, and the calls that are on all of them
 *
 * A crossing leaps: the road that is behind says how far the others may skip,
 * so the rarest one sets the pace without anybody having to know which it is.
 */
#ifndef TEL_RECORD_WALK_H
#define TEL_RECORD_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/index.h"
#include "record/keys.h"

/* Every status in both directions. */
#define TEL_MAX_LANES (2 * TEL_CALL_STATUSES)
/* Status, from, to, room. */
#define TEL_MAX_ROADS 4

struct tel_lane {
	struct tel_key_buf prefix;
	bool looked;			/* the next three count */
	bool ended;
	uint64_t serial;
	tel_time created_at;
};

struct tel_road {
	enum tel_key_kind kind;
	struct tel_lane lanes[TEL_MAX_LANES];
	size_t n;
};

struct tel_crossing {
	struct tel_road roads[TEL_MAX_ROADS];
	size_t n;
};

/* Lookups are counted, so that work can be bounded. */
struct tel_walk {
	struct tel_index *index;
	size_t lookups, max_lookups;
};

struct tel_walk_hit {
	uint64_t serial;
	tel_time created_at;		/* LIST; 0 in other tables */
};

/* An empty road; another lane of it, to be filled in. */
void tel_road_start(struct tel_road *road, enum tel_key_kind kind);
struct tel_key_buf *tel_road_lane(struct tel_road *road);

/*
 * The newest call on the road with a serial below `below`, which goes down
 * from one question to the next; tel_road_restart() to go up again.
 * TEL_ENOTFOUND
 */
TEL_MUST_CHECK enum tel_err tel_road_below(struct tel_walk *walk, struct tel_road *road,
					   uint64_t below, struct tel_walk_hit *hit);
void tel_road_restart(struct tel_road *road);

/*
 * The same of a call that is on all roads; created_at is known if one of them
 * is of LIST. TEL_EBUSY: max_lookups were spent; nothing is there from
 * hit->serial on, go on below that.
 */
TEL_MUST_CHECK enum tel_err tel_crossing_below(struct tel_walk *walk, struct tel_crossing *crossing,
					       uint64_t below, struct tel_walk_hit *hit);

#endif
