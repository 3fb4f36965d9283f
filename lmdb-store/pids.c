/*
 * All who write have one PID namespace.
 *
 * LMDB's locks name threads and processes by number: the kernel frees the lock
 * of a thread that was killed by looking for its number in it. A thread of
 * another container may have that number, and be killed while it waits; then
 * two threads write at once, and the store is lost. And a process whose number
 * another has is refused by LMDB, as being that one.
 *
 * So each locks, of data.mdb, the byte that has its namespace's number, shared,
 * and looks whether any other is locked. (LMDB locks nothing there, and the
 * bytes need not exist.) Two that come at the same moment see each other.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lmdb-store/store.h"
#include "base/banned.h"

/* One that is just about to be refused may be in the way. */
#define TRIES 5

/* 0: not known, without /proc or namespaces. */
static off_t own_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) ? 0 : (off_t)st.st_ino;
}

/* Of `len` bytes from `start` on; 0: all. */
static int set_lock(int fd, short type, off_t start, off_t len)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len };

	return fcntl(fd, F_OFD_SETLK, &lock) ? errno : 0;
}

static bool is_locked(int fd, off_t start, off_t len)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start,
			      .l_len = len };

	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/* False: others are there. */
static bool join(int fd, off_t own)
{
	if (set_lock(fd, F_RDLCK, own, 1))
		return true;		/* a file system without such locks */
	if (!is_locked(fd, 0, own) && !is_locked(fd, own + 1, 0))
		return true;
	set_lock(fd, F_UNLCK, own, 1);
	return false;
}

enum tel_err tel_lmdb_join_pids(struct tel_lmdb_store *s, const char *path, struct tel_buf *why)
{
	off_t own = own_namespace();
	bool joined = false;
	struct tel_buf file;
	int i;

	if (!own)
		return TEL_OK;
	tel_buf_init(&file, 4096);
	tel_buf_printf(&file, "%s/data.mdb", path);
	s->pids_fd = tel_buf_err(&file) ? -1 : open(file.ptr, O_RDONLY | O_CLOEXEC);
	tel_buf_release(&file);
	if (s->pids_fd < 0)
		return TEL_OK;		/* LMDB will say why it can't be opened */
	for (i = 0; i < TRIES && !joined; i++) {
		if (i > 0)
			nanosleep(&(struct timespec){ .tv_nsec = (10 + getpid() % 10) * 1000000 },
				  NULL);
		joined = join(s->pids_fd, own);
	}
	if (joined)
		return TEL_OK;
	return tel_lmdb_say(why, TEL_EBUSY, "the store in %s is in use in another container (PID namespace), and its locks do not hold between two: have all that use it in one",
			    path);
}
