/*
 * Inside src/record: the JSON of records. Written straight into a buffer,
 * because the shape is fixed; read with json-c.
 *
 * Texts are kept byte for byte: what is not UTF-8 goes into the record as it
 * came and comes out again. Keys of indexes are made of the same bytes, so
 * nothing may be "repaired" in between; who shows texts repairs them there.
 */
#ifndef TEL_RECORD_JSON_H
#define TEL_RECORD_JSON_H

#include <json-c/json.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "base/time.h"

/* "text", quoted and escaped. Trouble sticks in the buffer. */
void tel_json_put_text(struct tel_buf *b, struct tel_str text);

/*
 * ,"key":value -- the comma too, so a member is never the first of its
 * object. An absent text and a zero are left out.
 */
void tel_json_member_text(struct tel_buf *b, const char *key, struct tel_str text);
void tel_json_member_int(struct tel_buf *b, const char *key, int64_t value);
void tel_json_member_true(struct tel_buf *b, const char *key, bool value);
/* TEL_EMISUSE: no moment that tel_json_time() would take. */
TEL_MUST_CHECK enum tel_err tel_json_member_time(struct tel_buf *b, const char *key, tel_time when);

/*
 * One JSON object, nothing behind it. To be released with json_object_put().
 * TEL_ECORRUPT | TEL_ENOMEM
 */
TEL_MUST_CHECK enum tel_err tel_json_parse(struct tel_str text, json_object **out);

/*
 * Members of an object; one that is not there is absent, 0, false. TEL_OK |
 * TEL_ECORRUPT (another type, or outside the range). A view borrows from the
 * object.
 */
TEL_MUST_CHECK enum tel_err tel_json_view(json_object *o, const char *key, size_t max,
					  struct tel_str *out);
TEL_MUST_CHECK enum tel_err tel_json_int(json_object *o, const char *key, int64_t min, int64_t max,
					 int64_t *out);
/*
 * A moment. What is millions of years away is no moment but damage: sums and
 * differences of two never overflow.
 */
#define TEL_MAX_MOMENT (INT64_MAX / 4)
TEL_MUST_CHECK enum tel_err tel_json_time(json_object *o, const char *key, tel_time *out);
TEL_MUST_CHECK enum tel_err tel_json_bool(json_object *o, const char *key, bool *out);
/* The same as a copy in `mem`; TEL_ENOMEM too. */
TEL_MUST_CHECK enum tel_err tel_json_text(json_object *o, const char *key, size_t max,
					  struct tel_arena *mem, struct tel_str *out);

#endif
