/* What `simulate inbound` says in the end. */
#ifndef TEL_CTL_SIMULATE_SUMMARY_H
#define TEL_CTL_SIMULATE_SUMMARY_H

#include "base/buf.h"
#include "ctl/simulate/sender.h"
#include "ctl/simulate/tally.h"

/* Append it; `tally` is sorted. Trouble sticks in the buffer. */
void tel_sim_summary_words(const struct tel_sim_order *order, const struct tel_sim_tally *tally,
			   struct tel_buf *out);
/* One line; rooms are left out when there are more than anybody would read. */
void tel_sim_summary_json(const struct tel_sim_order *order, const struct tel_sim_tally *tally,
			  struct tel_buf *out);

#endif
