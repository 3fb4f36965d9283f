/*
 * Call 1, 2, 3, … of the store fails during a whole phone call, with each
 * error, before or after it took effect, alone or with the next two: what
 * LiveKit was told 200 for is kept, there is exactly one dispatch, the call
 * ends.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness.h"
#include "torture/flow.h"
#include "base/banned.h"

static const enum tel_err errors[] = { TEL_EBUSY, TEL_EFULL, TEL_EIO, TEL_ECORRUPT, TEL_ENOMEM };

static struct {
	unsigned faults, calls, unavailable;
} figures;

/* How many faults there really were. */
static size_t play(bool lmdb, const struct tel_store_fault *fault)
{
	unsigned before = CU_get_run_summary()->nAssertsFailed;
	struct tel_flow flow;
	size_t failed;
	int stage;

	tel_flow_begin(&flow, lmdb);
	tel_failing_store_set(&flow.failing, fault);
	for (stage = 0; stage < TEL_FLOW_STAGES; stage++)
		tel_flow_do(&flow, (enum tel_flow_stage)stage);
	tel_flow_check(&flow);
	failed = flow.failing.failed;
	figures.calls++;
	figures.faults += (unsigned)failed;
	figures.unavailable += flow.unavailable;
	tel_flow_end(&flow);
	if (CU_get_run_summary()->nAssertsFailed > before)
		fprintf(stderr, "\n    call %zu of kind %u fails %zu times%s: \"%s\"\n", fault->at,
			fault->calls, fault->times, fault->after ? ", after it took effect" : "",
			tel_err_text(fault->err));
	return failed;
}

/* `calls` of the store, one after the other, until the last one is through. */
static void fail_each(bool lmdb, unsigned calls, bool after)
{
	struct tel_store_fault fault = { .calls = calls, .after = after };
	size_t most = lmdb && !getenv("TORTURE") ? 1 : 3, i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		fault.err = errors[i];
		for (fault.times = 1; fault.times <= most; fault.times += 2)
			for (fault.at = 1; play(lmdb, &fault) > 0 && fault.at < 1000; fault.at++)
				continue;
	}
}

/* With TORTURE set, every look at what is due, too: hundreds. */
static void on_memory(void)
{
	fail_each(false, TEL_CALL_STEP, false);
	fail_each(false, TEL_CALL_STEP, true);
	fail_each(false, TEL_CALL_GET | TEL_CALL_LIST | TEL_CALL_SWEEP, false);
	if (getenv("TORTURE"))
		fail_each(false, TEL_CALL_ANY, false);
}

static void on_lmdb(void)
{
	fail_each(true, TEL_CALL_STEP, false);
	fail_each(true, TEL_CALL_STEP, true);
	fail_each(true, TEL_CALL_GET | TEL_CALL_LIST, false);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{ "on memory", on_memory },
		{ "on LMDB", on_lmdb },
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{ .pName = "faults of the store", .pTests = tests },
		CU_SUITE_INFO_NULL,
	};
	int failed = tel_run_suites(suites);

	fprintf(stderr, "%u store faults in %u calls, %u webhooks answered 503 and repeated\n",
		figures.faults, figures.calls, figures.unavailable);
	return failed;
}
