/* Port: a webhook's body -> an event of the domain. Any thread. */
#ifndef TEL_PORTS_EVENT_DECODER_H
#define TEL_PORTS_EVENT_DECODER_H

#include "base/err.h"
#include "base/str.h"
#include "domain/event.h"

struct tel_event_decoder;

struct tel_event_decoder_ops {
	const char *name;
	/*
	 * *out is filled on TEL_OK only; release it with tel_event_release().
	 * Of an event that cannot matter (tel_event_may_matter) nothing but
	 * that need be told. Unknown events and fields are fine. TEL_EMALFORMED: not a JSON
	 * object, no `event` or no `id`, or a field over its ceiling.
	 * TEL_ENOMEM
	 */
	enum tel_err (*decode)(struct tel_event_decoder *decoder, struct tel_str body,
			       struct tel_event *out);
};

struct tel_event_decoder {
	const struct tel_event_decoder_ops *ops;
};

#endif
