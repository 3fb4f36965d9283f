#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "domain/guard.h"
#include "harness.h"
#include "base/banned.h"

#define NOW ((tel_time)1000 * TEL_DAY)
#define N(list) (sizeof(list) / sizeof((list)[0]))

static const struct tel_str allow[] = {
	{ "+1", 2 }, { "+4930", 5 }, { "+999999999999999", 16 }
};
static const struct tel_str deny[] = { { "+1900", 5 }, { "+999999999999999", 16 } };
static const struct tel_str from[] = { { "+15550000", 9 }, { "+999999999999999", 16 } };

static const struct tel_guard_policy strictest = {
	.allow = allow, .n_allow = N(allow),
	.deny = deny, .n_deny = N(deny),
	.from = from, .n_from = N(from),
	.max_concurrent = 10, .max_per_minute = 30, .max_per_destination_day = 3,
};

static struct tel_guard_report checked(const struct tel_guard_policy *policy, const char *to,
				       const char *from_number, tel_time stopped_at,
				       struct tel_place_found found)
{
	struct tel_guard_report report;

	memset(&report, 0x5a, sizeof(report));
	tel_guard_check(policy, tel_str_from(to), tel_str_from(from_number), stopped_at, &found,
			NOW, &report);
	return report;
}

static bool says(const struct tel_guard_report *report, enum tel_guard guard, const char *text)
{
	if (strstr(report->verdicts[guard].detail, text))
		return true;
	fprintf(stderr, "\n%s: \"%s\" does not say \"%s\"\n", tel_guard_text(guard),
		report->verdicts[guard].detail, text);
	return false;
}

/* ---- one rule after the other ----------------------------------------------------- */

#define BIT(guard) (1u << (guard))

static void each_rule_refuses_for_itself(void)
{
	static const struct {
		const char *to, *from;
		tel_time stopped_at;
		struct tel_place_found found;
		unsigned failed;	/* the rules that do */
		enum tel_guard first;
		bool is_limit;
	} cases[] = {
		{ "+15550100", "+15550000", 0, { 0 }, 0, 0, false },
		{ "+4930123456", "+15550000", 0, { 0 }, 0, 0, false },
		{ "+15550100", "+15550000", NOW - 1, { 0 }, BIT(TEL_GUARD_SWITCH),
		  TEL_GUARD_SWITCH, false },
		{ "+4940123456", "+15550000", 0, { 0 }, BIT(TEL_GUARD_ALLOW), TEL_GUARD_ALLOW,
		  false },
		{ "+493", "+15550000", 0, { 0 }, BIT(TEL_GUARD_ALLOW), TEL_GUARD_ALLOW, false },
		{ "+19005550100", "+15550000", 0, { 0 }, BIT(TEL_GUARD_DENY), TEL_GUARD_DENY,
		  false },
		{ "+15550100", "+155500001", 0, { 0 }, BIT(TEL_GUARD_FROM), TEL_GUARD_FROM, false },
		{ "+15550100", "+1555000", 0, { 0 }, BIT(TEL_GUARD_FROM), TEL_GUARD_FROM, false },
		{ "+15550100", "+15550000", 0, { .live = 9 }, 0, 0, false },
		{ "+15550100", "+15550000", 0, { .live = 10 }, BIT(TEL_GUARD_CONCURRENT),
		  TEL_GUARD_CONCURRENT, true },
		{ "+15550100", "+15550000", 0, { .outbound = { 29, NOW - 5 } }, 0, 0, false },
		{ "+15550100", "+15550000", 0, { .outbound = { 30, NOW - 5 } },
		  BIT(TEL_GUARD_PER_MINUTE), TEL_GUARD_PER_MINUTE, true },
		{ "+15550100", "+15550000", 0, { .same_to = { 2, NOW - 5 } }, 0, 0, false },
		{ "+15550100", "+15550000", 0, { .same_to = { 3, NOW - 5 } },
		  BIT(TEL_GUARD_PER_DESTINATION), TEL_GUARD_PER_DESTINATION, true },
		/* What waiting does not cure comes first. */
		{ "+19005550100", "+15550000", 0, { .live = 10, .outbound = { 30, NOW } },
		  BIT(TEL_GUARD_DENY) | BIT(TEL_GUARD_CONCURRENT) | BIT(TEL_GUARD_PER_MINUTE),
		  TEL_GUARD_DENY, false },
		{ "+9990000", "+1", 1, { .live = 11, .outbound = { 31, 1 }, .same_to = { 4, 1 } },
		  BIT(TEL_GUARDS) - 1 - BIT(TEL_GUARD_DENY), TEL_GUARD_SWITCH, false },
	};
	struct tel_guard_report report;
	size_t i, g;

	for (i = 0; i < N(cases); i++) {
		report = checked(&strictest, cases[i].to, cases[i].from, cases[i].stopped_at,
				 cases[i].found);
		for (g = 0; g < TEL_GUARDS; g++) {
			CHECK_INT(report.verdicts[g].passed, !(cases[i].failed >> g & 1));
			CU_ASSERT_TRUE(report.verdicts[g].detail[0] != '\0');
		}
		CHECK_INT(report.passed, cases[i].failed == 0);
		if (!report.passed) {
			CHECK_INT(report.first, cases[i].first);
			CHECK_INT(report.is_limit, cases[i].is_limit);
		}
	}
}

static void without_an_allow_list_nobody_is_called(void)
{
	const struct tel_guard_policy none = { 0 };
	struct tel_guard_report report = checked(&none, "+15550100", "+15550000", 0,
						 (struct tel_place_found){ 0 });

	CU_ASSERT_FALSE(report.passed);
	CHECK_INT(report.first, TEL_GUARD_ALLOW);
	CU_ASSERT_FALSE(report.is_limit);
	CU_ASSERT_TRUE(says(&report, TEL_GUARD_ALLOW, "TELEPHONY_ALLOW_PREFIXES is not set"));
	CHECK_INT(report.verdicts[TEL_GUARD_ALLOW].retry_after, 0);
}

static void nought_is_no_limit(void)
{
	const struct tel_guard_policy open = { .allow = allow, .n_allow = N(allow) };
	const struct tel_place_found lots = {
		.live = UINT32_MAX, .outbound = { UINT32_MAX, NOW }, .same_to = { UINT32_MAX, NOW }
	};
	struct tel_guard_report report = checked(&open, "+15550100", "+15550000", 0, lots);

	CU_ASSERT_TRUE(report.passed);
	CU_ASSERT_TRUE(says(&report, TEL_GUARD_CONCURRENT, "No limit"));
}

static void messages_name_the_cure(void)
{
	const struct tel_place_found full = {
		.live = 10, .outbound = { 30, NOW }, .same_to = { 3, NOW }
	};
	struct tel_guard_report report = checked(&strictest, "+4940123", "+15551111", 1, full);

	CU_ASSERT_TRUE(says(&report, TEL_GUARD_SWITCH, "telephonyctl outbound start"));
	CU_ASSERT_TRUE(says(&report, TEL_GUARD_SWITCH, "1970-01-01T00:00:00.001Z"));
	CU_ASSERT_TRUE(says(&report, TEL_GUARD_ALLOW, "TELEPHONY_ALLOW_PREFIXES"));
	CU_ASSERT_TRUE(says(&report, TEL_GUARD_FROM, "TELEPHONY_FROM_NUMBERS"));
	CU_ASSERT_TRUE(says(&report, TEL_GUARD_CONCURRENT, "TELEPHONY_MAX_CONCURRENT_OUTBOUND=10"));
	CU_ASSERT_TRUE(says(&report, TEL_GUARD_PER_MINUTE, "TELEPHONY_MAX_OUTBOUND_PER_MINUTE=30"));
	CU_ASSERT_TRUE(says(&report, TEL_GUARD_PER_DESTINATION,
			    "TELEPHONY_MAX_PER_DESTINATION_PER_DAY=3"));
	report = checked(&strictest, "+19005550100", "+15550000", 0, full);
	CU_ASSERT_TRUE(says(&report, TEL_GUARD_DENY, "TELEPHONY_DENY_PREFIXES"));
}

static void guards_have_names(void)
{
	static const char *const names[TEL_GUARDS] = {
		"outbound_stopped", "allow_prefixes", "deny_prefixes", "from_numbers",
		"max_concurrent", "max_per_minute", "max_per_destination_day"
	};
	size_t g;

	for (g = 0; g < TEL_GUARDS; g++)
		CHECK_STR(tel_str_from(tel_guard_text((enum tel_guard)g)), names[g]);
}

/* ---- the longest of everything ------------------------------------------------------- */

static void every_message_fits(const struct tel_guard_report *report)
{
	size_t g, len;

	for (g = 0; g < TEL_GUARDS; g++) {
		len = strlen(report->verdicts[g].detail);
		CU_ASSERT_TRUE(len < TEL_GUARD_DETAIL - 1);
		CU_ASSERT_TRUE(len > 0 && report->verdicts[g].detail[len - 1] == '.');
	}
}

static void the_longest_message_fits(void)
{
	static const char longest[] = "+999999999999999", other[] = "+888888888888888";
	struct tel_guard_policy policy = strictest;
	struct tel_place_found found = {
		.live = UINT32_MAX,
		.outbound = { UINT32_MAX, NOW }, .same_to = { UINT32_MAX, NOW }
	};
	const struct tel_guard_policy none = { 0 };
	struct tel_guard_report report;

	policy.max_concurrent = policy.max_per_minute = policy.max_per_destination_day = UINT32_MAX;
	report = checked(&policy, longest, longest, INT64_MAX, found);
	every_message_fits(&report);
	report = checked(&policy, other, other, INT64_MAX, found);
	every_message_fits(&report);
	report = checked(&none, longest, longest, 0, found);
	every_message_fits(&report);
	found = (struct tel_place_found){ 0 };
	report = checked(&policy, longest, other, 0, found);
	every_message_fits(&report);
}

/* ---- counting -------------------------------------------------------------------------- */

static void what_is_counted_follows_the_policy(void)
{
	struct tel_place_about about = { .request_key = TEL_STR("key") };
	const struct tel_guard_policy none = { 0 };

	tel_guard_about(&strictest, TEL_STR("+15550100"), NOW, &about);
	CHECK_STR(about.request_key, "key");
	CHECK_STR(about.to, "+15550100");
	CHECK_INT(about.max_live, 10);
	CHECK_INT(about.outbound.max, 30);
	CHECK_INT(about.outbound.since, NOW - TEL_MINUTE);
	CHECK_INT(about.same_to.max, 3);
	CHECK_INT(about.same_to.since, NOW - TEL_DAY);
	tel_guard_about(&none, TEL_STR("+15550100"), NOW, &about);
	CHECK_INT(about.max_live, 0);
	CHECK_INT(about.outbound.max, 0);
	CHECK_INT(about.same_to.max, 0);
}

/* After that time, and not before, the same call passes. */
static void waiting_is_computed_from_the_oldest(void)
{
	static const struct { tel_time age, minute, day; } cases[] = {
		{ 0, TEL_MINUTE, TEL_DAY },
		{ 1, TEL_MINUTE, TEL_DAY },
		{ 2, TEL_MINUTE - 1, TEL_DAY - 1 },
		{ 45 * TEL_SECOND, 15 * TEL_SECOND + 1, TEL_DAY - 45 * TEL_SECOND + 1 },
		{ TEL_MINUTE, 1, TEL_DAY - TEL_MINUTE + 1 },
		{ TEL_DAY, 1, 1 },
		{ -TEL_HOUR, TEL_MINUTE, TEL_DAY },	/* the clock was set back */
	};
	struct tel_place_found full = {
		.live = 10, .outbound = { .n = 30 }, .same_to = { .n = 3 }
	};
	struct tel_guard_report report;
	size_t i;

	for (i = 0; i < N(cases); i++) {
		full.outbound.oldest = full.same_to.oldest = NOW - cases[i].age;
		report = checked(&strictest, "+15550100", "+15550000", 0, full);
		CHECK_INT(report.verdicts[TEL_GUARD_CONCURRENT].retry_after, 0);
		CHECK_INT(report.verdicts[TEL_GUARD_PER_MINUTE].retry_after, cases[i].minute);
		CHECK_INT(report.verdicts[TEL_GUARD_PER_DESTINATION].retry_after, cases[i].day);
	}
}

int main(void)
{
	CU_TestInfo rules[] = {
		{ "each rule refuses for itself", each_rule_refuses_for_itself },
		{ "without an allow list nobody is called", without_an_allow_list_nobody_is_called },
		{ "nought is no limit", nought_is_no_limit },
		{ "messages name the cure", messages_name_the_cure },
		{ "guards have names", guards_have_names },
		{ "the longest message fits", the_longest_message_fits },
		CU_TEST_INFO_NULL
	};
	CU_TestInfo counts[] = {
		{ "what is counted follows the policy", what_is_counted_follows_the_policy },
		{ "waiting is computed from the oldest", waiting_is_computed_from_the_oldest },
		CU_TEST_INFO_NULL
	};
	CU_SuiteInfo suites[] = {
		{ "guards", NULL, NULL, NULL, NULL, rules },
		{ "guards' counts", NULL, NULL, NULL, NULL, counts },
		CU_SUITE_INFO_NULL
	};

	return tel_run_suites(suites);
}
