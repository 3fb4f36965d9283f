/*
 * Use cases: hang up and transfer a call that is there, and throw the kill
 * switch of outbound calls. Durable jobs do the rest. Any thread.
 */
#ifndef TEL_APP_STEER_CALL_H
#define TEL_APP_STEER_CALL_H

#include "app/app.h"
#include "domain/place.h"

/*
 * `id` is the call's id as text; `by` who asks. TEL_ENOTFOUND: no such call.
 * On TEL_OK the outs are set; the caller frees `call`.
 */
TEL_MUST_CHECK enum tel_err tel_hang_up_call(struct tel_app *app, struct tel_str id,
					     struct tel_str by, struct tel_hang_up *out);

/* The same; to, play_dialtone and by of `ask` are the caller's. FORBIDDEN: no call. */
TEL_MUST_CHECK enum tel_err tel_transfer_call(struct tel_app *app, struct tel_str id,
					      struct tel_ask_transfer *ask);

/* Stop or allow outbound calls, for all processes of the store. */
TEL_MUST_CHECK enum tel_err tel_switch_outbound(struct tel_app *app, bool stop,
						struct tel_throw_switch *out);

/* Is it stopped? *stopped_at = 0: no. */
TEL_MUST_CHECK enum tel_err tel_outbound_stopped(struct tel_app *app, tel_time *stopped_at);

#endif
