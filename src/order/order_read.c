#include "config.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "json/json_keys.h"
#include "json/json_read.h"
#include "json/json_tree.h"
#include "order/order_read.h"
#include "order/transfer_target.h"
#include "base/banned.h"

/* Of a member's name that nobody knows so much is shown. */
#define SHOWN_NAME 64

struct reading {
	void *out;			/* the struct that members are written to */
	struct tel_routing *routing;
	struct tel_problems *problems;
	enum tel_err err;		/* our own trouble */
};

struct member;

/* False: it is not what is allowed. */
typedef bool (*read_fn)(const struct member *member, struct json_object *value,
			struct reading *r);

struct member {
	const char *name;
	read_fn read;
	size_t offset;			/* of the field */
	int64_t min, max;		/* of a number; of a text's length in bytes */
	bool required;
	const char *allowed;		/* in words, with the cure */
};

static void *field(const struct member *member, const struct reading *r)
{
	return (char *)r->out + member->offset;
}

static void complain(struct reading *r, const char *where, const char *text)
{
	tel_problems_error(r->problems, (struct tel_problem_at){ .where = where }, "%s", text);
}

/* ---- types of members ------------------------------------------------------------ */

static bool has_only(struct tel_str text, const char *allowed)
{
	size_t i;

	for (i = 0; i < text.len; i++)
		if (!text.ptr[i] || !strchr(allowed, text.ptr[i]))
			return false;
	return true;
}

static bool read_number(const struct member *member, struct json_object *value,
			struct reading *r)
{
	return tel_strict_number_parse(tel_json_text_of(value), field(member, r));
}

static bool fits(const struct member *member, struct tel_str text)
{
	return text.ptr && text.len >= (size_t)member->min && text.len <= (size_t)member->max;
}

/* No control characters: names appear in logs and on terminals. */
static bool read_name(const struct member *member, struct json_object *value, struct reading *r)
{
	struct tel_str text = tel_json_text_of(value);
	size_t i;

	for (i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
			return false;
	*(struct tel_str *)field(member, r) = text;
	return fits(member, text);
}

static bool is_word(struct tel_str text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
		if (text.ptr[i] <= 0x20 || text.ptr[i] >= 0x7f)
			return false;
	return true;
}

static bool read_word(const struct member *member, struct json_object *value, struct reading *r)
{
	struct tel_str text = tel_json_text_of(value);

	*(struct tel_str *)field(member, r) = text;
	return fits(member, text) && is_word(text);
}

static bool read_dtmf(const struct member *member, struct json_object *value, struct reading *r)
{
	struct tel_str text = tel_json_text_of(value);

	*(struct tel_str *)field(member, r) = text;
	return fits(member, text) && has_only(text, "0123456789*#ABCDw");
}

static bool read_seconds(const struct member *member, struct json_object *value,
			 struct reading *r)
{
	int64_t seconds;

	if (!json_object_is_type(value, json_type_int))
		return false;
	seconds = json_object_get_int64(value);
	if (seconds < member->min / TEL_SECOND || seconds > member->max / TEL_SECOND)
		return false;
	*(tel_time *)field(member, r) = seconds * TEL_SECOND;
	return true;
}

static bool read_flag(const struct member *member, struct json_object *value, struct reading *r)
{
	*(bool *)field(member, r) = json_object_get_boolean(value);
	return json_object_is_type(value, json_type_boolean);
}

static bool read_object(const struct member *member, struct json_object *value,
			struct reading *r)
{
	struct tel_str text;

	if (!json_object_is_type(value, json_type_object))
		return false;
	if (tel_json_has_cut_number(value)) {
		complain(r, member->name, "a whole number in it does not fit into 64 bits: write it "
			 "as a text");
		return false;
	}
	text = tel_json_print(value);
	if (!text.ptr)
		r->err = TEL_ENOMEM;
	*(struct tel_str *)field(member, r) = text;
	return !text.ptr || fits(member, text);
}

/* Who knows an AgentConfig's members says what is wrong with them. */
static bool read_agent_config(const struct member *member, struct json_object *value,
			      struct reading *r)
{
	struct tel_str *text = field(member, r);
	enum tel_err err;

	if (!read_object(member, value, r))
		return false;
	err = r->err ? r->err : r->routing->ops->check_patch(r->routing, *text, r->problems);
	if (err == TEL_ENOMEM)
		r->err = err;
	return err != TEL_ETOOBIG;
}

static bool read_target(const struct member *member, struct json_object *value,
			struct reading *r)
{
	struct tel_str text = tel_json_text_of(value);

	return fits(member, text) && tel_transfer_target_parse(text, field(member, r));
}

/* ---- the whole --------------------------------------------------------------------- */

#define NUMBER_WORDS "\"+\", then 7 to 15 digits, the first of them not 0, such as "	\
	"\"+15550100\"; blanks, '-', '.', '(' and ')' are dropped"

static const struct member *find(const struct member *members, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(members[i].name, name) == 0)
			return &members[i];
	return NULL;
}

static void note_unknown(struct reading *r, const struct member *members, size_t n,
			 const char *name)
{
	struct tel_buf text;
	char where[SHOWN_NAME + 1];
	size_t i;

	tel_buf_init(&text, TEL_MAX_TEXT);
	tel_buf_puts(&text, "there is no such member: allowed are ");
	for (i = 0; i < n; i++)
		tel_buf_printf(&text, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " and ",
			       members[i].name);
	snprintf(where, sizeof(where), "%s", name[0] ? name : "\"\"");
	complain(r, where, tel_buf_str(&text).ptr);
	tel_buf_release(&text);
}

static void note_twice(void *reading, struct tel_str key, unsigned first_line, unsigned line)
{
	char where[SHOWN_NAME + 1];

	(void)first_line;
	(void)line;
	snprintf(where, sizeof(where), "%.*s", TEL_STR_ARG(key));
	complain(reading, where, "it is there twice: keep one of them");
}

static void read_members(struct reading *r, struct json_object *root,
			 const struct member *members, size_t n)
{
	const struct member *member;
	size_t before, i;

	json_object_object_foreach(root, name, value) {
		member = find(members, n, name);
		before = r->problems->n_errors;
		if (!member)
			note_unknown(r, members, n, name);
		else if (!member->read(member, value, r) && r->problems->n_errors == before)
			complain(r, member->name, member->allowed);
	}
	for (i = 0; i < n; i++)
		if (members[i].required && !json_object_object_get_ex(root, members[i].name, NULL))
			complain(r, members[i].name, members[i].allowed);
}

static enum tel_err parse(struct reading *r, struct tel_str text, struct json_object **out)
{
	static const struct tel_json_rules rules = { TEL_MAX_ORDER, TEL_JSON_DEPTH, false };
	struct tel_json_fault fault = { 0 };
	enum tel_err err = tel_json_parse(text, &rules, out, &fault);

	if (err == TEL_EMALFORMED) {
		tel_problems_error(r->problems, (struct tel_problem_at){ 0 },
				   "The body is no JSON: %s at byte %zu.",
				   fault.what ? fault.what : "unexpected character", fault.at);
	} else if (!err && !json_object_is_type(*out, json_type_object)) {
		complain(r, NULL, "The body must be a JSON object: {\"to\": …}.");
		err = TEL_EMALFORMED;
	}
	return err;
}

static enum tel_err read_all(struct reading *r, struct tel_str text, struct json_object **root,
			     const struct member *members, size_t n)
{
	size_t before = r->problems->n_errors;
	enum tel_err err = parse(r, text, root);

	if (!err)
		err = tel_json_duplicates(text, note_twice, r);
	if (!err) {
		read_members(r, *root, members, n);
		err = r->err;
	}
	if (!err && r->problems->n_errors > before)
		err = TEL_EMALFORMED;
	return err;
}

#define AT(member) offsetof(struct tel_order_read, member)
#define N(list) (sizeof(list) / sizeof((list)[0]))

enum tel_err tel_order_read(struct tel_str text, struct tel_routing *routing,
			    struct tel_order_read *out, struct tel_problems *problems)
{
	static const struct member members[] = {
		{ "to", read_number, AT(to), 0, 0, true,
		  "it must be the number to call: " NUMBER_WORDS },
		{ "from", read_number, AT(from), 0, 0, false,
		  "it must be a number of your own: " NUMBER_WORDS
		  "; leave it out for TELEPHONY_DEFAULT_FROM_NUMBER" },
		{ "agentConfig", read_agent_config, AT(request.agent_config), 0,
		  TEL_MAX_AGENT_CONFIG, false,
		  "it must be a JSON object of at most 49152 bytes; leave it out for the route's" },
		{ "agentName", read_name, AT(request.agent_name), 1, TEL_MAX_NAME, false,
		  "it must be a name of 1 to 128 bytes without control characters; leave it out "
		  "for the route's" },
		{ "roomName", read_name, AT(request.room_name), 1, TEL_MAX_ROOM_NAME, false,
		  "it must be a name of 1 to 256 bytes without control characters; leave it out "
		  "for a room of the call's own" },
		{ "trunkId", read_word, AT(request.trunk_id), 1, TEL_MAX_NAME, false,
		  "it must be the id of an outbound trunk, 1 to 128 printable ASCII characters "
		  "without blanks; leave it out for LIVEKIT_SIP_OUTBOUND_TRUNK_ID" },
		{ "ringingTimeoutSeconds", read_seconds, AT(request.ringing_timeout),
		  TEL_RINGING_TIMEOUT_LEAST, TEL_RINGING_TIMEOUT_MOST, false,
		  "it must be a whole number from 5 to 75; leave it out for 45" },
		{ "maxDurationSeconds", read_seconds, AT(request.max_duration),
		  TEL_MAX_DURATION_LEAST, TEL_MAX_DURATION_MOST, false,
		  "it must be a whole number from 10 to 86400; leave it out for 3600" },
		{ "dtmf", read_dtmf, AT(request.dtmf), 1, TEL_MAX_DTMF, false,
		  "it must be 1 to 64 of the characters 0-9, *, #, A-D and w (a pause of half a "
		  "second); leave it out to send none" },
		{ "metadata", read_object, AT(request.metadata), 0, TEL_MAX_CALL_METADATA, false,
		  "it must be a JSON object of at most 16384 bytes; leave it out if there is none" },
	};
	struct reading r = { out, routing, problems, TEL_OK };
	enum tel_err err;

	*out = (struct tel_order_read){ 0 };
	err = read_all(&r, text, &out->root, members, N(members));
	out->request.to = tel_e164_str(&out->to);
	out->request.from = tel_e164_str(&out->from);
	return err;
}

void tel_order_read_release(struct tel_order_read *order)
{
	json_object_put(order->root);
	*order = (struct tel_order_read){ 0 };
}

enum tel_err tel_transfer_read(struct tel_str text, struct tel_transfer_read *out,
			       struct tel_problems *problems)
{
	static const struct member members[] = {
		{ "to", read_target, offsetof(struct tel_transfer_read, to), 1,
		  TEL_MAX_TRANSFER_TO, true,
		  "it must be where the call goes to, at most 256 bytes: \"tel:\" and a number (\"+\", "
		  "then 7 to 15 digits, the first of them not 0), or \"sip:\" and a SIP address "
		  "without password, '?' and '%'" },
		{ "playDialtone", read_flag, offsetof(struct tel_transfer_read, play_dialtone),
		  0, 0, false, "it must be true or false; leave it out for false" },
	};
	struct reading r = { out, NULL, problems, TEL_OK };
	struct json_object *root = NULL;
	enum tel_err err;

	*out = (struct tel_transfer_read){ 0 };
	err = read_all(&r, text, &root, members, N(members));
	json_object_put(root);
	return err;
}
