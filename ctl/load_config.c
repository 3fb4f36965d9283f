#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/load_config.h"
#include "base/banned.h"

/* One way in for the file's name, so that every message names it alike. */
static enum tel_err name_config(const char *file, struct tel_problems *problems)
{
	struct tel_problem_at at = { .origin = "command line", .where = "--config" };
	char *path;
	enum tel_err err = TEL_OK;

	if (!file)
		return TEL_OK;
	path = realpath(file, NULL);
	if (!path) {
		tel_problems_error(problems, at, "%s: %s; name a file that can be read", file,
				   strerror(errno));
		return TEL_EMALFORMED;
	}
	if (setenv("TELEPHONY_CONFIG", path, 1) != 0)
		err = TEL_ENOMEM;
	free(path);
	return err;
}

enum tel_err tel_try_config(const char *file, enum tel_config_purpose purpose,
			    struct tel_config **out, struct tel_problems *problems)
{
	enum tel_err err = name_config(file, problems);

	if (err)
		return err;
	return tel_config_load((const char *const *)environ, purpose, out, problems);
}

enum tel_exit tel_load_config(const char *file, enum tel_config_purpose purpose,
			      struct tel_config **out)
{
	struct tel_problems problems = { 0 };
	enum tel_err err = tel_try_config(file, purpose, out, &problems);
	struct tel_buf text;

	tel_buf_init(&text, TEL_CTL_MAX_OUTPUT);
	if (err) {
		tel_problems_write(&problems, &text);
		fflush(stdout);
		fprintf(stderr, "%.*s", TEL_STR_ARG(tel_buf_str(&text)));
		tel_complain("the configuration can't be used%s%s",
			     err == TEL_EMALFORMED ? "; see 'telephonyctl config check'" : ": ",
			     err == TEL_EMALFORMED ? "" : tel_err_text(err));
	}
	tel_buf_release(&text);
	tel_problems_release(&problems);
	if (!err)
		return TEL_EXIT_OK;
	return err == TEL_EMALFORMED ? TEL_EXIT_USAGE : TEL_EXIT_TROUBLE;
}
