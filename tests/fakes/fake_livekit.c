#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fakes/fake_livekit.h"
#include "base/banned.h"

#define MAX_PHONES 8
#define MAX_FAULTS 64
#define MAX_PENDING 128

struct room {
	char name[TEL_MAX_ROOM_NAME + 1];
	char sid[TEL_MAX_ID + 1];
	bool open;
	char phones[MAX_PHONES][TEL_MAX_ID + 1];
	size_t n_phones;
};

struct pending {
	enum tel_lk_method method;
	struct tel_fake_dispatch dispatch;	/* of CREATE_DISPATCH */
	char room[TEL_MAX_ROOM_NAME + 1];
	enum tel_fake_fault fault;
	bool acted;				/* before it was answered */
	tel_lk_done_fn done;
	void *ctx;
};

struct tel_fake_livekit {
	struct tel_livekit base;
	struct room *rooms;
	size_t n_rooms;
	struct tel_fake_dispatch *dispatches;
	size_t n_dispatches;
	struct pending pending[MAX_PENDING];
	size_t n_pending;
	struct { enum tel_lk_method method; enum tel_fake_fault fault; } faults[MAX_FAULTS];
	size_t n_faults;
	size_t sent[TEL_LK_METHODS];
	size_t most_living;
	unsigned next_id;
};

static void set(char *out, size_t size, struct tel_str text)
{
	snprintf(out, size, "%.*s", TEL_STR_ARG(text));
}

static struct room *open_room(const struct tel_fake_livekit *lk, const char *name)
{
	size_t i;

	for (i = lk->n_rooms; i-- > 0;)
		if (lk->rooms[i].open && strcmp(lk->rooms[i].name, name) == 0)
			return &lk->rooms[i];
	return NULL;
}

/* Tests are small: grown one by one, and out of memory ends the test. */
static void *one_more(void *array, size_t n, size_t size)
{
	void *p = realloc(array, (n + 1) * size);

	if (!p)
		abort();
	memset((char *)p + n * size, 0, size);
	return p;
}

/* ---- acting ------------------------------------------------------------- */

static void create_dispatch(struct tel_fake_livekit *lk, struct pending *p)
{
	struct tel_fake_dispatch *d = &p->dispatch;
	struct room *room = open_room(lk, p->room);
	char sid[32];
	size_t living;

	if (!room) {
		d->ghost = true;
		snprintf(sid, sizeof(sid), "RM_ghost%u", lk->next_id);
		tel_fake_livekit_open(lk, p->room, sid);
		room = open_room(lk, p->room);
	}
	snprintf(d->id, sizeof(d->id), "AD_%u", lk->next_id++);
	set(d->life, sizeof(d->life), tel_str_from(room->sid));
	lk->dispatches = one_more(lk->dispatches, lk->n_dispatches, sizeof(*d));
	lk->dispatches[lk->n_dispatches++] = *d;
	living = tel_fake_livekit_living(lk, p->room);
	lk->most_living = living > lk->most_living ? living : lk->most_living;
}

static void act(struct tel_fake_livekit *lk, struct pending *p)
{
	if (p->method == TEL_LK_CREATE_DISPATCH)
		create_dispatch(lk, p);
	else if (p->method == TEL_LK_DELETE_ROOM)
		tel_fake_livekit_close(lk, p->room);
}

/* ---- answering ------------------------------------------------------------ */

static void answer_dispatches(const struct tel_fake_livekit *lk, const struct pending *p,
			      struct tel_lk_answer *answer)
{
	const struct room *room = open_room(lk, p->room);
	struct tel_lk_dispatch *list = calloc(lk->n_dispatches + 1, sizeof(*list));
	size_t i, n = 0;

	if (!list)
		abort();
	for (i = 0; i < lk->n_dispatches; i++) {
		const struct tel_fake_dispatch *d = &lk->dispatches[i];
		bool wanted = p->method == TEL_LK_CREATE_DISPATCH ?
			      strcmp(d->id, p->dispatch.id) == 0 :
			      room && strcmp(d->life, room->sid) == 0;

		if (!wanted)
			continue;
		list[n++] = (struct tel_lk_dispatch){
			.id = tel_str_from(d->id), .agent_name = tel_str_from(d->agent),
			.call_id = tel_str_from(d->call_id), .room_sid = tel_str_from(d->meant_for),
			.deleted = d->deleted,
		};
	}
	answer->dispatches = list;
	answer->n_dispatches = n;
}

static void answer_participants(const struct tel_fake_livekit *lk, const struct pending *p,
				struct tel_lk_answer *answer)
{
	const struct room *room = open_room(lk, p->room);
	struct tel_participant *list = calloc(MAX_PHONES, sizeof(*list));
	size_t i, n = room ? room->n_phones : 0;

	if (!list)
		abort();
	for (i = 0; i < n; i++)
		list[i] = (struct tel_participant){ .kind = TEL_PARTICIPANT_SIP,
						    .sid = tel_str_from(room->phones[i]) };
	answer->participants = list;
	answer->n_participants = n;
}

static void refuse(struct tel_lk_answer *answer, enum tel_lk_verdict verdict, int status,
		   const char *code)
{
	answer->verdict = verdict;
	answer->http_status = status;
	answer->code = tel_str_from(code);
	answer->message = TEL_STR("as the test wants it");
}

static void good_answer(struct tel_fake_livekit *lk, struct pending *p, bool was_open,
			struct tel_lk_answer *answer)
{
	answer->http_status = 200;
	switch (p->method) {
	case TEL_LK_CREATE_DISPATCH:
		answer_dispatches(lk, p, answer);
		break;
	case TEL_LK_LIST_DISPATCH:
		if (was_open)
			answer_dispatches(lk, p, answer);
		else
			refuse(answer, TEL_LK_UNKNOWN, 503, "unavailable");
		break;
	case TEL_LK_LIST_PARTICIPANTS:
		answer_participants(lk, p, answer);
		break;
	case TEL_LK_DELETE_ROOM:
		if (!was_open)
			refuse(answer, TEL_LK_GONE, 404, "not_found");
		break;
	case TEL_LK_CREATE_ROOM:
	case TEL_LK_GET_PARTICIPANT:
	case TEL_LK_CREATE_SIP_PARTICIPANT:
	case TEL_LK_TRANSFER_SIP_PARTICIPANT:
	case TEL_LK_DELETE_DISPATCH:
	case TEL_LK_LIST_ROOMS:
	case TEL_LK_METHODS:
		abort();
	}
}

static void resolve(struct tel_fake_livekit *lk, struct pending *p)
{
	struct tel_lk_answer answer = { .method = p->method, .verdict = TEL_LK_DONE };
	bool was_open = p->acted || open_room(lk, p->room) != NULL;

	if (!p->acted && (p->fault == TEL_FAKE_FINE || p->fault == TEL_FAKE_ANSWER_LOST))
		act(lk, p);
	switch (p->fault) {
	case TEL_FAKE_FINE:
		/* A dispatch's answer names the id that acting gave it. */
		if (p->method == TEL_LK_CREATE_DISPATCH)
			p->dispatch = lk->dispatches[lk->n_dispatches - 1];
		good_answer(lk, p, was_open, &answer);
		break;
	case TEL_FAKE_ANSWER_LOST:
	case TEL_FAKE_REQUEST_LOST:
		refuse(&answer, TEL_LK_UNKNOWN, 0, "timeout");
		break;
	case TEL_FAKE_NOT_SENT:
		refuse(&answer, TEL_LK_NOT_SENT, 0, "connect");
		break;
	case TEL_FAKE_TRY_LATER:
		refuse(&answer, TEL_LK_TRY_LATER, 429, "resource_exhausted");
		break;
	case TEL_FAKE_REFUSED:
		refuse(&answer, TEL_LK_REFUSED, 401, "unauthenticated");
		break;
	case TEL_FAKE_HELD:
	case TEL_FAKE_ANSWER_HELD:
	case TEL_FAKE_NO_SEND:
	case TEL_FAKE_BAD_REQUEST:
		abort();
	}
	if (p->done)
		p->done(p->ctx, &answer);
	free((void *)answer.dispatches);
	free((void *)answer.participants);
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

static enum tel_err fake_send(struct tel_livekit *port, const struct tel_lk_request *request,
			      tel_lk_done_fn done, void *ctx)
{
	struct tel_fake_livekit *lk = (struct tel_fake_livekit *)port;
	enum tel_fake_fault fault = next_fault(lk, request->method);
	struct pending *p;

	if (fault == TEL_FAKE_NO_SEND || lk->n_pending == MAX_PENDING)
		return TEL_EBUSY;
	if (fault == TEL_FAKE_BAD_REQUEST)
		return TEL_EMALFORMED;
	p = &lk->pending[lk->n_pending++];
	*p = (struct pending){ .method = request->method, .fault = fault, .done = done, .ctx = ctx };
	set(p->room, sizeof(p->room), request->room);
	lk->sent[request->method]++;
	if (fault == TEL_FAKE_ANSWER_HELD) {
		act(lk, p);
		p->acted = true;
		p->fault = TEL_FAKE_HELD;
	}
	if (request->method != TEL_LK_CREATE_DISPATCH)
		return TEL_OK;
	set(p->dispatch.room, sizeof(p->dispatch.room), request->room);
	set(p->dispatch.agent, sizeof(p->dispatch.agent), request->agent_name);
	set(p->dispatch.call_id, sizeof(p->dispatch.call_id), tel_call_id_str(&request->call->id));
	set(p->dispatch.meant_for, sizeof(p->dispatch.meant_for), request->call->room_sid);
	return TEL_OK;
}

static enum tel_err fake_poll(struct tel_livekit *port, tel_time wait)
{
	struct tel_fake_livekit *lk = (struct tel_fake_livekit *)port;
	struct pending now[MAX_PENDING];
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
	free(lk);
}

struct tel_livekit *tel_fake_livekit_port(struct tel_fake_livekit *lk)
{
	return &lk->base;
}

void tel_fake_livekit_open(struct tel_fake_livekit *lk, const char *name, const char *sid)
{
	struct room *room;

	tel_fake_livekit_close(lk, name);
	lk->rooms = one_more(lk->rooms, lk->n_rooms, sizeof(*lk->rooms));
	room = &lk->rooms[lk->n_rooms++];
	set(room->name, sizeof(room->name), tel_str_from(name));
	set(room->sid, sizeof(room->sid), tel_str_from(sid));
	room->open = true;
}

void tel_fake_livekit_close(struct tel_fake_livekit *lk, const char *name)
{
	struct room *room = open_room(lk, name);
	size_t i;

	if (!room)
		return;
	room->open = false;
	for (i = 0; i < lk->n_dispatches; i++)
		if (strcmp(lk->dispatches[i].life, room->sid) == 0)
			lk->dispatches[i].deleted = true;
}

void tel_fake_livekit_phone(struct tel_fake_livekit *lk, const char *name, const char *sid)
{
	struct room *room = open_room(lk, name);

	if (!room || room->n_phones == MAX_PHONES)
		abort();
	set(room->phones[room->n_phones++], sizeof(room->phones[0]), tel_str_from(sid));
}

void tel_fake_livekit_hang_up(struct tel_fake_livekit *lk, const char *name, const char *sid)
{
	struct room *room = open_room(lk, name);
	size_t i;

	for (i = 0; room && i < room->n_phones; i++)
		if (strcmp(room->phones[i], sid) == 0) {
			memmove(room->phones[i], room->phones[i + 1],
				(room->n_phones - i - 1) * sizeof(room->phones[0]));
			room->n_phones--;
			return;
		}
}

void tel_fake_livekit_fault(struct tel_fake_livekit *lk, enum tel_lk_method method,
			    enum tel_fake_fault fault)
{
	if (lk->n_faults == MAX_FAULTS)
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

void tel_fake_livekit_release(struct tel_fake_livekit *lk, enum tel_lk_method method)
{
	size_t i;

	for (i = 0; i < lk->n_pending; i++)
		if (lk->pending[i].fault == TEL_FAKE_HELD && lk->pending[i].method == method)
			lk->pending[i].fault = TEL_FAKE_FINE;
}

void tel_fake_livekit_delete_newest(struct tel_fake_livekit *lk)
{
	lk->dispatches[lk->n_dispatches - 1].deleted = true;
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

size_t tel_fake_livekit_dispatches(const struct tel_fake_livekit *lk,
				   const struct tel_fake_dispatch **out)
{
	if (out)
		*out = lk->dispatches;
	return lk->n_dispatches;
}

size_t tel_fake_livekit_living(const struct tel_fake_livekit *lk, const char *name)
{
	const struct room *room = open_room(lk, name);
	size_t i, n = 0;

	for (i = 0; room && i < lk->n_dispatches; i++)
		n += !lk->dispatches[i].deleted && strcmp(lk->dispatches[i].life, room->sid) == 0;
	return n;
}

bool tel_fake_livekit_is_open(const struct tel_fake_livekit *lk, const char *name)
{
	return open_room(lk, name) != NULL;
}

size_t tel_fake_livekit_most_living(const struct tel_fake_livekit *lk)
{
	return lk->most_living;
}
