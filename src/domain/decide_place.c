#include "config.h"

#include <string.h>

#include "domain/place.h"
#include "domain/reaction.h"
#include "base/banned.h"

/* ---- placing ---------------------------------------------------------------- */

/* A step may be run again: what the run before left is freed. */
static enum tel_err copy_out(const struct tel_call *call, struct tel_call **out)
{
	tel_call_free(*out);
	*out = NULL;
	return tel_call_clone(call, out);
}

static enum tel_err name_room(struct tel_call *call, struct tel_str wanted)
{
	char name[5 + TEL_CALL_ID_TEXT];

	if (tel_str_is_set(wanted))
		return tel_call_set(call, &call->room_name, wanted, TEL_MAX_ROOM_NAME);
	memcpy(name, "call-", 5);
	memcpy(name + 5, call->id.text, TEL_CALL_ID_TEXT);
	return tel_call_set(call, &call->room_name, tel_str_from(name), TEL_MAX_ROOM_NAME);
}

static enum tel_err describe(struct tel_call *call, const struct tel_order *order)
{
	enum tel_err err = name_room(call, order->room_name);

	if (!tel_e164_parse(order->to, &call->to) || !tel_e164_parse(order->from, &call->from))
		return TEL_EMISUSE;
	call->dial.ringing_timeout = order->ringing_timeout;
	call->dial.max_duration = order->max_duration;
	if (!err)
		err = tel_call_set(call, &call->trunk_id, order->trunk_id, TEL_MAX_NAME);
	if (!err)
		err = tel_call_set(call, &call->agent.name, order->agent_name, TEL_MAX_NAME);
	if (!err)
		err = tel_call_set(call, &call->agent.config, order->agent_config, TEL_MAX_AGENT_CONFIG);
	if (!err)
		err = tel_call_set(call, &call->agent.route, order->route, TEL_MAX_TEXT);
	if (!err)
		err = tel_call_set_watch(call, &order->watch);
	if (!err)
		err = tel_call_set(call, &call->dial.dtmf, order->dtmf, TEL_MAX_DTMF);
	return err ? err : tel_call_set(call, &call->dial.metadata, order->metadata,
					TEL_MAX_CALL_METADATA);
}

static enum tel_err want_room(struct tel_call *call, struct tel_place *place)
{
	struct tel_job *job = tel_call_schedule(call, TEL_JOB_CREATE_ROOM, place->env.now);

	if (!place->lease)
		return TEL_OK;
	job->attempt = 1;
	job->lease.until = place->env.now + TEL_LEASE_TIME;
	place->leased = true;
	return tel_call_set(call, &job->lease.owner, place->env.self, TEL_MAX_TEXT);
}

static enum tel_err place_call(struct tel_step *step, struct tel_place *place)
{
	struct tel_call *call = tel_call_new();
	struct tel_entry *entry;
	enum tel_err err;

	if (!call)
		return TEL_ENOMEM;
	step->fresh = call;
	call->id = place->call_id = place->new_call_id;
	call->direction = TEL_OUTBOUND;
	call->status = TEL_CALL_CREATED;
	call->created_at = call->updated_at = place->env.now;
	err = describe(call, place->order);
	if (!err)
		err = want_room(call, place);
	if (err)
		return err;
	/* Nothing at all is heard of it: LiveKit, or every process, is gone. */
	tel_call_expect_end(call, &place->env);
	entry = tel_step_entry(step, call, place->env.now, TEL_ENTRY_REQUEST, TEL_STR("place"));
	if (entry)
		entry->result = TEL_STR("placed: the room with the agent comes first");
	tel_entry_note(entry, "by", place->by);
	step->remember_request = place->has_key;
	memcpy(step->body_sha256, place->body_sha256, sizeof(step->body_sha256));
	step->remember_request_until = place->env.now + TEL_REQUEST_KEY_KEPT;
	place->result = TEL_PLACE_PLACED;
	return copy_out(call, &place->call);
}

static enum tel_err replay(struct tel_step *step, struct tel_place *place)
{
	const struct tel_request_memory *memory = &step->place.memory;

	if (memcmp(memory->body_sha256, place->body_sha256, sizeof(memory->body_sha256))) {
		place->result = TEL_PLACE_OTHER_BODY;
		return TEL_OK;
	}
	if (!step->call) {
		place->result = TEL_PLACE_FORGOTTEN;
		return TEL_OK;
	}
	place->result = TEL_PLACE_REPLAYED;
	place->call_id = memory->call_id;
	return copy_out(step->call, &place->call);
}

/* Also as long as its room waits to be deleted: that is not to happen to a new call's. */
static bool holds_room(const struct tel_call *call)
{
	return !tel_call_is_over(call) || tel_call_wakes_at(call) != 0;
}

enum tel_err tel_decide_place(struct tel_step *step, void *context)
{
	struct tel_place *place = context;

	tel_call_free(place->call);
	place->call = NULL;
	place->leased = false;
	place->call_id = (struct tel_call_id){ "" };
	if (step->place.key_seen && !place->dry_run)
		return replay(step, place);
	tel_guard_check(place->guards, place->order->to, place->order->from,
			step->outbound_stopped_at, &step->place, place->env.now, &place->report);
	if (place->dry_run) {
		place->result = TEL_PLACE_DRY;
		return TEL_OK;
	}
	if (!place->report.passed) {
		place->result = TEL_PLACE_REFUSED;
		return TEL_OK;
	}
	if (step->call && holds_room(step->call)) {
		place->result = TEL_PLACE_ROOM_TAKEN;
		place->call_id = step->call->id;
		return TEL_OK;
	}
	return place_call(step, place);
}

/* ---- hanging up ---------------------------------------------------------------- */

/* What a person asked for, in the timeline. */
static struct tel_entry *ask(struct tel_step *step, const struct tel_decide_env *env,
			     struct tel_str what, struct tel_str by)
{
	struct tel_entry *entry;

	step->save = true;
	step->call->updated_at = env->now;
	entry = tel_step_entry(step, step->call, env->now, TEL_ENTRY_REQUEST, what);
	tel_entry_note(entry, "by", by);
	return entry;
}

enum tel_err tel_decide_hang_up(struct tel_step *step, void *context)
{
	struct tel_hang_up *hang_up = context;
	struct tel_reaction r = { .step = step, .env = &hang_up->env, .call = step->call };
	enum tel_err err = TEL_OK;

	if (!step->call)
		return TEL_ENOTFOUND;
	hang_up->was_over = tel_call_is_over(step->call);
	if (!hang_up->was_over) {
		r.entry = ask(step, &hang_up->env, TEL_STR("hang_up"), hang_up->by);
		err = tel_reaction_for(TEL_IN_HANG_UP, step->call)(&r);
	}
	return err ? err : copy_out(step->call, &hang_up->call);
}

/* ---- transferring ---------------------------------------------------------------- */

void tel_call_want_transfer(struct tel_call *call, tel_time now, bool play_dialtone)
{
	call->transfer.state = TEL_TRANSFER_REQUESTED;
	call->transfer.play_dialtone = play_dialtone;
	call->transfer.requested_at = now;
	call->transfer.finished_at = 0;
	call->transfer.code = call->transfer.message = TEL_STR_NONE;
	tel_call_schedule(call, TEL_JOB_TRANSFER, now);
}

static enum tel_err request_transfer(struct tel_step *step, struct tel_ask_transfer *ask_transfer)
{
	struct tel_call *call = step->call;
	struct tel_entry *entry = ask(step, &ask_transfer->env, TEL_STR("transfer"),
				      ask_transfer->by);

	if (entry)
		entry->result = TEL_STR("requested");
	tel_call_want_transfer(call, ask_transfer->env.now, ask_transfer->play_dialtone);
	return tel_call_set(call, &call->transfer.to, ask_transfer->to, TEL_MAX_TRANSFER_TO);
}

enum tel_err tel_decide_ask_transfer(struct tel_step *step, void *context)
{
	struct tel_ask_transfer *ask_transfer = context;
	struct tel_call *call = step->call;
	enum tel_err err = TEL_OK;

	if (!call)
		return TEL_ENOTFOUND;
	if (tel_call_is_over(call) || call->hang_up_at)
		ask_transfer->result = TEL_ASK_OVER;
	else if (ask_transfer->rings_number && step->outbound_stopped_at) {
		tel_guard_check_switch(step->outbound_stopped_at, &ask_transfer->guard);
		ask_transfer->result = TEL_ASK_FORBIDDEN;
		return TEL_OK;
	} else if (call->jobs[TEL_JOB_TRANSFER].pending)
		ask_transfer->result = TEL_ASK_PENDING;
	else if (!tel_call_is_transferable(call))
		ask_transfer->result = TEL_ASK_NO_PHONE;
	else {
		ask_transfer->result = TEL_ASK_ACCEPTED;
		err = request_transfer(step, ask_transfer);
	}
	return err ? err : copy_out(call, &ask_transfer->call);
}

/* ---- the kill switch ---------------------------------------------------------------- */

enum tel_err tel_decide_throw_switch(struct tel_step *step, void *context)
{
	struct tel_throw_switch *s = context;

	s->changed = s->stop != (step->outbound_stopped_at != 0);
	if (s->changed) {
		step->outbound_stopped_at = s->stop ? s->now : 0;
		step->set_switch = true;
	}
	s->stopped_at = step->outbound_stopped_at;
	return TEL_OK;
}
