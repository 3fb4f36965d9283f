#include "config.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "contract/test_lmdb_store.h"
#include "lmdb-store/check.h"
#include "base/banned.h"

/* ---- directories ------------------------------------------------------------------- */

void temp_dir(char path[TEMP_PATH])
{
	const char *top = getenv("TMPDIR");

	snprintf(path, TEMP_PATH, "%s/tel-store-XXXXXX", top && *top ? top : "/tmp");
	if (!mkdtemp(path)) {
		perror(path);
		abort();
	}
}

const char *temp_path(const char *path, const char *name, char out[TEMP_PATH])
{
	if (snprintf(out, TEMP_PATH, "%s/%s", path, name) >= TEMP_PATH)
		abort();
	return out;
}

void temp_remove(const char *path)
{
	char below[TEMP_PATH];
	struct dirent *entry;
	DIR *dir = opendir(path);

	while (dir && (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (entry->d_type == DT_DIR)
			temp_remove(temp_path(path, entry->d_name, below));
		else
			unlink(temp_path(path, entry->d_name, below));
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

/* ---- stores -------------------------------------------------------------------------- */

enum tel_err try_open(struct tel_lmdb_options options, char why[1024])
{
	struct tel_call_store *store = NULL;
	struct tel_buf text;
	enum tel_err err;

	tel_buf_init(&text, 1000);
	err = tel_lmdb_store_open(&options, &store, &text);
	snprintf(why, 1024, "%s", tel_buf_str(&text).ptr);
	tel_buf_release(&text);
	if (!err)
		store->ops->close(store);
	return err;
}

struct tel_call_store *must_open(struct tel_lmdb_options options)
{
	struct tel_call_store *store = NULL;
	struct tel_buf why;

	tel_buf_init(&why, 1000);
	if (tel_lmdb_store_open(&options, &store, &why)) {
		fprintf(stderr, "%s\n", tel_buf_str(&why).ptr);
		abort();
	}
	tel_buf_release(&why);
	return store;
}

bool lmdb_is_sound(struct tel_call_store *store)
{
	struct tel_lmdb_check_report report = { 0 };
	struct tel_buf why;
	enum tel_err err;

	tel_buf_init(&why, 4000);
	err = tel_lmdb_check(store, &report, &why);
	if (err || report.problems)
		fprintf(stderr, "\nstore check: error %d, %s\n", (int)err, tel_buf_str(&why).ptr);
	tel_buf_release(&why);
	return !err && !report.problems;
}

static char contract_dir[TEMP_PATH];

static struct tel_call_store *open_store(tel_time retention)
{
	temp_dir(contract_dir);
	return must_open((struct tel_lmdb_options){ .path = contract_dir, .map_size = 64 << 20,
						    .retention = retention });
}

static void close_store(struct tel_call_store *store)
{
	store->ops->close(store);
	temp_remove(contract_dir);
}

const struct tel_contract tel_contract = {
	.open = open_store, .close = close_store, .is_sound = lmdb_is_sound,
};

int main(void)
{
	CU_SuiteInfo suites[] = {
		TEL_CONTRACT_SUITES("LMDB store"),
		{ .pName = "LMDB store: its place", .pTests = lmdb_place_tests },
		{ .pName = "LMDB store: many processes, killed ones", .pTests = lmdb_crash_tests },
		{ .pName = "LMDB store: damage", .pTests = lmdb_damage_tests },
		{ .pName = "LMDB store: room", .pTests = lmdb_room_tests },
		{ .pName = "LMDB store: upgrade", .pTests = lmdb_upgrade_tests },
		CU_SUITE_INFO_NULL,
	};

	return tel_run_suites(suites);
}
