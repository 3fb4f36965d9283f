#include "config.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "contract/test_lmdb_store.h"
#include "lmdb-store/check.h"
#include "base/banned.h"

static unsigned mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : (unsigned)st.st_mode & 07777;
}

static void a_reopened_store_has_everything(void)
{
	char dir[TEMP_PATH];
	struct tel_call_store *s;

	temp_dir(dir);
	s = must_open((struct tel_lmdb_options){ .path = dir });
	contract_make(s, (struct recipe){ .n = 1, .room = "r", .room_sid = "RM", .leg = "PA", .due = 9 });
	CHECK_INT(contract_make_on_duty(s, &(struct recipe){ .n = 7 }), TEL_OK);
	contract_remember(s, "EV", 50);
	contract_finish_room(s, "r", "RM", 50);
	s->ops->close(s);
	s = must_open((struct tel_lmdb_options){ .path = dir });
	CU_ASSERT_TRUE(contract_has(s, 1));
	CU_ASSERT_TRUE(contract_event_seen(s, "EV"));
	CU_ASSERT_TRUE(contract_room_finished(s, "r", "RM"));
	CU_ASSERT_STRING_EQUAL(contract_duty(s).owner, "7");
	contract_make(s, (struct recipe){ .n = 2, .room = "r", .room_sid = "RM" });
	CHECK_INT(contract_find(s, &(struct tel_step_about){ .room_name = TEL_STR("r"),
							     .room_sid = TEL_STR("RM") }), 2);
	CU_ASSERT_TRUE(lmdb_is_sound(s));
	CHECK_INT(contract_stats(s).pending_calls, 1);
	s->ops->close(s);
	temp_remove(dir);
}

static void it_is_private(void)
{
	char dir[TEMP_PATH], path[TEMP_PATH], file[TEMP_PATH];
	mode_t mask = umask(0);
	struct tel_call_store *s;

	temp_dir(dir);
	s = must_open((struct tel_lmdb_options){ .path = temp_path(dir, "store", path) });
	CHECK_INT(mode_of(path), 0700);
	CHECK_INT(mode_of(temp_path(path, "data.mdb", file)), 0600);
	CHECK_INT(mode_of(temp_path(path, "lock.mdb", file)), 0600);
	s->ops->close(s);
	umask(mask);
	temp_remove(dir);
}

/* Half as much, and half again, until it fits; and it says so. */
static void a_map_beyond_the_address_space_shrinks(void)
{
	struct tel_call_store *s;
	char dir[TEMP_PATH];
	struct tel_buf why;

	temp_dir(dir);
	tel_buf_init(&why, 1000);
	CU_ASSERT_EQUAL_FATAL(tel_lmdb_store_open(&(struct tel_lmdb_options){
		.path = dir, .map_size = (size_t)1 << 50 }, &s, &why), TEL_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(tel_buf_str(&why).ptr,
				      "no address space for a map of 1073741824 MiB"));
	contract_make(s, (struct recipe){ .n = 1 });
	CU_ASSERT_TRUE(contract_has(s, 1));
	s->ops->close(s);
	tel_buf_release(&why);
	temp_remove(dir);
}

static void bad_places_are_refused_with_a_reason(void)
{
	char dir[TEMP_PATH], path[TEMP_PATH], why[1024];
	int fd;

	temp_dir(dir);
	CHECK_INT(try_open((struct tel_lmdb_options){ .path = temp_path(dir, "no/store", path) }, why),
		  TEL_ENOTFOUND);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, path));
	CHECK_INT(try_open((struct tel_lmdb_options){ .path = temp_path(dir, "none", path),
						      .read_only = true }, why), TEL_ENOTFOUND);
	CHECK_INT(try_open((struct tel_lmdb_options){ .path = dir, .read_only = true }, why), TEL_ENOTFOUND);
	CHECK_INT(try_open((struct tel_lmdb_options){ .path = dir, .map_size = 1000 }, why), TEL_EMISUSE);
	fd = open(temp_path(dir, "file", path), O_CREAT | O_WRONLY, 0600);
	close(fd);
	CHECK_INT(try_open((struct tel_lmdb_options){ .path = path }, why), TEL_ECORRUPT);
	CHECK_INT(chmod(dir, 0770), 0);
	CHECK_INT(try_open((struct tel_lmdb_options){ .path = dir }, why), TEL_EDENIED);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "0770"));
	temp_remove(dir);
}

/* A store with a call in it that belongs to user 12345, and has no lock file. */
static void make_anothers(char dir[TEMP_PATH], char lock[TEMP_PATH])
{
	struct tel_call_store *s;
	char data[TEMP_PATH], way[TEMP_PATH];

	temp_dir(dir);
	CHECK_INT(chmod(temp_path(dir, "..", way), 0711), 0);
	s = must_open((struct tel_lmdb_options){ .path = dir });
	contract_make(s, (struct recipe){ .n = 1 });
	s->ops->close(s);
	CHECK_INT(unlink(temp_path(dir, "lock.mdb", lock)), 0);
	CHECK_INT(chown(temp_path(dir, "data.mdb", data), 12345, 12345), 0);
	CHECK_INT(chown(dir, 12345, 12345), 0);
}

static void another_users_directory_is_refused(void)
{
	struct tel_lmdb_options look = { .read_only = true };
	char dir[TEMP_PATH], lock[TEMP_PATH], why[1024];
	struct tel_call_store *s;
	struct stat st;

	if (geteuid() != 0)
		return;
	make_anothers(dir, lock);
	CHECK_INT(try_open((struct tel_lmdb_options){ .path = dir }, why), TEL_EDENIED);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "belongs to user 12345 and"));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "run it as user 12345"));
	look.path = dir;
	s = must_open(look);
	CU_ASSERT_TRUE(contract_has(s, 1));
	CHECK_INT(contract_try_make(s, &(struct recipe){ .n = 2 }), TEL_EMISUSE);
	CHECK_INT(contract_stats(s).calls, 1);
	s->ops->close(s);
	CHECK_INT(stat(lock, &st), 0);
	CHECK_INT(st.st_uid, 12345);
	CHECK_INT(geteuid(), 0);
	CHECK_INT(getegid(), 0);
	temp_remove(dir);
}

/* Root has copied a backup there. */
static void files_of_somebody_else_are_told(void)
{
	char dir[TEMP_PATH], lock[TEMP_PATH], data[TEMP_PATH], why[1024];

	if (geteuid() != 0)
		return;
	make_anothers(dir, lock);
	CHECK_INT(chown(temp_path(dir, "data.mdb", data), 0, 0), 0);
	CHECK_INT(try_open((struct tel_lmdb_options){ .path = dir, .read_only = true }, why),
		  TEL_EDENIED);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "its files must belong to whom the directory belongs to"));
	temp_remove(dir);
}

/*
 * LMDB writes to the lock file, and its owner says what that name leads to:
 * nothing that root alone may write to, in whatever way he may.
 */
static void root_is_not_led_astray_by_a_stores_owner(void)
{
	static const struct { uid_t owner; mode_t mode; } victims[] = { { 0, 0600 }, { 1, 0660 } };
	char dir[TEMP_PATH], lock[TEMP_PATH], place[TEMP_PATH], victim[TEMP_PATH], why[1024];
	struct stat st;
	size_t i;
	int fd;

	if (geteuid() != 0)
		return;
	make_anothers(dir, lock);
	temp_dir(place);
	CHECK_INT(chmod(place, 0755), 0);
	temp_path(place, "victim", victim);
	for (i = 0; i < sizeof(victims) / sizeof(victims[0]); i++) {
		fd = open(victim, O_CREAT | O_WRONLY, 0600);
		CHECK_INT(fchown(fd, victims[i].owner, 0), 0);
		CHECK_INT(fchmod(fd, victims[i].mode), 0);
		close(fd);
		CHECK_INT(symlink(victim, lock), 0);
		CHECK_INT(try_open((struct tel_lmdb_options){ .path = dir, .read_only = true }, why),
			  TEL_EDENIED);
		CHECK_INT(stat(victim, &st), 0);
		CHECK_INT(st.st_size, 0);
		CHECK_INT(st.st_uid, victims[i].owner);
		CHECK_INT(unlink(lock) || unlink(victim), 0);
		CHECK_INT(geteuid(), 0);
	}
	temp_remove(place);
	temp_remove(dir);
}

static void network_file_systems_are_refused(void)
{
	static const struct {
		unsigned long f_type;
		enum tel_lmdb_ground ground;
		const char *name;
	} cases[] = {
		{ 0x6969, TEL_LMDB_GROUND_NETWORK, "NFS" },
		{ 0x517b, TEL_LMDB_GROUND_NETWORK, "SMB" },
		{ 0xff534d42, TEL_LMDB_GROUND_NETWORK, "CIFS" },
		{ 0xffffffffff534d42, TEL_LMDB_GROUND_NETWORK, "CIFS" },	/* sign extended */
		{ 0xfe534d42, TEL_LMDB_GROUND_NETWORK, "SMB2" },
		{ 0x01021997, TEL_LMDB_GROUND_NETWORK, "9p" },
		{ 0x65735546, TEL_LMDB_GROUND_UNKNOWN, "FUSE" },
		{ 0xef53, TEL_LMDB_GROUND_FIRM, NULL },		/* ext4 */
		{ 0x58465342, TEL_LMDB_GROUND_FIRM, NULL },	/* xfs */
		{ 0x01021994, TEL_LMDB_GROUND_FIRM, NULL },	/* tmpfs */
		{ 0x794c7630, TEL_LMDB_GROUND_FIRM, NULL },	/* overlayfs */
	};
	const char *name;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK_INT(tel_lmdb_ground(cases[i].f_type, &name), cases[i].ground);
		CU_ASSERT_TRUE(tel_str_eq(tel_str_from(name), tel_str_from(cases[i].name)));
	}
}

static void one_process_opens_it_once(void)
{
	char dir[TEMP_PATH], link[TEMP_PATH], why[1024];
	struct tel_call_store *s;

	temp_dir(dir);
	s = must_open((struct tel_lmdb_options){ .path = dir });
	CHECK_INT(try_open((struct tel_lmdb_options){ .path = dir }, why), TEL_EMISUSE);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "already"));
	CHECK_INT(symlink(dir, temp_path(dir, "link", link)), 0);
	CHECK_INT(try_open((struct tel_lmdb_options){ .path = link }, why), TEL_EMISUSE);
	contract_make(s, (struct recipe){ .n = 1 });	/* unharmed */
	s->ops->close(s);
	CHECK_INT(try_open((struct tel_lmdb_options){ .path = dir }, why), TEL_OK);
	temp_remove(dir);
}

/* In a child: 0 = as it should be. */
static int use_inherited(struct tel_call_store *inherited, const char *dir)
{
	struct tel_call_id id = contract_id(1);
	struct tel_call *call = NULL;
	struct tel_store_stats stats;
	struct tel_call_store *own;

	if (inherited->ops->get(inherited, &id, &call, NULL) != TEL_EMISUSE ||
	    inherited->ops->stats(inherited, &stats) != TEL_EMISUSE ||
	    contract_try_make(inherited, &(struct recipe){ .n = 7 }) != TEL_EMISUSE)
		return 1;
	inherited->ops->close(inherited);
	own = must_open((struct tel_lmdb_options){ .path = dir });
	if (strcmp(contract_duty(own).owner, "1") != 0 ||
	    contract_make_on_duty(own, &(struct recipe){ .n = 2 }))
		return 2;
	own->ops->close(own);
	return 0;
}

static void a_forked_child_opens_its_own(void)
{
	char dir[TEMP_PATH];
	struct tel_call_store *s;
	int status = -1;
	pid_t pid;

	temp_dir(dir);
	s = must_open((struct tel_lmdb_options){ .path = dir });
	CHECK_INT(contract_make_on_duty(s, &(struct recipe){ .n = 1 }), TEL_OK);
	pid = fork();
	if (pid == 0)
		_exit(use_inherited(s, dir));
	waitpid(pid, &status, 0);
	CHECK_INT(status, 0);
	CU_ASSERT_TRUE(contract_has(s, 2));
	CU_ASSERT_STRING_EQUAL(contract_duty(s).owner, "2");
	contract_make(s, (struct recipe){ .n = 3 });
	CHECK_INT(contract_stats(s).calls, 3);
	s->ops->close(s);
	temp_remove(dir);
}

/* Of a process in a PID namespace of its own: what opening said; -1 = can't make one. */
static int open_in_a_namespace(struct tel_lmdb_options options)
{
	int status = -1;
	char why[1024];
	pid_t pid = fork();

	if (pid == 0) {
		if (unshare(CLONE_NEWPID))
			_exit(255);
		pid = fork();
		if (pid == 0)
			_exit((int)try_open(options, why));
		_exit(waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) :
									     253);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) != 255 ? WEXITSTATUS(status) : -1;
}

static void one_pid_namespace_writes(void)
{
	struct tel_lmdb_options options = { 0 };
	struct tel_call_store *s;
	char dir[TEMP_PATH];
	int alone;

	temp_dir(dir);
	options.path = dir;
	alone = open_in_a_namespace(options);
	if (alone != -1) {		/* that takes root */
		CHECK_INT(alone, TEL_OK);
		s = must_open(options);
		CHECK_INT(open_in_a_namespace(options), TEL_EBUSY);
		options.read_only = true;
		CHECK_INT(open_in_a_namespace(options), TEL_OK);
		contract_make(s, (struct recipe){ .n = 1 });
		s->ops->close(s);
		options.read_only = false;
		CHECK_INT(open_in_a_namespace(options), TEL_OK);
	}
	temp_remove(dir);
}

static void write_garbage(const char *path, size_t n)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);

	while (n-- > 0)
		CU_ASSERT_EQUAL(write(fd, "garbage!", 8), 8);
	close(fd);
}

static void what_is_no_store_is_refused(void)
{
	char dir[TEMP_PATH], file[TEMP_PATH], why[1024];

	temp_dir(dir);
	write_garbage(temp_path(dir, "data.mdb", file), 4096);
	CHECK_INT(try_open((struct tel_lmdb_options){ .path = dir }, why), TEL_ECORRUPT);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "data.mdb"));
	write_garbage(file, 2);
	CHECK_INT(try_open((struct tel_lmdb_options){ .path = dir }, why), TEL_ECORRUPT);
	temp_remove(dir);
}

static void a_backup_is_the_same_store(void)
{
	char dir[TEMP_PATH], to[TEMP_PATH], file[TEMP_PATH], why[1024];
	struct tel_store_stats stats, copied;
	struct tel_call_store *s, *copy;
	struct tel_buf text;
	unsigned n;

	temp_dir(dir);
	tel_buf_init(&text, 1000);
	s = must_open((struct tel_lmdb_options){ .path = temp_path(dir, "store", to) });
	for (n = 1; n <= 50; n++)
		contract_make(s, (struct recipe){ .n = n, .room = "r", .leg = "PA", .due = n });
	contract_remember(s, "EV", 50);
	temp_path(dir, "backup", to);
	CHECK_INT(tel_lmdb_backup(s, to, &text), TEL_OK);
	CHECK_INT(tel_lmdb_backup(s, to, &text), TEL_ECONFLICT);
	CHECK_INT(tel_lmdb_backup(s, temp_path(dir, "no/where", file), &text), TEL_ENOTFOUND);
	CHECK_INT(mode_of(to), 0700);
	CHECK_INT(mode_of(temp_path(to, "data.mdb", file)), 0600);
	stats = contract_stats(s);
	copy = must_open((struct tel_lmdb_options){ .path = to });
	copied = contract_stats(copy);
	CHECK_INT(copied.calls, stats.calls);
	CHECK_INT(copied.pending_calls, stats.pending_calls);
	CHECK_INT(copied.event_ids, 1);
	for (n = 1; n <= 50; n++)
		CU_ASSERT_TRUE(contract_has(copy, n));
	CU_ASSERT_TRUE(lmdb_is_sound(copy));
	contract_make(copy, (struct recipe){ .n = 51 });
	copy->ops->close(copy);
	s->ops->close(s);
	tel_buf_release(&text);
	CHECK_INT(try_open((struct tel_lmdb_options){ .path = to }, why), TEL_OK);
	temp_remove(dir);
}

/* Root makes one in a directory of the store's owner. */
static void a_backup_follows_no_link(void)
{
	char dir[TEMP_PATH], store[TEMP_PATH], to[TEMP_PATH], part[TEMP_PATH], victim[TEMP_PATH];
	struct tel_call_store *s;
	struct tel_buf text;
	struct stat st;

	temp_dir(dir);
	tel_buf_init(&text, 1000);
	s = must_open((struct tel_lmdb_options){ .path = temp_path(dir, "store", store) });
	CHECK_INT(mkdir(temp_path(dir, "backup", to), 0700), 0);
	temp_path(dir, "victim", victim);
	CHECK_INT(symlink(victim, temp_path(to, "data.mdb.part", part)), 0);
	CU_ASSERT_NOT_EQUAL(tel_lmdb_backup(s, to, &text), TEL_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(tel_buf_str(&text).ptr, to));
	CU_ASSERT_NOT_EQUAL(stat(victim, &st), 0);
	s->ops->close(s);
	tel_buf_release(&text);
	temp_remove(dir);
}

CU_TestInfo lmdb_place_tests[] = {
	{ "a reopened store has everything", a_reopened_store_has_everything },
	{ "it is private", it_is_private },
	{ "bad places are refused with a reason", bad_places_are_refused_with_a_reason },
	{ "another user's directory is refused", another_users_directory_is_refused },
	{ "files of somebody else are told", files_of_somebody_else_are_told },
	{ "root is not led astray by a store's owner", root_is_not_led_astray_by_a_stores_owner },
	{ "a map beyond the address space shrinks", a_map_beyond_the_address_space_shrinks },
	{ "network file systems are refused", network_file_systems_are_refused },
	{ "one process opens it once", one_process_opens_it_once },
	{ "a forked child opens its own", a_forked_child_opens_its_own },
	{ "one PID namespace writes", one_pid_namespace_writes },
	{ "what is no store is refused", what_is_no_store_is_refused },
	{ "a backup is the same store", a_backup_is_the_same_store },
	{ "a backup follows no link", a_backup_follows_no_link },
	CU_TEST_INFO_NULL,
};
