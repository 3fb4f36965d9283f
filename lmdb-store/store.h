/*
 * Inside lmdb-store.
 *
 * Tables: those of record/keys.h, one LMDB database each, and
 *   EVENTS   event id -> remember_until
 *   ROOMS    room name, room sid -> remember_until (tombstones)
 *   REQUESTS request key -> record/request_record.h
 *   EXPIRY   remember_until, 'E', 'R' or 'Q', key of one of these three
 *            -> nothing
 *   ENTRIES  serial, seq -> entry record
 *   MORE     the rest of long records of CALL and ENTRIES: see blob.c
 *   META     the layout, the last serial, the kill switch, the duty; in
 *            LMDB's unnamed database, which every commit writes anyway:
 *            our keys hold a NUL, so they are no names of databases
 *
 * Locks, in the order in which they are taken:
 *   queue_lock  the queue of waiting steps, `leading`, the counters. Never
 *               held while LMDB is called.
 *   map_lock    shared: a transaction is open, so the map stays where it is;
 *               exclusive: the map is being changed.
 *   LMDB's own writer lock, one for all processes.
 */
#ifndef TEL_LMDB_STORE_STORE_H
#define TEL_LMDB_STORE_STORE_H

#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "lmdb-store/lmdb_store.h"
#include "record/index.h"
#include "record/keys.h"

enum tel_lmdb_table {
	TEL_LMDB_EVENTS = TEL_KEY_KINDS,
	TEL_LMDB_ROOMS,
	TEL_LMDB_REQUESTS,
	TEL_LMDB_EXPIRY,
	TEL_LMDB_ENTRIES,
	TEL_LMDB_MORE,
	TEL_LMDB_META,
	TEL_LMDB_TABLES
};

/* LMDB wants whole pages; 64 KiB is the largest page there is. */
#define TEL_LMDB_MAP_STEP ((size_t)64 << 10)
#define TEL_LMDB_WHOLE(size) ((size) - (size) % TEL_LMDB_MAP_STEP)

struct tel_lmdb_waiter;

struct tel_lmdb_store {
	struct tel_call_store base;
	MDB_env *env;
	MDB_dbi tables[TEL_LMDB_TABLES];
	pid_t pid;			/* whose it is: not a forked child's */
	bool registered;		/* with the guard, as (dev, ino) */
	dev_t dev;
	ino_t ino;
	int pids_fd;			/* holds a lock of pids.c; -1 = none */
	bool read_only;
	bool group_commit;
	tel_time retention;
	size_t page_size;
	size_t map_size;		/* meant to be; address space may be less */
	void (*broken)(void *ctx);	/* see lmdb_store.h; NULL = nobody asks */
	void *broken_ctx;
	atomic_bool is_broken;

	/* Of write transactions, so LMDB's writer lock guards them. */
	uint64_t reserved_to;		/* the file has room on disk up to here */
	bool cannot_reserve;		/* the file system knows no fallocate() */

	pthread_rwlock_t map_lock;
	bool unmapped;			/* guarded by map_lock: LMDB must not be asked */

	pthread_mutex_t queue_lock;	/* guards all below */
	struct tel_lmdb_waiter *first, **last;
	bool leading;			/* some thread is committing */
	uint64_t commits, committed_steps;
};

static inline struct tel_lmdb_store *tel_lmdb_of(struct tel_call_store *store)
{
	return (struct tel_lmdb_store *)store;
}

/* ---- error.c ---- */

/* An LMDB or errno code as ours. */
enum tel_err tel_lmdb_err(int rc);

/* Append a sentence to `why`, which may be NULL; returns `err`. */
enum tel_err tel_lmdb_say(struct tel_buf *why, enum tel_err err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- guard.c: one open store of a directory in a process ---- */

/* TEL_EMISUSE: it is open already. TEL_ENOMEM */
TEL_MUST_CHECK enum tel_err tel_lmdb_register(dev_t dev, ino_t ino);
void tel_lmdb_unregister(dev_t dev, ino_t ino);

/* ---- place.c: is this directory fit for a store ---- */

struct tel_lmdb_place {
	dev_t dev;
	ino_t ino;
	uid_t owner;
	gid_t group;
};

TEL_MUST_CHECK enum tel_err tel_lmdb_place(const char *path, bool read_only,
					   struct tel_lmdb_place *out, struct tel_buf *why);

/* ---- owner.c: opening another user's store; errno codes ---- */

struct tel_lmdb_self;

/* This process acts as the store's owner, until it is itself again; NULL = it is him. */
int tel_lmdb_be_owner(const struct tel_lmdb_place *place, struct tel_lmdb_self **out);
/* Frees `self`; to be called after a failure as well. */
int tel_lmdb_be_self(struct tel_lmdb_self *self);

/* ---- birth.c: a new store; LMDB or errno codes ---- */

/* data.mdb, whole and empty, unless there is one. */
int tel_lmdb_make_file(const char *path);
/* The names in the directory `path`, and its own, survive a power cut. */
int tel_lmdb_sync_names(const char *path);

/* ---- pids.c: one PID namespace ---- */

/* data.mdb is there. Until s->pids_fd is closed. TEL_EBUSY: others have it. */
TEL_MUST_CHECK enum tel_err tel_lmdb_join_pids(struct tel_lmdb_store *s, const char *path,
					       struct tel_buf *why);

/* ---- env.c ---- */

/* s->env and s->tables. */
TEL_MUST_CHECK enum tel_err tel_lmdb_open_env(struct tel_lmdb_store *s,
					      const struct tel_lmdb_options *options,
					      struct tel_buf *why);

/* ---- readers.c ---- */

/* Slots in use, by all processes of the store. */
uint64_t tel_lmdb_count_readers(struct tel_lmdb_store *s);

/*
 * After TEL_EFULL: wait, a quarter of a second at most, until nobody reads
 * what has been replaced by now. True: pages have become free, it is worth
 * another try. Call it without a transaction and without queue_lock.
 */
bool tel_lmdb_await_readers(struct tel_lmdb_store *s);

/* ---- map.c ---- */

/*
 * After MDB_MAP_RESIZED, without a transaction: have a map as large as the
 * file. False: there is no address space for it in this process.
 */
bool tel_lmdb_follow_map(struct tel_lmdb_store *s);

/* ---- txn.c: a transaction, with the tables as an index ---- */

struct tel_lmdb_txn {
	struct tel_lmdb_store *store;
	MDB_txn *txn;
	struct tel_index index;		/* for record/index.h */
	bool writes;
	bool dirty;			/* something was put or deleted */
	uint64_t spent_pages;		/* estimate of what this one has used up */
	uint64_t free_pages;		/* counted when first asked for */
	bool counted;
};

/* After TEL_OK: exactly one of commit and abort. TEL_EBUSY … */
TEL_MUST_CHECK enum tel_err tel_lmdb_begin(struct tel_lmdb_store *s, bool writes,
					   struct tel_lmdb_txn *out);
TEL_MUST_CHECK enum tel_err tel_lmdb_commit(struct tel_lmdb_txn *t);
void tel_lmdb_abort(struct tel_lmdb_txn *t);

/* *value is valid until the transaction changes or ends. TEL_ENOTFOUND */
TEL_MUST_CHECK enum tel_err tel_lmdb_get(struct tel_lmdb_txn *t, int table, struct tel_str key,
					 struct tel_str *value);
/* The first entry with a key >= `key`. TEL_ENOTFOUND */
TEL_MUST_CHECK enum tel_err tel_lmdb_seek(struct tel_lmdb_txn *t, int table, struct tel_str key,
					  struct tel_index_hit *hit);
TEL_MUST_CHECK enum tel_err tel_lmdb_put(struct tel_lmdb_txn *t, int table, struct tel_str key,
					 struct tel_str value);
/* What is not there is deleted already. */
TEL_MUST_CHECK enum tel_err tel_lmdb_del(struct tel_lmdb_txn *t, int table, struct tel_str key);

/*
 * Is there room for new business, beyond the reserve? TEL_EFULL if not.
 * A write transaction.
 */
TEL_MUST_CHECK enum tel_err tel_lmdb_has_room(struct tel_lmdb_txn *t);
/* Count what a step is going to write; `bytes` of records and entries. */
void tel_lmdb_spend(struct tel_lmdb_txn *t, size_t bytes, size_t keys);
/*
 * True when the file has grown close to its end, so that pages must be found
 * among the freed ones: small transactions get on better there.
 */
bool tel_lmdb_is_tight(struct tel_lmdb_txn *t);
/* Pages that LMDB can use again. Beside any transaction. */
TEL_MUST_CHECK enum tel_err tel_lmdb_free_pages(struct tel_lmdb_txn *t, uint64_t *out);

/* ---- upgrade.c: stores of an earlier layout ---- */

/* All tables are open, `t` writes and makes it a store of this layout. */
TEL_MUST_CHECK enum tel_err tel_lmdb_start_upgrade(struct tel_lmdb_txn *t);
/* Was that begun and not ended? Needs nothing but META. */
bool tel_lmdb_upgrade_is_due(struct tel_lmdb_txn *t);
/* End it. TEL_EFULL … */
TEL_MUST_CHECK enum tel_err tel_lmdb_upgrade(struct tel_lmdb_store *s, const char *path,
					     struct tel_buf *why);

/* ---- disk.c ---- */

/*
 * Have room on the disk behind `used` bytes of the file: a reserve, `most`
 * bytes at most. Within a write transaction. TEL_EFULL | TEL_EIO
 */
TEL_MUST_CHECK enum tel_err tel_lmdb_reserve_disk(struct tel_lmdb_store *s, uint64_t used,
						  uint64_t most);
/* Is that why a write failed? LMDB calls a short one an error of the disk. */
bool tel_lmdb_disk_is_full(struct tel_lmdb_store *s);

/* ---- blob.c: records, in CALL and ENTRIES ---- */

/*
 * The record whose `key` and `value` are in a table; *out lies in the map or
 * in `scratch`. TEL_ECORRUPT
 */
TEL_MUST_CHECK enum tel_err tel_lmdb_blob(struct tel_lmdb_txn *t, struct tel_str key,
					  struct tel_str value, struct tel_buf *scratch,
					  struct tel_str *out);
/* How many entries of MORE belong to it. */
size_t tel_lmdb_blob_pieces(struct tel_str value);
TEL_MUST_CHECK enum tel_err tel_lmdb_put_blob(struct tel_lmdb_txn *t, int table, struct tel_str key,
					      struct tel_str bytes);
TEL_MUST_CHECK enum tel_err tel_lmdb_del_blob(struct tel_lmdb_txn *t, int table, struct tel_str key);

/* ---- keys.c ---- */

struct tel_lmdb_expiry_key {
	size_t len;
	char bytes[9 + TEL_MAX_KEY];
};

/* `table` is EVENTS, ROOMS or REQUESTS. */
struct tel_str tel_lmdb_expiry_key(struct tel_lmdb_expiry_key *out, tel_time when, int table,
				   struct tel_str key);
/* The other way round; false: not such a key. */
bool tel_lmdb_expiry_parse(struct tel_str expiry, int *table, struct tel_str *key);
struct tel_str tel_lmdb_serial_key(struct tel_key_buf *out, uint64_t serial);
struct tel_str tel_lmdb_entry_key(struct tel_key_buf *out, uint64_t serial, uint32_t seq);

/* ---- step.c: one step within a transaction ---- */

/*
 * Load, decide and, in a write transaction, put. In a read transaction
 * *wants_write tells that it must be done again in one that writes. On an
 * error with t->dirty set, part of the step may have been put: abort.
 */
TEL_MUST_CHECK enum tel_err tel_lmdb_run_step(struct tel_lmdb_txn *t,
					      const struct tel_step_about *about,
					      tel_decide_fn decide, void *ctx, bool *wants_write);

/* All zero if nobody ever had it. The owner's text is copied into `mem`. */
TEL_MUST_CHECK enum tel_err tel_lmdb_load_duty(struct tel_lmdb_txn *t, struct tel_arena *mem,
					       struct tel_duty *out);

TEL_MUST_CHECK enum tel_err tel_lmdb_load(struct tel_lmdb_txn *t, uint64_t serial,
					  struct tel_call **out);

/* ---- commit.c: group commit ---- */

enum tel_err tel_lmdb_step(struct tel_call_store *store, const struct tel_step_about *about,
			   tel_decide_fn decide, void *ctx);

/* ---- trim.c ---- */

/*
 * Let go of the file's pages that this process has looked at. They stay in
 * the kernel's cache; mapped, they count as memory of an idle process, and
 * the kernel maps sixteen for every one that is touched. Any thread.
 */
void tel_lmdb_trim(struct tel_lmdb_store *s);

/* ---- read.c, sweep.c, stats.c: slots of the port ---- */

enum tel_err tel_lmdb_get_call(struct tel_call_store *store, const struct tel_call_id *id,
			       struct tel_call **out, struct tel_timeline *timeline);
enum tel_err tel_lmdb_list(struct tel_call_store *store, const struct tel_call_filter *filter,
			   struct tel_call_page *out);
enum tel_err tel_lmdb_due(struct tel_call_store *store, const struct tel_due_query *query,
			  struct tel_due_page *out);
enum tel_err tel_lmdb_sweep(struct tel_call_store *store, tel_time now, size_t budget,
			    struct tel_sweep_report *out);
enum tel_err tel_lmdb_stats(struct tel_call_store *store, struct tel_store_stats *out);

#endif
