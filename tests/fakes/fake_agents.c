#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fakes/fake_world.h"
#include "base/banned.h"

static const struct tel_fake_dispatch *dispatch_of(const struct tel_fake_livekit *lk,
						   const struct tel_fake_agent *agent)
{
	size_t i;

	for (i = 0; i < lk->n_dispatches; i++)
		if (strcmp(lk->dispatches[i].id, agent->dispatch_id) == 0)
			return &lk->dispatches[i];
	abort();
}

static void joins(struct tel_fake_livekit *lk, const struct tel_fake_dispatch *d)
{
	struct tel_fake_agent *agents = realloc(lk->agents, (lk->n_agents + 1) * sizeof(*agents));
	struct tel_fake_agent *agent;
	size_t n;

	if (!agents)
		abort();
	lk->agents = agents;
	agent = &agents[lk->n_agents++];
	*agent = (struct tel_fake_agent){ .there = true, .joined_at = tel_fake_now(lk) };
	snprintf(agent->sid, sizeof(agent->sid), "PA_agent%zu", lk->n_agents);
	snprintf(agent->identity, sizeof(agent->identity), "agent-AJ_%zu", lk->n_agents);
	memcpy(agent->room, d->room, sizeof(agent->room));
	memcpy(agent->life, d->life, sizeof(agent->life));
	memcpy(agent->dispatch_id, d->id, sizeof(agent->dispatch_id));
	memcpy(agent->name, d->agent, sizeof(agent->name));
	n = tel_fake_livekit_agents_in(lk, d->room);
	lk->most_agents = n > lk->most_agents ? n : lk->most_agents;
}

void tel_fake_take(struct tel_fake_livekit *lk, struct tel_fake_dispatch *d)
{
	d->no_job = lk->no_workers;
	if (!lk->no_workers && !lk->agents_wait)
		joins(lk, d);
}

void tel_fake_drop(struct tel_fake_livekit *lk, const struct tel_fake_dispatch *d)
{
	size_t i;

	for (i = 0; i < lk->n_agents; i++)
		if (strcmp(lk->agents[i].dispatch_id, d->id) == 0 && !lk->agents_linger)
			lk->agents[i].there = false;
}

void tel_fake_agents_end(struct tel_fake_livekit *lk, const struct tel_fake_room *room, bool stale)
{
	struct tel_fake_agent *agent;
	size_t i;

	for (i = 0; i < lk->n_agents; i++) {
		agent = &lk->agents[i];
		if (!agent->there || strcmp(agent->life, room->sid) != 0)
			continue;
		agent->there = false;
		agent->stale = stale;
	}
}

/* ---- what tests say ------------------------------------------------------- */

/* The newest that is there; there has to be one. */
static struct tel_fake_agent *newest(const struct tel_fake_livekit *lk, const char *room)
{
	size_t i;

	for (i = lk->n_agents; i-- > 0;)
		if (lk->agents[i].there && strcmp(lk->agents[i].room, room) == 0)
			return &lk->agents[i];
	abort();
}

void tel_fake_livekit_workers(struct tel_fake_livekit *lk, bool there_are)
{
	lk->no_workers = !there_are;
}

void tel_fake_livekit_agents_come(struct tel_fake_livekit *lk, bool at_once)
{
	lk->agents_wait = !at_once;
}

void tel_fake_livekit_agent_joins(struct tel_fake_livekit *lk)
{
	const struct tel_fake_dispatch *d;

	if (lk->n_dispatches == 0)
		abort();
	d = &lk->dispatches[lk->n_dispatches - 1];
	if (d->deleted || d->no_job)
		abort();
	joins(lk, d);
}

void tel_fake_livekit_agent_leaves(struct tel_fake_livekit *lk, const char *room)
{
	newest(lk, room)->there = false;
}

void tel_fake_livekit_agent_dies(struct tel_fake_livekit *lk, const char *room)
{
	newest(lk, room)->dead = true;
}

void tel_fake_livekit_agents_linger(struct tel_fake_livekit *lk, bool linger)
{
	lk->agents_linger = linger;
}

/* ---- what happened -------------------------------------------------------- */

size_t tel_fake_livekit_agents(const struct tel_fake_livekit *lk, const struct tel_fake_agent **out)
{
	if (out)
		*out = lk->agents;
	return lk->n_agents;
}

size_t tel_fake_livekit_agents_in(const struct tel_fake_livekit *lk, const char *name)
{
	const struct tel_fake_room *room = tel_fake_room(lk, name);
	const struct tel_fake_agent *agent;
	size_t i, n = 0;

	for (i = 0; room && i < lk->n_agents; i++) {
		agent = &lk->agents[i];
		n += agent->there && !agent->dead && strcmp(agent->life, room->sid) == 0 &&
		     !dispatch_of(lk, agent)->deleted;
	}
	return n;
}

size_t tel_fake_livekit_most_agents(const struct tel_fake_livekit *lk)
{
	return lk->most_agents;
}
