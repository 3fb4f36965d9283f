#include "config.h"

#include "config/telephony_config.h"
#include "ctl/options.h"
#include "base/banned.h"

enum tel_exit tel_cmd_config_reference(const struct tel_command *self, int argc, char **argv)
{
	static const struct tel_usage usage = { 0 };
	enum tel_exit status;
	struct tel_buf out;

	if (!tel_options_parse(self, &usage, argc, argv, NULL, NULL, &status))
		return status;
	tel_buf_init(&out, TEL_CTL_MAX_OUTPUT);
	tel_config_write_reference(&out);
	status = tel_say(&out);
	tel_buf_release(&out);
	return status;
}
