/*
 * Who reads. LMDB replaces pages, and those that a reader may still look at
 * are not used again before it is done.
 */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <time.h>

#include "lmdb-store/store.h"
#include "base/banned.h"

/*
 * Milliseconds. Readers are done within microseconds, or, when their thread
 * had to wait for a processor, within some milliseconds; but for a backup.
 */
#define PATIENCE 250

/* One line a reader, "  1234 7f… 56"; others are a heading. */
static int count_reader(const char *line, void *ctx)
{
	uint64_t *n = ctx;

	while (*line == ' ')
		line++;
	*n += isdigit((unsigned char)*line) != 0;
	return 0;
}

uint64_t tel_lmdb_count_readers(struct tel_lmdb_store *s)
{
	uint64_t n = 0;

	mdb_reader_list(s->env, count_reader, &n);
	return n;
}

struct pin {
	size_t txn;		/* what was replaced up to here is wanted */
	bool found;
};

/* Its third word is the transaction it looks at; "-" = none now. */
static int find_pin(const char *line, void *ctx)
{
	struct pin *pin = ctx;
	size_t txn;

	pin->found |= sscanf(line, "%*d %*x %zu", &txn) == 1 && txn < pin->txn;
	return 0;
}

static bool is_pinned(struct tel_lmdb_store *s, size_t txn)
{
	struct pin pin = { .txn = txn };

	mdb_reader_list(s->env, find_pin, &pin);
	return pin.found;
}

static size_t last_txn(struct tel_lmdb_store *s)
{
	MDB_envinfo info;

	pthread_rwlock_rdlock(&s->map_lock);
	mdb_env_info(s->env, &info);
	pthread_rwlock_unlock(&s->map_lock);
	return info.me_last_txnid;
}

bool tel_lmdb_await_readers(struct tel_lmdb_store *s)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	size_t txn = last_txn(s);
	bool pinned;
	int dead = 0, i;

	mdb_reader_check(s->env, &dead);
	pinned = is_pinned(s, txn);
	if (!pinned)
		return dead > 0;
	for (i = 0; i < PATIENCE && pinned; i++) {
		nanosleep(&moment, NULL);
		pinned = is_pinned(s, txn);
	}
	return !pinned;
}
