/* A list of problems as a result: in words or as JSON. */
#ifndef TEL_CTL_REPORT_H
#define TEL_CTL_REPORT_H

#include <stdbool.h>

#include "base/problems.h"
#include "ctl/ctl.h"

/* Members of an object that is open: "ok":…,"problems":[…] */
void tel_report_json(const struct tel_problems *problems, struct tel_buf *out);

/* TEL_EXIT_OK if there are at most warnings, else TEL_EXIT_NOT_SO. */
enum tel_exit tel_report_status(const struct tel_problems *problems);

#endif
