/*
 * An entry of a timeline as bytes: one JSON object, versioned and read like
 * a call's record. Pure functions, any thread.
 */
#ifndef TEL_RECORD_ENTRY_RECORD_H
#define TEL_RECORD_ENTRY_RECORD_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "domain/timeline.h"

/*
 * Append `entry` to `out`. TEL_ETOOBIG (over TEL_MAX_RECORD) | TEL_EMISUSE
 * (a value outside its enum, a moment millions of years away) | TEL_ENOMEM
 */
TEL_MUST_CHECK enum tel_err tel_entry_encode(const struct tel_entry *entry, struct tel_buf *out);

/* Texts are copied into `mem`. TEL_ECORRUPT | TEL_ENOMEM (also mem's ceiling) */
TEL_MUST_CHECK enum tel_err tel_entry_decode(struct tel_str json, struct tel_arena *mem,
					     struct tel_entry *out);

#endif
