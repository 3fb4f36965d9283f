#include "config.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "contract/test_lmdb_store.h"
#include "base/banned.h"

static char dir[TEMP_PATH];

/* ---- a full map ------------------------------------------------------------------------- */

#define MAP ((size_t)8 << 20)
#define DAY ((tel_time)86400000)

static void be_big(struct tel_call *call, void *ctx)
{
	static char big[20000];

	(void)ctx;
	memset(big, 'x', sizeof(big));
	call->agent.config = (struct tel_str){ big, sizeof(big) };
}

static void end(struct tel_call *call, void *ctx)
{
	(void)ctx;
	call->status = TEL_CALL_ENDED;
	call->ended_at = 1000;
	memset(call->jobs, 0, sizeof(call->jobs));
}

/* Calls until the store says that it is full. */
static unsigned fill(struct tel_call_store *s)
{
	struct recipe r = { .room = "r", .room_sid = "RM", .due = 5 };
	enum tel_err err;
	unsigned n;

	for (n = 1; n < 5000; n++) {
		r.n = n;
		err = contract_try_make(s, &r);
		if (err) {
			CHECK_INT(err, TEL_EFULL);
			break;
		}
		CHECK_INT(contract_edit(s, n, be_big, NULL), TEL_OK);
	}
	return n;
}

static enum tel_err try_remember(struct tel_call_store *s, bool with_call);

static void a_full_store_still_ends_calls_and_recovers(void)
{
	struct tel_call_store *s;
	struct tel_sweep_report report = { 0 };
	unsigned i, n;

	temp_dir(dir);
	s = must_open((struct tel_lmdb_options){ .path = dir, .map_size = MAP, .retention = DAY });
	n = fill(s);
	CU_ASSERT_TRUE(n > 100 && n < 5000);
	CHECK_INT(try_remember(s, false), TEL_EFULL);
	CHECK_INT(try_remember(s, true), TEL_OK);
	for (i = 1; i < n; i++)
		CHECK_INT(contract_edit(s, i, end, NULL), TEL_OK);
	CHECK_INT(contract_try_make(s, &(struct recipe){ .n = n }), TEL_EFULL);
	CU_ASSERT_TRUE(lmdb_is_sound(s));
	CHECK_INT(s->ops->sweep(s, 1000 + DAY, 100000, &report), TEL_OK);
	CHECK_INT(report.calls, n - 1);
	for (i = 0; i < 50; i++)
		CHECK_INT(contract_try_make(s, &(struct recipe){ .n = n + i, .room = "again" }), TEL_OK);
	CU_ASSERT_TRUE(lmdb_is_sound(s));
	s->ops->close(s);
	temp_remove(dir);
}

static enum tel_err decide_remember(struct tel_step *step, void *ctx)
{
	(void)ctx;
	step->remember_event = true;
	step->remember_until = 5;
	return TEL_OK;
}

static enum tel_err try_remember(struct tel_call_store *s, bool with_call)
{
	struct tel_call_id one = contract_id(1);
	struct tel_step_about about = { .event_id = TEL_STR("EV_full") };

	if (with_call)
		about.call_id = tel_call_id_str(&one);
	return s->ops->step(s, &about, decide_remember, NULL);
}

static enum tel_err decide_grow(struct tel_step *step, void *ctx)
{
	(void)ctx;
	be_big(step->call, NULL);
	step->save = true;
	return tel_step_entry(step, step->call, 1, TEL_ENTRY_EVENT, TEL_STR("grew")) ? TEL_OK : TEL_ENOMEM;
}

struct grower {
	struct tel_call_store *store;
	unsigned from, to;
	unsigned full, other;		/* what came instead of TEL_OK */
};

static void *grow_all(void *ctx)
{
	struct grower *g = ctx;
	struct tel_call_id id;
	enum tel_err err;
	unsigned n;

	for (n = g->from; n < g->to; n++) {
		id = contract_id(n);
		err = g->store->ops->step(g->store, &(struct tel_step_about){
			.call_id = tel_call_id_str(&id), .expect_change = true }, decide_grow, NULL);
		g->full += err == TEL_EFULL;
		g->other += err && err != TEL_EFULL;
	}
	return NULL;
}

#define GROWERS 8

/*
 * Beyond the reserve too: steps fail in the middle of a shared transaction.
 * Each gets its own answer, and nothing half done stays.
 */
static void a_step_that_does_not_fit_spoils_no_other(void)
{
	struct grower growers[GROWERS];
	pthread_t threads[GROWERS];
	unsigned i, n = 800, full = 0, grown = 0;
	struct tel_call_store *s;
	struct tel_call *call;

	temp_dir(dir);
	s = must_open((struct tel_lmdb_options){ .path = dir, .map_size = MAP });
	for (i = 1; i <= n; i++)
		contract_make(s, (struct recipe){ .n = i });
	for (i = 0; i < GROWERS; i++) {
		growers[i] = (struct grower){ .store = s, .from = 1 + i * n / GROWERS,
					      .to = 1 + (i + 1) * n / GROWERS };
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, grow_all, &growers[i]), 0);
	}
	for (i = 0; i < GROWERS; i++) {
		pthread_join(threads[i], NULL);
		full += growers[i].full;
		CHECK_INT(growers[i].other, 0);
	}
	CU_ASSERT_TRUE(full > 0);
	for (i = 1; i <= n; i++) {
		call = contract_get(s, i);
		grown += call->agent.config.len > 0;
		CHECK_INT(call->timeline_len, call->agent.config.len > 0);
		tel_call_free(call);
	}
	CHECK_INT(grown, n - full);
	CU_ASSERT_TRUE(lmdb_is_sound(s));
	s->ops->close(s);
	temp_remove(dir);
}

/* ---- readers ------------------------------------------------------------------------------- */

#define SMALL_MAP ((size_t)4 << 20)

struct reader {
	struct tel_call_store *store;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool reads, may_go;		/* guarded by lock */
};

static void tell(struct reader *r, bool *what)
{
	pthread_mutex_lock(&r->lock);
	*what = true;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
}

static void await(struct reader *r, const bool *what)
{
	pthread_mutex_lock(&r->lock);
	while (!*what)
		pthread_cond_wait(&r->changed, &r->lock);
	pthread_mutex_unlock(&r->lock);
}

/* The step that comes next begins while this one still reads. */
static enum tel_err decide_slowly(struct tel_step *step, void *ctx)
{
	struct reader *r = ctx;

	(void)step;
	tell(r, &r->reads);
	await(r, &r->may_go);
	usleep(5000);
	return TEL_OK;
}

static enum tel_err step_on_first(struct tel_call_store *s, bool expect_change, tel_decide_fn decide,
				  void *ctx)
{
	struct tel_call_id id = contract_id(1);

	return s->ops->step(s, &(struct tel_step_about){ .call_id = tel_call_id_str(&id),
							 .expect_change = expect_change }, decide, ctx);
}

static void *read_slowly(void *ctx)
{
	struct reader *r = ctx;

	CHECK_INT(step_on_first(r->store, false, decide_slowly, r), TEL_OK);
	return NULL;
}

static enum tel_err decide_touch(struct tel_step *step, void *ctx)
{
	struct reader *lets_go = ctx;

	if (lets_go)
		tell(lets_go, &lets_go->may_go);
	step->save = true;
	return TEL_OK;
}

/* LMDB keeps for a reader what was replaced after it began, so every step grows the file. */
static void a_reader_is_waited_for_when_the_store_is_full(void)
{
	struct reader r = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };
	enum tel_err err = TEL_OK;
	pthread_t thread;
	unsigned n;

	temp_dir(dir);
	r.store = must_open((struct tel_lmdb_options){ .path = dir, .map_size = SMALL_MAP });
	contract_make(r.store, (struct recipe){ .n = 1 });
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, read_slowly, &r), 0);
	await(&r, &r.reads);
	for (n = 0; n < 5000 && !err; n++)
		err = step_on_first(r.store, true, decide_touch, NULL);
	CHECK_INT(err, TEL_EFULL);	/* not for ever */
	CHECK_INT(step_on_first(r.store, true, decide_touch, &r), TEL_OK);
	pthread_join(thread, NULL);
	CHECK_INT(step_on_first(r.store, true, decide_touch, NULL), TEL_OK);
	CU_ASSERT_TRUE(lmdb_is_sound(r.store));
	r.store->ops->close(r.store);
	temp_remove(dir);
}

/* ---- memory --------------------------------------------------------------------------------- */

/* KiB of the store's file that are mapped and present in this process. */
static long mapped_kib(const char *path)
{
	FILE *smaps = fopen("/proc/self/smaps", "r");
	char line[1024];
	long kib = -1;
	bool ours = false;

	while (smaps && fgets(line, sizeof(line), smaps)) {
		if (strchr(line, '-') && strchr(line, '/'))
			ours = strstr(line, path) && strstr(line, "data.mdb");
		if (ours && sscanf(line, "Rss: %ld", &kib) == 1)
			break;
	}
	if (smaps)
		fclose(smaps);
	return kib;
}

static void a_sweep_lets_go_of_memory(void)
{
	struct tel_sweep_report report;
	struct tel_call_store *s;
	unsigned n;

	temp_dir(dir);
	s = must_open((struct tel_lmdb_options){ .path = dir, .map_size = 64 << 20 });
	for (n = 1; n <= 100; n++) {
		contract_make(s, (struct recipe){ .n = n });
		CHECK_INT(contract_edit(s, n, be_big, NULL), TEL_OK);
	}
	for (n = 1; n <= 100; n++)
		CU_ASSERT_TRUE(contract_has(s, n));
	CU_ASSERT_TRUE(mapped_kib(dir) > 1000);
	CHECK_INT(s->ops->sweep(s, 0, 0, &report), TEL_OK);
	CU_ASSERT_TRUE(mapped_kib(dir) <= 256);
	CU_ASSERT_TRUE(contract_has(s, 1));
	s->ops->close(s);
	temp_remove(dir);
}

/* ---- group commit ------------------------------------------------------------------------- */

#define THREADS 16
#define STEPS 40

static void *make_calls(void *ctx)
{
	struct grower *g = ctx;
	unsigned n;

	for (n = g->from; n < g->to; n++)
		g->other += contract_try_make(g->store, &(struct recipe){ .n = n, .room = "r" }) != TEL_OK;
	return NULL;
}

static struct tel_store_stats run_threads(bool no_group_commit)
{
	struct grower growers[THREADS];
	pthread_t threads[THREADS];
	struct tel_call_store *s;
	struct tel_store_stats stats;
	unsigned i;

	temp_dir(dir);
	s = must_open((struct tel_lmdb_options){ .path = dir, .no_group_commit = no_group_commit });
	for (i = 0; i < THREADS; i++) {
		growers[i] = (struct grower){ .store = s, .from = 1 + i * STEPS, .to = 1 + (i + 1) * STEPS };
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, make_calls, &growers[i]), 0);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		CHECK_INT(growers[i].other, 0);
	}
	stats = contract_stats(s);
	CU_ASSERT_TRUE(lmdb_is_sound(s));
	s->ops->close(s);
	temp_remove(dir);
	return stats;
}

static void threads_share_commits(void)
{
	struct tel_store_stats stats = run_threads(false);

	CHECK_INT(stats.committed_steps, THREADS * STEPS);
	CHECK_INT(stats.calls, THREADS * STEPS);
	CU_ASSERT_TRUE(stats.commits < stats.committed_steps);
	stats = run_threads(true);
	CHECK_INT(stats.committed_steps, THREADS * STEPS);
	CHECK_INT(stats.commits, THREADS * STEPS);
}

/* ---- a limit on files --------------------------------------------------------------------- */

/* In a child, for its limit: endings have their reserve. 0 = as it should be. */
static int write_to_the_limit(struct tel_call_store *s)
{
	struct rlimit limit = { .rlim_cur = 16 << 20, .rlim_max = RLIM_INFINITY };
	enum tel_err err = TEL_OK;
	unsigned n;

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit))
		return 1;
	for (n = 1; n < 1000 && !err; n++) {
		err = contract_try_make(s, &(struct recipe){ .n = n });
		if (!err)
			err = contract_edit(s, n, be_big, NULL);
	}
	if (err != TEL_EFULL)
		return 2;
	for (n -= 2; n > 0; n--)	/* all but the one that did not fit */
		if (contract_edit(s, n, end, NULL))
			return 4;
	limit.rlim_cur = RLIM_INFINITY;
	if (setrlimit(RLIMIT_FSIZE, &limit))
		return 5;
	return contract_try_make(s, &(struct recipe){ .n = 2000 }) || !lmdb_is_sound(s) ? 3 : 0;
}

static void a_limit_on_files_is_a_full_store(void)
{
	struct tel_call_store *s;
	int status = -1;
	pid_t pid;

	temp_dir(dir);
	pid = fork();
	if (pid == 0) {
		s = must_open((struct tel_lmdb_options){ .path = dir });
		_exit(write_to_the_limit(s));
	}
	waitpid(pid, &status, 0);
	CHECK_INT(status, 0);
	temp_remove(dir);
}

/* ---- a store that others let grow --------------------------------------------------------- */

#define SMALL_MAP ((size_t)4 << 20)
#define NO_ROOM ((size_t)4 << 20)		/* beside it */
#define ROOM_ENOUGH ((size_t)64 << 20)

static void note_broken(void *ctx)
{
	*(bool *)ctx = true;
}

static void limit_address_space(size_t beside)
{
	long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");
	struct rlimit limit;

	if (!f || fscanf(f, "%ld", &pages) != 1)
		abort();
	fclose(f);
	limit.rlim_cur = limit.rlim_max = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + beside;
	if (setrlimit(RLIMIT_AS, &limit))
		abort();
}

/* In a child, which has address space for `beside` more; 0: no limit. 0 = as it should be. */
static int look_at_what_grew(size_t beside, int from_parent, int to_parent)
{
	struct tel_call_id id = contract_id(1);
	struct tel_call *call = NULL;
	struct tel_store_stats stats;
	struct tel_call_store *s;
	bool broken = false;
	char c = 0;

	s = must_open((struct tel_lmdb_options){ .path = dir, .map_size = SMALL_MAP,
						 .broken = note_broken, .broken_ctx = &broken });
	if (beside)
		limit_address_space(beside);
	if (write(to_parent, &c, 1) != 1 || read(from_parent, &c, 1) != 1)
		return 1;
	if (beside == NO_ROOM)
		return s->ops->get(s, &id, &call, NULL) == TEL_ENOMEM && broken &&
		       s->ops->stats(s, &stats) == TEL_ENOMEM &&
		       contract_try_make(s, &(struct recipe){ .n = 900 }) == TEL_ENOMEM ? 0 : 2;
	if (s->ops->get(s, &id, &call, NULL) || broken)
		return 3;
	tel_call_free(call);
	return contract_try_make(s, &(struct recipe){ .n = 900 }) ? 4 : 0;
}

static void see_it_grow(size_t beside)
{
	int down[2], up[2], status = -1;
	struct tel_call_store *s;
	unsigned n;
	char c = 0;
	pid_t pid;

	temp_dir(dir);
	CU_ASSERT_EQUAL_FATAL(pipe(down) | pipe(up), 0);
	pid = fork();
	if (pid == 0)
		_exit(look_at_what_grew(beside, down[0], up[1]));
	CHECK_INT(read(up[0], &c, 1), 1);
	s = must_open((struct tel_lmdb_options){ .path = dir, .map_size = 8 * SMALL_MAP });
	for (n = 1; n < 1000 && contract_stats(s).used_bytes < 3 * SMALL_MAP; n++) {
		contract_make(s, (struct recipe){ .n = n });
		CHECK_INT(contract_edit(s, n, be_big, NULL), TEL_OK);
	}
	CHECK_INT(write(down[1], &c, 1), 1);
	waitpid(pid, &status, 0);
	CHECK_INT(status, 0);
	CU_ASSERT_EQUAL(contract_has(s, 900), beside != NO_ROOM);
	CU_ASSERT_TRUE(lmdb_is_sound(s));
	s->ops->close(s);
	close(down[0]);
	close(down[1]);
	close(up[0]);
	close(up[1]);
	temp_remove(dir);
}

static void a_small_map_follows_the_file(void)
{
	see_it_grow(0);
}

/* Where LMDB's own way may not be gone, for it unmaps first. */
static void a_small_map_follows_the_file_within_a_limit(void)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	see_it_grow(ROOM_ENOUGH);
#endif
}

/* It must not crash: LMDB would have unmapped what it can't map again. */
static void a_file_beyond_the_address_space_is_no_crash(void)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	see_it_grow(NO_ROOM);
#endif
}

CU_TestInfo lmdb_room_tests[] = {
	{ "a full store still ends calls and recovers", a_full_store_still_ends_calls_and_recovers },
	{ "a step that does not fit spoils no other", a_step_that_does_not_fit_spoils_no_other },
	{ "a reader is waited for when the store is full",
	  a_reader_is_waited_for_when_the_store_is_full },
	{ "a sweep lets go of memory", a_sweep_lets_go_of_memory },
	{ "threads share commits", threads_share_commits },
	{ "a limit on files is a full store", a_limit_on_files_is_a_full_store },
	{ "a small map follows the file", a_small_map_follows_the_file },
	{ "a small map follows the file within a limit",
	  a_small_map_follows_the_file_within_a_limit },
	{ "a file beyond the address space is no crash",
	  a_file_beyond_the_address_space_is_no_crash },
	CU_TEST_INFO_NULL,
};
