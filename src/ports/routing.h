/*
 * Port: which agent answers. Any thread; a resolution is one consistent
 * view even while the rules are being replaced.
 */
#ifndef TEL_PORTS_ROUTING_H
#define TEL_PORTS_ROUTING_H

#include "base/arena.h"
#include "base/err.h"
#include "base/problems.h"
#include "base/str.h"
#include "domain/policy.h"

struct tel_route_query {
	struct tel_str to;	/* dialled number: E.164 if known, else raw */
	struct tel_str from;
	struct tel_str trunk_id;
	struct tel_str patch;	/* a JSON object, or absent */
};

/*
 * The result: defaults, overridden by the DID's rule (exact, else longest
 * prefix), overridden by the trunk's rule; each replaces only what it names.
 */
struct tel_route {
	struct tel_arena mem;		/* owns the texts */
	struct tel_str agent_name;
	struct tel_str config;		/* AgentConfig: a JSON object */
	struct tel_str rule;		/* "default", "did:+15550123",
					   "did:+1555*+trunk:ST_x" */
	struct tel_watch_policy watch;	/* 0 where no rule says anything */
};

/* Legal on a zeroed route. */
void tel_route_release(struct tel_route *route);

struct tel_routing;

struct tel_routing_ops {
	const char *name;
	/*
	 * There is always an answer: the default. With `patch` (a JSON object)
	 * its members are merged over the AgentConfig, last of all.
	 * TEL_ENOMEM, TEL_ETOOBIG (the merged config), TEL_EMALFORMED (patch:
	 * no JSON object, or a member that a rule could not have either)
	 */
	enum tel_err (*resolve)(struct tel_routing *routing, const struct tel_route_query *query,
				struct tel_route *out);
	/*
	 * What is wrong with a patch, member by member, is added to `problems`
	 * ("agentConfig.voice: it must be …"); nothing if it is good.
	 * TEL_EMALFORMED (see problems) | TEL_ENOMEM
	 */
	enum tel_err (*check_patch)(struct tel_routing *routing, struct tel_str patch,
				    struct tel_problems *problems);
};

struct tel_routing {
	const struct tel_routing_ops *ops;
};

#endif
