#include "config.h"

#include <stdio.h>

#include "domain/guard.h"
#include "domain/number.h"
#include "base/banned.h"

const char *tel_guard_text(enum tel_guard guard)
{
	static const char *const texts[TEL_GUARDS] = {
		[TEL_GUARD_SWITCH] = "outbound_stopped",
		[TEL_GUARD_ALLOW] = "allow_prefixes",
		[TEL_GUARD_DENY] = "deny_prefixes",
		[TEL_GUARD_FROM] = "from_numbers",
		[TEL_GUARD_CONCURRENT] = "max_concurrent",
		[TEL_GUARD_PER_MINUTE] = "max_per_minute",
		[TEL_GUARD_PER_DESTINATION] = "max_per_destination_day",
	};

	return texts[guard];
}

void tel_guard_about(const struct tel_guard_policy *policy, struct tel_str to, tel_time now,
		     struct tel_place_about *about)
{
	about->to = to;
	about->max_live = policy->max_concurrent;
	about->outbound.since = now - TEL_MINUTE;
	about->outbound.max = policy->max_per_minute;
	about->same_to.since = now - TEL_DAY;
	about->same_to.max = policy->max_per_destination_day;
}

/* What every guard looks at. */
struct check {
	const struct tel_guard_policy *policy;
	struct tel_str to, from;
	tel_time stopped_at;
	const struct tel_place_found *found;
	tel_time now;
};

/* A number or a prefix is as long as E.164 at most: the rest is never shown. */
#define SHOWN(s) (int)((s).len < TEL_MAX_E164 ? (s).len : TEL_MAX_E164), \
		 ((s).ptr ? (s).ptr : "")

#define SAY(verdict, ...) snprintf((verdict)->detail, sizeof((verdict)->detail), __VA_ARGS__)

static const struct tel_str *prefix_of(struct tel_str number, const struct tel_str *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (tel_str_starts(number, list[i]))
			return &list[i];
	return NULL;
}

static bool is_listed(struct tel_str number, const struct tel_str *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (tel_str_eq(number, list[i]))
			return true;
	return false;
}

void tel_guard_check_switch(tel_time stopped_at, struct tel_guard_verdict *v)
{
	char at[TEL_TIME_TEXT];

	v->passed = stopped_at == 0;
	if (v->passed)
		SAY(v, "Outbound calls are not stopped.");
	else
		SAY(v, "Outbound calls were stopped at %s; `telephonyctl outbound start` lets "
		       "them go on.", tel_time_format(stopped_at, at));
}

static void check_switch(const struct check *c, struct tel_guard_verdict *v)
{
	tel_guard_check_switch(c->stopped_at, v);
}

static void check_allow(const struct check *c, struct tel_guard_verdict *v)
{
	const struct tel_str *prefix = prefix_of(c->to, c->policy->allow, c->policy->n_allow);

	v->passed = prefix != NULL;
	if (prefix)
		SAY(v, "%.*s begins with %.*s, which is allowed.", SHOWN(c->to), SHOWN(*prefix));
	else if (c->policy->n_allow == 0)
		SAY(v, "No number may be called: TELEPHONY_ALLOW_PREFIXES is not set. List what may "
		       "be called in it, such as +1,+4930.");
	else
		SAY(v, "%.*s begins with no prefix of TELEPHONY_ALLOW_PREFIXES; add one that it begins "
		       "with to allow it.", SHOWN(c->to));
}

static void check_deny(const struct check *c, struct tel_guard_verdict *v)
{
	const struct tel_str *prefix = prefix_of(c->to, c->policy->deny, c->policy->n_deny);

	v->passed = !prefix;
	if (prefix)
		SAY(v, "%.*s begins with %.*s, which TELEPHONY_DENY_PREFIXES forbids.",
		    SHOWN(c->to), SHOWN(*prefix));
	else if (c->policy->n_deny == 0)
		SAY(v, "TELEPHONY_DENY_PREFIXES is not set.");
	else
		SAY(v, "%.*s begins with no prefix of TELEPHONY_DENY_PREFIXES.", SHOWN(c->to));
}

static void check_from(const struct check *c, struct tel_guard_verdict *v)
{
	v->passed = c->policy->n_from == 0 ||
		    is_listed(c->from, c->policy->from, c->policy->n_from);
	if (c->policy->n_from == 0)
		SAY(v, "Any number may call: TELEPHONY_FROM_NUMBERS is not set.");
	else
		SAY(v, "%.*s is %s TELEPHONY_FROM_NUMBERS%s", SHOWN(c->from),
		    v->passed ? "one of" : "none of",
		    v->passed ? "." : "; add it to call from it.");
}

/* How many there are, what the limit is, and who set it. */
static void check_limit(uint32_t n, uint32_t max, const char *what, const char *setting,
			struct tel_guard_verdict *v)
{
	v->passed = max == 0 || n < max;
	if (max == 0)
		SAY(v, "No limit: %s=0.", setting);
	else
		SAY(v, "%s: %lu; %s=%lu%s", what, (unsigned long)n, setting, (unsigned long)max,
		    v->passed ? "." : " allows no more.");
}

/*
 * Of the calls that were counted the oldest is the one that has to leave the
 * window. A clock that was set back must not make anybody wait for longer
 * than the window.
 */
static tel_time until_one_leaves(const struct tel_count_found *found, tel_time window,
				 tel_time now)
{
	tel_time wait = found->oldest + window + 1 - now;

	if (wait < 1)
		wait = 1;
	return wait > window ? window : wait;
}

static void check_concurrent(const struct check *c, struct tel_guard_verdict *v)
{
	check_limit(c->found->live, c->policy->max_concurrent, "Outbound calls going on",
		    "TELEPHONY_MAX_CONCURRENT_OUTBOUND", v);
}

static void check_per_minute(const struct check *c, struct tel_guard_verdict *v)
{
	check_limit(c->found->outbound.n, c->policy->max_per_minute,
		    "Outbound calls within a minute", "TELEPHONY_MAX_OUTBOUND_PER_MINUTE", v);
	if (!v->passed)
		v->retry_after = until_one_leaves(&c->found->outbound, TEL_MINUTE, c->now);
}

static void check_per_destination(const struct check *c, struct tel_guard_verdict *v)
{
	check_limit(c->found->same_to.n, c->policy->max_per_destination_day,
		    "Calls to that number within a day", "TELEPHONY_MAX_PER_DESTINATION_PER_DAY",
		    v);
	if (!v->passed)
		v->retry_after = until_one_leaves(&c->found->same_to, TEL_DAY, c->now);
}

static void sum_up(struct tel_guard_report *report)
{
	size_t i;

	for (i = 0; i < TEL_GUARDS; i++)
		if (!report->verdicts[i].passed)
			break;
	report->passed = i == TEL_GUARDS;
	if (!report->passed) {
		report->first = (enum tel_guard)i;
		report->is_limit = i >= TEL_GUARD_CONCURRENT;
	}
}

void tel_guard_check(const struct tel_guard_policy *policy, struct tel_str to, struct tel_str from,
		     tel_time stopped_at, const struct tel_place_found *found, tel_time now,
		     struct tel_guard_report *report)
{
	static void (*const checks[TEL_GUARDS])(const struct check *, struct tel_guard_verdict *) = {
		[TEL_GUARD_SWITCH] = check_switch,
		[TEL_GUARD_ALLOW] = check_allow,
		[TEL_GUARD_DENY] = check_deny,
		[TEL_GUARD_FROM] = check_from,
		[TEL_GUARD_CONCURRENT] = check_concurrent,
		[TEL_GUARD_PER_MINUTE] = check_per_minute,
		[TEL_GUARD_PER_DESTINATION] = check_per_destination,
	};
	const struct check check = { policy, to, from, stopped_at, found, now };
	size_t i;

	*report = (struct tel_guard_report){ 0 };
	for (i = 0; i < TEL_GUARDS; i++)
		checks[i](&check, &report->verdicts[i]);
	sum_up(report);
}

void tel_guard_check_transfer(const struct tel_guard_policy *policy, struct tel_str to,
			      struct tel_guard_verdict *verdict)
{
	struct check c = { .policy = policy };
	struct tel_e164 number;

	*verdict = (struct tel_guard_verdict){ .passed = false };
	if (!tel_e164_parse(to, &number)) {
		verdict->passed = !tel_number_is_dialled(to);
		if (!verdict->passed)
			SAY(verdict, "No prefix of TELEPHONY_ALLOW_PREFIXES can allow a number that "
				     "is not in E.164: write + and the country code before it.");
		return;
	}
	c.to = tel_str_from(number.text);
	check_allow(&c, verdict);
	if (verdict->passed)
		check_deny(&c, verdict);
}
