/*
 * Writing JSON for people and programs outside: what a caller made us store
 * may hold any bytes, what goes out is well-formed UTF-8 and JSON. Trouble
 * sticks in the buffer.
 */
#ifndef TEL_VIEW_JSON_OUT_H
#define TEL_VIEW_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/time.h"

/*
 * Opening and closing are the writer's own: tel_buf_puts(b, "{"). The comma
 * before a member or an element is put where one is needed.
 */
void tel_out_comma(struct tel_buf *b);
/* "key": and the comma before it. `key` is plain ASCII. */
void tel_out_key(struct tel_buf *b, const char *key);

/* Values. An absent text and moment 0 are null; so is a NULL name. */
void tel_out_text(struct tel_buf *b, struct tel_str text);
void tel_out_name(struct tel_buf *b, const char *name);
void tel_out_bool(struct tel_buf *b, bool value);
void tel_out_int(struct tel_buf *b, int64_t value);
void tel_out_time(struct tel_buf *b, tel_time when);	/* RFC 3339 */
/* A text that should be JSON already: as it is, or as a string if it is not. */
void tel_out_json(struct tel_buf *b, struct tel_str json);

#endif
