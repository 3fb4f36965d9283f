/*
 * Orders out of options: they are written as the JSON that the HTTP API
 * takes and read by the same reader, so both accept the same. What is wrong
 * with a member is said by the option that it came from.
 */
#ifndef TEL_CTL_ORDER_TEXT_H
#define TEL_CTL_ORDER_TEXT_H

#include "base/problems.h"
#include "ctl/options.h"
#include "json/json_write.h"

/*
 * A member of the object that is open. The option that it came from is the member's name with
 * dashes. What isn't given (NULL, 0) is left out. False: why was said.
 */
TEL_MUST_CHECK bool tel_order_put_text(const struct tel_usage *usage, const char *member,
				       const char *value, struct tel_json_write *w);
TEL_MUST_CHECK bool tel_order_put_object(const struct tel_usage *usage, const char *member,
					 struct tel_str json, struct tel_json_write *w);
/* Does it begin as a JSON object does? Else it may be a file's name. */
bool tel_order_is_object(const char *text);
void tel_order_put_int(const char *member, int64_t value, struct tel_json_write *w);

/* What the reader found, on stderr: TEL_EXIT_USAGE, or TEL_EXIT_TROUBLE. */
enum tel_exit tel_order_refuse(const struct tel_usage *usage, enum tel_err err,
			       const struct tel_problems *problems);

#endif
