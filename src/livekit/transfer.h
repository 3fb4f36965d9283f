/* Within src/livekit: one request as a transfer of libcurl's. */
#ifndef TEL_LIVEKIT_TRANSFER_H
#define TEL_LIVEKIT_TRANSFER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "livekit/curl_api.h"
#include "ports/livekit.h"

/* Of the client's, and the same for all its transfers; C strings. */
struct tel_transfer_setup {
	const char *ca_file;	/* NULL = the system's */
	long connect_timeout_ms;
	long timeout_ms;	/* of requests that don't have their own */
};

struct tel_transfer {
	struct tel_transfer *next, *prev;	/* the client's list */
	const struct tel_curl *curl;		/* borrowed */
	CURL *easy;
	struct curl_slist *headers;
	enum tel_lk_method method;
	long timeout_ms;
	struct tel_buf url, body, answer;
	unsigned int begun;			/* times it was going to be written */
	char error[CURL_ERROR_SIZE];
	tel_lk_done_fn done;
	void *ctx;
};

/* Empty, with its ceilings. `curl` outlives it. NULL = no memory */
struct tel_transfer *tel_transfer_new(const struct tel_curl *curl, enum tel_lk_method method);
void tel_transfer_free(struct tel_transfer *t);	/* NULL is fine */

/* Append a header line. TEL_ENOMEM */
TEL_MUST_CHECK enum tel_err tel_transfer_header(struct tel_transfer *t, struct tel_buf *line);

/* Make the easy handle out of url, headers, body and time-out. TEL_ENOMEM */
TEL_MUST_CHECK enum tel_err tel_transfer_prepare(struct tel_transfer *t,
						 const struct tel_transfer_setup *setup);

/* Tell `done` what became of it; `result` is libcurl's. */
void tel_transfer_finish(struct tel_transfer *t, CURLcode result);

/* The same for a transfer that is given up with the client. */
void tel_transfer_give_up(struct tel_transfer *t);

#endif
