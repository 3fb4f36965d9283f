#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fakes/fake_world.h"
#include "base/banned.h"

void tel_fake_set(char *out, size_t size, struct tel_str text)
{
	snprintf(out, size, "%.*s", TEL_STR_ARG(text));
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

tel_time tel_fake_now(const struct tel_fake_livekit *lk)
{
	return lk->clock ? lk->clock->now : 0;
}

void tel_fake_livekit_clock(struct tel_fake_livekit *lk, const struct tel_fake_clock *clock)
{
	lk->clock = clock;
}

/* ---- rooms ---------------------------------------------------------------- */

struct tel_fake_room *tel_fake_room(const struct tel_fake_livekit *lk, const char *name)
{
	size_t i;

	for (i = lk->n_rooms; i-- > 0;)
		if (lk->rooms[i].open && strcmp(lk->rooms[i].name, name) == 0)
			return &lk->rooms[i];
	return NULL;
}

struct tel_fake_room *tel_fake_room_shown(const struct tel_fake_livekit *lk, const char *name)
{
	struct tel_fake_room *room = tel_fake_room(lk, name);
	size_t i;

	for (i = lk->n_rooms; !room && i-- > 0;)
		if (lk->rooms[i].stale && strcmp(lk->rooms[i].name, name) == 0)
			room = &lk->rooms[i];
	return room;
}

/* Made by a request if it isn't there: then `prefix` tells why. */
static struct tel_fake_room *a_room(struct tel_fake_livekit *lk, const char *name,
				    const char *prefix)
{
	struct tel_fake_room *room = tel_fake_room(lk, name);
	char sid[32];

	if (room)
		return room;
	snprintf(sid, sizeof(sid), "RM_%s%u", prefix, lk->next_id++);
	tel_fake_livekit_open(lk, name, sid);
	return tel_fake_room(lk, name);
}

void tel_fake_livekit_open(struct tel_fake_livekit *lk, const char *name, const char *sid)
{
	struct tel_fake_room *room;

	tel_fake_livekit_close(lk, name);
	while ((room = tel_fake_room_shown(lk, name)))
		room->stale = false;
	lk->rooms = one_more(lk->rooms, lk->n_rooms, sizeof(*lk->rooms));
	room = &lk->rooms[lk->n_rooms++];
	tel_fake_set(room->name, sizeof(room->name), tel_str_from(name));
	tel_fake_set(room->sid, sizeof(room->sid), tel_str_from(sid));
	room->created_at = tel_fake_now(lk);
	room->open = true;
}

static void leave(struct tel_fake_phone *phone, const char *because)
{
	/* Nobody knows that a hang-up was one but who did it. */
	if (tel_fake_is_undecided(phone))
		phone->does = TEL_FAKE_NEVER_ANSWERS;
	if (phone->answered)
		phone->status = TEL_SIP_HANGUP;
	phone->there = false;
	phone->left_because = because;
}

/* What is still listed is as it was. */
static void end_phone(struct tel_fake_phone *phone, bool stale)
{
	enum tel_sip_status status = phone->status;

	leave(phone, stale ? NULL : "ROOM_DELETED");
	phone->stale = stale;
	if (stale)
		phone->status = status;
}

static void end_life(struct tel_fake_livekit *lk, struct tel_fake_room *room, bool stale)
{
	size_t i;

	room->open = false;
	room->stale = stale;
	for (i = 0; i < lk->n_dispatches; i++)
		if (strcmp(lk->dispatches[i].life, room->sid) == 0)
			lk->dispatches[i].deleted = true;
	for (i = 0; i < lk->n_phones; i++)
		if (lk->phones[i].there && strcmp(lk->phones[i].life, room->sid) == 0)
			end_phone(&lk->phones[i], stale);
	tel_fake_agents_end(lk, room, stale);
}

void tel_fake_livekit_close(struct tel_fake_livekit *lk, const char *name)
{
	struct tel_fake_room *room = tel_fake_room(lk, name);

	if (room)
		end_life(lk, room, false);
}

void tel_fake_livekit_restart(struct tel_fake_livekit *lk)
{
	size_t i;

	for (i = 0; i < lk->n_rooms; i++)
		if (lk->rooms[i].open)
			end_life(lk, &lk->rooms[i], true);
}

void tel_fake_livekit_forget(struct tel_fake_livekit *lk)
{
	size_t i;

	for (i = 0; i < lk->n_rooms; i++)
		lk->rooms[i].stale = false;
}

bool tel_fake_livekit_is_open(const struct tel_fake_livekit *lk, const char *name)
{
	return tel_fake_room(lk, name) != NULL;
}

const char *tel_fake_livekit_mark(const struct tel_fake_livekit *lk, const char *name)
{
	const struct tel_fake_room *room = tel_fake_room(lk, name);

	return room && room->call_id[0] ? room->call_id : NULL;
}

/* ---- dispatches ----------------------------------------------------------- */

static void add_dispatch(struct tel_fake_livekit *lk, const struct tel_fake_room *room,
			 struct tel_fake_dispatch *d)
{
	size_t living;

	snprintf(d->id, sizeof(d->id), "AD_%u", lk->next_id++);
	tel_fake_set(d->life, sizeof(d->life), tel_str_from(room->sid));
	lk->dispatches = one_more(lk->dispatches, lk->n_dispatches, sizeof(*d));
	lk->dispatches[lk->n_dispatches++] = *d;
	living = tel_fake_livekit_living(lk, d->room);
	lk->most_living = living > lk->most_living ? living : lk->most_living;
	tel_fake_take(lk, &lk->dispatches[lk->n_dispatches - 1]);
}

static void create_dispatch(struct tel_fake_livekit *lk, struct tel_fake_pending *p)
{
	p->dispatch.ghost = !tel_fake_room(lk, p->room);
	add_dispatch(lk, a_room(lk, p->room, "ghost"), &p->dispatch);
}

/* A room that lives is told of, and its agents are not touched. */
static void create_room(struct tel_fake_livekit *lk, struct tel_fake_pending *p)
{
	struct tel_fake_room *room;

	p->found = tel_fake_room(lk, p->room) != NULL;
	if (p->found)
		return;
	room = a_room(lk, p->room, "");
	tel_fake_set(room->call_id, sizeof(room->call_id), tel_str_from(p->dispatch.call_id));
	add_dispatch(lk, room, &p->dispatch);
}

static void delete_dispatch(struct tel_fake_livekit *lk, struct tel_fake_pending *p)
{
	const struct tel_fake_room *room = tel_fake_room(lk, p->room);
	struct tel_fake_dispatch *d;
	size_t i;

	for (i = 0; i < lk->n_dispatches; i++) {
		d = &lk->dispatches[i];
		if (!room || d->deleted || strcmp(d->life, room->sid) ||
		    strcmp(d->id, p->dispatch.id))
			continue;
		p->found = d->deleted = true;
		tel_fake_drop(lk, d);
	}
}

void tel_fake_livekit_delete_newest(struct tel_fake_livekit *lk)
{
	lk->dispatches[lk->n_dispatches - 1].deleted = true;
	tel_fake_drop(lk, &lk->dispatches[lk->n_dispatches - 1]);
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
	const struct tel_fake_room *room = tel_fake_room(lk, name);
	size_t i, n = 0;

	for (i = 0; room && i < lk->n_dispatches; i++)
		n += !lk->dispatches[i].deleted && strcmp(lk->dispatches[i].life, room->sid) == 0;
	return n;
}

size_t tel_fake_livekit_most_living(const struct tel_fake_livekit *lk)
{
	return lk->most_living;
}

/* ---- phones --------------------------------------------------------------- */

struct tel_fake_phone *tel_fake_phone_in(const struct tel_fake_livekit *lk,
					 const struct tel_fake_room *room, const char *identity)
{
	struct tel_fake_phone *phone;
	size_t i;

	for (i = lk->n_phones; room && i-- > 0;) {
		phone = &lk->phones[i];
		if (phone->there && strcmp(phone->life, room->sid) == 0 &&
		    strcmp(phone->identity, identity) == 0)
			return phone;
	}
	return NULL;
}

bool tel_fake_is_undecided(const struct tel_fake_phone *phone)
{
	return phone->dialled && phone->there && !phone->answered;
}

static struct tel_fake_phone *add_phone(struct tel_fake_livekit *lk,
					const struct tel_fake_room *room)
{
	struct tel_fake_phone *phone;

	lk->phones = one_more(lk->phones, lk->n_phones, sizeof(*lk->phones));
	phone = &lk->phones[lk->n_phones++];
	tel_fake_set(phone->room, sizeof(phone->room), tel_str_from(room->name));
	tel_fake_set(phone->life, sizeof(phone->life), tel_str_from(room->sid));
	phone->joined_at = tel_fake_now(lk);
	phone->there = true;
	return phone;
}

static void decide(struct tel_fake_phone *phone, enum tel_fake_callee does)
{
	phone->does = does;
	switch (does) {
	case TEL_FAKE_DIALS:
	case TEL_FAKE_NO_SIP:
	case TEL_FAKE_NO_TRUNK:
		break;
	case TEL_FAKE_RINGS:
	case TEL_FAKE_RINGS_UNHEARD:
		phone->status = TEL_SIP_RINGING;
		break;
	case TEL_FAKE_ANSWERS:
		phone->status = TEL_SIP_ACTIVE;
		phone->answered = true;
		break;
	case TEL_FAKE_BUSY:
		leave(phone, "USER_REJECTED");
		break;
	case TEL_FAKE_NEVER_ANSWERS:
		phone->status = TEL_SIP_RINGING;
		leave(phone, "CLIENT_INITIATED");
		break;
	case TEL_FAKE_DECLINES:
	case TEL_FAKE_NO_SUCH_NUMBER:
	case TEL_FAKE_TRUNK_REFUSES:
	case TEL_FAKE_NOTHING_THERE:
		leave(phone, "CLIENT_INITIATED");
		break;
	}
	phone->does = does;	/* leave() takes it for given up */
}

static enum tel_fake_callee what_does(const struct tel_fake_livekit *lk, const struct tel_e164 *to)
{
	size_t i;

	for (i = lk->n_callees; i-- > 0;)
		if (strcmp(lk->callees[i].number.text, to->text) == 0)
			return lk->callees[i].does;
	return lk->others;
}

/*
 * The dial makes its room if it isn't there, rings whoever was rung before,
 * and throws the one out who is there under its identity.
 */
static void dial(struct tel_fake_livekit *lk, struct tel_fake_pending *p)
{
	enum tel_fake_callee does = what_does(lk, &p->phone.to);
	struct tel_fake_phone *old, *phone;
	struct tel_fake_room *room;

	p->phone.does = does;
	p->found = does != TEL_FAKE_NO_SIP && does != TEL_FAKE_NO_TRUNK;
	if (!p->found)
		return;
	room = a_room(lk, p->room, "ghost");
	old = tel_fake_phone_in(lk, room, p->phone.identity);
	if (old)
		leave(old, "DUPLICATE_IDENTITY");
	phone = add_phone(lk, room);
	*phone = p->phone;
	phone->joined_at = tel_fake_now(lk);
	tel_fake_set(phone->life, sizeof(phone->life), tel_str_from(room->sid));
	snprintf(phone->sid, sizeof(phone->sid), "PA_out%u", lk->next_id);
	snprintf(phone->sip_call_id, sizeof(phone->sip_call_id), "SCL_out%u", lk->next_id++);
	phone->dialled = phone->there = true;
	phone->status = TEL_SIP_DIALING;
	decide(phone, does);
	p->phone_at = lk->n_phones - 1;
}

static void transfer(struct tel_fake_livekit *lk, struct tel_fake_pending *p)
{
	struct tel_fake_phone *phone = tel_fake_phone_in(lk, tel_fake_room(lk, p->room),
							 p->phone.identity);

	p->found = phone != NULL;
	if (!phone || lk->transfer_sip_status)
		return;
	memcpy(phone->transferred_to, p->phone.transferred_to, sizeof(phone->transferred_to));
	leave(phone, "CLIENT_INITIATED");
}

void tel_fake_livekit_phone(struct tel_fake_livekit *lk, const char *name, const char *sid)
{
	const struct tel_fake_room *room = tel_fake_room(lk, name);

	if (!room)
		abort();
	tel_fake_set(add_phone(lk, room)->sid, TEL_MAX_ID + 1, tel_str_from(sid));
}

void tel_fake_livekit_caller(struct tel_fake_livekit *lk, const char *name,
			     const struct tel_participant *caller)
{
	const struct tel_fake_room *room = tel_fake_room(lk, name);
	struct tel_fake_phone *phone;

	if (!room)
		abort();
	phone = add_phone(lk, room);
	tel_fake_set(phone->sid, sizeof(phone->sid), caller->sid);
	tel_fake_set(phone->identity, sizeof(phone->identity), caller->identity);
	tel_fake_set(phone->sip_call_id, sizeof(phone->sip_call_id), caller->sip_call_id);
	tel_fake_set(phone->number, sizeof(phone->number), caller->number);
	tel_fake_set(phone->trunk_number, sizeof(phone->trunk_number), caller->trunk_number);
	tel_fake_set(phone->trunk, sizeof(phone->trunk), caller->trunk_id);
	tel_fake_set(phone->rule, sizeof(phone->rule), caller->rule_id);
	tel_fake_set(phone->call_id, sizeof(phone->call_id), caller->call_id);
	phone->status = caller->sip_status;
	if (caller->joined_at)
		phone->joined_at = caller->joined_at;
}

void tel_fake_livekit_hang_up(struct tel_fake_livekit *lk, const char *name, const char *sid)
{
	const struct tel_fake_room *room = tel_fake_room(lk, name);
	struct tel_fake_phone *phone;
	size_t i;

	for (i = 0; room && i < lk->n_phones; i++) {
		phone = &lk->phones[i];
		if (phone->there && strcmp(phone->life, room->sid) == 0 &&
		    strcmp(phone->sid, sid) == 0)
			leave(phone, "CLIENT_INITIATED");
	}
}

void tel_fake_livekit_others(struct tel_fake_livekit *lk, const char *name, unsigned n)
{
	struct tel_fake_room *room = tel_fake_room(lk, name);

	if (!room)
		abort();
	room->others = n;
}

void tel_fake_livekit_callee(struct tel_fake_livekit *lk, const char *number,
			     enum tel_fake_callee does)
{
	if (!number) {
		lk->others = does;
		return;
	}
	if (lk->n_callees == TEL_FAKE_MAX_CALLEES ||
	    !tel_e164_parse(tel_str_from(number), &lk->callees[lk->n_callees].number))
		abort();
	lk->callees[lk->n_callees++].does = does;
}

static struct tel_fake_phone *dialled(const struct tel_fake_livekit *lk, const char *identity)
{
	size_t i;

	for (i = lk->n_phones; i-- > 0;)
		if (lk->phones[i].dialled && strcmp(lk->phones[i].identity, identity) == 0)
			return &lk->phones[i];
	return NULL;
}

void tel_fake_livekit_callee_does(struct tel_fake_livekit *lk, const char *identity,
				  enum tel_fake_callee does)
{
	struct tel_fake_phone *phone = dialled(lk, identity);

	if (!phone || !tel_fake_is_undecided(phone))
		abort();
	decide(phone, does);
}

void tel_fake_livekit_transfers(struct tel_fake_livekit *lk, int sip_status_code)
{
	lk->transfer_sip_status = sip_status_code;
}

size_t tel_fake_livekit_phones(const struct tel_fake_livekit *lk,
			       const struct tel_fake_phone **out)
{
	if (out)
		*out = lk->phones;
	return lk->n_phones;
}

const struct tel_fake_phone *tel_fake_livekit_dialled(const struct tel_fake_livekit *lk,
						      const char *identity)
{
	return dialled(lk, identity);
}

size_t tel_fake_livekit_rung(const struct tel_fake_livekit *lk, const char *identity)
{
	size_t i, n = 0;

	for (i = 0; i < lk->n_phones; i++)
		n += lk->phones[i].dialled && strcmp(lk->phones[i].identity, identity) == 0;
	return n;
}

bool tel_fake_livekit_rings(const struct tel_fake_livekit *lk, const char *identity)
{
	const struct tel_fake_phone *phone = dialled(lk, identity);

	return phone && tel_fake_is_undecided(phone);
}

/* ---- requests ------------------------------------------------------------- */

void tel_fake_act(struct tel_fake_livekit *lk, struct tel_fake_pending *p)
{
	switch (p->method) {
	case TEL_LK_CREATE_DISPATCH:
		create_dispatch(lk, p);
		break;
	case TEL_LK_CREATE_ROOM:
		create_room(lk, p);
		break;
	case TEL_LK_DELETE_ROOM:
		p->found = tel_fake_room(lk, p->room) != NULL;
		tel_fake_livekit_close(lk, p->room);
		break;
	case TEL_LK_DELETE_DISPATCH:
		delete_dispatch(lk, p);
		break;
	case TEL_LK_CREATE_SIP_PARTICIPANT:
		dial(lk, p);
		break;
	case TEL_LK_TRANSFER_SIP_PARTICIPANT:
		transfer(lk, p);
		break;
	case TEL_LK_LIST_DISPATCH:
	case TEL_LK_LIST_PARTICIPANTS:
	case TEL_LK_GET_PARTICIPANT:
	case TEL_LK_LIST_ROOMS:
	case TEL_LK_METHODS:
		break;
	}
}
