#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "fcgi/gateway.h"
#include "fcgi/listener.h"
#include "harness.h"
#include "base/banned.h"

/* ---- requests ------------------------------------------------------------- */

/* A body of 'x' that comes in pieces. */
struct supply {
	size_t left;
	size_t piece;
	size_t taken;
};

static size_t supply_read(void *from, char *out, size_t len)
{
	struct supply *s = from;
	size_t n = len < s->piece ? len : s->piece;

	if (n > s->left)
		n = s->left;
	memset(out, 'x', n);
	s->left -= n;
	s->taken += n;
	return n;
}

static enum tel_err read_request(char *const *env, struct supply *supply, struct tel_buf *buffer,
				 struct tel_http_request *request)
{
	struct tel_gateway_body body = { supply_read, supply };

	tel_buf_init(buffer, TEL_MAX_BODY + 1);
	*request = (struct tel_http_request){ 0 };
	return tel_gateway_read(env, &body, buffer, request);
}

static void variables_become_a_request(void)
{
	char *env[] = {
		(char[]){ "REQUEST_METHOD=POST" },
		(char[]){ "REQUEST_URI=/telephony/livekit-webhook?a=b" },
		(char[]){ "QUERY_STRING=ignored" },
		(char[]){ "CONTENT_TYPE=application/json" },
		(char[]){ "CONTENT_LENGTH=10" },
		(char[]){ "HTTP_AUTHORIZATION=token" },
		(char[]){ "REDIRECT_HTTP_AUTHORIZATION=other" },
		(char[]){ "HTTP_IDEMPOTENCY_KEY=the key" },
		/* No variable, the end and the start of a name, and one again. */
		(char[]){ "REQUEST_METHOD" },
		(char[]){ "METHOD=PUT" },
		(char[]){ "REQUEST_METHODS=PUT" },
		(char[]){ "REQUEST_METHOD=PUT" },
		NULL
	};
	struct supply supply = { .left = 100, .piece = 3 };
	struct tel_http_request request;
	struct tel_buf buffer;

	CHECK_INT(read_request(env, &supply, &buffer, &request), TEL_OK);
	CHECK_STR(request.method, "POST");
	CHECK_STR(tel_http_request_path(&request), "/telephony/livekit-webhook");
	CHECK_STR(request.query, "a=b");
	CHECK_STR(request.content_type, "application/json");
	CHECK_STR(request.authorization, "token");
	CHECK_STR(request.idempotency_key, "the key");
	CHECK_STR(request.body, "xxxxxxxxxx");
	CHECK_INT(supply.taken, 10);
	tel_buf_release(&buffer);
}

static void authorization_may_come_redirected(void)
{
	char *env[] = { (char[]){ "REDIRECT_HTTP_AUTHORIZATION=token" },
			(char[]){ "HTTP_AUTHORIZATION=" }, NULL };
	struct supply supply = { 0 };
	struct tel_http_request request;
	struct tel_buf buffer;

	CHECK_INT(read_request(env, &supply, &buffer, &request), TEL_OK);
	CHECK_STR(request.authorization, "token");
	CU_ASSERT_PTR_NULL(request.idempotency_key.ptr);
	CHECK_INT(request.target_status, 400);
	tel_buf_release(&buffer);
}

static void the_path_may_come_in_two_parts(void)
{
	char *env[] = { (char[]){ "SCRIPT_NAME=/telephony" }, (char[]){ "PATH_INFO=/healthz" },
			(char[]){ "QUERY_STRING=x=1" }, NULL };
	struct supply supply = { 0 };
	struct tel_http_request request;
	struct tel_buf buffer;

	CHECK_INT(read_request(env, &supply, &buffer, &request), TEL_OK);
	CHECK_STR(tel_http_request_path(&request), "/telephony/healthz");
	CHECK_STR(request.query, "x=1");
	tel_buf_release(&buffer);
}

static void bodies_have_a_ceiling_and_an_end(void)
{
	static const struct {
		const char *method, *length;	/* NULL: no CONTENT_LENGTH */
		size_t there, piece;
		size_t len, taken;
		bool too_big, truncated;
	} cases[] = {
		{ "POST", "5", 5, 99, 5, 5, false, false },
		{ "POST", "5", 9, 2, 5, 5, false, false },
		{ "POST", "5", 4, 1, 4, 4, false, true },
		{ "POST", "5", 0, 1, 0, 0, false, true },
		{ "POST", "0", 9, 9, 0, 0, false, false },
		{ "GET", "3", 3, 9, 3, 3, false, false },
		{ "POST", "1048576", 1048576, 8192, 1048576, 1048576, false, false },
		/* More was announced: nothing is read. */
		{ "POST", "1048577", 2000000, 8192, 0, 0, true, false },
		{ "POST", "99999999999999999999999999", 10, 10, 0, 0, true, false },
		{ "POST", "-1", 10, 10, 0, 0, false, true },
		{ "POST", "-99999999999999999999999999", 10, 10, 0, 0, false, true },
		{ "POST", "1e3", 10, 10, 0, 0, false, true },
		{ "POST", " 5", 10, 10, 0, 0, false, true },
		/* Not announced: read to the end, or just beyond the ceiling. */
		{ "POST", NULL, 0, 10, 0, 0, false, false },
		{ "POST", NULL, 40000, 1000, 40000, 40000, false, false },
		{ "POST", "", 40000, 99999, 40000, 40000, false, false },
		{ "POST", NULL, 1048576, 99999, 1048576, 1048576, false, false },
		{ "POST", NULL, 3000000, 99999, 1048577, 1048577, true, false },
		{ "GET", NULL, 10, 10, 0, 0, false, false },
	};
	struct tel_http_request request;
	struct tel_buf buffer;
	char method[32], length[64];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct supply supply = { .left = cases[i].there, .piece = cases[i].piece };
		char *env[] = { method, cases[i].length ? length : NULL, NULL };

		snprintf(method, sizeof(method), "REQUEST_METHOD=%s", cases[i].method);
		snprintf(length, sizeof(length), "CONTENT_LENGTH=%s",
			 cases[i].length ? cases[i].length : "");
		CHECK_INT(read_request(env, &supply, &buffer, &request), TEL_OK);
		CHECK_INT(request.body.len, cases[i].len);
		CHECK_INT(supply.taken, cases[i].taken);
		CHECK_INT(request.body_too_big, cases[i].too_big);
		CHECK_INT(request.body_truncated, cases[i].truncated);
		tel_buf_release(&buffer);
	}
}

static void responses_begin_with_status(void)
{
	struct tel_http_response response;
	struct tel_buf out;

	tel_buf_init(&out, 4096);
	tel_http_response_init(&response);
	response.status = 405;
	response.content_type = "application/json";
	tel_http_response_header(&response, "Allow", "GET, HEAD");
	tel_buf_puts(&response.body, "{}");
	tel_gateway_head(&response, &out);
	CHECK_STR(tel_buf_str(&out),
		  "Status: 405 Method Not Allowed\r\n"
		  "Content-Type: application/json\r\n"
		  "Content-Length: 2\r\n"
		  "Cache-Control: no-store\r\n"
		  "X-Content-Type-Options: nosniff\r\n"
		  "Allow: GET, HEAD\r\n"
		  "\r\n");
	tel_http_response_release(&response);
	tel_buf_release(&out);
}

/* ---- connections ---------------------------------------------------------- */

struct place {
	char dir[64];
	struct sockaddr_un address;
	int fd;
	struct tel_listener *listener;
};

static void place_open(struct place *p)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(p->dir, sizeof(p->dir), "%s/tel-XXXXXX", tmp && strlen(tmp) < 40 ? tmp : "/tmp");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(p->dir));
	p->address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(p->address.sun_path, sizeof(p->address.sun_path), "%s/s", p->dir);
	p->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK_INT(bind(p->fd, (struct sockaddr *)&p->address, sizeof(p->address)), 0);
	CU_ASSERT_FALSE(tel_listener_is_socket(p->fd));
	CHECK_INT(listen(p->fd, 8), 0);
	CU_ASSERT_TRUE(tel_listener_is_socket(p->fd));
	CHECK_INT(tel_listener_open(p->fd, &p->listener), TEL_OK);
}

static void place_close(struct place *p)
{
	tel_listener_close(p->listener);
	close(p->fd);
	unlink(p->address.sun_path);
	rmdir(p->dir);
}

static int connect_to(const struct place *p)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	CHECK_INT(connect(fd, (const struct sockaddr *)&p->address, sizeof(p->address)), 0);
	return fd;
}

static void connections_are_new_or_kept(void)
{
	struct place p;
	int a, b, accepted, again;
	char byte;

	place_open(&p);
	a = connect_to(&p);
	CHECK_INT(tel_listener_next(p.listener, &accepted), TEL_OK);
	CHECK_INT(write(a, "1", 1), 1);
	CHECK_INT(read(accepted, &byte, 1), 1);

	/* Kept and silent: a new one comes first; then it speaks again. */
	tel_listener_keep(p.listener, accepted);
	b = connect_to(&p);
	CHECK_INT(tel_listener_next(p.listener, &again), TEL_OK);
	CU_ASSERT_NOT_EQUAL(again, accepted);
	close(again);
	CHECK_INT(write(a, "2", 1), 1);
	CHECK_INT(tel_listener_next(p.listener, &again), TEL_OK);
	CHECK_INT(again, accepted);
	CHECK_INT(read(again, &byte, 1), 1);
	CHECK_INT(byte, '2');

	/* Kept and closed by the other side: handed out, to be found closed. */
	tel_listener_keep(p.listener, again);
	close(a);
	CHECK_INT(tel_listener_next(p.listener, &again), TEL_OK);
	CHECK_INT(read(again, &byte, 1), 0);
	close(again);

	/* Kept until the end: closed with the listener. */
	a = connect_to(&p);
	CHECK_INT(tel_listener_next(p.listener, &accepted), TEL_OK);
	tel_listener_keep(p.listener, accepted);
	place_close(&p);
	CHECK_INT(read(a, &byte, 1), 0);
	close(a);
	close(b);
}

static void *wait_for_next(void *arg)
{
	static const int stopped = 1, other = 0;
	struct tel_listener *listener = arg;
	int connection;

	return (void *)(tel_listener_next(listener, &connection) == TEL_ENOTFOUND ?
			&stopped : &other);
}

static void stopping_wakes_all_that_wait(void)
{
	pthread_t threads[8];
	struct place p;
	void *result;
	int client, connection;
	size_t i;

	place_open(&p);
	for (i = 0; i < 8; i++)
		CHECK_INT(pthread_create(&threads[i], NULL, wait_for_next, p.listener), 0);
	usleep(20000);
	tel_listener_stop(p.listener);
	for (i = 0; i < 8; i++) {
		CHECK_INT(pthread_join(threads[i], &result), 0);
		CHECK_INT(*(int *)result, 1);
	}
	/* What comes now is for another process of the same socket. */
	client = connect_to(&p);
	CHECK_INT(tel_listener_next(p.listener, &connection), TEL_ENOTFOUND);
	close(client);
	place_close(&p);
}

#define CROWD 4

static void *take_one(void *arg)
{
	int connection = -1;

	if (tel_listener_next(arg, &connection) == TEL_OK)
		close(connection);
	return NULL;
}

/* Nobody comes back for a second one, as if each request took very long. */
static void each_that_waits_gets_one_of_many(void)
{
	pthread_t threads[CROWD];
	struct timespec deadline;
	int clients[CROWD], round, i;
	struct place p;

	place_open(&p);
	for (round = 0; round < 50; round++) {
		for (i = 0; i < CROWD; i++)
			CHECK_INT(pthread_create(&threads[i], NULL, take_one, p.listener), 0);
		usleep(2000);
		for (i = 0; i < CROWD; i++)
			clients[i] = connect_to(&p);
		clock_gettime(CLOCK_REALTIME, &deadline);
		deadline.tv_sec += 20;
		for (i = 0; i < CROWD; i++)
			if (pthread_timedjoin_np(threads[i], NULL, &deadline))
				CU_FAIL_FATAL("a connection and a thread wait for each other");
		for (i = 0; i < CROWD; i++)
			close(clients[i]);
	}
	place_close(&p);
}

int main(void)
{
	CU_TestInfo gateway[] = {
		{ "variables become a request", variables_become_a_request },
		{ "authorization may come redirected", authorization_may_come_redirected },
		{ "the path may come in two parts", the_path_may_come_in_two_parts },
		{ "bodies have a ceiling and an end", bodies_have_a_ceiling_and_an_end },
		{ "responses begin with Status", responses_begin_with_status },
		CU_TEST_INFO_NULL
	};
	CU_TestInfo listener[] = {
		{ "connections are new or kept", connections_are_new_or_kept },
		{ "each that waits gets one of many", each_that_waits_gets_one_of_many },
		{ "stopping wakes all that wait", stopping_wakes_all_that_wait },
		CU_TEST_INFO_NULL
	};
	CU_SuiteInfo suites[] = {
		{ "fcgi: variables and bodies", NULL, NULL, NULL, NULL, gateway },
		{ "fcgi: connections", NULL, NULL, NULL, NULL, listener },
		CU_SUITE_INFO_NULL
	};

	return tel_run_suites(suites);
}
