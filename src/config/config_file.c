#include "config.h"

#include "config/config_file.h"
#include "base/banned.h"

void tel_config_reader_init(struct tel_config_reader *reader, struct tel_str text)
{
	static const struct tel_str byte_order_mark = { "\xef\xbb\xbf", 3 };

	*reader = (struct tel_config_reader){ .rest = text };
	if (tel_str_starts(text, byte_order_mark)) {
		reader->rest.ptr += byte_order_mark.len;
		reader->rest.len -= byte_order_mark.len;
	}
}

static bool is_name(struct tel_str s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';

		if (!letter && !(i > 0 && c >= '0' && c <= '9'))
			return false;
	}
	return s.len > 0;
}

static const char *unquote(struct tel_str *value)
{
	struct tel_str rest, inner;
	char quote = value->ptr[0];

	inner = (struct tel_str){ value->ptr + 1, value->len - 1 };
	inner = tel_str_cut(inner, quote, &rest);
	if (!rest.ptr)
		return "the closing quote is missing: close it on the same line";
	if (rest.len > 0)
		return "there is something behind the closing quote: remove it, or use the "
		       "other kind of quote around the value";
	*value = inner;
	return NULL;
}

/* `secret # old`: is the comment part of the value? Make people say it. */
static bool has_doubtful_comment(struct tel_str value)
{
	size_t i;

	for (i = 1; i < value.len; i++)
		if (value.ptr[i] == '#' && (value.ptr[i - 1] == ' ' || value.ptr[i - 1] == '\t'))
			return true;
	return false;
}

static const char *parse_line(struct tel_str line, struct tel_config_line *out)
{
	struct tel_str value;

	if (line.len > 0 && memchr(line.ptr, '\0', line.len))
		return "there is a NUL byte in it: write the file as plain text";
	out->key = tel_str_trim(tel_str_cut(line, '=', &value));
	if (!value.ptr || !is_name(out->key))
		return "this is not KEY=VALUE: write that, or start the line with '#'";
	value = tel_str_trim(value);
	if (value.len > 0 && (value.ptr[0] == '"' || value.ptr[0] == '\'')) {
		const char *fault = unquote(&value);

		if (fault)
			return fault;
	} else if (has_doubtful_comment(value)) {
		return "a comment needs a line of its own: move it, or put the value in quotes "
		       "if the '#' belongs to it";
	}
	out->value = value;
	return NULL;
}

bool tel_config_reader_next(struct tel_config_reader *reader, struct tel_config_line *out)
{
	struct tel_str line;

	while (reader->rest.ptr) {
		line = tel_str_trim(tel_str_cut(reader->rest, '\n', &reader->rest));
		reader->line++;
		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		*out = (struct tel_config_line){ .line = reader->line };
		out->fault = parse_line(line, out);
		return true;
	}
	return false;
}
