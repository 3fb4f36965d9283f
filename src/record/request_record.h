/*
 * A remembered request (struct tel_request_memory) as bytes, of one length:
 *
 *   remember_until (8 bytes, big-endian), the call's id as text, SHA-256
 *
 * Pure functions, any thread.
 */
#ifndef TEL_RECORD_REQUEST_RECORD_H
#define TEL_RECORD_REQUEST_RECORD_H

#include "base/err.h"
#include "base/str.h"
#include "base/time.h"
#include "domain/step.h"

#define TEL_REQUEST_RECORD (8 + (TEL_CALL_ID_TEXT - 1) + 32)

/* The text is in `bytes`. */
struct tel_str tel_request_encode(const struct tel_request_memory *memory, tel_time until,
				  char bytes[TEL_REQUEST_RECORD]);

/* TEL_ECORRUPT: not such a record. */
TEL_MUST_CHECK enum tel_err tel_request_decode(struct tel_str bytes,
					       struct tel_request_memory *out);

#endif
