#include "config.h"

#include "app/apply_event.h"
#include "base/banned.h"

bool tel_event_is_phone_joined(const struct tel_event *event)
{
	return event->kind == TEL_EVENT_PARTICIPANT_JOINED &&
	       event->participant.kind == TEL_PARTICIPANT_SIP;
}

static struct tel_str normalised(struct tel_str raw, struct tel_e164 *number)
{
	return tel_e164_parse(raw, number) ? tel_e164_str(number) : raw;
}

static enum tel_err resolve_route(struct tel_app *app, const struct tel_event *event,
				  struct tel_route *route)
{
	struct tel_e164 to, from;
	struct tel_route_query query = {
		.to = normalised(event->participant.trunk_number, &to),
		.from = normalised(event->participant.number, &from),
		.trunk_id = event->participant.trunk_id,
	};

	return app->routing->ops->resolve(app->routing, &query, route);
}

static enum tel_err draw(struct tel_app *app, struct tel_on_event *on)
{
	uint8_t id[16];
	enum tel_err err = tel_random_fill(app->random, id, sizeof(id));

	if (err)
		return err;
	tel_call_id_make(id, &on->new_call_id);
	return tel_random_fill(app->random, &on->env.random, sizeof(on->env.random));
}

enum tel_err tel_apply_event(struct tel_app *app, const struct tel_event *event,
			     struct tel_on_event *on)
{
	struct tel_route route = { 0 };
	struct tel_step_about about;
	enum tel_err err = draw(app, on);

	if (!err && tel_event_is_phone_joined(event))
		err = resolve_route(app, event, &route);
	if (err)
		goto out;
	on->agent_name = route.agent_name;
	on->agent_config = route.config;
	on->route = route.rule;
	on->watch = route.watch;
	tel_event_about(event, &about);
	err = app->store->ops->step(app->store, &about, tel_decide_event, on);
out:
	tel_route_release(&route);
	return err;
}

void tel_count_effect(struct tel_app *app, enum tel_event_effect effect)
{
	if (effect == TEL_EFFECT_CREATED)
		tel_count(app->counters, TEL_COUNT_CALL_CREATED);
	else if (effect == TEL_EFFECT_MOVED)
		tel_count(app->counters, TEL_COUNT_CALL_MOVED);
	else if (effect == TEL_EFFECT_ENDED)
		tel_count(app->counters, TEL_COUNT_CALL_ENDED);
}
