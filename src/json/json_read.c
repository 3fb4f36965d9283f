#include "config.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "json/json_read.h"
#include "json/json_scan.h"
#include "base/banned.h"

/* Since 0.17 json-c names want of memory; before, it just returns nothing. */
static bool ran_out_of_memory(enum json_tokener_error error)
{
#if JSON_C_VERSION_NUM >= ((0 << 16) | (17 << 8))
	if (error == json_tokener_error_memory)
		return true;
#endif
	return error == json_tokener_success;
}

/* Why there is no value. */
static enum tel_err why_nothing(enum json_tokener_error error, size_t end, struct tel_str text,
				struct tel_json_fault *fault)
{
	if (tel_str_is(tel_str_trim(text), "null")) {
		*fault = (struct tel_json_fault){ 0, "it is null" };
		return TEL_EMALFORMED;
	}
	if (ran_out_of_memory(error))
		return TEL_ENOMEM;
	if (error == json_tokener_continue)
		*fault = (struct tel_json_fault){
			text.len, "it ends too early: a bracket or quote is not closed"
		};
	else
		*fault = (struct tel_json_fault){ end, json_tokener_error_desc(error) };
	return TEL_EMALFORMED;
}

static enum tel_err run(struct json_tokener *tok, struct tel_str text, struct json_object **out,
			struct tel_json_fault *fault)
{
	struct json_object *value;
	enum tel_err err = TEL_OK;
	size_t end;

	errno = 0;
	value = json_tokener_parse_ex(tok, text.ptr, (int)text.len);
	end = json_tokener_get_parse_end(tok);
	if (errno == ENOMEM) {
		err = TEL_ENOMEM;
	} else if (!value) {
		err = why_nothing(json_tokener_get_error(tok), end, text, fault);
	} else if (end < text.len) {
		*fault = (struct tel_json_fault){ end, "there is something behind its end" };
		err = TEL_EMALFORMED;
	}
	if (err)
		json_object_put(value);
	else
		*out = value;
	return err;
}

static enum tel_err parse_once(struct tel_str text, const struct tel_json_rules *rules,
			       struct json_object **out, struct tel_json_fault *fault)
{
	struct json_tokener *tok = json_tokener_new_ex(rules->depth);
	enum tel_err err;

	if (!tok)
		return TEL_ENOMEM;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT |
			       (rules->of_ours ? 0 : JSON_TOKENER_VALIDATE_UTF8));
	err = run(tok, text, out, fault);
	json_tokener_free(tok);
	return err;
}

/* As tel_json_weight(). The depth is bounded by the parser's. */
static size_t weigh(struct json_object *o)
{
	size_t i, n = 0;

	if (json_object_is_type(o, json_type_string)) {
		n = (size_t)json_object_get_string_len(o);
	} else if (json_object_is_type(o, json_type_array)) {
		for (i = 0; i < json_object_array_length(o); i++)
			n += weigh(json_object_array_get_idx(o, i));
	} else if (json_object_is_type(o, json_type_object)) {
		json_object_object_foreach(o, key, member)
			n += 1 + strlen(key) + weigh(member);
	}
	return n;
}

/*
 * json-c (0.16) goes on without a member, or a part of a text, that it has no
 * memory for. errno tells, unless it was used for a number since. So it is
 * weighed; as a key may be there twice, or half of a surrogate pair alone, it
 * must weigh something else a second time.
 */
static enum tel_err is_complete(struct tel_str text, const struct tel_json_rules *rules,
				struct json_object *value)
{
	struct json_object *again = NULL;
	struct tel_json_fault unasked;
	size_t n = weigh(value);
	enum tel_err err;

	if (n == tel_json_weight(text))
		return TEL_OK;
	err = parse_once(text, rules, &again, &unasked);
	if (!err && weigh(again) != n)
		err = TEL_ENOMEM;
	json_object_put(again);
	return err;
}

/*
 * What json-c has let pass; `err` if there is nothing. A NUL may look like a
 * want of memory to it; nothing else of that is in what it printed itself.
 */
static enum tel_err first_fault(enum tel_err err, struct tel_str text,
				const struct tel_json_rules *rules, struct tel_json_fault *fault)
{
	size_t at = rules->of_ours ? strnlen(text.ptr, text.len) : tel_json_stray(text);

	if (at == text.len)
		return err;
	*fault = (struct tel_json_fault){ at, text.ptr[at] && (unsigned char)text.ptr[at] < 0x20 ?
		"a line break or tab in a string must be written \\n or \\t" :
		"unexpected character" };
	return TEL_EMALFORMED;
}

enum tel_err tel_json_parse(struct tel_str text, const struct tel_json_rules *rules,
			    struct json_object **out, struct tel_json_fault *fault)
{
	struct json_object *value = NULL;
	struct tel_json_fault unasked;
	enum tel_err err;

	if (!fault)
		fault = &unasked;
	if (text.len > rules->max_len || text.len > INT_MAX - 1)
		return TEL_ETOOBIG;
	if (text.len == 0) {
		*fault = (struct tel_json_fault){ 0, "it is empty" };
		return TEL_EMALFORMED;
	}
	/* json-c would call it no UTF-8. */
	if (tel_str_starts(text, TEL_STR("\xef\xbb\xbf"))) {
		*fault = (struct tel_json_fault){ 0, "it begins with a byte order mark: save it as "
						     "UTF-8 without one" };
		return TEL_EMALFORMED;
	}
	err = parse_once(text, rules, &value, fault);
	if (!err || err == TEL_ENOMEM)
		err = first_fault(err, text, rules, fault);
	if (!err)
		err = is_complete(text, rules, value);
	if (err)
		json_object_put(value);
	else
		*out = value;
	return err;
}

enum tel_err tel_json_parse_object(struct tel_str text, const struct tel_json_rules *rules,
				   struct json_object **out)
{
	struct json_object *value = NULL;
	enum tel_err err = tel_json_parse(text, rules, &value, NULL);

	if (!err && !json_object_is_type(value, json_type_object))
		err = TEL_EMALFORMED;
	if (err)
		json_object_put(value);
	else
		*out = value;
	return err;
}

bool tel_json_has_cut_number(struct json_object *value)
{
	bool found = false;
	size_t i;

	if (json_object_is_type(value, json_type_int)) {
		found = json_object_get_uint64(value) == UINT64_MAX ||
			json_object_get_int64(value) == INT64_MIN;
	} else if (json_object_is_type(value, json_type_array)) {
		for (i = 0; i < json_object_array_length(value) && !found; i++)
			found = tel_json_has_cut_number(json_object_array_get_idx(value, i));
	} else if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, name, member) {
			(void)name;
			found = found || tel_json_has_cut_number(member);
		}
	}
	return found;
}

struct tel_str tel_json_text_of(const struct json_object *value)
{
	if (!json_object_is_type(value, json_type_string))
		return TEL_STR_NONE;
	return (struct tel_str){ json_object_get_string((struct json_object *)(uintptr_t)value),
				 (size_t)json_object_get_string_len(value) };
}

/* ---- members ----------------------------------------------------------------- */

/* A member that is there must have that type; *there = it is. */
static enum tel_err find(struct json_object *o, const char *key, enum json_type type,
			 struct json_object **out)
{
	if (!json_object_object_get_ex(o, key, out)) {
		*out = NULL;
		return TEL_OK;
	}
	return json_object_is_type(*out, type) ? TEL_OK : TEL_EMALFORMED;
}

enum tel_err tel_json_get_view(struct json_object *o, const char *key, size_t max,
			       struct tel_str *out)
{
	struct json_object *v;
	enum tel_err err = find(o, key, json_type_string, &v);

	*out = err ? TEL_STR_NONE : tel_json_text_of(v);
	return err || out->len > max ? TEL_EMALFORMED : TEL_OK;
}

enum tel_err tel_json_get_text(struct json_object *o, const char *key, size_t max,
			       struct tel_arena *mem, struct tel_str *out)
{
	struct tel_str view;
	enum tel_err err = tel_json_get_view(o, key, max, &view);

	return err ? err : tel_arena_copy(mem, view, max, out);
}

enum tel_err tel_json_get_int(struct json_object *o, const char *key, int64_t min, int64_t max,
			      int64_t *out)
{
	struct json_object *v;
	enum tel_err err = find(o, key, json_type_int, &v);

	*out = 0;
	if (err || !v)
		return err;
	*out = json_object_get_int64(v);
	return *out < min || *out > max ? TEL_EMALFORMED : TEL_OK;
}

enum tel_err tel_json_get_bool(struct json_object *o, const char *key, bool *out)
{
	struct json_object *v;
	enum tel_err err = find(o, key, json_type_boolean, &v);

	*out = !err && v && json_object_get_boolean(v);
	return err;
}

enum tel_err tel_json_get_list(struct json_object *o, const char *key, struct json_object **out)
{
	enum tel_err err = find(o, key, json_type_array, out);

	if (err)
		*out = NULL;
	return err;
}
