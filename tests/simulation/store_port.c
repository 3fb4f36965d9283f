/*
 * A process's store: the shared one, behind a decorator that is a point
 * before and after everything it does, refuses now and then, and tells the
 * judge what was committed.
 */
#include "config.h"

#include "domain/decide.h"
#include "judge.h"
#include "proc.h"
#include "base/banned.h"

static struct sim_proc *of(struct tel_call_store *port)
{
	return ((struct sim_call_store_port *)port)->proc;
}

static enum tel_err refusal(struct sim *sim)
{
	if (sim_strikes(sim, SIM_STORE_BUSY))
		return TEL_EBUSY;
	return sim_strikes(sim, SIM_STORE_IO) ? TEL_EIO : TEL_OK;
}

/* TEL_OK: go on. */
static enum tel_err before(struct sim_proc *proc, const char *where)
{
	enum tel_err err;

	if (!sim_point(proc, where))
		return TEL_EIO;
	err = refusal(proc->sim);
	if (err)
		sim_trace(proc->sim, "%s: store refuses %s: %s", proc->name, where,
			  tel_err_text(err));
	return err;
}

/* ---- step -------------------------------------------------------------------- */

struct witness {
	struct sim *sim;
	tel_decide_fn decide;
	void *ctx;
	struct sim_seen_call seen[2];	/* call, fresh: as the last run left them */
	bool wrote;
};

static struct sim_seen_call look_at(struct sim *sim, const struct tel_call *call)
{
	struct sim_seen_call seen = { .there = call != NULL };

	if (!call)
		return seen;
	seen.id = call->id;
	seen.status = call->status;
	seen.outcome = call->outcome;
	seen.finished = call->room_finished_at != 0;
	seen.hung_up = call->hang_up_at != 0;
	seen.why = call->hang_up_why;
	seen.outbound = call->direction == TEL_OUTBOUND;
	seen.no_agent = tel_str_is(call->error_code, "no_agent");
	sim_judge_note_legs(sim, call, &seen);
	if (tel_arena_copy(&sim->mem, call->room_name, TEL_MAX_ROOM_NAME, &seen.room_name) ||
	    tel_arena_copy(&sim->mem, call->room_sid, TEL_MAX_ID, &seen.room_sid))
		seen.there = false;
	return seen;
}

static enum tel_err decide(struct tel_step *step, void *ctx)
{
	struct witness *w = ctx;
	enum tel_err err = w->decide(step, w->ctx);

	w->wrote = !err && tel_step_wants_write(step);
	if (!w->wrote)
		return err;
	/* Only a new call takes new room: what a full store refuses. */
	if (step->fresh && sim_strikes(w->sim, SIM_STORE_FULL))
		return TEL_EFULL;
	w->seen[0] = look_at(w->sim, step->call);
	w->seen[1] = look_at(w->sim, step->fresh);
	return err;
}

/* While nobody looks at the store every now and then, a commit wakes all. */
static void wake_all(struct sim *sim)
{
	struct sim_proc *proc;

	for (proc = sim->procs->all; proc && sim->settled; proc = proc->next)
		if (!proc->dead)
			sim_proc_wake(proc);
}

/* What a round writes, but for its duty: as events are, but nobody sent it. */
static bool is_repair(const struct tel_step_about *about, tel_decide_fn inner)
{
	return inner == tel_decide_left_over ||
	       (tel_str_is_set(about->room_sid) && !tel_str_is_set(about->event_id) &&
		!about->expect_change);
}

static enum tel_err port_step(struct tel_call_store *port, const struct tel_step_about *about,
			      tel_decide_fn inner, void *ctx)
{
	struct sim_proc *proc = of(port);
	struct sim *sim = proc->sim;
	struct witness w = { .sim = sim, .decide = inner, .ctx = ctx };
	uint64_t context = sim->context;
	enum tel_err err;

	if (tel_str_is_set(about->call_id))
		sim_enter(sim, about->call_id);
	err = before(proc, "before a step");
	if (!err)
		err = sim->store->ops->step(sim->store, about, decide, &w);
	if (!err && w.wrote) {
		sim_judge_committed(sim, &w.seen[0]);
		sim_judge_committed(sim, &w.seen[1]);
		if (is_repair(about, inner))
			sim_judge_repaired(sim, about->room_name.len ? about->room_name :
						w.seen[0].room_name);
		wake_all(sim);
		if (sim_strikes(sim, SIM_STORE_DOUBT))
			err = TEL_EIO;
	}
	if (!sim_point(proc, "after a step"))
		err = TEL_EIO;
	sim->context = context;
	return err;
}

/* ---- the rest ------------------------------------------------------------------ */

static enum tel_err port_get(struct tel_call_store *port, const struct tel_call_id *id,
			     struct tel_call **out, struct tel_timeline *timeline)
{
	struct sim *sim = of(port)->sim;
	uint64_t context = sim_enter(sim, tel_call_id_str(id));
	enum tel_err err = before(of(port), "before a look at a call");

	if (!err)
		err = sim->store->ops->get(sim->store, id, out, timeline);
	sim->context = context;
	return err;
}

static enum tel_err port_list(struct tel_call_store *port, const struct tel_call_filter *filter,
			      struct tel_call_page *out)
{
	enum tel_err err = before(of(port), "before a list of calls");

	return err ? err : of(port)->sim->store->ops->list(of(port)->sim->store, filter, out);
}

static enum tel_err port_due(struct tel_call_store *port, const struct tel_due_query *query,
			     struct tel_due_page *out)
{
	struct sim_proc *proc = of(port);

	/* No fault here: it is asked twice a second, and a failure of it does
	   no more than one of the step that follows. */
	if (proc->dead)
		return TEL_EIO;
	return proc->sim->store->ops->due(proc->sim->store, query, out);
}

static enum tel_err port_sweep(struct tel_call_store *port, tel_time now, size_t budget,
			       struct tel_sweep_report *out)
{
	struct sim_proc *proc = of(port);

	if (proc->dead)
		return TEL_EIO;
	return proc->sim->store->ops->sweep(proc->sim->store, now, budget, out);
}

static enum tel_err port_stats(struct tel_call_store *port, struct tel_store_stats *out)
{
	struct sim_proc *proc = of(port);

	if (proc->dead)
		return TEL_EIO;
	return proc->sim->store->ops->stats(proc->sim->store, out);
}

static void port_close(struct tel_call_store *port)
{
	(void)port;
}

static const struct tel_call_store_ops ops = {
	.name = "simulated", .step = port_step, .get = port_get, .list = port_list,
	.due = port_due, .sweep = port_sweep, .stats = port_stats, .close = port_close,
};

void sim_store_port_init(struct sim_proc *proc)
{
	proc->store = (struct sim_call_store_port){ { &ops }, proc };
}
