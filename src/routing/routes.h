/*
 * The rules of a routes.json, parsed. Pure: no file, no clock. Immutable, so
 * any number of threads may resolve at a time. docs/ROUTES.md describes the
 * format.
 */
#ifndef TEL_ROUTING_ROUTES_H
#define TEL_ROUTING_ROUTES_H

#include <stddef.h>

#include "base/err.h"
#include "base/problems.h"
#include "base/str.h"
#include "ports/routing.h"

struct tel_routes;

struct tel_routes_options {
	const char *origin;		/* the file's name, for problems; or NULL */
	const char *agent_name;		/* where no rule names an agent */
};

/*
 * All problems are added to `problems`; with TEL_OK there may be warnings.
 * Nothing of `text` or `options` is kept. "{}" is good: the built-in default.
 * TEL_EMALFORMED (see problems) | TEL_ENOMEM
 */
TEL_MUST_CHECK enum tel_err tel_routes_parse(struct tel_str text,
					     const struct tel_routes_options *options,
					     struct tel_routes **out,
					     struct tel_problems *problems);

void tel_routes_free(struct tel_routes *routes);	/* NULL is fine */

size_t tel_routes_numbers(const struct tel_routes *routes);	/* rules for numbers */
size_t tel_routes_trunks(const struct tel_routes *routes);

/* Which rules gave a member: "default", "did:+1555*+trunk:ST_x" if merged. */
struct tel_route_reason {
	struct tel_str member;
	struct tel_str rules;
};

struct tel_route_reasons {
	const struct tel_route_reason *items;	/* in the route's arena */
	size_t n;
	size_t n_own;			/* first "agentName", "fallback", …; the others
					   are members of the AgentConfig */
};

/*
 * `reasons` may be NULL. Release *out with tel_route_release().
 * TEL_ETOOBIG (the number's and the trunk's rule together exceed
 * TEL_MAX_AGENT_CONFIG; each alone was checked; or the
 * query's patch is too much) | TEL_EMALFORMED (the patch) | TEL_ENOMEM
 */
TEL_MUST_CHECK enum tel_err tel_routes_resolve(const struct tel_routes *routes,
					       const struct tel_route_query *query,
					       struct tel_route *out,
					       struct tel_route_reasons *reasons);

#endif
