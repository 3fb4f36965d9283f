/*
 * The call store on LMDB: one directory, any number of processes and
 * threads, durable at every commit (never MDB_NOSYNC).
 *
 * Open it after fork(), once in a process: LMDB's locks break when one
 * process opens a directory twice, so a second open is refused with
 * TEL_EMISUSE. A store that was open across a fork() answers TEL_EMISUSE in
 * the child; the child opens its own.
 *
 * Steps are decided by whichever thread commits: with group commit, steps
 * that arrive while a commit runs share the next one, and one of their
 * threads runs the decide functions of all while the others wait.
 *
 * Room: when less than a reserve is free (a sixteenth of the map, at least
 * 1 MiB), steps that create a call, or remember something without one, are
 * refused with TEL_EFULL; changes to existing calls and sweeps use it. The
 * same holds for the disk: 8 MiB (or the map's reserve, if that is less) are
 * allocated behind the end of the file before a call is created, so that a
 * file system which somebody else fills leaves room for endings. TEL_EFULL
 * goes away by itself as soon as there is room. Pages that a reader may still
 * look at are no room; a step that needs them waits for it, a quarter of a
 * second at most, and only a reader that takes longer (a backup) can make an
 * ending fail while the reserve lasts.
 *
 * TEL_EIO is mostly one commit's. But when the very last write of a commit
 * fails, LMDB refuses all others in that process: `broken` below.
 */
#ifndef TEL_LMDB_STORE_H
#define TEL_LMDB_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/time.h"
#include "ports/call_store.h"

/*
 * The map is address space, not memory, and the file grows as it is used:
 * large from the start, so that it need not be changed later.
 */
#define TEL_LMDB_MAP_SIZE \
	(sizeof(size_t) > 4 ? (size_t)((unsigned long long)16 << 30) : (size_t)512 << 20)
#define TEL_LMDB_MIN_MAP_SIZE ((size_t)4 << 20)

/* Threads reading at one time, in all processes of the store. */
#define TEL_LMDB_MAX_READERS 2048

struct tel_lmdb_options {
	const char *path;	/* a directory; made (0700) if its parent is there */
	size_t map_size;	/* bytes; 0 = TEL_LMDB_MAP_SIZE */
	bool no_group_commit;	/* every step its own commit, to measure the gain */
	bool read_only;		/* steps and sweeps are refused (TEL_EMISUSE). Root
				   may read a store of another user so */
	tel_time retention;	/* calls are swept so long after their end;
				   0 = kept for ever */
	/*
	 * Called once if the store will never write again in this process
	 * and TEL_EIO (or TEL_ENOMEM: it has outgrown the address space) is
	 * all that can be had: time to end it, so that the next one opens
	 * the store anew. Any thread, within a call of the
	 * store; it must not call the store. May be NULL.
	 */
	void (*broken)(void *ctx);
	void *broken_ctx;
};

/*
 * Close with (*out)->ops->close(*out), when no other thread uses it.
 *
 * `why` (may be NULL) gets one sentence for the operator when something
 * fails, and a warning when something is odd but works: without a newline.
 *
 * TEL_ENOTFOUND  no such directory (and none could be made here, or read_only)
 * TEL_EDENIED    permissions; another user's directory (says whose); others
 *                may write to it; a network file system
 * TEL_ECORRUPT   not a store, a damaged one, or one of a later version; with
 *                read_only, also one of an earlier version, which otherwise
 *                is brought up to date (about 3 s for 100 000 calls)
 * TEL_EMISUSE    open in this process already; a map_size below the minimum
 * TEL_EBUSY      processes of another PID namespace (a container) have it
 *                open, read_only aside: LMDB's locks do not hold between two;
 *                or too many read it
 * TEL_EIO, TEL_ENOMEM, TEL_EFULL
 */
TEL_MUST_CHECK enum tel_err tel_lmdb_store_open(const struct tel_lmdb_options *options,
						struct tel_call_store **out, struct tel_buf *why);

/*
 * A consistent, compacted copy while the store is in use: a store of its own
 * in `directory` (made if missing, 0700), which must not hold one yet. Never
 * copy the files of a store that is open by other means.
 * TEL_ECONFLICT (one is there) | TEL_ENOTFOUND | TEL_EDENIED | TEL_EIO |
 * TEL_EFULL | TEL_ENOMEM | TEL_EBUSY
 */
TEL_MUST_CHECK enum tel_err tel_lmdb_backup(struct tel_call_store *store, const char *directory,
					    struct tel_buf *why);

/* LMDB needs locks and a page cache that all its processes share. */
enum tel_lmdb_ground {
	TEL_LMDB_GROUND_FIRM,
	TEL_LMDB_GROUND_UNKNOWN,	/* FUSE: depends on what is behind it */
	TEL_LMDB_GROUND_NETWORK		/* refused */
};

/* By statfs(2)'s f_type. *name: "NFS", …; NULL for a firm one. */
enum tel_lmdb_ground tel_lmdb_ground(unsigned long f_type, const char **name);

#endif
