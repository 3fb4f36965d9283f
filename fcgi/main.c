/*
 * telephony.fcgi: FastCGI if descriptor 0 is a socket that listens, plain CGI
 * if a web server's variables are there, else a word on how to use it.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compose/compose.h"
#include "compose/thread.h"
#include "compose/work.h"
#include "fcgi/cgi.h"
#include "fcgi/listener.h"
#include "fcgi/server.h"
#include "system/clock.h"
#include "system/descriptors.h"
#include "base/banned.h"

#define PROGRAM "telephony.fcgi"

enum exit_status { EXIT_FINE = 0, EXIT_CANNOT_START = 1, EXIT_USAGE = 2 };

/*
 * mod_fcgid kills 3 s after it has asked: requests under way and LiveKit's
 * answers together get less.
 */
#define STOP_PATIENCE (TEL_WORK_DRAIN + 200)

/*
 * After a CGI response: jobs that are due within CGI_LINGER are waited for
 * (a room is deleted 10 s after its call), for CGI_PATIENCE at most.
 */
#define CGI_LINGER (15 * TEL_SECOND)
#define CGI_PATIENCE (60 * TEL_SECOND)

static const char usage[] =
	"Usage: telephony.fcgi [--help | --version]\n"
	"\n"
	"LiveKit's phone calls behind a web server: takes webhooks and puts one agent\n"
	"into each call's room. Web servers start it; by hand:\n"
	"\n"
	"  spawn-fcgi -n -s /run/telephony.sock -- /path/to/telephony.fcgi\n"
	"\n"
	"Settings come from the environment and from the file that TELEPHONY_CONFIG\n"
	"names; `telephonyctl config check` says what is wrong with them. Ready-made\n"
	"configurations of web servers are in apache-conf/.\n"
	"\n"
	"SIGTERM, SIGINT, SIGUSR1 and SIGHUP end it after the requests under way.\n"
	"Exit status: 0 stopped or answered, 1 could not start or go on, 2 usage.\n";

/* ---- starting ---------------------------------------------------------- */

/*
 * Free memory goes back. With fewer arenas threads would wait for each other
 * in malloc; with one each, as glibc would have it, many threads would keep
 * more than they use.
 */
static void keep_memory_small(void)
{
	mallopt(M_ARENA_MAX, 8);
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	mallopt(M_TRIM_THRESHOLD, 128 * 1024);
}

/* For people, and for whoever collects the log. */
static void say_why(const struct tel_config *config, struct tel_str why)
{
	struct tel_json_log log;
	struct tel_clock clock;

	fprintf(stderr, PROGRAM ": could not start:\n%.*s\n", TEL_STR_ARG(tel_str_trim(why)));
	tel_system_clock_init(&clock);
	tel_compose_log(config, &clock, &log);
	tel_log_line(&log.base, TEL_LOG_ERROR, "start_failed",
		     TEL_F_STR("detail", tel_str_trim(why)));
}

static enum tel_err load_config(struct tel_config **out)
{
	struct tel_problems problems = { 0 };
	struct tel_buf text;
	enum tel_err err;

	tel_buf_init(&text, TEL_MAX_CONFIG_FILE);
	err = tel_config_load((const char *const *)environ, TEL_CONFIG_TO_SERVE, out, &problems);
	if (err) {
		tel_problems_write(&problems, &text);
		say_why(NULL, text.len > 0 ? tel_buf_str(&text) :
			tel_str_from(tel_err_text(err)));
	}
	tel_problems_release(&problems);
	tel_buf_release(&text);
	return err;
}

static enum tel_err compose(const struct tel_config *config, unsigned parts,
			    struct tel_compose **out)
{
	struct tel_buf why;
	enum tel_err err;

	tel_buf_init(&why, TEL_MAX_CONFIG_FILE);
	err = tel_compose_open(config, parts, out, &why);
	if (err)
		say_why(config, why.len > 0 ? tel_buf_str(&why) :
			tel_str_from(tel_err_text(err)));
	tel_buf_release(&why);
	return err;
}

static bool runs_jobs(const struct tel_config *config)
{
	return config->enabled && config->run_jobs;
}

static void http_context(struct tel_compose *all, const struct tel_config *config,
			 struct tel_http_context *http)
{
	*http = (struct tel_http_context){
		.app = &all->app,
		.inbox = all->inbox,
		.version = PACKAGE_VERSION,
		.show_metrics = config->metrics,
		.show_calls = config->diagnostics,
		.authenticator = all->authenticator,
		.digest = &all->digest,
		.routes_are_fine = tel_compose_routes_are_fine,
		.routes_ctx = all,
	};
}

/* ---- FastCGI ----------------------------------------------------------- */

/*
 * Signals are waited for by the main thread alone: all others block them, so
 * nothing they do is ever interrupted.
 */
static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGUSR1);
	sigaddset(set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, set, NULL);
}

static enum tel_err start(struct tel_compose *all, const struct tel_config *config,
			  struct tel_http_context *http, struct tel_server **server,
			  struct tel_work **work)
{
	enum tel_err err = TEL_OK;

	if (all->runner)
		err = tel_work_start(&all->app, all->inbox, all->runner, work);
	if (!err)
		err = tel_server_start(STDIN_FILENO, (unsigned)config->threads, http, server);
	if (err)
		say_why(config, TEL_STR("threads or descriptors: the system allows no more "
					"(see TELEPHONY_THREADS, ulimit)"));
	else
		tel_log_line(all->app.log, TEL_LOG_INFO, "started",
			     TEL_F_TEXT("version", PACKAGE_VERSION),
			     TEL_F_INT("threads", config->threads),
			     TEL_F_INT("pid", getpid()));
	return err;
}

/* False: some threads are still busy, and all they use must stay. */
static bool stop(struct tel_app *app, struct tel_server *server, struct tel_work *work)
{
	tel_time deadline = tel_monotonic(app->clock) + STOP_PATIENCE;

	if (server)
		tel_server_stop(server);
	if (work)
		tel_work_stop(work);
	return tel_server_join(server, STOP_PATIENCE) &&
	       tel_work_join(work, deadline - tel_monotonic(app->clock));
}

/* Requests are answered 503 until the signal that serve() waits for. */
static void end_process(void *broken)
{
	atomic_store((atomic_bool *)broken, true);
	kill(getpid(), SIGTERM);
}

static int serve(struct tel_compose *all, const struct tel_config *config,
		 const sigset_t *signals)
{
	struct tel_http_context http;
	struct tel_server *server = NULL;
	struct tel_work *work = NULL;
	int status = EXIT_CANNOT_START, signal = 0;
	/* Outlives threads that are given up. */
	static atomic_bool broken;

	all->store_broken = end_process;
	all->store_broken_ctx = &broken;
	http_context(all, config, &http);
	if (start(all, config, &http, &server, &work) == TEL_OK) {
		sigwait(signals, &signal);
		status = tel_server_has_failed(server) || atomic_load(&broken) ?
			 EXIT_CANNOT_START : EXIT_FINE;
		tel_log_line(all->app.log, TEL_LOG_INFO, "stopping",
			     TEL_F_INT("signal", signal), TEL_F_INT("pid", getpid()));
	}
	if (!stop(&all->app, server, work)) {
		/* Safe at any instruction: what was not committed never was. */
		tel_log_line(all->app.log, TEL_LOG_WARN, "requests_given_up",
			     TEL_F_INT("pid", getpid()));
		_exit(status);
	}
	return status;
}

static int run_fastcgi(void)
{
	struct tel_config *config = NULL;
	struct tel_compose *all = NULL;
	int status = EXIT_CANNOT_START;
	unsigned parts = TEL_COMPOSE_WEBHOOKS;
	sigset_t signals;

	block_signals(&signals);
	if (load_config(&config))
		goto out;
	if (runs_jobs(config))
		parts |= TEL_COMPOSE_JOBS;
	if (compose(config, parts, &all))
		goto out;
	status = serve(all, config, &signals);
out:
	tel_compose_close(all);
	tel_config_free(config);
	return status;
}

/* ---- CGI --------------------------------------------------------------- */

/* The job of the request itself, or any that others have left. */
static void work_detached(const struct tel_config *config)
{
	struct tel_compose *all = NULL;
	int lock;

	if (!tel_cgi_detach())
		return;
	if (compose(config, TEL_COMPOSE_JOBS, &all))
		return;
	lock = tel_cgi_try_linger(config->store.path);
	tel_work_until_idle(&all->app, all->runner, lock == -1 ? 0 : CGI_LINGER, CGI_PATIENCE);
	tel_compose_close(all);
	if (lock != -1)
		close(lock);
}

static int run_cgi(void)
{
	struct tel_http_context http;
	struct tel_config *config = NULL;
	struct tel_compose *all = NULL;
	int status = EXIT_CANNOT_START;
	bool work = false;

	if (load_config(&config) || compose(config, TEL_COMPOSE_WEBHOOKS, &all)) {
		tel_cgi_unavailable();
		goto out;
	}
	http_context(all, config, &http);
	status = tel_cgi_serve(&http) ? EXIT_CANNOT_START : EXIT_FINE;
	work = runs_jobs(config) && tel_work_is_due(&all->app, CGI_LINGER);
out:
	tel_compose_close(all);
	if (work)
		work_detached(config);
	tel_config_free(config);
	return status;
}

/* ---- by hand ----------------------------------------------------------- */

static int run_by_hand(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(usage, stdout);
		return EXIT_FINE;
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts(PROGRAM " " PACKAGE_VERSION);
		return EXIT_FINE;
	}
	fputs(usage, stderr);
	return EXIT_USAGE;
}

/*
 * Arguments are looked at last: a web server may make them out of the query
 * (RFC 3875, 4.4), that is, whoever sends the request writes them.
 */
int main(int argc, char **argv)
{
	int status;

	tel_fill_descriptors(O_RDWR);	/* nobody could be told that it failed */
	keep_memory_small();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);	/* ulimit -f is an error of write(), too */
	if (tel_listener_is_socket(STDIN_FILENO))
		status = run_fastcgi();
	else if (tel_cgi_is_request())
		status = run_cgi();
	else
		status = run_by_hand(argc, argv);
	return status;
}
