/* What rules say of an agent that does not come. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "json/json_read.h"
#include "order/transfer_target.h"
#include "routing/routes_internal.h"
#include "base/banned.h"

#define TRANSFER_WORDS									\
	"it must be where the call goes to, at most 256 bytes: a number (\"+\", then 7 to 15 "	\
	"digits, the first of them not 0), perhaps with \"tel:\" before it, or \"sip:\" and a "	\
	"SIP address without password, '?' and '%'"

/* Numbers have a range; the fallback has none. */
static const struct {
	const char *name;
	int64_t max;			/* from 1 */
	const char *allowed;
} members[TEL_WATCH_MEMBERS] = {
	[TEL_WATCH_JOIN_DEADLINE] = { "agentJoinDeadlineSeconds", 300,
		"it must be a whole number of seconds from 1 to 300; leave it out to keep the "
		"default's" },
	[TEL_WATCH_ATTEMPTS] = { "agentAttempts", 100,
		"it must be a whole number from 1 to 100; leave it out to keep the default's" },
	[TEL_WATCH_WITHIN] = { "agentAttemptsWithinSeconds", 3600,
		"it must be a whole number of seconds from 1 to 3600; leave it out to keep the "
		"default's" },
	[TEL_WATCH_FALLBACK] = { "fallback", 0,
		"it must be \"keep\", \"hangup\" or {\"transfer\": …}; leave it out to keep the "
		"default's" },
};

const char *tel_watch_member_text(enum tel_watch_member member)
{
	return members[member].name;
}

enum tel_watch_member tel_watch_member_find(const char *name)
{
	int i;

	for (i = 0; i < TEL_WATCH_MEMBERS; i++)
		if (strcmp(members[i].name, name) == 0)
			break;
	return (enum tel_watch_member)i;
}

static enum tel_err complain(struct tel_rule_fault *fault, const char *below, const char *what)
{
	*fault = (struct tel_rule_fault){ below, what };
	return TEL_OK;
}

/* ---- reading ------------------------------------------------------------- */

static void set_number(struct tel_watch_policy *watch, enum tel_watch_member member, int64_t number)
{
	if (member == TEL_WATCH_JOIN_DEADLINE)
		watch->join_deadline = number * TEL_SECOND;
	else if (member == TEL_WATCH_ATTEMPTS)
		watch->attempts = (uint32_t)number;
	else
		watch->within = number * TEL_SECOND;
}

static bool read_number(enum tel_watch_member member, struct json_object *value,
			struct tel_rule *rule)
{
	int64_t number = json_object_get_int64(value);

	if (!json_object_is_type(value, json_type_int) || number < 1 || number > members[member].max)
		return false;
	set_number(&rule->watch, member, number);
	return true;
}

/* People who write numbers here need not know of URIs. */
static bool parse_target(struct tel_str text, char out[TEL_MAX_TRANSFER_TO + 1])
{
	char uri[TEL_MAX_TRANSFER_TO + 1];
	int len;

	if (!text.ptr || text.len == 0 || text.ptr[0] != '+')
		return text.ptr && tel_transfer_target_parse(text, out);
	len = snprintf(uri, sizeof(uri), "tel:%.*s", TEL_STR_ARG(text));
	return (size_t)len == text.len + 4 && (size_t)len < sizeof(uri) &&
	       tel_transfer_target_parse(tel_str_from(uri), out);
}

static enum tel_err read_transfer(struct tel_arena *mem, struct json_object *value,
				  struct tel_rule *rule, struct tel_rule_fault *fault)
{
	char to[TEL_MAX_TRANSFER_TO + 1];
	struct json_object *transfer = NULL;

	json_object_object_foreach(value, name, ignored) {
		(void)ignored;
		if (strcmp(name, "transfer") != 0)
			return complain(fault, "", "it may have one member, \"transfer\": "
					"remove the others");
	}
	json_object_object_get_ex(value, "transfer", &transfer);
	if (!parse_target(tel_json_text_of(transfer), to))
		return complain(fault, ".transfer", TRANSFER_WORDS);
	rule->watch.fallback = TEL_FALLBACK_TRANSFER;
	return tel_arena_copy(mem, tel_str_from(to), TEL_MAX_TRANSFER_TO, &rule->watch.transfer_to);
}

static enum tel_err read_fallback(struct tel_arena *mem, struct json_object *value,
				  struct tel_rule *rule, struct tel_rule_fault *fault)
{
	enum tel_fallback fallback;

	if (json_object_is_type(value, json_type_object))
		return read_transfer(mem, value, rule, fault);
	if (!tel_fallback_from(tel_json_text_of(value), &fallback) ||
	    fallback == TEL_FALLBACK_TRANSFER)	/* it must say where to */
		return complain(fault, "", members[TEL_WATCH_FALLBACK].allowed);
	rule->watch.fallback = fallback;
	return TEL_OK;
}

enum tel_err tel_rule_read_watch(struct tel_arena *mem, enum tel_watch_member member,
				 struct json_object *value, struct tel_rule *rule,
				 struct tel_rule_fault *fault)
{
	rule->says |= 1u << member;
	if (member == TEL_WATCH_FALLBACK)
		return read_fallback(mem, value, rule, fault);
	return read_number(member, value, rule) ? TEL_OK :
	       complain(fault, "", members[member].allowed);
}

/* ---- merging ------------------------------------------------------------- */

void tel_rule_merge_watch(struct tel_watch_policy *watch, const struct tel_rule *rule)
{
	if (rule->says & 1u << TEL_WATCH_JOIN_DEADLINE)
		watch->join_deadline = rule->watch.join_deadline;
	if (rule->says & 1u << TEL_WATCH_ATTEMPTS)
		watch->attempts = rule->watch.attempts;
	if (rule->says & 1u << TEL_WATCH_WITHIN)
		watch->within = rule->watch.within;
	if (rule->says & 1u << TEL_WATCH_FALLBACK) {
		watch->fallback = rule->watch.fallback;
		watch->transfer_to = rule->watch.transfer_to;
	}
}
