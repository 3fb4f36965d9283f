/*
 * simulate: worlds of simulated calls, each from a seed of its own, until the
 * wanted number of calls is reached. Exits 1 if an invariant was violated.
 */
#include "config.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/num.h"
#include "explore.h"
#include "rng.h"
#include "sim.h"
#include "base/banned.h"

/* Callers of one world: few enough for a trace that can be read. */
#define CALLS_A_WORLD 16

struct order {
	uint64_t seed;
	size_t calls;
	size_t explore;			/* choices deep; 0 = simulate */
	size_t explain;			/* failures to shrink and trace */
	bool statistics;
	bool first;			/* stop after the first failure */
	struct sim_knobs knobs;
};

static void usage(void)
{
	fputs("usage: simulate [OPTION]...\n"
	      "  --calls N          simulate N calls (default 16: one world)\n"
	      "  --seed N|date      of the first world (default 1); others follow from it\n"
	      "  --store KIND       memory (default), or lmdb:DIRECTORY\n"
	      "  --trace            print what happens\n"
	      "  --statistics       print which faults struck and how long callers waited\n"
	      "  --explain N        shrink and trace the first N failures (default 1)\n"
	      "  --explore DEPTH    instead: one call, every choice so many choices deep\n"
	      "  --first            stop after the first failure\n"
	      "  --late-requests    let requests act later than the design allows for\n",
	      stderr);
	exit(2);
}

static uint64_t number(const char *text)
{
	int64_t n;

	if (tel_num_parse(tel_str_from(text), 0, INT64_MAX, &n))
		usage();
	return (uint64_t)n;
}

static uint64_t seed_of(const char *text)
{
	time_t now = time(NULL);
	struct tm tm;

	if (strcmp(text, "date") != 0)
		return number(text);
	gmtime_r(&now, &tm);
	return (uint64_t)(tm.tm_year + 1900) * 10000 + (uint64_t)(tm.tm_mon + 1) * 100 +
	       (uint64_t)tm.tm_mday;
}

static const char *lmdb_of(const char *text)
{
	if (strcmp(text, "memory") == 0)
		return NULL;
	if (strncmp(text, "lmdb:", 5) != 0 || !text[5])
		usage();
	return text + 5;
}

static void read_options(int argc, char **argv, struct order *order)
{
	static const struct option options[] = {
		{ "calls", required_argument, NULL, 'n' },
		{ "seed", required_argument, NULL, 's' },
		{ "store", required_argument, NULL, 'd' },
		{ "trace", no_argument, NULL, 't' },
		{ "statistics", no_argument, NULL, 'S' },
		{ "explain", required_argument, NULL, 'e' },
		{ "explore", required_argument, NULL, 'x' },
		{ "first", no_argument, NULL, 'f' },
		{ "late-requests", no_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'n': order->calls = number(optarg); break;
		case 's': order->seed = seed_of(optarg); break;
		case 'd': order->knobs.lmdb = lmdb_of(optarg); break;
		case 't': order->knobs.trace = true; break;
		case 'S': order->statistics = true; break;
		case 'e': order->explain = number(optarg); break;
		case 'x': order->explore = number(optarg); break;
		case 'f': order->first = true; break;
		case 'l': order->knobs.late_requests = true; break;
		default: usage();
		}
	}
	if (optind < argc)
		usage();
}

/* The first world has the very seed that was asked for: so it is replayed. */
static uint64_t seed_of_world(uint64_t seed, uint64_t world)
{
	struct sim_rng rng = sim_rng_stream(seed, 100 + world);

	return world == 0 ? seed : sim_rng_next(&rng) >> 24;
}

static void add(struct sim_outcome *sum, const struct sim_outcome *out)
{
	int kind;

	sum->calls += out->calls;
	sum->faults += out->faults;
	sum->violations += out->violations;
	sum->limits += out->limits;
	sum->served += out->served;
	sum->waited += out->waited;
	sum->requests += out->requests;
	sum->deliveries += out->deliveries;
	if (out->longest_wait > sum->longest_wait)
		sum->longest_wait = out->longest_wait;
	for (kind = 0; kind < SIM_FAULT_KINDS; kind++)
		sum->struck[kind] += out->struck[kind];
	for (kind = 0; kind < TEL_OUTCOMES; kind++)
		sum->outcomes[kind] += out->outcomes[kind];
}

static void report_failure(struct order *order, uint64_t seed, const struct sim_outcome *out)
{
	printf("seed %" PRIu64 ": %s\n  replay: simulate --seed %" PRIu64 " --calls %zu%s --trace\n",
	       seed, out->what, seed, out->calls,
	       order->knobs.late_requests ? " --late-requests" : "");
	if (order->explain == 0)
		return;
	order->explain--;
	sim_shrink(seed, out->calls, &order->knobs);
}

static void simulate(struct order *order, struct sim_outcome *sum)
{
	struct sim_outcome out;
	uint64_t seed, world;
	size_t left;

	for (world = 0; sum->calls < order->calls; world++) {
		if (order->first && sum->violations)
			break;
		seed = seed_of_world(order->seed, world);
		left = order->calls - sum->calls;
		sim_run_world(seed, left < CALLS_A_WORLD ? left : CALLS_A_WORLD, &order->knobs,
			      &out, NULL, NULL);
		add(sum, &out);
		if (out.violations)
			report_failure(order, seed, &out);
	}
}

static void print_statistics(const struct sim_outcome *sum)
{
	int kind;

	for (kind = 0; kind < SIM_FAULT_KINDS; kind++)
		printf("%9" PRIu64 "  %s\n", sum->struck[kind], sim_fault_name((enum sim_fault)kind));
	printf("%9" PRIu64 "  deliveries acknowledged\n%9" PRIu64 "  requests to LiveKit\n",
	       sum->deliveries, sum->requests);
	printf("%9zu  times a stray dispatch stayed (a known limit)\n", sum->limits);
	for (kind = TEL_OUTCOME_COMPLETED; kind < TEL_OUTCOMES; kind++)
		printf("%9zu  outbound calls ended as %s\n", sum->outcomes[kind],
		       tel_outcome_text((enum tel_outcome)kind));
	printf("%9zu  phones got an agent, after %" PRIu64 " ms on average, %lld ms at most\n",
	       sum->served, sum->served ? sum->waited / sum->served : 0,
	       (long long)sum->longest_wait);
}

int main(int argc, char **argv)
{
	struct order order = { .seed = 1, .calls = CALLS_A_WORLD, .explain = 1 };
	struct sim_outcome sum = { 0 };

	read_options(argc, argv, &order);
	if (order.explore)
		return sim_explore(order.explore, order.explain) > 0;
	printf("seed %" PRIu64 "\n", order.seed);
	simulate(&order, &sum);
	if (order.statistics)
		print_statistics(&sum);
	printf("simulated %zu calls, %zu faults, %zu violations\n", sum.calls, sum.faults,
	       sum.violations);
	return sum.violations > 0;
}
