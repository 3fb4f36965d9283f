#include "config.h"

#include <lmdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "contract/test_lmdb_store.h"
#include "base/banned.h"

static char dir[TEMP_PATH];

/* ---- killed writers ------------------------------------------------------------------ */

#define ROUNDS 60
#define CHILD_THREADS 3

struct writer {
	struct tel_call_store *store;
	unsigned first;
	int report;
};

static enum tel_err write_one(struct tel_call_store *s, unsigned n)
{
	struct recipe r = { .n = n, .room = "r", .room_sid = "RM", .due = 5,
			    .lease_owner = "me", .lease_until = 9 };

	return n % 2 ? contract_make_on_duty(s, &r) : contract_place(s, n, n);
}

/* Steps for ever; each that was acknowledged is told. */
static void *write_on(void *ctx)
{
	struct writer *w = ctx;
	unsigned n;

	for (n = w->first;; n++) {
		if (write_one(w->store, n) ||
		    write(w->report, &n, sizeof(n)) != (ssize_t)sizeof(n))
			_exit(1);
	}
	return NULL;
}

static void child_writes(unsigned round, int report)
{
	struct writer writers[CHILD_THREADS];
	pthread_t thread;
	unsigned i;

	for (i = 0; i < CHILD_THREADS; i++)
		writers[i] = (struct writer){ .first = (round * CHILD_THREADS + i) << 16 | 1,
					      .report = report };
	writers[0].store = must_open((struct tel_lmdb_options){ .path = dir, .map_size = 256 << 20 });
	for (i = 1; i < CHILD_THREADS; i++) {
		writers[i].store = writers[0].store;
		if (pthread_create(&thread, NULL, write_on, &writers[i]))
			_exit(1);
	}
	write_on(&writers[0]);
}

/* The next acknowledged step; false = no more will come. */
static bool next_told(int report, unsigned *n)
{
	return read(report, n, sizeof(*n)) == (ssize_t)sizeof(*n);
}

struct tally {
	unsigned told, lost;
};

static void count_lost(struct tel_call_store *s, int report, unsigned first, struct tally *tally)
{
	unsigned n = first;

	do {
		tally->told++;
		tally->lost += !contract_has(s, n);
		tally->lost += n % 2 == 0 && contract_placed(s, n) != n;
	} while (next_told(report, &n));
}

/* Of the call and the duty that one step has written never one without the other. */
static void expect_duty_with_its_call(struct tel_call_store *s)
{
	struct contract_duty duty = contract_duty(s);

	CU_ASSERT_TRUE(duty.run_at > 0 && contract_has(s, (unsigned)duty.until));
	CHECK_INT(duty.run_at, contract_stats(s).calls - contract_outbound(s));
}

static void kill_one(unsigned round, struct tally *tally)
{
	struct tel_call_store *s;
	int report[2], status;
	unsigned first = 0;
	pid_t pid;

	CU_ASSERT_EQUAL_FATAL(pipe(report), 0);
	pid = fork();
	if (pid == 0) {
		close(report[0]);
		child_writes(round, report[1]);
	}
	close(report[1]);
	CU_ASSERT_TRUE(next_told(report[0], &first));	/* it is at work */
	usleep((round * 7919) % 10000);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	CU_ASSERT_TRUE(WIFSIGNALED(status));
	s = must_open((struct tel_lmdb_options){ .path = dir, .map_size = 256 << 20 });
	count_lost(s, report[0], first, tally);
	CU_ASSERT_TRUE(lmdb_is_sound(s));
	CHECK_INT(contract_stats(s).readers, 0);
	/* Of a call and its key never one without the other. */
	CHECK_INT(contract_stats(s).request_keys, contract_outbound(s));
	expect_duty_with_its_call(s);
	s->ops->close(s);
	close(report[0]);
}

static void nothing_acknowledged_is_lost_by_a_kill(void)
{
	struct tally tally = { 0 };
	unsigned round;

	temp_dir(dir);
	for (round = 0; round < ROUNDS; round++)
		kill_one(round, &tally);
	CHECK_INT(tally.lost, 0);
	CU_ASSERT_TRUE(tally.told >= ROUNDS);
	temp_remove(dir);
}

/* ---- several at work ------------------------------------------------------------------- */

#define PROCESSES 4
#define STEPS 50

static void grow_one(struct tel_call *call, void *ctx)
{
	(void)ctx;
	call->updated_at++;
}

static int child_counts(unsigned own)
{
	struct tel_call_store *s = must_open((struct tel_lmdb_options){ .path = dir });
	unsigned i, failed = 0;

	for (i = 0; i < STEPS; i++) {
		failed += contract_edit(s, 1, grow_one, NULL) != TEL_OK;
		failed += contract_make_on_duty(s, &(struct recipe){ .n = own + i, .room = "r" }) != TEL_OK;
		/* The others have the same keys. */
		failed += contract_place(s, i, own + STEPS + i) != TEL_OK;
	}
	s->ops->close(s);
	return failed ? 1 : 0;
}

static void processes_share_it(void)
{
	struct tel_call_store *s;
	struct tel_call *call;
	int status, i;

	temp_dir(dir);
	s = must_open((struct tel_lmdb_options){ .path = dir });
	contract_make(s, (struct recipe){ .n = 1, .room = "r" });
	for (i = 0; i < PROCESSES; i++)
		if (fork() == 0)
			_exit(child_counts((unsigned)(i + 1) * 1000));
	for (i = 0; i < PROCESSES; i++) {
		CU_ASSERT_TRUE(wait(&status) > 0);
		CHECK_INT(status, 0);
	}
	call = contract_get(s, 1);
	CHECK_INT(call->updated_at, PROCESSES * STEPS);
	tel_call_free(call);
	CHECK_INT(contract_stats(s).calls, PROCESSES * STEPS + 1 + STEPS);
	CHECK_INT(contract_duty(s).run_at, PROCESSES * STEPS);
	CHECK_INT(contract_outbound(s), STEPS);
	CHECK_INT(contract_stats(s).request_keys, STEPS);
	CU_ASSERT_TRUE(lmdb_is_sound(s));
	s->ops->close(s);
	temp_remove(dir);
}

/* ---- a larger map of another process -------------------------------------------------------- */

static void grow_record(struct tel_call *call, void *ctx)
{
	static char big[TEL_MAX_AGENT_CONFIG];

	(void)ctx;
	memset(big, 'x', sizeof(big));
	call->agent.config = (struct tel_str){ big, sizeof(big) };
}

static int child_outgrows(void)
{
	struct tel_call_store *s = must_open((struct tel_lmdb_options){ .path = dir, .map_size = 64 << 20 });
	unsigned n, failed = 0;

	for (n = 100; n < 300; n++) {
		failed += contract_try_make(s, &(struct recipe){ .n = n, .room = "r" }) != TEL_OK;
		failed += contract_edit(s, n, grow_record, NULL) != TEL_OK;
	}
	s->ops->close(s);
	return failed ? 1 : 0;
}

static void a_larger_map_is_followed(void)
{
	struct tel_call_store *s;
	int status = -1;
	pid_t pid;

	temp_dir(dir);
	s = must_open((struct tel_lmdb_options){ .path = dir, .map_size = TEL_LMDB_MIN_MAP_SIZE });
	contract_make(s, (struct recipe){ .n = 1 });
	pid = fork();
	if (pid == 0)
		_exit(child_outgrows());
	waitpid(pid, &status, 0);
	CHECK_INT(status, 0);
	CU_ASSERT_TRUE(contract_has(s, 299));
	contract_make(s, (struct recipe){ .n = 2 });
	CHECK_INT(contract_stats(s).size_bytes, 64 << 20);
	CU_ASSERT_TRUE(lmdb_is_sound(s));
	s->ops->close(s);
	temp_remove(dir);
}

/* ---- readers that died ------------------------------------------------------------------------ */

/* Dies with a read transaction open, as a process killed in one does. */
static void child_dies_reading(void)
{
	MDB_env *env;
	MDB_txn *txn;

	if (mdb_env_create(&env) || mdb_env_set_maxdbs(env, 32) ||
	    mdb_env_open(env, dir, MDB_NOTLS, 0600) || mdb_txn_begin(env, NULL, MDB_RDONLY, &txn))
		_exit(1);
	kill(getpid(), SIGKILL);
}

static void stale_readers_are_freed(void)
{
	struct tel_sweep_report report = { 0 };
	struct tel_call_store *s;
	int status;
	pid_t pid;

	temp_dir(dir);
	s = must_open((struct tel_lmdb_options){ .path = dir });
	pid = fork();
	if (pid == 0)
		child_dies_reading();
	waitpid(pid, &status, 0);
	CU_ASSERT_TRUE(WIFSIGNALED(status));
	CHECK_INT(contract_stats(s).readers, 1);
	CHECK_INT(s->ops->sweep(s, 1, 10, &report), TEL_OK);
	CHECK_INT(report.stale_readers, 1);
	CHECK_INT(contract_stats(s).readers, 0);
	s->ops->close(s);
	temp_remove(dir);
}

CU_TestInfo lmdb_crash_tests[] = {
	{ "nothing acknowledged is lost by a kill", nothing_acknowledged_is_lost_by_a_kill },
	{ "processes share it", processes_share_it },
	{ "a larger map is followed", a_larger_map_is_followed },
	{ "stale readers are freed", stale_readers_are_freed },
	CU_TEST_INFO_NULL,
};
