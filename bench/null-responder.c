/*
 * The cheapest responder that libfcgi allows: reads the body, answers 200 with
 * nothing. What a benchmark of telephony.fcgi is divided by, so that the web
 * server, the socket and libfcgi drop out of the figure.
 *
 * Built with -DNULL_RESPONDER_ECHO it also tells in X-* headers what the web
 * server handed to it, which is how the configurations in apache-conf/ are
 * tested without the real program. Only for tests: it repeats the
 * Authorization header.
 *
 * Environment: TELEPHONY_THREADS = number of threads (default 8, 1..256).
 */
#include <fcgiapp.h>

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define THREADS_DEFAULT 8
#define THREADS_MAX 256

extern char **environ;

/* What is known of a body once it has been read. */
struct body {
	uint64_t bytes;
	uint32_t adler; /* Adler-32 (RFC 1950): cheap, and zlib.adler32 checks it */
};

/* Next piece of the body into buf; 0 at its end. */
typedef size_t (*read_fn)(void *from, char *buf, size_t len);

static size_t read_stream(void *from, char *buf, size_t len)
{
	int n = FCGX_GetStr(buf, (int)len, from);

	return n > 0 ? (size_t)n : 0;
}

static size_t read_file(void *from, char *buf, size_t len)
{
	return fread(buf, 1, len, from);
}

#ifdef NULL_RESPONDER_ECHO

static void body_add(struct body *body, const char *buf, size_t len)
{
	uint32_t a = body->adler & 0xffff;
	uint32_t b = body->adler >> 16;

	for (size_t i = 0; i < len; i++) {
		a = (a + (unsigned char)buf[i]) % 65521;
		b = (b + a) % 65521;
	}
	body->adler = b << 16 | a;
	body->bytes += len;
}

#else

static void body_add(struct body *body, const char *buf, size_t len)
{
	(void)buf;
	body->bytes += len;
}

#endif

/*
 * Reads CONTENT_LENGTH bytes, or to the end when there is no such variable:
 * mod_cgi hands a chunked body over without one.
 */
static struct body read_body(read_fn next, void *from, char **params)
{
	struct body body = { .bytes = 0, .adler = 1 };
	const char *text = FCGX_GetParam("CONTENT_LENGTH", params);
	uint64_t left = text && *text ? strtoull(text, NULL, 10) : UINT64_MAX;
	char buf[16384];

	while (left > 0) {
		size_t want = left < sizeof(buf) ? (size_t)left : sizeof(buf);
		size_t got = next(from, buf, want);

		if (got == 0)
			break;
		body_add(&body, buf, got);
		left -= got;
	}
	return body;
}

#ifdef NULL_RESPONDER_ECHO

static const struct {
	const char *header;
	const char *param;
} echoed[] = {
	{ "X-Request-Uri", "REQUEST_URI" },
	{ "X-Method", "REQUEST_METHOD" },
	{ "X-Query", "QUERY_STRING" },
	{ "X-Content-Type", "CONTENT_TYPE" },
	{ "X-Content-Length", "CONTENT_LENGTH" },
	{ "X-Script-Name", "SCRIPT_NAME" },
	{ "X-Path-Info", "PATH_INFO" },
	{ "X-Remote-Addr", "REMOTE_ADDR" },
};

static const char *authorization_seen(char **params)
{
	static const char *const names[] = { "HTTP_AUTHORIZATION", "REDIRECT_HTTP_AUTHORIZATION" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (FCGX_GetParam(names[i], params))
			return names[i];
	}
	return "none";
}

/* An absent variable and an empty one are told apart: absent has no header. */
static void echo(FILE *out, char **params, const struct body *body)
{
	const char *seen = authorization_seen(params);
	const char *token = FCGX_GetParam(seen, params);
	const char *config = getenv("TELEPHONY_CONFIG");

	for (size_t i = 0; i < sizeof(echoed) / sizeof(echoed[0]); i++) {
		const char *value = FCGX_GetParam(echoed[i].param, params);

		if (value)
			fprintf(out, "%s: %s\r\n", echoed[i].header, value);
	}
	fprintf(out, "X-Authorization-Seen: %s\r\n", seen);
	fprintf(out, "X-Authorization: %s\r\n", token ? token : "");
	fprintf(out, "X-Config: %s\r\n", config ? config : "");
	fprintf(out, "X-Pid: %ld\r\n", (long)getpid());
	fprintf(out, "X-Body-Bytes: %llu\r\n", (unsigned long long)body->bytes);
	fprintf(out, "X-Body-Adler: %lu\r\n", (unsigned long)body->adler);
}

#else

static void echo(FILE *out, char **params, const struct body *body)
{
	(void)out;
	(void)params;
	(void)body;
}

#endif

/* The whole answer as text in *text, to be freed; 0, or -1 when there is no memory. */
static int make_answer(char **params, const struct body *body, char **text)
{
	size_t len = 0;
	FILE *out = open_memstream(text, &len);
	int failed;

	if (!out)
		return -1;
	fputs("Status: 200 OK\r\nContent-Length: 0\r\n", out);
	echo(out, params, body);
	fputs("\r\n", out);
	failed = ferror(out);
	if (fclose(out) != 0 || failed) {
		free(*text);
		*text = NULL;
		return -1;
	}
	return 0;
}

static void answer_request(FCGX_Request *request)
{
	struct body body = read_body(read_stream, request->in, request->envp);
	char *text = NULL;

	if (make_answer(request->envp, &body, &text) == 0)
		FCGX_PutS(text, request->out);
	FCGX_Finish_r(request);
	free(text);
}

static void *serve(void *unused)
{
	FCGX_Request request;

	if (FCGX_InitRequest(&request, 0, 0) != 0)
		return unused;
	while (FCGX_Accept_r(&request) == 0)
		answer_request(&request);
	return unused;
}

static int serve_cgi(void)
{
	struct body body = read_body(read_file, stdin, environ);
	char *text = NULL;
	int status = EXIT_FAILURE;

	if (make_answer(environ, &body, &text) != 0)
		goto out;
	if (fputs(text, stdout) >= 0 && fflush(stdout) == 0)
		status = EXIT_SUCCESS;
out:
	free(text);
	return status;
}

static long thread_count(void)
{
	const char *text = getenv("TELEPHONY_THREADS");
	char *end = NULL;
	long count = THREADS_DEFAULT;

	if (text) {
		errno = 0;
		count = strtol(text, &end, 10);
		if (errno || end == text || *end || count < 1 || count > THREADS_MAX)
			count = -1;
	}
	return count;
}

static int serve_fastcgi(void)
{
	long count = thread_count();
	int status = EXIT_FAILURE;

	if (count < 0) {
		fprintf(stderr, "null-responder: TELEPHONY_THREADS: a number from 1 to %d\n", THREADS_MAX);
		goto out;
	}
	if (FCGX_Init() != 0)
		goto out;
	for (long i = 1; i < count; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, serve, NULL) != 0)
			goto out;
		pthread_detach(thread);
	}
	serve(NULL);
	status = EXIT_SUCCESS;
out:
	return status;
}

int main(void)
{
	return FCGX_IsCGI() ? serve_cgi() : serve_fastcgi();
}
