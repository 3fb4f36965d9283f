/*
 * A job: something a call still has to have done, with a due time. The one
 * concept for outbox, retry, grace period and time-out. A call has at most
 * one job of a kind.
 *
 * A lease says which process works on it. Whoever finds a job that was
 * leased before (attempt > 0) must assume that its request went out, and
 * find out before sending anything (`unsure`).
 */
#ifndef TEL_DOMAIN_JOB_H
#define TEL_DOMAIN_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/time.h"

enum tel_job_kind {
	TEL_JOB_DISPATCH_AGENT,	/* put the agent into the call's room */
	TEL_JOB_DELETE_ROOM,	/* tidy up behind a call that is over */
	TEL_JOB_END_OVERDUE,	/* end a call whose own ending never came */
	TEL_JOB_CREATE_ROOM,	/* outbound: the room, with the agent in it */
	TEL_JOB_DIAL,		/* outbound: ring the phone; never twice */
	TEL_JOB_WATCH_DIAL,	/* outbound: see what the phone does */
	TEL_JOB_TRANSFER,	/* hand the phone leg over to somebody */
	TEL_JOB_WATCH_AGENT,	/* see that the agent comes, and comes again */
	TEL_JOB_KINDS
};

struct tel_lease {
	struct tel_str owner;	/* absent = not leased */
	tel_time until;
};

struct tel_job {
	bool pending;		/* false: the slot is empty */
	bool cancelled;		/* the call ended while a lease was out */
	bool unsure;		/* a request may have taken effect already */
	bool look;		/* nothing of ours is under way, but look first: what is
				   wanted may be there all the same */
	uint32_t attempt;	/* leases taken so far */
	tel_time due;
	struct tel_lease lease;
};

/*
 * A lease must outlive the longest request (TEL_REQUEST_TIMEOUT) plus the
 * clock skew we tolerate between processes (60 s). Leases of processes that
 * are known to be dead do not wait for it.
 */
#define TEL_REQUEST_TIMEOUT	(15 * TEL_SECOND)
#define TEL_LEASE_TIME		(120 * TEL_SECOND)

/*
 * A dial is answered when the phone is: after its ringing_timeout at the
 * latest, or 32 s when nothing is at the other end; and a little slack.
 */
#define TEL_DIAL_SLACK		(15 * TEL_SECOND)
#define TEL_DIAL_NOBODY		(35 * TEL_SECOND)

/* A character of DTMF: a tone with its pause, or half a second of silence. */
#define TEL_DTMF_LENGTH		((tel_time)600)

/* A transfer waits for the far end to take the call, up to 30 s. */
#define TEL_TRANSFER_TIMEOUT	(45 * TEL_SECOND)

/* How often a phone that rings is looked at. */
#define TEL_WATCH_EVERY		(2 * TEL_SECOND)

/*
 * Two tell of an end, the dial's answer and the phone's leaving, within
 * milliseconds when all is well: whoever came first waits so long for the
 * other.
 */
#define TEL_EVIDENCE_GRACE	(5 * TEL_SECOND)

/*
 * What a dead process has just sent may still be on its way into LiveKit:
 * who takes over waits this long before he looks what became of it.
 */
#define TEL_TAKEOVER_SETTLE	(1 * TEL_SECOND)

/*
 * Pauses between attempts: the first, the longest while a caller is waiting
 * (he listens to ringing), the longest when nobody is. Doubled each time,
 * half of it random.
 */
#define TEL_BACKOFF_FIRST	((tel_time)500)
#define TEL_BACKOFF_WAITING	(4 * TEL_SECOND)
#define TEL_BACKOFF_MAX		(30 * TEL_SECOND)

/* Nobody waits, but LiveKit may only have been away for a while. */
#define TEL_BACKOFF_PATIENT_AFTER 20

/* "dispatch_agent", "delete_room", "end_overdue", "create_room", … */
const char *tel_job_kind_text(enum tel_job_kind kind);
bool tel_job_kind_from(struct tel_str text, enum tel_job_kind *out);

/*
 * How long the dial's answer may take: it comes when the phone was answered
 * and `n_dtmf` characters were sent to it.
 */
tel_time tel_job_dial_timeout(tel_time ringing_timeout, size_t n_dtmf);

/* When the job wants attention next: its due time, or its lease's end. */
tel_time tel_job_wakes_at(const struct tel_job *job);

/*
 * The pause after attempt number `attempt` (1 …), at most `longest`;
 * `random` any 64 bits. A longer pause that LiveKit asked for
 * (`retry_after`, 0 = none) is kept, up to TEL_BACKOFF_MAX.
 */
tel_time tel_job_backoff(uint32_t attempt, tel_time longest, tel_time retry_after,
			 uint64_t random);

/* The longest pause of a job that nobody waits for. */
tel_time tel_job_longest_pause(uint32_t attempt);

/*
 * When a request that may be under way for `job` has been acted upon or never
 * will be. Under a lease it may have been sent this very moment; from now on
 * it is not, as the call is read again before anything is sent.
 */
tel_time tel_job_settled_at(const struct tel_job *job, tel_time now);

#endif
