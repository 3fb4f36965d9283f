/*
 * Inside src/app only: one job that a runner has leased, on its way through
 * its requests. A run is a small state machine: each phase is a function
 * that either sends one request, or records the result and is done.
 *
 * Answers are only looked at and remembered where they arrive (inside the
 * adapter's poll); everything else happens in the runner's own turn.
 */
#ifndef TEL_APP_JOB_RUN_H
#define TEL_APP_JOB_RUN_H

#include <stdbool.h>

#include "app/app.h"
#include "app/reach.h"
#include "base/arena.h"
#include "base/time.h"
#include "domain/decide.h"

enum tel_run_phase {
	TEL_RUN_FREE,		/* the slot is empty */
	TEL_RUN_LOOK,		/* find out what is there already */
	TEL_RUN_LOOK_FURTHER,	/* the second half of it */
	TEL_RUN_CONFIRM,	/* is that the room, or a later one of its name? */
	TEL_RUN_SEND,		/* send what the job is about */
	TEL_RUN_WAIT,		/* a request is under way */
	TEL_RUN_RECORD		/* the result is known: one step */
};

struct tel_run {
	struct tel_app *app;
	struct tel_reach *reach;
	tel_lk_done_fn done;	/* of the request that is under way */
	enum tel_run_phase phase;
	enum tel_job_kind kind;
	struct tel_call *call;		/* as it was when the job was leased; owned */
	uint32_t attempt;		/* with it and our name the lease is ours:
					   this process may lease a job twice */
	tel_time not_before;		/* monotonic; the phase waits until then */

	/* what came out */
	struct tel_arena mem;		/* owns the texts below */
	enum tel_dispatch_result dispatch_result;
	enum tel_delete_result delete_result;
	bool room_confirmed;		/* DELETE_ROOM: it is the life that is meant */
	struct tel_str dispatch_id;
	enum tel_room_result room_result;
	enum tel_dial_result dial_result;
	enum tel_dial_reply dial_reply;
	enum tel_look_result look_result;
	enum tel_transfer_result transfer_result;
	struct tel_str room_sid;
	tel_time room_created_at;
	struct tel_participant phone;	/* look_result SEEN */
	enum tel_watched watched;
	struct tel_watch_seen seen;
	struct tel_watch_plan plan;
	size_t next_drop;		/* of seen.dispatches */
	bool drop_sent;			/* one may be deleted */
	enum tel_overdue_result overdue_result;
	int sip_status_code;
	struct tel_str sip_status;
	struct tel_str code, message;
	tel_time retry_after;
};

/*
 * The texts of a run that is refused or retried; a text that does not fit
 * is left out.
 */
void tel_run_keep_error(struct tel_run *run, const struct tel_lk_answer *answer);

/* What every decision about a run needs. TEL_EIO: no randomness */
TEL_MUST_CHECK enum tel_err tel_run_env(const struct tel_run *run, struct tel_decide_env *env);

/*
 * Record what came of the run: fill in `env`, which is in `done`, and run the
 * step about the run's call. Then the run is over; also if the call is kept no
 * more. Our own trouble: to be tried again.
 */
TEL_MUST_CHECK enum tel_err tel_run_record(struct tel_run *run, struct tel_decide_env *env,
					   tel_decide_fn decide, void *done);

/*
 * The run's call as it is just before something is sent, owned: free it with
 * tel_call_free(). NULL: it is kept no more.
 */
TEL_MUST_CHECK enum tel_err tel_run_reread(const struct tel_run *run, struct tel_call **now);

/*
 * Is the lease of the run's job in `now` still the one that it was started
 * with, and long enough for one more request?
 */
bool tel_run_holds_lease(const struct tel_run *run, const struct tel_call *now);

/* An answer, or that none came, says whether LiveKit can be reached. */
void tel_note_reach(struct tel_app *app, struct tel_reach *reach,
		    const struct tel_lk_answer *answer);

/* Send a request whose answer goes to `done` with the run as context. */
TEL_MUST_CHECK enum tel_err tel_run_send(struct tel_run *run, const struct tel_lk_request *request,
					 tel_lk_done_fn done);

/*
 * Take the next phase as far as it goes. TEL_OK, or our own trouble: the
 * phase is unchanged and to be tried again after a pause.
 */
TEL_MUST_CHECK enum tel_err tel_run_dispatch(struct tel_run *run);	/* dispatch_run.c */
TEL_MUST_CHECK enum tel_err tel_run_delete(struct tel_run *run);	/* delete_run.c */
TEL_MUST_CHECK enum tel_err tel_run_room(struct tel_run *run);		/* room_run.c */
TEL_MUST_CHECK enum tel_err tel_run_dial(struct tel_run *run);		/* dial_run.c */
TEL_MUST_CHECK enum tel_err tel_run_look(struct tel_run *run);		/* look_run.c */
TEL_MUST_CHECK enum tel_err tel_run_transfer(struct tel_run *run);	/* transfer_run.c */

TEL_MUST_CHECK enum tel_err tel_run_watch(struct tel_run *run);		/* watch_run.c */
TEL_MUST_CHECK enum tel_err tel_run_overdue(struct tel_run *run);	/* overdue_run.c */

/*
 * Is it one of ours, for this call or for this very life of the room? (A call
 * that came into the room of one that is over takes over its dispatch.) One
 * that somebody else made for the same agent, in the same room, serves too.
 */
bool tel_run_is_served_by(const struct tel_run *run, const struct tel_lk_dispatch *d);

/* ListRooms for the run's room: does LiveKit show the life of it that is meant? */
TEL_MUST_CHECK enum tel_err tel_run_ask_room(struct tel_run *run, tel_lk_done_fn done);
bool tel_run_is_room(const struct tel_run *run, const struct tel_lk_answer *answer);

/*
 * The run goes on with another job of the same call, leased to us in the
 * step that recorded this one. `call` passes to the run.
 */
void tel_run_go_on(struct tel_run *run, struct tel_call *call, enum tel_job_kind kind);

/* A copy in the run's memory; one that does not fit is left out. */
struct tel_str tel_run_keep(struct tel_run *run, struct tel_str text);

#endif
