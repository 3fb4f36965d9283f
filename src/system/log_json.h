/*
 * The log port as JSON lines: {"ts": RFC 3339, "level", "event", fields…}.
 * One write per line, so that lines of several threads and processes do not
 * mix; texts are cut so that a line fits PIPE_BUF wherever possible. Bytes
 * that are no UTF-8 become U+FFFD. What can't be written is lost: the log
 * never holds anything up, nor fails it.
 *
 * Whoever reads the other end may go away: ignore SIGPIPE.
 */
#ifndef TEL_SYSTEM_LOG_JSON_H
#define TEL_SYSTEM_LOG_JSON_H

#include <stdbool.h>

#include "ports/clock.h"
#include "ports/log.h"

struct tel_json_log {
	struct tel_log base;
	int fd;				/* borrowed */
	enum tel_log_level level;
	bool full_numbers;		/* false: tel_number_mask */
	struct tel_clock *clock;	/* borrowed */
};

/* Holds nothing: no release. Any thread afterwards. */
void tel_json_log_init(struct tel_json_log *log, int fd, enum tel_log_level level,
		       bool full_numbers, struct tel_clock *clock);

#endif
