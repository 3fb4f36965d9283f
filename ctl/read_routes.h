/* A routes file for the routes subcommands, which show its problems themselves. */
#ifndef TEL_CTL_READ_ROUTES_H
#define TEL_CTL_READ_ROUTES_H

#include "base/err.h"
#include "base/problems.h"
#include "routing/routes.h"

/*
 * `path` NULL: the built-in default. `agent_name` is for where no rule names
 * one. A file that can't be read is a problem like any other.
 * TEL_EMALFORMED (see problems) | TEL_ENOMEM
 */
TEL_MUST_CHECK enum tel_err tel_ctl_read_routes(const char *path, const char *agent_name,
						struct tel_routes **out,
						struct tel_problems *problems);

#endif
