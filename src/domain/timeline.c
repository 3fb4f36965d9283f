#include "config.h"

#include "domain/timeline.h"

static const char *const source_names[TEL_ENTRY_SOURCES] = {
	[TEL_ENTRY_EVENT] = "event",
	[TEL_ENTRY_JOB] = "job",
	[TEL_ENTRY_REQUEST] = "request",
	[TEL_ENTRY_REPAIR] = "repair",
};

const char *tel_entry_source_text(enum tel_entry_source source)
{
	return (unsigned)source < TEL_ENTRY_SOURCES ? source_names[source] : "?";
}

bool tel_entry_source_from(struct tel_str text, enum tel_entry_source *out)
{
	int i;

	for (i = 0; i < TEL_ENTRY_SOURCES; i++)
		if (tel_str_is(text, source_names[i])) {
			*out = (enum tel_entry_source)i;
			return true;
		}
	return false;
}

void tel_timeline_release(struct tel_timeline *timeline)
{
	tel_arena_release(&timeline->mem);
	*timeline = (struct tel_timeline){ 0 };
}

bool tel_timeline_evicts(uint32_t seq, uint32_t *evicted)
{
	if (seq < TEL_TIMELINE_HEAD + TEL_TIMELINE_TAIL)
		return false;
	*evicted = seq - TEL_TIMELINE_TAIL;
	return true;
}

void tel_entry_note(struct tel_entry *entry, const char *key, struct tel_str value)
{
	if (!entry || !value.ptr || entry->n_notes == TEL_MAX_TIMELINE_NOTES)
		return;
	entry->notes[entry->n_notes++] = (struct tel_note){ tel_str_from(key), value };
}
