/*
 * The guards against toll fraud: rules that a call has to pass before
 * anybody is dialled. Pure; what is counted comes from the store in the same
 * step that places the call, so that no two processes overlook each other.
 */
#ifndef TEL_DOMAIN_GUARD_H
#define TEL_DOMAIN_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/time.h"
#include "domain/step.h"

/* In the order in which they are looked at. */
enum tel_guard {
	TEL_GUARD_SWITCH,		/* outbound_stopped: the kill switch */
	TEL_GUARD_ALLOW,		/* allow_prefixes: `to` begins with one */
	TEL_GUARD_DENY,			/* deny_prefixes: `to` begins with none */
	TEL_GUARD_FROM,			/* from_numbers: `from` is one of them */
	TEL_GUARD_CONCURRENT,		/* max_concurrent */
	TEL_GUARD_PER_MINUTE,		/* max_per_minute */
	TEL_GUARD_PER_DESTINATION,	/* max_per_destination_day */
	TEL_GUARDS
};

/* "outbound_stopped", "allow_prefixes", … : as above. */
const char *tel_guard_text(enum tel_guard guard);

/* What the operator allows. Texts and lists are borrowed. */
struct tel_guard_policy {
	const struct tel_str *allow;	/* "+1", "+4930"; none: nothing goes out */
	size_t n_allow;
	const struct tel_str *deny;
	size_t n_deny;
	const struct tel_str *from;	/* E.164; none: any number */
	size_t n_from;
	uint32_t max_concurrent;	/* 0: no limit, as for the next two */
	uint32_t max_per_minute;
	uint32_t max_per_destination_day;
};

#define TEL_GUARD_DETAIL 160

struct tel_guard_verdict {
	bool passed;
	tel_time retry_after;		/* ms; 0: waiting does not help, or how long
					   is not known */
	char detail[TEL_GUARD_DETAIL];	/* why, and which setting opens it */
};

struct tel_guard_report {
	struct tel_guard_verdict verdicts[TEL_GUARDS];
	bool passed;			/* all of them */
	enum tel_guard first;		/* the first that did not; if !passed */
	bool is_limit;			/* `first` is one that time opens: 429, not 403 */
};

/* What has to be counted for the policy. */
void tel_guard_about(const struct tel_guard_policy *policy, struct tel_str to, tel_time now,
		     struct tel_place_about *about);

/*
 * May a call be handed over to `to`, a "tel:" or "sip:" URI? Of all guards
 * those of prefixes can say, and the kill switch, which is looked at apart:
 * whom a transfer rings is paid for as a call is. `verdict` is that of the first one that it does not pass, or of the
 * last. A number of which they can't say is refused; a SIP address without
 * one is somebody at home.
 */
void tel_guard_check_transfer(const struct tel_guard_policy *policy, struct tel_str to,
			      struct tel_guard_verdict *verdict);

/* Of the kill switch alone. `stopped_at` 0: it is not thrown. */
void tel_guard_check_switch(tel_time stopped_at, struct tel_guard_verdict *verdict);

/* Look at every guard. `to` and `from` are strict E.164. */
void tel_guard_check(const struct tel_guard_policy *policy, struct tel_str to, struct tel_str from,
		     tel_time stopped_at, const struct tel_place_found *found, tel_time now,
		     struct tel_guard_report *report);

#endif
