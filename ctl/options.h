/*
 * Command lines, by getopt_long(3): a subcommand has one struct with a field
 * for every option, and a const table that lists them. Parsing, ranges, error
 * messages and --help are made from the table.
 */
#ifndef TEL_CTL_OPTIONS_H
#define TEL_CTL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/ctl.h"

/* And the type of the field. */
enum tel_option_type {
	TEL_OPTION_FLAG,	/* bool */
	TEL_OPTION_TEXT,	/* const char *, borrowed from argv; not empty */
	TEL_OPTION_INT,		/* int64_t, min … max */
	TEL_OPTION_DECIMAL	/* double, min … max */
};

struct tel_option {
	const char *name;		/* without "--" */
	enum tel_option_type type;
	size_t offset;			/* of the field; unchanged if not given */
	const char *metavar;		/* NULL for flags */
	const char *help;		/* lines separated by '\n' */
	int64_t min, max;
};

struct tel_usage {
	const char *operands;		/* "CALLID"; NULL = takes none */
	int n_operands;			/* exactly so many */
	const char *about;		/* a paragraph for --help */
	const char *exits;		/* its own words for exit codes, or NULL */
	const struct tel_option *options;
	size_t n_options;
};

/*
 * Fill `values`, the subcommand's struct. True: go on; *operands (may be
 * NULL) is the first of n_operands in argv. False: the invocation ends with
 * *exit (help was printed, or what is wrong was said).
 */
TEL_MUST_CHECK bool tel_options_parse(const struct tel_command *self,
				      const struct tel_usage *usage, int argc, char **argv,
				      void *values, char ***operands, enum tel_exit *exit);

/* "telephonyctl calls show", for messages. */
void tel_command_name(const struct tel_command *command, struct tel_buf *out);

/* A wrong command line in words, and where to read on: TEL_EXIT_USAGE. */
enum tel_exit tel_usage_error(const struct tel_command *self, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* .options and .n_options of a usage. */
#define TEL_OPTIONS(table) .options = (table), .n_options = sizeof(table) / sizeof((table)[0])

/* Options that many have: at the fields `config` and `json` of their struct. */
#define TEL_OPTION_CONFIG(type)								\
	{ "config", TEL_OPTION_TEXT, offsetof(type, config), "FILE",			\
	  "configuration file (default: $TELEPHONY_CONFIG)", 0, 0 }
#define TEL_OPTION_JSON(type)								\
	{ "json", TEL_OPTION_FLAG, offsetof(type, json), NULL, "print JSON", 0, 0 }

#endif
