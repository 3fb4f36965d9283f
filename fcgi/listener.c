#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"
#include "fcgi/listener.h"
#include "base/banned.h"

/* Kept connections at most; one more is closed, and its server makes another. */
#define MAX_KEPT 256

/* No byte for so long: the peer is broken. Web servers give up before. */
#define READ_TIMEOUT_SECONDS 30

struct tel_listener {
	int fd;				/* borrowed */
	int epoll;			/* watches fd, stop and kept connections */
	int stop;			/* an eventfd: readable once stopped */
	atomic_bool stopped;
	atomic_bool yielding;		/* somebody is, in try_after_a_turn() */
	pthread_mutex_t leader;		/* held by the one that waits */
	/* FCGI_WEB_SERVER_ADDRS: who may connect by TCP; absent = anybody. */
	struct tel_str allowed;

	pthread_mutex_t kept_lock;
	int kept[MAX_KEPT];
	size_t n_kept;			/* guarded by kept_lock … */
	atomic_size_t n_kept_hint;	/* … and readable without it */
};

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage storage;
};

bool tel_listener_is_socket(int fd)
{
	int listens = 0;
	socklen_t len = sizeof(listens);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 && listens;
}

static bool watch(struct tel_listener *l, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool make_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags != -1 && ((flags & O_NONBLOCK) || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0);
}

enum tel_err tel_listener_open(int fd, struct tel_listener **out)
{
	struct tel_listener *l = calloc(1, sizeof(*l));
	enum tel_err err = TEL_EIO;

	if (!l)
		return TEL_ENOMEM;
	l->fd = fd;
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->allowed = tel_str_from(getenv("FCGI_WEB_SERVER_ADDRS"));
	pthread_mutex_init(&l->leader, NULL);
	pthread_mutex_init(&l->kept_lock, NULL);
	if (l->epoll == -1 || l->stop == -1 || !make_nonblocking(fd) || !watch(l, fd) ||
	    !watch(l, l->stop))
		goto out;
	*out = l;
	l = NULL;
	err = TEL_OK;
out:
	tel_listener_close(l);
	return err;
}

void tel_listener_close(struct tel_listener *l)
{
	size_t i;

	if (!l)
		return;
	for (i = 0; i < l->n_kept; i++)
		close(l->kept[i]);
	if (l->epoll != -1)
		close(l->epoll);
	if (l->stop != -1)
		close(l->stop);
	pthread_mutex_destroy(&l->leader);
	pthread_mutex_destroy(&l->kept_lock);
	free(l);
}

void tel_listener_stop(struct tel_listener *l)
{
	const uint64_t one = 1;
	ssize_t written;

	atomic_store(&l->stopped, true);
	do {
		written = write(l->stop, &one, sizeof(one));
	} while (written == -1 && errno == EINTR);
}

/* ---- kept connections ------------------------------------------------ */

void tel_listener_keep(struct tel_listener *l, int connection)
{
	bool kept = false;

	pthread_mutex_lock(&l->kept_lock);
	if (l->n_kept < MAX_KEPT && watch(l, connection)) {
		l->kept[l->n_kept++] = connection;
		atomic_store(&l->n_kept_hint, l->n_kept);
		kept = true;
	}
	pthread_mutex_unlock(&l->kept_lock);
	if (!kept)
		close(connection);
}

/* False: somebody has taken it already. */
static bool take_kept(struct tel_listener *l, int connection)
{
	bool found = false;
	size_t i;

	pthread_mutex_lock(&l->kept_lock);
	for (i = 0; i < l->n_kept && !found; i++)
		found = l->kept[i] == connection;
	if (found) {
		l->kept[i - 1] = l->kept[--l->n_kept];
		atomic_store(&l->n_kept_hint, l->n_kept);
		epoll_ctl(l->epoll, EPOLL_CTL_DEL, connection, NULL);
	}
	pthread_mutex_unlock(&l->kept_lock);
	return found;
}

/* ---- new connections ------------------------------------------------- */

static bool in_list(struct tel_str list, const char *address)
{
	struct tel_str one;

	while (list.ptr) {
		one = tel_str_cut(list, ',', &list);
		if (tel_str_is(tel_str_trim(one), address))
			return true;
	}
	return false;
}

/* FastCGI specification, 3.2: an application looks who connects by TCP. */
static bool may_connect(const struct tel_listener *l, const union address *from)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (!l->allowed.ptr)
		return true;
	if (from->any.sa_family == AF_INET)
		inet_ntop(AF_INET, &from->in.sin_addr, text, sizeof(text));
	else if (from->any.sa_family == AF_INET6)
		inet_ntop(AF_INET6, &from->in6.sin6_addr, text, sizeof(text));
	else
		return true;
	return in_list(l->allowed, text);
}

static void prepare(int connection, const union address *from)
{
	const struct timeval patience = { .tv_sec = READ_TIMEOUT_SECONDS };
	const int on = 1;

	setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (from->any.sa_family == AF_INET || from->any.sa_family == AF_INET6)
		setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* That connection failed, or another process has it; the socket is fine. */
static bool is_passing(int error)
{
	static const int passing[] = {
		EAGAIN, EINTR, ECONNABORTED, EPROTO, ENETDOWN, EHOSTDOWN, ENONET,
		EHOSTUNREACH, ENETUNREACH, ENOPROTOOPT, EOPNOTSUPP, EPERM, ETIMEDOUT,
	};
	size_t i;

	for (i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		if (passing[i] == error)
			return true;
	return false;
}

/* TEL_ECONFLICT: nobody is there any more. TEL_EIO */
static enum tel_err accept_one(struct tel_listener *l, int *connection)
{
	union address from = { .any.sa_family = AF_UNSPEC };
	socklen_t len = sizeof(from);
	int fd = accept4(l->fd, &from.any, &len, SOCK_CLOEXEC);

	if (fd == -1)
		return is_passing(errno) ? TEL_ECONFLICT : TEL_EIO;
	if (!may_connect(l, &from)) {
		close(fd);
		return TEL_ECONFLICT;
	}
	prepare(fd, &from);
	*connection = fd;
	return TEL_OK;
}

/* TEL_ECONFLICT: try again. */
static enum tel_err wait_for_one(struct tel_listener *l, int *connection)
{
	struct epoll_event event;
	int n;

	if (atomic_load(&l->stopped))
		return TEL_ENOTFOUND;
	n = epoll_wait(l->epoll, &event, 1, -1);
	if (n <= 0)
		return n == 0 || errno == EINTR ? TEL_ECONFLICT : TEL_EIO;
	if (event.data.fd == l->stop)
		return TEL_ENOTFOUND;
	if (event.data.fd == l->fd)
		return accept_one(l, connection);
	*connection = event.data.fd;
	return take_kept(l, event.data.fd) ? TEL_OK : TEL_ECONFLICT;
}

/*
 * Let the web server have the processor, which mostly makes it connect again:
 * a turn costs less than sleeping and being woken, for it as well as for us.
 * One thread at a time, since many in turn would come between the server and
 * those that have something to do. TEL_ECONFLICT: there is still none.
 */
static enum tel_err try_after_a_turn(struct tel_listener *l, int *connection)
{
	if (atomic_exchange(&l->yielding, true))
		return TEL_ECONFLICT;
	sched_yield();
	atomic_store(&l->yielding, false);
	return accept_one(l, connection);
}

/*
 * Under load there is always a connection to accept: that comes first, by
 * whoever is free, and saves waking a leader for it. Not while kept ones
 * could wait behind it for ever. TEL_ECONFLICT: there is none.
 */
static enum tel_err try_now(struct tel_listener *l, int *connection)
{
	enum tel_err err;

	if (atomic_load(&l->stopped))
		return TEL_ENOTFOUND;
	if (atomic_load(&l->n_kept_hint) > 0)
		return TEL_ECONFLICT;
	err = accept_one(l, connection);
	return err == TEL_ECONFLICT ? try_after_a_turn(l, connection) : err;
}

enum tel_err tel_listener_next(struct tel_listener *l, int *connection)
{
	enum tel_err err = try_now(l, connection);

	if (err != TEL_ECONFLICT)
		return err;
	pthread_mutex_lock(&l->leader);
	do {
		err = wait_for_one(l, connection);
	} while (err == TEL_ECONFLICT);
	pthread_mutex_unlock(&l->leader);
	return err;
}
