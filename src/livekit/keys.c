#include "config.h"

#include <openssl/crypto.h>

#include "livekit/keys.h"
#include "base/banned.h"

static void wipe(struct tel_str *s)
{
	OPENSSL_clear_free((char *)s->ptr, s->len);
	*s = TEL_STR_NONE;
}

static enum tel_err copy(struct tel_str s, struct tel_str *out)
{
	char *p = OPENSSL_memdup(s.ptr, s.len);

	if (!p)
		return TEL_ENOMEM;
	*out = (struct tel_str){ p, s.len };
	return TEL_OK;
}

void tel_keys_release(struct tel_keys *keys)
{
	size_t i;

	for (i = 0; i < keys->n; i++) {
		wipe(&keys->list[i].name);
		wipe(&keys->list[i].secret);
	}
	keys->n = 0;
}

static bool has(const struct tel_keys *keys, struct tel_str name, struct tel_str secret)
{
	size_t i;

	for (i = 0; i < keys->n; i++)
		if (tel_str_eq(keys->list[i].name, name) &&
		    tel_str_eq(keys->list[i].secret, secret))
			return true;
	return false;
}

enum tel_err tel_keys_add(struct tel_keys *keys, struct tel_str name, struct tel_str secret)
{
	struct tel_key key = { 0 };
	enum tel_err err;

	if (!tel_str_is_set(name) || !tel_str_is_set(secret))
		return TEL_EMALFORMED;
	if (name.len > TEL_MAX_TEXT || secret.len > TEL_MAX_TEXT)
		return TEL_ETOOBIG;
	if (has(keys, name, secret))
		return TEL_OK;
	if (keys->n == TEL_MAX_KEYS)
		return TEL_ETOOBIG;
	err = copy(name, &key.name);
	if (err)
		goto out;
	err = copy(secret, &key.secret);
	if (err)
		goto out;
	keys->list[keys->n++] = key;
	key = (struct tel_key){ 0 };
out:
	wipe(&key.name);
	return err;
}

static enum tel_err add_pair(struct tel_keys *keys, struct tel_str pair)
{
	struct tel_str secret, name = tel_str_cut(pair, ':', &secret);

	return tel_keys_add(keys, tel_str_trim(name), tel_str_trim(secret));
}

static enum tel_err add_line(struct tel_keys *keys, struct tel_str line)
{
	struct tel_str pair, rest = tel_str_trim(line);
	enum tel_err err;

	if (tel_str_starts(rest, TEL_STR("#")))
		return TEL_OK;
	while (tel_str_is_set(rest)) {
		pair = tel_str_trim(tel_str_cut(rest, ',', &rest));
		if (!tel_str_is_set(pair))
			continue;
		err = add_pair(keys, pair);
		if (err)
			return err;
	}
	return TEL_OK;
}

enum tel_err tel_keys_parse(struct tel_keys *keys, struct tel_str text, size_t *line)
{
	struct tel_str rest = text;
	size_t at = 0;
	enum tel_err err;

	while (tel_str_is_set(rest)) {
		at++;
		err = add_line(keys, tel_str_cut(rest, '\n', &rest));
		if (err) {
			if (line)
				*line = at;
			return err;
		}
	}
	return TEL_OK;
}
