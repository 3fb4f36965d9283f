#include "config.h"

#include "ctl/report.h"
#include "view/json_out.h"
#include "base/banned.h"

static void put_problem(const struct tel_problem *p, struct tel_buf *out)
{
	tel_out_comma(out);
	tel_buf_puts(out, "{");
	tel_out_key(out, "level");
	tel_out_name(out, p->warning ? "warning" : "error");
	tel_out_key(out, "origin");
	tel_out_name(out, p->origin);
	tel_out_key(out, "line");
	if (p->line)
		tel_out_int(out, p->line);
	else
		tel_out_name(out, NULL);
	tel_out_key(out, "where");
	tel_out_name(out, p->where);
	tel_out_key(out, "message");
	tel_out_name(out, p->text);
	tel_buf_puts(out, "}");
}

void tel_report_json(const struct tel_problems *problems, struct tel_buf *out)
{
	size_t i;

	tel_out_key(out, "ok");
	tel_out_bool(out, problems->n_errors == 0);
	tel_out_key(out, "problems");
	tel_buf_puts(out, "[");
	for (i = 0; i < problems->n; i++)
		put_problem(&problems->items[i], out);
	tel_buf_puts(out, "]");
}

enum tel_exit tel_report_status(const struct tel_problems *problems)
{
	return problems->n_errors ? TEL_EXIT_NOT_SO : TEL_EXIT_OK;
}
