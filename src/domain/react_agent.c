#include "config.h"

#include "domain/reaction.h"

static bool is_another_agent(const struct tel_reaction *r)
{
	struct tel_str name = r->event->participant.agent_name;

	/* Old workers don't say their name; who else would it be. */
	return tel_str_is_set(name) && !tel_str_eq(name, r->call->agent.name);
}

static bool is_elsewhere(const struct tel_reaction *r)
{
	return !tel_str_eq(r->event->room_sid, r->call->room_sid);
}

static void was_there(struct tel_reaction *r)
{
	tel_time joined = r->event->participant.joined_at;

	r->call->agent_was_there = true;
	if (r->call->agent.joined_at == 0)
		r->call->agent.joined_at = joined ? joined : r->at;
}

/*
 * The answer that tells the room's sid is on its way: then it shows whether
 * this is the room that it came into.
 */
static enum tel_err joins_early(struct tel_reaction *r)
{
	struct tel_leg *leg;
	enum tel_err err;
	bool is_new;

	err = tel_react_leg(r, &leg, &is_new);
	if (err)
		return err;
	leg->joined_at = r->at;
	return tel_react(r, TEL_EFFECT_NOTED, "an agent is there");
}

/* The same of its leaving: one who has left is not taken for there then. */
static enum tel_err leaves_early(struct tel_reaction *r)
{
	struct tel_leg *leg;
	enum tel_err err;
	bool is_new;

	err = tel_react_leg(r, &leg, &is_new);
	if (err || leg->left_at)
		return err ? err : tel_react(r, TEL_EFFECT_NOTED, "known already");
	leg->left_at = r->at;
	err = tel_call_set(r->call, &leg->disconnect_reason,
			   r->event->participant.disconnect_reason, TEL_MAX_TEXT);
	return err ? err : tel_react(r, TEL_EFFECT_NOTED, "an agent has left");
}

/*
 * It is there: unless there are two, or somebody is about to delete its
 * dispatch this very moment.
 */
static void watch_no_more(struct tel_call *call, const struct tel_decide_env *env)
{
	if (tel_call_is_over(call))
		return;
	if (tel_call_living_legs(call, TEL_PARTICIPANT_AGENT) > 1)
		tel_call_watch_agent(call, env->now);
	else if (!tel_str_is_set(call->jobs[TEL_JOB_WATCH_AGENT].lease.owner))
		tel_call_drop_job(call, TEL_JOB_WATCH_AGENT);
}

enum tel_err tel_react_agent_joins(struct tel_reaction *r)
{
	struct tel_leg *leg;
	enum tel_err err;
	bool is_new;

	if (!tel_str_is_set(r->call->room_sid) && !is_another_agent(r))
		return joins_early(r);
	if (is_elsewhere(r))
		return tel_react(r, TEL_EFFECT_NOTED, "in an earlier life of the room");
	if (is_another_agent(r))
		return tel_react(r, TEL_EFFECT_NOTED, "another agent");
	err = tel_react_leg(r, &leg, &is_new);
	if (err)
		return err;
	/* Another one than the one who has left. */
	if (is_new && r->call->agent.left_at)
		r->call->agent.joined_at = 0;
	was_there(r);
	if (leg->left_at)
		return tel_react(r, TEL_EFFECT_NOTED, "late: it has left already");
	if (leg->joined_at)
		return tel_react(r, TEL_EFFECT_NOTED, "known already");
	leg->joined_at = r->at;
	r->call->agent.left_at = 0;
	watch_no_more(r->call, r->env);
	return tel_react(r, TEL_EFFECT_CHANGED, "the agent is there");
}

enum tel_err tel_react_agent_leaves(struct tel_reaction *r)
{
	struct tel_leg *leg;
	enum tel_err err;
	bool is_new, never_came;

	if (!tel_str_is_set(r->call->room_sid) && !is_another_agent(r))
		return leaves_early(r);
	if (is_elsewhere(r))
		return tel_react(r, TEL_EFFECT_NOTED, "in an earlier life of the room");
	if (is_another_agent(r))
		return tel_react(r, TEL_EFFECT_NOTED, "another agent");
	if (tel_reaction_is_outdated(r))
		return tel_react(r, TEL_EFFECT_NOTED, "it was there when we looked");
	err = tel_react_leg(r, &leg, &is_new);
	if (err)
		return err;
	never_came = leg->joined_at == 0 &&
		     r->event->kind == TEL_EVENT_PARTICIPANT_CONNECTION_ABORTED;
	if (!never_came)
		was_there(r);
	if (leg->left_at)
		return tel_react(r, TEL_EFFECT_NOTED, "known already");
	leg->left_at = r->at;
	err = tel_call_set(r->call, &leg->disconnect_reason,
			   r->event->participant.disconnect_reason, TEL_MAX_TEXT);
	if (err)
		return err;
	if (tel_call_living_legs(r->call, TEL_PARTICIPANT_AGENT) > 0)
		return tel_react(r, TEL_EFFECT_CHANGED, "an agent has left, another one is there");
	r->call->agent.left_at = r->at;
	/* With ROOM_DELETED and the like the phone leaves as well. */
	tel_call_lose_agent(r->call, never_came ? r->at : leg->joined_at ? leg->joined_at :
			    r->call->agent.joined_at, r->env);
	return tel_react(r, TEL_EFFECT_CHANGED, never_came ?
			 "the agent's connection was aborted: it was never there" :
			 "the agent has left");
}
