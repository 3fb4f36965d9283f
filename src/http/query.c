#include "config.h"

#include "http/message.h"
#include "http/query.h"
#include "base/banned.h"

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* `out` has room for in.len bytes; *len of them are the result. */
static enum tel_err decode(struct tel_str in, char *out, size_t *len)
{
	size_t i, n = 0;
	int high, low;

	for (i = 0; i < in.len; i++) {
		out[n] = in.ptr[i] == '+' ? ' ' : in.ptr[i];
		if (in.ptr[i] == '%') {
			if (in.len - i < 3)
				return TEL_EMALFORMED;
			high = hex_value(in.ptr[i + 1]);
			low = hex_value(in.ptr[i + 2]);
			if (high < 0 || low < 0)
				return TEL_EMALFORMED;
			out[n] = (char)(high << 4 | low);
			i += 2;
		}
		if (out[n++] == '\0')
			return TEL_EMALFORMED;
	}
	*len = n;
	return TEL_OK;
}

static enum tel_err decoded(struct tel_http_query *q, struct tel_str in, struct tel_str *out)
{
	char *text = tel_arena_alloc(&q->mem, in.len + 1);
	enum tel_err err;

	if (!text)
		return TEL_ENOMEM;
	err = decode(in, text, &out->len);
	out->ptr = text;
	return err;
}

static enum tel_err add_pair(struct tel_http_query *q, struct tel_str pair)
{
	struct tel_str value, name = tel_str_cut(pair, '=', &value);
	enum tel_err err;

	if (q->n == TEL_HTTP_MAX_PAIRS)
		return TEL_ETOOBIG;
	err = decoded(q, name, &q->pairs[q->n].name);
	if (!err)
		err = decoded(q, value, &q->pairs[q->n].value);
	if (!err && tel_http_query_get(q, q->pairs[q->n].name.ptr).ptr)
		err = TEL_EMALFORMED;
	q->n += !err;
	return err;
}

enum tel_err tel_http_query_parse(struct tel_str text, struct tel_http_query *out)
{
	enum tel_err err = TEL_OK;
	struct tel_str pair;

	*out = (struct tel_http_query){ 0 };
	tel_arena_init(&out->mem, 4 * TEL_MAX_PATH);
	if (text.len > TEL_MAX_PATH)
		return TEL_ETOOBIG;
	while (text.ptr && !err) {
		pair = tel_str_cut(text, '&', &text);
		if (tel_str_is_set(pair))
			err = add_pair(out, pair);
	}
	return err;
}

void tel_http_query_release(struct tel_http_query *query)
{
	tel_arena_release(&query->mem);
	query->n = 0;
}

struct tel_str tel_http_query_get(const struct tel_http_query *query, const char *name)
{
	size_t i;

	for (i = 0; i < query->n; i++)
		if (tel_str_is(query->pairs[i].name, name))
			return query->pairs[i].value;
	return TEL_STR_NONE;
}

static bool is_one_of(struct tel_str name, const char *const *names)
{
	for (; *names; names++)
		if (tel_str_is(name, *names))
			return true;
	return false;
}

struct tel_str tel_http_query_unknown(const struct tel_http_query *query,
				      const char *const *names)
{
	size_t i;

	for (i = 0; i < query->n; i++)
		if (!is_one_of(query->pairs[i].name, names))
			return query->pairs[i].name;
	return TEL_STR_NONE;
}
