/*
 * A call as bytes: one JSON object, `"v":1` first.
 *
 * Reading ignores members it does not know, so a field can be added without
 * a new version; a version above ours is refused. Absent texts, zeroes and
 * false are left out. Texts come back byte for byte, whatever is in them.
 *
 * Pure functions, any thread.
 */
#ifndef TEL_RECORD_CALL_RECORD_H
#define TEL_RECORD_CALL_RECORD_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "domain/call.h"

#define TEL_RECORD_VERSION 1

/*
 * Append `call` to `out`. Whatever is encoded decodes again.
 * TEL_ETOOBIG (a field over its ceiling, or all of it over TEL_MAX_RECORD) |
 * TEL_EMISUSE (no valid id, a value outside its enum, a moment millions of years away) |
 * TEL_ENOMEM
 */
TEL_MUST_CHECK enum tel_err tel_call_encode(const struct tel_call *call, struct tel_buf *out);

/*
 * The caller frees *out with tel_call_free(). `json` may be anything.
 * TEL_ECORRUPT (not a record, a newer version, a field over its ceiling) |
 * TEL_ENOMEM
 */
TEL_MUST_CHECK enum tel_err tel_call_decode(struct tel_str json, struct tel_call **out);

#endif
