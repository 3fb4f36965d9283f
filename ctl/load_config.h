/* Where a subcommand gets the configuration from, and how it says what is wrong. */
#ifndef TEL_CTL_LOAD_CONFIG_H
#define TEL_CTL_LOAD_CONFIG_H

#include "config/telephony_config.h"
#include "ctl/ctl.h"

/*
 * The configuration out of the environment and `file` (NULL: the one that
 * TELEPHONY_CONFIG names). Problems are said on stderr: TEL_EXIT_USAGE or
 * TEL_EXIT_TROUBLE.
 */
TEL_MUST_CHECK enum tel_exit tel_load_config(const char *file, enum tel_config_purpose purpose,
					     struct tel_config **out);

/* The same, `problems` left to the caller: for those who show them otherwise. */
TEL_MUST_CHECK enum tel_err tel_try_config(const char *file, enum tel_config_purpose purpose,
					   struct tel_config **out,
					   struct tel_problems *problems);

#endif
