#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "fakes/fake_clock.h"
#include "fakes/fake_random.h"
#include "harness.h"
#include "system/clock.h"
#include "system/log_json.h"
#include "system/process.h"
#include "system/random.h"
#include "system/shared_counters.h"
#include "base/banned.h"

/* ---- clock and random --------------------------------------------------- */

static void clocks_run(void)
{
	struct tel_clock clock;
	tel_time wall, monotonic;

	tel_system_clock_init(&clock);
	wall = tel_now(&clock);
	monotonic = tel_monotonic(&clock);
	CU_ASSERT_TRUE(wall > 1577836800000);	/* 2020 */
	usleep(2000);
	CU_ASSERT_TRUE(tel_monotonic(&clock) > monotonic);
	CU_ASSERT_TRUE(tel_now(&clock) - wall < TEL_MINUTE);
}

static void random_bytes_differ(void)
{
	unsigned char a[1000] = { 0 }, b[1000] = { 0 };
	struct tel_random random;
	struct tel_fake_random fake, again;

	tel_system_random_init(&random);
	CHECK_INT(tel_random_fill(&random, a, sizeof(a)), TEL_OK);
	CHECK_INT(tel_random_fill(&random, b, sizeof(b)), TEL_OK);
	CU_ASSERT_NOT_EQUAL(memcmp(a, b, sizeof(a)), 0);
	CHECK_INT(tel_random_fill(&random, a, 0), TEL_OK);

	tel_fake_random_init(&fake, 7);
	tel_fake_random_init(&again, 7);
	CHECK_INT(tel_random_fill(&fake.base, a, 999), TEL_OK);
	CHECK_INT(tel_random_fill(&again.base, b, 999), TEL_OK);
	CHECK_INT(memcmp(a, b, 999), 0);
}

/* ---- processes ---------------------------------------------------------- */

static void stat_lines(void)
{
	static const struct { const char *text; enum tel_err err; char state; int64_t start; } cases[] = {
		{ "1 (a) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 3 0 4711 1 2", TEL_OK, 'S', 4711 },
		{ "1 (a) R -1 -2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 3 0 4711", TEL_OK, 'R', 4711 },
		{ "1 (a b) Z) (Z) 1 2) X 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 1 0 5 1 2\n",
		  TEL_OK, 'X', 5 },
		{ "1 () Z 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 1 0 9\n", TEL_OK, 'Z', 9 },
		{ "", TEL_EMALFORMED, 0, 0 },
		{ "1 a S 1", TEL_EMALFORMED, 0, 0 },
		{ "1 (a)", TEL_EMALFORMED, 0, 0 },
		{ "1 (a) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 3 0", TEL_EMALFORMED, 0, 0 },
		{ "1 (a) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 3 0 x", TEL_EMALFORMED, 0, 0 },
		{ "1 (a) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 -3 0 1", TEL_EMALFORMED, 0, 0 },
	};
	struct tel_process_stat stat;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stat = (struct tel_process_stat){ 0 };
		CHECK_INT(tel_process_stat_parse(tel_str_from(cases[i].text), &stat),
			  cases[i].err);
		CHECK_INT(stat.state, cases[i].state);
		CHECK_INT(stat.start_time, cases[i].start);
	}
}

struct child {
	pid_t pid;
	int to, from;
	char owner[TEL_MAX_OWNER + 1];
};

static void be_a_child(int in, int out)
{
	struct tel_system_process me;
	char byte;

	if (tel_system_process_init(&me) == TEL_OK &&
	    write(out, me.self, sizeof(me.self)) == (ssize_t)sizeof(me.self))
		(void)!read(in, &byte, 1);
	_exit(0);
}

/* A child that says its owner text, and lives until `to` is closed. */
static void start_child(struct child *c)
{
	int in[2], out[2];

	CU_ASSERT_FATAL(pipe(in) == 0 && pipe(out) == 0);
	c->pid = fork();
	CU_ASSERT_FATAL(c->pid >= 0);
	if (c->pid == 0) {
		close(in[1]);
		be_a_child(in[0], out[1]);
	}
	close(in[0]);
	close(out[1]);
	c->to = in[1];
	c->from = out[0];
	CU_ASSERT_FATAL(read(c->from, c->owner, sizeof(c->owner)) == (ssize_t)sizeof(c->owner));
}

static void drop_child(struct child *c)
{
	close(c->to);
	close(c->from);
}

static bool dead(struct tel_system_process *p, const char *owner)
{
	return p->base.ops->is_dead(&p->base, tel_str_from(owner));
}

static void children_die(void)
{
	struct tel_system_process me;
	struct child c;
	siginfo_t info;

	CHECK_INT(tel_system_process_init(&me), TEL_OK);
	CU_ASSERT_FALSE(dead(&me, me.self));
	start_child(&c);
	CU_ASSERT_STRING_NOT_EQUAL(c.owner, me.self);
	CU_ASSERT_EQUAL(strncmp(c.owner, me.self, me.host_len), 0);
	CU_ASSERT_FALSE(dead(&me, c.owner));

	/* A zombie: gone, but not waited for yet. */
	CHECK_INT(kill(c.pid, SIGKILL), 0);
	CHECK_INT(waitid(P_PID, (id_t)c.pid, &info, WEXITED | WNOWAIT), 0);
	CU_ASSERT_TRUE(dead(&me, c.owner));
	CHECK_INT(waitpid(c.pid, NULL, 0), c.pid);
	CU_ASSERT_TRUE(dead(&me, c.owner));
	drop_child(&c);
}

static void stopped_children_live(void)
{
	struct tel_system_process me;
	struct child c;

	CHECK_INT(tel_system_process_init(&me), TEL_OK);
	start_child(&c);
	CHECK_INT(kill(c.pid, SIGSTOP), 0);
	CHECK_INT(waitpid(c.pid, NULL, WUNTRACED), c.pid);
	CU_ASSERT_FALSE(dead(&me, c.owner));
	CHECK_INT(kill(c.pid, SIGKILL), 0);
	CHECK_INT(waitpid(c.pid, NULL, 0), c.pid);
	drop_child(&c);
}

static void *sleep_until_killed(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return NULL;
}

/* The first thread may end before the others: that is no dead process. */
static void headless_processes_live(void)
{
	struct tel_system_process me;
	struct child c = { 0 };
	pthread_t thread;
	int ready[2], i;

	CHECK_INT(tel_system_process_init(&me), TEL_OK);
	CU_ASSERT_FATAL(pipe(ready) == 0);
	c.pid = fork();
	if (c.pid == 0) {
		struct tel_system_process self;

		if (tel_system_process_init(&self) ||
		    pthread_create(&thread, NULL, sleep_until_killed, NULL) ||
		    write(ready[1], self.self, sizeof(self.self)) < 0)
			_exit(1);
		pthread_exit(NULL);
	}
	close(ready[1]);
	CHECK_INT(read(ready[0], c.owner, sizeof(c.owner)), sizeof(c.owner));
	for (i = 0; i < 20; i++) {
		CU_ASSERT_FALSE(dead(&me, c.owner));
		usleep(1000);
	}
	CHECK_INT(kill(c.pid, SIGKILL), 0);
	CHECK_INT(waitpid(c.pid, NULL, 0), c.pid);
	CU_ASSERT_TRUE(dead(&me, c.owner));
	close(ready[0]);
}

/* A pid that was given out again: same number, another start time. */
static void reused_pids_are_somebody_else(void)
{
	struct tel_system_process me;
	char owner[TEL_MAX_OWNER + 32];

	CHECK_INT(tel_system_process_init(&me), TEL_OK);
	snprintf(owner, sizeof(owner), "%.*s%ld:1", (int)me.host_len, me.self, (long)getpid());
	CU_ASSERT_TRUE(dead(&me, owner));
}

static void in_doubt_nobody_is_dead(void)
{
	struct tel_system_process me, blind;
	char owner[TEL_MAX_OWNER + 64];
	static const char *const formats[] = {
		"", "nonsense", "r:0123456789abcdef0123456789abcdef",
		"b:0000000000000000:4026531836.0:999999:5",	/* another boot */
	};
	static const char *const tails[] = {
		"", "999999", "999999:", "999999:x", "x:5", "0:5", "-1:5", ":5",
		"99999999999:5", "999999:5:6", "999999:-5",
	};
	size_t i;

	CHECK_INT(tel_system_process_init(&me), TEL_OK);
	CU_ASSERT_TRUE_FATAL(me.host_len > 0);
	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		CU_ASSERT_FALSE(dead(&me, formats[i]));
	for (i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		snprintf(owner, sizeof(owner), "%.*s%s", (int)me.host_len, me.self, tails[i]);
		CU_ASSERT_FALSE(dead(&me, owner));
	}
	/* Another pid namespace of the same boot. */
	snprintf(owner, sizeof(owner), "%.19s1.1:999999:5", me.self);
	CU_ASSERT_FALSE(dead(&me, owner));
	/* Without /proc nothing can be proved. */
	blind = me;
	blind.host_len = 0;
	snprintf(owner, sizeof(owner), "%.*s%ld:1", (int)me.host_len, me.self, (long)getpid());
	CU_ASSERT_FALSE(dead(&blind, owner));
}

/* ---- counters ----------------------------------------------------------- */

static void add(struct tel_counters *c, enum tel_counter which, uint64_t n)
{
	c->ops->add(c, which, n);
}

static uint64_t count(struct tel_counters *c, enum tel_counter which)
{
	return c->ops->read(c, which);
}

#define LAST_COUNTER ((enum tel_counter)(TEL_COUNTERS - 1))

static void counters_are_shared_across_processes(void)
{
	struct tel_counters *a, *b;
	char dir[TEL_TEMP_PATH], path[TEL_TEMP_PATH + 16];
	struct stat st;
	int i, children = 4;

	tel_temp_make(dir);
	CU_ASSERT_EQUAL_FATAL(tel_shared_counters_open(dir, &a), TEL_OK);
	for (i = 0; i < children; i++) {
		if (fork() == 0) {
			struct tel_counters *own = a;
			int n;

			if (i > 0 && tel_shared_counters_open(dir, &own))
				_exit(1);
			for (n = 0; n < 10000; n++)
				tel_count(own, TEL_COUNT_WEBHOOK_APPLIED);
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
	CHECK_INT(count(a, TEL_COUNT_WEBHOOK_APPLIED), children * 10000);
	add(a, LAST_COUNTER, 5);
	tel_shared_counters_close(a);
	CU_ASSERT_EQUAL_FATAL(tel_shared_counters_open(dir, &b), TEL_OK);
	CHECK_INT(count(b, TEL_COUNT_WEBHOOK_APPLIED), children * 10000);
	CHECK_INT(count(b, LAST_COUNTER), 5);
	tel_shared_counters_close(b);
	snprintf(path, sizeof(path), "%s/counters", dir);
	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(st.st_mode & 07777, 0600);
	tel_temp_remove(dir);
}

static void counter_files_of_other_programs(void)
{
	static const char older[24] = { 't', 'e', 'l', 'c', 'o', 'u', 'n', 't', 1, 0, 0, 0,
					0, 0, 0, 0, 7 };
	struct tel_counters *c;
	char dir[TEL_TEMP_PATH], path[TEL_TEMP_PATH + 16], newer[8192] = { 0 };
	struct stat st;
	int fd;

	tel_temp_make(dir);
	snprintf(path, sizeof(path), "%s/counters", dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK_INT(write(fd, older, sizeof(older)), sizeof(older));
	CU_ASSERT_EQUAL_FATAL(tel_shared_counters_open(dir, &c), TEL_OK);
	CHECK_INT(count(c, (enum tel_counter)0), 7);
	CHECK_INT(count(c, LAST_COUNTER), 0);
	tel_count(c, LAST_COUNTER);
	tel_shared_counters_close(c);

	memcpy(newer, older, sizeof(older));
	CHECK_INT(pwrite(fd, newer, sizeof(newer), 0), sizeof(newer));
	CU_ASSERT_EQUAL_FATAL(tel_shared_counters_open(dir, &c), TEL_OK);
	CHECK_INT(count(c, (enum tel_counter)0), 7);
	tel_shared_counters_close(c);
	CHECK_INT(fstat(fd, &st), 0);
	CHECK_INT(st.st_size, sizeof(newer));

	newer[0] = 'x';
	CHECK_INT(pwrite(fd, newer, sizeof(newer), 0), sizeof(newer));
	CU_ASSERT_EQUAL_FATAL(tel_shared_counters_open(dir, &c), TEL_OK);
	CHECK_INT(count(c, (enum tel_counter)0), 0);
	tel_shared_counters_close(c);
	close(fd);
	tel_temp_remove(dir);
}

static void counters_that_cannot_be_opened(void)
{
	struct tel_counters *c = NULL;
	char dir[TEL_TEMP_PATH], path[TEL_TEMP_PATH + 16];

	CHECK_INT(tel_shared_counters_open("/nonexistent/dir", &c), TEL_ENOTFOUND);
	CHECK_INT(tel_shared_counters_open("/dev/null", &c), TEL_ENOTFOUND);
	tel_temp_make(dir);
	snprintf(path, sizeof(path), "%s/counters", dir);
	CHECK_INT(symlink("/etc/passwd", path), 0);
	CHECK_INT(tel_shared_counters_open(dir, &c), TEL_EDENIED);
	CU_ASSERT_PTR_NULL(c);
	tel_temp_remove(dir);

	CHECK_INT(tel_shared_counters_open(NULL, &c), TEL_OK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	add(c, TEL_COUNT_CALL_ENDED, 3);
	CHECK_INT(count(c, TEL_COUNT_CALL_ENDED), 3);
	tel_shared_counters_close(c);
	tel_shared_counters_close(NULL);
}

/* ---- the log ------------------------------------------------------------ */

/* A log into a file, and what is in it afterwards. */
struct logged {
	struct tel_fake_clock clock;
	struct tel_json_log log;
	FILE *file;
	char *text;
};

static void logged_open(struct logged *l, enum tel_log_level level, bool full)
{
	*l = (struct logged){ .file = tmpfile() };
	CU_ASSERT_PTR_NOT_NULL_FATAL(l->file);
	tel_fake_clock_init(&l->clock, 1795412441014);
	tel_json_log_init(&l->log, fileno(l->file), level, full, &l->clock.base);
}

static const char *logged_text(struct logged *l)
{
	struct stat st;
	ssize_t n;

	CHECK_INT(fstat(fileno(l->file), &st), 0);
	free(l->text);
	l->text = calloc(1, (size_t)st.st_size + 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(l->text);
	n = pread(fileno(l->file), l->text, (size_t)st.st_size, 0);
	CHECK_INT(n, st.st_size);
	return l->text;
}

static void logged_close(struct logged *l)
{
	free(l->text);
	fclose(l->file);
}

static void log_lines_are_json(void)
{
	struct logged l;

	logged_open(&l, TEL_LOG_INFO, false);
	tel_log_line(&l.log.base, TEL_LOG_DEBUG, "not_this", TEL_F_INT("n", 1));
	tel_log_line(&l.log.base, TEL_LOG_INFO, "call_created", TEL_F_TEXT("callId", "c-1"),
		     TEL_F_NUMBER("from", TEL_STR("+15550123456")), TEL_F_INT("legs", -2),
		     TEL_F_STR("absent", TEL_STR_NONE), TEL_F_TEXT("empty", ""));
	tel_log_line(&l.log.base, TEL_LOG_ERROR, "bare", TEL_F_TEXT("url", "https://a/b"));
	CU_ASSERT_STRING_EQUAL(logged_text(&l),
		"{\"ts\":\"2026-11-23T05:40:41.014Z\",\"level\":\"info\","
		"\"event\":\"call_created\",\"callId\":\"c-1\",\"from\":\"+15*******56\","
		"\"legs\":-2,\"empty\":\"\"}\n"
		"{\"ts\":\"2026-11-23T05:40:41.014Z\",\"level\":\"error\",\"event\":\"bare\","
		"\"url\":\"https://a/b\"}\n");
	logged_close(&l);

	logged_open(&l, TEL_LOG_DEBUG, true);
	tel_log_line(&l.log.base, TEL_LOG_DEBUG, "x",
		     TEL_F_NUMBER("from", TEL_STR("+15550123456")));
	CU_ASSERT_PTR_NOT_NULL(strstr(logged_text(&l), "\"from\":\"+15550123456\""));
	logged_close(&l);
}

static void log_lines_cannot_be_forged(void)
{
	static const char evil[] = "a\"}\n{\"level\":\"error\"}\r\t\x1b[2J\0\xff\xc3 \\";
	struct logged l;
	const char *text;
	struct json_object *line, *value;

	logged_open(&l, TEL_LOG_INFO, false);
	tel_log_line(&l.log.base, TEL_LOG_INFO, "evil",
		     TEL_F_STR("text", ((struct tel_str){ evil, sizeof(evil) - 1 })));
	text = logged_text(&l);
	CU_ASSERT_PTR_EQUAL(strchr(text, '\n'), text + strlen(text) - 1);
	CU_ASSERT_PTR_NULL(strpbrk(text, "\r\t\x1b\xff"));
	line = json_tokener_parse(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(line);
	CU_ASSERT_TRUE(json_object_object_get_ex(line, "text", &value));
	CHECK_INT(json_object_get_string_len(value), sizeof(evil) - 1 + 4);
	json_object_put(line);
	logged_close(&l);
}

static void long_lines_fit_a_pipe(void)
{
	char *big = malloc(100000);
	struct logged l;
	size_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(big);
	for (i = 0; i < 100000; i++)
		big[i] = '\x01';	/* six bytes as JSON */
	logged_open(&l, TEL_LOG_INFO, false);
	tel_log_line(&l.log.base, TEL_LOG_INFO, "big",
		     TEL_F_STR("a", ((struct tel_str){ big, 100000 })),
		     TEL_F_STR("b", ((struct tel_str){ big, 100000 })),
		     TEL_F_STR("c", ((struct tel_str){ big, 100000 })));
	CU_ASSERT_TRUE(strlen(logged_text(&l)) <= PIPE_BUF);
	CU_ASSERT_TRUE(strlen(l.text) > 2000);
	logged_close(&l);
	free(big);
}

static void lost_lines_hold_up_nobody(void)
{
	struct tel_fake_clock clock;
	struct tel_json_log log;
	int ends[2];

	tel_fake_clock_init(&clock, 1);
	tel_json_log_init(&log, -1, TEL_LOG_INFO, false, &clock.base);
	tel_log_line(&log.base, TEL_LOG_ERROR, "lost", TEL_F_INT("n", 1));
	signal(SIGPIPE, SIG_IGN);
	CU_ASSERT_FATAL(pipe(ends) == 0);
	close(ends[0]);
	tel_json_log_init(&log, ends[1], TEL_LOG_INFO, false, &clock.base);
	tel_log_line(&log.base, TEL_LOG_ERROR, "lost", TEL_F_INT("n", 1));
	close(ends[1]);
	CU_PASS("still here");
}

static void *log_much(void *log)
{
	int i;

	for (i = 0; i < 500; i++)
		tel_log_line(log, TEL_LOG_INFO, "line", TEL_F_INT("n", i),
			     TEL_F_TEXT("text", "of some length, so that it could be torn"));
	return NULL;
}

static void lines_of_threads_do_not_mix(void)
{
	struct logged l;
	pthread_t threads[4];
	char name[TEL_TEMP_PATH], *line, *rest;
	struct json_object *parsed;
	size_t i, lines = 0;
	int fd = tel_temp_file(name);

	logged_open(&l, TEL_LOG_INFO, false);
	CU_ASSERT_FATAL(fcntl(fd, F_SETFL, O_APPEND) == 0);
	l.log.fd = fd;
	for (i = 0; i < 4; i++)
		CHECK_INT(pthread_create(&threads[i], NULL, log_much, &l.log.base), 0);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	fclose(l.file);
	l.file = fdopen(fd, "r");
	logged_text(&l);
	for (line = strtok_r(l.text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		parsed = json_tokener_parse(line);
		lines += parsed != NULL;
		json_object_put(parsed);
	}
	CHECK_INT(lines, 2000);
	unlink(name);
	logged_close(&l);
}

int main(void)
{
	CU_TestInfo basics[] = {
		{ "clocks run", clocks_run },
		{ "random bytes differ", random_bytes_differ },
		CU_TEST_INFO_NULL,
	};
	CU_TestInfo processes[] = {
		{ "stat lines", stat_lines },
		{ "children die", children_die },
		{ "stopped children live", stopped_children_live },
		{ "headless processes live", headless_processes_live },
		{ "reused pids are somebody else", reused_pids_are_somebody_else },
		{ "in doubt nobody is dead", in_doubt_nobody_is_dead },
		CU_TEST_INFO_NULL,
	};
	CU_TestInfo counters[] = {
		{ "shared across processes", counters_are_shared_across_processes },
		{ "files of other programs", counter_files_of_other_programs },
		{ "can't be opened", counters_that_cannot_be_opened },
		CU_TEST_INFO_NULL,
	};
	CU_TestInfo log[] = {
		{ "lines are JSON", log_lines_are_json },
		{ "lines can't be forged", log_lines_cannot_be_forged },
		{ "long lines fit a pipe", long_lines_fit_a_pipe },
		{ "lost lines hold up nobody", lost_lines_hold_up_nobody },
		{ "lines of threads don't mix", lines_of_threads_do_not_mix },
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{ "clock, random", NULL, NULL, NULL, NULL, basics },
		{ "process", NULL, NULL, NULL, NULL, processes },
		{ "counters", NULL, NULL, NULL, NULL, counters },
		{ "log", NULL, NULL, NULL, NULL, log },
		CU_SUITE_INFO_NULL,
	};

	return tel_run_suites(suites);
}
