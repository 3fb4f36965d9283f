#include "config.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "ctl/ctl.h"
#include "ctl/text.h"
#include "base/banned.h"

#define MAX_COLUMNS 16

/* C0, DEL, and C1 (U+0080 … U+009F), which terminals obey as well. */
static bool is_control(struct tel_str character)
{
	unsigned char first = (unsigned char)character.ptr[0];

	if (character.len == 1)
		return first < 0x20 || first == 0x7f;
	return first == 0xc2 && (unsigned char)character.ptr[1] < 0xa0;
}

void tel_put_safe(struct tel_buf *b, struct tel_str text)
{
	struct tel_str c;

	if (!tel_str_is_set(text))
		tel_buf_puts(b, "-");
	for (; text.len > 0; text.ptr += c.len, text.len -= c.len) {
		c = (struct tel_str){ text.ptr, tel_utf8_length(text) };
		if (c.len == 0) {
			c.len = 1;
			tel_buf_puts(b, "\xef\xbf\xbd");
		} else if (is_control(c)) {
			tel_buf_puts(b, "?");
		} else {
			tel_buf_add_str(b, c);
		}
	}
}

void tel_put_duration(struct tel_buf *b, tel_time ms)
{
	if (ms < 0)
		ms = 0;
	if (ms < TEL_MINUTE)
		tel_buf_printf(b, "%.1fs", (double)ms / 1000.0);
	else if (ms < TEL_HOUR)
		tel_buf_printf(b, "%dm%02ds", (int)(ms / TEL_MINUTE),
			       (int)(ms % TEL_MINUTE / TEL_SECOND));
	else
		tel_buf_printf(b, "%lldh%02dm", (long long)(ms / TEL_HOUR),
			       (int)(ms % TEL_HOUR / TEL_MINUTE));
}

/* ---- tables ----------------------------------------------------------------- */

void tel_table_init(struct tel_table *table, size_t columns)
{
	*table = (struct tel_table){ .columns = columns };
	tel_buf_init(&table->cells, TEL_CTL_MAX_OUTPUT);
}

void tel_table_release(struct tel_table *table)
{
	tel_buf_release(&table->cells);
	free(table->ends);
	table->ends = NULL;
	table->n = table->cap = 0;
}

void tel_table_end_cell(struct tel_table *table)
{
	size_t cap = table->cap ? table->cap * 2 : 256;
	size_t *grown;

	if (table->n == table->cap) {
		grown = reallocarray(table->ends, cap, sizeof(*grown));
		if (!grown) {
			table->err = TEL_ENOMEM;
			return;
		}
		table->ends = grown;
		table->cap = cap;
	}
	table->ends[table->n++] = table->cells.len;
}

static struct tel_str cell(const struct tel_table *table, size_t i)
{
	size_t start = i ? table->ends[i - 1] : 0;

	return (struct tel_str){ tel_buf_str(&table->cells).ptr + start, table->ends[i] - start };
}

/* Characters; the text is well-formed, see tel_put_safe(). */
static size_t width(struct tel_str text)
{
	size_t i, n = 0;

	for (i = 0; i < text.len; i++)
		n += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
	return n;
}

void tel_table_write(const struct tel_table *table, struct tel_buf *out)
{
	size_t widths[MAX_COLUMNS] = { 0 }, i, w;
	struct tel_str text;

	if (!out->err)
		out->err = table->err ? table->err : tel_buf_err(&table->cells);
	for (i = 0; i < table->n; i++) {
		w = width(cell(table, i));
		if (w > widths[i % table->columns])
			widths[i % table->columns] = w;
	}
	for (i = 0; i < table->n; i++) {
		text = cell(table, i);
		tel_buf_add_str(out, text);
		if ((i + 1) % table->columns == 0)
			tel_buf_puts(out, "\n");
		else
			tel_buf_printf(out, "%*s", (int)(widths[i % table->columns] + 2 -
							 width(text)), "");
	}
}
