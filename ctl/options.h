/*
 * Command lines, by getopt_long(3): a subcommand lists its options in a
 * table, and parsing, ranges, error messages and --help are made from it.
 */
#ifndef TEL_CTL_OPTIONS_H
#define TEL_CTL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/ctl.h"

enum tel_option_type {
	TEL_OPTION_FLAG,	/* bool * */
	TEL_OPTION_TEXT,	/* const char **, borrowed from argv; not empty */
	TEL_OPTION_INT,		/* int64_t *, min … max */
	TEL_OPTION_DECIMAL	/* double *, min … max */
};

struct tel_option {
	const char *name;		/* without "--" */
	enum tel_option_type type;
	void *value;			/* unchanged if the option isn't given */
	const char *metavar;		/* NULL for flags */
	const char *help;		/* lines separated by '\n' */
	int64_t min, max;
};

struct tel_usage {
	const struct tel_command *command;
	const char *operands;		/* "CALLID"; "" = takes none */
	int n_operands;			/* exactly so many */
	const char *about;		/* a paragraph for --help */
	const char *exits;		/* its own words for exit codes, or NULL */
	const struct tel_option *options;
	size_t n_options;
};

/*
 * True: go on; *operands is the first of n_operands in argv. False: the
 * invocation ends with *exit (help was printed, or what is wrong was said).
 */
TEL_MUST_CHECK bool tel_options_parse(const struct tel_usage *usage, int argc, char **argv,
				      char ***operands, enum tel_exit *exit);

/* "telephonyctl calls show", for messages. */
void tel_command_name(const struct tel_command *command, struct tel_buf *out);

/* A wrong command line in words, and where to read on: TEL_EXIT_USAGE. */
enum tel_exit tel_usage_error(const struct tel_usage *usage, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The options that every command reading the configuration has. */
#define TEL_OPTION_CONFIG(where)							\
	{ "config", TEL_OPTION_TEXT, (where), "FILE",					\
	  "configuration file (default: $TELEPHONY_CONFIG)", 0, 0 }
#define TEL_OPTION_JSON(where)								\
	{ "json", TEL_OPTION_FLAG, (where), NULL, "print JSON", 0, 0 }

#endif
