/*
 * A disk under a recording (trace.h): which bytes and names are safe on it,
 * and which may or may not be when the power goes. As strict as POSIX: what
 * no sync has covered may be there in any part, in any order; a file's sync
 * says nothing about its name, which is its directory's business.
 *
 * One thing is taken for granted, as LMDB does: a sector of 512 bytes is
 * written wholly or not at all.
 */
#ifndef TEL_TESTS_POWERCUT_DISK_H
#define TEL_TESTS_POWERCUT_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "powercut/trace.h"

#define DISK_SECTOR ((size_t)512)

/* What becomes of the unsynced writes when the power goes. */
enum disk_fate {
	DISK_NONE,		/* all dropped */
	DISK_ALL,		/* all there */
	DISK_NEWEST,		/* only the last one is there */
	DISK_BUT_NEWEST,	/* all but the last one are */
	DISK_TORN,		/* all, but of the last one only the beginning */
	DISK_LENGTH,		/* all dropped, but the file is as long as if
				   they were there: zeros */
	DISK_FATES_ONCE,	/* those above have one outcome each; the rest
				   are drawn: */
	DISK_WRITES = DISK_FATES_ONCE,	/* half of the writes */
	DISK_PAGES,		/* half of the pages */
	DISK_SECTORS,		/* half of the sectors */
	DISK_NOISE,		/* half of the sectors; where a page of data
				   should have been, rubbish */
	DISK_FATES
};

struct disk;

/* A disk that lies: it says that it has synced, and has not. */
struct disk_lies {
	bool about_files, about_names;
};

/* Empty, before the first operation. The recording is borrowed. */
struct disk *disk_new(const struct trace *trace, struct disk_lies lies);
void disk_free(struct disk *disk);

/* Do the next operation. */
void disk_step(struct disk *disk);

/* Can a cut now have more than one outcome? */
bool disk_is_loose(const struct disk *disk);

/* The state after a cut now; `seed` draws what is to be drawn. */
struct disk_image;
struct disk_image *disk_cut(const struct disk *disk, enum disk_fate fate, uint64_t seed);
void disk_image_free(struct disk_image *image);

/* The same for the same names and bytes. */
uint64_t disk_image_hash(const struct disk_image *image);
/* Make its files in `directory`, which is there and empty. */
void disk_image_write(const struct disk_image *image, const char *directory);
/* Are the files in `directory` just these? Others may be there, too. */
bool disk_image_equals(const struct disk_image *image, const char *directory);

#endif
