/*
 * Writing JSON with json-c: build, then finish.
 *
 *	struct tel_json_write w;
 *
 *	tel_json_begin(&w, TEL_JSON_VIEW);
 *	tel_json_open_object(&w, NULL);
 *	tel_json_put_text(&w, "callId", id);
 *	tel_json_open_list(&w, "legs");
 *	…
 *	tel_json_close(&w);
 *	tel_json_close(&w);
 *	err = tel_json_finish(&w, out);
 *
 * Trouble sticks: after the first one nothing is added any more, and
 * tel_json_finish() tells it. It has to be called in every case, since it
 * releases. What is still open then is closed by it.
 *
 * `key` is NULL within lists and for the outermost value. Keys are literals:
 * they are not copied, and each stands once in its object. A map (and an
 * object that was parsed) has keys that come from elsewhere instead: they
 * are copied, and the last of one name stays.
 */
#ifndef TEL_JSON_JSON_WRITE_H
#define TEL_JSON_JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "base/time.h"

struct json_object;

/* Objects and lists within each other that a writer may have open. */
#define TEL_JSON_MAX_OPEN 8

enum tel_json_style {
	/* As it is given, byte for byte; an absent text and moment 0 are null. */
	TEL_JSON_PLAIN,
	/*
	 * For reading back: absent texts, zeroes and false are left out;
	 * texts are kept byte for byte, UTF-8 or not.
	 */
	TEL_JSON_RECORD,
	/*
	 * For people and programs outside: every member is there, null where
	 * a text is absent or empty or a moment 0; what is not well-formed
	 * UTF-8 becomes U+FFFD.
	 */
	TEL_JSON_VIEW
};

/* All fields are the writer's own. */
struct tel_json_write {
	enum tel_json_style style;
	enum tel_err err;
	struct json_object *root;
	bool has_root;			/* a root may be null */
	size_t depth;
	struct {
		struct json_object *value;	/* borrowed from the root */
		bool is_map;
	} open[TEL_JSON_MAX_OPEN];
};

/* Allocates nothing. */
void tel_json_begin(struct tel_json_write *w, enum tel_json_style style);

void tel_json_open_object(struct tel_json_write *w, const char *key);
void tel_json_open_map(struct tel_json_write *w, const char *key);
void tel_json_open_list(struct tel_json_write *w, const char *key);
/* The object that `text` is, for more members. TEL_EMALFORMED: it is none */
void tel_json_open_parsed(struct tel_json_write *w, const char *key, struct tel_str text);
void tel_json_close(struct tel_json_write *w);

void tel_json_put_text(struct tel_json_write *w, const char *key, struct tel_str text);
void tel_json_put_name(struct tel_json_write *w, const char *key, const char *name);
void tel_json_put_int(struct tel_json_write *w, const char *key, int64_t value);
void tel_json_put_bool(struct tel_json_write *w, const char *key, bool value);
/* RFC 3339, milliseconds, UTC. */
void tel_json_put_time(struct tel_json_write *w, const char *key, tel_time when);
/* With three digits behind the point; `value` is finite. */
void tel_json_put_decimal(struct tel_json_write *w, const char *key, double value);
/* In either style. */
void tel_json_put_null(struct tel_json_write *w, const char *key);
/* A text that should be JSON already: its value, or if it is none the text. */
void tel_json_put_json(struct tel_json_write *w, const char *key, struct tel_str json);

/* The caller's own trouble, to stick like the writer's. TEL_OK does nothing. */
void tel_json_fail(struct tel_json_write *w, enum tel_err err);

/*
 * Append the compact text to `out` and release everything; with trouble
 * nothing is appended, and it sticks in `out` as well.
 * TEL_ENOMEM | TEL_ETOOBIG (the buffer's ceiling) | TEL_EMISUSE (too many
 * open, a value without a place) | what stuck
 */
enum tel_err tel_json_finish(struct tel_json_write *w, struct tel_buf *out);

#endif
