/* What the guards say to a call, for people and programs outside. Pure. */
#ifndef TEL_VIEW_GUARD_VIEW_H
#define TEL_VIEW_GUARD_VIEW_H

#include "domain/guard.h"
#include "json/json_write.h"

/*
 * Append {"dryRun":true,"allowed":…,"rules":[{rule, passed, detail,
 * retryAfterSeconds}, …]}, every rule in the order in which they are looked
 * at; retryAfterSeconds is null unless waiting so long helps.
 */
void tel_view_put_dry_run(struct tel_json_write *w, const struct tel_guard_report *report);

#endif
