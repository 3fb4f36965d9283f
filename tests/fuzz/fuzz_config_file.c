/* The configuration file's syntax: lines come in order, faults say nothing of them. */
#include "config.h"

#include "config/config_file.h"
#include "fuzz/fuzz.h"
#include "base/banned.h"

/* Borrowed from the text, and one line of it. */
static void check_part(struct tel_str part, struct tel_str text)
{
	if (!part.ptr)
		return;
	FUZZ_CHECK(part.ptr >= text.ptr && part.ptr + part.len <= text.ptr + text.len);
	FUZZ_CHECK(part.len == 0 || !memchr(part.ptr, '\n', part.len));
	FUZZ_CHECK(part.len == 0 || !memchr(part.ptr, '\0', part.len));
}

static void check_line(const struct tel_config_line *line, struct tel_str text)
{
	FUZZ_CHECK(line->key.len > 0 && !memchr(line->key.ptr, '=', line->key.len));
	FUZZ_CHECK(line->value.ptr);
	check_part(line->key, text);
	check_part(line->value, text);
}

FUZZ(config_file)
{
	struct tel_str text = fuzz_str(data, size);
	struct tel_config_reader reader;
	struct tel_config_line line;
	unsigned before = 0;

	tel_config_reader_init(&reader, text);
	while (tel_config_reader_next(&reader, &line)) {
		FUZZ_CHECK(line.line > before);
		before = line.line;
		if (!line.fault)
			check_line(&line, text);
	}
	FUZZ_CHECK(before <= size + 1);
	return 0;
}
