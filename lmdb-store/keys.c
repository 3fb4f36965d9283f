#include "config.h"

#include <string.h>

#include "lmdb-store/store.h"
#include "base/banned.h"

/* Which table an expiry is about, in its ninth byte. */
static const struct {
	int table;
	char mark;
} expiring[] = {
	{ TEL_LMDB_EVENTS, 'E' },
	{ TEL_LMDB_ROOMS, 'R' },
	{ TEL_LMDB_REQUESTS, 'Q' },
};

#define N_EXPIRING (sizeof(expiring) / sizeof(expiring[0]))

static char mark_of(int table)
{
	size_t i;

	for (i = 0; i + 1 < N_EXPIRING; i++)
		if (expiring[i].table == table)
			break;
	return expiring[i].mark;
}

struct tel_str tel_lmdb_expiry_key(struct tel_lmdb_expiry_key *out, tel_time when, int table,
				   struct tel_str key)
{
	struct tel_key_buf number;

	tel_key_start(&number);
	tel_key_add_time(&number, when);
	memcpy(out->bytes, number.bytes, 8);
	out->bytes[8] = mark_of(table);
	memcpy(out->bytes + 9, key.ptr, key.len);
	out->len = 9 + key.len;
	return (struct tel_str){ out->bytes, out->len };
}

bool tel_lmdb_expiry_parse(struct tel_str expiry, int *table, struct tel_str *key)
{
	size_t i;

	if (expiry.len < 10 || expiry.len > 9 + TEL_MAX_KEY)
		return false;
	*key = (struct tel_str){ expiry.ptr + 9, expiry.len - 9 };
	for (i = 0; i < N_EXPIRING; i++)
		if (expiring[i].mark == expiry.ptr[8]) {
			*table = expiring[i].table;
			return true;
		}
	return false;
}

struct tel_str tel_lmdb_serial_key(struct tel_key_buf *out, uint64_t serial)
{
	tel_key_start(out);
	tel_key_add_u64(out, serial);
	return tel_key_str(out);
}

struct tel_str tel_lmdb_entry_key(struct tel_key_buf *out, uint64_t serial, uint32_t seq)
{
	tel_key_start(out);
	tel_key_add_u64(out, serial);
	tel_key_add_u64(out, seq);
	return tel_key_str(out);
}
