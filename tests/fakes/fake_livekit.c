#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fakes/fake_world.h"
#include "base/banned.h"

/* ---- answering ------------------------------------------------------------ */

static struct tel_str text(const char *given)
{
	return given[0] ? tel_str_from(given) : TEL_STR_NONE;
}

static void *a_list(size_t n, size_t size)
{
	void *p = calloc(n + 1, size);

	if (!p)
		abort();
	return p;
}

static struct tel_lk_dispatch dispatch_shown(const struct tel_fake_dispatch *d)
{
	return (struct tel_lk_dispatch){
		.id = tel_str_from(d->id), .agent_name = tel_str_from(d->agent),
		.call_id = tel_str_from(d->call_id), .room_sid = text(d->meant_for),
		.deleted = d->deleted, .has_job = !d->no_job,
	};
}

static void answer_one_dispatch(const struct tel_fake_pending *p, struct tel_lk_answer *answer)
{
	struct tel_lk_dispatch *list = a_list(1, sizeof(*list));

	list[0] = dispatch_shown(&p->dispatch);
	list[0].has_job = false;	/* a worker takes it later */
	answer->dispatches = list;
	answer->n_dispatches = 1;
}

static void answer_dispatches(const struct tel_fake_livekit *lk, const struct tel_fake_pending *p,
			      struct tel_lk_answer *answer)
{
	const struct tel_fake_room *room = tel_fake_room(lk, p->room);
	struct tel_lk_dispatch *list = a_list(lk->n_dispatches, sizeof(*list));
	size_t i, n = 0;

	for (i = 0; i < lk->n_dispatches; i++)
		if (room && strcmp(lk->dispatches[i].life, room->sid) == 0)
			list[n++] = dispatch_shown(&lk->dispatches[i]);
	answer->dispatches = list;
	answer->n_dispatches = n;
}

static struct tel_participant phone_shown(const struct tel_fake_phone *phone)
{
	return (struct tel_participant){
		.kind = TEL_PARTICIPANT_SIP,
		.sid = tel_str_from(phone->sid),
		.identity = text(phone->identity),
		.sip_status = phone->status,
		.sip_call_id = text(phone->sip_call_id),
		.joined_at = phone->joined_at,
		.number = text(phone->number),
		.trunk_number = text(phone->trunk_number),
		.trunk_id = text(phone->trunk),
		.rule_id = text(phone->rule),
		.call_id = text(phone->call_id),
	};
}

static struct tel_participant agent_shown(const struct tel_fake_agent *agent)
{
	return (struct tel_participant){
		.kind = TEL_PARTICIPANT_AGENT,
		.sid = tel_str_from(agent->sid),
		.identity = tel_str_from(agent->identity),
		.joined_at = agent->joined_at,
		.agent_name = text(agent->name),
	};
}

static void answer_one_phone(const struct tel_participant *phone, struct tel_lk_answer *answer)
{
	struct tel_participant *list = a_list(1, sizeof(*list));

	list[0] = *phone;
	answer->participants = list;
	answer->n_participants = 1;
}

static void answer_participants(const struct tel_fake_livekit *lk,
				const struct tel_fake_pending *p, struct tel_lk_answer *answer)
{
	const struct tel_fake_room *room = tel_fake_room_shown(lk, p->room);
	size_t i, n = 0, others = room ? room->others : 0;
	struct tel_participant *list = a_list(lk->n_phones + lk->n_agents + others, sizeof(*list));
	const struct tel_fake_phone *phone;
	const struct tel_fake_agent *agent;

	for (i = 0; i < others; i++)
		list[n++] = (struct tel_participant){
			.kind = TEL_PARTICIPANT_OTHER, .sid = TEL_STR("PA_other"),
			.identity = TEL_STR("somebody") };
	for (i = 0; room && i < lk->n_phones; i++) {
		phone = &lk->phones[i];
		if ((phone->there || phone->stale) && strcmp(phone->life, room->sid) == 0)
			list[n++] = phone_shown(phone);
	}
	for (i = 0; room && i < lk->n_agents; i++) {
		agent = &lk->agents[i];
		if ((agent->there || agent->stale) && strcmp(agent->life, room->sid) == 0)
			list[n++] = agent_shown(agent);
	}
	answer->participants = list;
	answer->n_participants = n;
}

static uint32_t people_in(const struct tel_fake_livekit *lk, const struct tel_fake_room *room)
{
	uint32_t n = room->others;
	size_t i;

	for (i = 0; i < lk->n_phones; i++)
		n += (lk->phones[i].there || lk->phones[i].stale) &&
		     strcmp(lk->phones[i].life, room->sid) == 0;
	return n;
}

/* All that live or seem to, or only the one that was asked for. */
static void answer_rooms(const struct tel_fake_livekit *lk, const char *name,
			 struct tel_lk_answer *answer)
{
	struct tel_lk_room *list = a_list(lk->n_rooms, sizeof(*list));
	const struct tel_fake_room *room;
	size_t i, n = 0;

	for (i = 0; i < lk->n_rooms; i++) {
		room = &lk->rooms[i];
		if ((room->open || room->stale) && (!name[0] || strcmp(room->name, name) == 0))
			list[n++] = (struct tel_lk_room){
				.sid = tel_str_from(room->sid), .name = tel_str_from(room->name),
				.created_at = room->created_at, .call_id = text(room->call_id),
				.n_people = people_in(lk, room),
			};
	}
	answer->rooms = list;
	answer->n_rooms = n;
}

static void refuse(struct tel_lk_answer *answer, enum tel_lk_verdict verdict, int status,
		   const char *code)
{
	answer->verdict = verdict;
	answer->http_status = status;
	answer->code = tel_str_from(code);
	answer->message = TEL_STR("as the test wants it");
}

static void refuse_by_sip(struct tel_lk_answer *answer, int status, const char *code,
			  int sip_status_code, const char *sip_status)
{
	refuse(answer, TEL_LK_REFUSED, status, code);
	answer->sip_status_code = sip_status_code;
	answer->sip_status = tel_str_from(sip_status);
}

static void answer_failed_dial(enum tel_fake_callee does, struct tel_lk_answer *answer)
{
	switch (does) {
	case TEL_FAKE_BUSY:
		refuse_by_sip(answer, 503, "unavailable", 486, "Busy Here");
		break;
	case TEL_FAKE_DECLINES:
		refuse_by_sip(answer, 503, "unavailable", 603, "Decline");
		break;
	case TEL_FAKE_NO_SUCH_NUMBER:
		refuse_by_sip(answer, 400, "invalid_argument", 404, "Not Found");
		break;
	case TEL_FAKE_TRUNK_REFUSES:
		refuse_by_sip(answer, 403, "permission_denied", 403, "Forbidden");
		break;
	case TEL_FAKE_NO_SIP:
		refuse(answer, TEL_LK_UNKNOWN, 503, "unavailable");
		break;
	case TEL_FAKE_NO_TRUNK:
		refuse(answer, TEL_LK_GONE, 404, "not_found");
		break;
	case TEL_FAKE_RINGS_UNHEARD:
		refuse(answer, TEL_LK_UNKNOWN, 0, "network");
		break;
	case TEL_FAKE_ANSWERS:
	case TEL_FAKE_NEVER_ANSWERS:
	case TEL_FAKE_NOTHING_THERE:
	case TEL_FAKE_DIALS:
	case TEL_FAKE_RINGS:
		refuse(answer, TEL_LK_UNKNOWN, 408, "canceled");
		break;
	}
}

/* A dial tells who joined, and nothing of how he is. */
static void answer_dial(const struct tel_fake_livekit *lk, const struct tel_fake_pending *p,
			struct tel_lk_answer *answer)
{
	const struct tel_fake_phone *phone = p->found ? &lk->phones[p->phone_at] : &p->phone;
	struct tel_participant shown;

	if (!phone->answered) {
		answer_failed_dial(phone->does, answer);
		return;
	}
	shown = (struct tel_participant){
		.kind = TEL_PARTICIPANT_SIP, .sid = tel_str_from(phone->sid),
		.identity = tel_str_from(phone->identity),
		.sip_call_id = tel_str_from(phone->sip_call_id),
	};
	answer_one_phone(&shown, answer);
}

static void answer_phone(const struct tel_fake_livekit *lk, const struct tel_fake_pending *p,
			 struct tel_lk_answer *answer)
{
	const struct tel_fake_phone *phone = tel_fake_phone_in(lk, tel_fake_room(lk, p->room),
							       p->phone.identity);
	struct tel_participant shown;

	if (!phone) {
		refuse(answer, TEL_LK_GONE, 404, "not_found");
		return;
	}
	shown = phone_shown(phone);
	answer_one_phone(&shown, answer);
}

static void good_answer(struct tel_fake_livekit *lk, struct tel_fake_pending *p,
			struct tel_lk_answer *answer)
{
	bool open = p->acted || tel_fake_room(lk, p->room);

	answer->http_status = 200;
	switch (p->method) {
	case TEL_LK_CREATE_DISPATCH:
		answer_one_dispatch(p, answer);
		break;
	case TEL_LK_LIST_DISPATCH:
		if (open)
			answer_dispatches(lk, p, answer);
		else
			refuse(answer, TEL_LK_UNKNOWN, 503, "unavailable");
		break;
	case TEL_LK_LIST_PARTICIPANTS:
		answer_participants(lk, p, answer);
		break;
	case TEL_LK_DELETE_ROOM:
		if (!p->found)
			refuse(answer, TEL_LK_GONE, 404, "not_found");
		break;
	case TEL_LK_DELETE_DISPATCH:
		if (!open)
			refuse(answer, TEL_LK_UNKNOWN, 503, "unavailable");
		else if (!p->found)
			refuse(answer, TEL_LK_GONE, 404, "not_found");
		break;
	case TEL_LK_TRANSFER_SIP_PARTICIPANT:
		if (!p->found)
			refuse(answer, TEL_LK_GONE, 404, "not_found");
		else if (lk->transfer_sip_status)
			refuse_by_sip(answer, 503, "unavailable", lk->transfer_sip_status,
				      "as the test wants it");
		break;
	case TEL_LK_CREATE_ROOM:
	case TEL_LK_LIST_ROOMS:
		answer_rooms(lk, p->room, answer);
		break;
	case TEL_LK_GET_PARTICIPANT:
		answer_phone(lk, p, answer);
		break;
	case TEL_LK_CREATE_SIP_PARTICIPANT:
		answer_dial(lk, p, answer);
		break;
	case TEL_LK_METHODS:
		abort();
	}
}

static void answer_by_fault(struct tel_fake_livekit *lk, struct tel_fake_pending *p,
			    struct tel_lk_answer *answer)
{
	switch (p->fault) {
	case TEL_FAKE_FINE:
		good_answer(lk, p, answer);
		break;
	case TEL_FAKE_ANSWER_LOST:
	case TEL_FAKE_REQUEST_LOST:
		refuse(answer, TEL_LK_UNKNOWN, 0, "timeout");
		break;
	case TEL_FAKE_NOT_SENT:
		refuse(answer, TEL_LK_NOT_SENT, 0, "connect");
		break;
	case TEL_FAKE_TRY_LATER:
		refuse(answer, TEL_LK_TRY_LATER, 429, "resource_exhausted");
		break;
	case TEL_FAKE_REFUSED:
		refuse(answer, TEL_LK_REFUSED, 401, "unauthenticated");
		break;
	case TEL_FAKE_HELD:
	case TEL_FAKE_ANSWER_HELD:
	case TEL_FAKE_NO_SEND:
	case TEL_FAKE_BAD_REQUEST:
		abort();
	}
}

/* A dial is answered when its phone is, or when that can't be any more. */
static bool must_wait(const struct tel_fake_livekit *lk, const struct tel_fake_pending *p)
{
	const struct tel_fake_phone *phone;

	if (p->method != TEL_LK_CREATE_SIP_PARTICIPANT || p->fault != TEL_FAKE_FINE || !p->found)
		return false;
	phone = &lk->phones[p->phone_at];
	return tel_fake_is_undecided(phone) && phone->does != TEL_FAKE_RINGS_UNHEARD;
}

static void resolve(struct tel_fake_livekit *lk, struct tel_fake_pending *p)
{
	struct tel_lk_answer answer = { .method = p->method, .verdict = TEL_LK_DONE };

	if (!p->acted && (p->fault == TEL_FAKE_FINE || p->fault == TEL_FAKE_ANSWER_LOST)) {
		tel_fake_act(lk, p);
		p->acted = p->method == TEL_LK_CREATE_SIP_PARTICIPANT;
	}
	if (must_wait(lk, p)) {
		lk->pending[lk->n_pending++] = *p;
		return;
	}
	answer_by_fault(lk, p, &answer);
	if (p->done)
		p->done(p->ctx, &answer);
	free((void *)answer.dispatches);
	free((void *)answer.participants);
	free((void *)answer.rooms);
}

/* ---- the port --------------------------------------------------------------- */

static enum tel_fake_fault next_fault(struct tel_fake_livekit *lk, enum tel_lk_method method)
{
	enum tel_fake_fault fault;
	size_t i;

	for (i = 0; i < lk->n_faults; i++) {
		if (lk->faults[i].method != method)
			continue;
		fault = lk->faults[i].fault;
		memmove(&lk->faults[i], &lk->faults[i + 1],
			(lk->n_faults - i - 1) * sizeof(lk->faults[0]));
		lk->n_faults--;
		return fault;
	}
	return TEL_FAKE_FINE;
}

/* What a call says about its agent or its phone. */
static void fill_from_call(struct tel_fake_pending *p, const struct tel_lk_request *request)
{
	const struct tel_call *call = request->call;
	struct tel_fake_dispatch *d = &p->dispatch;
	struct tel_fake_phone *phone = &p->phone;

	tel_fake_set(d->agent, sizeof(d->agent), request->agent_name);
	tel_fake_set(d->call_id, sizeof(d->call_id), tel_call_id_str(&call->id));
	tel_fake_set(d->meant_for, sizeof(d->meant_for), call->room_sid);
	tel_fake_set(phone->call_id, sizeof(phone->call_id), tel_call_id_str(&call->id));
	tel_fake_set(phone->trunk, sizeof(phone->trunk), call->trunk_id);
	tel_fake_set(phone->dtmf, sizeof(phone->dtmf), call->dial.dtmf);
	tel_fake_set(phone->number, sizeof(phone->number), tel_e164_str(&call->to));
	tel_fake_set(phone->trunk_number, sizeof(phone->trunk_number), tel_e164_str(&call->from));
	phone->from = call->from;
	phone->to = call->to;
	phone->ringing_timeout = call->dial.ringing_timeout;
	phone->max_duration = call->dial.max_duration;
}

/* All of a request is borrowed for send()'s time. */
static void fill(struct tel_fake_pending *p, const struct tel_lk_request *request)
{
	tel_fake_set(p->room, sizeof(p->room), request->room);
	tel_fake_set(p->dispatch.room, sizeof(p->dispatch.room), request->room);
	tel_fake_set(p->dispatch.id, sizeof(p->dispatch.id), request->dispatch_id);
	tel_fake_set(p->phone.room, sizeof(p->phone.room), request->room);
	tel_fake_set(p->phone.identity, sizeof(p->phone.identity), request->identity);
	tel_fake_set(p->phone.transferred_to, sizeof(p->phone.transferred_to),
		     request->transfer_to);
	if (request->call)
		fill_from_call(p, request);
}

static enum tel_err fake_send(struct tel_livekit *port, const struct tel_lk_request *request,
			      tel_lk_done_fn done, void *ctx)
{
	struct tel_fake_livekit *lk = (struct tel_fake_livekit *)port;
	enum tel_fake_fault fault = next_fault(lk, request->method);
	struct tel_fake_pending *p;

	if (fault == TEL_FAKE_NO_SEND || lk->n_pending == TEL_FAKE_MAX_PENDING)
		return TEL_EBUSY;
	if (fault == TEL_FAKE_BAD_REQUEST)
		return TEL_EMALFORMED;
	p = &lk->pending[lk->n_pending++];
	*p = (struct tel_fake_pending){ .method = request->method, .fault = fault,
					.done = done, .ctx = ctx };
	fill(p, request);
	lk->sent[request->method]++;
	if (fault == TEL_FAKE_ANSWER_HELD) {
		tel_fake_act(lk, p);
		p->acted = true;
		p->fault = TEL_FAKE_HELD;
	}
	return TEL_OK;
}

static enum tel_err fake_poll(struct tel_livekit *port, tel_time wait)
{
	struct tel_fake_livekit *lk = (struct tel_fake_livekit *)port;
	struct tel_fake_pending now[TEL_FAKE_MAX_PENDING];
	size_t i, n = lk->n_pending, kept = 0;

	(void)wait;
	memcpy(now, lk->pending, n * sizeof(now[0]));
	for (i = 0; i < n; i++)
		if (now[i].fault == TEL_FAKE_HELD)
			lk->pending[kept++] = now[i];
	lk->n_pending = kept;
	for (i = 0; i < n; i++)
		if (now[i].fault != TEL_FAKE_HELD)
			resolve(lk, &now[i]);
	return TEL_OK;
}

static void fake_wake(struct tel_livekit *port)
{
	(void)port;
}

static void fake_close(struct tel_livekit *port)
{
	tel_fake_livekit_free((struct tel_fake_livekit *)port);
}

static const struct tel_livekit_ops fake_ops = {
	.name = "fake", .send = fake_send, .poll = fake_poll, .wake = fake_wake,
	.close = fake_close,
};

/* ---- the world ---------------------------------------------------------------- */

struct tel_fake_livekit *tel_fake_livekit_new(void)
{
	struct tel_fake_livekit *lk = calloc(1, sizeof(*lk));

	if (lk)
		lk->base.ops = &fake_ops;
	return lk;
}

void tel_fake_livekit_free(struct tel_fake_livekit *lk)
{
	if (!lk)
		return;
	free(lk->rooms);
	free(lk->dispatches);
	free(lk->phones);
	free(lk->agents);
	free(lk);
}

struct tel_livekit *tel_fake_livekit_port(struct tel_fake_livekit *lk)
{
	return &lk->base;
}

void tel_fake_livekit_fault(struct tel_fake_livekit *lk, enum tel_lk_method method,
			    enum tel_fake_fault fault)
{
	if (lk->n_faults == TEL_FAKE_MAX_FAULTS)
		abort();
	lk->faults[lk->n_faults].method = method;
	lk->faults[lk->n_faults++].fault = fault;
}

void tel_fake_livekit_release_held(struct tel_fake_livekit *lk)
{
	size_t i;

	for (i = 0; i < lk->n_pending; i++)
		if (lk->pending[i].fault == TEL_FAKE_HELD)
			lk->pending[i].fault = TEL_FAKE_FINE;
}

static void let_go(struct tel_fake_livekit *lk, enum tel_lk_method method,
		   enum tel_fake_fault fault)
{
	size_t i;

	for (i = 0; i < lk->n_pending; i++)
		if (lk->pending[i].fault == TEL_FAKE_HELD && lk->pending[i].method == method)
			lk->pending[i].fault = fault;
}

void tel_fake_livekit_release(struct tel_fake_livekit *lk, enum tel_lk_method method)
{
	let_go(lk, method, TEL_FAKE_FINE);
}

void tel_fake_livekit_lose(struct tel_fake_livekit *lk, enum tel_lk_method method)
{
	let_go(lk, method, TEL_FAKE_ANSWER_LOST);
}

void tel_fake_livekit_orphan(struct tel_fake_livekit *lk)
{
	size_t i;

	for (i = 0; i < lk->n_pending; i++)
		lk->pending[i].done = NULL;
}

size_t tel_fake_livekit_sent(const struct tel_fake_livekit *lk, enum tel_lk_method method)
{
	return lk->sent[method];
}
