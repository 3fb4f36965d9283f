#include "config.h"

#include <stdio.h>
#include <string.h>

#include "ctl/simulate/rng.h"
#include "ctl/simulate/script.h"
#include "base/banned.h"

static const char number_mark[] = "{n}";

static void make_text(struct tel_rng *rng, char *out, size_t len)
{
	static const char alphabet[] =
		"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
	size_t i;

	for (i = 0; i < len; i++)
		out[i] = alphabet[tel_rng_below(rng, sizeof(alphabet) - 1)];
	out[len] = '\0';
}

static void make_id(struct tel_rng *rng, const char *prefix, char out[TEL_SIM_ID])
{
	size_t len = strlen(prefix);

	memcpy(out, prefix, len);
	make_text(rng, out + len, 12);
}

bool tel_sim_text_varies(const char *text)
{
	return strstr(text, number_mark) != NULL;
}

/* `pattern` with the first "{n}" replaced. */
static enum tel_err fill_in(const char *pattern, size_t number, char *out, size_t size)
{
	const char *mark = strstr(pattern, number_mark);
	int len;

	if (mark)
		len = snprintf(out, size, "%.*s%zu%s", (int)(mark - pattern), pattern, number,
			       mark + strlen(number_mark));
	else
		len = snprintf(out, size, "%s", pattern);
	return len >= 0 && (size_t)len < size ? TEL_OK : TEL_ETOOBIG;
}

static enum tel_err name_call(const struct tel_sim_plan *plan, struct tel_rng *rng,
			      struct tel_sim_call *call)
{
	char suffix[13];
	enum tel_err err;
	int len;

	if (plan->from)
		err = fill_in(plan->from, call->number, call->from, sizeof(call->from));
	else
		err = snprintf(call->from, sizeof(call->from), "+%zu",
			       15550099 + call->number) < 0 ? TEL_ETOOBIG : TEL_OK;
	if (err)
		return err;
	make_text(rng, suffix, 12);
	if (plan->room)
		return fill_in(plan->room, call->number, call->room, sizeof(call->room));
	len = snprintf(call->room, sizeof(call->room), "call-_%s_%s", call->from, suffix);
	return len >= 0 && (size_t)len < sizeof(call->room) ? TEL_OK : TEL_ETOOBIG;
}

static bool is_wanted(const struct tel_sim_plan *plan, enum tel_sim_kind kind)
{
	bool of_agent = kind == TEL_SIM_AGENT_JOINED || kind == TEL_SIM_AGENT_LEFT;

	return !(plan->no_agent && of_agent) && !(plan->hold && kind >= TEL_SIM_PHONE_LEFT);
}

static void shuffle(struct tel_rng *rng, struct tel_sim_event *events, size_t n)
{
	struct tel_sim_event swap;
	size_t i, j;

	for (i = n; i > 1; i--) {
		j = (size_t)tel_rng_below(rng, i);
		swap = events[i - 1];
		events[i - 1] = events[j];
		events[j] = swap;
	}
}

/*
 * Every event draws its numbers whether it is wanted or not, so that leaving
 * some out does not change the ids and fate of the others.
 */
static void make_events(const struct tel_sim_plan *plan, struct tel_rng *rng,
			struct tel_sim_call *call)
{
	struct tel_sim_event event;
	uint64_t parts_of_100 = (uint64_t)(plan->drop * 1e6);
	bool dropped;
	int kind;

	for (kind = 0; kind < TEL_SIM_KINDS; kind++) {
		event.kind = (enum tel_sim_kind)kind;
		make_id(rng, "EV_", event.id);
		dropped = tel_rng_below(rng, 100000000) < parts_of_100;
		if (!is_wanted(plan, event.kind))
			continue;
		if (dropped)
			call->n_dropped++;
		else
			call->events[call->n_events++] = event;
	}
	if (plan->shuffle)
		shuffle(rng, call->events, call->n_events);
}

enum tel_err tel_sim_call_make(const struct tel_sim_plan *plan, size_t number,
			       struct tel_sim_call *out)
{
	struct tel_rng rng = tel_rng_for(plan->seed, number);
	enum tel_err err;

	memset(out, 0, sizeof(*out));
	out->number = number;
	err = name_call(plan, &rng, out);
	if (err)
		return err;
	make_id(&rng, "RM_", out->room_sid);
	make_id(&rng, "PA_", out->phone_sid);
	make_id(&rng, "TR_", out->phone_track);
	make_id(&rng, "PA_", out->agent_sid);
	make_id(&rng, "AJ_", out->agent_job);
	make_id(&rng, "SCL_", out->sip_call_id);
	make_id(&rng, "SDR_", out->rule_id);
	make_text(&rng, out->turn_password, sizeof(out->turn_password) - 1);
	out->sip_port = 20000 + (unsigned)tel_rng_below(&rng, 40000);
	make_events(plan, &rng, out);
	return TEL_OK;
}
