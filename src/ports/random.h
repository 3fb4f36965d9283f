/* Port: randomness for ids and jitter. Any thread. */
#ifndef TEL_PORTS_RANDOM_H
#define TEL_PORTS_RANDOM_H

#include <stddef.h>

#include "base/err.h"

struct tel_random;

struct tel_random_ops {
	const char *name;
	/* Fill `len` bytes; unpredictable in production. TEL_EIO */
	enum tel_err (*fill)(struct tel_random *random, void *out, size_t len);
};

struct tel_random {
	const struct tel_random_ops *ops;
};

TEL_MUST_CHECK static inline enum tel_err tel_random_fill(struct tel_random *r, void *out,
							  size_t len)
{
	return r->ops->fill(r, out, len);
}

#endif
