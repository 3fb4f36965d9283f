#include "config.h"

#include <stdio.h>
#include <string.h>

#include "domain/duty.h"
#include "domain/step.h"
#include "harness.h"
#include "base/banned.h"

#define NOW ((tel_time)1000 * TEL_DAY)
#define ROUND (15 * TEL_SECOND)
#define LEASE (120 * TEL_SECOND)	/* a minute and four rounds */

#define US "host:1:100"
#define OTHER "host:2:200"
#define DEAD "host:3:300"
#define LONGEST "123456789012345678901234567890123456789012345678"		\
		"123456789012345678901234567890123456789012345678"

struct outcome {
	bool ours, written;
	const char *holder;
	tel_time look_again;		/* if not ours */
};

static const struct {
	const char *name;
	const char *owner;		/* NULL = nobody */
	tel_time until, run_at;		/* from now */
	struct outcome expected;
} cases[] = {
	{ "held by somebody who lives", OTHER, 1, -ROUND, { false, false, OTHER, 1 } },
	{ "held for long", OTHER, LEASE, -LEASE, { false, false, OTHER, LEASE } },
	{ "expired just now", OTHER, 0, -LEASE, { true, true, OTHER, 0 } },
	{ "expired, run a moment ago", OTHER, -1, -1, { false, false, OTHER, ROUND - 1 } },
	{ "held by one who is dead", DEAD, LEASE, -ROUND, { true, true, DEAD, 0 } },
	{ "of a dead one, run lately", DEAD, LEASE, 1 - ROUND, { false, false, DEAD, 1 } },
	{ "ours, fresh", US, LEASE, 0, { true, false, US, 0 } },
	{ "ours, not half over", US, LEASE / 2 + 1, -1, { true, false, US, 0 } },
	{ "ours, half over", US, LEASE / 2, -1, { true, true, US, 0 } },
	{ "ours, expired, run lately", US, -1, -1, { true, true, US, 0 } },
	{ "given back, run lately", NULL, 0, -1, { false, false, "", ROUND - 1 } },
	{ "given back, a round ago", NULL, 0, -ROUND, { true, true, "", 0 } },
	{ "run ahead of our clock, within a round", NULL, 0, ROUND,
	  { false, false, "", 2 * ROUND } },
	{ "run in another clock's future", NULL, 0, ROUND + 1, { true, true, "", 0 } },
	{ "expired, run in another clock's future", OTHER, -1, TEL_DAY, { true, true, OTHER, 0 } },
	{ "held, by the longest of names", LONGEST, 1, 0, { false, false, LONGEST, 1 } },
	{ "… and a longer one, of which is told what fits", LONGEST "9", 1, 0,
	  { false, false, LONGEST, 1 } },
};

static void check_written(const struct tel_step *step, const char *owner, tel_time until,
			  tel_time run_at)
{
	CHECK_STR(step->duty.lease.owner, owner);
	CHECK_INT(step->duty.lease.until, until);
	CHECK_INT(step->duty.run_at, run_at);
}

static void check_case(size_t i)
{
	const struct outcome *expected = &cases[i].expected;
	struct tel_take_duty take = {
		.now = NOW, .self = TEL_STR(US), .dead_owner = TEL_STR(DEAD), .interval = ROUND,
	};
	tel_time until = NOW + cases[i].until, run_at = NOW + cases[i].run_at;
	struct tel_step step;

	memset(take.holder, 'x', sizeof(take.holder));
	tel_step_init(&step);
	step.duty = (struct tel_duty){ { tel_str_from(cases[i].owner), until }, run_at };
	CHECK_INT(tel_decide_take_duty(&step, &take), TEL_OK);
	CHECK_INT(take.ours, expected->ours);
	CU_ASSERT_STRING_EQUAL(take.holder, expected->holder);
	if (!take.ours)
		CHECK_INT(take.look_again, NOW + expected->look_again);
	CHECK_INT(tel_step_wants_write(&step), expected->written);
	if (expected->written)
		check_written(&step, US, NOW + LEASE, NOW);
	else
		check_written(&step, cases[i].owner, until, run_at);
	tel_step_release(&step);
}

static void who_may_take_it(void)
{
	unsigned failures;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		failures = CU_get_number_of_failures();
		check_case(i);
		if (CU_get_number_of_failures() > failures)
			fprintf(stderr, "\n%s: see above\n", cases[i].name);
	}
}

static void nobody_ever_had_it(void)
{
	struct tel_take_duty take = { .now = NOW, .self = TEL_STR(US), .interval = ROUND };
	struct tel_step step;

	tel_step_init(&step);
	CHECK_INT(tel_decide_take_duty(&step, &take), TEL_OK);
	CU_ASSERT_TRUE(take.ours && step.set_duty);
	CU_ASSERT_STRING_EQUAL(take.holder, "");
	check_written(&step, US, NOW + LEASE, NOW);
	tel_step_release(&step);
}

/* With no dead owner named, one whose text is absent is not taken for dead. */
static void without_a_dead_owner_every_lease_counts(void)
{
	struct tel_take_duty take = { .now = NOW, .self = TEL_STR(US), .interval = ROUND };
	struct tel_step step;

	tel_step_init(&step);
	step.duty.lease = (struct tel_lease){ TEL_STR(DEAD), NOW + 1 };
	CHECK_INT(tel_decide_take_duty(&step, &take), TEL_OK);
	CU_ASSERT_FALSE(take.ours || step.set_duty);
	tel_step_release(&step);
}

/* A holder that runs a round every interval writes once in half a lease. */
static void a_holder_seldom_writes(void)
{
	struct tel_take_duty take = { .now = NOW, .self = TEL_STR(US), .interval = ROUND };
	struct tel_step step;
	unsigned round, writes = 0;

	tel_step_init(&step);
	for (round = 0; round < 100; round++, take.now += ROUND) {
		step.set_duty = false;
		CHECK_INT(tel_decide_take_duty(&step, &take), TEL_OK);
		CU_ASSERT_TRUE(take.ours);
		writes += step.set_duty;
	}
	CHECK_INT(writes, 100 / (LEASE / 2 / ROUND));
	tel_step_release(&step);
}

/* A store may run a decide again: nothing of the run before may stay. */
static void a_second_run_tells_anew(void)
{
	struct tel_take_duty take = { .now = NOW, .self = TEL_STR(US), .interval = ROUND };
	struct tel_step step;

	tel_step_init(&step);
	CHECK_INT(tel_decide_take_duty(&step, &take), TEL_OK);
	CU_ASSERT_TRUE(take.ours);
	tel_step_release(&step);
	step.duty.lease = (struct tel_lease){ TEL_STR(OTHER), NOW + 9 };
	CHECK_INT(tel_decide_take_duty(&step, &take), TEL_OK);
	CU_ASSERT_FALSE(take.ours || step.set_duty);
	CU_ASSERT_STRING_EQUAL(take.holder, OTHER);
	CHECK_INT(take.look_again, NOW + 9);
	tel_step_release(&step);
}

static void only_the_holder_leaves_it(void)
{
	static const struct { const char *owner; bool leaves; } holders[] = {
		{ US, true }, { OTHER, false }, { NULL, false } };
	struct tel_str self = TEL_STR(US);
	struct tel_step step;
	size_t i;

	for (i = 0; i < sizeof(holders) / sizeof(holders[0]); i++) {
		tel_step_init(&step);
		step.duty = (struct tel_duty){ { tel_str_from(holders[i].owner), NOW + LEASE }, NOW };
		CHECK_INT(tel_decide_leave_duty(&step, &self), TEL_OK);
		CHECK_INT(tel_step_wants_write(&step), holders[i].leaves);
		check_written(&step, holders[i].leaves ? NULL : holders[i].owner,
			      holders[i].leaves ? 0 : NOW + LEASE, NOW);
		tel_step_release(&step);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
		{ "who may take it", who_may_take_it },
		{ "nobody ever had it", nobody_ever_had_it },
		{ "without a dead owner every lease counts", without_a_dead_owner_every_lease_counts },
		{ "a holder seldom writes", a_holder_seldom_writes },
		{ "a second run tells anew", a_second_run_tells_anew },
		{ "only the holder leaves it", only_the_holder_leaves_it },
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{ .pName = "the duty", .pTests = tests },
		CU_SUITE_INFO_NULL,
	};

	return tel_run_suites(suites);
}
