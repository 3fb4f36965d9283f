/*
 * What became of simulated deliveries. A delivery is one copy of one event,
 * with all its attempts; an event may be delivered several times.
 */
#ifndef TEL_CTL_SIMULATE_TALLY_H
#define TEL_CTL_SIMULATE_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define TEL_HTTP_STATUSES 600

struct tel_sim_tally {
	uint64_t calls;
	uint64_t events;		/* to be sent, without those dropped */
	uint64_t events_acknowledged;	/* at least one copy answered 2xx */
	uint64_t dropped;		/* events left out on purpose */
	uint64_t sent;			/* deliveries */
	uint64_t acknowledged;		/* deliveries answered 2xx */
	uint64_t unanswered;		/* given up without any answer */
	uint64_t refused[TEL_HTTP_STATUSES]; /* given up with this status */
	uint64_t attempts;		/* requests, retries included */
	const char *last_error;		/* libcurl's words; static storage, or NULL */
	double seconds;

	uint32_t *latencies;		/* µs, of acknowledged attempts; owned */
	size_t n_latencies, cap_latencies;
};

/* Legal on a zeroed one. */
void tel_sim_tally_release(struct tel_sim_tally *tally);

/* TEL_ENOMEM */
TEL_MUST_CHECK enum tel_err tel_sim_tally_latency(struct tel_sim_tally *tally, uint64_t us);

/* Call once, when all are in; percentiles need order. */
void tel_sim_tally_sort(struct tel_sim_tally *tally);

/* Milliseconds that `percent` % of the latencies don't exceed; 0 without any. */
double tel_sim_tally_percentile(const struct tel_sim_tally *tally, unsigned percent);

/* Deliveries given up with any status. */
uint64_t tel_sim_tally_refused(const struct tel_sim_tally *tally);

#endif
