#include "config.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#include <curl/curl.h>

#include "ctl/simulate/target.h"
#include "base/banned.h"

static bool is_loopback(char *host)
{
	struct in_addr four;
	struct in6_addr six;
	size_t len = strlen(host);

	if (host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		return inet_pton(AF_INET6, host + 1, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
	}
	if (inet_pton(AF_INET, host, &four) == 1)
		return ntohl(four.s_addr) >> 24 == IN_LOOPBACKNET;
	/* libcurl asks no name server for this one name. */
	return strcmp(host, "localhost") == 0;
}

enum tel_target tel_sim_target(const char *url)
{
	enum tel_target target = TEL_TARGET_BAD;
	char *scheme = NULL, *host = NULL, *user = NULL;
	CURLU *u = curl_url();

	if (!u || curl_url_set(u, CURLUPART_URL, url, 0))
		goto out;
	if (curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) ||
	    curl_url_get(u, CURLUPART_HOST, &host, 0) ||
	    curl_url_get(u, CURLUPART_USER, &user, 0) == CURLUE_OK)
		goto out;
	if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
		goto out;
	target = is_loopback(host) ? TEL_TARGET_LOOPBACK : TEL_TARGET_REMOTE;
out:
	curl_free(scheme);
	curl_free(host);
	curl_free(user);
	curl_url_cleanup(u);
	return target;
}
