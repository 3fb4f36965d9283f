#include "config.h"

#include <stdlib.h>

#include "base/limits.h"
#include "livekit/transfer.h"
#include "livekit/twirp_codec.h"
#include "base/banned.h"

/* A URL: the base, at most TEL_MAX_TEXT, and the path. */
#define MAX_URL (TEL_MAX_TEXT + 256)

/*
 * Kept-alive connections: closed by us before the other end's idle time-out
 * (proxies: 60 s and more) comes near, and replaced now and then, so that a
 * changed address gets noticed.
 */
#define MAX_IDLE_SECONDS 30L
#define MAX_LIFE_SECONDS 300L

#define KEEPALIVE_SECONDS 20L

struct tel_transfer *tel_transfer_new(const struct tel_curl *curl, enum tel_lk_method method)
{
	struct tel_transfer *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->curl = curl;
	t->method = method;
	tel_buf_init(&t->url, MAX_URL);
	tel_buf_init(&t->body, TEL_MAX_LIVEKIT_REQUEST);
	tel_buf_init(&t->answer, TEL_MAX_LIVEKIT_ANSWER);
	return t;
}

void tel_transfer_free(struct tel_transfer *t)
{
	if (!t)
		return;
	if (t->easy)
		t->curl->easy_cleanup(t->easy);
	t->curl->slist_free_all(t->headers);
	tel_buf_release(&t->url);
	tel_buf_release(&t->body);
	tel_buf_release(&t->answer);
	free(t);
}

enum tel_err tel_transfer_header(struct tel_transfer *t, struct tel_buf *line)
{
	struct curl_slist *longer;

	if (tel_buf_err(line))
		return tel_buf_err(line);
	longer = t->curl->slist_append(t->headers, line->ptr);
	if (!longer)
		return TEL_ENOMEM;
	t->headers = longer;
	return TEL_OK;
}

/* ---- what libcurl calls ------------------------------------------------ */

/*
 * The connection stands, and the request is going to be written next: for a
 * second time if libcurl found that a reused connection had broken before
 * anything came back (Curl_retry_request() in its lib/transfer.c). The first
 * writing may have been acted on all the same.
 */
static int before_request(void *transfer, char *remote_ip, char *local_ip, int remote_port,
			  int local_port)
{
	struct tel_transfer *t = transfer;
	unsigned int allowed = tel_twirp_is_repeatable(t->method) ? 2 : 1;

	(void)remote_ip;
	(void)local_ip;
	(void)remote_port;
	(void)local_port;
	if (t->begun == allowed)
		return CURL_PREREQFUNC_ABORT;
	t->begun++;
	return CURL_PREREQFUNC_OK;
}

static size_t take_answer(char *data, size_t one, size_t n, void *transfer)
{
	struct tel_transfer *t = transfer;

	return tel_buf_add(&t->answer, data, one * n) ? 0 : one * n;
}

/* ---- setting it up ------------------------------------------------------ */

static int set_request(struct tel_transfer *t)
{
	struct tel_str body = tel_buf_str(&t->body);
	__typeof__(curl_easy_setopt) *set = t->curl->easy_setopt;
	int bad = 0;

	bad |= set(t->easy, CURLOPT_URL, t->url.ptr);
	bad |= set(t->easy, CURLOPT_HTTPHEADER, t->headers);
	bad |= set(t->easy, CURLOPT_POST, 1L);
	bad |= set(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
	bad |= set(t->easy, CURLOPT_POSTFIELDS, body.ptr);
	bad |= set(t->easy, CURLOPT_USERAGENT, PACKAGE_NAME "/" PACKAGE_VERSION);
	/* One request a connection: what broke is then never in doubt. */
	bad |= set(t->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	/* On one of its own a dial is never lost to the other end's idle time-out. */
	bad |= set(t->easy, CURLOPT_FRESH_CONNECT, tel_twirp_is_sip(t->method) ? 1L : 0L);
	return bad;
}

static int set_callbacks(struct tel_transfer *t)
{
	__typeof__(curl_easy_setopt) *set = t->curl->easy_setopt;
	int bad = 0;

	bad |= set(t->easy, CURLOPT_PRIVATE, (void *)t);
	bad |= set(t->easy, CURLOPT_ERRORBUFFER, t->error);
	bad |= set(t->easy, CURLOPT_PREREQFUNCTION, before_request);
	bad |= set(t->easy, CURLOPT_PREREQDATA, (void *)t);
	bad |= set(t->easy, CURLOPT_WRITEFUNCTION, take_answer);
	bad |= set(t->easy, CURLOPT_WRITEDATA, (void *)t);
	return bad;
}

static int set_limits(struct tel_transfer *t, const struct tel_transfer_setup *setup)
{
	__typeof__(curl_easy_setopt) *set = t->curl->easy_setopt;
	CURL *easy = t->easy;
	int bad = 0;

	bad |= set(easy, CURLOPT_NOSIGNAL, 1L);
	bad |= set(easy, CURLOPT_CONNECTTIMEOUT_MS, setup->connect_timeout_ms);
	bad |= set(easy, CURLOPT_TIMEOUT_MS, t->timeout_ms);
	bad |= set(easy, CURLOPT_MAXFILESIZE_LARGE,
				(curl_off_t)TEL_MAX_LIVEKIT_ANSWER);
	bad |= set(easy, CURLOPT_MAXAGE_CONN, MAX_IDLE_SECONDS);
	bad |= set(easy, CURLOPT_MAXLIFETIME_CONN, MAX_LIFE_SECONDS);
	/* A dial is silent while a phone rings: say so to what is in between. */
	bad |= set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	bad |= set(easy, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_SECONDS);
	bad |= set(easy, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_SECONDS);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* Don't wait for a name server when it is time to stop. */
	bad |= set(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
	return bad;
}

static int set_security(struct tel_transfer *t, const struct tel_transfer_setup *setup)
{
	__typeof__(curl_easy_setopt) *set = t->curl->easy_setopt;
	CURL *easy = t->easy;
	int bad = 0;

	bad |= set(easy, CURLOPT_FOLLOWLOCATION, 0L);
	bad |= set(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	bad |= set(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	bad |= set(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	bad |= set(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
#if LIBCURL_VERSION_NUM >= 0x075500
	bad |= set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	bad |= set(easy, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
	if (setup->ca_file)
		bad |= set(easy, CURLOPT_CAINFO, setup->ca_file);
	return bad;
}

enum tel_err tel_transfer_prepare(struct tel_transfer *t, const struct tel_transfer_setup *setup)
{
	t->easy = t->curl->easy_init();
	if (!t->easy)
		return TEL_ENOMEM;
	if (set_request(t) || set_callbacks(t) || set_limits(t, setup) ||
	    set_security(t, setup))
		return TEL_ENOMEM;
	return TEL_OK;
}

/* ---- what became of it -------------------------------------------------- */

static const char *code_of(CURLcode result)
{
	switch (result) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return "resolve";
	case CURLE_COULDNT_CONNECT:
		return "connect";
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CERTPROBLEM:
		return "tls";
	case CURLE_OPERATION_TIMEDOUT:
		return "timeout";
	case CURLE_WRITE_ERROR:
	case CURLE_FILESIZE_EXCEEDED:
		return "too_big";
	case CURLE_OUT_OF_MEMORY:
		return "no_memory";
	default:
		return "network";
	}
}

static void answer_failed(struct tel_transfer *t, const char *code, const char *message)
{
	struct tel_lk_answer answer = {
		.method = t->method,
		.verdict = t->begun ? TEL_LK_UNKNOWN : TEL_LK_NOT_SENT,
		.code = tel_str_from(code),
		.message = tel_str_from(message),
	};

	t->done(t->ctx, &answer);
}

static tel_time retry_after(const struct tel_transfer *t)
{
	curl_off_t seconds = 0;

	if (t->curl->easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &seconds) || seconds <= 0)
		return 0;
	return seconds > TEL_DAY / TEL_SECOND ? TEL_DAY : (tel_time)seconds * TEL_SECOND;
}

static void answer_came(struct tel_transfer *t)
{
	struct tel_lk_answer answer;
	struct tel_arena mem;
	long status = 0;

	/* Lists of small entries take more room decoded than written. */
	tel_arena_init(&mem, 4 * (size_t)TEL_MAX_LIVEKIT_ANSWER);
	t->curl->easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (tel_twirp_decode(t->method, (int)status, tel_buf_str(&t->answer), &mem, &answer)) {
		answer_failed(t, "no_memory", "no memory for the answer");
	} else {
		answer.retry_after = retry_after(t);
		t->done(t->ctx, &answer);
	}
	tel_arena_release(&mem);
}

void tel_transfer_finish(struct tel_transfer *t, CURLcode result)
{
	const char *message = t->error[0] ? t->error : t->curl->easy_strerror(result);

	if (result == CURLE_OK)
		answer_came(t);
	else if (result == CURLE_ABORTED_BY_CALLBACK)
		answer_failed(t, "network", "the connection broke before the answer");
	else
		answer_failed(t, code_of(result), message);
}

void tel_transfer_give_up(struct tel_transfer *t)
{
	answer_failed(t, "closed", "given up: the process stops");
}
