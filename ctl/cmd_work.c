#include "config.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "compose/compose.h"
#include "compose/work.h"
#include "ctl/load_config.h"
#include "ctl/options.h"
#include "ctl/session.h"
#include "base/banned.h"

/* --once ends after this long, however much there is; cron starts the next. */
#define DEFAULT_PATIENCE 50

/* Beyond what a stopping worker waits for LiveKit itself. */
#define JOIN_PATIENCE (TEL_WORK_DRAIN + 3 * TEL_SECOND)

/*
 * SIGTERM and SIGINT are waited for, not caught: blocked here before any
 * thread is there, so that none can be interrupted by them.
 */
static void block_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, signals, NULL);
}

/* The store can't be written any more in this process: the manager starts another. */
static void end_process(void *broken)
{
	atomic_store((atomic_bool *)broken, true);
	kill(getpid(), SIGTERM);
}

static enum tel_exit work_until_told(struct tel_compose *c, const sigset_t *signals)
{
	static atomic_bool broken;
	struct tel_work *work;
	enum tel_err err;
	int which = 0;

	c->store_broken = end_process;
	c->store_broken_ctx = &broken;
	err = tel_work_start(&c->app, c->inbox, c->runner, &work);
	if (err) {
		tel_complain("can't start a thread: %s", tel_err_text(err));
		return TEL_EXIT_TROUBLE;
	}
	tel_log_line(c->app.log, TEL_LOG_INFO, "work_started", TEL_F_INT("pid", getpid()));
	sigwait(signals, &which);
	tel_work_stop(work);
	if (!tel_work_join(work, JOIN_PATIENCE)) {
		tel_log_line(c->app.log, TEL_LOG_WARN, "work_left_unfinished",
			     TEL_F_INT("signal", which));
		/* Its thread still uses everything; the kernel tidies up. */
		_exit(atomic_load(&broken) ? TEL_EXIT_TROUBLE : TEL_EXIT_OK);
	}
	tel_log_line(c->app.log, TEL_LOG_INFO, "work_stopped", TEL_F_INT("signal", which));
	return atomic_load(&broken) ? TEL_EXIT_TROUBLE : TEL_EXIT_OK;
}

static enum tel_exit work_once(struct tel_compose *c, tel_time patience)
{
	enum tel_err err = tel_work_until_idle(&c->app, c->runner, 0, patience);

	if (!err)
		return TEL_EXIT_OK;
	tel_complain("not all jobs could be run: %s", tel_err_text(err));
	return TEL_EXIT_TROUBLE;
}

static enum tel_exit run(const char *config_file, bool once, tel_time patience)
{
	struct tel_config *config = NULL;
	struct tel_compose *compose = NULL;
	enum tel_exit status;
	struct tel_buf why;
	sigset_t signals;
	enum tel_err err;

	status = tel_load_config(config_file, TEL_CONFIG_TO_SERVE, &config);
	if (status)
		return status;
	if (!once)
		block_signals(&signals);
	tel_buf_init(&why, TEL_CTL_MAX_WHY);
	err = tel_compose_open(config, TEL_COMPOSE_JOBS, &compose, &why);
	if (err)
		status = tel_trouble(err, &why);
	else
		status = once ? work_once(compose, patience) : work_until_told(compose, &signals);
	tel_buf_release(&why);
	tel_compose_close(compose);
	tel_config_free(config);
	return status;
}

enum tel_exit tel_cmd_work(const struct tel_command *self, int argc, char **argv)
{
	const char *config = NULL;
	bool once = false;
	int64_t patience = DEFAULT_PATIENCE;
	const struct tel_option options[] = {
		{ "once", TEL_OPTION_FLAG, &once, NULL,
		  "run what is due now, then exit: for cron", 0, 0 },
		{ "patience", TEL_OPTION_INT, &patience, "SECONDS",
		  "--once ends after this long in any case (default: 50)", 1, 86400 },
		TEL_OPTION_CONFIG(&config),
	};
	const struct tel_usage usage = {
		.command = self, .operands = "",
		.about = "Without --once it runs until SIGTERM or SIGINT. Any number may run, beside each\n"
			 "other and beside FastCGI processes, on one store and as the user that owns it.\n"
			 "The log is JSON lines on standard error.",
		.options = options, .n_options = sizeof(options) / sizeof(options[0]),
	};
	enum tel_exit status;

	if (!tel_options_parse(&usage, argc, argv, NULL, &status))
		return status;
	return run(config, once, patience * TEL_SECOND);
}
