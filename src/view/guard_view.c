#include "config.h"

#include "view/guard_view.h"
#include "base/banned.h"

static void put_rule(struct tel_json_write *w, const struct tel_guard_report *report,
		     enum tel_guard guard)
{
	const struct tel_guard_verdict *verdict = &report->verdicts[guard];

	tel_json_open_object(w, NULL);
	tel_json_put_name(w, "rule", tel_guard_text(guard));
	tel_json_put_bool(w, "passed", verdict->passed);
	tel_json_put_name(w, "detail", verdict->detail);
	if (verdict->retry_after > 0)
		tel_json_put_int(w, "retryAfterSeconds",
				 (verdict->retry_after + TEL_SECOND - 1) / TEL_SECOND);
	else
		tel_json_put_null(w, "retryAfterSeconds");
	tel_json_close(w);
}

void tel_view_put_dry_run(struct tel_json_write *w, const struct tel_guard_report *report)
{
	int guard;

	tel_json_open_object(w, NULL);
	tel_json_put_bool(w, "dryRun", true);
	tel_json_put_bool(w, "allowed", report->passed);
	tel_json_open_list(w, "rules");
	for (guard = 0; guard < TEL_GUARDS; guard++)
		put_rule(w, report, (enum tel_guard)guard);
	tel_json_close(w);
	tel_json_close(w);
}
