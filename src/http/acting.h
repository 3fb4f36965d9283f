/* What all handlers that act have in common. */
#ifndef TEL_HTTP_ACTING_H
#define TEL_HTTP_ACTING_H

#include <stdbool.h>

#include "http/context.h"
#include "http/message.h"
#include "http/query.h"

/* False: `response` says why the body can't be read as JSON: 415, 413, 400. */
bool tel_http_has_json(const struct tel_http_request *request,
		       struct tel_http_response *response);

/*
 * Read the query; `names` (NULL terminated) are the parameters there are.
 * False: `response` says why not. Release `out` in any case.
 */
bool tel_http_read_query(const struct tel_http_request *request, const char *const *names,
			 struct tel_http_query *out, struct tel_http_response *response);

/* A text of the request could not be read: 400 with what is wrong, 413, 503. */
void tel_http_refuse_text(enum tel_err err, const struct tel_problems *problems,
			  struct tel_http_response *response);

/* The call as it is now. */
void tel_http_answer_call(int status, const struct tel_call *call,
			  struct tel_http_response *response);

/* There is no such call, or the store does not work. */
void tel_http_refuse_call(enum tel_err err, struct tel_http_response *response);

#endif
