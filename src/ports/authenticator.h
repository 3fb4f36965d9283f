/*
 * Port: may whoever sends this request do what it asks for? For every path
 * but the webhook's. Any thread.
 */
#ifndef TEL_PORTS_AUTHENTICATOR_H
#define TEL_PORTS_AUTHENTICATOR_H

#include "base/limits.h"
#include "base/str.h"
#include "base/time.h"

enum tel_permission {
	TEL_MAY_READ_CALLS,	/* LiveKit's grant sip.admin */
	TEL_MAY_CALL		/* place, hang up, transfer: sip.call or sip.admin */
};

enum tel_auth_verdict {
	TEL_AUTH_GRANTED,
	TEL_AUTH_NO_CREDENTIALS,	/* no Authorization, or no Bearer: 401 */
	TEL_AUTH_INVALID,		/* forged, expired, unknown: 401 */
	TEL_AUTH_FORBIDDEN,		/* genuine, but without the grant: 403 */
	TEL_AUTH_FAILED			/* our trouble, no memory: 503 */
};

struct tel_auth_result {
	enum tel_auth_verdict verdict;
	const char *reason;	/* INVALID: "expired", "bad_signature", …: static */
	const char *missing;	/* FORBIDDEN: the grant, "sip.admin": static */
	/*
	 * GRANTED: who it is, by the name of the static token ("token:crm") or of
	 * the API key ("key:APIxyz"); at most TEL_MAX_NAME bytes.
	 */
	char principal[TEL_MAX_NAME + 1];
};

struct tel_authenticator;

struct tel_authenticator_ops {
	const char *name;
	/* `authorization` is the header's value: "Bearer <token>". */
	void (*check)(struct tel_authenticator *authenticator, struct tel_str authorization,
		      enum tel_permission permission, tel_time now, struct tel_auth_result *out);
};

struct tel_authenticator {
	const struct tel_authenticator_ops *ops;
};

#endif
