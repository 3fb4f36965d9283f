#include "config.h"

#include <stdio.h>
#include <string.h>

#include "contract/contract.h"
#include "base/banned.h"

/* ---- what tests are written with -------------------------------------------- */

static enum tel_err decide_look(struct tel_step *step, void *ctx)
{
	struct contract_duty *found = ctx;

	*found = (struct contract_duty){ .until = step->duty.lease.until, .run_at = step->duty.run_at };
	snprintf(found->owner, sizeof(found->owner), "%.*s", TEL_STR_ARG(step->duty.lease.owner));
	return TEL_OK;
}

struct contract_duty contract_duty(struct tel_call_store *s)
{
	struct contract_duty found, again;

	memset(&found, 0, sizeof(found));
	memset(&again, 0, sizeof(again));
	CHECK_INT(s->ops->step(s, &(struct tel_step_about){ .duty = true }, decide_look, &found), TEL_OK);
	CHECK_INT(s->ops->step(s, &(struct tel_step_about){ .duty = true, .expect_change = true },
			       decide_look, &again), TEL_OK);
	CU_ASSERT_STRING_EQUAL(found.owner, again.owner);
	CHECK_INT(found.until, again.until);
	CHECK_INT(found.run_at, again.run_at);
	return found;
}

static enum tel_err decide_set(struct tel_step *step, void *ctx)
{
	const struct contract_duty *duty = ctx;

	step->duty = (struct tel_duty){
		.lease = { tel_str_from(duty->owner), duty->until }, .run_at = duty->run_at,
	};
	step->set_duty = true;
	return TEL_OK;
}

static enum tel_err set(struct tel_call_store *s, struct contract_duty duty)
{
	return s->ops->step(s, &(struct tel_step_about){ .duty = true }, decide_set, &duty);
}

struct call_on_duty {
	struct recipe recipe;
	struct contract_duty duty;
};

static enum tel_err decide_make_on_duty(struct tel_step *step, void *ctx)
{
	struct call_on_duty *both = ctx;

	both->duty.run_at = step->duty.run_at + 1;
	step->fresh = contract_new_call(&both->recipe);
	return decide_set(step, &both->duty);
}

enum tel_err contract_make_on_duty(struct tel_call_store *s, const struct recipe *recipe)
{
	struct tel_step_about about = { .duty = true, .expect_change = true };
	struct call_on_duty both = { .recipe = *recipe, .duty = { .until = recipe->n } };

	snprintf(both.duty.owner, sizeof(both.duty.owner), "%u", recipe->n);
	return s->ops->step(s, &about, decide_make_on_duty, &both);
}

static void expect(struct tel_call_store *s, const char *owner, tel_time until, tel_time run_at)
{
	struct contract_duty duty = contract_duty(s);

	CU_ASSERT_STRING_EQUAL(duty.owner, owner);
	CHECK_INT(duty.until, until);
	CHECK_INT(duty.run_at, run_at);
}

/* ---- tests ------------------------------------------------------------------- */

static void nobody_had_it_yet(void)
{
	struct tel_call_store *s = contract_open();

	expect(s, "", 0, 0);
	CHECK_INT(contract_stats(s).commits, 0);
	contract_close(s);
}

static void it_is_read_as_it_was_written(void)
{
	static const struct contract_duty cases[] = {
		{ "host:1:2", 5, 6 },
		{ "host:1:2", 7, 6 },
		{ "", 0, 9 },			/* given back */
		{ "\xff\xfe not UTF-8 \"", 1, 2 },
		{ "", 0, 0 },
		{ "123456789012345678901234567890123456789012345678"
		  "123456789012345678901234567890123456789012345678", INT64_MAX / 4, -1 },
	};
	struct tel_call_store *s = contract_open();
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK_INT(set(s, cases[i]), TEL_OK);
		expect(s, cases[i].owner, cases[i].until, cases[i].run_at);
	}
	CHECK_INT(strlen(cases[i - 1].owner), TEL_MAX_OWNER);
	contract_close(s);
}

static void who_does_not_ask_does_not_get_it(void)
{
	struct tel_call_store *s = contract_open();
	struct contract_duty found;

	CHECK_INT(set(s, (struct contract_duty){ "me", 5, 6 }), TEL_OK);
	CHECK_INT(s->ops->step(s, &(struct tel_step_about){ .outbound_switch = true },
			       decide_look, &found), TEL_OK);
	CU_ASSERT_STRING_EQUAL(found.owner, "");
	CHECK_INT(found.until + found.run_at, 0);
	contract_close(s);
}

static void looking_writes_nothing(void)
{
	struct tel_call_store *s = contract_open();
	struct tel_store_stats before;

	CHECK_INT(set(s, (struct contract_duty){ "me", 5, 6 }), TEL_OK);
	before = contract_stats(s);
	CHECK_INT(before.commits, 1);
	expect(s, "me", 5, 6);
	CHECK_INT(contract_stats(s).commits, before.commits);
	contract_close(s);
}

static enum tel_err decide_change_unasked(struct tel_step *step, void *ctx)
{
	(void)ctx;
	step->duty = (struct tel_duty){ .lease = { TEL_STR("another"), 50 }, .run_at = 60 };
	return TEL_OK;
}

static void what_is_not_said_to_be_set_is_not_kept(void)
{
	struct tel_call_store *s = contract_open();

	CHECK_INT(set(s, (struct contract_duty){ "me", 5, 6 }), TEL_OK);
	CHECK_INT(s->ops->step(s, &(struct tel_step_about){ .duty = true, .expect_change = true },
			       decide_change_unasked, NULL), TEL_OK);
	expect(s, "me", 5, 6);
	CHECK_INT(contract_stats(s).commits, 1);
	contract_close(s);
}

static enum tel_err decide_long_owner(struct tel_step *step, void *ctx)
{
	static char text[TEL_MAX_OWNER + 1];

	(void)ctx;
	memset(text, 'x', sizeof(text));
	step->duty.lease.owner = (struct tel_str){ text, sizeof(text) };
	step->set_duty = true;
	return TEL_OK;
}

static void misuse_is_refused(void)
{
	struct tel_call_store *s = contract_open();
	struct contract_duty mine = { "me", 5, 6 }, no_moment = { "me", INT64_MAX, 6 };

	CHECK_INT(s->ops->step(s, &(struct tel_step_about){ .outbound_switch = true },
			       decide_set, &mine), TEL_EMISUSE);
	CHECK_INT(s->ops->step(s, &(struct tel_step_about){ .duty = true },
			       decide_long_owner, NULL), TEL_ETOOBIG);
	CHECK_INT(set(s, no_moment), TEL_EMISUSE);
	expect(s, "", 0, 0);
	CHECK_INT(contract_stats(s).commits, 0);
	contract_close(s);
}

static void it_is_one_unit_with_a_call(void)
{
	struct tel_call_store *s = contract_open();

	CHECK_INT(contract_make_on_duty(s, &(struct recipe){ .n = 1, .room = "r" }), TEL_OK);
	expect(s, "1", 1, 1);
	CHECK_INT(contract_stats(s).commits, 1);
	CHECK_INT(contract_make_on_duty(s, &(struct recipe){ .n = 1, .room = "r" }), TEL_ECONFLICT);
	expect(s, "1", 1, 1);
	CHECK_INT(contract_make_on_duty(s, &(struct recipe){ .n = 2, .room = "r" }), TEL_OK);
	expect(s, "2", 2, 2);
	CU_ASSERT_TRUE(contract_has(s, 1) && contract_has(s, 2));
	contract_close(s);
}

static void it_is_nothing_to_sweep(void)
{
	struct tel_call_store *s = contract_open_with_retention(1);
	struct tel_sweep_report report;

	CHECK_INT(set(s, (struct contract_duty){ "me", 5, 6 }), TEL_OK);
	CHECK_INT(s->ops->sweep(s, INT64_MAX / 2, 100, &report), TEL_OK);
	expect(s, "me", 5, 6);
	contract_close(s);
}

CU_TestInfo tel_contract_duty_tests[] = {
	{ "nobody had it yet", nobody_had_it_yet },
	{ "it is read as it was written", it_is_read_as_it_was_written },
	{ "who does not ask does not get it", who_does_not_ask_does_not_get_it },
	{ "looking writes nothing", looking_writes_nothing },
	{ "what is not said to be set is not kept", what_is_not_said_to_be_set_is_not_kept },
	{ "misuse is refused", misuse_is_refused },
	{ "it is one unit with a call", it_is_one_unit_with_a_call },
	{ "it is nothing to sweep", it_is_nothing_to_sweep },
	CU_TEST_INFO_NULL,
};
