/*
 * Records in pieces that fit a leaf page.
 *
 * LMDB gives a value of more than about half a page a run of pages of its
 * own. In a map that is nearly full the free pages are scattered, and a run
 * of three is not to be had though hundreds are free: the reserve would be
 * worthless. In pieces, every allocation is one page, and the reserve holds.
 *
 *   table: key -> length (4 bytes, big-endian), first piece
 *   MORE:  key, number of the piece (2 bytes, 1 …) -> piece
 *
 * Keys of calls and of timeline entries differ in length, so MORE can serve
 * both.
 */
#include "config.h"

#include <string.h>

#include "lmdb-store/store.h"
#include "base/banned.h"

/* Two nodes with their headers and the longest key fit a page of 4096. */
#define PIECE ((size_t)1990)

static size_t pieces_of(size_t len)
{
	return len > PIECE ? (len - 1) / PIECE : 0;
}

static struct tel_str more_key(struct tel_key_buf *out, struct tel_str key, size_t piece)
{
	memcpy(out->bytes, key.ptr, key.len);
	out->bytes[key.len] = (char)(piece >> 8);
	out->bytes[key.len + 1] = (char)(piece & 0xff);
	out->len = key.len + 2;
	return tel_key_str(out);
}

/* False: no value of ours. */
static bool parse_head(struct tel_str value, size_t *len, struct tel_str *first)
{
	const unsigned char *p = (const unsigned char *)value.ptr;

	if (value.len < 4)
		return false;
	*len = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
	*first = (struct tel_str){ value.ptr + 4, value.len - 4 };
	return first->len == (*len > PIECE ? PIECE : *len);
}

size_t tel_lmdb_blob_pieces(struct tel_str value)
{
	struct tel_str first;
	size_t len;

	return parse_head(value, &len, &first) ? pieces_of(len) : 0;
}

enum tel_err tel_lmdb_blob(struct tel_lmdb_txn *t, struct tel_str key, struct tel_str value,
			   struct tel_buf *scratch, struct tel_str *out)
{
	struct tel_str piece = TEL_STR_NONE;
	struct tel_key_buf more;
	enum tel_err err = TEL_OK;
	size_t i, len;

	if (!parse_head(value, &len, out) || len > TEL_MAX_RECORD)
		return TEL_ECORRUPT;
	if (len == out->len)
		return TEL_OK;
	tel_buf_clear(scratch);
	tel_buf_add_str(scratch, *out);
	for (i = 1; i <= pieces_of(len) && !err; i++) {
		err = tel_lmdb_get(t, TEL_LMDB_MORE, more_key(&more, key, i), &piece);
		if (!err)
			err = tel_buf_add_str(scratch, piece);
	}
	if (err == TEL_ENOTFOUND || (!err && scratch->len != len))
		err = TEL_ECORRUPT;
	*out = tel_buf_str(scratch);
	return err;
}

/* The pieces `from` … `to` of what is under `key`. */
static enum tel_err drop_pieces(struct tel_lmdb_txn *t, struct tel_str key, size_t from, size_t to)
{
	struct tel_key_buf more;
	enum tel_err err = TEL_OK;

	for (; from <= to && !err; from++)
		err = tel_lmdb_del(t, TEL_LMDB_MORE, more_key(&more, key, from));
	return err;
}

/* How many pieces of MORE belong to `key` now. */
static enum tel_err count_pieces(struct tel_lmdb_txn *t, int table, struct tel_str key, size_t *out)
{
	struct tel_str value;
	enum tel_err err = tel_lmdb_get(t, table, key, &value);

	*out = err ? 0 : tel_lmdb_blob_pieces(value);
	return err == TEL_ENOTFOUND ? TEL_OK : err;
}

enum tel_err tel_lmdb_put_blob(struct tel_lmdb_txn *t, int table, struct tel_str key,
			       struct tel_str bytes)
{
	size_t first = bytes.len > PIECE ? PIECE : bytes.len, old, i, at;
	char head[4 + PIECE] = {
		(char)(bytes.len >> 24), (char)(bytes.len >> 16), (char)(bytes.len >> 8),
		(char)bytes.len,
	};
	struct tel_key_buf more;
	enum tel_err err = count_pieces(t, table, key, &old);

	if (err)
		return err;
	memcpy(head + 4, bytes.ptr, first);
	err = tel_lmdb_put(t, table, key, (struct tel_str){ head, 4 + first });
	for (i = 1, at = first; at < bytes.len && !err; i++, at += PIECE)
		err = tel_lmdb_put(t, TEL_LMDB_MORE, more_key(&more, key, i), (struct tel_str){
			bytes.ptr + at, bytes.len - at > PIECE ? PIECE : bytes.len - at });
	return err ? err : drop_pieces(t, key, pieces_of(bytes.len) + 1, old);
}

enum tel_err tel_lmdb_del_blob(struct tel_lmdb_txn *t, int table, struct tel_str key)
{
	size_t old;
	enum tel_err err = count_pieces(t, table, key, &old);

	if (!err)
		err = drop_pieces(t, key, 1, old);
	return err ? err : tel_lmdb_del(t, table, key);
}
