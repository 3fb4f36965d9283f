#include "config.h"

#include "record/call_record.h"
#include "record/entry_record.h"
#include "record/json.h"
#include "base/banned.h"

static void put_notes(struct tel_buf *b, const struct tel_entry *entry)
{
	size_t i;

	tel_buf_puts(b, ",\"notes\":[");
	for (i = 0; i < entry->n_notes; i++) {
		tel_buf_puts(b, i > 0 ? ",[" : "[");
		tel_json_put_text(b, entry->notes[i].key);
		tel_buf_puts(b, ",");
		tel_json_put_text(b, entry->notes[i].value);
		tel_buf_puts(b, "]");
	}
	tel_buf_puts(b, "]");
}

enum tel_err tel_entry_encode(const struct tel_entry *entry, struct tel_buf *out)
{
	size_t start = out->len;
	enum tel_err err;

	if ((unsigned)entry->source >= TEL_ENTRY_SOURCES ||
	    (unsigned)entry->status >= TEL_CALL_STATUSES ||
	    entry->n_notes > TEL_MAX_TIMELINE_NOTES)
		return TEL_EMISUSE;
	tel_buf_printf(out, "{\"v\":%d", TEL_RECORD_VERSION);
	tel_json_member_int(out, "seq", entry->seq);
	err = tel_json_member_time(out, "at", entry->at);
	if (err)
		return err;
	tel_json_member_text(out, "source", tel_str_from(tel_entry_source_text(entry->source)));
	tel_json_member_text(out, "what", entry->what);
	tel_json_member_text(out, "result", entry->result);
	tel_json_member_text(out, "status", tel_str_from(tel_call_status_text(entry->status)));
	if (entry->n_notes > 0)
		put_notes(out, entry);
	tel_buf_puts(out, "}");
	if (tel_buf_err(out))
		return tel_buf_err(out);
	return out->len - start > TEL_MAX_RECORD ? TEL_ETOOBIG : TEL_OK;
}

static enum tel_err get_part(json_object *pair, size_t i, struct tel_arena *mem, struct tel_str *out)
{
	json_object *v = json_object_array_get_idx(pair, i);

	if (!json_object_is_type(v, json_type_string))
		return TEL_ECORRUPT;
	return tel_arena_copy(mem, (struct tel_str){ json_object_get_string(v),
			      (size_t)json_object_get_string_len(v) }, TEL_MAX_RECORD, out);
}

static enum tel_err get_notes(json_object *o, struct tel_arena *mem, struct tel_entry *entry)
{
	json_object *list, *pair;
	enum tel_err err = TEL_OK;
	struct tel_note *note;
	size_t i, n;

	if (!json_object_object_get_ex(o, "notes", &list))
		return TEL_OK;
	if (!json_object_is_type(list, json_type_array))
		return TEL_ECORRUPT;
	n = json_object_array_length(list);
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

	if (tel_json_int(o, "v", 1, TEL_RECORD_VERSION, &version) || version == 0 ||
	    tel_json_int(o, "seq", 0, UINT32_MAX, &seq) ||
	    tel_json_time(o, "at", &entry->at) ||
	    tel_json_view(o, "source", TEL_MAX_TEXT, &source) ||
	    tel_json_view(o, "status", TEL_MAX_TEXT, &status) ||
	    !tel_entry_source_from(source, &entry->source) ||
	    !tel_call_status_from(status, &entry->status))
		return TEL_ECORRUPT;
	entry->seq = (uint32_t)seq;
	err = tel_json_text(o, "what", TEL_MAX_RECORD, mem, &entry->what);
	if (!err)
		err = tel_json_text(o, "result", TEL_MAX_RECORD, mem, &entry->result);
	return err ? err : get_notes(o, mem, entry);
}

enum tel_err tel_entry_decode(struct tel_str json, struct tel_arena *mem, struct tel_entry *out)
{
	struct tel_entry entry = { 0 };
	json_object *o = NULL;
	enum tel_err err = tel_json_parse(json, &o);

	if (err)
		return err;
	err = get_all(o, mem, &entry);
	if (!err)
		*out = entry;
	json_object_put(o);
	return err;
}
