#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "system/process.h"
#include "base/banned.h"

/* Numbers of fields in /proc/PID/stat, as proc(5) counts them. */
#define FIELD_STATE 3
#define FIELD_THREADS 20
#define FIELD_START_TIME 22

#define BOOT_ID_DIGITS 16

/* A line of /proc/PID/stat: 52 numbers and a name of at most 64 bytes. */
#define STAT_TEXT 2048

static struct tel_str field(struct tel_str *rest)
{
	return tel_str_cut(*rest, ' ', rest);
}

enum tel_err tel_process_stat_parse(struct tel_str text, struct tel_process_stat *out)
{
	const char *name_end = text.len > 0 ? memrchr(text.ptr, ')', text.len) : NULL;
	struct tel_process_stat stat = { 0 };
	struct tel_str rest, value;
	int i;

	if (!name_end)
		return TEL_EMALFORMED;
	rest = (struct tel_str){ name_end + 1, text.len - (size_t)(name_end + 1 - text.ptr) };
	rest = tel_str_trim(rest);
	for (i = FIELD_STATE; i <= FIELD_START_TIME; i++) {
		value = field(&rest);
		if (value.len == 0)
			return TEL_EMALFORMED;
		if (i == FIELD_STATE)
			stat.state = value.ptr[0];
		if ((i == FIELD_THREADS && tel_num_parse(value, 0, INT64_MAX, &stat.threads)) ||
		    (i == FIELD_START_TIME &&
		     tel_num_parse(value, 0, INT64_MAX, &stat.start_time)))
			return TEL_EMALFORMED;
	}
	*out = stat;
	return TEL_OK;
}

/* ---- /proc -------------------------------------------------------------- */

static bool read_text(const char *path, char *out, size_t size, struct tel_str *text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	do {
		n = read(fd, out, size);
	} while (n < 0 && errno == EINTR);
	close(fd);
	*text = (struct tel_str){ out, n > 0 ? (size_t)n : 0 };
	return n > 0;
}

static bool read_stat(pid_t pid, struct tel_process_stat *out)
{
	char path[64], buffer[STAT_TEXT];
	struct tel_str text;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	return read_text(path, buffer, sizeof(buffer), &text) &&
	       tel_process_stat_parse(text, out) == TEL_OK;
}

/* Is this the /proc of the namespace in which we have our pid? */
static bool proc_is_ours(void)
{
	char link[32];
	ssize_t n = readlink("/proc/self", link, sizeof(link));
	int64_t pid;

	return n > 0 &&
	       tel_num_parse((struct tel_str){ link, (size_t)n }, 1, INT64_MAX, &pid) == TEL_OK &&
	       pid == (int64_t)getpid();
}

/* The first digits of the boot's UUID, without its dashes. */
static bool read_boot_id(char out[BOOT_ID_DIGITS + 1])
{
	char buffer[64];
	struct tel_str text;
	size_t i, n = 0;

	if (!read_text("/proc/sys/kernel/random/boot_id", buffer, sizeof(buffer), &text))
		return false;
	for (i = 0; i < text.len && n < BOOT_ID_DIGITS; i++)
		if (text.ptr[i] != '-')
			out[n++] = text.ptr[i];
	out[n] = '\0';
	return n == BOOT_ID_DIGITS && strspn(out, "0123456789abcdef") == n;
}

/* 0 where the kernel has no such namespaces: then all share one. */
static unsigned long long namespace_id(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (unsigned long long)st.st_ino : 0;
}

static bool name_by_proc(struct tel_system_process *p)
{
	char boot[BOOT_ID_DIGITS + 1];
	struct tel_process_stat stat;
	unsigned long long pids = namespace_id("/proc/self/ns/pid");
	int host, all;

	if (!proc_is_ours() || !read_boot_id(boot) || !pids || !read_stat(getpid(), &stat))
		return false;
	host = snprintf(p->self, sizeof(p->self), "b:%s:%llu.%llu:", boot, pids,
			namespace_id("/proc/self/ns/time"));
	if (host < 0 || (size_t)host >= sizeof(p->self))
		return false;
	all = snprintf(p->self + host, sizeof(p->self) - (size_t)host, "%ld:%lld",
		       (long)getpid(), (long long)stat.start_time);
	if (all < 0 || (size_t)all >= sizeof(p->self) - (size_t)host)
		return false;
	p->host_len = (size_t)host;
	return true;
}

static enum tel_err name_by_chance(struct tel_system_process *p)
{
	unsigned long long r[2];

	if (getrandom(r, sizeof(r), 0) != (ssize_t)sizeof(r))
		return TEL_EIO;
	snprintf(p->self, sizeof(p->self), "r:%016llx%016llx", r[0], r[1]);
	return TEL_OK;
}

/* ---- the port ----------------------------------------------------------- */

static struct tel_str self(struct tel_process *base)
{
	struct tel_system_process *p = (struct tel_system_process *)base;

	return tel_str_from(p->self);
}

/* "<pid>:<start time>" */
static bool parse_owner(struct tel_str text, pid_t *pid, int64_t *start_time)
{
	struct tel_str rest, head = tel_str_cut(text, ':', &rest);
	int64_t value;

	if (tel_num_parse(head, 1, INT32_MAX, &value) ||
	    tel_num_parse(rest, 0, INT64_MAX, start_time))
		return false;
	*pid = (pid_t)value;
	return true;
}

/*
 * A zombie whose threads are all gone holds nothing any more: its files and
 * locks were released before it became one. While some run, it lives.
 */
static bool is_spent(const struct tel_process_stat *stat)
{
	return stat->state == 'X' || (stat->state == 'Z' && stat->threads <= 1);
}

static bool is_dead(struct tel_process *base, struct tel_str owner)
{
	struct tel_system_process *p = (struct tel_system_process *)base;
	struct tel_str host = { p->self, p->host_len };
	struct tel_process_stat stat;
	int64_t start_time;
	pid_t pid;

	if (p->host_len == 0 || !tel_str_starts(owner, host))
		return false;
	owner.ptr += host.len;
	owner.len -= host.len;
	if (!parse_owner(owner, &pid, &start_time))
		return false;
	/*
	 * Asked before /proc is: mounted with hidepid, that shows no process
	 * of another user, alive or not. kill(2) answers EPERM for those.
	 */
	if (kill(pid, 0) && errno == ESRCH)
		return true;
	if (!read_stat(pid, &stat))
		return false;
	return stat.start_time != start_time || is_spent(&stat);
}

static const struct tel_process_ops ops = {
	.name = "linux", .self = self, .is_dead = is_dead,
};

enum tel_err tel_system_process_init(struct tel_system_process *process)
{
	*process = (struct tel_system_process){ .base.ops = &ops };
	if (name_by_proc(process))
		return TEL_OK;
	return name_by_chance(process);
}
