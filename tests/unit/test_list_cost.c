/*
 * What listing calls costs, in lookups of the index: of a million calls no
 * more than twice as many as of a thousand, for every filter and every pair.
 *
 * The index is made up: what it holds follows from the serial.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "record/index.h"
#include "base/banned.h"

#define PERIOD 16			/* of all that a call is like */
#define T0 (100000 * TEL_HOUR)
#define OTHER 5				/* the remainder of calls of the other number */

struct made_up {
	struct tel_index index;
	uint64_t n;
	size_t lookups;
	struct tel_key_buf key, value;
};

/* The keys, without the serial, that call `serial` has in LIST and NAME. */
static bool has_key(enum tel_key_kind kind, struct tel_str prefix, uint64_t serial)
{
	enum tel_direction direction = serial % 4 == 0 ? TEL_OUTBOUND : TEL_INBOUND;
	enum tel_call_status status = serial % PERIOD == 4 ? TEL_CALL_CREATED : TEL_CALL_ENDED;
	const char *from = serial % PERIOD == 4 ? "+15550100" :
			   serial % PERIOD == OTHER ? "+15550105" : "+15550101";
	struct tel_key_buf key;

	tel_key_start(&key);
	if (kind == TEL_KEY_CALL)
		return prefix.len == 0;
	if (kind == TEL_KEY_NAME)
		return !tel_key_add_text(&key, serial % PERIOD == 4 ? TEL_STR("a") : TEL_STR("b"), 9) &&
		       tel_str_eq(prefix, tel_key_str(&key));
	tel_key_list_status(direction, status, &key);
	if (tel_str_eq(prefix, tel_key_str(&key)))
		return true;
	if (!tel_key_list_number(TEL_LIST_FROM, direction, tel_str_from(from), &key) &&
	    tel_str_eq(prefix, tel_key_str(&key)))
		return true;
	return !tel_key_list_number(TEL_LIST_TO, direction,
				    serial % 2 ? TEL_STR("+15550101") : TEL_STR("+15550100"), &key) &&
	       tel_str_eq(prefix, tel_key_str(&key));
}

static enum tel_err below(struct tel_index *index, enum tel_key_kind kind, struct tel_str key,
			  struct tel_index_hit *hit)
{
	struct made_up *m = (struct made_up *)index;
	struct tel_str prefix = { key.ptr, key.len - 8 };
	uint64_t serial = tel_key_last_u64(key);
	int i;

	m->lookups++;
	if (serial > m->n)
		serial = m->n + 1;
	for (i = 0; i < PERIOD && serial > 1; i++)
		if (has_key(kind, prefix, --serial)) {
			m->key.len = prefix.len;
			memcpy(m->key.bytes, prefix.ptr, prefix.len);
			tel_key_add_u64(&m->key, serial);
			tel_key_start(&m->value);
			tel_key_add_time(&m->value, T0 + (tel_time)serial * TEL_SECOND);
			*hit = (struct tel_index_hit){ tel_key_str(&m->key), tel_key_str(&m->value) };
			return TEL_OK;
		}
	return TEL_ENOTFOUND;
}

static size_t cost(uint64_t n, const struct tel_call_filter *filter, struct tel_serial_page *page)
{
	struct made_up m = { .index.below = below, .n = n };

	CHECK_INT(tel_index_list(&m.index, filter, page), TEL_OK);
	return m.lookups;
}

#define FILTERS 8

/* Moments count back from the newest call. */
static void add_filter(struct tel_call_filter *f, int which, uint64_t n)
{
	switch (which) {
	case 0: f->live_only = true; break;
	case 1: f->by_status = true; f->status = TEL_CALL_CREATED; break;
	case 2: f->by_direction = true; f->direction = TEL_OUTBOUND; break;
	case 3: f->from = TEL_STR("+15550100"); break;
	case 4: f->to = TEL_STR("+15550100"); break;
	case 5: f->room_name = TEL_STR("a"); break;
	case 6: f->since = T0 + (tel_time)(n - 950) * TEL_SECOND; break;
	case 7: f->until = T0 + (tel_time)(n - 70) * TEL_SECOND; break;
	}
}

static size_t cost_of(uint64_t n, int a, int b)
{
	struct tel_call_filter f = { 0 };
	struct tel_serial_page page;
	size_t lookups;

	add_filter(&f, a, n);
	add_filter(&f, b, n);
	lookups = cost(n, &f, &page);
	CHECK_INT(page.n, 50);
	return lookups;
}

static void a_million_calls_cost_as_a_thousand(void)
{
	size_t few, many;
	int a, b;

	for (a = 0; a < FILTERS; a++)
		for (b = a; b < FILTERS; b++) {
			few = cost_of(1000, a, b);
			many = cost_of(1000000, a, b);
			if (many > 2 * few)
				fprintf(stderr, "\nfilters %d and %d: %zu lookups instead of %zu\n",
					a, b, many, few);
			CU_ASSERT_TRUE(many <= 2 * few);
			CU_ASSERT_TRUE(many < 600);
		}
	CHECK_INT(cost(1000000, &(struct tel_call_filter){ 0 }, &(struct tel_serial_page){ 0 }), 51);
}

static void a_page_for_which_nothing_is_found_ends(void)
{
	struct tel_call_filter f = { .from = TEL_STR("+15550105"), .room_name = TEL_STR("a") };
	struct tel_serial_page page;

	CU_ASSERT_TRUE(cost(1000000, &f, &page) <= 1010);
	CHECK_INT(page.n, 0);
	CU_ASSERT_TRUE(page.next > 0 && page.next < 999000);
	f = (struct tel_call_filter){ .until = T0 };
	CU_ASSERT_TRUE(cost(1000000, &f, &page) < 400);
	CHECK_INT(page.n, 0);
	CHECK_INT(page.next, 0);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{ "a million calls cost as a thousand", a_million_calls_cost_as_a_thousand },
		{ "a page for which nothing is found ends", a_page_for_which_nothing_is_found_ends },
		CU_TEST_INFO_NULL
	};
	CU_SuiteInfo suites[] = {
		{ "record: what a list costs", NULL, NULL, NULL, NULL, tests },
		CU_SUITE_INFO_NULL
	};

	return tel_run_suites(suites);
}
