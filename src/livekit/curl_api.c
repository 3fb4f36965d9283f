#include "config.h"

#include <dlfcn.h>
#include <string.h>

#include "livekit/curl_api.h"
#include "base/banned.h"

static enum tel_err find(void *library, const char *name, void *function, size_t size)
{
	void *at = dlsym(library, name);

	/* ISO C has no cast from an object to a function. */
	memcpy(function, &at, size);
	return at ? TEL_OK : TEL_EIO;
}

enum tel_err tel_curl_load(struct tel_curl *out)
{
	void *library = dlopen(LIBCURL_SONAME, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
	struct tel_curl curl = { 0 };
	enum tel_err err = TEL_OK;

	if (!library)
		return TEL_EIO;
#define FIND(name)									\
	if (!err)									\
		err = find(library, "curl_" #name, &curl.name, sizeof(curl.name));
	TEL_CURL_FUNCTIONS(FIND)
#undef FIND
	dlclose(library);	/* gives back the handle; see RTLD_NODELETE */
	if (!err)
		*out = curl;
	return err;
}
