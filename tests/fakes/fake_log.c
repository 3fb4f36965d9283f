#include "config.h"

#include <string.h>

#include "fakes/fake_log.h"
#include "base/banned.h"

#define MAX_KEPT ((size_t)16 * 1024 * 1024)

static bool enabled(struct tel_log *base, enum tel_log_level level)
{
	return level <= ((struct tel_fake_log *)base)->level;
}

static void add_field(struct tel_buf *text, const struct tel_log_field *f)
{
	if (f->type == TEL_LOG_INTEGER)
		tel_buf_printf(text, " %s=%lld", f->key, (long long)f->integer);
	else if (f->text.ptr)
		tel_buf_printf(text, " %s=%.*s", f->key, TEL_STR_ARG(f->text));
}

static void write_line(struct tel_log *base, enum tel_log_level level, const char *event,
		       const struct tel_log_field *fields, size_t n)
{
	static const char *const levels[] = { "error", "warn", "info", "debug" };
	struct tel_fake_log *log = (struct tel_fake_log *)base;
	size_t i;

	pthread_mutex_lock(&log->lock);
	tel_buf_printf(&log->text, "%s %s", levels[level], event);
	for (i = 0; i < n; i++)
		add_field(&log->text, &fields[i]);
	tel_buf_puts(&log->text, "\n");
	pthread_mutex_unlock(&log->lock);
}

static const struct tel_log_ops ops = {
	.name = "fake", .enabled = enabled, .write = write_line,
};

void tel_fake_log_init(struct tel_fake_log *log)
{
	*log = (struct tel_fake_log){ .base.ops = &ops, .level = TEL_LOG_DEBUG };
	pthread_mutex_init(&log->lock, NULL);
	tel_buf_init(&log->text, MAX_KEPT);
}

void tel_fake_log_release(struct tel_fake_log *log)
{
	tel_buf_release(&log->text);
	pthread_mutex_destroy(&log->lock);
}

size_t tel_fake_log_count(struct tel_fake_log *log, const char *text)
{
	const char *at;
	size_t n = 0;

	pthread_mutex_lock(&log->lock);
	at = tel_buf_str(&log->text).ptr;
	while ((at = strstr(at, text))) {
		at += strlen(text);
		n++;
	}
	pthread_mutex_unlock(&log->lock);
	return n;
}

void tel_fake_log_clear(struct tel_fake_log *log)
{
	pthread_mutex_lock(&log->lock);
	tel_buf_clear(&log->text);
	pthread_mutex_unlock(&log->lock);
}
