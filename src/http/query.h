/*
 * A query as application/x-www-form-urlencoded (WHATWG URL, 5): decoded
 * name=value pairs. Every name a handler does not know is an error, so that
 * a misspelt filter does not silently show everything.
 */
#ifndef TEL_HTTP_QUERY_H
#define TEL_HTTP_QUERY_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define TEL_HTTP_MAX_PAIRS 16

struct tel_http_query {
	struct tel_arena mem;		/* owns the decoded texts */
	struct {
		struct tel_str name, value;
	} pairs[TEL_HTTP_MAX_PAIRS];
	size_t n;
};

/*
 * TEL_EMALFORMED ('%' without two hex digits, a NUL, a name twice) |
 * TEL_ETOOBIG (too many pairs, or a query of more than TEL_MAX_PATH bytes) |
 * TEL_ENOMEM. Release it in any case.
 */
TEL_MUST_CHECK enum tel_err tel_http_query_parse(struct tel_str text, struct tel_http_query *out);

/* Legal on a zeroed query. */
void tel_http_query_release(struct tel_http_query *query);

/* The value of `name`; TEL_STR_NONE if it is not there. */
struct tel_str tel_http_query_get(const struct tel_http_query *query, const char *name);

/* The first name that is in none of `names` (NULL terminated); or absent. */
struct tel_str tel_http_query_unknown(const struct tel_http_query *query,
				      const char *const *names);

#endif
