#include "config.h"

#include <time.h>

#include "ctl/acting.h"
#include "ctl/follow.h"
#include "ctl/print_call.h"
#include "view/call_view.h"
#include "base/banned.h"

/* How often the store is looked at: soon enough for people, cheap for it. */
#define LOOK_EVERY ((tel_time)200)

/* A job that is due for so long has nobody to run it. */
#define IDLE_AFTER (5 * TEL_SECOND)

static void pause_for(tel_time ms)
{
	struct timespec pause = {
		.tv_sec = (time_t)(ms / TEL_SECOND),
		.tv_nsec = (long)(ms % TEL_SECOND) * 1000000L,
	};

	nanosleep(&pause, NULL);
}

static void put_json(const struct tel_call *call, struct tel_entry *entry, struct tel_buf *out)
{
	struct tel_timeline one = { .entries = entry, .n = 1 };
	struct tel_buf list;
	struct tel_str text;

	tel_buf_init(&list, TEL_CTL_MAX_OUTPUT);
	if (tel_view_timeline(call, &one, &list) && !out->err)
		out->err = tel_buf_err(&list);
	text = tel_buf_str(&list);
	if (text.len > 2)	/* a list of one: what is between its brackets */
		tel_buf_add(out, text.ptr + 1, text.len - 2);
	tel_buf_puts(out, "\n");
	tel_buf_release(&list);
}

/* The entries from number *next on. */
static enum tel_exit print_news(enum tel_follow_style style, const struct tel_call *call,
				const struct tel_timeline *timeline, uint32_t *next)
{
	enum tel_exit status = TEL_EXIT_OK;
	struct tel_buf out;
	size_t i;

	tel_buf_init(&out, TEL_CTL_MAX_OUTPUT);
	for (i = 0; i < timeline->n; i++) {
		if (timeline->entries[i].seq < *next)
			continue;
		if (style == TEL_FOLLOW_JSON)
			put_json(call, &timeline->entries[i], &out);
		else
			tel_print_entry(call, &timeline->entries[i], &out);
		*next = timeline->entries[i].seq + 1;
	}
	if (out.len > 0 || tel_buf_err(&out))
		status = tel_say(&out);
	tel_buf_release(&out);
	return status;
}

/* What is due stays due as long as nobody takes it: jobs are taken by lease. */
static void warn_if_idle(const struct tel_follow *follow, const struct tel_call *call,
			 bool *warned)
{
	tel_time due = tel_call_wakes_at(call);

	if (*warned || !due || due + IDLE_AFTER > tel_now(follow->clock))
		return;
	tel_complain("nobody runs the jobs of this call: is " TEL_WHO_WORKS " there?");
	*warned = true;
}

enum tel_exit tel_follow_call(const struct tel_follow *follow, struct tel_call **out,
			      enum tel_err *err)
{
	enum tel_exit status = TEL_EXIT_OK;
	tel_time until = tel_monotonic(follow->clock) + follow->patience;
	struct tel_timeline timeline;
	struct tel_call *call;
	bool warned = false;
	uint32_t next = 0;

	for (;;) {
		call = NULL;
		timeline = (struct tel_timeline){ 0 };
		*err = follow->store->ops->get(follow->store, &follow->id, &call,
					       follow->style == TEL_FOLLOW_QUIET ? NULL :
										   &timeline);
		if (*err)
			return TEL_EXIT_OK;
		status = print_news(follow->style, call, &timeline, &next);
		tel_timeline_release(&timeline);
		if (status || tel_call_is_over(call) ||
		    (follow->patience && tel_monotonic(follow->clock) >= until))
			break;
		warn_if_idle(follow, call, &warned);
		tel_call_free(call);
		pause_for(LOOK_EVERY);
	}
	if (status)
		tel_call_free(call);
	else
		*out = call;
	return status;
}
