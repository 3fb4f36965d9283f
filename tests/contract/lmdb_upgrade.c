/* Stores that an earlier version has made. */
#include "config.h"

#include <lmdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "contract/test_lmdb_store.h"
#include "base/banned.h"

static char dir[TEMP_PATH];

/* ---- making one ----------------------------------------------------------------------- */

static MDB_dbi table(MDB_txn *txn, const char *name, unsigned flags)
{
	MDB_dbi dbi;

	CU_ASSERT_EQUAL_FATAL(mdb_dbi_open(txn, name, flags, &dbi), 0);
	return dbi;
}

/* Entries of calls that don't know their room's sid: two zeroes before the serial. */
static void drop_unknown_rooms(MDB_txn *txn)
{
	MDB_cursor *cursor;
	MDB_val k, v;

	CHECK_INT(mdb_cursor_open(txn, table(txn, "rooms", 0), &cursor), 0);
	while (!mdb_cursor_get(cursor, &k, &v, MDB_NEXT))
		if (!memcmp((char *)k.mv_data + k.mv_size - 10, "\0\0", 2))
			CHECK_INT(mdb_cursor_del(cursor, 0), 0);
	mdb_cursor_close(cursor);
}

static void rename_table(MDB_txn *txn, const char *from, const char *to)
{
	MDB_dbi old = table(txn, from, 0), new = table(txn, to, MDB_CREATE);
	MDB_cursor *cursor;
	MDB_val k, v;

	CHECK_INT(mdb_cursor_open(txn, old, &cursor), 0);
	while (!mdb_cursor_get(cursor, &k, &v, MDB_NEXT))
		CHECK_INT(mdb_put(txn, new, &k, &v, 0), 0);
	mdb_cursor_close(cursor);
	CHECK_INT(mdb_drop(txn, old, 1), 0);
}

static void make_earlier(MDB_txn *txn)
{
	char schema_key[] = "tel\0schema", one[] = "1", serial[] = "\0\0\0\0\0\0\0\1", room[] = "r";
	MDB_val k = { 10, schema_key }, v = { 1, one };

	CHECK_INT(mdb_put(txn, table(txn, NULL, 0), &k, &v, 0), 0);
	CHECK_INT(mdb_drop(txn, table(txn, "list", 0), 1), 0);
	CHECK_INT(mdb_drop(txn, table(txn, "requests", 0), 1), 0);
	drop_unknown_rooms(txn);
	rename_table(txn, "wakes", "due");
	rename_table(txn, "owners", "leases");
	k = (MDB_val){ 8, serial };
	v = (MDB_val){ 1, room };
	CHECK_INT(mdb_put(txn, table(txn, "live", MDB_CREATE), &k, &v, 0), 0);
}

static void change(void (*how)(MDB_txn *txn))
{
	MDB_env *env;
	MDB_txn *txn;

	CU_ASSERT_EQUAL_FATAL(mdb_env_create(&env), 0);
	CHECK_INT(mdb_env_set_maxdbs(env, 32), 0);
	CHECK_INT(mdb_env_set_mapsize(env, 256 << 20), 0);
	CU_ASSERT_EQUAL_FATAL(mdb_env_open(env, dir, MDB_NOTLS, 0600), 0);
	CU_ASSERT_EQUAL_FATAL(mdb_txn_begin(env, NULL, 0, &txn), 0);
	how(txn);
	CHECK_INT(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

static struct tel_call_store *open_it(void)
{
	return must_open((struct tel_lmdb_options){ .path = dir, .map_size = 256 << 20 });
}

/* Calls 1 … n: every third outbound, every second ended, the last without a room sid. */
static void make_store(unsigned n)
{
	struct tel_call_store *s;
	unsigned i;

	temp_dir(dir);
	s = open_it();
	for (i = 1; i <= n; i++)
		contract_make(s, (struct recipe){ .n = i, .room = "r", .room_sid = i < n ? "RM" : NULL,
			.direction = i % 3 ? TEL_INBOUND : TEL_OUTBOUND, .created_at = i,
			.to = i % 3 ? NULL : "+15550100", .ended_at = i % 2 ? 0 : i,
			.due = i % 2 ? i : 0, .lease_owner = i % 7 ? NULL : "me", .lease_until = i,
			.status = i % 2 ? TEL_CALL_CREATED : TEL_CALL_ENDED });
	s->ops->close(s);
	change(make_earlier);
}

/* ---- bringing it up to date ----------------------------------------------------------------- */

static void expect_whole(unsigned n)
{
	struct tel_call_filter filter = { .by_direction = true, .direction = TEL_OUTBOUND,
					  .live_only = true, .limit = 1 };
	struct tel_step_about about = { .room_name = TEL_STR("r"), .room_sid = TEL_STR("RM_new") };
	struct tel_call_page page = { 0 };
	struct tel_call_store *s = open_it();

	CU_ASSERT_TRUE(lmdb_is_sound(s));
	CHECK_INT(contract_stats(s).calls, n);
	CHECK_INT(contract_stats(s).live_calls, (n + 1) / 2);
	CHECK_INT(contract_stats(s).pending_calls, (n + 1) / 2);
	CHECK_INT(s->ops->list(s, &filter, &page), TEL_OK);
	CU_ASSERT_EQUAL_FATAL(page.n, 1);
	CHECK_INT(contract_number(page.calls[0]), (n - 3) / 6 * 6 + 3);
	CHECK_INT(contract_find(s, &about), n);
	CHECK_INT(contract_duty(s).run_at, 0);
	tel_call_page_release(&page);
	s->ops->close(s);
}

static void a_store_of_an_earlier_version_is_brought_up_to_date(void)
{
	char why[1024];

	make_store(700);
	CHECK_INT(try_open((struct tel_lmdb_options){ .path = dir, .read_only = true }, why), TEL_ECORRUPT);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "was made by an earlier version: `telephonyctl work --once`"));
	CHECK_INT(try_open((struct tel_lmdb_options){ .path = dir, .map_size = 256 << 20 }, why), TEL_OK);
	CU_ASSERT_STRING_EQUAL(why, "");
	CHECK_INT(try_open((struct tel_lmdb_options){ .path = dir, .read_only = true }, why), TEL_OK);
	expect_whole(700);
	temp_remove(dir);
}

static void garble_first_call(MDB_txn *txn)
{
	char rubbish[] = "rubbish", serial[] = "\0\0\0\0\0\0\0\1";
	MDB_val k = { 8, serial }, v = { 7, rubbish };

	CHECK_INT(mdb_put(txn, table(txn, "calls", 0), &k, &v, 0), 0);
}

static void a_damaged_record_does_not_stop_it(void)
{
	struct tel_call_store *s;

	make_store(6);
	change(garble_first_call);
	s = open_it();
	CHECK_INT(contract_stats(s).live_calls, 2);
	s->ops->close(s);
	temp_remove(dir);
}

static pid_t start_opening(void)
{
	struct tel_call_store *s;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	s = open_it();
	_exit(lmdb_is_sound(s) ? 0 : 1);
}

static bool is_unfinished(void)
{
	char why[1024];

	return try_open((struct tel_lmdb_options){ .path = dir, .read_only = true }, why) != TEL_OK;
}

static void a_kill_on_the_way_does_no_harm(void)
{
	unsigned kills = 0, round;
	int status;
	pid_t pid;

	make_store(1301);
	for (round = 0; round < 400 && is_unfinished(); round++) {
		pid = start_opening();
		usleep(500 + 300 * (round % 20));
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		kills += WIFSIGNALED(status);
	}
	CU_ASSERT_TRUE(kills > 0);
	expect_whole(1301);
	temp_remove(dir);
}

static void many_may_do_it_at_once(void)
{
	pid_t pids[4];
	int status;
	size_t i;

	make_store(1301);
	for (i = 0; i < 4; i++)
		pids[i] = start_opening();
	for (i = 0; i < 4; i++) {
		waitpid(pids[i], &status, 0);
		CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	expect_whole(1301);
	temp_remove(dir);
}

/* As a process of the earlier version has it, which knows nothing of the change. */
static void who_does_not_know_of_it_is_kept_out(void)
{
	static const char *const names[] = { "live", "due", "leases" };
	char serial[] = "\0\0\0\0\0\0\0\2", room[] = "r";
	MDB_val k = { 8, serial }, v = { 1, room };
	MDB_dbi tables[3];
	MDB_env *env;
	MDB_txn *txn;
	pid_t pid;
	int status, i;

	make_store(10);
	CU_ASSERT_EQUAL_FATAL(mdb_env_create(&env), 0);
	CHECK_INT(mdb_env_set_maxdbs(env, 32), 0);
	CU_ASSERT_EQUAL_FATAL(mdb_env_open(env, dir, MDB_NOTLS, 0600), 0);
	CU_ASSERT_EQUAL_FATAL(mdb_txn_begin(env, NULL, 0, &txn), 0);
	for (i = 0; i < 3; i++)
		tables[i] = table(txn, names[i], 0);
	CHECK_INT(mdb_txn_commit(txn), 0);
	pid = start_opening();
	waitpid(pid, &status, 0);
	CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	for (i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL_FATAL(mdb_txn_begin(env, NULL, 0, &txn), 0);
		CHECK_INT(mdb_put(txn, tables[i], &k, &v, 0), MDB_INCOMPATIBLE);
		mdb_txn_abort(txn);
	}
	mdb_env_close(env);
	expect_whole(10);
	temp_remove(dir);
}

CU_TestInfo lmdb_upgrade_tests[] = {
	{ "a store of an earlier version is brought up to date",
	  a_store_of_an_earlier_version_is_brought_up_to_date },
	{ "a damaged record does not stop it", a_damaged_record_does_not_stop_it },
	{ "a kill on the way does no harm", a_kill_on_the_way_does_no_harm },
	{ "many may do it at once", many_may_do_it_at_once },
	{ "who does not know of it is kept out", who_does_not_know_of_it_is_kept_out },
	CU_TEST_INFO_NULL,
};
