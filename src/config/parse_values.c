#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/num.h"
#include "base/time.h"
#include "config/parse_values.h"
#include "config/telephony_config.h"
#include "domain/number.h"
#include "domain/policy.h"
#include "base/banned.h"

#define MAX_SECRET 512

static enum tel_err malformed_unless(bool good)
{
	return good ? TEL_OK : TEL_EMALFORMED;
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

/* Printable ASCII without a blank, and none of `forbidden`. */
static bool is_word(const char *text, const char *forbidden, size_t max)
{
	size_t len = strlen(text), i;

	for (i = 0; i < len; i++)
		if (text[i] <= 0x20 || text[i] >= 0x7f || strchr(forbidden, text[i]))
			return false;
	return len > 0 && len <= max;
}

enum tel_err tel_parse_any(const struct tel_setting *setting, char *text, void *field)
{
	(void)setting;
	(void)text;
	(void)field;
	return TEL_OK;
}

enum tel_err tel_parse_text(const struct tel_setting *setting, char *text, void *field)
{
	if (has_control(text) || strlen(text) > (size_t)setting->max)
		return TEL_EMALFORMED;
	*(const char **)field = text;
	return TEL_OK;
}

enum tel_err tel_parse_key(const struct tel_setting *setting, char *text, void *field)
{
	(void)setting;
	if (!is_word(text, ":,", TEL_MAX_NAME))
		return TEL_EMALFORMED;
	*(const char **)field = text;
	return TEL_OK;
}

enum tel_err tel_parse_secret_only(const struct tel_setting *setting, char *text, void *field)
{
	(void)setting;
	(void)field;
	return malformed_unless(is_word(text, ",", MAX_SECRET));
}

enum tel_err tel_parse_secret(const struct tel_setting *setting, char *text, void *field)
{
	enum tel_err err = tel_parse_secret_only(setting, text, field);

	if (!err)
		*(const char **)field = text;
	return err;
}

static bool is_absolute_path(const char *text)
{
	return text[0] == '/' && !has_control(text) && strlen(text) < 4096; /* PATH_MAX */
}

enum tel_err tel_parse_path(const struct tel_setting *setting, char *text, void *field)
{
	if (!is_absolute_path(text))
		return TEL_EMALFORMED;
	if (!(setting->flags & TEL_SETTING_ENVIRONMENT_ONLY))
		*(const char **)field = text;
	return TEL_OK;
}

enum tel_err tel_parse_readable_path(const struct tel_setting *setting, char *text, void *field)
{
	int fd = is_absolute_path(text) ?
		 open(text, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;
	char byte;
	bool readable = fd >= 0 && read(fd, &byte, 1) == 1;

	(void)setting;
	if (fd >= 0)
		close(fd);
	if (!readable)
		return TEL_EMALFORMED;
	*(const char **)field = text;
	return TEL_OK;
}

/* ---- URLs (RFC 3986, of which an API's address needs little) ------------ */

static bool all_of(struct tel_str s, const char *allowed)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.ptr[i] == '\0' || !strchr(allowed, s.ptr[i]))
			return false;
	return s.len > 0;
}

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static void skip(struct tel_str *s, size_t n)
{
	s->ptr += n;
	s->len -= n;
}

/* A name, an IPv4 address, or an IPv6 address in brackets. */
static bool take_host(struct tel_str *s)
{
	struct tel_str host = *s;
	const char *end;

	if (s->len > 0 && s->ptr[0] == '[') {
		end = memchr(s->ptr, ']', s->len);
		if (!end)
			return false;
		host = (struct tel_str){ s->ptr + 1, (size_t)(end - s->ptr) - 1 };
		skip(s, host.len + 2);
		return all_of(host, DIGITS "abcdefABCDEF:.");
	}
	end = s->len > 0 ? memchr(s->ptr, ':', s->len) : NULL;
	if (end)
		host.len = (size_t)(end - s->ptr);
	skip(s, host.len);
	return host.len < 256 && all_of(host, DIGITS LETTERS "-._") && host.ptr[0] != '.';
}

static bool is_authority(struct tel_str s)
{
	int64_t port;

	if (!take_host(&s))
		return false;
	if (s.len == 0)
		return true;
	return s.ptr[0] == ':' &&
	       !tel_num_parse((struct tel_str){ s.ptr + 1, s.len - 1 }, 1, 65535, &port);
}

static const char *take_scheme(struct tel_str *s)
{
	static const struct { const char *prefix, *scheme; } schemes[] = {
		{ "https://", "https://" }, { "wss://", "https://" },
		{ "http://", "http://" }, { "ws://", "http://" },
	};
	struct tel_str head;
	size_t i, len;

	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		len = strlen(schemes[i].prefix);
		head = (struct tel_str){ s->ptr, len };
		if (s->len >= len && tel_str_eq_nocase(head, tel_str_from(schemes[i].prefix))) {
			skip(s, len);
			return schemes[i].scheme;
		}
	}
	return NULL;
}

static enum tel_err join(const char *scheme, struct tel_str rest, char **out)
{
	struct tel_buf url;
	enum tel_err err;

	tel_buf_init(&url, 4096);
	tel_buf_puts(&url, scheme);
	err = tel_buf_add_str(&url, rest);
	if (err) {
		tel_buf_release(&url);
		return err == TEL_ETOOBIG ? TEL_EMALFORMED : err;
	}
	*out = url.ptr;
	return TEL_OK;
}

enum tel_err tel_parse_url(const struct tel_setting *setting, char *text, void *field)
{
	struct tel_str s = tel_str_from(text), authority, path;
	const char *scheme = take_scheme(&s);

	(void)setting;
	while (s.len > 0 && s.ptr[s.len - 1] == '/')
		s.len--;
	authority = tel_str_cut(s, '/', &path);
	if (!scheme || !is_authority(authority) ||
	    (path.len > 0 && !all_of(path, DIGITS LETTERS "-._~/%")))
		return TEL_EMALFORMED;
	return join(scheme, s, field);
}

/* ---- numbers and words -------------------------------------------------- */

static bool is_one_of(const char *text, const char *const *words, int *index)
{
	int i;

	for (i = 0; words[i]; i++)
		if (tel_str_eq_nocase(tel_str_from(text), tel_str_from(words[i])))
			break;
	*index = i;
	return words[i] != NULL;
}

/* Whichever of true/on/yes/1 the reference names: people write the others. */
static bool is_usual_word(const struct tel_setting *setting, const char *text, int *index)
{
	static const char *const usual[] = {
		"false", "true", "off", "on", "no", "yes", "0", "1", NULL
	};
	int ignored;

	if (!is_one_of(setting->choices[0], usual, &ignored) || !is_one_of(text, usual, index))
		return false;
	*index %= 2;
	return true;
}

enum tel_err tel_parse_bool(const struct tel_setting *setting, char *text, void *field)
{
	int index;

	if (!is_one_of(text, setting->choices, &index) && !is_usual_word(setting, text, &index))
		return TEL_EMALFORMED;
	*(bool *)field = index == 1;
	return TEL_OK;
}

enum tel_err tel_parse_choice(const struct tel_setting *setting, char *text, void *field)
{
	int index;

	if (!is_one_of(text, setting->choices, &index))
		return TEL_EMALFORMED;
	memcpy(field, &index, sizeof(index));
	return TEL_OK;
}

static enum tel_err parse_number(const struct tel_setting *setting, const char *text,
				 int64_t *out)
{
	return malformed_unless(!tel_num_parse(tel_str_from(text), setting->min, setting->max,
					       out));
}

enum tel_err tel_parse_int(const struct tel_setting *setting, char *text, void *field)
{
	int64_t value = 0;
	enum tel_err err = parse_number(setting, text, &value);

	if (!err)
		*(int *)field = (int)value;
	return err;
}

enum tel_err tel_parse_duration(const struct tel_setting *setting, char *text, void *field)
{
	int64_t value = 0;
	enum tel_err err = parse_number(setting, text, &value);

	if (!err)
		*(tel_time *)field = value * setting->unit;
	return err;
}

static bool is_word_for(const char *text, const char *word)
{
	return tel_str_eq_nocase(tel_str_from(text), tel_str_from(word));
}

enum tel_err tel_parse_duration_or_never(const struct tel_setting *setting, char *text, void *field)
{
	if (!is_word_for(text, "never"))
		return tel_parse_duration(setting, text, field);
	*(tel_time *)field = setting->never;
	return TEL_OK;
}

enum tel_err tel_parse_room_delete(const struct tel_setting *setting, char *text, void *field)
{
	if (!is_word_for(text, "now"))
		return tel_parse_duration_or_never(setting, text, field);
	*(tel_time *)field = 0;
	return TEL_OK;
}

enum tel_err tel_parse_size(const struct tel_setting *setting, char *text, void *field)
{
	static const char suffixes[] = "kmgt";
	struct tel_str digits = tel_str_from(text);
	const char *suffix = digits.len > 1 ?
			     strchr(suffixes, digits.ptr[digits.len - 1] | 0x20) : NULL;
	int64_t value, unit = 1;

	if (suffix) {
		digits.len--;
		unit = (int64_t)1 << (10 * (suffix - suffixes + 1));
	}
	if (tel_num_parse(digits, 1, INT64_MAX, &value) ||
	    __builtin_mul_overflow(value, unit, &value) || value < setting->min ||
	    value > setting->max || (uint64_t)value > SIZE_MAX)
		return TEL_EMALFORMED;
	*(size_t *)field = (size_t)value & ~(size_t)0xffff;
	return TEL_OK;
}

enum tel_err tel_parse_store(const struct tel_setting *setting, char *text, void *field)
{
	struct tel_config_store *store = field;
	size_t len = strlen("lmdb:");

	(void)setting;
	if (strncmp(text, "lmdb:", len) != 0 || !is_absolute_path(text + len))
		return TEL_EMALFORMED;
	store->kind = "lmdb";
	store->path = text + len;
	return TEL_OK;
}

/* ---- phone numbers ------------------------------------------------------- */

static bool is_number(struct tel_str text)
{
	return tel_e164_is_strict(text);
}

static bool is_prefix(struct tel_str text)
{
	return text.len >= 2 && text.len <= TEL_MAX_E164 && text.ptr[0] == '+' &&
	       text.ptr[1] != '0' &&
	       all_of((struct tel_str){ text.ptr + 1, text.len - 1 }, DIGITS);
}

enum tel_err tel_parse_number(const struct tel_setting *setting, char *text, void *field)
{
	(void)setting;
	if (!is_number(tel_str_from(text)))
		return TEL_EMALFORMED;
	*(const char **)field = text;
	return TEL_OK;
}

static struct tel_str next_item(struct tel_str *rest)
{
	size_t i = 0;
	struct tel_str item;

	while (i < rest->len && rest->ptr[i] != ',' && rest->ptr[i] != '\n')
		i++;
	item = (struct tel_str){ rest->ptr, i };
	skip(rest, i + (i < rest->len));
	return tel_str_trim(item);
}

static size_t count_items(struct tel_str text)
{
	size_t n = 0;

	while (text.len > 0)
		n += next_item(&text).len > 0;
	return n;
}

/* Items are separated by commas or newlines; a comma too many harms nobody. */
static enum tel_err parse_list(const char *text, bool (*is_good)(struct tel_str), void *field)
{
	struct tel_str rest = tel_str_from(text), item;
	struct tel_config_list list = { NULL, 0 };
	size_t n = count_items(rest);

	if (n == 0 || n > TEL_MAX_GUARD_LIST)
		return TEL_EMALFORMED;
	list.items = calloc(n, sizeof(*list.items));
	if (!list.items)
		return TEL_ENOMEM;
	while (rest.len > 0) {
		item = next_item(&rest);
		if (item.len > 0 && !is_good(item)) {
			free(list.items);
			return TEL_EMALFORMED;
		}
		if (item.len > 0)
			list.items[list.n++] = item;
	}
	*(struct tel_config_list *)field = list;
	return TEL_OK;
}

enum tel_err tel_parse_numbers(const struct tel_setting *setting, char *text, void *field)
{
	(void)setting;
	return parse_list(text, is_number, field);
}

enum tel_err tel_parse_prefixes(const struct tel_setting *setting, char *text, void *field)
{
	(void)setting;
	return parse_list(text, is_prefix, field);
}
