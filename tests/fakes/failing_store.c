#include "config.h"

#include "fakes/failing_store.h"
#include "base/banned.h"

static struct tel_failing_store *of(struct tel_call_store *store)
{
	return (struct tel_failing_store *)store;
}

/* Is it this call's turn to fail? */
static bool fails(struct tel_failing_store *f, enum tel_store_call call)
{
	const struct tel_store_fault *fault = &f->fault;

	if (!(fault->calls & call))
		return false;
	f->seen++;
	if (!fault->at || f->seen < fault->at || f->seen - fault->at >= fault->times)
		return false;
	f->failed++;
	return true;
}

static bool is_damaged(const struct tel_failing_store *f, struct tel_str id)
{
	return f->damaged.text[0] && tel_str_eq(id, tel_call_id_str(&f->damaged));
}

static enum tel_err step(struct tel_call_store *store, const struct tel_step_about *about,
			 tel_decide_fn decide, void *ctx)
{
	struct tel_failing_store *f = of(store);
	bool now = fails(f, TEL_CALL_STEP);
	enum tel_err err = TEL_OK;

	if (is_damaged(f, about->call_id))
		return TEL_ECORRUPT;
	if (!now || f->fault.after)
		err = f->real->ops->step(f->real, about, decide, ctx);
	return now ? f->fault.err : err;
}

static enum tel_err get(struct tel_call_store *store, const struct tel_call_id *id,
			struct tel_call **out, struct tel_timeline *timeline)
{
	struct tel_failing_store *f = of(store);

	if (is_damaged(f, tel_call_id_str(id)))
		return TEL_ECORRUPT;
	return fails(f, TEL_CALL_GET) ? f->fault.err : f->real->ops->get(f->real, id, out, timeline);
}

static enum tel_err list(struct tel_call_store *store, const struct tel_call_filter *filter,
			 struct tel_call_page *out)
{
	struct tel_failing_store *f = of(store);

	return fails(f, TEL_CALL_LIST) ? f->fault.err : f->real->ops->list(f->real, filter, out);
}

static enum tel_err due(struct tel_call_store *store, const struct tel_due_query *query,
			struct tel_due_page *out)
{
	struct tel_failing_store *f = of(store);

	f->dues++;
	return fails(f, TEL_CALL_DUE) ? f->fault.err : f->real->ops->due(f->real, query, out);
}

static enum tel_err sweep(struct tel_call_store *store, tel_time now, size_t budget,
			  struct tel_sweep_report *out)
{
	struct tel_failing_store *f = of(store);

	return fails(f, TEL_CALL_SWEEP) ? f->fault.err : f->real->ops->sweep(f->real, now, budget, out);
}

static enum tel_err stats(struct tel_call_store *store, struct tel_store_stats *out)
{
	struct tel_failing_store *f = of(store);

	return f->real->ops->stats(f->real, out);
}

static void close(struct tel_call_store *store)
{
	struct tel_failing_store *f = of(store);

	f->real->ops->close(f->real);
}

void tel_failing_store_init(struct tel_failing_store *f, struct tel_call_store *real)
{
	*f = (struct tel_failing_store){
		.ops = {
			.name = "failing", .step = step, .get = get, .list = list, .due = due,
			.sweep = sweep, .stats = stats, .close = close,
		},
		.real = real,
	};
	f->base.ops = &f->ops;
}

void tel_failing_store_set(struct tel_failing_store *f, const struct tel_store_fault *fault)
{
	f->fault = *fault;
	f->seen = f->failed = 0;
}
