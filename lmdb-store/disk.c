/*
 * A reserve on the disk. The map's own reserve says nothing of the file
 * system, which others may fill; so space for endings is allocated before a
 * call is taken on: behind the end of the file, where LMDB will write next.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "lmdb-store/store.h"
#include "base/banned.h"

/* Some 2000 endings. Less in a small map: its own reserve. */
#define DISK_RESERVE ((uint64_t)8 << 20)

/* Allocated at a time, so that not every step asks. */
#define CHUNK ((uint64_t)1 << 20)

static bool is_unknown_here(int error)
{
	return error == EOPNOTSUPP || error == ENOSYS || error == EINVAL;
}

/* ulimit -f; fallocate() that keeps a file's size does not ask for it. */
static bool is_beyond_limit(uint64_t size)
{
	struct rlimit limit;

	return !getrlimit(RLIMIT_FSIZE, &limit) && limit.rlim_cur != RLIM_INFINITY &&
	       size > limit.rlim_cur;
}

static enum tel_err is_left(struct tel_lmdb_store *s, int fd, uint64_t reserve)
{
	struct statvfs st;

	s->cannot_reserve = true;
	if (fstatvfs(fd, &st))
		return TEL_OK;	/* not even that: LMDB will find out */
	return (uint64_t)st.f_bavail * st.f_frsize >= reserve ? TEL_OK : TEL_EFULL;
}

enum tel_err tel_lmdb_reserve_disk(struct tel_lmdb_store *s, uint64_t used, uint64_t most)
{
	uint64_t reserve = most < DISK_RESERVE ? most : DISK_RESERVE, wanted;
	int fd, failed;

	if (used + reserve <= s->reserved_to)
		return TEL_OK;
	if (mdb_env_get_fd(s->env, &fd))
		return TEL_EIO;
	if (is_beyond_limit(used + reserve))
		return TEL_EFULL;
	if (s->cannot_reserve)
		return is_left(s, fd, reserve);
	wanted = used + reserve + (is_beyond_limit(used + reserve + CHUNK) ? 0 : CHUNK);
	do {
		failed = fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)used, (off_t)(wanted - used)) ?
			 errno : 0;
	} while (failed == EINTR);
	if (!failed) {
		s->reserved_to = wanted;
		return TEL_OK;
	}
	if (is_unknown_here(failed))
		return is_left(s, fd, reserve);
	return failed == ENOSPC || failed == EDQUOT || failed == EFBIG ? TEL_EFULL : TEL_EIO;
}

bool tel_lmdb_disk_is_full(struct tel_lmdb_store *s)
{
	struct statvfs disk;
	struct stat file;
	int fd;

	if (mdb_env_get_fd(s->env, &fd))
		return false;
	if (!fstat(fd, &file) && is_beyond_limit((uint64_t)file.st_size + CHUNK))
		return true;
	return !fstatvfs(fd, &disk) && (uint64_t)disk.f_bavail * disk.f_frsize < CHUNK;
}
