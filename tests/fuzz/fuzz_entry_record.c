/* An entry of a timeline: read, written, read again, and shown. */
#include "config.h"

#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "record/entry_record.h"
#include "view/call_view.h"
#include "base/banned.h"

static void check_round_trip(const struct tel_entry *entry)
{
	struct tel_entry again = { 0 };
	struct tel_buf first, second;
	struct tel_arena mem;
	enum tel_err err;

	tel_arena_init(&mem, 4 * TEL_MAX_RECORD);
	tel_buf_init(&first, 8 * TEL_MAX_RECORD);
	tel_buf_init(&second, 8 * TEL_MAX_RECORD);
	err = tel_entry_encode(entry, &first);
	FUZZ_CHECK(err == TEL_OK || err == TEL_ETOOBIG);
	if (!err) {
		FUZZ_CHECK(tel_entry_decode(tel_buf_str(&first), &mem, &again) == TEL_OK);
		FUZZ_CHECK(tel_entry_encode(&again, &second) == TEL_OK);
		FUZZ_CHECK(tel_str_eq(tel_buf_str(&first), tel_buf_str(&second)));
	}
	tel_buf_release(&first);
	tel_buf_release(&second);
	tel_arena_release(&mem);
}

static void check_shown(struct tel_entry *entry)
{
	struct tel_timeline timeline = { .entries = entry, .n = 1 };
	struct tel_call *call = tel_call_new();
	struct tel_buf text;

	if (!call)
		abort();
	call->created_at = 1795398050000;
	tel_buf_init(&text, 8 * TEL_MAX_RECORD);
	FUZZ_CHECK(tel_view_timeline(call, &timeline, &text) == TEL_OK);
	FUZZ_CHECK(fuzz_is_json(tel_buf_str(&text)));
	tel_buf_release(&text);
	tel_call_free(call);
}

FUZZ(entry_record)
{
	struct tel_entry entry = { 0 };
	struct tel_arena mem;
	enum tel_err err;

	tel_arena_init(&mem, 4 * TEL_MAX_RECORD);
	err = tel_entry_decode(fuzz_str(data, size), &mem, &entry);
	FUZZ_CHECK(err == TEL_OK || err == TEL_ECORRUPT);
	if (!err) {
		check_round_trip(&entry);
		check_shown(&entry);
	}
	tel_arena_release(&mem);
	return 0;
}
