#include "config.h"

#include "app/steer_call.h"
#include "ctl/acting.h"
#include "ctl/options.h"
#include "json/json_write.h"
#include "base/banned.h"

struct outbound {
	const char *config;
	bool json;
	bool set, stop;			/* `set`: throw the switch */
};

static enum tel_exit say(const struct outbound *o, tel_time stopped_at)
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
		tel_buf_printf(&out, "stopped since %s: no outbound call is placed, none is dialled\n",
			       tel_time_format(stopped_at, at));
	} else {
		tel_buf_puts(&out, "open: outbound calls are placed as far as the other rules allow\n");
	}
	status = tel_say(&out);
	tel_buf_release(&out);
	return status;
}

static enum tel_exit run(struct tel_acting *acting, const struct outbound *o)
{
	struct tel_throw_switch thrown = { 0 };
	tel_time stopped_at = 0;
	enum tel_exit status;
	enum tel_err err;

	if (o->set) {
		err = tel_switch_outbound(&acting->all->app, o->stop, &thrown);
		stopped_at = thrown.stopped_at;
	} else {
		err = tel_outbound_stopped(&acting->all->app, &stopped_at);
	}
	if (err)
		return tel_acting_trouble(acting, err, NULL);
	status = say(o, stopped_at);
	if (!status && !o->set && stopped_at)
		status = TEL_EXIT_NOT_SO;
	return status;
}

static enum tel_exit command(struct outbound *o, const struct tel_command *self,
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
	struct tel_acting acting = { 0 };
	enum tel_exit status;

	if (!tel_options_parse(&usage, argc, argv, NULL, &status))
		return status;
	status = tel_acting_open(o->config, &acting);
	if (!status)
		status = run(&acting, o);
	tel_acting_close(&acting);
	return status;
}

enum tel_exit tel_cmd_outbound_stop(const struct tel_command *self, int argc, char **argv)
{
	struct outbound o = { .set = true, .stop = true };

	return command(&o, self, "From the next request on no outbound call is placed, by any process that uses this\n"
		       "store, until 'telephonyctl outbound start'. It survives restarts. Calls that are\n"
		       "ringing or talking go on: 'telephonyctl call hangup' ends them.",
		       NULL, argc, argv);
}

enum tel_exit tel_cmd_outbound_start(const struct tel_command *self, int argc, char **argv)
{
	struct outbound o = { .set = true, .stop = false };

	return command(&o, self, "Takes 'telephonyctl outbound stop' back. The other rules stay: what may be called,\n"
		       "from where, how often.", NULL, argc, argv);
}

enum tel_exit tel_cmd_outbound_status(const struct tel_command *self, int argc, char **argv)
{
	struct outbound o = { 0 };

	return command(&o, self, "Says whether outbound calls were stopped by 'telephonyctl outbound stop'.",
		       "  0  they are not stopped\n"
		       "  1  they are stopped\n"
		       "  2  the command line or the configuration is wrong\n"
		       "  3  trouble with the store, the disk or the memory\n", argc, argv);
}
