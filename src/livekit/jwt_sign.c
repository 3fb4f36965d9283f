#include "config.h"

#include "base/limits.h"
#include "json/json_write.h"
#include "livekit/base64.h"
#include "livekit/jwt.h"
#include "livekit/jwt_ring.h"
#include "base/banned.h"

#define HEADER TEL_STR("{\"alg\":\"HS256\",\"typ\":\"JWT\"}")

enum tel_err tel_jwt_sign(const struct tel_jwt_ring *ring, struct tel_str key,
			  struct tel_str header, struct tel_str claims, struct tel_buf *out)
{
	unsigned char mac[TEL_SHA256_SIZE];
	size_t at = 0, index, start = out->len;
	enum tel_err err;

	if (!tel_jwt_ring_next(ring, key, &at, &index))
		return TEL_ENOTFOUND;
	tel_base64url_add(out, header.ptr, header.len);
	tel_buf_puts(out, ".");
	tel_base64url_add(out, claims.ptr, claims.len);
	if (tel_buf_err(out))
		return tel_buf_err(out);
	err = tel_jwt_ring_hmac(ring, index,
				(struct tel_str){ out->ptr + start, out->len - start }, mac);
	if (err)
		return err;
	tel_buf_puts(out, ".");
	return tel_base64url_add(out, mac, sizeof(mac));
}

/* `iss`, `nbf` and `exp`: what every token of LiveKit's has. */
static void begin_claims(struct tel_json_write *w, struct tel_str key, tel_time now,
			 tel_time lifetime)
{
	tel_json_begin(w, TEL_JSON_RECORD);
	tel_json_open_object(w, NULL);
	tel_json_put_text(w, "iss", key);
	tel_json_put_int(w, "nbf", now / TEL_SECOND);
	tel_json_put_int(w, "exp", (now + lifetime) / TEL_SECOND);
}

/* Grants that are not given are left out. */
static void put_video(struct tel_json_write *w, const struct tel_jwt_access *a)
{
	tel_json_open_object(w, "video");
	tel_json_put_bool(w, "roomCreate", a->room_create);
	tel_json_put_bool(w, "roomList", a->room_list);
	tel_json_put_bool(w, "roomAdmin", a->room_admin);
	if (tel_str_is_set(a->room))
		tel_json_put_text(w, "room", a->room);
	tel_json_close(w);
}

static void put_sip(struct tel_json_write *w, const struct tel_jwt_access *a)
{
	tel_json_open_object(w, "sip");
	tel_json_put_bool(w, "admin", a->sip_admin);
	tel_json_put_bool(w, "call", a->sip_call);
	tel_json_close(w);
}

static enum tel_err sign_claims(const struct tel_jwt_ring *ring, struct tel_str key,
				struct tel_json_write *claims, struct tel_buf *out)
{
	struct tel_buf text;
	enum tel_err err;

	tel_buf_init(&text, TEL_MAX_AUTHORIZATION);
	err = tel_json_finish(claims, &text);
	if (!err)
		err = tel_jwt_sign(ring, key, HEADER, tel_buf_str(&text), out);
	tel_buf_release(&text);
	return err;
}

enum tel_err tel_jwt_make_access(const struct tel_jwt_ring *ring,
				 const struct tel_jwt_access *access, struct tel_buf *out)
{
	struct tel_json_write claims;

	begin_claims(&claims, access->key, access->now, access->lifetime);
	if (tel_str_is_set(access->sub))
		tel_json_put_text(&claims, "sub", access->sub);
	put_video(&claims, access);
	if (access->sip_admin || access->sip_call)
		put_sip(&claims, access);
	return sign_claims(ring, access->key, &claims, out);
}

enum tel_err tel_jwt_make_webhook(const struct tel_jwt_ring *ring, struct tel_str key,
				  struct tel_str body, tel_time now, tel_time lifetime,
				  struct tel_buf *out)
{
	unsigned char hash[TEL_SHA256_SIZE];
	struct tel_json_write claims;
	struct tel_buf text;
	enum tel_err err;

	tel_buf_init(&text, TEL_BASE64_ENCODED(TEL_SHA256_SIZE));
	begin_claims(&claims, key, now, lifetime);
	err = tel_jwt_sha256(ring, body, hash);
	if (!err)
		err = tel_base64_add(&text, hash, sizeof(hash));
	tel_json_fail(&claims, err);
	tel_json_put_text(&claims, "sha256", tel_buf_str(&text));
	tel_buf_release(&text);
	return sign_claims(ring, key, &claims, out);
}
