#include "config.h"

#include "config/telephony_config.h"
#include "ctl/options.h"
#include "base/banned.h"

enum tel_exit tel_cmd_config_reference(const struct tel_command *self, int argc, char **argv)
{
	const struct tel_usage usage = { .command = self, .operands = "" };
	enum tel_exit status;
	struct tel_buf out;

	if (!tel_options_parse(&usage, argc, argv, NULL, &status))
		return status;
	tel_buf_init(&out, TEL_CTL_MAX_OUTPUT);
	tel_config_write_reference(&out);
	status = tel_say(&out);
	tel_buf_release(&out);
	return status;
}
