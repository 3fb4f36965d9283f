/* A process that is called what a test says, among others that it may kill. */
#ifndef TEL_TESTS_FAKE_PROCESS_H
#define TEL_TESTS_FAKE_PROCESS_H

#include "ports/process.h"

struct tel_fake_process {
	struct tel_process base;
	const char *self;		/* borrowed */
	/* Is `owner` dead? NULL: nobody is. */
	bool (*dead)(void *ctx, struct tel_str owner);
	void *ctx;
};

void tel_fake_process_init(struct tel_fake_process *process, const char *self);

/* For `dead`, with a C string as ctx: just that owner is. */
bool tel_fake_process_is_named(void *name, struct tel_str owner);

#endif
