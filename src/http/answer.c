#include "config.h"

#include "http/handlers.h"
#include "base/banned.h"

static const struct tel_http_route routes[] = {
	{ "POST", "/telephony/livekit-webhook", tel_handle_webhook },
	{ "GET", "/telephony/healthz", tel_handle_healthz },
	{ "GET", "/telephony/readyz", tel_handle_readyz },
	{ "GET", "/telephony/metrics", tel_handle_metrics },
	{ "GET", "/telephony/calls", tel_handle_calls },
	{ "POST", "/telephony/calls", tel_handle_place },
	{ "GET", "/telephony/calls/{callId}", tel_handle_call },
	{ "DELETE", "/telephony/calls/{callId}", tel_handle_hang_up },
	{ "POST", "/telephony/calls/{callId}/transfer", tel_handle_transfer },
	{ "GET", "/telephony/calls/{callId}/timeline", tel_handle_timeline },
};

void tel_http_answer(struct tel_http_context *context, struct tel_http_request *request,
		     struct tel_http_response *response)
{
	tel_http_route(routes, sizeof(routes) / sizeof(routes[0]), context, request, response);
}
