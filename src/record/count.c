/* Counting calls, without looking at one. */
#include "config.h"

#include "record/walk.h"
#include "base/banned.h"

static void add_lanes(struct tel_road *road, enum tel_direction direction, bool live_only)
{
	int status;

	for (status = 0; status < TEL_CALL_STATUSES; status++)
		if (!live_only || (status != TEL_CALL_ENDED && status != TEL_CALL_FAILED))
			tel_key_list_status(direction, (enum tel_call_status)status,
					    tel_road_lane(road));
}

/* From the newest back; a call that is too old may stand before one that is
   not by what clocks differ. */
static enum tel_err count(struct tel_index *index, struct tel_road *road,
			  const struct tel_count_about *about, struct tel_count_found *out)
{
	struct tel_walk walk = { .index = index };
	struct tel_walk_hit hit = { .serial = UINT64_MAX };
	enum tel_err err = TEL_OK;

	*out = (struct tel_count_found){ 0 };
	while (out->n < about->max && !(err = tel_road_below(&walk, road, hit.serial, &hit))) {
		if (hit.created_at < about->since - TEL_CLOCK_SKEW)
			break;
		if (hit.created_at < about->since)
			continue;
		out->n++;
		out->oldest = hit.created_at;
	}
	return err == TEL_ENOTFOUND ? TEL_OK : err;
}

static enum tel_err count_all(struct tel_index *index, struct tel_road *road, uint64_t max,
			      uint64_t *out)
{
	struct tel_walk walk = { .index = index };
	struct tel_walk_hit hit = { .serial = UINT64_MAX };
	enum tel_err err = TEL_OK;

	for (*out = 0; *out < max && !err; *out += !err)
		err = tel_road_below(&walk, road, hit.serial, &hit);
	return err == TEL_ENOTFOUND ? TEL_OK : err;
}

enum tel_err tel_index_count_live(struct tel_index *index, uint64_t *out)
{
	struct tel_road road;

	tel_road_start(&road, TEL_KEY_LIST);
	add_lanes(&road, TEL_INBOUND, true);
	add_lanes(&road, TEL_OUTBOUND, true);
	return count_all(index, &road, UINT64_MAX, out);
}

enum tel_err tel_index_count(struct tel_index *index, const struct tel_place_about *about,
			     struct tel_place_found *out)
{
	struct tel_road road;
	uint64_t live;
	enum tel_err err;

	tel_road_start(&road, TEL_KEY_LIST);
	add_lanes(&road, TEL_OUTBOUND, true);
	err = count_all(index, &road, about->max_live, &live);
	if (err)
		return err;
	out->live = (uint32_t)live;
	tel_road_start(&road, TEL_KEY_LIST);
	add_lanes(&road, TEL_OUTBOUND, false);
	err = count(index, &road, &about->outbound, &out->outbound);
	if (err)
		return err;
	tel_road_start(&road, TEL_KEY_LIST);
	if (tel_key_list_number(TEL_LIST_TO, TEL_OUTBOUND, about->to, tel_road_lane(&road)))
		return TEL_OK;		/* nobody was ever called there */
	return count(index, &road, &about->same_to, &out->same_to);
}
