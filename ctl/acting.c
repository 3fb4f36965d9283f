#include "config.h"

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "ctl/acting.h"
#include "ctl/load_config.h"
#include "ctl/options.h"
#include "ctl/print_call.h"
#include "view/call_view.h"
#include "base/banned.h"

/* A user without a name has a number. */
static void name_user(struct tel_acting *acting)
{
	const struct passwd *user = getpwuid(getuid());

	if (user)
		snprintf(acting->by, sizeof(acting->by), "ctl:%s", user->pw_name);
	else
		snprintf(acting->by, sizeof(acting->by), "ctl:%lu", (unsigned long)getuid());
}

enum tel_exit tel_acting_open(const char *config_file, struct tel_acting *out)
{
	enum tel_exit status = tel_load_config(config_file, TEL_CONFIG_FOR_STORE, &out->config);
	struct tel_buf why;
	enum tel_err err;

	if (status)
		return status;
	name_user(out);
	/* What was done is said on stdout, and kept in the timeline. */
	out->config->log_level = TEL_LOG_ERROR;
	tel_buf_init(&why, TEL_CTL_MAX_WHY);
	err = tel_compose_open(out->config, TEL_COMPOSE_ROUTES, &out->all, &why);
	if (err)
		status = tel_trouble(err, &why);
	tel_buf_release(&why);
	return status;
}

void tel_acting_close(struct tel_acting *acting)
{
	tel_compose_close(acting->all);
	tel_config_free(acting->config);
	*acting = (struct tel_acting){ 0 };
}

enum tel_exit tel_acting_trouble(const struct tel_acting *acting, enum tel_err err,
				 const char *call_id)
{
	if (err == TEL_ENOTFOUND && call_id) {
		tel_complain("there is no call %s", call_id);
		return TEL_EXIT_NOT_SO;
	}
	tel_complain("the store %s: %s", acting->config->store.path, tel_err_text(err));
	return TEL_EXIT_TROUBLE;
}

enum tel_exit tel_say_call(const struct tel_acting *acting, const struct tel_call *call,
			   bool json)
{
	enum tel_exit status;
	struct tel_buf out;

	tel_buf_init(&out, TEL_CTL_MAX_OUTPUT);
	if (json) {
		tel_view_call(call, NULL, &out);
		tel_buf_puts(&out, "\n");
	} else {
		tel_print_call(call, tel_now(acting->all->app.clock), &out);
	}
	status = tel_say(&out);
	tel_buf_release(&out);
	return status;
}

bool tel_acting_call_id(const struct tel_usage *usage, const char *text,
			struct tel_call_id *out)
{
	if (!tel_call_id_parse(tel_str_from(text), out))
		return true;
	tel_usage_error(usage, "'%s' is no call id: it is a UUID such as 'telephonyctl calls list' "
			"shows", text);
	return false;
}
