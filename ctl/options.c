#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "ctl/options.h"
#include "base/banned.h"

/* getopt's value of option number i; above every character. */
#define FIRST 256
#define HELP (FIRST - 1)

/* Column in which the words about an option begin. */
#define HELP_COLUMN 24
#define MAX_HELP ((size_t)64 * 1024)
#define MAX_OPTIONS 32

void tel_command_name(const struct tel_command *command, struct tel_buf *out)
{
	tel_buf_puts(out, "telephonyctl ");
	if (command->group)
		tel_buf_printf(out, "%s ", command->group);
	tel_buf_puts(out, command->word);
}

/* ---- help ------------------------------------------------------------- */

static void write_option(const char *name, const char *metavar, const char *help,
			 struct tel_buf *out)
{
	struct tel_str rest = tel_str_from(help), line;
	size_t start = out->len;

	tel_buf_printf(out, "  --%s%s%s", name, metavar ? " " : "", metavar ? metavar : "");
	if (out->len - start + 2 > HELP_COLUMN) {
		tel_buf_puts(out, "\n");
		start = out->len;
	}
	while (rest.ptr) {
		line = tel_str_cut(rest, '\n', &rest);
		tel_buf_printf(out, "%*s%.*s\n", (int)(HELP_COLUMN - (out->len - start)), "",
			       TEL_STR_ARG(line));
		start = out->len;
	}
}

static void write_exits(const struct tel_usage *usage, struct tel_buf *out)
{
	tel_buf_puts(out, "\nExit status:\n");
	if (usage->exits) {
		tel_buf_puts(out, usage->exits);
	} else {
		tel_buf_puts(out, "  0  done\n"
				  "  2  the command line or the configuration is wrong\n"
				  "  3  trouble with the store, the disk or the memory\n");
	}
}

static enum tel_exit print_help(const struct tel_usage *usage)
{
	const struct tel_option *o;
	struct tel_buf out;
	enum tel_exit status;
	size_t i;

	tel_buf_init(&out, MAX_HELP);
	tel_buf_puts(&out, "Usage: ");
	tel_command_name(usage->command, &out);
	tel_buf_printf(&out, " [OPTION]...%s%s\n\n%s.\n", usage->operands[0] ? " " : "",
		       usage->operands, usage->command->summary);
	if (usage->about)
		tel_buf_printf(&out, "\n%s\n", usage->about);
	tel_buf_puts(&out, "\nOptions:\n");
	for (i = 0; i < usage->n_options; i++) {
		o = &usage->options[i];
		write_option(o->name, o->metavar, o->help, &out);
	}
	write_option("help", NULL, "show this and exit", &out);
	write_exits(usage, &out);
	status = tel_say(&out);
	tel_buf_release(&out);
	return status;
}

enum tel_exit tel_usage_error(const struct tel_usage *usage, const char *format, ...)
{
	struct tel_buf name;
	va_list args;

	fflush(stdout);
	tel_buf_init(&name, MAX_HELP);
	tel_command_name(usage->command, &name);
	fprintf(stderr, "%.*s: ", TEL_STR_ARG(tel_buf_str(&name)));
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nTry '%.*s --help'.\n", TEL_STR_ARG(tel_buf_str(&name)));
	tel_buf_release(&name);
	return TEL_EXIT_USAGE;
}

/* ---- values ----------------------------------------------------------- */

static bool parse_decimal(const char *text, const struct tel_option *o)
{
	double value;
	char *end;

	errno = 0;
	value = strtod(text, &end);
	if (errno || end == text || *end || !(value >= (double)o->min && value <= (double)o->max))
		return false;
	*(double *)o->value = value;
	return true;
}

static bool take_value(const struct tel_usage *usage, const struct tel_option *o, const char *text)
{
	switch (o->type) {
	case TEL_OPTION_FLAG:
		*(bool *)o->value = true;
		return true;
	case TEL_OPTION_TEXT:
		if (!*text)
			tel_usage_error(usage, "--%s is empty: give it a %s", o->name, o->metavar);
		*(const char **)o->value = text;
		return *text != '\0';
	case TEL_OPTION_INT:
		if (!tel_num_parse(tel_str_from(text), o->min, o->max, o->value))
			return true;
		tel_usage_error(usage, "--%s '%s' is not a whole number from %lld to %lld",
				o->name, text, (long long)o->min, (long long)o->max);
		return false;
	case TEL_OPTION_DECIMAL:
		if (parse_decimal(text, o))
			return true;
		tel_usage_error(usage, "--%s '%s' is not a number from %lld to %lld", o->name,
				text, (long long)o->min, (long long)o->max);
		return false;
	}
	return false;
}

/* ---- getopt ------------------------------------------------------------ */

static void to_getopt(const struct tel_usage *usage, struct option out[MAX_OPTIONS + 2])
{
	size_t i;

	for (i = 0; i < usage->n_options && i < MAX_OPTIONS; i++)
		out[i] = (struct option){
			.name = usage->options[i].name,
			.has_arg = usage->options[i].type == TEL_OPTION_FLAG ? no_argument
									     : required_argument,
			.val = FIRST + (int)i,
		};
	out[i] = (struct option){ .name = "help", .has_arg = no_argument, .val = HELP };
	out[i + 1] = (struct option){ 0 };
}

static void say_fault(const struct tel_usage *usage, int result, char **argv)
{
	const struct tel_option *o = optopt >= FIRST ? &usage->options[optopt - FIRST] : NULL;

	if (result == ':' && o)
		tel_usage_error(usage, "--%s needs a %s behind it", o->name, o->metavar);
	else if (o)
		tel_usage_error(usage, "--%s takes no value", o->name);
	else if (optopt == HELP)
		tel_usage_error(usage, "--help takes no value");
	else if (optopt)
		tel_usage_error(usage, "there is no option -%c", optopt);
	else
		tel_usage_error(usage, "there is no option %s, or it stands for several",
				argv[optind - 1]);
}

static bool check_operands(const struct tel_usage *usage, int argc, char **argv)
{
	int given = argc - optind;

	if (given == usage->n_operands)
		return true;
	if (given < usage->n_operands)
		tel_usage_error(usage, "%s is missing", usage->operands);
	else
		tel_usage_error(usage, "'%s' is one argument too many",
				argv[optind + usage->n_operands]);
	return false;
}

bool tel_options_parse(const struct tel_usage *usage, int argc, char **argv, char ***operands,
		       enum tel_exit *exit)
{
	struct option table[MAX_OPTIONS + 2];
	int c;

	to_getopt(usage, table);
	*exit = TEL_EXIT_USAGE;
	opterr = 0;
	optind = 0;	/* GNU: start anew */
	while ((c = getopt_long(argc, argv, ":", table, NULL)) != -1) {
		if (c == HELP) {
			*exit = print_help(usage);
			return false;
		}
		if (c < FIRST) {
			say_fault(usage, c, argv);
			return false;
		}
		if (!take_value(usage, &usage->options[c - FIRST], optarg))
			return false;
	}
	if (!check_operands(usage, argc, argv))
		return false;
	if (operands)
		*operands = argv + optind;
	return true;
}
