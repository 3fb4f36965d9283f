/* Pages of calls. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "record/walk.h"
#include "base/banned.h"

#define DEFAULT_LIMIT 50

/*
 * What a page may cost beyond its records: about as much as they do. A filter
 * that nearly nothing passes needs several pages, each of them quick.
 */
#define MAX_LOOKUPS 1000

/* ---- cursors ------------------------------------------------------------ */

void tel_cursor_make(uint64_t serial, char out[TEL_CURSOR_TEXT])
{
	snprintf(out, TEL_CURSOR_TEXT, "c%016" PRIx64, serial);
}

static enum tel_err parse_cursor(struct tel_str cursor, uint64_t *serial)
{
	char text[TEL_CURSOR_TEXT];
	uint64_t value = 0;
	size_t i;

	for (i = 1; i < cursor.len && cursor.len == 17; i++) {
		if (!memchr("0123456789abcdef", cursor.ptr[i], 16))
			return TEL_EMALFORMED;
		value = value << 4 | (uint64_t)(cursor.ptr[i] <= '9' ? cursor.ptr[i] - '0' :
						cursor.ptr[i] - 'a' + 10);
	}
	tel_cursor_make(value, text);
	if (!tel_str_is(cursor, text))
		return TEL_EMALFORMED;
	*serial = value;
	return TEL_OK;
}

/* ---- which roads a filter takes ------------------------------------------- */

static bool is_live(enum tel_call_status status)
{
	return status != TEL_CALL_ENDED && status != TEL_CALL_FAILED;
}

static bool takes_status(const struct tel_call_filter *filter, enum tel_call_status status)
{
	if (filter->live_only && !is_live(status))
		return false;
	return !filter->by_status || filter->status == status;
}

static bool takes_direction(const struct tel_call_filter *filter, enum tel_direction direction)
{
	return !filter->by_direction || filter->direction == direction;
}

static struct tel_road *next_road(struct tel_crossing *c, enum tel_key_kind kind)
{
	struct tel_road *road = &c->roads[c->n++];

	tel_road_start(road, kind);
	return road;
}

static void add_status_road(struct tel_crossing *c, const struct tel_call_filter *filter)
{
	struct tel_road *road = next_road(c, TEL_KEY_LIST);
	int direction, status;

	for (direction = TEL_INBOUND; direction <= TEL_OUTBOUND; direction++)
		for (status = 0; status < TEL_CALL_STATUSES; status++)
			if (takes_direction(filter, (enum tel_direction)direction) &&
			    takes_status(filter, (enum tel_call_status)status))
				tel_key_list_status((enum tel_direction)direction,
						    (enum tel_call_status)status,
						    tel_road_lane(road));
}

static enum tel_err add_number_road(struct tel_crossing *c, const struct tel_call_filter *filter,
				    enum tel_list_what what, struct tel_str number)
{
	struct tel_road *road;
	enum tel_err err = TEL_OK;
	int direction;

	if (!number.ptr)
		return TEL_OK;
	road = next_road(c, TEL_KEY_LIST);
	for (direction = TEL_INBOUND; direction <= TEL_OUTBOUND && !err; direction++)
		if (takes_direction(filter, (enum tel_direction)direction))
			err = tel_key_list_number(what, (enum tel_direction)direction, number,
						  tel_road_lane(road));
	return err;
}

/*
 * The roads of LIST come first: created_at is known on the first one if any
 * is asked for. TEL_ETOOBIG: no call has so long a name or number.
 */
static enum tel_err choose_roads(struct tel_crossing *c, const struct tel_call_filter *filter)
{
	bool by_number = filter->from.ptr || filter->to.ptr;
	bool by_time = filter->since != 0 || filter->until != 0;
	enum tel_err err;

	c->n = 0;
	err = add_number_road(c, filter, TEL_LIST_FROM, filter->from);
	if (!err)
		err = add_number_road(c, filter, TEL_LIST_TO, filter->to);
	if (!err && (filter->by_status || filter->live_only ||
		     ((filter->by_direction || by_time) && !by_number)))
		add_status_road(c, filter);
	if (!err && filter->room_name.ptr)
		err = tel_key_add_text(tel_road_lane(next_road(c, TEL_KEY_NAME)), filter->room_name,
				       TEL_MAX_ROOM_NAME);
	if (!err && c->n == 0)
		tel_road_lane(next_road(c, TEL_KEY_CALL));
	return err;
}

/* ---- moments --------------------------------------------------------------- */

/*
 * Serials tell the order of creation, clocks nearly so: of two calls the
 * older was created at most TEL_CLOCK_SKEW after the newer. So behind a call
 * that was created so much before `since` all are too old; and before one
 * that was so much after `until` all are too new. That one is found by
 * halving: `below` goes down to it. What it found holds however the clocks
 * went in between, as each step rests on a call that was looked at.
 */
static enum tel_err leap_to_until(struct tel_walk *walk, struct tel_road *road, tel_time until,
				  uint64_t *below)
{
	tel_time too_new = until + TEL_CLOCK_SKEW;
	struct tel_walk_hit hit;
	uint64_t low = 0, middle;
	enum tel_err err = tel_road_below(walk, road, *below, &hit);

	if (!err && hit.created_at >= too_new)
		*below = hit.serial;
	else
		low = *below;
	while (!err && *below - low > 1) {
		middle = low + (*below - low) / 2;
		tel_road_restart(road);
		err = tel_road_below(walk, road, middle, &hit);
		if (!err && hit.created_at >= too_new)
			*below = hit.serial;
		else
			low = middle;
		if (err == TEL_ENOTFOUND)
			err = TEL_OK;
	}
	tel_road_restart(road);
	return err;
}

static bool is_in_time(const struct tel_call_filter *filter, tel_time created_at)
{
	return created_at >= filter->since &&
	       (filter->until == 0 || created_at < filter->until);
}

/* ---- a page ----------------------------------------------------------------- */

/* The next call that passes the filter; errors as of tel_crossing_below(). */
static enum tel_err next_call(struct tel_walk *walk, struct tel_crossing *c,
			      const struct tel_call_filter *filter, uint64_t below,
			      struct tel_walk_hit *hit)
{
	enum tel_err err;

	for (; !(err = tel_crossing_below(walk, c, below, hit)); below = hit->serial) {
		if (filter->since != 0 && hit->created_at < filter->since - TEL_CLOCK_SKEW)
			return TEL_ENOTFOUND;
		if (is_in_time(filter, hit->created_at))
			break;
	}
	return err;
}

static enum tel_err fill_page(struct tel_walk *walk, struct tel_crossing *c,
			      const struct tel_call_filter *filter, uint64_t below, size_t limit,
			      struct tel_serial_page *out)
{
	struct tel_walk_hit hit;
	enum tel_err err;

	while (!(err = next_call(walk, c, filter, below, &hit))) {
		if (out->n == limit) {
			out->next = below;
			return TEL_OK;
		}
		out->serials[out->n++] = below = hit.serial;
	}
	if (err == TEL_EBUSY)
		out->next = hit.serial;
	return err == TEL_ENOTFOUND || err == TEL_EBUSY ? TEL_OK : err;
}

enum tel_err tel_index_list(struct tel_index *index, const struct tel_call_filter *filter,
			    struct tel_serial_page *out)
{
	struct tel_walk walk = { .index = index, .max_lookups = MAX_LOOKUPS };
	size_t limit = filter->limit ? filter->limit : DEFAULT_LIMIT;
	uint64_t below = UINT64_MAX;
	enum tel_err err = TEL_OK;
	struct tel_crossing c;

	out->n = 0;
	out->next = 0;
	if (limit > TEL_MAX_PAGE)
		limit = TEL_MAX_PAGE;
	if (tel_str_is_set(filter->cursor))
		err = parse_cursor(filter->cursor, &below);
	if (err)
		return err;
	if (choose_roads(&c, filter))
		return TEL_OK;
	if (filter->until != 0)
		err = leap_to_until(&walk, &c.roads[0], filter->until, &below);
	walk.lookups = 0;
	if (!err)
		err = fill_page(&walk, &c, filter, below, limit, out);
	return err == TEL_ENOTFOUND ? TEL_OK : err;
}
