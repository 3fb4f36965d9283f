/*
 * Port: the log. One call, one line; any thread. Values are redacted by the
 * writer of the line (tel_log_number for phone numbers); secrets never come
 * here.
 */
#ifndef TEL_PORTS_LOG_H
#define TEL_PORTS_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum tel_log_level { TEL_LOG_ERROR, TEL_LOG_WARN, TEL_LOG_INFO, TEL_LOG_DEBUG };

enum tel_log_type {
	TEL_LOG_TEXT,		/* written as it is */
	TEL_LOG_NUMBER,		/* a phone number: masked unless allowed */
	TEL_LOG_INTEGER
};

struct tel_log_field {
	const char *key;	/* camelCase */
	enum tel_log_type type;
	struct tel_str text;
	int64_t integer;
};

#define TEL_F_STR(k, v) ((struct tel_log_field){ .key = (k), .type = TEL_LOG_TEXT, .text = (v) })
#define TEL_F_TEXT(k, v) TEL_F_STR(k, tel_str_from(v))
#define TEL_F_NUMBER(k, v) ((struct tel_log_field){ .key = (k), .type = TEL_LOG_NUMBER, .text = (v) })
#define TEL_F_INT(k, v) ((struct tel_log_field){ .key = (k), .type = TEL_LOG_INTEGER, .integer = (v) })

struct tel_log;

struct tel_log_ops {
	const char *name;
	/* False: lines of that level go nowhere; the caller may skip work. */
	bool (*enabled)(struct tel_log *log, enum tel_log_level level);
	/* `event` is a snake_case word. Absent text fields are left out. */
	void (*write)(struct tel_log *log, enum tel_log_level level, const char *event,
		      const struct tel_log_field *fields, size_t n);
};

struct tel_log {
	const struct tel_log_ops *ops;
};

/* tel_log_line(log, TEL_LOG_INFO, "call_ended", TEL_F_STR("callId", id), …) */
#define tel_log_line(log, level, event, ...)						\
	do {										\
		struct tel_log *tel_log_ = (log);					\
		const struct tel_log_field tel_fields_[] = { __VA_ARGS__ };		\
		if (tel_log_->ops->enabled(tel_log_, (level)))				\
			tel_log_->ops->write(tel_log_, (level), (event), tel_fields_,	\
				sizeof(tel_fields_) / sizeof(tel_fields_[0]));		\
	} while (0)

#endif
