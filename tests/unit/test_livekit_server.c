#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "test_livekit_server.h"
#include "base/banned.h"

#define MAX_CONNECTIONS 64
#define MAX_REQUESTS 256
#define MAX_TEXT 65536

struct connection {
	struct server *server;
	pthread_t thread;
	int fd;
	int served;		/* requests answered on it */
	size_t len;
	char text[MAX_TEXT];
};

struct server {
	pthread_mutex_t lock;
	pthread_t thread;
	int listener, port;
	int stop[2];		/* closed at its write end = stop */
	int n;
	struct connection *connections[MAX_CONNECTIONS];
	int n_requests;
	char rooms[MAX_REQUESTS][64];
	char head[4096];
};

/* False when it is time to stop. */
static bool wait_for(struct server *s, int fd, int ms)
{
	struct pollfd fds[2] = { { .fd = s->stop[0], .events = POLLIN },
				 { .fd = fd, .events = POLLIN } };

	poll(fds, fd >= 0 ? 2 : 1, ms);
	return fds[0].revents == 0;
}

/* ---- requests ----------------------------------------------------------- */

/* Length of the first request in the text; 0 = it is not whole yet. */
static size_t whole(const char *text, size_t len, size_t *head)
{
	const char *end = memmem(text, len, "\r\n\r\n", 4), *at;
	size_t body = 0;

	if (!end)
		return 0;
	*head = (size_t)(end - text) + 4;
	at = strcasestr(text, "\r\nContent-Length:");
	if (at && at < end)
		body = strtoul(at + strlen("\r\nContent-Length:"), NULL, 10);
	return len >= *head + body ? *head + body : 0;
}

/* The room's name, whichever member it is in. */
static void find_room(const char *body, char room[64])
{
	static const char *const members[] = { "\"room\":\"", "\"room_name\":\"",
					       "\"name\":\"", "\"names\":[\"" };
	const char *at = NULL;
	size_t i, n = 0;

	for (i = 0; !at && i < sizeof(members) / sizeof(members[0]); i++) {
		at = strstr(body, members[i]);
		if (at)
			at += strlen(members[i]);
	}
	for (; at && *at && *at != '"' && n < 63; at++)
		room[n++] = *at;
	room[n] = '\0';
}

static void note(struct connection *c, size_t head, const char *body, char room[64])
{
	struct server *s = c->server;

	find_room(body, room);
	pthread_mutex_lock(&s->lock);
	if (s->n_requests < MAX_REQUESTS)
		memcpy(s->rooms[s->n_requests++], room, 64);
	snprintf(s->head, sizeof(s->head), "%.*s", (int)head, c->text);
	pthread_mutex_unlock(&s->lock);
}

static const char *fitting(const char *head)
{
	static const struct { const char *method, *body; } bodies[] = {
		{ "/CreateDispatch", "{\"id\":\"AD_1\",\"agent_name\":\"a\"}" },
		{ "/ListDispatch", "{\"agent_dispatches\":[{\"id\":\"AD_1\"}]}" },
		{ "/ListParticipants", "{\"participants\":[]}" },
		{ "/CreateRoom", "{\"sid\":\"RM_1\",\"name\":\"r\",\"turn_password\":\"x\"}" },
		{ "/GetParticipant", "{\"sid\":\"PA_1\",\"kind\":\"SIP\"}" },
		{ "/CreateSIPParticipant", "{\"participant_id\":\"PA_1\",\"sip_call_id\":\"SCL_1\"}" },
		{ "/ListRooms", "{\"rooms\":[{\"sid\":\"RM_1\",\"name\":\"r\"}]}" },
	};
	size_t i;

	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		if (strstr(head, bodies[i].method))
			return bodies[i].body;
	return "{}";
}

static void say(int fd, const char *text)
{
	size_t len = strlen(text);

	if (send(fd, text, len, MSG_NOSIGNAL) != (ssize_t)len)
		return;
}

static void answer(int fd, int status, const char *more, const char *body)
{
	char text[1024];

	snprintf(text, sizeof(text), "HTTP/1.1 %d Whatever\r\nContent-Length: %zu\r\n%s\r\n%s",
		 status, strlen(body), more, body);
	say(fd, text);
}

static void endless(struct connection *c)
{
	static char zeros[65536];

	say(c->fd, "HTTP/1.1 200 OK\r\n\r\n");
	while (send(c->fd, zeros, sizeof(zeros), MSG_NOSIGNAL) > 0)
		continue;
}

static void answer_status(int fd, int status)
{
	bool later = status == 429 || status == 503;

	answer(fd, status, later ? "Retry-After: 7\r\n" : "",
	       status == 404 ? "{\"code\":\"not_found\",\"msg\":\"gone\"}" :
			       "{\"code\":\"some_code\",\"msg\":\"some message\"}");
}

/* False: the connection is to be closed. */
static bool act(struct connection *c, const char *room, const char *head)
{
	int status = (int)strtol(room, NULL, 10);

	if (!strcmp(room, "drop") || (!strcmp(room, "drop-reused") && c->served > 0))
		return false;
	if (!strcmp(room, "never"))
		return wait_for(c->server, c->fd, -1);
	if (!strcmp(room, "late") && !wait_for(c->server, -1, 300))
		return false;
	if (!strcmp(room, "endless")) {
		endless(c);
		return false;
	}
	if (!strcmp(room, "garbage"))
		say(c->fd, "SSH-2.0-OpenSSH_9.2\r\n\r\n\r\n");
	else if (!strcmp(room, "half"))
		say(c->fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}");
	else if (!strcmp(room, "busy"))
		answer(c->fd, 503, "", "{\"code\":\"unavailable\",\"msg\":\"m\",\"meta\":"
		       "{\"sip_status_code\":\"486\",\"sip_status\":\"Busy Here\"}}");
	else if (!strcmp(room, "canceled"))
		answer(c->fd, 408, "", "{\"code\":\"canceled\",\"msg\":\"m\"}");
	else if (!strcmp(room, "redirect"))
		answer(c->fd, 302, "Location: /elsewhere\r\n", "");
	else if (status)
		answer_status(c->fd, status);
	else
		answer(c->fd, 200, "", fitting(head));
	c->served++;
	return strcmp(room, "garbage") && strcmp(room, "half") && strcmp(room, "hang-up");
}

static bool serve_one(struct connection *c)
{
	size_t head = 0, n = whole(c->text, c->len, &head);
	char room[64], *body;
	bool go_on;

	if (n == 0)
		return true;
	body = strndup(c->text + head, n - head);
	if (!body)
		return false;
	note(c, head, body, room);
	free(body);
	body = strndup(c->text, head);
	go_on = body && act(c, room, body);
	free(body);
	memmove(c->text, c->text + n, c->len - n + 1);
	c->len -= n;
	return go_on;
}

static void *serve(void *connection)
{
	struct connection *c = connection;
	ssize_t got;

	while (wait_for(c->server, c->fd, -1)) {
		got = read(c->fd, c->text + c->len, MAX_TEXT - 1 - c->len);
		if (got <= 0)
			break;
		c->len += (size_t)got;
		c->text[c->len] = '\0';
		if (!serve_one(c))
			break;
	}
	shutdown(c->fd, SHUT_RDWR);
	return NULL;
}

static void *listen_on(void *server)
{
	struct server *s = server;
	struct connection *c;
	int fd;

	while (wait_for(s, s->listener, -1) && s->n < MAX_CONNECTIONS) {
		fd = accept(s->listener, NULL, NULL);
		if (fd < 0)
			continue;
		c = calloc(1, sizeof(*c));
		if (!c)
			abort();
		c->server = s;
		c->fd = fd;
		/* Counted before it can answer anybody. */
		pthread_mutex_lock(&s->lock);
		s->connections[s->n++] = c;
		pthread_mutex_unlock(&s->lock);
		if (pthread_create(&c->thread, NULL, serve, c))
			abort();
	}
	return NULL;
}

/* ---- life --------------------------------------------------------------- */

static int a_listener(int *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) ||
	    getsockname(fd, (struct sockaddr *)&at, &len))
		abort();
	*port = ntohs(at.sin_port);
	return fd;
}

struct server *server_start(void)
{
	struct server *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	pthread_mutex_init(&s->lock, NULL);
	s->listener = a_listener(&s->port);
	if (listen(s->listener, 64) || pipe(s->stop) ||
	    pthread_create(&s->thread, NULL, listen_on, s))
		abort();
	return s;
}

void server_stop(struct server *s)
{
	int i;

	close(s->stop[1]);
	pthread_join(s->thread, NULL);
	for (i = 0; i < s->n; i++) {
		pthread_join(s->connections[i]->thread, NULL);
		close(s->connections[i]->fd);
		free(s->connections[i]);
	}
	close(s->stop[0]);
	close(s->listener);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

int server_port(const struct server *s)
{
	return s->port;
}

int server_connections(struct server *s)
{
	int n;

	pthread_mutex_lock(&s->lock);
	n = s->n;
	pthread_mutex_unlock(&s->lock);
	return n;
}

int server_requests(struct server *s, const char *room)
{
	int i, n = 0;

	pthread_mutex_lock(&s->lock);
	for (i = 0; i < s->n_requests; i++)
		n += strcmp(s->rooms[i], room) == 0;
	pthread_mutex_unlock(&s->lock);
	return n;
}

const char *server_last_head(struct server *s)
{
	return s->head;
}

int unused_port(void)
{
	int port, fd = a_listener(&port);

	close(fd);
	return port;
}
