#include "config.h"

#include <errno.h>
#include <stdio.h>

#include "lmdb-store/store.h"
#include "base/banned.h"

enum tel_err tel_lmdb_err(int rc)
{
	switch (rc) {
	case MDB_SUCCESS:
		return TEL_OK;
	case MDB_NOTFOUND:
	case ENOENT:
		return TEL_ENOTFOUND;
	case MDB_MAP_FULL:
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return TEL_EFULL;
	case MDB_READERS_FULL:
	case MDB_MAP_RESIZED:
	case EAGAIN:
	case EBUSY:
		return TEL_EBUSY;
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
	case MDB_VERSION_MISMATCH:
		return TEL_ECORRUPT;
	case MDB_TXN_FULL:
	case MDB_BAD_VALSIZE:
		return TEL_ETOOBIG;
	case EACCES:
	case EPERM:
	case EROFS:
		return TEL_EDENIED;
	case ENOMEM:
		return TEL_ENOMEM;
	case EINVAL:
	case MDB_BAD_TXN:
	case MDB_BAD_DBI:
		return TEL_EMISUSE;
	default:
		return TEL_EIO;
	}
}

enum tel_err tel_lmdb_say(struct tel_buf *why, enum tel_err err, const char *format, ...)
{
	char text[1024];
	va_list args;

	if (!why)
		return err;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (why->len > 0)
		tel_buf_puts(why, "; ");
	tel_buf_puts(why, text);
	return err;
}
