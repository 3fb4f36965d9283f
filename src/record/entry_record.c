#include "config.h"

#include "json/json_read.h"
#include "json/json_write.h"
#include "record/call_record.h"
#include "record/entry_record.h"
#include "record/record_json.h"
#include "base/banned.h"

static void put_notes(struct tel_json_write *w, const struct tel_entry *entry)
{
	struct tel_str value;
	size_t i;

	tel_json_open_list(w, "notes");
	for (i = 0; i < entry->n_notes; i++) {
		value = entry->notes[i].value;
		tel_json_open_list(w, NULL);
		tel_json_put_text(w, NULL, entry->notes[i].key);
		tel_json_put_text(w, NULL, value.ptr ? value : TEL_STR(""));
		tel_json_close(w);
	}
	tel_json_close(w);
}

enum tel_err tel_entry_encode(const struct tel_entry *entry, struct tel_buf *out)
{
	size_t start = out->len;
	struct tel_json_write w;
	enum tel_err err;

	if ((unsigned)entry->source >= TEL_ENTRY_SOURCES ||
	    (unsigned)entry->status >= TEL_CALL_STATUSES ||
	    entry->n_notes > TEL_MAX_TIMELINE_NOTES)
		return TEL_EMISUSE;
	tel_json_begin(&w, TEL_JSON_RECORD);
	tel_json_open_object(&w, NULL);
	tel_json_put_int(&w, "v", TEL_RECORD_VERSION);
	tel_json_put_int(&w, "seq", entry->seq);
	tel_record_put_time(&w, "at", entry->at);
	tel_json_put_name(&w, "source", tel_entry_source_text(entry->source));
	tel_json_put_text(&w, "what", entry->what);
	tel_json_put_text(&w, "result", entry->result);
	tel_json_put_name(&w, "status", tel_call_status_text(entry->status));
	if (entry->n_notes > 0)
		put_notes(&w, entry);
	tel_json_close(&w);
	err = tel_json_finish(&w, out);
	return !err && out->len - start > TEL_MAX_RECORD ? TEL_ETOOBIG : err;
}

static enum tel_err get_part(json_object *pair, size_t i, struct tel_arena *mem, struct tel_str *out)
{
	struct tel_str view = tel_json_text_of(json_object_array_get_idx(pair, i));

	return view.ptr ? tel_arena_copy(mem, view, TEL_MAX_RECORD, out) : TEL_ECORRUPT;
}

static enum tel_err get_notes(json_object *o, struct tel_arena *mem, struct tel_entry *entry)
{
	json_object *list, *pair;
	enum tel_err err = tel_json_get_list(o, "notes", &list);
	struct tel_note *note;
	size_t i, n;

	n = list ? json_object_array_length(list) : 0;
	if (n > TEL_MAX_TIMELINE_NOTES)
		return TEL_ECORRUPT;
	for (i = 0; i < n && !err; i++) {
		pair = json_object_array_get_idx(list, i);
		if (!json_object_is_type(pair, json_type_array))
			return TEL_ECORRUPT;
		note = &entry->notes[entry->n_notes++];
		err = get_part(pair, 0, mem, &note->key);
		if (!err)
			err = get_part(pair, 1, mem, &note->value);
	}
	return err;
}

static enum tel_err get_all(json_object *o, struct tel_arena *mem, struct tel_entry *entry)
{
	int64_t version, seq;
	struct tel_str source, status;
	enum tel_err err;

	if (tel_json_get_int(o, "v", 1, TEL_RECORD_VERSION, &version) || version == 0 ||
	    tel_json_get_int(o, "seq", 0, UINT32_MAX, &seq) ||
	    tel_record_get_time(o, "at", &entry->at) ||
	    tel_json_get_view(o, "source", TEL_MAX_TEXT, &source) ||
	    tel_json_get_view(o, "status", TEL_MAX_TEXT, &status) ||
	    !tel_entry_source_from(source, &entry->source) ||
	    !tel_call_status_from(status, &entry->status))
		return TEL_ECORRUPT;
	entry->seq = (uint32_t)seq;
	err = tel_json_get_text(o, "what", TEL_MAX_RECORD, mem, &entry->what);
	if (!err)
		err = tel_json_get_text(o, "result", TEL_MAX_RECORD, mem, &entry->result);
	return err ? err : get_notes(o, mem, entry);
}

enum tel_err tel_entry_decode(struct tel_str json, struct tel_arena *mem, struct tel_entry *out)
{
	struct tel_entry entry = { 0 };
	json_object *o = NULL;
	enum tel_err err = tel_record_parse(json, &o);

	if (err)
		return err;
	err = get_all(o, mem, &entry);
	if (!err)
		*out = entry;
	json_object_put(o);
	return tel_record_damage(err);
}
