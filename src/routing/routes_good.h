/*
 * A copy of the routes that were good last, for a process that starts when
 * routes.json is broken. One file:
 *
 *	livekit-telephony routes, version 1
 *	/etc/livekit-telephony/routes.json	(the file it is a copy of)
 *	{ ... }					(what was in it, as it was)
 *
 * Its time of change is when these rules were first seen. It stands in a
 * directory that nobody else may write to; who chooses it sees to that. Any
 * thread, any number of processes.
 */
#ifndef TEL_ROUTING_ROUTES_GOOD_H
#define TEL_ROUTING_ROUTES_GOOD_H

#include "base/err.h"
#include "base/file.h"
#include "base/str.h"

/*
 * Make `copy` one of `text`, the good content of the file `of`. Nothing is
 * written if it is one already. TEL_OK also while another process writes it.
 * TEL_ENOTFOUND | TEL_EDENIED | TEL_EMALFORMED (something else is there) |
 * TEL_EFULL | TEL_EIO | TEL_ENOMEM
 */
TEL_MUST_CHECK enum tel_err tel_routes_good_keep(const char *copy, const char *of,
						 struct tel_str text);

/*
 * What is kept of the file `of`: *text lies in *file, which the caller
 * releases after TEL_OK. It is still to be parsed.
 * TEL_ENOTFOUND (no copy) | TEL_ECONFLICT (of another file) | TEL_ECORRUPT |
 * TEL_EDENIED (not readable, another user's, or others may write to it) |
 * TEL_EMALFORMED (not a regular file) | TEL_ETOOBIG | TEL_EIO | TEL_ENOMEM
 */
TEL_MUST_CHECK enum tel_err tel_routes_good_read(const char *copy, const char *of,
						 struct tel_file *file, struct tel_str *text);

#endif
