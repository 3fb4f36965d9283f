#include "config.h"

#include "app/job_run.h"
#include "base/banned.h"

static void conclude(struct tel_run *run, enum tel_look_result result)
{
	run->look_result = result;
	run->phase = TEL_RUN_RECORD;
}

static void keep_phone(struct tel_run *run, const struct tel_participant *p)
{
	run->phone = (struct tel_participant){
		.kind = TEL_PARTICIPANT_SIP,
		.sid = tel_run_keep(run, p->sid),
		.identity = tel_run_keep(run, p->identity),
		.joined_at = p->joined_at,
		.sip_status = p->sip_status,
		.sip_call_id = tel_run_keep(run, p->sip_call_id),
	};
}

static void looked(void *ctx, const struct tel_lk_answer *answer)
{
	struct tel_run *run = ctx;

	if (answer->verdict == TEL_LK_DONE && answer->n_participants == 1) {
		keep_phone(run, &answer->participants[0]);
		conclude(run, tel_str_is_set(run->phone.sid) ? TEL_LOOK_SEEN : TEL_LOOK_FAILED);
		return;
	}
	run->retry_after = answer->retry_after;
	conclude(run, answer->verdict == TEL_LK_GONE ? TEL_LOOK_GONE : TEL_LOOK_FAILED);
}

static enum tel_err send(struct tel_run *run)
{
	char identity[TEL_PHONE_IDENTITY];
	struct tel_lk_request request = {
		.method = TEL_LK_GET_PARTICIPANT,
		.room = run->call->room_name,
		.identity = tel_str_from(tel_call_phone_identity(&run->call->id, identity)),
	};

	return tel_run_send(run, &request, looked);
}

static enum tel_err record(struct tel_run *run)
{
	struct tel_look_done done = {
		.result = run->look_result,
		.attempt = run->attempt,
		.room_sid = run->call->room_sid,
		.participant = run->look_result == TEL_LOOK_SEEN ? &run->phone : NULL,
		.retry_after = run->retry_after,
	};
	enum tel_err err = tel_run_record(run, &done.env, tel_decide_look_done, &done);

	if (err)
		return err;
	if (done.ended)
		tel_count(run->app->counters, TEL_COUNT_CALL_ENDED);
	return TEL_OK;
}

enum tel_err tel_run_look(struct tel_run *run)
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
