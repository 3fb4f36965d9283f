/* A call and its timeline in words, for people. */
#ifndef TEL_CTL_PRINT_CALL_H
#define TEL_CTL_PRINT_CALL_H

#include "base/buf.h"
#include "base/time.h"
#include "ctl/text.h"
#include "domain/call.h"
#include "domain/timeline.h"

/* One row of `calls list`: TEL_CALL_COLUMNS cells. */
#define TEL_CALL_COLUMNS 9
void tel_table_add_call_header(struct tel_table *table);
void tel_table_add_call(struct tel_table *table, const struct tel_call *call, tel_time now);

/* "name      value" lines. */
void tel_print_call(const struct tel_call *call, tel_time now, struct tel_buf *out);

/* One entry as in a timeline. */
void tel_print_entry(const struct tel_call *call, const struct tel_entry *entry,
		     struct tel_buf *b);

/* One line an entry, its evidence below it; offsets from the call's beginning. */
void tel_print_timeline(const struct tel_call *call, const struct tel_timeline *timeline,
			struct tel_buf *out);

#endif
