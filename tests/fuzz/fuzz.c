#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "base/banned.h"

void fuzz_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

struct tel_str fuzz_line(struct tel_str *rest)
{
	struct tel_str line = tel_str_cut(*rest, '\n', rest);

	if (!rest->ptr)
		*rest = (struct tel_str){ line.ptr + line.len, 0 };
	return line;
}

char *fuzz_cstring(struct tel_str s)
{
	char *copy = malloc(s.len + 1);

	if (!copy)
		abort();
	if (s.len > 0)
		memcpy(copy, s.ptr, s.len);
	copy[s.len] = '\0';
	return copy;
}

struct tel_str fuzz_copy(struct tel_str s)
{
	char *copy = malloc(s.len ? s.len : 1);

	if (!copy)
		abort();
	if (s.len > 0)
		memcpy(copy, s.ptr, s.len);
	return (struct tel_str){ copy, s.len };
}

void fuzz_free(struct tel_str copy)
{
	free((void *)(uintptr_t)copy.ptr);
}

bool fuzz_is_id(struct tel_str s, size_t max)
{
	return s.len <= max && (s.len == 0 || !memchr(s.ptr, '\0', s.len));
}
