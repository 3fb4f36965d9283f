/* The suites of src/livekit, and what they share. */
#ifndef TEL_TESTS_UNIT_TEST_LIVEKIT_H
#define TEL_TESTS_UNIT_TEST_LIVEKIT_H

#include <CUnit/TestDB.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/time.h"
#include "livekit/keys.h"

#define DEV_KEY "devkey"
#define DEV_SECRET "devsecretdevsecretdevsecretdevsecret"

/* The key pair that the recorded deliveries were signed with. */
static inline void dev_keys(struct tel_keys *keys)
{
	*keys = (struct tel_keys){ 0 };
	CU_ASSERT_EQUAL_FATAL(tel_keys_add(keys, TEL_STR(DEV_KEY), TEL_STR(DEV_SECRET)), TEL_OK);
}

/* One line of a recording. */
struct recorded {
	tel_time received_at;
	struct tel_str authorization, body;
};

/* `see` for every delivery of every recording; the texts are borrowed. */
void for_each_recorded(void (*see)(void *ctx, const char *file, const struct recorded *r),
		       void *ctx);

extern CU_TestInfo livekit_jwt_tests[];
extern CU_TestInfo livekit_event_tests[];
extern CU_TestInfo livekit_codec_tests[];
extern CU_TestInfo livekit_client_tests[];

#endif
