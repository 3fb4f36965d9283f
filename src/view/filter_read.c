#include "config.h"

#include <string.h>

#include "view/filter_read.h"
#include "base/banned.h"

static const char *read_live(struct tel_filter_args *args, struct tel_str value)
{
	args->filter.live_only = tel_str_is(value, "true");
	return args->filter.live_only || tel_str_is(value, "false") ? NULL : "must be true or false";
}

static const char *read_status(struct tel_filter_args *args, struct tel_str value)
{
	args->filter.by_status = tel_call_status_from(value, &args->filter.status);
	return args->filter.by_status ? NULL :
	       "must be created, sip_participant_joined, agent_dispatched, ended or failed";
}

static const char *read_direction(struct tel_filter_args *args, struct tel_str value)
{
	args->filter.by_direction = tel_direction_from(value, &args->filter.direction);
	return args->filter.by_direction ? NULL : "must be inbound or outbound";
}

static const char *read_number(struct tel_str value, struct tel_e164 *keep, struct tel_str *out)
{
	if (!tel_e164_is_strict(value))
		return "must be a number in E.164: +, then 7 to 15 digits";
	memcpy(keep->text, value.ptr, value.len);
	keep->text[value.len] = '\0';
	*out = tel_e164_str(keep);
	return NULL;
}

static const char *read_from(struct tel_filter_args *args, struct tel_str value)
{
	return read_number(value, &args->from, &args->filter.from);
}

static const char *read_to(struct tel_filter_args *args, struct tel_str value)
{
	return read_number(value, &args->to, &args->filter.to);
}

static const char *read_room(struct tel_filter_args *args, struct tel_str value)
{
	args->filter.room_name = value;
	return value.len <= TEL_MAX_ROOM_NAME ? NULL : "is longer than a room name can be";
}

/* A filter's 0 is an open end; no call is as old as that. */
static const char *read_moment(struct tel_str value, tel_time *out)
{
	if (tel_time_parse(value, out))
		return "must be a moment as in RFC 3339: 2026-11-23T06:34:00Z";
	if (*out <= 0)
		*out = 1;
	return NULL;
}

static const char *read_since(struct tel_filter_args *args, struct tel_str value)
{
	return read_moment(value, &args->filter.since);
}

static const char *read_until(struct tel_filter_args *args, struct tel_str value)
{
	return read_moment(value, &args->filter.until);
}

const char *const tel_filter_names[] = {
	"live", "status", "direction", "from", "to", "roomName", "since", "until", NULL
};

static const char *(*const readers[])(struct tel_filter_args *args, struct tel_str value) = {
	read_live, read_status, read_direction, read_from, read_to, read_room, read_since, read_until
};

const char *tel_filter_read(struct tel_filter_args *args, const char *name, struct tel_str value)
{
	size_t i;

	for (i = 0; tel_filter_names[i]; i++)
		if (!strcmp(tel_filter_names[i], name))
			return readers[i](args, value);
	return "there is no such filter";
}
