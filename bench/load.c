/*
 * Sends prepared HTTP/1.1 requests over a number of kept connections, each
 * request once, the next one on a connection as soon as its response is there,
 * and tells how fast that went.
 *
 *   load PORT CONNECTIONS FILE
 *
 * FILE is what prepare.py writes: for each request its length (32 bits, little
 * endian) and its bytes. Every response must be a 200. Prints one line of JSON:
 * {"requests":…,"seconds":…,"perSecond":…,"p50":…,"p90":…,"p99":…,"max":…},
 * latencies in milliseconds.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 1024
#define RESPONSE_MAX 16384
#define PATIENCE_MS 30000 /* no response at all for so long: give up */

/* The prepared requests, in a file that is mapped. */
struct requests {
	char *bytes;
	size_t len;
	size_t at; /* where the next one begins */
};

struct connection {
	int fd;		  /* -1 = closed */
	int64_t sent_at;  /* ns; 0 = nothing is under way */
	size_t got;
	char response[RESPONSE_MAX + 1];
};

struct run {
	struct requests requests;
	uint16_t port;
	size_t n_connections;
	struct connection *connections;
	int epoll;
	uint32_t *latencies; /* µs */
	size_t answered, under_way;
};

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* ---- requests --------------------------------------------------------- */

static bool next_request(struct requests *r, const char **bytes, size_t *len)
{
	uint32_t le;

	if (r->len - r->at < sizeof(le))
		return false;
	memcpy(&le, r->bytes + r->at, sizeof(le));
	*len = le32toh(le);
	*bytes = r->bytes + r->at + sizeof(le);
	if (r->len - r->at - sizeof(le) < *len)
		return false;
	r->at += sizeof(le) + *len;
	return true;
}

static size_t count_requests(struct requests r)
{
	const char *bytes;
	size_t len, n = 0;

	while (next_request(&r, &bytes, &len))
		n++;
	return n;
}

/* Read into memory at once, so that no page fault falls into the measurement. */
static int map_requests(const char *path, struct requests *out)
{
	struct stat st;
	int status = -1, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size == 0)
		goto out;
	out->len = (size_t)st.st_size;
	out->bytes = mmap(NULL, out->len, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (out->bytes != MAP_FAILED)
		status = 0;
out:
	if (status != 0)
		perror(path);
	if (fd >= 0)
		close(fd);
	return status;
}

/* ---- responses -------------------------------------------------------- */

/* The value of a header, or NULL; `head` ends with an empty line. */
static const char *header(const char *head, const char *name)
{
	size_t len = strlen(name);
	const char *line = strstr(head, "\r\n");

	while (line && line[2] != '\r') {
		line += 2;
		if (strncasecmp(line, name, len) == 0 && line[len] == ':')
			return line + len + 1 + strspn(line + len + 1, " ");
		line = strstr(line, "\r\n");
	}
	return NULL;
}

enum progress { UNFINISHED, FINISHED, BROKEN };

static enum progress body_progress(const char *head, const char *body)
{
	const char *length = header(head, "Content-Length");
	size_t got = strlen(body);

	if (length)
		return got >= strtoul(length, NULL, 10) ? FINISHED : UNFINISHED;
	if (!header(head, "Transfer-Encoding"))
		return BROKEN;
	return got >= 5 && strcmp(body + got - 5, "0\r\n\r\n") == 0 ? FINISHED : UNFINISHED;
}

static enum progress response_progress(const struct connection *c)
{
	const char *end = strstr(c->response, "\r\n\r\n");
	enum progress progress = UNFINISHED;

	if (end)
		progress = body_progress(c->response, end + 4);
	else if (c->got == RESPONSE_MAX)
		progress = BROKEN;
	if (progress == FINISHED && strncmp(c->response, "HTTP/1.1 200", 12) != 0)
		progress = BROKEN;
	if (progress == BROKEN)
		fprintf(stderr, "load: unexpected response:\n%.1000s\n", c->response);
	return progress;
}

static bool server_closes(const struct connection *c)
{
	const char *value = header(c->response, "Connection");

	return value && strncasecmp(value, "close", 5) == 0;
}

/* ---- connections ------------------------------------------------------ */

static int open_connection(struct run *run, struct connection *c)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(run->port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
	int on = 1;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
	    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
	    epoll_ctl(run->epoll, EPOLL_CTL_ADD, c->fd, &event) != 0) {
		perror("load: connect");
		return -1;
	}
	return 0;
}

static void close_connection(struct connection *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

/*
 * A request of a few kB always fits into the buffer of a connection on which
 * nothing is under way, so a plain send does not wait.
 */
static int send_next(struct run *run, struct connection *c)
{
	const char *bytes;
	size_t len;

	if (!next_request(&run->requests, &bytes, &len)) {
		close_connection(c);
		return 0;
	}
	if (c->fd < 0 && open_connection(run, c) != 0)
		return -1;
	c->got = 0;
	c->sent_at = now_ns();
	if (send(c->fd, bytes, len, MSG_NOSIGNAL) != (ssize_t)len) {
		perror("load: send");
		return -1;
	}
	run->under_way++;
	return 0;
}

static int receive(struct run *run, struct connection *c)
{
	ssize_t n = recv(c->fd, c->response + c->got, RESPONSE_MAX - c->got, MSG_DONTWAIT);
	enum progress progress;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		fprintf(stderr, "load: connection closed before the response\n");
		return -1;
	}
	c->got += (size_t)n;
	c->response[c->got] = '\0';
	progress = response_progress(c);
	if (progress != FINISHED)
		return progress == BROKEN ? -1 : 0;
	run->latencies[run->answered++] = (uint32_t)((now_ns() - c->sent_at) / 1000);
	run->under_way--;
	if (server_closes(c))
		close_connection(c);
	return send_next(run, c);
}

static int serve_events(struct run *run)
{
	struct epoll_event events[CONNECTIONS_MAX];
	int i, n = epoll_wait(run->epoll, events, CONNECTIONS_MAX, PATIENCE_MS);

	if (n < 0 && errno == EINTR)
		return 0;
	if (n <= 0) {
		fprintf(stderr, "load: no response for %d s\n", PATIENCE_MS / 1000);
		return -1;
	}
	for (i = 0; i < n; i++)
		if (receive(run, events[i].data.ptr) != 0)
			return -1;
	return 0;
}

static int run_all(struct run *run)
{
	size_t i;

	for (i = 0; i < run->n_connections; i++)
		if (send_next(run, &run->connections[i]) != 0)
			return -1;
	while (run->under_way > 0)
		if (serve_events(run) != 0)
			return -1;
	return 0;
}

/* ---- the report ------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static double percentile_ms(const struct run *run, double share)
{
	return run->latencies[(size_t)((double)(run->answered - 1) * share)] / 1000.0;
}

static void report(struct run *run, double seconds)
{
	qsort(run->latencies, run->answered, sizeof(*run->latencies), compare);
	printf("{\"requests\":%zu,\"seconds\":%.3f,\"perSecond\":%.1f,\"p50\":%.3f,\"p90\":%.3f,"
	       "\"p99\":%.3f,\"max\":%.3f}\n",
	       run->answered, seconds, (double)run->answered / seconds, percentile_ms(run, 0.5),
	       percentile_ms(run, 0.9), percentile_ms(run, 0.99), percentile_ms(run, 1));
}

/* Connections and memory; opened before the clock starts. */
static int prepare(struct run *run)
{
	size_t i, n = count_requests(run->requests);

	run->epoll = epoll_create1(EPOLL_CLOEXEC);
	run->connections = calloc(run->n_connections, sizeof(*run->connections));
	run->latencies = calloc(n + 1, sizeof(*run->latencies));
	if (run->epoll < 0 || !run->connections || !run->latencies || n == 0) {
		fprintf(stderr, "load: no requests, or no memory\n");
		return -1;
	}
	for (i = 0; i < run->n_connections; i++)
		run->connections[i].fd = -1;
	for (i = 0; i < run->n_connections; i++)
		if (open_connection(run, &run->connections[i]) != 0)
			return -1;
	return 0;
}

static void release(struct run *run)
{
	size_t i;

	for (i = 0; run->connections && i < run->n_connections; i++)
		close_connection(&run->connections[i]);
	if (run->epoll >= 0)
		close(run->epoll);
	if (run->requests.bytes && run->requests.bytes != MAP_FAILED)
		munmap(run->requests.bytes, run->requests.len);
	free(run->connections);
	free(run->latencies);
}

/* 0 unless `text` is a number from 1 to max. */
static unsigned long number(const char *text, unsigned long max)
{
	char *end = NULL;
	unsigned long n = strtoul(text, &end, 10);

	return *text && !*end && n <= max ? n : 0;
}

int main(int argc, char **argv)
{
	struct run run = { .epoll = -1 };
	int status = EXIT_FAILURE;
	int64_t start;

	if (argc == 4) {
		run.port = (uint16_t)number(argv[1], 65535);
		run.n_connections = number(argv[2], CONNECTIONS_MAX);
	}
	if (run.port == 0 || run.n_connections == 0) {
		fprintf(stderr, "usage: load PORT CONNECTIONS FILE\n");
		goto out;
	}
	if (map_requests(argv[3], &run.requests) != 0 || prepare(&run) != 0)
		goto out;
	start = now_ns();
	if (run_all(&run) != 0)
		goto out;
	report(&run, (double)(now_ns() - start) / 1e9);
	status = EXIT_SUCCESS;
out:
	release(&run);
	return status;
}
