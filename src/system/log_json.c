#include "config.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/uio.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/time.h"
#include "base/utf8.h"
#include "domain/number.h"
#include "system/log_json.h"
#include "base/banned.h"

/*
 * A text's longest form in a line; if the line then exceeds PIPE_BUF it is
 * made again with the short one.
 */
#define TEXT_LONG 1024
#define TEXT_SHORT 160

static const char *level_text(enum tel_log_level level)
{
	static const char *const texts[] = { "error", "warn", "info", "debug" };

	return texts[level];
}

static bool enabled(struct tel_log *base, enum tel_log_level level)
{
	return level <= ((struct tel_json_log *)base)->level;
}

/* ---- one line ----------------------------------------------------------- */

/* Takes `value` over, also when it fails; NULL is no memory. */
static bool add(struct json_object *line, const char *key, struct json_object *value)
{
	if (value && json_object_object_add(line, key, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

static bool add_text(struct json_object *line, const char *key, struct tel_str text, size_t max)
{
	struct tel_buf clean;
	bool ok;

	/* Room for the ellipsis. */
	tel_buf_init(&clean, max + 3);
	ok = tel_utf8_clean(text, max, &clean) == TEL_OK &&
	     add(line, key, json_object_new_string_len(tel_buf_str(&clean).ptr, (int)clean.len));
	tel_buf_release(&clean);
	return ok;
}

static bool add_field(const struct tel_json_log *log, struct json_object *line,
		      const struct tel_log_field *field, size_t max)
{
	char masked[TEL_NUMBER_MASKED];

	if (field->type == TEL_LOG_INTEGER)
		return add(line, field->key, json_object_new_int64(field->integer));
	if (!field->text.ptr)
		return true;
	if (field->type == TEL_LOG_NUMBER && !log->full_numbers)
		return add_text(line, field->key,
				tel_str_from(tel_number_mask(field->text, masked)), max);
	return add_text(line, field->key, field->text, max);
}

struct line {
	enum tel_log_level level;
	const char *ts;
	const char *event;
	const struct tel_log_field *fields;
	size_t n;
};

static struct json_object *make_line(const struct tel_json_log *log, const struct line *l,
				     size_t max)
{
	struct json_object *line = json_object_new_object();
	bool ok = line && add_text(line, "ts", tel_str_from(l->ts), max) &&
		  add_text(line, "level", tel_str_from(level_text(l->level)), max) &&
		  add_text(line, "event", tel_str_from(l->event), max);
	size_t i;

	for (i = 0; i < l->n && ok; i++)
		ok = add_field(log, line, &l->fields[i], max);
	if (!ok) {
		json_object_put(line);
		line = NULL;
	}
	return line;
}

static const char *line_text(struct json_object *line, size_t *len)
{
	return line ? json_object_to_json_string_length(line, JSON_C_TO_STRING_PLAIN |
							JSON_C_TO_STRING_NOSLASHESCAPE, len) :
		      NULL;
}

/* ---- out ---------------------------------------------------------------- */

/* A short write (a full disk, a socket) goes on where it stopped. */
static void write_out(int fd, const char *text, size_t len)
{
	struct iovec iov[2] = {
		{ .iov_base = (void *)(uintptr_t)text, .iov_len = len },
		{ .iov_base = (void *)(uintptr_t)"\n", .iov_len = 1 },
	};
	int i = 0;

	while (i < 2) {
		ssize_t n = writev(fd, iov + i, 2 - i);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		for (; i < 2 && (size_t)n >= iov[i].iov_len; i++)
			n -= (ssize_t)iov[i].iov_len;
		if (i < 2) {
			iov[i].iov_base = (char *)iov[i].iov_base + n;
			iov[i].iov_len -= (size_t)n;
		}
	}
}

static void write_line(struct tel_log *base, enum tel_log_level level, const char *event,
		       const struct tel_log_field *fields, size_t n)
{
	static const char no_memory[] = "{\"level\":\"error\",\"event\":\"log_out_of_memory\"}";
	struct tel_json_log *log = (struct tel_json_log *)base;
	char ts[TEL_TIME_TEXT];
	struct line l = { level, ts, event, fields, n };
	struct json_object *line;
	const char *text;
	size_t len = 0;

	if (!enabled(base, level))
		return;
	tel_time_format(tel_now(log->clock), ts);
	line = make_line(log, &l, TEXT_LONG);
	text = line_text(line, &len);
	if (text && len >= PIPE_BUF) {
		json_object_put(line);
		line = make_line(log, &l, TEXT_SHORT);
		text = line_text(line, &len);
	}
	if (text)
		write_out(log->fd, text, len);
	else
		write_out(log->fd, no_memory, sizeof(no_memory) - 1);
	json_object_put(line);
}

static const struct tel_log_ops ops = {
	.name = "json", .enabled = enabled, .write = write_line,
};

void tel_json_log_init(struct tel_json_log *log, int fd, enum tel_log_level level,
		       bool full_numbers, struct tel_clock *clock)
{
	*log = (struct tel_json_log){
		.base.ops = &ops,
		.fd = fd,
		.level = level,
		.full_numbers = full_numbers,
		.clock = clock,
	};
}
