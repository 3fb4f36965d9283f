/* Every filter and every pair of them, against looking at each call. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/contract.h"
#include "base/banned.h"

#define CALLS 240
#define T0 (1000 * TEL_HOUR)

/* Call n; clocks differ by up to a minute, to both sides. */
static struct recipe recipe(unsigned n)
{
	static const char *const numbers[] = { NULL, "+15550100", "+155501001", "+15550199" };
	static const char *const rooms[] = { "a", "b", "ab" };
	static const tel_time off[] = { 0, -29 * TEL_SECOND, 30 * TEL_SECOND, 11 * TEL_SECOND };

	return (struct recipe){
		.n = n, .room = rooms[n * 7 % 3], .from = numbers[n * 5 % 11 % 4],
		.to = numbers[n * 3 % 7 % 4], .direction = n % 5 == 0 ? TEL_OUTBOUND : TEL_INBOUND,
		.status = (enum tel_call_status)(n * n % 13 % TEL_CALL_STATUSES),
		.created_at = T0 + n * 7 * TEL_SECOND + off[n % 4],
	};
}

static bool same(struct tel_str want, const char *text)
{
	return !want.ptr || (text && tel_str_is(want, text));
}

static bool passes(const struct tel_call_filter *f, const struct recipe *r)
{
	bool over = r->status == TEL_CALL_ENDED || r->status == TEL_CALL_FAILED;

	return !(f->live_only && over) && !(f->by_status && f->status != r->status) &&
	       !(f->by_direction && f->direction != r->direction) && same(f->from, r->from) &&
	       same(f->to, r->to) && same(f->room_name, r->room) && r->created_at >= f->since &&
	       !(f->until && r->created_at >= f->until);
}

/* Page by page, all that it says. */
static void expect_as_looked_at(struct tel_call_store *s, struct tel_call_filter filter, int which)
{
	struct tel_call_page page = { 0 };
	char cursor[TEL_CURSOR_TEXT];
	unsigned n = CALLS, pages = 0, wrong = 0;
	struct recipe r;
	size_t i;

	do {
		CHECK_INT(s->ops->list(s, &filter, &page), TEL_OK);
		CU_ASSERT_TRUE(page.n <= filter.limit);
		for (i = 0; i < page.n; i++, n--) {
			for (; n > 0; n--) {
				r = recipe(n);
				if (passes(&filter, &r))
					break;
			}
			wrong += n == 0 || contract_number(page.calls[i]) != n;
		}
		memcpy(cursor, page.next_cursor, sizeof(cursor));
		filter.cursor = tel_str_from(cursor);
		tel_call_page_release(&page);
	} while (cursor[0] && pages++ < CALLS);
	for (; n > 0; n--) {
		r = recipe(n);
		wrong += passes(&filter, &r);
	}
	if (wrong)
		fprintf(stderr, "\nfilters %x: %u wrong\n", which, wrong);
	CHECK_INT(wrong, 0);
}

/* A filter of those whose bits are set. */
static struct tel_call_filter filter_of(int bits)
{
	struct tel_call_filter f = { .limit = 7 };

	f.live_only = bits & 1;
	f.by_status = bits & 2;
	f.status = bits & 1 ? TEL_CALL_SIP_PARTICIPANT_JOINED : TEL_CALL_ENDED;
	f.by_direction = bits & 4;
	f.direction = bits & 8 ? TEL_INBOUND : TEL_OUTBOUND;
	f.from = bits & 8 ? TEL_STR("+15550100") : TEL_STR_NONE;
	f.to = bits & 16 ? TEL_STR("+15550199") : TEL_STR_NONE;
	f.room_name = bits & 32 ? TEL_STR("ab") : TEL_STR_NONE;
	f.since = bits & 64 ? T0 + 60 * 7 * TEL_SECOND : 0;
	f.until = bits & 128 ? T0 + 170 * 7 * TEL_SECOND : 0;
	return f;
}

static void all_filters_go_together(void)
{
	struct tel_call_store *s = contract_open();
	struct tel_call_filter f;
	unsigned n;
	int bits;

	for (n = 1; n <= CALLS; n++)
		contract_make(s, recipe(n));
	for (bits = 0; bits < 256; bits++)
		expect_as_looked_at(s, filter_of(bits), bits);
	f = filter_of(0);
	f.since = T0 + 5000 * TEL_SECOND;
	expect_as_looked_at(s, f, 256);
	f.since = 0;
	f.until = T0 - TEL_HOUR;
	expect_as_looked_at(s, f, 257);
	for (f.until = T0; f.until < T0 + CALLS * 7 * TEL_SECOND; f.until += 111 * TEL_SECOND)
		expect_as_looked_at(s, f, 258);
	f.from = TEL_STR("no number that a call could have had");
	expect_as_looked_at(s, f, 259);
	contract_close(s);
}

static void fail_it(struct tel_call *call, void *ctx)
{
	(void)ctx;
	call->status = TEL_CALL_FAILED;
	CU_ASSERT_TRUE(tel_e164_parse(TEL_STR("+15550177"), &call->from));
}

static size_t count(struct tel_call_store *s, struct tel_call_filter filter)
{
	struct tel_call_page page = { 0 };
	size_t n;

	CHECK_INT(s->ops->list(s, &filter, &page), TEL_OK);
	n = page.n;
	tel_call_page_release(&page);
	return n;
}

#define FILTER(...) ((struct tel_call_filter){ __VA_ARGS__ })

static void filters_follow_a_change(void)
{
	struct tel_call_store *s = contract_open_with_retention(1);
	struct tel_sweep_report report;

	contract_make(s, (struct recipe){ .n = 1, .from = "+15550100", .ended_at = 5 });
	CHECK_INT(count(s, FILTER(.by_status = true, .status = TEL_CALL_CREATED)), 1);
	CHECK_INT(count(s, FILTER(.from = TEL_STR("+15550100"))), 1);
	CHECK_INT(contract_edit(s, 1, fail_it, NULL), TEL_OK);
	CHECK_INT(count(s, FILTER(.by_status = true, .status = TEL_CALL_CREATED)), 0);
	CHECK_INT(count(s, FILTER(.by_status = true, .status = TEL_CALL_FAILED)), 1);
	CHECK_INT(count(s, FILTER(.from = TEL_STR("+15550100"))), 0);
	CHECK_INT(count(s, FILTER(.from = TEL_STR("+15550177"), .live_only = false)), 1);
	CHECK_INT(s->ops->sweep(s, 100, 10, &report), TEL_OK);
	CHECK_INT(count(s, FILTER(.from = TEL_STR("+15550177"))), 0);
	CHECK_INT(count(s, FILTER(.by_status = true, .status = TEL_CALL_FAILED)), 0);
	contract_close(s);
}

/* Two filters that no call passes, though each alone has many. */
static void a_page_may_come_short_but_goes_on(void)
{
	struct tel_call_store *s = contract_open();
	struct tel_call_filter filter = { .from = TEL_STR("+15550100"), .to = TEL_STR("+15550199") };
	struct tel_call_page page = { 0 };
	char cursor[TEL_CURSOR_TEXT];
	unsigned n, pages = 0, found = 0;

	contract_make(s, (struct recipe){ .n = 1, .from = "+15550100", .to = "+15550199" });
	for (n = 2; n <= 1300; n++)
		contract_make(s, (struct recipe){ .n = n, .from = n % 2 ? "+15550100" : NULL,
			.to = n % 2 ? NULL : "+15550199" });
	do {
		CHECK_INT(s->ops->list(s, &filter, &page), TEL_OK);
		found += (unsigned)page.n;
		pages++;
		memcpy(cursor, page.next_cursor, sizeof(cursor));
		filter.cursor = tel_str_from(cursor);
		tel_call_page_release(&page);
	} while (cursor[0] && pages < 100);
	CHECK_INT(found, 1);
	CU_ASSERT_TRUE(pages > 1 && pages < 10);
	contract_close(s);
}

CU_TestInfo tel_contract_list_tests[] = {
	{ "all filters go together", all_filters_go_together },
	{ "filters follow a change", filters_follow_a_change },
	{ "a page may come short but goes on", a_page_may_come_short_but_goes_on },
	CU_TEST_INFO_NULL,
};
