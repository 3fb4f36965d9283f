#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "lmdb-store/store.h"
#include "base/banned.h"

/* How often a map that other processes change is followed. */
#define MAX_TRIES 10

/* The pages that any step may dirty on its way down the trees. */
#define PAGES_PER_KEY 4

/* ---- life -------------------------------------------------------------------- */

static MDB_val val(struct tel_str s)
{
	return (MDB_val){ .mv_size = s.len, .mv_data = (void *)s.ptr };
}

static struct tel_str str(MDB_val v)
{
	return (struct tel_str){ v.mv_data, v.mv_size };
}

static struct tel_lmdb_txn *of_index(struct tel_index *index)
{
	return (struct tel_lmdb_txn *)((char *)index - offsetof(struct tel_lmdb_txn, index));
}

static int try_begin(struct tel_lmdb_store *s, bool writes, MDB_txn **out)
{
	int rc;

	pthread_rwlock_rdlock(&s->map_lock);
	rc = s->unmapped ? ENOMEM :
	     mdb_txn_begin(s->env, NULL, writes ? 0 : MDB_RDONLY, out);
	if (rc)
		pthread_rwlock_unlock(&s->map_lock);
	return rc;
}

static enum tel_err at_least(struct tel_index *index, enum tel_key_kind kind, struct tel_str key,
			     struct tel_index_hit *hit)
{
	return tel_lmdb_seek(of_index(index), (int)kind, key, hit);
}

static enum tel_err below(struct tel_index *index, enum tel_key_kind kind, struct tel_str key,
			  struct tel_index_hit *hit)
{
	struct tel_lmdb_txn *t = of_index(index);
	MDB_val k = val(key), v;
	MDB_cursor *cursor;
	int rc = mdb_cursor_open(t->txn, t->store->tables[kind], &cursor);

	if (rc)
		return tel_lmdb_err(rc);
	rc = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
	rc = mdb_cursor_get(cursor, &k, &v, rc == MDB_NOTFOUND ? MDB_LAST : MDB_PREV);
	mdb_cursor_close(cursor);
	if (!rc)
		*hit = (struct tel_index_hit){ str(k), str(v) };
	return tel_lmdb_err(rc);
}

/*
 * LMDB could not write the page that makes a commit valid, and does not know
 * what is on the disk: it refuses to write again. Or there is no room for a
 * map of what others have written. Only opening it anew helps, and that takes
 * a process without transactions: a new one.
 */
static void tell_broken(struct tel_lmdb_store *s)
{
	if (!atomic_exchange(&s->is_broken, true) && s->broken)
		s->broken(s->broken_ctx);
}

enum tel_err tel_lmdb_begin(struct tel_lmdb_store *s, bool writes, struct tel_lmdb_txn *out)
{
	int rc = MDB_MAP_RESIZED, tries, dead;

	if (s->pid != getpid() || (writes && s->read_only))
		return TEL_EMISUSE;
	*out = (struct tel_lmdb_txn){ .store = s, .writes = writes };
	out->index = (struct tel_index){ .at_least = at_least, .below = below };
	for (tries = 0; tries < MAX_TRIES; tries++) {
		rc = try_begin(s, writes, &out->txn);
		if (rc == MDB_READERS_FULL && tries == 0)
			mdb_reader_check(s->env, &dead);
		else if (rc != MDB_MAP_RESIZED)
			break;
		else if (!tel_lmdb_follow_map(s)) {
			tell_broken(s);
			return TEL_ENOMEM;
		}
	}
	if (rc == MDB_PANIC)
		tell_broken(s);
	return tel_lmdb_err(rc);
}

enum tel_err tel_lmdb_commit(struct tel_lmdb_txn *t)
{
	struct tel_lmdb_store *s = t->store;
	int rc = mdb_txn_commit(t->txn);

	pthread_rwlock_unlock(&s->map_lock);
	t->txn = NULL;
	return rc == EIO && tel_lmdb_disk_is_full(s) ? TEL_EFULL : tel_lmdb_err(rc);
}

void tel_lmdb_abort(struct tel_lmdb_txn *t)
{
	mdb_txn_abort(t->txn);
	pthread_rwlock_unlock(&t->store->map_lock);
	t->txn = NULL;
}

/* ---- entries ------------------------------------------------------------------- */

enum tel_err tel_lmdb_get(struct tel_lmdb_txn *t, int table, struct tel_str key,
			  struct tel_str *value)
{
	MDB_val k = val(key), v;
	int rc;

	if (key.len == 0 || key.len > TEL_MAX_KEY)
		return TEL_ENOTFOUND;	/* no key looks like that */
	rc = mdb_get(t->txn, t->store->tables[table], &k, &v);
	if (!rc)
		*value = str(v);
	return tel_lmdb_err(rc);
}

enum tel_err tel_lmdb_seek(struct tel_lmdb_txn *t, int table, struct tel_str key,
			   struct tel_index_hit *hit)
{
	MDB_val k = val(key), v;
	MDB_cursor *cursor;
	int rc = mdb_cursor_open(t->txn, t->store->tables[table], &cursor);

	if (rc)
		return tel_lmdb_err(rc);
	rc = mdb_cursor_get(cursor, &k, &v, key.len > 0 ? MDB_SET_RANGE : MDB_FIRST);
	mdb_cursor_close(cursor);
	if (!rc)
		*hit = (struct tel_index_hit){ str(k), str(v) };
	return tel_lmdb_err(rc);
}

enum tel_err tel_lmdb_put(struct tel_lmdb_txn *t, int table, struct tel_str key,
			  struct tel_str value)
{
	MDB_val k = val(key), v = val(value);

	t->dirty = true;
	return tel_lmdb_err(mdb_put(t->txn, t->store->tables[table], &k, &v, 0));
}

enum tel_err tel_lmdb_del(struct tel_lmdb_txn *t, int table, struct tel_str key)
{
	MDB_val k = val(key);
	int rc;

	t->dirty = true;
	rc = mdb_del(t->txn, t->store->tables[table], &k, NULL);
	return rc == MDB_NOTFOUND ? TEL_OK : tel_lmdb_err(rc);
}

/* ---- room ------------------------------------------------------------------------ */

/*
 * LMDB keeps pages to be used again in database 0: per transaction a list
 * that begins with its length (as mdb_stat reads it). It shows them to read
 * transactions only; beside a write transaction one sees what that began with.
 */
enum tel_err tel_lmdb_free_pages(struct tel_lmdb_txn *t, uint64_t *out)
{
	MDB_cursor *cursor = NULL;
	MDB_txn *txn = NULL;
	uint64_t pages = 0;
	MDB_val k, v;
	size_t n;
	int rc = mdb_txn_begin(t->store->env, NULL, MDB_RDONLY, &txn);

	if (!rc)
		rc = mdb_cursor_open(txn, 0, &cursor);
	while (!rc && !(rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT))) {
		memcpy(&n, v.mv_data, sizeof(n));
		pages += n;
	}
	if (cursor)
		mdb_cursor_close(cursor);
	if (txn)
		mdb_txn_abort(txn);
	*out = pages;
	return rc == MDB_NOTFOUND ? TEL_OK : tel_lmdb_err(rc);
}

void tel_lmdb_spend(struct tel_lmdb_txn *t, size_t bytes, size_t keys)
{
	t->spent_pages += 1 + bytes / 1000 + keys * PAGES_PER_KEY;
}

struct extent {
	uint64_t total, gone, reserve;	/* pages; gone: of the file, and spent */
};

static struct extent measure(const struct tel_lmdb_txn *t)
{
	size_t page = t->store->page_size;
	struct extent e;
	MDB_envinfo info;

	mdb_env_info(t->store->env, &info);
	e.total = info.me_mapsize / page;
	e.gone = info.me_last_pgno + 1 + t->spent_pages;
	e.reserve = e.total / 16;
	if (e.reserve * page < (1 << 20))
		e.reserve = (1 << 20) / page;
	return e;
}

bool tel_lmdb_is_tight(struct tel_lmdb_txn *t)
{
	struct extent e = measure(t);

	return e.gone + e.reserve > e.total;
}

static enum tel_err has_room(struct tel_lmdb_txn *t, const struct extent *e, uint64_t freed)
{
	uint64_t used = e->gone > freed ? e->gone - freed : 0;
	size_t page = t->store->page_size;

	if (used + e->reserve > e->total)
		return TEL_EFULL;
	return tel_lmdb_reserve_disk(t->store, used * page, e->reserve * page);
}

enum tel_err tel_lmdb_has_room(struct tel_lmdb_txn *t)
{
	struct extent e = measure(t);
	enum tel_err err = has_room(t, &e, 0);

	if (err != TEL_EFULL)
		return err;
	/* The file can't grow any more: what was freed within it counts. */
	if (!t->counted) {
		err = tel_lmdb_free_pages(t, &t->free_pages);
		if (err)
			return err;
		t->counted = true;
	}
	return has_room(t, &e, t->free_pages);
}
