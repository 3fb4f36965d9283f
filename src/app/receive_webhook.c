#include "config.h"

#include "app/apply_event.h"
#include "app/receive_webhook.h"
#include "base/banned.h"

/* ---- counting and logging ---------------------------------------------- */

static const enum tel_counter verdict_counters[] = {
	[TEL_WEBHOOK_GENUINE] = TEL_COUNT_WEBHOOK_APPLIED,
	[TEL_WEBHOOK_NO_HEADER] = TEL_COUNT_WEBHOOK_NO_HEADER,
	[TEL_WEBHOOK_BAD_JWT] = TEL_COUNT_WEBHOOK_BAD_JWT,
	[TEL_WEBHOOK_BAD_ALG] = TEL_COUNT_WEBHOOK_BAD_ALG,
	[TEL_WEBHOOK_UNKNOWN_KEY] = TEL_COUNT_WEBHOOK_UNKNOWN_KEY,
	[TEL_WEBHOOK_BAD_SIGNATURE] = TEL_COUNT_WEBHOOK_BAD_SIGNATURE,
	[TEL_WEBHOOK_EXPIRED] = TEL_COUNT_WEBHOOK_EXPIRED,
	[TEL_WEBHOOK_NOT_YET_VALID] = TEL_COUNT_WEBHOOK_NOT_YET_VALID,
	[TEL_WEBHOOK_BODY_HASH_MISMATCH] = TEL_COUNT_WEBHOOK_BODY_HASH_MISMATCH,
	[TEL_WEBHOOK_VERIFIER_FAILED] = TEL_COUNT_WEBHOOK_UNAVAILABLE,
};

static enum tel_counter counter_of(const struct tel_received *got)
{
	switch (got->status) {
	case TEL_RECEIVED_FORGED:
		return verdict_counters[got->verdict];
	case TEL_RECEIVED_MALFORMED:
		return TEL_COUNT_WEBHOOK_MALFORMED;
	case TEL_RECEIVED_UNAVAILABLE:
		return TEL_COUNT_WEBHOOK_UNAVAILABLE;
	case TEL_RECEIVED:
		break;
	}
	if (got->effect == TEL_EFFECT_DUPLICATE)
		return TEL_COUNT_WEBHOOK_DUPLICATE;
	return got->effect == TEL_EFFECT_IGNORED ? TEL_COUNT_WEBHOOK_IGNORED :
						   TEL_COUNT_WEBHOOK_APPLIED;
}

static void log_refused(struct tel_app *app, const struct tel_received *got)
{
	const char *reason = got->status == TEL_RECEIVED_FORGED ?
			     tel_webhook_verdict_text(got->verdict) : tel_err_text(got->err);

	if (got->status == TEL_RECEIVED_UNAVAILABLE)
		tel_log_line(app->log, TEL_LOG_ERROR, "webhook_unavailable",
			     TEL_F_TEXT("reason", reason));
	else
		tel_log_line(app->log, TEL_LOG_WARN, "webhook_refused",
			     TEL_F_TEXT("reason", reason));
}

static void log_applied(struct tel_app *app, const struct tel_event *event,
			const struct tel_received *got)
{
	bool weighty = got->effect == TEL_EFFECT_CREATED || got->effect == TEL_EFFECT_MOVED ||
		       got->effect == TEL_EFFECT_CHANGED || got->effect == TEL_EFFECT_ENDED;

	tel_log_line(app->log, weighty ? TEL_LOG_INFO : TEL_LOG_DEBUG, "webhook",
		     TEL_F_STR("webhookEvent", event->name), TEL_F_STR("eventId", event->id),
		     TEL_F_TEXT("effect", tel_event_effect_text(got->effect)),
		     TEL_F_STR("callId", tel_call_id_str(&got->call_id)),
		     TEL_F_STR("roomSid", event->room_sid),
		     TEL_F_NUMBER("from", event->participant.number),
		     TEL_F_NUMBER("to", event->participant.trunk_number));
}

/* ---- applying ------------------------------------------------------------ */

/*
 * The slot in the inbox is promised before the step, so that a job is only
 * leased to this process if this process is sure to run it.
 */
static void apply_with_inbox(struct tel_app *app, struct tel_inbox *inbox,
			     const struct tel_event *event, struct tel_received *out)
{
	struct tel_on_event on = {
		.env = tel_app_env(app),
		.event = event,
		.lease_dispatch = inbox && tel_event_is_phone_joined(event) && tel_inbox_reserve(inbox),
	};

	out->err = tel_apply_event(app, event, &on);
	if (!out->err) {
		out->effect = on.effect;
		out->call_id = on.call_id;
		out->dispatch_leased = on.dispatch_leased;
	}
	if (out->dispatch_leased)
		tel_inbox_put(inbox, &on.call_id);
	else if (on.lease_dispatch)
		tel_inbox_cancel(inbox);
	if (out->err)
		out->status = tel_err_is_ours(out->err) ? TEL_RECEIVED_UNAVAILABLE :
							  TEL_RECEIVED_MALFORMED;
}

static void receive_genuine(struct tel_app *app, struct tel_inbox *inbox, struct tel_str body,
			    struct tel_received *out)
{
	struct tel_event event = { 0 };

	out->err = app->decoder->ops->decode(app->decoder, body, &event);
	if (out->err) {
		out->status = tel_err_is_ours(out->err) ? TEL_RECEIVED_UNAVAILABLE :
							  TEL_RECEIVED_MALFORMED;
		return;
	}
	if (app->enabled && tel_event_may_matter(&event))
		apply_with_inbox(app, inbox, &event, out);
	if (out->status == TEL_RECEIVED)
		log_applied(app, &event, out);
	tel_event_release(&event);
}

void tel_receive_webhook(struct tel_app *app, struct tel_inbox *inbox,
			 struct tel_str authorization, struct tel_str body,
			 struct tel_received *out)
{
	*out = (struct tel_received){ .status = TEL_RECEIVED };
	out->verdict = app->verifier->ops->verify(app->verifier, authorization, body,
						  tel_now(app->clock));
	if (out->verdict == TEL_WEBHOOK_GENUINE) {
		receive_genuine(app, inbox, body, out);
	} else if (out->verdict == TEL_WEBHOOK_VERIFIER_FAILED) {
		out->status = TEL_RECEIVED_UNAVAILABLE;
		out->err = TEL_ENOMEM;
	} else {
		out->status = TEL_RECEIVED_FORGED;
		out->err = TEL_EDENIED;
	}
	tel_count(app->counters, counter_of(out));
	if (out->status == TEL_RECEIVED)
		tel_count_effect(app, out->effect);
	else
		log_refused(app, out);
}
