/*
 * Memory that is given back all at once. A call, an event or a route owns
 * one arena and keeps all its texts there: one release, no leak to hunt.
 * Replaced texts stay until the release; the ceiling bounds that.
 */
#ifndef TEL_BASE_ARENA_H
#define TEL_BASE_ARENA_H

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct tel_arena_block;

struct tel_arena {
	struct tel_arena_block *blocks;	/* newest first, owned */
	size_t used;			/* bytes handed out in all blocks */
	size_t ceiling;			/* used never exceeds this */
};

void tel_arena_init(struct tel_arena *a, size_t ceiling);

/* Frees everything handed out. Legal on a zeroed arena. */
void tel_arena_release(struct tel_arena *a);

/* `size` bytes, aligned for any object, zeroed; NULL = no memory/ceiling. */
void *tel_arena_alloc(struct tel_arena *a, size_t size);

/*
 * Copy `s` into the arena; a NUL follows the copy so that it may be handed
 * to C interfaces. An absent string stays absent.
 * TEL_ENOMEM (also at the arena's ceiling) | TEL_ETOOBIG (longer than max)
 */
TEL_MUST_CHECK enum tel_err tel_arena_copy(struct tel_arena *a, struct tel_str s,
					   size_t max, struct tel_str *out);

#endif
