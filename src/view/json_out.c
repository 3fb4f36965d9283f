#include "config.h"

#include <string.h>

#include <json-c/json.h>

#include "json/json_scan.h"
#include "base/utf8.h"
#include "view/json_out.h"
#include "base/banned.h"

void tel_out_comma(struct tel_buf *b)
{
	/* No value ends in one of these: a string ends in a quote. */
	if (b->len > 0 && !strchr("{[,", b->ptr[b->len - 1]))
		tel_buf_puts(b, ",");
}

void tel_out_key(struct tel_buf *b, const char *key)
{
	tel_out_comma(b);
	tel_buf_printf(b, "\"%s\":", key);
}

static void put_escaped(struct tel_buf *b, unsigned char c)
{
	switch (c) {
	case '"':	tel_buf_puts(b, "\\\""); break;
	case '\\':	tel_buf_puts(b, "\\\\"); break;
	case '\n':	tel_buf_puts(b, "\\n"); break;
	case '\r':	tel_buf_puts(b, "\\r"); break;
	case '\t':	tel_buf_puts(b, "\\t"); break;
	default:	tel_buf_printf(b, "\\u%04x", c);
	}
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
}

/* Bytes that are no part of well-formed UTF-8 become U+FFFD. */
static void put_string(struct tel_buf *b, struct tel_str text)
{
	size_t i, len;

	tel_buf_puts(b, "\"");
	for (i = 0; i < text.len; i += len ? len : 1) {
		len = tel_utf8_length((struct tel_str){ text.ptr + i, text.len - i });
		if (len == 0)
			tel_buf_puts(b, "\xef\xbf\xbd");
		else if (len == 1 && !is_plain((unsigned char)text.ptr[i]))
			put_escaped(b, (unsigned char)text.ptr[i]);
		else
			tel_buf_add(b, text.ptr + i, len);
	}
	tel_buf_puts(b, "\"");
}

void tel_out_text(struct tel_buf *b, struct tel_str text)
{
	if (tel_str_is_set(text))
		put_string(b, text);
	else
		tel_buf_puts(b, "null");
}

void tel_out_name(struct tel_buf *b, const char *name)
{
	tel_out_text(b, tel_str_from(name));
}

void tel_out_bool(struct tel_buf *b, bool value)
{
	tel_buf_puts(b, value ? "true" : "false");
}

void tel_out_int(struct tel_buf *b, int64_t value)
{
	tel_buf_printf(b, "%lld", (long long)value);
}

void tel_out_time(struct tel_buf *b, tel_time when)
{
	char text[TEL_TIME_TEXT];

	if (when)
		tel_buf_printf(b, "\"%s\"", tel_time_format(when, text));
	else
		tel_buf_puts(b, "null");
}

static bool is_json(struct tel_str text)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *value = NULL;
	bool good = false;

	if (!tokener)
		return false;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	if (text.len <= INT32_MAX)
		value = json_tokener_parse_ex(tokener, text.ptr, (int)text.len);
	good = value && json_tokener_get_parse_end(tokener) == text.len &&
	       tel_json_stray(text) == text.len;
	json_object_put(value);
	json_tokener_free(tokener);
	return good;
}

void tel_out_json(struct tel_buf *b, struct tel_str json)
{
	if (tel_str_is_set(json) && is_json(json))
		tel_buf_add_str(b, json);
	else
		tel_out_text(b, json);
}
