/*
 * A LiveKit for tests in one process: rooms, phones and dispatches, with
 * LiveKit's own nastiness (a dispatch makes the room anew, a repeat adds a
 * second agent), and faults on request. It keeps what really happened, so
 * that tests judge by that and not by our records. One thread.
 */
#ifndef TEL_FAKE_LIVEKIT_H
#define TEL_FAKE_LIVEKIT_H

#include <stdbool.h>
#include <stddef.h>

#include "ports/livekit.h"

enum tel_fake_fault {
	TEL_FAKE_FINE,
	TEL_FAKE_ANSWER_LOST,	/* acts; the caller hears TEL_LK_UNKNOWN */
	TEL_FAKE_REQUEST_LOST,	/* does not act; TEL_LK_UNKNOWN all the same */
	TEL_FAKE_NOT_SENT,
	TEL_FAKE_TRY_LATER,
	TEL_FAKE_REFUSED,
	TEL_FAKE_HELD,		/* stays under way until release() */
	TEL_FAKE_ANSWER_HELD,	/* acts at once, is answered after release() */
	TEL_FAKE_NO_SEND,	/* send() itself says TEL_EBUSY */
	TEL_FAKE_BAD_REQUEST	/* send() itself says TEL_EMALFORMED */
};

/* A dispatch that was ever made. */
struct tel_fake_dispatch {
	char id[32];
	char room[TEL_MAX_ROOM_NAME + 1];
	char life[TEL_MAX_ID + 1];	/* sid of the room's life it is in */
	char meant_for[TEL_MAX_ID + 1];	/* the caller's idea of that sid */
	char agent[TEL_MAX_NAME + 1];
	char call_id[TEL_CALL_ID_TEXT];
	bool deleted;			/* with its room */
	bool ghost;			/* its request made the room */
};

struct tel_fake_livekit;

/* NULL = no memory */
struct tel_fake_livekit *tel_fake_livekit_new(void);
void tel_fake_livekit_free(struct tel_fake_livekit *lk);
struct tel_livekit *tel_fake_livekit_port(struct tel_fake_livekit *lk);

/* The world outside. A room that is opened again gets a new life. */
void tel_fake_livekit_open(struct tel_fake_livekit *lk, const char *room, const char *sid);
void tel_fake_livekit_close(struct tel_fake_livekit *lk, const char *room);
void tel_fake_livekit_phone(struct tel_fake_livekit *lk, const char *room, const char *sid);
void tel_fake_livekit_hang_up(struct tel_fake_livekit *lk, const char *room, const char *sid);

/* The next request of `method` meets this fault; later ones queue behind. */
void tel_fake_livekit_fault(struct tel_fake_livekit *lk, enum tel_lk_method method,
			    enum tel_fake_fault fault);
/* Held requests (of `method`) act and are answered by the next poll. */
void tel_fake_livekit_release_held(struct tel_fake_livekit *lk);
void tel_fake_livekit_release(struct tel_fake_livekit *lk, enum tel_lk_method method);
/* Somebody deletes the newest dispatch; the room stays. */
void tel_fake_livekit_delete_newest(struct tel_fake_livekit *lk);
/* The process that sent them is gone: its requests act, nobody is told. */
void tel_fake_livekit_orphan(struct tel_fake_livekit *lk);

/* What happened. */
size_t tel_fake_livekit_sent(const struct tel_fake_livekit *lk, enum tel_lk_method method);
size_t tel_fake_livekit_dispatches(const struct tel_fake_livekit *lk,
				   const struct tel_fake_dispatch **out);
/* Living dispatches in the present life of the room; 0 if it isn't there. */
size_t tel_fake_livekit_living(const struct tel_fake_livekit *lk, const char *room);
bool tel_fake_livekit_is_open(const struct tel_fake_livekit *lk, const char *room);
/* The most living dispatches that any life of any room ever had. */
size_t tel_fake_livekit_most_living(const struct tel_fake_livekit *lk);

#endif
