#include "config.h"

#include "app/reach.h"
#include "base/banned.h"

/* A single one may be bad luck. */
#define LOST_AFTER 3

/*
 * Nobody answered, or a proxy did in its place. What LiveKit itself says, a
 * 503 about one room for instance, shows that it is there.
 */
static bool is_no_answer(const struct tel_lk_answer *answer)
{
	return answer->verdict == TEL_LK_NOT_SENT || answer->http_status == 0 ||
	       answer->http_status == 502 || answer->http_status == 504;
}

bool tel_reach_is_lost(const struct tel_reach *reach)
{
	return reach->failures >= LOST_AFTER;
}

static tel_time pause_after(unsigned failures, uint64_t random)
{
	tel_time pause = TEL_REACH_PAUSE_FIRST;

	while (failures-- > LOST_AFTER && pause < TEL_REACH_PAUSE_MAX)
		pause *= 2;
	return pause / 2 + (tel_time)(random % (uint64_t)(pause / 2 + 1));
}

void tel_reach_note(struct tel_reach *reach, const struct tel_lk_answer *answer,
		    tel_time monotonic, uint64_t random)
{
	if (!is_no_answer(answer)) {
		reach->regained |= tel_reach_is_lost(reach);
		reach->failures = 0;
		return;
	}
	if (reach->failures < UINT32_MAX)
		reach->failures++;
	reach->try_at = monotonic + pause_after(reach->failures, random);
}

bool tel_reach_take_news(struct tel_reach *reach)
{
	bool news = reach->regained;

	reach->regained = false;
	return news;
}
