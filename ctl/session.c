#include "config.h"

#include "ctl/load_config.h"
#include "ctl/session.h"
#include "lmdb-store/lmdb_store.h"
#include "system/clock.h"
#include "base/banned.h"

enum tel_exit tel_trouble(enum tel_err err, const struct tel_buf *why)
{
	tel_complain("%.*s", TEL_STR_ARG(why->len ? tel_buf_str(why)
						  : tel_str_from(tel_err_text(err))));
	return TEL_EXIT_TROUBLE;
}

enum tel_exit tel_session_open(const char *config_file, struct tel_session *out)
{
	struct tel_lmdb_options options = { .read_only = true };
	enum tel_exit status;
	struct tel_buf why;
	enum tel_err err;

	tel_system_clock_init(&out->clock);
	status = tel_load_config(config_file, TEL_CONFIG_FOR_STORE, &out->config);
	if (status)
		return status;
	options.path = out->config->store.path;
	options.map_size = out->config->store_size;
	tel_buf_init(&why, TEL_CTL_MAX_WHY);
	err = tel_lmdb_store_open(&options, &out->store, &why);
	if (err && why.len == 0)
		tel_buf_puts(&why, tel_err_text(err));
	if (err == TEL_ENOTFOUND)
		tel_buf_puts(&why, "; a store is made when telephony.fcgi or 'telephonyctl work' "
				   "first opens it");
	if (err)
		tel_complain("TELEPHONY_STORE: %.*s", TEL_STR_ARG(tel_buf_str(&why)));
	else if (why.len > 0)
		tel_complain("warning: TELEPHONY_STORE: %.*s", TEL_STR_ARG(tel_buf_str(&why)));
	if (err)
		status = TEL_EXIT_TROUBLE;
	tel_buf_release(&why);
	return status;
}

void tel_session_close(struct tel_session *session)
{
	if (session->store)
		session->store->ops->close(session->store);
	tel_config_free(session->config);
	session->store = NULL;
	session->config = NULL;
}

enum tel_exit tel_store_trouble(const struct tel_session *session, enum tel_err err)
{
	tel_complain("the store %s: %s", session->config->store.path, tel_err_text(err));
	return TEL_EXIT_TROUBLE;
}
