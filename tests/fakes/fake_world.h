/* Within the fake LiveKit: what there is, and what happens to it. */
#ifndef TEL_FAKE_WORLD_H
#define TEL_FAKE_WORLD_H

#include "fakes/fake_livekit.h"

#define TEL_FAKE_MAX_FAULTS 64
#define TEL_FAKE_MAX_PENDING 128
#define TEL_FAKE_MAX_CALLEES 32

struct tel_fake_room {
	char name[TEL_MAX_ROOM_NAME + 1];
	char sid[TEL_MAX_ID + 1];
	char call_id[TEL_CALL_ID_TEXT];	/* its metadata's mark; "" = none */
	tel_time created_at;		/* 0 = not told */
	unsigned others;		/* people who are no phones */
	bool open;
	bool stale;			/* gone by a restart, and still listed */
};

/* A request under way. */
struct tel_fake_pending {
	enum tel_lk_method method;
	struct tel_fake_dispatch dispatch;	/* CREATE_DISPATCH, CREATE_ROOM,
						   DELETE_DISPATCH: its id */
	struct tel_fake_phone phone;		/* the SIP methods, GET_PARTICIPANT */
	size_t phone_at;			/* the one that was dialled, once acted */
	char room[TEL_MAX_ROOM_NAME + 1];
	enum tel_fake_fault fault;
	bool acted;				/* before it was answered */
	bool found;				/* acting found what it is about */
	tel_lk_done_fn done;
	void *ctx;
};

struct tel_fake_livekit {
	struct tel_livekit base;
	struct tel_fake_room *rooms;
	size_t n_rooms;
	struct tel_fake_dispatch *dispatches;
	size_t n_dispatches;
	struct tel_fake_phone *phones;
	size_t n_phones;
	struct { struct tel_e164 number; enum tel_fake_callee does; } callees[TEL_FAKE_MAX_CALLEES];
	size_t n_callees;
	enum tel_fake_callee others;		/* whose number is not in the list */
	int transfer_sip_status;
	bool no_workers, agents_wait, agents_linger;
	struct tel_fake_agent *agents;
	size_t n_agents, most_agents;
	const struct tel_fake_clock *clock;	/* NULL: times are not told */
	struct tel_fake_pending pending[TEL_FAKE_MAX_PENDING];
	size_t n_pending;
	struct { enum tel_lk_method method; enum tel_fake_fault fault; } faults[TEL_FAKE_MAX_FAULTS];
	size_t n_faults;
	size_t sent[TEL_LK_METHODS];
	size_t most_living;
	unsigned next_id;
};

void tel_fake_set(char *out, size_t size, struct tel_str text);

/* The room's present life; NULL = it isn't there. */
struct tel_fake_room *tel_fake_room(const struct tel_fake_livekit *lk, const char *name);

/* What LiveKit shows of that name; NULL = nothing. */
struct tel_fake_room *tel_fake_room_shown(const struct tel_fake_livekit *lk, const char *name);

/* The phone that is there under that identity; NULL = none. */
struct tel_fake_phone *tel_fake_phone_in(const struct tel_fake_livekit *lk,
					 const struct tel_fake_room *room, const char *identity);

tel_time tel_fake_now(const struct tel_fake_livekit *lk);

/* ---- fake_agents.c ---- */

/* It was made: a worker takes it, or none. */
void tel_fake_take(struct tel_fake_livekit *lk, struct tel_fake_dispatch *d);
/* It was deleted, by a request. */
void tel_fake_drop(struct tel_fake_livekit *lk, const struct tel_fake_dispatch *d);
/* The life is over; `stale`: its agents are still listed. */
void tel_fake_agents_end(struct tel_fake_livekit *lk, const struct tel_fake_room *room, bool stale);

/* What the request does to the world; fills in found, phone_at, dispatch. */
void tel_fake_act(struct tel_fake_livekit *lk, struct tel_fake_pending *p);

/* Nobody has answered, declined or given up yet. */
bool tel_fake_is_undecided(const struct tel_fake_phone *phone);

#endif
