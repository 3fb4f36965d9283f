#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/contract.h"
#include "base/banned.h"

#define PLACE(...) (&(struct tel_place_about){ __VA_ARGS__ })
#define KEY(text) .request_key = TEL_STR(text)

/* ---- what a step about a place finds ------------------------------------------ */

struct seen {
	unsigned n;			/* of its call; 0 = none */
	struct tel_place_found place;
};

static enum tel_err decide_look(struct tel_step *step, void *ctx)
{
	struct seen *seen = ctx;

	seen->n = step->call ? contract_number(step->call) : 0;
	seen->place = step->place;
	return TEL_OK;
}

static struct seen look_in(struct tel_call_store *s, const char *room,
			   const struct tel_place_about *place)
{
	struct tel_step_about about = { .place = place, .room_name = tel_str_from(room) };
	struct seen seen = { 0 }, again = { 0 };

	CHECK_INT(s->ops->step(s, &about, decide_look, &seen), TEL_OK);
	about.expect_change = true;
	CHECK_INT(s->ops->step(s, &about, decide_look, &again), TEL_OK);
	CHECK_INT(memcmp(&seen, &again, sizeof(seen)), 0);
	return seen;
}

static struct seen look(struct tel_call_store *s, const struct tel_place_about *place)
{
	return look_in(s, NULL, place);
}

/* ---- request keys ---------------------------------------------------------------- */

struct order {
	unsigned n;
	char body;			/* 32 times: its hash */
	tel_time until;
	const char *room;
	bool placed;			/* out */
};

/* As a use case does it: the first one with a key gets the call. */
static enum tel_err decide_place(struct tel_step *step, void *ctx)
{
	struct order *order = ctx;

	order->placed = !step->place.key_seen;
	if (!order->placed)
		return TEL_OK;
	step->fresh = contract_new_call(&(struct recipe){ .n = order->n, .room = order->room,
		.direction = TEL_OUTBOUND });
	step->remember_request = true;
	memset(step->body_sha256, order->body, sizeof(step->body_sha256));
	step->remember_request_until = order->until;
	return TEL_OK;
}

static enum tel_err place(struct tel_call_store *s, struct tel_str key, struct order *order)
{
	struct tel_place_about placing = { .request_key = key };
	struct tel_step_about about = { .place = &placing, .room_name = tel_str_from(order->room) };

	return s->ops->step(s, &about, decide_place, order);
}

static const char *key_text(unsigned key, char out[32])
{
	snprintf(out, 32, "key %u", key);
	return out;
}

enum tel_err contract_place(struct tel_call_store *s, unsigned key, unsigned n)
{
	struct order order = { .n = n, .until = 100 };
	char text[32];

	return place(s, tel_str_from(key_text(key, text)), &order);
}

unsigned contract_placed(struct tel_call_store *s, unsigned key)
{
	char text[32];

	return look(s, PLACE(.request_key = tel_str_from(key_text(key, text)))).n;
}

unsigned contract_outbound(struct tel_call_store *s)
{
	return look(s, PLACE(.outbound = { .max = UINT32_MAX })).place.outbound.n;
}

static void a_key_stands_for_its_call(void)
{
	struct tel_call_store *s = contract_open();
	struct order one = { .n = 1, .body = 'a', .until = 100, .room = "r" };
	struct order two = { .n = 2, .body = 'b', .until = 100 };
	struct tel_call_id id = contract_id(1);
	struct seen seen = look(s, PLACE(KEY("k")));

	CU_ASSERT_FALSE(seen.place.key_seen);
	CHECK_INT(seen.n, 0);
	CHECK_INT(place(s, TEL_STR("k"), &one), TEL_OK);
	CU_ASSERT_TRUE(one.placed);
	CHECK_INT(place(s, TEL_STR("k"), &two), TEL_OK);
	CU_ASSERT_FALSE(two.placed);
	seen = look(s, PLACE(KEY("k")));
	CU_ASSERT_TRUE(seen.place.key_seen);
	CHECK_INT(seen.n, 1);
	CU_ASSERT_STRING_EQUAL(seen.place.memory.call_id.text, id.text);
	CHECK_INT(seen.place.memory.body_sha256[0], 'a');
	CHECK_INT(seen.place.memory.body_sha256[31], 'a');
	/* The key comes before the room. */
	contract_make(s, (struct recipe){ .n = 3, .room = "r" });
	CHECK_INT(look_in(s, "r", PLACE(KEY("k"))).n, 1);
	CHECK_INT(contract_stats(s).calls, 2);
	CHECK_INT(contract_stats(s).request_keys, 1);
	contract_close(s);
}

static void keys_are_compared_byte_by_byte(void)
{
	struct tel_call_store *s = contract_open();
	char longest[TEL_MAX_REQUEST_KEY + 1];
	struct order one = { .n = 1, .until = 100 }, two = { .n = 2, .until = 100 };
	struct tel_str key = { longest, TEL_MAX_REQUEST_KEY };

	memset(longest, 'k', sizeof(longest));
	CHECK_INT(place(s, key, &one), TEL_OK);
	CHECK_INT(look(s, PLACE(.request_key = key)).n, 1);
	key.len--;
	CHECK_INT(look(s, PLACE(.request_key = key)).n, 0);
	key.len += 2;
	CHECK_INT(look(s, PLACE(.request_key = key)).n, 0);
	CHECK_INT(place(s, key, &two), TEL_ETOOBIG);
	CHECK_INT(place(s, TEL_STR("me\0k"), &two), TEL_OK);
	CHECK_INT(look(s, PLACE(KEY("me\0k"))).n, 2);
	CHECK_INT(look(s, PLACE(KEY("me"))).n, 0);
	CHECK_INT(look(s, PLACE(KEY("me\0"))).n, 0);
	CHECK_INT(look(s, PLACE(KEY("ME\0k"))).n, 0);
	contract_close(s);
}

static enum tel_err decide_badly(struct tel_step *step, void *ctx)
{
	(void)ctx;
	step->remember_request = true;
	return TEL_OK;
}

static void a_key_without_its_call_is_refused(void)
{
	struct tel_call_store *s = contract_open();
	struct tel_step_about about = { .place = PLACE(KEY("k")) };
	struct order taken = { .n = 1, .until = 100 };

	CHECK_INT(s->ops->step(s, &about, decide_badly, NULL), TEL_EMISUSE);
	contract_make(s, (struct recipe){ .n = 1 });
	/* The call can't be made: nor is its key remembered. */
	CHECK_INT(place(s, TEL_STR("k"), &taken), TEL_ECONFLICT);
	CU_ASSERT_FALSE(look(s, PLACE(KEY("k"))).place.key_seen);
	CHECK_INT(contract_stats(s).request_keys, 0);
	contract_close(s);
}

static struct tel_sweep_report sweep(struct tel_call_store *s, tel_time now, size_t budget)
{
	struct tel_sweep_report report = { 0 };

	CHECK_INT(s->ops->sweep(s, now, budget, &report), TEL_OK);
	return report;
}

static void keys_are_forgotten_in_time(void)
{
	struct tel_call_store *s = contract_open();
	struct order one = { .n = 1, .until = 100 }, two = { .n = 2, .until = 200 };
	struct order three = { .n = 3, .until = 100 }, again = { .n = 4, .until = 500 };

	CHECK_INT(place(s, TEL_STR("1"), &one), TEL_OK);
	CHECK_INT(place(s, TEL_STR("2"), &two), TEL_OK);
	CHECK_INT(place(s, TEL_STR("3"), &three), TEL_OK);
	contract_remember(s, "1", 100);
	CHECK_INT(sweep(s, 99, 10).requests, 0);
	CU_ASSERT_TRUE(sweep(s, 100, 2).more);
	CU_ASSERT_FALSE(sweep(s, 100, 1).more);
	CU_ASSERT_FALSE(look(s, PLACE(KEY("1"))).place.key_seen);
	CU_ASSERT_FALSE(contract_event_seen(s, "1"));
	CU_ASSERT_TRUE(look(s, PLACE(KEY("2"))).place.key_seen);
	CHECK_INT(contract_stats(s).calls, 3);
	CHECK_INT(place(s, TEL_STR("1"), &again), TEL_OK);
	CU_ASSERT_TRUE(again.placed);
	CHECK_INT(sweep(s, 200, 10).requests, 1);
	CHECK_INT(look(s, PLACE(KEY("1"))).n, 4);
	CHECK_INT(contract_stats(s).request_keys, 1);
	contract_close(s);
}

static void end_at(struct tel_call *call, void *ctx)
{
	call->status = TEL_CALL_ENDED;
	call->ended_at = *(tel_time *)ctx;
}

static void a_key_may_outlive_its_call(void)
{
	struct tel_call_store *s = contract_open_with_retention(10);
	struct order one = { .n = 1, .body = 'a', .until = 1000, .room = "r" };
	struct tel_call_id id = contract_id(1);
	tel_time ended = 20;
	struct seen seen;

	CHECK_INT(place(s, TEL_STR("k"), &one), TEL_OK);
	contract_make(s, (struct recipe){ .n = 2, .room = "r" });
	CHECK_INT(contract_edit(s, 1, end_at, &ended), TEL_OK);
	CHECK_INT(sweep(s, 30, 10).calls, 1);
	seen = look_in(s, "r", PLACE(KEY("k")));
	CU_ASSERT_TRUE(seen.place.key_seen);
	CU_ASSERT_STRING_EQUAL(seen.place.memory.call_id.text, id.text);
	CHECK_INT(seen.n, 0);		/* not the other call of its room */
	contract_close(s);
}

static void without_a_key_the_room_is_looked_at(void)
{
	struct tel_call_store *s = contract_open();

	contract_make(s, (struct recipe){ .n = 1, .room = "r", .room_sid = "RM_1", .leg = "PA" });
	contract_make(s, (struct recipe){ .n = 2, .room = "r", .status = TEL_CALL_ENDED });
	contract_make(s, (struct recipe){ .n = 3, .room = "rr" });
	CHECK_INT(look_in(s, "r", PLACE(KEY("unheard of"))).n, 2);
	CHECK_INT(look_in(s, "r", PLACE(.max_live = 0)).n, 2);
	CHECK_INT(look_in(s, "q", PLACE(.max_live = 0)).n, 0);
	CHECK_INT(look(s, PLACE(.max_live = 0)).n, 0);
	contract_close(s);
}

/* ---- many with one key ------------------------------------------------------------- */

#define THREADS 8
#define KEYS 25

struct placer {
	struct tel_call_store *store;
	unsigned own;
	unsigned placed, failed;
};

static void *place_all(void *ctx)
{
	struct placer *p = ctx;
	struct order order;
	char key[16];
	unsigned i;

	for (i = 0; i < KEYS; i++) {
		snprintf(key, sizeof(key), "key %u", i);
		order = (struct order){ .n = p->own + i, .until = 100 };
		p->failed += place(p->store, tel_str_from(key), &order) != TEL_OK;
		p->placed += order.placed;
	}
	return NULL;
}

static void one_key_makes_one_call(void)
{
	struct tel_call_store *s = contract_open();
	struct placer placers[THREADS];
	pthread_t threads[THREADS];
	unsigned i, placed = 0;

	for (i = 0; i < THREADS; i++) {
		placers[i] = (struct placer){ .store = s, .own = 1000 * (i + 1) };
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, place_all, &placers[i]), 0);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		CHECK_INT(placers[i].failed, 0);
		placed += placers[i].placed;
	}
	CHECK_INT(placed, KEYS);
	CHECK_INT(contract_stats(s).calls, KEYS);
	CHECK_INT(contract_stats(s).request_keys, KEYS);
	contract_close(s);
}

/* ---- counting ---------------------------------------------------------------------- */

static void make_out(struct tel_call_store *s, unsigned n, const char *to, tel_time created_at,
		     enum tel_call_status status)
{
	contract_make(s, (struct recipe){ .n = n, .to = to, .created_at = created_at,
		.status = status, .direction = TEL_OUTBOUND });
}

static void living_outbound_calls_are_counted(void)
{
	struct tel_call_store *s = contract_open();
	tel_time ended = 20;

	CHECK_INT(look(s, PLACE(.max_live = 10)).place.live, 0);
	make_out(s, 1, NULL, 10, TEL_CALL_CREATED);
	make_out(s, 2, NULL, 10, TEL_CALL_SIP_PARTICIPANT_JOINED);
	make_out(s, 3, NULL, 10, TEL_CALL_AGENT_DISPATCHED);
	make_out(s, 4, NULL, 10, TEL_CALL_ENDED);
	make_out(s, 5, NULL, 10, TEL_CALL_FAILED);
	contract_make(s, (struct recipe){ .n = 6, .to = "+15550100" });
	CHECK_INT(look(s, PLACE(.max_live = 10)).place.live, 3);
	CHECK_INT(look(s, PLACE(.max_live = 2)).place.live, 2);
	CHECK_INT(look(s, PLACE(.max_live = 0)).place.live, 0);
	CHECK_INT(contract_edit(s, 2, end_at, &ended), TEL_OK);
	CHECK_INT(look(s, PLACE(.max_live = 10)).place.live, 2);
	CHECK_INT(look(s, PLACE(.max_live = 10)).place.outbound.n, 0);
	contract_close(s);
}

#define SINCE(when, most) { .since = (when), .max = (most) }

static void expect_count(struct tel_count_found found, uint32_t n, tel_time oldest)
{
	CHECK_INT(found.n, n);
	CHECK_INT(found.oldest, oldest);
}

static void outbound_calls_are_counted_back_to_a_moment(void)
{
	struct tel_call_store *s = contract_open();
	const tel_time t = 10 * TEL_HOUR;
	unsigned n;

	expect_count(look(s, PLACE(.outbound = SINCE(0, 9))).place.outbound, 0, 0);
	for (n = 1; n <= 5; n++) {
		make_out(s, n, "+15550100", t + n * TEL_MINUTE,
			 n % 2 ? TEL_CALL_ENDED : TEL_CALL_CREATED);
		contract_make(s, (struct recipe){ .n = 100 + n, .to = "+15550100",
			.created_at = t + n * TEL_MINUTE });
	}
	expect_count(look(s, PLACE(.outbound = SINCE(0, 9))).place.outbound, 5, t + TEL_MINUTE);
	expect_count(look(s, PLACE(.outbound = SINCE(0, 2))).place.outbound, 2, t + 4 * TEL_MINUTE);
	expect_count(look(s, PLACE(.outbound = SINCE(t + 3 * TEL_MINUTE, 9))).place.outbound,
		     3, t + 3 * TEL_MINUTE);
	expect_count(look(s, PLACE(.outbound = SINCE(t + 3 * TEL_MINUTE + 1, 9))).place.outbound,
		     2, t + 4 * TEL_MINUTE);
	expect_count(look(s, PLACE(.outbound = SINCE(t + TEL_HOUR, 9))).place.outbound, 0, 0);
	expect_count(look(s, PLACE(.outbound = SINCE(0, 0))).place.outbound, 0, 0);
	contract_close(s);
}

/* A process whose clock is behind must not hide what others did before it. */
static void clocks_that_differ_hide_no_call(void)
{
	struct tel_call_store *s = contract_open();
	const tel_time t = 10 * TEL_HOUR;

	make_out(s, 1, NULL, t, TEL_CALL_CREATED);
	make_out(s, 2, NULL, t - 50 * TEL_SECOND, TEL_CALL_CREATED);
	expect_count(look(s, PLACE(.outbound = SINCE(t - 1, 9))).place.outbound, 1, t);
	contract_close(s);
}

static void calls_to_a_number_are_counted(void)
{
	struct tel_call_store *s = contract_open();
	struct tel_place_about place = { .to = TEL_STR("+15550100"), .same_to = SINCE(0, 9) };

	make_out(s, 1, "+15550100", 11, TEL_CALL_ENDED);
	make_out(s, 2, "+155501000", 12, TEL_CALL_ENDED);
	make_out(s, 3, "+15550100", 13, TEL_CALL_FAILED);
	contract_make(s, (struct recipe){ .n = 4, .to = "+15550100", .created_at = 14 });
	make_out(s, 5, NULL, 15, TEL_CALL_CREATED);
	make_out(s, 6, "+15550100", 16, TEL_CALL_CREATED);
	expect_count(look(s, &place).place.same_to, 3, 11);
	place.same_to.max = 2;
	expect_count(look(s, &place).place.same_to, 2, 13);
	place.same_to = (struct tel_count_about)SINCE(14, 9);
	expect_count(look(s, &place).place.same_to, 1, 16);
	place.to = TEL_STR("+1555010");
	expect_count(look(s, &place).place.same_to, 0, 0);
	place.to = TEL_STR("+15550100155501001555010015550100");
	expect_count(look(s, &place).place.same_to, 0, 0);
	place.to = TEL_STR_NONE;
	expect_count(look(s, &place).place.same_to, 0, 0);
	contract_close(s);
}

/* ---- the switch ---------------------------------------------------------------------- */

static enum tel_err decide_read_switch(struct tel_step *step, void *ctx)
{
	*(tel_time *)ctx = step->outbound_stopped_at;
	return TEL_OK;
}

static tel_time switch_of(struct tel_call_store *s, bool asked)
{
	tel_time at = -1;

	CHECK_INT(s->ops->step(s, &(struct tel_step_about){ .outbound_switch = asked },
			       decide_read_switch, &at), TEL_OK);
	return at;
}

static enum tel_err decide_switch(struct tel_step *step, void *ctx)
{
	step->outbound_stopped_at = *(tel_time *)ctx;
	step->set_switch = true;
	return TEL_OK;
}

static void throw_switch(struct tel_call_store *s, tel_time at)
{
	CHECK_INT(s->ops->step(s, &(struct tel_step_about){ .outbound_switch = true },
			       decide_switch, &at), TEL_OK);
}

static void outbound_calls_are_stopped_and_let_go(void)
{
	struct tel_call_store *s = contract_open();

	CHECK_INT(switch_of(s, true), 0);
	throw_switch(s, 0);
	CHECK_INT(switch_of(s, true), 0);
	throw_switch(s, 77);
	CHECK_INT(switch_of(s, true), 77);
	CHECK_INT(switch_of(s, false), 0);
	throw_switch(s, 78);
	CHECK_INT(switch_of(s, true), 78);
	sweep(s, INT64_MAX / 2, 100);
	CHECK_INT(switch_of(s, true), 78);
	throw_switch(s, 0);
	CHECK_INT(switch_of(s, true), 0);
	contract_close(s);
}

CU_TestInfo tel_contract_place_tests[] = {
	{ "a key stands for its call", a_key_stands_for_its_call },
	{ "keys are compared byte by byte", keys_are_compared_byte_by_byte },
	{ "a key without its call is refused", a_key_without_its_call_is_refused },
	{ "keys are forgotten in time", keys_are_forgotten_in_time },
	{ "a key may outlive its call", a_key_may_outlive_its_call },
	{ "without a key the room is looked at", without_a_key_the_room_is_looked_at },
	{ "one key makes one call", one_key_makes_one_call },
	{ "living outbound calls are counted", living_outbound_calls_are_counted },
	{ "outbound calls are counted back to a moment", outbound_calls_are_counted_back_to_a_moment },
	{ "clocks that differ hide no call", clocks_that_differ_hide_no_call },
	{ "calls to a number are counted", calls_to_a_number_are_counted },
	{ "outbound calls are stopped and let go", outbound_calls_are_stopped_and_let_go },
	CU_TEST_INFO_NULL,
};
