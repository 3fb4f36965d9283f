/*
 * How a store comes into being, so that a power cut at any moment leaves
 * either none or a sound one:
 *
 *   the file's header is written under another name and synced, then renamed:
 *     a data.mdb is never seen without its header
 *   the directory and its parent are synced before the first commit (that
 *     of the tables): whoever finds the tables need not ask whether the
 *     names of what he writes to are on the disk
 *
 * LMDB by itself does neither: it would refuse half a header for ever, and a
 * synced file helps nobody whose name is lost.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "lmdb-store/store.h"
#include "base/banned.h"

#define DATA "data.mdb"
#define UNBORN "data.mdb.new"

int tel_lmdb_sync_names(const char *path)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int parent, rc = dir < 0 ? errno : 0;

	if (!rc)
		rc = tel_file_sync_directory(dir);
	if (!rc) {
		/* Closed to us: then it was not we who made a directory in it. */
		parent = openat(dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (parent < 0 && errno != EACCES)
			rc = errno;
		else if (parent >= 0)
			rc = tel_file_sync_directory(parent);
		if (parent >= 0)
			close(parent);
	}
	if (dir >= 0)
		close(dir);
	return rc;
}

static int write_header(const char *file)
{
	MDB_env *env = NULL;
	int rc = mdb_env_create(&env);

	if (!rc)
		rc = mdb_env_set_mapsize(env, TEL_LMDB_MIN_MAP_SIZE);
	/* Our own lock keeps others away. */
	if (!rc)
		rc = mdb_env_open(env, file, MDB_NOSUBDIR | MDB_NOLOCK, 0600);
	if (!rc)
		rc = mdb_env_sync(env, 1);
	if (env)
		mdb_env_close(env);
	return rc;
}

static int bear(int dir, const char *path)
{
	struct tel_buf file;
	int rc;

	if (!faccessat(dir, DATA, F_OK, 0))
		return 0;		/* another process was faster */
	if (unlinkat(dir, UNBORN, 0) && errno != ENOENT)
		return errno;
	tel_buf_init(&file, 4096);
	tel_buf_printf(&file, "%s/%s", path, UNBORN);
	rc = tel_buf_err(&file) == TEL_ENOMEM ? ENOMEM :
	     tel_buf_err(&file) ? ENAMETOOLONG : write_header(file.ptr);
	tel_buf_release(&file);
	if (!rc && renameat(dir, UNBORN, dir, DATA))
		rc = errno;
	return rc;
}

int tel_lmdb_make_file(const char *path)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = dir < 0 ? errno : 0;

	if (!rc && faccessat(dir, DATA, F_OK, 0)) {
		while ((rc = flock(dir, LOCK_EX) ? errno : 0) == EINTR)
			;
		if (!rc)
			rc = bear(dir, path);
	}
	if (dir >= 0)
		close(dir);		/* and with it the lock */
	return rc;
}
