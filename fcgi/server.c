#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "compose/thread.h"
#include "fcgi/listener.h"
#include "fcgi/server.h"
#include "fcgi/transport.h"
#include "base/banned.h"

struct server_thread {
	struct tel_server *server;
	struct tel_transport *transport;
	pthread_t id;
	bool started;			/* and not joined yet */
};

struct tel_server {
	struct tel_http_context *http;
	struct tel_listener *listener;
	pthread_t starter;
	atomic_bool failed;
	unsigned n;
	struct server_thread threads[];
};

static void fail(struct tel_server *server, int error)
{
	if (atomic_exchange(&server->failed, true))
		return;
	tel_log_line(server->http->app->log, TEL_LOG_ERROR, "accept_failed",
		     TEL_F_TEXT("detail", strerror(error)));
	tel_listener_stop(server->listener);
	pthread_kill(server->starter, SIGTERM);
}

static void *serve(void *arg)
{
	struct server_thread *thread = arg;
	struct tel_server *server = thread->server;
	enum tel_err err;
	int connection;

	while ((err = tel_listener_next(server->listener, &connection)) == TEL_OK)
		if (tel_transport_serve(thread->transport, connection, server->http))
			tel_listener_keep(server->listener, connection);
	if (err != TEL_ENOTFOUND)
		fail(server, errno);
	return NULL;
}

static enum tel_err start_thread(struct server_thread *thread, struct tel_server *server)
{
	enum tel_err err = tel_transport_new(&thread->transport);

	thread->server = server;
	if (!err)
		err = tel_thread_start(serve, thread, &thread->id);
	thread->started = !err;
	return err;
}

static enum tel_err start_threads(struct tel_server *server)
{
	enum tel_err err = TEL_OK;
	unsigned i;

	for (i = 0; i < server->n && !err; i++)
		err = start_thread(&server->threads[i], server);
	return err;
}

static void server_free(struct tel_server *server)
{
	unsigned i;

	for (i = 0; i < server->n; i++)
		tel_transport_free(server->threads[i].transport);
	tel_listener_close(server->listener);
	free(server);
}

/* All or nothing: those that run already have nothing to finish yet. */
static void give_up(struct tel_server *server)
{
	unsigned i;

	if (server->listener)
		tel_listener_stop(server->listener);
	for (i = 0; i < server->n; i++)
		if (server->threads[i].started)
			pthread_join(server->threads[i].id, NULL);
	server_free(server);
}

enum tel_err tel_server_start(int fd, unsigned threads, struct tel_http_context *http,
			      struct tel_server **out)
{
	struct tel_server *server =
		calloc(1, sizeof(*server) + threads * sizeof(server->threads[0]));
	enum tel_err err;

	if (!server)
		return TEL_ENOMEM;
	server->http = http;
	server->starter = pthread_self();
	server->n = threads;
	err = tel_transport_init();
	if (!err)
		err = tel_listener_open(fd, &server->listener);
	if (!err)
		err = start_threads(server);
	if (err) {
		give_up(server);
		return err;
	}
	*out = server;
	return TEL_OK;
}

void tel_server_stop(struct tel_server *server)
{
	tel_listener_stop(server->listener);
}

bool tel_server_has_failed(const struct tel_server *server)
{
	return atomic_load(&server->failed);
}

bool tel_server_join(struct tel_server *server, tel_time patience)
{
	struct tel_clock *clock;
	tel_time deadline, left = patience;
	unsigned i;

	if (!server)
		return true;
	clock = server->http->app->clock;
	deadline = tel_monotonic(clock) + patience;
	for (i = 0; i < server->n; i++) {
		if (server->threads[i].started &&
		    !tel_thread_join(server->threads[i].id, left > 0 ? left : 0))
			return false;
		server->threads[i].started = false;
		left = deadline - tel_monotonic(clock);
	}
	server_free(server);
	return true;
}
