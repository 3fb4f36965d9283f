/*
 * A program's own malloc() comes before that of libc, for every library it
 * loads as well. These are glibc's by their other names.
 */
#include "config.h"

#include <stddef.h>
#include <stdlib.h>

#include "torture/failing_malloc.h"
#include "base/banned.h"

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

const bool tel_fail_whole_process = true;

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

void *malloc(size_t size)
{
	return tel_fail_now() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return tel_fail_now() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return tel_fail_now() ? NULL : __libc_realloc(p, size);
}

#endif
