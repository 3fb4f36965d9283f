#include "config.h"

#include <string.h>

#include "lmdb-store/store.h"
#include "record/call_record.h"
#include "record/duty_record.h"
#include "record/entry_record.h"
#include "record/request_record.h"
#include "record/step_check.h"
#include "base/banned.h"

#define SERIAL_KEY ((struct tel_str){ "tel\0serial", 10 })
/* Since when no calls go out; not there: they may. */
#define STOPPED_KEY ((struct tel_str){ "tel\0outbound-stopped", 20 })
#define DUTY_KEY ((struct tel_str){ "tel\0duty", 8 })

enum tel_err tel_lmdb_load(struct tel_lmdb_txn *t, uint64_t serial, struct tel_call **out)
{
	struct tel_key_buf key;
	struct tel_str value, record;
	struct tel_buf scratch;
	enum tel_err err = tel_lmdb_get(t, TEL_KEY_CALL, tel_lmdb_serial_key(&key, serial), &value);

	tel_buf_init(&scratch, TEL_MAX_RECORD);
	if (err == TEL_ENOTFOUND)
		err = TEL_ECORRUPT;	/* an index entry without its record */
	if (!err)
		err = tel_lmdb_blob(t, tel_key_str(&key), value, &scratch, &record);
	if (!err)
		err = tel_call_decode(record, out);
	tel_buf_release(&scratch);
	return err;
}

/*
 * All that a step writes, made before the first byte is put: what can go
 * wrong with a step goes wrong here, and its neighbours in the transaction
 * never notice.
 */
struct write {
	uint64_t serial, fresh_serial;
	struct tel_call_id loaded;	/* the call's id before decide */
	struct tel_key_set before, after, fresh;
	struct tel_buf bytes;		/* records, one behind the other */
	size_t call_end, fresh_end, entry_end[TEL_STEP_MAX_ENTRIES];
	size_t duty_start;		/* up to the end of `bytes` */
};

static void write_init(struct write *w)
{
	*w = (struct write){ 0 };
	tel_buf_init(&w->bytes, (3 + TEL_STEP_MAX_ENTRIES) * TEL_MAX_RECORD);
}

static void write_release(struct write *w)
{
	tel_key_set_release(&w->before);
	tel_key_set_release(&w->after);
	tel_key_set_release(&w->fresh);
	tel_buf_release(&w->bytes);
}

/* ---- loading --------------------------------------------------------------------- */

static enum tel_err is_there(struct tel_lmdb_txn *t, int table, struct tel_str key, bool *out)
{
	struct tel_str value;
	enum tel_err err = tel_lmdb_get(t, table, key, &value);

	*out = err == TEL_OK;
	return err == TEL_ENOTFOUND ? TEL_OK : err;
}

static enum tel_err load_memory(struct tel_lmdb_txn *t, const struct tel_step_about *about,
				struct tel_step *step)
{
	struct tel_key_buf room;
	enum tel_err err = TEL_OK;

	if (tel_str_is_set(about->event_id))
		err = is_there(t, TEL_LMDB_EVENTS, about->event_id, &step->event_seen);
	if (!err && tel_str_is_set(about->room_name) && tel_str_is_set(about->room_sid) &&
	    !tel_key_room(about->room_name, about->room_sid, &room))
		err = is_there(t, TEL_LMDB_ROOMS, tel_key_str(&room), &step->room_finished);
	return err;
}

static enum tel_err load_switch(struct tel_lmdb_txn *t, struct tel_step *step)
{
	struct tel_str value;
	enum tel_err err = tel_lmdb_get(t, TEL_LMDB_META, STOPPED_KEY, &value);

	if (!err)
		step->outbound_stopped_at = (tel_time)tel_key_first_u64(value);
	return err == TEL_ENOTFOUND ? TEL_OK : err;
}

enum tel_err tel_lmdb_load_duty(struct tel_lmdb_txn *t, struct tel_arena *mem,
				struct tel_duty *out)
{
	struct tel_str value;
	enum tel_err err = tel_lmdb_get(t, TEL_LMDB_META, DUTY_KEY, &value);

	*out = (struct tel_duty){ 0 };
	if (err)
		return err == TEL_ENOTFOUND ? TEL_OK : err;
	return tel_duty_decode(value, mem, out);
}

static enum tel_err load_place(struct tel_lmdb_txn *t, const struct tel_place_about *about,
			       struct tel_place_found *found)
{
	enum tel_err err = TEL_ENOTFOUND;
	struct tel_str value;

	if (tel_str_is_set(about->request_key))
		err = tel_lmdb_get(t, TEL_LMDB_REQUESTS, about->request_key, &value);
	if (!err)
		err = tel_request_decode(value, &found->memory);
	found->key_seen = !err;
	if (err && err != TEL_ENOTFOUND)
		return err;
	return tel_index_count(&t->index, about, found);
}

static enum tel_err load_outbound(struct tel_lmdb_txn *t, const struct tel_step_about *about,
				  struct tel_step *step)
{
	enum tel_err err = TEL_OK;

	if (about->outbound_switch)
		err = load_switch(t, step);
	if (!err && about->place)
		err = load_place(t, about->place, &step->place);
	return err;
}

static enum tel_err load(struct tel_lmdb_txn *t, const struct tel_step_about *about,
			 struct tel_step *step, struct write *w)
{
	enum tel_err err = load_memory(t, about, step);

	if (!err)
		err = load_outbound(t, about, step);
	if (!err && about->duty)
		err = tel_lmdb_load_duty(t, &step->mem, &step->duty);
	if (err)
		return err;
	err = about->place ? tel_index_find_placed(&t->index, about, &step->place, &w->serial) :
			     tel_index_find(&t->index, about, &w->serial);
	if (err == TEL_ENOTFOUND)
		return TEL_OK;
	if (!err)
		err = tel_lmdb_load(t, w->serial, &step->call);
	if (err)
		return err;
	w->loaded = step->call->id;
	/* Decide changes the call: its old keys are to be had now or never. */
	return t->writes ? tel_keys_of(step->call, w->serial, &w->before) : TEL_OK;
}

/* ---- preparing --------------------------------------------------------------------- */

static enum tel_err next_serial(struct tel_lmdb_txn *t, uint64_t *out)
{
	struct tel_str value;
	enum tel_err err = tel_lmdb_get(t, TEL_LMDB_META, SERIAL_KEY, &value);

	*out = err ? 1 : tel_key_first_u64(value) + 1;
	return err == TEL_ENOTFOUND ? TEL_OK : err;
}

static enum tel_err prepare_fresh(struct tel_lmdb_txn *t, const struct tel_call *fresh,
				  struct write *w)
{
	bool taken;
	enum tel_err err = is_there(t, TEL_KEY_ID, tel_call_id_str(&fresh->id), &taken);

	if (!err && taken)
		err = TEL_ECONFLICT;
	if (!err)
		err = next_serial(t, &w->fresh_serial);
	if (!err)
		err = tel_call_encode(fresh, &w->bytes);
	return err ? err : tel_keys_of(fresh, w->fresh_serial, &w->fresh);
}

static enum tel_err prepare(struct tel_lmdb_txn *t, const struct tel_step_about *about,
			    const struct tel_step *step, struct write *w)
{
	enum tel_err err = tel_step_check(about, step, &w->loaded);
	size_t i;

	if (!err && tel_step_saves_call(step)) {
		err = tel_call_encode(step->call, &w->bytes);
		if (!err)
			err = tel_keys_of(step->call, w->serial, &w->after);
	}
	w->call_end = w->bytes.len;
	if (!err && step->fresh)
		err = prepare_fresh(t, step->fresh, w);
	w->fresh_end = w->bytes.len;
	for (i = 0; i < step->n_entries && !err; i++) {
		err = tel_entry_encode(&step->entries[i], &w->bytes);
		w->entry_end[i] = w->bytes.len;
	}
	w->duty_start = w->bytes.len;
	if (!err && step->set_duty)
		err = tel_duty_encode(&step->duty, &w->bytes);
	if (!err && tel_step_is_new_business(step))
		err = tel_lmdb_has_room(t);
	return err;
}

/* ---- putting ------------------------------------------------------------------------ */

static bool is_same(const struct tel_key *a, const struct tel_key *b)
{
	return b && tel_str_eq(a->value, b->value);
}

/* Old entries go, new ones come, those that are the same are left alone. */
static enum tel_err put_keys(struct tel_lmdb_txn *t, const struct tel_key_set *before,
			     const struct tel_key_set *after)
{
	enum tel_err err = TEL_OK;
	const struct tel_key *k;

	for (k = before->keys; k < before->keys + before->n && !err; k++)
		if (!tel_key_set_find(after, k))
			err = tel_lmdb_del(t, (int)k->kind, k->key);
	for (k = after->keys; k < after->keys + after->n && !err; k++)
		if (!is_same(k, tel_key_set_find(before, k)))
			err = tel_lmdb_put(t, (int)k->kind, k->key, k->value);
	return err;
}

static struct tel_str bytes_of(const struct write *w, size_t from, size_t end)
{
	return (struct tel_str){ w->bytes.ptr + from, end - from };
}

static enum tel_err put_fresh(struct tel_lmdb_txn *t, const struct write *w)
{
	static const struct tel_key_set none;
	struct tel_key_buf key;
	struct tel_str serial = tel_lmdb_serial_key(&key, w->fresh_serial);
	enum tel_err err = tel_lmdb_put(t, TEL_LMDB_META, SERIAL_KEY, serial);

	if (!err)
		err = tel_lmdb_put_blob(t, TEL_KEY_CALL, serial,
					bytes_of(w, w->call_end, w->fresh_end));
	return err ? err : put_keys(t, &none, &w->fresh);
}

static enum tel_err put_entries(struct tel_lmdb_txn *t, const struct tel_step *step,
				const struct write *w)
{
	size_t i, from = w->fresh_end;
	enum tel_err err = TEL_OK;
	struct tel_key_buf key;
	uint64_t serial;
	uint32_t old;

	for (i = 0; i < step->n_entries && !err; i++) {
		serial = step->entry_of[i] == step->fresh ? w->fresh_serial : w->serial;
		err = tel_lmdb_put_blob(t, TEL_LMDB_ENTRIES,
					tel_lmdb_entry_key(&key, serial, step->entries[i].seq),
					bytes_of(w, from, w->entry_end[i]));
		from = w->entry_end[i];
		if (!err && tel_timeline_evicts(step->entries[i].seq, &old))
			err = tel_lmdb_del_blob(t, TEL_LMDB_ENTRIES,
						tel_lmdb_entry_key(&key, serial, old));
	}
	return err;
}

/* `value` begins with the moment until when. Remembered again: the old expiry goes. */
static enum tel_err remember(struct tel_lmdb_txn *t, int table, struct tel_str key,
			     struct tel_str value)
{
	struct tel_lmdb_expiry_key expiry;
	struct tel_str old;
	enum tel_err err = tel_lmdb_get(t, table, key, &old);

	if (!err)
		err = tel_lmdb_del(t, TEL_LMDB_EXPIRY,
				   tel_lmdb_expiry_key(&expiry, (tel_time)tel_key_first_u64(old),
						       table, key));
	if (err && err != TEL_ENOTFOUND)
		return err;
	err = tel_lmdb_put(t, table, key, value);
	if (err)
		return err;
	tel_lmdb_expiry_key(&expiry, (tel_time)tel_key_first_u64(value), table, key);
	return tel_lmdb_put(t, TEL_LMDB_EXPIRY, (struct tel_str){ expiry.bytes, expiry.len },
			    TEL_STR_NONE);
}

static enum tel_err put_memory(struct tel_lmdb_txn *t, const struct tel_step_about *about,
			       const struct tel_step *step)
{
	struct tel_key_buf room, until;
	enum tel_err err = TEL_OK;

	tel_key_start(&until);
	tel_key_add_time(&until, step->remember_until);
	if (step->remember_event)
		err = remember(t, TEL_LMDB_EVENTS, about->event_id, tel_key_str(&until));
	if (err || !step->finish_room)
		return err;
	err = tel_key_room(about->room_name, about->room_sid, &room);
	return err ? err : remember(t, TEL_LMDB_ROOMS, tel_key_str(&room), tel_key_str(&until));
}

static enum tel_err put_request(struct tel_lmdb_txn *t, const struct tel_step_about *about,
				const struct tel_step *step)
{
	struct tel_request_memory memory = { .call_id = step->fresh->id };
	char bytes[TEL_REQUEST_RECORD];

	memcpy(memory.body_sha256, step->body_sha256, sizeof(memory.body_sha256));
	return remember(t, TEL_LMDB_REQUESTS, about->place->request_key,
			tel_request_encode(&memory, step->remember_request_until, bytes));
}

static enum tel_err put_switch(struct tel_lmdb_txn *t, tel_time stopped_at)
{
	struct tel_key_buf number;

	if (stopped_at == 0)
		return tel_lmdb_del(t, TEL_LMDB_META, STOPPED_KEY);
	tel_key_start(&number);
	tel_key_add_time(&number, stopped_at);
	return tel_lmdb_put(t, TEL_LMDB_META, STOPPED_KEY, tel_key_str(&number));
}

static enum tel_err put_all(struct tel_lmdb_txn *t, const struct tel_step_about *about,
			    const struct tel_step *step, const struct write *w)
{
	struct tel_key_buf key;
	enum tel_err err = TEL_OK;

	tel_lmdb_spend(t, w->bytes.len, w->fresh.n + 6 + step->n_entries);
	if (tel_step_saves_call(step)) {
		err = tel_lmdb_put_blob(t, TEL_KEY_CALL, tel_lmdb_serial_key(&key, w->serial),
					bytes_of(w, 0, w->call_end));
		if (!err)
			err = put_keys(t, &w->before, &w->after);
	}
	if (!err && step->fresh)
		err = put_fresh(t, w);
	if (!err)
		err = put_entries(t, step, w);
	if (!err)
		err = put_memory(t, about, step);
	if (!err && step->remember_request)
		err = put_request(t, about, step);
	if (!err && step->set_switch)
		err = put_switch(t, step->outbound_stopped_at);
	if (!err && step->set_duty)
		err = tel_lmdb_put(t, TEL_LMDB_META, DUTY_KEY,
				   bytes_of(w, w->duty_start, w->bytes.len));
	return err;
}

enum tel_err tel_lmdb_run_step(struct tel_lmdb_txn *t, const struct tel_step_about *about,
			       tel_decide_fn decide, void *ctx, bool *wants_write)
{
	struct tel_step step;
	struct write w;
	enum tel_err err;

	*wants_write = false;
	write_init(&w);
	tel_step_init(&step);
	err = load(t, about, &step, &w);
	if (!err)
		err = decide(&step, ctx);
	if (!err)
		*wants_write = tel_step_wants_write(&step);
	if (*wants_write && t->writes) {
		err = prepare(t, about, &step, &w);
		if (!err)
			err = put_all(t, about, &step, &w);
	}
	tel_step_release(&step);
	write_release(&w);
	return err;
}
