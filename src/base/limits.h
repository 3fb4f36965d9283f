/*
 * Every ceiling of the project in one place, each with its reason.
 * Sizes are bytes, without a terminating NUL, unless said otherwise.
 */
#ifndef TEL_BASE_LIMITS_H
#define TEL_BASE_LIMITS_H

/* A webhook body: real ones are 1-3 kB; room metadata may hold 64 kB. */
#define TEL_MAX_BODY		(1024 * 1024)

/* An Authorization header: LiveKit's webhook token is about 300 bytes. */
#define TEL_MAX_AUTHORIZATION	(8 * 1024)

/*
 * Room names and participant identities: livekit-server's own default
 * limits are 256 bytes, and (name, NUL, sid) must fit an LMDB key of 511.
 */
#define TEL_MAX_ROOM_NAME	256
#define TEL_MAX_IDENTITY	256

/* LiveKit's ids (RM_, PA_, EV_, AD_, SCL_) are 15-16 bytes today. */
#define TEL_MAX_ID		128

/* Event ids are deduplicated by key; 15 bytes today. */
#define TEL_MAX_EVENT_ID	TEL_MAX_ID

/* A number as it came: "+" and 15 digits (E.164), or a SIP user name. */
#define TEL_MAX_NUMBER_RAW	256
#define TEL_MAX_E164		16

/* Any other single text of an event that a call keeps. */
#define TEL_MAX_TEXT		512

/* An AgentConfig: long prompts are tens of kB; LiveKit took 70 kB. */
#define TEL_MAX_AGENT_CONFIG	(48 * 1024)

/* What whoever places a call gives the agent to know, as JSON. */
#define TEL_MAX_CALL_METADATA	(16 * 1024)

/* An order for a call, as JSON: the two above, escaped, and little besides. */
#define TEL_MAX_ORDER		(256 * 1024)

/* Digits to send once answered: "ww1234#". */
#define TEL_MAX_DTMF		64

/* Idempotency-Key; with who sent it, it must fit an LMDB key of 511. */
#define TEL_MAX_IDEMPOTENCY_KEY	255
#define TEL_MAX_REQUEST_KEY	(TEL_MAX_NAME + 1 + TEL_MAX_IDEMPOTENCY_KEY)

/* Where a call is transferred to: "tel:+1…" or a SIP URI. */
#define TEL_MAX_TRANSFER_TO	256

/* Names of agents, trunks and routes. */
#define TEL_MAX_NAME		128

/* The redacted last event kept with a call (`raw`). */
#define TEL_MAX_RAW		4096

/* Legs of one call, gone ones included; a conference bridge this is not. */
#define TEL_MAX_LEGS		64

/*
 * A timeline keeps its first and its last entries: the beginning explains
 * why a call is there, the end how it went; a flood in between is cut.
 */
#define TEL_TIMELINE_HEAD	128
#define TEL_TIMELINE_TAIL	128
#define TEL_MAX_TIMELINE_NOTES	12

/*
 * One record, encoded: all that a call may hold, with every byte of it a quote
 * that is escaped. What is taken on must not become too big to be ended.
 */
#define TEL_MAX_RECORD		(256 * 1024)

/* All strings of one call in memory, superseded ones included. */
#define TEL_MAX_CALL_ARENA	(512 * 1024)

/* One answer of LiveKit: a ListRooms of 10 000 rooms is about 6 MB. */
#define TEL_MAX_LIVEKIT_ANSWER	(16 * 1024 * 1024)

/* A configuration or routes file. */
#define TEL_MAX_CONFIG_FILE	(256 * 1024)
#define TEL_MAX_ROUTES_FILE	(4 * 1024 * 1024)
#define TEL_MAX_ROUTES		10000

/* API keys valid at one time (rotation needs two). */
#define TEL_MAX_KEYS		16

/* Static tokens of the API, and the name of one. */
#define TEL_MAX_TOKENS		16
#define TEL_MAX_TOKEN_NAME	64

/* Prefixes and numbers of one list of the guards. */
#define TEL_MAX_GUARD_LIST	1000

/* The owner of a lease: host, pid and start time of a process. */
#define TEL_MAX_OWNER		96

/* A page of calls or of due jobs. */
#define TEL_MAX_PAGE		200

#endif
