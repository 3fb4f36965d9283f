/*
 * Port livekit over HTTP: libcurl's multi interface, connections kept alive.
 *
 * Threads: send(), poll() and close() belong to one thread; wake() to any.
 * libcurl is loaded and set up by the first send(), so that a process which
 * never calls LiveKit does not pay for it (livekit/curl_api.h); nobody else
 * in the process may be setting libcurl up at that moment (libcurl before
 * 7.84). The process has to ignore SIGPIPE, as TLS may write to a closed
 * connection.
 *
 * What a verdict rests on:
 *   - libcurl says when a connection stands (TLS included) and the request
 *     is going to be written. Failed before that = NOT_SENT, after = UNKNOWN.
 *   - libcurl repeats a request by itself when a kept-alive connection breaks
 *     before any byte of the answer, even if the request had been acted on.
 *     That is stopped for requests that must not be repeated (CreateDispatch,
 *     CreateSIPParticipant, TransferSIPParticipant); the others are repeated
 *     once. The SIP ones have a connection of their own, so that one which
 *     had grown stale does not make their fate unknown.
 *
 * Certificates are always verified. Redirects are not followed. A proxy of
 * the environment (https_proxy, no_proxy, …) is used as curl does.
 */
#ifndef TEL_LIVEKIT_CLIENT_H
#define TEL_LIVEKIT_CLIENT_H

#include "base/err.h"
#include "base/str.h"
#include "base/time.h"
#include "ports/clock.h"
#include "ports/livekit.h"
#include "ports/random.h"

/* Requests under way at most; send() says TEL_EBUSY beyond. */
#define TEL_LIVEKIT_MAX_UNDER_WAY 128

struct tel_livekit_client_options {
	struct tel_str url;		/* LIVEKIT_URL */
	struct tel_str api_key, api_secret;
	struct tel_clock *clock;	/* borrowed for the client's life */
	struct tel_random *random;	/* borrowed for the client's life */
	struct tel_str ca_file;		/* absent = the system's authorities */
	tel_time connect_timeout;	/* 0 = 3 s */
	/* Of requests that don't say their own; 0 = TEL_REQUEST_TIMEOUT, the most. */
	tel_time request_timeout;
};

/*
 * Texts are copied. Freed by its port's close(). TEL_EMALFORMED or
 * TEL_ETOOBIG: *why (static; may be NULL) says what is wrong with the
 * options. TEL_ENOMEM, TEL_EIO (no file descriptors)
 */
TEL_MUST_CHECK enum tel_err tel_livekit_client_new(
	const struct tel_livekit_client_options *options, struct tel_livekit **out,
	const char **why);

#endif
