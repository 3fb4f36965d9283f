/* What replays share: the stores they run on, and orders. */
#ifndef TEL_TESTS_REPLAY_H
#define TEL_TESTS_REPLAY_H

#include <stdbool.h>

#include "ports/call_store.h"

/* An empty store. The one on LMDB is in a directory of its own, below
   $TMPDIR; one at a time. */
struct tel_call_store *replay_open_memory(void);
struct tel_call_store *replay_open_lmdb(void);

/* Closes it, and removes its directory. */
void replay_close(struct tel_call_store *store);

/* The next permutation of a[0 … n-1]; false after the last. Equal items count
   as one, and the first permutation is the sorted one. */
bool replay_next_order(int *a, int n);

#endif
