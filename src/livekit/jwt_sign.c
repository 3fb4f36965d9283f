#include "config.h"

#include <json-c/json.h>

#include "base/limits.h"
#include "livekit/base64.h"
#include "livekit/pbjson.h"
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
static enum tel_err add_common(struct json_object *claims, struct tel_str key, tel_time now,
			       tel_time lifetime)
{
	enum tel_err err = tel_pbjson_add(claims, "iss", tel_pbjson_string(key));

	if (!err)
		err = tel_pbjson_add(claims, "nbf", json_object_new_int64(now / TEL_SECOND));
	if (!err)
		err = tel_pbjson_add(claims, "exp",
				   json_object_new_int64((now + lifetime) / TEL_SECOND));
	return err;
}

static enum tel_err add_flag(struct json_object *grants, const char *name, bool granted)
{
	return granted ? tel_pbjson_add(grants, name, json_object_new_boolean(1)) : TEL_OK;
}

static enum tel_err add_video(struct json_object *claims, const struct tel_jwt_access *a)
{
	struct json_object *video = json_object_new_object();
	enum tel_err err = tel_pbjson_add(claims, "video", video);

	if (!err)
		err = add_flag(video, "roomCreate", a->room_create);
	if (!err)
		err = add_flag(video, "roomList", a->room_list);
	if (!err)
		err = add_flag(video, "roomAdmin", a->room_admin);
	if (!err && tel_str_is_set(a->room))
		err = tel_pbjson_add(video, "room", tel_pbjson_string(a->room));
	return err;
}

static enum tel_err add_sip(struct json_object *claims, const struct tel_jwt_access *a)
{
	struct json_object *sip = json_object_new_object();
	enum tel_err err = tel_pbjson_add(claims, "sip", sip);

	if (!err)
		err = add_flag(sip, "admin", a->sip_admin);
	if (!err)
		err = add_flag(sip, "call", a->sip_call);
	return err;
}

static enum tel_err sign_object(const struct tel_jwt_ring *ring, struct tel_str key,
				struct json_object *claims, struct tel_buf *out)
{
	struct tel_str text = tel_pbjson_print(claims);

	return text.ptr ? tel_jwt_sign(ring, key, HEADER, text, out) : TEL_ENOMEM;
}

enum tel_err tel_jwt_make_access(const struct tel_jwt_ring *ring,
				 const struct tel_jwt_access *access, struct tel_buf *out)
{
	struct json_object *claims = json_object_new_object();
	enum tel_err err = TEL_ENOMEM;

	if (claims)
		err = add_common(claims, access->key, access->now, access->lifetime);
	if (!err && tel_str_is_set(access->sub))
		err = tel_pbjson_add(claims, "sub", tel_pbjson_string(access->sub));
	if (!err)
		err = add_video(claims, access);
	if (!err && (access->sip_admin || access->sip_call))
		err = add_sip(claims, access);
	if (!err)
		err = sign_object(ring, access->key, claims, out);
	json_object_put(claims);
	return err;
}

enum tel_err tel_jwt_make_webhook(const struct tel_jwt_ring *ring, struct tel_str key,
				  struct tel_str body, tel_time now, tel_time lifetime,
				  struct tel_buf *out)
{
	struct json_object *claims = json_object_new_object();
	unsigned char hash[TEL_SHA256_SIZE];
	enum tel_err err = TEL_ENOMEM;
	struct tel_buf text;

	tel_buf_init(&text, TEL_BASE64_ENCODED(TEL_SHA256_SIZE));
	if (claims)
		err = add_common(claims, key, now, lifetime);
	if (!err)
		err = tel_jwt_sha256(ring, body, hash);
	if (!err)
		err = tel_base64_add(&text, hash, sizeof(hash));
	if (!err)
		err = tel_pbjson_add(claims, "sha256", tel_pbjson_string(tel_buf_str(&text)));
	if (!err)
		err = sign_object(ring, key, claims, out);
	tel_buf_release(&text);
	json_object_put(claims);
	return err;
}
