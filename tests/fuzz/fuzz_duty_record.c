/* Who compares calls with LiveKit: read, written, read again. */
#include "config.h"

#include "fuzz/fuzz.h"
#include "record/duty_record.h"
#include "base/banned.h"

static void check_round_trip(const struct tel_duty *duty, struct tel_arena *mem)
{
	struct tel_duty again = { 0 };
	struct tel_buf first, second;

	tel_buf_init(&first, TEL_MAX_RECORD);
	tel_buf_init(&second, TEL_MAX_RECORD);
	FUZZ_CHECK(tel_duty_encode(duty, &first) == TEL_OK);
	FUZZ_CHECK(tel_duty_decode(tel_buf_str(&first), mem, &again) == TEL_OK);
	FUZZ_CHECK(tel_duty_encode(&again, &second) == TEL_OK);
	FUZZ_CHECK(tel_str_eq(tel_buf_str(&first), tel_buf_str(&second)));
	tel_buf_release(&first);
	tel_buf_release(&second);
}

FUZZ(duty_record)
{
	struct tel_duty duty = { 0 };
	struct tel_arena mem;
	enum tel_err err;

	tel_arena_init(&mem, TEL_MAX_RECORD);
	err = tel_duty_decode(fuzz_str(data, size), &mem, &duty);
	FUZZ_CHECK(err == TEL_OK || err == TEL_ECORRUPT);
	if (!err) {
		FUZZ_CHECK(duty.lease.owner.len <= TEL_MAX_OWNER);
		check_round_trip(&duty, &mem);
	}
	tel_arena_release(&mem);
	return 0;
}
