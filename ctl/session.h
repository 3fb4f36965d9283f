/*
 * The store that a subcommand reads, and how it says that it can't have it.
 */
#ifndef TEL_CTL_SESSION_H
#define TEL_CTL_SESSION_H

#include "config/telephony_config.h"
#include "ctl/ctl.h"
#include "ports/call_store.h"
#include "ports/clock.h"

/* For those who only read the store. */
struct tel_session {
	struct tel_config *config;
	struct tel_call_store *store;
	struct tel_clock clock;
};

/*
 * Opens the store read only: nothing is made that is not there, and root may
 * read a store that belongs to another user.
 */
TEL_MUST_CHECK enum tel_exit tel_session_open(const char *config_file, struct tel_session *out);

/* Legal on a zeroed session. */
void tel_session_close(struct tel_session *session);

/* What a subcommand says when the store fails it: TEL_EXIT_TROUBLE. */
enum tel_exit tel_store_trouble(const struct tel_session *session, enum tel_err err);

/* `why`, or if it is empty the words for `err`, on stderr: TEL_EXIT_TROUBLE. */
enum tel_exit tel_trouble(enum tel_err err, const struct tel_buf *why);

/* A sentence for an operator. */
#define TEL_CTL_MAX_WHY ((size_t)16 * 1024)

#endif
