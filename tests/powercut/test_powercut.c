/*
 * The power goes: a run of acknowledged steps is recorded, write by write
 * and sync by sync; then for every moment of it the disk is put together as
 * it might be after a cut just then, in many variants, and the real store
 * has to open it, to have everything that was acknowledged, to be whole, and
 * to go on.
 *
 * And the other way round: with bugs planted (no syncs, a hasty answer) the
 * same test must find losses; else it proves nothing.
 *
 * POWERCUT_STORES=N rebuilds at least N stores, from several recordings;
 * POWERCUT_SEED=S draws others; POWERCUT_EVERY=N cuts at each Nth moment only,
 * for builds that are slow.
 */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/num.h"
#include "harness.h"
#include "powercut/disk.h"
#include "powercut/load.h"
#include "powercut/trace.h"
#include "base/banned.h"

#define PATH_BYTES 256

/* Room for the hashes of what was tried; a power of two. */
#define TRIED_SLOTS ((size_t)1 << 19)

/* Shared with the children that do the opening. */
struct tally {
	uint64_t stores, verdicts[LOAD_VERDICTS];
	uint64_t tried[TRIED_SLOTS];	/* 0 = a free slot */
};

static struct tally *tally;
static char base[PATH_BYTES];
static unsigned long seed = 1, every = 1;

/* ---- directories ------------------------------------------------------------------- */

/* A file system in memory if there is one: nothing here needs a disk. */
static void make_base(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(base, sizeof(base), "/dev/shm/tel-power-XXXXXX");
	if (mkdtemp(base))
		return;
	snprintf(base, sizeof(base), "%s/tel-power-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(base)) {
		perror(base);
		abort();
	}
}

static void path_in(const char *directory, const char *name, char out[PATH_BYTES])
{
	if (snprintf(out, PATH_BYTES, "%s/%s", directory, name) >= PATH_BYTES)
		abort();
}

static void clear(const char *path)
{
	char below[PATH_BYTES];
	struct dirent *entry;
	DIR *dir = opendir(path);

	while (dir && (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		path_in(path, entry->d_name, below);
		if (entry->d_type == DT_DIR) {
			clear(below);
			rmdir(below);
		} else {
			unlink(below);
		}
	}
	if (dir)
		closedir(dir);
}

/* ---- recording ------------------------------------------------------------------------ */

/* For planted bugs: mdb_env_open() gets these flags on top. */
static unsigned planted_flags;

int __real_mdb_env_open(MDB_env *env, const char *path, unsigned flags, mdb_mode_t mode);
int __wrap_mdb_env_open(MDB_env *env, const char *path, unsigned flags, mdb_mode_t mode);

int __wrap_mdb_env_open(MDB_env *env, const char *path, unsigned flags, mdb_mode_t mode)
{
	return __real_mdb_env_open(env, path, flags | planted_flags, mode);
}

struct recording {
	struct load load;
	struct trace trace;
	size_t acks;
};

static void record(struct recording *r, unsigned flags)
{
	char live[PATH_BYTES];
	size_t i;

	path_in(base, "live", live);
	mkdir(live, 0700);
	planted_flags = flags;
	trace_start(live);
	load_run(&r->load, live);
	r->trace = trace_stop();
	planted_flags = 0;
	r->acks = 0;
	for (i = 0; i < r->trace.n; i++)
		r->acks += r->trace.ops[i].kind == TRACE_ACK;
}

/* Did the recorder see all that was done to the files? */
static bool is_complete(const struct trace *trace)
{
	struct disk *disk = disk_new(trace, (struct disk_lies){ 0 });
	struct disk_image *image;
	char live[PATH_BYTES];
	bool same;
	size_t i;

	path_in(base, "live", live);
	for (i = 0; i < trace->n; i++)
		disk_step(disk);
	image = disk_cut(disk, DISK_ALL, 0);
	same = disk_image_equals(image, live);
	disk_image_free(image);
	disk_free(disk);
	return same;
}

/* ---- cutting ---------------------------------------------------------------------------- */

/* False: the same files and the same promises were tried before. */
static bool is_new(uint64_t hash)
{
	size_t i = hash & (TRIED_SLOTS - 1), tries;

	for (tries = 0; tries < TRIED_SLOTS / 2; tries++, i = (i + 1) & (TRIED_SLOTS - 1)) {
		if (tally->tried[i] == hash)
			return false;
		if (!tally->tried[i]) {
			tally->tried[i] = hash;
			return true;
		}
	}
	return true;
}

/* The lock file may survive, with anything in it. */
static void leave_old_lock(const char *directory, uint64_t hash)
{
	unsigned char rubbish[4096];
	char path[PATH_BYTES];
	FILE *f;

	memset(rubbish, (int)(hash >> 8), sizeof(rubbish));
	path_in(directory, "store/lock.mdb", path);
	f = fopen(path, "wb");
	if (!f)
		return;		/* its directory did not survive */
	fwrite(rubbish, 1, hash % sizeof(rubbish), f);
	fclose(f);
}

static void try_image(const struct recording *r, const struct load_promise *promise,
		      const struct disk_image *image)
{
	uint64_t hash = disk_image_hash(image) * 31 + promise->n + 1;
	char directory[PATH_BYTES];

	if (!is_new(hash))
		return;
	path_in(base, "cut", directory);
	clear(directory);
	disk_image_write(image, directory);
	if (hash % 3 == 0)
		leave_old_lock(directory, hash / 3);
	tally->stores++;
	tally->verdicts[load_verify(&r->load, promise, directory)]++;
}

static void try_cut(const struct recording *r, const struct load_promise *promise,
		    const struct disk *disk, unsigned rounds)
{
	bool loose = disk_is_loose(disk);
	struct disk_image *image;
	unsigned fate, round;

	for (fate = 0; fate < (loose ? DISK_FATES : 1); fate++)
		for (round = 0; round < (fate < DISK_FATES_ONCE ? 1 : rounds); round++) {
			image = disk_cut(disk, (enum disk_fate)fate, seed * 1000 + round);
			try_image(r, promise, image);
			disk_image_free(image);
		}
}

/*
 * In a child: what comes out of a lying disk may also bring LMDB down, and
 * that is a verdict like any other.
 */
static bool cut_in_child(const struct recording *r, const struct load_promise *promise,
			 const struct disk *disk, unsigned rounds, bool quiet)
{
	int status = 0, null;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		null = quiet ? open("/dev/null", O_WRONLY) : -1;
		if (null >= 0)
			dup2(null, STDERR_FILENO);
		try_cut(r, promise, disk, rounds);
		_exit(0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

struct outcome {
	size_t cuts;
	uint64_t stores, lost, broken;	/* broken: anything else that is wrong */
};

static void count(struct outcome *o, bool survived)
{
	int v;

	o->cuts++;
	o->stores += tally->stores;
	o->lost += tally->verdicts[LOAD_LOST];
	for (v = LOAD_TORN; v < LOAD_VERDICTS; v++)
		o->broken += tally->verdicts[v];
	o->broken += !survived;
	tally->stores = 0;
	memset(tally->verdicts, 0, sizeof(tally->verdicts));
}

static void tell(const struct recording *r, const struct outcome *o, size_t op)
{
	static uint64_t told;

	if (o->lost + o->broken > told && told < 5 && (told = o->lost + o->broken))
		fprintf(stderr, "\ncut before operation %zu of %zu: %llu lost, %llu broken so far\n",
			op, r->trace.n, (unsigned long long)o->lost, (unsigned long long)o->broken);
}

struct plan {
	struct disk_lies lies;
	unsigned rounds;
	size_t every;			/* 1 = each moment */
	bool quiet;			/* trouble is what is looked for */
};

/* One moment after a row of acknowledgements is enough: it demands the most. */
static bool is_moment(const struct trace *trace, size_t i)
{
	return i == trace->n || trace->ops[i].kind != TRACE_ACK;
}

static struct outcome cut_everywhere(const struct recording *r, struct plan plan)
{
	struct disk *disk = disk_new(&r->trace, plan.lies);
	struct load_promise promise = { 0 };
	struct outcome o = { 0 };
	size_t i, moment = 0;

	memset(tally->tried, 0, sizeof(tally->tried));
	for (i = 0; i <= r->trace.n; i++) {
		if (is_moment(&r->trace, i) && moment++ % plan.every == 0) {
			count(&o, cut_in_child(r, &promise, disk, plan.rounds, plan.quiet));
			if (!plan.quiet)
				tell(r, &o, i);
		}
		if (i == r->trace.n)
			break;
		if (r->trace.ops[i].kind == TRACE_ACK)
			load_promise_add(&promise, r->trace.ops[i].ack);
		disk_step(disk);
	}
	disk_free(disk);
	return o;
}

static void forget(struct recording *r)
{
	char live[PATH_BYTES];

	trace_release(&r->trace);
	path_in(base, "live", live);
	clear(live);
}

/* ---- the tests --------------------------------------------------------------------------- */

static const struct load loads[] = {
	{ .calls = 12, .threads = 4 },
	{ .calls = 4, .threads = 1 },
	{ .calls = 40, .threads = 8 },
	{ .calls = 30, .threads = 3, .no_group_commit = true },
};

static unsigned long number(const char *variable, unsigned long otherwise)
{
	const char *text = getenv(variable);

	return text && *text ? strtoul(text, NULL, 10) : otherwise;
}

static unsigned long wanted(void)
{
	return number("POWERCUT_STORES", 2000) / every;
}

static void one_recording(const struct load *load, unsigned rounds, struct outcome *sum,
			  size_t *acks)
{
	struct recording r = { .load = *load };
	struct outcome o;

	record(&r, 0);
	CU_ASSERT_TRUE(is_complete(&r.trace));
	o = cut_everywhere(&r, (struct plan){ .rounds = rounds, .every = every });
	CHECK_INT(o.lost, 0);
	CHECK_INT(o.broken, 0);
	sum->cuts += o.cuts;
	sum->stores += o.stores;
	sum->lost += o.lost;
	sum->broken += o.broken;
	*acks += r.acks;
	forget(&r);
}

static void nothing_acknowledged_is_lost(void)
{
	unsigned rounds = wanted() > 5000 ? 8 : 1;
	struct outcome sum = { 0 };
	size_t acks = 0, i;

	for (i = 0; sum.stores < wanted() || i < 2; i++) {
		one_recording(&loads[i % 4], rounds, &sum, &acks);
		if (sum.lost + sum.broken > 0)
			break;
		seed++;
	}
	printf("power cuts: %zu recordings, %zu acknowledged steps, %zu moments, %llu stores rebuilt, %llu lost, %llu broken ",
	       i, acks, sum.cuts, (unsigned long long)sum.stores, (unsigned long long)sum.lost,
	       (unsigned long long)sum.broken);
	CU_ASSERT_TRUE(sum.stores >= wanted());
}

/* Trouble found in a recording with something planted. */
static struct outcome with(struct load load, unsigned flags, struct disk_lies lies)
{
	struct recording r = { .load = load };
	struct outcome o;

	record(&r, flags);
	o = cut_everywhere(&r, (struct plan){ .lies = lies, .rounds = 1,
					      .every = every > 1 ? 30 : 7, .quiet = true });
	forget(&r);
	return o;
}

static const struct load small = { .calls = 8, .threads = 2 };

static void no_sync_is_found(void)
{
	struct outcome o = with(small, MDB_NOSYNC, (struct disk_lies){ 0 });

	CU_ASSERT_TRUE(o.lost > 0);
	CU_ASSERT_TRUE(o.broken > 0);	/* meta pages that point to nothing */
}

static void an_unsynced_meta_page_is_found(void)
{
	CU_ASSERT_TRUE(with(small, MDB_NOMETASYNC, (struct disk_lies){ 0 }).lost > 0);
}

static void a_lying_disk_is_found(void)
{
	CU_ASSERT_TRUE(with(small, 0, (struct disk_lies){ .about_files = true }).lost > 0);
}

static void a_name_without_sync_is_found(void)
{
	CU_ASSERT_TRUE(with(small, 0, (struct disk_lies){ .about_names = true }).lost > 0);
}

static void a_hasty_answer_is_found(void)
{
	struct load hasty = small;

	hasty.hasty = true;
	CU_ASSERT_TRUE(with(hasty, 0, (struct disk_lies){ 0 }).lost > 0);
}

int main(void)
{
	CU_TestInfo cuts[] = {
		{ "nothing acknowledged is lost", nothing_acknowledged_is_lost },
		CU_TEST_INFO_NULL,
	};
	CU_TestInfo planted[] = {
		{ "MDB_NOSYNC is found", no_sync_is_found },
		{ "MDB_NOMETASYNC is found", an_unsynced_meta_page_is_found },
		{ "a disk that lies is found", a_lying_disk_is_found },
		{ "a directory that is not synced is found", a_name_without_sync_is_found },
		{ "an answer before the commit is found", a_hasty_answer_is_found },
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{ .pName = "power cuts", .pTests = cuts },
		{ .pName = "power cuts: this test can fail", .pTests = planted },
		CU_SUITE_INFO_NULL,
	};
	char cut[PATH_BYTES];
	int status;

	seed = number("POWERCUT_SEED", 1);
	every = number("POWERCUT_EVERY", 1);
	every += !every;
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED)
		abort();
	make_base();
	path_in(base, "cut", cut);
	mkdir(cut, 0700);
	status = tel_run_suites(suites);
	clear(base);
	rmdir(base);
	return status;
}
