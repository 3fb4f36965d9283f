/*
 * libcurl, loaded when it is needed for the first time.
 *
 * With the thirty libraries that it stands on, libcurl makes up most of the
 * memory of a process that is linked with it (measured: 4 of 6 MiB), before
 * it has done anything. Of many FastCGI processes at rest few ever call
 * LiveKit.
 */
#ifndef TEL_LIVEKIT_CURL_API_H
#define TEL_LIVEKIT_CURL_API_H

#include <curl/curl.h>

#include "base/err.h"

/* X(function, without "curl_"): all that src/livekit uses. */
#define TEL_CURL_FUNCTIONS(X)	\
	X(easy_cleanup)		\
	X(easy_getinfo)		\
	X(easy_init)		\
	X(easy_setopt)		\
	X(easy_strerror)	\
	X(global_cleanup)	\
	X(global_init)		\
	X(multi_add_handle)	\
	X(multi_cleanup)	\
	X(multi_info_read)	\
	X(multi_init)		\
	X(multi_perform)	\
	X(multi_poll)		\
	X(multi_remove_handle)	\
	X(multi_setopt)		\
	X(slist_append)		\
	X(slist_free_all)

struct tel_curl {
#define TEL_CURL_MEMBER(name) __typeof__(curl_##name) *name;
	TEL_CURL_FUNCTIONS(TEL_CURL_MEMBER)
#undef TEL_CURL_MEMBER
};

/*
 * Fill `out`; the library stays loaded as long as the process lives.
 * TEL_EIO (it is not installed, or lacks a function)
 */
TEL_MUST_CHECK enum tel_err tel_curl_load(struct tel_curl *out);

#endif
