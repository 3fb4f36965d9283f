/*
 * Watching for a call's agent: LiveKit loses every dispatch that meets no
 * free worker, and sends nobody in the place of an agent that dies. What is
 * to be done follows from the call and what LiveKit shows. Pure.
 */
#ifndef TEL_DOMAIN_WATCH_H
#define TEL_DOMAIN_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "domain/call.h"
#include "domain/event.h"
#include "domain/policy.h"

/* A served dispatch has a job within 0.4 s; one without by then is lost. */
#define TEL_DISPATCH_LOST_AFTER (2 * TEL_SECOND)

/* LiveKit tells whole seconds, and by a clock of its own. */
#define TEL_DISPATCH_SLACK (2 * TEL_SECOND)

/* Room deleted, agent and phone leave at once, in any order: what is only the
   end of a call is not taken for the loss of its agent. */
#define TEL_AGENT_LEFT_GRACE (1 * TEL_SECOND)

/* How long the agent of a dispatch that was deleted may still be listed. */
#define TEL_AGENT_LINGERS (15 * TEL_SECOND)

/* Between dispatches once all attempts were in vain, and the phone waits on. */
#define TEL_KEEP_TRYING (10 * TEL_SECOND)

#define TEL_WATCH_MAX 8

struct tel_watch_dispatch {
	struct tel_str id;
	bool has_job;			/* a worker has taken it */
};

/* What LiveKit shows in the call's room. */
struct tel_watch_seen {
	struct tel_participant agents[TEL_WATCH_MAX]; /* tel_watch_is_agent() */
	size_t n_agents;
	struct tel_watch_dispatch dispatches[TEL_WATCH_MAX]; /* not deleted, and
					   for this call or this life of its room */
	size_t n_dispatches;
};

enum tel_watch_verdict {
	TEL_WATCH_DONE,			/* an agent is there, or nobody waits for one */
	TEL_WATCH_WAIT,			/* look again at `at` */
	TEL_WATCH_DROP,			/* delete all dispatches but `keep` */
	TEL_WATCH_DISPATCH,		/* none is there: make one at `at` */
	TEL_WATCH_TRANSFER,		/* the route's fallback */
	TEL_WATCH_HANG_UP		/* because of `why` */
};

enum tel_watch_drop {
	TEL_DROP_LOST,			/* no worker took it */
	TEL_DROP_LATE,			/* a worker did, and its agent did not join */
	TEL_DROP_SPENT,			/* its agent has left */
	TEL_DROP_SURPLUS		/* more than one is there */
};

struct tel_watch_plan {
	enum tel_watch_verdict verdict;
	tel_time at;
	enum tel_watch_drop drop;
	size_t keep;			/* an index, or TEL_WATCH_MAX: none */
	enum tel_hang_up_why why;
};

/*
 * Is `p` this call's agent in its present room? Not one that has left, or
 * that was in an earlier life of the room. When it joined is not asked:
 * LiveKit has a clock of its own.
 */
bool tel_watch_is_agent(const struct tel_call *call, const struct tel_participant *p);

/* `random` spreads attempts. */
void tel_watch_judge(const struct tel_call *call, const struct tel_policy *policy,
		     const struct tel_watch_seen *seen, tel_time now, uint64_t random,
		     struct tel_watch_plan *out);

/*
 * However often LiveKit is still asked to send one: the phone has been alone for too
 * long, or the time for that is over and the route wants something else to be done.
 */
bool tel_watch_has_waited(const struct tel_call *call, const struct tel_policy *policy,
			  tel_time now);

/* Somebody is there whom an agent is wanted for. */
bool tel_watch_phone_waits(const struct tel_call *call);

/* The phone that a transfer hands over is there, and was answered. */
bool tel_call_is_transferable(const struct tel_call *call);

#endif
