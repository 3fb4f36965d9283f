#include "config.h"

#include "domain/policy.h"

static const char *const fallback_names[TEL_FALLBACKS] = {
	[TEL_FALLBACK_KEEP] = "keep",
	[TEL_FALLBACK_HANGUP] = "hangup",
	[TEL_FALLBACK_TRANSFER] = "transfer",
};

const char *tel_fallback_text(enum tel_fallback fallback)
{
	return (unsigned)fallback < TEL_FALLBACKS ? fallback_names[fallback] : "?";
}

bool tel_fallback_from(struct tel_str text, enum tel_fallback *out)
{
	int i;

	for (i = 0; i < TEL_FALLBACKS; i++)
		if (tel_str_is(text, fallback_names[i])) {
			*out = (enum tel_fallback)i;
			return true;
		}
	return false;
}
