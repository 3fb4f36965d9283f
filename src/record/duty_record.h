/*
 * The duty (struct tel_duty) as a JSON record:
 *
 *   {"v":1,"owner":"host:1:2","until":…,"runAt":…}
 *
 * Pure functions, any thread.
 */
#ifndef TEL_RECORD_DUTY_RECORD_H
#define TEL_RECORD_DUTY_RECORD_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "domain/duty.h"

/* Appends it. TEL_EMISUSE (a moment that is none) | TEL_ENOMEM | TEL_ETOOBIG */
TEL_MUST_CHECK enum tel_err tel_duty_encode(const struct tel_duty *duty, struct tel_buf *out);

/*
 * The owner's text is copied into `mem`. TEL_ECORRUPT: not such a record, or
 * of a later version. TEL_ENOMEM
 */
TEL_MUST_CHECK enum tel_err tel_duty_decode(struct tel_str json, struct tel_arena *mem,
					    struct tel_duty *out);

#endif
