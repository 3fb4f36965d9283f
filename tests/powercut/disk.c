#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "powercut/disk.h"
#include "base/banned.h"

#define PAGE ((size_t)4096)
#define MAX_NAMES 32
#define PATH_BYTES 1024

/* Writing rubbish here would break LMDB's own premise: its two meta pages
   are of one sector each, and that sector is never torn. */
#define META_END (2 * PAGE)

struct bytes {
	unsigned char *ptr;
	size_t len, cap;
};

/* Operations of the recording that no sync has covered. */
struct pending {
	size_t *ops, n, cap;
};

struct name {
	const char *path;	/* the recording's */
	int file;		/* -1 = a directory */
};

struct names {
	struct name is[MAX_NAMES];
	size_t n;
};

struct disk {
	const struct trace *trace;
	struct disk_lies lies;
	size_t next;
	struct bytes *files;	/* what is safe */
	struct pending *loose;	/* per file */
	struct names names;
	struct pending loose_names;
};

struct disk_image {
	int n_files;
	struct bytes *files;
	struct names names;
};

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

/* ---- bytes ---------------------------------------------------------------------- */

/* Bytes between the old end and the new one are zeros. */
static void set_len(struct bytes *b, size_t len)
{
	if (len > b->cap) {
		b->cap = 2 * len;
		b->ptr = must(realloc(b->ptr, b->cap));
	}
	if (len > b->len)
		memset(b->ptr + b->len, 0, len - b->len);
	b->len = len;
}

static void put(struct bytes *b, size_t at, const unsigned char *from, size_t len)
{
	if (len == 0)
		return;
	if (at + len > b->len)
		set_len(b, at + len);
	memcpy(b->ptr + at, from, len);
}

static void apply(struct bytes *b, const struct trace_op *op)
{
	if (op->kind == TRACE_TRUNCATE)
		set_len(b, op->len);
	else
		put(b, op->at, op->bytes, op->len);
}

/* ---- names ------------------------------------------------------------------------ */

static void drop_name(struct names *names, const char *path)
{
	size_t i;

	for (i = 0; i < names->n; i++)
		if (!strcmp(names->is[i].path, path))
			names->is[i--] = names->is[--names->n];
}

static void add_name(struct names *names, const char *path, int file)
{
	drop_name(names, path);		/* a rename may replace */
	if (names->n == MAX_NAMES)
		abort();
	names->is[names->n++] = (struct name){ path, file };
}

static void apply_name(struct names *names, const struct trace_op *op)
{
	switch (op->kind) {
	case TRACE_MAKE_FILE:
	case TRACE_MAKE_DIR:
		add_name(names, op->path, op->file);
		break;
	case TRACE_RENAME:
		drop_name(names, op->path);
		add_name(names, op->to, op->file);
		break;
	default:
		drop_name(names, op->path);
	}
}

static bool is_in(const char *path, const char *directory)
{
	size_t len = strlen(directory);

	if (len > 0 && (strncmp(path, directory, len) || path[len] != '/'))
		return false;
	return !strchr(path + len + (len > 0), '/');
}

/* ---- what a sync makes safe --------------------------------------------------------- */

static void remember(struct pending *p, size_t op)
{
	if (p->n == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 64;
		p->ops = must(realloc(p->ops, p->cap * sizeof(*p->ops)));
	}
	p->ops[p->n++] = op;
}

static bool covers(const struct trace_op *sync, const struct trace_op *op, size_t index)
{
	if (index >= sync->covers)
		return false;
	return sync->len == 0 || (op->kind == TRACE_WRITE && op->at < sync->at + sync->len &&
				  sync->at < op->at + op->len);
}

static void sync_file(struct disk *d, const struct trace_op *sync)
{
	struct pending *p = &d->loose[sync->file];
	const struct trace_op *ops = d->trace->ops;
	size_t i, kept = 0;

	for (i = 0; i < p->n; i++)
		if (covers(sync, &ops[p->ops[i]], p->ops[i]))
			apply(&d->files[sync->file], &ops[p->ops[i]]);
		else
			p->ops[kept++] = p->ops[i];
	p->n = kept;
}

static void sync_names(struct disk *d, const struct trace_op *sync)
{
	const struct trace_op *ops = d->trace->ops;
	struct pending *p = &d->loose_names;
	size_t i, kept = 0;

	for (i = 0; i < p->n; i++)
		if (p->ops[i] < sync->covers && is_in(ops[p->ops[i]].path, sync->path))
			apply_name(&d->names, &ops[p->ops[i]]);
		else
			p->ops[kept++] = p->ops[i];
	p->n = kept;
}

void disk_step(struct disk *d)
{
	const struct trace_op *op = &d->trace->ops[d->next];

	switch (op->kind) {
	case TRACE_WRITE:
	case TRACE_TRUNCATE:
		remember(&d->loose[op->file], d->next);
		break;
	case TRACE_SYNC:
		if (!d->lies.about_files)
			sync_file(d, op);
		break;
	case TRACE_MAKE_FILE:
	case TRACE_MAKE_DIR:
	case TRACE_RENAME:
	case TRACE_REMOVE:
		remember(&d->loose_names, d->next);
		break;
	case TRACE_SYNC_DIR:
		if (!d->lies.about_names)
			sync_names(d, op);
		break;
	case TRACE_ACK:
		break;
	}
	d->next++;
}

bool disk_is_loose(const struct disk *d)
{
	bool loose = d->loose_names.n > 0;
	int i;

	for (i = 0; i < d->trace->n_files; i++)
		loose |= d->loose[i].n > 0;
	return loose;
}

struct disk *disk_new(const struct trace *trace, struct disk_lies lies)
{
	struct disk *d = must(calloc(1, sizeof(*d)));
	size_t n = (size_t)trace->n_files + 1;

	d->trace = trace;
	d->lies = lies;
	d->files = must(calloc(n, sizeof(*d->files)));
	d->loose = must(calloc(n, sizeof(*d->loose)));
	return d;
}

void disk_free(struct disk *d)
{
	int i;

	for (i = 0; i < d->trace->n_files; i++) {
		free(d->files[i].ptr);
		free(d->loose[i].ops);
	}
	free(d->files);
	free(d->loose);
	free(d->loose_names.ops);
	free(d);
}

/* ---- the cut ---------------------------------------------------------------------------- */

static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

/* A coin for one unit (operation, page, sector) of a cut. */
static bool heads(uint64_t seed, size_t op, size_t unit)
{
	return mix(seed ^ mix(op * 0x10001 + mix(unit))) & 1;
}

struct cut {
	enum disk_fate fate;
	uint64_t seed;
};

/* Is the sector at `at` of this write on the disk? */
static bool survives(struct cut cut, size_t op, bool newest, const struct trace_op *w, size_t at)
{
	switch (cut.fate) {
	case DISK_NONE:
	case DISK_LENGTH:
		return false;
	case DISK_ALL:
		return true;
	case DISK_NEWEST:
		return newest;
	case DISK_BUT_NEWEST:
		return !newest;
	case DISK_TORN:
		return !newest || at - w->at < w->len / 2;
	case DISK_WRITES:
		return heads(cut.seed, op, 0);
	case DISK_PAGES:
		return heads(cut.seed, op, at / PAGE);
	case DISK_SECTORS:
	case DISK_NOISE:
	case DISK_FATES:
		break;
	}
	return heads(cut.seed, op, at / DISK_SECTOR);
}

static void put_noise(struct bytes *b, size_t at, size_t len, uint64_t seed)
{
	unsigned char noise[DISK_SECTOR];
	size_t i;

	for (i = 0; i < len; i++)
		noise[i] = (unsigned char)mix(seed + at + i);
	put(b, at, noise, len);
}

static void cut_write(struct bytes *b, struct cut cut, size_t op, bool newest,
		      const struct trace_op *w)
{
	size_t at = w->at, end = w->at + w->len, next;

	for (; at < end; at = next) {
		next = (at / DISK_SECTOR + 1) * DISK_SECTOR;
		if (next > end)
			next = end;
		if (survives(cut, op, newest, w, at))
			put(b, at, w->bytes + (at - w->at), next - at);
		else if (cut.fate == DISK_NOISE && at >= META_END)
			put_noise(b, at, next - at, cut.seed);
	}
	if (cut.fate == DISK_LENGTH && end > b->len)
		set_len(b, end);
}

static void cut_file(const struct disk *d, int file, struct cut cut, struct bytes *out)
{
	const struct pending *p = &d->loose[file];
	const struct trace_op *op;
	size_t i;

	put(out, 0, d->files[file].ptr, d->files[file].len);
	for (i = 0; i < p->n; i++) {
		op = &d->trace->ops[p->ops[i]];
		if (op->kind == TRACE_WRITE)
			cut_write(out, cut, p->ops[i], i + 1 == p->n, op);
		else if (cut.fate == DISK_ALL || (cut.fate >= DISK_FATES_ONCE &&
						  heads(cut.seed, p->ops[i], 0)))
			apply(out, op);
	}
}

/* Of a directory's changes, those up to some moment. */
static void cut_names(const struct disk *d, struct cut cut, struct names *out)
{
	const struct pending *p = &d->loose_names;
	size_t i, up_to = p->n;

	if (cut.fate == DISK_NONE)
		up_to = 0;
	else if (cut.fate >= DISK_FATES_ONCE)
		up_to = mix(cut.seed) % (p->n + 1);
	*out = d->names;
	for (i = 0; i < up_to; i++)
		apply_name(out, &d->trace->ops[p->ops[i]]);
}

struct disk_image *disk_cut(const struct disk *d, enum disk_fate fate, uint64_t seed)
{
	struct disk_image *image = must(calloc(1, sizeof(*image)));
	struct cut cut = { fate, mix(seed + (uint64_t)fate) };
	int i;

	image->n_files = d->trace->n_files;
	image->files = must(calloc((size_t)image->n_files + 1, sizeof(*image->files)));
	for (i = 0; i < image->n_files; i++)
		cut_file(d, i, cut, &image->files[i]);
	cut_names(d, cut, &image->names);
	return image;
}

void disk_image_free(struct disk_image *image)
{
	int i;

	for (i = 0; i < image->n_files; i++)
		free(image->files[i].ptr);
	free(image->files);
	free(image);
}

/* ---- images ------------------------------------------------------------------------------ */

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	uint64_t word = 0;

	for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		hash = (hash ^ word) * 0x100000001b3;
		hash ^= hash >> 29;
	}
	for (; len > 0; len--)
		hash = (hash ^ *p++) * 0x100000001b3;
	return mix(hash);
}

/* The order of names says nothing. */
uint64_t disk_image_hash(const struct disk_image *image)
{
	uint64_t hash = 0, one;
	const struct name *n;

	for (n = image->names.is; n < image->names.is + image->names.n; n++) {
		one = hash_bytes(1, n->path, strlen(n->path));
		if (n->file >= 0)
			one = hash_bytes(one, image->files[n->file].ptr, image->files[n->file].len);
		hash += one;
	}
	return hash;
}

static void write_file(const struct bytes *b, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	/* Its directory's name may be among what was lost. */
	if (fd < 0)
		return;
	if (write(fd, b->len ? b->ptr : (const void *)"", b->len) != (ssize_t)b->len) {
		perror(path);
		abort();
	}
	close(fd);
}

void disk_image_write(const struct disk_image *image, const char *directory)
{
	char path[PATH_BYTES];
	const struct name *n;
	int files;

	for (files = 0; files < 2; files++)
		for (n = image->names.is; n < image->names.is + image->names.n; n++) {
			snprintf(path, sizeof(path), "%s/%s", directory, n->path);
			if (files && n->file >= 0)
				write_file(&image->files[n->file], path);
			else if (!files && n->file < 0)
				mkdir(path, 0700);
		}
}

static bool is_same(const struct bytes *b, const char *path)
{
	unsigned char *found = must(malloc(b->len + 1));
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool same = fd >= 0 && read(fd, found, b->len + 1) == (ssize_t)b->len &&
		    (b->len == 0 || !memcmp(found, b->ptr, b->len));

	if (fd >= 0)
		close(fd);
	free(found);
	return same;
}

bool disk_image_equals(const struct disk_image *image, const char *directory)
{
	char path[PATH_BYTES];
	const struct name *n;

	for (n = image->names.is; n < image->names.is + image->names.n; n++) {
		snprintf(path, sizeof(path), "%s/%s", directory, n->path);
		if (n->file >= 0 && !is_same(&image->files[n->file], path))
			return false;
	}
	return true;
}
