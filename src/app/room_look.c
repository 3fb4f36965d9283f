#include "config.h"

#include <stdio.h>

#include "app/apply_event.h"
#include "app/room_look.h"
#include "base/banned.h"

/* People of a room with their texts, and the repairs. */
#define LOOK_TEXTS ((size_t)512 * 1024)

void tel_room_look_begin(struct tel_room_look *look, const struct tel_look_at *at,
			 tel_time looked_at)
{
	tel_arena_init(&look->mem, LOOK_TEXTS);
	look->at = at;
	look->room = (struct tel_room_shown){
		.name = at->name, .listed = tel_str_is_set(at->sid), .sid = at->sid,
		.created_at = at->created_at, .looked_at = looked_at,
	};
	look->phase = TEL_LOOK_ASK;
}

void tel_room_look_end(struct tel_room_look *look)
{
	struct tel_room_look empty = {
		.app = look->app, .dry_run = look->dry_run, .report = look->report,
		.report_ctx = look->report_ctx,
	};

	tel_call_free(look->call);
	tel_call_free(look->before);
	tel_arena_release(&look->mem);
	*look = empty;
}

static enum tel_err ask_livekit(struct tel_room_look *look, enum tel_lk_method method,
				tel_lk_done_fn done)
{
	struct tel_lk_request request = { .method = method, .room = look->room.name };
	enum tel_look_phase phase = look->phase;
	enum tel_err err;

	look->phase = TEL_LOOK_WAIT;
	err = look->app->livekit->ops->send(look->app->livekit, &request, done, look);
	if (err)
		look->phase = phase;
	else
		look->requests++;
	return err;
}

static void give_up(struct tel_room_look *look, struct tel_str code)
{
	look->failed = true;
	snprintf(look->code, sizeof(look->code), "%.*s", TEL_STR_ARG(code));
	look->phase = TEL_LOOK_DONE;
}

/* ---- who is in the room ------------------------------------------------------------ */

static enum tel_err keep_person(struct tel_room_look *look, const struct tel_participant *p)
{
	struct tel_participant *copy = &look->people[look->room.n_participants];
	struct tel_str *texts[] = {
		&copy->sid, &copy->identity, &copy->disconnect_reason, &copy->sip_call_id,
		&copy->number, &copy->trunk_number, &copy->trunk_id, &copy->rule_id,
		&copy->call_id, &copy->agent_name,
	};
	enum tel_err err = TEL_OK;
	size_t i;

	*copy = *p;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]) && !err; i++)
		err = tel_arena_copy(&look->mem, *texts[i], TEL_MAX_TEXT, texts[i]);
	look->room.n_participants += !err;
	return err;
}

static enum tel_err keep_people(struct tel_room_look *look, const struct tel_lk_answer *answer)
{
	enum tel_err err = TEL_OK;
	size_t i;

	look->people = tel_arena_alloc(&look->mem, TEL_MAX_SHOWN * sizeof(*look->people));
	if (!look->people)
		return TEL_ENOMEM;
	look->room.participants = look->people;
	for (i = 0; i < answer->n_participants && !err; i++) {
		const struct tel_participant *p = &answer->participants[i];

		if (p->kind != TEL_PARTICIPANT_SIP && p->kind != TEL_PARTICIPANT_AGENT)
			continue;
		err = look->room.n_participants < TEL_MAX_SHOWN ? keep_person(look, p) :
								 TEL_ETOOBIG;
	}
	return err;
}

/* A list that does not fit says nothing about who is missing in it. */
static void saw_people(void *ctx, const struct tel_lk_answer *answer)
{
	struct tel_room_look *look = ctx;
	enum tel_err err;

	if (answer->verdict != TEL_LK_DONE) {
		give_up(look, answer->code);
		return;
	}
	err = keep_people(look, answer);
	if (err)
		give_up(look, tel_str_from(tel_err_text(err)));
	else
		look->phase = TEL_LOOK_PLAN;
}

/* ---- compare ------------------------------------------------------------------------- */

static bool has_phone(const struct tel_room_shown *room)
{
	size_t i;

	for (i = 0; i < room->n_participants; i++)
		if (room->participants[i].kind == TEL_PARTICIPANT_SIP)
			return true;
	return false;
}

/* The newest call in a room of that name, which is over: what is left of it? */
static enum tel_err load_before(struct tel_room_look *look)
{
	struct tel_call_filter filter = { .room_name = look->room.name, .limit = 1 };
	struct tel_call_store *store = look->app->store;
	struct tel_call_page page = { 0 };
	enum tel_err err;

	if (look->at->call_id.text[0] || look->room.n_participants == 0 || look->before)
		return TEL_OK;
	err = store->ops->list(store, &filter, &page);
	if (!err && page.n == 1) {
		look->before = page.calls[0];
		page.calls[0] = NULL;
	}
	tel_call_page_release(&page);
	return err;
}

/* TEL_ENOTFOUND: it is kept no more. */
static enum tel_err load_call(struct tel_room_look *look)
{
	struct tel_call_store *store = look->app->store;

	if (!look->at->call_id.text[0] || look->call)
		return TEL_OK;
	return store->ops->get(store, &look->at->call_id, &look->call, NULL);
}

/* A phone whose call is over may be listed a little longer: nothing to repair. */
static void forget_known_phones(struct tel_room_look *look)
{
	size_t i, kept = 0;

	for (i = 0; i < look->n_repairs; i++)
		if (!look->before ||
		    !tel_call_leg(look->before, look->repairs[i].participant.sid))
			look->repairs[kept++] = look->repairs[i];
	look->n_repairs = kept;
}

static enum tel_err compare(struct tel_room_look *look)
{
	bool unknown = !look->at->call_id.text[0];

	look->repairs = tel_arena_alloc(&look->mem, TEL_MAX_REPAIRS * sizeof(*look->repairs));
	if (!look->repairs)
		return TEL_ENOMEM;
	look->n_repairs = tel_plan_repairs(look->call, &look->room, look->repairs);
	if (!unknown)
		return TEL_OK;
	forget_known_phones(look);
	look->is_left_over = look->before &&
			     tel_is_left_over(look->before, &look->room, &look->app->policy,
					      tel_now(look->app->clock));
	/* One that will be left over in a while is to be looked at then. */
	look->quiet = !look->before && !has_phone(&look->room);
	return TEL_OK;
}

static enum tel_err plan(struct tel_room_look *look)
{
	enum tel_err err = load_call(look);

	if (!err)
		err = load_before(look);
	if (!err)
		err = compare(look);
	if (err && err != TEL_ENOTFOUND)
		return err;
	look->phase = !err && (look->n_repairs > 0 || look->is_left_over) ? TEL_LOOK_CONFIRM :
									   TEL_LOOK_DONE;
	return TEL_OK;
}

/* ---- confirm ---------------------------------------------------------------------------- */

/*
 * ListParticipants goes by the name. The room of that name must have been the
 * same one before and after, or have been missing both times.
 */
static void confirmed(void *ctx, const struct tel_lk_answer *answer)
{
	struct tel_room_look *look = ctx;
	struct tel_str sid;

	if (answer->verdict != TEL_LK_DONE) {
		give_up(look, answer->code);
		return;
	}
	sid = answer->n_rooms > 0 ? answer->rooms[0].sid : TEL_STR_NONE;
	look->phase = tel_str_eq(sid, look->room.sid) ? TEL_LOOK_APPLY : TEL_LOOK_DONE;
}

/* ---- repair ------------------------------------------------------------------------------- */

static void tell(struct tel_room_look *look, const struct tel_repair *repair,
		 enum tel_repair_kind kind, struct tel_str call_id, const char *result)
{
	struct tel_repair_line line = {
		.room_name = look->room.name,
		.room_sid = repair ? repair->room_sid : look->room.sid,
		.call_id = call_id,
		.participant = repair ? repair->participant.identity : TEL_STR_NONE,
		.kind = tel_repair_kind_text(kind),
		.result = result,
	};

	look->repaired++;
	if (look->report)
		look->report(look->report_ctx, &line);
	if (look->dry_run)
		return;
	tel_count(look->app->counters, (enum tel_counter)(TEL_COUNT_REPAIR_LEG_FOUND + (int)kind));
	tel_log_line(look->app->log, TEL_LOG_WARN, "repair", TEL_F_TEXT("kind", line.kind),
		     TEL_F_STR("callId", call_id), TEL_F_STR("roomSid", line.room_sid),
		     TEL_F_TEXT("effect", result));
}

static enum tel_err repair_one(struct tel_room_look *look, const struct tel_repair *repair)
{
	struct tel_event event;
	struct tel_on_event on = {
		.env = tel_app_env(look->app),
		.event = &event,
	};
	enum tel_err err;

	tel_repair_event(repair, &look->room, &event);
	err = tel_apply_event(look->app, &event, &on);
	/* Refused for good: the next round would not fare better. */
	if (err)
		return tel_err_is_ours(err) ? err : TEL_OK;
	if (on.effect != TEL_EFFECT_IGNORED)
		tell(look, repair, repair->kind, tel_call_id_str(&on.call_id),
		     tel_event_effect_text(on.effect));
	tel_count_effect(look->app, on.effect);
	return TEL_OK;
}

static enum tel_err clear_left_over(struct tel_room_look *look)
{
	struct tel_call_store *store = look->app->store;
	struct tel_step_about about = { .call_id = tel_call_id_str(&look->before->id) };
	struct tel_left_over left = {
		.env = tel_app_env(look->app),
	};
	enum tel_err err = store->ops->step(store, &about, tel_decide_left_over, &left);

	if (!err && left.will_be_deleted)
		tell(look, NULL, TEL_REPAIR_LEFT_OVER, about.call_id, "to be deleted");
	return err;
}

static void show_plan(struct tel_room_look *look)
{
	struct tel_str id = look->call ? tel_call_id_str(&look->call->id) : TEL_STR_NONE;
	size_t i;

	for (i = 0; i < look->n_repairs; i++)
		tell(look, &look->repairs[i], look->repairs[i].kind, id, "planned");
	if (look->is_left_over)
		tell(look, NULL, TEL_REPAIR_LEFT_OVER, tel_call_id_str(&look->before->id), "planned");
}

static enum tel_err apply(struct tel_room_look *look)
{
	enum tel_err err = TEL_OK;
	size_t i;

	if (look->dry_run) {
		show_plan(look);
		look->phase = TEL_LOOK_DONE;
		return TEL_OK;
	}
	for (i = 0; i < look->n_repairs && !err; i++)
		err = repair_one(look, &look->repairs[i]);
	if (!err && look->is_left_over)
		err = clear_left_over(look);
	/* After our own trouble all are tried again: done ones change nothing. */
	if (!err)
		look->phase = TEL_LOOK_DONE;
	return err;
}

enum tel_err tel_room_look_turn(struct tel_room_look *look)
{
	switch (look->phase) {
	case TEL_LOOK_ASK:	return ask_livekit(look, TEL_LK_LIST_PARTICIPANTS, saw_people);
	case TEL_LOOK_PLAN:	return plan(look);
	case TEL_LOOK_CONFIRM:	return ask_livekit(look, TEL_LK_LIST_ROOMS, confirmed);
	case TEL_LOOK_APPLY:	return apply(look);
	case TEL_LOOK_FREE:
	case TEL_LOOK_WAIT:
	case TEL_LOOK_DONE:	break;
	}
	return TEL_OK;
}
