/*
 * An answer of LiveKit's API; the first line is "<method> <status>". There
 * is always a verdict, and DONE only for a 2xx that was understood.
 */
#include "config.h"

#include "base/limits.h"
#include "base/num.h"
#include "fuzz/fuzz.h"
#include "livekit/twirp_codec.h"
#include "base/banned.h"

static void check_dispatches(const struct tel_lk_answer *a)
{
	size_t i;

	for (i = 0; i < a->n_dispatches; i++)
		FUZZ_CHECK(tel_str_is_set(a->dispatches[i].id) &&
			   fuzz_is_id(a->dispatches[i].id, TEL_MAX_ID) &&
			   fuzz_is_id(a->dispatches[i].agent_name, TEL_MAX_NAME) &&
			   fuzz_is_id(a->dispatches[i].call_id, TEL_MAX_ID) &&
			   fuzz_is_id(a->dispatches[i].room_sid, TEL_MAX_ID));
}

static void check_rooms(const struct tel_lk_answer *a)
{
	size_t i;

	for (i = 0; i < a->n_rooms; i++)
		FUZZ_CHECK(tel_str_is_set(a->rooms[i].sid) &&
			   fuzz_is_id(a->rooms[i].sid, TEL_MAX_ID) &&
			   fuzz_is_id(a->rooms[i].name, TEL_MAX_ROOM_NAME) &&
			   fuzz_is_id(a->rooms[i].call_id, TEL_MAX_ID));
}

/* An answer that is about one thing tells one. */
static size_t told_of_one(enum tel_lk_method method, const struct tel_lk_answer *a)
{
	if (method == TEL_LK_CREATE_DISPATCH)
		return a->n_dispatches;
	if (method == TEL_LK_CREATE_ROOM)
		return a->n_rooms;
	if (method == TEL_LK_GET_PARTICIPANT || method == TEL_LK_CREATE_SIP_PARTICIPANT)
		return a->n_participants;
	return 1;
}

/* What the far end said comes with errors of the SIP methods, and is final. */
static void check_far_end(const struct tel_lk_answer *a)
{
	FUZZ_CHECK(a->sip_status_code == 0 ||
		   (a->sip_status_code >= 300 && a->sip_status_code <= 699 &&
		    a->verdict == TEL_LK_REFUSED && tel_twirp_is_sip(a->method)));
	FUZZ_CHECK(a->sip_status.len <= TEL_MAX_NAME);
	FUZZ_CHECK(!tel_twirp_is_sip(a->method) || a->verdict != TEL_LK_TRY_LATER ||
		   tel_str_is(a->code, "http_error"));
}

static void check_answer(const struct tel_lk_answer *a, enum tel_lk_method method, int status)
{
	bool success = status >= 200 && status <= 299;
	bool moved = method == TEL_LK_TRANSFER_SIP_PARTICIPANT && a->verdict == TEL_LK_REFUSED;
	size_t i;

	FUZZ_CHECK(a->method == method && a->http_status == status);
	FUZZ_CHECK(success ? a->verdict == TEL_LK_DONE || a->verdict == TEL_LK_UNKNOWN || moved :
			     a->verdict != TEL_LK_DONE && a->verdict != TEL_LK_NOT_SENT);
	FUZZ_CHECK(a->verdict == TEL_LK_DONE || tel_str_is_set(a->code));
	FUZZ_CHECK(a->code.len <= TEL_MAX_NAME && a->message.len <= TEL_MAX_TEXT);
	FUZZ_CHECK(a->verdict == TEL_LK_DONE ||
		   a->n_dispatches + a->n_participants + a->n_rooms == 0);
	FUZZ_CHECK(a->verdict != TEL_LK_DONE || told_of_one(method, a) == 1);
	check_dispatches(a);
	check_rooms(a);
	check_far_end(a);
	for (i = 0; i < a->n_participants; i++)
		FUZZ_CHECK(a->participants[i].kind != TEL_PARTICIPANT_NONE &&
			   fuzz_is_id(a->participants[i].sid, TEL_MAX_ID));
}

FUZZ(twirp)
{
	struct tel_str text = fuzz_str(data, size), line = fuzz_line(&text), status_text;
	struct tel_str method_text = tel_str_cut(line, ' ', &status_text), answer = fuzz_copy(text);
	int64_t method = TEL_LK_LIST_DISPATCH, status = 200;
	struct tel_lk_answer a = { 0 };
	struct tel_arena mem;

	if (tel_num_parse(method_text, 0, TEL_LK_METHODS - 1, &method))
		method = TEL_LK_LIST_PARTICIPANTS;
	if (tel_num_parse(status_text, 100, 999, &status))
		status = 200;
	tel_arena_init(&mem, TEL_MAX_LIVEKIT_ANSWER);
	FUZZ_CHECK(tel_twirp_decode((enum tel_lk_method)method, (int)status, answer, &mem, &a) == TEL_OK);
	fuzz_free(answer);
	check_answer(&a, (enum tel_lk_method)method, (int)status);
	tel_arena_release(&mem);
	return 0;
}
