#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lmdb-store/store.h"
#include "base/banned.h"

/* A store of a later layout is refused, not guessed at; see upgrade.c. */
#define SCHEMA "2"
#define EARLIER_SCHEMA "1"
#define SCHEMA_KEY ((struct tel_str){ "tel\0schema", 10 })

/* Below that there is no point in trying a smaller map. */
#define SMALLEST_MAP ((size_t)64 << 20)

static const char *const table_names[TEL_LMDB_TABLES] = {
	[TEL_KEY_CALL] = "calls",
	[TEL_KEY_ID] = "ids",
	[TEL_KEY_ROOM] = "rooms",
	[TEL_KEY_NAME] = "names",
	[TEL_KEY_SIP] = "sips",
	[TEL_KEY_LEG] = "legs",
	[TEL_KEY_LIST] = "list",
	[TEL_KEY_DUE] = "wakes",
	[TEL_KEY_LEASE] = "owners",
	[TEL_KEY_ENDED] = "ended",
	[TEL_LMDB_EVENTS] = "events",
	[TEL_LMDB_ROOMS] = "tombstones",
	[TEL_LMDB_REQUESTS] = "requests",
	[TEL_LMDB_EXPIRY] = "expiry",
	[TEL_LMDB_ENTRIES] = "timeline",
	[TEL_LMDB_MORE] = "more",
	[TEL_LMDB_META] = NULL,		/* LMDB's unnamed one */
};

/* ---- the environment ----------------------------------------------------- */

static int try_env(const struct tel_lmdb_options *options, size_t map_size, MDB_env **out)
{
	/* Random access, and a file that may be larger than the memory. */
	unsigned flags = MDB_NOTLS | MDB_NORDAHEAD | (options->read_only ? MDB_RDONLY : 0);
	MDB_env *env = NULL;
	int rc;

	rc = mdb_env_create(&env);
	if (!rc)
		rc = mdb_env_set_maxdbs(env, TEL_LMDB_TABLES + 3); /* and earlier ones */
	if (!rc)
		rc = mdb_env_set_maxreaders(env, TEL_LMDB_MAX_READERS);
	if (!rc)
		rc = mdb_env_set_mapsize(env, TEL_LMDB_WHOLE(map_size));
	if (!rc)
		rc = mdb_env_open(env, options->path, flags, 0600);
	if (rc)
		mdb_env_close(env);
	else
		*out = env;
	return rc;
}

static enum tel_err say_open(const struct tel_lmdb_options *options, int rc, struct tel_buf *why)
{
	enum tel_err err = tel_lmdb_err(rc);

	switch (err) {
	case TEL_ECORRUPT:
		return tel_lmdb_say(why, err, "%s/data.mdb is not a store or is damaged (%s): restore a backup or move it away",
				    options->path, mdb_strerror(rc));
	case TEL_ENOTFOUND:
		return tel_lmdb_say(why, err, "there is no store in %s", options->path);
	case TEL_ENOMEM:
		return tel_lmdb_say(why, err, "no address space for the store in %s (ulimit -v?): choose a smaller map size",
				    options->path);
	case TEL_EDENIED:
		return tel_lmdb_say(why, err, "cannot open the store in %s: %s (its files must belong to whom the directory belongs to)",
				    options->path, mdb_strerror(rc));
	default:
		return tel_lmdb_say(why, err, "cannot open the store in %s: %s", options->path,
				    mdb_strerror(rc));
	}
}

/* mmap() has no address space for it; valgrind's says EINVAL. */
static bool is_too_large(int rc)
{
	return rc == ENOMEM || rc == EINVAL;
}

/* A limit on address space is no reason not to start. */
static enum tel_err open_shrinking(struct tel_lmdb_store *s, const struct tel_lmdb_options *options,
				   struct tel_buf *why)
{
	size_t wanted = options->map_size ? options->map_size : TEL_LMDB_MAP_SIZE, size = wanted;
	int rc = options->read_only ? 0 : tel_lmdb_make_file(options->path);
	enum tel_err err = TEL_OK;

	/* Who only reads takes no lock for longer than it takes to note that. */
	if (!rc && !options->read_only)
		err = tel_lmdb_join_pids(s, options->path, why);
	if (err)
		return err;
	if (!rc)
		rc = try_env(options, size, &s->env);
	s->map_size = wanted;
	while (is_too_large(rc) && size / 2 >= SMALLEST_MAP) {
		size /= 2;
		rc = try_env(options, size, &s->env);
	}
	if (rc)
		return say_open(options, rc, why);
	if (size < wanted)
		tel_lmdb_say(why, TEL_OK, "no address space for a map of %zu MiB: the store in %s may grow to %zu MiB only",
			     wanted >> 20, options->path, size >> 20);
	return TEL_OK;
}

/* ---- the tables ------------------------------------------------------------ */

static int open_tables(struct tel_lmdb_store *s, MDB_txn *txn, unsigned flags)
{
	int i, rc = 0;

	for (i = 0; i < TEL_LMDB_TABLES && !rc; i++)
		rc = mdb_dbi_open(txn, table_names[i], table_names[i] ? flags : 0, &s->tables[i]);
	return rc;
}

/* TEL_ENOTFOUND: nothing is there (yet). *earlier: it must be upgraded. */
static enum tel_err check_schema(struct tel_lmdb_txn *t, const char *path, bool *earlier,
				 struct tel_buf *why)
{
	struct tel_str schema;
	MDB_stat st;
	enum tel_err err = tel_lmdb_get(t, TEL_LMDB_META, SCHEMA_KEY, &schema);

	*earlier = !err && tel_str_is(schema, EARLIER_SCHEMA);
	if (err == TEL_ENOTFOUND) {
		err = tel_lmdb_err(mdb_stat(t->txn, t->store->tables[TEL_LMDB_META], &st));
		if (err || st.ms_entries == 0)
			return err ? err : TEL_ENOTFOUND;
		return tel_lmdb_say(why, TEL_ECORRUPT, "%s holds something else, not a store of this program", path);
	}
	if (!err && !*earlier && !tel_str_is(schema, SCHEMA))
		return tel_lmdb_say(why, TEL_ECORRUPT, "the store in %s has layout %.*s and this program knows %s: use a later version",
				    path, TEL_STR_ARG(schema), SCHEMA);
	return err;
}

/* TEL_ENOTFOUND: the tables are not there (yet), or not all of them. */
static enum tel_err find_tables(struct tel_lmdb_store *s, const char *path, struct tel_buf *why)
{
	struct tel_lmdb_txn t;
	bool earlier = false;
	enum tel_err err = tel_lmdb_begin(s, false, &t);

	if (err)
		return err;
	err = tel_lmdb_err(mdb_dbi_open(t.txn, NULL, 0, &s->tables[TEL_LMDB_META]));
	if (!err)
		err = check_schema(&t, path, &earlier, why);
	if (!err && s->read_only && (earlier || tel_lmdb_upgrade_is_due(&t)))
		err = tel_lmdb_say(why, TEL_ECORRUPT, "the store in %s was made by an earlier version: `telephonyctl work --once`, run as its user, or the service itself brings it up to date",
				   path);
	if (!err && earlier)
		err = TEL_ENOTFOUND;
	if (!err)
		err = tel_lmdb_err(open_tables(s, t.txn, 0));
	/* Only a commit keeps the handles, of a read transaction too. */
	if (err)
		tel_lmdb_abort(&t);
	else
		err = tel_lmdb_commit(&t);
	return err;
}

static enum tel_err make_tables(struct tel_lmdb_store *s, const char *path, struct tel_buf *why)
{
	struct tel_lmdb_txn t;
	bool earlier = false;
	enum tel_err err = tel_lmdb_begin(s, true, &t);

	if (err)
		return err;
	err = tel_lmdb_err(mdb_dbi_open(t.txn, NULL, 0, &s->tables[TEL_LMDB_META]));
	if (!err)
		err = check_schema(&t, path, &earlier, why);
	if (err == TEL_ENOTFOUND)
		err = TEL_OK;		/* unless another process was faster */
	if (!err)
		err = tel_lmdb_err(open_tables(s, t.txn, MDB_CREATE));
	if (!err && earlier)
		err = tel_lmdb_start_upgrade(&t);
	if (!err)
		err = tel_lmdb_put(&t, TEL_LMDB_META, SCHEMA_KEY, TEL_STR(SCHEMA));
	if (!err)
		err = tel_lmdb_err(tel_lmdb_sync_names(path));
	if (err)
		tel_lmdb_abort(&t);
	else
		err = tel_lmdb_commit(&t);
	return err;
}

enum tel_err tel_lmdb_open_env(struct tel_lmdb_store *s, const struct tel_lmdb_options *options,
			       struct tel_buf *why)
{
	enum tel_err err = open_shrinking(s, options, why);
	MDB_stat st;
	int dead;

	if (err)
		return err;
	mdb_env_stat(s->env, &st);
	s->page_size = st.ms_psize;
	/* Readers that were killed would keep old pages from being used again. */
	if (!options->read_only)
		mdb_reader_check(s->env, &dead);
	err = find_tables(s, options->path, why);
	if (err == TEL_ENOTFOUND && options->read_only)
		return tel_lmdb_say(why, err, "there is no store in %s", options->path);
	if (err == TEL_ENOTFOUND)
		err = make_tables(s, options->path, why);
	if (!err && !options->read_only)
		err = tel_lmdb_upgrade(s, options->path, why);
	if (err == TEL_EBUSY && why && why->len == 0)
		return tel_lmdb_say(why, err, "the store in %s is busy: too many read it, or one of another container does that has our process id: try again, or in its container",
				    options->path);
	if (err && why && why->len == 0)
		tel_lmdb_say(why, err, "cannot read the store in %s: %s", options->path,
			     tel_err_text(err));
	return err;
}
