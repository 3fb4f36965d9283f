/*
 * The simulated LiveKit: what is true. It behaves as LiveKit was observed to
 * (a dispatch makes its room anew, a repeat adds a second agent, a restart
 * forgets rooms without a word), and everything is judged by it.
 */
#ifndef SIM_LIVEKIT_H
#define SIM_LIVEKIT_H

#include "base/str.h"
#include "domain/event.h"
#include "sim.h"

struct sim_caller;
struct sim_callee;
struct sim_event;

/* One living room sid. */
struct sim_life {
	struct sim_life *next;		/* of the same room name, newest first */
	struct sim_room *room;
	struct tel_str sid;
	tel_time created_at, closed_at;	/* closed_at 0: it is there */
	bool by_dispatch;		/* CreateDispatch made it */
	bool untold;			/* webhooks of phones' joining are lost */
	struct tel_str mark;		/* the call that CreateRoom made it for */
	bool had_phone;
	bool forgotten;			/* by a restart: its ends reach nobody */
	bool finish_heard;		/* room_finished was acknowledged */
	uint64_t emptied;		/* which departure timer counts */
	struct sim_leg *legs;		/* newest first */
	struct sim_dispatch *dispatches;
};

struct sim_room {
	struct sim_room *next;
	struct tel_str name;
	struct sim_life *lives;		/* newest first */
	struct sim_life *stale;		/* still shown by ListParticipants … */
	tel_time stale_until;		/* … until then, after a restart */
	/* the webhook queue of this name */
	struct sim_event *head, *tail;
	bool sending;
	uint64_t epoch;			/* a restart forgets the queue */
};

struct sim_leg {
	struct sim_leg *next;
	struct sim_life *life;
	struct sim_caller *caller;	/* NULL: an agent */
	enum tel_participant_kind kind;
	bool foreign;			/* a phone that an agent dialled */
	struct sim_callee *callee;	/* NULL: not dialled by us */
	struct tel_str call_id;		/* its telephony.callId */
	struct tel_str sid, identity, sip_call_id, number;
	enum tel_sip_status status;
	tel_time joined_at, left_at;	/* left_at 0: it is there */
	const char *reason;
	tel_time joined_heard, left_heard; /* acknowledged to LiveKit; 0 = not */
	uint64_t joined_heard_tick;
	bool served;			/* an agent is there with it */
	bool was_served;		/* … or was */
	tel_time alone_since;		/* unless it is served */
	const struct sim_leg *lost;	/* the agent that was there; NULL: none was */
	bool excused;			/* LiveKit refused its agent for good */
	bool transferred;		/* the far end has taken it over */
	/* agents */
	struct sim_dispatch *dispatch;
	bool dead;			/* its worker was killed; LiveKit will notice */
	tel_time dead_at;
	tel_time listed_until;		/* shown although it has left */
};

struct sim_dispatch {
	struct sim_dispatch *next;
	struct sim_life *life;
	struct tel_str id, agent_name, call_id, meant_for;
	tel_time made_at;
	tel_time job_at;		/* a worker takes it then; 0: none ever does */
	struct sim_leg *agent;		/* NULL: has not come */
	bool deleted;			/* by a request, or with its room */
	tel_time dropped_at;		/* by a request; 0 = it was not */
};

struct sim_lk {
	struct sim_room *rooms;
	tel_time down_until;		/* the API; webhooks fail too if `silent` */
	bool silent;
	uint64_t epoch;			/* restarts */
	tel_time no_workers_until;
	tel_time deaf_until;		/* webhooks reach nobody … */
	bool deaf_drops;		/* … without a word; else: connection refused */
};

void sim_lk_init(struct sim *sim);

struct sim_room *sim_lk_room(struct sim *sim, struct tel_str name);	/* made if unknown */
struct sim_life *sim_lk_life(const struct sim_room *room);		/* NULL: not open */
bool sim_lk_is_up(const struct sim *sim);

/* A phone comes in; NULL while LiveKit is being restarted. */
struct sim_leg *sim_lk_phone_joins(struct sim *sim, struct sim_caller *caller,
				   struct tel_str room, struct tel_str identity,
				   struct tel_str sip_call_id, bool foreign);
/* CreateSIPParticipant: a phone is dialled, in a room that it makes if need be. */
struct sim_leg *sim_lk_phone_dialled(struct sim *sim, struct sim_callee *callee,
				     struct tel_str room, struct tel_str identity,
				     struct tel_str call_id, struct tel_str sip_call_id);
/* CreateRoom: the life there is, or a new one with the agent in it. */
struct sim_life *sim_lk_create_room(struct sim *sim, struct tel_str room, struct tel_str agent,
				    struct tel_str call_id);
void sim_lk_leaves(struct sim *sim, struct sim_leg *leg, enum tel_sip_status status,
		   const char *reason);
void sim_lk_close(struct sim *sim, struct sim_life *life, const char *reason);
/* TransferSIPParticipant: the phone talks elsewhere from now on. */
void sim_lk_transferred(struct sim *sim, struct sim_leg *leg);
void sim_lk_restart(struct sim *sim);

/* For agents.c: a life of the room begins; somebody is in it. */
struct sim_life *sim_lk_open(struct sim *sim, struct sim_room *room);
struct sim_leg *sim_lk_add_leg(struct sim *sim, struct sim_life *life,
			       enum tel_participant_kind kind);
/* As LiveKit shows it; `status` and `reason` may be those of another moment. */
struct tel_participant sim_lk_participant(const struct sim_leg *leg, enum tel_sip_status status,
					  const char *reason);

/* ---- agents.c ---- */

struct sim_dispatch *sim_lk_dispatch(struct sim *sim, struct tel_str room, struct tel_str agent,
				     struct tel_str call_id, struct tel_str meant_for);
/* DeleteDispatch: false = no such one is there. */
bool sim_lk_drop_dispatch(struct sim *sim, struct sim_life *life, struct tel_str id);
/* A worker has taken it. */
bool sim_lk_has_job(const struct sim *sim, const struct sim_dispatch *d);
/* No worker takes anything for a while. */
void sim_lk_workers_go(struct sim *sim, tel_time length);

size_t sim_lk_phones(const struct sim_life *life);	/* living ones */
size_t sim_lk_dispatches(const struct sim_life *life);	/* living ones of ours */
/* One that works: not dead, its dispatch not deleted; NULL: none. */
const struct sim_leg *sim_lk_agent(const struct sim_life *life);

/* ---- sender.c ---- */

struct sim_event {
	struct sim_event *next;
	struct sim_room *room;
	struct sim_life *life;
	struct sim_leg *leg;		/* NULL: about the room */
	enum tel_event_kind kind;
	struct tel_str id;
	tel_time created_at;
	enum tel_sip_status status;	/* as it was then */
	const char *reason;
	bool acknowledged;
};

void sim_send_event(struct sim *sim, enum tel_event_kind kind, struct sim_life *life,
		    struct sim_leg *leg);
/* A restart forgets what is queued. */
void sim_forget_events(struct sim *sim, struct sim_room *room);

/* How a delivery ended: an HTTP status; 0 = the connection broke. */
struct sim_delivery {
	struct sim_event *event;
	bool queued;			/* the room's queue waits for it */
	uint64_t epoch;
	unsigned attempt;		/* 0 … */
	bool answered;
};

void sim_delivery_answered(struct sim *sim, struct sim_delivery *delivery, int status);

#endif
