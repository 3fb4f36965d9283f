#include "config.h"

#include "ctl/options.h"
#include "ctl/session.h"
#include "lmdb-store/lmdb_store.h"
#include "base/banned.h"

static enum tel_exit run(const char *config, const char *directory)
{
	struct tel_session session = { 0 };
	enum tel_exit status = tel_session_open(config, &session);
	struct tel_buf text;
	enum tel_err err;

	tel_buf_init(&text, TEL_CTL_MAX_WHY);
	if (status)
		goto out;
	err = tel_lmdb_backup(session.store, directory, &text);
	if (err == TEL_ECONFLICT || err == TEL_ENOTFOUND) {
		tel_trouble(err, &text);
		status = TEL_EXIT_NOT_SO;
	} else if (err) {
		status = tel_trouble(err, &text);
	} else {
		tel_buf_clear(&text);
		tel_buf_printf(&text, "%s is a copy of the store %s\n", directory,
			       session.config->store.path);
		status = tel_say(&text);
	}
out:
	tel_buf_release(&text);
	tel_session_close(&session);
	return status;
}

enum tel_exit tel_cmd_backup(const struct tel_command *self, int argc, char **argv)
{
	const char *config = NULL;
	const struct tel_option options[] = { TEL_OPTION_CONFIG(&config) };
	const struct tel_usage usage = {
		.command = self, .operands = "DIRECTORY", .n_operands = 1,
		.about = "The copy is one moment of the store, compacted, and a store itself: point\n"
			 "TELEPHONY_STORE at it to use it. The directory is made if it is missing. Never\n"
			 "copy the files of a store in use by other means.",
		.exits = "  0  the copy is complete and on disk\n"
			 "  1  DIRECTORY holds a store already, or its parent is not there\n"
			 "  2  the command line or the configuration is wrong\n"
			 "  3  trouble with the store, the disk or the memory\n",
		.options = options, .n_options = sizeof(options) / sizeof(options[0]),
	};
	enum tel_exit status;
	char **operands;

	if (!tel_options_parse(&usage, argc, argv, &operands, &status))
		return status;
	return run(config, operands[0]);
}
