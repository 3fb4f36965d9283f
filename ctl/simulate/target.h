/* Where made-up calls may be sent: this machine, unless said otherwise. */
#ifndef TEL_CTL_SIMULATE_TARGET_H
#define TEL_CTL_SIMULATE_TARGET_H

#include "base/err.h"

enum tel_target {
	TEL_TARGET_LOOPBACK,	/* localhost, 127.0.0.0/8, ::1 */
	TEL_TARGET_REMOTE,
	TEL_TARGET_BAD		/* no http or https URL, or one with a user in it */
};

/* As libcurl reads the URL, so that no spelling means two hosts. Pure. */
enum tel_target tel_sim_target(const char *url);

#endif
