/*
 * A call's record: what is read can be written and is read as the same, can
 * be shown, has its keys, and can be decided upon.
 */
#include "config.h"

#include "domain/decide.h"
#include "fuzz/fuzz.h"
#include "record/call_record.h"
#include "record/keys.h"
#include "view/call_view.h"
#include "base/banned.h"

/* Escapes may make it too big to be kept; nothing else may be wrong with it. */
static bool encode(const struct tel_call *call, struct tel_buf *out)
{
	enum tel_err err;

	tel_buf_init(out, 4 * TEL_MAX_RECORD);
	err = tel_call_encode(call, out);
	FUZZ_CHECK(err == TEL_OK || err == TEL_ETOOBIG);
	return !err;
}

static void check_round_trip(const struct tel_call *call)
{
	struct tel_call *again = NULL;
	struct tel_buf first, second;

	if (encode(call, &first)) {
		FUZZ_CHECK(tel_call_decode(tel_buf_str(&first), &again) == TEL_OK);
		FUZZ_CHECK(encode(again, &second));
		FUZZ_CHECK(tel_str_eq(tel_buf_str(&first), tel_buf_str(&second)));
		tel_buf_release(&second);
	}
	tel_buf_release(&first);
	tel_call_free(again);
}

static void check_shown(const struct tel_call *call)
{
	struct tel_key_set keys = { 0 };
	struct tel_buf text;

	tel_buf_init(&text, 8 * TEL_MAX_RECORD);
	FUZZ_CHECK(tel_view_call(call, NULL, &text) == TEL_OK && fuzz_is_json(tel_buf_str(&text)));
	tel_buf_release(&text);
	FUZZ_CHECK(tel_keys_of(call, 7, &keys) == TEL_OK);
	tel_key_set_release(&keys);
}

static void take_job(struct tel_call *call)
{
	struct tel_policy policy = {
		.max_age = TEL_DAY, .remember = TEL_DAY, .agent_join_deadline = 8 * TEL_SECOND,
		.solo_timeout = 300 * TEL_SECOND, .max_duration = TEL_DAY,
	};
	struct tel_take_job take = { .env = { .now = 1795398050000, .self = TEL_STR("me"),
					      .policy = &policy } };
	struct tel_step step;

	tel_step_init(&step);
	step.call = call;
	FUZZ_CHECK(tel_decide_take(&step, &take) == TEL_OK);
	FUZZ_CHECK(take.result == TEL_TAKE_NOTHING || tel_step_wants_write(&step));
	(void)tel_job_settled_at(&call->jobs[TEL_JOB_DISPATCH_AGENT], take.env.now);
	check_round_trip(call);
	tel_step_release(&step);
}

FUZZ(record)
{
	struct tel_call *call = NULL, *copy = NULL;
	enum tel_err err = tel_call_decode(fuzz_str(data, size), &call);

	FUZZ_CHECK(err == TEL_OK || err == TEL_ECORRUPT);
	if (err)
		return 0;
	check_round_trip(call);
	check_shown(call);
	FUZZ_CHECK(tel_call_clone(call, &copy) == TEL_OK);
	check_round_trip(copy);
	take_job(copy);
	tel_call_free(call);
	return 0;
}
