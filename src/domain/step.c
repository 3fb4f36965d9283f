#include "config.h"

#include "domain/step.h"

/* A step's entries hold short texts; an event's own texts are borrowed. */
#define MAX_STEP_TEXT (64 * 1024)

void tel_step_init(struct tel_step *step)
{
	*step = (struct tel_step){ 0 };
	tel_arena_init(&step->mem, MAX_STEP_TEXT);
}

void tel_step_release(struct tel_step *step)
{
	tel_call_free(step->call);
	tel_call_free(step->fresh);
	tel_arena_release(&step->mem);
	tel_step_init(step);
}

bool tel_step_wants_write(const struct tel_step *step)
{
	return step->save || step->fresh || step->remember_event || step->finish_room ||
	       step->remember_request || step->set_switch || step->set_duty || step->n_entries > 0;
}

struct tel_entry *tel_step_entry(struct tel_step *step, struct tel_call *call, tel_time at,
				 enum tel_entry_source source, struct tel_str what)
{
	struct tel_entry *entry;

	if (step->n_entries == TEL_STEP_MAX_ENTRIES)
		return NULL;
	entry = &step->entries[step->n_entries];
	*entry = (struct tel_entry){
		.seq = call->timeline_len++,
		.at = at,
		.source = source,
		.what = what,
		.status = call->status,
	};
	step->entry_of[step->n_entries++] = call;
	return entry;
}
