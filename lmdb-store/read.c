#include "config.h"

#include <stdlib.h>

#include "lmdb-store/store.h"
#include "record/entry_record.h"
#include "base/banned.h"

/* ---- get --------------------------------------------------------------------------- */

static enum tel_err read_timeline(struct tel_lmdb_txn *t, uint64_t serial, struct tel_timeline *out)
{
	const size_t max = TEL_TIMELINE_HEAD + TEL_TIMELINE_TAIL;
	struct tel_index_hit hit;
	struct tel_key_buf key;
	struct tel_str record;
	struct tel_buf scratch;
	enum tel_err err = TEL_OK;
	uint32_t seq = 0;

	*out = (struct tel_timeline){ 0 };
	tel_buf_init(&scratch, TEL_MAX_RECORD);
	tel_arena_init(&out->mem, max * TEL_MAX_RECORD);
	out->entries = tel_arena_alloc(&out->mem, max * sizeof(*out->entries));
	if (!out->entries)
		return TEL_ENOMEM;
	while (!err && out->n < max) {
		err = tel_lmdb_seek(t, TEL_LMDB_ENTRIES, tel_lmdb_entry_key(&key, serial, seq), &hit);
		if (err || tel_key_first_u64(hit.key) != serial)
			break;
		seq = (uint32_t)tel_key_last_u64(hit.key) + 1;
		err = tel_lmdb_blob(t, hit.key, hit.value, &scratch, &record);
		if (!err)
			err = tel_entry_decode(record, &out->mem, &out->entries[out->n]);
		out->n += !err;
	}
	tel_buf_release(&scratch);
	return err == TEL_ENOTFOUND ? TEL_OK : err;
}

enum tel_err tel_lmdb_get_call(struct tel_call_store *store, const struct tel_call_id *id,
			       struct tel_call **out, struct tel_timeline *timeline)
{
	struct tel_timeline entries = { 0 };
	struct tel_call *call = NULL;
	struct tel_lmdb_txn t;
	uint64_t serial;
	enum tel_err err = tel_lmdb_begin(tel_lmdb_of(store), false, &t);

	if (err)
		return err;
	err = tel_index_by_id(&t.index, tel_call_id_str(id), &serial);
	if (!err)
		err = tel_lmdb_load(&t, serial, &call);
	if (!err && timeline)
		err = read_timeline(&t, serial, &entries);
	tel_lmdb_abort(&t);
	if (err) {
		tel_timeline_release(&entries);
		tel_call_free(call);
		return err;
	}
	*out = call;
	if (timeline)
		*timeline = entries;
	return TEL_OK;
}

/* ---- list -------------------------------------------------------------------------- */

static enum tel_err load_page(struct tel_lmdb_txn *t, const struct tel_serial_page *serials,
			      struct tel_call_page *page)
{
	enum tel_err err = TEL_OK;

	if (serials->n > 0) {
		page->calls = calloc(serials->n, sizeof(struct tel_call *));
		if (!page->calls)
			return TEL_ENOMEM;
	}
	for (; page->n < serials->n && !err; page->n += !err)
		err = tel_lmdb_load(t, serials->serials[page->n], &page->calls[page->n]);
	if (!err && serials->next != 0)
		tel_cursor_make(serials->next, page->next_cursor);
	return err;
}

enum tel_err tel_lmdb_list(struct tel_call_store *store, const struct tel_call_filter *filter,
			   struct tel_call_page *out)
{
	struct tel_call_page page = { 0 };
	struct tel_serial_page serials;
	struct tel_lmdb_txn t;
	enum tel_err err = tel_lmdb_begin(tel_lmdb_of(store), false, &t);

	if (err)
		return err;
	err = tel_index_list(&t.index, filter, &serials);
	if (!err)
		err = load_page(&t, &serials, &page);
	tel_lmdb_abort(&t);
	if (err)
		tel_call_page_release(&page);
	else
		*out = page;
	return err;
}

/* ---- due --------------------------------------------------------------------------- */

static enum tel_err find_dead(struct tel_lmdb_store *s, const struct tel_due_query *query,
			      struct tel_owners *out)
{
	struct tel_lmdb_txn t;
	enum tel_err err;

	if (!query->owner_is_dead)
		return TEL_OK;
	err = tel_lmdb_begin(s, false, &t);
	if (err)
		return err;
	err = tel_index_owners(&t.index, out);
	tel_lmdb_abort(&t);
	/* It looks into /proc: not while a reader slot pins old pages. */
	if (!err)
		tel_owners_keep_dead(out, query);
	return err;
}

enum tel_err tel_lmdb_due(struct tel_call_store *store, const struct tel_due_query *query,
			  struct tel_due_page *out)
{
	struct tel_owners dead = { 0 };
	struct tel_lmdb_txn t;
	enum tel_err err = find_dead(tel_lmdb_of(store), query, &dead);

	if (!err)
		err = tel_lmdb_begin(tel_lmdb_of(store), false, &t);
	if (!err) {
		err = tel_index_due(&t.index, query, &dead, out);
		tel_lmdb_abort(&t);
	}
	tel_owners_release(&dead);
	return err;
}
