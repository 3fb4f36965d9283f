/*
 * What the fuzz drivers share. A driver is one function that feeds one
 * parser with any bytes and checks what must hold for all of them: that
 * nothing crashes is for the sanitizers to see.
 *
 * Built for libFuzzer every driver is a program of its own (TEL_FUZZ_ENGINE
 * is defined, the function is the engine's); for `make check` all of them
 * are in one, which runs the corpus through each (replay.c).
 */
#ifndef TEL_TESTS_FUZZ_H
#define TEL_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#ifdef TEL_FUZZ_ENGINE
#define FUZZ_NAME(name) LLVMFuzzerTestOneInput
#else
#define FUZZ_NAME(name) tel_fuzz_##name
#endif

/* FUZZ(number) { … return 0; } with `data` and `size`. */
#define FUZZ(name)							\
	int FUZZ_NAME(name)(const uint8_t *data, size_t size);		\
	int FUZZ_NAME(name)(const uint8_t *data, size_t size)

/* Holds for every input, or the input is a finding. */
#define FUZZ_CHECK(condition)						\
	do {								\
		if (!(condition))					\
			fuzz_fail(__FILE__, __LINE__, #condition);	\
	} while (0)

_Noreturn void fuzz_fail(const char *file, int line, const char *what);

static inline struct tel_str fuzz_str(const uint8_t *data, size_t size)
{
	return (struct tel_str){ (const char *)data, size };
}

/* Take the first line off; the newline is dropped. Without one: all of it. */
struct tel_str fuzz_line(struct tel_str *rest);

/*
 * A copy of just that size on the heap, so that the sanitizers see a byte
 * read behind it; free() it. Aborts for want of memory.
 */
struct tel_str fuzz_copy(struct tel_str s);
void fuzz_free(struct tel_str copy);

/* The same with a NUL behind it, for what takes C strings. */
char *fuzz_cstring(struct tel_str s);

/* One JSON value (RFC 8259, UTF-8) and nothing else; not by json-c. */
bool fuzz_is_json(struct tel_str text);

/* Neither NUL in it nor longer than `max`. */
bool fuzz_is_id(struct tel_str s, size_t max);

#endif
