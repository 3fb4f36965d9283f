#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "json/json_read.h"
#include "routing/agent_config.h"
#include "json/json_keys.h"
#include "routing/routes_internal.h"
#include "base/banned.h"

/* Keys and labels of TEL_MAX_ROUTES rules at their longest. */
#define MAX_ROUTES_ARENA ((size_t)16 * 1024 * 1024)

struct reading {
	const struct tel_routes_options *options;
	struct tel_problems *problems;
};

static void syntax_problem(const struct reading *r, struct tel_str text, size_t offset,
			   const char *what)
{
	tel_problems_error(r->problems,
			   (struct tel_problem_at){ r->options->origin,
						    tel_json_line(text, offset), NULL },
			   "this is not JSON: %s", what);
}

static void note_duplicate(void *ctx, struct tel_str key, unsigned first_line, unsigned line)
{
	const struct reading *r = ctx;

	tel_problems_error(r->problems,
			   (struct tel_problem_at){ r->options->origin, line, NULL },
			   "\"%.*s\" is there already, in line %u: remove one of the two",
			   TEL_STR_ARG(key), first_line);
}

/* *out stays NULL when problems were found. */
static enum tel_err parse_document(const struct reading *r, struct tel_str text,
				   struct json_object **out)
{
	static const struct tel_json_rules rules = { TEL_MAX_ROUTES_FILE, TEL_JSON_DEPTH, false };
	struct tel_json_fault fault;
	struct json_object *document = NULL;
	enum tel_err err = tel_json_parse(text, &rules, &document, &fault);

	if (err == TEL_EMALFORMED) {
		syntax_problem(r, text, fault.at, fault.what);
		return TEL_OK;
	}
	if (err)
		return err;
	if (json_object_is_type(document, json_type_object)) {
		*out = document;
	} else {
		syntax_problem(r, text, 0, "it must be one object: {\"default\": …}");
		json_object_put(document);
	}
	return TEL_OK;
}

/* *out stays NULL when problems were found. */
static enum tel_err read_json(const struct reading *r, struct tel_str text,
			      struct json_object **out)
{
	enum tel_err err;
	const char *nul;

	text = tel_str_trim(text);
	if (text.len == 0 || text.len > TEL_MAX_ROUTES_FILE) {
		syntax_problem(r, text, 0, text.len ? "it is too big" : "it is empty");
		return TEL_OK;
	}
	nul = memchr(text.ptr, '\0', text.len);
	if (nul) {
		syntax_problem(r, text, (size_t)(nul - text.ptr), "there is a NUL byte in it");
		return TEL_OK;
	}
	err = parse_document(r, text, out);
	if (err || !*out)
		return err;
	return tel_json_duplicates(text, note_duplicate, (void *)(uintptr_t)r);
}

static enum tel_err read_routes(struct tel_routes *routes, const struct reading *r,
				struct tel_str text)
{
	const char *name = r->options->agent_name;
	enum tel_err err;

	tel_arena_init(&routes->mem, MAX_ROUTES_ARENA);
	err = tel_arena_copy(&routes->mem, tel_str_from(name), TEL_MAX_NAME, &routes->agent_name);
	if (!err)
		err = read_json(r, text, &routes->document);
	if (!err && routes->document)
		err = tel_routes_build(routes, r->options->origin, r->problems);
	if (!err && r->problems->n_errors > 0)
		err = TEL_EMALFORMED;
	return err;
}

enum tel_err tel_routes_parse(struct tel_str text, const struct tel_routes_options *options,
			      struct tel_routes **out, struct tel_problems *problems)
{
	struct tel_routes *routes = calloc(1, sizeof(*routes));
	/* Its own list: what was wrong before is not this text's fault. */
	struct tel_problems found = { 0 };
	struct reading r = { options, &found };
	enum tel_err err;

	if (!routes)
		return TEL_ENOMEM;
	err = read_routes(routes, &r, text);
	tel_problems_move(problems, &found);
	if (err)
		tel_routes_free(routes);
	else
		*out = routes;
	return err;
}

void tel_routes_free(struct tel_routes *routes)
{
	if (!routes)
		return;
	json_object_put(routes->base);
	json_object_put(routes->builtin);
	json_object_put(routes->document);
	free(routes->exact.items);
	free(routes->prefixes.items);
	free(routes->trunks.items);
	tel_arena_release(&routes->mem);
	free(routes);
}

size_t tel_routes_numbers(const struct tel_routes *routes)
{
	return routes->exact.n + routes->prefixes.n;
}

size_t tel_routes_trunks(const struct tel_routes *routes)
{
	return routes->trunks.n;
}
