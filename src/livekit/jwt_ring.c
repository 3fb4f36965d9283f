#include "config.h"

#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/arena.h"
#include "livekit/jwt_ring.h"
#include "base/banned.h"

/*
 * OpenSSL 3 looks algorithms up by name, which costs more than the hashing
 * itself: done here once. A context with its key scheduled is copied for
 * every use; reading it for the copy is safe from any number of threads.
 */
struct ring_key {
	struct tel_str name;	/* in mem */
	EVP_MAC_CTX *hmac;	/* owned; never changed after its init */
};

struct tel_jwt_ring {
	struct tel_arena mem;
	EVP_MD *sha256;
	EVP_MAC *mac;
	size_t n;
	struct ring_key keys[TEL_MAX_KEYS];
};

static enum tel_err add_key(struct tel_jwt_ring *ring, const struct tel_key *key)
{
	OSSL_PARAM params[2] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_construct_end()
	};
	struct ring_key *slot = &ring->keys[ring->n++];
	enum tel_err err = tel_arena_copy(&ring->mem, key->name, TEL_MAX_TEXT, &slot->name);

	if (err)
		return err;
	slot->hmac = EVP_MAC_CTX_new(ring->mac);
	if (!slot->hmac ||
	    !EVP_MAC_init(slot->hmac, (const unsigned char *)key->secret.ptr,
			  key->secret.len, params))
		return TEL_ENOMEM;
	return TEL_OK;
}

enum tel_err tel_jwt_ring_new(const struct tel_keys *keys, struct tel_jwt_ring **out)
{
	struct tel_jwt_ring *ring = calloc(1, sizeof(*ring));
	enum tel_err err = TEL_ENOMEM;
	size_t i;

	if (!ring)
		goto out;
	/*
	 * The texts of libcrypto's errors, which nobody gets to see here, would
	 * be 0.4 MiB of every process at rest.
	 */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS, NULL);
	tel_arena_init(&ring->mem, TEL_MAX_KEYS * (TEL_MAX_TEXT + 1));
	ring->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	ring->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	if (!ring->sha256 || !ring->mac)
		goto out;
	err = TEL_OK;
	for (i = 0; i < keys->n && !err; i++)
		err = add_key(ring, &keys->list[i]);
out:
	if (err)
		tel_jwt_ring_free(ring);
	else
		*out = ring;
	return err;
}

void tel_jwt_ring_free(struct tel_jwt_ring *ring)
{
	size_t i;

	if (!ring)
		return;
	for (i = 0; i < ring->n; i++)
		EVP_MAC_CTX_free(ring->keys[i].hmac);	/* wipes its key */
	EVP_MAC_free(ring->mac);
	EVP_MD_free(ring->sha256);
	tel_arena_release(&ring->mem);
	free(ring);
}

bool tel_jwt_ring_next(const struct tel_jwt_ring *ring, struct tel_str name, size_t *at,
		       size_t *index)
{
	while (*at < ring->n) {
		*index = (*at)++;
		if (tel_str_eq(ring->keys[*index].name, name))
			return true;
	}
	return false;
}

enum tel_err tel_jwt_ring_hmac(const struct tel_jwt_ring *ring, size_t index,
			       struct tel_str data, unsigned char out[TEL_SHA256_SIZE])
{
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_dup(ring->keys[index].hmac);
	enum tel_err err = TEL_ENOMEM;
	size_t len = 0;

	if (ctx && EVP_MAC_update(ctx, (const unsigned char *)data.ptr, data.len) &&
	    EVP_MAC_final(ctx, out, &len, TEL_SHA256_SIZE) && len == TEL_SHA256_SIZE)
		err = TEL_OK;
	EVP_MAC_CTX_free(ctx);
	return err;
}

enum tel_err tel_jwt_sha256(const struct tel_jwt_ring *ring, struct tel_str data,
			    unsigned char out[TEL_SHA256_SIZE])
{
	unsigned int len = 0;

	if (!EVP_Digest(data.ptr ? data.ptr : "", data.len, out, &len, ring->sha256, NULL) ||
	    len != TEL_SHA256_SIZE)
		return TEL_ENOMEM;
	return TEL_OK;
}
