/*
 * AgentConfig: a JSON object that the agent gets as its dispatch's metadata.
 * Known members are checked; unknown ones are the agent's business and pass
 * through.
 */
#ifndef TEL_ROUTING_AGENT_CONFIG_H
#define TEL_ROUTING_AGENT_CONFIG_H

#include <stddef.h>

#include <json-c/json.h>

#include "base/err.h"
#include "base/problems.h"

/* What there is before any rule. NULL = no memory; the caller puts it. */
struct json_object *tel_agent_config_builtin(void);

/*
 * Check the members of an AgentConfig in a rule. `path` is its JSON path,
 * `origin` the file, both for the problems.
 */
void tel_agent_config_check(struct json_object *config, const char *origin, const char *path,
			    struct tel_problems *problems);

/*
 * Read and check an AgentConfig that comes with a request; the problems'
 * paths begin with "agentConfig". On TEL_OK the caller puts *out.
 * TEL_EMALFORMED (see problems) | TEL_ETOOBIG | TEL_ENOMEM
 */
TEL_MUST_CHECK enum tel_err tel_agent_config_parse(struct tel_str text, struct json_object **out,
						   struct tel_problems *problems);

/*
 * JSON merge patch (RFC 7396): objects merge member by member, null removes,
 * all else replaces. `target` is changed (undefined on failure) and shares
 * nothing with `patch`, which is only read: several threads may merge the
 * same patch at a time. TEL_ENOMEM
 */
TEL_MUST_CHECK enum tel_err tel_json_merge(struct json_object *target,
					   struct json_object *patch);

/* Length of the compact text; `value` is only read. TEL_ENOMEM */
TEL_MUST_CHECK enum tel_err tel_json_size(struct json_object *value, size_t *out);

#endif
