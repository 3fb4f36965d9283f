/*
 * A list of what is wrong with something people wrote (a configuration, a
 * routes file): all of it, not only the first, so that one look cures all.
 *
 * Texts are sanitised: control characters never reach a terminal. Whoever
 * adds a problem sees to it that no secret is in it.
 */
#ifndef TEL_BASE_PROBLEMS_H
#define TEL_BASE_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* Kept; of more only the number is known. */
#define TEL_MAX_PROBLEMS 100

struct tel_problem {
	bool warning;		/* it works all the same */
	unsigned line;		/* in `origin`; 0 = no line in particular */
	char *origin;		/* a file, "environment", or NULL */
	char *where;		/* a key or a JSON path, or NULL */
	char *text;		/* what is wrong, what is allowed, the cure */
};

struct tel_problems {
	struct tel_problem *items;	/* owned */
	size_t n;
	size_t n_dropped;		/* over the limit, or no memory */
	size_t n_errors;		/* those that are no warnings, dropped ones too */
};

/* Zeroed is empty. Legal on a zeroed list. */
void tel_problems_release(struct tel_problems *problems);

/* Where a problem is; the strings are copied. */
struct tel_problem_at {
	const char *origin;
	unsigned line;
	const char *where;
};

/* Never fails: what can't be kept is counted. */
void tel_problems_error(struct tel_problems *problems, struct tel_problem_at at,
			const char *format, ...) __attribute__((format(printf, 3, 4)));
void tel_problems_warn(struct tel_problems *problems, struct tel_problem_at at,
		       const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Append all of `from` to `to`; `from` is empty afterwards. */
void tel_problems_move(struct tel_problems *to, struct tel_problems *from);

/* "error: FILE, line 3: KEY: text", one line each, for stderr. */
enum tel_err tel_problems_write(const struct tel_problems *problems, struct tel_buf *out);

/* The same for one, without "error: " and without a newline. */
enum tel_err tel_problem_write(const struct tel_problem *problem, struct tel_buf *out);

#endif
