#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "memory-store/memory_store.h"
#include "memory-store/tree.h"
#include "record/call_record.h"
#include "record/duty_record.h"
#include "record/entry_record.h"
#include "record/index.h"
#include "record/keys.h"
#include "record/request_record.h"
#include "record/step_check.h"
#include "base/banned.h"

/*
 * Tables behind those of record/keys.h. In TEL_KEY_CALL a node's object is
 * the call. EVENTS: event id -> remember_until; ROOMS: (room name, sid) ->
 * remember_until; REQUESTS: request key -> record/request_record.h; ENTRIES:
 * serial, seq -> entry record; DUTY: one key -> record/duty_record.h.
 */
enum { EVENTS = TEL_KEY_KINDS, ROOMS, REQUESTS, ENTRIES, DUTY, TABLES };

#define DUTY_KEY TEL_STR("duty")

struct memory_store {
	struct tel_call_store base;
	struct tel_index index;
	tel_time retention;

	pthread_mutex_t lock;		/* guards everything below */
	struct tel_tree tables[TABLES];
	uint64_t last_serial;
	tel_time outbound_stopped_at;
	uint64_t commits;
	struct tel_buf scratch;		/* for one encoding at a time */
};

static struct memory_store *of(struct tel_call_store *store)
{
	return (struct memory_store *)store;
}

/* ---- looking things up (under the lock) -------------------------------- */

static struct memory_store *of_index(struct tel_index *index)
{
	return (struct memory_store *)((char *)index - offsetof(struct memory_store, index));
}

static enum tel_err give_hit(const struct tel_tree_node *node, struct tel_index_hit *hit)
{
	if (!node)
		return TEL_ENOTFOUND;
	hit->key = tel_tree_key(node);
	hit->value = tel_tree_value(node);
	return TEL_OK;
}

static enum tel_err at_least(struct tel_index *index, enum tel_key_kind kind, struct tel_str key,
			     struct tel_index_hit *hit)
{
	return give_hit(tel_tree_at_least(&of_index(index)->tables[kind], key), hit);
}

static enum tel_err below(struct tel_index *index, enum tel_key_kind kind, struct tel_str key,
			  struct tel_index_hit *hit)
{
	return give_hit(tel_tree_below(&of_index(index)->tables[kind], key), hit);
}

static struct tel_call *stored_call(struct memory_store *m, uint64_t serial)
{
	struct tel_tree_node *node;
	struct tel_key_buf key;

	tel_key_start(&key);
	tel_key_add_u64(&key, serial);
	node = tel_tree_find(&m->tables[TEL_KEY_CALL], tel_key_str(&key));
	return node ? node->object : NULL;
}

static enum tel_err copy_call(struct memory_store *m, uint64_t serial, struct tel_call **out)
{
	const struct tel_call *call = stored_call(m, serial);

	return call ? tel_call_clone(call, out) : TEL_ECORRUPT;
}

/* ---- a change: prepared where it may fail, then carried out -------------- */

struct addition {
	struct addition *next;
	int table;
	struct tel_tree_node *node;
};

struct removal {
	struct removal *next;
	int table;
	struct tel_str key;
};

struct change {
	struct tel_arena mem;		/* of the lists and the keys to remove */
	struct addition *add;
	struct removal *remove;
};

static void free_node(struct tel_tree_node *node)
{
	if (node)
		tel_call_free(node->object);
	free(node);
}

static void change_start(struct change *c)
{
	*c = (struct change){ 0 };
	tel_arena_init(&c->mem, SIZE_MAX / 2);
}

static void change_release(struct change *c)
{
	for (; c->add; c->add = c->add->next)
		free_node(c->add->node);
	tel_arena_release(&c->mem);
}

/* `object` is taken over on success only. */
static enum tel_err plan_add(struct change *c, int table, struct tel_str key, struct tel_str value,
			     struct tel_call *object)
{
	struct addition *a = tel_arena_alloc(&c->mem, sizeof(*a));

	if (!a)
		return TEL_ENOMEM;
	a->node = tel_tree_node_new(key, value);
	if (!a->node)
		return TEL_ENOMEM;
	a->node->object = object;
	a->table = table;
	a->next = c->add;
	c->add = a;
	return TEL_OK;
}

static enum tel_err plan_remove(struct change *c, int table, struct tel_str key)
{
	struct removal *r = tel_arena_alloc(&c->mem, sizeof(*r));

	if (!r)
		return TEL_ENOMEM;
	r->table = table;
	r->next = c->remove;
	c->remove = r;
	return tel_arena_copy(&c->mem, key, key.len, &r->key);
}

/* Removals first: an addition may have the key of one. */
static void carry_out(struct memory_store *m, struct change *c)
{
	for (; c->remove; c->remove = c->remove->next)
		free_node(tel_tree_take(&m->tables[c->remove->table], c->remove->key));
	for (; c->add; c->add = c->add->next)
		free_node(tel_tree_put(&m->tables[c->add->table], c->add->node));
}

static enum tel_err plan_keys(struct change *c, const struct tel_key_set *before,
			      const struct tel_key_set *after)
{
	enum tel_err err = TEL_OK;
	size_t i;

	for (i = 0; i < before->n && !err; i++)
		if (!tel_key_set_find(after, &before->keys[i]))
			err = plan_remove(c, (int)before->keys[i].kind, before->keys[i].key);
	for (i = 0; i < after->n && !err; i++)
		err = plan_add(c, (int)after->keys[i].kind, after->keys[i].key,
			       after->keys[i].value, NULL);
	return err;
}

/* `before` is what is stored, NULL for a new call; `after` NULL removes it. */
static enum tel_err plan_call(struct memory_store *m, struct change *c, uint64_t serial,
			      const struct tel_call *before, const struct tel_call *after)
{
	struct tel_key_set old = { 0 }, new = { 0 };
	struct tel_call *copy = NULL;
	struct tel_key_buf key;
	enum tel_err err = TEL_OK;

	tel_key_start(&key);
	tel_key_add_u64(&key, serial);
	if (before)
		err = tel_keys_of(before, serial, &old);
	if (!err && after) {
		tel_buf_clear(&m->scratch);
		err = tel_call_encode(after, &m->scratch);
	}
	if (!err && after)
		err = tel_keys_of(after, serial, &new);
	if (!err && after)
		err = tel_call_clone(after, &copy);
	if (!err)
		err = plan_keys(c, &old, &new);
	if (!err)
		err = after ? plan_add(c, TEL_KEY_CALL, tel_key_str(&key), TEL_STR_NONE, copy) :
			      plan_remove(c, TEL_KEY_CALL, tel_key_str(&key));
	if (!err)
		copy = NULL;
	tel_call_free(copy);
	tel_key_set_release(&old);
	tel_key_set_release(&new);
	return err;
}

/* ---- step ---------------------------------------------------------------- */

static void entry_key(struct tel_key_buf *key, uint64_t serial, uint64_t seq)
{
	tel_key_start(key);
	tel_key_add_u64(key, serial);
	tel_key_add_u64(key, seq);
}

static enum tel_err plan_entries(struct memory_store *m, struct change *c,
				 const struct tel_step *step, uint64_t serial, uint64_t fresh_serial)
{
	struct tel_key_buf key;
	enum tel_err err = TEL_OK;
	uint32_t evicted;
	uint64_t of_call;
	size_t i;

	for (i = 0; i < step->n_entries && !err; i++) {
		of_call = step->entry_of[i] == step->fresh ? fresh_serial : serial;
		tel_buf_clear(&m->scratch);
		err = tel_entry_encode(&step->entries[i], &m->scratch);
		entry_key(&key, of_call, step->entries[i].seq);
		if (!err)
			err = plan_add(c, ENTRIES, tel_key_str(&key), tel_buf_str(&m->scratch), NULL);
		if (!err && tel_timeline_evicts(step->entries[i].seq, &evicted)) {
			entry_key(&key, of_call, evicted);
			err = plan_remove(c, ENTRIES, tel_key_str(&key));
		}
	}
	return err;
}

static enum tel_err plan_memory(struct change *c, const struct tel_step_about *about,
				const struct tel_step *step)
{
	struct tel_key_buf until, room;
	enum tel_err err = TEL_OK;

	tel_key_start(&until);
	tel_key_add_time(&until, step->remember_until);
	if (step->remember_event)
		err = plan_add(c, EVENTS, about->event_id, tel_key_str(&until), NULL);
	if (!err && step->finish_room) {
		err = tel_key_room(about->room_name, about->room_sid, &room);
		if (!err)
			err = plan_add(c, ROOMS, tel_key_str(&room), tel_key_str(&until), NULL);
	}
	return err;
}

static enum tel_err plan_request(struct change *c, const struct tel_step_about *about,
				 const struct tel_step *step)
{
	struct tel_request_memory memory = { .call_id = step->fresh->id };
	char bytes[TEL_REQUEST_RECORD];

	memcpy(memory.body_sha256, step->body_sha256, sizeof(memory.body_sha256));
	return plan_add(c, REQUESTS, about->place->request_key,
			tel_request_encode(&memory, step->remember_request_until, bytes), NULL);
}

static enum tel_err plan_duty(struct memory_store *m, struct change *c, const struct tel_duty *duty)
{
	enum tel_err err;

	tel_buf_clear(&m->scratch);
	err = tel_duty_encode(duty, &m->scratch);
	return err ? err : plan_add(c, DUTY, DUTY_KEY, tel_buf_str(&m->scratch), NULL);
}

static enum tel_err plan_fresh(struct memory_store *m, struct change *c, const struct tel_call *fresh,
			       uint64_t serial)
{
	struct tel_tree_node *same = tel_tree_find(&m->tables[TEL_KEY_ID],
						   tel_call_id_str(&fresh->id));

	return same ? TEL_ECONFLICT : plan_call(m, c, serial, NULL, fresh);
}

static enum tel_err load_place(struct memory_store *m, const struct tel_place_about *about,
			       struct tel_place_found *found)
{
	struct tel_tree_node *node = NULL;
	enum tel_err err;

	if (tel_str_is_set(about->request_key))
		node = tel_tree_find(&m->tables[REQUESTS], about->request_key);
	found->key_seen = node != NULL;
	err = node ? tel_request_decode(tel_tree_value(node), &found->memory) : TEL_OK;
	return err ? err : tel_index_count(&m->index, about, found);
}

static enum tel_err load_duty(struct memory_store *m, struct tel_step *step)
{
	struct tel_tree_node *node = tel_tree_find(&m->tables[DUTY], DUTY_KEY);

	return node ? tel_duty_decode(tel_tree_value(node), &step->mem, &step->duty) : TEL_OK;
}

static enum tel_err load(struct memory_store *m, const struct tel_step_about *about,
			 struct tel_step *step, uint64_t *serial)
{
	struct tel_key_buf room;
	enum tel_err err = TEL_OK;

	step->event_seen = tel_str_is_set(about->event_id) &&
			   tel_tree_find(&m->tables[EVENTS], about->event_id);
	step->room_finished = tel_str_is_set(about->room_name) && tel_str_is_set(about->room_sid) &&
			      !tel_key_room(about->room_name, about->room_sid, &room) &&
			      tel_tree_find(&m->tables[ROOMS], tel_key_str(&room));
	if (about->outbound_switch)
		step->outbound_stopped_at = m->outbound_stopped_at;
	if (about->duty)
		err = load_duty(m, step);
	if (!err && about->place)
		err = load_place(m, about->place, &step->place);
	if (!err)
		err = about->place ?
		      tel_index_find_placed(&m->index, about, &step->place, serial) :
		      tel_index_find(&m->index, about, serial);
	if (err == TEL_ENOTFOUND)
		return TEL_OK;
	return err ? err : copy_call(m, *serial, &step->call);
}

static enum tel_err write_step(struct memory_store *m, const struct tel_step_about *about,
			       const struct tel_step *step, uint64_t serial)
{
	const struct tel_call *stored = serial ? stored_call(m, serial) : NULL;
	enum tel_err err = tel_step_check(about, step, stored ? &stored->id : NULL);
	struct change c;

	change_start(&c);
	if (!err && step->call && tel_step_saves_call(step))
		err = plan_call(m, &c, serial, stored, step->call);
	if (!err && step->fresh)
		err = plan_fresh(m, &c, step->fresh, m->last_serial + 1);
	if (!err)
		err = plan_entries(m, &c, step, serial, m->last_serial + 1);
	if (!err)
		err = plan_memory(&c, about, step);
	if (!err && step->remember_request)
		err = plan_request(&c, about, step);
	if (!err && step->set_duty)
		err = plan_duty(m, &c, &step->duty);
	if (!err) {
		carry_out(m, &c);
		m->last_serial += step->fresh != NULL;
		if (step->set_switch)
			m->outbound_stopped_at = step->outbound_stopped_at;
		m->commits++;
	}
	change_release(&c);
	return err;
}

static enum tel_err memory_step(struct tel_call_store *store, const struct tel_step_about *about,
				tel_decide_fn decide, void *ctx)
{
	struct memory_store *m = of(store);
	struct tel_step step;
	uint64_t serial = 0;
	enum tel_err err;

	tel_step_init(&step);
	pthread_mutex_lock(&m->lock);
	err = load(m, about, &step, &serial);
	if (!err)
		err = decide(&step, ctx);
	if (!err && tel_step_wants_write(&step))
		err = write_step(m, about, &step, serial);
	pthread_mutex_unlock(&m->lock);
	tel_step_release(&step);
	return err;
}

/* ---- reading -------------------------------------------------------------- */

static enum tel_err read_timeline(struct memory_store *m, uint64_t serial, struct tel_timeline *out)
{
	const size_t max = TEL_TIMELINE_HEAD + TEL_TIMELINE_TAIL;
	struct tel_tree_node *node;
	struct tel_key_buf key;
	enum tel_err err = TEL_OK;

	*out = (struct tel_timeline){ 0 };
	tel_arena_init(&out->mem, max * TEL_MAX_RECORD);
	out->entries = tel_arena_alloc(&out->mem, max * sizeof(*out->entries));
	if (!out->entries)
		err = TEL_ENOMEM;
	entry_key(&key, serial, 0);
	while (!err && out->n < max) {
		node = tel_tree_at_least(&m->tables[ENTRIES], tel_key_str(&key));
		if (!node || tel_key_first_u64(tel_tree_key(node)) != serial)
			break;
		err = tel_entry_decode(tel_tree_value(node), &out->mem, &out->entries[out->n]);
		entry_key(&key, serial, tel_key_last_u64(tel_tree_key(node)) + 1);
		out->n += !err;
	}
	if (err)
		tel_timeline_release(out);
	return err;
}

static enum tel_err memory_get(struct tel_call_store *store, const struct tel_call_id *id,
			       struct tel_call **out, struct tel_timeline *timeline)
{
	struct memory_store *m = of(store);
	struct tel_call *call = NULL;
	uint64_t serial;
	enum tel_err err;

	pthread_mutex_lock(&m->lock);
	err = tel_index_by_id(&m->index, tel_call_id_str(id), &serial);
	if (!err)
		err = copy_call(m, serial, &call);
	if (!err && timeline)
		err = read_timeline(m, serial, timeline);
	pthread_mutex_unlock(&m->lock);
	if (!err) {
		*out = call;
		call = NULL;
	}
	tel_call_free(call);
	return err;
}

static enum tel_err copy_page(struct memory_store *m, const struct tel_serial_page *serials,
			      struct tel_call_page *page)
{
	enum tel_err err = TEL_OK;

	if (serials->n > 0) {
		page->calls = calloc(serials->n, sizeof(struct tel_call *));
		if (!page->calls)
			return TEL_ENOMEM;
	}
	for (; page->n < serials->n && !err; page->n += !err)
		err = copy_call(m, serials->serials[page->n], &page->calls[page->n]);
	if (!err && serials->next != 0)
		tel_cursor_make(serials->next, page->next_cursor);
	return err;
}

static enum tel_err memory_list(struct tel_call_store *store, const struct tel_call_filter *filter,
				struct tel_call_page *out)
{
	struct memory_store *m = of(store);
	struct tel_call_page page = { 0 };
	struct tel_serial_page serials;
	enum tel_err err;

	pthread_mutex_lock(&m->lock);
	err = tel_index_list(&m->index, filter, &serials);
	if (!err)
		err = copy_page(m, &serials, &page);
	pthread_mutex_unlock(&m->lock);
	if (err)
		tel_call_page_release(&page);
	else
		*out = page;
	return err;
}

static enum tel_err memory_due(struct tel_call_store *store, const struct tel_due_query *query,
			       struct tel_due_page *out)
{
	struct memory_store *m = of(store);
	struct tel_owners owners = { 0 };
	enum tel_err err = TEL_OK;

	if (query->owner_is_dead) {
		pthread_mutex_lock(&m->lock);
		err = tel_index_owners(&m->index, &owners);
		pthread_mutex_unlock(&m->lock);
		tel_owners_keep_dead(&owners, query);
	}
	if (!err) {
		pthread_mutex_lock(&m->lock);
		err = tel_index_due(&m->index, query, &owners, out);
		pthread_mutex_unlock(&m->lock);
	}
	tel_owners_release(&owners);
	return err;
}

/* ---- sweeping and counting ------------------------------------------------- */

/* Takes expired nodes out of EVENTS, ROOMS or REQUESTS. */
static void sweep_memory(struct memory_store *m, int table, tel_time now, size_t *budget,
			 size_t *swept, bool *more)
{
	struct tel_tree_node *node;
	struct tel_key_buf next;

	node = tel_tree_at_least(&m->tables[table], TEL_STR_NONE);
	while (node) {
		next.len = node->key_len;
		memcpy(next.bytes, node->data, node->key_len);
		next.bytes[next.len++] = '\0';	/* the next possible key */
		if ((tel_time)tel_key_first_u64(tel_tree_value(node)) <= now) {
			if (*budget == 0) {
				*more = true;
				return;
			}
			free_node(tel_tree_take(&m->tables[table], tel_tree_key(node)));
			(*budget)--;
			(*swept)++;
		}
		node = tel_tree_at_least(&m->tables[table], tel_key_str(&next));
	}
}

static enum tel_err drop_call(struct memory_store *m, uint64_t serial)
{
	struct tel_tree_node *node;
	struct tel_key_buf key;
	struct change c;
	enum tel_err err;

	change_start(&c);
	err = plan_call(m, &c, serial, stored_call(m, serial), NULL);
	entry_key(&key, serial, 0);
	while (!err) {
		node = tel_tree_at_least(&m->tables[ENTRIES], tel_key_str(&key));
		if (!node || tel_key_first_u64(tel_tree_key(node)) != serial)
			break;
		err = plan_remove(&c, ENTRIES, tel_tree_key(node));
		entry_key(&key, serial, tel_key_last_u64(tel_tree_key(node)) + 1);
	}
	if (!err)
		carry_out(m, &c);
	change_release(&c);
	return err;
}

static enum tel_err sweep_calls(struct memory_store *m, tel_time now, size_t *budget,
				struct tel_sweep_report *report)
{
	struct tel_tree_node *node;
	enum tel_err err = TEL_OK;

	while (!err && m->retention > 0) {
		node = tel_tree_at_least(&m->tables[TEL_KEY_ENDED], TEL_STR_NONE);
		if (!node || (tel_time)tel_key_first_u64(tel_tree_key(node)) > now - m->retention)
			break;
		if (*budget == 0) {
			report->more = true;
			break;
		}
		err = drop_call(m, tel_key_last_u64(tel_tree_key(node)));
		(*budget)--;
		report->calls += !err;
	}
	return err;
}

static enum tel_err memory_sweep(struct tel_call_store *store, tel_time now, size_t budget,
				 struct tel_sweep_report *out)
{
	struct memory_store *m = of(store);
	struct tel_sweep_report report = { 0 };
	enum tel_err err;

	pthread_mutex_lock(&m->lock);
	sweep_memory(m, EVENTS, now, &budget, &report.events, &report.more);
	sweep_memory(m, ROOMS, now, &budget, &report.rooms, &report.more);
	sweep_memory(m, REQUESTS, now, &budget, &report.requests, &report.more);
	err = sweep_calls(m, now, &budget, &report);
	pthread_mutex_unlock(&m->lock);
	if (!err)
		*out = report;
	return err;
}

static uint64_t count_leased(const struct memory_store *m)
{
	const struct tel_tree *calls = &m->tables[TEL_KEY_CALL];
	struct tel_tree_node *node = tel_tree_at_least(calls, TEL_STR_NONE);
	const struct tel_call *call;
	struct tel_key_buf key;
	uint64_t n = 0;
	bool leased;
	int kind;

	for (; node; node = tel_tree_at_least(calls, tel_key_str(&key))) {
		call = node->object;
		for (leased = false, kind = 0; kind < TEL_JOB_KINDS; kind++)
			leased |= call->jobs[kind].pending &&
				  tel_str_is_set(call->jobs[kind].lease.owner);
		n += leased;
		tel_key_start(&key);
		tel_key_add_u64(&key, tel_key_first_u64(tel_tree_key(node)) + 1);
	}
	return n;
}

static enum tel_err memory_stats(struct tel_call_store *store, struct tel_store_stats *out)
{
	struct memory_store *m = of(store);
	uint64_t live;
	enum tel_err err;

	pthread_mutex_lock(&m->lock);
	err = tel_index_count_live(&m->index, &live);
	*out = (struct tel_store_stats){
		.calls = m->tables[TEL_KEY_CALL].n,
		.live_calls = live,
		.pending_calls = m->tables[TEL_KEY_DUE].n,
		.leased_calls = count_leased(m),
		.event_ids = m->tables[EVENTS].n,
		.room_tombstones = m->tables[ROOMS].n,
		.request_keys = m->tables[REQUESTS].n,
		.timeline_entries = m->tables[ENTRIES].n,
		.commits = m->commits,
		.committed_steps = m->commits,
	};
	pthread_mutex_unlock(&m->lock);
	return err;
}

static void release_object(struct tel_tree_node *node)
{
	tel_call_free(node->object);
}

static void memory_close(struct tel_call_store *store)
{
	struct memory_store *m = of(store);
	int i;

	for (i = 0; i < TABLES; i++)
		tel_tree_clear(&m->tables[i], release_object);
	tel_buf_release(&m->scratch);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

static const struct tel_call_store_ops memory_ops = {
	.name = "memory",
	.step = memory_step,
	.get = memory_get,
	.list = memory_list,
	.due = memory_due,
	.sweep = memory_sweep,
	.stats = memory_stats,
	.close = memory_close,
};

enum tel_err tel_memory_store_open(const struct tel_memory_store_options *options,
				   struct tel_call_store **out)
{
	struct memory_store *m = calloc(1, sizeof(*m));

	if (!m)
		return TEL_ENOMEM;
	if (pthread_mutex_init(&m->lock, NULL)) {
		free(m);
		return TEL_ENOMEM;
	}
	m->base.ops = &memory_ops;
	m->index = (struct tel_index){ .at_least = at_least, .below = below };
	m->retention = options ? options->retention : 0;
	tel_buf_init(&m->scratch, TEL_MAX_RECORD);
	*out = &m->base;
	return TEL_OK;
}
