/* What the tests of the LMDB store share. */
#ifndef TEL_TESTS_TEST_LMDB_STORE_H
#define TEL_TESTS_TEST_LMDB_STORE_H

#include "contract/contract.h"
#include "lmdb-store/lmdb_store.h"

#define TEMP_PATH 256

/* A new directory below ${TMPDIR:-/tmp}; aborts if there can be none. */
void temp_dir(char path[TEMP_PATH]);
/* `path`/`name`; the buffer is the caller's. */
const char *temp_path(const char *path, const char *name, char out[TEMP_PATH]);
/* With what is in it and in its directories. */
void temp_remove(const char *path);

/* A store in an existing directory; aborts with the reason if it fails. */
struct tel_call_store *must_open(struct tel_lmdb_options options);
/* What opening said. `why` gets the sentence, NUL terminated. */
enum tel_err try_open(struct tel_lmdb_options options, char why[1024]);
bool lmdb_is_sound(struct tel_call_store *store);

extern CU_TestInfo lmdb_place_tests[];
extern CU_TestInfo lmdb_crash_tests[];
extern CU_TestInfo lmdb_damage_tests[];
extern CU_TestInfo lmdb_room_tests[];
extern CU_TestInfo lmdb_upgrade_tests[];

#endif
