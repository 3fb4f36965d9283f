#include "config.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/uio.h>

#include "base/buf.h"
#include "base/time.h"
#include "base/utf8.h"
#include "domain/number.h"
#include "json/json_write.h"
#include "system/log_json.h"
#include "base/banned.h"

/* What a pipe takes in one piece, less the newline. */
#define MAX_ATOMIC (PIPE_BUF - 1)

/* A line of many fields is written all the same. */
#define MAX_LINE ((size_t)64 * 1024)

/*
 * A text's longest form in a line; if the line then exceeds MAX_ATOMIC it is
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

static void put_text(struct tel_json_write *w, const char *key, struct tel_str text, size_t max)
{
	struct tel_buf clean;

	/* Room for the ellipsis. */
	tel_buf_init(&clean, max + 3);
	tel_json_fail(w, tel_utf8_clean(text, max, &clean));
	tel_json_put_text(w, key, tel_buf_str(&clean));
	tel_buf_release(&clean);
}

static void put_field(const struct tel_json_log *log, struct tel_json_write *w,
		      const struct tel_log_field *field, size_t max)
{
	char masked[TEL_NUMBER_MASKED];

	if (field->type == TEL_LOG_INTEGER)
		tel_json_put_int(w, field->key, field->integer);
	else if (!field->text.ptr)
		return;
	else if (field->type == TEL_LOG_NUMBER && !log->full_numbers)
		put_text(w, field->key, tel_str_from(tel_number_mask(field->text, masked)), max);
	else
		put_text(w, field->key, field->text, max);
}

struct line {
	enum tel_log_level level;
	const char *ts;
	const char *event;
	const struct tel_log_field *fields;
	size_t n;
};

/* A line whose fields have the same key keeps the last of them. */
static enum tel_err make_line(const struct tel_json_log *log, const struct line *l, size_t max,
			      struct tel_buf *out)
{
	struct tel_json_write w;
	size_t i;

	tel_json_begin(&w, TEL_JSON_PLAIN);
	tel_json_open_map(&w, NULL);
	put_text(&w, "ts", tel_str_from(l->ts), max);
	put_text(&w, "level", tel_str_from(level_text(l->level)), max);
	put_text(&w, "event", tel_str_from(l->event), max);
	for (i = 0; i < l->n; i++)
		put_field(log, &w, &l->fields[i], max);
	tel_json_close(&w);
	return tel_json_finish(&w, out);
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
	struct tel_buf line;
	enum tel_err err;

	if (!enabled(base, level))
		return;
	tel_time_format(tel_now(log->clock), ts);
	tel_buf_init(&line, MAX_ATOMIC);
	err = make_line(log, &l, TEXT_LONG, &line);
	if (err == TEL_ETOOBIG) {
		tel_buf_clear(&line);
		line.ceiling = MAX_LINE;
		err = make_line(log, &l, TEXT_SHORT, &line);
	}
	if (!err)
		write_out(log->fd, line.ptr, line.len);
	else
		write_out(log->fd, no_memory, sizeof(no_memory) - 1);
	tel_buf_release(&line);
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
