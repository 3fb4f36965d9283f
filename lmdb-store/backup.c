#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lmdb-store/store.h"
#include "base/banned.h"

static enum tel_err make_directory(const char *directory, struct tel_buf *why)
{
	if (mkdir(directory, 0700) && errno != EEXIST)
		return tel_lmdb_say(why, tel_lmdb_err(errno), "cannot make the directory %s: %s",
				    directory, strerror(errno));
	return TEL_OK;
}

/* It appears under its name when it is whole and on the disk. */
static enum tel_err copy_to(MDB_env *env, int dir, const char *directory, struct tel_buf *why)
{
	int fd = openat(dir, "data.mdb.part",
			O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc = fd < 0 ? errno : 0;

	if (!rc)
		rc = mdb_env_copyfd2(env, fd, MDB_CP_COMPACT);
	if (!rc && fsync(fd))
		rc = errno;
	if (fd >= 0 && close(fd) && !rc)
		rc = errno;
	if (!rc && renameat(dir, "data.mdb.part", dir, "data.mdb"))
		rc = errno;
	if (!rc)
		rc = tel_lmdb_sync_names(directory);
	if (rc && fd >= 0)
		unlinkat(dir, "data.mdb.part", 0);
	return rc ? tel_lmdb_say(why, tel_lmdb_err(rc), "cannot write the backup in %s: %s",
				 directory, mdb_strerror(rc)) : TEL_OK;
}

enum tel_err tel_lmdb_backup(struct tel_call_store *store, const char *directory,
			     struct tel_buf *why)
{
	struct tel_lmdb_store *s = tel_lmdb_of(store);
	enum tel_err err;
	int dir;

	if (s->pid != getpid())
		return TEL_EMISUSE;
	err = make_directory(directory, why);
	if (err)
		return err;
	dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return tel_lmdb_say(why, tel_lmdb_err(errno), "%s: %s", directory, strerror(errno));
	if (!faccessat(dir, "data.mdb", F_OK, 0)) {
		err = tel_lmdb_say(why, TEL_ECONFLICT, "%s holds a store already", directory);
	} else {
		/* The copy is a reader of its own: the map must stay. */
		pthread_rwlock_rdlock(&s->map_lock);
		err = copy_to(s->env, dir, directory, why);
		pthread_rwlock_unlock(&s->map_lock);
	}
	close(dir);
	return err;
}
