/*
 * The index entries of a call: which ordered keys a store keeps so that
 * calls are found. All of them follow from the call alone, so those of its
 * record before a step are removed, those of the one after are added, and
 * no entry is ever left behind.
 *
 * Every call has a serial number, given by its store in the order of
 * creation: "the newest call" is the one with the highest serial. Clocks
 * play no part in it.
 *
 * In a key, texts carry their length before them (two bytes, big-endian), so
 * whatever bytes a name holds, two keys never look alike and the entries of
 * one name are neighbours. Numbers are big-endian: keys sort as numbers do.
 */
#ifndef TEL_RECORD_KEYS_H
#define TEL_RECORD_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/time.h"
#include "domain/call.h"

/* kind: key -> value */
enum tel_key_kind {
	TEL_KEY_CALL,	/* serial -> the record itself: not an index entry */
	TEL_KEY_ID,	/* call id -> serial */
	TEL_KEY_ROOM,	/* room name, room sid, serial -> nothing; of every life
			   of the room that the call was in. With an empty sid:
			   the call does not know its room's sid yet */
	TEL_KEY_NAME,	/* room name, serial -> nothing */
	TEL_KEY_SIP,	/* room name, sip call id, serial -> nothing */
	TEL_KEY_LEG,	/* participant sid, serial -> nothing */
	TEL_KEY_LIST,	/* what, direction, status or number, serial ->
			   created_at: see below */
	TEL_KEY_DUE,	/* wakes_at, serial -> call id; with a pending job */
	TEL_KEY_LEASE,	/* owner, serial -> call id; with a leased job */
	TEL_KEY_ENDED,	/* ended_at, serial -> nothing; over, no pending job:
			   what retention may drop */
	TEL_KEY_KINDS
};

/*
 * LIST is what calls are listed and counted by. Each call has an entry for its
 * status and, as far as they are known, one for each of its numbers. The
 * direction stands before them, so that counting the outbound calls to a
 * number never meets an inbound one. One table for all of it: three tables
 * would have three roots to write with every new call.
 */
enum tel_list_what {
	TEL_LIST_STATUS = 's',	/* a byte, enum tel_call_status */
	TEL_LIST_FROM = 'f',	/* a text, E.164 */
	TEL_LIST_TO = 't'
};

/* Length, name, length, sid, serial; LMDB allows 511. */
#define TEL_MAX_KEY (2 + TEL_MAX_ROOM_NAME + 2 + TEL_MAX_ID + 8)

struct tel_key_buf {
	size_t len;
	char bytes[TEL_MAX_KEY];
};

static inline struct tel_str tel_key_str(const struct tel_key_buf *key)
{
	return (struct tel_str){ key->bytes, key->len };
}

/* An empty key. */
static inline void tel_key_start(struct tel_key_buf *key)
{
	key->len = 0;
}

/* TEL_ETOOBIG: longer than `max`, or than the key may become. */
TEL_MUST_CHECK enum tel_err tel_key_add_text(struct tel_key_buf *key, struct tel_str text,
					     size_t max);
/* There is always room for one number behind the texts of a key above. */
void tel_key_add_u64(struct tel_key_buf *key, uint64_t value);
/* A moment; one before 1970 counts as 1970. */
void tel_key_add_time(struct tel_key_buf *key, tel_time when);

/* Of LIST entries without their serial; `number` is strict E.164. */
void tel_key_list_status(enum tel_direction direction, enum tel_call_status status,
			 struct tel_key_buf *out);
TEL_MUST_CHECK enum tel_err tel_key_list_number(enum tel_list_what what,
						enum tel_direction direction,
						struct tel_str number, struct tel_key_buf *out);

/* (room name, sid): of ROOM entries without their serial, and of tombstones. */
TEL_MUST_CHECK enum tel_err tel_key_room(struct tel_str name, struct tel_str sid,
					 struct tel_key_buf *out);

/* The last eight bytes as a number; 0 for a shorter text. */
uint64_t tel_key_last_u64(struct tel_str key);
/* The first eight. */
uint64_t tel_key_first_u64(struct tel_str key);
/* The first text of a key; TEL_STR_NONE if there is none. Borrows from it. */
struct tel_str tel_key_first_text(struct tel_str key);

struct tel_key {
	enum tel_key_kind kind;
	struct tel_str key, value;
};

struct tel_key_set {
	struct tel_arena mem;		/* owns all texts */
	struct tel_key *keys;
	size_t n, cap;
};

/*
 * The entries of `call`. TEL_ENOMEM | TEL_ETOOBIG. Release in either case;
 * legal on a zeroed set.
 */
TEL_MUST_CHECK enum tel_err tel_keys_of(const struct tel_call *call, uint64_t serial,
					struct tel_key_set *out);
void tel_key_set_release(struct tel_key_set *set);

/* The entry of that kind and key; NULL = none. */
const struct tel_key *tel_key_set_find(const struct tel_key_set *set, const struct tel_key *key);

#endif
