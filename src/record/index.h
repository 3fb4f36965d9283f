/*
 * Looking calls up by the keys of record/keys.h: what every store does alike,
 * over whatever ordered table it has. A store lends two questions, and gets
 * the load order of a step, pages of calls and due jobs.
 *
 * Nothing here locks or keeps anything: it runs within the store's own lock
 * or transaction.
 */
#ifndef TEL_RECORD_INDEX_H
#define TEL_RECORD_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/step.h"
#include "ports/call_store.h"
#include "record/keys.h"

/* Borrowed until the store's table is asked or changed again. */
struct tel_index_hit {
	struct tel_str key, value;
};

struct tel_index {
	/* The first entry of that kind with a key >= `key`. TEL_ENOTFOUND */
	enum tel_err (*at_least)(struct tel_index *index, enum tel_key_kind kind,
				 struct tel_str key, struct tel_index_hit *hit);
	/* The last entry of that kind with a key < `key`. TEL_ENOTFOUND */
	enum tel_err (*below)(struct tel_index *index, enum tel_key_kind kind,
			      struct tel_str key, struct tel_index_hit *hit);
};

/* TEL_ENOTFOUND. */
TEL_MUST_CHECK enum tel_err tel_index_by_id(struct tel_index *index, struct tel_str id,
					    uint64_t *serial);

/* The call a step is about, in the order of domain/step.h. TEL_ENOTFOUND */
TEL_MUST_CHECK enum tel_err tel_index_find(struct tel_index *index,
					   const struct tel_step_about *about, uint64_t *serial);

/*
 * The same for a step that places a call; found->key_seen and its memory are
 * filled in. TEL_ENOTFOUND
 */
TEL_MUST_CHECK enum tel_err tel_index_find_placed(struct tel_index *index,
						  const struct tel_step_about *about,
						  const struct tel_place_found *found,
						  uint64_t *serial);

/* The counts of `out`. */
TEL_MUST_CHECK enum tel_err tel_index_count(struct tel_index *index,
					    const struct tel_place_about *about,
					    struct tel_place_found *out);

/* Neither ended nor failed. */
TEL_MUST_CHECK enum tel_err tel_index_count_live(struct tel_index *index, uint64_t *out);

/* ---- pages of calls --------------------------------------------------- */

/*
 * By how much the clocks of processes may differ: moments of calls are in the
 * order of their serials but for that.
 */
#define TEL_CLOCK_SKEW TEL_MINUTE

struct tel_serial_page {
	uint64_t serials[TEL_MAX_PAGE];	/* newest first */
	size_t n;
	uint64_t next;			/* the next page is below that; 0 = that was all */
};

/* TEL_EMALFORMED: not a cursor of ours. */
TEL_MUST_CHECK enum tel_err tel_index_list(struct tel_index *index,
					   const struct tel_call_filter *filter,
					   struct tel_serial_page *out);

/* The cursor that continues with the serials below `serial`. */
void tel_cursor_make(uint64_t serial, char out[TEL_CURSOR_TEXT]);

/* ---- due jobs ----------------------------------------------------------- */

/* Lease owners, each once; owned, free with tel_owners_release(). */
struct tel_owners {
	char (*texts)[TEL_MAX_OWNER + 1];
	size_t n, cap;
};

TEL_MUST_CHECK enum tel_err tel_index_owners(struct tel_index *index, struct tel_owners *out);
void tel_owners_release(struct tel_owners *owners);	/* legal on a zeroed one */

/*
 * Drop those that the query doesn't call dead. Asks the query's callback: no
 * lock, no transaction.
 */
void tel_owners_keep_dead(struct tel_owners *owners, const struct tel_due_query *query);

/*
 * Calls with a lease of one of the `dead`, and calls whose time has come,
 * each once. Neither kind can crowd the other out: the dead ones get half of
 * the page when there is too much of both.
 */
TEL_MUST_CHECK enum tel_err tel_index_due(struct tel_index *index, const struct tel_due_query *query,
					  const struct tel_owners *dead, struct tel_due_page *out);

#endif
