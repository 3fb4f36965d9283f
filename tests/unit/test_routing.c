#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/file.h"
#include "base/limits.h"
#include "fakes/fake_clock.h"
#include "fakes/fake_log.h"
#include "fakes/fake_random.h"
#include "harness.h"
#include "json/json_tree.h"
#include "routing/agent_config.h"
#include "json/json_keys.h"
#include "routing/routes.h"
#include "routing/routes_file.h"
#include "routing/routes_good.h"
#include "base/banned.h"

/* What one parse gave; routes is NULL unless err is TEL_OK. */
struct parsed {
	enum tel_err err;
	struct tel_routes *routes;
	struct tel_problems problems;
	struct tel_buf text;
};

static struct parsed parse_str(struct tel_str text)
{
	struct tel_routes_options options = { "routes.json", "setting-agent" };
	struct parsed p = { 0 };

	tel_buf_init(&p.text, 1 << 20);
	p.err = tel_routes_parse(text, &options, &p.routes, &p.problems);
	tel_problems_write(&p.problems, &p.text);
	return p;
}

static struct parsed parse(const char *text)
{
	return parse_str(tel_str_from(text));
}

static struct parsed parse_good(const char *text)
{
	struct parsed p = parse(text);

	if (p.err)
		fprintf(stderr, "\n%s -> %s", text, tel_buf_str(&p.text).ptr);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p.routes);
	return p;
}

static void drop(struct parsed *p)
{
	tel_routes_free(p->routes);
	tel_problems_release(&p->problems);
	tel_buf_release(&p->text);
}

static bool says(const struct tel_buf *text, const char *what)
{
	bool found = strstr(tel_buf_str(text).ptr, what) != NULL;

	if (!found)
		fprintf(stderr, "\n\"%s\" is not in:\n%s", what, tel_buf_str(text).ptr);
	return found;
}

static struct tel_route resolve_with(const struct tel_routes *routes, const char *to,
				     const char *trunk, struct tel_route_reasons *reasons)
{
	struct tel_route_query query = { .to = tel_str_from(to), .trunk_id = tel_str_from(trunk) };
	struct tel_route route = { 0 };

	CHECK_INT(tel_routes_resolve(routes, &query, &route, reasons), TEL_OK);
	return route;
}

static struct tel_route resolve(const struct tel_routes *routes, const char *to,
				const char *trunk)
{
	return resolve_with(routes, to, trunk, NULL);
}

static void check_rule(const struct tel_routes *routes, const char *to, const char *trunk,
		       const char *rule)
{
	struct tel_route route = resolve(routes, to, trunk);

	CHECK_STR(route.rule, rule);
	tel_route_release(&route);
}

/* ---- merging ------------------------------------------------------------ */

/* The examples of RFC 7396, appendix A, that have an object on both sides. */
static void merge_patches(void)
{
	static const struct { const char *target, *patch, *merged; } cases[] = {
		{ "{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
		{ "{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}" },
		{ "{\"a\":\"b\"}", "{\"a\":null}", "{}" },
		{ "{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}" },
		{ "{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
		{ "{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}" },
		{ "{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}",
		  "{\"a\":{\"b\":\"d\"}}" },
		{ "{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}" },
		{ "{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}" },
		{ "{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}" },
		{ "{\"a\":1.50}", "{\"b\":1e3}", "{\"a\":1.50,\"b\":1e3}" },
	};
	struct json_object *target, *patch;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		target = json_tokener_parse(cases[i].target);
		patch = json_tokener_parse(cases[i].patch);
		CHECK_INT(tel_json_merge(target, patch), TEL_OK);
		CHECK_STR(tel_json_print(target), cases[i].merged);
		CHECK_STR(tel_json_print(patch), cases[i].patch);
		json_object_put(target);
		json_object_put(patch);
	}
}

static void list_duplicate(void *list, struct tel_str key, unsigned first, unsigned line)
{
	tel_buf_printf(list, "%.*s:%u,%u ", TEL_STR_ARG(key), first, line);
}

static void duplicate_members(void)
{
	static const struct { const char *text, *found; } cases[] = {
		{ "{}", "" },
		{ "{\"a\":1,\"b\":{\"a\":1},\"c\":[{\"a\":1},{\"a\":1}]}", "" },
		{ "{\"a\":1,\n\"a\":2}", "a:1,2 " },
		{ "{\"a\":{\"x\":1,\n\"y\":1,\n\"x\" :2},\"a\":\"a\"}", "a:1,3 x:1,3 " },
		{ "{\"a\":\"b\",\"b\":\"a\",\"c\":\"\\\"a\\\":\"}", "" },
		{ "{\"a\\\"\":1,\"a\":2,\"a\\\\\":3}", "" },
		{ "[\"a\",\"a\"]", "" },
		{ "{\"a\":1,\"a\":1,\"a\":1}", "a:1,1 a:1,1 " },
		{ "}]\"\\", "" },
		{ "{\"a\":\"", "" },
	};
	struct tel_buf found;
	size_t i;

	tel_buf_init(&found, 1000);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tel_buf_clear(&found);
		CHECK_INT(tel_json_duplicates(tel_str_from(cases[i].text), list_duplicate, &found),
			  TEL_OK);
		CHECK_STR(tel_buf_str(&found), cases[i].found);
	}
	tel_buf_release(&found);
}

/* ---- resolving ---------------------------------------------------------- */

static void the_built_in_default(void)
{
	struct parsed p = parse_good("{}");
	struct tel_route route = resolve(p.routes, "+15550123", NULL);
	struct json_object *config = json_tokener_parse(route.config.ptr), *value;

	CHECK_STR(route.agent_name, "setting-agent");
	CHECK_STR(route.rule, "default");
	CU_ASSERT_PTR_NOT_NULL_FATAL(config);
	CU_ASSERT_TRUE(json_object_object_get_ex(config, "noise_cancellation_type", &value));
	CU_ASSERT_STRING_EQUAL(json_object_get_string(value), "telephony");
	CU_ASSERT_TRUE(json_object_object_get_ex(config, "tools", &value));
	CHECK_INT(json_object_array_length(value), 0);
	CU_ASSERT_TRUE(json_object_object_get_ex(config, "prompt", &value));
	CU_ASSERT_TRUE(json_object_object_get_ex(config, "greeting", &value));
	CHECK_INT(json_object_object_length(config), 4);
	json_object_put(config);
	tel_route_release(&route);
	drop(&p);
}

#define RULES									\
	"{\"default\":{\"agentName\":\"a\",\"agentConfig\":{\"prompt\":null,\"greeting\":\"hi\"," \
	"\"tools\":null,\"noise_cancellation_type\":null,\"extra\":{\"x\":1,\"y\":2}}},"	\
	"\"numbers\":{"									\
	"\"+1 (555) 0123\":{\"agentName\":\"exact\",\"agentConfig\":{\"voice\":\"v\"}},"	\
	"\"+1555*\":{\"agentConfig\":{\"greeting\":\"five\",\"extra\":{\"y\":3}}},"		\
	"\"+1-5*\":{\"agentName\":\"short\"},"						\
	"\"alice\":{\"agentName\":\"alice-agent\"},"					\
	"\"0123*\":{\"agentName\":\"national\"},"					\
	"\"4930901820\":{\"agentName\":\"bare\"}},"					\
	"\"trunks\":{\"ST_a\":{\"agentConfig\":{\"extra\":{\"y\":null,\"z\":4},"		\
	"\"greeting\":\"trunk\"}},\"ST_b\":{\"agentName\":\"trunk-agent\"}}}"

static void rules_are_found_and_merged(void)
{
	static const struct { const char *to, *trunk, *agent, *rule, *config; } cases[] = {
		{ "+4930111222", NULL, "a", "default",
		  "{\"greeting\":\"hi\",\"extra\":{\"x\":1,\"y\":2}}" },
		{ NULL, NULL, "a", "default", "{\"greeting\":\"hi\",\"extra\":{\"x\":1,\"y\":2}}" },
		{ "+15550123", NULL, "exact", "did:+15550123",
		  "{\"greeting\":\"hi\",\"extra\":{\"x\":1,\"y\":2},\"voice\":\"v\"}" },
		{ "sip:+1555-0123@example.com;user=phone", "", "exact", "did:+15550123",
		  "{\"greeting\":\"hi\",\"extra\":{\"x\":1,\"y\":2},\"voice\":\"v\"}" },
		{ "+15550124", "ST_none", "a", "did:+1555*",
		  "{\"greeting\":\"five\",\"extra\":{\"x\":1,\"y\":3}}" },
		{ "+15670124", NULL, "short", "did:+15*",
		  "{\"greeting\":\"hi\",\"extra\":{\"x\":1,\"y\":2}}" },
		{ "+15550124", "ST_a", "a", "did:+1555*+trunk:ST_a",
		  "{\"greeting\":\"trunk\",\"extra\":{\"x\":1,\"z\":4}}" },
		{ "+4930111222", "ST_a", "a", "trunk:ST_a",
		  "{\"greeting\":\"trunk\",\"extra\":{\"x\":1,\"z\":4}}" },
		{ "+15550123", "ST_b", "trunk-agent", "did:+15550123+trunk:ST_b",
		  "{\"greeting\":\"hi\",\"extra\":{\"x\":1,\"y\":2},\"voice\":\"v\"}" },
		{ "alice", NULL, "alice-agent", "did:alice",
		  "{\"greeting\":\"hi\",\"extra\":{\"x\":1,\"y\":2}}" },
		{ "Alice", NULL, "a", "default",
		  "{\"greeting\":\"hi\",\"extra\":{\"x\":1,\"y\":2}}" },
		{ "012345", NULL, "national", "did:0123*",
		  "{\"greeting\":\"hi\",\"extra\":{\"x\":1,\"y\":2}}" },
		{ "+4930901820", NULL, "bare", "did:+4930901820",
		  "{\"greeting\":\"hi\",\"extra\":{\"x\":1,\"y\":2}}" },
		{ "004930901820", NULL, "bare", "did:+4930901820",
		  "{\"greeting\":\"hi\",\"extra\":{\"x\":1,\"y\":2}}" },
	};
	struct parsed p = parse_good(RULES);
	struct tel_route route;
	size_t i;

	CHECK_INT(p.problems.n, 0);
	CHECK_INT(tel_routes_numbers(p.routes), 6);
	CHECK_INT(tel_routes_trunks(p.routes), 2);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		route = resolve(p.routes, cases[i].to, cases[i].trunk);
		CHECK_STR(route.agent_name, cases[i].agent);
		CHECK_STR(route.rule, cases[i].rule);
		CHECK_STR(route.config, cases[i].config);
		tel_route_release(&route);
	}
	drop(&p);
}

static void the_longest_prefix_wins(void)
{
	struct parsed p = parse_good("{\"numbers\":{\"+*\":{},\"+4*\":{},\"+49*\":{},\"+4930*\":{},"
				     "\"+493012345678*\":{},\"+49301234567890\":{},\"a*\":{}}}");

	check_rule(p.routes, "+15550123", NULL, "did:+*");
	check_rule(p.routes, "+4412345678", NULL, "did:+4*");
	check_rule(p.routes, "+4940123456", NULL, "did:+49*");
	check_rule(p.routes, "+4930123", NULL, "did:+4930*");
	check_rule(p.routes, "+493012345678", NULL, "did:+493012345678*");
	check_rule(p.routes, "+4930123456789", NULL, "did:+493012345678*");
	check_rule(p.routes, "+49301234567890", NULL, "did:+49301234567890");
	check_rule(p.routes, "anna", NULL, "did:a*");
	check_rule(p.routes, "a", NULL, "did:a*");
	check_rule(p.routes, "bert", NULL, "default");
	check_rule(p.routes, "", NULL, "default");
	drop(&p);
}

static void reasons_name_the_rules(void)
{
	static const struct { const char *member, *rules; } want[] = {
		{ "agentName", "default" },
		{ "agentJoinDeadlineSeconds", "TELEPHONY_AGENT_JOIN_DEADLINE" },
		{ "agentAttempts", "built-in" },
		{ "agentAttemptsWithinSeconds", "built-in" },
		{ "fallback", "built-in" },
		{ "greeting", "trunk:ST_a" },
		{ "extra", "default+did:+1555*+trunk:ST_a" },
	};
	struct parsed p = parse_good(RULES), builtin = parse_good("{}");
	struct tel_route_reasons reasons = { 0 };
	struct tel_route route = resolve_with(p.routes, "+15550124", "ST_a", &reasons);
	size_t i;

	CHECK_INT(reasons.n, sizeof(want) / sizeof(want[0]));
	for (i = 0; i < reasons.n; i++) {
		CHECK_STR(reasons.items[i].member, want[i].member);
		CHECK_STR(reasons.items[i].rules, want[i].rules);
	}
	tel_route_release(&route);
	route = resolve_with(builtin.routes, "+15550124", NULL, &reasons);
	CHECK_INT(reasons.n, 9);
	CHECK_INT(reasons.n_own, 5);
	CHECK_STR(reasons.items[0].rules, "TELEPHONY_AGENT_NAME");
	CHECK_STR(reasons.items[5].member, "prompt");
	CHECK_STR(reasons.items[5].rules, "built-in");
	tel_route_release(&route);
	drop(&p);
	drop(&builtin);
}

/* ---- when no agent comes -------------------------------------------------- */

#define WATCH_RULES									\
	"{\"default\":{\"agentJoinDeadlineSeconds\":300,\"agentAttempts\":2,"		\
	"\"fallback\":{\"transfer\":\"sip:desk@example.com\"}},"				\
	"\"numbers\":{"									\
	"\"+15550123\":{\"agentAttempts\":100,\"agentAttemptsWithinSeconds\":3600},"	\
	"\"+15550124\":{\"fallback\":\"keep\",\"agentJoinDeadlineSeconds\":1}},"	\
	"\"trunks\":{\"ST_a\":{\"agentAttempts\":1,"					\
	"\"fallback\":{\"transfer\":\"+1 (555) 0300\"}},"				\
	"\"ST_b\":{\"fallback\":\"hangup\"},\"ST_c\":{\"agentConfig\":{\"fallback\":1}}}}"

static void rules_say_what_if_no_agent_comes(void)
{
	static const struct {
		const char *to, *trunk;
		tel_time join_deadline;		/* seconds */
		uint32_t attempts;
		tel_time within;		/* seconds */
		enum tel_fallback fallback;
		const char *transfer_to;
		const char *reasons;		/* of the four, in that order */
	} cases[] = {
		{ "+15550199", NULL, 300, 2, 0, TEL_FALLBACK_TRANSFER, "sip:desk@example.com",
		  "default default built-in default " },
		{ "+15550123", NULL, 300, 100, 3600, TEL_FALLBACK_TRANSFER, "sip:desk@example.com",
		  "default did:+15550123 did:+15550123 default " },
		{ "+15550124", NULL, 1, 2, 0, TEL_FALLBACK_KEEP, NULL,
		  "did:+15550124 default built-in did:+15550124 " },
		{ "+15550124", "ST_a", 1, 1, 0, TEL_FALLBACK_TRANSFER, "tel:+15550300",
		  "did:+15550124 trunk:ST_a built-in trunk:ST_a " },
		{ "+15550123", "ST_b", 300, 100, 3600, TEL_FALLBACK_HANGUP, NULL,
		  "default did:+15550123 did:+15550123 trunk:ST_b " },
		{ "+15550199", "ST_c", 300, 2, 0, TEL_FALLBACK_TRANSFER, "sip:desk@example.com",
		  "default default built-in default " },
	};
	struct parsed p = parse_good(WATCH_RULES);
	struct tel_route_reasons reasons = { 0 };
	struct tel_route route;
	struct tel_buf said;
	size_t i, k;

	tel_buf_init(&said, 1000);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		route = resolve_with(p.routes, cases[i].to, cases[i].trunk, &reasons);
		CHECK_INT(route.watch.join_deadline, cases[i].join_deadline * TEL_SECOND);
		CHECK_INT(route.watch.attempts, cases[i].attempts);
		CHECK_INT(route.watch.within, cases[i].within * TEL_SECOND);
		CHECK_INT(route.watch.fallback, cases[i].fallback);
		CHECK_STR(route.watch.transfer_to, cases[i].transfer_to);
		tel_buf_clear(&said);
		for (k = 1; k < reasons.n_own; k++)
			tel_buf_printf(&said, "%.*s ", TEL_STR_ARG(reasons.items[k].rules));
		CHECK_STR(tel_buf_str(&said), cases[i].reasons);
		tel_route_release(&route);
	}
	tel_buf_release(&said);
	drop(&p);
}

static void without_rules_nothing_is_said(void)
{
	struct parsed p = parse_good("{}");
	struct tel_route route = resolve(p.routes, "+15550123", NULL);

	CHECK_INT(route.watch.join_deadline + route.watch.within, 0);
	CHECK_INT(route.watch.attempts, 0);
	CHECK_INT(route.watch.fallback, TEL_FALLBACK_KEEP);
	CU_ASSERT_PTR_NULL(route.watch.transfer_to.ptr);
	tel_route_release(&route);
	drop(&p);
}

static void a_member_of_the_config_is_another_one(void)
{
	struct parsed p = parse_good(WATCH_RULES);
	struct tel_route_reasons reasons = { 0 };
	struct tel_route route = resolve_with(p.routes, NULL, "ST_c", &reasons);
	size_t i, n = 0;

	for (i = reasons.n_own; i < reasons.n; i++)
		if (tel_str_is(reasons.items[i].member, "fallback")) {
			CHECK_STR(reasons.items[i].rules, "trunk:ST_c");
			n++;
		}
	CHECK_INT(n, 1);
	tel_route_release(&route);
	drop(&p);
}

/* ---- problems ----------------------------------------------------------- */

static void bad_files_are_explained(void)
{
	static const struct { const char *text, *said; } cases[] = {
		{ "", "line 1: this is not JSON: it is empty" },
		{ " \n", "it is empty" },
		{ "\xef\xbb\xbf{}", "begins with a byte order mark: save it as UTF-8 without" },
		{ "[]", "it must be one object" },
		{ "{\n\"default\":\n", "line 2: this is not JSON: it ends too early" },
		{ "{\"default\":{},\n}", "line 2: this is not JSON" },
		{ "{\"default\":{}} x", "this is not JSON" },
		{ "{'default':{}}", "this is not JSON" },
		{ "{} // comment", "this is not JSON" },
		{ "{\n/* comment */}", "this is not JSON" },
		{ "{\"comment\":\n'a'}", "line 2: this is not JSON: unexpected character" },
		{ "{\"comment\":NaN}", "this is not JSON" },
		{ "{\"comment\":-Infinity}", "this is not JSON" },
		{ "{\"comment\":True}", "this is not JSON" },
		{ "{\"comment\":\"a\nb\"}", "line 1: this is not JSON: a line break or tab" },
		{ "{\"comment\":01}", "this is not JSON" },
		{ "{\"comment\":1.}", "this is not JSON" },
		{ "{\"comment\":+1}", "this is not JSON" },
		{ "{\"comment\":.5}", "this is not JSON" },
		{ "{\"comment\":\"\xff\"}", "this is not JSON" },
		{ "{\"defaults\":{}}", "there is no member \"defaults\" here: allowed are default," },
		{ "{\"default\":null}", "default: it must be an object" },
		{ "{\"default\":[]}", "default: it must be an object with agentName" },
		{ "{\"default\":{\"agent\":1}}", "default: there is no member \"agent\" here: allowed are "
		  "agentName, agentConfig, agentJoinDeadlineSeconds, agentAttempts, "
		  "agentAttemptsWithinSeconds, fallback and comment" },
		{ "{\"default\":{\"agentJoinDeadlineSeconds\":0}}", "default.agentJoinDeadlineSeconds: it "
		  "must be a whole number of seconds from 1 to 300" },
		{ "{\"default\":{\"agentJoinDeadlineSeconds\":301}}",
		  "default.agentJoinDeadlineSeconds: it must be" },
		{ "{\"default\":{\"agentJoinDeadlineSeconds\":8.0}}",
		  "default.agentJoinDeadlineSeconds: it must be" },
		{ "{\"default\":{\"agentJoinDeadlineSeconds\":\"8\"}}",
		  "default.agentJoinDeadlineSeconds: it must be" },
		{ "{\"default\":{\"agentJoinDeadlineSeconds\":null}}",
		  "default.agentJoinDeadlineSeconds: it must be" },
		{ "{\"numbers\":{\"+1555*\":{\"agentAttempts\":0}}}",
		  "numbers[\"+1555*\"].agentAttempts: it must be a whole number from 1 to 100" },
		{ "{\"default\":{\"agentAttempts\":101}}", "default.agentAttempts: it must be" },
		{ "{\"default\":{\"agentAttempts\":18446744073709551617}}",
		  "default.agentAttempts: it must be" },
		{ "{\"default\":{\"agentAttempts\":true}}", "default.agentAttempts: it must be" },
		{ "{\"trunks\":{\"ST_x\":{\"agentAttemptsWithinSeconds\":3601}}}",
		  "trunks[\"ST_x\"].agentAttemptsWithinSeconds: it must be a whole number of seconds "
		  "from 1 to 3600" },
		{ "{\"default\":{\"agentAttemptsWithinSeconds\":-1}}",
		  "default.agentAttemptsWithinSeconds: it must be" },
		{ "{\"default\":{\"fallback\":\"transfer\"}}", "default.fallback: it must be \"keep\", "
		  "\"hangup\" or {\"transfer\": …}" },
		{ "{\"default\":{\"fallback\":\"Keep\"}}", "default.fallback: it must be" },
		{ "{\"default\":{\"fallback\":null}}", "default.fallback: it must be" },
		{ "{\"default\":{\"fallback\":[\"keep\"]}}", "default.fallback: it must be" },
		{ "{\"default\":{\"fallback\":{}}}", "default.fallback.transfer: it must be where" },
		{ "{\"default\":{\"fallback\":{\"transfer\":\"+15550300\",\"hangup\":1}}}",
		  "default.fallback: it may have one member, \"transfer\"" },
		{ "{\"default\":{\"fallback\":{\"transfer\":null}}}",
		  "default.fallback.transfer: it must be where" },
		{ "{\"default\":{\"fallback\":{\"transfer\":\"\"}}}",
		  "default.fallback.transfer: it must be where" },
		{ "{\"default\":{\"fallback\":{\"transfer\":\"15550300\"}}}",
		  "default.fallback.transfer: it must be where" },
		{ "{\"default\":{\"fallback\":{\"transfer\":\"tel:0155503000\"}}}",
		  "default.fallback.transfer: it must be where" },
		{ "{\"default\":{\"fallback\":{\"transfer\":\"+1555\\u00000300\"}}}",
		  "default.fallback.transfer: it must be where" },
		{ "{\"default\":{\"fallback\":{\"transfer\":\"sip:\"}}}",
		  "default.fallback.transfer: it must be where" },
		{ "{\"trunks\":{\"ST_x\":{\"fallback\":{\"transfer\":\"sip:a b@c\"}}}}",
		  "trunks[\"ST_x\"].fallback.transfer: it must be where" },
		{ "{\"default\":{\"agentName\":\"\"}}", "default.agentName: it must be a name" },
		{ "{\"default\":{\"agentName\":7}}", "default.agentName: it must be a name" },
		{ "{\"default\":{\"agentName\":null}}", "default.agentName: it must be a name" },
		{ "{\"default\":{\"agentName\":\"a\\nb\"}}", "default.agentName: it must be a name" },
		{ "{\"default\":{\"agentConfig\":null}}", "default.agentConfig: it must be an object" },
		{ "{\"default\":{\"agentConfig\":{\"prompt\":1}}}",
		  "default.agentConfig.prompt: it must be a string" },
		{ "{\"default\":{\"agentConfig\":{\"greeting\":[]}}}",
		  "default.agentConfig.greeting: it must be a string" },
		{ "{\"default\":{\"agentConfig\":{\"tools\":\"a\"}}}",
		  "default.agentConfig.tools: it must be a list" },
		{ "{\"default\":{\"agentConfig\":{\"tools\":[1]}}}",
		  "default.agentConfig.tools: it must be a list" },
		{ "{\"default\":{\"agentConfig\":{\"voice\":{}}}}",
		  "default.agentConfig.voice: it must be a name" },
		{ "{\"default\":{\"agentConfig\":{\"model\":\"\"}}}",
		  "default.agentConfig.model: it must be a name" },
		{ "{\"default\":{\"agentConfig\":{\"noise_cancellation_type\":true}}}",
		  "default.agentConfig.noise_cancellation_type: it must be a name" },
		{ "{\"default\":{\"agentConfig\":{\"account\":18446744073709551616}}}",
		  "default.agentConfig.account: a number in it is too large" },
		{ "{\"default\":{\"agentConfig\":{\"more\":{\"ids\":[1,-9223372036854775809]}}}}",
		  "default.agentConfig.more: a number in it is too large" },
		{ "{\"default\":{\"agentConfig\":{\"telephony\":null}}}",
		  "default.agentConfig.telephony: this member is written by the program" },
		{ "{\"numbers\":[]}", "numbers: it must be an object with one member for each" },
		{ "{\"numbers\":null}", "numbers: it must be an object with one member for each" },
		{ "{\"numbers\":{\"\":{}}}", "numbers[\"\"]: a number must have 1 to" },
		{ "{\"numbers\":{\"*\":{}}}", "numbers[\"*\"]: a prefix needs something" },
		{ "{\"numbers\":{\"+1*5\":{}}}", "numbers[\"+1*5\"]: a '*' may stand at the end" },
		{ "{\"numbers\":{\"+1**\":{}}}", "a '*' may stand at the end" },
		{ "{\"numbers\":{\"a\\u0007\":{}}}", "numbers[\"a?\"]: a number must have" },
		{ "{\"numbers\":{\"+1555*\":7}}", "numbers[\"+1555*\"]: it must be an object" },
		{ "{\"numbers\":{\"+1555*\":{\"agentName\":\"\"}}}",
		  "numbers[\"+1555*\"].agentName: it must be a name" },
		{ "{\"numbers\":{\"+15550123\":{},\n\"+1 555 0123\":{}}}",
		  "numbers: did:+15550123 has two rules" },
		{ "{\"numbers\":{\"+1 5*\":{},\"+15*\":{}}}", "numbers: did:+15* has two rules" },
		{ "{\"numbers\":{\"+15550123\":{},\n\"+15550123\":{}}}",
		  "line 2: \"+15550123\" is there already, in line 1" },
		{ "{\"trunks\":{\"\":{}}}", "trunks[\"\"]: a trunk's id must have" },
		{ "{\"trunks\":{\"ST_x\":{\"agentConfig\":{\"prompt\":false}}}}",
		  "trunks[\"ST_x\"].agentConfig.prompt: it must be a string" },
	};
	struct parsed p;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		p = parse(cases[i].text);
		if (p.err != TEL_EMALFORMED || p.problems.n_errors != 1)
			fprintf(stderr, "\n%s -> %d, %s", cases[i].text, p.err,
				tel_buf_str(&p.text).ptr);
		CHECK_INT(p.err, TEL_EMALFORMED);
		CU_ASSERT_PTR_NULL(p.routes);
		CHECK_INT(p.problems.n_errors, 1);
		CU_ASSERT_TRUE(says(&p.text, cases[i].said));
		CU_ASSERT_TRUE(says(&p.text, "error: routes.json"));
		drop(&p);
	}
	p = parse_str((struct tel_str){ "{\"a\0\":1}", 9 });
	CU_ASSERT_TRUE(says(&p.text, "NUL byte"));
	drop(&p);
}

static void good_oddities(void)
{
	static const char *const cases[] = {
		"\n{}\n",
		"{\"comment\":\"why\",\"default\":{\"comment\":[1]},\"numbers\":{},\"trunks\":{}}",
		"{\"default\":{\"agentConfig\":{\"tools\":[\"a\",{\"b\":1}],\"anything\":null,"
		"\"else\":[null]}}}",
		"{\"default\":{\"agentConfig\":{\"voice\":null,\"prompt\":\"\"}}}",
		"{\"default\":{\"agentConfig\":{\"n\":[18446744073709551614,-9223372036854775807,1e30]}}}",
		"{\"numbers\":{\"100\":{},\"10*\":{},\"+1555*\":{},\"*100\":{}}}",
	};
	struct parsed p;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]) - 1; i++) {
		p = parse_good(cases[i]);
		CHECK_INT(p.problems.n, 0);
		drop(&p);
	}
	p = parse(cases[i]);	/* a star in front is none at the end */
	CHECK_INT(p.problems.n_errors, 1);
	drop(&p);
}

static void doubtful_rules_are_warned_of(void)
{
	static const char *const cases[] = {
		"{\"numbers\":{\"1555*\":{}}}", "{\"numbers\":{\"0049*\":{}}}",
		"{\"numbers\":{\"+1555O123\":{}}}", "{\"numbers\":{\"+0*\":{}}}",
		"{\"numbers\":{\"+12\":{}}}",
	};
	struct parsed p;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		p = parse_good(cases[i]);
		CHECK_INT(p.problems.n, 1);
		CU_ASSERT_TRUE(says(&p.text, "warning: routes.json: numbers["));
		drop(&p);
	}
}

static void all_problems_are_collected(void)
{
	struct parsed p = parse("{\"x\":1,\"default\":{\"agentName\":1,\"agentConfig\":{\"prompt\":1,"
				"\"voice\":1}},\"numbers\":{\"*\":{},\"+1*\":{\"y\":1}},"
				"\"trunks\":7}");

	CHECK_INT(p.problems.n_errors, 7);
	drop(&p);
}

static void add_text(struct tel_buf *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		tel_buf_puts(b, "x");
}

/* A request's own AgentConfig comes over all rules, and obeys theirs. */
static void patches_come_last(void)
{
	static const struct { const char *patch; enum tel_err err; const char *said; } cases[] = {
		{ "{\"voice\":\"nova\",\"x\":{\"b\":2}}", TEL_OK, NULL },
		{ "{}", TEL_OK, NULL },
		{ "{\"voice\":null}", TEL_OK, NULL },
		{ "{\"voice\":\"\"}", TEL_EMALFORMED, "agentConfig.voice: it must be a name" },
		{ "{\"telephony\":{}}", TEL_EMALFORMED, "agentConfig.telephony: this member is" },
		{ "[]", TEL_EMALFORMED, "agentConfig: it must be an object" },
		{ "{", TEL_EMALFORMED, "agentConfig: it must be an object" },
		{ "", TEL_EMALFORMED, "agentConfig: it must be an object" },
	};
	struct parsed p = parse_str(TEL_STR(
		"{\"numbers\":{\"+15550123\":{\"agentConfig\":{\"voice\":\"alto\","
		"\"x\":{\"a\":1}}}}}"));
	struct tel_route_query query = { .to = TEL_STR("+15550123") };
	struct tel_problems problems;
	struct json_object *config;
	struct tel_route route;
	struct tel_buf text;
	size_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(p.routes);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		route = (struct tel_route){ 0 };
		query.patch = tel_str_from(cases[i].patch);
		CHECK_INT(tel_routes_resolve(p.routes, &query, &route, NULL), cases[i].err);
		if (i == 0) {
			CHECK_STR(route.rule, "did:+15550123");
			CU_ASSERT_PTR_NOT_NULL(strstr(route.config.ptr, "\"voice\":\"nova\""));
			CU_ASSERT_PTR_NOT_NULL(strstr(route.config.ptr, "{\"a\":1,\"b\":2}"));
		} else if (i == 2) {
			CU_ASSERT_PTR_NULL(strstr(route.config.ptr, "voice"));
		}
		tel_route_release(&route);
		problems = (struct tel_problems){ 0 };
		tel_buf_init(&text, 4096);
		CHECK_INT(tel_agent_config_parse(query.patch, &config, &problems), cases[i].err);
		CHECK_INT(tel_problems_write(&problems, &text), TEL_OK);
		if (cases[i].said)
			CU_ASSERT_PTR_NOT_NULL(strstr(tel_buf_str(&text).ptr, cases[i].said));
		if (!cases[i].err)
			json_object_put(config);
		tel_problems_release(&problems);
		tel_buf_release(&text);
	}
	drop(&p);
}

static void patches_are_bounded(void)
{
	struct tel_route_query query = { .to = TEL_STR("+15550123") };
	struct parsed p = parse_str(TEL_STR("{}"));
	struct tel_route route = { 0 };
	struct tel_buf b;

	tel_buf_init(&b, 1 << 20);
	tel_buf_puts(&b, "{\"prompt\":\"");
	add_text(&b, TEL_MAX_AGENT_CONFIG - 100);
	tel_buf_puts(&b, "\"}");
	query.patch = tel_buf_str(&b);
	CHECK_INT(tel_routes_resolve(p.routes, &query, &route, NULL), TEL_ETOOBIG);
	b.len -= 1000;
	tel_buf_puts(&b, "\"}");
	query.patch = tel_buf_str(&b);
	CHECK_INT(tel_routes_resolve(p.routes, &query, &route, NULL), TEL_OK);
	tel_route_release(&route);
	tel_buf_release(&b);
	drop(&p);
}

static void sizes_are_bounded(void)
{
	struct tel_route_query query = { .to = TEL_STR("+15550123"), .trunk_id = TEL_STR("ST_a") };
	struct tel_route route = { 0 };
	struct tel_buf b;
	struct parsed p;

	tel_buf_init(&b, 1 << 20);
	tel_buf_puts(&b, "{\"default\":{\"agentConfig\":{\"prompt\":\"");
	add_text(&b, TEL_MAX_AGENT_CONFIG);
	tel_buf_puts(&b, "\"}}}");
	p = parse_str(tel_buf_str(&b));
	CU_ASSERT_TRUE(says(&p.text, "default: its agentConfig has "));
	drop(&p);

	/* A rule that replaces a long prompt fits, though the sum would not. */
	tel_buf_clear(&b);
	tel_buf_puts(&b, "{\"default\":{\"agentConfig\":{\"prompt\":\"");
	add_text(&b, 30000);
	tel_buf_puts(&b, "\"}},\"numbers\":{\"+15550123\":{\"agentConfig\":{\"prompt\":\"");
	add_text(&b, 40000);
	tel_buf_puts(&b, "\"}}},\"trunks\":{\"ST_a\":{\"agentConfig\":{\"more\":\"");
	add_text(&b, 15000);
	tel_buf_puts(&b, "\"}}}}");
	p = parse_str(tel_buf_str(&b));
	CU_ASSERT_PTR_NOT_NULL_FATAL(p.routes);
	CHECK_INT(tel_routes_resolve(p.routes, &query, &route, NULL), TEL_ETOOBIG);
	query.trunk_id = TEL_STR_NONE;
	CHECK_INT(tel_routes_resolve(p.routes, &query, &route, NULL), TEL_OK);
	tel_route_release(&route);
	drop(&p);

	tel_buf_clear(&b);
	tel_buf_puts(&b, "{\"default\":{\"agentConfig\":{\"a\":\"");
	add_text(&b, 30000);
	tel_buf_puts(&b, "\"}},\"numbers\":{\"+15550123\":{\"agentConfig\":{\"b\":\"");
	add_text(&b, 30000);
	tel_buf_puts(&b, "\"}}}}");
	p = parse_str(tel_buf_str(&b));
	CHECK_INT(p.err, TEL_EMALFORMED);
	CU_ASSERT_TRUE(says(&p.text, "numbers[\"+15550123\"]: merged with the default its"));
	drop(&p);
	tel_buf_release(&b);
}

static void ten_thousand_rules(void)
{
	struct tel_buf b;
	struct parsed p;
	char to[32], rule[32];
	int i;

	tel_buf_init(&b, TEL_MAX_ROUTES_FILE);
	tel_buf_puts(&b, "{\"numbers\":{");
	for (i = 0; i < TEL_MAX_ROUTES; i++)
		tel_buf_printf(&b, "%s\"+1555%07d%s\":{\"agentName\":\"a%d\"}", i ? "," : "", i,
			       i % 2 ? "*" : "", i);
	tel_buf_puts(&b, "}}");
	p = parse_str(tel_buf_str(&b));
	CHECK_INT(p.err, TEL_OK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p.routes);
	for (i = 0; i < TEL_MAX_ROUTES; i += 7) {
		snprintf(to, sizeof(to), "+1555%07d%s", i, i % 2 ? "99" : "");
		snprintf(rule, sizeof(rule), "did:+1555%07d%s", i, i % 2 ? "*" : "");
		check_rule(p.routes, to, NULL, rule);
	}
	drop(&p);
	b.len -= 2;
	tel_buf_puts(&b, ",\"+4930*\":{}}}");
	p = parse_str(tel_buf_str(&b));
	CU_ASSERT_TRUE(says(&p.text, "there are 10001 rules: at most 10000 are allowed"));
	drop(&p);
	tel_buf_release(&b);
}

static void the_parser_survives_anything(void)
{
	static const char seed[] = RULES;
	struct tel_fake_random random;
	char text[sizeof(seed)];
	struct parsed p;
	int round, changes;

	tel_fake_random_init(&random, 1);
	for (round = 0; round < 3000; round++) {
		memcpy(text, seed, sizeof(seed));
		for (changes = 1 + round % 4; changes > 0; changes--)
			text[tel_fake_random_next(&random) % (sizeof(seed) - 1)] =
				"{}[]\",:*+0a\\\0"[tel_fake_random_next(&random) % 13];
		p = parse_str((struct tel_str){ text, tel_fake_random_next(&random) % 8 ?
						      sizeof(seed) - 1 : (size_t)round % 400 });
		if (p.routes)
			check_rule(p.routes, "nobody", "x", "default");
		if (!p.routes && !p.problems.n_errors)
			CU_FAIL("refused without a problem");
		drop(&p);
	}
}

/* ---- the file ----------------------------------------------------------- */

struct rig {
	struct tel_fake_clock clock;
	struct tel_fake_log log;
	char dir[TEL_TEMP_PATH], path[TEL_TEMP_PATH + 16];
	char copy[TEL_TEMP_PATH + 16];
	bool keeps;			/* the copy */
	const char *agent_name;
	struct tel_problems problems;
	struct tel_routing *routing;
};

static void rig_write(struct rig *r, const char *text)
{
	char other[sizeof(r->path) + 8];
	FILE *f;

	/* As editors do: another file that takes its place. */
	snprintf(other, sizeof(other), "%s.new", r->path);
	f = fopen(other, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_FATAL(fputs(text, f) >= 0 && fclose(f) == 0);
	CHECK_INT(rename(other, r->path), 0);
}

static void rig_make(struct rig *r)
{
	*r = (struct rig){ .agent_name = "agent" };
	tel_temp_make(r->dir);
	snprintf(r->path, sizeof(r->path), "%s/routes.json", r->dir);
	snprintf(r->copy, sizeof(r->copy), "%s/routes.good", r->dir);
	tel_fake_clock_init(&r->clock, 1795412441014);
	tel_fake_log_init(&r->log);
}

/* As a process does that starts now. `text` NULL: the file stays as it is. */
static enum tel_err rig_start(struct rig *r, const char *text)
{
	struct tel_routes_file_options options = {
		.path = r->path, .agent_name = r->agent_name, .copy = r->keeps ? r->copy : NULL,
		.clock = &r->clock.base, .log = &r->log.base,
	};

	tel_routes_file_close(r->routing);
	r->routing = NULL;
	tel_problems_release(&r->problems);
	tel_fake_log_clear(&r->log);
	if (text)
		rig_write(r, text);
	return tel_routes_file_open(&options, &r->routing, &r->problems);
}

static enum tel_err rig_open(struct rig *r, const char *text)
{
	rig_make(r);
	return rig_start(r, text);
}

static void rig_close(struct rig *r)
{
	tel_routes_file_close(r->routing);
	tel_problems_release(&r->problems);
	tel_fake_log_release(&r->log);
	tel_temp_remove(r->dir);
}

static void check_agent(struct rig *r, const char *agent)
{
	struct tel_route_query query = { .to = TEL_STR("+15550123") };
	struct tel_route route = { 0 };

	CHECK_INT(r->routing->ops->resolve(r->routing, &query, &route), TEL_OK);
	CHECK_STR(route.agent_name, agent);
	tel_route_release(&route);
}

#define DEFAULT(name) "{\"default\":{\"agentName\":\"" name "\"}}"

static void a_changed_file_is_read_again(void)
{
	struct tel_routes_file_status status;
	struct rig r;

	CHECK_INT(rig_open(&r, DEFAULT("first")), TEL_OK);
	check_agent(&r, "first");
	rig_write(&r, DEFAULT("second"));
	check_agent(&r, "first");	/* not looked at within a second */
	r.clock.now += 999;
	check_agent(&r, "first");
	r.clock.now += 1;
	check_agent(&r, "second");
	CHECK_INT(tel_fake_log_count(&r.log, "routes_loaded"), 1);
	tel_routes_file_status(r.routing, &status);
	CU_ASSERT_TRUE(status.fine);
	CHECK_INT(status.loaded_at, r.clock.now);
	r.clock.now += TEL_MINUTE;
	check_agent(&r, "second");
	CHECK_INT(tel_fake_log_count(&r.log, " routes_"), 1);
	rig_close(&r);
}

static void a_broken_file_keeps_the_old_rules(void)
{
	struct tel_routes_file_status status;
	struct tel_buf why;
	struct rig r;
	int i;

	tel_buf_init(&why, 1000);
	CHECK_INT(rig_open(&r, DEFAULT("good")), TEL_OK);
	CU_ASSERT_TRUE(tel_routes_file_is_fine(r.routing, &why));
	rig_write(&r, "{\"default\":7,\"x\":1}");
	for (i = 0; i < 5; i++) {
		r.clock.now += TEL_SECOND;
		check_agent(&r, "good");
	}
	CHECK_INT(tel_fake_log_count(&r.log, "error routes_broken"), 1);
	CHECK_INT(tel_fake_log_count(&r.log, "error routes_problem"), 2);
	CHECK_INT(tel_fake_log_count(&r.log, "routes.json: default: it must be an object"), 1);
	tel_routes_file_status(r.routing, &status);
	CU_ASSERT_FALSE(status.fine);
	CHECK_INT(status.n_problems, 2);
	CHECK_INT(status.broken_at, r.clock.now - 4 * TEL_SECOND);
	CHECK_INT(status.loaded_at, r.clock.now - 5 * TEL_SECOND);
	CU_ASSERT_FALSE(tel_routes_file_is_fine(r.routing, &why));
	CU_ASSERT_TRUE(says(&why, "the routes file has 2 problems since 2026-11-23T"));
	CU_ASSERT_PTR_NULL(strstr(why.ptr, r.dir));

	/* Broken in another way: another change, another line. */
	rig_write(&r, "nonsense");
	r.clock.now += TEL_SECOND;
	check_agent(&r, "good");
	CHECK_INT(tel_fake_log_count(&r.log, "error routes_broken"), 2);

	rig_write(&r, DEFAULT("cured"));
	r.clock.now += TEL_SECOND;
	CU_ASSERT_TRUE(tel_routes_file_is_fine(r.routing, &why));
	check_agent(&r, "cured");
	tel_routes_file_status(r.routing, &status);
	CHECK_INT(status.broken_at, 0);
	tel_buf_release(&why);
	rig_close(&r);
}

static void a_deleted_file_keeps_the_old_rules(void)
{
	struct rig r;
	char away[sizeof(r.path) + 8];

	CHECK_INT(rig_open(&r, DEFAULT("good")), TEL_OK);
	snprintf(away, sizeof(away), "%s.away", r.path);
	CHECK_INT(rename(r.path, away), 0);
	r.clock.now += TEL_SECOND;
	check_agent(&r, "good");
	r.clock.now += TEL_SECOND;
	check_agent(&r, "good");
	CHECK_INT(tel_fake_log_count(&r.log, "error routes_broken"), 1);
	CHECK_INT(tel_fake_log_count(&r.log, "there is no such file"), 1);
	CHECK_INT(rename(away, r.path), 0);
	r.clock.now += TEL_SECOND;
	check_agent(&r, "good");
	CU_ASSERT_TRUE(tel_routes_file_is_fine(r.routing, NULL));
	CHECK_INT(tel_fake_log_count(&r.log, "info routes_loaded"), 1);
	rig_close(&r);
}

static void a_file_rewritten_in_place_is_noticed(void)
{
	struct rig r;
	FILE *f;

	CHECK_INT(rig_open(&r, DEFAULT("first")), TEL_OK);
	f = fopen(r.path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(DEFAULT("in place"), f);
	fclose(f);
	r.clock.now += TEL_SECOND;
	check_agent(&r, "in place");
	rig_close(&r);
}

static void a_broken_file_at_the_start_is_an_error(void)
{
	struct tel_buf text;
	struct rig r;

	tel_buf_init(&text, 65536);
	CHECK_INT(rig_open(&r, "{\"default\":7,\"x\":1}"), TEL_EMALFORMED);
	CU_ASSERT_PTR_NULL(r.routing);
	CHECK_INT(r.problems.n_errors, 2);
	rig_close(&r);
	CHECK_INT(rig_open(&r, NULL), TEL_EMALFORMED);
	tel_problems_write(&r.problems, &text);
	CU_ASSERT_TRUE(says(&text, "the routes can't be read: there is no such file"));
	rig_close(&r);
	tel_buf_release(&text);
}

static void without_a_file_there_is_the_default(void)
{
	struct tel_fake_clock clock;
	struct tel_fake_log log;
	struct tel_routes_file_options options = {
		.agent_name = "agent", .clock = &clock.base, .log = &log.base,
	};
	struct rig r = { 0 };

	tel_fake_clock_init(&clock, 1);
	tel_fake_log_init(&log);
	CHECK_INT(tel_routes_file_open(&options, &r.routing, &r.problems), TEL_OK);
	check_agent(&r, "agent");
	clock.now += TEL_HOUR;
	check_agent(&r, "agent");
	CU_ASSERT_TRUE(tel_routes_file_is_fine(r.routing, NULL));
	tel_routes_file_close(r.routing);
	tel_routes_file_close(NULL);
	tel_fake_log_release(&log);
}

/* ---- the copy of what was good ---------------------------------------------- */

#define THE_FILE "/etc/routes.json"

static enum tel_err keep(const char *copy, const char *text)
{
	return tel_routes_good_keep(copy, THE_FILE, tel_str_from(text));
}

static void check_kept(const char *copy, const char *text)
{
	struct tel_file file;
	struct tel_str kept = TEL_STR_NONE;

	CU_ASSERT_EQUAL_FATAL(tel_routes_good_read(copy, THE_FILE, &file, &kept), TEL_OK);
	CHECK_STR(kept, text);
	CHECK_INT(file.st.st_mode & 07777, 0600);
	tel_file_release(&file);
}

static enum tel_err read_kept(const char *copy, const char *of)
{
	struct tel_file file;
	struct tel_str kept;
	enum tel_err err = tel_routes_good_read(copy, of, &file, &kept);

	if (!err)
		tel_file_release(&file);
	return err;
}

static void overwrite(const char *path, const char *text, size_t len)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_FATAL(fwrite(text, 1, len, f) == len && fclose(f) == 0);
}

static void a_copy_is_of_one_file(void)
{
	struct rig r;

	rig_make(&r);
	CHECK_INT(read_kept(r.copy, THE_FILE), TEL_ENOTFOUND);
	CHECK_INT(keep(r.copy, "{}"), TEL_OK);
	check_kept(r.copy, "{}");
	CHECK_INT(read_kept(r.copy, "/etc/routes.jso"), TEL_ECONFLICT);
	CHECK_INT(read_kept(r.copy, "/etc/routes.json2"), TEL_ECONFLICT);
	CHECK_INT(keep(r.copy, "{\"comment\":1}\n"), TEL_OK);
	check_kept(r.copy, "{\"comment\":1}\n");
	CHECK_INT(tel_routes_good_keep(r.copy, "/other", TEL_STR("{}")), TEL_OK);
	CHECK_INT(read_kept(r.copy, THE_FILE), TEL_ECONFLICT);
	CHECK_INT(read_kept(r.copy, "/other"), TEL_OK);
	rig_close(&r);
}

static void a_copy_is_written_if_it_differs(void)
{
	struct stat before, after;
	struct rig r;
	char other[sizeof(r.copy) + 8];
	int fd;

	rig_make(&r);
	CHECK_INT(keep(r.copy, "{}"), TEL_OK);
	CHECK_INT(stat(r.copy, &before), 0);
	CHECK_INT(keep(r.copy, "{}"), TEL_OK);
	CHECK_INT(stat(r.copy, &after), 0);
	CHECK_INT(before.st_ino, after.st_ino);
	CHECK_INT(before.st_ctim.tv_nsec, after.st_ctim.tv_nsec);

	/* One that others may have written is none. */
	CHECK_INT(chmod(r.copy, 0620), 0);
	CHECK_INT(read_kept(r.copy, THE_FILE), TEL_EDENIED);
	CHECK_INT(keep(r.copy, "{}"), TEL_OK);
	check_kept(r.copy, "{}");

	/* Another process is at it. */
	snprintf(other, sizeof(other), "%s.new", r.copy);
	fd = open(other, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CU_ASSERT_FATAL(fd >= 0 && flock(fd, LOCK_EX) == 0);
	CHECK_INT(keep(r.copy, "{\"comment\":2}"), TEL_OK);
	check_kept(r.copy, "{}");
	close(fd);
	rig_close(&r);
}

static void what_is_no_copy_is_refused(void)
{
	struct rig r;

	rig_make(&r);
	overwrite(r.copy, "", 0);
	CHECK_INT(read_kept(r.copy, THE_FILE), TEL_ECORRUPT);
	overwrite(r.copy, "{}", 2);
	CHECK_INT(read_kept(r.copy, THE_FILE), TEL_ECORRUPT);
	CHECK_INT(truncate(r.copy, (off_t)1 << 40), 0);
	CHECK_INT(read_kept(r.copy, THE_FILE), TEL_ETOOBIG);
	CHECK_INT(keep(r.copy, "{}"), TEL_OK);
	check_kept(r.copy, "{}");
	CHECK_INT(unlink(r.copy), 0);
	CHECK_INT(mkdir(r.copy, 0700), 0);
	CHECK_INT(read_kept(r.copy, THE_FILE), TEL_EMALFORMED);
	CHECK_INT(keep(r.copy, "{}"), TEL_EMALFORMED);
	CHECK_INT(keep("/nonexistent/routes.good", "{}"), TEL_ENOTFOUND);
	CHECK_INT(read_kept("/nonexistent/routes.good", THE_FILE), TEL_ENOTFOUND);
	rig_close(&r);
}

static void broken_at_the_start_with_a_copy(void)
{
	struct timespec times[2] = { { 1795400000, 0 }, { 1795400000, 250000000 } };
	struct tel_routes_file_status status;
	struct tel_buf why;
	struct rig r;

	rig_make(&r);
	r.keeps = true;
	tel_buf_init(&why, 1000);
	CHECK_INT(rig_start(&r, DEFAULT("good")), TEL_OK);
	CHECK_INT(utimensat(AT_FDCWD, r.copy, times, 0), 0);

	CHECK_INT(rig_start(&r, "{\"default\":7,\"x\":1}"), TEL_OK);
	CHECK_INT(r.problems.n, 0);
	check_agent(&r, "good");
	CHECK_INT(tel_fake_log_count(&r.log, "error routes_problem"), 2);
	CHECK_INT(tel_fake_log_count(&r.log, "error routes_broken"), 1);
	CHECK_INT(tel_fake_log_count(&r.log, "since=2026-11-23T02:13:20.250Z"), 1);
	tel_routes_file_status(r.routing, &status);
	CU_ASSERT_FALSE(status.fine);
	CHECK_INT(status.n_problems, 2);
	CHECK_INT(status.loaded_at, 1795400000250);
	CHECK_INT(status.broken_at, r.clock.now);
	CU_ASSERT_FALSE(tel_routes_file_is_fine(r.routing, &why));

	/* It goes on as if it had started before. */
	r.clock.now += TEL_SECOND;
	check_agent(&r, "good");
	CHECK_INT(tel_fake_log_count(&r.log, "error routes_broken"), 1);
	rig_write(&r, "nonsense");
	r.clock.now += TEL_SECOND;
	check_agent(&r, "good");
	CHECK_INT(tel_fake_log_count(&r.log, "error routes_broken"), 2);
	CHECK_INT(tel_fake_log_count(&r.log, "since=2026-11-23T02:13:20.250Z"), 2);
	rig_write(&r, DEFAULT("cured"));
	r.clock.now += TEL_SECOND;
	check_agent(&r, "cured");
	CU_ASSERT_TRUE(tel_routes_file_is_fine(r.routing, NULL));

	/* What was read while it ran is kept as well. */
	CHECK_INT(unlink(r.path), 0);
	CHECK_INT(rig_start(&r, NULL), TEL_OK);
	check_agent(&r, "cured");
	CHECK_INT(tel_fake_log_count(&r.log, "there is no such file"), 1);
	tel_buf_release(&why);
	rig_close(&r);
}

/* A rule without an agent gets the one of the settings as they are now. */
static void the_copy_obeys_the_settings(void)
{
	struct rig r;

	rig_make(&r);
	r.keeps = true;
	CHECK_INT(rig_start(&r, "{}"), TEL_OK);
	r.agent_name = "another";
	CHECK_INT(rig_start(&r, "["), TEL_OK);
	check_agent(&r, "another");
	rig_close(&r);
}

static void a_copy_that_is_no_good_is_ignored(void)
{
	static const char *const damaged[] = {
		"", "{}", "livekit-telephony routes, ver", "livekit-telephony routes, version 1\n/etc",
	};
	struct tel_file whole;
	struct rig r;
	size_t i;

	rig_make(&r);
	r.keeps = true;
	CHECK_INT(rig_start(&r, DEFAULT("good")), TEL_OK);
	CU_ASSERT_EQUAL_FATAL(tel_file_read(r.copy, 4096, &whole), TEL_OK);
	for (i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		overwrite(r.copy, damaged[i], strlen(damaged[i]));
		CHECK_INT(rig_start(&r, "[]"), TEL_EMALFORMED);
		CHECK_INT(r.problems.n, 1);
		CHECK_INT(tel_fake_log_count(&r.log, "warn routes_copy_ignored"), 1);
		CHECK_INT(tel_fake_log_count(&r.log, "routes_broken"), 0);
	}
	/* Cut off anywhere. */
	for (i = 0; i < whole.len; i++) {
		overwrite(r.copy, whole.ptr, i);
		CHECK_INT(rig_start(&r, NULL), TEL_EMALFORMED);
	}
	overwrite(r.copy, whole.ptr, whole.len);
	CHECK_INT(rig_start(&r, NULL), TEL_OK);
	check_agent(&r, "good");
	tel_file_release(&whole);
	rig_close(&r);
}

static void no_place_for_a_copy_is_no_error(void)
{
	struct rig r;

	rig_make(&r);
	r.keeps = true;
	snprintf(r.copy, sizeof(r.copy), "/nonexistent/routes.good");
	CHECK_INT(rig_start(&r, DEFAULT("good")), TEL_OK);
	check_agent(&r, "good");
	CHECK_INT(tel_fake_log_count(&r.log, "warn routes_not_kept"), 1);
	CHECK_INT(rig_start(&r, "["), TEL_EMALFORMED);
	CHECK_INT(tel_fake_log_count(&r.log, "routes_copy_ignored"), 0);
	rig_close(&r);
}

static void the_largest_file_is_kept(void)
{
	struct tel_buf b;
	struct rig r;

	rig_make(&r);
	r.keeps = true;
	tel_buf_init(&b, TEL_MAX_ROUTES_FILE);
	tel_buf_puts(&b, DEFAULT("large"));
	CU_ASSERT_FATAL(tel_buf_reserve(&b, TEL_MAX_ROUTES_FILE - b.len) == TEL_OK);
	memset(b.ptr + b.len, ' ', TEL_MAX_ROUTES_FILE - b.len);
	b.ptr[TEL_MAX_ROUTES_FILE] = '\0';
	CHECK_INT(rig_start(&r, b.ptr), TEL_OK);
	CHECK_INT(rig_start(&r, "["), TEL_OK);
	check_agent(&r, "large");
	tel_buf_release(&b);
	rig_close(&r);
}

/* Every resolution is of one file or the other, never of both. */
struct crowd {
	struct rig rig;
	bool stop;
	int mixed;
};

static void *resolve_all_the_time(void *ctx)
{
	struct crowd *crowd = ctx;
	struct tel_route_query query = { .to = TEL_STR("+15550123"), .trunk_id = TEL_STR("ST_a") };
	struct tel_routing *routing = crowd->rig.routing;
	struct tel_route route;

	while (!__atomic_load_n(&crowd->stop, __ATOMIC_RELAXED)) {
		if (routing->ops->resolve(routing, &query, &route))
			continue;
		if (!strstr(route.config.ptr, tel_str_is(route.agent_name, "one") ?
					      "\"voice\":\"one\"" : "\"voice\":\"second\""))
			__atomic_fetch_add(&crowd->mixed, 1, __ATOMIC_RELAXED);
		tel_route_release(&route);
	}
	return NULL;
}

static tel_time busy_monotonic(struct tel_clock *clock)
{
	/* Every look-up finds that a second has gone by. */
	return __atomic_add_fetch(&((struct tel_fake_clock *)clock)->now, TEL_SECOND,
				  __ATOMIC_RELAXED);
}

#define BOTH(name)									\
	"{\"default\":{\"agentName\":\"" name "\"},\"trunks\":{\"ST_a\":"		\
	"{\"agentConfig\":{\"voice\":\"" name "\"}}}}"

static void resolutions_keep_their_view(void)
{
	static const struct tel_clock_ops busy = {
		.name = "busy", .now = busy_monotonic, .monotonic = busy_monotonic,
	};
	struct crowd crowd = { 0 };
	pthread_t threads[4];
	int i;

	CHECK_INT(rig_open(&crowd.rig, BOTH("one")), TEL_OK);
	crowd.rig.clock.base.ops = &busy;
	for (i = 0; i < 4; i++)
		CHECK_INT(pthread_create(&threads[i], NULL, resolve_all_the_time, &crowd), 0);
	for (i = 0; i < 50; i++) {
		rig_write(&crowd.rig, i % 2 ? BOTH("one") : BOTH("second"));
		usleep(1000);
	}
	__atomic_store_n(&crowd.stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	CHECK_INT(crowd.mixed, 0);
	CU_ASSERT_TRUE(tel_fake_log_count(&crowd.rig.log, "routes_loaded") > 1);
	rig_close(&crowd.rig);
}

/* ---- documentation ------------------------------------------------------ */

/* Every ```json block of docs/ROUTES.md is a good routes file. */
static void the_documented_examples_are_good(void)
{
	static const char fence[] = "```json\n";
	const char *srcdir = getenv("srcdir"), *at, *end;
	struct tel_file file = { 0 };
	char path[4096];
	struct parsed p;
	int examples = 0;

	snprintf(path, sizeof(path), "%s/docs/ROUTES.md", srcdir ? srcdir : ".");
	CU_ASSERT_EQUAL_FATAL(tel_file_read(path, 1 << 20, &file), TEL_OK);
	for (at = file.ptr; (at = strstr(at, fence)); at = end) {
		at += sizeof(fence) - 1;
		end = strstr(at, "```");
		CU_ASSERT_PTR_NOT_NULL_FATAL(end);
		p = parse_str((struct tel_str){ at, (size_t)(end - at) });
		if (p.err || p.problems.n)
			fprintf(stderr, "\n%s", tel_buf_str(&p.text).ptr);
		CHECK_INT(p.err, TEL_OK);
		CHECK_INT(p.problems.n, 0);
		drop(&p);
		examples++;
	}
	CU_ASSERT_TRUE(examples > 0);
	tel_file_release(&file);
}

int main(void)
{
	CU_TestInfo json[] = {
		{ "merge patches", merge_patches },
		{ "patches come last", patches_come_last },
		{ "patches are bounded", patches_are_bounded },
		{ "duplicate members", duplicate_members },
		CU_TEST_INFO_NULL,
	};
	CU_TestInfo rules[] = {
		{ "the built-in default", the_built_in_default },
		{ "rules are found and merged", rules_are_found_and_merged },
		{ "the longest prefix wins", the_longest_prefix_wins },
		{ "reasons name the rules", reasons_name_the_rules },
		{ "rules say what if no agent comes", rules_say_what_if_no_agent_comes },
		{ "without rules nothing is said", without_rules_nothing_is_said },
		{ "a member of the config is another one", a_member_of_the_config_is_another_one },
		{ "bad files are explained", bad_files_are_explained },
		{ "good oddities", good_oddities },
		{ "doubtful rules", doubtful_rules_are_warned_of },
		{ "all problems are collected", all_problems_are_collected },
		{ "sizes are bounded", sizes_are_bounded },
		{ "ten thousand rules", ten_thousand_rules },
		{ "the parser survives anything", the_parser_survives_anything },
		{ "the documented examples are good", the_documented_examples_are_good },
		CU_TEST_INFO_NULL,
	};
	CU_TestInfo file[] = {
		{ "a changed file is read again", a_changed_file_is_read_again },
		{ "a broken file keeps the old rules", a_broken_file_keeps_the_old_rules },
		{ "a deleted file keeps the old rules", a_deleted_file_keeps_the_old_rules },
		{ "rewritten in place", a_file_rewritten_in_place_is_noticed },
		{ "broken at the start", a_broken_file_at_the_start_is_an_error },
		{ "without a file", without_a_file_there_is_the_default },
		{ "resolutions keep their view", resolutions_keep_their_view },
		CU_TEST_INFO_NULL,
	};
	CU_TestInfo copy[] = {
		{ "a copy is of one file", a_copy_is_of_one_file },
		{ "a copy is written if it differs", a_copy_is_written_if_it_differs },
		{ "what is no copy is refused", what_is_no_copy_is_refused },
		{ "broken at the start", broken_at_the_start_with_a_copy },
		{ "the copy obeys the settings", the_copy_obeys_the_settings },
		{ "a copy that is no good is ignored", a_copy_that_is_no_good_is_ignored },
		{ "no place for a copy is no error", no_place_for_a_copy_is_no_error },
		{ "the largest file is kept", the_largest_file_is_kept },
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{ "JSON", NULL, NULL, NULL, NULL, json },
		{ "routes", NULL, NULL, NULL, NULL, rules },
		{ "routes file", NULL, NULL, NULL, NULL, file },
		{ "the copy of good routes", NULL, NULL, NULL, NULL, copy },
		CU_SUITE_INFO_NULL,
	};

	return tel_run_suites(suites);
}
