#include "config.h"

#include <openssl/evp.h>

#include "system/digest.h"
#include "base/banned.h"

static enum tel_err sha256(struct tel_digest *digest, struct tel_str data,
			   uint8_t out[TEL_DIGEST_SIZE])
{
	(void)digest;
	return EVP_Digest(data.ptr ? data.ptr : "", data.len, out, NULL, EVP_sha256(), NULL) == 1 ?
	       TEL_OK : TEL_ENOMEM;
}

static const struct tel_digest_ops ops = { .name = "openssl", .sha256 = sha256 };

void tel_system_digest_init(struct tel_digest *digest)
{
	digest->ops = &ops;
}
