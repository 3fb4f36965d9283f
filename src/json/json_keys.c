#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "json/json_scan.h"
#include "json/json_keys.h"
#include "base/banned.h"

/* Deeper nesting is refused by the JSON parser long before. */
#define MAX_DEPTH 64

struct key {
	size_t object;			/* the number of the object it is in */
	struct tel_str text;
};

struct keys {
	struct key *items;
	size_t n, cap;
	size_t stack[MAX_DEPTH];	/* objects and arrays that are open */
	size_t depth;
	size_t objects;			/* opened so far */
};

static enum tel_err add_key(struct keys *k, struct tel_str text)
{
	struct key *items;

	if (k->n == k->cap) {
		k->cap = k->cap ? k->cap * 2 : 64;
		items = realloc(k->items, k->cap * sizeof(*items));
		if (!items)
			return TEL_ENOMEM;
		k->items = items;
	}
	k->items[k->n++] = (struct key){ k->depth ? k->stack[k->depth - 1] : 0, text };
	return TEL_OK;
}

static bool is_followed_by_colon(struct tel_str text, size_t at)
{
	while (at < text.len && strchr(" \t\r\n", text.ptr[at]) && text.ptr[at])
		at++;
	return at < text.len && text.ptr[at] == ':';
}

static enum tel_err collect(struct keys *k, struct tel_str text)
{
	enum tel_err err = TEL_OK;
	struct tel_str string;
	size_t at = 0;

	while (at < text.len && !err) {
		char c = text.ptr[at++];

		if (c == '{' || c == '[') {
			if (k->depth < MAX_DEPTH)
				k->stack[k->depth++] = ++k->objects;
		} else if (c == '}' || c == ']') {
			k->depth -= k->depth > 0;
		} else if (c == '"') {
			string = tel_json_take_string(text, &at);
			if (is_followed_by_colon(text, at))
				err = add_key(k, string);
		}
	}
	return err;
}

/* By object, then text, then place. */
static int compare(const void *left, const void *right)
{
	const struct key *a = left, *b = right;
	size_t len = a->text.len < b->text.len ? a->text.len : b->text.len;
	int order;

	if (a->object != b->object)
		return a->object < b->object ? -1 : 1;
	order = memcmp(a->text.ptr, b->text.ptr, len);
	if (order)
		return order;
	if (a->text.len != b->text.len)
		return a->text.len < b->text.len ? -1 : 1;
	return (a->text.ptr > b->text.ptr) - (a->text.ptr < b->text.ptr);
}

enum tel_err tel_json_duplicates(struct tel_str text, tel_json_duplicate_fn found, void *ctx)
{
	struct keys k = { 0 };
	enum tel_err err = collect(&k, text);
	const struct key *a, *b;
	size_t i;

	if (err)
		goto out;
	if (k.n > 1)
		qsort(k.items, k.n, sizeof(*k.items), compare);
	for (i = 1; i < k.n; i++) {
		a = &k.items[i - 1];
		b = &k.items[i];
		if (a->object == b->object && tel_str_eq(a->text, b->text))
			found(ctx, b->text, tel_json_line(text, (size_t)(a->text.ptr - text.ptr)),
			      tel_json_line(text, (size_t)(b->text.ptr - text.ptr)));
	}
out:
	free(k.items);
	return err;
}

unsigned tel_json_line(struct tel_str text, size_t offset)
{
	unsigned line = 1;
	size_t i;

	for (i = 0; i < offset && i < text.len; i++)
		line += text.ptr[i] == '\n';
	return line;
}
