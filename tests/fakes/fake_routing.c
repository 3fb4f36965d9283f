#include "config.h"

#include "base/limits.h"
#include "fakes/fake_routing.h"
#include "base/banned.h"

static enum tel_err copy(struct tel_route *route, const char *text, struct tel_str *out)
{
	return tel_arena_copy(&route->mem, tel_str_from(text), TEL_MAX_AGENT_CONFIG, out);
}

static enum tel_err resolve(struct tel_routing *base, const struct tel_route_query *query,
			    struct tel_route *out)
{
	struct tel_fake_routing *routing = (struct tel_fake_routing *)base;
	struct tel_route route = { 0 };
	enum tel_err err = routing->fail;

	(void)query;
	if (err)
		return err;
	tel_arena_init(&route.mem, TEL_MAX_AGENT_CONFIG * 2);
	err = copy(&route, routing->agent_name, &route.agent_name);
	if (!err)
		err = copy(&route, routing->config, &route.config);
	if (!err)
		err = copy(&route, routing->rule, &route.rule);
	route.watch = routing->watch;
	if (err)
		tel_route_release(&route);
	else
		*out = route;
	return err;
}

static enum tel_err check_patch(struct tel_routing *base, struct tel_str patch,
				struct tel_problems *problems)
{
	struct tel_fake_routing *routing = (struct tel_fake_routing *)base;

	(void)patch;
	if (routing->bad_patch)
		tel_problems_error(problems,
				   (struct tel_problem_at){ .where = "agentConfig.voice" },
				   "%s", routing->bad_patch);
	return routing->bad_patch ? TEL_EMALFORMED : TEL_OK;
}

static const struct tel_routing_ops ops = {
	.name = "fake",
	.resolve = resolve,
	.check_patch = check_patch,
};

void tel_fake_routing_init(struct tel_fake_routing *routing)
{
	*routing = (struct tel_fake_routing){
		.base.ops = &ops, .agent_name = "agent", .config = "{}", .rule = "default",
	};
}
