#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "base/limits.h"
#include "domain/number.h"
#include "json/json_tree.h"
#include "routing/agent_config.h"
#include "routing/routes_internal.h"
#include "base/banned.h"

/* A route's texts, and the reasons for each of its members. */
#define MAX_ROUTE_ARENA ((size_t)8 * TEL_MAX_AGENT_CONFIG)

/* ---- look-up ------------------------------------------------------------ */

static const struct tel_rule *find(const struct tel_rule_set *set, struct tel_str key)
{
	size_t low = 0, high = set->n, middle;
	int order;

	while (low < high) {
		middle = low + (high - low) / 2;
		order = tel_rule_compare(set->items[middle].key, key);
		if (order == 0)
			return &set->items[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static const struct tel_rule *find_prefix(const struct tel_rule_set *set, struct tel_str key)
{
	const struct tel_rule *rule = NULL;

	if (key.len > set->longest)
		key.len = set->longest;
	for (; key.len > 0 && !rule; key.len--)
		rule = find(set, key);
	return rule;
}

static const struct tel_rule *find_number(const struct tel_routes *routes, struct tel_str to)
{
	const struct tel_rule *rule;
	struct tel_e164 number;

	to = tel_str_trim(to);
	if (tel_e164_parse(to, &number))
		to = tel_e164_str(&number);
	rule = find(&routes->exact, to);
	return rule ? rule : find_prefix(&routes->prefixes, to);
}

/* ---- the answer --------------------------------------------------------- */

enum { LAYER_SETTING, LAYER_DEFAULT, LAYER_NUMBER, LAYER_TRUNK, LAYERS };

/* What may have a say, in this order; later ones win. */
struct layers {
	struct tel_rule rule[LAYERS];	/* an absent label = no such rule */
};

static void collect(const struct tel_routes *routes, const struct tel_route_query *query,
		    struct layers *layers)
{
	const struct tel_rule *number = find_number(routes, query->to);
	const struct tel_rule *trunk = find(&routes->trunks, query->trunk_id);

	*layers = (struct layers){ 0 };
	layers->rule[LAYER_SETTING] = (struct tel_rule){
		.label = TEL_STR("built-in"),
		.agent_name = routes->agent_name,
		.config = routes->builtin,
	};
	layers->rule[LAYER_DEFAULT] = routes->fallback;
	if (number)
		layers->rule[LAYER_NUMBER] = *number;
	if (trunk)
		layers->rule[LAYER_TRUNK] = *trunk;
}

static enum tel_err set_agent_name(const struct layers *layers, struct tel_route *route)
{
	int i = LAYERS - 1;

	while (i > 0 && !tel_str_is_set(layers->rule[i].agent_name))
		i--;
	return tel_arena_copy(&route->mem, layers->rule[i].agent_name, TEL_MAX_NAME,
			      &route->agent_name);
}

static enum tel_err set_watch(const struct layers *layers, struct tel_route *route)
{
	struct tel_str to;
	int i;

	for (i = LAYER_DEFAULT; i < LAYERS; i++)
		tel_rule_merge_watch(&route->watch, &layers->rule[i]);
	to = route->watch.transfer_to;
	return tel_arena_copy(&route->mem, to, TEL_MAX_TRANSFER_TO, &route->watch.transfer_to);
}

/* "default", "did:+1555*", "trunk:ST_x", "did:+1555*+trunk:ST_x" */
static enum tel_err set_rule(const struct layers *layers, struct tel_route *route)
{
	struct tel_str number = layers->rule[LAYER_NUMBER].label;
	struct tel_str trunk = layers->rule[LAYER_TRUNK].label;
	struct tel_buf text;
	enum tel_err err;

	tel_buf_init(&text, TEL_MAX_TEXT);
	tel_buf_add_str(&text, number);
	if (number.len && trunk.len)
		tel_buf_puts(&text, "+");
	tel_buf_add_str(&text, trunk);
	if (!number.len && !trunk.len)
		tel_buf_add_str(&text, layers->rule[LAYER_DEFAULT].label);
	err = tel_buf_err(&text);
	if (!err)
		err = tel_arena_copy(&route->mem, tel_buf_str(&text), TEL_MAX_TEXT, &route->rule);
	tel_buf_release(&text);
	return err;
}

/* What a request wants otherwise, over all rules. */
static enum tel_err merge_patch(struct json_object *merged, struct tel_str patch)
{
	struct tel_problems problems = { 0 };
	struct json_object *config;
	enum tel_err err;

	if (!patch.ptr)
		return TEL_OK;
	err = tel_agent_config_parse(patch, &config, &problems);
	if (!err) {
		err = tel_json_merge(merged, config);
		json_object_put(config);
	}
	tel_problems_release(&problems);
	return err;
}

static enum tel_err set_config(const struct tel_routes *routes, const struct layers *layers,
			       struct tel_str patch, struct tel_route *route)
{
	struct json_object *merged = tel_json_copy(routes->base);
	enum tel_err err = merged ? TEL_OK : TEL_ENOMEM;
	struct tel_str text;
	int i;

	for (i = LAYER_NUMBER; i < LAYERS && !err; i++)
		if (layers->rule[i].config)
			err = tel_json_merge(merged, layers->rule[i].config);
	if (!err)
		err = merge_patch(merged, patch);
	if (!err) {
		text = tel_json_print(merged);
		err = text.ptr ? tel_arena_copy(&route->mem, text, TEL_MAX_AGENT_CONFIG,
						&route->config) : TEL_ENOMEM;
	}
	json_object_put(merged);
	return err;
}

/* ---- reasons ------------------------------------------------------------ */

struct explaining {
	const struct layers *layers;
	struct tel_route *route;
	struct tel_route_reason *items;
	size_t n, max;
	size_t n_own;			/* those at the beginning that are the rule's own */
};

static size_t members_of(const struct layers *layers)
{
	size_t i, n = 0;

	for (i = 0; i < LAYERS; i++)
		if (layers->rule[i].config)
			n += (size_t)json_object_object_length(layers->rule[i].config);
	return n;
}

/*
 * Follow one member through the layers: a value replaces, null removes, and
 * an object on top of an object is merged into it, so both gave of it.
 */
static enum tel_err write_givers(const struct layers *layers, const char *member,
				 struct tel_buf *out)
{
	struct json_object *value, *before = NULL;
	bool both;
	int i;

	for (i = 0; i < LAYERS; i++) {
		if (!layers->rule[i].config ||
		    !json_object_object_get_ex(layers->rule[i].config, member, &value))
			continue;
		both = json_object_is_type(value, json_type_object) &&
		       json_object_is_type(before, json_type_object);
		if (!both)
			tel_buf_clear(out);
		if (value)
			tel_buf_printf(out, "%s%.*s", both ? "+" : "",
				       TEL_STR_ARG(layers->rule[i].label));
		before = value;
	}
	return tel_buf_err(out);
}

/* An AgentConfig may have a member of the same name as a rule's own. */
static bool is_explained(const struct explaining *e, const char *member)
{
	size_t i;

	for (i = e->n_own; i < e->n; i++)
		if (tel_str_is(e->items[i].member, member))
			return true;
	return false;
}

static enum tel_err explain(struct explaining *e, const char *member, struct tel_str rules)
{
	struct tel_route_reason *item = &e->items[e->n];
	enum tel_err err = tel_arena_copy(&e->route->mem, tel_str_from(member),
					  TEL_MAX_AGENT_CONFIG, &item->member);

	if (!err)
		err = tel_arena_copy(&e->route->mem, rules, TEL_MAX_AGENT_CONFIG, &item->rules);
	e->n += !err;
	return err;
}

static enum tel_err explain_member(struct explaining *e, const char *member)
{
	struct tel_buf rules;
	enum tel_err err;

	if (is_explained(e, member))
		return TEL_OK;
	tel_buf_init(&rules, 4 * TEL_MAX_TEXT);
	err = write_givers(e->layers, member, &rules);
	if (!err && rules.len > 0)
		err = explain(e, member, tel_buf_str(&rules));
	tel_buf_release(&rules);
	return err;
}

static enum tel_err explain_agent_name(struct explaining *e)
{
	int i = LAYERS - 1;

	while (i > 0 && !tel_str_is_set(e->layers->rule[i].agent_name))
		i--;
	return explain(e, "agentName",
		       i ? e->layers->rule[i].label : TEL_STR("TELEPHONY_AGENT_NAME"));
}

static enum tel_err explain_watch(struct explaining *e, enum tel_watch_member member)
{
	struct tel_str built_in = member == TEL_WATCH_JOIN_DEADLINE ?
				  TEL_STR("TELEPHONY_AGENT_JOIN_DEADLINE") : TEL_STR("built-in");
	int i = LAYERS - 1;

	while (i > 0 && !(e->layers->rule[i].says & 1u << member))
		i--;
	return explain(e, tel_watch_member_text(member), i ? e->layers->rule[i].label : built_in);
}

static enum tel_err explain_own(struct explaining *e)
{
	enum tel_err err = explain_agent_name(e);
	int i;

	for (i = 0; i < TEL_WATCH_MEMBERS && !err; i++)
		err = explain_watch(e, (enum tel_watch_member)i);
	e->n_own = e->n;
	return err;
}

static enum tel_err set_reasons(const struct layers *layers, struct tel_route *route,
				struct tel_route_reasons *reasons)
{
	struct explaining e = { .layers = layers, .route = route };
	enum tel_err err;
	int i;

	e.max = members_of(layers) + 1 + TEL_WATCH_MEMBERS;
	e.items = tel_arena_alloc(&route->mem, e.max * sizeof(*e.items));
	if (!e.items)
		return TEL_ENOMEM;
	err = explain_own(&e);
	for (i = 0; i < LAYERS && !err; i++) {
		if (!layers->rule[i].config)
			continue;
		json_object_object_foreach(layers->rule[i].config, member, value) {
			(void)value;
			err = explain_member(&e, member);
			if (err)
				break;
		}
	}
	*reasons = (struct tel_route_reasons){ e.items, e.n, e.n_own };
	return err;
}

/* ---- the whole ---------------------------------------------------------- */

enum tel_err tel_routes_resolve(const struct tel_routes *routes,
				const struct tel_route_query *query, struct tel_route *out,
				struct tel_route_reasons *reasons)
{
	struct tel_route route = { 0 };
	struct layers layers;
	enum tel_err err;

	collect(routes, query, &layers);
	tel_arena_init(&route.mem, MAX_ROUTE_ARENA);
	err = set_agent_name(&layers, &route);
	if (!err)
		err = set_watch(&layers, &route);
	if (!err)
		err = set_rule(&layers, &route);
	if (!err)
		err = set_config(routes, &layers, query->patch, &route);
	if (!err && reasons)
		err = set_reasons(&layers, &route, reasons);
	if (err)
		tel_route_release(&route);
	else
		*out = route;
	return err;
}
