#include "config.h"

#include "app/job_run.h"
#include "base/banned.h"

static void conclude(struct tel_run *run, enum tel_dial_result result, enum tel_dial_reply reply)
{
	run->dial_result = result;
	run->dial_reply = reply;
	run->phase = TEL_RUN_RECORD;
}

/* ---- send, once ---------------------------------------------------------------- */

/* Nobody answered in time; by livekit-sip's clock, or livekit-server's. */
static bool gave_up(const struct tel_lk_answer *answer)
{
	return answer->http_status == 408 && (tel_str_is(answer->code, "canceled") ||
					      tel_str_is(answer->code, "deadline_exceeded"));
}

/*
 * What LiveKit says of a dial that was not answered. Only an error that comes
 * from the far end, or one that LiveKit gives before it dials, is certain.
 */
static void conclude_failure(struct tel_run *run, const struct tel_lk_answer *answer)
{
	tel_run_keep_error(run, answer);
	switch (answer->verdict) {
	case TEL_LK_NOT_SENT:
	case TEL_LK_TRY_LATER:
		conclude(run, TEL_DIAL_RETRY_UNSENT, TEL_DIAL_NO_REPLY);
		return;
	case TEL_LK_GONE:
	case TEL_LK_REFUSED:
		conclude(run, TEL_DIAL_OVER, answer->sip_status_code ? TEL_DIAL_DECLINED :
								       TEL_DIAL_REFUSED);
		return;
	case TEL_LK_DONE:
	case TEL_LK_UNKNOWN:
		break;
	}
	conclude(run, TEL_DIAL_OVER, gave_up(answer) ? TEL_DIAL_GAVE_UP : TEL_DIAL_LOST);
}

static void sent(void *ctx, const struct tel_lk_answer *answer)
{
	struct tel_run *run = ctx;

	if (answer->verdict == TEL_LK_DONE)
		conclude(run, TEL_DIAL_OVER, TEL_DIAL_ANSWERED);
	else
		conclude_failure(run, answer);
}

/* Just before it is sent: hung up, or no longer ours to send? */
static enum tel_err recheck(struct tel_run *run, bool *wanted)
{
	struct tel_call *now;
	enum tel_err err = tel_run_reread(run, &now);

	if (err)
		return err;
	*wanted = now && !tel_call_is_over(now) && !now->hang_up_at &&
		  tel_run_holds_lease(run, now);
	if (!*wanted)
		conclude(run, TEL_DIAL_CANCELLED, TEL_DIAL_NO_REPLY);
	tel_call_free(now);
	return TEL_OK;
}

static enum tel_err send(struct tel_run *run)
{
	char identity[TEL_PHONE_IDENTITY];
	struct tel_lk_request request = {
		.method = TEL_LK_CREATE_SIP_PARTICIPANT,
		.room = run->call->room_name,
		.identity = tel_str_from(tel_call_phone_identity(&run->call->id, identity)),
		.call = run->call,
		.timeout = tel_job_dial_timeout(run->call->dial.ringing_timeout,
						run->call->dial.dtmf.len),
	};
	bool wanted;
	enum tel_err err = recheck(run, &wanted);

	if (err || !wanted)
		return err;
	err = tel_run_send(run, &request, sent);
	if (err == TEL_EMALFORMED || err == TEL_ETOOBIG) {
		run->code = TEL_STR("bad_request");
		run->message = tel_str_from(tel_err_text(err));
		conclude(run, TEL_DIAL_OVER, TEL_DIAL_REFUSED);
		return TEL_OK;
	}
	if (!err)
		tel_count(run->app->counters, TEL_COUNT_DIAL_SENT);
	return err;
}

/* ---- record ----------------------------------------------------------------------- */

static void count(const struct tel_run *run, const struct tel_dial_done *done)
{
	if (done->result == TEL_DIAL_OVER)
		tel_count(run->app->counters, done->reply == TEL_DIAL_ANSWERED ? TEL_COUNT_DIAL_ANSWERED :
					      done->reply == TEL_DIAL_LOST ? TEL_COUNT_DIAL_LOST :
									     TEL_COUNT_DIAL_FAILED);
	if (done->ended)
		tel_count(run->app->counters, TEL_COUNT_CALL_ENDED);
}

static void log_result(const struct tel_run *run, const struct tel_dial_done *done)
{
	const char *reply = tel_dial_reply_text(done->reply);

	tel_log_line(run->app->log, TEL_LOG_INFO, "dial",
		     TEL_F_STR("callId", tel_call_id_str(&run->call->id)),
		     TEL_F_TEXT("result", reply ? reply :
				done->result == TEL_DIAL_CANCELLED ? "cancelled" : "not_sent"),
		     TEL_F_NUMBER("to", tel_e164_str(&run->call->to)),
		     TEL_F_INT("sipStatusCode", done->sip_status_code),
		     TEL_F_STR("code", done->code), TEL_F_STR("message", done->message));
}

static enum tel_err record(struct tel_run *run)
{
	struct tel_dial_done done = {
		.result = run->dial_result,
		.reply = run->dial_reply,
		.attempt = run->attempt,
		.sip_status_code = run->sip_status_code,
		.sip_status = run->sip_status,
		.code = run->code,
		.message = run->message,
		.retry_after = run->retry_after,
	};
	enum tel_err err = tel_run_record(run, &done.env, tel_decide_dial_done, &done);

	if (err)
		return err;
	count(run, &done);
	log_result(run, &done);
	return TEL_OK;
}

enum tel_err tel_run_dial(struct tel_run *run)
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
