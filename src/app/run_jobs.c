#include "config.h"

#include <stdlib.h>

#include "app/job_run.h"
#include "app/reconcile.h"
#include "app/run_jobs.h"
#include "base/banned.h"

/* After our own trouble (store busy, no memory) things rest for so long. */
#define TROUBLE_PAUSE TEL_SECOND

/* What a run keeps of an answer: a handful of short texts. */
#define RUN_TEXTS (16 * TEL_MAX_TEXT)

struct tel_runner {
	struct tel_app *app;
	struct tel_inbox *inbox;
	struct tel_reconciler *reconciler;
	size_t repairs;			/* those it had made when we last scanned */
	struct tel_reach reach;
	bool stopped;
	bool more_due;			/* the last scan's page was full */
	size_t under_way;		/* runs that are not free */
	tel_time next_scan;		/* monotonic */
	tel_time next_sweep;		/* monotonic */
	tel_time next_due;		/* wall clock; 0 = nothing is due ever */
	struct tel_run runs[TEL_RUNNER_MAX_IN_FLIGHT];
};

enum tel_err tel_runner_new(struct tel_app *app, struct tel_inbox *inbox, struct tel_runner **out)
{
	struct tel_runner *runner = calloc(1, sizeof(*runner));
	enum tel_err err;
	size_t i;

	if (!runner)
		return TEL_ENOMEM;
	err = tel_reconciler_new(app, &runner->reconciler);
	if (err) {
		free(runner);
		return err;
	}
	runner->app = app;
	runner->inbox = inbox;
	tel_reconciler_reports_to(runner->reconciler, &runner->reach);
	for (i = 0; i < TEL_RUNNER_MAX_IN_FLIGHT; i++)
		runner->runs[i] = (struct tel_run){ .app = app, .reach = &runner->reach };
	*out = runner;
	return TEL_OK;
}

static void release_run(struct tel_runner *runner, struct tel_run *run)
{
	tel_call_free(run->call);
	tel_arena_release(&run->mem);
	*run = (struct tel_run){ .app = run->app, .reach = run->reach };
	runner->under_way--;
}

void tel_runner_free(struct tel_runner *runner)
{
	size_t i;

	if (!runner)
		return;
	for (i = 0; i < TEL_RUNNER_MAX_IN_FLIGHT; i++)
		if (runner->runs[i].call)
			release_run(runner, &runner->runs[i]);
	tel_reconciler_free(runner->reconciler);
	free(runner);
}

/* ---- what runs share (job_run.h) ------------------------------------------- */

struct tel_str tel_run_keep(struct tel_run *run, struct tel_str text)
{
	struct tel_str copy;

	return tel_arena_copy(&run->mem, text, TEL_MAX_TEXT, &copy) ? TEL_STR_NONE : copy;
}

void tel_run_keep_error(struct tel_run *run, const struct tel_lk_answer *answer)
{
	run->code = tel_run_keep(run, answer->code);
	run->message = tel_run_keep(run, answer->message);
	run->sip_status_code = answer->sip_status_code;
	run->sip_status = tel_run_keep(run, answer->sip_status);
	run->retry_after = answer->retry_after;
}

enum tel_err tel_run_env(const struct tel_run *run, struct tel_decide_env *env)
{
	return tel_app_drawn_env(run->app, env);
}

enum tel_err tel_run_record(struct tel_run *run, struct tel_decide_env *env, tel_decide_fn decide,
			    void *done)
{
	struct tel_step_about about = {
		.call_id = tel_call_id_str(&run->call->id),
		.expect_change = true,
	};
	enum tel_err err = tel_run_env(run, env);

	if (!err)
		err = run->app->store->ops->step(run->app->store, &about, decide, done);
	if (err && err != TEL_ENOTFOUND)
		return err;
	run->phase = TEL_RUN_FREE;
	return TEL_OK;
}

enum tel_err tel_run_reread(const struct tel_run *run, struct tel_call **now)
{
	enum tel_err err;

	*now = NULL;
	err = run->app->store->ops->get(run->app->store, &run->call->id, now, NULL);
	return err == TEL_ENOTFOUND ? TEL_OK : err;
}

bool tel_run_holds_lease(const struct tel_run *run, const struct tel_call *now)
{
	const struct tel_job *job = &now->jobs[run->kind];
	struct tel_str self = run->app->process->ops->self(run->app->process);

	return job->pending && job->attempt == run->attempt &&
	       tel_str_eq(job->lease.owner, self) &&
	       tel_now(run->app->clock) + TEL_REQUEST_TIMEOUT < job->lease.until;
}

void tel_note_reach(struct tel_app *app, struct tel_reach *reach,
		    const struct tel_lk_answer *answer)
{
	uint64_t random = 0;

	/* Without randomness pauses are alike. */
	if (tel_random_fill(app->random, &random, sizeof(random)))
		random = 0;
	tel_reach_note(reach, answer, tel_monotonic(app->clock), random);
}

static void answered(void *ctx, const struct tel_lk_answer *answer)
{
	struct tel_run *run = ctx;

	tel_note_reach(run->app, run->reach, answer);
	run->done(run, answer);
}

enum tel_err tel_run_send(struct tel_run *run, const struct tel_lk_request *request,
			  tel_lk_done_fn done)
{
	enum tel_run_phase phase = run->phase;
	enum tel_err err;

	run->phase = TEL_RUN_WAIT;
	run->done = done;
	err = run->app->livekit->ops->send(run->app->livekit, request, answered, run);
	if (err)
		run->phase = phase;
	return err;
}

enum tel_err tel_run_ask_room(struct tel_run *run, tel_lk_done_fn done)
{
	struct tel_lk_request request = {
		.method = TEL_LK_LIST_ROOMS,
		.room = run->call->room_name,
	};

	return tel_run_send(run, &request, done);
}

bool tel_run_is_room(const struct tel_run *run, const struct tel_lk_answer *answer)
{
	return answer->n_rooms == 1 && tel_str_eq(answer->rooms[0].sid, run->call->room_sid);
}

/* ---- starting runs ----------------------------------------------------------- */

/* There is one: nobody starts a run without having looked. */
static struct tel_run *free_slot(struct tel_runner *runner)
{
	size_t i = 0;

	while (runner->runs[i].call)
		i++;
	return &runner->runs[i];
}

/*
 * Most jobs send at once. Who deletes a room looks first who is in it, and
 * who may have dispatched before looks first for that.
 */
static enum tel_run_phase first_phase(const struct tel_call *call, enum tel_job_kind kind)
{
	bool look = kind == TEL_JOB_WATCH_AGENT || kind == TEL_JOB_END_OVERDUE ||
		    (kind == TEL_JOB_DISPATCH_AGENT &&
		     (call->jobs[kind].unsure || call->jobs[kind].look)) ||
		    (kind == TEL_JOB_DELETE_ROOM && (!call->hang_up_at || tel_call_is_over(call)));

	return look ? TEL_RUN_LOOK : TEL_RUN_SEND;
}

static void begin(struct tel_run *run, struct tel_call *call, enum tel_job_kind kind)
{
	tel_arena_init(&run->mem, RUN_TEXTS);
	run->call = call;
	run->kind = kind;
	run->attempt = call->jobs[kind].attempt;
	run->phase = first_phase(call, kind);
}

void tel_run_go_on(struct tel_run *run, struct tel_call *call, enum tel_job_kind kind)
{
	tel_call_free(run->call);
	tel_arena_release(&run->mem);
	*run = (struct tel_run){ .app = run->app, .reach = run->reach };
	begin(run, call, kind);
}

/* `call` passes to the run. */
static void start(struct tel_runner *runner, struct tel_call *call, enum tel_job_kind kind,
		  bool settle)
{
	struct tel_run *run = free_slot(runner);

	begin(run, call, kind);
	if (settle)
		run->not_before = tel_monotonic(runner->app->clock) + TEL_TAKEOVER_SETTLE;
	runner->under_way++;
}

/* What a call begins with: an inbound one, an outbound one. */
static enum tel_job_kind first_job(const struct tel_call *call)
{
	return call->jobs[TEL_JOB_CREATE_ROOM].pending ? TEL_JOB_CREATE_ROOM :
							 TEL_JOB_DISPATCH_AGENT;
}

/*
 * A record that does not decode, or has outgrown its ceiling, is the trouble of its
 * own call: nobody else's job waits for that.
 */
static bool is_of_one_call(enum tel_err err)
{
	return err == TEL_ECORRUPT || err == TEL_ETOOBIG || err == TEL_EMALFORMED;
}

/* The job was leased to this process in the commit that made it. */
static enum tel_err start_from_inbox(struct tel_runner *runner, const struct tel_call_id *id)
{
	struct tel_str self = runner->app->process->ops->self(runner->app->process);
	struct tel_call *call = NULL;
	enum tel_err err = runner->app->store->ops->get(runner->app->store, id, &call, NULL);
	enum tel_job_kind kind;
	const struct tel_job *job;

	/* If it is damaged, whoever takes the job when its lease is over says so. */
	if (err)
		return err == TEL_ENOTFOUND || is_of_one_call(err) ? TEL_OK : err;
	kind = first_job(call);
	job = &call->jobs[kind];
	if (job->pending && job->attempt == 1 && tel_str_eq(job->lease.owner, self))
		start(runner, call, kind, false);
	else
		tel_call_free(call);
	return TEL_OK;
}

static enum tel_err empty_inbox(struct tel_runner *runner)
{
	struct tel_call_id id;
	enum tel_err err = TEL_OK;

	while (!err && runner->under_way < TEL_RUNNER_MAX_IN_FLIGHT &&
	       tel_inbox_first(runner->inbox, &id)) {
		err = start_from_inbox(runner, &id);
		if (!err)
			tel_inbox_drop_first(runner->inbox);
	}
	return err;
}

static void note_takeover(struct tel_runner *runner, const struct tel_take_job *take)
{
	tel_count(runner->app->counters, TEL_COUNT_JOB_TAKEN_OVER);
	tel_log_line(runner->app->log, TEL_LOG_WARN, "job_taken_over",
		     TEL_F_STR("callId", tel_call_id_str(&take->call->id)),
		     TEL_F_TEXT("job", tel_job_kind_text(take->kind)),
		     TEL_F_STR("deadOwner", take->dead_owner));
}

/* The decision, and a copy of the call as it then is. */
static enum tel_err take_and_copy(struct tel_step *step, void *ctx)
{
	struct tel_take_job *take = ctx;
	enum tel_err err;

	tel_call_free(take->call);
	take->call = NULL;
	err = tel_decide_take(step, take);
	if (!err && take->result == TEL_TAKE_RUN)
		err = tel_call_clone(step->call, &take->call);
	return err;
}

/*
 * A ghost, or what may be there already for a call that has sent nothing yet,
 * is looked for when another request has settled, by the clock of the process
 * that said so. Ours may be ahead of it.
 */
static bool may_be_early(const struct tel_take_job *take)
{
	const struct tel_job *job = &take->call->jobs[take->kind];

	return job->unsure && (take->kind == TEL_JOB_DELETE_ROOM || job->attempt == 1);
}

/* A dial or a transfer is answered by a person: that tells nothing for a long while. */
static bool waits_for_a_person(const struct tel_run *run)
{
	return run->phase == TEL_RUN_WAIT &&
	       (run->kind == TEL_JOB_DIAL || run->kind == TEL_JOB_TRANSFER);
}

static bool somebody_tries(const struct tel_runner *runner)
{
	size_t i;

	for (i = 0; i < TEL_RUNNER_MAX_IN_FLIGHT; i++)
		if (runner->runs[i].call && !waits_for_a_person(&runner->runs[i]))
			return true;
	return false;
}

/* While LiveKit is away, one job tries whether it is back. */
static bool may_take(const struct tel_runner *runner)
{
	return runner->under_way < TEL_RUNNER_MAX_IN_FLIGHT &&
	       (!tel_reach_is_lost(&runner->reach) || !somebody_tries(runner));
}

/* A lease tells processes apart, and attempts; not two runs of one process. */
static unsigned busy_with(const struct tel_runner *runner, const struct tel_call_id *id)
{
	unsigned busy = 0;
	size_t i;

	for (i = 0; i < TEL_RUNNER_MAX_IN_FLIGHT; i++)
		if (runner->runs[i].call && tel_str_eq(tel_call_id_str(&runner->runs[i].call->id),
						       tel_call_id_str(id)))
			busy |= 1u << runner->runs[i].kind;
	return busy;
}

/* Take all that is due in one call, as long as there are slots. */
static enum tel_err take_jobs_of(struct tel_runner *runner, const struct tel_call_id *id,
				 struct tel_str dead_owner)
{
	struct tel_step_about about = {
		.call_id = tel_call_id_str(id), .expect_change = true, .outbound_switch = true,
	};
	struct tel_take_job take = { .result = TEL_TAKE_DONE, .dead_owner = dead_owner };
	enum tel_err err = TEL_OK;

	while (!err && take.result != TEL_TAKE_NOTHING && may_take(runner)) {
		err = tel_app_drawn_env(runner->app, &take.env);
		take.busy = busy_with(runner, id);
		if (!err)
			err = runner->app->store->ops->step(runner->app->store, &about,
							    take_and_copy, &take);
		if (!err && take.ended)
			tel_count(runner->app->counters, TEL_COUNT_CALL_ENDED);
		if (err || take.result != TEL_TAKE_RUN)
			continue;
		if (take.taken_over)
			note_takeover(runner, &take);
		start(runner, take.call, take.kind, take.taken_over || may_be_early(&take));
		take.call = NULL;
	}
	tel_call_free(take.call);
	return err;
}

static bool owner_is_dead(void *ctx, struct tel_str owner)
{
	struct tel_process *process = ctx;

	return process->ops->is_dead(process, owner);
}

/* *damaged: one of the calls could not be read or written. */
static enum tel_err take_page(struct tel_runner *runner, const struct tel_due_page *page,
			      enum tel_err *damaged)
{
	enum tel_err err = TEL_OK;
	size_t i;

	for (i = 0; !err && i < page->n && may_take(runner); i++) {
		err = take_jobs_of(runner, &page->due[i].id,
				   tel_str_from(page->due[i].dead_owner));
		if (!is_of_one_call(err))
			continue;
		*damaged = err;
		err = TEL_OK;
	}
	return err;
}

static enum tel_err scan(struct tel_runner *runner, enum tel_err *damaged)
{
	struct tel_due_query query = {
		.now = tel_now(runner->app->clock),
		.max = TEL_RUNNER_MAX_IN_FLIGHT,
		.owner_is_dead = owner_is_dead,
		.ctx = runner->app->process,
	};
	struct tel_due_page *page = calloc(1, sizeof(*page));
	enum tel_err err = TEL_ENOMEM;

	if (!page)
		return err;
	err = runner->app->store->ops->due(runner->app->store, &query, page);
	if (!err)
		err = take_page(runner, page, damaged);
	if (!err) {
		runner->next_due = page->next;
		runner->more_due = page->n == query.max;
	}
	free(page);
	return err;
}

/* ---- moving on ----------------------------------------------------------------- */

static enum tel_err advance(struct tel_run *run)
{
	switch (run->kind) {
	case TEL_JOB_DISPATCH_AGENT:	return tel_run_dispatch(run);
	case TEL_JOB_DELETE_ROOM:	return tel_run_delete(run);
	case TEL_JOB_CREATE_ROOM:	return tel_run_room(run);
	case TEL_JOB_DIAL:		return tel_run_dial(run);
	case TEL_JOB_WATCH_DIAL:	return tel_run_look(run);
	case TEL_JOB_TRANSFER:		return tel_run_transfer(run);
	case TEL_JOB_WATCH_AGENT:	return tel_run_watch(run);
	case TEL_JOB_END_OVERDUE:	return tel_run_overdue(run);
	case TEL_JOB_KINDS:		break;
	}
	return TEL_EMISUSE;
}

static enum tel_err advance_all(struct tel_runner *runner, tel_time mono)
{
	enum tel_err first = TEL_OK, err;
	struct tel_run *run;
	size_t i;

	for (i = 0; i < TEL_RUNNER_MAX_IN_FLIGHT; i++) {
		run = &runner->runs[i];
		if (!run->call || run->phase == TEL_RUN_WAIT || mono < run->not_before)
			continue;
		err = advance(run);
		if (err) {
			run->not_before = mono + TROUBLE_PAUSE;
			first = first ? first : err;
		} else if (run->phase == TEL_RUN_FREE) {
			release_run(runner, run);
		}
	}
	return first;
}

static tel_time least(tel_time a, tel_time b)
{
	return a < b ? a : b;
}

/* How long nothing will happen by itself. */
static tel_time pause_until_next(const struct tel_runner *runner, tel_time mono, tel_time wait)
{
	const struct tel_run *run;
	size_t i;

	if (!runner->stopped && may_take(runner))
		wait = least(wait, tel_reach_is_lost(&runner->reach) &&
				   runner->reach.try_at > runner->next_scan ?
				   runner->reach.try_at - mono : runner->next_scan - mono);
	for (i = 0; i < TEL_RUNNER_MAX_IN_FLIGHT; i++) {
		run = &runner->runs[i];
		if (run->call && run->phase != TEL_RUN_WAIT)
			wait = least(wait, run->not_before - mono);
	}
	wait = tel_reconciler_pause(runner->reconciler, mono, wait);
	return wait > 0 ? wait : 0;
}

/* Sooner than usual if the store knows of a job that is due sooner. */
static void plan_scan(struct tel_runner *runner, tel_time mono)
{
	tel_time ahead = runner->next_due ? runner->next_due - tel_now(runner->app->clock) :
					    TEL_RUNNER_SCAN_EVERY;

	runner->next_scan = mono + least(ahead > 0 ? ahead : 1, TEL_RUNNER_SCAN_EVERY);
}

static enum tel_err sweep(struct tel_runner *runner, tel_time mono)
{
	struct tel_sweep_report report;
	enum tel_err err = runner->app->store->ops->sweep(runner->app->store,
							  tel_now(runner->app->clock),
							  TEL_RUNNER_SWEEP_BUDGET, &report);

	runner->next_sweep = mono + (!err && report.more ? TEL_SECOND : TEL_RUNNER_SWEEP_EVERY);
	return err;
}

/*
 * While every slot is taken nothing could be done about what is due; when
 * there is more due than a page holds, it is looked for as slots get free.
 */
static bool is_time_to_scan(const struct tel_runner *runner, tel_time mono)
{
	if (tel_reach_is_lost(&runner->reach) && mono < runner->reach.try_at)
		return false;
	return may_take(runner) && (runner->more_due || mono >= runner->next_scan);
}

/*
 * What is in the inbox was promised to the callers in it, so it is started
 * even by a runner that is about to stop.
 */
static enum tel_err take_new(struct tel_runner *runner, tel_time mono)
{
	enum tel_err err = TEL_OK, damaged = TEL_OK;

	if (runner->inbox)
		err = empty_inbox(runner);
	if (runner->stopped)
		return err;
	if (!err && is_time_to_scan(runner, mono)) {
		err = scan(runner, &damaged);
		plan_scan(runner, mono);
	}
	if (!err && mono >= runner->next_sweep)
		err = sweep(runner, mono);
	err = err ? err : damaged;
	if (err)
		runner->next_scan = mono + TROUBLE_PAUSE;
	return err;
}

/* What was repaired may have left jobs that are due. */
static enum tel_err reconcile(struct tel_runner *runner, tel_time mono)
{
	enum tel_err err = tel_reconciler_turn(runner->reconciler, mono);

	if (runner->repairs != tel_reconciler_repairs(runner->reconciler)) {
		runner->repairs = tel_reconciler_repairs(runner->reconciler);
		runner->next_scan = mono;
	}
	return err;
}

enum tel_err tel_runner_turn(struct tel_runner *runner, tel_time wait)
{
	struct tel_livekit *livekit = runner->app->livekit;
	tel_time mono = tel_monotonic(runner->app->clock);
	enum tel_err err = take_new(runner, mono), compared, moved, polled;

	compared = reconcile(runner, mono);
	moved = advance_all(runner, mono);
	if (tel_reach_take_news(&runner->reach))
		runner->next_scan = mono;
	polled = livekit->ops->poll(livekit, pause_until_next(runner, mono, wait));
	err = err ? err : compared ? compared : moved ? moved : polled;
	if (err)
		tel_log_line(runner->app->log, TEL_LOG_ERROR, "jobs_trouble",
			     TEL_F_TEXT("reason", tel_err_text(err)));
	return err;
}

void tel_runner_stop(struct tel_runner *runner)
{
	runner->stopped = true;
	tel_reconciler_stop(runner->reconciler);
}

bool tel_runner_is_idle(const struct tel_runner *runner)
{
	return runner->under_way == 0 && tel_reconciler_is_idle(runner->reconciler) &&
	       (!runner->inbox || tel_inbox_is_idle(runner->inbox));
}
