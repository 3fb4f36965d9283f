/* Port: what tells two texts apart without keeping them. Any thread. */
#ifndef TEL_PORTS_DIGEST_H
#define TEL_PORTS_DIGEST_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define TEL_DIGEST_SIZE 32

struct tel_digest;

struct tel_digest_ops {
	const char *name;
	/* SHA-256 of `data`. TEL_ENOMEM */
	enum tel_err (*sha256)(struct tel_digest *digest, struct tel_str data,
			       uint8_t out[TEL_DIGEST_SIZE]);
};

struct tel_digest {
	const struct tel_digest_ops *ops;
};

#endif
