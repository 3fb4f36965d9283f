/*
 * Stores of earlier layouts.
 *
 * Layout 1 had no LIST and REQUESTS, and no entries of ROOM for calls that
 * don't know their room's sid; DUE and LEASE had other names, and there was a
 * table "live". The first process to open it says, in one transaction, that
 * it is of layout 2 now and that its calls are to be indexed, and keeps those
 * of the earlier version out that are still at work: under the names of three
 * tables, one of which nearly all they do would change, are now tables of
 * another kind, so that LMDB gives them an error. (What they were asked to do
 * is asked again.) Else they would leave out the new entries. Just to drop a
 * table would not do: LMDB does not notice, and crashes.
 *
 * Then whoever opens the store indexes calls, some at a time, and notes in
 * the same transaction how far that went. A process that is killed meanwhile
 * has lost nothing; nobody works with the store before it is done.
 */
#include "config.h"

#include "lmdb-store/store.h"
#include "base/banned.h"

/* The serial from which on calls are still to be indexed. */
#define UPGRADE_KEY ((struct tel_str){ "tel\0upgrade", 11 })

/* Calls of one transaction. */
#define CHUNK 256

bool tel_lmdb_upgrade_is_due(struct tel_lmdb_txn *t)
{
	struct tel_str value;

	return tel_lmdb_get(t, TEL_LMDB_META, UPGRADE_KEY, &value) != TEL_ENOTFOUND;
}

/* What is in an earlier table, as long as calls go on: there are few entries. */
static int copy_table(MDB_txn *txn, MDB_dbi from, MDB_dbi to)
{
	MDB_cursor *cursor;
	MDB_val k, v;
	int rc = mdb_cursor_open(txn, from, &cursor);

	if (rc)
		return rc;
	while (!(rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT))) {
		rc = mdb_put(txn, to, &k, &v, 0);
		if (rc)
			break;
	}
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* `to` gets what was in `name`; NULL: nobody needs it. */
static int close_table(MDB_txn *txn, const char *name, const MDB_dbi *to)
{
	MDB_dbi dbi;
	int rc = mdb_dbi_open(txn, name, 0, &dbi);

	if (!rc && to)
		rc = copy_table(txn, dbi, *to);
	if (!rc)
		rc = mdb_drop(txn, dbi, 1);
	if (!rc || rc == MDB_NOTFOUND)
		rc = mdb_dbi_open(txn, name, MDB_CREATE | MDB_REVERSEKEY, &dbi);
	return rc;
}

enum tel_err tel_lmdb_start_upgrade(struct tel_lmdb_txn *t)
{
	const MDB_dbi *tables = t->store->tables;
	struct tel_key_buf key;
	int rc = close_table(t->txn, "live", NULL);

	if (!rc)
		rc = close_table(t->txn, "due", &tables[TEL_KEY_DUE]);
	if (!rc)
		rc = close_table(t->txn, "leases", &tables[TEL_KEY_LEASE]);
	if (rc)
		return tel_lmdb_err(rc);
	return tel_lmdb_put(t, TEL_LMDB_META, UPGRADE_KEY, tel_lmdb_serial_key(&key, 1));
}

static enum tel_err put_missing(struct tel_lmdb_txn *t, const struct tel_key_set *keys)
{
	enum tel_err err = TEL_OK;
	struct tel_str found;
	size_t i;

	for (i = 0; i < keys->n && !err; i++) {
		err = tel_lmdb_get(t, (int)keys->keys[i].kind, keys->keys[i].key, &found);
		if (err == TEL_ENOTFOUND)
			err = tel_lmdb_put(t, (int)keys->keys[i].kind, keys->keys[i].key,
					   keys->keys[i].value);
	}
	return err;
}

/* A damaged record is no reason not to start: tel_lmdb_check() tells of it. */
static enum tel_err index_call(struct tel_lmdb_txn *t, uint64_t serial)
{
	struct tel_key_set keys = { 0 };
	struct tel_call *call = NULL;
	enum tel_err err = tel_lmdb_load(t, serial, &call);

	if (!err)
		err = tel_keys_of(call, serial, &keys);
	if (!err)
		err = put_missing(t, &keys);
	tel_key_set_release(&keys);
	tel_call_free(call);
	return err == TEL_ECORRUPT ? TEL_OK : err;
}

/* From *serial on, which then is where to go on; 0: that was all. */
static enum tel_err index_calls(struct tel_lmdb_txn *t, uint64_t *serial)
{
	struct tel_index_hit hit;
	struct tel_key_buf key;
	enum tel_err err = TEL_OK;
	size_t n;

	for (n = 0; n < CHUNK && !err; n++) {
		err = tel_lmdb_seek(t, TEL_KEY_CALL, tel_lmdb_serial_key(&key, *serial), &hit);
		if (err)
			break;
		*serial = tel_key_first_u64(hit.key);
		err = index_call(t, *serial);
		(*serial)++;
	}
	if (err == TEL_ENOTFOUND)
		*serial = 0;
	return err == TEL_ENOTFOUND ? TEL_OK : err;
}

/* And note how far it went. */
static enum tel_err go_on(struct tel_lmdb_txn *t, uint64_t serial, bool *done)
{
	struct tel_key_buf key;
	enum tel_err err = index_calls(t, &serial);

	*done = serial == 0;
	if (err)
		return err;
	return *done ? tel_lmdb_del(t, TEL_LMDB_META, UPGRADE_KEY) :
		       tel_lmdb_put(t, TEL_LMDB_META, UPGRADE_KEY, tel_lmdb_serial_key(&key, serial));
}

static enum tel_err upgrade_some(struct tel_lmdb_store *s, bool *done)
{
	struct tel_lmdb_txn t;
	struct tel_str value;
	enum tel_err err = tel_lmdb_begin(s, true, &t);

	if (err)
		return err;
	err = tel_lmdb_get(&t, TEL_LMDB_META, UPGRADE_KEY, &value);
	if (err == TEL_ENOTFOUND) {	/* another process was faster */
		tel_lmdb_abort(&t);
		*done = true;
		return TEL_OK;
	}
	if (!err)
		err = go_on(&t, tel_key_first_u64(value), done);
	if (!err)
		return tel_lmdb_commit(&t);
	tel_lmdb_abort(&t);
	return err;
}

enum tel_err tel_lmdb_upgrade(struct tel_lmdb_store *s, const char *path, struct tel_buf *why)
{
	struct tel_lmdb_txn t;
	enum tel_err err = tel_lmdb_begin(s, false, &t);
	bool done = false;

	if (!err) {
		done = !tel_lmdb_upgrade_is_due(&t);
		tel_lmdb_abort(&t);
	}
	while (!err && !done)
		err = upgrade_some(s, &done);
	if (!err)
		return TEL_OK;
	return tel_lmdb_say(why, err, "cannot bring the store in %s up to date, which an earlier version has made: %s",
			    path, tel_err_text(err));
}
