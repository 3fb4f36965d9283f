/*
 * A log that keeps its lines: "info call_ended callId=… n=3\n". Numbers are
 * kept as they are, so that a test sees what was logged as what.
 */
#ifndef TEL_TESTS_FAKE_LOG_H
#define TEL_TESTS_FAKE_LOG_H

#include <pthread.h>

#include "base/buf.h"
#include "ports/log.h"

struct tel_fake_log {
	struct tel_log base;
	enum tel_log_level level;	/* TEL_LOG_DEBUG at first */
	pthread_mutex_t lock;
	struct tel_buf text;
};

void tel_fake_log_init(struct tel_fake_log *log);
void tel_fake_log_release(struct tel_fake_log *log);

/* How often `text` occurs in what was logged so far. */
size_t tel_fake_log_count(struct tel_fake_log *log, const char *text);

/* Forget what was logged. */
void tel_fake_log_clear(struct tel_fake_log *log);

#endif
