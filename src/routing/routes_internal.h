/* What parsing leaves behind and resolving looks at. */
#ifndef TEL_ROUTING_ROUTES_INTERNAL_H
#define TEL_ROUTING_ROUTES_INTERNAL_H

#include <stddef.h>

#include <json-c/json.h>

#include "base/arena.h"
#include "base/str.h"
#include "routing/routes.h"

/* Members of a rule that are about an agent that does not come. */
enum tel_watch_member {
	TEL_WATCH_JOIN_DEADLINE,
	TEL_WATCH_ATTEMPTS,
	TEL_WATCH_WITHIN,
	TEL_WATCH_FALLBACK,
	TEL_WATCH_MEMBERS
};

struct tel_rule {
	struct tel_str key;		/* normalised; of a prefix without the '*' */
	struct tel_str label;		/* "default", "did:+1555*", "trunk:ST_x" */
	struct tel_str agent_name;	/* absent = not named */
	struct json_object *config;	/* borrowed from the document; NULL = none */
	struct tel_watch_policy watch;
	unsigned says;			/* 1 << member for those that `watch` has */
};

/* Sorted by key, so that a look-up is a binary search. */
struct tel_rule_set {
	struct tel_rule *items;		/* owned */
	size_t n;
	size_t longest;			/* bytes of the longest key */
};

struct tel_routes {
	struct tel_arena mem;
	struct json_object *document;	/* as parsed; never changed */
	struct json_object *builtin;
	struct json_object *base;	/* builtin and default merged */
	struct tel_str agent_name;	/* of the setting */
	struct tel_rule fallback;	/* "default" */
	struct tel_rule_set exact, prefixes, trunks;
};

/* The order of keys. */
int tel_rule_compare(struct tel_str a, struct tel_str b);

/* ---- routes_watch.c ---- */

/* "agentJoinDeadlineSeconds" … */
const char *tel_watch_member_text(enum tel_watch_member member);
/* TEL_WATCH_MEMBERS: none of these. */
enum tel_watch_member tel_watch_member_find(const char *name);

/* What is wrong with a member, and where in it; `what` NULL = nothing. */
struct tel_rule_fault {
	const char *below, *what;	/* static storage */
};

/* Texts are copied into `mem`. TEL_ENOMEM; anything else is told in `fault`. */
TEL_MUST_CHECK enum tel_err tel_rule_read_watch(struct tel_arena *mem, enum tel_watch_member member,
						struct json_object *value, struct tel_rule *rule,
						struct tel_rule_fault *fault);

/* What `rule` says goes over what is there already. Its texts are borrowed. */
void tel_rule_merge_watch(struct tel_watch_policy *watch, const struct tel_rule *rule);

/* ---- routes_build.c ---- */

/*
 * Fills an empty tel_routes whose agent_name is set; all but the reading
 * of JSON. Problems are added. TEL_ENOMEM
 */
enum tel_err tel_routes_build(struct tel_routes *routes, const char *origin,
			      struct tel_problems *problems);

#endif
