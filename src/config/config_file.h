/*
 * The syntax of a configuration file, nothing else: pure, and made to be
 * fuzzed.
 *
 *	# a comment has a line of its own
 *	KEY=value
 *	KEY = "value"		blanks around are no part of it
 *	KEY='value # with a number sign'
 *
 * A value may be in single or double quotes; there are no escapes, no
 * expansion and no continuation lines.
 */
#ifndef TEL_CONFIG_CONFIG_FILE_H
#define TEL_CONFIG_CONFIG_FILE_H

#include <stdbool.h>

#include "base/str.h"

struct tel_config_reader {
	struct tel_str rest;
	unsigned line;			/* of what was read last */
};

struct tel_config_line {
	unsigned line;			/* counted from 1 */
	struct tel_str key, value;	/* borrowed from the text */
	/*
	 * NULL, or why this is no KEY=VALUE, and the cure. The line's own
	 * text is not to be shown: it may hold a secret.
	 */
	const char *fault;
};

void tel_config_reader_init(struct tel_config_reader *reader, struct tel_str text);

/* The next line that is neither empty nor a comment; false at the end. */
bool tel_config_reader_next(struct tel_config_reader *reader, struct tel_config_line *out);

#endif
