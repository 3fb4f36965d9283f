#include "config.h"

#include "base/file.h"
#include "base/limits.h"
#include "ctl/read_routes.h"
#include "base/banned.h"

enum tel_err tel_ctl_read_routes(const char *path, const char *agent_name,
				 struct tel_routes **out, struct tel_problems *problems)
{
	struct tel_routes_options options = { .origin = path, .agent_name = agent_name };
	struct tel_problem_at at = { .origin = path };
	struct tel_file file = { 0 };
	enum tel_err err;

	if (!path)
		return tel_routes_parse(TEL_STR("{}"), &options, out, problems);
	err = tel_file_read(path, TEL_MAX_ROUTES_FILE, &file);
	if (err == TEL_ENOMEM)
		return err;
	if (err) {
		tel_problems_error(problems, at, "it can't be read: %s; name a file that can",
				   tel_file_problem(err));
		return TEL_EMALFORMED;
	}
	err = tel_routes_parse(tel_file_str(&file), &options, out, problems);
	tel_file_release(&file);
	return err;
}
