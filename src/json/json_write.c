#include "config.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "json/json_read.h"
#include "json/json_tree.h"
#include "json/json_write.h"
#include "base/banned.h"

static const struct tel_json_rules any_value = { INT_MAX, TEL_JSON_DEPTH, false };

void tel_json_begin(struct tel_json_write *w, enum tel_json_style style)
{
	*w = (struct tel_json_write){ .style = style };
}

void tel_json_fail(struct tel_json_write *w, enum tel_err err)
{
	if (!w->err)
		w->err = err;
}

/* ---- into what is open --------------------------------------------------------- */

/* What people and programs outside may see of `text`; `clean` keeps it. */
static struct tel_str shown(struct tel_json_write *w, struct tel_str text, struct tel_buf *clean)
{
	tel_buf_init(clean, SIZE_MAX / 2);
	if (w->style != TEL_JSON_VIEW || tel_utf8_is_clean(text))
		return text;
	tel_json_fail(w, tel_utf8_clean(text, SIZE_MAX, clean));
	return tel_buf_str(clean);
}

static int add_to_map(struct tel_json_write *w, struct json_object *map, const char *key,
		      struct json_object *value)
{
	struct tel_buf clean;
	struct tel_str text = shown(w, tel_str_from(key), &clean);
	int failed = w->err ? -1 : json_object_object_add(map, text.ptr, value);

	tel_buf_release(&clean);
	return failed;
}

static enum tel_err place(struct tel_json_write *w, const char *key, struct json_object *value)
{
	struct json_object *open = w->depth ? w->open[w->depth - 1].value : NULL;
	bool in_object = json_object_is_type(open, json_type_object);
	int failed = 0;

	if (in_object != (key != NULL) || (!open && w->has_root))
		return TEL_EMISUSE;
	if (!open)
		w->root = value;
	else if (!in_object)
		failed = json_object_array_add(open, value);
	else if (w->open[w->depth - 1].is_map)
		failed = add_to_map(w, open, key, value);
	else
		failed = json_object_object_add_ex(open, key, value, JSON_C_OBJECT_ADD_KEY_IS_NEW |
						   JSON_C_OBJECT_KEY_IS_CONSTANT);
	w->has_root = true;
	return failed ? TEL_ENOMEM : TEL_OK;
}

/* `value` is taken over; NULL is null here. */
static bool add_nullable(struct tel_json_write *w, const char *key, struct json_object *value)
{
	if (!w->err)
		tel_json_fail(w, place(w, key, value));
	if (!w->err)
		return true;
	json_object_put(value);
	return false;
}

/* The same, but NULL is no memory. */
static bool add(struct tel_json_write *w, const char *key, struct json_object *value)
{
	if (!value)
		tel_json_fail(w, TEL_ENOMEM);
	return add_nullable(w, key, value);
}

static void open_value(struct tel_json_write *w, const char *key, struct json_object *value,
		       bool is_map)
{
	if (w->depth == TEL_JSON_MAX_OPEN)
		tel_json_fail(w, TEL_EMISUSE);
	if (!add(w, key, value))
		return;
	w->open[w->depth].value = value;
	w->open[w->depth].is_map = is_map;
	w->depth++;
}

void tel_json_open_object(struct tel_json_write *w, const char *key)
{
	open_value(w, key, w->err ? NULL : json_object_new_object(), false);
}

void tel_json_open_map(struct tel_json_write *w, const char *key)
{
	open_value(w, key, w->err ? NULL : json_object_new_object(), true);
}

void tel_json_open_list(struct tel_json_write *w, const char *key)
{
	open_value(w, key, w->err ? NULL : json_object_new_array(), false);
}

void tel_json_open_parsed(struct tel_json_write *w, const char *key, struct tel_str text)
{
	struct json_object *value = NULL;

	if (!w->err)
		tel_json_fail(w, tel_json_parse_object(text, &any_value, &value));
	open_value(w, key, value, true);
}

void tel_json_close(struct tel_json_write *w)
{
	if (w->err)
		return;
	if (w->depth == 0)
		tel_json_fail(w, TEL_EMISUSE);
	else
		w->depth--;
}

/* ---- values ---------------------------------------------------------------------- */

static void put_string(struct tel_json_write *w, const char *key, struct tel_str text)
{
	if (text.len > INT_MAX - 1)
		tel_json_fail(w, TEL_ETOOBIG);
	add(w, key, w->err ? NULL : json_object_new_string_len(text.len ? text.ptr : "",
							       (int)text.len));
}

void tel_json_put_null(struct tel_json_write *w, const char *key)
{
	add_nullable(w, key, NULL);
}

/* Nothing of it is left out of a list. */
static bool leaves_out(const struct tel_json_write *w, const char *key)
{
	return w->style == TEL_JSON_RECORD && key;
}

void tel_json_put_text(struct tel_json_write *w, const char *key, struct tel_str text)
{
	bool absent = w->style == TEL_JSON_VIEW ? !tel_str_is_set(text) : !text.ptr;
	struct tel_buf clean;

	if (absent) {
		if (!leaves_out(w, key))
			tel_json_put_null(w, key);
		return;
	}
	put_string(w, key, shown(w, text, &clean));
	tel_buf_release(&clean);
}

void tel_json_put_name(struct tel_json_write *w, const char *key, const char *name)
{
	tel_json_put_text(w, key, tel_str_from(name));
}

void tel_json_put_int(struct tel_json_write *w, const char *key, int64_t value)
{
	if (value || !leaves_out(w, key))
		add(w, key, w->err ? NULL : json_object_new_int64(value));
}

void tel_json_put_bool(struct tel_json_write *w, const char *key, bool value)
{
	if (value || !leaves_out(w, key))
		add(w, key, w->err ? NULL : json_object_new_boolean(value));
}

void tel_json_put_time(struct tel_json_write *w, const char *key, tel_time when)
{
	char text[TEL_TIME_TEXT];

	tel_json_put_name(w, key, when ? tel_time_format(when, text) : NULL);
}

void tel_json_put_decimal(struct tel_json_write *w, const char *key, double value)
{
	char text[400];		/* the largest double has 309 digits */

	snprintf(text, sizeof(text), "%.3f", value);
	add(w, key, w->err ? NULL : json_object_new_double_s(value, text));
}

void tel_json_put_json(struct tel_json_write *w, const char *key, struct tel_str json)
{
	struct json_object *value = NULL;
	enum tel_err err = TEL_EMALFORMED;

	if (!w->err && tel_str_is_set(json))
		err = tel_json_parse(json, &any_value, &value, NULL);
	if (err == TEL_EMALFORMED) {
		tel_json_put_text(w, key, json);
		return;
	}
	tel_json_fail(w, err);
	add(w, key, value);
}

/* ---- the end ----------------------------------------------------------------------- */

enum tel_err tel_json_finish(struct tel_json_write *w, struct tel_buf *out)
{
	struct tel_str text = TEL_STR_NONE;

	if (!w->has_root)
		tel_json_fail(w, TEL_EMISUSE);
	if (!w->err)
		text = tel_json_print(w->root);
	if (!w->err && !text.ptr)
		w->err = TEL_ENOMEM;
	if (!w->err)
		w->err = tel_buf_add_str(out, text);
	else if (!out->err)
		out->err = w->err;
	json_object_put(w->root);
	w->root = NULL;
	return w->err;
}
