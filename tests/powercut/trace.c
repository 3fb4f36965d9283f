#include "config.h"

/* Its inline versions of what is defined here would clash. */
#undef _FORTIFY_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "powercut/trace.h"
#include "base/banned.h"

#define MAX_FDS 1024
#define MAX_NAMES 64
#define PATH_BYTES 512

/* A disk takes its time; meanwhile steps gather for a common commit. */
#define SYNC_NS 200000

static struct {
	bool on;
	pthread_mutex_t lock;		/* guards all below */
	char root[PATH_BYTES];
	struct trace trace;
	struct {
		bool watched, is_dir, sync;
		int file;
		char path[PATH_BYTES];	/* of directories */
	} fds[MAX_FDS];
	struct {
		char path[PATH_BYTES];	/* "" = a free slot */
		int file;
	} names[MAX_NAMES];
} rec = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* ---- the record --------------------------------------------------------------- */

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static struct trace_op *add(enum trace_kind kind, int file)
{
	struct trace *t = &rec.trace;

	if (t->n == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 1024;
		t->ops = must(realloc(t->ops, t->cap * sizeof(*t->ops)));
	}
	t->ops[t->n] = (struct trace_op){ .kind = kind, .file = file };
	return &t->ops[t->n++];
}

static void add_name(enum trace_kind kind, int file, const char *path, const char *to)
{
	struct trace_op *op = add(kind, file);

	op->path = must(strdup(path));
	op->to = to ? must(strdup(to)) : NULL;
}

/* What a write through an O_DSYNC descriptor promises: itself, no more. */
static void add_sync(int file, size_t at, size_t len, size_t covers)
{
	struct trace_op *op = add(TRACE_SYNC, file);

	op->at = at;
	op->len = len;
	op->covers = covers;
}

static void add_write(int file, size_t at, const struct iovec *iov, int n)
{
	struct trace_op *op = add(TRACE_WRITE, file);
	size_t filled = 0;
	int i;

	op->at = at;
	for (i = 0; i < n; i++)
		op->len += iov[i].iov_len;
	op->bytes = must(malloc(op->len + 1));
	for (i = 0; i < n; i++) {
		memcpy(op->bytes + filled, iov[i].iov_base, iov[i].iov_len);
		filled += iov[i].iov_len;
	}
}

/* ---- names ----------------------------------------------------------------------- */

/* What follows the root in an absolute path; NULL = not below it, or a lock
   file: those are shared memory, which LMDB makes anew. */
static const char *below(const char *path)
{
	size_t len = strlen(rec.root), end = strlen(path);

	if (strncmp(path, rec.root, len) || path[len] != '/')
		return NULL;
	if ((end >= 8 && !strcmp(path + end - 8, "lock.mdb")) ||
	    (end >= 5 && !strcmp(path + end - 5, "-lock")))
		return NULL;
	return path + len + 1;
}

static bool path_of_fd(int fd, char out[PATH_BYTES])
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, out, PATH_BYTES - 1);
	if (n > 0)
		out[n] = '\0';
	return n > 0;
}

/* False: not ours. */
static bool absolute(int dir, const char *path, char out[PATH_BYTES])
{
	char base[PATH_BYTES] = "";

	if (path[0] != '/' && (dir == AT_FDCWD ? !getcwd(base, sizeof(base)) : !path_of_fd(dir, base)))
		return false;
	return snprintf(out, PATH_BYTES, "%s%s%s", base, base[0] ? "/" : "", path) < PATH_BYTES &&
	       below(out);
}

static int find_name(const char *path)
{
	int i;

	for (i = 0; i < MAX_NAMES; i++)
		if (!strcmp(rec.names[i].path, path))
			return i;
	return -1;
}

static void set_name(const char *path, int file)
{
	int i = find_name(path);

	if (i < 0)
		i = find_name("");
	if (i < 0)
		abort();
	snprintf(rec.names[i].path, PATH_BYTES, "%s", path);
	rec.names[i].file = file;
}

static int forget_name(const char *path)
{
	int i = find_name(path);

	if (i < 0)
		return -1;
	rec.names[i].path[0] = '\0';
	return rec.names[i].file;
}

/* ---- descriptors --------------------------------------------------------------------- */

static bool is_watched(int fd)
{
	return fd >= 0 && fd < MAX_FDS && rec.fds[fd].watched;
}

static void watch_file(int fd, const char *path, int flags)
{
	int name = find_name(path), file = name < 0 ? rec.trace.n_files++ : rec.names[name].file;

	if (name < 0) {
		set_name(path, file);
		add_name(TRACE_MAKE_FILE, file, path, NULL);
	} else if (flags & O_TRUNC) {
		add(TRACE_TRUNCATE, file);
	}
	rec.fds[fd].file = file;
	rec.fds[fd].sync = (flags & O_DSYNC) != 0;	/* a part of O_SYNC, too */
}

static void watch(int fd, int flags)
{
	char path[PATH_BYTES];
	struct stat st;

	if (!rec.on || fd < 0 || fd >= MAX_FDS || fstat(fd, &st))
		return;
	pthread_mutex_lock(&rec.lock);
	rec.fds[fd].watched = false;
	if (path_of_fd(fd, path) && (below(path) || !strcmp(path, rec.root))) {
		rec.fds[fd].watched = true;
		rec.fds[fd].is_dir = S_ISDIR(st.st_mode);
		if (rec.fds[fd].is_dir)
			snprintf(rec.fds[fd].path, PATH_BYTES, "%s", below(path) ? below(path) : "");
		else
			watch_file(fd, below(path), flags);
	}
	pthread_mutex_unlock(&rec.lock);
}

/* ---- what takes the place of libc's ---------------------------------------------------- */

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name)
{
	return must(dlsym(RTLD_NEXT, name));
}

int open(const char *path, int flags, ...)
{
	unsigned mode = 0;
	va_list args;
	int fd;

	va_start(args, flags);
	if (flags & (O_CREAT | O_TMPFILE))
		mode = va_arg(args, unsigned);
	va_end(args);
	fd = REAL(open)(path, flags, mode);
	watch(fd, flags);
	return fd;
}

int openat(int dir, const char *path, int flags, ...)
{
	unsigned mode = 0;
	va_list args;
	int fd;

	va_start(args, flags);
	if (flags & (O_CREAT | O_TMPFILE))
		mode = va_arg(args, unsigned);
	va_end(args);
	fd = REAL(openat)(dir, path, flags, mode);
	watch(fd, flags);
	return fd;
}

int close(int fd)
{
	if (rec.on && is_watched(fd)) {
		pthread_mutex_lock(&rec.lock);
		rec.fds[fd].watched = false;
		pthread_mutex_unlock(&rec.lock);
	}
	return REAL(close)(fd);
}

/* Noted before it is done: from now on any part of it may be on the disk. */
static ssize_t put(int fd, const struct iovec *iov, int n, size_t at)
{
	struct trace_op *op;
	size_t covers, len;
	ssize_t done;

	pthread_mutex_lock(&rec.lock);
	add_write(rec.fds[fd].file, at, iov, n);
	covers = rec.trace.n;
	op = &rec.trace.ops[covers - 1];
	len = op->len;
	done = REAL(pwritev)(fd, iov, n, (off_t)at);
	if (done != (ssize_t)len)
		abort();	/* a full file system: no ground for this test */
	if (rec.fds[fd].sync)
		add_sync(rec.fds[fd].file, at, len, covers);
	pthread_mutex_unlock(&rec.lock);
	return done;
}

/* At the descriptor's own position, which moves on. */
static ssize_t put_on(int fd, const struct iovec *iov, int n)
{
	off_t at = lseek(fd, 0, SEEK_CUR);
	ssize_t done = put(fd, iov, n, (size_t)at);

	lseek(fd, at + done, SEEK_SET);
	return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	struct iovec iov = { (void *)bytes, len };

	return rec.on && is_watched(fd) ? put(fd, &iov, 1, (size_t)at) :
					  REAL(pwrite)(fd, bytes, len, at);
}

ssize_t pwritev(int fd, const struct iovec *iov, int n, off_t at)
{
	return rec.on && is_watched(fd) ? put(fd, iov, n, (size_t)at) :
					  REAL(pwritev)(fd, iov, n, at);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
	struct iovec iov = { (void *)bytes, len };

	return rec.on && is_watched(fd) ? put_on(fd, &iov, 1) : REAL(write)(fd, bytes, len);
}

ssize_t writev(int fd, const struct iovec *iov, int n)
{
	return rec.on && is_watched(fd) ? put_on(fd, iov, n) : REAL(writev)(fd, iov, n);
}

int ftruncate(int fd, off_t len)
{
	if (rec.on && is_watched(fd)) {
		pthread_mutex_lock(&rec.lock);
		add(TRACE_TRUNCATE, rec.fds[fd].file)->len = (size_t)len;
		pthread_mutex_unlock(&rec.lock);
	}
	return REAL(ftruncate)(fd, len);
}

/* It covers what was written before it began, and is noted when it is over. */
static int sync_fd(int fd)
{
	struct timespec pause = { .tv_nsec = SYNC_NS };
	size_t covers;

	pthread_mutex_lock(&rec.lock);
	covers = rec.trace.n;
	pthread_mutex_unlock(&rec.lock);
	nanosleep(&pause, NULL);
	pthread_mutex_lock(&rec.lock);
	if (rec.fds[fd].is_dir) {
		add_name(TRACE_SYNC_DIR, -1, rec.fds[fd].path, NULL);
		rec.trace.ops[rec.trace.n - 1].covers = covers;
	} else {
		add_sync(rec.fds[fd].file, 0, 0, covers);
	}
	pthread_mutex_unlock(&rec.lock);
	return 0;
}

int fsync(int fd)
{
	return rec.on && is_watched(fd) ? sync_fd(fd) : REAL(fsync)(fd);
}

int fdatasync(int fd)
{
	return rec.on && is_watched(fd) ? sync_fd(fd) : REAL(fdatasync)(fd);
}

int mkdir(const char *path, mode_t mode)
{
	int rc = REAL(mkdir)(path, mode);
	char whole[PATH_BYTES];

	if (!rc && rec.on && absolute(AT_FDCWD, path, whole)) {
		pthread_mutex_lock(&rec.lock);
		add_name(TRACE_MAKE_DIR, -1, below(whole), NULL);
		pthread_mutex_unlock(&rec.lock);
	}
	return rc;
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	char old[PATH_BYTES], new[PATH_BYTES];
	int file, rc = REAL(renameat)(from_dir, from, to_dir, to);

	if (!rc && rec.on && absolute(from_dir, from, old) && absolute(to_dir, to, new)) {
		pthread_mutex_lock(&rec.lock);
		file = forget_name(below(old));
		set_name(below(new), file);
		add_name(TRACE_RENAME, file, below(old), below(new));
		pthread_mutex_unlock(&rec.lock);
	}
	return rc;
}

int rename(const char *from, const char *to)
{
	return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int unlinkat(int dir, const char *path, int flags)
{
	int rc = REAL(unlinkat)(dir, path, flags);
	char whole[PATH_BYTES];

	if (!rc && rec.on && absolute(dir, path, whole)) {
		pthread_mutex_lock(&rec.lock);
		add_name(TRACE_REMOVE, forget_name(below(whole)), below(whole), NULL);
		pthread_mutex_unlock(&rec.lock);
	}
	return rc;
}

int unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

/* ---- life ----------------------------------------------------------------------------- */

void trace_start(const char *directory)
{
	memset(rec.fds, 0, sizeof(rec.fds));
	memset(rec.names, 0, sizeof(rec.names));
	rec.trace = (struct trace){ 0 };
	snprintf(rec.root, sizeof(rec.root), "%s", directory);
	rec.on = true;
}

struct trace trace_stop(void)
{
	struct trace trace = rec.trace;

	rec.on = false;
	rec.trace = (struct trace){ 0 };
	return trace;
}

void trace_release(struct trace *trace)
{
	size_t i;

	for (i = 0; i < trace->n; i++) {
		free(trace->ops[i].bytes);
		free(trace->ops[i].path);
		free(trace->ops[i].to);
	}
	free(trace->ops);
	*trace = (struct trace){ 0 };
}

void trace_ack(unsigned number)
{
	pthread_mutex_lock(&rec.lock);
	if (rec.on)
		add(TRACE_ACK, -1)->ack = number;
	pthread_mutex_unlock(&rec.lock);
}
