/* The small ports of a process: clock, name, randomness, log, events. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "proc.h"
#include "base/banned.h"

/* ---- clock ---- */

static tel_time wall(struct tel_clock *port)
{
	struct sim_proc *proc = ((struct sim_clock_port *)port)->proc;

	return proc->sim->now + proc->skew;
}

static tel_time monotonic(struct tel_clock *port)
{
	struct sim_proc *proc = ((struct sim_clock_port *)port)->proc;

	return proc->sim->now - proc->mono;
}

static const struct tel_clock_ops clock_ops = { "simulated", wall, monotonic };

/* ---- randomness ---- */

static enum tel_err fill(struct tel_random *port, void *out, size_t len)
{
	struct sim_proc *proc = ((struct sim_random_port *)port)->proc;
	unsigned char *p = out;
	uint64_t bits;
	size_t n;

	for (; len > 0; p += n, len -= n) {
		bits = sim_draw(proc->sim);
		n = len < sizeof(bits) ? len : sizeof(bits);
		memcpy(p, &bits, n);
	}
	return TEL_OK;
}

static const struct tel_random_ops random_ops = { "simulated", fill };

/* ---- process ---- */

static struct tel_str self(struct tel_process *port)
{
	return tel_str_from(((struct sim_process_port *)port)->proc->name);
}

static bool is_dead(struct tel_process *port, struct tel_str owner)
{
	const struct sim_proc *proc = ((struct sim_process_port *)port)->proc->sim->procs->all;

	for (; proc; proc = proc->next)
		if (tel_str_is(owner, proc->name))
			return proc->dead && proc->provable;
	return false;
}

static const struct tel_process_ops process_ops = { "simulated", self, is_dead };

/* ---- log: into the trace ---- */

static bool log_enabled(struct tel_log *port, enum tel_log_level level)
{
	(void)level;
	return ((struct sim_log_port *)port)->proc->sim->knobs.trace;
}

static void log_write(struct tel_log *port, enum tel_log_level level, const char *event,
		      const struct tel_log_field *fields, size_t n)
{
	struct sim_proc *proc = ((struct sim_log_port *)port)->proc;
	char line[512];
	size_t i, len = 0;

	(void)level;
	line[0] = '\0';
	for (i = 0; i < n && len < sizeof(line); i++) {
		if (fields[i].type == TEL_LOG_INTEGER)
			len += (size_t)snprintf(line + len, sizeof(line) - len, " %s=%lld",
						fields[i].key, (long long)fields[i].integer);
		else if (tel_str_is_set(fields[i].text))
			len += (size_t)snprintf(line + len, sizeof(line) - len, " %s=%.*s",
						fields[i].key, TEL_STR_ARG(fields[i].text));
	}
	sim_trace(proc->sim, "%s: | %s%s", proc->name, event, line);
}

static const struct tel_log_ops log_ops = { "simulated", log_enabled, log_write };

/* ---- webhooks ---- */

static enum tel_webhook_verdict verify(struct tel_webhook_verifier *port,
				       struct tel_str authorization, struct tel_str body, tel_time now)
{
	(void)port;
	(void)body;
	(void)now;
	return tel_str_is(authorization, "genuine") ? TEL_WEBHOOK_GENUINE :
						      TEL_WEBHOOK_BAD_SIGNATURE;
}

static const struct tel_webhook_verifier_ops verifier_ops = { "simulated", verify };

/* The "body" is the event itself. */
static enum tel_err decode(struct tel_event_decoder *port, struct tel_str body,
			   struct tel_event *out)
{
	static const struct tel_str names[] = {
		[TEL_EVENT_ROOM_STARTED] = { "room_started", 12 },
		[TEL_EVENT_ROOM_FINISHED] = { "room_finished", 13 },
		[TEL_EVENT_PARTICIPANT_JOINED] = { "participant_joined", 18 },
		[TEL_EVENT_PARTICIPANT_LEFT] = { "participant_left", 16 },
	};
	const struct sim_event *event = (const void *)body.ptr;

	(void)port;
	*out = (struct tel_event){
		.kind = event->kind, .name = names[event->kind], .id = event->id,
		.created_at = event->created_at, .room_name = event->room->name,
		.room_sid = event->life->sid, .room_created_at = event->life->created_at,
		.raw = TEL_STR("{\"event\":\"simulated\"}"),
	};
	if (event->leg)
		out->participant = sim_lk_participant(event->leg, event->status, event->reason);
	return TEL_OK;
}

static const struct tel_event_decoder_ops decoder_ops = { "simulated", decode };

void sim_ports_init(struct sim_proc *proc)
{
	proc->clock = (struct sim_clock_port){ { &clock_ops }, proc };
	proc->random = (struct sim_random_port){ { &random_ops }, proc };
	proc->process = (struct sim_process_port){ { &process_ops }, proc };
	proc->log = (struct sim_log_port){ { &log_ops }, proc };
	proc->verifier = (struct sim_webhook_verifier_port){ { &verifier_ops }, proc };
	proc->decoder = (struct sim_event_decoder_port){ { &decoder_ops }, proc };
}
