/* Routing that always gives the same answer. */
#ifndef TEL_TESTS_FAKE_ROUTING_H
#define TEL_TESTS_FAKE_ROUTING_H

#include "ports/routing.h"

struct tel_fake_routing {
	struct tel_routing base;
	const char *agent_name;		/* borrowed; "agent" at first */
	const char *config;		/* "{}" at first */
	const char *rule;		/* "default" at first */
	struct tel_watch_policy watch;	/* texts borrowed; all 0 at first */
	const char *bad_patch;		/* what is wrong with every patch; NULL = nothing */
	enum tel_err fail;		/* not TEL_OK: every resolve returns it */
};

void tel_fake_routing_init(struct tel_fake_routing *routing);

#endif
