#include "config.h"

#include <string.h>

#include "lmdb-store/store.h"
#include "base/banned.h"

struct tel_str tel_lmdb_expiry_key(struct tel_lmdb_expiry_key *out, tel_time when, int table,
				   struct tel_str key)
{
	struct tel_key_buf number;

	tel_key_start(&number);
	tel_key_add_time(&number, when);
	memcpy(out->bytes, number.bytes, 8);
	out->bytes[8] = table == TEL_LMDB_EVENTS ? 'E' : 'R';
	memcpy(out->bytes + 9, key.ptr, key.len);
	out->len = 9 + key.len;
	return (struct tel_str){ out->bytes, out->len };
}

bool tel_lmdb_expiry_parse(struct tel_str expiry, int *table, struct tel_str *key)
{
	if (expiry.len < 10 || expiry.len > 9 + TEL_MAX_KEY)
		return false;
	*table = expiry.ptr[8] == 'E' ? TEL_LMDB_EVENTS : TEL_LMDB_ROOMS;
	*key = (struct tel_str){ expiry.ptr + 9, expiry.len - 9 };
	return expiry.ptr[8] == 'E' || expiry.ptr[8] == 'R';
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
