/*
 * A borrowed piece of text: pointer and length, no NUL promised. Who lends
 * it says how long it lives. {NULL, 0} is "absent"; {"", 0} is "empty".
 */
#ifndef TEL_BASE_STR_H
#define TEL_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct tel_str {
	const char *ptr;
	size_t len;
};

/* printf("%.*s", TEL_STR_ARG(s)) */
#define TEL_STR_ARG(s) (int)(s).len, (s).ptr ? (s).ptr : ""

/* A view of a string literal. */
#define TEL_STR(literal) ((struct tel_str){ (literal), sizeof(literal) - 1 })
#define TEL_STR_NONE ((struct tel_str){ NULL, 0 })

static inline struct tel_str tel_str_from(const char *text)
{
	return (struct tel_str){ text, text ? strlen(text) : 0 };
}

static inline bool tel_str_is_set(struct tel_str s)
{
	return s.len > 0;
}

static inline bool tel_str_eq(struct tel_str a, struct tel_str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool tel_str_is(struct tel_str a, const char *text)
{
	return tel_str_eq(a, tel_str_from(text));
}

static inline bool tel_str_starts(struct tel_str s, struct tel_str prefix)
{
	return s.len >= prefix.len &&
	       (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

/* Without leading and trailing blanks, tabs, CR and LF. */
struct tel_str tel_str_trim(struct tel_str s);

/*
 * Cut at the first `sep`: the part before it is returned, *rest is what
 * follows (TEL_STR_NONE if `sep` is not there).
 */
struct tel_str tel_str_cut(struct tel_str s, char sep, struct tel_str *rest);

/* ASCII case only, as HTTP and environment names need it. */
bool tel_str_eq_nocase(struct tel_str a, struct tel_str b);

#endif
