#include "config.h"

#include "domain/job.h"

static const char *const names[TEL_JOB_KINDS] = {
	[TEL_JOB_DISPATCH_AGENT] = "dispatch_agent",
	[TEL_JOB_DELETE_ROOM] = "delete_room",
	[TEL_JOB_END_OVERDUE] = "end_overdue",
	[TEL_JOB_CREATE_ROOM] = "create_room",
	[TEL_JOB_DIAL] = "dial",
	[TEL_JOB_WATCH_DIAL] = "watch_dial",
	[TEL_JOB_TRANSFER] = "transfer",
	[TEL_JOB_WATCH_AGENT] = "watch_agent",
};

const char *tel_job_kind_text(enum tel_job_kind kind)
{
	return (unsigned)kind < TEL_JOB_KINDS ? names[kind] : "?";
}

bool tel_job_kind_from(struct tel_str text, enum tel_job_kind *out)
{
	int kind;

	for (kind = 0; kind < TEL_JOB_KINDS; kind++)
		if (tel_str_is(text, names[kind])) {
			*out = (enum tel_job_kind)kind;
			return true;
		}
	return false;
}

tel_time tel_job_wakes_at(const struct tel_job *job)
{
	return tel_str_is_set(job->lease.owner) ? job->lease.until : job->due;
}

tel_time tel_job_dial_timeout(tel_time ringing_timeout, size_t n_dtmf)
{
	return TEL_DIAL_SLACK + (tel_time)n_dtmf * TEL_DTMF_LENGTH +
	       (ringing_timeout > TEL_DIAL_NOBODY ? ringing_timeout : TEL_DIAL_NOBODY);
}

static tel_time least(tel_time a, tel_time b)
{
	return a < b ? a : b;
}

tel_time tel_job_backoff(uint32_t attempt, tel_time longest, tel_time retry_after,
			 uint64_t random)
{
	tel_time pause = TEL_BACKOFF_FIRST, asked = least(retry_after, TEL_BACKOFF_MAX);

	while (attempt-- > 1 && pause < longest)
		pause *= 2;
	pause = least(pause, longest);
	pause = pause / 2 + (tel_time)(random % (uint64_t)(pause / 2 + 1));
	return pause > asked ? pause : asked;
}

tel_time tel_job_longest_pause(uint32_t attempt)
{
	return attempt > TEL_BACKOFF_PATIENT_AFTER ? TEL_BACKOFF_MAX : TEL_BACKOFF_WAITING;
}

tel_time tel_job_settled_at(const struct tel_job *job, tel_time now)
{
	return now + (tel_str_is_set(job->lease.owner) ? TEL_REQUEST_TIMEOUT :
							  TEL_TAKEOVER_SETTLE);
}
