/*
 * A routes.json behind a line with number, trunk and agent, blanks between
 * them: whatever is accepted answers for every call, with sound JSON.
 */
#include "config.h"

#include <stdlib.h>

#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "routing/routes.h"
#include "base/banned.h"

static void check_watch(const struct tel_watch_policy *watch)
{
	FUZZ_CHECK(watch->join_deadline >= 0 && watch->join_deadline <= 300 * TEL_SECOND);
	FUZZ_CHECK(watch->attempts <= 100);
	FUZZ_CHECK(watch->within >= 0 && watch->within <= 3600 * TEL_SECOND);
	FUZZ_CHECK((watch->fallback == TEL_FALLBACK_TRANSFER) == tel_str_is_set(watch->transfer_to));
	FUZZ_CHECK(watch->transfer_to.len <= TEL_MAX_TRANSFER_TO);
}

static void check_route(const struct tel_routes *routes, struct tel_str to, struct tel_str trunk)
{
	struct tel_route_query query = { .to = to, .trunk_id = trunk };
	struct tel_route_reasons reasons = { 0 };
	struct tel_route route = { 0 }, again = { 0 };
	enum tel_err err = tel_routes_resolve(routes, &query, &route, &reasons);

	FUZZ_CHECK(err == TEL_OK || err == TEL_ETOOBIG);
	if (err)
		return;
	FUZZ_CHECK(route.agent_name.len <= TEL_MAX_NAME && tel_str_is_set(route.rule));
	FUZZ_CHECK(route.config.len <= TEL_MAX_AGENT_CONFIG && route.config.ptr[0] == '{');
	FUZZ_CHECK(fuzz_is_json(route.config));
	FUZZ_CHECK(reasons.n >= reasons.n_own && reasons.n_own == 5);
	FUZZ_CHECK(tel_str_is(reasons.items[0].member, "agentName"));
	check_watch(&route.watch);
	FUZZ_CHECK(tel_routes_resolve(routes, &query, &again, NULL) == TEL_OK);
	FUZZ_CHECK(tel_str_eq(route.config, again.config) && tel_str_eq(route.rule, again.rule));
	tel_route_release(&route);
	tel_route_release(&again);
}

static void check_problems(const struct tel_problems *problems)
{
	struct tel_buf text;
	size_t i;

	tel_buf_init(&text, 1024 * 1024);
	FUZZ_CHECK(tel_problems_write(problems, &text) == TEL_OK);
	for (i = 0; i < text.len; i++)
		FUZZ_CHECK((unsigned char)text.ptr[i] >= 0x20 || text.ptr[i] == '\n');
	tel_buf_release(&text);
}

FUZZ(routes)
{
	struct tel_str text = fuzz_str(data, size), line = fuzz_line(&text), trunk, agent;
	struct tel_str to = tel_str_cut(line, ' ', &trunk), json = fuzz_copy(text);
	struct tel_routes_options options = { .origin = "routes.json" };
	struct tel_problems problems = { 0 };
	struct tel_routes *routes = NULL;
	enum tel_err err;
	char *name;

	trunk = tel_str_cut(trunk, ' ', &agent);
	options.agent_name = name = fuzz_cstring(agent.len <= TEL_MAX_NAME ? agent : trunk);
	err = tel_routes_parse(json, &options, &routes, &problems);
	FUZZ_CHECK(err != TEL_ENOMEM && (err == TEL_OK || err == TEL_ETOOBIG || problems.n_errors > 0));
	if (!err)
		FUZZ_CHECK(fuzz_is_json(json));
	fuzz_free(json);
	if (!err)
		check_route(routes, to, trunk);
	check_problems(&problems);
	tel_routes_free(routes);
	tel_problems_release(&problems);
	free(name);
	return 0;
}
