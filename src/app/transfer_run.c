#include "config.h"

#include "app/job_run.h"
#include "base/banned.h"

static void conclude(struct tel_run *run, enum tel_transfer_result result)
{
	run->transfer_result = result;
	run->phase = TEL_RUN_RECORD;
}

static enum tel_transfer_result result_of(enum tel_lk_verdict verdict)
{
	switch (verdict) {
	case TEL_LK_DONE:	return TEL_TRANSFERRED;
	case TEL_LK_GONE:
	case TEL_LK_REFUSED:	return TEL_TRANSFER_NOT_DONE;
	case TEL_LK_TRY_LATER:
	case TEL_LK_NOT_SENT:	return TEL_TRANSFER_RETRY_UNSENT;
	case TEL_LK_UNKNOWN:	break;
	}
	return TEL_TRANSFER_NOT_KNOWN;
}

static void sent(void *ctx, const struct tel_lk_answer *answer)
{
	struct tel_run *run = ctx;

	tel_run_keep_error(run, answer);
	conclude(run, result_of(answer->verdict));
}

static enum tel_err recheck(struct tel_run *run, bool *wanted)
{
	struct tel_call *now;
	enum tel_err err = tel_run_reread(run, &now);

	if (err)
		return err;
	*wanted = now && !tel_call_is_over(now) && !now->hang_up_at &&
		  tel_run_holds_lease(run, now);
	if (!*wanted)
		conclude(run, TEL_TRANSFER_CANCELLED);
	tel_call_free(now);
	return TEL_OK;
}

static enum tel_err send(struct tel_run *run)
{
	struct tel_lk_request request = {
		.method = TEL_LK_TRANSFER_SIP_PARTICIPANT,
		.room = run->call->room_name,
		.identity = run->call->identity,
		.transfer_to = run->call->transfer.to,
		.play_dialtone = run->call->transfer.play_dialtone,
		.timeout = TEL_TRANSFER_TIMEOUT,
	};
	bool wanted;
	enum tel_err err = recheck(run, &wanted);

	return err || !wanted ? err : tel_run_send(run, &request, sent);
}

static enum tel_err record(struct tel_run *run)
{
	struct tel_transfer_done done = {
		.result = run->transfer_result,
		.attempt = run->attempt,
		.sip_status_code = run->sip_status_code,
		.code = run->code,
		.message = run->message,
		.retry_after = run->retry_after,
	};
	enum tel_err err = tel_run_record(run, &done.env, tel_decide_transfer_done, &done);

	if (err)
		return err;
	tel_log_line(run->app->log, done.result == TEL_TRANSFERRED ? TEL_LOG_INFO : TEL_LOG_WARN,
		     "transfer", TEL_F_STR("callId", tel_call_id_str(&run->call->id)),
		     TEL_F_TEXT("result", done.result == TEL_TRANSFERRED ? "done" : "not_done"),
		     TEL_F_STR("code", run->code), TEL_F_STR("message", run->message));
	return TEL_OK;
}

enum tel_err tel_run_transfer(struct tel_run *run)
{
	switch (run->phase) {
	case TEL_RUN_SEND:	return send(run);
	case TEL_RUN_RECORD:	return record(run);
	case TEL_RUN_LOOK:
	case TEL_RUN_LOOK_FURTHER:
	case TEL_RUN_CONFIRM:
	case TEL_RUN_FREE:
	case TEL_RUN_WAIT:	break;
	}
	return TEL_OK;
}
