/*
 * Port: counters for operators (GET /telephony/metrics). Shared by all
 * processes of one store where the adapter can; never a source of truth,
 * so an increment costs no commit. Any thread.
 */
#ifndef TEL_PORTS_COUNTERS_H
#define TEL_PORTS_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

/*
 * X(constant, metric name, label, value of the label): the order is the
 * layout of the shared file, so new ones go to the end.
 */
#define TEL_COUNTER_LIST(X)								\
	X(WEBHOOK_APPLIED, "telephony_webhooks_total", "result", "applied")		\
	X(WEBHOOK_DUPLICATE, "telephony_webhooks_total", "result", "duplicate")		\
	X(WEBHOOK_IGNORED, "telephony_webhooks_total", "result", "ignored")		\
	X(WEBHOOK_NO_HEADER, "telephony_webhooks_total", "result", "no_header")		\
	X(WEBHOOK_BAD_JWT, "telephony_webhooks_total", "result", "bad_jwt")		\
	X(WEBHOOK_BAD_ALG, "telephony_webhooks_total", "result", "bad_alg")		\
	X(WEBHOOK_UNKNOWN_KEY, "telephony_webhooks_total", "result", "unknown_key")	\
	X(WEBHOOK_BAD_SIGNATURE, "telephony_webhooks_total", "result", "bad_signature")	\
	X(WEBHOOK_EXPIRED, "telephony_webhooks_total", "result", "expired")		\
	X(WEBHOOK_NOT_YET_VALID, "telephony_webhooks_total", "result", "not_yet_valid")	\
	X(WEBHOOK_BODY_HASH_MISMATCH, "telephony_webhooks_total", "result", "body_hash_mismatch") \
	X(WEBHOOK_MALFORMED, "telephony_webhooks_total", "result", "malformed")		\
	X(WEBHOOK_TOO_BIG, "telephony_webhooks_total", "result", "too_big")		\
	X(WEBHOOK_WRONG_TYPE, "telephony_webhooks_total", "result", "wrong_type")	\
	X(WEBHOOK_UNAVAILABLE, "telephony_webhooks_total", "result", "unavailable")	\
	X(CALL_CREATED, "telephony_calls_total", "event", "created")			\
	X(CALL_MOVED, "telephony_calls_total", "event", "moved")			\
	X(CALL_ENDED, "telephony_calls_total", "event", "ended")			\
	X(CALL_FAILED, "telephony_calls_total", "event", "failed")			\
	X(DISPATCH_SENT, "telephony_dispatches_total", "result", "sent")		\
	X(DISPATCH_MADE, "telephony_dispatches_total", "result", "made")		\
	X(DISPATCH_FOUND, "telephony_dispatches_total", "result", "found")		\
	X(DISPATCH_RETRY, "telephony_dispatches_total", "result", "retry")		\
	X(DISPATCH_REFUSED, "telephony_dispatches_total", "result", "refused")		\
	X(DISPATCH_CANCELLED, "telephony_dispatches_total", "result", "cancelled")	\
	X(ROOM_DELETED, "telephony_room_deletes_total", "result", "deleted")		\
	X(ROOM_GONE, "telephony_room_deletes_total", "result", "gone")			\
	X(ROOM_KEPT, "telephony_room_deletes_total", "result", "kept")			\
	X(ROOM_RETRY, "telephony_room_deletes_total", "result", "retry")		\
	X(JOB_TAKEN_OVER, "telephony_jobs_taken_over_total", "reason", "owner_dead")	\
	X(CALL_PLACED, "telephony_calls_total", "event", "placed")			\
	X(CALL_REFUSED, "telephony_calls_total", "event", "refused")			\
	X(DIAL_SENT, "telephony_dials_total", "result", "sent")				\
	X(DIAL_ANSWERED, "telephony_dials_total", "result", "answered")			\
	X(DIAL_FAILED, "telephony_dials_total", "result", "failed")			\
	X(DIAL_LOST, "telephony_dials_total", "result", "lost")				\
	X(WATCH_JOINED, "telephony_agent_watch_total", "result", "joined")		\
	X(WATCH_LOST, "telephony_agent_watch_total", "result", "lost")			\
	X(WATCH_LATE, "telephony_agent_watch_total", "result", "late")			\
	X(WATCH_SPENT, "telephony_agent_watch_total", "result", "spent")		\
	X(WATCH_SURPLUS, "telephony_agent_watch_total", "result", "surplus")		\
	X(WATCH_REDISPATCHED, "telephony_agent_watch_total", "result", "redispatched")	\
	X(WATCH_FALLBACK, "telephony_agent_watch_total", "result", "fallback")		\
	X(REPAIR_LEG_FOUND, "telephony_repairs_total", "kind", "leg_found")		\
	X(REPAIR_LEG_GONE, "telephony_repairs_total", "kind", "leg_gone")		\
	X(REPAIR_AGENT_FOUND, "telephony_repairs_total", "kind", "agent_found")		\
	X(REPAIR_AGENT_GONE, "telephony_repairs_total", "kind", "agent_gone")		\
	X(REPAIR_ROOM_GONE, "telephony_repairs_total", "kind", "room_gone")		\
	X(REPAIR_ANSWER_FOUND, "telephony_repairs_total", "kind", "answer_found")	\
	X(REPAIR_LEFT_OVER, "telephony_repairs_total", "kind", "left_over")

enum tel_counter {
#define TEL_COUNTER_ENUM(id, metric, label, value) TEL_COUNT_##id,
	TEL_COUNTER_LIST(TEL_COUNTER_ENUM)
#undef TEL_COUNTER_ENUM
	TEL_COUNTERS
};

/* How a counter is called in GET /telephony/metrics. */
struct tel_counter_name {
	const char *metric, *label, *value;
};

/* `which` < TEL_COUNTERS. Never NULL; static storage. */
const struct tel_counter_name *tel_counter_name(enum tel_counter which);

struct tel_counters;

struct tel_counters_ops {
	const char *name;
	void (*add)(struct tel_counters *counters, enum tel_counter which, uint64_t n);
	uint64_t (*read)(struct tel_counters *counters, enum tel_counter which);
};

struct tel_counters {
	const struct tel_counters_ops *ops;
};

static inline void tel_count(struct tel_counters *c, enum tel_counter which)
{
	c->ops->add(c, which, 1);
}

#endif
