#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "contract/contract.h"
#include "base/banned.h"

/* ---- stores -------------------------------------------------------------- */

struct tel_call_store *contract_open_with_retention(tel_time retention)
{
	return tel_contract.open(retention);
}

struct tel_call_store *contract_open(void)
{
	return contract_open_with_retention(0);
}

void contract_close(struct tel_call_store *store)
{
	if (tel_contract.is_sound)
		CU_ASSERT_TRUE(tel_contract.is_sound(store));
	tel_contract.close(store);
}

/* ---- calls --------------------------------------------------------------- */

struct tel_call_id contract_id(unsigned n)
{
	struct tel_call_id id;

	snprintf(id.text, sizeof(id.text), "00000000-0000-4000-8000-%012x", n);
	return id;
}

unsigned contract_number(const struct tel_call *call)
{
	return (unsigned)strtoul(call->id.text + 24, NULL, 16);
}

void contract_set(struct tel_call *call, struct tel_str *field, const char *text)
{
	CU_ASSERT_EQUAL_FATAL(tel_call_set(call, field, tel_str_from(text), TEL_MAX_RECORD), TEL_OK);
}

static void add_first_leg(struct tel_call *call, const struct recipe *r)
{
	struct tel_leg *leg;

	CU_ASSERT_EQUAL_FATAL(tel_call_add_leg(call, &leg), TEL_OK);
	leg->kind = TEL_PARTICIPANT_SIP;
	contract_set(call, &leg->participant_sid, r->leg);
	contract_set(call, &leg->room_sid, r->room_sid);
	contract_set(call, &leg->sip_call_id, r->sip_call_id);
}

struct tel_call *contract_new_call(const struct recipe *r)
{
	struct tel_call *call = tel_call_new();
	struct tel_job *job;

	CU_ASSERT_PTR_NOT_NULL_FATAL(call);
	call->id = contract_id(r->n);
	call->status = r->status;
	call->created_at = call->updated_at = r->created_at;
	call->ended_at = r->ended_at;
	call->direction = r->direction;
	CU_ASSERT_TRUE(!r->from || tel_e164_parse(tel_str_from(r->from), &call->from));
	CU_ASSERT_TRUE(!r->to || tel_e164_parse(tel_str_from(r->to), &call->to));
	contract_set(call, &call->room_name, r->room);
	contract_set(call, &call->room_sid, r->room_sid);
	contract_set(call, &call->sip_call_id, r->sip_call_id);
	if (r->leg)
		add_first_leg(call, r);
	if (r->due) {
		job = &call->jobs[TEL_JOB_END_OVERDUE];
		job->pending = true;
		job->due = r->due;
		contract_set(call, &job->lease.owner, r->lease_owner);
		job->lease.until = r->lease_until;
	}
	return call;
}

static enum tel_err decide_make(struct tel_step *step, void *ctx)
{
	step->fresh = contract_new_call(ctx);
	return TEL_OK;
}

enum tel_err contract_try_make(struct tel_call_store *store, const struct recipe *recipe)
{
	struct tel_step_about about = { .expect_change = true };
	struct recipe r = *recipe;

	return store->ops->step(store, &about, decide_make, &r);
}

void contract_make(struct tel_call_store *store, struct recipe recipe)
{
	CHECK_INT(contract_try_make(store, &recipe), TEL_OK);
}

struct edit {
	edit_fn edit;
	void *ctx;
};

static enum tel_err decide_edit(struct tel_step *step, void *ctx)
{
	struct edit *e = ctx;

	if (!step->call)
		return TEL_ENOTFOUND;
	e->edit(step->call, e->ctx);
	step->save = true;
	return TEL_OK;
}

enum tel_err contract_edit(struct tel_call_store *store, unsigned n, edit_fn edit, void *ctx)
{
	struct tel_call_id id = contract_id(n);
	struct tel_step_about about = { .call_id = tel_call_id_str(&id) };
	struct edit e = { edit, ctx };

	return store->ops->step(store, &about, decide_edit, &e);
}

/* ---- what a step finds ---------------------------------------------------- */

struct found {
	unsigned n;
	bool event_seen, room_finished;
};

static enum tel_err decide_look(struct tel_step *step, void *ctx)
{
	struct found *found = ctx;

	found->n = step->call ? contract_number(step->call) : 0;
	found->event_seen = step->event_seen;
	found->room_finished = step->room_finished;
	return TEL_OK;
}

static struct found look(struct tel_call_store *store, const struct tel_step_about *about)
{
	struct tel_step_about quick = *about, slow = *about;
	struct found found = { 0 }, again = { 0 };

	quick.expect_change = false;
	slow.expect_change = true;
	CHECK_INT(store->ops->step(store, &quick, decide_look, &found), TEL_OK);
	CHECK_INT(store->ops->step(store, &slow, decide_look, &again), TEL_OK);
	CHECK_INT(found.n, again.n);
	CHECK_INT(found.event_seen, again.event_seen);
	CHECK_INT(found.room_finished, again.room_finished);
	return found;
}

unsigned contract_find(struct tel_call_store *store, const struct tel_step_about *about)
{
	return look(store, about).n;
}

bool contract_event_seen(struct tel_call_store *store, const char *event_id)
{
	struct tel_step_about about = { .event_id = tel_str_from(event_id) };

	return look(store, &about).event_seen;
}

bool contract_room_finished(struct tel_call_store *store, const char *room, const char *sid)
{
	struct tel_step_about about = {
		.room_name = tel_str_from(room), .room_sid = tel_str_from(sid),
	};

	return look(store, &about).room_finished;
}

static enum tel_err decide_remember(struct tel_step *step, void *ctx)
{
	step->remember_event = true;
	step->remember_until = *(tel_time *)ctx;
	return TEL_OK;
}

void contract_remember(struct tel_call_store *store, const char *event_id, tel_time until)
{
	struct tel_step_about about = { .event_id = tel_str_from(event_id) };

	CHECK_INT(store->ops->step(store, &about, decide_remember, &until), TEL_OK);
}

static enum tel_err decide_finish(struct tel_step *step, void *ctx)
{
	step->finish_room = true;
	step->remember_until = *(tel_time *)ctx;
	return TEL_OK;
}

void contract_finish_room(struct tel_call_store *store, const char *room, const char *sid,
			  tel_time until)
{
	struct tel_step_about about = {
		.room_name = tel_str_from(room), .room_sid = tel_str_from(sid),
	};

	CHECK_INT(store->ops->step(store, &about, decide_finish, &until), TEL_OK);
}

/* ---- reading ---------------------------------------------------------------- */

struct tel_call *contract_get(struct tel_call_store *store, unsigned n)
{
	struct tel_call_id id = contract_id(n);
	struct tel_call *call = NULL;

	CHECK_INT(store->ops->get(store, &id, &call, NULL), TEL_OK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(call);
	return call;
}

bool contract_has(struct tel_call_store *store, unsigned n)
{
	struct tel_call_id id = contract_id(n);
	struct tel_call *call = NULL;
	enum tel_err err = store->ops->get(store, &id, &call, NULL);

	CU_ASSERT_TRUE(err == TEL_OK || err == TEL_ENOTFOUND);
	tel_call_free(call);
	return err == TEL_OK;
}

struct tel_store_stats contract_stats(struct tel_call_store *store)
{
	struct tel_store_stats stats = { 0 };

	CHECK_INT(store->ops->stats(store, &stats), TEL_OK);
	return stats;
}
