/*
 * The one closed set of errors.
 *
 * Grouped by what a caller can do next, not by where the trouble came from.
 * Adapters translate at their edge: no MDB_*, CURLE_* or errno above them.
 * Functions return enum tel_err and hand results out through trailing **out
 * parameters, which are written on TEL_OK only.
 */
#ifndef TEL_BASE_ERR_H
#define TEL_BASE_ERR_H

enum tel_err {
	TEL_OK = 0,

	/* The input is at fault: say so to whoever sent it, do not retry. */
	TEL_EMALFORMED,		/* not what the format allows */
	TEL_ETOOBIG,		/* over a ceiling of base/limits.h */
	TEL_EDENIED,		/* signature, permission or ownership is wrong */

	/* A plain answer that a caller branches on. */
	TEL_ENOTFOUND,		/* no such record, file or key */
	TEL_ECONFLICT,		/* somebody else got there first */

	/* Our own trouble: the same request may succeed later (HTTP 503). */
	TEL_ENOMEM,		/* an allocation failed */
	TEL_EBUSY,		/* a lock, reader slot or peer is not available now */
	TEL_EFULL,		/* the store has no room left */
	TEL_EIO,		/* disk, socket or kernel said no */
	TEL_ECORRUPT,		/* stored data does not decode */

	/* A bug in the caller. */
	TEL_EMISUSE
};

#define TEL_MUST_CHECK __attribute__((warn_unused_result))

/* A short lower-case phrase, never NULL: "no memory", "store full". */
const char *tel_err_text(enum tel_err err);

/* What errno says where nothing more is known of it: adapters add their own cases. */
enum tel_err tel_err_from_errno(int error);

/* True for the errors that mean "our trouble, ask again later". */
int tel_err_is_ours(enum tel_err err);

#endif
