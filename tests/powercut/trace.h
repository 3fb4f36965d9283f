/*
 * A recorder: everything that this program does to the files below one
 * directory, in the order in which it was done. Writes are noted with their
 * bytes, before they begin; syncs when they have returned, with what they
 * cover.
 *
 * It works by defining open(), writev(), fdatasync() and their like in the
 * program itself: the dynamic linker then gives these to LMDB as well. So
 * neither privileges nor a tracer are needed, and sanitizers don't mind.
 *
 * Not seen: writing through a mapping, dup()ed descriptors, what other
 * processes do. Who uses it compares the last state with the real files
 * (disk.h), so that nothing goes by unseen.
 */
#ifndef TEL_TESTS_POWERCUT_TRACE_H
#define TEL_TESTS_POWERCUT_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum trace_kind {
	TRACE_WRITE,		/* bytes at `at` */
	TRACE_TRUNCATE,		/* to `len` */
	TRACE_SYNC,		/* `len` bytes at `at`; len 0 = all of the file */
	TRACE_MAKE_FILE,	/* `path` names `file` from now on */
	TRACE_MAKE_DIR,
	TRACE_RENAME,		/* `path` is called `to` now */
	TRACE_REMOVE,
	TRACE_SYNC_DIR,
	TRACE_ACK		/* the workload's: number `ack` was acknowledged */
};

struct trace_op {
	enum trace_kind kind;
	int file;		/* 0 … n_files - 1; -1 where there is none */
	size_t at, len;
	unsigned char *bytes;
	size_t covers;		/* syncs: operations before this one */
	char *path, *to;	/* relative to the directory */
	unsigned ack;
};

struct trace {
	struct trace_op *ops;
	size_t n, cap;
	int n_files;
};

/*
 * Record from now on, below `directory` (absolute, no links in it). One
 * recording at a time. Aborts for want of memory, as all of this does.
 */
void trace_start(const char *directory);

/* No more; the recording is the caller's: trace_release(). */
struct trace trace_stop(void);
void trace_release(struct trace *trace);

/* Any thread, while recording. */
void trace_ack(unsigned number);

#endif
