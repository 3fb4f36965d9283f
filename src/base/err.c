#include "config.h"

#include <errno.h>

#include "base/err.h"

const char *tel_err_text(enum tel_err err)
{
	switch (err) {
	case TEL_OK:		return "ok";
	case TEL_EMALFORMED:	return "malformed";
	case TEL_ETOOBIG:	return "too big";
	case TEL_EDENIED:	return "denied";
	case TEL_ENOTFOUND:	return "not found";
	case TEL_ECONFLICT:	return "conflict";
	case TEL_ENOMEM:	return "no memory";
	case TEL_EBUSY:		return "busy";
	case TEL_EFULL:		return "store full";
	case TEL_EIO:		return "input/output error";
	case TEL_ECORRUPT:	return "corrupt record";
	case TEL_EMISUSE:	return "misuse";
	}
	return "unknown error";
}

enum tel_err tel_err_from_errno(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return TEL_ENOTFOUND;
	case EACCES:
	case EPERM:
	case EROFS:
		return TEL_EDENIED;
	case ENOSPC:
	case EDQUOT:
		return TEL_EFULL;
	case ENOMEM:
		return TEL_ENOMEM;
	default:
		return TEL_EIO;
	}
}

int tel_err_is_ours(enum tel_err err)
{
	return err >= TEL_ENOMEM && err <= TEL_EMISUSE;
}
