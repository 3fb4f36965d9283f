#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json/json_scan.h"
#include "base/limits.h"
#include "routing/agent_config.h"
#include "routing/json_keys.h"
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

/* NULL: see the problems; or json-c ran out of memory and said so in errno only. */
static struct json_object *parse_document(const struct reading *r, struct tel_str text,
					  struct json_tokener *tokener)
{
	struct json_object *document;
	enum json_tokener_error error;
	size_t end;

	errno = 0;
	document = json_tokener_parse_ex(tokener, text.ptr, (int)text.len);
	if (errno == ENOMEM)
		goto out;
	error = json_tokener_get_error(tokener);
	end = json_tokener_get_parse_end(tokener);
	if (error == json_tokener_continue)
		syntax_problem(r, text, text.len, "it ends too early: a bracket or quote is "
						  "not closed");
	else if (error != json_tokener_success)
		syntax_problem(r, text, end, json_tokener_error_desc(error));
	else if (end < text.len)
		syntax_problem(r, text, end, "there is something behind the closing brace");
	else if (!json_object_is_type(document, json_type_object))
		syntax_problem(r, text, 0, "it must be one object: {\"default\": …}");
	else
		return document;
	errno = 0;
out:
	json_object_put(document);
	return NULL;
}

/* *out stays NULL when problems were found. */
static enum tel_err read_json(const struct reading *r, struct tel_str text,
			      struct json_object **out)
{
	struct json_tokener *tokener;
	bool no_memory;
	const char *nul;
	size_t stray;

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
	tokener = json_tokener_new();
	if (!tokener)
		return TEL_ENOMEM;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	*out = parse_document(r, text, tokener);
	no_memory = !*out && errno == ENOMEM;
	json_tokener_free(tokener);
	if (no_memory)
		return TEL_ENOMEM;
	stray = tel_json_stray(text);
	if (*out && stray < text.len) {
		syntax_problem(r, text, stray, (unsigned char)text.ptr[stray] < 0x20 ?
			       "a line break or tab in a string must be written \\n or \\t" :
			       "unexpected character");
		return TEL_OK;
	}
	return *out ? tel_json_duplicates(text, note_duplicate, (void *)(uintptr_t)r) : TEL_OK;
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
