/* Use cases: look at calls. Nothing is changed. Any thread. */
#ifndef TEL_APP_SHOW_CALLS_H
#define TEL_APP_SHOW_CALLS_H

#include "app/app.h"

/*
 * A page of calls, newest first; release it. TEL_EMALFORMED: the cursor is
 * none of ours. Other errors as the call store's.
 */
TEL_MUST_CHECK enum tel_err tel_list_calls(struct tel_app *app,
					   const struct tel_call_filter *filter,
					   struct tel_call_page *out);

/*
 * One call by its id as text, and its timeline too if that is not NULL; the
 * caller frees both. TEL_ENOTFOUND: there is none, or that is no id.
 */
TEL_MUST_CHECK enum tel_err tel_show_call(struct tel_app *app, struct tel_str id,
					  struct tel_call **out, struct tel_timeline *timeline);

#endif
