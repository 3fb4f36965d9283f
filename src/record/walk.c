#include "config.h"

#include <string.h>

#include "record/walk.h"
#include "base/banned.h"

void tel_road_start(struct tel_road *road, enum tel_key_kind kind)
{
	road->kind = kind;
	road->n = 0;
}

struct tel_key_buf *tel_road_lane(struct tel_road *road)
{
	struct tel_lane *lane = &road->lanes[road->n++];

	lane->looked = false;
	tel_key_start(&lane->prefix);
	return &lane->prefix;
}

void tel_road_restart(struct tel_road *road)
{
	size_t i;

	for (i = 0; i < road->n; i++)
		road->lanes[i].looked = false;
}

static enum tel_err look(struct tel_walk *walk, enum tel_key_kind kind, struct tel_lane *lane,
			 uint64_t below)
{
	struct tel_key_buf key = lane->prefix;
	struct tel_index_hit hit;
	enum tel_err err;

	tel_key_add_u64(&key, below);
	walk->lookups++;
	err = walk->index->below(walk->index, kind, tel_key_str(&key), &hit);
	if (err && err != TEL_ENOTFOUND)
		return err;
	lane->looked = true;
	lane->ended = err || hit.key.len != key.len ||
		      memcmp(hit.key.ptr, lane->prefix.bytes, lane->prefix.len) != 0;
	if (lane->ended)
		return TEL_OK;
	lane->serial = tel_key_last_u64(hit.key);
	lane->created_at = kind == TEL_KEY_LIST ? (tel_time)tel_key_first_u64(hit.value) : 0;
	return TEL_OK;
}

enum tel_err tel_road_below(struct tel_walk *walk, struct tel_road *road, uint64_t below,
			    struct tel_walk_hit *hit)
{
	const struct tel_lane *best = NULL;
	struct tel_lane *lane;
	enum tel_err err;

	for (lane = road->lanes; lane < road->lanes + road->n; lane++) {
		/* What was found for a higher one, and is low enough, still holds. */
		if (!lane->looked || (!lane->ended && lane->serial >= below)) {
			err = look(walk, road->kind, lane, below);
			if (err)
				return err;
		}
		if (!lane->ended && (!best || lane->serial > best->serial))
			best = lane;
	}
	if (!best)
		return TEL_ENOTFOUND;
	*hit = (struct tel_walk_hit){ best->serial, best->created_at };
	return TEL_OK;
}

enum tel_err tel_crossing_below(struct tel_walk *walk, struct tel_crossing *crossing,
				uint64_t below, struct tel_walk_hit *hit)
{
	struct tel_walk_hit met = { .serial = below };
	size_t agreed = 0, i = 0;
	enum tel_err err;

	while (agreed < crossing->n) {
		hit->serial = below;
		if (walk->lookups >= walk->max_lookups)
			return TEL_EBUSY;
		err = tel_road_below(walk, &crossing->roads[i], below, hit);
		if (err)
			return err;
		if (agreed == 0 || hit->serial != met.serial) {
			met = *hit;
			agreed = 0;
		}
		if (hit->created_at != 0)
			met.created_at = hit->created_at;
		agreed++;
		below = met.serial + 1;
		i = (i + 1) % crossing->n;
	}
	*hit = met;
	return TEL_OK;
}
