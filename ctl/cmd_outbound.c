#include "config.h"

#include "app/steer_call.h"
#include "ctl/acting.h"
#include "ctl/options.h"
#include "json/json_write.h"
#include "base/banned.h"

struct outbound {
	const char *config;
	bool json;
	bool stop;			/* which way the switch is thrown */
};

/* Stopped or not: without these no call goes out all the same. */
static void put_hint(const struct tel_config *config, struct tel_buf *out)
{
	if (!config->enabled)
		tel_buf_puts(out, "but TELEPHONY_ENABLED is false: none is placed\n");
	else if (config->allow_prefixes.n == 0)
		tel_buf_puts(out, "but TELEPHONY_ALLOW_PREFIXES is not set: each is refused\n");
}

static enum tel_exit say(const struct outbound *o, const struct tel_config *config,
			 tel_time stopped_at)
{
	char at[TEL_TIME_TEXT];
	struct tel_json_write w;
	enum tel_exit status;
	struct tel_buf out;

	tel_buf_init(&out, TEL_CTL_MAX_WHY);
	if (o->json) {
		tel_json_begin(&w, TEL_JSON_VIEW);
		tel_json_open_object(&w, NULL);
		tel_json_put_bool(&w, "stopped", stopped_at != 0);
		tel_json_put_time(&w, "stoppedAt", stopped_at);
		tel_json_close(&w);
		tel_json_finish(&w, &out);
		tel_buf_puts(&out, "\n");
	} else if (stopped_at) {
		tel_buf_printf(&out, "stopped since %s: no outbound call is placed, none is dialled; "
			       "'telephonyctl outbound start' lets them go out\n",
			       tel_time_format(stopped_at, at));
	} else {
		tel_buf_puts(&out, "open: outbound calls are placed as far as the other rules allow\n");
	}
	if (!o->json)
		put_hint(config, &out);
	status = tel_say(&out);
	tel_buf_release(&out);
	return status;
}

static enum tel_exit throw_switch(const struct outbound *o)
{
	struct tel_acting acting = { 0 };
	struct tel_throw_switch thrown = { 0 };
	enum tel_exit status = tel_acting_open(o->config, &acting);
	enum tel_err err;

	if (status)
		goto out;
	err = tel_switch_outbound(&acting.all->app, o->stop, &thrown);
	status = err ? tel_acting_trouble(&acting, err, NULL) :
		       say(o, acting.config, thrown.stopped_at);
out:
	tel_acting_close(&acting);
	return status;
}

/* Only the store is asked, and only read: root may ask any, and none is made. */
static enum tel_exit tell_status(const struct outbound *o)
{
	struct tel_session session = { 0 };
	struct tel_app app = { 0 };
	tel_time stopped_at = 0;
	enum tel_exit status = tel_session_open(o->config, &session);
	enum tel_err err;

	if (status)
		goto out;
	app.store = session.store;
	err = tel_outbound_stopped(&app, &stopped_at);
	status = err ? tel_store_trouble(&session, err) : say(o, session.config, stopped_at);
	if (!status && stopped_at)
		status = TEL_EXIT_NOT_SO;
out:
	tel_session_close(&session);
	return status;
}

static enum tel_exit command(struct outbound *o, const struct tel_command *self,
			     enum tel_exit (*run)(const struct outbound *o),
			     const char *about, const char *exits, int argc, char **argv)
{
	const struct tel_option options[] = {
		TEL_OPTION_JSON(&o->json),
		TEL_OPTION_CONFIG(&o->config),
	};
	const struct tel_usage usage = {
		.command = self, .operands = "", .about = about, .exits = exits,
		.options = options, .n_options = sizeof(options) / sizeof(options[0]),
	};
	enum tel_exit status;

	if (!tel_options_parse(&usage, argc, argv, NULL, &status))
		return status;
	return run(o);
}

enum tel_exit tel_cmd_outbound_stop(const struct tel_command *self, int argc, char **argv)
{
	struct outbound o = { .stop = true };

	return command(&o, self, throw_switch,
		       "From the next request on no outbound call is placed, by any process that uses this\n"
		       "store, until 'telephonyctl outbound start'. It survives restarts. Calls that are\n"
		       "ringing or talking go on: 'telephonyctl call hangup' ends them.",
		       NULL, argc, argv);
}

enum tel_exit tel_cmd_outbound_start(const struct tel_command *self, int argc, char **argv)
{
	struct outbound o = { .stop = false };

	return command(&o, self, throw_switch,
		       "Takes 'telephonyctl outbound stop' back. The other rules stay: what may be called,\n"
		       "from where, how often.", NULL, argc, argv);
}

enum tel_exit tel_cmd_outbound_status(const struct tel_command *self, int argc, char **argv)
{
	struct outbound o = { 0 };

	return command(&o, self, tell_status,
		       "Says whether outbound calls were stopped by 'telephonyctl outbound stop'.",
		       "  0  they are not stopped\n"
		       "  1  they are stopped\n"
		       "  2  the command line or the configuration is wrong\n"
		       "  3  trouble with the store, the disk or the memory\n", argc, argv);
}
