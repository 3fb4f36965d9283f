#include "config.h"

#include <stdlib.h>

#include <curl/curl.h>

#include "ctl/simulate/sender.h"
#include "base/banned.h"

/* LiveKit's: five attempts, the pause doubling from one second. */
#define ATTEMPTS 5
#define FIRST_PAUSE TEL_SECOND
#define TOKEN_LIFETIME (5 * TEL_MINUTE)

/* Looked at again after this long, even if nothing happens. */
#define LONGEST_WAIT TEL_SECOND

struct lane;

/* One copy of the event that is being delivered. */
struct copy {
	struct lane *lane;
	CURL *easy;
	unsigned attempts;
	bool waiting;		/* for its next attempt, at `due` */
	tel_time due;		/* monotonic */
};

/* One call at a time; `concurrency` lanes side by side. */
struct lane {
	struct tel_sim_call call;
	bool busy;
	size_t at;		/* the event that is or will be delivered */
	size_t open;		/* copies of it not yet answered or given up */
	bool event_acknowledged;
	tel_time due;		/* of the event, while open == 0; monotonic */
	struct tel_buf body;
	struct tel_buf header;	/* "Authorization: …" */
	struct curl_slist *headers;
	struct copy *copies;
};

struct sender {
	const struct tel_sim_order *order;
	struct tel_sim_tally *tally;
	CURLM *multi;
	struct lane *lanes;
	size_t calls_begun;
};

static size_t discard(char *data, size_t size, size_t n, void *ctx)
{
	(void)data;
	(void)ctx;
	return size * n;
}

/* ---- one attempt ------------------------------------------------------------ */

static void send_copy(struct sender *s, struct copy *copy)
{
	struct lane *lane = copy->lane;

	curl_easy_setopt(copy->easy, CURLOPT_POSTFIELDS, lane->body.ptr);
	curl_easy_setopt(copy->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)lane->body.len);
	curl_easy_setopt(copy->easy, CURLOPT_HTTPHEADER, lane->headers);
	copy->waiting = false;
	copy->attempts++;
	s->tally->attempts++;
	curl_multi_add_handle(s->multi, copy->easy);
}

static enum tel_err send_event(struct sender *s, struct lane *lane)
{
	const struct tel_sim_order *order = s->order;
	tel_time now = tel_now(order->clock);
	enum tel_err err;
	unsigned i;

	if (lane->at == 0)
		lane->call.began = now;
	tel_buf_clear(&lane->body);
	tel_sim_body(&order->plan, &lane->call, &lane->call.events[lane->at], now, &lane->body);
	tel_buf_clear(&lane->header);
	tel_buf_puts(&lane->header, "Authorization: ");
	err = tel_jwt_make_webhook(order->ring, order->key, tel_buf_str(&lane->body), now,
				   TOKEN_LIFETIME, &lane->header);
	if (err || (err = tel_buf_err(&lane->body)))
		return err;
	curl_slist_free_all(lane->headers);
	lane->headers = curl_slist_append(NULL, lane->header.ptr);
	if (!lane->headers ||
	    !curl_slist_append(lane->headers, "Content-Type: application/webhook+json") ||
	    !curl_slist_append(lane->headers, "Expect:"))
		return TEL_ENOMEM;
	lane->event_acknowledged = false;
	lane->open = order->copies;
	s->tally->sent += order->copies;
	for (i = 0; i < order->copies; i++) {
		lane->copies[i].attempts = 0;
		send_copy(s, &lane->copies[i]);
	}
	return TEL_OK;
}

/* ---- what came of it ---------------------------------------------------------- */

/* The time to wait before the next attempt; 0 = there will be none. */
static tel_time pause_after(const struct sender *s, const struct copy *copy, long status)
{
	bool retried = status == 0 || status == 429 || (status >= 500 && status != 501);
	tel_time pause = FIRST_PAUSE << (copy->attempts - 1);
	curl_off_t asked = 0;

	if (!retried || copy->attempts >= ATTEMPTS)
		return 0;
	if (status == 429 || status == 503)
		curl_easy_getinfo(copy->easy, CURLINFO_RETRY_AFTER, &asked);
	if (asked > 0)
		pause = (tel_time)asked * TEL_SECOND;
	pause = (tel_time)((double)pause * s->order->retry_scale);
	return pause > 0 ? pause : 1;
}

static enum tel_err acknowledged(struct sender *s, struct copy *copy)
{
	struct lane *lane = copy->lane;
	curl_off_t us = 0;

	s->tally->acknowledged++;
	if (!lane->event_acknowledged) {
		lane->event_acknowledged = true;
		s->tally->events_acknowledged++;
		/* Flushed line by line: who reads it may kill us. */
		if (s->order->acknowledged &&
		    (fprintf(s->order->acknowledged, "%s\t%s\n", lane->call.events[lane->at].id,
			     lane->call.room) < 0 || fflush(s->order->acknowledged) != 0))
			return TEL_EIO;
	}
	curl_easy_getinfo(copy->easy, CURLINFO_TOTAL_TIME_T, &us);
	return tel_sim_tally_latency(s->tally, (uint64_t)us);
}

static void next_event(struct sender *s, struct lane *lane)
{
	lane->at++;
	lane->due = tel_monotonic(s->order->clock) + s->order->pace;
	if (lane->at >= lane->call.n_events)
		lane->busy = false;
	else if (lane->call.events[lane->at].kind == TEL_SIM_PHONE_LEFT)
		lane->due += s->order->talk;
}

static enum tel_err finished(struct sender *s, struct copy *copy, CURLcode result)
{
	struct lane *lane = copy->lane;
	enum tel_err err = TEL_OK;
	long status = 0;
	tel_time pause;

	if (result == CURLE_OK)
		curl_easy_getinfo(copy->easy, CURLINFO_RESPONSE_CODE, &status);
	else
		s->tally->last_error = curl_easy_strerror(result);
	pause = pause_after(s, copy, status);
	if (pause) {
		copy->waiting = true;
		copy->due = tel_monotonic(s->order->clock) + pause;
		return TEL_OK;
	}
	if (status >= 200 && status < 300)
		err = acknowledged(s, copy);
	else if (status > 0 && status < TEL_HTTP_STATUSES)
		s->tally->refused[status]++;
	else
		s->tally->unanswered++;
	if (--lane->open == 0)
		next_event(s, lane);
	return err;
}

static enum tel_err collect(struct sender *s, bool *any)
{
	struct copy *copy;
	CURLMsg *message;
	CURLcode result;
	CURL *easy;
	enum tel_err err = TEL_OK;
	int left;

	*any = false;
	while (!err && (message = curl_multi_info_read(s->multi, &left))) {
		if (message->msg != CURLMSG_DONE)
			continue;
		easy = message->easy_handle;
		result = message->data.result;	/* gone with the handle's removal */
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&copy);
		curl_multi_remove_handle(s->multi, easy);
		err = finished(s, copy, result);
		*any = true;
	}
	return err;
}

/* ---- turns -------------------------------------------------------------------- */

/* Puts the next call that has anything to send into the lane, if there is one. */
static enum tel_err begin_call(struct sender *s, struct lane *lane)
{
	enum tel_err err;

	while (!lane->busy && s->calls_begun < s->order->calls) {
		err = tel_sim_call_make(&s->order->plan, ++s->calls_begun, &lane->call);
		if (err)
			return err;
		s->tally->calls++;
		s->tally->events += lane->call.n_events;
		s->tally->dropped += lane->call.n_dropped;
		lane->busy = lane->call.n_events > 0;
		lane->at = 0;
		lane->due = 0;
	}
	return TEL_OK;
}

static void note_due(tel_time due, tel_time *next)
{
	if (due < *next)
		*next = due;
}

/* Sends what is due in this lane; *next is lowered to what will be. */
static enum tel_err advance(struct sender *s, struct lane *lane, tel_time now, tel_time *next)
{
	enum tel_err err = begin_call(s, lane);
	unsigned i;

	if (err || !lane->busy)
		return err;
	if (lane->open == 0) {
		if (lane->due <= now)
			return send_event(s, lane);
		note_due(lane->due, next);
		return TEL_OK;
	}
	for (i = 0; i < s->order->copies; i++) {
		if (!lane->copies[i].waiting)
			continue;
		if (lane->copies[i].due <= now)
			send_copy(s, &lane->copies[i]);
		else
			note_due(lane->copies[i].due, next);
	}
	return TEL_OK;
}

static enum tel_err turn(struct sender *s, bool *busy)
{
	tel_time now = tel_monotonic(s->order->clock), next = now + LONGEST_WAIT;
	enum tel_err err;
	bool any;
	size_t i;
	int running;

	*busy = false;
	for (i = 0; i < s->order->concurrency; i++) {
		err = advance(s, &s->lanes[i], now, &next);
		if (err)
			return err;
		*busy = *busy || s->lanes[i].busy;
	}
	if (!*busy)
		return TEL_OK;
	if (curl_multi_perform(s->multi, &running) != CURLM_OK)
		return TEL_ENOMEM;
	err = collect(s, &any);
	if (err || any)
		return err;
	now = tel_monotonic(s->order->clock);
	if (next > now && curl_multi_poll(s->multi, NULL, 0, (int)(next - now), NULL) != CURLM_OK)
		return TEL_ENOMEM;
	return TEL_OK;
}

/* ---- life ---------------------------------------------------------------------- */

/* A body is 1.5 kB and what names and numbers add, escaped. */
#define MAX_SIM_BODY ((size_t)64 * 1024)
#define MAX_SIM_HEADER ((size_t)8 * 1024)

static CURL *new_easy(const struct tel_sim_order *order, struct copy *copy)
{
	CURL *easy = curl_easy_init();

	if (!easy)
		return NULL;
	curl_easy_setopt(easy, CURLOPT_URL, order->url);
	curl_easy_setopt(easy, CURLOPT_POST, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)order->timeout);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, copy);
	/* A proxy named in the environment would take them off this machine. */
	if (!order->may_use_proxy)
		curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	return easy;
}

static enum tel_err open_lane(const struct tel_sim_order *order, struct lane *lane)
{
	unsigned i;

	tel_buf_init(&lane->body, MAX_SIM_BODY);
	tel_buf_init(&lane->header, MAX_SIM_HEADER);
	lane->copies = calloc(order->copies, sizeof(*lane->copies));
	if (!lane->copies)
		return TEL_ENOMEM;
	for (i = 0; i < order->copies; i++) {
		lane->copies[i].lane = lane;
		lane->copies[i].easy = new_easy(order, &lane->copies[i]);
		if (!lane->copies[i].easy)
			return TEL_ENOMEM;
	}
	return TEL_OK;
}

static void close_lane(struct sender *s, struct lane *lane)
{
	unsigned i;

	for (i = 0; lane->copies && i < s->order->copies; i++) {
		if (!lane->copies[i].easy)
			continue;
		curl_multi_remove_handle(s->multi, lane->copies[i].easy);
		curl_easy_cleanup(lane->copies[i].easy);
	}
	free(lane->copies);
	curl_slist_free_all(lane->headers);
	tel_buf_release(&lane->header);
	tel_buf_release(&lane->body);
}

static enum tel_err open_sender(struct sender *s)
{
	enum tel_err err = TEL_OK;
	size_t i;

	s->multi = curl_multi_init();
	s->lanes = calloc(s->order->concurrency, sizeof(*s->lanes));
	if (!s->multi || !s->lanes)
		return TEL_ENOMEM;
	curl_multi_setopt(s->multi, CURLMOPT_MAXCONNECTS,
			  (long)(s->order->concurrency * s->order->copies));
	for (i = 0; !err && i < s->order->concurrency; i++)
		err = open_lane(s->order, &s->lanes[i]);
	return err;
}

static void close_sender(struct sender *s)
{
	size_t i;

	for (i = 0; s->lanes && i < s->order->concurrency; i++)
		close_lane(s, &s->lanes[i]);
	free(s->lanes);
	curl_multi_cleanup(s->multi);
}

enum tel_err tel_sim_send(const struct tel_sim_order *order, struct tel_sim_tally *tally)
{
	struct sender s = { .order = order, .tally = tally };
	tel_time began = tel_monotonic(order->clock);
	bool busy = true;
	enum tel_err err = open_sender(&s);

	while (!err && busy)
		err = turn(&s, &busy);
	close_sender(&s);
	tally->seconds = (double)(tel_monotonic(order->clock) - began) / 1000.0;
	tel_sim_tally_sort(tally);
	return err;
}
