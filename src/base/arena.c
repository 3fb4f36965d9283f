#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/banned.h"

#define BLOCK_SIZE 4096
#define ALIGN sizeof(long double)

struct tel_arena_block {
	struct tel_arena_block *next;
	size_t used, size;
	_Alignas(long double) char data[];
};

void tel_arena_init(struct tel_arena *a, size_t ceiling)
{
	*a = (struct tel_arena){ .ceiling = ceiling };
}

void tel_arena_release(struct tel_arena *a)
{
	struct tel_arena_block *b, *next;

	for (b = a->blocks; b; b = next) {
		next = b->next;
		free(b);
	}
	a->blocks = NULL;
	a->used = 0;
}

static struct tel_arena_block *add_block(struct tel_arena *a, size_t need)
{
	size_t size = need > BLOCK_SIZE ? need : BLOCK_SIZE;
	struct tel_arena_block *b = malloc(sizeof(*b) + size);

	if (!b)
		return NULL;
	b->next = a->blocks;
	b->used = 0;
	b->size = size;
	a->blocks = b;
	return b;
}

void *tel_arena_alloc(struct tel_arena *a, size_t size)
{
	struct tel_arena_block *b = a->blocks;
	size_t need;
	void *p;

	if (size > a->ceiling || a->used > a->ceiling - size)
		return NULL;
	need = (size + ALIGN - 1) / ALIGN * ALIGN;
	if (!b || b->size - b->used < need)
		b = add_block(a, need);
	if (!b)
		return NULL;
	p = b->data + b->used;
	b->used += need;
	a->used += size;
	memset(p, 0, size);
	return p;
}

enum tel_err tel_arena_copy(struct tel_arena *a, struct tel_str s, size_t max,
			    struct tel_str *out)
{
	char *p;

	if (!s.ptr) {
		*out = TEL_STR_NONE;
		return TEL_OK;
	}
	if (s.len > max)
		return TEL_ETOOBIG;
	p = tel_arena_alloc(a, s.len + 1);
	if (!p)
		return TEL_ENOMEM;
	if (s.len > 0)
		memcpy(p, s.ptr, s.len);
	*out = (struct tel_str){ p, s.len };
	return TEL_OK;
}
