#include "config.h"

#include <stdlib.h>
#include <unistd.h>

#include "lmdb-store/store.h"
#include "base/banned.h"

static enum tel_err count(struct tel_lmdb_txn *t, int table, uint64_t *out)
{
	MDB_stat st;
	int rc = mdb_stat(t->txn, t->store->tables[table], &st);

	*out = rc ? 0 : st.ms_entries;
	return tel_lmdb_err(rc);
}

static int compare_serials(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Calls, not leases: two jobs of one call may be leased to two owners. */
static enum tel_err count_leased(struct tel_lmdb_txn *t, uint64_t *out)
{
	MDB_cursor *cursor = NULL;
	uint64_t *serials = NULL, leases, n = 0, i;
	enum tel_err err = count(t, TEL_KEY_LEASE, &leases);
	MDB_val k, v;
	int rc = 0;

	*out = 0;
	if (err || leases == 0)
		return err;
	serials = calloc(leases, sizeof(*serials));
	if (!serials)
		return TEL_ENOMEM;
	rc = mdb_cursor_open(t->txn, t->store->tables[TEL_KEY_LEASE], &cursor);
	while (!rc && n < leases && !(rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)))
		serials[n++] = tel_key_last_u64((struct tel_str){ k.mv_data, k.mv_size });
	if (cursor)
		mdb_cursor_close(cursor);
	qsort(serials, n, sizeof(*serials), compare_serials);
	for (i = 0; i < n; i++)
		*out += i == 0 || serials[i] != serials[i - 1];
	free(serials);
	return rc == MDB_NOTFOUND ? TEL_OK : tel_lmdb_err(rc);
}

static enum tel_err count_all(struct tel_lmdb_txn *t, struct tel_store_stats *stats)
{
	const struct {
		int table;
		uint64_t *out;
	} counts[] = {
		{ TEL_KEY_CALL, &stats->calls },
		{ TEL_KEY_DUE, &stats->pending_calls },
		{ TEL_LMDB_EVENTS, &stats->event_ids },
		{ TEL_LMDB_ROOMS, &stats->room_tombstones },
		{ TEL_LMDB_REQUESTS, &stats->request_keys },
		{ TEL_LMDB_ENTRIES, &stats->timeline_entries },
	};
	enum tel_err err = TEL_OK;
	size_t i;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]) && !err; i++)
		err = count(t, counts[i].table, counts[i].out);
	if (!err)
		err = tel_index_count_live(&t->index, &stats->live_calls);
	return err ? err : count_leased(t, &stats->leased_calls);
}

enum tel_err tel_lmdb_stats(struct tel_call_store *store, struct tel_store_stats *out)
{
	struct tel_lmdb_store *s = tel_lmdb_of(store);
	struct tel_store_stats stats = { 0 };
	struct tel_lmdb_txn t;
	MDB_envinfo info;
	uint64_t unused = 0;
	enum tel_err err;

	if (s->pid != getpid())
		return TEL_EMISUSE;
	/* Before our own transaction becomes a reader too. */
	stats.readers = tel_lmdb_count_readers(s);
	err = tel_lmdb_begin(s, false, &t);
	if (err)
		return err;
	err = count_all(&t, &stats);
	if (!err)
		err = tel_lmdb_free_pages(&t, &unused);
	mdb_env_info(s->env, &info);
	tel_lmdb_abort(&t);
	stats.size_bytes = info.me_mapsize;
	stats.used_bytes = (info.me_last_pgno + 1 - unused) * s->page_size;
	pthread_mutex_lock(&s->queue_lock);
	stats.commits = s->commits;
	stats.committed_steps = s->committed_steps;
	pthread_mutex_unlock(&s->queue_lock);
	if (!err)
		*out = stats;
	return err;
}
