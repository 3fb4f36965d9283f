#include "config.h"

#include <string.h>

#include "ports/process.h"
#include "record/keys.h"
#include "base/banned.h"

/* One of each kind and three of every leg, at most ~400 bytes each. */
#define MAX_SET (512 * 1024)
#define MAX_KEYS (11 + 3 * TEL_MAX_LEGS + TEL_JOB_KINDS)

/* ---- single keys ------------------------------------------------------ */

enum tel_err tel_key_add_text(struct tel_key_buf *key, struct tel_str text, size_t max)
{
	char *at = key->bytes + key->len;

	if (text.len > max || key->len + 2 + text.len + 8 > TEL_MAX_KEY)
		return TEL_ETOOBIG;
	at[0] = (char)(text.len >> 8);
	at[1] = (char)(text.len & 0xff);
	if (text.len > 0)
		memcpy(at + 2, text.ptr, text.len);
	key->len += 2 + text.len;
	return TEL_OK;
}

void tel_key_add_u64(struct tel_key_buf *key, uint64_t value)
{
	int i;

	for (i = 7; i >= 0; i--)
		key->bytes[key->len++] = (char)(value >> (8 * i) & 0xff);
}

void tel_key_add_time(struct tel_key_buf *key, tel_time when)
{
	tel_key_add_u64(key, when > 0 ? (uint64_t)when : 0);
}

enum tel_err tel_key_room(struct tel_str name, struct tel_str sid, struct tel_key_buf *out)
{
	enum tel_err err;

	tel_key_start(out);
	err = tel_key_add_text(out, name, TEL_MAX_ROOM_NAME);
	return err ? err : tel_key_add_text(out, sid, TEL_MAX_ID);
}

void tel_key_list_status(enum tel_direction direction, enum tel_call_status status,
			 struct tel_key_buf *out)
{
	out->bytes[0] = TEL_LIST_STATUS;
	out->bytes[1] = (char)direction;
	out->bytes[2] = (char)status;
	out->len = 3;
}

enum tel_err tel_key_list_number(enum tel_list_what what, enum tel_direction direction,
				 struct tel_str number, struct tel_key_buf *out)
{
	out->bytes[0] = (char)what;
	out->bytes[1] = (char)direction;
	out->len = 2;
	return tel_key_add_text(out, number, TEL_MAX_E164);
}

uint64_t tel_key_first_u64(struct tel_str key)
{
	uint64_t value = 0;
	int i;

	if (key.len < 8)
		return 0;
	for (i = 0; i < 8; i++)
		value = value << 8 | (unsigned char)key.ptr[i];
	return value;
}

uint64_t tel_key_last_u64(struct tel_str key)
{
	if (key.len < 8)
		return 0;
	return tel_key_first_u64((struct tel_str){ key.ptr + key.len - 8, 8 });
}

struct tel_str tel_key_first_text(struct tel_str key)
{
	size_t len;

	if (key.len < 2)
		return TEL_STR_NONE;
	len = (size_t)(unsigned char)key.ptr[0] << 8 | (unsigned char)key.ptr[1];
	if (key.len - 2 < len)
		return TEL_STR_NONE;
	return (struct tel_str){ key.ptr + 2, len };
}

/* ---- all keys of a call ------------------------------------------------ */

const struct tel_key *tel_key_set_find(const struct tel_key_set *set, const struct tel_key *key)
{
	size_t i;

	for (i = 0; i < set->n; i++)
		if (set->keys[i].kind == key->kind && tel_str_eq(set->keys[i].key, key->key))
			return &set->keys[i];
	return NULL;
}

/* Legs share rooms, so the same entry may be named more than once. */
static enum tel_err add(struct tel_key_set *set, enum tel_key_kind kind, struct tel_str key,
			struct tel_str value)
{
	struct tel_key entry = { .kind = kind, .key = key };
	enum tel_err err;

	if (tel_key_set_find(set, &entry))
		return TEL_OK;
	if (set->n == set->cap)
		return TEL_ETOOBIG;
	err = tel_arena_copy(&set->mem, key, TEL_MAX_KEY, &entry.key);
	if (!err)
		err = tel_arena_copy(&set->mem, value, TEL_MAX_KEY, &entry.value);
	if (!err)
		set->keys[set->n++] = entry;
	return err;
}

/* (a, b, serial), where b is absent in keys of one text. */
static enum tel_err add_named(struct tel_key_set *set, enum tel_key_kind kind, struct tel_str a,
			      struct tel_str b, uint64_t serial)
{
	struct tel_key_buf key;
	enum tel_err err;

	tel_key_start(&key);
	err = tel_key_add_text(&key, a, TEL_MAX_ROOM_NAME);
	if (!err && b.ptr)
		err = tel_key_add_text(&key, b, TEL_MAX_ID);
	if (err)
		return err;
	tel_key_add_u64(&key, serial);
	return add(set, kind, tel_key_str(&key), TEL_STR_NONE);
}

static enum tel_err add_whereabouts(struct tel_key_set *set, uint64_t serial, struct tel_str room,
				    struct tel_str room_sid, struct tel_str participant_sid,
				    struct tel_str sip_call_id)
{
	enum tel_err err = TEL_OK;

	if (tel_str_is_set(room) && tel_str_is_set(room_sid))
		err = add_named(set, TEL_KEY_ROOM, room, room_sid, serial);
	if (!err && tel_str_is_set(room) && tel_str_is_set(sip_call_id))
		err = add_named(set, TEL_KEY_SIP, room, sip_call_id, serial);
	if (!err && tel_str_is_set(participant_sid))
		err = add_named(set, TEL_KEY_LEG, participant_sid, TEL_STR_NONE, serial);
	return err;
}

static enum tel_err add_timed(struct tel_key_set *set, enum tel_key_kind kind, tel_time when,
			      uint64_t serial, struct tel_str value)
{
	struct tel_key_buf key;

	tel_key_start(&key);
	tel_key_add_time(&key, when);
	tel_key_add_u64(&key, serial);
	return add(set, kind, tel_key_str(&key), value);
}

/* `prefix` of LIST, with the serial to come. */
static enum tel_err add_listed(struct tel_key_set *set, struct tel_key_buf *prefix, uint64_t serial,
			       struct tel_str created_at)
{
	tel_key_add_u64(prefix, serial);
	return add(set, TEL_KEY_LIST, tel_key_str(prefix), created_at);
}

static enum tel_err add_number(struct tel_key_set *set, enum tel_list_what what,
			       const struct tel_call *call, const struct tel_e164 *number,
			       uint64_t serial, struct tel_str created_at)
{
	struct tel_key_buf key;
	enum tel_err err;

	if (!number->text[0])
		return TEL_OK;
	err = tel_key_list_number(what, call->direction, tel_e164_str(number), &key);
	return err ? err : add_listed(set, &key, serial, created_at);
}

static enum tel_err add_list(struct tel_key_set *set, const struct tel_call *call, uint64_t serial)
{
	struct tel_key_buf key, created_at;
	struct tel_str value;
	enum tel_err err;

	tel_key_start(&created_at);
	tel_key_add_time(&created_at, call->created_at);
	value = tel_key_str(&created_at);
	tel_key_list_status(call->direction, call->status, &key);
	err = add_listed(set, &key, serial, value);
	if (!err)
		err = add_number(set, TEL_LIST_FROM, call, &call->from, serial, value);
	if (!err)
		err = add_number(set, TEL_LIST_TO, call, &call->to, serial, value);
	return err;
}

static enum tel_err add_leases(struct tel_key_set *set, const struct tel_call *call, uint64_t serial)
{
	const struct tel_job *job;
	struct tel_key_buf key;
	enum tel_err err = TEL_OK;
	int kind;

	for (kind = 0; kind < TEL_JOB_KINDS && !err; kind++) {
		job = &call->jobs[kind];
		if (!job->pending || !tel_str_is_set(job->lease.owner))
			continue;
		tel_key_start(&key);
		err = tel_key_add_text(&key, job->lease.owner, TEL_MAX_OWNER);
		tel_key_add_u64(&key, serial);
		if (!err)
			err = add(set, TEL_KEY_LEASE, tel_key_str(&key), tel_call_id_str(&call->id));
	}
	return err;
}

static enum tel_err add_state(struct tel_key_set *set, const struct tel_call *call, uint64_t serial)
{
	struct tel_str id = tel_call_id_str(&call->id);
	tel_time wakes_at = tel_call_wakes_at(call);
	struct tel_key_buf number;
	enum tel_err err;

	tel_key_start(&number);
	tel_key_add_u64(&number, serial);
	err = add(set, TEL_KEY_ID, id, tel_key_str(&number));
	if (!err && tel_str_is_set(call->room_name))
		err = add_named(set, TEL_KEY_NAME, call->room_name, TEL_STR_NONE, serial);
	if (!err && tel_str_is_set(call->room_name) && !tel_str_is_set(call->room_sid))
		err = add_named(set, TEL_KEY_ROOM, call->room_name, TEL_STR(""), serial);
	if (!err)
		err = add_list(set, call, serial);
	if (!err && wakes_at != 0)
		err = add_timed(set, TEL_KEY_DUE, wakes_at, serial, id);
	if (!err && tel_call_is_over(call) && wakes_at == 0)
		err = add_timed(set, TEL_KEY_ENDED, call->ended_at ? call->ended_at : call->updated_at,
				serial, TEL_STR_NONE);
	return err;
}

enum tel_err tel_keys_of(const struct tel_call *call, uint64_t serial, struct tel_key_set *out)
{
	enum tel_err err;
	size_t i;

	*out = (struct tel_key_set){ .cap = 11 + 3 * call->n_legs + TEL_JOB_KINDS };
	tel_arena_init(&out->mem, MAX_SET);
	if (out->cap > MAX_KEYS)
		return TEL_ETOOBIG;
	out->keys = tel_arena_alloc(&out->mem, out->cap * sizeof(*out->keys));
	if (!out->keys)
		return TEL_ENOMEM;
	err = add_state(out, call, serial);
	if (!err)
		err = add_leases(out, call, serial);
	if (!err)
		err = add_whereabouts(out, serial, call->room_name, call->room_sid,
				      call->participant_sid, call->sip_call_id);
	for (i = 0; i < call->n_legs && !err; i++)
		err = add_whereabouts(out, serial, call->room_name, call->legs[i].room_sid,
				      call->legs[i].participant_sid, call->legs[i].sip_call_id);
	return err;
}

void tel_key_set_release(struct tel_key_set *set)
{
	tel_arena_release(&set->mem);
	*set = (struct tel_key_set){ 0 };
}
