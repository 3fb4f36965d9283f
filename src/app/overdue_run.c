#include "config.h"

#include "app/job_run.h"
#include "base/banned.h"

/*
 * A call is to be ended because nothing was heard of it for long: is its
 * phone there all the same?
 */

static void conclude(struct tel_run *run, enum tel_overdue_result result)
{
	run->overdue_result = result;
	run->phase = TEL_RUN_RECORD;
}

static bool is_its_phone(const struct tel_participant *p, const struct tel_call *call)
{
	const struct tel_leg *leg = tel_call_leg(call, p->sid);

	return p->kind == TEL_PARTICIPANT_SIP && leg && leg->left_at == 0 &&
	       tel_str_eq(leg->room_sid, call->room_sid);
}

static void looked(void *ctx, const struct tel_lk_answer *answer)
{
	struct tel_run *run = ctx;
	size_t i;

	run->retry_after = answer->retry_after;
	conclude(run, answer->verdict == TEL_LK_DONE || answer->verdict == TEL_LK_GONE ?
		      TEL_OVERDUE_NOT_THERE : TEL_OVERDUE_NOT_KNOWN);
	for (i = 0; i < answer->n_participants; i++)
		if (is_its_phone(&answer->participants[i], run->call))
			conclude(run, TEL_OVERDUE_THERE);
}

static enum tel_err look(struct tel_run *run)
{
	struct tel_lk_request request = {
		.method = TEL_LK_LIST_PARTICIPANTS,
		.room = run->call->room_name,
	};

	return tel_run_send(run, &request, looked);
}

static enum tel_err record(struct tel_run *run)
{
	struct tel_overdue_done done = {
		.result = run->overdue_result,
		.attempt = run->attempt,
		.retry_after = run->retry_after,
	};
	enum tel_err err = tel_run_record(run, &done.env, tel_decide_overdue_done, &done);

	if (err)
		return err;
	if (done.ended)
		tel_count(run->app->counters, TEL_COUNT_CALL_ENDED);
	return TEL_OK;
}

enum tel_err tel_run_overdue(struct tel_run *run)
{
	switch (run->phase) {
	case TEL_RUN_LOOK:	return look(run);
	case TEL_RUN_RECORD:	return record(run);
	case TEL_RUN_LOOK_FURTHER:
	case TEL_RUN_CONFIRM:
	case TEL_RUN_SEND:
	case TEL_RUN_FREE:
	case TEL_RUN_WAIT:	break;
	}
	return TEL_OK;
}
