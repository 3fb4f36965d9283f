/*
 * Damage that a sound disk never does: every kind must be found by the check,
 * and none may pass for data.
 */
#include "config.h"

#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>

#include "contract/test_lmdb_store.h"
#include "lmdb-store/check.h"
#include "lmdb-store/store.h"
#include "base/banned.h"

static char dir[TEMP_PATH];

/* ---- a store with something in every table -------------------------------------- */

/* A call with a record in pieces, a timeline, an event id and a tombstone. */
static enum tel_err decide_full(struct tel_step *step, void *ctx)
{
	static char long_text[5000];

	(void)ctx;
	memset(long_text, 'x', sizeof(long_text));
	step->fresh = contract_new_call(&(struct recipe){
		.n = 1, .room = "r", .room_sid = "RM", .sip_call_id = "SCL", .leg = "PA",
		.created_at = 5, .due = 9, .lease_owner = "me", .lease_until = 10 });
	CHECK_INT(tel_call_set(step->fresh, &step->fresh->agent.config,
			       (struct tel_str){ long_text, sizeof(long_text) },
			       sizeof(long_text)), TEL_OK);
	CU_ASSERT_PTR_NOT_NULL(tel_step_entry(step, step->fresh, 5, TEL_ENTRY_EVENT, TEL_STR("e")));
	step->remember_event = step->finish_room = true;
	step->remember_until = step->remember_request_until = 50;
	step->remember_request = true;
	step->duty.lease = (struct tel_lease){ TEL_STR("me"), 9 };
	step->set_duty = true;
	return TEL_OK;
}

static void make_full(void)
{
	struct tel_place_about place = { .request_key = TEL_STR("key") };
	struct tel_step_about about = {
		.place = &place, .event_id = TEL_STR("EV"), .room_name = TEL_STR("r"), .room_sid = TEL_STR("RM"),
		.expect_change = true, .duty = true,
	};
	struct tel_call_store *s;

	temp_dir(dir);
	s = must_open((struct tel_lmdb_options){ .path = dir });
	CHECK_INT(s->ops->step(s, &about, decide_full, NULL), TEL_OK);
	CU_ASSERT_TRUE(lmdb_is_sound(s));
	s->ops->close(s);
}

/* ---- damaging it ------------------------------------------------------------------ */

enum damage { LOSE_FIRST, GARBLE_FIRST, CUT_FIRST, ADD };

static void hurt(MDB_txn *txn, MDB_dbi table, enum damage how)
{
	char stray[] = "stray", rubbish[256] = "rubbish, and not a little";
	MDB_val key = { sizeof(stray), stray }, value = { 26, rubbish }, old;
	MDB_cursor *cursor;

	if (how != ADD) {
		CHECK_INT(mdb_cursor_open(txn, table, &cursor), 0);
		CU_ASSERT_EQUAL_FATAL(mdb_cursor_get(cursor, &key, &old, MDB_FIRST), 0);
		if (how == CUT_FIRST)
			value = (MDB_val){ old.mv_size - 1, memcpy(rubbish, old.mv_data, 8) };
		CHECK_INT(how == LOSE_FIRST ? mdb_cursor_del(cursor, 0) :
					      mdb_cursor_put(cursor, &key, &value, MDB_CURRENT), 0);
		mdb_cursor_close(cursor);
	} else {
		CHECK_INT(mdb_put(txn, table, &key, &value, 0), 0);
	}
}

static void damage(const char *table, enum damage how)
{
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;

	CU_ASSERT_EQUAL_FATAL(mdb_env_create(&env), 0);
	CHECK_INT(mdb_env_set_maxdbs(env, 32), 0);
	CU_ASSERT_EQUAL_FATAL(mdb_env_open(env, dir, MDB_NOTLS, 0600), 0);
	CU_ASSERT_EQUAL_FATAL(mdb_txn_begin(env, NULL, 0, &txn), 0);
	CU_ASSERT_EQUAL_FATAL(mdb_dbi_open(txn, table, 0, &dbi), 0);
	hurt(txn, dbi, how);
	CHECK_INT(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

/* ---- what is said of it -------------------------------------------------------------- */

static void expect_problem(const char *table, const char *text)
{
	struct tel_call_store *s = must_open((struct tel_lmdb_options){ .path = dir });
	struct tel_lmdb_check_report report = { 0 };
	struct tel_buf why;

	tel_buf_init(&why, 10000);
	CHECK_INT(tel_lmdb_check(s, &report, &why), TEL_OK);
	if (!report.problems || !strstr(tel_buf_str(&why).ptr, text)) {
		fprintf(stderr, "\n%s: \"%s\" is not in \"%s\"\n", table, text,
			tel_buf_str(&why).ptr);
		CU_FAIL("damage was not found");
	}
	CHECK_INT(tel_lmdb_check(s, &report, NULL), TEL_OK);
	CU_ASSERT_TRUE(report.problems > 0);
	tel_buf_release(&why);
	s->ops->close(s);
}

static void every_damage_is_found(void)
{
	static const struct {
		const char *table;
		enum damage how;
		const char *text;
	} cases[] = {
		{ "calls", GARBLE_FIRST, "record 1: the record does not decode" },
		{ "calls", LOSE_FIRST, "table 1 has 1 entries instead of 0" },
		{ "more", LOSE_FIRST, "record 1: the record does not decode" },
		{ "more", GARBLE_FIRST, "record 1: the record does not decode" },
		{ "more", ADD, "entries instead of" },
		{ "ids", LOSE_FIRST, "record 1: an index entry is missing" },
		{ "rooms", GARBLE_FIRST, "record 1: an index entry is missing" },
		{ "list", ADD, "has 2 entries instead of 1" },
		{ "names", LOSE_FIRST, "record 1: an index entry is missing" },
		{ "sips", LOSE_FIRST, "record 1: an index entry is missing" },
		{ "legs", LOSE_FIRST, "record 1: an index entry is missing" },
		{ "list", LOSE_FIRST, "record 1: an index entry is missing" },
		{ "wakes", LOSE_FIRST, "record 1: an index entry is missing" },
		{ "wakes", ADD, "has 2 entries instead of 1" },
		{ "owners", ADD, "has 2 entries instead of 1" },
		{ "ended", ADD, "has 1 entries instead of 0" },
		{ "timeline", LOSE_FIRST, "record 1: a timeline entry is missing" },
		{ "timeline", GARBLE_FIRST, "record 1: a timeline entry does not decode" },
		{ "timeline", ADD, "has 2 entries instead of 1" },
		{ "events", LOSE_FIRST, "has 3 entries instead of 2" },
		{ "events", ADD, "an event id, tombstone or request key without its expiry" },
		{ "tombstones", LOSE_FIRST, "has 3 entries instead of 2" },
		{ "requests", LOSE_FIRST, "has 3 entries instead of 2" },
		{ "requests", CUT_FIRST, "an event id, tombstone or request key does not decode" },
		{ "expiry", LOSE_FIRST, "an event id, tombstone or request key without its expiry" },
		{ "expiry", ADD, "has 4 entries instead of 3" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make_full();
		damage(cases[i].table, cases[i].how);
		expect_problem(cases[i].table, cases[i].text);
		temp_remove(dir);
	}
}

static void damage_is_no_data(void)
{
	struct tel_step_about room = { .room_name = TEL_STR("r"), .room_sid = TEL_STR("RM") };
	static const char *const tables[] = { "calls", "more" };
	struct tel_call_id id = contract_id(1);
	struct tel_sweep_report report;
	struct tel_call *call = NULL;
	struct tel_call_store *s;
	int how, i;

	for (how = LOSE_FIRST; how <= GARBLE_FIRST; how++)
		for (i = 0; i < 2; i++) {
			make_full();
			damage(tables[i], (enum damage)how);
			s = must_open((struct tel_lmdb_options){ .path = dir });
			CHECK_INT(s->ops->get(s, &id, &call, NULL), TEL_ECORRUPT);
			CU_ASSERT_PTR_NULL(call);
			CHECK_INT(s->ops->step(s, &room, decide_full, NULL), TEL_ECORRUPT);
			s->ops->close(s);
			temp_remove(dir);
		}
	make_full();
	damage("expiry", ADD);
	s = must_open((struct tel_lmdb_options){ .path = dir });
	CHECK_INT(s->ops->sweep(s, INT64_MAX, 10, &report), TEL_ECORRUPT);
	s->ops->close(s);
	temp_remove(dir);
}

/* ---- other people's stores, and later ones --------------------------------------------- */

static void set_meta(const char *key, size_t key_len, const char *value)
{
	MDB_val k = { key_len, (void *)key }, v = { strlen(value), (void *)value };
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;

	CU_ASSERT_EQUAL_FATAL(mdb_env_create(&env), 0);
	CHECK_INT(mdb_env_set_maxdbs(env, 32), 0);
	CU_ASSERT_EQUAL_FATAL(mdb_env_open(env, dir, MDB_NOTLS, 0600), 0);
	CU_ASSERT_EQUAL_FATAL(mdb_txn_begin(env, NULL, 0, &txn), 0);
	CHECK_INT(mdb_dbi_open(txn, NULL, 0, &dbi), 0);
	CHECK_INT(mdb_put(txn, dbi, &k, &v, 0), 0);
	CHECK_INT(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

static void expect_refused(const char *text)
{
	char why[1024];

	CHECK_INT(try_open((struct tel_lmdb_options){ .path = dir }, why), TEL_ECORRUPT);
	if (!strstr(why, text))
		fprintf(stderr, "\n\"%s\" is not in \"%s\"\n", text, why);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, text));
}

static void other_layouts_are_refused(void)
{
	make_full();
	set_meta("tel\0schema", 10, "3");
	expect_refused("has layout 3 and this program knows 2: use a later version");
	temp_remove(dir);
	temp_dir(dir);
	set_meta("theirs", 6, "data");
	expect_refused("holds something else, not a store of this program");
	temp_remove(dir);
}

static void reading_makes_no_store(void)
{
	char why[1024];

	temp_dir(dir);
	CHECK_INT(try_open((struct tel_lmdb_options){ .path = dir, .read_only = true }, why),
		  TEL_ENOTFOUND);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "there is no store in"));
	/* One that was being made when the power went: empty, without tables. */
	CHECK_INT(tel_lmdb_make_file(dir), 0);
	CHECK_INT(try_open((struct tel_lmdb_options){ .path = dir, .read_only = true }, why),
		  TEL_ENOTFOUND);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "there is no store in"));
	CHECK_INT(try_open((struct tel_lmdb_options){ .path = dir }, why), TEL_OK);
	temp_remove(dir);
}

/* ---- the duty ------------------------------------------------------------------------ */

static enum tel_err decide_nothing(struct tel_step *step, void *ctx)
{
	(void)step;
	(void)ctx;
	return TEL_OK;
}

static void a_damaged_duty_is_nobodys(void)
{
	static const char *const records[] = {
		"", "rubbish", "{\"v\":2}", "{\"v\":1,\"owner\":\"me\",\"until\":9",
	};
	struct tel_step_about about = { .duty = true };
	struct tel_call_store *s;
	size_t i;

	for (i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		make_full();
		set_meta("tel\0duty", 8, records[i]);
		expect_problem("META", "the record of who compares calls with LiveKit does not decode");
		s = must_open((struct tel_lmdb_options){ .path = dir });
		CHECK_INT(s->ops->step(s, &about, decide_nothing, NULL), TEL_ECORRUPT);
		contract_make(s, (struct recipe){ .n = 2 });	/* who does not ask for it */
		s->ops->close(s);
		temp_remove(dir);
	}
}

CU_TestInfo lmdb_damage_tests[] = {
	{ "every damage is found", every_damage_is_found },
	{ "damage is no data", damage_is_no_data },
	{ "other layouts are refused", other_layouts_are_refused },
	{ "a damaged duty is nobody's", a_damaged_duty_is_nobodys },
	{ "reading makes no store", reading_makes_no_store },
	CU_TEST_INFO_NULL,
};
