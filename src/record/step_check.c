#include "config.h"

#include "record/keys.h"
#include "record/step_check.h"
#include "base/banned.h"

bool tel_step_saves_call(const struct tel_step *step)
{
	bool save = step->save;
	size_t i;

	for (i = 0; i < step->n_entries; i++)
		save |= step->call && step->entry_of[i] == step->call;
	return save;
}

bool tel_step_is_new_business(const struct tel_step *step)
{
	return step->fresh || (!step->call && (step->remember_event || step->finish_room));
}

static enum tel_err check_outbound(const struct tel_step_about *about, const struct tel_step *step)
{
	if (step->set_switch && !about->outbound_switch)
		return TEL_EMISUSE;
	if (!step->remember_request)
		return TEL_OK;
	if (!step->fresh || !about->place || !tel_str_is_set(about->place->request_key))
		return TEL_EMISUSE;
	return about->place->request_key.len > TEL_MAX_REQUEST_KEY ? TEL_ETOOBIG : TEL_OK;
}

static enum tel_err check_duty(const struct tel_step_about *about, const struct tel_step *step)
{
	if (!step->set_duty)
		return TEL_OK;
	if (!about->duty)
		return TEL_EMISUSE;
	return step->duty.lease.owner.len > TEL_MAX_OWNER ? TEL_ETOOBIG : TEL_OK;
}

static enum tel_err check_memory(const struct tel_step_about *about, const struct tel_step *step)
{
	struct tel_key_buf room;

	if (step->remember_event && !tel_str_is_set(about->event_id))
		return TEL_EMISUSE;
	if (step->remember_event && about->event_id.len > TEL_MAX_EVENT_ID)
		return TEL_ETOOBIG;
	if (!step->finish_room)
		return TEL_OK;
	if (!tel_str_is_set(about->room_name) || !tel_str_is_set(about->room_sid))
		return TEL_EMISUSE;
	return tel_key_room(about->room_name, about->room_sid, &room);
}

enum tel_err tel_step_check(const struct tel_step_about *about, const struct tel_step *step,
			    const struct tel_call_id *loaded)
{
	enum tel_err err;
	size_t i;

	if (step->save && !step->call)
		return TEL_EMISUSE;
	if (step->call && !tel_str_eq(tel_call_id_str(&step->call->id), tel_call_id_str(loaded)))
		return TEL_EMISUSE;
	if (step->n_entries > TEL_STEP_MAX_ENTRIES)
		return TEL_EMISUSE;
	for (i = 0; i < step->n_entries; i++)
		if (!step->entry_of[i] ||
		    (step->entry_of[i] != step->call && step->entry_of[i] != step->fresh))
			return TEL_EMISUSE;
	err = check_outbound(about, step);
	if (!err)
		err = check_duty(about, step);
	return err ? err : check_memory(about, step);
}
