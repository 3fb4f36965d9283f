#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/index.h"
#include "base/banned.h"

/* ---- one call ---------------------------------------------------------- */

enum tel_err tel_index_by_id(struct tel_index *index, struct tel_str id, uint64_t *serial)
{
	struct tel_index_hit hit;
	struct tel_call_id parsed;
	enum tel_err err;

	if (tel_call_id_parse(id, &parsed))
		return TEL_ENOTFOUND;
	err = index->at_least(index, TEL_KEY_ID, tel_call_id_str(&parsed), &hit);
	if (err)
		return err;
	if (!tel_str_eq(hit.key, tel_call_id_str(&parsed)))
		return TEL_ENOTFOUND;
	*serial = tel_key_first_u64(hit.value);
	return TEL_OK;
}

/* Serials are never the highest number, so this is behind all of them. */
static struct tel_str behind(struct tel_key_buf *prefix)
{
	tel_key_add_u64(prefix, UINT64_MAX);
	return tel_key_str(prefix);
}

/* The highest serial behind (a, b); either text absent: not asked for. */
static enum tel_err newest(struct tel_index *index, enum tel_key_kind kind, struct tel_str a,
			   struct tel_str b, uint64_t *serial)
{
	struct tel_index_hit hit;
	struct tel_key_buf key;
	enum tel_err err;
	size_t len;

	tel_key_start(&key);
	err = tel_key_add_text(&key, a, TEL_MAX_ROOM_NAME);
	if (!err && b.ptr)
		err = tel_key_add_text(&key, b, TEL_MAX_ID);
	if (err)
		return TEL_ENOTFOUND;	/* no key is that long */
	len = key.len;
	err = index->below(index, kind, behind(&key), &hit);
	if (err)
		return err;
	if (hit.key.len != len + 8 || memcmp(hit.key.ptr, key.bytes, len) != 0)
		return TEL_ENOTFOUND;
	*serial = tel_key_last_u64(hit.key);
	return TEL_OK;
}

enum tel_err tel_index_find(struct tel_index *index, const struct tel_step_about *about,
			    uint64_t *serial)
{
	enum tel_err err = TEL_ENOTFOUND;

	if (tel_str_is_set(about->call_id))
		err = tel_index_by_id(index, about->call_id, serial);
	if (err == TEL_ENOTFOUND && tel_str_is_set(about->participant_sid))
		err = newest(index, TEL_KEY_LEG, about->participant_sid, TEL_STR_NONE, serial);
	if (err == TEL_ENOTFOUND && tel_str_is_set(about->room_name) &&
	    tel_str_is_set(about->room_sid))
		err = newest(index, TEL_KEY_ROOM, about->room_name, about->room_sid, serial);
	if (err == TEL_ENOTFOUND && tel_str_is_set(about->room_name) &&
	    tel_str_is_set(about->sip_call_id))
		err = newest(index, TEL_KEY_SIP, about->room_name, about->sip_call_id, serial);
	if (err == TEL_ENOTFOUND && tel_str_is_set(about->room_name) &&
	    tel_str_is_set(about->room_sid))
		err = newest(index, TEL_KEY_ROOM, about->room_name, TEL_STR(""), serial);
	return err;
}

enum tel_err tel_index_find_placed(struct tel_index *index, const struct tel_step_about *about,
				   const struct tel_place_found *found, uint64_t *serial)
{
	if (found->key_seen)
		return tel_index_by_id(index, tel_call_id_str(&found->memory.call_id), serial);
	if (!tel_str_is_set(about->room_name))
		return TEL_ENOTFOUND;
	return newest(index, TEL_KEY_NAME, about->room_name, TEL_STR_NONE, serial);
}

/* ---- due jobs ----------------------------------------------------------- */

void tel_owners_release(struct tel_owners *owners)
{
	free(owners->texts);
	*owners = (struct tel_owners){ 0 };
}

static enum tel_err add_owner(struct tel_owners *owners, struct tel_str owner)
{
	size_t cap = owners->cap ? owners->cap * 2 : 16;
	char (*texts)[TEL_MAX_OWNER + 1];

	if (owner.len > TEL_MAX_OWNER)
		return TEL_ECORRUPT;
	if (owners->n == owners->cap) {
		texts = realloc(owners->texts, cap * sizeof(*texts));
		if (!texts)
			return TEL_ENOMEM;
		owners->texts = texts;
		owners->cap = cap;
	}
	if (owner.len > 0)
		memcpy(owners->texts[owners->n], owner.ptr, owner.len);
	owners->texts[owners->n++][owner.len] = '\0';
	return TEL_OK;
}

enum tel_err tel_index_owners(struct tel_index *index, struct tel_owners *out)
{
	struct tel_index_hit hit;
	struct tel_key_buf key;
	enum tel_err err;

	*out = (struct tel_owners){ 0 };
	tel_key_start(&key);
	while (!(err = index->at_least(index, TEL_KEY_LEASE, tel_key_str(&key), &hit))) {
		struct tel_str owner = tel_key_first_text(hit.key);

		tel_key_start(&key);
		err = tel_key_add_text(&key, owner, TEL_MAX_OWNER);
		if (!err)
			err = add_owner(out, owner);
		if (err)
			break;
		behind(&key);
	}
	if (err == TEL_ENOTFOUND)
		return TEL_OK;
	tel_owners_release(out);
	return err;
}

void tel_owners_keep_dead(struct tel_owners *owners, const struct tel_due_query *query)
{
	size_t i, kept = 0;

	for (i = 0; i < owners->n; i++) {
		if (!query->owner_is_dead ||
		    !query->owner_is_dead(query->ctx, tel_str_from(owners->texts[i])))
			continue;
		if (kept != i)
			memcpy(owners->texts[kept], owners->texts[i], sizeof(owners->texts[i]));
		kept++;
	}
	owners->n = kept;
}

static bool is_on(const struct tel_due_page *page, struct tel_str id)
{
	size_t i;

	for (i = 0; i < page->n; i++)
		if (tel_str_eq(tel_call_id_str(&page->due[i].id), id))
			return true;
	return false;
}

static enum tel_err put(struct tel_due_page *page, struct tel_str id, const char *dead_owner)
{
	if (tel_call_id_parse(id, &page->due[page->n].id))
		return TEL_ECORRUPT;
	snprintf(page->due[page->n].dead_owner, sizeof(page->due[page->n].dead_owner), "%s",
		 dead_owner);
	page->n++;
	return TEL_OK;
}

/* Leases of one dead owner, until the page holds `max`. */
static enum tel_err put_dead(struct tel_index *index, const char *owner, size_t max,
			     struct tel_due_page *out)
{
	struct tel_index_hit hit;
	struct tel_key_buf key;
	enum tel_err err;
	size_t len;

	tel_key_start(&key);
	err = tel_key_add_text(&key, tel_str_from(owner), TEL_MAX_OWNER);
	len = key.len;
	tel_key_add_u64(&key, 0);
	while (!err && out->n < max) {
		err = index->at_least(index, TEL_KEY_LEASE, tel_key_str(&key), &hit);
		if (err || hit.key.len != key.len || memcmp(hit.key.ptr, key.bytes, len) != 0)
			break;
		key.len = len;
		tel_key_add_u64(&key, tel_key_last_u64(hit.key) + 1);
		if (!is_on(out, hit.value))
			err = put(out, hit.value, owner);
	}
	return err == TEL_ENOTFOUND ? TEL_OK : err;
}

static enum tel_err put_all_dead(struct tel_index *index, const struct tel_owners *dead, size_t max,
				 struct tel_due_page *out)
{
	enum tel_err err = TEL_OK;
	size_t i;

	for (i = 0; i < dead->n && !err; i++)
		err = put_dead(index, dead->texts[i], max, out);
	return err;
}

static enum tel_err put_timed(struct tel_index *index, const struct tel_due_query *query, size_t max,
			      struct tel_due_page *out)
{
	struct tel_index_hit hit;
	struct tel_key_buf key;
	enum tel_err err;
	tel_time when;

	tel_key_start(&key);
	while (!(err = index->at_least(index, TEL_KEY_DUE, tel_key_str(&key), &hit))) {
		when = (tel_time)tel_key_first_u64(hit.key);
		if (when > query->now || (out->n == max && !is_on(out, hit.value))) {
			out->next = when;
			break;
		}
		memcpy(key.bytes, hit.key.ptr, 8);
		key.len = 8;
		tel_key_add_u64(&key, tel_key_last_u64(hit.key) + 1);
		if (!is_on(out, hit.value))
			err = put(out, hit.value, "");
		if (err)
			return err;
	}
	return err == TEL_ENOTFOUND ? TEL_OK : err;
}

enum tel_err tel_index_due(struct tel_index *index, const struct tel_due_query *query,
			   const struct tel_owners *dead, struct tel_due_page *out)
{
	size_t max = query->max < TEL_MAX_PAGE ? query->max : TEL_MAX_PAGE;
	enum tel_err err;

	out->n = 0;
	out->next = 0;
	err = put_all_dead(index, dead, (max + 1) / 2, out);
	if (!err)
		err = put_timed(index, query, max, out);
	if (!err && out->n < max)
		err = put_all_dead(index, dead, max, out);
	return err;
}
