#include "config.h"

#include "ctl/options.h"
#include "ctl/report.h"
#include "ctl/read_routes.h"
#include "view/json_out.h"
#include "base/banned.h"

/* Which agent a file names where it names none plays no part here. */
#define ANY_AGENT "telephony-agent"

static void put_json(const struct tel_routes *routes, const struct tel_problems *problems,
		     struct tel_buf *out)
{
	tel_buf_puts(out, "{");
	tel_report_json(problems, out);
	if (routes) {
		tel_out_key(out, "numbers");
		tel_out_int(out, (int64_t)tel_routes_numbers(routes));
		tel_out_key(out, "trunks");
		tel_out_int(out, (int64_t)tel_routes_trunks(routes));
	}
	tel_buf_puts(out, "}\n");
}

static void put_words(const char *path, const struct tel_routes *routes,
		      const struct tel_problems *problems, struct tel_buf *out)
{
	tel_problems_write(problems, out);
	if (routes)
		tel_buf_printf(out, "%s is good: %zu rules for numbers, %zu for trunks\n", path,
			       tel_routes_numbers(routes), tel_routes_trunks(routes));
}

static enum tel_exit run(const char *path, bool json)
{
	struct tel_problems problems = { 0 };
	struct tel_routes *routes = NULL;
	enum tel_exit status;
	struct tel_buf out;
	enum tel_err err;

	tel_buf_init(&out, TEL_CTL_MAX_OUTPUT);
	err = tel_ctl_read_routes(path, ANY_AGENT, &routes, &problems);
	if (err && err != TEL_EMALFORMED) {
		tel_complain("%s", tel_err_text(err));
		status = TEL_EXIT_TROUBLE;
		goto out;
	}
	if (json)
		put_json(routes, &problems, &out);
	else
		put_words(path, routes, &problems, &out);
	status = tel_say(&out);
	if (!status)
		status = tel_report_status(&problems);
out:
	tel_buf_release(&out);
	tel_routes_free(routes);
	tel_problems_release(&problems);
	return status;
}

enum tel_exit tel_cmd_routes_check(const struct tel_command *self, int argc, char **argv)
{
	bool json = false;
	const struct tel_option options[] = { TEL_OPTION_JSON(&json) };
	const struct tel_usage usage = {
		.command = self, .operands = "FILE", .n_operands = 1,
		.about = "A file that is put in force while it is broken is not taken: the rules before it\n"
			 "stay. So check it here first.",
		.exits = "  0  it can be used; there may be warnings\n"
			 "  1  it can't be used, or not be read\n"
			 "  2  the command line is wrong\n"
			 "  3  trouble with the memory\n",
		.options = options, .n_options = sizeof(options) / sizeof(options[0]),
	};
	enum tel_exit status;
	char **operands;

	if (!tel_options_parse(&usage, argc, argv, &operands, &status))
		return status;
	return run(operands[0], json);
}
