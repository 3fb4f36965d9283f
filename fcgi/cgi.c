#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fcgi/cgi.h"
#include "fcgi/gateway.h"
#include "http/handlers.h"
#include "http/problem.h"
#include "base/banned.h"

#define LOCK_NAME "/cgi-worker.lock"

/*
 * Of a body that nobody wants, so much is read, and so many ms are waited for
 * its next piece. Servers are told to stop senders at 2 MiB (apache-conf/).
 */
#define MAX_DRAINED (16 * 1024 * 1024)
#define DRAIN_PATIENCE 2000

bool tel_cgi_is_request(void)
{
	return getenv("GATEWAY_INTERFACE") || getenv("REQUEST_METHOD");
}

static size_t read_stdin(void *from, char *out, size_t len)
{
	ssize_t got;

	(void)from;
	do {
		got = read(STDIN_FILENO, out, len);
	} while (got == -1 && errno == EINTR);
	return got > 0 ? (size_t)got : 0;
}

static enum tel_err write_all(int fd, struct tel_str text)
{
	ssize_t written;

	while (text.len > 0) {
		written = write(fd, text.ptr, text.len);
		if (written == -1 && errno == EINTR)
			continue;
		if (written <= 0)
			return TEL_EIO;
		text.ptr += written;
		text.len -= (size_t)written;
	}
	return TEL_OK;
}

/*
 * Read what is left of a body that nobody wants. Under mod_cgid stdin and
 * stdout are one socket: closed with something unread it would be reset, and
 * the response lost.
 */
static void drain_stdin(void)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char trash[16384];
	size_t got = 1, total = 0;

	while (got > 0 && total < MAX_DRAINED && poll(&in, 1, DRAIN_PATIENCE) > 0) {
		got = read_stdin(NULL, trash, sizeof(trash));
		total += got;
	}
}

/* Closed even if writing failed: the web server waits for that. */
static enum tel_err respond(const struct tel_http_response *response, bool body_left)
{
	struct tel_buf out;
	enum tel_err err;

	tel_buf_init(&out, TEL_MAX_RESPONSE + TEL_MAX_TEXT * 8);
	tel_gateway_head(response, &out);
	if (!response->omit_body)
		tel_buf_add_str(&out, tel_buf_str(&response->body));
	err = tel_buf_err(&out);
	if (!err)
		err = write_all(STDOUT_FILENO, tel_buf_str(&out));
	if (body_left)
		drain_stdin();
	close(STDOUT_FILENO);
	tel_buf_release(&out);
	return err;
}

enum tel_err tel_cgi_serve(struct tel_http_context *http)
{
	struct tel_gateway_body body = { .read = read_stdin };
	struct tel_http_request request = { 0 };
	struct tel_http_response response;
	struct tel_buf buffer;
	enum tel_err err;

	tel_buf_init(&buffer, TEL_MAX_BODY + 1);
	tel_http_response_init(&response);
	err = tel_gateway_read(environ, &body, &buffer, &request);
	if (err)
		tel_http_problem_unavailable(&response, "unavailable", tel_err_text(err));
	else
		tel_http_answer(http, &request, &response);
	err = respond(&response, request.body_too_big || request.body_truncated);
	tel_http_response_release(&response);
	tel_buf_release(&buffer);
	return err;
}

void tel_cgi_unavailable(void)
{
	struct tel_http_response response;

	tel_http_response_init(&response);
	tel_http_problem_unavailable(&response, "not_started",
				     "The program could not start; its log says why.");
	(void)respond(&response, true);
	tel_http_response_release(&response);
}

static bool is_file(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* What the server waits for, and what it may have handed down by mistake. */
static void let_go_of_descriptors(void)
{
	int null = open("/dev/null", O_RDWR);

	if (null == -1)
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	if (!is_file(STDERR_FILENO))
		dup2(null, STDERR_FILENO);
#ifdef HAVE_CLOSE_RANGE
	close_range(STDERR_FILENO + 1, ~0U, 0);
#else
	if (null > STDERR_FILENO)
		close(null);
#endif
}

bool tel_cgi_detach(void)
{
	if (fork() != 0)
		return false;
	setsid();
	let_go_of_descriptors();
	return true;
}

int tel_cgi_try_linger(const char *store_dir)
{
	struct tel_buf path;
	int fd = -1;

	tel_buf_init(&path, 4096);
	tel_buf_puts(&path, store_dir);
	if (tel_buf_puts(&path, LOCK_NAME) == TEL_OK)
		fd = open(path.ptr, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd != -1 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		fd = -1;
	}
	tel_buf_release(&path);
	return fd;
}
