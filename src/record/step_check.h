/* What every store insists on before it writes what a decide asked for. */
#ifndef TEL_RECORD_STEP_CHECK_H
#define TEL_RECORD_STEP_CHECK_H

#include <stdbool.h>

#include "base/err.h"
#include "domain/step.h"

/*
 * `loaded` is the id of step->call when it was loaded; unused without one.
 * TEL_EMISUSE: the step contradicts itself (saves a call that is not there,
 * gives one another id, has an entry of neither call, remembers or switches
 * what `about` does not name, remembers a request without a new call).
 * TEL_ETOOBIG: an event id, room or request key that makes no key.
 */
TEL_MUST_CHECK enum tel_err tel_step_check(const struct tel_step_about *about,
					   const struct tel_step *step,
					   const struct tel_call_id *loaded);

/* True if step->call is to be stored: said so, or it has got an entry. */
bool tel_step_saves_call(const struct tel_step *step);

/*
 * True if the step starts something instead of going on with a call: what a
 * store refuses first when it runs out of room. Stopping outbound calls is
 * never refused so.
 */
bool tel_step_is_new_business(const struct tel_step *step);

#endif
