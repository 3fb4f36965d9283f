/* What parsing leaves behind and resolving looks at. */
#ifndef TEL_ROUTING_ROUTES_INTERNAL_H
#define TEL_ROUTING_ROUTES_INTERNAL_H

#include <stddef.h>

#include <json-c/json.h>

#include "base/arena.h"
#include "base/str.h"
#include "routing/routes.h"

struct tel_rule {
	struct tel_str key;		/* normalised; of a prefix without the '*' */
	struct tel_str label;		/* "default", "did:+1555*", "trunk:ST_x" */
	struct tel_str agent_name;	/* absent = not named */
	struct json_object *config;	/* borrowed from the document; NULL = none */
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

/*
 * Fills an empty tel_routes whose agent_name is set; all but the reading
 * of JSON. Problems are added. TEL_ENOMEM
 */
enum tel_err tel_routes_build(struct tel_routes *routes, const char *origin,
			      struct tel_problems *problems);

#endif
