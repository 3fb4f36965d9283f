#include "config.h"

#include <string.h>
#include <unistd.h>

#include "lmdb-store/store.h"
#include "base/banned.h"

/* Items of one transaction: steps wait meanwhile. Few in a full map. */
#define CHUNK 128
#define TIGHT_CHUNK 8

struct sweep {
	tel_time now, retention;
	size_t budget;
	struct tel_sweep_report report;
};

/* ---- event ids, tombstones, request keys ------------------------------------------------ */

/* The entry of EXPIRY that is due first. TEL_ENOTFOUND: none is due. */
static enum tel_err first_expired(struct tel_lmdb_txn *t, tel_time now, struct tel_str *key)
{
	struct tel_index_hit hit;
	enum tel_err err = tel_lmdb_seek(t, TEL_LMDB_EXPIRY, TEL_STR_NONE, &hit);

	if (!err && (tel_time)tel_key_first_u64(hit.key) > now)
		err = TEL_ENOTFOUND;
	if (!err)
		*key = hit.key;
	return err;
}

static enum tel_err forget(struct tel_lmdb_txn *t, struct tel_str found, struct sweep *sweep)
{
	struct tel_lmdb_expiry_key expiry;
	struct tel_str own, key;
	enum tel_err err;
	int table;

	if (!tel_lmdb_expiry_parse(found, &table, &key))
		return TEL_ECORRUPT;
	/* A copy: what was found lies in a page that the first delete changes. */
	expiry.len = found.len;
	memcpy(expiry.bytes, found.ptr, found.len);
	own = (struct tel_str){ expiry.bytes, expiry.len };
	key = (struct tel_str){ expiry.bytes + 9, expiry.len - 9 };
	err = tel_lmdb_del(t, table, key);
	if (!err)
		err = tel_lmdb_del(t, TEL_LMDB_EXPIRY, own);
	if (!err && table == TEL_LMDB_EVENTS)
		sweep->report.events++;
	else if (!err && table == TEL_LMDB_ROOMS)
		sweep->report.rooms++;
	else if (!err)
		sweep->report.requests++;
	return err;
}

/* ---- calls ---------------------------------------------------------------------- */

static enum tel_err first_to_drop(struct tel_lmdb_txn *t, const struct sweep *sweep,
				  uint64_t *serial)
{
	struct tel_index_hit hit;
	enum tel_err err = TEL_ENOTFOUND;

	if (sweep->retention > 0)
		err = tel_lmdb_seek(t, TEL_KEY_ENDED, TEL_STR_NONE, &hit);
	if (!err && (tel_time)tel_key_first_u64(hit.key) > sweep->now - sweep->retention)
		err = TEL_ENOTFOUND;
	if (!err)
		*serial = tel_key_last_u64(hit.key);
	return err;
}

static enum tel_err drop_timeline(struct tel_lmdb_txn *t, uint64_t serial)
{
	struct tel_index_hit hit;
	struct tel_key_buf key;
	enum tel_err err;

	for (;;) {
		err = tel_lmdb_seek(t, TEL_LMDB_ENTRIES, tel_lmdb_entry_key(&key, serial, 0), &hit);
		if (err || tel_key_first_u64(hit.key) != serial)
			return err == TEL_ENOTFOUND ? TEL_OK : err;
		tel_lmdb_entry_key(&key, serial, (uint32_t)tel_key_last_u64(hit.key));
		err = tel_lmdb_del_blob(t, TEL_LMDB_ENTRIES, tel_key_str(&key));
		if (err)
			return err;
	}
}

static enum tel_err drop_call(struct tel_lmdb_txn *t, uint64_t serial, struct sweep *sweep)
{
	struct tel_key_set keys = { 0 };
	struct tel_call *call = NULL;
	struct tel_key_buf key;
	enum tel_err err = tel_lmdb_load(t, serial, &call);
	size_t i;

	if (!err)
		err = tel_keys_of(call, serial, &keys);
	for (i = 0; i < keys.n && !err; i++)
		err = tel_lmdb_del(t, (int)keys.keys[i].kind, keys.keys[i].key);
	if (!err)
		err = drop_timeline(t, serial);
	if (!err)
		err = tel_lmdb_del_blob(t, TEL_KEY_CALL, tel_lmdb_serial_key(&key, serial));
	sweep->report.calls += !err;
	tel_key_set_release(&keys);
	tel_call_free(call);
	return err;
}

/* ---- all of it ------------------------------------------------------------------- */

/* One item. TEL_ENOTFOUND: nothing is past its time. */
static enum tel_err sweep_one(struct tel_lmdb_txn *t, struct sweep *sweep)
{
	struct tel_str expired;
	uint64_t serial;
	enum tel_err err = first_expired(t, sweep->now, &expired);

	if (!err && sweep->budget == 0)
		sweep->report.more = true;
	else if (!err)
		return forget(t, expired, sweep);
	if (err != TEL_ENOTFOUND)
		return err;
	err = first_to_drop(t, sweep, &serial);
	if (!err && sweep->budget == 0)
		sweep->report.more = true;
	else if (!err)
		return drop_call(t, serial, sweep);
	return err;
}

/* *done: nothing is left, or the budget has run out. */
static enum tel_err sweep_chunk(struct tel_lmdb_store *s, struct sweep *sweep, bool *done)
{
	struct tel_lmdb_txn t;
	enum tel_err err = tel_lmdb_begin(s, true, &t);
	size_t n, max;

	if (err)
		return err;
	max = tel_lmdb_is_tight(&t) ? TIGHT_CHUNK : CHUNK;
	for (n = 0; n < max && !err && !sweep->report.more; n++) {
		err = sweep_one(&t, sweep);
		sweep->budget -= !err && !sweep->report.more;
	}
	*done = err == TEL_ENOTFOUND || sweep->report.more;
	if (*done)
		err = TEL_OK;
	if (err || !t.dirty)
		tel_lmdb_abort(&t);
	else
		err = tel_lmdb_commit(&t);
	return err;
}

enum tel_err tel_lmdb_sweep(struct tel_call_store *store, tel_time now, size_t budget,
			    struct tel_sweep_report *out)
{
	struct tel_lmdb_store *s = tel_lmdb_of(store);
	struct sweep sweep = { .now = now, .retention = s->retention, .budget = budget };
	enum tel_err err = TEL_OK;
	bool done = false;
	int dead = 0;

	if (s->read_only || s->pid != getpid())
		return TEL_EMISUSE;
	/* First, so that what killed readers pinned can be used again. */
	mdb_reader_check(s->env, &dead);
	sweep.report.stale_readers = (size_t)dead;
	while (!err && !done)
		err = sweep_chunk(s, &sweep, &done);
	tel_lmdb_trim(s);
	if (!err)
		*out = sweep.report;
	return err;
}
