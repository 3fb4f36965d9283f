#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness.h"
#include "record/call_record.h"
#include "record/duty_record.h"
#include "record/entry_record.h"
#include "record/keys.h"
#include "base/banned.h"

#define UUID "0a1b2c3d-0000-4000-8000-00000000000f"
#define UUID2 "0a1b2c3d-0000-4000-8000-00000000000e"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct tel_str odd = { "\0\x01\"\\\n\x7f\xff\xc3\xe2\x98\x8e/", 12 };

static void fill_legs_and_jobs(struct tel_call *call)
{
	struct tel_leg *leg;
	int i;

	for (i = 0; i < 5; i++) {
		CU_ASSERT_EQUAL_FATAL(tel_call_add_leg(call, &leg), TEL_OK);
		*leg = (struct tel_leg){
			.kind = i % 2 ? TEL_PARTICIPANT_AGENT : TEL_PARTICIPANT_SIP,
			.participant_sid = TEL_STR("PA_1"), .identity = odd,
			.room_sid = TEL_STR("RM_1"), .sip_call_id = TEL_STR("SCL_1"),
			.sip_status = TEL_SIP_HANGUP, .joined_at = 10 + i, .left_at = 20 + i,
			.disconnect_reason = TEL_STR("CLIENT_INITIATED"),
		};
	}
	for (i = 0; i < TEL_JOB_KINDS; i++)
		call->jobs[i] = (struct tel_job){
			.pending = true, .cancelled = i & 1, .unsure = !(i & 1), .look = i & 1, .attempt = 4000000000u,
			.due = 1000 + i,
			.lease = { .owner = TEL_STR("host/1/2"), .until = 2000 + i },
		};
}

/* Every field set, none to its default. */
static struct tel_call *full_call(void)
{
	struct tel_call *call = tel_call_new();
	struct tel_str *texts[] = {
		&call->room_sid, &call->from_raw, &call->to_raw, &call->trunk_id, &call->sip_call_id,
		&call->participant_sid, &call->identity, &call->rule_id, &call->agent.name,
		&call->agent.config, &call->agent.route, &call->agent.dispatch_id, &call->error_code,
		&call->error_message, &call->raw,
	};
	tel_time *times[] = {
		&call->room_created_at, &call->room_finished_at, &call->created_at, &call->updated_at,
		&call->ended_at, &call->agent.joined_at, &call->agent.left_at,
	};
	size_t i;

	CU_ASSERT_EQUAL_FATAL(tel_call_id_parse(TEL_STR(UUID), &call->id), TEL_OK);
	CU_ASSERT_EQUAL_FATAL(tel_call_id_parse(TEL_STR(UUID2), &call->previous_id), TEL_OK);
	call->direction = TEL_OUTBOUND;
	call->status = TEL_CALL_FAILED;
	call->outcome = TEL_OUTCOME_BUSY;
	call->ended_by = TEL_BY_CALLEE;
	call->agent_was_there = true;
	call->timeline_len = 4294967295u;
	CU_ASSERT_TRUE(tel_e164_parse(TEL_STR("+15551234567"), &call->from));
	CU_ASSERT_TRUE(tel_e164_parse(TEL_STR("+4930123456"), &call->to));
	call->room_name = odd;
	for (i = 0; i < COUNT(texts); i++)
		*texts[i] = (struct tel_str){ "abcdefghijklmnopq", i };	/* one is empty */
	for (i = 0; i < COUNT(times); i++)
		*times[i] = 1700000000000 + (tel_time)i;
	fill_legs_and_jobs(call);
	return call;
}

static char *encoded(const struct tel_call *call)
{
	struct tel_buf b;

	tel_buf_init(&b, 2 * TEL_MAX_RECORD);
	CHECK_INT(tel_call_encode(call, &b), TEL_OK);
	return b.ptr;
}

static void same_text(struct tel_str a, struct tel_str b)
{
	CU_ASSERT_TRUE(tel_str_eq(a, b));
	CHECK_INT(!a.ptr, !b.ptr);
}

static void same_legs_and_jobs(const struct tel_call *a, const struct tel_call *b)
{
	size_t i;

	CHECK_INT(a->n_legs, b->n_legs);
	for (i = 0; i < a->n_legs; i++) {
		CHECK_INT(a->legs[i].kind, b->legs[i].kind);
		CHECK_INT(a->legs[i].sip_status, b->legs[i].sip_status);
		CHECK_INT(a->legs[i].joined_at, b->legs[i].joined_at);
		CHECK_INT(a->legs[i].left_at, b->legs[i].left_at);
		same_text(a->legs[i].participant_sid, b->legs[i].participant_sid);
		same_text(a->legs[i].identity, b->legs[i].identity);
		same_text(a->legs[i].room_sid, b->legs[i].room_sid);
		same_text(a->legs[i].sip_call_id, b->legs[i].sip_call_id);
		same_text(a->legs[i].disconnect_reason, b->legs[i].disconnect_reason);
	}
	for (i = 0; i < TEL_JOB_KINDS; i++) {
		CHECK_INT(a->jobs[i].pending, b->jobs[i].pending);
		CHECK_INT(a->jobs[i].cancelled, b->jobs[i].cancelled);
		CHECK_INT(a->jobs[i].unsure, b->jobs[i].unsure);
		CHECK_INT(a->jobs[i].look, b->jobs[i].look);
		CHECK_INT(a->jobs[i].attempt, b->jobs[i].attempt);
		CHECK_INT(a->jobs[i].due, b->jobs[i].due);
		CHECK_INT(a->jobs[i].lease.until, b->jobs[i].lease.until);
		same_text(a->jobs[i].lease.owner, b->jobs[i].lease.owner);
	}
}

static void every_field_makes_the_round_trip(void)
{
	struct tel_call *call = full_call(), *back = NULL;
	char *text = encoded(call), *again;

	CHECK_INT(tel_call_decode(tel_str_from(text), &back), TEL_OK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(back);
	CU_ASSERT_STRING_EQUAL(back->id.text, UUID);
	CU_ASSERT_STRING_EQUAL(back->previous_id.text, UUID2);
	CU_ASSERT_STRING_EQUAL(back->from.text, "+15551234567");
	CU_ASSERT_STRING_EQUAL(back->to.text, "+4930123456");
	CHECK_INT(back->direction, TEL_OUTBOUND);
	CHECK_INT(back->status, TEL_CALL_FAILED);
	CHECK_INT(back->outcome, TEL_OUTCOME_BUSY);
	CHECK_INT(back->ended_by, TEL_BY_CALLEE);
	CHECK_INT(back->timeline_len, 4294967295u);
	CU_ASSERT_TRUE(back->agent_was_there);
	same_text(back->room_name, odd);
	same_text(back->room_sid, TEL_STR(""));
	same_text(back->raw, TEL_STR("abcdefghijklmn"));
	CHECK_INT(back->room_created_at, 1700000000000);
	CHECK_INT(back->agent.left_at, 1700000000006);
	same_legs_and_jobs(call, back);
	/* What the table of fields forgot would be missing here. */
	again = encoded(back);
	CU_ASSERT_STRING_EQUAL(text, again);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "{\"v\":1,\"id\":\"" UUID "\""));
	free(text);
	free(again);
	tel_call_free(call);
	tel_call_free(back);
}

static void a_bare_call_stays_bare(void)
{
	struct tel_call *call = tel_call_new(), *back = NULL;
	char *text;

	CU_ASSERT_EQUAL_FATAL(tel_call_id_parse(TEL_STR(UUID), &call->id), TEL_OK);
	text = encoded(call);
	CU_ASSERT_STRING_EQUAL(text, "{\"v\":1,\"id\":\"" UUID "\",\"direction\":\"inbound\","
			       "\"status\":\"created\",\"legs\":[],\"jobs\":[]}");
	CHECK_INT(tel_call_decode(tel_str_from(text), &back), TEL_OK);
	CU_ASSERT_PTR_NULL(back->room_name.ptr);
	CU_ASSERT_STRING_EQUAL(back->from.text, "");
	CHECK_INT(back->n_legs, 0);
	free(text);
	tel_call_free(call);
	tel_call_free(back);
}

#define HEAD "{\"v\":1,\"id\":\"" UUID "\",\"direction\":\"inbound\",\"status\":\"created\""

static void unknown_members_are_ignored(void)
{
	static const char *const records[] = {
		HEAD "}",
		HEAD ",\"new\":{\"deep\":[1,2.5,null]},\"x\":true}",
		HEAD ",\"legs\":[{\"kind\":\"sip\",\"new\":1}],\"jobs\":[{\"kind\":\"new\",\"due\":1}]}",
		HEAD ",\"legs\":[{\"kind\":\"sip\",\"sipStatus\":\"new\"}]}",
	};
	struct tel_call *call;
	size_t i;

	for (i = 0; i < COUNT(records); i++) {
		call = NULL;
		CHECK_INT(tel_call_decode(tel_str_from(records[i]), &call), TEL_OK);
		tel_call_free(call);
	}
}

static void what_is_no_record_is_refused(void)
{
	static const char *const records[] = {
		"", "{", "[]", "null", "\"x\"", "{}", "\xff\xfe", HEAD "} x", HEAD "}{}",
		"{\"v\":2,\"id\":\"" UUID "\",\"direction\":\"inbound\",\"status\":\"created\"}",
		"{\"v\":0,\"id\":\"" UUID "\",\"direction\":\"inbound\",\"status\":\"created\"}",
		"{\"v\":\"1\",\"id\":\"" UUID "\",\"direction\":\"inbound\",\"status\":\"created\"}",
		"{\"id\":\"" UUID "\",\"direction\":\"inbound\",\"status\":\"created\"}",
		"{\"v\":1,\"id\":\"x\",\"direction\":\"inbound\",\"status\":\"created\"}",
		"{\"v\":1,\"id\":\"" UUID "\",\"direction\":\"up\",\"status\":\"created\"}",
		"{\"v\":1,\"id\":\"" UUID "\",\"direction\":\"inbound\",\"status\":\"?\"}",
		HEAD ",\"outcome\":\"?\"}", HEAD ",\"endedBy\":7}", HEAD ",\"roomName\":7}",
		HEAD ",\"createdAt\":\"1\"}", HEAD ",\"createdAt\":1.5}", HEAD ",\"timelineLen\":-1}",
		HEAD ",\"timelineLen\":4294967296}", HEAD ",\"from\":\"+12345678901234567\"}",
		HEAD ",\"legs\":{}}", HEAD ",\"legs\":[1]}", HEAD ",\"legs\":[{}]}",
		HEAD ",\"jobs\":[1]}", HEAD ",\"jobs\":[{\"kind\":\"delete_room\",\"pending\":1}]}",
		HEAD ",\"jobs\":[{\"kind\":\"delete_room\",\"attempt\":-1}]}",
		HEAD ",\"deep\":[[[[[[[[[[[[1]]]]]]]]]]]]}",
		/* Differences of such moments would overflow. */
		HEAD ",\"createdAt\":-9223372036854775808}", HEAD ",\"endedAt\":9223372036854775807}",
		HEAD ",\"jobs\":[{\"kind\":\"delete_room\",\"leaseUntil\":-9223372036854775807}]}",
	};
	struct tel_call *call = NULL;
	size_t i;

	for (i = 0; i < COUNT(records); i++) {
		CHECK_INT(tel_call_decode(tel_str_from(records[i]), &call), TEL_ECORRUPT);
		CU_ASSERT_PTR_NULL_FATAL(call);
	}
}

/* Every prefix of a record, and every record with one byte changed. */
static void damaged_records_do_no_harm(void)
{
	struct tel_call *call = full_call(), *back = NULL;
	char *text = encoded(call), was;
	size_t i, len = strlen(text);

	for (i = 0; i < len; i++)
		CHECK_INT(tel_call_decode((struct tel_str){ text, i }, &back), TEL_ECORRUPT);
	for (i = 0; i < len; i++) {
		was = text[i];
		text[i] = (char)(was ^ 0x11);
		back = NULL;
		if (!tel_call_decode((struct tel_str){ text, len }, &back))
			free(encoded(back));
		tel_call_free(back);
		text[i] = was;
	}
	free(text);
	tel_call_free(call);
}

static void ceilings_hold(void)
{
	static char big[TEL_MAX_RECORD];
	struct tel_call *call = full_call(), *back = NULL;
	struct tel_buf b;

	memset(big, 'x', sizeof(big));
	tel_buf_init(&b, 2 * TEL_MAX_RECORD);
	call->room_name = (struct tel_str){ big, TEL_MAX_ROOM_NAME + 1 };
	CHECK_INT(tel_call_encode(call, &b), TEL_ETOOBIG);
	call->room_name = (struct tel_str){ big, TEL_MAX_ROOM_NAME };
	tel_buf_clear(&b);
	CHECK_INT(tel_call_encode(call, &b), TEL_OK);
	CHECK_INT(tel_call_decode(tel_buf_str(&b), &back), TEL_OK);
	tel_call_free(back);
	memset(big, 1, sizeof(big));
	call->agent.config = (struct tel_str){ big, TEL_MAX_AGENT_CONFIG };
	tel_buf_clear(&b);
	CHECK_INT(tel_call_encode(call, &b), TEL_ETOOBIG);
	call->agent.config = TEL_STR_NONE;
	call->status = TEL_CALL_STATUSES;
	CHECK_INT(tel_call_encode(call, &b), TEL_EMISUSE);
	tel_buf_release(&b);
	tel_call_free(call);
}

/* A text whose every byte takes two in the record, as quotes within JSON do. */
static struct tel_str quotes(size_t n)
{
	static char text[TEL_MAX_AGENT_CONFIG];

	memset(text, '"', sizeof(text));
	return (struct tel_str){ text, n };
}

/* What was taken on must be able to go on: no step may find it too big later. */
static void all_that_a_call_may_hold_fits(void)
{
	struct tel_call *call = full_call(), *back = NULL;
	struct tel_leg *leg;
	struct tel_buf b;

	while (call->n_legs < TEL_MAX_LEGS) {
		CU_ASSERT_EQUAL_FATAL(tel_call_add_leg(call, &leg), TEL_OK);
		*leg = (struct tel_leg){
			.kind = TEL_PARTICIPANT_SIP, .participant_sid = quotes(TEL_MAX_ID),
			.identity = quotes(TEL_MAX_IDENTITY), .room_sid = quotes(TEL_MAX_ID),
			.sip_call_id = quotes(TEL_MAX_ID), .joined_at = 1, .left_at = 1,
			.disconnect_reason = quotes(TEL_MAX_ID),
		};
	}
	call->agent.config = quotes(TEL_MAX_AGENT_CONFIG);
	call->dial.metadata = quotes(TEL_MAX_CALL_METADATA);
	call->raw = quotes(TEL_MAX_RAW);
	call->error_message = call->transfer.message = quotes(TEL_MAX_TEXT);
	tel_buf_init(&b, 2 * TEL_MAX_RECORD);
	CHECK_INT(tel_call_encode(call, &b), TEL_OK);
	CHECK_INT(tel_call_decode(tel_buf_str(&b), &back), TEL_OK);
	CHECK_INT(back ? back->n_legs : 0, TEL_MAX_LEGS);
	tel_buf_release(&b);
	tel_call_free(back);
	tel_call_free(call);
}

/* ---- entries -------------------------------------------------------------------- */

static struct tel_entry full_entry(void)
{
	struct tel_entry entry = {
		.seq = 4294967295u, .at = 1700000000001, .source = TEL_ENTRY_JOB,
		.what = TEL_STR("participant_joined"), .result = odd, .status = TEL_CALL_ENDED,
	};
	int i;

	for (i = 0; i < TEL_MAX_TIMELINE_NOTES; i++)
		tel_entry_note(&entry, "key", i ? TEL_STR("value") : odd);
	return entry;
}

static void entries_make_the_round_trip(void)
{
	struct tel_entry entry = full_entry(), back;
	struct tel_arena mem;
	struct tel_buf b;

	tel_arena_init(&mem, TEL_MAX_RECORD);
	tel_buf_init(&b, TEL_MAX_RECORD);
	CHECK_INT(tel_entry_encode(&entry, &b), TEL_OK);
	CHECK_INT(tel_entry_decode(tel_buf_str(&b), &mem, &back), TEL_OK);
	CHECK_INT(back.seq, entry.seq);
	CHECK_INT(back.at, entry.at);
	CHECK_INT(back.source, entry.source);
	CHECK_INT(back.status, entry.status);
	CHECK_INT(back.n_notes, entry.n_notes);
	same_text(back.what, entry.what);
	same_text(back.result, odd);
	same_text(back.notes[0].value, odd);
	CHECK_STR(back.notes[11].key, "key");
	tel_buf_release(&b);
	tel_arena_release(&mem);
}

static void what_is_no_entry_is_refused(void)
{
	static const char *const records[] = {
		"", "[]", "{}", "{\"v\":2,\"source\":\"job\",\"status\":\"ended\"}",
		"{\"v\":1,\"source\":\"?\",\"status\":\"ended\"}",
		"{\"v\":1,\"source\":\"job\",\"status\":\"?\"}",
		"{\"v\":1,\"source\":\"job\",\"status\":\"ended\",\"notes\":1}",
		"{\"v\":1,\"source\":\"job\",\"status\":\"ended\",\"notes\":[1]}",
		"{\"v\":1,\"source\":\"job\",\"status\":\"ended\",\"notes\":[[]]}",
		"{\"v\":1,\"source\":\"job\",\"status\":\"ended\",\"notes\":[[\"a\",1]]}",
		"{\"v\":1,\"source\":\"job\",\"status\":\"ended\",\"notes\":"
		"[[],[],[],[],[],[],[],[],[],[],[],[],[]]}",
		"{\"v\":1,\"at\":-9223372036854775808,\"source\":\"job\",\"status\":\"ended\"}",
	};
	struct tel_entry entry;
	struct tel_arena mem;
	size_t i;

	tel_arena_init(&mem, TEL_MAX_RECORD);
	for (i = 0; i < COUNT(records); i++)
		CHECK_INT(tel_entry_decode(tel_str_from(records[i]), &mem, &entry), TEL_ECORRUPT);
	CHECK_INT(tel_entry_decode(TEL_STR("{\"v\":1,\"source\":\"job\",\"status\":\"ended\",\"x\":1}"),
				   &mem, &entry), TEL_OK);
	tel_arena_release(&mem);
}

/* ---- the duty --------------------------------------------------------------------- */

static void duties_make_the_round_trip(void)
{
	static const struct { struct tel_duty duty; const char *json; } cases[] = {
		{ { { TEL_STR("host:1:2"), 7 }, 6 },
		  "{\"v\":1,\"owner\":\"host:1:2\",\"until\":7,\"runAt\":6}" },
		{ { { TEL_STR_NONE, 0 }, 6 }, "{\"v\":1,\"runAt\":6}" },
		{ { { TEL_STR_NONE, 0 }, 0 }, "{\"v\":1}" },
	};
	struct tel_duty back;
	struct tel_arena mem;
	struct tel_buf b;
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		tel_arena_init(&mem, TEL_MAX_RECORD);
		tel_buf_init(&b, TEL_MAX_RECORD);
		CHECK_INT(tel_duty_encode(&cases[i].duty, &b), TEL_OK);
		CHECK_STR(tel_buf_str(&b), cases[i].json);
		CHECK_INT(tel_duty_decode(tel_buf_str(&b), &mem, &back), TEL_OK);
		same_text(back.lease.owner, cases[i].duty.lease.owner);
		CHECK_INT(back.lease.until, cases[i].duty.lease.until);
		CHECK_INT(back.run_at, cases[i].duty.run_at);
		tel_buf_release(&b);
		tel_arena_release(&mem);
	}
}

static void what_is_no_duty_is_refused(void)
{
	static const char *const records[] = {
		"", "[]", "{}", "{\"v\":0}", "{\"v\":2}", "{\"v\":1,\"owner\":1}",
		"{\"v\":1,\"until\":\"7\"}", "{\"v\":1,\"runAt\":9223372036854775807}",
		"{\"v\":1,\"owner\":\"123456789012345678901234567890123456789012345678"
		"1234567890123456789012345678901234567890123456789\"}",
	};
	struct tel_duty duty = { .run_at = 5 };
	struct tel_arena mem;
	size_t i;

	tel_arena_init(&mem, TEL_MAX_RECORD);
	for (i = 0; i < COUNT(records); i++)
		CHECK_INT(tel_duty_decode(tel_str_from(records[i]), &mem, &duty), TEL_ECORRUPT);
	CHECK_INT(duty.run_at, 5);
	CHECK_INT(tel_duty_decode(TEL_STR("{\"v\":1,\"x\":1}"), &mem, &duty), TEL_OK);
	CHECK_INT(duty.run_at, 0);
	tel_arena_release(&mem);
}

/* ---- keys ------------------------------------------------------------------------ */

static size_t count_kind(const struct tel_key_set *set, enum tel_key_kind kind)
{
	size_t i, n = 0;

	for (i = 0; i < set->n; i++)
		n += set->keys[i].kind == kind;
	return n;
}

static void a_call_has_each_key_once(void)
{
	struct tel_call *call = full_call();
	struct tel_key_set set;

	CHECK_INT(tel_keys_of(call, 7, &set), TEL_OK);
	CHECK_INT(count_kind(&set, TEL_KEY_ID), 1);
	CHECK_INT(count_kind(&set, TEL_KEY_NAME), 1);
	CHECK_INT(count_kind(&set, TEL_KEY_ROOM), 2);	/* of its legs; it has none itself */
	CHECK_INT(count_kind(&set, TEL_KEY_SIP), 2);
	CHECK_INT(count_kind(&set, TEL_KEY_LEG), 2);
	CHECK_INT(count_kind(&set, TEL_KEY_LEASE), 1);
	CHECK_INT(count_kind(&set, TEL_KEY_DUE), 1);
	CHECK_INT(count_kind(&set, TEL_KEY_LIST), 3);
	CHECK_INT(count_kind(&set, TEL_KEY_ENDED), 0);	/* something is pending */
	tel_key_set_release(&set);
	memset(call->jobs, 0, sizeof(call->jobs));
	CHECK_INT(tel_keys_of(call, 7, &set), TEL_OK);
	CHECK_INT(count_kind(&set, TEL_KEY_ENDED), 1);
	tel_key_set_release(&set);
	tel_key_set_release(&set);
	tel_call_free(call);
}

static void numbers_in_keys_sort(void)
{
	static const uint64_t numbers[] = { 0, 1, 255, 256, 1700000000000, UINT64_MAX };
	struct tel_key_buf a, b;
	size_t i;

	for (i = 0; i + 1 < COUNT(numbers); i++) {
		tel_key_start(&a);
		tel_key_start(&b);
		tel_key_add_u64(&a, numbers[i]);
		tel_key_add_u64(&b, numbers[i + 1]);
		CU_ASSERT_TRUE(memcmp(a.bytes, b.bytes, 8) < 0);
		CU_ASSERT_TRUE(tel_key_first_u64(tel_key_str(&a)) == numbers[i]);
	}
	tel_key_start(&a);
	tel_key_add_time(&a, -5);
	CHECK_INT(tel_key_last_u64(tel_key_str(&a)), 0);
}

int main(void)
{
	CU_TestInfo calls[] = {
		{ "every field makes the round trip", every_field_makes_the_round_trip },
		{ "a bare call stays bare", a_bare_call_stays_bare },
		{ "unknown members are ignored", unknown_members_are_ignored },
		{ "what is no record is refused", what_is_no_record_is_refused },
		{ "damaged records do no harm", damaged_records_do_no_harm },
		{ "ceilings hold", ceilings_hold },
		{ "all that a call may hold fits", all_that_a_call_may_hold_fits },
		CU_TEST_INFO_NULL,
	};
	CU_TestInfo entries[] = {
		{ "entries make the round trip", entries_make_the_round_trip },
		{ "what is no entry is refused", what_is_no_entry_is_refused },
		CU_TEST_INFO_NULL,
	};
	CU_TestInfo duties[] = {
		{ "duties make the round trip", duties_make_the_round_trip },
		{ "what is no duty is refused", what_is_no_duty_is_refused },
		CU_TEST_INFO_NULL,
	};
	CU_TestInfo keys[] = {
		{ "a call has each key once", a_call_has_each_key_once },
		{ "numbers in keys sort", numbers_in_keys_sort },
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{ .pName = "call records", .pTests = calls },
		{ .pName = "entry records", .pTests = entries },
		{ .pName = "duty records", .pTests = duties },
		{ .pName = "keys", .pTests = keys },
		CU_SUITE_INFO_NULL,
	};

	return tel_run_suites(suites);
}
