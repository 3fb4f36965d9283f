/*
 * Text for terminals. What is stored came in part from callers, so control
 * characters and broken UTF-8 never reach a terminal.
 */
#ifndef TEL_CTL_TEXT_H
#define TEL_CTL_TEXT_H

#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/time.h"

/* Append `text`, harmless; an absent one is "-". */
void tel_put_safe(struct tel_buf *b, struct tel_str text);

/* "0.4 s", "1m05s", "2h03m". A negative one counts as 0. */
void tel_put_duration(struct tel_buf *b, tel_time ms);

/* Columns as wide as their longest cell, two blanks between. */
struct tel_table {
	size_t columns;
	struct tel_buf cells;		/* all texts, one after the other */
	size_t *ends;			/* where each ends; owned */
	size_t n, cap;
	enum tel_err err;
};

void tel_table_init(struct tel_table *table, size_t columns);
void tel_table_release(struct tel_table *table);

/* Write a cell: append to table->cells, then end it. Row by row. */
void tel_table_end_cell(struct tel_table *table);

/* The whole table; trouble of the table becomes trouble of `out`. */
void tel_table_write(const struct tel_table *table, struct tel_buf *out);

#endif
