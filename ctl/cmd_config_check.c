#include "config.h"

#include "ctl/load_config.h"
#include "ctl/options.h"
#include "ctl/read_routes.h"
#include "ctl/report.h"
#include "view/json_out.h"
#include "base/banned.h"

static const char *const sources[] = {
	[TEL_FROM_DEFAULT] = "default",
	[TEL_FROM_FILE] = "file",
	[TEL_FROM_ENVIRONMENT] = "environment",
};

static void put_setting(const struct tel_setting *setting, const struct tel_config_value *value,
			struct tel_buf *out)
{
	bool secret = setting->flags & TEL_SETTING_SECRET;

	tel_out_comma(out);
	tel_buf_puts(out, "{");
	tel_out_key(out, "setting");
	tel_out_name(out, setting->key);
	tel_out_key(out, "value");
	tel_out_name(out, value->text && secret ? "(set)" : value->text);
	tel_out_key(out, "source");
	tel_out_name(out, value->text ? sources[value->source] : NULL);
	tel_buf_puts(out, "}");
}

static void put_settings(const struct tel_config *config, struct tel_buf *out)
{
	size_t i;

	tel_out_key(out, "settings");
	tel_buf_puts(out, "[");
	for (i = 0; i < TEL_SETTINGS; i++)
		put_setting(tel_setting((enum tel_setting_id)i), &config->values[i], out);
	tel_buf_puts(out, "]");
}

/* `config` NULL: it can't be used. */
static enum tel_exit report(const struct tel_problems *problems, const struct tel_config *config,
			    bool json)
{
	enum tel_exit status;
	struct tel_buf out;

	tel_buf_init(&out, TEL_CTL_MAX_OUTPUT);
	if (json) {
		tel_buf_puts(&out, "{");
		tel_report_json(problems, &out);
		if (config)
			put_settings(config, &out);
		tel_buf_puts(&out, "}\n");
	} else {
		tel_problems_write(problems, &out);
		if (config)
			tel_config_write_effective(config, &out);
	}
	status = tel_say(&out);
	tel_buf_release(&out);
	return status ? status : tel_report_status(problems);
}

/* A broken one stops a program that has no copy of a good one. */
static enum tel_err check_routes(const struct tel_config *config, struct tel_problems *problems)
{
	struct tel_problems found = { 0 };
	struct tel_routes *routes = NULL;
	enum tel_err err;

	if (!config->routes_file)
		return TEL_OK;
	err = tel_ctl_read_routes(config->routes_file, config->agent_name, &routes, &found);
	if (found.n_errors > 0)
		tel_problems_error(problems, (struct tel_problem_at){ .where = "TELEPHONY_ROUTES" },
				   "%s can't be used: correct it, until 'telephonyctl routes check' "
				   "finds nothing", config->routes_file);
	tel_problems_move(problems, &found);
	tel_routes_free(routes);
	return err == TEL_EMALFORMED ? TEL_OK : err;
}

enum tel_exit tel_cmd_config_check(const struct tel_command *self, int argc, char **argv)
{
	const char *file = NULL;
	bool json = false;
	const struct tel_option options[] = {
		TEL_OPTION_JSON(&json),
		TEL_OPTION_CONFIG(&file),
	};
	const struct tel_usage usage = {
		.command = self, .operands = "",
		.about = "Every problem is named with its setting, what is allowed and the cure, those of\n"
			 "the routes file as well; then the settings in force are printed, secrets as\n"
			 "\"(set)\".",
		.exits = "  0  it can be used; there may be warnings\n"
			 "  1  it can't be used\n"
			 "  2  the command line is wrong\n"
			 "  3  trouble with the memory\n",
		.options = options, .n_options = sizeof(options) / sizeof(options[0]),
	};
	struct tel_problems problems = { 0 };
	struct tel_config *config = NULL;
	enum tel_exit status;
	enum tel_err err;

	if (!tel_options_parse(&usage, argc, argv, NULL, &status))
		return status;
	err = tel_try_config(file, TEL_CONFIG_TO_SERVE, &config, &problems);
	if (!err)
		err = check_routes(config, &problems);
	if (err && err != TEL_EMALFORMED) {
		tel_complain("%s", tel_err_text(err));
		status = TEL_EXIT_TROUBLE;
	} else {
		status = report(&problems, config, json);
	}
	tel_config_free(config);
	tel_problems_release(&problems);
	return status;
}
