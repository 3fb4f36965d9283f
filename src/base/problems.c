#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/problems.h"
#include "base/banned.h"

/* Paths with a long key in them are cut here. */
#define MAX_TEXT 1024

static void release_one(struct tel_problem *p)
{
	free(p->origin);
	free(p->where);
	free(p->text);
}

void tel_problems_release(struct tel_problems *problems)
{
	size_t i;

	for (i = 0; i < problems->n; i++)
		release_one(&problems->items[i]);
	free(problems->items);
	*problems = (struct tel_problems){ 0 };
}

static char *sanitised_copy(const char *text)
{
	char *copy = strndup(text, MAX_TEXT), *c;

	for (c = copy; c && *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	return copy;
}

static bool copy_into(char **field, const char *text)
{
	if (!text)
		return true;
	*field = sanitised_copy(text);
	return *field != NULL;
}

static struct tel_problem *grow(struct tel_problems *problems)
{
	struct tel_problem *items;

	if (problems->n == TEL_MAX_PROBLEMS)
		return NULL;
	items = realloc(problems->items, (problems->n + 1) * sizeof(*items));
	if (!items)
		return NULL;
	problems->items = items;
	items[problems->n] = (struct tel_problem){ 0 };
	return &items[problems->n];
}

static void add(struct tel_problems *problems, struct tel_problem_at at, bool warning,
		const char *format, va_list args)
{
	struct tel_problem *p = grow(problems);
	char text[MAX_TEXT + 1];

	problems->n_errors += !warning;
	if (!p) {
		problems->n_dropped++;
		return;
	}
	vsnprintf(text, sizeof(text), format, args);
	p->warning = warning;
	p->line = at.line;
	if (copy_into(&p->origin, at.origin) && copy_into(&p->where, at.where) &&
	    copy_into(&p->text, text)) {
		problems->n++;
	} else {
		release_one(p);
		problems->n_dropped++;
	}
}

void tel_problems_error(struct tel_problems *problems, struct tel_problem_at at,
			const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(problems, at, false, format, args);
	va_end(args);
}

void tel_problems_warn(struct tel_problems *problems, struct tel_problem_at at,
		       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(problems, at, true, format, args);
	va_end(args);
}

void tel_problems_move(struct tel_problems *to, struct tel_problems *from)
{
	struct tel_problem *p;
	size_t i;

	for (i = 0; i < from->n; i++) {
		p = grow(to);
		if (p) {
			*p = from->items[i];
			to->n++;
		} else {
			release_one(&from->items[i]);
			to->n_dropped++;
		}
	}
	to->n_dropped += from->n_dropped;
	to->n_errors += from->n_errors;
	from->n = 0;
	tel_problems_release(from);
}

enum tel_err tel_problem_write(const struct tel_problem *p, struct tel_buf *out)
{
	if (p->origin)
		tel_buf_puts(out, p->origin);
	if (p->line)
		tel_buf_printf(out, "%sline %u", p->origin ? ", " : "", p->line);
	if (p->origin || p->line)
		tel_buf_puts(out, ": ");
	if (p->where)
		tel_buf_printf(out, "%s: ", p->where);
	tel_buf_puts(out, p->text);
	return tel_buf_err(out);
}

enum tel_err tel_problems_write(const struct tel_problems *problems, struct tel_buf *out)
{
	size_t i;

	for (i = 0; i < problems->n; i++) {
		tel_buf_puts(out, problems->items[i].warning ? "warning: " : "error: ");
		tel_problem_write(&problems->items[i], out);
		tel_buf_puts(out, "\n");
	}
	if (problems->n_dropped)
		tel_buf_printf(out, "and %zu more\n", problems->n_dropped);
	return tel_buf_err(out);
}
