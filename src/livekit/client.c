#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "livekit/base_url.h"
#include "livekit/client.h"
#include "livekit/curl_api.h"
#include "livekit/jwt.h"
#include "livekit/transfer.h"
#include "livekit/twirp_codec.h"
#include "base/banned.h"

#define CONNECT_TIMEOUT (3 * TEL_SECOND)

/* Longer than any phone rings. */
#define MAX_TIMEOUT TEL_HOUR

/* A token is for one request; LiveKit's clock may differ from ours. */
#define TOKEN_LIFETIME (10 * TEL_MINUTE)

/* Idle connections kept for later. */
#define MAX_IDLE_CONNECTIONS 16L

struct client {
	struct tel_livekit base;
	struct tel_clock *clock;
	struct tel_random *random;
	struct tel_arena mem;		/* owns the texts below */
	struct tel_str key;
	struct tel_str url;
	struct tel_transfer_setup setup;
	struct tel_jwt_ring *ring;
	int wake_fd[2];			/* a pipe: a byte in it ends a poll() */
	struct tel_curl curl;		/* loaded if curl_is_up */
	bool curl_is_up;
	bool closing;
	CURLM *multi;			/* NULL until the first send() */
	struct tel_transfer under_way;	/* head of a ring */
	size_t n_under_way;
};

static void link_in(struct client *c, struct tel_transfer *t)
{
	t->next = &c->under_way;
	t->prev = c->under_way.prev;
	t->prev->next = t;
	c->under_way.prev = t;
	c->n_under_way++;
}

static void link_out(struct client *c, struct tel_transfer *t)
{
	t->prev->next = t->next;
	t->next->prev = t->prev;
	c->n_under_way--;
}

/* ---- sending ------------------------------------------------------------ */

static enum tel_err start_curl(struct client *c)
{
	enum tel_err err;

	if (c->multi)
		return TEL_OK;
	if (!c->curl_is_up) {
		err = tel_curl_load(&c->curl);
		if (err)
			return err;
		if (c->curl.global_init(CURL_GLOBAL_DEFAULT))
			return TEL_ENOMEM;
		c->curl_is_up = true;
	}
	c->multi = c->curl.multi_init();
	if (!c->multi)
		return TEL_ENOMEM;
	c->curl.multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, MAX_IDLE_CONNECTIONS);
	return TEL_OK;
}

static enum tel_err add_token(struct client *c, const struct tel_lk_request *request,
			      struct tel_transfer *t)
{
	struct tel_jwt_access access = {
		.key = c->key,
		.sub = TEL_STR(PACKAGE_NAME),
		.now = tel_now(c->clock),
		.lifetime = TOKEN_LIFETIME,
	};
	struct tel_buf line;
	enum tel_err err;

	tel_buf_init(&line, TEL_MAX_AUTHORIZATION);
	tel_twirp_grants(request, &access);
	tel_buf_puts(&line, "Authorization: Bearer ");
	err = tel_jwt_make_access(c->ring, &access, &line);
	if (!err)
		err = tel_transfer_header(t, &line);
	tel_buf_release(&line);
	return err;
}

/* LiveKit Cloud recognises a repetition by it; the open server ignores it. */
static enum tel_err add_request_id(struct client *c, struct tel_transfer *t)
{
	struct tel_call_id uuid;
	unsigned char bytes[16];
	struct tel_buf line;
	enum tel_err err = tel_random_fill(c->random, bytes, sizeof(bytes));

	if (err)
		return err;
	tel_call_id_make(bytes, &uuid);
	tel_buf_init(&line, 128);
	tel_buf_printf(&line, "X-Livekit-Request-Id: %s", uuid.text);
	err = tel_transfer_header(t, &line);
	tel_buf_release(&line);
	return err;
}

static enum tel_err add_fixed_headers(struct tel_transfer *t)
{
	/* An empty Expect: no asking for leave before a body is sent. */
	static const char *const lines[] = {
		"Content-Type: application/json", "Accept: application/json", "Expect:",
	};
	enum tel_err err = TEL_OK;
	struct tel_buf line;
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]) && !err; i++) {
		tel_buf_init(&line, 64);
		tel_buf_puts(&line, lines[i]);
		err = tel_transfer_header(t, &line);
		tel_buf_release(&line);
	}
	return err;
}

static long milliseconds(tel_time given, tel_time most)
{
	return (long)(given > 0 && given < most ? given : most);
}

static enum tel_err fill(struct client *c, const struct tel_lk_request *request,
			 struct tel_transfer *t)
{
	enum tel_err err = tel_twirp_encode(request, &t->body);

	t->timeout_ms = request->timeout > 0 ? milliseconds(request->timeout, MAX_TIMEOUT) :
					       c->setup.timeout_ms;
	if (!err) {
		tel_buf_add_str(&t->url, c->url);
		err = tel_buf_puts(&t->url, tel_twirp_path(request->method));
	}
	if (!err)
		err = add_fixed_headers(t);
	if (!err)
		err = add_request_id(c, t);
	if (!err)
		err = add_token(c, request, t);
	if (!err)
		err = tel_transfer_prepare(t, &c->setup);
	return err == TEL_ETOOBIG ? TEL_EMALFORMED : err;
}

static enum tel_err send_op(struct tel_livekit *livekit, const struct tel_lk_request *request,
			    tel_lk_done_fn done, void *ctx)
{
	struct client *c = (struct client *)livekit;
	struct tel_transfer *t = NULL;
	enum tel_err err;

	if (c->closing || c->n_under_way >= TEL_LIVEKIT_MAX_UNDER_WAY)
		return TEL_EBUSY;
	err = start_curl(c);
	if (err)
		goto out;
	err = TEL_ENOMEM;
	t = tel_transfer_new(&c->curl, request->method);
	if (!t)
		goto out;
	err = fill(c, request, t);
	if (err)
		goto out;
	t->done = done;
	t->ctx = ctx;
	err = c->curl.multi_add_handle(c->multi, t->easy) ? TEL_ENOMEM : TEL_OK;
	if (err)
		goto out;
	link_in(c, t);
	t = NULL;
out:
	tel_transfer_free(t);
	return err;
}

/* ---- moving on ---------------------------------------------------------- */

/* `done` may send again, and so change the list. */
static void deliver(struct client *c, CURL *easy, CURLcode result)
{
	struct tel_transfer *t = NULL;
	char *private = NULL;

	c->curl.easy_getinfo(easy, CURLINFO_PRIVATE, &private);
	t = (struct tel_transfer *)(void *)private;
	c->curl.multi_remove_handle(c->multi, easy);
	link_out(c, t);
	tel_transfer_finish(t, result);
	tel_transfer_free(t);
}

static size_t deliver_all(struct client *c)
{
	size_t n = 0;
	CURLMsg *message;
	int left;

	while ((message = c->curl.multi_info_read(c->multi, &left)) != NULL) {
		if (message->msg != CURLMSG_DONE)
			continue;
		deliver(c, message->easy_handle, message->data.result);
		n++;
	}
	return n;
}

/* True if there was a wake(). */
static bool drain_wakes(struct client *c)
{
	char bytes[64];
	bool woken = false;

	while (read(c->wake_fd[0], bytes, sizeof(bytes)) > 0)
		woken = true;
	return woken;
}

static enum tel_err of_multi(CURLMcode code)
{
	if (code == CURLM_OK)
		return TEL_OK;
	return code == CURLM_OUT_OF_MEMORY ? TEL_ENOMEM : TEL_EIO;
}

/* Nothing is under way: only a wake() can happen. */
static enum tel_err rest(struct client *c, tel_time wait)
{
	struct pollfd fd = { .fd = c->wake_fd[0], .events = POLLIN };

	if (poll(&fd, 1, (int)wait) < 0 && errno != EINTR)
		return TEL_EIO;
	drain_wakes(c);
	return TEL_OK;
}

/* One round; *over = there is something to return for. */
static enum tel_err move_on(struct client *c, tel_time wait, bool *over)
{
	struct curl_waitfd fd = { .fd = c->wake_fd[0], .events = CURL_WAIT_POLLIN };
	int running;
	enum tel_err err = of_multi(c->curl.multi_perform(c->multi, &running));

	if (err)
		return err;
	*over = deliver_all(c) > 0 || c->n_under_way == 0;
	if (*over || wait <= 0)
		return TEL_OK;
	err = of_multi(c->curl.multi_poll(c->multi, &fd, 1, (int)wait, NULL));
	if (!err)
		*over = drain_wakes(c);
	return err;
}

static enum tel_err poll_op(struct tel_livekit *livekit, tel_time wait)
{
	struct client *c = (struct client *)livekit;
	tel_time now = tel_monotonic(c->clock), until;
	enum tel_err err = TEL_OK;
	bool over = false;

	if (wait < 0 || wait > INT_MAX)
		wait = wait < 0 ? 0 : INT_MAX;
	if (c->n_under_way == 0)
		return rest(c, wait);
	until = now + wait;
	do {
		err = move_on(c, until - now, &over);
		now = tel_monotonic(c->clock);
	} while (!err && !over && now < until);
	/* What came in the last round's wait is delivered now, not next time. */
	if (!err && !over)
		err = move_on(c, 0, &over);
	return err;
}

/* Async-signal-safe; a full pipe wakes as well. */
static void wake_op(struct tel_livekit *livekit)
{
	struct client *c = (struct client *)livekit;
	int saved = errno;
	ssize_t n = write(c->wake_fd[1], "", 1);

	(void)n;
	errno = saved;
}

/* ---- life --------------------------------------------------------------- */

static void give_up_all(struct client *c)
{
	struct tel_transfer *t;

	c->closing = true;	/* `done` can't send any more */
	while (c->n_under_way > 0) {
		t = c->under_way.next;
		c->curl.multi_remove_handle(c->multi, t->easy);
		link_out(c, t);
		tel_transfer_give_up(t);
		tel_transfer_free(t);
	}
}

static void close_op(struct tel_livekit *livekit)
{
	struct client *c = (struct client *)livekit;
	int i;

	give_up_all(c);
	if (c->multi)
		c->curl.multi_cleanup(c->multi);
	if (c->curl_is_up)
		c->curl.global_cleanup();
	for (i = 0; i < 2; i++)
		if (c->wake_fd[i] >= 0)
			close(c->wake_fd[i]);
	tel_jwt_ring_free(c->ring);
	tel_arena_release(&c->mem);
	free(c);
}

static const struct tel_livekit_ops ops = {
	.name = "livekit over http",
	.send = send_op,
	.poll = poll_op,
	.wake = wake_op,
	.close = close_op,
};

static enum tel_err make_ring(struct client *c, const struct tel_livekit_client_options *o,
			      const char **wrong)
{
	struct tel_keys keys = { 0 };
	enum tel_err err = tel_keys_add(&keys, o->api_key, o->api_secret);

	if (err && err != TEL_ENOMEM)
		*wrong = "the API key and its secret must not be empty or very long";
	if (!err)
		err = tel_jwt_ring_new(&keys, &c->ring);
	tel_keys_release(&keys);
	return err;
}

static enum tel_err copy_url(struct client *c, struct tel_str given, const char **wrong)
{
	struct tel_buf url;
	enum tel_err err;

	tel_buf_init(&url, TEL_MAX_TEXT);
	err = tel_livekit_base_url(given, &url, wrong);
	if (err == TEL_ETOOBIG)
		*wrong = "the URL is too long";
	if (!err)
		err = tel_arena_copy(&c->mem, tel_buf_str(&url), TEL_MAX_TEXT, &c->url);
	tel_buf_release(&url);
	return err;
}

static enum tel_err set_up(struct client *c, const struct tel_livekit_client_options *o,
			   const char **wrong)
{
	struct tel_str ca_file = TEL_STR_NONE;
	enum tel_err err = copy_url(c, o->url, wrong);

	if (!err)
		err = make_ring(c, o, wrong);
	if (!err)
		err = tel_arena_copy(&c->mem, o->api_key, TEL_MAX_TEXT, &c->key);
	if (!err && tel_str_is_set(o->ca_file)) {
		err = tel_arena_copy(&c->mem, o->ca_file, PATH_MAX, &ca_file);
		if (err == TEL_ETOOBIG)
			*wrong = "the name of the file of authorities is too long";
	}
	if (!err && pipe2(c->wake_fd, O_CLOEXEC | O_NONBLOCK))
		err = TEL_EIO;
	c->setup.ca_file = ca_file.ptr;
	c->setup.connect_timeout_ms = milliseconds(o->connect_timeout, CONNECT_TIMEOUT);
	c->setup.timeout_ms = milliseconds(o->request_timeout, TEL_REQUEST_TIMEOUT);
	return err;
}

enum tel_err tel_livekit_client_new(const struct tel_livekit_client_options *options,
				    struct tel_livekit **out, const char **why)
{
	struct client *c = calloc(1, sizeof(*c));
	const char *wrong = NULL;
	enum tel_err err;

	if (!c)
		return TEL_ENOMEM;
	c->base.ops = &ops;
	c->clock = options->clock;
	c->random = options->random;
	c->wake_fd[0] = c->wake_fd[1] = -1;
	c->under_way.next = c->under_way.prev = &c->under_way;
	tel_arena_init(&c->mem, 3 * TEL_MAX_TEXT + PATH_MAX);
	err = set_up(c, options, &wrong);
	if (err)
		close_op(&c->base);
	else
		*out = &c->base;
	if (err && wrong && why)
		*why = wrong;
	return err;
}
