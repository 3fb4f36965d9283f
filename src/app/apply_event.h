/*
 * Inside src/app only: one event through one step, be it told by a webhook
 * or concluded from what LiveKit shows.
 */
#ifndef TEL_APP_APPLY_EVENT_H
#define TEL_APP_APPLY_EVENT_H

#include <stdbool.h>

#include "app/app.h"
#include "domain/decide.h"

/* The one kind of event for which a route is looked up and an agent wanted. */
bool tel_event_is_phone_joined(const struct tel_event *event);

/*
 * Fill in what a new call needs (`on`: id, randomness, route) and run the
 * step. `on->event`, `env` but for its randomness, and `lease_dispatch` are
 * the caller's. The step's errors, those of routing, TEL_EIO (no randomness)
 */
TEL_MUST_CHECK enum tel_err tel_apply_event(struct tel_app *app, const struct tel_event *event,
					    struct tel_on_event *on);

/* Count what an event did to a call. */
void tel_count_effect(struct tel_app *app, enum tel_event_effect effect);

#endif
