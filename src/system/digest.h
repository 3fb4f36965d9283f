/* Port digest: OpenSSL's SHA-256. */
#ifndef TEL_SYSTEM_DIGEST_H
#define TEL_SYSTEM_DIGEST_H

#include "ports/digest.h"

void tel_system_digest_init(struct tel_digest *digest);

#endif
