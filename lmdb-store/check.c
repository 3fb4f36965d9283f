#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "lmdb-store/check.h"
#include "lmdb-store/store.h"
#include "record/call_record.h"
#include "record/entry_record.h"
#include "record/request_record.h"
#include "base/banned.h"

#define MAX_TOLD 5

struct check {
	struct tel_lmdb_txn t;
	struct tel_lmdb_check_report report;
	uint64_t expected[TEL_LMDB_TABLES];	/* entries that something accounts for */
	struct tel_buf scratch;			/* for one record at a time */
	struct tel_buf *why;
};

static void problem(struct check *c, uint64_t serial, const char *what)
{
	if (c->report.problems++ < MAX_TOLD)
		tel_lmdb_say(c->why, TEL_OK, "record %" PRIu64 ": %s", serial, what);
}

static bool has(struct check *c, int table, struct tel_str key, struct tel_str value)
{
	struct tel_str found;

	return !tel_lmdb_get(&c->t, table, key, &found) && tel_str_eq(found, value);
}

/* ---- calls ----------------------------------------------------------------------- */

static enum tel_err check_keys(struct check *c, const struct tel_call *call, uint64_t serial)
{
	struct tel_key_set set;
	enum tel_err err = tel_keys_of(call, serial, &set);
	size_t i;

	for (i = 0; i < set.n && !err; i++) {
		c->report.index_entries++;
		c->expected[set.keys[i].kind]++;
		if (!has(c, (int)set.keys[i].kind, set.keys[i].key, set.keys[i].value))
			problem(c, serial, "an index entry is missing");
	}
	tel_key_set_release(&set);
	return err;
}

static void check_entry(struct check *c, uint64_t serial, uint32_t seq)
{
	struct tel_arena mem;
	struct tel_entry entry;
	struct tel_key_buf key;
	struct tel_str value, record;

	c->expected[TEL_LMDB_ENTRIES]++;
	c->report.timeline_entries++;
	if (tel_lmdb_get(&c->t, TEL_LMDB_ENTRIES, tel_lmdb_entry_key(&key, serial, seq), &value)) {
		problem(c, serial, "a timeline entry is missing");
		return;
	}
	c->expected[TEL_LMDB_MORE] += tel_lmdb_blob_pieces(value);
	tel_arena_init(&mem, 2 * TEL_MAX_RECORD);
	if (tel_lmdb_blob(&c->t, tel_key_str(&key), value, &c->scratch, &record) ||
	    tel_entry_decode(record, &mem, &entry) || entry.seq != seq)
		problem(c, serial, "a timeline entry does not decode");
	tel_arena_release(&mem);
}

static void check_timeline(struct check *c, const struct tel_call *call, uint64_t serial)
{
	uint32_t seq = 0, len = call->timeline_len;

	for (; seq < len && seq < TEL_TIMELINE_HEAD; seq++)
		check_entry(c, serial, seq);
	if (len > TEL_TIMELINE_HEAD + TEL_TIMELINE_TAIL)
		seq = len - TEL_TIMELINE_TAIL;
	for (; seq < len; seq++)
		check_entry(c, serial, seq);
}

static enum tel_err check_call(struct check *c, uint64_t serial, const struct tel_index_hit *hit)
{
	struct tel_call *call = NULL;
	struct tel_str record;
	enum tel_err err = tel_lmdb_blob(&c->t, hit->key, hit->value, &c->scratch, &record);

	c->expected[TEL_LMDB_MORE] += tel_lmdb_blob_pieces(hit->value);
	if (!err)
		err = tel_call_decode(record, &call);
	if (err == TEL_ECORRUPT) {
		problem(c, serial, "the record does not decode");
		return TEL_OK;
	}
	if (err)
		return err;
	c->report.calls++;
	err = check_keys(c, call, serial);
	if (!err)
		check_timeline(c, call, serial);
	tel_call_free(call);
	return err;
}

static enum tel_err check_calls(struct check *c)
{
	enum tel_err err = TEL_OK;
	struct tel_index_hit hit;
	struct tel_key_buf key;
	uint64_t serial = 0;

	while (!err) {
		err = tel_lmdb_seek(&c->t, TEL_KEY_CALL, tel_lmdb_serial_key(&key, serial), &hit);
		if (err)
			break;
		serial = tel_key_first_u64(hit.key);
		c->expected[TEL_KEY_CALL]++;
		err = check_call(c, serial, &hit);
		serial++;
	}
	return err == TEL_ENOTFOUND ? TEL_OK : err;
}

/* ---- memories, and the counts ------------------------------------------------------- */

static bool is_whole(int table, struct tel_str value)
{
	struct tel_request_memory memory;

	if (table == TEL_LMDB_REQUESTS)
		return tel_request_decode(value, &memory) == TEL_OK;
	return value.len == 8;
}

static enum tel_err check_memories(struct check *c, int table)
{
	struct tel_lmdb_expiry_key expiry;
	MDB_cursor *cursor;
	struct tel_str key, value;
	MDB_val k, v;
	int rc = mdb_cursor_open(c->t.txn, c->t.store->tables[table], &cursor);

	if (rc)
		return tel_lmdb_err(rc);
	while (!(rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT))) {
		key = (struct tel_str){ k.mv_data, k.mv_size };
		value = (struct tel_str){ v.mv_data, v.mv_size };
		c->report.memories++;
		c->expected[table]++;
		c->expected[TEL_LMDB_EXPIRY]++;
		if (key.len > TEL_MAX_KEY ||
		    !has(c, TEL_LMDB_EXPIRY, tel_lmdb_expiry_key(&expiry,
				(tel_time)tel_key_first_u64(value), table, key), TEL_STR_NONE))
			problem(c, 0, "an event id, tombstone or request key without its expiry");
		else if (!is_whole(table, value))
			problem(c, 0, "an event id, tombstone or request key does not decode");
	}
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? TEL_OK : tel_lmdb_err(rc);
}

static enum tel_err check_duty(struct check *c)
{
	struct tel_arena mem;
	struct tel_duty duty;
	enum tel_err err;

	tel_arena_init(&mem, TEL_MAX_RECORD);
	err = tel_lmdb_load_duty(&c->t, &mem, &duty);
	tel_arena_release(&mem);
	if (err != TEL_ECORRUPT)
		return err;
	if (c->report.problems++ < MAX_TOLD)
		tel_lmdb_say(c->why, TEL_OK, "the record of who compares calls with LiveKit does not decode");
	return TEL_OK;
}

/* All that should be there was found: what is beyond that was left behind. */
static enum tel_err check_counts(struct check *c)
{
	enum tel_err err = TEL_OK;
	MDB_stat st;
	int table;

	for (table = 0; table < TEL_LMDB_META && !err; table++) {
		err = tel_lmdb_err(mdb_stat(c->t.txn, c->t.store->tables[table], &st));
		if (err || st.ms_entries == c->expected[table])
			continue;
		if (c->report.problems++ < MAX_TOLD)
			tel_lmdb_say(c->why, TEL_OK, "table %d has %zu entries instead of %" PRIu64,
				     table, st.ms_entries, c->expected[table]);
	}
	return err;
}

enum tel_err tel_lmdb_check(struct tel_call_store *store, struct tel_lmdb_check_report *report,
			    struct tel_buf *why)
{
	struct check c = { .why = why };
	enum tel_err err = tel_lmdb_begin(tel_lmdb_of(store), false, &c.t);

	if (err)
		return err;
	tel_buf_init(&c.scratch, TEL_MAX_RECORD);
	err = check_calls(&c);
	if (!err)
		err = check_memories(&c, TEL_LMDB_EVENTS);
	if (!err)
		err = check_memories(&c, TEL_LMDB_ROOMS);
	if (!err)
		err = check_memories(&c, TEL_LMDB_REQUESTS);
	if (!err)
		err = check_duty(&c);
	if (!err)
		err = check_counts(&c);
	tel_lmdb_abort(&c.t);
	tel_buf_release(&c.scratch);
	if (!err)
		*report = c.report;
	return err;
}
