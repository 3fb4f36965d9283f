#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include "ctl/ctl.h"
#include "system/descriptors.h"
#include "base/banned.h"

/* In the order in which --help shows them; a group's stand together. */
static const struct tel_command commands[] = {
	{ "config", "check", tel_cmd_config_check,
	  "Say all that is wrong with the configuration" },
	{ "config", "reference", tel_cmd_config_reference,
	  "Print every setting with its default and meaning, as Markdown" },
	{ "routes", "check", tel_cmd_routes_check,
	  "Say all that is wrong with a routes file" },
	{ "routes", "resolve", tel_cmd_routes_resolve,
	  "Print which agent answers a call, and which rule says so" },
	{ "calls", "list", tel_cmd_calls_list,
	  "List calls, newest first" },
	{ "calls", "show", tel_cmd_calls_show,
	  "Show one call, and what happened in it" },
	{ "call", "place", tel_cmd_call_place,
	  "Call a number, or say which rules would refuse it" },
	{ "call", "hangup", tel_cmd_call_hangup,
	  "Hang a call up" },
	{ "call", "transfer", tel_cmd_call_transfer,
	  "Hand a call's phone over to somebody else" },
	{ "call", "show", tel_cmd_calls_show,
	  "Show one call, as 'calls show'" },
	{ "call", "watch", tel_cmd_call_watch,
	  "Print what happens in a call until it is over" },
	{ "outbound", "stop", tel_cmd_outbound_stop,
	  "Place no outbound calls any more, in any process" },
	{ "outbound", "start", tel_cmd_outbound_start,
	  "Place outbound calls again" },
	{ "outbound", "status", tel_cmd_outbound_status,
	  "Say whether outbound calls are stopped" },
	{ "simulate", "inbound", tel_cmd_simulate_inbound,
	  "Send the webhooks of inbound calls, signed as LiveKit signs them" },
	{ "store", "stats", tel_cmd_store_stats,
	  "Print what is in the store" },
	{ "store", "check", tel_cmd_store_check,
	  "Compare every index of the store with its records" },
	{ NULL, "backup", tel_cmd_backup,
	  "Copy the store while it is in use" },
	{ NULL, "reconcile", tel_cmd_reconcile,
	  "Compare the calls with what LiveKit shows, and repair" },
	{ NULL, "work", tel_cmd_work,
	  "Run the jobs of calls: as a daemon, or once" },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))
#define MAX_TEXT ((size_t)16 * 1024)

static bool is_group(const char *word)
{
	size_t i;

	for (i = 0; i < N_COMMANDS; i++)
		if (commands[i].group && strcmp(commands[i].group, word) == 0)
			return true;
	return false;
}

static const struct tel_command *find(const char *group, const char *word)
{
	size_t i;

	for (i = 0; i < N_COMMANDS; i++) {
		if (group ? !commands[i].group || strcmp(commands[i].group, group) != 0
			  : commands[i].group != NULL)
			continue;
		if (strcmp(commands[i].word, word) == 0)
			return &commands[i];
	}
	return NULL;
}

/* `group` NULL: all commands. */
static enum tel_exit print_help(const char *group)
{
	struct tel_buf out;
	enum tel_exit status;
	size_t i;

	tel_buf_init(&out, MAX_TEXT);
	tel_buf_printf(&out, "Usage: telephonyctl %s%sCOMMAND [OPTION]...\n\nCommands:\n",
		       group ? group : "", group ? " " : "");
	for (i = 0; i < N_COMMANDS; i++) {
		const struct tel_command *c = &commands[i];
		if (group && (!c->group || strcmp(c->group, group) != 0))
			continue;
		tel_buf_printf(&out, "  %s%s%-*s %s\n", c->group ? c->group : "",
			       c->group ? " " : "",
			       17 - (int)(c->group ? strlen(c->group) + 1 : 0), c->word,
			       c->summary);
	}
	tel_buf_puts(&out,
		     "\n'telephonyctl COMMAND --help' says more; 'telephonyctl --version' the version.\n"
		     "The configuration comes from the environment and from the file that\n"
		     "TELEPHONY_CONFIG names ('telephonyctl config reference' lists the settings).\n"
		     "\n"
		     "Exit status:\n"
		     "  0  done, or yes\n"
		     "  1  no: what was asked about is not there or not right\n"
		     "  2  the command line or the configuration is wrong\n"
		     "  3  trouble with the store, the disk, the memory or the network\n");
	status = tel_say(&out);
	tel_buf_release(&out);
	return status;
}

static enum tel_exit print_version(void)
{
	struct tel_buf out;
	enum tel_exit status;

	tel_buf_init(&out, MAX_TEXT);
	tel_buf_puts(&out, "telephonyctl (" PACKAGE_NAME ") " PACKAGE_VERSION "\n");
	status = tel_say(&out);
	tel_buf_release(&out);
	return status;
}

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "help") == 0;
}

static enum tel_exit wrong(const char *group, const char *word)
{
	if (!word)
		tel_complain("a command is missing; try 'telephonyctl %s%s--help'",
			     group ? group : "", group ? " " : "");
	else
		tel_complain("there is no command '%s%s%s'; try 'telephonyctl %s%s--help'",
			     group ? group : "", group ? " " : "", word, group ? group : "",
			     group ? " " : "");
	return TEL_EXIT_USAGE;
}

int main(int argc, char **argv)
{
	const struct tel_command *command;
	const char *group = NULL;
	int at = 1;

	/* Not to be written to, so that results that nobody gets are an error still. */
	if (!tel_fill_descriptors(O_RDONLY)) {
		tel_complain("can't open /dev/null: %s", strerror(errno));
		return TEL_EXIT_TROUBLE;
	}
	/* A reader that goes away is an error of write(), not our death. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);	/* ulimit -f is an error of write(), too */
	if (argc > 1 && strcmp(argv[1], "--version") == 0)
		return print_version();
	if (argc > 1 && is_group(argv[1]))
		group = argv[at++];
	if (argc <= at)
		return wrong(group, NULL);
	if (is_help(argv[at]))
		return print_help(group);
	command = find(group, argv[at]);
	if (!command)
		return wrong(group, argv[at]);
	return command->run(command, argc - at, argv + at);
}
