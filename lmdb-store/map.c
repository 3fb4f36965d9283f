/*
 * The map follows the file that other processes let grow.
 *
 * LMDB unmaps first and then maps anew. Where that fails (ulimit -v) it has no
 * map any more, and the next transaction would read where it was: so where
 * address space is limited, it is asked for what is sure to fit.
 */
#include "config.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "lmdb-store/store.h"
#include "base/banned.h"

static bool is_limited(void)
{
	struct rlimit limit;

	return sizeof(size_t) <= 4 || getrlimit(RLIMIT_AS, &limit) ||
	       limit.rlim_cur != RLIM_INFINITY;
}

/* Beside the present map, which makes room when it comes to it. */
static bool fits(size_t size)
{
	void *probe = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (probe == MAP_FAILED)
		return false;
	munmap(probe, size);
	return true;
}

/* As large as it was meant to be; at least as the file is. False: there is no room. */
static bool find_size(const struct tel_lmdb_store *s, size_t file, size_t *out)
{
	size_t size = s->map_size / 2 > file ? s->map_size : 2 * file;

	while (size > file && !fits(size))
		size = size / 2 > file ? size / 2 : file;
	*out = size;
	return size > file || fits(size);
}

/* With map_lock held: nobody has a transaction, and the map stays or moves. */
static bool follow(struct tel_lmdb_store *s)
{
	MDB_envinfo info;
	size_t file, size = 0;		/* 0: theirs who made it grow */

	if (s->unmapped)
		return false;
	mdb_env_info(s->env, &info);
	file = (info.me_last_pgno + 1) * s->page_size;
	if (file <= info.me_mapsize)
		return true;		/* another thread was faster */
	if (is_limited() && !find_size(s, TEL_LMDB_WHOLE(file + TEL_LMDB_MAP_STEP - 1), &size))
		return false;
	s->unmapped = mdb_env_set_mapsize(s->env, TEL_LMDB_WHOLE(size)) != 0;
	return !s->unmapped;
}

bool tel_lmdb_follow_map(struct tel_lmdb_store *s)
{
	bool follows;

	pthread_rwlock_wrlock(&s->map_lock);
	follows = follow(s);
	pthread_rwlock_unlock(&s->map_lock);
	return follows;
}
