/*
 * What the subcommands of telephonyctl have in common: the table they are
 * in, the exit codes, and how they speak.
 *
 * Results go to stdout, everything else (errors, hints, the log) to stderr,
 * so that output can be piped.
 */
#ifndef TEL_CTL_CTL_H
#define TEL_CTL_CTL_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Documented in every --help and in docs/TELEPHONYCTL.md. */
enum tel_exit {
	TEL_EXIT_OK = 0,
	TEL_EXIT_NOT_SO = 1,	/* what was asked about is not there or not right */
	TEL_EXIT_USAGE = 2,	/* the command line or the configuration is wrong */
	TEL_EXIT_TROUBLE = 3	/* store, disk, memory or network */
};

/* What one invocation may print or hold of an answer at a time. */
#define TEL_CTL_MAX_OUTPUT ((size_t)64 * 1024 * 1024)

struct tel_command {
	const char *group;	/* NULL: the command is one word */
	const char *word;
	enum tel_exit (*run)(const struct tel_command *self, int argc, char **argv);
	const char *summary;	/* one line */
};

/* One function a subcommand; argv[0] is its last word. */
enum tel_exit tel_cmd_config_check(const struct tel_command *self, int argc, char **argv);
enum tel_exit tel_cmd_config_reference(const struct tel_command *self, int argc, char **argv);
enum tel_exit tel_cmd_routes_check(const struct tel_command *self, int argc, char **argv);
enum tel_exit tel_cmd_routes_resolve(const struct tel_command *self, int argc, char **argv);
enum tel_exit tel_cmd_simulate_inbound(const struct tel_command *self, int argc, char **argv);
enum tel_exit tel_cmd_calls_list(const struct tel_command *self, int argc, char **argv);
enum tel_exit tel_cmd_calls_show(const struct tel_command *self, int argc, char **argv);
enum tel_exit tel_cmd_call_place(const struct tel_command *self, int argc, char **argv);
enum tel_exit tel_cmd_call_hangup(const struct tel_command *self, int argc, char **argv);
enum tel_exit tel_cmd_call_transfer(const struct tel_command *self, int argc, char **argv);
enum tel_exit tel_cmd_call_watch(const struct tel_command *self, int argc, char **argv);
enum tel_exit tel_cmd_outbound_stop(const struct tel_command *self, int argc, char **argv);
enum tel_exit tel_cmd_outbound_start(const struct tel_command *self, int argc, char **argv);
enum tel_exit tel_cmd_outbound_status(const struct tel_command *self, int argc, char **argv);
enum tel_exit tel_cmd_reconcile(const struct tel_command *self, int argc, char **argv);
enum tel_exit tel_cmd_work(const struct tel_command *self, int argc, char **argv);
enum tel_exit tel_cmd_backup(const struct tel_command *self, int argc, char **argv);
enum tel_exit tel_cmd_store_stats(const struct tel_command *self, int argc, char **argv);
enum tel_exit tel_cmd_store_check(const struct tel_command *self, int argc, char **argv);

/* ---- speaking ------------------------------------------------------- */

/* "telephonyctl: …" and a newline on stderr. */
void tel_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Write `out` to stdout and flush it. TEL_EXIT_TROUBLE, with a word on
 * stderr, when `out` is in error or can't be written.
 */
enum tel_exit tel_say(const struct tel_buf *out);

#endif
